//! Which file an import leads to, as a bundler would find it.

mod aliases;
mod through_remote;

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{C, Unit, UnitId};
use crate::source::{FileId, FileKind, Sources};
use crate::summary::*;

/// Where an import leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of the app or of its workspace that holds a script.
    Unit(UnitId),
    /// A file that is no script: a style sheet, an image, a page.
    File(FileId),
    /// A file of the app's as it lies there, whatever it holds: its text, or its address.
    Text,
    /// A module from outside, under its canonical name: `electron`, `fs`, `axios`.
    External(Rc<str>),
    /// A path of the app's own that leads to no file that was read.
    Missing,
}

/// Length of the longest of [`EXTENSIONS`], in bytes.
const LONGEST_EXTENSION: usize = 5;

/// Folders in a row that a package's `main` leads to: `"main": "dist"` is the folder of the package itself before it is built.
const MOST_MAINS: u32 = 4;

/// Extensions that may be left out, in the order in which bundlers try them.
const EXTENSIONS: [&str; 10] = [".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json", ".vue"];

/// Resolved imports of every unit.
#[derive(Debug, Default)]
pub struct Modules {
    units: FxHashMap<FileId, UnitId>,
    targets: Vec<Vec<Target>>,
    /// Where `remote.require('./file')` leads, which the main process resolves.
    of_remote: FxHashMap<C, Target>,
}

impl Modules {
    /// Resolves every import of every unit.
    pub fn new(sources: &Sources, units: &[Unit]) -> Self {
        let mut first = FxHashMap::default();
        for (index, unit) in units.iter().enumerate() {
            first.entry(unit.file).or_insert(UnitId(index as u32));
        }
        let resolver = Resolver::new(sources, units, &first);
        let targets = units
            .iter()
            .map(|unit| {
                let path = &sources.file(unit.file).path;
                unit.summary
                    .imports
                    .iter()
                    .map(|import| resolver.resolve(path, unit.summary.str(import.specifier), &first))
                    .collect()
            })
            .collect();
        let of_remote = resolver.of_remote(sources, units, &first);
        Self { units: first, targets, of_remote }
    }

    /// Where a call of the remote module's `require` leads.
    pub fn remote_target(&self, c: C) -> Option<&Target> {
        self.of_remote.get(&c)
    }

    /// Where all of them lead.
    pub fn remote_targets(&self) -> impl Iterator<Item = (&C, &Target)> {
        self.of_remote.iter()
    }

    /// Where one import leads.
    pub fn target(&self, unit: UnitId, import: ImportId) -> &Target {
        &self.targets[unit.0 as usize][import.index()]
    }

    /// The first unit of a file.
    pub fn unit_of(&self, file: FileId) -> Option<UnitId> {
        self.units.get(&file).copied()
    }
}

/// A package of the app or of its workspace.
struct Package<'a> {
    folder: &'a str,
    name: Option<&'a str>,
    manifest: Json<'a>,
}

/// `baseUrl` and `paths` of one tsconfig.
struct Paths {
    folder: String,
    base: Option<String>,
    patterns: Vec<(String, Vec<String>)>,
}

struct Resolver<'a> {
    files: FxHashMap<&'a str, FileId>,
    packages: Vec<Package<'a>>,
    /// Packages that any manifest of the app asks for.
    dependencies: FxHashSet<&'a str>,
    paths: Vec<Paths>,
    stems: OnceCell<aliases::Stems<'a>>,
}

impl<'a> Resolver<'a> {
    fn new(sources: &'a Sources, units: &'a [Unit], first: &FxHashMap<FileId, UnitId>) -> Self {
        let mut files = FxHashMap::default();
        let (mut packages, mut paths) = (Vec::new(), Vec::new());
        for (index, file) in sources.files.iter().enumerate() {
            let id = FileId(index as u32);
            files.insert(file.path.as_str(), id);
            if file.kind != FileKind::Json {
                continue;
            }
            let Some(root) = first.get(&id).and_then(|unit| Json::root(&units[unit.0 as usize].summary)) else {
                continue;
            };
            let (folder, name) = split(&file.path);
            if name == "package.json" {
                packages.push(Package { folder, name: root.get("name").and_then(Json::text), manifest: root });
            } else if (name.starts_with("tsconfig") || name.starts_with("jsconfig"))
                && let Some(found) = read_paths(folder, root)
            {
                paths.push(found);
            }
        }
        // The nearest folder first.
        paths.sort_by(|a, b| b.folder.len().cmp(&a.folder.len()).then_with(|| a.folder.cmp(&b.folder)));
        let dependencies = packages.iter().flat_map(|package| aliases::dependencies_of(package.manifest)).collect();
        Self { files, packages, dependencies, paths, stems: OnceCell::new() }
    }

    fn resolve(&self, from: &str, specifier: &str, units: &FxHashMap<FileId, UnitId>) -> Target {
        if asks_for_text(specifier) {
            return Target::Text;
        }
        let specifier = specifier
            .split(['?', '!'])
            .next_back()
            .filter(|last| !last.is_empty() && !specifier.contains('?'))
            .unwrap_or_else(|| specifier.split('?').next().unwrap_or(specifier));
        if is_jquery(specifier) {
            return Target::External("jquery".into());
        }
        let found = |id: FileId| units.get(&id).map_or(Target::File(id), |unit| Target::Unit(*unit));
        let (folder, _) = split(from);
        if specifier.starts_with("./") || specifier.starts_with("../") || specifier == "." || specifier == ".." {
            let missing = if is_named_as_text(specifier) { Target::Text } else { Target::Missing };
            return join(folder, specifier).and_then(|path| self.file(&path)).map_or(missing, found);
        }
        if specifier.starts_with('#')
            && let Some(id) = self.imports_field(from, specifier)
        {
            return found(id);
        }
        if let Some(builtin) = canonical(specifier) {
            return Target::External(builtin.into());
        }
        if let Some(id) = self.mapped(from, specifier) {
            return found(id);
        }
        if let Some(id) = self.package(specifier) {
            return found(id);
        }
        if let Some(id) = self.aliased(from, specifier).or_else(|| self.of_no_package(from, specifier)) {
            return found(id);
        }
        if specifier.starts_with(['/', '@', '~', '#']) && !is_package_name(specifier) {
            return Target::Missing;
        }
        // `@electron/remote/main/index.js` is `@electron/remote/main`.
        let module = ["/index.js", "/index.mjs", "/index.cjs"].iter().find_map(|index| specifier.strip_suffix(index));
        Target::External(module.unwrap_or(specifier).into())
    }

    /// A path as written, with the extensions and index files that bundlers try.
    fn file(&self, path: &str) -> Option<FileId> {
        self.file_within(path, MOST_MAINS)
    }

    /// As [`Resolver::file`], over so many folders whose packages say what they start with.
    fn file_within(&self, path: &str, mains: u32) -> Option<FileId> {
        let path = path.trim_end_matches('/');
        if let Some(&id) = self.files.get(path) {
            return Some(id);
        }
        let mut full = String::with_capacity(path.len() + LONGEST_EXTENSION);
        let mut with = |stem: &str, extension: &str| {
            full.clear();
            full.extend([stem, extension]);
            self.files.get(full.as_str()).copied()
        };
        for (written, meant) in
            [(".js", [".ts", ".tsx"]), (".jsx", [".tsx", ".ts"]), (".mjs", [".mts", ".ts"]), (".cjs", [".cts", ".ts"])]
        {
            if let Some(stem) = path.strip_suffix(written)
                && let Some(id) = meant.iter().find_map(|extension| with(stem, extension))
            {
                return Some(id);
            }
        }
        if let Some(id) = EXTENSIONS.iter().find_map(|extension| with(path, extension)) {
            return Some(id);
        }
        if let Some(package) = self.packages.iter().find(|package| package.folder == path)
            && let Some(main) = package.manifest.get("main").and_then(Json::text)
            && let Some(main) = join(path, main)
            && main != path
            && let Some(mains) = mains.checked_sub(1)
            && let Some(id) = self.file_or_source_within(&main, mains)
        {
            return Some(id);
        }
        let index = if path.is_empty() { "index".to_owned() } else { format!("{path}/index") };
        EXTENSIONS.iter().find_map(|extension| with(&index, extension))
    }

    /// A path, or the source from which a build makes it: `dist/main.js` from `src/main.ts`.
    fn file_or_source(&self, path: &str) -> Option<FileId> {
        self.file_or_source_within(path, MOST_MAINS)
    }

    fn file_or_source_within(&self, path: &str, mains: u32) -> Option<FileId> {
        self.file_within(path, mains).or_else(|| {
            let mut parts: Vec<&str> = path.split('/').collect();
            let at = parts
                .iter()
                .position(|part| matches!(*part, "dist" | "build" | "lib" | "out" | "dist-electron" | "output"))?;
            parts[at] = "src";
            let source = parts.join("/");
            self.file_within(&source, mains).or_else(|| {
                parts.remove(at);
                self.file_within(&parts.join("/"), mains)
            })
        })
    }

    fn mapped(&self, from: &str, specifier: &str) -> Option<FileId> {
        for paths in self.paths.iter().filter(|paths| within(from, &paths.folder)) {
            for (pattern, targets) in &paths.patterns {
                let rest = match pattern.split_once('*') {
                    Some((head, tail)) => {
                        let Some(rest) = specifier.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail)) else {
                            continue;
                        };
                        rest
                    }
                    None if pattern == specifier => "",
                    None => continue,
                };
                let base = paths.base.as_deref().unwrap_or(&paths.folder);
                for target in targets {
                    let path = join(base, &target.replacen('*', rest, 1));
                    if let Some(id) = path.and_then(|path| self.file_or_source(&path)) {
                        return Some(id);
                    }
                }
            }
            if let Some(base) = &paths.base
                && let Some(id) = join(base, specifier).and_then(|path| self.file(&path))
            {
                return Some(id);
            }
        }
        None
    }

    fn package(&self, specifier: &str) -> Option<FileId> {
        let (name, rest) = package_name(specifier);
        let package = self.packages.iter().find(|package| package.name == Some(name))?;
        if let Some(exports) = package.manifest.get("exports") {
            let key = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
            if let Some(path) = exported(exports, &key)
                && let Some(id) = join(package.folder, &path).and_then(|path| self.file_or_source(&path))
            {
                return Some(id);
            }
        }
        if !rest.is_empty() {
            return join(package.folder, rest).and_then(|path| self.file_or_source(&path));
        }
        for field in ["source", "module", "main", "types"] {
            if let Some(main) = package.manifest.get(field).and_then(Json::text)
                && let Some(id) = join(package.folder, main).and_then(|path| self.file_or_source(&path))
            {
                return Some(id);
            }
        }
        self.file(package.folder).or_else(|| join(package.folder, "src").and_then(|path| self.file(&path)))
    }

    /// `imports` of the nearest package.json.
    fn imports_field(&self, from: &str, specifier: &str) -> Option<FileId> {
        let package = self
            .packages
            .iter()
            .filter(|package| within(from, package.folder))
            .max_by_key(|package| package.folder.len())?;
        let path = exported(package.manifest.get("imports")?, specifier)?;
        self.file_or_source(&join(package.folder, &path)?)
    }
}

/// Whether a bundler is asked for a file as it lies there: <https://vite.dev/guide/assets#importing-asset-as-string>,
/// <https://webpack.js.org/guides/asset-modules/#replacing-inline-loader-syntax>.
fn asks_for_text(specifier: &str) -> bool {
    let (path, query) = specifier.split_once('?').unwrap_or((specifier, ""));
    let mut words = query.split('&');
    let is_asked = words.clone().any(|word| matches!(word, "raw" | "inline" | "url" | "source" | "text"));
    let mut loaders = path.split('!').rev().skip(1);
    is_asked && !words.any(|word| word.ends_with("worker"))
        || loaders.any(|loader| matches!(loader, "raw-loader" | "text-loader" | "text" | "url-loader" | "file-loader"))
}

/// Whether no bundler takes a file of this name for a script.
fn is_named_as_text(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| {
        matches!(
            ending,
            "txt"
                | "md"
                | "css"
                | "scss"
                | "less"
                | "html"
                | "htm"
                | "svg"
                | "png"
                | "jpg"
                | "gif"
                | "ico"
                | "glsl"
                | "sql"
                | "xml"
                | "csv"
        )
    })
}

/// The canonical name of a module that is never a file of the app's.
fn canonical(specifier: &str) -> Option<&str> {
    if let Some(builtin) = specifier.strip_prefix("node:") {
        return Some(builtin);
    }
    // Node's modules with promises: <https://github.com/normalize/mz>.
    if let Some(builtin) = specifier.strip_prefix("mz/").filter(|name| BUILTINS.contains(name)) {
        return Some(builtin);
    }
    match specifier {
        "electron" | "electron/main" | "electron/renderer" | "electron/common" | "electron/utility"
        | "electron-nightly" => Some("electron"),
        // All that `fs` has, and more: <https://github.com/jprichardson/node-fs-extra>, <https://github.com/jprichardson/node-jsonfile>.
        "original-fs" | "fs-extra" | "fs-extra/esm" | "graceful-fs" | "fs-promise" | "jsonfile" => Some("fs"),
        // Its functions with promises: <https://www.npmjs.com/package/child-process-promise>.
        "child-process-promise" | "promisify-child-process" => Some("child_process"),
        _ => BUILTINS.contains(&specifier).then_some(specifier),
    }
}

/// Whether Node brings a module of this name.
pub(crate) fn is_builtin(specifier: &str) -> bool {
    BUILTINS.contains(&specifier)
}

/// Modules that Node brings: <https://nodejs.org/api/module.html#modulebuiltinmodules>.
const BUILTINS: [&str; 44] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "dns",
    "domain",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "stream/promises",
    "string_decoder",
    "timers",
    "timers/promises",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

fn is_package_name(specifier: &str) -> bool {
    let (name, _) = package_name(specifier);
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| !scope.is_empty() && !name.is_empty()),
        None => name.starts_with(|c: char| c.is_ascii_alphanumeric()),
    }
}

/// A specifier's package, and the path in it.
fn package_name(specifier: &str) -> (&str, &str) {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    match specifier.match_indices('/').nth(parts - 1) {
        Some((at, _)) => (&specifier[..at], &specifier[at + 1..]),
        None => (specifier, ""),
    }
}

/// The target that an `exports` or `imports` field gives to a key.
fn exported(field: Json, key: &str) -> Option<String> {
    if let Some(path) = field.text() {
        return (key == ".").then(|| path.to_owned());
    }
    let keys = field.entries();
    if key == "." && keys.iter().all(|(name, _)| !name.starts_with(['.', '#'])) {
        return conditional(field, 0);
    }
    for (name, value) in keys {
        match name.split_once('*') {
            None if name == key => return conditional(value, 0),
            None => {}
            Some((head, tail)) => {
                if let Some(rest) = key.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail)) {
                    return conditional(value, 0).map(|target| target.replace('*', rest));
                }
            }
        }
    }
    None
}

fn conditional(value: Json, depth: u32) -> Option<String> {
    if let Some(text) = value.text() {
        return Some(text.to_owned());
    }
    if depth > 4 {
        return None;
    }
    ["source", "development", "import", "node", "require", "default", "types"]
        .iter()
        .find_map(|condition| value.get(condition).and_then(|value| conditional(value, depth + 1)))
}

fn read_paths(folder: &str, root: Json) -> Option<Paths> {
    let options = root.get("compilerOptions")?;
    let base = options.get("baseUrl").and_then(Json::text).and_then(|base| join(folder, base));
    let patterns = options.get("paths").map_or_else(Vec::new, |paths| {
        paths
            .entries()
            .into_iter()
            .map(|(pattern, targets)| {
                let targets =
                    targets.elements().into_iter().filter_map(|target| target.text().map(str::to_owned)).collect();
                (pattern.to_owned(), targets)
            })
            .collect()
    });
    (base.is_some() || !patterns.is_empty()).then(|| Paths { folder: folder.to_owned(), base, patterns })
}

/// A value of a data file, read literally.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a> {
    summary: &'a Summary,
    value: ValueId,
}

impl<'a> Json<'a> {
    /// The whole of a data file.
    pub fn root(summary: &'a Summary) -> Option<Self> {
        summary.exports.iter().find_map(|export| match export {
            Export::Whole(value) => Some(Self { summary, value: *value }),
            _ => None,
        })
    }

    /// One property.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entries().into_iter().rev().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Every property.
    pub fn entries(self) -> Vec<(&'a str, Self)> {
        let Value::Object(list) = self.summary.value(self.value) else { return Vec::new() };
        self.summary
            .properties(list)
            .iter()
            .filter_map(|property| match property.key {
                Key::Name(name) => {
                    Some((self.summary.str(name), Self { summary: self.summary, value: property.value }))
                }
                _ => None,
            })
            .collect()
    }

    /// Every element.
    pub fn elements(self) -> Vec<Self> {
        match self.summary.value(self.value) {
            Value::Array(list) => {
                self.summary.items(list).iter().map(|item| Self { summary: self.summary, value: item.value }).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The text, if it is one.
    pub fn text(self) -> Option<&'a str> {
        self.summary.text(self.value)
    }

    /// It as a value.
    pub fn id(self) -> ValueId {
        self.value
    }

    /// Where it stands.
    pub fn range(self) -> Range {
        self.summary.span(self.value)
    }
}

/// Folder and name of a path.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether a path lies in a folder.
pub(crate) fn within(path: &str, folder: &str) -> bool {
    folder.is_empty() && !path.starts_with("../") || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// A relative path from a folder, normalised; `..` beyond the base is kept at the front.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    if path.len() > 4096 {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ => parts.push(".."),
            },
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a specifier names a copy of jQuery: `./lib/jquery-3.7.1.min.js`, `jquery/dist/jquery.slim`.
fn is_jquery(specifier: &str) -> bool {
    let name = specifier.rsplit('/').next().unwrap_or(specifier);
    let Some(rest) = name.strip_prefix("jquery") else { return false };
    let rest = rest.strip_suffix(".js").unwrap_or(rest);
    let rest = rest.strip_suffix(".min").unwrap_or(rest);
    let rest = rest.strip_suffix(".slim").unwrap_or(rest);
    let is_version = |version: &str| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    rest.is_empty() || rest.strip_prefix('-').is_some_and(is_version)
}
