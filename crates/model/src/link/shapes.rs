//! Sets of texts that say of most others at a glance that they do not hold them.

/// Bits of a set.
const BITS: usize = 4096;

/// What a set of texts looks like: a bit for each length and pair of ends.
#[derive(Default)]
pub(super) struct Shapes(Option<Box<[u64; BITS / 64]>>);

impl Shapes {
    fn bit(text: &str) -> (usize, u64) {
        let bytes = text.as_bytes();
        let end = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or(0));
        let bit = (bytes.len() * 31 + end(bytes.first()) * 7 + end(bytes.last()) * 131) % BITS;
        (bit / 64, 1 << (bit % 64))
    }

    pub(super) fn insert(&mut self, text: &str) {
        let (word, bit) = Self::bit(text);
        self.0.get_or_insert_with(|| Box::new([0; BITS / 64]))[word] |= bit;
    }

    /// Whether nothing was put in.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the set may hold a text.
    pub(super) fn may_hold(&self, text: &str) -> bool {
        let (word, bit) = Self::bit(text);
        self.0.as_ref().is_some_and(|words| words[word] & bit != 0)
    }

    /// Whether both sets may hold the same text.
    pub(super) fn may_share(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => a.iter().zip(b.iter()).any(|(a, b)| a & b != 0),
            _ => false,
        }
    }
}

impl<'t> FromIterator<&'t str> for Shapes {
    fn from_iter<I: IntoIterator<Item = &'t str>>(texts: I) -> Self {
        let mut shapes = Self::default();
        texts.into_iter().for_each(|text| shapes.insert(text));
        shapes
    }
}
