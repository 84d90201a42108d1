//! The little language that says what arguments a method takes.
//!
//! Not JSON Schema: arguments are structured-clone values, and the language is closed, so that a schema is either
//! understood whole or refused.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// Names that `type` may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the JavaScript type or class of the same name")]
pub enum Type {
    /// Whatever can be cloned.
    Any,
    Undefined,
    Null,
    Boolean,
    Number,
    /// A number without fraction.
    Integer,
    BigInt,
    String,
    /// An `ArrayBuffer` or a view.
    Bytes,
    Date,
    RegExp,
    Array,
    Set,
    Map,
    /// A plain object; errors count as one with no properties.
    Object,
}

/// One type or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Types {
    /// `"type": "number"`
    One(Type),
    /// `"type": ["number", "null"]`
    Several(Vec<Type>),
}

impl Types {
    fn contains(&self, wanted: Type) -> bool {
        match self {
            Self::One(only) => *only == wanted,
            Self::Several(list) => list.contains(&wanted),
        }
    }
}

/// What one value must look like. Every keyword that is written must hold; a keyword that does not concern the type of
/// a value is ignored for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schema {
    /// The types that are accepted.
    #[serde(rename = "type")]
    pub types: Types,
    /// The only values that are accepted: null, booleans, integers and strings.
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<serde_json::Value>>,
    /// Least number, bigint or date (milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Greatest number, bigint or date (milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// Least length of a string in UTF-16 units, of bytes in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Greatest length of a string in UTF-16 units, of bytes in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// What each item of an array or set must look like; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// Fewest items of an array or set, entries of a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// Most items of an array or set, entries of a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// What each key of a map must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Box<Schema>>,
    /// What each value of a map must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<Schema>>,
    /// The properties that an object may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<BTreeMap<String, Schema>>,
    /// The properties that an object must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<String>>,
    /// Whether an object may have properties that are not listed. Default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional: Option<bool>,
    /// Whether the argument may be left out; only trailing arguments may. Default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Whether NaN and the infinities are refused. Default true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finite: Option<bool>,
}

impl Schema {
    /// A schema that asks for this type and nothing else.
    #[must_use]
    pub fn of(wanted: Type) -> Self {
        Self {
            types: Types::One(wanted),
            one_of: None,
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            items: None,
            min_items: None,
            max_items: None,
            keys: None,
            values: None,
            properties: None,
            required: None,
            additional: None,
            optional: None,
            finite: None,
        }
    }
}

/// Where a value does not fit, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The place inside the arguments, such as `[0].name`.
    pub place: String,
    /// What was expected and what was found.
    pub message: String,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "argument {}: {}", self.place, self.message)
    }
}

/// Whether the list `arguments` fits `schemas`, one schema for each position.
///
/// More arguments than schemas do not fit; fewer fit when the missing ones are `optional`. `arguments` is the outermost
/// value of its message, so a [`Value::Ref`] inside counts from it.
///
/// # Errors
/// The first [`Misfit`] in the order of the arguments.
pub fn arguments_fit(schemas: &[Schema], arguments: &Value) -> Result<(), Misfit> {
    let Value::Array(list) = arguments else {
        return Err(Misfit { place: String::new(), message: "the arguments are not a list".into() });
    };
    if list.len() > schemas.len() {
        let message = format!("{} arguments given, at most {} taken", list.len(), schemas.len());
        return Err(Misfit { place: format!("[{}]", schemas.len()), message });
    }
    let mut fit = Fit::new(arguments);
    for (index, schema) in schemas.iter().enumerate() {
        let place = format!("[{index}]");
        match list.get(index) {
            Some(Value::Undefined) | None if schema.optional == Some(true) => {}
            Some(value) => fit.check(schema, value, &place)?,
            None if schema.types.contains(Type::Any) || schema.types.contains(Type::Undefined) => {}
            None => return Err(Misfit { place, message: "missing".into() }),
        }
    }
    Ok(())
}

/// Whether one value, the outermost of its message, fits `schema`.
///
/// # Errors
/// The first [`Misfit`].
pub fn value_fits(schema: &Schema, value: &Value) -> Result<(), Misfit> {
    Fit::new(value).check(schema, value, "")
}

/// One check over one message.
struct Fit<'v> {
    /// Every object of the message by its number.
    objects: Vec<&'v Value>,
    /// Pairs of object and schema that are fitting or being fitted: a cycle ends here.
    seen: HashSet<(*const Value, *const Schema)>,
}

impl<'v> Fit<'v> {
    fn new(root: &'v Value) -> Self {
        let mut objects = Vec::new();
        let mut stack = vec![root];
        while let Some(value) = stack.pop() {
            if value.is_object() {
                objects.push(value);
            }
            let from = stack.len();
            stack.extend(value.children());
            stack[from..].reverse();
        }
        Self { objects, seen: HashSet::new() }
    }

    fn check(&mut self, schema: &Schema, value: &'v Value, place: &str) -> Result<(), Misfit> {
        let misfit = |message: String| Err(Misfit { place: place.to_owned(), message });
        let value = match value {
            Value::Ref(number) => match self.objects.get(*number as usize) {
                Some(object) => object,
                None => return misfit(format!("refers to object {number}, which the message does not have")),
            },
            direct => direct,
        };
        if value.is_object() && !self.seen.insert((std::ptr::from_ref(value), std::ptr::from_ref(schema))) {
            return Ok(());
        }
        let kind = type_of(value);
        let accepted = schema.types.contains(Type::Any)
            || schema.types.contains(kind)
            || (kind == Type::Integer && schema.types.contains(Type::Number));
        if !accepted {
            return misfit(format!("expected {}, found {}", list_types(&schema.types), name_of(kind)));
        }
        if let Some(list) = &schema.one_of
            && !list.iter().any(|allowed| same(allowed, value))
        {
            return misfit("not one of the values allowed".into());
        }
        match value {
            Value::Number(n) => {
                if !n.is_finite() && schema.finite != Some(false) {
                    return misfit(format!("{n} is not finite"));
                }
                range(schema, *n).or_else(misfit)?;
            }
            Value::Date(ms) => {
                if ms.is_nan() && schema.finite != Some(false) {
                    return misfit("an invalid date".into());
                }
                range(schema, *ms).or_else(misfit)?;
            }
            Value::BigInt(digits) => bigint_range(schema, digits).or_else(misfit)?,
            Value::String(text) if schema.min_length.is_some() || schema.max_length.is_some() => {
                length(schema.min_length, schema.max_length, text.len_utf16(), "characters").or_else(misfit)?;
            }
            Value::Bytes(_, bytes) => {
                length(schema.min_length, schema.max_length, bytes.len(), "bytes").or_else(misfit)?
            }
            Value::Array(items) | Value::Set(items) => {
                length(schema.min_items, schema.max_items, items.len(), "items").or_else(misfit)?;
                if let Some(of) = &schema.items {
                    for (index, item) in items.iter().enumerate() {
                        self.check(of, item, &format!("{place}[{index}]"))?;
                    }
                }
            }
            Value::Map(entries) => {
                length(schema.min_items, schema.max_items, entries.len(), "entries").or_else(misfit)?;
                for (index, (key, item)) in entries.iter().enumerate() {
                    if let Some(of) = &schema.keys {
                        self.check(of, key, &format!("{place}.keys[{index}]"))?;
                    }
                    if let Some(of) = &schema.values {
                        self.check(of, item, &format!("{place}.values[{index}]"))?;
                    }
                }
            }
            Value::Object(members) => self.check_members(schema, members, place)?,
            _ => {}
        }
        Ok(())
    }

    fn check_members(
        &mut self,
        schema: &Schema,
        members: &'v [(crate::Text, Value)],
        place: &str,
    ) -> Result<(), Misfit> {
        let any = schema.types.contains(Type::Any) && schema.properties.is_none();
        for (key, member) in members {
            let here = format!("{place}.{}", key.to_string_lossy());
            match key.as_str().and_then(|key| schema.properties.as_ref()?.get(key)) {
                Some(of) => self.check(of, member, &here)?,
                None if any || schema.additional == Some(true) => {}
                None => return Err(Misfit { place: here, message: "this property is not allowed".into() }),
            }
        }
        for name in schema.required.iter().flatten() {
            if !members.iter().any(|(key, _)| key.as_str() == Some(name)) {
                return Err(Misfit { place: format!("{place}.{name}"), message: "missing".into() });
            }
        }
        Ok(())
    }
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Undefined | Value::Ref(_) => Type::Undefined,
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Boolean,
        Value::Number(n) if n.fract() == 0.0 => Type::Integer,
        Value::Number(_) => Type::Number,
        Value::BigInt(_) => Type::BigInt,
        Value::String(_) => Type::String,
        Value::Bytes(..) => Type::Bytes,
        Value::Date(_) => Type::Date,
        Value::RegExp(..) => Type::RegExp,
        Value::Array(_) => Type::Array,
        Value::Set(_) => Type::Set,
        Value::Map(_) => Type::Map,
        Value::Object(_) | Value::Error { .. } => Type::Object,
    }
}

fn name_of(kind: Type) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn list_types(types: &Types) -> String {
    match types {
        Types::One(only) => name_of(*only),
        Types::Several(list) => list.iter().map(|t| name_of(*t)).collect::<Vec<_>>().join(" or "),
    }
}

fn same(allowed: &serde_json::Value, value: &Value) -> bool {
    match (allowed, value) {
        (serde_json::Value::Null, Value::Null) => true,
        (serde_json::Value::Bool(a), Value::Bool(b)) => a == b,
        (serde_json::Value::Number(a), Value::Number(b)) => a.as_f64() == Some(*b),
        (serde_json::Value::String(a), Value::String(b)) => b.as_str() == Some(a),
        _ => false,
    }
}

fn range(schema: &Schema, number: f64) -> Result<(), String> {
    if schema.minimum.is_some_and(|min| number < min as f64) {
        return Err(format!("{number} is less than the minimum"));
    }
    if schema.maximum.is_some_and(|max| number > max as f64) {
        return Err(format!("{number} is more than the maximum"));
    }
    Ok(())
}

/// The bounds are 64-bit numbers; a bigint that is longer lies outside on the side of its sign.
fn bigint_range(schema: &Schema, digits: &str) -> Result<(), String> {
    let parsed = digits.parse::<i128>().unwrap_or(if digits.starts_with('-') { i128::MIN } else { i128::MAX });
    if schema.minimum.is_some_and(|min| parsed < i128::from(min)) {
        return Err("the bigint is less than the minimum".into());
    }
    if schema.maximum.is_some_and(|max| parsed > i128::from(max)) {
        return Err("the bigint is more than the maximum".into());
    }
    Ok(())
}

fn length(min: Option<u64>, max: Option<u64>, found: usize, unit: &str) -> Result<(), String> {
    let found = found as u64;
    if min.is_some_and(|min| found < min) || max.is_some_and(|max| found > max) {
        return Err(format!("{found} {unit} are outside the bounds"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{BytesKind, Text};

    fn schema(json: &str) -> Schema {
        serde_json::from_str(json).expect(json)
    }

    fn fits(json: &str, value: impl Into<Value>) -> bool {
        value_fits(&schema(json), &value.into()).is_ok()
    }

    #[test]
    fn each_type_beside_another() {
        let samples: Vec<(&str, Value)> = vec![
            ("undefined", Value::Undefined),
            ("null", Value::Null),
            ("boolean", true.into()),
            ("number", 1.5.into()),
            ("bigint", Value::BigInt("12".into())),
            ("string", "x".into()),
            ("bytes", Value::Bytes(BytesKind::Uint8Array, vec![1])),
            ("date", Value::Date(0.0)),
            ("regexp", Value::RegExp("a".into(), "g".into())),
            ("array", vec![].into()),
            ("set", Value::Set(vec![])),
            ("map", Value::Map(vec![])),
            ("object", Value::Object(vec![])),
        ];
        for (name, _) in &samples {
            for (other, value) in &samples {
                let json = format!(r#"{{"type":"{name}"}}"#);
                assert_eq!(fits(&json, value.clone()), name == other, "{name} against {other}");
                assert!(fits(r#"{"type":"any"}"#, value.clone()));
            }
        }
        assert!(fits(r#"{"type":["string","null"]}"#, Value::Null) && !fits(r#"{"type":["string","null"]}"#, 1));
        assert!(
            fits(r#"{"type":"integer"}"#, 2.0)
                && !fits(r#"{"type":"integer"}"#, 2.5)
                && fits(r#"{"type":"number"}"#, 2)
        );
    }

    #[test]
    fn keywords_at_their_bounds() {
        for (json, good, bad) in [
            (r#"{"type":"number","minimum":1,"maximum":3}"#, Value::from(3), Value::from(3.5)),
            (r#"{"type":"number","minimum":1}"#, 1.into(), 0.into()),
            (r#"{"type":"bigint","maximum":5}"#, Value::BigInt("5".into()), Value::BigInt("9".repeat(60))),
            (
                r#"{"type":"bigint","minimum":5}"#,
                Value::BigInt("5".into()),
                Value::BigInt(format!("-{}", "9".repeat(60))),
            ),
            (r#"{"type":"string","maxLength":2}"#, "\u{1f600}".into(), "\u{1f600}a".into()),
            (r#"{"type":"string","minLength":1}"#, "a".into(), "".into()),
            (
                r#"{"type":"bytes","maxLength":1}"#,
                Value::Bytes(BytesKind::DataView, vec![0]),
                Value::Bytes(BytesKind::DataView, vec![0; 2]),
            ),
            (
                r#"{"type":"array","items":{"type":"string"},"maxItems":1}"#,
                vec!["a".into()].into(),
                vec![1.into()].into(),
            ),
            (r#"{"type":"array","maxItems":1}"#, vec![1.into()].into(), vec![1.into(), 1.into()].into()),
            (r#"{"type":"set","minItems":1}"#, Value::Set(vec![1.into()]), Value::Set(vec![])),
            (
                r#"{"type":"map","keys":{"type":"string"}}"#,
                Value::Map(vec![("a".into(), 1.into())]),
                Value::Map(vec![(1.into(), 1.into())]),
            ),
            (
                r#"{"type":"map","values":{"type":"null"}}"#,
                Value::Map(vec![("a".into(), Value::Null)]),
                Value::Map(vec![("a".into(), 1.into())]),
            ),
            (r#"{"type":"string","enum":["a","b"]}"#, "b".into(), "c".into()),
            (r#"{"type":"number"}"#, 0.into(), f64::NAN.into()),
            (r#"{"type":"number"}"#, 0.into(), f64::INFINITY.into()),
            (r#"{"type":"date"}"#, Value::Date(1.0), Value::Date(f64::NAN)),
        ] {
            assert!(fits(json, good.clone()), "{json} takes {good:?}");
            assert!(!fits(json, bad.clone()), "{json} refuses {bad:?}");
        }
        assert!(fits(r#"{"type":"number","finite":false}"#, f64::NAN));
    }

    #[test]
    fn objects_are_closed_unless_opened() {
        let object = |keys: &[&str]| Value::Object(keys.iter().map(|k| (Text::from(*k), 1.into())).collect());
        let closed = r#"{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}"#;
        assert!(fits(closed, object(&["a"])));
        assert!(!fits(closed, object(&["a", "b"])));
        assert!(!fits(closed, object(&["a", "__proto__"])));
        assert!(!fits(closed, object(&[])));
        assert!(fits(r#"{"type":"object","additional":true}"#, object(&["b"])));
        assert!(!fits(r#"{"type":"object"}"#, object(&["b"])));
    }

    #[test]
    fn argument_lists() {
        let two = [schema(r#"{"type":"number"}"#), schema(r#"{"type":"string","optional":true}"#)];
        let fit = |list: Vec<Value>| arguments_fit(&two, &list.into()).is_ok();
        assert!(fit(vec![1.into(), "a".into()]) && fit(vec![1.into()]) && fit(vec![1.into(), Value::Undefined]));
        assert!(
            !fit(vec![])
                && !fit(vec!["a".into()])
                && !fit(vec![1.into(), 2.into()])
                && !fit(vec![1.into(), "a".into(), 1.into()])
        );
        let error = arguments_fit(&two, &vec!["a".into()].into()).expect_err("a string is no number");
        assert_eq!(error.to_string(), "argument [0]: expected number, found string");
    }

    #[test]
    fn references_are_judged_as_what_they_refer_to() {
        // Object 0 is the argument list, 1 the first argument.
        let list = |schema_json: &str, to: u32| {
            let schemas = [schema(r#"{"type":"any"}"#), schema(schema_json)];
            arguments_fit(&schemas, &vec![Value::Set(vec![]), Value::Ref(to)].into()).is_ok()
        };
        assert!(list(r#"{"type":"set"}"#, 1) && !list(r#"{"type":"map"}"#, 1) && !list(r#"{"type":"any"}"#, 7));
        let cyclic = Value::Array(vec![Value::Array(vec![Value::Ref(1), 1.into()])]);
        let nested = r#"{"type":"array","items":{"type":["array","number"],"items":{"type":"any"}}}"#;
        assert!(arguments_fit(&[schema(nested)], &cyclic).is_ok());
    }
}
