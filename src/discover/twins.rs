//! Scripts that lie beside what they were made of: a compiler's beside its source, a bundle beside the modules in it.
//!
//! What is told of one would be told of the other again, and go on being told where only the source was mended.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use memchr::{memchr2, memchr3, memmem};

use super::files::{Loaded, Reader};
use super::kinds;
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
    let is_made = |file: &&Entry, reader: &mut Reader| {
        kinds::is_script(file.kind)
            && !file.wanted
            && (is_compiled(&file.path, &holds, reader) || is_bundled(folder, &file.path, &holds, reader))
    };
    files.iter().filter(|file| is_made(file, reader)).map(|file| file.path.clone()).collect()
}

/// A compiler's, beside its source.
fn is_compiled(path: &Path, holds: &impl Fn(&Path) -> bool, reader: &mut Reader) -> bool {
    let Some(ending) = path.extension().and_then(|ending| ending.to_str()) else { return false };
    let Some((_, sources)) = MADE.iter().find(|(made, _)| *made == ending) else { return false };
    let source = sources.iter().map(|ending| path.with_extension(ending)).find(|source| holds(source));
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

/// Whether a script begins or ends as bundles do; a cheap question, asked of each.
pub(super) fn may_be_bundle(text: &str) -> bool {
    let bytes = text.as_bytes();
    let start = bytes.get(..START).unwrap_or(bytes);
    let end = bytes.len().checked_sub(END).and_then(|from| bytes.get(from..)).unwrap_or(bytes);
    memmem::find(end, b"sourceMappingURL=").is_some()
        || [&b"webpack"[..], b"__defProp", b"__create ", b"i:r,l:!1,exports:{}"]
            .iter()
            .any(|mark| memmem::find(start, mark).is_some())
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
