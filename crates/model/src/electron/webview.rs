//! What `<webview>` attributes and feature strings say, in the words of `webPreferences`.
//!
//! The caller reads attributes first and then lets the `webpreferences` string win: guest-view-manager spreads it last. A bound `false` of
//! JSX or Vue removes the attribute, so it should not be handed in at all.

use std::ops::Range;

use super::preferences::{Given, blink_features_key};
use super::version::Version;

/// What one attribute of a `<webview>` sets; `None` if it sets no preference in this version.
///
/// `name` is compared without case, as HTML does. Boolean attributes count by presence, so `nodeintegration="false"` switches it on
/// (BooleanAttribute in lib/renderer/web-view/web-view-attributes). `webpreferences` is read by [`parse_webpreferences`], and
/// `allowpopups` is no preference: [`is_allow_popups`].
pub fn attribute(name: &str, value: Option<&str>, version: &Version) -> Option<(&'static str, Given)> {
    let text = || value.filter(|value| !value.is_empty()).map(|value| Given::Text(value.to_owned()));
    match name.to_ascii_lowercase().as_str() {
        "nodeintegration" => Some(("nodeIntegration", Given::Bool(true))),
        "nodeintegrationinsubframes" if version.has(Version::new(5, 0, 0)) => {
            Some(("nodeIntegrationInSubFrames", Given::Bool(true)))
        }
        "plugins" => Some(("plugins", Given::Bool(true))),
        "disablewebsecurity" => Some(("webSecurity", Given::Bool(false))),
        // From 4.0 to 13.x, and the one that looks at its value: EnableRemoteModuleAttribute.getValue().
        "enableremotemodule" if version.has(Version::new(4, 0, 0)) && !version.has(Version::new(14, 0, 0)) => {
            Some(("enableRemoteModule", Given::Bool(value != Some("false"))))
        }
        "blinkfeatures" => Some((blink_features_key(version), text()?)),
        "disableblinkfeatures" => Some(("disableBlinkFeatures", text()?)),
        _ => None,
    }
}

/// Whether the attribute lets the guest open windows. By presence: `allowpopups="false"` allows.
pub fn is_allow_popups(name: &str) -> bool {
    name.eq_ignore_ascii_case("allowpopups")
}

/// Whether an attribute looks like a preference and does nothing in this version.
///
/// `enableblinkfeatures` never was an attribute (the name is `blinkfeatures`); `enableremotemodule` is dead from 14.0 on.
pub fn is_dead_attribute(name: &str, version: &Version) -> bool {
    name.eq_ignore_ascii_case("enableblinkfeatures")
        || (name.eq_ignore_ascii_case("enableremotemodule") && version.has(Version::new(14, 0, 0)))
}

/// One `key=value` of a feature string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The key, as written: case counts.
    pub key: String,
    /// What the version makes of its value, before it looks at the key.
    pub given: Given,
    /// Byte range of key and value in the text.
    pub range: Range<usize>,
    /// Whether it is a name without `=`.
    pub bare: bool,
}

/// Reads the `webpreferences` attribute of a `<webview>`; entries in order, of which the last of a key wins.
///
/// Sources: lib/common/parse-features-string at the tags, later lib/browser/parse-features-string.ts; aca2e4f968 (10.0.0) reads `true` and
/// `false`, 385d0f590f (16.0.0) makes other text truthy, which `effective` does.
pub fn parse_webpreferences(text: &str, version: &Version) -> Vec<Feature> {
    let rules = Rules::of(version);
    let mut features = Vec::new();
    let mut start = 0;
    for (index, part) in text.split(',').enumerate() {
        let range = rules.trimmed(part, start, index == 0);
        start += part.len() + 1;
        let part = text.get(range.clone()).unwrap_or("");
        let mut sides = part.split('=');
        let key = sides.next().unwrap_or("");
        let value = sides.next();
        // A blank before `=` never belongs to the key; without `=`, it does up to 4.x.
        let key = if value.is_some() || rules.trims_all { key.trim_end() } else { key };
        let key = if rules.trims_all { key.trim_start() } else { key };
        if key.is_empty() {
            continue;
        }
        // A second `=` ends the value: JavaScript's split, of which the first two parts are taken.
        let value = value.map(|value| rules.value(value));
        features.push(Feature { key: key.to_owned(), given: rules.coerce(value), range, bare: value.is_none() });
    }
    features
}

/// The keys of `webPreferences` that the features string of `window.open` may set, with what it gives them.
///
/// All others are dropped (`allowedWebPreferences`; enableRemoteModule from 4.0 to 13.x), `preload` too from 10.0 on (electron#23226). Up to
/// 13.x a name without `=` is no preference either (`useSoonToBeDeprecatedBehaviorForBareKeys`).
pub fn parse_window_features(text: &str, version: &Version) -> Vec<Feature> {
    let allowed = |key: &str| match key {
        "nodeIntegration" => true,
        // In guest-window-manager.js from 1.6.8 and 1.7.2.
        "javascript" | "contextIsolation" => version.has(Version::new(1, 6, 8)),
        "webviewTag" => version.has(Version::new(1, 7, 2)),
        "enableRemoteModule" => version.has(Version::new(4, 0, 0)) && !version.has(Version::new(14, 0, 0)),
        "preload" => !version.has(Version::new(10, 0, 0)),
        _ => false,
    };
    let bare_counts = version.has(Version::new(14, 0, 0));
    let mut features = parse_webpreferences(text, version);
    features.retain(|feature| allowed(&feature.key) && (bare_counts || !feature.bare));
    features
}

/// What a list of features gives a key: its last entry.
pub fn given(features: &[Feature], key: &str) -> Given {
    features.iter().rev().find(|feature| feature.key == key).map_or(Given::Absent, |feature| feature.given.clone())
}

struct Rules {
    /// Blanks around keys, values and commas are dropped; up to 4.x only those after a comma and before `=`.
    trims_all: bool,
    /// `true` and `false` are read.
    words: bool,
}

impl Rules {
    fn of(version: &Version) -> Self {
        Self { trims_all: version.has(Version::new(5, 0, 0)), words: version.has(Version::new(10, 0, 0)) }
    }

    fn trimmed(&self, part: &str, start: usize, first: bool) -> Range<usize> {
        let leading = part.len() - part.trim_start().len();
        let trailing = part.len() - part.trim_end().len();
        if self.trims_all {
            let from = start + leading;
            from..(start + part.len() - trailing).max(from)
        } else if first {
            start..start + part.len()
        } else {
            start + leading..start + part.len()
        }
    }

    fn value<'a>(&self, value: &'a str) -> &'a str {
        // Up to 9.x the split is at `\s*=`, so a blank before a second `=` goes too.
        if self.trims_all { value.trim() } else { value }
    }

    fn coerce(&self, value: Option<&str>) -> Given {
        match value {
            None | Some("yes" | "1") => Given::Bool(true),
            Some("no" | "0") => Given::Bool(false),
            Some("true") if self.words => Given::Bool(true),
            Some("false") if self.words => Given::Bool(false),
            Some(text) => Given::Text(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Version = Version::new(45, 0, 0);
    const OLD: Version = Version::new(4, 2, 12);

    fn keys<'a>(text: &'a str, version: &Version) -> Vec<(String, &'a str)> {
        let features = parse_webpreferences(text, version);
        features.into_iter().map(|feature| (feature.key, text.get(feature.range).expect("on boundaries"))).collect()
    }

    #[test]
    fn ranges_are_those_of_the_text() {
        let text = "nodeIntegration , sandbox = no,é=ü,,  , =x,a=b=c";
        let expected =
            [("nodeIntegration", "nodeIntegration"), ("sandbox", "sandbox = no"), ("é", "é=ü"), ("a", "a=b=c")];
        let found = keys(text, &NEW);
        assert_eq!(found.iter().map(|(key, part)| (key.as_str(), *part)).collect::<Vec<_>>(), expected);
        let features = parse_webpreferences(text, &NEW);
        assert_eq!(given(&features, "a"), Given::Text("b".to_owned()));
        assert_eq!(given(&features, "sandbox"), Given::Bool(false));
        assert_eq!(given(&features, "b"), Given::Absent);
        assert!(parse_webpreferences("", &NEW).is_empty() && parse_webpreferences(" ,, ", &NEW).is_empty());
    }

    #[test]
    fn blanks_count_up_to_4() {
        // Only blanks after a comma and before `=` are dropped.
        let found = parse_webpreferences(" a=1, b =yes,c= yes,d ,e=1 ", &OLD);
        let texts: Vec<(&str, Given)> =
            found.iter().map(|feature| (feature.key.as_str(), feature.given.clone())).collect();
        let text = |text: &str| Given::Text(text.to_owned());
        let expected = [
            (" a", Given::Bool(true)),
            ("b", Given::Bool(true)),
            ("c", text(" yes")),
            ("d ", Given::Bool(true)),
            ("e", text("1 ")),
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn window_features_set_few_preferences() {
        let text = "width=800,nodeIntegration,webSecurity=no,contextIsolation=no,preload=/x.js,sandbox=no";
        let set = |version: Version| -> Vec<String> {
            parse_window_features(text, &version).into_iter().map(|feature| feature.key).collect()
        };
        assert_eq!(set(NEW), ["nodeIntegration", "contextIsolation"]);
        assert_eq!(set(Version::new(13, 0, 0)), ["contextIsolation"]);
        assert_eq!(set(Version::new(9, 0, 0)), ["contextIsolation", "preload"]);
    }

    #[test]
    fn attributes_by_presence() {
        let text = |text: &str| Given::Text(text.to_owned());
        assert_eq!(attribute("NODEINTEGRATION", Some("false"), &NEW), Some(("nodeIntegration", Given::Bool(true))));
        assert_eq!(attribute("blinkfeatures", Some("MojoJS"), &NEW), Some(("enableBlinkFeatures", text("MojoJS"))));
        assert_eq!(attribute("blinkfeatures", Some("X"), &Version::new(2, 0, 0)), Some(("blinkFeatures", text("X"))));
        assert_eq!(attribute("blinkfeatures", Some(""), &NEW), None);
        for name in ["enableblinkfeatures", "allowpopups", "webpreferences", "enableremotemodule", "src", ""] {
            assert_eq!(attribute(name, Some("x"), &NEW), None, "{name}");
        }
        assert!(is_allow_popups("allowPopups") && !is_allow_popups("allowpopup"));
        assert!(is_dead_attribute("enableblinkfeatures", &OLD) && is_dead_attribute("enableremotemodule", &NEW));
        assert!(!is_dead_attribute("enableremotemodule", &OLD) && !is_dead_attribute("blinkfeatures", &NEW));
    }
}
