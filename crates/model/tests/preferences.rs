//! Holds `effective` to the hand-typed table `preferences.tsv`, whose head explains its columns.

use std::collections::BTreeMap;

use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::{
    Context, Given, Origin, Preferences, Reason, Value, dead_keys, effective,
};
use electrolint_model::electron::webview::{self, Feature};

const TABLE: &str = include_str!("preferences.tsv");
const NEWEST_MAJOR: u32 = 45;

#[test]
fn agrees_with_the_typed_table() {
    let mut failures = Vec::new();
    let mut checked = 0;
    for (number, line) in TABLE.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [keys, place, forms, expected] = columns[..] else { panic!("line {}: four columns", number + 1) };
        let expected = steps(expected);
        for key in keys.split(' ') {
            for form in forms.split(" ; ") {
                let form = form.replace("KEY", key);
                for version in versions(&expected) {
                    let Some((_, wanted)) = expected.iter().rev().find(|(first, _)| version.has(*first)) else {
                        continue;
                    };
                    let found = found(key, place, &form, &version);
                    checked += 1;
                    if found != *wanted {
                        failures.push(format!(
                            "line {}: {key} in {place} as {form}, Electron {version}: {found}, not {wanted}",
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {checked}:\n{}", failures.len(), failures.join("\n"));
    assert!(checked > 20_000, "only {checked} cases");
}

/// Every boolean key has rows for the object and for the attribute.
#[test]
fn the_table_has_every_key() {
    let preferences = effective(&|_| Given::Absent, &Context::new(&Version::new(45, 0, 0)));
    for (key, _) in preferences.booleans() {
        for place in ["object", "webpreferences"] {
            for form in ["absent", "x"] {
                let has = TABLE.lines().any(|line| {
                    let columns: Vec<&str> = line.split('\t').collect();
                    let written =
                        columns.get(2).map(|forms| forms.split(" ; ").collect::<Vec<_>>()).unwrap_or_default();
                    columns.first().is_some_and(|keys| keys.split(' ').any(|name| name == key))
                        && columns.get(1) == Some(&place)
                        && (written.contains(&form) || written.contains(&format!("KEY={form}").as_str()))
                });
                assert!(has, "{key} in {place}, {form}");
            }
        }
    }
}

/// x.0.0 and a late release of each major, and the versions that the row names.
fn versions(steps: &[(Version, &str)]) -> Vec<Version> {
    let mut versions: Vec<Version> = (1..=NEWEST_MAJOR)
        .flat_map(|major| [Version::new(major, 0, 0), Version::new(major, 99, 9)])
        .chain(steps.iter().map(|(first, _)| *first))
        .collect();
    versions.sort();
    versions.dedup();
    versions
}

fn steps(text: &str) -> Vec<(Version, &str)> {
    text.split(' ')
        .map(|step| {
            let (version, value) = step.split_once('=').expect(step);
            (full(version), value)
        })
        .collect()
}

fn full(version: &str) -> Version {
    let numbers: Vec<u32> = version.split('.').map(|part| part.parse().expect(version)).collect();
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
    Version::new(at(0), at(1), at(2))
}

fn found(key: &str, place: &str, form: &str, version: &Version) -> &'static str {
    let (place, around) = place.split_once('+').unwrap_or((place, ""));
    let mut written: BTreeMap<String, Given> = BTreeMap::new();
    let mut features: Vec<Feature> = Vec::new();
    let mut cx = Context::new(version);
    match place {
        "object" | "override" | "dead" => {
            written.insert(key.to_owned(), value(form));
            cx.origin = if place == "override" { Origin::WindowOpenOverride } else { Origin::Constructor };
        }
        "webpreferences" | "features" if form == "absent" => {}
        "webpreferences" => features = webview::parse_webpreferences(form, version),
        "features" => features = webview::parse_window_features(form, version),
        "attribute" => {
            let (name, value) = form.split_once('=').map_or((form, None), |(name, value)| (name, Some(value)));
            written.extend(webview::attribute(name, value, version).map(|(key, given)| (key.to_owned(), given)));
        }
        _ => panic!("{place}"),
    }
    match place {
        "webpreferences" | "attribute" => cx.origin = Origin::Webview,
        "features" => cx.origin = Origin::WindowOpen,
        _ => {}
    }
    let mut embedder: Option<Preferences> = None;
    match around {
        "" => {}
        "preload" => cx.has_preload = Some(true),
        "preload=?" => cx.has_preload = None,
        "session-preloads" => cx.session_preloads = true,
        "enable-sandbox" => cx.app_enable_sandbox = true,
        _ if around.starts_with("embedder(") => {
            let inner = around.trim_start_matches("embedder(").trim_end_matches(')');
            let has = |key: &str| {
                inner.split_once('=').filter(|(name, _)| *name == key).map_or(Given::Absent, |(_, text)| value(text))
            };
            embedder = Some(effective(&has, &Context::new(version)));
        }
        _ => {
            let (key, text) = around.split_once('=').expect(around);
            written.insert(key.to_owned(), value(text));
        }
    }
    cx.embedder = embedder.as_ref();
    let given = |key: &str| match webview::given(&features, key) {
        Given::Absent => written.get(key).cloned().unwrap_or(Given::Absent),
        given => given,
    };
    if place == "dead" {
        return if dead_keys(&given, version).iter().any(|dead| dead.key == key) { "dead" } else { "alive" };
    }
    let preferences = effective(&given, &cx);
    let setting = preferences.get(key).expect(key);
    match (setting.reason, setting.value) {
        (Reason::NoSuchKey, _) => "none",
        (_, Value::Known(true)) => "on",
        (_, Value::Known(false)) => "off",
        (_, Value::Unknown) => "unknown",
    }
}

fn value(form: &str) -> Given {
    match form {
        "absent" => Given::Absent,
        "true" => Given::Bool(true),
        "false" => Given::Bool(false),
        "undefined" | "null" => Given::Undefined,
        "1" => Given::Truthy,
        "0" => Given::Falsy,
        "?" => Given::Unknown,
        "\"\"" => Given::Text(String::new()),
        text => Given::Text(text.to_owned()),
    }
}
