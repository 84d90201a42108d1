//! Comments that ask to ignore findings: what they say, and which findings that are.
//!
//! ```text
//! // electrolint-ignore[web-security, egress-*]: reason        this line, or the next one if nothing else stands on this one
//! // electrolint-ignore-file[web-security]: reason             the file; before any code
//! // eng-disable WEB_SECURITY_JS_CHECK                         as electronegativity has it
//! ```
//!
//! Any line of any span of a finding counts.

use std::collections::HashMap;

use electrolint_model::App;
use electrolint_model::app::comments::WORDS;
use electrolint_model::source::Span;
use electrolint_model::text::LineIndex;

use crate::finding::{Finding, Ignored};

/// A comment.
pub(crate) struct Ignore {
    /// The whole of it.
    pub span: Span,
    /// The names in it, each with its place.
    pub names: Vec<(String, Span)>,
    /// The reason that it gives, or nothing.
    pub reason: String,
    /// Whose words.
    pub style: Style,
    /// Where it holds.
    pub reach: Reach,
    /// It asks for the whole file, and stands behind code.
    pub late: bool,
}

/// Whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Electrolint,
    Electronegativity,
}

/// Where a comment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    File,
    /// From one line to another, 1-based.
    Lines(u32, u32),
    /// It names no rule, or stands in the wrong place.
    Nowhere,
}

/// Every such comment of an app.
pub(crate) fn read(app: &App) -> Vec<Ignore> {
    let mut lines: HashMap<u32, LineIndex> = HashMap::default();
    let mut found = Vec::new();
    for comment in app.spoken_comments() {
        let text = &app.sources.file(comment.span.file).text;
        let index = lines.entry(comment.span.file.0).or_insert_with(|| text.lines());
        let (start, end) = comment.text;
        let said = text.content.get(start as usize..end as usize).unwrap_or_default();
        let first = index.position(text, comment.span.start).line;
        let last = index.position(text, comment.span.end).line;
        let next = next_code(text, index, comment.span, first, last);
        let lines = |style| match (style, next) {
            (Style::Electrolint, Some(next)) => Reach::Lines(first, next),
            _ => Reach::Lines(first, last),
        };
        let names = |at: usize, list: &str| -> Vec<(String, Span)> {
            let from = start + at as u32;
            words(list)
                .map(|(offset, word)| {
                    let start = from + offset as u32;
                    (word.to_owned(), Span { start, end: start + word.len() as u32, ..comment.span })
                })
                .collect()
        };
        // A comment may say several things, one a line.
        for (at, line) in line_starts(said) {
            let Some((offset, word)) = WORDS.iter().filter_map(|word| Some((line.find(word)?, *word))).min() else {
                continue;
            };
            let before = line.get(..offset).unwrap_or_default();
            if !before.trim_matches([' ', '\t', '*', '!']).is_empty() {
                continue; // it is spoken of
            }
            let rest_at = at + offset + word.len();
            let rest = line.get(offset + word.len()..).unwrap_or_default();
            if word == "eng-disable" {
                let list = rest.split(|c: char| !(c.is_ascii_alphanumeric() || " \t_".contains(c))).next();
                let names = names(rest_at, list.unwrap_or_default());
                let style = Style::Electronegativity;
                let reach = if comment.leads { Reach::File } else { lines(style) };
                found.push(Ignore { span: comment.span, names, reason: String::new(), style, reach, late: false });
                continue;
            }
            let is_file = rest.starts_with("-file");
            let (list_at, tail) = if is_file { (rest_at + 5, &rest[5..]) } else { (rest_at, rest) };
            let (list, reason) = match tail.strip_prefix('[').and_then(|tail| tail.split_once(']')) {
                Some((list, reason)) => (list, reason),
                None => ("", tail),
            };
            let reason = reason.trim().trim_start_matches(':').trim();
            let names = names(list_at + 1, list);
            let late = is_file && !comment.leads;
            let reach = match (names.is_empty() || late, is_file) {
                (true, _) => Reach::Nowhere,
                (false, true) => Reach::File,
                (false, false) => lines(Style::Electrolint),
            };
            found.push(Ignore {
                span: comment.span,
                names,
                reason: reason.to_owned(),
                style: Style::Electrolint,
                reach,
                late,
            });
        }
    }
    found
}

/// The next line with code, for a comment that stands alone on its lines.
fn next_code(
    text: &electrolint_model::text::Text,
    index: &LineIndex,
    comment: Span,
    first: u32,
    last: u32,
) -> Option<u32> {
    let line = |number: u32| {
        let (start, end) = index.line(text, number)?;
        Some((start, end, text.content.get(start as usize..end as usize)?))
    };
    let (start, ..) = line(first)?;
    let before = text.content.get(start as usize..comment.start as usize)?;
    let (_, end, _) = line(last)?;
    let after = text.content.get(comment.end as usize..end as usize)?;
    // `{/* … */}` is how JSX has comments.
    if !matches!(before.trim(), "" | "{") || !matches!(after.trim(), "" | "}") {
        return None;
    }
    (last + 1..=last + 20).find(|&number| {
        line(number).is_some_and(|(.., content)| {
            let content = behind_comments(content.trim().trim_start_matches('{'));
            !content.is_empty() && !["//", "/*", "*", "<!--", "#"].iter().any(|mark| content.starts_with(mark))
        })
    })
}

/// What of a line follows the comments that begin and end on it.
fn behind_comments(mut line: &str) -> &str {
    while let Some((_, rest)) = line.strip_prefix("/*").and_then(|comment| comment.split_once("*/")) {
        line = rest.trim_start().trim_start_matches('}');
    }
    line
}

/// The lines of a text with their offsets.
fn line_starts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end())
    })
}

/// The words of a list with their offsets.
fn words(list: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    list.split([',', ' ', '\t']).filter_map(move |word| {
        let start = at;
        at += word.len() + 1;
        (!word.is_empty()).then_some((start, word))
    })
}

/// Whether a name in a comment means a rule.
fn means(style: Style, name: &str, rule: &str) -> bool {
    match style {
        Style::Electrolint => glob(name, rule),
        Style::Electronegativity => translated(name).contains(&rule),
    }
}

/// A name, or one with stars.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut open) = name.strip_prefix(head) else { return false };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The first place for each piece leaves most for those behind it.
    for piece in middle.split('*') {
        let Some((_, after)) = open.split_once(piece) else { return false };
        open = after;
    }
    open.ends_with(tail)
}

/// Marks the findings that comments hide; for each comment, which of its names hide something.
pub(crate) fn apply(app: &App, ignores: &[Ignore], findings: &mut [Finding]) -> Vec<Vec<bool>> {
    let mut used: Vec<Vec<bool>> = ignores.iter().map(|ignore| vec![false; ignore.names.len()]).collect();
    if ignores.is_empty() {
        return used;
    }
    let mut lines: HashMap<u32, LineIndex> = HashMap::default();
    let mut by_file: HashMap<u32, Vec<usize>> = HashMap::default();
    for (index, ignore) in ignores.iter().enumerate() {
        by_file.entry(ignore.span.file.0).or_default().push(index);
    }
    for finding in findings {
        let spans = std::iter::once(finding.span).chain(finding.related.iter().map(|related| related.span));
        let spans: Vec<Span> = spans.collect();
        for (nth, span) in spans.into_iter().enumerate() {
            let Some(indices) = by_file.get(&span.file.0) else { continue };
            let text = &app.sources.file(span.file).text;
            let index = lines.entry(span.file.0).or_insert_with(|| text.lines());
            let (from, to) = (index.position(text, span.start).line, index.position(text, span.end).line);
            for &at in indices {
                let ignore = &ignores[at];
                let reaches = match ignore.reach {
                    // A file is asked for where the finding lies, not where its reasons lie.
                    Reach::File => nth == 0,
                    Reach::Lines(first, last) => first <= to && from <= last,
                    Reach::Nowhere => false,
                };
                if !reaches {
                    continue;
                }
                for (name, hides) in ignore.names.iter().zip(&mut used[at]) {
                    if means(ignore.style, &name.0, finding.rule) {
                        *hides = true;
                        finding
                            .ignored
                            .get_or_insert_with(|| Ignored { span: ignore.span, reason: ignore.reason.clone() });
                    }
                }
            }
        }
    }
    used
}

/// What electronegativity's checks are called here. Its names are written as `WEB_SECURITY_JS_CHECK` or `webSecurityJSCheck`.
fn translated(name: &str) -> &'static [&'static str] {
    let mut base: String = name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_uppercase()).collect();
    for ending in ["CHECK", "JS", "HTML", "JSON", "GLOBAL"] {
        if let Some(shorter) = base.strip_suffix(ending) {
            base = shorter.to_owned();
        }
    }
    match base.as_str() {
        "AFFINITY" => &["affinity"],
        "ALLOWPOPUPS" => &["allow-popups"],
        "AUXCLICK" => &["auxclick"],
        "AVAILABLESECURITYFIXES" | "ELECTRONVERSION" => &["electron-version"],
        "BLINKFEATURES" => &["enable-blink-features"],
        "CERTIFICATEERROREVENT" | "CERTIFICATEVERIFYPROC" => &["certificate-validation"],
        "CONTEXTISOLATION" => &["context-isolation"],
        "CSP" => &["content-security-policy"],
        "CUSTOMARGUMENTS" => &[
            "allow-running-insecure-content",
            "certificate-validation",
            "command-line-switches",
            "enable-blink-features",
            "experimental-features",
            "process-sandbox",
            "web-security",
        ],
        "DANGEROUSFUNCTIONS" => &["dangerous-eval"],
        "EXPERIMENTALFEATURES" => &["experimental-features"],
        "HTTPRESOURCES" => &["insecure-content"],
        "HTTPRESOURCESWITHNODEINTEGRATION" => &["insecure-content", "node-integration"],
        "INSECURECONTENT" => &["allow-running-insecure-content"],
        "LIMITNAVIGATION" => &["limit-navigation", "limit-window-creation"],
        "NODEINTEGRATION" | "NODEINTEGRATIONATTACHEVENT" => &["node-integration", "webview-options"],
        "OPENEXTERNAL" => &["open-external"],
        "PERMISSIONREQUESTHANDLER" => &["permission-request-handler"],
        "PRELOAD" => &["preload-path"],
        "PROTOCOLHANDLER" => &["custom-protocol", "deprecated-api"],
        "REMOTEMODULE" => &["remote-module"],
        "SANDBOX" => &["process-sandbox"],
        "SECURITYWARNINGSDISABLED" => &["security-warnings-disabled"],
        "WEBSECURITY" => &["web-security"],
        _ if ["DEPRECATION", "REMOVAL", "CHANGE"].iter().any(|ending| base.ends_with(ending)) => &["deprecated-api"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_electronegativity_are_understood_in_both_spellings() {
        assert_eq!(translated("WEB_SECURITY_JS_CHECK"), ["web-security"]);
        assert_eq!(translated("blinkFeaturesJsCheck"), ["enable-blink-features"]);
        assert_eq!(translated("LIMIT_NAVIGATION_GLOBAL_CHECK"), ["limit-navigation", "limit-window-creation"]);
        assert_eq!(translated("SET_NULL_MENU_DEPRECATION_JS_CHECK"), ["deprecated-api"]);
        assert_eq!(translated("CSP_GLOBAL_CHECK"), ["content-security-policy"]);
        assert!(translated("NO_SUCH_CHECK").is_empty());
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(glob("egress-*", "egress-host") && glob("*", "x") && glob("*-host", "egress-host"));
        assert!(!glob("egress", "egress-host") && !glob("*-x", "egress-host"));
        assert!(glob("a*b*c", "a-b-b-c") && glob("a*b", "ab") && glob("**", "") && glob("*b*", "abc"));
        assert!(!glob("a*a", "a") && !glob("a*b*c", "acb") && !glob("*b*", "ac"));
        assert!(!glob(&format!("{}x", "*a".repeat(100)), &"a".repeat(100)));
    }
}
