//! `electrolint rules`: the catalogue.

use std::fmt::Write;

use electrolint_rules::Rule;
use electrolint_rules::fixes::FIXABLE;
use serde::Serialize;

use super::write_stdout;
use crate::cli::{RulesArgs, TextFormat};
use crate::report::severity_name;
use crate::{Exit, Failure};

/// Prints the catalogue.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(options: &RulesArgs) -> Result<Exit, Failure> {
    let rules = electrolint_rules::all();
    write_stdout(&match options.format {
        TextFormat::Text => text(rules),
        TextFormat::Json => json(rules),
        TextFormat::Markdown => markdown(rules),
    })?;
    Ok(Exit::Clean)
}

fn text(rules: &[&Rule]) -> String {
    let widest = |length: fn(&Rule) -> usize| rules.iter().map(|rule| length(rule)).max().unwrap_or(0);
    let name = widest(|rule| rule.id.len());
    let items = widest(|rule| rule.items.join(" ").len());
    let mut out = String::new();
    for rule in rules {
        let (severity, checklist) = (severity_name(rule.severity), rule.items.join(" "));
        let _ = writeln!(out, "{:name$}  {severity:6}  {checklist:items$}  {}", rule.id, rule.summary());
    }
    out
}

/// The catalogue as a page: `docs/rules/README.md` is made of it.
pub fn markdown(rules: &[&Rule]) -> String {
    let mut out = String::from(
        "# Rules\n\nE n is item n of Electron's security checklist, S n of its classic list of sixteen.\n\n\
         | rule | severity | item | reports |\n|---|---|---|---|\n",
    );
    for rule in rules {
        let (severity, items) = (severity_name(rule.severity), rule.items.join(" "));
        let _ = writeln!(out, "| [{0}]({0}.md) | {severity} | {items} | {1} |", rule.id, rule.summary());
    }
    out
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    severity: &'a str,
    items: &'a [&'a str],
    summary: &'a str,
    cwe: &'a [&'a str],
    source: &'a str,
    /// Some of its findings can be mended by `--fix` (`safe`) or `--fix=unsafe`.
    fix: Option<&'static str>,
}

fn json(rules: &[&Rule]) -> String {
    let entries: Vec<Entry> = rules
        .iter()
        .map(|rule| Entry {
            name: rule.id,
            severity: severity_name(rule.severity),
            items: rule.items,
            summary: rule.summary(),
            cwe: rule.cwe,
            source: rule.source,
            fix: FIXABLE
                .iter()
                .find(|(name, _)| *name == rule.id)
                .map(|(_, safe)| if *safe { "safe" } else { "unsafe" }),
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&entries).expect("strings and lists always serialise");
    text.push('\n');
    text
}
