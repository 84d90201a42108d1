//! From a place in a decoded attribute value back to the page.

use std::ops::Range;

use super::{Attribute, TextSpan};

/// Where the bytes of a decoded value stand in the text.
///
/// Line ends and character references are shorter decoded than written; where the way back cannot be told, every place
/// is the whole value.
#[derive(Clone, Debug)]
pub struct Offsets {
    whole: TextSpan,
    /// From this decoded offset on, the text's offset is this one and counts on; sorted; `None` when unknown.
    steps: Option<Vec<(u32, u32)>>,
}

impl Offsets {
    /// The way back for a value of this text.
    pub fn of(text: &str, attribute: &Attribute) -> Self {
        let whole = attribute.value_span;
        let raw = text.get(whole.0 as usize..whole.1 as usize).unwrap_or_default();
        let decoded = attribute.value.as_deref().unwrap_or_default();
        Self { whole, steps: steps(raw, decoded, whole.0) }
    }

    /// The way back for a stretch of the text that needs no decoding.
    pub fn verbatim(span: TextSpan) -> Self {
        Self { whole: span, steps: Some(vec![(0, span.0)]) }
    }

    /// Where this stretch of the decoded value stands in the text.
    pub fn span(&self, decoded: Range<usize>) -> TextSpan {
        let Some(steps) = &self.steps else { return self.whole };
        let place = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            let index = steps.partition_point(|step| step.0 <= offset);
            let (from, to) = steps.get(index.saturating_sub(1)).copied().unwrap_or((0, self.whole.0));
            to.saturating_add(offset.saturating_sub(from)).clamp(self.whole.0, self.whole.1)
        };
        (place(decoded.start), place(decoded.end))
    }
}

fn steps(raw: &str, decoded: &str, start: u32) -> Option<Vec<(u32, u32)>> {
    let (raw, decoded) = (raw.as_bytes(), decoded.as_bytes());
    let mut steps = vec![(0, start)];
    let (mut from, mut to) = (0, 0);
    while let Some(&byte) = raw.get(from) {
        let (raw_length, decoded_length) = match byte {
            b'\r' => (if raw.get(from + 1) == Some(&b'\n') { 2 } else { 1 }, 1),
            b'&' => reference(raw.get(from..)?, decoded.get(to..)?).unwrap_or((1, 1)),
            _ => (1, 1),
        };
        if raw_length == 1 && byte != b'\r' && decoded.get(to) != Some(&byte) {
            return None;
        }
        from += raw_length;
        to += decoded_length;
        if raw_length != decoded_length {
            steps.push((u32::try_from(to).ok()?, start + u32::try_from(from).ok()?));
        }
    }
    (to == decoded.len()).then_some(steps)
}

/// Lengths of a character reference as written and decoded; `None` when the sign stands for itself.
fn reference(raw: &[u8], decoded: &[u8]) -> Option<(usize, usize)> {
    // The longest name in the standard has 32 characters with its semicolon.
    let end = raw.iter().take(33).position(|byte| *byte == b';')?;
    if decoded.starts_with(raw.get(..=end)?) {
        return None;
    }
    let first = *decoded.first()?;
    let length = match first {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    };
    Some((end + 1, length))
}
