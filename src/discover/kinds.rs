//! What a file's name says about it: how it is read, and whether it is test code.

use electrolint_model::source::FileKind;

/// Names of lockfiles, in every format that the model reads.
pub(super) const LOCKFILES: [&str; 5] =
    ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"];

/// Folders that hold test code, wherever they lie below the folder given.
const TEST_FOLDERS: [&str; 8] = ["test", "tests", "__tests__", "e2e", "spec", "__mocks__", "fixtures", "examples"];

/// Folders that build tools write to unless told otherwise. The name alone proves nothing.
pub(super) const OUTPUT_FOLDERS: [&str; 8] =
    ["out", "dist", "build", "release", "lib", ".webpack", ".vite", "dist-electron"];

/// How a file of this name is read; `None` for one that is not.
pub(super) fn kind(name: &str) -> Option<FileKind> {
    if !has_known_ending(name) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    if LOCKFILES.contains(&lower.as_str()) {
        return Some(FileKind::Lockfile);
    }
    if matches!(lower.as_str(), ".electron-version" | ".npmrc") {
        return Some(FileKind::Plain);
    }
    let (stem, extension) = lower.rsplit_once('.')?;
    match extension {
        "js" | "jsx" | "mjs" | "cjs" => Some(FileKind::JavaScript),
        "ts" | "mts" | "cts" => Some(FileKind::TypeScript),
        "tsx" => Some(FileKind::Tsx),
        // Bundlers make pages of EJS and Pug; components are markup with scripts.
        "html" | "htm" | "xhtml" | "xht" | "ejs" | "pug" | "jade" | "vue" | "svelte" => Some(FileKind::Html),
        "json" | "json5" | "jsonc" if is_configuration(stem) => Some(FileKind::Json),
        "yml" | "yaml" if is_builder(stem) || stem == "pnpm-workspace" => Some(FileKind::Yaml),
        "toml" if is_builder(stem) => Some(FileKind::Toml),
        _ => None,
    }
}

/// Whether [`kind`] knows files of this ending: most of a folder's it does not.
fn has_known_ending(name: &str) -> bool {
    const ENDINGS: [&str; 26] = [
        "js",
        "jsx",
        "mjs",
        "cjs",
        "ts",
        "mts",
        "cts",
        "tsx",
        "html",
        "htm",
        "xhtml",
        "xht",
        "ejs",
        "pug",
        "jade",
        "vue",
        "svelte",
        "json",
        "json5",
        "jsonc",
        "yml",
        "yaml",
        "toml",
        "lock",
        "npmrc",
        "electron-version",
    ];
    let name = name.as_bytes();
    let Some(ending) = memchr::memrchr(b'.', name).and_then(|at| name.get(at + 1..)) else { return false };
    ENDINGS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(ending))
}

/// How a file of this name is read when something names it as configuration.
pub(super) fn data_kind(name: &str) -> Option<FileKind> {
    match name.rsplit_once('.')?.1 {
        "json" | "json5" | "jsonc" => Some(FileKind::Json),
        "yml" | "yaml" => Some(FileKind::Yaml),
        "toml" => Some(FileKind::Toml),
        _ => kind(name),
    }
}

/// JavaScript or TypeScript.
pub(super) fn is_script(kind: FileKind) -> bool {
    matches!(kind, FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx)
}

/// A page template whose reader is not written yet.
pub(super) fn is_component(name: &str) -> bool {
    name.ends_with(".hbs")
}

/// A script in a language that is not read: what the app does not do cannot be told where it has some.
pub(super) fn is_foreign_script(name: &str) -> bool {
    [".coffee", ".litcoffee", ".cjsx", ".ls"].iter().any(|ending| name.ends_with(ending))
}

/// A folder of this name holds test code.
pub(super) fn is_test_folder(name: &str) -> bool {
    TEST_FOLDERS.contains(&name)
}

/// A folder of this name holds a site made by one of the generators of documentation, which is no part of the app.
pub(super) fn is_site(name: &str) -> bool {
    matches!(name, ".vuepress" | ".vitepress" | ".docusaurus" | ".storybook")
}

/// A file of this name is test code: `*.test.*`, `*.spec.*`.
pub(super) fn is_test_file(name: &str) -> bool {
    name.contains(".test.") || name.contains(".spec.")
}

fn is_configuration(stem: &str) -> bool {
    matches!(stem, "package" | "lerna" | "forge.config" | "addon" | "manifest")
        || stem.starts_with("tsconfig")
        || stem.starts_with("jsconfig")
        || is_builder(stem)
}

/// `electron-builder.yml` and its variants for one platform: `electron-builder-appx.json`, `electron-builder.mac.yml`.
fn is_builder(stem: &str) -> bool {
    stem.starts_with("electron-builder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        let table = [
            ("main.js", Some(FileKind::JavaScript)),
            ("main.CJS", Some(FileKind::JavaScript)),
            ("a.d.ts", Some(FileKind::TypeScript)),
            ("App.tsx", Some(FileKind::Tsx)),
            ("index.htm", Some(FileKind::Html)),
            ("index.xhtml", Some(FileKind::Html)),
            ("index.ejs", Some(FileKind::Html)),
            ("App.vue", Some(FileKind::Html)),
            ("package.json", Some(FileKind::Json)),
            ("tsconfig.base.json", Some(FileKind::Json)),
            ("electron-builder-linux-ci.json", Some(FileKind::Json)),
            ("electron-builder.json5", Some(FileKind::Json)),
            ("electron-builder.yml", Some(FileKind::Yaml)),
            ("electron-builder.toml", Some(FileKind::Toml)),
            ("package-lock.json", Some(FileKind::Lockfile)),
            ("yarn.lock", Some(FileKind::Lockfile)),
            (".npmrc", Some(FileKind::Plain)),
            ("addon.json", Some(FileKind::Json)),
            ("manifest.json", Some(FileKind::Json)),
            ("data.json", None),
            ("docker-compose.yml", None),
            ("README", None),
        ];
        for (name, expected) in table {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn test_code_is_told_by_name() {
        assert!(is_test_file("window.test.main.ts") && is_test_file("a.spec.js"));
        assert!(!is_test_file("test.js") && !is_test_file("latest.js"));
        assert!(is_test_folder("__tests__") && !is_test_folder("testing"));
    }
}
