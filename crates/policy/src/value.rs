//! The values that cross the boundary of a sandbox: what the structured-clone algorithm can carry
//! (<https://html.spec.whatwg.org/multipage/structured-data.html>).

/// A JavaScript string: UTF-16 that need not be well formed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    /// A well-formed string.
    Utf8(String),
    /// A string with at least one lone surrogate, as UTF-16 code units. [`Text::from_utf16`] makes only these.
    Utf16(Vec<u16>),
}

impl Text {
    /// The string with these code units, as [`Text::Utf8`] whenever it is well formed.
    #[must_use]
    pub fn from_utf16(units: Vec<u16>) -> Self {
        String::from_utf16(&units).map_or(Self::Utf16(units), Self::Utf8)
    }

    /// The string, if it is well formed.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Utf8(text) => Some(text),
            Self::Utf16(_) => None,
        }
    }

    /// The string with each lone surrogate replaced by U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> String {
        match self {
            Self::Utf8(text) => text.clone(),
            Self::Utf16(units) => String::from_utf16_lossy(units),
        }
    }

    /// Length in UTF-16 code units, as `length` gives it.
    #[must_use]
    pub fn len_utf16(&self) -> usize {
        match self {
            Self::Utf8(text) => text.encode_utf16().count(),
            Self::Utf16(units) => units.len(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Utf8(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Utf8(text)
    }
}

/// What kind of object bytes are on the JavaScript side. A view is carried with the bytes that it shows; two views of
/// one buffer arrive as two buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the JavaScript class of the same name")]
pub enum BytesKind {
    ArrayBuffer,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float32Array,
    Float64Array,
    DataView,
}

impl BytesKind {
    /// Every kind; the position is the number on the wire.
    pub const ALL: [Self; 13] = [
        Self::ArrayBuffer,
        Self::Int8Array,
        Self::Uint8Array,
        Self::Uint8ClampedArray,
        Self::Int16Array,
        Self::Uint16Array,
        Self::Int32Array,
        Self::Uint32Array,
        Self::BigInt64Array,
        Self::BigUint64Array,
        Self::Float32Array,
        Self::Float64Array,
        Self::DataView,
    ];

    /// Bytes of one element; the length of the bytes is a multiple of it.
    #[must_use]
    pub fn element_bytes(self) -> usize {
        match self {
            Self::ArrayBuffer | Self::Int8Array | Self::Uint8Array | Self::Uint8ClampedArray | Self::DataView => 1,
            Self::Int16Array | Self::Uint16Array => 2,
            Self::Int32Array | Self::Uint32Array | Self::Float32Array => 4,
            Self::BigInt64Array | Self::BigUint64Array | Self::Float64Array => 8,
        }
    }

    /// The name of the JavaScript class.
    #[must_use]
    pub fn class_name(self) -> &'static str {
        match self {
            Self::ArrayBuffer => "ArrayBuffer",
            Self::Int8Array => "Int8Array",
            Self::Uint8Array => "Uint8Array",
            Self::Uint8ClampedArray => "Uint8ClampedArray",
            Self::Int16Array => "Int16Array",
            Self::Uint16Array => "Uint16Array",
            Self::Int32Array => "Int32Array",
            Self::Uint32Array => "Uint32Array",
            Self::BigInt64Array => "BigInt64Array",
            Self::BigUint64Array => "BigUint64Array",
            Self::Float32Array => "Float32Array",
            Self::Float64Array => "Float64Array",
            Self::DataView => "DataView",
        }
    }
}

/// One structured-clone value.
///
/// Objects of a message (everything from [`Value::Bytes`] down to [`Value::Error`]) are numbered from 0 in the order in
/// which they begin, outermost first. The second time that the same object appears it is a [`Value::Ref`] with that
/// number; this is how cycles and shared objects travel.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `undefined`
    Undefined,
    /// `null`
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; integers are numbers too.
    Number(f64),
    /// A bigint in decimal digits with an optional `-`.
    BigInt(String),
    /// A string.
    String(Text),
    /// An object that has appeared before in this message.
    Ref(u32),
    /// An `ArrayBuffer` or a view.
    Bytes(BytesKind, Vec<u8>),
    /// Milliseconds since 1970-01-01 UTC; NaN for an invalid date.
    Date(f64),
    /// A regular expression: source and flags. It is never compiled on the host.
    RegExp(Text, Text),
    /// A list; holes arrive as `undefined`.
    Array(Vec<Value>),
    /// Own enumerable string keys in order.
    Object(Vec<(Text, Value)>),
    /// A `Map` in insertion order.
    Map(Vec<(Value, Value)>),
    /// A `Set` in insertion order.
    Set(Vec<Value>),
    /// An error object, reduced to its strings.
    Error {
        /// `name`, such as `TypeError`.
        name: Text,
        /// `message`
        message: Text,
        /// `stack`, empty when there is none.
        stack: Text,
    },
}

impl Value {
    /// Whether the value is numbered for [`Value::Ref`].
    #[must_use]
    pub fn is_object(&self) -> bool {
        !matches!(
            self,
            Self::Undefined
                | Self::Null
                | Self::Bool(_)
                | Self::Number(_)
                | Self::BigInt(_)
                | Self::String(_)
                | Self::Ref(_)
        )
    }

    /// The member `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Object(members) => members.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The direct parts of a composite value, in the order in which they are numbered.
    pub fn children(&self) -> impl Iterator<Item = &Value> {
        let list: &[Value] = match self {
            Self::Array(items) | Self::Set(items) => items,
            _ => &[],
        };
        let entries: &[(Value, Value)] = match self {
            Self::Map(entries) => entries,
            _ => &[],
        };
        let members: &[(Text, Value)] = match self {
            Self::Object(members) => members,
            _ => &[],
        };
        list.iter().chain(entries.iter().flat_map(|(k, v)| [k, v])).chain(members.iter().map(|(_, v)| v))
    }
}

macro_rules! from {
    ($($type:ty => $make:expr),* $(,)?) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                $make(value)
            }
        })*
    };
}

from! {
    bool => Value::Bool,
    f64 => Value::Number,
    i32 => |n| Value::Number(f64::from(n)),
    u32 => |n| Value::Number(f64::from(n)),
    &str => |s| Value::String(Text::from(s)),
    String => |s| Value::String(Text::from(s)),
    Vec<Value> => Value::Array,
    () => |()| Value::Undefined,
}
