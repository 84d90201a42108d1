//! Specifiers that a bundler's configuration leads somewhere: aliases, and folders in which it looks for modules.

use rustc_hash::FxHashMap;

use super::{EXTENSIONS, Json, Resolver, join, package_name, split, within};
use crate::source::FileId;

impl<'a> Resolver<'a> {
    /// A bundler's alias that no configuration spelt out: the one file whose path ends so.
    pub(super) fn aliased(&self, from: &str, specifier: &str) -> Option<FileId> {
        let rest =
            specifier.strip_prefix('@').or_else(|| specifier.strip_prefix('~')).or_else(|| specifier.strip_prefix('/'));
        let Some(rest) = rest else {
            // `modules` or `baseUrl` of a bundler's configuration: `common/constants`.
            return specifier.contains('/').then(|| self.only_suffix(from, specifier)).flatten();
        };
        let rest = rest.trim_start_matches('/');
        if rest.is_empty() {
            return None;
        }
        let package = self
            .packages
            .iter()
            .filter(|package| within(from, package.folder))
            .max_by_key(|package| package.folder.len());
        if let Some(package) = package {
            for base in ["src", ""] {
                if let Some(id) = join(package.folder, &format!("{base}/{rest}")).and_then(|path| self.file(&path)) {
                    return Some(id);
                }
            }
        }
        self.only_suffix(from, rest)
    }

    /// What no manifest asks for is a file: below a folder above, or behind an alias that is not called like its folder.
    pub(super) fn of_no_package(&self, from: &str, specifier: &str) -> Option<FileId> {
        let (name, _) = package_name(specifier);
        let is_installed = self.dependencies.contains(name) || specifier.starts_with("@electron/");
        if is_installed || self.dependencies.is_empty() {
            return None;
        }
        let is_sign = |c: char| matches!(c, '@' | '~' | '#' | '$');
        let Some(named) = specifier.strip_prefix(is_sign) else {
            // `modules` of a bundler: `import hooks from 'hooks'`.
            let mut folders =
                std::iter::successors(Some(split(from).0), |folder| (!folder.is_empty()).then(|| split(folder).0));
            return folders
                .find_map(|folder| self.file(&join(folder, specifier)?).filter(|id| self.files.get(from) != Some(id)));
        };
        let package = self
            .packages
            .iter()
            .filter(|package| within(from, package.folder))
            .max_by_key(|package| package.folder.len())?;
        let (alias, rest) = named.split_once('/').unwrap_or((named, ""));
        // `@renderer` is `src/renderer/src` with electron-vite: <https://electron-vite.org/guide/dev#path-alias>.
        let folders = [format!("src/{alias}/src"), format!("src/{alias}"), format!("{alias}/src"), alias.to_owned()];
        let folders = folders.iter().map(String::as_str).chain(["src", ""]);
        folders.filter(|_| !rest.is_empty()).find_map(|folder| {
            self.file(&join(package.folder, &format!("{folder}/{rest}"))?).filter(|id| self.files.get(from) != Some(id))
        })
    }

    /// The one file whose path, without its extension, ends like this.
    fn only_suffix(&self, from: &str, rest: &str) -> Option<FileId> {
        let stems = self.stems.get_or_init(|| self.find_stems());
        let mut found = None;
        for &(stem, path, id) in stems.get(last(rest)).map_or(&[][..], Vec::as_slice) {
            let ends = stem.strip_suffix(rest).is_some_and(|before| before.is_empty() || before.ends_with('/'));
            if ends && path != from {
                if found.is_some() {
                    return None;
                }
                found = Some(id);
            }
        }
        found
    }

    fn find_stems(&self) -> Stems<'a> {
        let mut stems = Stems::default();
        for (&path, &id) in &self.files {
            let stem = EXTENSIONS.iter().find_map(|extension| path.strip_suffix(extension)).unwrap_or(path);
            let stem = stem.strip_suffix("/index").unwrap_or(stem);
            stems.entry(last(stem)).or_default().push((stem, path, id));
        }
        stems
    }
}

/// Paths without extension, with the whole path and the file, by their last part.
pub(super) type Stems<'a> = FxHashMap<&'a str, Vec<(&'a str, &'a str, FileId)>>;

/// The names in every table of dependencies of a manifest.
pub(super) fn dependencies_of(manifest: Json<'_>) -> Vec<&str> {
    let tables = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    tables.iter().filter_map(|table| manifest.get(table)).flat_map(Json::entries).map(|(name, _)| name).collect()
}

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
