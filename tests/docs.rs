//! Generated pages are those that the code makes. `UPDATE_DOCS=1 cargo test` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use electrolint::commands::{explain, rules};

/// Every generated page: path in the repository, and text.
fn pages() -> BTreeMap<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let all = electrolint_rules::all();
    let mut pages: BTreeMap<PathBuf, String> =
        all.iter().map(|rule| (folder.join(format!("{}.md", rule.id)), explain::page(rule))).collect();
    pages.insert(folder.join("README.md"), rules::markdown(all));
    pages
}

/// Where the generated part of docs/configuration.md begins.
const KEYS: &str = "<!-- The keys: made by `UPDATE_DOCS=1 cargo test`. -->\n\n";

#[test]
fn the_configuration_is_described_as_it_is() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let (schema, page) = (docs.join("electrolint.schema.json"), docs.join("configuration.md"));
    let text = fs::read_to_string(&page).expect("the page is there");
    let (head, keys) = text.split_once(KEYS).expect("the page has a place for the keys");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&schema, electrolint::config::schema::json_schema()).expect("the schema can be written");
        fs::write(&page, format!("{head}{KEYS}{}", electrolint::config::schema::markdown()))
            .expect("the page can be written");
        return;
    }
    let found = fs::read_to_string(&schema).unwrap_or_default();
    assert!(found == electrolint::config::schema::json_schema(), "the schema is stale; run UPDATE_DOCS=1 cargo test");
    assert!(keys == electrolint::config::schema::markdown(), "the keys are stale; run UPDATE_DOCS=1 cargo test");
}

#[test]
fn the_reference_of_the_command_line_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let text = electrolint::cli::reference::page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).expect("a page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/cli.md is not what the code makes; run UPDATE_DOCS=1 cargo test");
}

#[test]
fn the_page_about_ci_shows_what_init_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/ci.md")).expect("it is there");
    for name in ["github.yml", "gitlab.yml", "pre-commit.yaml"] {
        let snippet = fs::read_to_string(root.join("src/commands/init").join(name)).expect("it is there");
        let snippet = snippet.replace("{version}", env!("CARGO_PKG_VERSION"));
        assert!(page.contains(&format!("```yaml\n{snippet}```")), "{name} is not in docs/ci.md as it is printed");
    }
    // What is pinned elsewhere is this version.
    for (path, text) in [
        (".pre-commit-hooks.yaml", format!("electrolint@{}\"", env!("CARGO_PKG_VERSION"))),
        ("action.yml", format!("default: \"{}\"", env!("CARGO_PKG_VERSION"))),
        ("templates/electrolint.yml", format!("default: \"{}\"", env!("CARGO_PKG_VERSION"))),
        ("npm/electrolint/package.json", format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"))),
    ] {
        let found = fs::read_to_string(root.join(path)).expect("it is there");
        assert!(found.contains(&text), "{path} names another version than {text}");
    }
}

#[test]
fn pages_of_rules_are_fresh() {
    let pages = pages();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let on_disk: Vec<PathBuf> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let stale: Vec<&PathBuf> = on_disk.iter().filter(|path| !pages.contains_key(*path)).collect();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(&folder).expect("docs/rules can be made");
        for path in stale {
            fs::remove_file(path).expect("a page without a rule can be removed");
        }
        for (path, text) in &pages {
            fs::write(path, text).expect("a page can be written");
        }
        return;
    }
    assert_eq!(stale, Vec::<&PathBuf>::new(), "pages without a rule; run UPDATE_DOCS=1 cargo test");
    for (path, text) in &pages {
        let found = fs::read_to_string(path).unwrap_or_default();
        assert!(found == *text, "{} is not what the code makes; run UPDATE_DOCS=1 cargo test", path.display());
    }
}
