//! What reads and changes files: Node's `fs`, with promises or without, and the packages that stand in for it.
//!
//! Packages with the functions of `fs` are `fs` (`link/resolve.rs`), and a function with a promise made of its callback is what it was.

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

/// Packages that are a function which changes or gives away files.
const FUNCTIONS: [&str; 8] =
    ["cpy", "del", "load-json-file", "make-dir", "mkdirp", "move-file", "rimraf", "write-json-file"];

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
    let package = [".sync", ".default"].iter().find_map(|form| path.strip_suffix(form)).unwrap_or(path);
    FUNCTIONS.contains(&package)
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
        for path in ["fs.outputFile", "fs-jetpack.write", "fs-jetpack.removeAsync", "rimraf.sync", "del"] {
            assert!(!is_read(path) && touches_files(path) && reaches_files(path), "{path}");
        }
        for path in ["fs.existsSync", "fs.promises.access", "fs-jetpack.exists"] {
            assert!(asks_whether_it_is(path) && !touches_files(path) && !reaches_files(path), "{path}");
        }
        assert!(!reaches_files("fs.statSync") && !reaches_files("path.join") && file_method("fs").is_none());
    }
}
