//! Decoded text that remembers where its bytes lay on disk.

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

    /// Line and column of a content offset.
    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.content.len());
        while !self.content.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.content[..offset];
        let bytes = before.as_bytes();
        let (mut line, mut start) = (1, 0);
        for (i, &byte) in bytes.iter().enumerate() {
            let ends = byte == b'\n' || byte == b'\r' && self.content.as_bytes().get(i + 1) != Some(&b'\n');
            if ends {
                line += 1;
                start = i + 1;
            }
        }
        Position { line, column: before[start..].encode_utf16().count() as u32 + 1 }
    }

    /// Offset of a content offset in the file as it lies on disk.
    pub fn disk_offset(&self, offset: u32) -> u32 {
        match self.shifts.iter().rev().find(|shift| shift.0 <= offset) {
            Some(shift) => offset - shift.0 + shift.1,
            None => offset,
        }
    }
}
