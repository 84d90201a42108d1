//! Places as editors count them: lines and columns from zero, in units that client and server agree on.

use electrolint_model::text::{LineIndex, Text};
use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    /// The best one of those that the client offers; UTF-16 if it offers none.
    pub(super) fn chosen(offered: &[&str]) -> Self {
        // Bytes cost nothing to count. Of the rest UTF-16 is what clients are best tested with.
        if offered.contains(&"utf-8") {
            Self::Utf8
        } else if offered.contains(&"utf-16") || !offered.contains(&"utf-32") {
            Self::Utf16
        } else {
            Self::Utf32
        }
    }

    /// Its name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, c: char) -> u32 {
        match self {
            Self::Utf8 => c.len_utf8() as u32,
            Self::Utf16 => c.len_utf16() as u32,
            Self::Utf32 => 1,
        }
    }
}

/// A text with its lines.
pub(super) struct Lines<'a> {
    text: &'a Text,
    index: LineIndex,
    encoding: Encoding,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a Text, encoding: Encoding) -> Self {
        Self { text, index: text.lines(), encoding }
    }

    /// Where a byte lies; past the end: the end.
    pub(super) fn position(&self, offset: usize) -> Position {
        let content = &self.text.content;
        let offset = content.floor_char_boundary(offset.min(content.len()));
        let line = self.index.position(self.text, u32::try_from(offset).unwrap_or(u32::MAX)).line;
        let start = self.index.line(self.text, line).map_or(0, |(start, _)| start as usize);
        let before = content.get(start..offset).unwrap_or_default();
        let character = match self.encoding {
            Encoding::Utf8 => before.len() as u32,
            _ if before.is_ascii() => before.len() as u32,
            encoding => before.chars().map(|c| encoding.units(c)).sum(),
        };
        Position { line: line.saturating_sub(1), character }
    }

    /// Where a stretch lies.
    pub(super) fn range(&self, start: usize, end: usize) -> Range {
        Range { start: self.position(start), end: self.position(end) }
    }

    /// The byte at a place. A column past the end of its line is that end, a line past the end of the text is its end, and a place inside
    /// a character is its start.
    pub(super) fn offset(&self, position: Position) -> usize {
        let content = &self.text.content;
        let line = position.line.saturating_add(1);
        let Some((start, end)) = self.index.line(self.text, line) else { return content.len() };
        let mut left = position.character;
        let mut at = start as usize;
        for c in content.get(at..end as usize).unwrap_or_default().chars() {
            let units = self.encoding.units(c);
            if units > left {
                break;
            }
            left -= units;
            at += c.len_utf8();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_was_agreed() {
        let text = Text::plain("a\r\n😀é b\rc\n");
        let at = text.content.find('b').unwrap();
        for (encoding, character) in [(Encoding::Utf8, 7), (Encoding::Utf16, 4), (Encoding::Utf32, 3)] {
            let lines = Lines::new(&text, encoding);
            let position = Position { line: 1, character };
            assert_eq!(lines.position(at), position, "{encoding:?}");
            assert_eq!(lines.offset(position), at, "{encoding:?}");
            assert_eq!(lines.position(text.content.len()), Position { line: 3, character: 0 });
            assert_eq!(lines.offset(Position { line: 9, character: 9 }), text.content.len());
            assert_eq!(lines.offset(Position { line: 0, character: 9 }), 1, "before the line break");
        }
        let inside = Lines::new(&text, Encoding::Utf16).offset(Position { line: 1, character: 1 });
        assert_eq!(inside, 3, "the start of the pair");
    }

    #[test]
    fn encodings_are_agreed_on() {
        assert_eq!(Encoding::chosen(&["utf-16", "utf-8"]), Encoding::Utf8);
        assert_eq!(Encoding::chosen(&["utf-32"]), Encoding::Utf32);
        assert_eq!(Encoding::chosen(&["utf-32", "utf-16"]), Encoding::Utf16);
        assert_eq!(Encoding::chosen(&[]), Encoding::Utf16);
        assert_eq!(Encoding::chosen(&["utf-7"]), Encoding::Utf16);
    }
}
