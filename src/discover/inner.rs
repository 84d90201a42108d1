//! Packages in two: the one around says how the app is made, the one inside what it is.
//!
//! <https://www.electron.build/tutorials/two-package-structure>

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::beside;
use super::files::Reader;
use super::packages::Package;
use super::survey::Survey;
use super::workspaces::Workspace;

/// Folders that electron-builder takes the app from where it is not told: <https://www.electron.build/app-builder-lib.interface.metadatadirectories>.
const BY_DEFAULT: [&str; 2] = ["app", "www"];

/// Letters of a configuration in which the folder stands that it names.
const MOST_LETTERS: usize = 400;

/// Of these packages, those inside another one that packs them, each with that one. The root of a workspace holds other things too.
pub(super) fn packed(apps: &[usize], survey: &Survey, reader: &mut Reader) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for &app in apps {
        let Some(inner) = survey.packages.get(app) else { continue };
        let around = (0..).zip(&survey.packages).filter(|(_, outer)| {
            inner.folder != outer.folder && inner.folder.starts_with(&outer.folder) && outer.workspaces.is_empty()
        });
        // The nearest one.
        let outer = around.max_by_key(|(_, outer)| outer.folder.components().count());
        if let Some((index, outer)) = outer
            && folders(outer, survey, reader).contains(&inner.folder)
            && Workspace::at(&outer.folder, reader).is_none()
        {
            found.push((app, index));
        }
    }
    found
}

/// The folders from which a package has an app made.
fn folders(outer: &Package, survey: &Survey, reader: &mut Reader) -> BTreeSet<PathBuf> {
    let texts = beside::configurations(outer, survey, reader);
    let mut named: Vec<String> = texts.iter().filter_map(|text| directory_of_app(text)).map(str::to_owned).collect();
    if named.is_empty() && outer.dependencies.contains("electron-builder") {
        named.extend(BY_DEFAULT.map(str::to_owned));
    }
    named.extend(outer.packed.iter().cloned());
    named.iter().map(|path| beside::resolved(&outer.folder, path)).collect()
}

/// `directories: { app: 'src' }`, in whatever a configuration is written in.
fn directory_of_app(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("directories")?;
    let end = (0..=MOST_LETTERS.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end))?;
    let rest = &rest[..end];
    let rest = rest.split('}').next().unwrap_or(rest);
    rest.match_indices("app").find_map(|(at, key)| {
        let is_key = rest[..at].ends_with(['"', '\'', ' ', '\t', '\n', '{', ',']);
        let value = rest[at + key.len()..].trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
        let value = value.trim_start().trim_start_matches(['"', '\'', '`']);
        let end = value.find(['"', '\'', '`', ',', '\n', '\r', ' ']).unwrap_or(value.len());
        Some(&value[..end]).filter(|value| is_key && !value.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_app_is_found_in_any_configuration() {
        assert_eq!(directory_of_app(r#"{"files":["app"],"directories":{"app":"src","output":"x"}}"#), Some("src"));
        assert_eq!(directory_of_app("directories:\n  output: dist\n  app: ./desktop\nfiles: []"), Some("./desktop"));
        assert_eq!(directory_of_app("directories: { output: 'out', app: 'release/app' },"), Some("release/app"));
        assert_eq!(directory_of_app("directories: { output: 'app' }, app: 'no'"), None);
        assert_eq!(directory_of_app("directories: { mapp: 'no' }"), None);
        assert_eq!(directory_of_app("é directories"), None);
    }
}
