//! What a run begins with: the fixtures, and what `fuzz/corpus/` holds of a target.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest input, in bytes.
pub const MOST_BYTES: usize = 4096;

/// The first inputs of a target, sorted, each at most [`MOST_BYTES`] long; `root` is the repository.
pub fn seeds(root: &Path, target: &str) -> Vec<Vec<u8>> {
    let fixtures = root.join("fixtures");
    let mut found: Vec<Vec<u8>> = match target {
        "script" => {
            [("js", 0), ("mjs", 0), ("ts", 1), ("tsx", 2)].iter().flat_map(|(e, n)| of_kind(&fixtures, e, *n)).collect()
        }
        "html" => {
            [("html", 0), ("vue", 1), ("svelte", 2)].iter().flat_map(|(e, n)| of_kind(&fixtures, e, *n)).collect()
        }
        "json" => of_kind(&fixtures, "json", b' ').collect(),
        "yaml" => of_kind(&fixtures, "yml", b' ').chain(of_kind(&fixtures, "yaml", b' ')).collect(),
        "toml" => of_kind(&fixtures, "toml", b' ').collect(),
        "lockfile" => lockfiles(&fixtures),
        "csp" => of_kind(&fixtures, "html", b' ').flat_map(|page| policies(&page)).collect(),
        "archive" => Vec::new(),
        _ => apps(&fixtures),
    };
    found.extend(corpus(root, target));
    found.iter_mut().for_each(|seed| seed.truncate(MOST_BYTES));
    found.push(Vec::new());
    found.sort();
    found.dedup();
    found
}

/// What the corpus holds of a target: inputs that were finds, and what no fixture has.
pub fn corpus(root: &Path, target: &str) -> Vec<Vec<u8>> {
    below(&root.join("fuzz/corpus").join(target)).iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// All files below a folder, sorted.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The files with an ending, behind the byte that tells the target how to read them; none for a blank.
fn of_kind(folder: &Path, ending: &str, first: u8) -> impl Iterator<Item = Vec<u8>> {
    let is_one = |path: &PathBuf| path.extension().is_some_and(|extension| extension == ending);
    let files: Vec<PathBuf> = below(folder).into_iter().filter(is_one).collect();
    files.into_iter().filter_map(move |path| {
        let text = fs::read(path).ok()?;
        Some(if first == b' ' { text } else { [&[first], text.as_slice()].concat() })
    })
}

fn lockfiles(folder: &Path) -> Vec<Vec<u8>> {
    let names = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "npm-shrinkwrap.json"];
    let number = |path: &PathBuf| names.iter().position(|name| path.file_name().is_some_and(|file| file == *name));
    let files = below(folder);
    let read = |path: &PathBuf| Some([&[number(path)? as u8], fs::read(path).ok()?.as_slice()].concat());
    files.iter().filter_map(read).collect()
}

/// What stands in `content` attributes.
fn policies(page: &[u8]) -> Vec<Vec<u8>> {
    let page = String::from_utf8_lossy(page);
    page.split("content=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.as_bytes().to_vec())).collect()
}

/// Folders that hold a package.json, as one text each.
fn apps(folder: &Path) -> Vec<Vec<u8>> {
    let files = below(folder);
    let roots = files.iter().filter(|path| path.ends_with("package.json")).filter_map(|path| path.parent());
    let one = |root: &Path| {
        let mut text = Vec::new();
        for path in files.iter().filter(|path| path.starts_with(root)) {
            let name = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
            if name != "expected.txt" && name != "case.toml" {
                text.extend_from_slice(format!("// file: {name}\n").as_bytes());
                text.extend_from_slice(&fs::read(path).ok()?);
                text.push(b'\n');
            }
        }
        (text.len() <= MOST_BYTES).then_some(text)
    };
    roots.filter_map(one).collect()
}
