//! Values for handlers in Rust types, by way of serde.

use electrolint_policy::{Text, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Deepest chain of references that is followed. A cycle has no form in Rust types and ends here.
const MAX_DEPTH: usize = 200;
/// Most values after shared objects have been written out.
const MAX_NODES: usize = 200_000;

/// Why a value has no form in the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConvertError(String);

/// The value as `T`.
///
/// Numbers without fraction are integers, `undefined` and `null` are both none, dates are milliseconds, bytes are lists
/// of numbers, sets are lists, maps are lists of pairs, bigints are strings, shared objects are written out.
///
/// # Errors
/// When `T` has another shape, and for cyclic values, NaN, infinities and lone surrogates, which have no form.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, ConvertError> {
    let mut objects = Vec::new();
    number(value, &mut objects);
    let json = to_json(value, &objects, 0, &mut 0)?;
    serde_json::from_value(json).map_err(|error| ConvertError(error.to_string()))
}

/// `value` as a structured-clone value: structs and maps become objects, sequences arrays.
///
/// # Errors
/// When serde cannot write it: a map whose keys are no strings.
pub fn to_value<T: Serialize>(value: &T) -> Result<Value, ConvertError> {
    serde_json::to_value(value).map(|json| from_json(&json)).map_err(|error| ConvertError(error.to_string()))
}

fn number<'v>(root: &'v Value, objects: &mut Vec<&'v Value>) {
    if root.is_object() {
        objects.push(root);
    }
    root.children().for_each(|child| number(child, objects));
}

fn to_json(value: &Value, objects: &[&Value], depth: usize, nodes: &mut usize) -> Result<Json, ConvertError> {
    *nodes += 1;
    if depth > MAX_DEPTH || *nodes > MAX_NODES {
        return Err(ConvertError("the value is cyclic or too large to write out".into()));
    }
    let mut inner = |value: &Value| to_json(value, objects, depth + 1, nodes);
    Ok(match value {
        Value::Undefined | Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 => Json::from(*n as i64),
        Value::Number(n) | Value::Date(n) => serde_json::Number::from_f64(*n)
            .map(Json::Number)
            .ok_or_else(|| ConvertError(format!("{n} is not finite")))?,
        Value::BigInt(digits) => Json::String(digits.clone()),
        Value::String(text) => Json::String(whole(text)?),
        Value::Ref(to) => match objects.get(*to as usize) {
            Some(object) => inner(object)?,
            None => return Err(ConvertError("a reference to nothing".into())),
        },
        Value::Bytes(_, bytes) => Json::from(bytes.as_slice()),
        Value::RegExp(source, flags) => Json::String(format!("/{}/{}", whole(source)?, whole(flags)?)),
        Value::Array(items) | Value::Set(items) => Json::Array(items.iter().map(inner).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let mut map = serde_json::Map::new();
            for (key, member) in members {
                map.insert(whole(key)?, inner(member)?);
            }
            Json::Object(map)
        }
        Value::Map(entries) => {
            let mut pairs = Vec::new();
            for (key, item) in entries {
                pairs.push(Json::Array(vec![inner(key)?, inner(item)?]));
            }
            Json::Array(pairs)
        }
        Value::Error { name, message, stack } => {
            serde_json::json!({ "name": whole(name)?, "message": whole(message)?, "stack": whole(stack)? })
        }
    })
}

fn whole(text: &Text) -> Result<String, ConvertError> {
    text.as_str().map(str::to_owned).ok_or_else(|| ConvertError("a string with a lone surrogate".into()))
}

fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::String(Text::Utf8(text.clone())),
        Json::Array(items) => Value::Array(items.iter().map(from_json).collect()),
        Json::Object(members) => {
            Value::Object(members.iter().map(|(k, v)| (Text::Utf8(k.clone()), from_json(v))).collect())
        }
    }
}

/// A value as JSON that loses nothing: what JSON lacks is an object with the key `$type`.
///
/// `{"$type":"undefined"}`, `number` (`NaN`, `Infinity`, `-Infinity`, `-0`), `bigint`, `string` (UTF-16 code units),
/// `ref` (number of an object of the message), `bytes` (`class`, base64), `date`, `regexp`, `map`, `set`, `error`; an
/// object that has a key `$type` of its own, or whose keys are not in the order that JSON libraries sort them to, is
/// `object` with its entries as a list.
#[must_use]
pub fn to_tagged_json(value: &Value) -> Json {
    tag(value, true)
}

/// As [`to_tagged_json`], but objects keep their natural form where only the order of keys would be lost.
pub(crate) fn to_plain_json(value: &Value) -> Json {
    tag(value, has_reference(value))
}

fn has_reference(value: &Value) -> bool {
    matches!(value, Value::Ref(_)) || value.children().any(has_reference)
}

fn tag(value: &Value, ordered: bool) -> Json {
    use serde_json::json;
    let inner = |value: &Value| tag(value, ordered);
    let texts = |text: &Text| match text {
        Text::Utf8(text) => Json::String(text.clone()),
        Text::Utf16(units) => json!({ "$type": "string", "value": units }),
    };
    match value {
        Value::Undefined => json!({ "$type": "undefined" }),
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) if *n == 0.0 && n.is_sign_negative() => json!({ "$type": "number", "value": "-0" }),
        Value::Number(n) if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 => Json::from(*n as i64),
        Value::Number(n) if n.is_finite() => json!(n),
        Value::Number(n) if n.is_nan() => json!({ "$type": "number", "value": "NaN" }),
        Value::Number(n) => json!({ "$type": "number", "value": if *n > 0.0 { "Infinity" } else { "-Infinity" } }),
        Value::BigInt(digits) => json!({ "$type": "bigint", "value": digits }),
        Value::String(text) => texts(text),
        Value::Ref(number) => json!({ "$type": "ref", "value": number }),
        Value::Bytes(kind, bytes) => json!({ "$type": "bytes", "class": kind.class_name(), "value": base64(bytes) }),
        Value::Date(ms) if ms.is_finite() => json!({ "$type": "date", "value": ms }),
        Value::Date(_) => json!({ "$type": "date", "value": null }),
        Value::RegExp(source, flags) => json!({ "$type": "regexp", "source": texts(source), "flags": texts(flags) }),
        Value::Array(items) => Json::Array(items.iter().map(inner).collect()),
        Value::Set(items) => json!({ "$type": "set", "value": items.iter().map(inner).collect::<Vec<_>>() }),
        Value::Map(entries) => {
            let pairs: Vec<_> = entries.iter().map(|(k, v)| json!([inner(k), inner(v)])).collect();
            json!({ "$type": "map", "value": pairs })
        }
        Value::Object(members) => {
            let named = members.iter().all(|(key, _)| key.as_str().is_some_and(|key| key != "$type"));
            if named && (!ordered || members.is_sorted_by(|a, b| a.0 < b.0)) {
                let member = |(key, value): &(Text, Value)| (key.to_string_lossy(), inner(value));
                return Json::Object(members.iter().map(member).collect());
            }
            let pairs: Vec<_> = members.iter().map(|(k, v)| json!([texts(k), inner(v)])).collect();
            json!({ "$type": "object", "value": pairs })
        }
        Value::Error { name, message, stack } => {
            json!({ "$type": "error", "name": texts(name), "message": texts(message), "stack": texts(stack) })
        }
    }
}

/// Reads what [`to_tagged_json`] writes.
///
/// # Errors
/// A tag that is unknown or whose parts have the wrong type, and a reference to an object that has not begun.
pub fn from_tagged_json(json: &Json) -> Result<Value, ConvertError> {
    untag(json, 0, &mut 0)
}

fn untag(json: &Json, depth: usize, objects: &mut u32) -> Result<Value, ConvertError> {
    let wrong = |what: &str| ConvertError(format!("not a tagged value: {what}"));
    if depth > crate::proto::MAX_DEPTH {
        return Err(wrong("nested too deep"));
    }
    let tag = match json {
        Json::Object(members) => match members.get("$type") {
            Some(tag) => tag.as_str().ok_or_else(|| wrong("$type"))?,
            None => {
                *objects += 1;
                let member = |(k, v): (&String, &Json)| Ok((Text::Utf8(k.clone()), untag(v, depth + 1, objects)?));
                return Ok(Value::Object(members.iter().map(member).collect::<Result<_, ConvertError>>()?));
            }
        },
        Json::Array(items) => {
            *objects += 1;
            return Ok(Value::Array(items.iter().map(|v| untag(v, depth + 1, objects)).collect::<Result<_, _>>()?));
        }
        other => return Ok(from_json(other)),
    };
    let value = &json["value"];
    let text = |json: &Json| match json {
        Json::String(text) => Ok(Text::Utf8(text.clone())),
        tagged => {
            let units = tagged["value"].as_array().ok_or_else(|| wrong("string"))?;
            let unit = |n: &Json| n.as_u64().and_then(|n| u16::try_from(n).ok()).ok_or_else(|| wrong("string"));
            Ok(Text::from_utf16(units.iter().map(unit).collect::<Result<_, _>>()?))
        }
    };
    if !matches!(tag, "undefined" | "number" | "bigint" | "string" | "ref") {
        *objects += 1;
    }
    let pairs = || value.as_array().ok_or_else(|| wrong(tag));
    Ok(match tag {
        "undefined" => Value::Undefined,
        "number" => Value::Number(match value.as_str() {
            Some("-0") => -0.0,
            Some("NaN") => f64::NAN,
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            _ => return Err(wrong("number")),
        }),
        "bigint" => Value::BigInt(value.as_str().ok_or_else(|| wrong("bigint"))?.to_owned()),
        "string" => Value::String(text(json)?),
        "ref" => match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(number) if number < *objects => Value::Ref(number),
            _ => return Err(wrong("ref")),
        },
        "bytes" => {
            let class = json["class"].as_str().unwrap_or_default();
            let kind = electrolint_policy::BytesKind::ALL.into_iter().find(|k| k.class_name() == class);
            let bytes = value.as_str().and_then(from_base64).ok_or_else(|| wrong("bytes"))?;
            Value::Bytes(kind.ok_or_else(|| wrong("class"))?, bytes)
        }
        "date" => Value::Date(value.as_f64().unwrap_or(f64::NAN)),
        "regexp" => Value::RegExp(text(&json["source"])?, text(&json["flags"])?),
        "error" => {
            Value::Error { name: text(&json["name"])?, message: text(&json["message"])?, stack: text(&json["stack"])? }
        }
        "set" => Value::Set(pairs()?.iter().map(|v| untag(v, depth + 1, objects)).collect::<Result<_, _>>()?),
        "map" => {
            let mut entries = Vec::new();
            for pair in pairs()? {
                entries.push((untag(&pair[0], depth + 1, objects)?, untag(&pair[1], depth + 1, objects)?));
            }
            Value::Map(entries)
        }
        "object" => {
            let mut members = Vec::new();
            for pair in pairs()? {
                members.push((text(&pair[0])?, untag(&pair[1], depth + 1, objects)?));
            }
            Value::Object(members)
        }
        _ => return Err(wrong(tag)),
    })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, section 4, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_u32, |word, i| word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let sextet = (word >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    out
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.trim_end_matches('=');
    if text.len() - body.len() > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in body.bytes() {
        let sextet = ALPHABET.iter().position(|b| *b == byte)? as u32;
        word = word << 6 | sextet;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    (word == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tagged_json_loses_nothing() {
        for value in crate::proto::codec::tests::samples() {
            let json = to_tagged_json(&value);
            let text = serde_json::to_string(&json).expect("JSON");
            let back = from_tagged_json(&serde_json::from_str(&text).expect("JSON")).expect("tagged");
            assert_eq!(format!("{back:?}"), format!("{value:?}"), "{text}");
        }
        // Keys out of order, and a reference that counts objects in their order.
        let members = ["z", "a"].map(|key| (Text::from(key), Value::Array(vec![]))).to_vec();
        let ordered = Value::Array(vec![Value::Object(members), Value::Ref(2)]);
        assert_eq!(from_tagged_json(&to_tagged_json(&ordered)), Ok(ordered));
        let plain = Value::Object(vec![("z".into(), 1.into()), ("a".into(), 2.into())]);
        assert_eq!(to_plain_json(&plain), serde_json::json!({ "z": 1, "a": 2 }));
        let odd = Value::Object(vec![("$type".into(), 1.into()), (Text::from_utf16(vec![0xdc00]), Value::Undefined)]);
        assert_eq!(from_tagged_json(&to_tagged_json(&odd)), Ok(odd));
        for length in 0..10 {
            let bytes: Vec<u8> = (0..length).map(|i: u8| i.wrapping_mul(29).wrapping_add(200)).collect();
            assert_eq!(from_base64(&base64(&bytes)), Some(bytes));
        }
        for bad in ["a", "ab=c", "a===", "ab=", "Zm9=", "!!!!"] {
            assert_eq!(from_base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn rust_types() {
        #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
        struct Point {
            x: i64,
            name: Option<String>,
        }
        let point = Point { x: 3, name: None };
        let value = to_value(&point).expect("a struct");
        assert_eq!(value.get("x"), Some(&3.into()));
        assert_eq!(from_value::<Point>(&value), Ok(point));
        assert_eq!(from_value::<(f64, String)>(&vec![1.5.into(), "a".into()].into()), Ok((1.5, "a".into())));
        assert!(from_value::<u8>(&256.into()).is_err() && from_value::<f64>(&f64::NAN.into()).is_err());
        let cyclic = Value::Array(vec![Value::Ref(0)]);
        assert!(from_value::<Json>(&cyclic).is_err());
        let shared = Value::Array(vec![Value::Array(vec![1.into()]), Value::Ref(1)]);
        assert_eq!(from_value::<Vec<Vec<i64>>>(&shared), Ok(vec![vec![1], vec![1]]));
    }
}
