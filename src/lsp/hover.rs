//! What is told of the place under the pointer: a finding, an ignore comment, an option of a window.

use std::ops::Range;

use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::{Context, Given, Reason, Value, effective};
use electrolint_rules::Rule;

use super::diagnostics::page;
use crate::report::{ElectronReport, Placed, confidence_name, severity_name};

/// What is told, Markdown, and of which bytes of the text.
pub(super) type Told = (String, Range<usize>);

/// A finding, in full.
pub(super) fn finding(placed: &Placed) -> Option<Told> {
    let at = placed.source.as_ref()?;
    let finding = &placed.finding;
    let mut text = format!(
        "**{}** · {} · {}\n\n{}",
        finding.rule,
        severity_name(finding.severity),
        confidence_name(finding.confidence),
        finding.message
    );
    for (label, said) in [("Gain", &finding.gain), ("Help", &finding.help)] {
        if !said.is_empty() {
            text.push_str(&format!("\n\n*{label}:* {said}"));
        }
    }
    text.push_str(&link(finding.rule));
    Some((text, at.start..at.end))
}

fn link(rule: &str) -> String {
    page(rule).map_or_else(String::new, |page| format!("\n\n[about {rule}]({page})"))
}

/// The rule that an ignore comment names.
pub(super) fn ignored(content: &str, offset: usize) -> Option<Told> {
    let start = content.get(..offset)?.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = content.get(start..)?;
    let line = line.split(['\n', '\r']).next().unwrap_or(line);
    let at = line.find("electrolint-ignore").filter(|at| start + at <= offset)?;
    let close = at + line.get(at..)?.find(']')?;
    let word =
        word(content, offset, |c| c.is_ascii_alphanumeric() || c == '-').filter(|word| word.end <= start + close)?;
    let rule = rule(content.get(word.clone())?)?;
    Some((format!("**{}** · {}\n\n{}{}", rule.id, severity_name(rule.severity), rule.summary(), link(rule.id)), word))
}

/// An option of `webPreferences`, with its default in an app's Electron.
pub(super) fn option(content: &str, offset: usize, electron: &ElectronReport) -> Option<Told> {
    let word = word(content, offset, |c| c.is_ascii_alphanumeric() || c == '_' || c == '$')?;
    let key = content.get(word.clone())?;
    if !is_key(content, &word) {
        return None;
    }
    let version = Version::parse(electron.version.as_deref()?)?;
    let defaults = effective(&|_| Given::Absent, &Context::new(&version));
    let app = if electron.assumed {
        format!("Electron {version}, the newest that is known (nothing tells which one this app has)")
    } else {
        format!("Electron {version}, which this app has ({})", electron.source)
    };
    let told = if let Some(setting) = defaults.get(key) {
        let value = match setting.value {
            Value::Known(value) => format!("`{value}`"),
            Value::Unknown => "not known".to_owned(),
        };
        match &setting.reason {
            Reason::NoSuchKey => format!("{app} does not look at it, and behaves as with {value}."),
            Reason::Default { since: Some(since), .. } => {
                format!("{value} by default in {app}; so since {since}.{}", depends(key, &version))
            }
            _ => format!("{value} by default in {app}.{}", depends(key, &version)),
        }
    } else {
        match key {
            "enableBlinkFeatures" | "disableBlinkFeatures" => format!("No feature by default in {app}."),
            "affinity" => format!("No name by default in {app}."),
            _ => return None,
        }
    };
    let mut text = format!("**{key}** (webPreferences)\n\n{told}");
    if let Some(rule) = rule(rule_of(key).as_str()) {
        text.push_str(&format!("\n\n*{}:* {}{}", rule.id, rule.summary(), link(rule.id)));
    }
    Some((text, word))
}

/// What else decides about the default of an option.
fn depends(key: &str, version: &Version) -> String {
    let value = |given: &dyn Fn(&str) -> Given, has_preload: bool| {
        let context = Context { has_preload: Some(has_preload), ..Context::new(version) };
        effective(given, &context).get(key).map(|setting| setting.value)
    };
    let rest = value(&|_| Given::Absent, false);
    let set =
        |name: &'static str, to: bool| move |asked: &str| if asked == name { Given::Bool(to) } else { Given::Absent };
    let cases: [(&str, Option<Value>); 3] = [
        ("with `nodeIntegration: true`", value(&set("nodeIntegration", true), false)),
        ("with a preload script", value(&|_| Given::Absent, true)),
        ("with `webSecurity: false`", value(&set("webSecurity", false), false)),
    ];
    let is_own = |case: &str| case.contains(&format!("`{key}:"));
    let others = cases.into_iter().filter(|(case, with)| *with != rest && !is_own(case));
    others
        .filter_map(|(case, with)| match with? {
            Value::Known(with) => Some(format!(" It is `{with}` {case}.")),
            Value::Unknown => None,
        })
        .collect()
}

/// Whether a word is the key of an object, or a property that is written.
fn is_key(content: &str, word: &Range<usize>) -> bool {
    let after = content.get(word.end..).unwrap_or_default();
    let after = after.strip_prefix(['\'', '"']).unwrap_or(after).trim_start();
    let before = content.get(..word.start).unwrap_or_default();
    let is_member = before.ends_with('.');
    match after.as_bytes() {
        [b':', b':', ..] => false,
        [b':', ..] => !is_member,
        [b'=', next, ..] => is_member && !matches!(next, b'=' | b'>'),
        _ => false,
    }
}

/// The rule that watches over an option, by the names that both have.
fn rule_of(key: &str) -> String {
    match key {
        "sandbox" => "process-sandbox".to_owned(),
        "enableRemoteModule" => "remote-module".to_owned(),
        "nodeIntegrationInWorker" | "nodeIntegrationInSubFrames" => "node-integration".to_owned(),
        key => key.chars().fold(String::new(), |mut name, c| {
            if c.is_ascii_uppercase() {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
            name
        }),
    }
}

fn rule(id: &str) -> Option<&'static Rule> {
    electrolint_rules::all().iter().copied().find(|rule| rule.id == id)
}

/// The word at a byte.
fn word(content: &str, offset: usize, belongs: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let (before, after) = (content.get(..offset)?, content.get(offset..)?);
    let start = offset - (before.len() - before.trim_end_matches(&belongs).len());
    let end = offset + (after.len() - after.trim_start_matches(&belongs).len());
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &str, at: &str, version: &str) -> Option<String> {
        let electron = ElectronReport {
            version: Some(version.into()),
            source: "package.json".into(),
            assumed: false,
            status: String::new(),
        };
        option(content, content.find(at).unwrap() + 1, &electron).map(|(text, _)| text)
    }

    #[test]
    fn options_have_the_defaults_of_the_version() {
        let window = "new BrowserWindow({ webPreferences: { contextIsolation: true, 'sandbox': x } })";
        let old = told(window, "contextIsolation", "11.0.0").unwrap();
        assert!(old.contains("`false` by default in Electron 11.0.0"), "{old}");
        let new = told(window, "contextIsolation", "39.2.7").unwrap();
        assert!(new.contains("`true` by default in Electron 39.2.7") && new.contains("since 12.0.0"), "{new}");
        assert!(new.contains("*context-isolation:*"), "{new}");
        let sandbox = told(window, "sandbox", "39.2.7").unwrap();
        assert!(
            sandbox.contains("It is `false` with `nodeIntegration: true`.") && sandbox.contains("process-sandbox"),
            "{sandbox}"
        );
        assert!(told("w.enableRemoteModule = true", "enable", "30.0.0").unwrap().contains("does not look at it"));
    }

    #[test]
    fn other_words_are_left_alone() {
        for (content, at) in
            [("const sandbox = 1", "sandbox"), ("a.sandbox == b", "sandbox"), ("{ other: 1 }", "other")]
        {
            assert_eq!(told(content, at, "39.2.7"), None, "{content}");
        }
    }

    #[test]
    fn comments_tell_of_the_rules_they_name() {
        let line = "a(); // electrolint-ignore[fuses, open-external]: open-external is needed";
        let (text, range) = ignored(line, line.find("open").unwrap()).unwrap();
        assert!(text.starts_with("**open-external** · high"), "{text}");
        assert_eq!(&line[range], "open-external");
        assert_eq!(ignored(line, line.rfind("open").unwrap() + 1), None);
        assert_eq!(ignored("open-external", 3), None);
    }
}
