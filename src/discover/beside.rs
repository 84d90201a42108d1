//! Packages beside an app that its builder packs into it: `files: [{ from: ../renderer/dist }]`.

use std::path::{Component, Path, PathBuf};

use super::files::Reader;
use super::packages::Package;
use super::survey::Survey;

/// Configurations of builders, by what their names begin with.
const CONFIGURATIONS: [&str; 3] = ["electron-builder", "forge.config", "builder-config"];

/// Paths of one configuration that are looked at.
const MOST_PATHS: usize = 64;

/// The packages, as indices, in ascending order: neither the app, nor what lies around it or in it, nor another app.
pub(super) fn packed(app: usize, survey: &Survey, reader: &mut Reader) -> Vec<usize> {
    let Some(package) = survey.packages.get(app).filter(|_| survey.packages.len() > 1) else { return Vec::new() };
    let mut found = Vec::new();
    for text in configurations(package, survey, reader) {
        for path in paths_up(&text).take(MOST_PATHS) {
            let path = resolved(&package.folder, path);
            let inside = (0..).zip(&survey.packages).filter(|(_, other)| path.starts_with(&other.folder));
            let innermost = inside.max_by_key(|(_, other)| other.folder.components().count());
            if let Some((index, other)) = innermost
                && !package.folder.starts_with(&other.folder)
                && !other.folder.starts_with(&package.folder)
                && !survey.apps.contains(&index)
            {
                found.push(index);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The texts of the app's configurations: files in its folder, and `build` of its manifest.
fn configurations(package: &Package, survey: &Survey, reader: &mut Reader) -> Vec<String> {
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
fn resolved(folder: &Path, path: &str) -> PathBuf {
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
    }
}
