//! `electrolint explain`: the documentation of one rule; the pages of `docs/rules/` are made by it.

use std::fmt::Write;

use electrolint_rules::Rule;
use serde::Serialize;

use super::write_stdout;
use crate::cli::{ExplainArgs, TextFormat};
use crate::report::severity_name;
use crate::select::suggestion;
use crate::{Exit, Failure};

/// Prints the documentation of a rule.
///
/// # Errors
/// `UnknownRule`, with the nearest name.
pub fn run(options: &ExplainArgs) -> Result<Exit, Failure> {
    let rules = electrolint_rules::all();
    let rule = rules.iter().find(|rule| rule.id == options.rule).ok_or_else(|| {
        let names: Vec<&'static str> = rules.iter().map(|rule| rule.id).collect();
        Failure::UnknownRule { name: options.rule.clone(), help: suggestion(&options.rule, &names) }
    })?;
    write_stdout(&match options.format {
        TextFormat::Text => text(rule),
        TextFormat::Json => json(rule),
        TextFormat::Markdown => page(rule),
    })?;
    Ok(Exit::Clean)
}

/// The page of a rule, Markdown.
pub fn page(rule: &Rule) -> String {
    let mut out = format!("# {}\n\n{}\n\n", rule.id, rule.summary());
    let mut facts = vec![format!("Severity: {}", severity_name(rule.severity))];
    if !rule.items.is_empty() {
        facts.push(format!("checklist: {}", rule.items.join(", ")));
    }
    facts.extend((!rule.cwe.is_empty()).then(|| rule.cwe.join(", ")));
    let _ = writeln!(out, "{}", facts.join(" · "));
    let body = body(rule);
    if !body.is_empty() {
        let _ = writeln!(out, "\n{body}");
    }
    if !rule.source.is_empty() {
        let _ = writeln!(out, "\nSource: <{}>", rule.source);
    }
    out
}

/// The documentation without the summary, and with the marks of its examples in words.
fn body(rule: &Rule) -> String {
    let doc = rule.doc().trim();
    let body = doc.strip_prefix(rule.summary()).unwrap_or(doc).trim();
    body.lines().map(unmark).collect::<Vec<_>>().join("\n")
}

/// A mark tells tests what is reported on its line; a reader is told so in words.
fn unmark(line: &str) -> String {
    for (open, close) in [("//~", ""), ("<!--~", "-->"), ("/*~", "*/")] {
        if let Some((code, mark)) = line.split_once(open) {
            let comment = open.trim_end_matches('~');
            let (_, rest) = if close.is_empty() { ("", "") } else { mark.split_once(close).unwrap_or(("", "")) };
            let end = if close.is_empty() { String::new() } else { format!(" {close}") };
            return format!("{code}{comment} reported{end}{rest}");
        }
    }
    line.to_string()
}

/// The page for a terminal: code is indented, headings and links lose their marks.
fn text(rule: &Rule) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for line in page(rule).lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if in_code {
            let _ = writeln!(out, "    {line}");
        } else {
            let line = line.trim_start_matches('#').trim_start_matches(' ');
            let _ = writeln!(out, "{}", line.replace('`', ""));
        }
    }
    out
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    severity: &'a str,
    items: &'a [&'a str],
    summary: &'a str,
    markdown: String,
    cwe: &'a [&'a str],
    source: &'a str,
}

fn json(rule: &Rule) -> String {
    let entry = Entry {
        name: rule.id,
        severity: severity_name(rule.severity),
        items: rule.items,
        summary: rule.summary(),
        markdown: page(rule),
        cwe: rule.cwe,
        source: rule.source,
    };
    let mut text = serde_json::to_string_pretty(&entry).expect("strings and lists always serialise");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_words() {
        assert_eq!(unmark("f(); //~ a high, b"), "f(); // reported");
        assert_eq!(unmark("<p> <!--~ a --> x"), "<p> <!-- reported --> x");
        assert_eq!(unmark("{/*~ a */}"), "{/* reported */}");
        assert_eq!(unmark("let u = 'http://x';"), "let u = 'http://x';");
    }
}
