//! What the user sets in the editor: the key `electrolint` of its settings, or the options of the server's start.

use std::path::Path;
use std::str::FromStr;

use clap::ValueEnum;
use serde_json::Value;

use crate::cli::{CheckArgs, ConfigOption, Level, RuleLevel, Sure, electron_version};

/// Settings of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Anything is checked at all.
    enable: bool,
    /// A configuration file for everything.
    config: Option<String>,
    min_confidence: Option<String>,
    min_severity: Option<String>,
    only: Vec<String>,
    /// Names or globs, and what to do with their rules.
    rules: Vec<String>,
    electron_version: Option<String>,
    include_tests: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enable: true,
            config: None,
            min_confidence: None,
            min_severity: None,
            only: Vec::new(),
            rules: Vec::new(),
            electron_version: None,
            include_tests: false,
        }
    }
}

impl Settings {
    /// Reads settings; what does not fit is told and counts as not said.
    pub(super) fn read(value: &Value, mut tell: impl FnMut(String)) -> Self {
        let mut settings = Self::default();
        // Some clients send the whole section, with its name.
        let value = value.get("electrolint").filter(|inner| inner.is_object()).unwrap_or(value);
        let Some(entries) = value.as_object() else { return settings };
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
            let fits = match key.as_str() {
                "enable" => value.as_bool().map(|is| settings.enable = is).is_some(),
                "includeTests" => value.as_bool().map(|is| settings.include_tests = is).is_some(),
                "config" => text(value, |_| true).map(|text| settings.config = text).is_some(),
                "minConfidence" => text(value, |text| Sure::from_str(text, false).is_ok())
                    .map(|t| settings.min_confidence = t)
                    .is_some(),
                "minSeverity" => text(value, |text| Level::from_str(text, false).is_ok())
                    .map(|t| settings.min_severity = t)
                    .is_some(),
                "electronVersion" => text(value, |text| electron_version(text).is_ok())
                    .map(|text| settings.electron_version = text)
                    .is_some(),
                "only" => list(value).map(|names| settings.only = names).is_some(),
                "rules" => rules(value).map(|rules| settings.rules = rules).is_some(),
                _ => {
                    tell(format!("there is no setting `electrolint.{key}`"));
                    continue;
                }
            };
            if !fits {
                tell(format!("the setting `electrolint.{key}` cannot be {value}"));
            }
        }
        settings
    }

    /// As options of `check` of a folder, or none if nothing is to be checked.
    pub(super) fn options(&self, folder: &Path) -> Option<CheckArgs> {
        let mut options = CheckArgs::default();
        options.input.config.config = self.config.iter().map(|path| ConfigOption::File(folder.join(path))).collect();
        options.input.electron_version = self.electron_version.clone();
        options.input.include_tests = self.include_tests;
        options.min_confidence = self.min_confidence.as_ref().and_then(|text| Sure::from_str(text, false).ok());
        options.min_severity = self.min_severity.as_ref().and_then(|text| Level::from_str(text, false).ok());
        options.only = self.only.clone();
        options.rules = self.rules.iter().filter_map(|text| RuleLevel::from_str(text).ok()).collect();
        // Those of a baseline are shown faintly.
        options.sarif_suppressed = true;
        options.allow_empty = true;
        self.enable.then_some(options)
    }
}

/// A text, or none for an empty one.
fn text(value: &Value, is_right: impl Fn(&str) -> bool) -> Option<Option<String>> {
    let text = value.as_str()?;
    if text.is_empty() {
        return Some(None);
    }
    is_right(text).then(|| Some(text.to_owned()))
}

fn list(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// `{ "fuses": "off" }`.
fn rules(value: &Value) -> Option<Vec<String>> {
    let entries = value.as_object()?.iter();
    entries
        .map(|(name, level)| {
            let text = format!("{name}={}", level.as_str()?);
            RuleLevel::from_str(&text).is_ok().then_some(text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> (Settings, Vec<String>) {
        let mut told = Vec::new();
        let settings = Settings::read(&value, |text| told.push(text));
        (settings, told)
    }

    #[test]
    fn settings_become_options() {
        let (settings, told) = read(json!({ "electrolint": {
            "minConfidence": "tentative", "minSeverity": "info", "only": ["fuses"], "rules": { "fuses": "high" },
            "config": "lint/electrolint.toml", "electronVersion": "30.0.0", "includeTests": true,
        } }));
        assert_eq!(told, Vec::<String>::new());
        let options = settings.options(Path::new("/app")).unwrap();
        assert_eq!(options.min_confidence, Some(Sure::Tentative));
        assert_eq!(options.min_severity, Some(Level::Info));
        assert_eq!((options.only.len(), options.rules.len()), (1, 1));
        assert!(options.input.include_tests && options.input.electron_version.is_some());
        assert_eq!(options.input.config.config.len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let (settings, told) = read(json!({ "minConfidence": "sure", "only": "fuses", "color": true, "config": "" }));
        assert_eq!(settings, Settings::default());
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(read(json!({ "enable": false })).0.options(Path::new("/")).is_none());
        assert_eq!(read(Value::Null).0, Settings::default());
    }
}
