//! In which process a file runs.

use rustc_hash::FxHashSet;

use super::App;
use crate::link::{Target, UnitId};
use crate::source::FileKind;
use crate::summary::{ImportId, Value};

/// A process of Electron's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Process {
    /// The main process.
    Main,
    /// A preload script.
    Preload,
    /// A page.
    Renderer,
    /// Not known, or several.
    Unknown,
}

/// Modules of Electron that only the main process has.
const MAIN_ONLY: [&str; 20] = [
    "app",
    "BrowserWindow",
    "BrowserView",
    "WebContentsView",
    "BaseWindow",
    "ipcMain",
    "Menu",
    "Tray",
    "session",
    "dialog",
    "globalShortcut",
    "autoUpdater",
    "protocol",
    "powerMonitor",
    "webContents",
    "net",
    "netLog",
    "utilityProcess",
    "safeStorage",
    "screen",
];

/// Modules that only a page has a use for.
const OF_PAGES: [&str; 8] =
    ["vue", "react-dom", "react-dom/client", "svelte", "solid-js/web", "preact", "@angular/core", "jquery"];

impl App<'_> {
    /// Whether a script runs in a page, by what it uses, and no window is known to give its pages Node: what Node alone reads
    /// has no effect there.
    pub fn is_of_page_without_node(&self, unit: UnitId) -> bool {
        let of_page = match self.process(unit) {
            Process::Renderer => true,
            Process::Unknown => self.units_of_pages().contains(&unit),
            Process::Main | Process::Preload => false,
        };
        of_page && !self.windows.is_empty() && !self.windows.iter().any(|window| self.window_has_node(window))
    }

    /// Scripts that the start of the main process imports, or a page asks it for through the remote module, and no script beside: a page
    /// runs none of them.
    pub(super) fn units_of_main_alone(&self) -> FxHashSet<UnitId> {
        let led_to = |open: Vec<UnitId>| self.with_what_they_import(open, |_| true);
        let mut of_main =
            led_to(self.start_script().into_iter().chain(self.program.required_through_remote()).collect());
        let is_other = |unit: &UnitId| !of_main.contains(unit) && self.is_product_file(self.program.file(*unit));
        let of_others = led_to(self.program.unit_ids().filter(is_other).collect());
        of_main.retain(|unit| !of_others.contains(unit));
        of_main
    }

    /// Scripts of which nothing else tells where they run, that use what only a page has a use for, and what they import.
    fn units_of_pages(&self) -> &FxHashSet<UnitId> {
        self.units_of_pages.get_or_init(|| {
            let is_of_page =
                |target: &Target| matches!(target, Target::External(module) if OF_PAGES.contains(&&**module));
            let is_open = |unit: &UnitId| self.process(*unit) == Process::Unknown;
            let open = self.program.unit_ids().filter(|unit| is_open(unit) && self.targets(*unit).any(is_of_page));
            self.with_what_they_import(open.collect(), is_open)
        })
    }

    /// What the imports of a script mean.
    fn targets(&self, unit: UnitId) -> impl Iterator<Item = &Target> {
        let imports = 0..self.program.summary(unit).imports.len();
        imports.map(move |index| self.program.target(unit, ImportId(index as u32)))
    }

    /// These scripts and what they import, over those that count.
    fn with_what_they_import(&self, mut open: Vec<UnitId>, counts: impl Fn(&UnitId) -> bool) -> FxHashSet<UnitId> {
        let mut found: FxHashSet<UnitId> = open.iter().copied().collect();
        while let Some(unit) = open.pop() {
            for target in self.targets(unit) {
                if let Target::Unit(next) = *target
                    && counts(&next)
                    && found.insert(next)
                {
                    open.push(next);
                }
            }
        }
        found
    }
}

/// Tells for each unit where it runs: by what it takes from Electron, by the page that holds it, and by who imports it.
pub(super) fn find(app: &App) -> Vec<Process> {
    let units: Vec<UnitId> = app.program.unit_ids().collect();
    let mut found: Vec<Process> = units.iter().map(|&unit| by_itself(app, unit)).collect();
    // What an importer is, the imported file is too, if it does not say otherwise itself.
    for _ in 0..8 {
        let mut changed = false;
        for &unit in &units {
            let of = found[unit.0 as usize];
            if of == Process::Unknown {
                continue;
            }
            for index in 0..app.program.summary(unit).imports.len() {
                if let Target::Unit(next) = app.program.target(unit, ImportId(index as u32)) {
                    let next = &mut found[next.0 as usize];
                    if *next == Process::Unknown {
                        *next = of;
                        changed = true;
                    }
                }
            }
        }
        if !changed {
            break;
        }
    }
    found
}

fn by_itself(app: &App, unit: UnitId) -> Process {
    let file = app.sources.file(app.program.file(unit));
    match file.kind {
        FileKind::Html => return Process::Renderer,
        FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx => {}
        _ => return Process::Unknown,
    }
    let summary = app.program.summary(unit);
    let (mut main, mut bridge, mut renderer) = (false, false, false);
    let mut electron = |name: &str| match name {
        "contextBridge" => bridge = true,
        "ipcRenderer" | "webFrame" => renderer = true,
        name if MAIN_ONLY.contains(&name) => main = true,
        _ => {}
    };
    for node in &summary.values {
        match node.value {
            Value::ImportName(import, name) => {
                if matches!(app.program.target(unit, import), Target::External(module) if &**module == "electron") {
                    electron(summary.str(name));
                }
            }
            Value::Member(object, name) => {
                if let Value::Module(import) = summary.value(summary.behind(object))
                    && matches!(app.program.target(unit, import), Target::External(module) if &**module == "electron")
                {
                    electron(summary.str(name));
                }
            }
            _ => {}
        }
    }
    match (main, bridge, renderer) {
        (true, false, false) => Process::Main,
        (_, true, _) => Process::Preload,
        (false, false, true) => Process::Renderer,
        _ => Process::Unknown,
    }
}
