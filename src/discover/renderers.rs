//! Packages that hold what an app shows, and no program: beside it in the repository, with pages and scripts that take `electron` from them.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::Reader;
use super::kinds;
use super::packages::Package;
use super::survey::{Survey, file_imports_electron, main_imports_electron};

/// Scripts of other packages that are looked at.
const MOST_SCRIPTS: usize = 2000;

/// What makes packages of an app: who depends on one of these is a program of its own.
const PACKAGERS: [&str; 6] = [
    "electron-builder",
    "electron-packager",
    "@electron/packager",
    "@electron-forge/cli",
    "electron-forge",
    "electron-vite",
];

/// What only a main process does.
const OF_MAIN: [&str; 4] = ["BrowserWindow(", "whenReady(", ".on('ready'", ".on(\"ready\""];

/// Folders of what is no part of an app.
const ELSEWHERE: [&str; 8] = ["example", "examples", "demo", "docs", "website", "template", "templates", "test"];

/// Of several packages that are taken for apps, those that are none: they have no main process, and one alone has.
pub(super) fn among(apps: &[usize], survey: &Survey, reader: &mut Reader) -> BTreeSet<usize> {
    let owners = survey.owners(apps);
    let mut users: BTreeSet<usize> = BTreeSet::new();
    let mut programs: BTreeSet<usize> = apps.iter().copied().filter(|app| is_program(survey, *app, reader)).collect();
    for file in survey.tree.files.iter().filter(|file| kinds::is_script(file.kind)).take(MOST_SCRIPTS) {
        let Some(owner) = owners.of_file(&file.path).filter(|owner| !programs.contains(owner)) else { continue };
        if !file_imports_electron(file, reader) {
            continue;
        }
        users.insert(owner);
        if reader.text(&file.path).is_some_and(|text| OF_MAIN.iter().any(|does| text.content.contains(does))) {
            programs.insert(owner);
        }
    }
    if programs.len() != 1 {
        return BTreeSet::new();
    }
    users.into_iter().filter(|app| !programs.contains(app)).collect()
}

fn is_program(survey: &Survey, app: usize, reader: &mut Reader) -> bool {
    let Some(package) = survey.packages.get(app) else { return true };
    PACKAGERS.iter().any(|name| package.dependencies.contains(*name)) || main_imports_electron(package, reader)
}

/// Beside the only app, packages with a page and with scripts that take `electron` from a page.
pub(super) fn beside(app: usize, survey: &Survey, reader: &mut Reader) -> Vec<usize> {
    let [only] = survey.apps.as_slice() else { return Vec::new() };
    let Some(package) = survey.packages.get(app).filter(|_| *only == app && survey.packages.len() > 1) else {
        return Vec::new();
    };
    let is_apart = |other: &Package| {
        !other.folder.starts_with(&package.folder)
            && !package.folder.starts_with(&other.folder)
            && !is_elsewhere(&other.folder, &survey.root)
    };
    let all: Vec<usize> = (0..survey.packages.len()).collect();
    let owners = survey.owners(&all);
    let mut with_pages: BTreeSet<usize> = BTreeSet::new();
    for file in &survey.tree.files {
        if file.path.extension().is_some_and(|extension| extension == "html")
            && let Some(owner) = owners.of_file(&file.path)
            && survey.packages.get(owner).is_some_and(is_apart)
        {
            with_pages.insert(owner);
        }
    }
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut programs: BTreeSet<usize> = BTreeSet::new();
    let scripts = survey.tree.files.iter().filter(|file| kinds::is_script(file.kind));
    let theirs = scripts.filter_map(|file| Some((file, owners.of_file(&file.path)?)));
    for (file, owner) in theirs.filter(|(_, owner)| with_pages.contains(owner)).take(MOST_SCRIPTS) {
        if file_imports_electron(file, reader) {
            found.insert(owner);
            if reader.text(&file.path).is_some_and(|text| OF_MAIN.iter().any(|does| text.content.contains(does))) {
                programs.insert(owner);
            }
        }
    }
    found.difference(&programs).copied().collect()
}

/// Whether a folder of a repository holds examples, tests, or the project's site.
fn is_elsewhere(folder: &Path, root: &Path) -> bool {
    let below = folder.strip_prefix(root).unwrap_or(folder);
    below.components().any(|part| ELSEWHERE.iter().any(|name| part.as_os_str() == *name))
}
