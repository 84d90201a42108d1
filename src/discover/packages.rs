//! `package.json`: what it says about Electron, entry points and workspaces. Read with tolerance, because a broken one must not
//! hide the code beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use electrolint_model::problem::ProblemKind;
use memchr::memmem::Finder;
use serde_json::Value;

use super::files::Reader;
use super::walk::Refused;

/// Packages that bring Electron, by name.
const ELECTRONS: [&str; 5] =
    ["electron", "electron-nightly", "electron-prebuilt", "electron-prebuilt-compile", "@castlabs/electron-releases"];

/// The tables of dependencies.
const TABLES: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// How a version names a folder: <https://docs.npmjs.com/cli/v11/configuring-npm/package-json#local-paths>,
/// <https://yarnpkg.com/protocol/portal>.
const LINKS: [&str; 3] = ["file:", "link:", "portal:"];

/// One package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// `name`.
    pub name: Option<String>,
    /// `productName`, of the package or of its builder configuration.
    pub product: Option<String>,
    /// `main`.
    pub main: Option<String>,
    /// Names in every table of dependencies.
    pub dependencies: BTreeSet<String>,
    /// Paths of packages that are taken from beside it: `"shared": "file:../shared"`.
    pub linked: Vec<String>,
    /// Electron is among them.
    pub depends_on_electron: bool,
    /// Globs of `workspaces`, as npm and Yarn write them.
    pub workspaces: Vec<String>,
    /// Paths of builder configuration that its scripts name, `/`-separated, inside its folder.
    pub configurations: Vec<String>,
    /// Folders inside it that its scripts hand to Electron Packager.
    pub packed: Vec<String>,
}

/// Reads the `package.json` of `folder`; a package without anything when it cannot be read.
pub(super) fn read(folder: &Path, reader: &mut Reader, refused: &mut Vec<Refused>) -> Package {
    let path = folder.join("package.json");
    let Some(json) = reader.json(&path) else {
        return Package { folder: folder.to_path_buf(), ..Package::default() };
    };
    match json.as_ref() {
        Ok(value) => parse(folder, value),
        Err(error) => {
            let message = format!("not read as JSON: {error}");
            refused.push(Refused { path, kind: ProblemKind::BadData, message });
            Package { folder: folder.to_path_buf(), ..Package::default() }
        }
    }
}

/// The name of the app of which this is the package.json: `productName`, else `name`.
pub(super) fn name(text: &str) -> Option<String> {
    let package = parse(Path::new(""), &serde_json::from_str(text).ok()?);
    package.product.or(package.name)
}

fn parse(folder: &Path, value: &Value) -> Package {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut package = Package {
        folder: folder.to_path_buf(),
        name: text(&value["name"]),
        product: text(&value["productName"]).or_else(|| text(&value["build"]["productName"])),
        main: text(&value["main"]),
        workspaces: workspaces(value),
        configurations: configurations(value),
        packed: packed(value),
        ..Package::default()
    };
    for (name, version) in TABLES.iter().filter_map(|table| value[table].as_object()).flatten() {
        package.depends_on_electron |= ELECTRONS.contains(&name.as_str()) || brings_electron(version);
        package.dependencies.insert(name.clone());
        let path = version.as_str().and_then(|version| LINKS.iter().find_map(|link| version.strip_prefix(link)));
        package.linked.extend(path.map(str::to_owned));
    }
    package
}

/// Another name for Electron, or a fork by its address: `npm:electron@…`, `github:castlabs/electron-releases#…`.
fn brings_electron(version: &Value) -> bool {
    version.as_str().is_some_and(|version| {
        version.contains("castlabs/electron-releases") || version.strip_prefix("npm:electron@").is_some()
    })
}

/// The globs of `workspaces`: a list, or an object with a list under `packages`.
pub(super) fn workspaces(value: &Value) -> Vec<String> {
    let list = value["workspaces"].as_array().or_else(|| value["workspaces"]["packages"].as_array());
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What `electron-builder` is told to read: `--config PATH`, `-c PATH`, `--config=PATH` in a script. Not outside the package.
fn configurations(value: &Value) -> Vec<String> {
    let scripts = value["scripts"].as_object().into_iter().flatten().filter_map(|(_, script)| script.as_str());
    let mut found = Vec::new();
    for script in scripts.filter(|script| script.contains("electron-builder")) {
        let mut words = script.split_whitespace();
        while let Some(word) = words.next() {
            let path = match word {
                "-c" | "--config" => words.next(),
                _ => word.strip_prefix("--config="),
            };
            let path = path.map(|path| path.trim_matches(['"', '\'']).trim_start_matches("./"));
            found.extend(path.filter(|path| !path.starts_with('/') && !path.contains("..")).map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The folders that scripts hand to Electron Packager: `electron-packager ./app --platform=linux`.
fn packed(value: &Value) -> Vec<String> {
    let scripts = value["scripts"].as_object().into_iter().flatten().filter_map(|(_, script)| script.as_str());
    let given = scripts.filter_map(|script| {
        let mut words = script.split_whitespace();
        words.find(|word| word.rsplit('/').next() == Some("electron-packager"))?;
        let folder = words.next()?.trim_matches(['"', '\'']).trim_start_matches("./").trim_end_matches('/');
        let is_inside = !folder.is_empty() && !folder.starts_with(['-', '.', '/', '$', '%', '&', '|']);
        is_inside.then(|| folder.to_owned())
    });
    given.collect()
}

/// Whether a script imports Electron. A look at the text: quoted `electron` after `from`, `import`, `import(` or `require(`.
pub(super) fn imports_electron(script: &str) -> bool {
    const WORD: &str = "electron";
    static FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(WORD));
    FINDER.find_iter(script.as_bytes()).any(|at| {
        let before = script.get(..at).unwrap_or_default();
        let after = script.get(at + WORD.len()..).unwrap_or_default();
        let Some(quote @ ('\'' | '"' | '`')) = before.chars().next_back() else { return false };
        let rest = ["/main", "/renderer", "/common", "/utility", ""].iter().find_map(|part| after.strip_prefix(part));
        let mut before = before.strip_suffix(quote).unwrap_or_default();
        // Brackets, and comments such as those that name a chunk for a bundler.
        loop {
            before = before.trim_end_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
            let comment = before.strip_suffix("*/").and_then(|comment| comment.rsplit_once("/*"));
            let Some((rest, _)) = comment else { break };
            before = rest;
        }
        rest.is_some_and(|rest| rest.starts_with(quote))
            && ["from", "import", "require"].iter().any(|word| before.ends_with(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(json: &str) -> Package {
        parse(Path::new("/a"), &serde_json::from_str(json).expect("is JSON"))
    }

    #[test]
    fn electron_is_found_in_every_table_and_under_other_names() {
        for json in [
            r#"{"dependencies": {"electron": "1"}}"#,
            r#"{"devDependencies": {"electron-nightly": "*"}}"#,
            r#"{"optionalDependencies": {"electron-prebuilt": "1"}}"#,
            r#"{"peerDependencies": {"electron": ">=20"}}"#,
            r#"{"devDependencies": {"electron": "https://github.com/castlabs/electron-releases#v30"}}"#,
            r#"{"devDependencies": {"e": "github:castlabs/electron-releases#v30.0.0+wvcus"}}"#,
            r#"{"devDependencies": {"e": "npm:electron@30"}}"#,
        ] {
            assert!(package(json).depends_on_electron, "{json}");
        }
        for json in [r#"{"dependencies": {"electron-log": "1"}}"#, "{}", "[]", "3", r#"{"dependencies": ["electron"]}"#]
        {
            assert!(!package(json).depends_on_electron, "{json}");
        }
    }

    #[test]
    fn workspaces_are_a_list_or_an_object() {
        assert_eq!(package(r#"{"workspaces": ["a/*"]}"#).workspaces, ["a/*"]);
        assert_eq!(package(r#"{"workspaces": {"packages": ["b", 3]}}"#).workspaces, ["b"]);
    }

    #[test]
    fn scripts_name_builder_configuration() {
        let json = r#"{"scripts": {"a": "electron-builder -c ./build/b.yml && x", "b": "electron-builder --config=c.json",
            "c": "jest --config j.json", "d": "electron-builder --config ../../up.yml --config"}}"#;
        assert_eq!(package(json).configurations, ["build/b.yml", "c.json"]);
    }

    #[test]
    fn scripts_name_what_is_packed() {
        let json = r#"{"scripts": {"a": "rm -rf out && electron-packager ./app/ --all", "b": "electron-packager . x",
            "c": "node_modules/.bin/electron-packager \"desktop\" --out=x", "d": "electron-packager"}}"#;
        assert_eq!(package(json).packed, ["app", "desktop"]);
    }

    #[test]
    fn imports_of_electron_are_seen_in_the_text() {
        for script in [
            "const {app} = require('electron');",
            "import { app } from \"electron\"",
            "import electron from 'electron/main';",
            "import 'electron'",
            "await import(\n'electron')",
            "await import(/* webpackIgnore: true */ 'electron')",
            "(require)(('electron'))",
            "var e=require(`electron`)",
            "import{app}from\"electron\"",
        ] {
            assert!(imports_electron(script), "{script}");
        }
        for script in [
            "'electron'",
            "require('electron-log')",
            "// electron",
            "from 'x-electron'",
            "process.versions['electron']",
        ] {
            assert!(!imports_electron(script), "{script}");
        }
    }
}
