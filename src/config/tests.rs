use std::fs;

use electrolint_rules::finding::Severity;

use super::*;
use crate::cli::{FailOn, Level, RuleSetting};

/// A folder of this test's own that is a repository, with these files.
fn repository(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let executable = std::env::current_exe().unwrap();
    let folder = executable.parent().unwrap().join(format!("config-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn found(base: &Path) -> Configurations {
    Configurations::new(&ConfigArgs::default(), base).unwrap()
}

fn complaints(text: &str) -> Vec<(String, String)> {
    let folder = repository("complaints", &[("electrolint.toml", text)]);
    let configurations = found(&folder);
    configurations.of(&folder);
    match configurations.ready() {
        Ok(()) => Vec::new(),
        Err(Failure::Config { errors }) => errors
            .into_iter()
            .map(|error| (error.text.content.get(error.span).unwrap_or("").to_owned(), error.message))
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_nearest_file_upward_holds_and_no_other() {
    let folder = repository(
        "nearest",
        &[
            ("electrolint.toml", "fail-on = 'high'\nmin-severity = 'info'\n"),
            ("app/.electrolint.toml", "fail-on = 'medium'\n"),
            ("app/src/deep/main.js", ""),
            ("other/package.json", r#"{ "name": "x", "electrolint": { "fail-on": "never" } }"#),
            ("plain/package.json", r#"{ "name": "x" }"#),
        ],
    );
    let configurations = found(&folder);
    let of = |path: &str| configurations.of_file(&folder.join(path));
    assert_eq!(of("main.js").fail_on, Some(FailOn::High));
    assert_eq!(of("app/src/deep/main.js").fail_on, Some(FailOn::Medium));
    assert_eq!(of("app/src/deep/main.js").min_severity, None, "there is no cascade");
    assert_eq!(of("other/main.js").fail_on, Some(FailOn::Never));
    assert_eq!(of("plain/main.js").fail_on, Some(FailOn::High));
    configurations.ready().unwrap();
}

#[test]
fn what_lies_above_the_repository_says_nothing() {
    let folder =
        repository("above", &[("inner/.git/x", ""), ("electrolint.toml", "fail-on = 'high'\n"), ("inner/a.js", "")]);
    assert_eq!(found(&folder).of(&folder.join("inner")).fail_on, None);
}

#[test]
fn extended_files_come_first_and_globs_count_from_where_they_are_written() {
    let folder = repository(
        "extends",
        &[
            (
                "electrolint.toml",
                "fail-on = 'high'\nmin-severity = 'medium'\nexclude = ['generated/**']\n[rules]\nfuses = 'off'\n",
            ),
            (
                "app/electrolint.toml",
                "extends = ['../electrolint.toml']\nfail-on = 'low'\nexclude = ['vendor/**']\n[rules]\nfuses = 'low'\n",
            ),
        ],
    );
    let configurations = found(&folder);
    let config = configurations.of(&folder.join("app"));
    assert_eq!((config.fail_on, config.min_severity), (Some(FailOn::Low), Some(Level::Medium)));
    assert_eq!(config.rules.last().unwrap().setting, RuleSetting::Severity(Severity::Low));
    assert_eq!(config.files.len(), 2);
    let excludes = |path: &Path| configurations.of_file(path).excludes(path);
    assert!(excludes(&folder.join("app/vendor/a.js")));
    assert!(!excludes(&folder.join("vendor/a.js")));
    assert!(excludes(&folder.join("generated/a.js")));
    configurations.ready().unwrap();
}

#[test]
fn extending_stays_in_the_repository_and_ends() {
    let folder = repository(
        "loops",
        &[("electrolint.toml", "extends = ['electrolint.toml', '/etc/passwd', '../x.toml', 'none.toml']\n")],
    );
    let configurations = found(&folder);
    configurations.of(&folder);
    let Err(Failure::Config { errors }) = configurations.ready() else { panic!("it must fail") };
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert!(messages[0].contains("extends itself") && messages[1].contains("relative path"), "{messages:?}");
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let cases = [
        ("fail-one = 'high'", "fail-one", "has no key `fail-one`"),
        ("fail-on = 'loud'", "'loud'", "`loud` is none of high"),
        ("fail-on = 3", "3", "`fail-on` is a number, not a text"),
        ("exclude = 'a'", "'a'", "`exclude` is a text, not a list"),
        ("exclude = [1]", "1", "an entry of `exclude` is a number"),
        ("exclude = ['{a']", "'{a'", "is not a valid glob"),
        ("exclude = ['/a']", "'/a'", "leads out of the folder"),
        ("max-file-size = '5 parsecs'", "'5 parsecs'", "parsecs` is none"),
        ("electron-version = '^39'", "'^39'", "`^39`"),
        ("[rules]\nweb-securty = 'off'", "web-securty", "no rule is called `web-securty`"),
        ("[rules]\nfuses = 'maybe'", "'maybe'", "`maybe` is none of on, off"),
        ("[rules]\nfuses = { allow = [] }", "allow", "`fuses` has no key `allow`"),
        ("[rules.egress-host]\nallow = ['https://a.example']", "'https://a.example'", "is not a host"),
        ("[[overrides]]\nrules = { fuses = 'off' }", "[[overrides]]", "`files` is missing"),
        ("[[overrides]]\nfiles = ['a']\nrules = { egress-host = { allow = [] } }", "allow", "has no key `allow`"),
        ("[[ignore]]\nrule = 'fuses'", "[[ignore]]", "`reason` is missing"),
        ("[[ignore]]\nrule = 'fuses'\nreason = 'x'\nuntil = 'soon'", "'soon'", "`soon` is not a day"),
        ("strict = true\nstrict = false", "strict", "duplicate"),
        ("strict = ", "", ""),
    ];
    for (text, place, message) in cases {
        let found = complaints(text);
        let [(at, said)] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert!(said.contains(message), "{text}: {said}");
        assert!(at.contains(place), "{text}: {at}");
    }
    assert_eq!(complaints("a = 1\nb = 2\n").len(), 2, "all of a file are told");
    let many = format!("exclude = [{}]", "'a',".repeat(1001));
    assert!(complaints(&many)[0].1.contains("more than 1000"), "lists are bounded");
    let long = format!("exclude = ['{}']", "a".repeat(501));
    assert!(complaints(&long)[0].1.contains("longer than 500"), "texts are bounded");
    let nested = format!("exclude = {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(complaints(&nested).len(), 1, "nesting is bounded");
}

#[test]
fn everything_may_be_said() {
    let text = r#"
fail-on = "medium"
min-confidence = "certain"
min-severity = "low"
strict = true
exclude = ["vendor/**"]
include = ["generated/main.js"]
include-tests = true
ignore-files = false
max-file-size = "2MB"
electron-version = "39.2.7"
[rules]
limit-navigation = "off"
"egress-*" = { severity = "high" }
[rules.egress-host]
allow = ["api.example.com", "*.cdn.example.com"]
[rules.deprecated-api]
target = "45.0.0"
[[rules.target-environment.environments]]
files = ["src/browser/**"]
preset = "browser"
deny = ["lodash*"]
[[overrides]]
files = ["test/**", "scripts/**"]
rules = { child-process = "off" }
[[ignore]]
rule = "fuses"
files = ["package.json"]
reason = "set by the installer"
until = 2027-01-31
"#;
    assert_eq!(complaints(text), Vec::new());
    let folder = repository("everything", &[("electrolint.toml", text)]);
    let config = found(&folder).of(&folder);
    assert_eq!(config.max_file_size, Some(2_000_000));
    assert_eq!(config.egress_hosts.as_ref().map(Vec::len), Some(2));
    assert_eq!(config.environments.len(), 1);
    let ignore = &config.ignores[0];
    let package = folder.join("package.json");
    assert!(ignore.accepts("fuses", &package, "x", "2027-01-31"));
    assert!(!ignore.accepts("fuses", &package, "x", "2027-02-01"), "it has expired");
    assert!(!ignore.accepts("fuses", &folder.join("main.js"), "x", "2026-01-01"));
    assert!(!ignore.accepts("web-security", &package, "x", "2026-01-01"));
}

#[test]
fn assignments_are_toml_or_bare_words() {
    let option = |text: &str| ConfigOption::Assignment(text.to_owned());
    let folder = repository("assignments", &[("electrolint.toml", "fail-on = 'high'\n")]);
    let config = vec![option("fail-on=low"), option("rules.fuses = 'off'"), option("strict=true")];
    let configurations = Configurations::new(&ConfigArgs { config, no_config: false }, &folder).unwrap();
    let config = configurations.of(&folder);
    assert_eq!((config.fail_on, config.strict), (Some(FailOn::Low), Some(true)));
    assert_eq!(config.rules[0].setting, RuleSetting::Off);
    let wrong = vec![option("fail-on=loud")];
    assert!(Configurations::new(&ConfigArgs { config: wrong, no_config: false }, &folder).is_err());
}

#[test]
fn days_are_counted_in_the_gregorian_calendar() {
    assert_eq!(day(0), "1970-01-01");
    assert_eq!(day(11_016), "2000-02-29");
    assert_eq!(day(20_778), "2026-11-21");
}
