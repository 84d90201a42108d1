//! A missing arrow is a promise: which crates may use which, by what `cargo metadata` says of normal and build dependencies.
//!
//! The map is in `docs/architecture.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Our crates and those of ours that each may use.
const OURS: &[(&str, &[&str])] = &[
    ("electrolint", &["electrolint-rules", "electrolint-model", "electrolint-policy"]),
    ("electrolint-rules", &["electrolint-model", "electrolint-policy"]),
    ("electrolint-model", &[]),
    ("electrolint-policy", &[]),
    ("electrolint-sandbox", &["electrolint-policy"]),
    ("electrolint-testkit", &[]),
];

/// Crates of others, by what they do, and who may use them. A name that ends in `*` stands for all that begin so.
const OTHERS: &[(&str, &[&str], &[&str])] = &[
    (
        "parses JavaScript or HTML",
        &[
            "swc*",
            "oxc*",
            "biome*",
            "tree-sitter*",
            "html5gum",
            "html5ever",
            "markup5ever*",
            "scraper",
            "tl",
            "lol_html",
        ],
        &["electrolint-model"],
    ),
    (
        "runs JavaScript",
        &["rquickjs*", "boa*", "deno*", "v8", "rusty_jsc", "quick-js", "hermes*"],
        &["electrolint-sandbox"],
    ),
    (
        "calls the operating system",
        &["libc", "nix", "rustix", "winapi*", "windows*", "landlock", "seccompiler", "libseccomp*", "caps", "memmap2"],
        &["electrolint-sandbox"],
    ),
    (
        "opens sockets",
        &[
            "tokio*",
            "mio",
            "socket2",
            "async-std",
            "smol",
            "hyper*",
            "reqwest",
            "ureq",
            "curl*",
            "isahc",
            "rustls*",
            "native-tls",
            "openssl*",
            "hickory*",
            "trust-dns*",
            "tungstenite*",
            "socketioxide*",
        ],
        &["electrolint-sandbox"],
    ),
    ("walks folders", &["walkdir", "ignore", "notify*", "glob", "jwalk"], &["electrolint", "electrolint-sandbox"]),
    (
        "prints diagnostics",
        &["miette*", "ariadne", "codespan-reporting", "clap*"],
        &["electrolint", "electrolint-sandbox"],
    ),
];

/// Every forbidden arrow of a workspace, in words.
fn forbidden(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = OURS.iter().find(|(ours, _)| *ours == name) else {
            found.push(format!("{name} has no place in the map"));
            continue;
        };
        for dependency in package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let target = dependency["name"].as_str().unwrap_or_default();
            let is_dev = dependency["kind"] == "dev";
            let is_ours = OURS.iter().any(|(ours, _)| *ours == target);
            // Not even a test: what reads a hostile app never contains what runs hostile scripts.
            if target == "electrolint-sandbox" {
                found.push(format!("{name} uses electrolint-sandbox, which nothing may"));
            } else if is_dev {
                if is_ours && target != "electrolint-testkit" && !allowed.contains(&target) {
                    found.push(format!("the tests of {name} use {target}"));
                }
            } else if is_ours && !allowed.contains(&target) {
                found.push(format!("{name} uses {target}"));
            }
            for (what, crates, users) in OTHERS.iter().filter(|_| !is_dev) {
                if crates.iter().any(|pattern| matches(pattern, target)) && !users.contains(&name) {
                    found.push(format!("{name} uses {target}, which {what}: only {} may", users.join(", ")));
                }
            }
        }
    }
    found
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn no_forbidden_arrow() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().map_or(0, Vec::len);
    assert_eq!(packages, OURS.len(), "every crate of the map is there");
    assert_eq!(forbidden(&metadata), Vec::<String>::new());
}

#[test]
fn forbidden_arrows_are_seen() {
    let workspace = |package: &str, dependency: &str, kind: Option<&str>| json!({ "packages": [{ "name": package, "dependencies": [{ "name": dependency, "kind": kind }] }] });
    let is_forbidden = |package: &str, dependency: &str, kind: Option<&str>| {
        !forbidden(&workspace(package, dependency, kind)).is_empty()
    };

    for (package, dependency) in [
        ("electrolint-rules", "swc_ecma_ast"),
        ("electrolint", "html5gum"),
        ("electrolint", "electrolint-sandbox"),
        ("electrolint-model", "electrolint-rules"),
        ("electrolint-model", "electrolint-policy"),
        ("electrolint-policy", "electrolint-model"),
        ("electrolint-sandbox", "electrolint-model"),
        ("electrolint-testkit", "electrolint-model"),
        ("electrolint-rules", "electrolint-testkit"),
        ("electrolint", "rquickjs"),
        ("electrolint", "tokio"),
        ("electrolint-model", "libc"),
        ("electrolint-rules", "walkdir"),
        ("electrolint-model", "miette"),
        ("electrolint-newcomer", "serde"),
    ] {
        assert!(is_forbidden(package, dependency, None), "{package} -> {dependency}");
        assert!(is_forbidden(package, dependency, Some("build")), "{package} -> {dependency}, build");
    }
    // The same acts where they are permitted.
    for (package, dependency) in [
        ("electrolint-model", "swc_ecma_ast"),
        ("electrolint-model", "html5gum"),
        ("electrolint", "electrolint-rules"),
        ("electrolint-rules", "electrolint-policy"),
        ("electrolint-sandbox", "electrolint-policy"),
        ("electrolint-sandbox", "rquickjs"),
        ("electrolint-sandbox", "libc"),
        ("electrolint", "walkdir"),
        ("electrolint", "miette"),
    ] {
        assert!(!is_forbidden(package, dependency, None), "{package} -> {dependency}");
    }
    assert!(!is_forbidden("electrolint-rules", "electrolint-testkit", Some("dev")));
    assert!(is_forbidden("electrolint-model", "electrolint-rules", Some("dev")));
    assert!(is_forbidden("electrolint", "electrolint-sandbox", Some("dev")));
}

/// What of the standard library reaches outside, and crates whose sources may not name it. Addresses are only data.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "File::open",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "ToSocketAddrs",
    "std::process",
    "std::env",
    // What is found must not depend on the hour: it is kept from one run to the next.
    "SystemTime",
];
const INSIDE: &[&str] = &["rules", "crates/model/src", "crates/policy/src"];

#[test]
fn rules_model_and_policy_touch_nothing_outside() {
    let mut found = Vec::new();
    for folder in INSIDE {
        for path in sources(&root().join(folder)) {
            let text = std::fs::read_to_string(&path).expect("sources are readable");
            found.extend(reaches_outside(&text).map(|what| format!("{}: {what}", path.display())));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn reaching_outside_is_seen() {
    assert_eq!(reaches_outside("use std::fs;\n").collect::<Vec<_>>(), ["std::fs"]);
    assert_eq!(reaches_outside("//! Never std::fs.\nlet a = std::mem::take(x);\n").count(), 0);
}

/// What the code outside comments and tests names.
fn reaches_outside(text: &str) -> impl Iterator<Item = &'static str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    OUTSIDE.iter().copied().filter(move |what| lines.iter().any(|line| line.contains(what)))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
