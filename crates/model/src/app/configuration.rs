//! What package.json and the configuration of packagers say.

use super::App;
use crate::link::things::*;
use crate::link::{Json, UnitId, V, join, split, within};
use crate::source::{FileId, FileKind, Role, Span};

/// What makes packages of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packager {
    /// electron-builder: <https://www.electron.build/configuration>.
    Builder,
    /// Electron Forge: <https://www.electronforge.io/config/configuration>.
    Forge,
    /// Electron Packager on its own: <https://electron.github.io/packager/main/>.
    Packager,
}

/// What scripts call of Electron Packager.
const PACKAGER_CALLS: [&str; 5] = [
    "electron-packager",
    "electron-packager.default",
    "@electron/packager",
    "@electron/packager.default",
    "@electron/packager.packager",
];

/// Functions around a configuration.
const MOST_CALLS: u32 = 3;

/// One configuration of a packager.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Whose.
    pub packager: Packager,
    /// The configuration itself; `None` where it could not be followed, or stands on a command line.
    pub object: Option<Object>,
    /// How it is known.
    pub certainty: Certainty,
    /// A small place in it: its key, else the file's start.
    pub span: Span,
}

impl App<'_> {
    /// The app's package.json.
    fn manifest(&self) -> Option<(UnitId, Json<'_>)> {
        let file = self.sources.find(&self.in_root("package.json")?)?;
        let unit = self.program.unit_of(file)?;
        Some((unit, Json::root(self.program.summary(unit))?))
    }

    fn in_root(&self, path: &str) -> Option<String> {
        join(&self.sources.root, path)
    }

    /// Where an app-wide finding without any other place belongs: the first window, else the start of the main file.
    pub fn start(&self) -> Span {
        if let Some(window) = self.windows.first() {
            return window.span;
        }
        self.main_start()
    }

    /// The start of the file in which the app starts.
    pub fn main_start(&self) -> Span {
        Span { file: self.main_file().unwrap_or(FileId(0)), start: 0, end: 0 }
    }

    /// The file in which the app starts: `main` of package.json, else the first script of the main process, else any.
    fn main_file(&self) -> Option<FileId> {
        let named = self.manifest().and_then(|(_, root)| root.get("main")?.text()).unwrap_or("index.js");
        let named = self.in_root(named)?;
        let endings = ["", ".js", ".mjs", ".cjs", ".ts", "/index.js"];
        endings
            .iter()
            .find_map(|ending| self.sources.find(&format!("{named}{ending}")))
            .or_else(|| self.start_script().map(|unit| self.program.file(unit)))
            .or_else(|| self.windows.first().map(|window| window.span.file))
            .or_else(|| {
                self.program
                    .unit_ids()
                    .find(|&unit| self.process(unit) == super::Process::Main)
                    .map(|unit| self.program.file(unit))
            })
            .or_else(|| {
                let own = |index: &usize| self.sources.files[*index].role == Role::Own;
                (0..self.sources.files.len()).find(own).map(|index| FileId(index as u32))
            })
    }

    /// Configurations of packagers: in package.json, in files of their names, in files that scripts name, and handed to a packager
    /// that a script calls. In the order of places.
    pub fn configurations(&self) -> Vec<Configuration> {
        let mut found = Vec::new();
        self.in_manifest(&mut found);
        let named = self.files_in_scripts();
        for (index, file) in self.sources.files.iter().enumerate() {
            if file.role != Role::Own || file.kind == FileKind::Lockfile {
                continue;
            }
            let (folder, name) = split(&file.path);
            let is_here = folder == self.sources.root;
            let packager = match name {
                _ if is_here && name.starts_with("vue.config.") => {
                    self.in_plugin_of_vue(FileId(index as u32), &mut found);
                    continue;
                }
                _ if is_here && name.starts_with("electron-builder") => Packager::Builder,
                _ if is_here && name.starts_with("forge.config.") => Packager::Forge,
                _ if named.contains(&file.path) => Packager::Builder,
                _ => continue,
            };
            if let Some(unit) = self.program.unit_of(FileId(index as u32)) {
                self.in_file(packager, unit, &mut found);
            }
        }
        for api in ["electron-builder.build", "electron-builder.default.build"] {
            for call in self.calls(api).iter() {
                let Some(options) = call.argument(self, 0) else { continue };
                for known in self.eval(options).iter() {
                    let Thing::Object(object) = &known.thing else { continue };
                    for placed in self.program.property(object, "config", None).values {
                        if let Thing::Object(object) = placed.known.thing {
                            found.push(Configuration {
                                packager: Packager::Builder,
                                object: Some(object),
                                certainty: placed.known.certainty,
                                span: placed.span,
                            });
                        }
                    }
                }
            }
        }
        if found.is_empty() {
            self.above(&mut found);
        }
        if found.is_empty() {
            self.by_packager(&mut found);
        }
        found.sort_by_key(|configuration| configuration.span);
        found.dedup_by_key(|configuration| configuration.span);
        found
    }

    /// `build` in the manifest of the workspace that the app lies in: a monorepo whose root calls electron-builder.
    fn above(&self, found: &mut Vec<Configuration>) {
        for (index, file) in self.sources.files.iter().enumerate() {
            let (folder, name) = split(&file.path);
            if file.role != Role::Context || name != "package.json" || !within(&self.sources.root, folder) {
                continue;
            }
            let Some(unit) = self.program.unit_of(FileId(index as u32)) else { continue };
            let Some(root) = Json::root(self.program.summary(unit)) else { continue };
            let asks = |table| root.get(table).is_some_and(|table| table.get("electron-builder").is_some());
            let builds = asks("devDependencies") || asks("dependencies");
            if let Some(build) = root.get("build").filter(|build| builds && !build.entries().is_empty()) {
                let v = V(unit, build.id());
                self.add_objects(Packager::Builder, &self.eval(v), self.span(v), found);
            }
        }
    }

    /// Electron Packager, which the builders above use themselves: where a script runs or calls it, or the manifest asks for it.
    fn by_packager(&self, found: &mut Vec<Configuration>) {
        let packager = Packager::Packager;
        for api in PACKAGER_CALLS {
            for call in self.calls(api).iter() {
                let object = call.argument(self, 0).and_then(|options| self.program.only(options));
                let object = object.and_then(|known| match known.thing {
                    Thing::Object(object) => Some(object),
                    _ => None,
                });
                found.push(Configuration { packager, object, certainty: call.certainty, span: call.callee_span(self) });
            }
        }
        for script in self.scripts() {
            let runs = script.text.split([' ', '"', '\'', '&', ';']).any(|word| split(word).1 == "electron-packager");
            if runs {
                found.push(Configuration { packager, object: None, certainty: Certainty::Firm, span: script.span });
            }
        }
        let Some((unit, root)) = self.manifest() else { return };
        let dependency = ["@electron/packager", "electron-packager"]
            .iter()
            .find_map(|name| root.get("devDependencies").and_then(|dependencies| dependencies.get(name)));
        if let Some(dependency) = dependency.filter(|_| found.is_empty()) {
            // What calls it lies elsewhere, and was not read.
            let span = self.span(V(unit, dependency.id()));
            found.push(Configuration { packager, object: None, certainty: Certainty::Tentative, span });
        }
    }

    /// The files that scripts hand to electron-builder: `-c PATH`, `--config PATH`, `--config=PATH`.
    fn files_in_scripts(&self) -> Vec<String> {
        let mut found = Vec::new();
        for script in self.scripts().iter().filter(|script| script.text.contains("electron-builder")) {
            let mut words = script.text.split_whitespace();
            while let Some(word) = words.next() {
                let named = match word {
                    "-c" | "--config" => words.next(),
                    _ => word.strip_prefix("--config=").or_else(|| word.strip_prefix("-c=")),
                };
                found.extend(named.and_then(|named| self.in_root(named.trim_matches(['"', '\'']))));
            }
        }
        found
    }

    fn in_manifest(&self, found: &mut Vec<Configuration>) {
        let Some((unit, root)) = self.manifest() else { return };
        let mut add = |packager, value: Json| {
            let v = V(unit, value.id());
            match value.text() {
                // `"forge": "./forge.config.js"`.
                Some(path) => {
                    let there = self.in_root(path).and_then(|path| {
                        ["", ".js", ".cjs", ".ts"].iter().find_map(|end| self.sources.find(&format!("{path}{end}")))
                    });
                    let unit = match there {
                        Some(file) => self.program.unit_of(file),
                        None => self.source_of_script(path),
                    };
                    if let Some(unit) = unit {
                        self.in_file(packager, unit, found);
                    }
                }
                None => self.add_objects(packager, &self.eval(v), self.span(v), found),
            }
        };
        if let Some(build) = root.get("build").filter(|build| !build.entries().is_empty()) {
            add(Packager::Builder, build);
        }
        if let Some(forge) = root.get("config").and_then(|config| config.get("forge")) {
            add(Packager::Forge, forge);
        }
    }

    /// The one script of which a compiler makes the one at a path: `out/build/forge.js` of `src/build/forge.ts`.
    fn source_of_script(&self, path: &str) -> Option<UnitId> {
        let mut scripts = self.scripts_named(path, None).into_iter();
        scripts.next().filter(|_| scripts.next().is_none())
    }

    fn in_file(&self, packager: Packager, unit: UnitId, found: &mut Vec<Configuration>) {
        let file = self.program.file(unit);
        let start = Span { file, start: 0, end: 0 };
        match self.program.exported(unit, "default") {
            Some(values) => self.add_objects(packager, &values, start, found),
            None => {
                found.push(Configuration { packager, object: None, certainty: Certainty::Tentative, span: start });
            }
        }
    }

    /// `pluginOptions: { electronBuilder: { builderOptions: { … } } }`, which the plugin of Vue CLI hands to electron-builder.
    ///
    /// <https://nklayman.github.io/vue-cli-plugin-electron-builder/guide/configuration.html>
    fn in_plugin_of_vue(&self, file: FileId, found: &mut Vec<Configuration>) {
        let Some(values) = self.program.unit_of(file).and_then(|unit| self.program.exported(unit, "default")) else {
            return;
        };
        let mut objects: Vec<(Object, Span)> = Vec::new();
        let start = Span { file, start: 0, end: 0 };
        objects.extend(self.objects_of(&values, 0).into_iter().map(|object| (object, start)));
        for key in ["pluginOptions", "electronBuilder", "builderOptions"] {
            objects = objects
                .iter()
                .flat_map(|(object, _)| self.program.property(object, key, None).values)
                .filter_map(|placed| match placed.known.thing {
                    Thing::Object(object) => Some((object, self.key_span(placed.span))),
                    _ => None,
                })
                .collect();
        }
        for (object, span) in objects {
            let (packager, certainty) = (Packager::Builder, Certainty::Firm);
            found.push(Configuration { packager, object: Some(object), certainty, span });
        }
    }

    /// Objects among some values, handed to a function that gives them back, or given by one: `defineConfig(() => ({ … }))`.
    fn objects_of(&self, values: &[Known], depth: u32) -> Vec<Object> {
        let within = |v: V| if depth < MOST_CALLS { self.objects_of(&self.eval(v), depth + 1) } else { Vec::new() };
        let mut found = Vec::new();
        for known in values {
            match &known.thing {
                Thing::Object(object) => found.push(object.clone()),
                // https://cli.vuejs.org/config/#vue-config-js
                Thing::Result(path, c) if path.ends_with(".defineConfig") => {
                    found.extend(self.program.argument(*c, 0).into_iter().flat_map(within));
                }
                Thing::Function(f, _) => {
                    found.extend(self.exits(*f).returns.into_iter().filter_map(|exit| exit.value).flat_map(within));
                }
                _ => {}
            }
        }
        found
    }

    fn add_objects(&self, packager: Packager, values: &[Known], span: Span, found: &mut Vec<Configuration>) {
        // A small place: the line on which it begins.
        let text = self.text_around(span);
        let rest = text.get(span.start as usize..).unwrap_or("");
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len()) as u32;
        let end = if span.end > span.start { span.end.min(span.start + length) } else { span.start };
        let span = Span { end, ..span };
        let before = found.len();
        let mut add = |object: Option<Object>, certainty| {
            found.push(Configuration { packager, object, certainty, span });
        };
        for known in values {
            match &known.thing {
                Thing::Object(object) => add(Some(object.clone()), Certainty::Certain),
                // `module.exports = async () => ({ … })`.
                Thing::Function(f, _) => {
                    for exit in self.exits(*f).returns {
                        let Some(value) = exit.value else { continue };
                        for known in self.eval(value).iter() {
                            if let Thing::Object(object) = &known.thing {
                                add(Some(object.clone()), Certainty::Firm);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if found.len() == before {
            found.push(Configuration { packager, object: None, certainty: Certainty::Tentative, span });
        }
    }
}
