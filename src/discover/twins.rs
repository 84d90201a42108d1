//! Scripts that lie beside what they were made of: a compiler's beside its source, a bundle beside the modules in it.
//!
//! What is told of one would be told of the other again, and go on being told where only the source was mended.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use memchr::{memchr2, memchr3};

use super::files::{Loaded, Reader};
use super::walk::Entry;

/// What is made of what, by the endings of their names.
const MADE: [(&str, &[&str]); 3] = [("js", &["ts", "tsx", "jsx"]), ("mjs", &["mts"]), ("cjs", &["cts"])];

/// What stands between the name of a bundle's entry and the ending.
const BUNDLES: [&str; 5] = ["prod", "bundle", "bundled", "build", "min"];

/// How much of the beginning and of the end of a script is looked at, to tell whether it may be a bundle, in bytes.
const START: usize = 1024;
const END: usize = 256;

/// Modules of a bundle that are looked for.
const MOST_MODULES: usize = 2000;

/// Least quoted texts by which two scripts can be compared.
const LEAST_TEXTS: usize = 4;

/// Texts of a script of which so many in ten must stand in another that it was made of.
const SAME_IN_TEN: usize = 9;

/// The scripts among `files`, sorted, whose sources are among them too; `folder` is their package's.
pub(super) fn made(folder: &Path, files: &[Entry], reader: &mut Reader) -> Vec<PathBuf> {
    let holds = |path: &Path| files.binary_search_by(|file| file.path.as_path().cmp(path)).is_ok();
    // Asked of each script: a path is hashed faster than it is compared part by part.
    let is_source = |file: &&Entry| MADE.iter().any(|(_, sources)| sources.contains(&ending(&file.path)));
    let sources: HashSet<&OsStr> = files.iter().filter(is_source).map(|file| file.path.as_os_str()).collect();
    let mut is_made = |file: &&Entry| {
        let made = MADE.iter().find(|(made, _)| *made == ending(&file.path) && !file.wanted);
        made.is_some_and(|(_, endings)| {
            is_compiled(&file.path, endings, &sources, reader) || is_bundled(folder, &file.path, &holds, reader)
        })
    };
    files.iter().filter(&mut is_made).map(|file| file.path.clone()).collect()
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}

/// A compiler's, beside its source.
fn is_compiled(path: &Path, endings: &[&str], sources: &HashSet<&OsStr>, reader: &mut Reader) -> bool {
    if sources.is_empty() {
        return false;
    }
    let mut beside = endings.iter().map(|ending| path.with_extension(ending));
    let source = beside.find(|source| sources.contains(source.as_os_str()));
    source.is_some_and(|source| reader.is_marked(path) || says_the_same(path, &source, reader))
}

/// Nearly all texts that one script quotes, the other quotes too: a compiler that leaves no mark changes none.
fn says_the_same(made: &Path, source: &Path, reader: &mut Reader) -> bool {
    let Some((made, source)) = reader.text(made).zip(reader.text(source)) else { return false };
    let source: HashSet<&str> = quoted(&source.content).collect();
    let made: HashSet<&str> = quoted(&made.content).collect();
    let same = made.iter().filter(|text| source.contains(*text)).count();
    made.len() >= LEAST_TEXTS && same * 10 >= made.len() * SAME_IN_TEN
}

/// What stands in quotes, each in one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = memchr3(b'\'', b'"', b'`', rest.as_bytes())?;
            let quote = *rest.as_bytes().get(at)?;
            rest = rest.get(at + 1..)?;
            let end = memchr2(quote, b'\n', rest.as_bytes())?;
            if rest.as_bytes().get(end) == Some(&quote) {
                let found = rest.get(..end);
                rest = rest.get(end + 1..)?;
                return found;
            }
        }
    })
    .filter(|text| !text.is_empty())
}

/// A bundle, beside modules that it names, or beside the entry that it is named after.
fn is_bundled(folder: &Path, path: &Path, holds: &impl Fn(&Path) -> bool, reader: &mut Reader) -> bool {
    let source = source_by_name(path).into_iter().any(|source| holds(&source));
    if source && reader.looks_generated(path) {
        return true;
    }
    let Loaded::Text { text, .. } = reader.read(path) else { return false };
    if !may_be_bundle(&text.content) {
        return false;
    }
    let Some(text) = reader.text(path) else { return false };
    let own: Vec<&str> = modules(&text.content).take(MOST_MODULES).collect();
    let there = own.iter().map(|module| folder.join(module)).filter(|module| module != path && holds(module)).count();
    there > 0 && there * 2 > own.len()
}

/// `main.dev.js` or `main.ts` for `main.prod.js`.
fn source_by_name(path: &Path) -> Vec<PathBuf> {
    let named = path.file_stem().map(Path::new).and_then(|stem| Some((stem.file_stem()?, stem.extension()?.to_str()?)));
    let Some((stem, _)) = named.filter(|(_, kind)| BUNDLES.contains(kind)) else { return Vec::new() };
    let source = path.with_file_name(stem);
    let endings = ["dev.js", "dev.ts", "dev.jsx", "dev.tsx", "js", "ts", "jsx", "tsx", "mjs"];
    endings.iter().map(|ending| source.with_extension(ending)).collect()
}

/// What stands at the end of what a compiler or bundler wrote, and at the beginning of what a bundler did.
static END_MARK: LazyLock<Finder> = LazyLock::new(|| Finder::new("sourceMappingURL="));
static START_MARKS: LazyLock<[Finder; 4]> =
    LazyLock::new(|| ["webpack", "__defProp", "__create ", "i:r,l:!1,exports:{}"].map(Finder::new));

/// Whether a script begins or ends as bundles do; a cheap question, asked of each.
pub(super) fn may_be_bundle(text: &str) -> bool {
    let bytes = text.as_bytes();
    let start = bytes.get(..START).unwrap_or(bytes);
    let end = bytes.len().checked_sub(END).and_then(|from| bytes.get(from..)).unwrap_or(bytes);
    END_MARK.find(end).is_some() || START_MARKS.iter().any(|mark| mark.find(start).is_some())
}

/// The app's own modules that a bundle names: `"./src/main.js":` in webpack's table, `// src/main.js` before each of esbuild's.
fn modules(text: &str) -> impl Iterator<Item = &str> {
    let keys = memmem::find_iter(text.as_bytes(), b"\"./").filter_map(|at| {
        let rest = text.get(at + 3..)?;
        let end = rest.find('"').filter(|end| rest.get(*end..).is_some_and(|after| after.starts_with("\":")))?;
        rest.get(..end)
    });
    let headings = memmem::find_iter(text.as_bytes(), b"\n// ").filter_map(|at| {
        let line = text.get(at + 4..)?.lines().next()?;
        (!line.contains(' ') && line.contains(['/', '.'])).then_some(line)
    });
    let is_script = |path: &&str| {
        let ending = path.rsplit('.').next();
        matches!(ending, Some("js" | "mjs" | "cjs" | "jsx" | "ts" | "tsx" | "mts" | "cts" | "vue"))
    };
    keys.chain(headings).filter(is_script).filter(|path| !path.contains("node_modules/") && !path.contains(".."))
}
