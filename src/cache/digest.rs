//! Digests of what an analysis reads.
//!
//! What is read may be hostile: nobody may be able to make two texts of the same digest, so it is a cryptographic one.

use std::fmt::{self, Debug, Write};

/// BLAKE3, 256 bits: <https://github.com/BLAKE3-team/BLAKE3-specs>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; Self::LENGTH]);

impl Digest {
    /// In bytes.
    pub(super) const LENGTH: usize = 32;

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; Digest::LENGTH]> for Digest {
    fn from(bytes: [u8; Digest::LENGTH]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Digests a sequence of parts: no part can be taken for the end of the one before it.
pub(super) struct Digester {
    hasher: blake3::Hasher,
    /// What was not handed on yet: long stretches are digested several times as fast as short ones.
    waiting: Vec<u8>,
}

/// Bytes that are handed on together.
const STRETCH: usize = 64 << 10;

impl Digester {
    /// Of a sequence that is of this sort, which no sequence of another sort is the same as.
    pub(super) fn new(sort: &str) -> Self {
        let mut digester = Self { hasher: blake3::Hasher::new(), waiting: Vec::new() };
        digester.text(sort);
        digester
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).more(bytes)
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.more(&number.to_le_bytes())
    }

    /// A value by all of its fields, as its derived `Debug` writes them: a field that is added later counts by itself.
    pub(super) fn value(&mut self, value: &impl Debug) -> &mut Self {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.text(&text)
    }

    /// Bytes that nobody could take for others, because they come last or there is always the same number of them.
    pub(super) fn more(&mut self, bytes: &[u8]) -> &mut Self {
        if self.waiting.len() + bytes.len() > STRETCH {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
        if bytes.len() > STRETCH {
            self.hasher.update(bytes);
        } else {
            self.waiting.extend_from_slice(bytes);
        }
        self
    }

    pub(super) fn finish(&mut self) -> Digest {
        self.hasher.update(&self.waiting);
        self.waiting.clear();
        Digest(*self.hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_parts_are_digested_as_they_are() {
        let of = |text: &str| Digester::new("a").text("b").text(text).number(7).finish();
        for length in [0, 1, 1000, STRETCH - 30, STRETCH - 1, STRETCH, STRETCH + 1, 3 * STRETCH] {
            let mut plain = blake3::Hasher::new();
            for part in ["a", "b", &"x".repeat(length)] {
                plain.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
            }
            plain.update(&7_u64.to_le_bytes());
            assert_eq!(of(&"x".repeat(length)), Digest(*plain.finalize().as_bytes()), "{length}");
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let of = |parts: &[&str]| {
            let mut digester = Digester::new("a");
            parts.iter().fold(&mut digester, |digester, part| digester.text(part)).finish()
        };
        let all = [of(&[]), of(&[""]), of(&["", ""]), of(&["ab"]), of(&["a", "b"]), of(&["", "ab"]), of(&["ab", ""])];
        for (index, digest) in all.iter().enumerate() {
            assert!(!all[..index].contains(digest), "{index}");
        }
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(Digester::new("a").finish(), Digester::new("b").finish());
        assert_eq!(of(&[]).to_string().len(), 2 * Digest::LENGTH);
    }
}
