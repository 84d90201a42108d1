//! Packages that hold what an app shows, and no program: beside it in the repository, with pages and scripts that take `electron` from them.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::Reader;
use super::kinds;
use super::packages::Package;
use super::survey::{Survey, file_imports_electron};

/// Scripts of other packages that are looked at.
const MOST_SCRIPTS: usize = 2000;

/// What only a main process does.
const OF_MAIN: [&str; 4] = ["BrowserWindow(", "whenReady(", ".on('ready'", ".on(\"ready\""];

/// Folders of what is no part of an app.
const ELSEWHERE: [&str; 8] = ["example", "examples", "demo", "docs", "website", "template", "templates", "test"];

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
