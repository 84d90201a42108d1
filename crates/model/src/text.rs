//! Decoded text that remembers where its bytes lay on disk.
//!
//! Everything in the model counts in bytes of the decoded text. Reports also promise the bytes as they lie on disk, and lines and
//! columns; both are found from the text when they are wanted, because most files have no finding and a table for each of
//! them would cost more than reading them.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memrchr2};

/// How far from the start a NUL byte makes a file without a byte-order mark a binary one, in bytes.
///
/// Git asks the same question of the first 8000 bytes: <https://git-scm.com/docs/gitattributes#_diff>.
const BINARY_WINDOW: usize = 8 * 1024;

/// The text of a file and the way back to its bytes on disk.
///
/// A byte-order mark is no part of `content`. Offsets elsewhere in the model are byte offsets into `content`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Decoded, without a byte-order mark.
    pub content: String,
    /// Where decoding moved bytes: from this content offset on, `disk = content offset - .0 + .1`; sorted; empty for plain UTF-8.
    pub shifts: Vec<(u32, u32)>,
}

/// What [`Text::decode`] made of the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: Text,
    /// Bytes (UTF-8) or code units (UTF-16) that are not of the file's encoding and were replaced.
    pub replaced: u32,
}

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// A NUL byte near the start, and no byte-order mark: a binary file.
    Nul {
        /// Where the first one is, in bytes.
        offset: u32,
    },
    /// 4 GiB or more once decoded: offsets are 32 bits wide.
    TooLong,
}

/// A place as reports print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// 1-based; lines end at LF, CR LF or a lone CR.
    pub line: u32,
    /// 1-based, in UTF-16 code units.
    pub column: u32,
}

impl Text {
    /// A text that is what it is: UTF-8 without a mark.
    pub fn plain(content: impl Into<String>) -> Self {
        Self { content: content.into(), shifts: Vec::new() }
    }

    /// Reads the bytes of a file as text.
    ///
    /// UTF-8 with or without a byte-order mark, and UTF-16 of either byte order with one. A byte that is not UTF-8 is read
    /// as Latin-1, which is what old editors meant most often; an unpaired UTF-16 surrogate becomes U+FFFD.
    ///
    /// # Errors
    /// [`NotText::Nul`] for a NUL in the first 8 KiB without a mark, [`NotText::TooLong`] from 4 GiB on.
    pub fn decode(bytes: Vec<u8>) -> Result<Decoded, NotText> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(NotText::TooLong);
        }
        if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
            return from_utf16(rest, u16::from_le_bytes);
        }
        if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
            return from_utf16(rest, u16::from_be_bytes);
        }
        let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let window = bytes.get(..BINARY_WINDOW).unwrap_or(&bytes);
        if let (0, Some(offset)) = (mark, memchr(0, window)) {
            return Err(NotText::Nul { offset: offset as u32 });
        }
        match String::from_utf8(bytes) {
            Ok(mut content) => {
                let mut shifts = Vec::new();
                if mark > 0 {
                    content.drain(..mark);
                    shifts.push((0, mark as u32));
                }
                Ok(Decoded { text: Text { content, shifts }, replaced: 0 })
            }
            Err(error) => from_almost_utf8(error.as_bytes(), mark),
        }
    }

    /// Where a byte of the content lies in the file on disk, in bytes from its start.
    pub fn disk_offset(&self, offset: u32) -> u32 {
        let after = self.shifts.partition_point(|shift| shift.0 <= offset);
        match after.checked_sub(1).and_then(|index| self.shifts.get(index)) {
            Some((content, disk)) => (offset - content).saturating_add(*disk),
            None => offset,
        }
    }

    /// Line and column of a byte of the content; an offset past the end means the end, one inside a character its start.
    ///
    /// Reads the text up to there. For many positions of one file, [`Text::lines`] is cheaper.
    pub fn position(&self, offset: u32) -> Position {
        let offset = self.floor(offset);
        let bytes = self.content.as_bytes();
        let before = &bytes[..offset];
        let breaks =
            memchr_iter(b'\n', before).count() + memchr_iter(b'\r', before).filter(|&at| is_lone(bytes, at)).count();
        let mut start = memrchr2(b'\n', b'\r', before);
        // Between CR and LF the line has not ended yet.
        if let Some(at) = start
            && bytes.get(at) == Some(&b'\r')
            && !is_lone(bytes, at)
        {
            start = memrchr2(b'\n', b'\r', &bytes[..at]);
        }
        let start = start.map_or(0, |at| at + 1);
        Position { line: breaks as u32 + 1, column: units(&self.content[start..offset]) + 1 }
    }

    /// The starts of all lines, for many positions of one file.
    pub fn lines(&self) -> LineIndex {
        LineIndex::new(&self.content)
    }

    /// The nearest character boundary at or before an offset.
    fn floor(&self, offset: u32) -> usize {
        floor(&self.content, offset as usize)
    }
}

/// Where the lines of one text start. It must be asked about the text that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    /// Byte offsets, ascending; the first is 0.
    starts: Vec<u32>,
    /// UTF-16 code units before every [`STEP`]th byte; empty for a text of ASCII alone. A line may be as long as the text.
    units: Vec<u32>,
}

/// Bytes between two places whose units are known.
const STEP: usize = 1024;

impl LineIndex {
    fn new(content: &str) -> Self {
        let bytes = content.as_bytes();
        let mut starts = vec![0];
        starts.extend(
            memchr::memchr2_iter(b'\n', b'\r', bytes)
                .filter(|&at| bytes.get(at) == Some(&b'\n') || is_lone(bytes, at))
                .map(|at| at as u32 + 1),
        );
        let mut known = Vec::new();
        if !content.is_ascii() {
            let (mut sum, mut from) = (0, 0);
            for at in (0..=content.len()).step_by(STEP) {
                let at = floor(content, at);
                sum += content.get(from..at).map_or(0, units);
                from = at;
                known.push(sum);
            }
        }
        Self { starts, units: known }
    }

    /// UTF-16 code units before a byte that starts a character.
    fn units_before(&self, content: &str, offset: usize) -> u32 {
        match self.units.get(offset / STEP) {
            None => offset as u32,
            Some(&before) => before + content.get(floor(content, offset / STEP * STEP)..offset).map_or(0, units),
        }
    }

    /// Number of lines; an empty text has one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// As [`Text::position`].
    pub fn position(&self, text: &Text, offset: u32) -> Position {
        let offset = text.floor(offset);
        let line = self.starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = self.starts.get(line - 1).map_or(0, |&start| start as usize);
        let before = |offset| self.units_before(&text.content, offset);
        Position { line: line as u32, column: before(offset).saturating_sub(before(start)) + 1 }
    }

    /// The byte at a line and column; a column past the end of its line means the end of that line, before its line break.
    /// `None` for a line that the text does not have.
    pub fn offset(&self, text: &Text, position: Position) -> Option<u32> {
        let (start, end) = self.line(text, position.line)?;
        let mut left = position.column.saturating_sub(1);
        let mut offset = start;
        for character in text.content.get(start as usize..end as usize)?.chars() {
            let width = character.len_utf16() as u32;
            if left < width {
                break;
            }
            left -= width;
            offset += character.len_utf8() as u32;
        }
        Some(offset)
    }

    /// Start and end of a line as byte offsets, without its line break. `None` for a line that the text does not have.
    pub fn line(&self, text: &Text, line: u32) -> Option<(u32, u32)> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).map_or(text.content.len(), |&next| next as usize);
        let content = text.content.get(start as usize..end)?;
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        Some((start, start + content.len() as u32))
    }
}

/// A CR that ends a line by itself.
fn is_lone(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1) != Some(&b'\n')
}

/// The nearest character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn units(text: &str) -> u32 {
    if text.is_ascii() { text.len() as u32 } else { text.chars().map(|c| c.len_utf16() as u32).sum() }
}

/// UTF-8 with some bytes that are not: each of these is read as Latin-1.
fn from_almost_utf8(bytes: &[u8], mark: usize) -> Result<Decoded, NotText> {
    let mut content = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut shifts = Vec::new();
    if mark > 0 {
        shifts.push((0, mark as u32));
    }
    let mut replaced: u32 = 0;
    let mut disk = mark;
    for chunk in bytes.get(mark..).unwrap_or_default().utf8_chunks() {
        content.push_str(chunk.valid());
        disk += chunk.valid().len();
        for &byte in chunk.invalid() {
            content.push(char::from(byte));
            disk += 1;
            replaced += 1;
            shifts.push((u32::try_from(content.len()).map_err(|_| NotText::TooLong)?, disk as u32));
        }
    }
    u32::try_from(content.len()).map_err(|_| NotText::TooLong)?;
    Ok(Decoded { text: Text { content, shifts }, replaced })
}

/// UTF-16 after its byte-order mark. An odd byte at the end counts as replaced.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded, NotText> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut content = String::with_capacity(bytes.len() / 2 + bytes.len() / 8);
    let mut shifts = vec![(0, 2)];
    let mut replaced = 0;
    let mut disk: u32 = 2;
    for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        let character = character.unwrap_or_else(|_| {
            replaced += 1;
            char::REPLACEMENT_CHARACTER
        });
        content.push(character);
        let on_disk = 2 * character.len_utf16();
        disk = disk.saturating_add(on_disk as u32);
        if on_disk != character.len_utf8() {
            shifts.push((u32::try_from(content.len()).map_err(|_| NotText::TooLong)?, disk));
        }
    }
    if !odd.is_empty() {
        content.push(char::REPLACEMENT_CHARACTER);
        replaced += 1;
    }
    u32::try_from(content.len()).map_err(|_| NotText::TooLong)?;
    Ok(Decoded { text: Text { content, shifts }, replaced })
}

impl NotText {
    /// As a message in a report.
    pub fn describe(self) -> Cow<'static, str> {
        match self {
            Self::Nul { offset } => format!("not a text: NUL byte at offset {offset}").into(),
            Self::TooLong => "longer than 4 GiB".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Text {
        let decoded = Text::decode(bytes.to_vec()).expect("is text");
        assert_eq!(decoded.replaced, 0);
        decoded.text
    }

    fn at(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    #[test]
    fn plain_utf8_has_no_shifts() {
        let text = decode("let ä = 1;".as_bytes());
        assert_eq!(text, Text::plain("let ä = 1;"));
        assert_eq!(text.disk_offset(7), 7);
        assert_eq!(decode(b""), Text::plain(""));
    }

    #[test]
    fn a_mark_before_a_hashbang_is_no_part_of_the_text() {
        let text = decode(b"\xEF\xBB\xBF#!/usr/bin/env node\nx");
        assert!(text.content.starts_with("#!"));
        assert_eq!(text.disk_offset(0), 3);
        assert_eq!(text.position(0), at(1, 1));
        assert_eq!(text.disk_offset(20), 23);
        assert_eq!(text.position(20), at(2, 1));
    }

    #[test]
    fn utf16_of_both_orders_finds_its_bytes_again() {
        let content = "a\u{e4}\u{20ac}\u{1F600}b";
        let little: Vec<u8> =
            [0xFEFF].into_iter().chain(content.encode_utf16()).flat_map(|unit: u16| unit.to_le_bytes()).collect();
        let big: Vec<u8> =
            [0xFEFF].into_iter().chain(content.encode_utf16()).flat_map(|unit: u16| unit.to_be_bytes()).collect();
        for bytes in [little, big] {
            let text = decode(&bytes);
            assert_eq!(text.content, content);
            let disk: Vec<u32> = content.char_indices().map(|(offset, _)| text.disk_offset(offset as u32)).collect();
            assert_eq!(disk, [2, 4, 6, 8, 12]);
            assert_eq!(text.disk_offset(content.len() as u32), 14);
            // The emoji is two code units.
            assert_eq!(text.position(content.len() as u32 - 1), at(1, 6));
        }
    }

    #[test]
    fn broken_utf16_is_replaced() {
        let decoded = Text::decode(b"\xFF\xFEa\0\x00\xD8b\0x".to_vec()).expect("is text");
        assert_eq!(decoded.text.content, "a\u{FFFD}b\u{FFFD}");
        assert_eq!(decoded.replaced, 2);
        assert_eq!(decoded.text.disk_offset(4), 6);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_as_latin1_and_keep_their_place() {
        let decoded = Text::decode(b"\xEF\xBB\xBF'\xE9\xE8' x".to_vec()).expect("is text");
        assert_eq!(decoded.text.content, "'\u{e9}\u{e8}' x");
        assert_eq!(decoded.replaced, 2);
        let x = decoded.text.content.find('x').expect("is there") as u32;
        assert_eq!(decoded.text.disk_offset(x), 8);
        assert_eq!(decoded.text.disk_offset(1), 4);
        assert_eq!(decoded.text.disk_offset(3), 5);
    }

    #[test]
    fn nul_bytes_are_binary_unless_far_or_marked() {
        assert_eq!(Text::decode(b"ab\0c".to_vec()), Err(NotText::Nul { offset: 2 }));
        assert!(Text::decode(b"\xEF\xBB\xBFa\0".to_vec()).is_ok());
        let mut far = vec![b' '; BINARY_WINDOW];
        far.push(0);
        assert!(Text::decode(far).is_ok());
    }

    #[test]
    fn lines_end_at_lf_crlf_and_lone_cr() {
        let text = Text::plain("a\nb\r\nc\rd\r\re\u{2028}f\r");
        let expected = [
            (0, at(1, 1)),
            (1, at(1, 2)),
            (2, at(2, 1)),
            (3, at(2, 2)),
            (4, at(2, 3)), // between CR and LF
            (5, at(3, 1)),
            (7, at(4, 1)),
            (9, at(5, 1)),
            (10, at(6, 1)),
            (14, at(6, 3)),
            (16, at(7, 1)),
            (99, at(7, 1)),
        ];
        let lines = text.lines();
        assert_eq!(lines.count(), 7);
        for (offset, position) in expected {
            assert_eq!(text.position(offset), position, "offset {offset}");
            assert_eq!(lines.position(&text, offset), position, "offset {offset} by index");
        }
    }

    #[test]
    fn columns_count_utf16_units_and_stay_on_characters() {
        let text = Text::plain("x\n\u{1F600}\u{e4}z");
        assert_eq!(text.position(8), at(2, 4));
        assert_eq!(text.position(3), at(2, 1));
        let lines = text.lines();
        assert_eq!(lines.offset(&text, at(2, 4)), Some(8));
        assert_eq!(lines.offset(&text, at(2, 99)), Some(9));
        assert_eq!(lines.offset(&text, at(3, 1)), None);
        assert_eq!(lines.offset(&text, at(0, 1)), None);
    }

    #[test]
    fn a_line_is_given_without_its_break() {
        let text = Text::plain("ab\r\ncd\ref");
        let lines = text.lines();
        let all: Vec<_> = (1..=lines.count()).filter_map(|line| lines.line(&text, line)).collect();
        assert_eq!(all, [(0, 2), (4, 6), (7, 9)]);
    }
}
