//! Excerpts with labels, what an attacker gains, what to write: for people.

use std::collections::HashSet;
use std::fmt;

use electrolint_rules::finding::Severity;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::excerpt::{Excerpt, Label};
use super::{Excerpted, Location, Look, Placed, Report, confidence_name, printable, rule_page, severity_name, summary};
use crate::config::{self, ConfigError};

/// Columns that texts are wrapped to: fixed, so that the same input gives the same bytes in every terminal.
const WIDTH: usize = 110;

/// Writes every finding and the summary.
pub fn render(report: &Report, look: Look) -> String {
    let theme = if look.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(look.hyperlinks)
        .with_urls(look.hyperlinks)
        .without_syntax_highlighting();
    let mut out = String::new();
    let mut explained = HashSet::new();
    for placed in &report.findings {
        for part in parts(placed) {
            let start = out.len();
            if handler.render_report(&mut out, &part).is_err() {
                // The handler fails only where the excerpt is at odds with its labels; the finding must be told all the same.
                out.truncate(start);
                let location = &placed.location;
                out.push_str(&format!("{}:{}:{}: {part}\n", location.path, location.line, location.column));
            }
        }
        let finding = &placed.finding;
        paragraph(&mut out, "gain: ", &finding.gain);
        paragraph(&mut out, "help: ", &finding.help);
        if let Some(fix) = &placed.fix {
            let option = if fix.safe { "--fix" } else { "--fix=unsafe" };
            paragraph(&mut out, "fix: ", &format!("{}, by {option}", fix.title));
        }
        if explained.insert(finding.rule) {
            paragraph(&mut out, "more: ", &format!("electrolint explain {}", finding.rule));
        }
        out.push('\n');
    }
    if !look.quiet {
        out.push_str(&summary(report));
        out.push('\n');
    }
    out
}

/// The finding with its labels in one file, then one part for each other file that explains it.
fn parts(placed: &Placed) -> Vec<Part> {
    let finding = &placed.finding;
    let mut labels: Vec<Label> = Vec::new();
    let at = &placed.location;
    let primary = placed.source.as_ref().map(|place| Label { place, location: at, message: "here", primary: true });
    labels.extend(primary);
    let mut others: Vec<(&str, Vec<Label>)> = Vec::new();
    for related in &placed.related {
        let Some(place) = &related.source else { continue };
        let label = Label { place, location: &related.location, message: &related.message, primary: false };
        if related.location.path == placed.location.path {
            labels.push(label);
            continue;
        }
        match others.iter_mut().find(|(path, _)| *path == related.location.path) {
            Some((_, labels)) => labels.push(label),
            None => others.push((&related.location.path, vec![label])),
        }
    }
    // Alone, the underlined place needs no word of its own.
    if let [only] = &mut labels[..] {
        only.message = "";
    }
    let mut parts = vec![Part {
        code: Some(format!(
            "{}[{}] {}",
            severity_name(finding.severity),
            finding.rule,
            confidence_name(finding.confidence)
        )),
        url: rule_page(finding.rule),
        severity: match finding.severity {
            Severity::High => miette::Severity::Error,
            Severity::Medium => miette::Severity::Warning,
            Severity::Low | Severity::Info => miette::Severity::Advice,
        },
        message: {
            let note = placed.suppressed.as_ref().map(super::Suppressed::note).unwrap_or_default();
            printable(&format!("{}{note}", finding.message)).replace('\n', " ")
        },
        excerpt: Excerpt::new(placed.location.path.clone(), &labels),
    }];
    for (path, mut labels) in others {
        let message = match &mut labels[..] {
            [only] => std::mem::take(&mut only.message),
            _ => "because of these places",
        };
        parts.push(Part {
            code: None,
            url: None,
            severity: miette::Severity::Advice,
            message: printable(message).replace('\n', " "),
            excerpt: Excerpt::new(path.to_string(), &labels),
        });
    }
    parts
}

/// What is wrong in a configuration file, with the place.
pub fn complaint(error: &ConfigError) -> String {
    let place = |at: usize| config::position(&error.text, at);
    let (from, to) = (place(error.span.start), place(error.span.end));
    let location = Location {
        path: error.path.clone(),
        line: from.line,
        column: from.column,
        end_line: to.line,
        end_column: to.column,
        ..Location::default()
    };
    let excerpted = Excerpted { text: error.text.clone(), start: error.span.start, end: error.span.end };
    let label = Label { place: &excerpted, location: &location, message: "", primary: true };
    let part = Part {
        code: None,
        url: None,
        severity: miette::Severity::Error,
        message: printable(&error.message).replace('\n', " "),
        excerpt: (!error.text.content.is_empty()).then(|| Excerpt::new(error.path.clone(), &[label])).flatten(),
    };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(WIDTH)
        .with_links(false)
        .without_syntax_highlighting();
    let mut out = String::new();
    if part.excerpt.is_none() || handler.render_report(&mut out, &part).is_err() {
        out = format!("{}:{}:{}: {part}\n", printable(&error.path), from.line, from.column);
    }
    paragraph(&mut out, "help: ", &error.help);
    out
}

/// What the graphical handler prints: a message and one excerpt.
#[derive(Debug)]
struct Part {
    code: Option<String>,
    url: Option<String>,
    severity: miette::Severity,
    message: String,
    excerpt: Option<Excerpt>,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Part {}

impl Diagnostic for Part {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.url.as_ref().map(|url| Box::new(url) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(excerpt.labels.iter().cloned()))
    }
}

/// Appends `  head: text`, wrapped between words and indented under the head.
fn paragraph(out: &mut String, head: &str, text: &str) {
    let text = printable(text);
    if text.trim().is_empty() {
        return;
    }
    let indent = head.len() + 2;
    out.push_str("  ");
    out.push_str(head);
    let mut column = indent;
    for (i, word) in text.split_whitespace().enumerate() {
        let width = word.chars().count();
        if i > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}
