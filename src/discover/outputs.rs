//! Build outputs and bundles: what tools wrote, told from what people wrote.
//!
//! A name proves nothing: `build/` holds scripts as often as results, `lib/` sources as often as outputs. So a folder is an
//! output only if its contents look generated and the app has sources elsewhere.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::files::{Loaded, Reader};
use super::ignored::IgnoreFiles;
use super::kinds;
use super::packages::Package;
use super::paths::lies_in;
use super::twins;
use super::walk::{Entry, Left};

const OUTPUT: &str = "build output whose sources are read";
const BUNDLE: &str = "minified or generated file over 1 MB";

/// Size from which a minified or generated file is left out, in bytes.
const BUNDLE_SIZE: usize = 1_000_000;

/// Mean length of a line, in bytes, from which a script counts as minified.
const MINIFIED_LINE: usize = 500;

/// Length from which a script can be told to be minified, in bytes.
const LEAST_MINIFIED: usize = 5000;

/// Words that bundlers leave in what they write.
static BUNDLER_MARKS: LazyLock<[Finder; 6]> = LazyLock::new(|| {
    [
        "webpackBootstrap",
        "__webpack_require__",
        "__commonJS(",
        "__toESM(",
        "parcelRequire",
        "(function(){function r(e,n,t){function o(", // browserify
    ]
    .map(Finder::new)
});

/// Words that compilers leave.
static COMPILER_MARKS: LazyLock<[Finder; 6]> = LazyLock::new(|| {
    [
        "sourceMappingURL=",
        "\"__esModule\"",
        "'__esModule'",
        "exports.__esModule",
        "_interopRequireDefault(",
        "__awaiter = ",
    ]
    .map(Finder::new)
});

/// How much of both ends of a script is searched for marks, in bytes.
const ENDS: usize = 16 * 1024;

/// Takes build outputs and bundles out of the files of one package, unless they are all there is.
///
/// `files` are the package's own, sorted; what is taken out is described in `left`.
pub(super) fn remove(package: &Package, files: &mut Vec<Entry>, left: &mut Vec<Left>, reader: &mut Reader) {
    for folder in candidates(package, files) {
        let is_inside = |file: &&Entry| lies_in(&file.path, &folder);
        let inside: Vec<&Entry> = files.iter().filter(is_inside).collect();
        if !inside.iter().any(|file| file.wanted)
            && is_written_by_tools(&folder, &inside, reader)
            && is_written_elsewhere(&inside, files.iter().filter(|file| !is_inside(file)), reader)
        {
            if is_shared(package, &folder, reader) {
                let mut is_made = |file: &Entry| {
                    let is_made = lies_in(&file.path, &folder)
                        && kinds::is_script(file.kind)
                        && reader.looks_generated(&file.path);
                    if is_made {
                        left.push(Left { path: file.path.clone(), reason: OUTPUT, files: Some(1) });
                    }
                    is_made
                };
                files.retain(|file| !is_made(file));
                continue;
            }
            let count = inside.len() as u32;
            left.push(Left { path: folder.clone(), reason: OUTPUT, files: Some(count) });
            files.retain(|file| !lies_in(&file.path, &folder));
        }
    }
    let made = twins::made(&package.folder, files, reader);
    left.extend(made.iter().map(|path| Left { path: path.clone(), reason: OUTPUT, files: Some(1) }));
    files.retain(|file| made.binary_search(&file.path).is_err());
    let bundles: Vec<PathBuf> = files
        .iter()
        .filter(|file| kinds::is_script(file.kind) && !file.wanted && is_bundle(&file.path, reader))
        .map(|file| file.path.clone())
        .collect();
    // Without other code that uses Electron, the bundle is the app.
    let is_source = |file: &&Entry| kinds::is_script(file.kind) && !bundles.contains(&file.path);
    let has_sources = files.iter().filter(is_source).any(|file| uses_electron(file, reader));
    let main = main(package);
    let mut keep =
        |path: &Path| !has_sources && (main.iter().any(|main| main == path) || reader.imports_electron(path));
    let dropped: Vec<PathBuf> = bundles.into_iter().filter(|path| !keep(path)).collect();
    left.extend(dropped.iter().map(|path| Left { path: path.clone(), reason: BUNDLE, files: Some(1) }));
    files.retain(|file| dropped.binary_search(&file.path).is_err());
}

/// The files that `main` may mean, most likely first.
pub(super) fn main(package: &Package) -> Vec<PathBuf> {
    let main = package.main.as_deref().unwrap_or("index.js").trim_start_matches("./");
    let path = package.folder.join(main);
    let with = |extension: &str| {
        let mut name = path.clone().into_os_string();
        name.push(extension);
        PathBuf::from(name)
    };
    let mut candidates = vec![path.clone(), with(".js"), with(".cjs"), with(".mjs"), path.join("index.js")];
    candidates.extend(["ts", "tsx", "mts", "cts"].map(|extension| path.with_extension(extension)));
    candidates.extend([path.join("index.ts")]);
    // `main.build.js` is made of the `main.js` beside it.
    if let Some(source) = path.file_stem().map(Path::new).filter(|stem| stem.extension().is_some()) {
        candidates.extend(
            ["js", "mjs", "cjs", "ts", "dev.js", "dev.ts"]
                .map(|extension| path.with_file_name(source).with_extension(extension)),
        );
    }
    candidates
}

/// Folders of the package that may be outputs: the well-known names at its top, and the one that `main` lies in.
fn candidates(package: &Package, files: &[Entry]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = kinds::OUTPUT_FOLDERS.iter().map(|name| package.folder.join(name)).collect();
    if let Some(main) =
        main(package).into_iter().find(|main| files.binary_search_by(|file| file.path.cmp(main)).is_ok())
    {
        let parent = main.parent().unwrap_or(&package.folder);
        let known = main
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != package.folder && folder.starts_with(&package.folder))
            .filter(|folder| {
                folder
                    .file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| kinds::OUTPUT_FOLDERS.contains(&name))
            })
            .last();
        let folder = known.unwrap_or(parent).to_path_buf();
        if folder != package.folder && folder.starts_with(&package.folder) && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders.retain(|folder| files.iter().any(|file| lies_in(&file.path, folder)));
    folders
}

/// The scripts in the folder look generated: half of them, and all that are not tables or the like in `lib`, where sources are
/// as common.
fn is_written_by_tools(folder: &Path, inside: &[&Entry], reader: &mut Reader) -> bool {
    let scripts: Vec<&&Entry> = inside.iter().filter(|file| kinds::is_script(file.kind)).collect();
    if folder.file_name().is_some_and(|name| name == "lib") {
        return !scripts.is_empty() && scripts.iter().all(|file| reader.is_marked(&file.path));
    }
    let generated = scripts.iter().filter(|file| reader.looks_generated(&file.path)).count();
    generated > 0 && generated * 2 >= scripts.len()
}

/// A build adds to what people keep in the folder: git is told to ignore some of what lies in it, `dist/bundle.js`, and so not the rest.
fn is_shared(package: &Package, folder: &Path, reader: &mut Reader) -> bool {
    let Some(text) = reader.text(&package.folder.join(IgnoreFiles::NAME)) else { return false };
    let Some(name) = folder.strip_prefix(&package.folder).ok().and_then(|name| name.to_str()) else { return false };
    text.content.lines().any(|line| {
        let path = line.trim().trim_start_matches('/');
        let rest = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| rest.contains(|c: char| !matches!(c, '*' | '/')))
    })
}

/// A script outside the folder is nobody's output, and uses Electron if one inside does.
fn is_written_elsewhere<'a>(
    inside: &[&Entry],
    mut outside: impl Iterator<Item = &'a Entry>,
    reader: &mut Reader,
) -> bool {
    let electron = inside.iter().any(|file| uses_electron(file, reader));
    outside.any(|file| {
        kinds::is_script(file.kind)
            && !is_tooling(&file.path)
            && (!electron || uses_electron(file, reader))
            && !reader.looks_generated(&file.path)
    })
}

/// Configuration of a build tool: a package has some whether or not its sources are there.
fn is_tooling(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.starts_with('.') || name.contains(".config.") || name.starts_with("gulpfile") || name.starts_with("jest.")
}

fn uses_electron(file: &Entry, reader: &mut Reader) -> bool {
    kinds::is_script(file.kind) && reader.imports_electron(&file.path)
}

/// A compiler or a bundler wrote it, and says so.
pub(super) fn is_marked(text: &str) -> bool {
    has_mark(text, &*BUNDLER_MARKS) || has_mark(text, &*COMPILER_MARKS)
}

/// Long enough to tell, and minified.
pub(super) fn looks_minified(text: &str) -> bool {
    text.len() > LEAST_MINIFIED && is_minified(text)
}

/// Minified or bundled, and over the size from which that counts.
fn is_bundle(path: &Path, reader: &mut Reader) -> bool {
    match reader.read(path) {
        Loaded::Text { text, .. } => is_bundled(&text.content),
        Loaded::TooLarge { start, .. } => is_minified(&start.content) || has_mark(&start.content, &*BUNDLER_MARKS),
        Loaded::Binary(_) | Loaded::Unreadable(_) => false,
    }
}

/// As [`is_bundle`], of a text.
pub(super) fn is_bundled(text: &str) -> bool {
    text.len() > BUNDLE_SIZE && (is_minified(text) || has_mark(text, &*BUNDLER_MARKS))
}

fn is_minified(text: &str) -> bool {
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
    text.len() / lines > MINIFIED_LINE
}

fn has_mark(text: &str, marks: &[Finder]) -> bool {
    let text = text.as_bytes();
    let start = text.get(..ENDS).unwrap_or(text);
    let end = text.len().checked_sub(ENDS).and_then(|from| text.get(from..)).unwrap_or_default();
    marks.iter().any(|mark| mark.find(start).is_some() || mark.find(end).is_some())
}
