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
}
