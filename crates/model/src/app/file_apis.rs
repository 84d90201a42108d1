//! What reads and changes files: Node's `fs`, with promises or without, and the packages that stand in for it.
//!
//! Packages with the functions of `fs` are `fs` (`link/resolve.rs`), and a function with a promise made of its callback is what it was.

use rustc_hash::FxHashSet;

use super::App;
use super::sources::SourceKind;
use crate::link::things::Thing;
use crate::link::{C, F, V};
use crate::summary::Value;

/// Modules whose methods are of files: <https://nodejs.org/api/fs.html>, <https://github.com/szwacz/fs-jetpack>.
pub const FILE_MODULES: [&str; 3] = ["fs", "fs.promises", "fs-jetpack"];

/// Calls that read the file which their first argument names.
pub(super) const READS: [&str; 14] = [
    "fs.readFile",
    "fs.readFileSync",
    "fs.readFileAsync",
    "fs.createReadStream",
    "fs.promises.readFile",
    "fs.readJson",
    "fs.readJsonSync",
    "fs.readJSON",
    "fs.readJSONSync",
    "fs-jetpack.read",
    "fs-jetpack.readAsync",
    "fs-jetpack.createReadStream",
    "load-json-file",
    "load-json-file.sync",
];

/// Packages that are a function which changes or gives away files, by default or under one of its names.
const FUNCTIONS: [&str; 17] = [
    "cpy",
    "decompress",
    "del",
    "download",
    "extract-zip",
    "load-json-file",
    "make-dir",
    "mkdirp",
    "move-file",
    "ncp",
    "rimraf",
    "tar",
    "tar-fs",
    "trash",
    "unzip-crx",
    "write-file-atomic",
    "write-json-file",
];

/// Functions of packages that do other things besides: <https://github.com/ZJONSSON/node-unzipper>, <https://github.com/shelljs/shelljs>,
/// <https://github.com/onikienko/7zip-min>, <https://github.com/quentinrossetti/node-7z>.
const OF_PACKAGES: &[(&str, &[&str])] = &[
    ("unzipper", &["Extract"]),
    ("unzipper.Open", &["file"]),
    ("shelljs", &["cat", "cp", "mkdir", "mv", "rm", "ln", "chmod"]),
    ("7zip-min", &["pack", "unpack"]),
    ("node-7z", &["add", "extract", "extractFull", "update", "delete"]),
    ("compressing.zip", &["uncompress", "compressDir", "compressFile"]),
    ("electron-dl", &["download"]),
];

/// Methods of what classes of packages make: <https://github.com/cthackers/adm-zip/wiki>,
/// <https://github.com/antelle/node-stream-zip>.
const OF_MADE: &[(&str, &[&str])] = &[
    (
        "new adm-zip",
        &["extractAllTo", "extractAllToAsync", "extractEntryTo", "writeZip", "addLocalFile", "addLocalFolder"],
    ),
    ("new node-stream-zip", &["extract"]),
    ("new node-stream-zip.async", &["extract"]),
];

/// What a call does with files: the name of the method of `fs`, or of one that is written like those, without `Sync`.
pub(super) fn file_method(path: &str) -> Option<&str> {
    let (module, method) = path.rsplit_once('.')?;
    // `promisifyAll(fs).readFileAsync`: <http://bluebirdjs.com/docs/api/promise.promisifyall.html>.
    let name = ["Sync", "Async"].iter().find_map(|form| method.strip_suffix(form)).unwrap_or(method);
    match module {
        "fs-jetpack" => Some(match name {
            "read" => "readFile",
            "write" => "writeFile",
            "append" => "appendFile",
            "inspect" | "inspectTree" => "stat",
            name => name,
        }),
        _ => FILE_MODULES.contains(&module).then_some(name),
    }
}

/// Gives what the file holds that the first argument names.
pub(super) fn is_read(path: &str) -> bool {
    matches!(file_method(path), Some("readFile" | "readJson" | "readJSON"))
        || path.strip_suffix(".sync").unwrap_or(path) == "load-json-file"
}

/// Asks whether a file is there.
pub(super) fn asks_whether_it_is(path: &str) -> bool {
    matches!(file_method(path), Some("exists" | "access" | "pathExists"))
}

/// Reads a file, or changes what is on the disk.
pub(super) fn touches_files(path: &str) -> bool {
    const VERBS: [&str; 19] = [
        "read",
        "write",
        "append",
        "unlink",
        "rm",
        "rename",
        "copy",
        "cp",
        "open",
        "createReadStream",
        "createWriteStream",
        "remove",
        "move",
        "output",
        "symlink",
        "link",
        "truncate",
        "chmod",
        "chown",
    ];
    let method = file_method(path);
    method.is_some_and(|name| VERBS.iter().any(|verb| name.starts_with(verb))) || is_function(path)
}

/// Reaches files at all: a method that does more than ask.
pub(super) fn reaches_files(path: &str) -> bool {
    let is_more = |name: &str| {
        !matches!(name, "exists" | "constants" | "access" | "watch" | "promises" | "Stats" | "cwd" | "path")
            && !name.contains("stat")
            && !name.contains("close")
    };
    file_method(path).is_some_and(is_more) || is_function(path)
}

fn is_function(path: &str) -> bool {
    let (package, name) = path.split_once('.').unwrap_or((path, "default"));
    let name = name.strip_prefix("default.").unwrap_or(name);
    let lists = matches!(name, "list" | "t" | "Parse" | "Parser" | "Header");
    FUNCTIONS.contains(&package) && !name.contains('.') && !lists || is_named(OF_PACKAGES, path)
}

fn is_named(table: &[(&str, &[&str])], path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(of, name)| table.iter().any(|(one, names)| *one == of && names.contains(&name)))
}

/// Methods that change files, and which of their arguments name those.
const CHANGES: [(&str, &[usize]); 22] = [
    ("appendFile", &[0]),
    ("chmod", &[0]),
    ("copy", &[0, 1]),
    ("copyFile", &[0, 1]),
    ("cp", &[0, 1]),
    ("createWriteStream", &[0]),
    ("emptyDir", &[0]),
    ("ensureDir", &[0]),
    ("mkdir", &[0]),
    ("move", &[0, 1]),
    ("outputFile", &[0]),
    ("outputJson", &[0]),
    ("remove", &[0]),
    ("rename", &[0, 1]),
    ("rm", &[0]),
    ("rmdir", &[0]),
    ("symlink", &[0, 1]),
    ("truncate", &[0]),
    ("unlink", &[0]),
    ("writeFile", &[0]),
    ("writeJson", &[0]),
    ("writeJSON", &[0]),
];

/// Packages that take the files away which their first argument names.
const REMOVERS: [&str; 8] =
    ["del", "del.deleteAsync", "del.deleteSync", "del.sync", "rimraf", "rimraf.rimraf", "rimraf.sync", "trash"];

/// Functions that are followed from an entrance, and calls in a row.
const MOST_FUNCTIONS: usize = 200;
const MOST_CALLS: u32 = 5;

/// A call that changes files.
pub struct FileChange {
    /// The call.
    pub call: C,
    /// The paths that it is given.
    pub paths: Vec<V>,
    /// It takes the files away.
    pub removes: bool,
}

impl App<'_> {
    /// The calls that write files, move them or take them away, in functions that this kind of entrance calls and in those that they call.
    pub fn file_changes_after(&self, kind: SourceKind) -> Vec<FileChange> {
        let entrances = self.entrances();
        let mut open: Vec<(F, u32)> =
            entrances.iter().filter(|(_, entrance)| entrance.kind == kind).map(|(f, _)| (*f, 0)).collect();
        open.sort_unstable();
        let mut seen = FxHashSet::default();
        let mut found = Vec::new();
        let mut next = 0;
        while let Some(&(f, depth)) = open.get(next) {
            next += 1;
            if !seen.insert(f) || seen.len() > MOST_FUNCTIONS {
                continue;
            }
            for c in self.calls_inside(f) {
                match self.api_of(c) {
                    Some((api, _)) => found.extend(self.file_change(c, &api)),
                    None if depth < MOST_CALLS => {
                        let callee = V(c.0, self.program.call(c).callee);
                        open.extend(self.functions(callee).into_iter().map(|inner| (inner, depth + 1)));
                    }
                    None => {}
                }
            }
        }
        found.sort_by_key(|change: &FileChange| change.call);
        found.dedup_by_key(|change| change.call);
        found
    }

    fn file_change(&self, call: C, api: &str) -> Option<FileChange> {
        let is_remover = REMOVERS.contains(&api);
        let method = file_method(api).filter(|_| !is_remover);
        let places = match method {
            Some(method) => CHANGES.iter().find(|(name, _)| *name == method)?.1,
            None if is_remover => &[0],
            None => return None,
        };
        let removes =
            is_remover || matches!(method, Some("emptyDir" | "remove" | "rm" | "rmdir" | "truncate" | "unlink"));
        let paths = places.iter().filter_map(|place| self.program.argument(call, *place)).collect();
        Some(FileChange { call, paths, removes })
    }

    /// The method of what a package's class makes, where it reads or changes files: `new AdmZip(file).extractAllTo(folder)`.
    pub(super) fn file_method_of_made(&self, c: C) -> Option<String> {
        let callee = V(c.0, self.program.call(c).callee);
        let Value::Member(object, name) = self.program.value(callee) else { return None };
        let name = self.program.str(c.0, name);
        if !OF_MADE.iter().any(|(_, names)| names.contains(&name)) {
            return None;
        }
        self.eval(V(c.0, object)).iter().find_map(|known| match &known.thing {
            Thing::Result(path, _) => {
                let class = path.strip_suffix(".default").unwrap_or(path);
                let method = format!("{}.{name}", class.strip_prefix("new ").unwrap_or(class));
                is_named(OF_MADE, &format!("{class}.{name}")).then_some(method)
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_files_are_known_in_every_form() {
        for path in
            ["fs.readFile", "fs.readFileSync", "fs.promises.readFile", "fs.readFileAsync", "fs-jetpack.readAsync"]
        {
            assert!(is_read(path) && touches_files(path) && reaches_files(path), "{path}");
        }
        for path in [
            "fs.outputFile",
            "fs-jetpack.write",
            "fs-jetpack.removeAsync",
            "rimraf.sync",
            "rimraf.rimraf",
            "del",
            "del.deleteAsync",
            "extract-zip",
            "extract-zip.default",
            "tar.x",
            "trash",
            "unzipper.Extract",
            "unzipper.Open.file",
            "shelljs.rm",
            "write-file-atomic.sync",
        ] {
            assert!(!is_read(path) && touches_files(path) && reaches_files(path), "{path}");
        }
        for path in ["fs.existsSync", "fs.promises.access", "fs-jetpack.exists"] {
            assert!(asks_whether_it_is(path) && !touches_files(path) && !reaches_files(path), "{path}");
        }
        for path in ["tar.list", "unzipper.Parse", "shelljs.which", "delay", "trash.x.y"] {
            assert!(!reaches_files(path), "{path}");
        }
        assert!(!reaches_files("fs.statSync") && !reaches_files("path.join") && file_method("fs").is_none());
    }
}
