//! Structured-clone values as bytes.

use electrolint_policy::{BytesKind, Text, Value};

/// Deepest nesting of a value.
pub const MAX_DEPTH: usize = 100;
/// Most values in one frame, nested ones and keys included.
pub const MAX_NODES: usize = 100_000;

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum DecodeError {
    #[error("the frame ends early")]
    Truncated,
    #[error("the frame goes on after its end")]
    Trailing,
    #[error("unknown tag {0}")]
    Tag(u8),
    #[error("a string that is not in its one valid form")]
    Text,
    #[error("a bigint that is not in decimal digits")]
    BigInt,
    #[error("bytes that are no whole number of elements")]
    Bytes,
    #[error("a reference to an object that has not begun")]
    Reference,
    #[error("nested deeper than {MAX_DEPTH}")]
    Depth,
    #[error("more than {MAX_NODES} values")]
    Nodes,
    #[error("longer than its bound")]
    Length,
}

mod tag {
    pub(super) const UNDEFINED: u8 = 0;
    pub(super) const NULL: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const TRUE: u8 = 3;
    pub(super) const NUMBER: u8 = 4;
    pub(super) const BIGINT: u8 = 5;
    pub(super) const UTF8: u8 = 6;
    pub(super) const UTF16: u8 = 7;
    pub(super) const REFERENCE: u8 = 8;
    pub(super) const BYTES: u8 = 9;
    pub(super) const DATE: u8 = 10;
    pub(super) const REGEXP: u8 = 11;
    pub(super) const ARRAY: u8 = 12;
    pub(super) const OBJECT: u8 = 13;
    pub(super) const MAP: u8 = 14;
    pub(super) const SET: u8 = 15;
    pub(super) const ERROR: u8 = 16;
    /// A number that is a small integer: two bytes shorter than most, and most numbers are.
    pub(super) const INTEGER: u8 = 17;
}

/// Appends values to a frame.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn u8(&mut self, n: u8) {
        self.0.push(n);
    }

    pub(crate) fn u32(&mut self, n: u32) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, n: u64) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    /// A length. What is longer than 4 GiB cannot be in memory as a frame; it is cut and refused by its size.
    fn length(&mut self, n: usize) {
        self.u32(u32::try_from(n).unwrap_or(u32::MAX));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &Text) {
        match text {
            Text::Utf8(text) => {
                self.u8(tag::UTF8);
                self.bytes(text.as_bytes());
            }
            Text::Utf16(units) => {
                self.u8(tag::UTF16);
                self.length(units.len());
                self.0.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            }
        }
    }

    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Undefined => self.u8(tag::UNDEFINED),
            Value::Null => self.u8(tag::NULL),
            Value::Bool(value) => self.u8(if *value { tag::TRUE } else { tag::FALSE }),
            Value::Number(n) => match small_integer(*n) {
                Some(n) => {
                    self.u8(tag::INTEGER);
                    self.0.extend_from_slice(&n.to_le_bytes());
                }
                None => {
                    self.u8(tag::NUMBER);
                    self.u64(n.to_bits());
                }
            },
            Value::BigInt(digits) => {
                self.u8(tag::BIGINT);
                self.bytes(digits.as_bytes());
            }
            Value::String(text) => self.text(text),
            Value::Ref(number) => {
                self.u8(tag::REFERENCE);
                self.u32(*number);
            }
            Value::Bytes(kind, bytes) => {
                self.u8(tag::BYTES);
                self.u8(BytesKind::ALL.iter().position(|k| k == kind).unwrap_or(0) as u8);
                self.bytes(bytes);
            }
            Value::Date(ms) => {
                self.u8(tag::DATE);
                self.u64(ms.to_bits());
            }
            Value::RegExp(source, flags) => {
                self.u8(tag::REGEXP);
                self.text(source);
                self.text(flags);
            }
            Value::Array(items) => self.list(tag::ARRAY, items),
            Value::Set(items) => self.list(tag::SET, items),
            Value::Object(members) => {
                self.u8(tag::OBJECT);
                self.length(members.len());
                for (key, member) in members {
                    self.text(key);
                    self.value(member);
                }
            }
            Value::Map(entries) => {
                self.u8(tag::MAP);
                self.length(entries.len());
                for (key, item) in entries {
                    self.value(key);
                    self.value(item);
                }
            }
            Value::Error { name, message, stack } => {
                self.u8(tag::ERROR);
                self.text(name);
                self.text(message);
                self.text(stack);
            }
        }
    }

    fn list(&mut self, tag: u8, items: &[Value]) {
        self.u8(tag);
        self.length(items.len());
        items.iter().for_each(|item| self.value(item));
    }
}

/// The integer that `n` is, unless it is −0, which an integer cannot say.
fn small_integer(n: f64) -> Option<i32> {
    let integer = n as i32;
    (f64::from(integer).to_bits() == n.to_bits()).then_some(integer)
}

/// Reads one frame. Never panics; allocates no more than a constant times the length of the frame.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    nodes: usize,
    objects: u32,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, nodes: 0, objects: 0 }
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }

    fn take(&mut self, n: usize) -> Result<&'b [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub(crate) fn string(&mut self) -> Result<String, DecodeError> {
        std::str::from_utf8(self.bytes()?).map(str::to_owned).map_err(|_| DecodeError::Text)
    }

    pub(crate) fn text(&mut self) -> Result<Text, DecodeError> {
        match self.u8()? {
            tag::UTF8 => self.string().map(Text::Utf8),
            tag::UTF16 => self.utf16(),
            other => Err(DecodeError::Tag(other)),
        }
    }

    fn utf16(&mut self) -> Result<Text, DecodeError> {
        let length = self.u32()? as usize;
        let bytes = self.take(length.checked_mul(2).ok_or(DecodeError::Length)?)?;
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        match Text::from_utf16(units) {
            // One string has one form, so that two keys that are equal are equal bytes.
            Text::Utf8(_) => Err(DecodeError::Text),
            ill_formed => Ok(ill_formed),
        }
    }

    pub(crate) fn value(&mut self) -> Result<Value, DecodeError> {
        self.nested(0)
    }

    fn node(&mut self) -> Result<(), DecodeError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err(DecodeError::Nodes) } else { Ok(()) }
    }

    fn nested(&mut self, depth: usize) -> Result<Value, DecodeError> {
        self.node()?;
        let tag = self.u8()?;
        if (tag::BYTES..=tag::ERROR).contains(&tag) {
            self.objects += 1;
        }
        if (tag::ARRAY..=tag::SET).contains(&tag) && depth == MAX_DEPTH {
            return Err(DecodeError::Depth);
        }
        Ok(match tag {
            tag::UNDEFINED => Value::Undefined,
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INTEGER => Value::Number(f64::from(i32::from_le_bytes(self.array()?))),
            tag::NUMBER => Value::Number(f64::from_bits(self.u64()?)),
            tag::BIGINT => Value::BigInt(self.bigint()?),
            tag::UTF8 => Value::String(self.string().map(Text::Utf8)?),
            tag::UTF16 => Value::String(self.utf16()?),
            tag::REFERENCE => match self.u32()? {
                number if number < self.objects => Value::Ref(number),
                _ => return Err(DecodeError::Reference),
            },
            tag::BYTES => {
                let kind = self.u8()?;
                let kind = BytesKind::ALL.get(usize::from(kind)).ok_or(DecodeError::Tag(kind))?;
                let bytes = self.bytes()?;
                if !bytes.len().is_multiple_of(kind.element_bytes()) {
                    return Err(DecodeError::Bytes);
                }
                Value::Bytes(*kind, bytes.to_vec())
            }
            tag::DATE => Value::Date(f64::from_bits(self.u64()?)),
            tag::REGEXP => Value::RegExp(self.text()?, self.text()?),
            tag::ARRAY => Value::Array(self.list(depth)?),
            tag::SET => Value::Set(self.list(depth)?),
            tag::OBJECT => {
                let length = self.u32()?;
                let mut members = Vec::new();
                for _ in 0..length {
                    self.node()?;
                    members.push((self.text()?, self.nested(depth + 1)?));
                }
                Value::Object(members)
            }
            tag::MAP => {
                let length = self.u32()?;
                let mut entries = Vec::new();
                for _ in 0..length {
                    entries.push((self.nested(depth + 1)?, self.nested(depth + 1)?));
                }
                Value::Map(entries)
            }
            tag::ERROR => Value::Error { name: self.text()?, message: self.text()?, stack: self.text()? },
            other => return Err(DecodeError::Tag(other)),
        })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, DecodeError> {
        let length = self.u32()?;
        // Grown as items arrive: the length is the sender's word.
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.nested(depth + 1)?);
        }
        Ok(items)
    }

    fn bigint(&mut self) -> Result<String, DecodeError> {
        let text = self.string().map_err(|_| DecodeError::BigInt)?;
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let canonical = match digits.as_bytes() {
            [b'0'] => !text.starts_with('-'),
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        if canonical { Ok(text) } else { Err(DecodeError::BigInt) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn samples() -> Vec<Value> {
        vec![
            Value::Undefined,
            Value::Null,
            true.into(),
            false.into(),
            0.into(),
            (-0.0).into(),
            1.5.into(),
            f64::INFINITY.into(),
            f64::from(i32::MIN).into(),
            4_294_967_296.0.into(),
            Value::BigInt("-123456789012345678901234567890".into()),
            Value::BigInt("0".into()),
            "h\u{e9}llo \u{1f600}\0".into(),
            Value::String(Text::from_utf16(vec![0xd800, 0x61])),
            Value::Date(1.0),
            Value::RegExp("a+".into(), "gi".into()),
            Value::Map(vec![("k".into(), Value::Set(vec![1.into()]))]),
            Value::Array(vec![Value::Object(vec![("self".into(), Value::Ref(0))]), Value::Ref(1)]),
            Value::Error { name: "TypeError".into(), message: "m".into(), stack: "".into() },
        ]
        .into_iter()
        .chain(BytesKind::ALL.map(|kind| Value::Bytes(kind, vec![7; 16])))
        .collect()
    }

    fn round_trip(value: &Value) -> Result<Value, DecodeError> {
        let mut writer = Writer::default();
        writer.value(value);
        let mut reader = Reader::new(&writer.0);
        let back = reader.value()?;
        reader.end()?;
        Ok(back)
    }

    #[test]
    fn what_is_written_is_read() {
        for value in samples() {
            assert_eq!(round_trip(&value).as_ref(), Ok(&value));
        }
        let all = Value::Array(samples().into_iter().filter(|v| !matches!(v, Value::Array(_))).collect());
        assert_eq!(round_trip(&all).as_ref(), Ok(&all));
        assert!(matches!(round_trip(&f64::NAN.into()), Ok(Value::Number(n)) if n.is_nan()));
        assert!(matches!(round_trip(&(-0.0).into()), Ok(Value::Number(n)) if n.is_sign_negative()));
    }

    #[test]
    fn bounds_and_forms() {
        let nested = |n: usize| (0..n).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(round_trip(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(round_trip(&nested(MAX_DEPTH + 1)), Err(DecodeError::Depth));
        let wide = |n: usize| Value::Array(vec![Value::Null; n]);
        assert!(round_trip(&wide(MAX_NODES - 1)).is_ok());
        assert_eq!(round_trip(&wide(MAX_NODES)), Err(DecodeError::Nodes));
        assert_eq!(round_trip(&Value::Ref(0)), Err(DecodeError::Reference));
        assert_eq!(round_trip(&Value::Array(vec![Value::Ref(1)])), Err(DecodeError::Reference));
        assert_eq!(round_trip(&Value::String(Text::Utf16(vec![0x61]))), Err(DecodeError::Text));
        assert_eq!(round_trip(&Value::Bytes(BytesKind::Float64Array, vec![0; 7])), Err(DecodeError::Bytes));
        for bad in ["", "-", "-0", "01", "1e3", "+1", " 1", "0x1"] {
            assert_eq!(round_trip(&Value::BigInt(bad.into())), Err(DecodeError::BigInt), "{bad}");
        }
        assert_eq!(Reader::new(&[tag::ARRAY, 255, 255, 255, 255]).value(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[tag::UTF16, 255, 255, 255, 255]).value(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[200]).value(), Err(DecodeError::Tag(200)));
        let mut reader = Reader::new(&[tag::NULL, tag::NULL]);
        assert!(reader.value().is_ok() && reader.end() == Err(DecodeError::Trailing));
    }
}
