//! Scripts of the main process that nothing leads to: what was left of a feature that is gone.

use rustc_hash::FxHashSet;

use super::{Files, folder_of, imports_of, is_for_node, is_script, without_extension};
use crate::app::{App, Process};
use crate::link::things::{Part, Thing};
use crate::link::{Target, UnitId, V, final_name, join, split};
use crate::problem::ProblemKind;
use crate::source::{FOREIGN_SCRIPT, FileId, FileKind, Role};
use crate::summary::ImportId;

/// Packages that load every script of a folder.
const LOAD_FOLDERS: [&str; 7] = [
    "require-all",
    "require-directory",
    "require-dir",
    "requireindex",
    "import-all",
    "bulk-require",
    "directory-import",
];

/// Functions of bundlers that import by a pattern: `import.meta.glob`, `require.context`.
const BY_PATTERN: [&str; 3] = ["glob", "globEager", "context"];

/// The longest text that is taken for a path.
const LONGEST_PATH: usize = 300;

impl App<'_> {
    /// Whether nothing leads to a script of the main process: no import, no text that could be its path, no name that is computed.
    ///
    /// That can be said only where the app's own start is known, and most of its scripts are reached from there.
    pub fn is_forgotten(&self, file: FileId) -> bool {
        // Most apps have none that is asked for, and their texts need not be searched.
        let unimported = |unit: &UnitId| self.unimported.get_or_init(|| unimported(self)).contains(unit);
        let is_one = |unit| unimported(&unit) && self.forgotten.get_or_init(|| forgotten(self)).contains(&unit);
        self.sources.file(file).role == Role::Own && self.program.unit_of(file).is_some_and(is_one)
    }
}

/// Scripts of the main process that the app gets to by no import, and by no path that is followed.
fn unimported(app: &App) -> FxHashSet<UnitId> {
    let entries = app.entries();
    if app.start_script().is_none() || is_part_unread(app) {
        return FxHashSet::default();
    }
    let files = Files::new(app);
    let is_candidate = |unit: &UnitId| {
        let file = app.program.file(*unit);
        is_script(app, *unit)
            && app.sources.file(file).kind != FileKind::Html
            && app.is_product_file(file)
            && !entries.reached.contains(unit)
            && !files.is_build_tool(*unit)
            && app.addon_of(*unit).is_none()
    };
    let found: FxHashSet<UnitId> = app.program.unit_ids().filter(is_candidate).collect();
    // Others are parts of those of the main process, or may be where a page or a worker starts.
    let mut open: Vec<UnitId> = found.iter().copied().filter(|unit| is_of_main_alone(app, *unit)).collect();
    let mut parts: FxHashSet<UnitId> = open.iter().copied().collect();
    while let Some(unit) = open.pop() {
        open.extend(imports_of(app, unit).into_iter().filter(|next| found.contains(next) && parts.insert(*next)));
    }
    let mut found = parts;
    remove_imported(app, &mut found);
    found
}

/// Those of them to which nothing else may lead.
fn forgotten(app: &App) -> FxHashSet<UnitId> {
    let nothing = FxHashSet::default();
    let Some(folders) = folders_of_computed_names(app) else { return nothing };
    let mut found = app.unimported.get_or_init(|| unimported(app)).clone();
    let path = |unit: UnitId| app.sources.file(app.program.file(unit)).path.as_str();
    let named = named(app, &found.iter().map(|unit| name_of(path(*unit))).collect());
    found.retain(|unit| {
        !named.contains(name_of(path(*unit))) && !split(path(*unit)).0.split('/').any(|part| folders.contains(part))
    });
    remove_imported(app, &mut found);
    // Where the app would get to less than what it forgot, how it gets to its scripts is not understood.
    let parts: FxHashSet<UnitId> = found.iter().flat_map(|unit| imports_of(app, *unit)).collect();
    let first = found.iter().filter(|unit| !parts.contains(unit)).count();
    if first > app.entries().reached.len() { nothing } else { found }
}

/// What another script imports is not forgotten, unless that one is.
fn remove_imported(app: &App, found: &mut FxHashSet<UnitId>) {
    let mut open: Vec<UnitId> = match found.is_empty() {
        true => return,
        false => app.program.unit_ids().filter(|unit| !found.contains(unit)).collect(),
    };
    while let Some(unit) = open.pop() {
        open.extend(imports_of(app, unit).into_iter().filter(|next| found.remove(next)));
    }
}

/// Whether something was not read that may lead to a script.
fn is_part_unread(app: &App) -> bool {
    let is_lost = |kind| {
        matches!(
            kind,
            ProblemKind::ParseError
                | ProblemKind::FileTooLarge
                | ProblemKind::TooDeep
                | ProblemKind::Unreadable
                | ProblemKind::LimitReached
                | ProblemKind::Internal
        )
    };
    app.problems.iter().any(|problem| is_lost(problem.kind))
        || app.sources.omitted.iter().any(|omitted| omitted.reason == FOREIGN_SCRIPT)
}

/// Whether a script is one of the main process, which has one start: pages and workers have many, and some that cannot be seen.
fn is_of_main_alone(app: &App, unit: UnitId) -> bool {
    match app.process(unit) {
        Process::Main => true,
        // A preload script exports nothing.
        Process::Unknown => !app.program.summary(unit).exports.is_empty() && is_for_node(app, unit),
        Process::Preload | Process::Renderer => false,
    }
}

/// The name by which a path means a script: its own, and for an index that of its folder.
fn name_of(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    let (folder, name) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
    match without_extension(name) {
        "index" => folder.rsplit(['/', '\\']).next().unwrap_or(folder),
        name => name,
    }
}

/// Those of these names that a path in a text could mean, or an import that was not resolved.
fn named<'a>(app: &'a App, names: &FxHashSet<&'a str>) -> FxHashSet<&'a str> {
    let mut found = FxHashSet::default();
    let mut add = |path: &'a str| {
        let name = name_of(path);
        if names.contains(name) {
            found.insert(name);
        }
    };
    for page in &app.pages {
        let scripts = page.html.scripts.iter().filter_map(|script| script.src.as_deref());
        let preloads = page.html.webviews().filter_map(|webview| webview.value("preload"));
        scripts.chain(preloads).for_each(|path| add(path.split(['?', '#']).next().unwrap_or(path)));
    }
    for unit in app.program.unit_ids() {
        let summary = app.program.summary(unit);
        let is_resolved = |text: &str| {
            (0..summary.imports.len() as u32).map(ImportId).any(|import| {
                summary.str(summary.imports[import.index()].specifier) == text
                    && matches!(app.program.target(unit, import), Target::Unit(_))
            })
        };
        for text in &summary.strings {
            if memchr::memchr3(b'/', b'\\', b'.', text.as_bytes()).is_none()
                || text.len() > LONGEST_PATH
                || text.contains("://")
                || text.contains('\n')
            {
                continue;
            }
            // Of a command, each word may be one.
            let is_path = |word: &&str| word.contains(['/', '\\']) || without_extension(word).len() < word.len();
            let words = text.split([' ', '=', ',', '!']).filter(is_path).filter(|word| names.contains(name_of(word)));
            words.filter(|_| !is_resolved(text)).for_each(&mut add);
        }
        // `path.join(__dirname, 'worker')`.
        for call in &summary.calls {
            let last = summary.items(call.arguments).last().and_then(|last| summary.text(last.value));
            if let Some(last) = last.filter(|last| names.contains(name_of(last)))
                && final_name(summary, call.callee).is_some_and(|name| matches!(summary.str(name), "join" | "resolve"))
            {
                add(last);
            }
        }
    }
    found
}

/// The names of folders out of which scripts are loaded by names that are computed; `None` where it could be any.
fn folders_of_computed_names(app: &App) -> Option<FxHashSet<String>> {
    let mut folders = FxHashSet::default();
    let mut add = |unit: UnitId, folder: &str| {
        let from = folder_of(app, unit);
        let beside = folder.starts_with('.').then(|| join(&from, folder)).flatten();
        let folder = beside.as_deref().unwrap_or(folder);
        let name = folder.rsplit(['/', '\\']).find(|part| !matches!(*part, "" | "." | ".."))?;
        folders.insert(name.to_owned());
        Some(())
    };
    for import in app.computed_imports() {
        if !app.is_product_file(app.program.file(import.call.0)) || app.process(import.call.0) == Process::Renderer {
            continue;
        }
        let name = import.argument(app, 0)?;
        for known in app.eval(name).iter() {
            match &known.thing {
                // A text that is known was looked at with the others.
                Thing::Text(_) => {}
                _ if known.thing.tail().is_some_and(|tail| tail.ends_with(".json") || tail.ends_with(".node")) => {}
                Thing::Template(parts) => match parts.first() {
                    Some(Part::Text(head)) => add(import.call.0, head.rsplit_once(['/', '\\'])?.0)?,
                    _ => return None,
                },
                Thing::Result(api, c) if matches!(&**api, "path.join" | "path.resolve") => {
                    let parts = app.program.arguments(*c).iter();
                    let known = parts.filter_map(|part| app.constant(V(c.0, part.value)));
                    let known: Vec<String> = known.filter_map(|known| known.text().map(str::to_owned)).collect();
                    add(c.0, known.iter().rev().find(|text| text.contains(char::is_alphanumeric))?)?;
                }
                _ => return None,
            }
        }
    }
    for unit in app.program.unit_ids() {
        let summary = app.program.summary(unit);
        if summary.imports.iter().any(|import| LOAD_FOLDERS.contains(&summary.str(import.specifier))) {
            return None;
        }
    }
    for call in BY_PATTERN.iter().flat_map(|name| app.program.calls_named(name)) {
        let callee = V(call.0, app.program.call(*call).callee);
        let of_bundler = app.eval(callee).iter().any(
            |known| matches!(&known.thing, Thing::Api(path) if path.starts_with("import.meta.") || path.starts_with("require.")),
        );
        if of_bundler {
            let pattern = app.program.argument(*call, 0).and_then(|pattern| app.constant(pattern))?;
            let pattern = pattern.text()?;
            add(call.0, pattern.split_once('*').map_or(pattern, |(head, _)| head))?;
        }
    }
    Some(folders)
}
