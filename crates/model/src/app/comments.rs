//! Comments that speak to linters.

use super::App;
use crate::source::{FileId, FileKind, Role, SourceFile, Span};
use crate::summary::speaks_to_linters;

/// A comment with one of [`WORDS`] in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenComment {
    /// The whole comment, with its marks.
    pub span: Span,
    /// Where what it says begins and ends.
    pub text: (u32, u32),
    /// Nothing but comments, blanks, a doctype and directives stand before it in its file.
    pub leads: bool,
}

pub use crate::summary::LINTER_WORDS as WORDS;

/// Comments of one file that are looked at.
const MOST_COMMENTS: usize = 10_000;

impl App<'_> {
    /// Every comment that speaks to linters, in the order of their places.
    pub fn spoken_comments(&self) -> Vec<SpokenComment> {
        let mut found = Vec::new();
        for (index, file) in self.sources.files.iter().enumerate() {
            let content = &file.text.content;
            if file.role == Role::Context || !speaks_to_linters(content) {
                continue;
            }
            let id = FileId(index as u32);
            let mut places: Vec<(u32, u32)> = match file.kind {
                FileKind::Html => markup(content),
                FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx => Vec::new(),
                _ => lines(file),
            };
            let units = self.program.unit_ids().filter(|unit| self.program.file(*unit) == id);
            for unit in units {
                places.extend(self.program.summary(unit).comments.iter().map(|comment| comment.span));
            }
            places.sort_unstable();
            places.dedup();
            places.truncate(MOST_COMMENTS);
            let code = first_code(content);
            found.extend(places.into_iter().map(|(start, end)| SpokenComment {
                span: Span { file: id, start, end },
                text: inside(content, start, end),
                leads: start < code,
            }));
        }
        found
    }
}

/// Comments of markup; those of its scripts are the scripts' own.
fn markup(content: &str) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = content.get(from..).and_then(|rest| rest.find("<!--")) {
        let start = from + at;
        let Some(len) = content.get(start + 4..).and_then(|rest| rest.find("-->")) else { break };
        let end = start + 4 + len + 3;
        if content.get(start..end).is_some_and(|text| WORDS.iter().any(|word| text.contains(word))) {
            found.push((start as u32, end as u32));
        }
        from = end;
    }
    found
}

/// Comments of data files: from `#` or `//` to the end of a line.
fn lines(file: &SourceFile) -> Vec<(u32, u32)> {
    let mark = if file.kind == FileKind::Json { "//" } else { "#" };
    let mut found = Vec::new();
    let mut start = 0;
    for line in file.text.content.split_inclusive('\n') {
        let text = line.trim_end();
        let word = WORDS.iter().filter_map(|word| text.find(word)).min();
        if let Some(at) = word.and_then(|word| text.get(..word)).and_then(|before| before.rfind(mark)) {
            let before = text.get(..at).unwrap_or_default();
            let is_quoted = ['"', '\''].iter().any(|quote| before.matches(*quote).count() % 2 == 1);
            if !is_quoted && (before.is_empty() || before.ends_with([' ', '\t', ',', '{', '[', '}', ']'])) {
                found.push((start + at as u32, start + text.len() as u32));
            }
        }
        start += line.len() as u32;
    }
    found
}

/// What a comment says, without its marks.
fn inside(content: &str, start: u32, end: u32) -> (u32, u32) {
    let text = content.get(start as usize..end as usize).unwrap_or_default();
    let (open, close): (u32, &str) = match text {
        _ if text.starts_with("<!--") => (4, "-->"),
        _ if text.starts_with("/*") => (2, "*/"),
        _ if text.starts_with("//") => (2, ""),
        _ => (1, ""),
    };
    let close = if text.len() >= open as usize + close.len() && text.ends_with(close) { close.len() } else { 0 };
    let from = (start + open).min(end);
    (from, (end - close as u32).max(from))
}

/// Where the first thing stands that is no comment, blank, doctype or directive.
fn first_code(content: &str) -> u32 {
    let mut rest = content;
    if rest.starts_with("#!") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    loop {
        rest = rest.trim_start();
        let after = |open: &str, close: &str| {
            let body = rest.strip_prefix(open)?;
            Some(body.find(close).map_or("", |at| body.get(at + close.len()..).unwrap_or_default()))
        };
        let lower = rest.get(..9).unwrap_or_default().to_ascii_lowercase();
        let next = after("//", "\n")
            .or_else(|| after("/*", "*/"))
            .or_else(|| after("<!--", "-->"))
            .or_else(|| after("#", "\n"))
            .or_else(|| if lower == "<!doctype" { after(rest.get(..9)?, ">") } else { None })
            .or_else(|| ["'use strict'", "\"use strict\""].iter().find_map(|word| rest.strip_prefix(word)))
            .or_else(|| rest.strip_prefix(';'));
        match next {
            Some(next) if next.len() < rest.len() => rest = next,
            _ => return (content.len() - rest.len()) as u32,
        }
    }
}
