//! The version of Electron with which a packager is told to ship the app, whichever one is installed for development.
//!
//! <https://www.electron.build/app-builder-lib.interface.configuration#electronversion>,
//! <https://electron.github.io/packager/main/interfaces/Options.html#electronversion>

use super::{Sources, Span, Version, lowest};
use crate::link::{Json, Program, split};
use crate::source::{FileId, Role, SourceFile};

// https://github.com/electron/packager/blob/main/NEWS.md#800---2016-09-01: `--version` became `--electron-version`.
const VERSION_IS_OF_ELECTRON: Version = Version::new(8, 0, 0);

/// How the names of configurations begin that a packager reads by itself.
const CONFIGURATIONS: [&str; 4] = ["package.json", "electron-builder", "builder-config", "forge.config"];

/// What another file in the app's folder says: a configuration of one target, for whoever names it.
pub(super) fn told_elsewhere(sources: &Sources, program: &Program) -> Option<(Version, String, Span)> {
    let own = (0..).map(FileId).zip(&sources.files).filter(|(_, file)| is_beside_manifest(sources, file));
    own.into_iter().find_map(|(id, file)| {
        let unit = program.unit_of(id)?;
        let value = configured(Json::root(program.summary(unit))?)?;
        Some((value.text().and_then(Version::parse)?, file.path.clone(), program.place(unit, value.range())))
    })
}

fn is_beside_manifest(sources: &Sources, file: &SourceFile) -> bool {
    file.role == Role::Own && split(&file.path).0 == sources.root
}

/// What the configurations in the app's folder say, else the lowest of what its scripts tell a packager.
pub(super) fn told(sources: &Sources, program: &Program) -> Option<(Version, String, Span)> {
    let own = (0..).map(FileId).zip(&sources.files).filter(|(_, file)| is_beside_manifest(sources, file));
    let mut by_scripts: Option<(Version, String, Span)> = None;
    for (id, file) in own {
        let Some(unit) = program.unit_of(id) else { continue };
        let Some(root) = Json::root(program.summary(unit)) else { continue };
        let found = |version, json: Json| (version, file.path.clone(), program.place(unit, json.range()));
        let name = split(&file.path).1;
        if let Some(value) = configured(root).filter(|_| CONFIGURATIONS.iter().any(|begin| name.starts_with(begin)))
            && let Some(version) = value.text().and_then(Version::parse)
        {
            return Some(found(version, value));
        }
        if name != "package.json" {
            continue;
        }
        let is_old = is_packager_of_before(root, &VERSION_IS_OF_ELECTRON);
        for (_, script) in root.get("scripts").map(Json::entries).unwrap_or_default() {
            let version = script.text().and_then(|text| of_command(text, is_old));
            if let Some(version) = version.filter(|version| by_scripts.as_ref().is_none_or(|known| *version < known.0))
            {
                by_scripts = Some(found(version, script));
            }
        }
    }
    by_scripts
}

/// `electronVersion` of a configuration.
fn configured(root: Json) -> Option<Json> {
    let forge = || {
        let forge = root.get("config")?.get("forge")?;
        forge.get("packagerConfig").or_else(|| forge.get("electronPackagerConfig"))?.get("electronVersion")
    };
    let build = || root.get("build")?.get("electronVersion");
    root.get("electronVersion").or_else(build).or_else(forge)
}

/// Whether the app asks for a packager from before a version.
fn is_packager_of_before(root: Json, version: &Version) -> bool {
    let tables = ["devDependencies", "dependencies"].into_iter().filter_map(|table| root.get(table));
    let ranges = tables.filter_map(|table| table.get("electron-packager")?.text());
    ranges.filter_map(lowest).any(|lowest| lowest < *version)
}

/// The lowest version that a command line tells a packager: `electron-packager . --electron-version=4.0.0`.
fn of_command(line: &str, is_old: bool) -> Option<Version> {
    line.split(['&', ';', '|']).filter_map(|command| of_one(command, is_old)).min()
}

fn of_one(command: &str, is_old: bool) -> Option<Version> {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let program = words.find_map(|word| match word.rsplit('/').next()? {
        name @ ("electron-packager" | "electron-builder" | "build") => Some(name),
        _ => None,
    })?;
    let is_packager = program == "electron-packager";
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, words.peek().copied()),
        };
        let is_it = match option {
            "--electron-version" | "--electronVersion" => is_packager,
            "--version" => is_packager && is_old,
            "-c.electronVersion" | "--config.electronVersion" => !is_packager,
            _ => false,
        };
        if is_it {
            return value.and_then(|value| Version::parse(value.trim_matches(['"', '\''])));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_tell_a_packager_which_electron_to_take() {
        let version = |line| of_command(line, false).map(|version| version.to_string());
        assert_eq!(version("electron-packager . --electron-version=4.0.0 --all").as_deref(), Some("4.0.0"));
        assert_eq!(version("npm run x && electron-packager . --electronVersion 1.8.2").as_deref(), Some("1.8.2"));
        assert_eq!(version("electron-builder -w -c.electronVersion=\"12.0.1\"").as_deref(), Some("12.0.1"));
        let several = "electron-packager a --electron-version=5.0.0; electron-packager b --electron-version=4.0.0";
        assert_eq!(version(several).as_deref(), Some("4.0.0"));
        for line in [
            "electron-packager . --version=4.0.0",
            "electron . --electron-version=4.0.0",
            "electron-packager . --electron-version=$npm_package_version",
            "electron-packager . --app-version 4.0.0 --electron-version",
            "electron-packager . && tool --electron-version=4.0.0",
        ] {
            assert_eq!(version(line), None, "{line}");
        }
        assert_eq!(of_command("electron-packager . --version=0.36.1", true), Some(Version::new(0, 36, 1)));
    }
}
