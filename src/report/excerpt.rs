//! The few lines of a file that a report shows, made safe to print, with labels moved along.
//!
//! The graphical handler is never given a whole file: a minified line would be printed whole, and escape sequences in
//! it would reach the terminal. What it gets is a copy of the lines around the labels, in which long lines are cut and control
//! characters are replaced; positions that it prints are those of the file.

use std::collections::BTreeMap;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::{Excerpted, Location, is_hidden};

/// Characters of a line that are shown whole.
const WIDEST_LINE: usize = 120;
/// Characters that a cut line shows before a label and after it.
const CONTEXT_BEFORE: usize = 30;
const CONTEXT_AFTER: usize = 30;
/// Characters of a cut line that a label covers at most.
const WIDEST_LABEL: usize = 60;

/// A label on a stretch of the file.
pub(super) struct Label<'a> {
    pub(super) place: &'a Excerpted,
    /// Where it begins.
    pub(super) location: &'a Location,
    pub(super) message: &'a str,
    pub(super) primary: bool,
}

/// Lines of one file, ready for the graphical handler.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    chunks: Vec<Chunk>,
    /// Offset of a label in `text`, and its 0-based line and column in the file.
    positions: Vec<(usize, usize, usize)>,
    pub(super) labels: Vec<LabeledSpan>,
}

/// Lines that follow each other in the file.
#[derive(Debug)]
struct Chunk {
    /// 0-based number of the first.
    line: usize,
    lines: usize,
    start: usize,
    end: usize,
}

impl Excerpt {
    /// Copies the lines around labels of one file, one line before and one after.
    pub(super) fn new(name: String, labels: &[Label]) -> Option<Self> {
        let content = &labels.first()?.place.text.content;
        let mut shown: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut placed: Vec<Moved> = Vec::new();
        for label in labels {
            let start = content.floor_char_boundary(label.place.start);
            let number = label.location.line.saturating_sub(1) as usize;
            let (from, to) = line_at(content, start);
            let start = start.min(to);
            // What goes on after the line's end is not underlined: the first line says where it begins.
            let end = content.ceil_char_boundary(label.place.end).clamp(start, to);
            shown.insert(number, (from, to));
            if let Some(before) = from.checked_sub(1)
                && number > 0
            {
                shown.insert(number - 1, line_at(content, line_end_before(content, before)));
            }
            if let Some(after) = next_line(content, to).filter(|after| *after < content.len()) {
                shown.insert(number + 1, line_at(content, after));
            }
            let column = label.location.column.saturating_sub(1) as usize;
            placed.push(Moved { number, column, start, end, moved: None, moved_end: None });
        }

        let mut text = String::new();
        let mut chunks: Vec<Chunk> = Vec::new();
        for (&number, &(from, to)) in &shown {
            let start = text.len();
            let line = content.get(from..to).unwrap_or_default();
            copy_line(line, from, number, &mut placed, &mut text);
            if text.len() == start && placed.iter().any(|label| label.number == number) {
                text.push(' '); // the handler underlines nothing on an empty line
            }
            text.push('\n');
            match chunks.last_mut() {
                Some(chunk) if chunk.line + chunk.lines == number => {
                    chunk.lines += 1;
                    chunk.end = text.len();
                }
                _ => chunks.push(Chunk { line: number, lines: 1, start, end: text.len() }),
            }
        }

        let mut spans: Vec<LabeledSpan> = Vec::new();
        let mut positions = Vec::new();
        for (label, placed) in labels.iter().zip(&placed) {
            let Some(start) = placed.moved else { continue };
            let end = placed.moved_end.unwrap_or(start).max(start);
            let message = super::printable(label.message).replace('\n', " ");
            let message = (!message.is_empty()).then_some(message);
            let span = SourceSpan::from((start, end - start));
            positions.push((start, placed.number, placed.column));
            spans.push(if label.primary {
                LabeledSpan::new_primary_with_span(message, span)
            } else {
                LabeledSpan::new_with_span(message, span)
            });
        }
        Some(Self { name: super::printable(&name).replace('\n', " "), text, chunks, positions, labels: spans })
    }
}

/// A label on its way into the excerpt.
struct Moved {
    number: usize,
    column: usize,
    start: usize,
    end: usize,
    moved: Option<usize>,
    moved_end: Option<usize>,
}

/// Appends a line, cut around its labels if it is long, and notes where the labels went.
fn copy_line(line: &str, from: usize, number: usize, labels: &mut [Moved], out: &mut String) {
    let mut here: Vec<&mut Moved> = labels.iter_mut().filter(|label| label.number == number).collect();
    let is_long = line.len() > WIDEST_LINE && line.chars().nth(WIDEST_LINE).is_some();
    let pieces = if is_long { pieces(line, from, &mut here) } else { vec![(0, line.len())] };
    let mut last = 0;
    for (start, end) in pieces {
        if start > last || (start > 0 && last == 0) {
            out.push('…');
        }
        let piece = line.get(start..end).unwrap_or_default();
        for (offset, c) in piece.char_indices() {
            note(&mut here, from + start + offset, out.len());
            out.push(if is_hidden(c) && c != '\t' { '\u{fffd}' } else { c });
        }
        note(&mut here, from + end, out.len());
        last = end;
    }
    if last < line.len() {
        out.push('…');
    }
}

fn note(labels: &mut [&mut Moved], offset: usize, moved: usize) {
    for label in labels {
        if label.start == offset && label.moved.is_none() {
            label.moved = Some(moved);
        }
        if label.end == offset && label.moved_end.is_none() {
            label.moved_end = Some(moved);
        }
    }
}

/// The stretches of a long line that are shown: around each label, or else its beginning. Labels are shortened to fit.
fn pieces(line: &str, from: usize, labels: &mut [&mut Moved]) -> Vec<(usize, usize)> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    for label in labels.iter_mut() {
        let start = label.start.saturating_sub(from);
        let shortened = forward(line, start, WIDEST_LABEL);
        label.end = label.end.min(from + shortened);
        let end = label.end.saturating_sub(from);
        pieces.push((backward(line, start, CONTEXT_BEFORE), forward(line, end, CONTEXT_AFTER)));
    }
    if pieces.is_empty() {
        return vec![(0, forward(line, 0, WIDEST_LINE))];
    }
    pieces.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in pieces {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// The offset `n` characters after `offset`, or the end.
fn forward(line: &str, offset: usize, n: usize) -> usize {
    let rest = line.get(offset..).unwrap_or_default();
    rest.char_indices().nth(n).map_or(line.len(), |(i, _)| offset + i)
}

/// The offset `n` characters before `offset`, or the beginning.
fn backward(line: &str, offset: usize, n: usize) -> usize {
    let before = line.get(..offset).unwrap_or_default();
    before.char_indices().rev().nth(n.saturating_sub(1)).map_or(0, |(i, _)| i)
}

/// Beginning and end of the line that holds `offset`, without its end mark: LF, CR LF or CR, as positions count them.
fn line_at(content: &str, offset: usize) -> (usize, usize) {
    let bytes = content.as_bytes();
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut offset = offset.min(bytes.len());
    // Between CR and LF is the end of the line before.
    if offset > 0 && bytes.get(offset) == Some(&b'\n') && bytes.get(offset - 1) == Some(&b'\r') {
        offset -= 1;
    }
    let from = bytes.get(..offset).and_then(|before| before.iter().rposition(is_end)).map_or(0, |i| i + 1);
    let to = bytes.get(offset..).and_then(|rest| rest.iter().position(is_end)).map_or(bytes.len(), |i| offset + i);
    (from, to)
}

/// The end of a line whose end mark's last byte is at `last`.
fn line_end_before(content: &str, last: usize) -> usize {
    let bytes = content.as_bytes();
    let is_pair = bytes.get(last) == Some(&b'\n') && last > 0 && bytes.get(last - 1) == Some(&b'\r');
    if is_pair { last - 1 } else { last }
}

/// Where the line after the one that ends at `end` begins.
fn next_line(content: &str, end: usize) -> Option<usize> {
    let bytes = content.as_bytes();
    match (bytes.get(end)?, bytes.get(end + 1)) {
        (b'\r', Some(b'\n')) => Some(end + 2),
        _ => Some(end + 1),
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset().saturating_add(span.len()));
        let holds = |chunk: &&Chunk| chunk.start <= start && end <= chunk.end && start < chunk.end;
        let chunk = self.chunks.iter().find(holds).ok_or(MietteError::OutOfBounds)?;
        let (from, to, line, column) = if before == 0 && after == 0 {
            let known = self.positions.iter().find(|(offset, ..)| *offset == start);
            let (line, column) = known.map_or((chunk.line, 0), |(_, line, column)| (*line, *column));
            (start, end, line, column)
        } else {
            (chunk.start, chunk.end, chunk.line, 0)
        };
        let data = self.text.get(from..to).ok_or(MietteError::OutOfBounds)?;
        let span = SourceSpan::from((from, to - from));
        let contents =
            MietteSpanContents::new_named(self.name.clone(), data.as_bytes(), span, line, column, chunk.lines);
        Ok(Box::new(contents))
    }
}
