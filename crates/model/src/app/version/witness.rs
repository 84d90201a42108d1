//! A version that the app tells by what it relies on, where no file names one.

use rustc_hash::FxHashSet;

use super::{Program, Sources, Version};
use crate::electron::releases::Data;
use crate::link::{PageRead, UnitId};
use crate::source::Role;
use crate::summary::{Import, ImportKind};

// https://www.electronjs.org/docs/latest/breaking-changes#default-changed-nodeintegration-and-webviewtag-default-to-false-contextisolation-defaults-to-true
const LAST_WITH_NODE: u32 = 4;

/// What an app says that gives its pages Node, or keeps it from them, by itself; and what came after that version.
const NEWER: [&str; 9] = [
    "nodeIntegration",
    "contextIsolation",
    "contextBridge",
    "setWindowOpenHandler",
    "enableRemoteModule",
    "@electron/remote",
    "@electron/remote/main",
    "ipcMain.handle",
    "WebContentsView",
];

/// Modules that a page has with Node alone.
const OF_NODE: [&str; 4] = ["electron", "fs", "child_process", "original-fs"];

/// How a script asks whether it has Node, blanks and parentheses aside.
const ASKING: [&str; 6] =
    ["typeofrequire", "typeofwindow.require", "window.require&&", "window.require?", "ifwindow.require{", "isElectron"];

/// The newest version in which pages have Node unasked, where a script of a page requires a module of Node's as if it had it and no window
/// is told to give it; with that script.
pub(super) fn told(sources: &Sources, program: &Program, pages: &[PageRead]) -> Option<(Version, String)> {
    let own = || program.unit_ids().filter(|unit| sources.file(program.file(*unit)).role == Role::Own);
    if own().any(|unit| program.says(unit, &NEWER)) {
        return None;
    }
    let in_pages = scripts_of_pages(sources, program, pages);
    let needs_node =
        |unit: &UnitId| program.says(*unit, &OF_NODE) && requires(sources, program, *unit, in_pages.contains(unit));
    let unit = own().find(needs_node)?;
    let release = Data::current().newest_of(LAST_WITH_NODE)?;
    Some((release.version, sources.file(program.file(unit)).path.clone()))
}

/// Scripts that pages name or hold.
fn scripts_of_pages(sources: &Sources, program: &Program, pages: &[PageRead]) -> FxHashSet<UnitId> {
    let of = |(file, html, inline): &PageRead| {
        program.scripts_named_by(sources, *file, html).into_iter().chain(inline.clone().map(UnitId))
    };
    pages.iter().flat_map(of).collect()
}

/// Whether a script requires a module of Node's without asking whether it can: by `window.require`, which pages alone have, or as one of a
/// page.
fn requires(sources: &Sources, program: &Program, unit: UnitId, is_of_page: bool) -> bool {
    let summary = program.summary(unit);
    let is_of_node =
        |import: &Import| import.kind == ImportKind::Require && OF_NODE.contains(&summary.str(import.specifier));
    if !summary.imports.iter().any(is_of_node) {
        return false;
    }
    let text = &sources.file(program.file(unit)).text.content;
    let written: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')')).collect();
    (is_of_page || text.contains("window.require")) && !ASKING.iter().any(|asks| written.contains(asks))
}
