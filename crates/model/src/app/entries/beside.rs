//! Programs for Node that have a package of their own inside the app's: a server, a command line.

use rustc_hash::FxHashSet;

use super::{Files, imports_of, is_script};
use crate::app::App;
use crate::link::{Json, Target, UnitId, split, within};
use crate::source::Role;
use crate::summary::{ImportId, Value, ValueId};

/// Packages that are looked at.
const MOST_PACKAGES: usize = 32;

/// What makes a script one for Node, beside Node's own modules.
const FOR_NODE: [&str; 12] = [
    "express",
    "koa",
    "fastify",
    "@hapi/hapi",
    "@nestjs/core",
    "commander",
    "yargs",
    "meow",
    "cac",
    "@oclif/core",
    "inquirer",
    "hono",
];

/// The scripts of packages inside the app's that a person or a server runs: they start with a script for Node, and nothing of the
/// app speaks of their folder.
pub(super) fn programs(app: &App, files: &Files, of_app: &FxHashSet<UnitId>) -> Vec<UnitId> {
    let mut found = Vec::new();
    let inside = app.program.unit_ids().filter(|unit| {
        let file = app.sources.file(app.program.file(*unit));
        let (folder, name) = split(&file.path);
        name == "package.json" && file.role == Role::Own && folder.trim_end_matches('/') != files.root
    });
    for unit in inside.take(MOST_PACKAGES) {
        let folder = split(&app.sources.file(app.program.file(unit)).path).0;
        let Some(manifest) = Json::root(app.program.summary(unit)) else { continue };
        let uses_electron = ["dependencies", "devDependencies", "peerDependencies"]
            .iter()
            .any(|list| manifest.get(list).is_some_and(|list| list.get("electron").is_some()));
        let is_inside = |other: UnitId| within(&app.sources.file(app.program.file(other)).path, folder);
        if uses_electron || of_app.iter().any(|own| is_inside(*own)) {
            continue;
        }
        let starts = starts(files, folder, manifest);
        if !starts.iter().any(|start| is_for_node(app, *start)) || is_spoken_of(app, folder, is_inside) {
            continue;
        }
        found.extend(app.program.unit_ids().filter(|other| is_script(app, *other) && is_inside(*other)));
    }
    found
}

/// The scripts with which a package starts, by `bin`, `main` and the command `start`.
fn starts(files: &Files, folder: &str, manifest: Json) -> Vec<UnitId> {
    let mut paths: Vec<&str> = manifest.get("main").and_then(|main| main.text()).into_iter().collect();
    if let Some(bin) = manifest.get("bin") {
        paths.extend(bin.text());
        paths.extend(bin.entries().into_iter().filter_map(|(_, path)| path.text()));
    }
    let start = manifest.get("scripts").and_then(|scripts| scripts.get("start")).and_then(|start| start.text());
    paths.extend(start.unwrap_or_default().split(' ').filter(|word| word.contains('.')));
    paths.into_iter().flat_map(|path| files.main(folder, path)).collect()
}

/// Whether a script, or one that it imports, takes something for Node, and nothing from Electron.
fn is_for_node(app: &App, unit: UnitId) -> bool {
    let takes = |unit: UnitId| {
        (0..app.program.summary(unit).imports.len() as u32).any(|import| {
            matches!(app.program.target(unit, ImportId(import)), Target::External(module) if FOR_NODE.contains(&&**module))
        })
    };
    let is_one = |unit: UnitId| super::is_for_node(app, unit) || takes(unit);
    is_one(unit) || imports_of(app, unit).into_iter().any(is_one)
}

/// Whether anything outside a folder names it: an import, a path, or what a packager is told. Commands that only build it do not, nor
/// does what compilers and editors are told.
fn is_spoken_of(app: &App, folder: &str, is_inside: impl Fn(UnitId) -> bool) -> bool {
    let name = split(folder).1;
    app.program.unit_ids().filter(|unit| !is_inside(*unit)).any(|unit| {
        if imports_of(app, unit).into_iter().any(&is_inside) {
            return true;
        }
        let file = split(&app.sources.file(app.program.file(unit)).path).1;
        if file.starts_with("tsconfig") || file.starts_with('.') {
            return false;
        }
        let summary = app.program.summary(unit);
        let scripts = Json::root(summary).filter(|_| file == "package.json").and_then(|root| root.get("scripts"));
        let commands: FxHashSet<ValueId> =
            scripts.into_iter().flat_map(Json::entries).map(|(_, command)| command.id()).collect();
        summary.values.iter().enumerate().any(|(index, node)| match node.value {
            Value::String(text) if !commands.contains(&ValueId(index as u32)) => {
                summary.str(text).split(['/', '\\']).any(|part| part == name)
            }
            _ => false,
        })
    })
}
