//! A table, for the page of a job or a comment.

use std::fmt::Write;

use super::repository::Roots;
use super::{Report, printable, rule_page, severity_name, summary};

/// Findings in the table; a page of GitHub's takes one megabyte.
const ROWS: usize = 1000;

/// Writes a heading, the summary and a table.
pub fn render(report: &Report) -> String {
    let roots = Roots::of(report);
    let mut out = format!("## electrolint\n\n{}\n", text(&summary(report)));
    let findings: Vec<_> = report.open().collect();
    if !findings.is_empty() {
        out.push_str("\n| severity | rule | place | finding |\n|---|---|---|---|\n");
    }
    for placed in findings.iter().take(ROWS) {
        let (finding, at) = (&placed.finding, &placed.location);
        let rule = match rule_page(finding.rule) {
            Some(page) => format!("[{}]({page})", finding.rule),
            None => finding.rule.to_owned(),
        };
        let place = code(&format!("{}:{}:{}", roots.path(&at.path), at.line, at.column));
        let _ = writeln!(
            out,
            "| {} | {rule} | {place} | {} |",
            severity_name(finding.severity),
            cell(&text(&finding.message)),
        );
    }
    let more = findings.len().saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
    out
}

/// A text of which only code in backquotes is Markdown: nothing in it makes a link, an element or a mention.
fn text(text: &str) -> String {
    let text = printable(text).replace('\n', " ");
    let mut out = String::with_capacity(text.len());
    // Parts between backquotes are code if every backquote has its partner.
    let is_paired = text.matches('`').count().is_multiple_of(2);
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push_str(if is_paired { "`" } else { "\\`" });
        }
        if is_paired && index % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for c in part.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '&' => out.push_str("&amp;"),
                '@' => out.push_str("&#64;"),
                '#' => out.push_str("&#35;"),
                '\\' | '*' | '_' | '[' | ']' | '~' => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
    }
    out
}

/// In a table a bar ends a cell, in code too.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A path as code, within a table.
fn code(path: &str) -> String {
    let path = printable(path).replace('\n', " ");
    let fence = "`".repeat(longest_run(&path) + 1);
    let pad = if path.starts_with('`') || path.ends_with('`') { " " } else { "" };
    cell(&format!("{fence}{pad}{path}{pad}{fence}"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
