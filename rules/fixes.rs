//! Changes that mend findings: small edits of the text, made only where it has the form that is expected.
//!
//! What looks otherwise gets no fix; a person mends it.

use electrolint_model::App;
use electrolint_model::source::{FileKind, Span};

use crate::finding::{Edit, Fix};

/// Rules some of whose findings can be mended, and whether this cannot change what a correct app does.
pub const FIXABLE: [(&str, bool); 17] = [
    ("affinity", false),
    ("allow-popups", false),
    ("allow-running-insecure-content", false),
    ("certificate-validation", false),
    ("command-line-switches", false),
    ("context-isolation", false),
    ("deprecated-api", true),
    ("enable-blink-features", false),
    ("experimental-features", false),
    ("fuses", false),
    ("insecure-content", false),
    ("node-integration", false),
    ("process-sandbox", false),
    ("remote-module", false),
    ("security-warnings-disabled", true),
    ("unused-ignore", true),
    ("web-security", false),
];

/// The text of the file of a span.
fn content<'a>(app: &'a App, span: Span) -> &'a str {
    app.text_around(span)
}

fn kind(app: &App, span: Span) -> FileKind {
    app.sources.file(span.file).kind
}

fn is_script(app: &App, span: Span) -> bool {
    matches!(kind(app, span), FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx)
}

fn replace(span: Span, from: usize, to: usize, replacement: &str) -> Vec<Edit> {
    let at = |offset: usize| span.start + u32::try_from(offset).unwrap_or(u32::MAX);
    vec![Edit { span: Span { start: at(from), end: at(to), ..span }, replacement: replacement.to_owned() }]
}

/// Writes another value where a property has a literal one: `key: true`, `"key": true`, `[Key.Name]: !0`.
pub(crate) fn set(app: &App, property: Span, key: &str, value: bool, safe: bool) -> Option<Fix> {
    let text = app.text(property);
    let at = text.rfind(':')? + 1;
    let literal = text.get(at..)?.trim();
    // Not the last arm of a choice: before the colon stands a key and nothing else.
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '\'' | '"' | '.' | '[' | ']');
    if !text.get(..at - 1)?.trim_end().chars().all(is_key) {
        return None;
    }
    if !matches!(literal, "true" | "false" | "!0" | "!1" | "0" | "1") || text.contains('\n') {
        return None;
    }
    let start = at + (text.get(at..)?.len() - text.get(at..)?.trim_start().len());
    let edits = replace(property, start, start + literal.len(), if value { "true" } else { "false" });
    Some(Fix { title: format!("set `{key}` to {value}"), safe, edits })
}

/// Takes a property out of an object literal, with its comma, and with its line if it stands alone on it.
pub(crate) fn remove_property(app: &App, property: Span, key: &str, safe: bool) -> Option<Fix> {
    let text = app.text(property);
    let is_plain =
        is_script(app, property) && text.trim_start_matches(['\'', '"']).starts_with(key) && text.contains(':');
    if !is_plain {
        return None;
    }
    let content = content(app, property);
    let (mut start, mut end) = (property.start as usize, property.end as usize);
    let after = content.get(end..)?;
    let comma = after.len() - after.trim_start().len();
    if after.trim_start().starts_with(',') {
        end += comma + 1;
    } else {
        // The last one: the comma before it goes, if nothing but blanks lies between.
        let before = content.get(..start)?.trim_end();
        if before.ends_with(',') {
            start = before.len() - 1;
            return Some(removal(property, start, end, key, safe));
        }
        if !before.ends_with('{') {
            return None;
        }
    }
    (start, end) = whole_line(content, start, end);
    Some(removal(property, start, end, key, safe))
}

fn removal(span: Span, start: usize, end: usize, what: &str, safe: bool) -> Fix {
    let span = Span { start: start as u32, end: end as u32, ..span };
    Fix { title: format!("take `{what}` out"), safe, edits: vec![Edit { span, replacement: String::new() }] }
}

/// Bytes of a line on each side of a statement that are looked at: what stands on a longer one does not fill it.
const LONGEST_LINE: usize = 4096;

/// A stretch, widened to its lines if nothing else is on them, but a comment at their end.
fn whole_line(content: &str, start: usize, end: usize) -> (usize, usize) {
    let before = content.as_bytes().get(..start).unwrap_or_default();
    let back = before.iter().rev().take(LONGEST_LINE).position(|byte| *byte == b'\n');
    let after = content.as_bytes().get(end..).unwrap_or_default();
    let onward = after.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n');
    if back.is_none() && before.len() > LONGEST_LINE || onward.is_none() && after.len() > LONGEST_LINE {
        return (start, end);
    }
    let line = start - back.unwrap_or(before.len());
    let is_first = content.get(line..start).is_some_and(|before| before.trim().is_empty());
    let until = onward.map_or(after.len(), |at| at + 1);
    let after = content.get(end..end + until).unwrap_or_default().trim();
    let is_last = after.is_empty() || after.starts_with("//");
    if is_first && is_last { (line, end + until) } else { (start, end) }
}

/// Takes a statement out that fills its lines, where the one before it has plainly ended.
pub(crate) fn remove_statement(app: &App, expression: Span, what: &str, safe: bool) -> Option<Fix> {
    if !is_script(app, expression) {
        return None;
    }
    let content = content(app, expression);
    let (start, mut end) = (expression.start as usize, expression.end as usize);
    if content.get(end..)?.starts_with(';') {
        end += 1;
    }
    let (from, to) = whole_line(content, start, end);
    if (from, to) == (start, end) && to != content.len() {
        return None;
    }
    let indent = content.get(from..start)?;
    let last = content.get(..from)?.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    // A line that waits for this statement is indented less, or begins so, or ends in the midst of something.
    let words = ["if", "else", "for", "while", "with", "do", "return", "case", "default", "}"];
    let trimmed = last.trim();
    let opens = trimmed.ends_with(['{', ';']);
    let is_level = last.len() - last.trim_start().len() == indent.len();
    let waits = words.iter().any(|word| trimmed.starts_with(word)) && !matches!(trimmed, "}" | "})" | "});" | "};");
    let is_comment = trimmed.starts_with("//") || trimmed.ends_with("*/");
    let is_open = trimmed.ends_with(['=', '(', ',', '+', '?', ':', '&', '|', '>', '[', '.', '!', '-', '*', '<']);
    if !(opens || trimmed.is_empty() || is_level && !waits && !is_open || is_comment && is_level) {
        return None;
    }
    // Without a semicolon before it, what begins like this would go on with the line before.
    if content.get(to..)?.trim_start().starts_with(['(', '[', '`', '+', '-', '/', '.', '?', ',', ')']) {
        return None;
    }
    Some(removal(expression, from, to, what, safe))
}

/// Takes a comment out, with its lines if nothing else stands on them.
pub(crate) fn remove_comment(app: &App, comment: Span) -> Vec<Edit> {
    let content = content(app, comment);
    let (start, end) = (comment.start as usize, comment.end as usize);
    let before = content.get(..start).unwrap_or_default().trim_end_matches([' ', '\t']);
    let after = content.get(end..).unwrap_or_default().trim_start_matches([' ', '\t']);
    let newline = ["\r\n", "\n", "\r"].into_iter().find(|newline| after.starts_with(newline));
    let is_first = before.is_empty() || before.ends_with(['\n', '\r']);
    let (start, end) = match newline {
        Some(newline) if is_first => (before.len(), content.len() - after.len() + newline.len()),
        None if !after.is_empty() => (start, content.len() - after.len()),
        _ => (before.len(), end),
    };
    let span = Span { start: start as u32, end: end as u32, ..comment };
    vec![Edit { span, replacement: String::new() }]
}

/// Takes an attribute out of a tag, with the blanks before it.
pub(crate) fn remove_attribute(app: &App, attribute: Span, name: &str, safe: bool) -> Option<Fix> {
    let text = app.text(attribute);
    let is_its = text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let goes_on = text.get(name.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', ' ']));
    if !is_its || !goes_on {
        return None;
    }
    let before = content(app, attribute).get(..attribute.start as usize)?;
    let start = before.trim_end().len();
    if start == before.len() || before.trim_end().ends_with('(') {
        return None;
    }
    Some(removal(attribute, start, attribute.end as usize, name, safe))
}

/// Writes `https:` for the one `http:` in a stretch.
pub(crate) fn encrypt(app: &App, span: Span) -> Option<Fix> {
    let text = app.text(span);
    let at = text.find("http://")?;
    if text.matches("http:").count() != 1 {
        return None;
    }
    Some(Fix { title: "ask over `https:`".to_owned(), safe: false, edits: replace(span, at, at + 5, "https:") })
}

/// Writes `false` for the `true` that a callback is given: `callback(true)`.
pub(crate) fn refuse(app: &App, call: Span) -> Option<Fix> {
    let text = app.text(call);
    let at = text.trim_end().strip_suffix("(true)")?.len() + 1;
    Some(Fix { title: "refuse the certificate".to_owned(), safe: false, edits: replace(call, at, at + 4, "false") })
}
