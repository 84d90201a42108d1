//! Where the app starts, and what it never gets to: examples, templates and tools that lie beside it.

mod beside;
mod forgotten;
mod hooks;
mod joined;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{App, Process, Window, WindowKind};
use crate::link::{Json, Target, UnitId, join, split, within};
use crate::source::{FileId, FileKind, Role};
use crate::summary::ImportId;

/// Files of build tools begin or end so; strings in them that are paths of scripts are where a bundler starts.
const BUILD_TOOLS: [&str; 15] = [
    "webpack",
    "rspack",
    "vite",
    "rollup",
    "esbuild",
    "forge.config",
    "electron-builder",
    "tsup",
    "gulpfile",
    "gruntfile",
    "parcel",
    "rolldown",
    "vue.config",
    "quasar.conf",
    "craco",
];

/// Folders that a build writes, and those that it reads instead.
const BUILT: [&str; 14] = [
    "dist",
    "build",
    "lib",
    "out",
    "output",
    "release",
    "app",
    "bundle",
    "bundles",
    ".webpack",
    ".vite",
    "dist-electron",
    "dist-main",
    "dist_electron",
];

/// Folders that a build reads, where it writes beside the manifest.
const SOURCES: [&str; 4] = ["src", "app", "electron", "source"];

/// Extensions of scripts.
const EXTENSIONS: [&str; 9] = ["", ".ts", ".js", ".tsx", ".jsx", ".mts", ".mjs", ".cts", ".cjs"];

/// What is known of where the app starts.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// The scripts with which the main process may start, by `main` and by what build tools are given; sorted.
    pub scripts: Vec<UnitId>,
    /// Every script that these lead to: by imports, by paths in strings, as preload scripts, in pages.
    pub reached: FxHashSet<UnitId>,
    /// Scripts that belong to another program.
    pub separate: FxHashSet<UnitId>,
    /// Folders of browser extensions that the app does not load.
    pub extensions: Vec<String>,
    /// Scripts that only commands of package.json lead to: tools of whoever builds the app.
    pub tools: FxHashSet<UnitId>,
    /// Those of them that a command names, or that such a script imports: paths that they name may be the app's, which they build.
    pub commands: FxHashSet<UnitId>,
    /// Those of them that a packager calls while it makes the app, and what they import.
    pub hooks: FxHashSet<UnitId>,
}

impl Entries {
    fn is_of_extension(&self, path: &str) -> bool {
        self.extensions.iter().any(|folder| within(path, folder))
    }
}

impl App<'_> {
    /// Where the app starts, and what it gets to.
    pub fn entries(&self) -> &Entries {
        self.entries.get_or_init(|| find(self))
    }

    /// Whether a script belongs to another program that lies beside the app: an example, a template.
    ///
    /// So it is if the app's own start is known and leads to a script that waits for `ready`, and this script, which the app never
    /// gets to, waits for `ready` itself, is imported only by such a script, or lies in the folder of one.
    pub fn is_separate_program(&self, unit: UnitId) -> bool {
        self.entries().separate.contains(&unit)
    }

    /// As [`App::is_separate_program`], for any file: a page counts by the scripts in its folder.
    pub fn is_separate_file(&self, file: FileId) -> bool {
        let separate = &self.entries().separate;
        if let Some(unit) = self.program.unit_of(file)
            && self.sources.file(file).kind != FileKind::Html
        {
            return separate.contains(&unit);
        }
        if self.entries().is_of_extension(&self.sources.file(file).path) {
            return true;
        }
        let folder = split(&self.sources.file(file).path).0;
        // Beside the app's own manifest lie its pages, whatever else lies there.
        folder != self.sources.root.trim_end_matches('/')
            && !folder.is_empty()
            && separate.iter().any(|unit| folder_of(self, *unit) == folder)
    }

    /// Whether a script is run by a command of package.json, and by nothing of the app: what it does, whoever builds the app does.
    pub fn is_command(&self, file: FileId) -> bool {
        self.program.unit_of(file).is_some_and(|unit| self.entries().commands.contains(&unit))
    }

    /// Whether a packager calls the functions of a script while it makes the app, and nothing of the app does: what it tells them is its own.
    pub(super) fn is_hook(&self, unit: UnitId) -> bool {
        self.entries().hooks.contains(&unit)
    }

    /// Whether a file belongs to what is shipped, as far as can be told: neither another program nor a tool.
    pub fn is_product_file(&self, file: FileId) -> bool {
        let is_tool = self.sources.file(file).kind != FileKind::Html
            && self.program.unit_of(file).is_some_and(|unit| self.entries().tools.contains(&unit));
        !is_tool && !self.is_separate_file(file) && self.sources.file(file).role != Role::Context
    }

    /// Whether there is a main process: a script that waits for `ready`, or that makes a window. Packages of a workspace may be parts
    /// of an app whose main process is another package.
    pub fn has_main_process(&self) -> bool {
        let is_made = |window: &Window| !matches!(window.kind, WindowKind::Webview | WindowKind::Features);
        self.windows.iter().any(is_made) || !ready_units(self).is_empty()
    }

    /// The script with which the main process starts: an entry that waits for `ready`, else one that an entry leads to.
    pub fn start_script(&self) -> Option<UnitId> {
        let entries = self.entries();
        let ready = ready_units(self);
        let first = entries.scripts.iter().find(|unit| ready.contains(unit));
        first.or_else(|| ready.iter().find(|unit| entries.reached.contains(unit))).copied()
    }
}

fn find(app: &App) -> Entries {
    let files = Files::new(app);
    let (main, tools) = files.scripts();
    let mut entries = Entries { scripts: [main.clone(), tools.clone()].concat(), ..Entries::default() };
    entries.scripts.sort_unstable();
    entries.scripts.dedup();
    if entries.scripts.is_empty() {
        return entries;
    }
    let ready = ready_units(app);
    let nothing = FxHashSet::default();
    walk(app, &files, &mut entries, main, &ready, &nothing);
    // Where the app's own start is known, a program that a command of package.json starts is a tool: what else waits for `ready`
    // is not the app.
    let known = ready.iter().any(|unit| entries.reached.contains(unit));
    let of_app = if known { entries.reached.clone() } else { FxHashSet::default() };
    let others: FxHashSet<UnitId> = match known {
        true => ready.iter().copied().filter(|unit| !entries.reached.contains(unit)).collect(),
        false => nothing,
    };
    entries.scripts.retain(|unit| !others.contains(unit));
    let product = entries.reached.clone();
    let mut commands: Vec<UnitId> = if known { tools.clone() } else { Vec::new() };
    // A tool asks `electron` for the path of its program, and for nothing in it.
    let is_tool = |unit| !product.contains(&unit) && is_script(app, unit) && app.process(unit) == Process::Unknown;
    while let Some(unit) = commands.pop() {
        if is_tool(unit) && entries.commands.insert(unit) {
            commands.extend(imports_of(app, unit));
        }
    }
    let mut hooks = if known { files.hooks() } else { Vec::new() };
    while let Some(unit) = hooks.pop() {
        if is_tool(unit) && entries.hooks.insert(unit) {
            hooks.extend(imports_of(app, unit));
        }
    }
    walk(app, &files, &mut entries, tools, &ready, &others);
    if known {
        entries.tools = entries.reached.difference(&product).copied().collect();
        entries.tools.extend(parts_of_tools(app, &files, &product));
    }
    if !ready.iter().any(|unit| entries.reached.contains(unit)) {
        return entries;
    }
    // Scripts of build tools are no programs of their own, nor what they lead to.
    let mut separate: FxHashSet<UnitId> = FxHashSet::default();
    let mut open: Vec<UnitId> = ready.into_iter().filter(|unit| !entries.reached.contains(unit)).collect();
    let mut folders: FxHashSet<String> = FxHashSet::default();
    for unit in &open {
        folders.insert(folder_of(app, *unit));
    }
    for unit in &entries.reached {
        folders.remove(&folder_of(app, *unit));
    }
    folders.remove("");
    open.extend(app.program.unit_ids().filter(|unit| {
        !entries.reached.contains(unit) && is_script(app, *unit) && folders.contains(&folder_of(app, *unit))
    }));
    while let Some(unit) = open.pop() {
        if !entries.reached.contains(&unit) && separate.insert(unit) {
            open.extend(imports_of(app, unit));
        }
    }
    if known {
        separate.extend(tools_of_node(app, &files, &of_app));
        separate.extend(beside::programs(app, &files, &of_app));
    }
    entries.extensions = app.unloaded_extensions(&entries.reached);
    separate.extend(
        app.program.unit_ids().filter(|unit| entries.is_of_extension(&app.sources.file(app.program.file(*unit)).path)),
    );
    entries.separate = separate;
    entries
}

/// Build tools and what they import, unless a script of the app's imports it too.
fn parts_of_tools(app: &App, files: &Files, product: &FxHashSet<UnitId>) -> FxHashSet<UnitId> {
    let mut parts = FxHashSet::default();
    let mut open: Vec<UnitId> = app.program.unit_ids().filter(|unit| files.is_build_tool(*unit)).collect();
    while let Some(unit) = open.pop() {
        if parts.insert(unit) {
            open.extend(imports_of(app, unit));
        }
    }
    // What a tool only names as an entry is no part of it, and what the app imports is none either.
    let mut own: Vec<UnitId> = product.iter().copied().filter(|unit| !parts.contains(unit)).collect();
    while let Some(unit) = own.pop() {
        own.extend(imports_of(app, unit).into_iter().filter(|next| parts.remove(next)));
    }
    parts
}

/// Scripts for Node alone that a person or a server runs: nothing of the app names them, and they lie where the app has nothing.
fn tools_of_node(app: &App, files: &Files, of_app: &FxHashSet<UnitId>) -> Vec<UnitId> {
    let folders: FxHashSet<String> = of_app.iter().map(|unit| folder_of(app, *unit)).collect();
    let candidates: Vec<UnitId> = app
        .program
        .unit_ids()
        .filter(|unit| {
            let file = app.sources.file(app.program.file(*unit));
            matches!(file.kind, FileKind::JavaScript | FileKind::TypeScript)
                && !of_app.contains(unit)
                && !folders.contains(&folder_of(app, *unit))
                && is_for_node(app, *unit)
                && !files.is_configuration(*unit)
                && app.addon_of(*unit).is_none()
        })
        .collect();
    if candidates.is_empty() {
        return candidates;
    }
    let mut named: FxHashSet<UnitId> = FxHashSet::default();
    for unit in app.program.unit_ids().filter(|unit| is_script(app, *unit)) {
        named.extend(imports_of(app, unit));
        named.extend(files.named_in(unit).into_iter().filter(|next| *next != unit));
    }
    candidates.into_iter().filter(|unit| !named.contains(unit)).collect()
}

/// Whether a script takes something from Node, and nothing from Electron.
fn is_for_node(app: &App, unit: UnitId) -> bool {
    let mut node = false;
    for import in 0..app.program.summary(unit).imports.len() as u32 {
        match app.program.target(unit, ImportId(import)) {
            Target::External(module) if module.contains("electron") => return false,
            Target::External(module) => {
                let module = module.strip_prefix("node:").unwrap_or(module);
                node |=
                    matches!(module, "fs" | "fs/promises" | "child_process" | "path" | "os" | "http" | "https" | "url");
            }
            _ => {}
        }
    }
    node
}

/// Marks what scripts lead to, except what belongs to other programs.
fn walk(
    app: &App,
    files: &Files,
    entries: &mut Entries,
    mut open: Vec<UnitId>,
    ready: &[UnitId],
    others: &FxHashSet<UnitId>,
) {
    while let Some(unit) = open.pop() {
        if others.contains(&unit) {
            continue;
        }
        if entries.reached.insert(unit) {
            open.extend(imports_of(app, unit));
            open.extend(files.named_in(unit));
        }
        // Preload scripts of windows that the scripts so far make, once those have been walked.
        if open.is_empty() {
            let others: FxHashSet<String> =
                ready.iter().filter(|unit| !entries.reached.contains(unit)).map(|unit| folder_of(app, *unit)).collect();
            for window in &app.windows {
                if !window.call.is_some_and(|call| entries.reached.contains(&call.0)) {
                    continue;
                }
                for (_, placed) in window.given(app, "preload").iter() {
                    let Some(placed) = placed else { continue };
                    let scripts = app.scripts_at(&placed.known);
                    // Of several of that name not the one that lies beside another program's start.
                    let several = scripts.len() > 1;
                    open.extend(scripts.into_iter().filter(|unit| {
                        let beside_another = several && others.contains(&folder_of(app, *unit));
                        !entries.reached.contains(unit) && !beside_another
                    }));
                }
            }
        }
    }
}

/// Scripts that wait for the app to be ready: those with which a main process starts.
fn ready_units(app: &App) -> Vec<UnitId> {
    let mut units: Vec<UnitId> = app.calls("app.whenReady").iter().map(|call| call.call.0).collect();
    units.extend(app.listeners("app", "ready").iter().map(|listener| listener.call.0));
    units.sort_unstable();
    units.dedup();
    units
}

fn imports_of(app: &App, unit: UnitId) -> Vec<UnitId> {
    let count = app.program.summary(unit).imports.len() as u32;
    (0..count)
        .filter_map(|import| match app.program.target(unit, ImportId(import)) {
            Target::Unit(next) => Some(*next),
            Target::File(_) | Target::Text | Target::External(_) | Target::Missing => None,
        })
        .collect()
}

fn folder_of(app: &App, unit: UnitId) -> String {
    split(&app.sources.file(app.program.file(unit)).path).0.to_owned()
}

fn is_script(app: &App, unit: UnitId) -> bool {
    let file = app.sources.file(app.program.file(unit));
    matches!(file.kind, FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx | FileKind::Html)
        && !file.is_declaration()
}

/// A name without the extension of a script, if it has one.
fn without_extension(name: &str) -> &str {
    EXTENSIONS.iter().skip(1).find_map(|extension| name.strip_suffix(extension)).unwrap_or(name)
}

/// The files of the app by their paths.
struct Files<'a> {
    app: &'a App<'a>,
    units: FxHashMap<&'a str, UnitId>,
    /// Last parts of paths that may mean one of them: its name, with and without its extension, and its folder's if it is an index.
    names: FxHashSet<&'a str>,
    /// The scripts of each name without its extension.
    stems: FxHashMap<&'a str, Vec<UnitId>>,
    /// The folder of the app's package, without a slash at its end.
    root: &'a str,
}

impl<'a> Files<'a> {
    fn new(app: &'a App<'a>) -> Self {
        let (mut units, mut names) = (FxHashMap::default(), FxHashSet::default());
        let mut stems: FxHashMap<&str, Vec<UnitId>> = FxHashMap::default();
        for unit in app.program.unit_ids() {
            let file = app.sources.file(app.program.file(unit));
            if file.role != Role::Context && is_script(app, unit) {
                units.entry(file.path.as_str()).or_insert(unit);
                let (folder, name) = split(&file.path);
                let stem = without_extension(name);
                names.extend([name, stem]);
                stems.entry(stem).or_default().push(unit);
                if stem == "index" {
                    names.insert(split(folder).1);
                }
            }
        }
        let root = app.sources.root.trim_end_matches('/');
        Self { app, units, names, stems, root }
    }

    /// Whether a script may be meant by a path, as far as its last part tells.
    fn may_mean(&self, path: &str) -> bool {
        let name = split(path).1;
        matches!(name, "" | "." | "..") || self.names.contains(name) || self.names.contains(without_extension(name))
    }

    /// A script by its path, with or without what can be left out.
    fn script(&self, path: &str) -> Option<UnitId> {
        let stem = |path: &str| {
            [".js", ".mjs", ".cjs", ".jsx"].iter().find_map(|extension| path.strip_suffix(extension)).map(str::to_owned)
        };
        let with = |stem: &str| {
            EXTENSIONS.iter().find_map(|extension| self.units.get(format!("{stem}{extension}").as_str()).copied())
        };
        with(path)
            .or_else(|| stem(path).and_then(|stem| with(&stem)))
            .or_else(|| with(&if path.is_empty() { "index".to_owned() } else { format!("{path}/index") }))
    }

    /// The scripts with which the app starts, by `main` and by what build tools are given; and those that commands of package.json run.
    fn scripts(&self) -> (Vec<UnitId>, Vec<UnitId>) {
        let mut found = Vec::new();
        let mut tools = Vec::new();
        for (folder, manifest) in self.manifests() {
            if let Some(main) = manifest.get("main").and_then(Json::text) {
                found.extend(self.main(folder, main));
            } else {
                found.extend(self.script(&join(folder, "index").unwrap_or_default()));
            }
            for (_, script) in manifest.get("scripts").map(Json::entries).unwrap_or_default() {
                for word in script.text().unwrap_or_default().split([' ', '=', '"', '\'']) {
                    tools.extend(self.named(word, &[folder]));
                }
            }
        }
        for unit in self.app.program.unit_ids() {
            let file = self.app.sources.file(self.app.program.file(unit));
            let name = split(&file.path).1.to_ascii_lowercase();
            if BUILD_TOOLS.iter().any(|tool| name.contains(tool)) {
                let folder = split(&file.path).0;
                // A tool's own parts are no entry.
                let own = imports_of(self.app, unit);
                found.extend(
                    self.strings(unit, &[self.root, folder])
                        .into_iter()
                        .filter(|next| !own.contains(next) && *next != unit),
                );
            }
        }
        let hooks = self.hooks();
        found.retain(|unit| !self.is_build_tool(*unit) && !hooks.contains(unit));
        tools.extend(hooks);
        tools.retain(|unit| !self.is_build_tool(*unit) && !found.contains(unit));
        (found, tools)
    }

    fn is_build_tool(&self, unit: UnitId) -> bool {
        let name = split(&self.app.sources.file(self.app.program.file(unit)).path).1.to_ascii_lowercase();
        BUILD_TOOLS.iter().any(|tool| name.contains(tool))
    }

    /// Whether a script only says how something is built or tested: `tailwind.config.js`.
    fn is_configuration(&self, unit: UnitId) -> bool {
        self.is_build_tool(unit)
            || split(&self.app.sources.file(self.app.program.file(unit)).path).1.contains(".config.")
    }

    /// The app's package, and the one inside it that some builders want apart.
    fn manifests(&self) -> Vec<(&'a str, Json<'a>)> {
        let mut found = Vec::new();
        for unit in self.app.program.unit_ids() {
            let file = self.app.sources.file(self.app.program.file(unit));
            let (folder, name) = split(&file.path);
            let below = if self.root.is_empty() { folder } else { folder.strip_prefix(self.root).unwrap_or(folder) };
            let inner =
                matches!(below.trim_start_matches('/'), "" | "app" | "src" | "release/app" | "desktop" | "electron");
            if name == "package.json"
                && file.role == Role::Own
                && inner
                && let Some(manifest) = Json::root(self.app.program.summary(unit))
            {
                found.push((folder, manifest));
            }
        }
        found
    }

    /// What `main` names: a script, or the source of what a build writes there.
    fn main(&self, folder: &str, main: &str) -> Vec<UnitId> {
        let Some(path) = join(folder, main) else { return Vec::new() };
        if let Some(unit) = self.script(&path) {
            return vec![unit];
        }
        let parts: Vec<&str> = path.split('/').collect();
        for (index, part) in parts.iter().enumerate() {
            // A folder at the beginning that nothing was read of is written by a compiler too: `outDir`.
            if !BUILT.contains(part) && (index > 0 || parts.len() == 1 || self.is_folder(part)) {
                continue;
            }
            for source in [Some("src"), None, Some("app"), Some("electron"), Some("src/main"), Some("electron/src")] {
                let mut other: Vec<&str> = parts.clone();
                match source {
                    Some(source) => other.splice(index..=index, [source]).for_each(drop),
                    None => other.splice(index..=index, []).for_each(drop),
                }
                if let Some(unit) = self.script(&other.join("/")) {
                    return vec![unit];
                }
            }
        }
        // A build's folder in a build's folder: `background.ts` for `dist/app/background.js`.
        let written: Vec<&str> = main.split('/').skip_while(|part| *part == "." || BUILT.contains(part)).collect();
        if let Some(unit) = join(folder, &written.join("/")).and_then(|path| self.script(&path)) {
            return vec![unit];
        }
        // A bundle is named after what it is made of: `main.prod.js` after `main.dev.js`, or `main.ts`.
        let made = without_extension(&path)
            .rsplit_once('.')
            .filter(|(stem, kind)| !stem.ends_with('/') && !kind.contains('/'));
        if let Some(unit) = made.and_then(|(stem, _)| self.script(&format!("{stem}.dev")).or_else(|| self.script(stem)))
        {
            return vec![unit];
        }
        // A build that copies a folder over the package's own: `index.js` is made of `src/index.js`.
        SOURCES.iter().find_map(|source| self.script(&join(folder, &format!("{source}/{main}"))?)).into_iter().collect()
    }

    /// Whether a script was read that lies below this folder.
    fn is_folder(&self, folder: &str) -> bool {
        self.units.keys().any(|path| within(path, folder))
    }

    /// Scripts that a path in a text means, from any of these folders.
    fn named(&self, text: &str, folders: &[&str]) -> Option<UnitId> {
        if memchr::memchr2(b'.', b'/', text.as_bytes()).is_none()
            || !self.may_mean(text)
            || text.len() > 300
            || text.contains(['*', '\n', ' ', ':'])
            || text.contains("node_modules")
        {
            return None;
        }
        let is_page = text.ends_with(".html") || text.ends_with(".xhtml");
        let scripted = is_page || EXTENSIONS.iter().skip(1).any(|extension| text.ends_with(extension));
        if !scripted && !text.contains('/') {
            return None;
        }
        folders.iter().find_map(|folder| self.script(&join(folder, text)?))
    }

    /// Scripts that strings of a unit mean.
    fn strings(&self, unit: UnitId, folders: &[&str]) -> Vec<UnitId> {
        let summary = self.app.program.summary(unit);
        let imports: FxHashSet<&str> = summary.imports.iter().map(|import| summary.str(import.specifier)).collect();
        summary
            .strings
            .iter()
            .filter(|text| memchr::memchr2(b'.', b'/', text.as_bytes()).is_some() && !imports.contains(&***text))
            .filter_map(|text| self.named(text.trim_start_matches('/'), folders))
            .collect()
    }

    /// Scripts and pages that a script speaks of by their paths.
    fn named_in(&self, unit: UnitId) -> Vec<UnitId> {
        let folder = folder_of(self.app, unit);
        let mut found = self.strings(unit, &[&folder, self.root]);
        found.extend(self.joined(unit));
        found
    }
}
