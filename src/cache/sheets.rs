//! The sheets of all files of one app, in one entry: to open a file for each of ten thousand costs more than to parse them.
//!
//! Their number, then the digest and the length in bytes of each, then one after the other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use electrolint_model::app::Sheets;

use super::digest::Digest;
use super::folder::{Entry, LONGEST};

/// What the files of an app say, as it was read. Only what is asked for is decoded.
#[derive(Default)]
pub(crate) struct Pack {
    entry: Option<Entry>,
    /// Of each file, where it lies in the entry.
    index: HashMap<Digest, Range<usize>>,
}

/// The parts of an entry.
#[derive(Default)]
pub(super) struct Packed {
    rows: Vec<u8>,
    sheets: Vec<u8>,
    count: u32,
}

impl Packed {
    /// Hands the parts on.
    pub(super) fn parts<T>(&self, to: impl FnOnce(&[&[u8]]) -> T) -> T {
        to(&[&self.count.to_le_bytes(), &self.rows, &self.sheets])
    }
}

impl Pack {
    /// Reads the index; `None` if this is no pack.
    pub(super) fn read(entry: Entry) -> Option<Self> {
        let index = index(entry.body())?;
        Some(Self { entry: Some(entry), index })
    }

    /// What is there of a file.
    pub(super) fn find(&self, digest: Digest) -> Option<&[u8]> {
        self.entry.as_ref()?.body().get(self.index.get(&digest)?.clone())
    }

    /// A pack of these files, which have about so many bytes of text: what is here already is copied. `None` if it is longer than
    /// what is kept.
    pub(super) fn renewed(&self, bytes: usize, sheets: impl Iterator<Item = (Digest, Arc<Sheets>)>) -> Option<Packed> {
        // Twice as long as the texts, as a rule, where these are short; never more.
        let mut packed =
            Packed { sheets: Vec::with_capacity(bytes.saturating_mul(2).min(LONGEST)), ..Packed::default() };
        for (digest, sheets) in sheets {
            let before = packed.sheets.len();
            match self.find(digest) {
                Some(known) => packed.sheets.extend_from_slice(known),
                None => packed.sheets = postcard::to_extend(&*sheets, packed.sheets).ok()?,
            }
            if packed.sheets.len() > LONGEST {
                return None;
            }
            packed.rows.extend_from_slice(digest.bytes());
            packed.rows.extend_from_slice(&u32::try_from(packed.sheets.len() - before).ok()?.to_le_bytes());
            packed.count += 1;
        }
        Some(packed)
    }
}

fn index(body: &[u8]) -> Option<HashMap<Digest, Range<usize>>> {
    let (count, mut rows) = body.split_first_chunk::<4>()?;
    let count = u32::from_le_bytes(*count) as usize;
    let mut start = count.checked_mul(Digest::LENGTH + 4)?.checked_add(4)?;
    let mut index = HashMap::with_capacity(count.min(rows.len() / Digest::LENGTH));
    for _ in 0..count {
        let (digest, rest) = rows.split_first_chunk::<{ Digest::LENGTH }>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let end = start.checked_add(u32::from_le_bytes(*length) as usize)?;
        index.insert(Digest::from(*digest), start..end);
        (start, rows) = (end, rest);
    }
    (start == body.len()).then_some(index)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use electrolint_model::app::summarise;
    use electrolint_model::source::{FileKind, Role, SourceFile};
    use electrolint_model::text::Text;

    use super::*;
    use crate::cache::digest::Digester;
    use crate::cache::folder::{Folder, Kind};

    fn sheets(text: &str) -> Arc<Sheets> {
        let text = Arc::new(Text::plain(text));
        Arc::new(summarise(&SourceFile { path: "a.js".into(), kind: FileKind::JavaScript, role: Role::Own, text }))
    }

    fn name(text: &str) -> Digest {
        Digester::new(text).finish()
    }

    /// Writes and reads it.
    fn through(folder: &Path, packed: &Packed) -> Pack {
        let mut folder = Folder::open(folder, &[], "this").unwrap();
        packed.parts(|parts| folder.write(Kind::Sheets, name("app"), parts)).unwrap();
        Pack::read(folder.read(Kind::Sheets, name("app")).unwrap()).unwrap()
    }

    #[test]
    fn what_is_packed_is_found_again() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("cache");
        let (one, two) = (sheets("f(1.5, -0, 'é', /x/g, `a${b}c`)"), sheets("class A { async *b() {} }"));
        let read = |pack: &Pack, digest| crate::cache::decode::<Sheets>(pack.find(digest)?);
        let first = Pack::default().renewed(0, [(name("1"), one.clone()), (name("2"), two.clone())].into_iter());
        let first = through(&folder, &first.unwrap());
        assert_eq!(read(&first, name("1")).as_ref(), Some(&*one));
        assert_eq!(read(&first, name("2")).as_ref(), Some(&*two));
        assert_eq!(read(&first, name("3")), None);
        // What is there is copied, whatever is handed over.
        let second = first.renewed(0, [(name("2"), one.clone()), (name("3"), one.clone())].into_iter());
        let second = through(&folder, &second.unwrap());
        assert_eq!(read(&second, name("1")), None);
        assert_eq!(read(&second, name("2")).as_ref(), Some(&*two));
        assert_eq!(read(&second, name("3")).as_ref(), Some(&*one));
    }

    #[test]
    fn what_is_no_pack_is_refused() {
        let packed = Pack::default().renewed(9, [(name("1"), sheets("f()"))].into_iter()).unwrap();
        let body = packed.parts(|parts| parts.concat());
        assert_eq!(index(&body).map(|index| index.len()), Some(1));
        assert!((0..body.len()).all(|length| index(&body[..length]).is_none()));
        assert!(index(&[&body[..], b"x"].concat()).is_none());
        assert!(index(&[0xff; 4]).is_none());
        assert!(index(&[0xff; 100]).is_none());
        assert_eq!(index(&[0; 4]).map(|index| index.len()), Some(0));
    }
}
