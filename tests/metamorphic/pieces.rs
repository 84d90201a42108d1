//! Texts as rows of pieces, each with the place that it came from: where a change moved what.

use std::collections::BTreeMap;
use std::ops::Range;

/// A part of a changed file.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The file and bytes that it stands for; none for what was put in.
    pub from: Option<(String, Range<usize>)>,
}

impl Piece {
    /// Bytes of a file, unchanged.
    pub fn old(path: &str, bytes: &[u8], range: Range<usize>) -> Self {
        Self { bytes: bytes[range.clone()].to_vec(), from: Some((path.into(), range)) }
    }

    /// What was put in.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), from: None }
    }

    /// What stands in the place of these bytes.
    pub fn instead(path: &str, range: Range<usize>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), from: Some((path.into(), range)) }
    }
}

/// A replacement in one file; an insertion where `range` is empty.
#[derive(Clone, Debug)]
pub struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

impl Edit {
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { range: at..at, text: text.into() }
    }
}

/// The pieces of a file after edits, which may not overlap. Insertions at one place stay in their order.
pub fn edited(path: &str, bytes: &[u8], mut edits: Vec<Edit>) -> Vec<Piece> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let (mut pieces, mut at) = (Vec::new(), 0);
    for edit in edits {
        assert!(at <= edit.range.start, "{path}: edits overlap at byte {}", edit.range.start);
        if at < edit.range.start {
            pieces.push(Piece::old(path, bytes, at..edit.range.start));
        }
        if edit.range.is_empty() {
            pieces.push(Piece::new(edit.text));
        } else {
            pieces.push(Piece::instead(path, edit.range.clone(), edit.text));
        }
        at = edit.range.end;
    }
    pieces.push(Piece::old(path, bytes, at..bytes.len()));
    pieces
}

/// An app after a change: the pieces of each file that it has now.
pub type Pieces = BTreeMap<String, Vec<Piece>>;

/// A file's bytes.
pub fn bytes(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect()
}

/// A place of the changed app that an old place may have become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub path: String,
    /// Where the first byte may lie now: several places if brackets or a key stand before it.
    pub start: Range<usize>,
}

/// Where the code that began at a byte is now. Copies give several places; code that is gone none.
pub fn images(app: &Pieces, path: &str, at: usize) -> Vec<Image> {
    let mut found = Vec::new();
    for (now, pieces) in app {
        let mut offset = 0;
        // Length of what was put in directly before and belongs to it.
        let mut brackets = 0;
        for piece in pieces {
            if let Some((from, range)) = &piece.from {
                let is_here = from == path && (range.contains(&at) || range.is_empty() && range.start == at);
                if is_here {
                    // What was replaced keeps its ends.
                    let is_same_length = range.len() == piece.bytes.len();
                    let inside = if is_same_length { at - range.start } else { 0 };
                    let before = if inside == 0 { brackets } else { 0 };
                    let place = offset + inside;
                    found.push(Image { path: now.clone(), start: place - before..place + 1 });
                }
                if !piece.bytes.is_empty() {
                    brackets = 0;
                }
            } else if piece.bytes.iter().all(|byte| *byte == b'(') || piece.bytes.ends_with(b": ") {
                // Brackets, or the key of `{ name: renamed }` that was `{ name }`.
                brackets += piece.bytes.len();
            } else {
                brackets = 0;
            }
            offset += piece.bytes.len();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(pieces: Vec<Piece>) -> Pieces {
        Pieces::from([("a.js".to_owned(), pieces)])
    }

    /// First and last of each.
    fn starts(app: &Pieces, at: usize) -> Vec<(usize, usize)> {
        images(app, "a.js", at).into_iter().map(|image| (image.start.start, image.start.end - 1)).collect()
    }

    #[test]
    fn what_was_put_in_moves_what_follows() {
        let app =
            app(edited("a.js", b"f(xy);", vec![Edit::insert(0, "/**/"), Edit::insert(2, "("), Edit::insert(4, ")")]));
        assert_eq!(bytes(&app["a.js"]), b"/**/f((xy));");
        assert_eq!(starts(&app, 0), [(4, 4)]);
        assert_eq!(starts(&app, 2), [(6, 7)], "the bracket before it or itself");
        assert_eq!(starts(&app, 3), [(8, 8)]);
        assert_eq!(starts(&app, 5), [(11, 11)]);
        assert_eq!(images(&app, "b.js", 0), []);
    }

    #[test]
    fn what_was_replaced_begins_where_it_began() {
        let app = app(edited("a.js", b"win.f()", vec![Edit { range: 0..3, text: "variable".into() }]));
        assert_eq!((starts(&app, 0), starts(&app, 4)), (vec![(0, 0)], vec![(9, 9)]));
    }

    #[test]
    fn copies_are_several_places() {
        let old = b"a;b;";
        let app =
            app(vec![Piece::old("a.js", old, 2..4), Piece::old("a.js", old, 0..2), Piece::old("a.js", old, 2..4)]);
        assert_eq!(starts(&app, 2), [(0, 0), (4, 4)]);
        assert_eq!(starts(&app, 0), [(2, 2)]);
    }
}
