//! Packages beside an app that are packed into it: its builder takes them, `files: [{ from: ../renderer/dist }]`, or its scripts copy
//! what they make, `cp -r ../web/build .`. So are those that it shows, `win.loadFile('../web/dist/index.html')`.

use std::path::{Component, Path, PathBuf};

use memchr::memmem::Finder;

use super::files::Reader;
use super::kinds;
use super::packages::Package;
use super::survey::Survey;

/// Configurations of builders, by what their names begin with.
const CONFIGURATIONS: [&str; 3] = ["electron-builder", "forge.config", "builder-config"];

/// Paths of one configuration that are looked at.
const MOST_PATHS: usize = 64;

/// Programs that copy, as scripts of a manifest call them.
const COPIERS: [&str; 13] =
    ["cp", "copy", "copyfiles", "cpy", "cpx", "cpx2", "copyup", "ncp", "xcopy", "robocopy", "rsync", "mv", "ln"];

/// Functions that copy, as scripts for Node call them.
const COPYING: [&str; 8] =
    ["cp(", "cpSync(", "copy(", "copySync(", "copyFile(", "copyFileSync(", "copyFolder(", "ncp("];

/// Methods of windows by which pages are shown.
const SHOWING: [&str; 2] = ["loadFile(", "loadURL("];

/// Scripts of an app that show pages and that are looked at.
const MOST_SHOWING: usize = 64;

/// Scripts for Node that one manifest calls and that are looked at.
const MOST_SCRIPTS: usize = 32;

/// The packages, as indices, in ascending order: neither the app, nor what lies around it or in it, nor another app.
pub(super) fn packed(app: usize, survey: &Survey, reader: &mut Reader) -> Vec<usize> {
    let Some(package) = survey.packages.get(app).filter(|_| survey.packages.len() > 1) else { return Vec::new() };
    let is_beside = |index: usize, other: &Package| {
        !package.folder.starts_with(&other.folder)
            && !other.folder.starts_with(&package.folder)
            && !survey.apps.contains(&index)
    };
    let mut paths: Vec<PathBuf> = copied(package, reader);
    paths.extend(shown(app, package, survey, reader));
    for text in configurations(package, survey, reader) {
        paths.extend(paths_up(&text).take(MOST_PATHS).map(|path| resolved(&package.folder, path)));
    }
    paths.sort_unstable();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        let inside = (0..).zip(&survey.packages).filter(|(_, other)| path.starts_with(&other.folder));
        let innermost = inside.max_by_key(|(_, other)| other.folder.components().count());
        found.extend(innermost.filter(|(index, other)| is_beside(*index, other)).map(|(index, _)| index));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What lies outside of a package, and its own scripts name where they show pages: `path.join(__dirname, '../../web/dist/index.html')`.
fn shown(app: usize, package: &Package, survey: &Survey, reader: &mut Reader) -> Vec<PathBuf> {
    let owners = survey.owners(&(0..survey.packages.len()).collect::<Vec<_>>());
    let own = survey.tree.files.iter().filter(|file| kinds::is_script(file.kind));
    let own = own.filter(|file| owners.of_file(&file.path) == Some(app));
    let mut found = Vec::new();
    let finders = SHOWING.map(Finder::new);
    let mut looked_at = 0;
    for script in own {
        let Some(text) = reader.text_with_names(&script.path) else { continue };
        if looked_at >= MOST_SHOWING {
            break;
        }
        if !finders.iter().any(|finder| finder.find(text.content.as_bytes()).is_some()) {
            continue;
        }
        looked_at += 1;
        // `loadFile` counts from the app's folder on: <https://www.electronjs.org/docs/latest/api/browser-window#winloadfilefilepath-options>.
        let folders = [script.path.parent().unwrap_or(&package.folder), &package.folder];
        let paths = paths_up(&text.content).map(str::to_owned).chain(paths_in_parts(&text.content)).take(MOST_PATHS);
        found.extend(paths.flat_map(|path| folders.map(|folder| resolved(folder, &path))));
    }
    found
}

/// The texts of the app's configurations: files in its folder, and `build` of its manifest.
pub(super) fn configurations(package: &Package, survey: &Survey, reader: &mut Reader) -> Vec<String> {
    let is_configuration = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        path.parent() == Some(&package.folder) && CONFIGURATIONS.iter().any(|begin| name.starts_with(begin))
    };
    let files = survey.tree.files.iter().map(|file| &file.path).filter(|path| is_configuration(path));
    let named = package.configurations.iter().map(|path| package.folder.join(path));
    let paths: Vec<PathBuf> = files.cloned().chain(named).collect();
    let mut texts: Vec<String> =
        paths.iter().filter_map(|path| reader.text(path)).map(|text| text.content.clone()).collect();
    if let Some(manifest) = reader.json(&package.folder.join("package.json"))
        && let Ok(manifest) = manifest.as_ref()
        && manifest["build"].is_object()
    {
        texts.push(manifest["build"].to_string());
    }
    texts
}

/// What scripts of a package copy from outside of it: by a program, or by a script for Node that they call.
fn copied(package: &Package, reader: &mut Reader) -> Vec<PathBuf> {
    let Some(manifest) = reader.json(&package.folder.join("package.json")) else { return Vec::new() };
    let Ok(manifest) = manifest.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut scripts: Vec<PathBuf> = Vec::new();
    let lines = manifest["scripts"].as_object().into_iter().flatten().filter_map(|(_, script)| script.as_str());
    for command in lines.flat_map(|line| line.split(['&', '|', ';'])) {
        if command.split_whitespace().any(|word| COPIERS.contains(&word)) {
            found.extend(paths_up(command).take(MOST_PATHS).map(|path| resolved(&package.folder, path)));
        }
        let called = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let called = called.filter(|word| [".js", ".mjs", ".cjs", ".ts", ".mts"].iter().any(|end| word.ends_with(end)));
        scripts.extend(called.map(|word| resolved(&package.folder, word)));
    }
    scripts.sort_unstable();
    scripts.dedup();
    for script in scripts.iter().filter(|script| script.starts_with(&package.folder)).take(MOST_SCRIPTS) {
        let Some(text) = reader.text(script).map(|text| text.content.clone()) else { continue };
        if !COPYING.iter().any(|call| text.contains(call)) {
            continue;
        }
        // From where the script lies, as `__dirname` says, or from where it is called.
        let folders = [script.parent().unwrap_or(&package.folder), &package.folder];
        let paths = paths_up(&text).map(str::to_owned).chain(paths_in_parts(&text)).take(MOST_PATHS);
        found.extend(paths.flat_map(|path| folders.map(|folder| resolved(folder, &path))));
    }
    found
}

/// `path.join(__dirname, '..', '..', 'web')`: texts in a row of which the first is `..`, as one path.
fn paths_in_parts(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    // Each look goes over all that is left.
    while found.len() < MOST_PATHS
        && let Some(at) = ["\"..\"", "'..'"].iter().filter_map(|part| rest.find(part)).min()
    {
        let mut path = String::new();
        rest = &rest[at..];
        while let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            let Some((part, after)) = rest[1..].split_once(quote) else { break };
            path.push_str(part);
            path.push('/');
            rest = after.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        }
        found.push(path);
    }
    found
}

/// What stands in a text and begins with `../`.
fn paths_up(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("../").filter_map(|(at, _)| {
        let is_first = text[..at].chars().next_back().is_none_or(|before| " \t\n\"'`[,:=".contains(before));
        let rest = &text[at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"_@.-/".contains(c)).unwrap_or(rest.len());
        is_first.then(|| &rest[..end])
    })
}

/// A relative path from a folder on, as its text says.
pub(super) fn resolved(folder: &Path, path: &str) -> PathBuf {
    let mut at = folder.to_path_buf();
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => drop(at.pop()),
            Component::Normal(name) => at.push(name),
            _ => {}
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_up_are_seen_in_any_configuration() {
        let text = "files:\n  - from: \"../renderer/dist\"\n  - from: ../shared\n  - from: a/../b\n  - '../x'";
        assert_eq!(paths_up(text).collect::<Vec<_>>(), ["../renderer/dist", "../shared", "../x"]);
        assert_eq!(resolved(Path::new("/a/main"), "../renderer/dist"), Path::new("/a/renderer/dist"));
        assert_eq!(resolved(Path::new("/"), "../../../x"), Path::new("/x"));
        let text = "join(__dirname, '..', \"..\", 'web'); join(a, '..'); join('b', '..', name, '..'";
        assert_eq!(paths_in_parts(text), ["../../web/", "../", "../", "../"]);
        assert_eq!(paths_in_parts("'..', \"x"), ["../"]);
    }
}
