//! Values of the engine to [`Value`] and back.
//!
//! Reading looks at internal slots and uses functions that were taken before any script ran; it can run script code
//! only where structured clone does, in getters. Writing defines own properties, so no setter of a prototype sees them.

use std::collections::HashMap;

use electrolint_policy::{BytesKind, Text, Value};
use rquickjs::function::This;
use rquickjs::object::{Filter, Property};
use rquickjs::{Array, Ctx, Error, Function, Object, Result, Value as Js};

use crate::os::quickjs::{self, Class, class_of};
use crate::proto::{MAX_DEPTH, MAX_NODES};

/// Functions and constructors as they were before the first script.
pub(super) struct Intrinsics<'js>(pub(super) Object<'js>);

impl<'js> Intrinsics<'js> {
    pub(super) fn function(&self, name: &str) -> Result<Function<'js>> {
        self.0.get(name)
    }

    fn construct(&self, class: &str, arguments: Vec<Js<'js>>) -> Result<Js<'js>> {
        let list = Array::new(self.0.ctx().clone())?;
        for (index, argument) in arguments.into_iter().enumerate() {
            define(list.as_object(), index as u32, argument)?;
        }
        self.function("construct")?.call((self.function(class)?, list))
    }

    /// A new error object of the class `name`, `Error` for a class that is not known.
    pub(super) fn error(&self, name: &str, message: &str) -> Result<Js<'js>> {
        let known =
            ["TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError"].contains(&name);
        let text = rquickjs::String::from_str(self.0.ctx().clone(), message)?.into_value();
        let error = self.construct(if known { name } else { "Error" }, vec![text])?;
        if let (Some(object), false) = (error.as_object(), known || name == "Error") {
            object.prop("name", Property::from(name).writable().configurable())?;
        }
        Ok(error)
    }

    /// Throws an error of the class `name`, as [`Intrinsics::error`] makes it.
    pub(super) fn throw(&self, name: &str, message: &str) -> Error {
        match self.error(name, message) {
            Ok(error) => self.0.ctx().throw(error),
            Err(error) => error,
        }
    }
}

fn define<'js>(object: &Object<'js>, key: u32, value: Js<'js>) -> Result<()> {
    object.prop(key, Property::from(value).writable().enumerable().configurable())
}

/// Reads `value`. What cannot be cloned, is nested deeper than [`MAX_DEPTH`], has more than [`MAX_NODES`] parts or more
/// than `budget` bytes is a `DataCloneError` in the script.
pub(super) fn read<'js>(intrinsics: &Intrinsics<'js>, value: &Js<'js>, budget: usize) -> Result<Value> {
    let ctx = intrinsics.0.ctx().clone();
    let mut reader = Read { ctx, intrinsics, seen: HashMap::new(), nodes: 0, budget, refusal: None };
    let read = reader.value(value, 0);
    // Thrown here and not where it is found: deep inside there may be no stack left to make an error object.
    match reader.refusal {
        Some(message) => Err(intrinsics.throw("DataCloneError", &message)),
        None => read,
    }
}

struct Read<'r, 'js> {
    ctx: Ctx<'js>,
    intrinsics: &'r Intrinsics<'js>,
    /// Objects that have begun, by identity. The value keeps the object alive, so that its address stays its own.
    seen: HashMap<usize, (u32, Js<'js>)>,
    nodes: usize,
    budget: usize,
    /// Why the value cannot be cloned.
    refusal: Option<String>,
}

impl<'js> Read<'_, 'js> {
    fn refuse(&mut self, message: &str) -> Error {
        self.refusal = Some(message.to_owned());
        Error::Unknown
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        match self.budget.checked_sub(bytes) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.refuse("the value is larger than a message may be")),
        }
    }

    fn text(&mut self, string: &rquickjs::String<'js>) -> Result<Text> {
        let text = quickjs::text(&self.ctx, string)?;
        self.spend(match &text {
            Text::Utf8(text) => text.len() + 5,
            Text::Utf16(units) => units.len() * 2 + 5,
        })?;
        Ok(text)
    }

    fn value(&mut self, value: &Js<'js>, depth: usize) -> Result<Value> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.refuse("the value has too many parts"));
        }
        self.spend(9)?;
        if value.is_undefined() {
            Ok(Value::Undefined)
        } else if value.is_null() {
            Ok(Value::Null)
        } else if let Some(b) = value.as_bool() {
            Ok(Value::Bool(b))
        } else if let Some(n) = value.as_number() {
            Ok(Value::Number(n))
        } else if let Some(string) = value.as_string() {
            self.text(string).map(Value::String)
        } else if value.is_big_int() {
            let digits: String = self.intrinsics.function("bigintToString")?.call((This(value.clone()),))?;
            self.spend(digits.len())?;
            Ok(Value::BigInt(digits))
        } else if let Some(object) = value.as_object() {
            self.object(object, depth)
        } else {
            Err(self.refuse("a symbol cannot be cloned"))
        }
    }

    fn object(&mut self, object: &Object<'js>, depth: usize) -> Result<Value> {
        if let Some((number, _)) = self.seen.get(&identity(object)) {
            return Ok(Value::Ref(*number));
        }
        let class = class_of(object.as_value());
        let refusal = match class {
            Class::Function => Some("a function"),
            Class::Proxy => Some("a proxy"),
            Class::Promise => Some("a promise"),
            Class::Other(what) => Some(what),
            _ => None,
        };
        if let Some(what) = refusal {
            return Err(self.refuse(&format!("{what} cannot be cloned")));
        }
        if depth == MAX_DEPTH {
            return Err(self.refuse("the value is nested too deep"));
        }
        self.seen.insert(identity(object), (self.seen.len() as u32, object.as_value().clone()));
        match class {
            Class::Array => self.array(object, depth),
            Class::Date => {
                let ms: f64 = self.intrinsics.function("dateValue")?.call((This(object.clone()),))?;
                Ok(Value::Date(ms))
            }
            Class::RegExp => {
                let source: rquickjs::String =
                    self.intrinsics.function("regexpSource")?.call((This(object.clone()),))?;
                let flags: rquickjs::String = self.intrinsics.function("regexpFlags")?.call((This(object.clone()),))?;
                Ok(Value::RegExp(self.text(&source)?, self.text(&flags)?))
            }
            Class::Map => {
                let mut entries = Vec::new();
                for (key, item) in self.entries("mapForEach", object)? {
                    entries.push((self.value(&key, depth + 1)?, self.value(&item, depth + 1)?));
                }
                Ok(Value::Map(entries))
            }
            Class::Set => {
                let mut items = Vec::new();
                for (item, _) in self.entries("setForEach", object)? {
                    items.push(self.value(&item, depth + 1)?);
                }
                Ok(Value::Set(items))
            }
            Class::Error => {
                let strings = error_strings(&self.ctx, object);
                self.spend(strings.iter().map(|s| s.to_string_lossy().len() + 5).sum())?;
                let [name, message, stack] = strings;
                Ok(Value::Error { name, message, stack })
            }
            Class::Bytes(kind) => {
                let bytes = copy_bytes(self.intrinsics, object.as_value())?;
                let Some(bytes) = bytes else { return Err(self.refuse("a detached buffer cannot be cloned")) };
                self.spend(bytes.len())?;
                Ok(Value::Bytes(kind, bytes))
            }
            _ => self.members(object, depth),
        }
    }

    fn array(&mut self, object: &Object<'js>, depth: usize) -> Result<Value> {
        let Some(array) = object.as_array() else { return Err(self.refuse("not an array")) };
        // A length is cheap to claim and expensive to walk.
        if array.len() > MAX_NODES {
            return Err(self.refuse("the array is too long"));
        }
        let mut items = Vec::new();
        for index in 0..array.len() {
            let item: Js = array.get(index)?;
            items.push(self.value(&item, depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn members(&mut self, object: &Object<'js>, depth: usize) -> Result<Value> {
        let mut members = Vec::new();
        for key in object.own_keys::<rquickjs::String>(Filter::new().string().enum_only()) {
            let key = key?;
            self.nodes += 1;
            let name = self.text(&key)?;
            let member: Js = object.get(key)?;
            members.push((name, self.value(&member, depth + 1)?));
        }
        Ok(Value::Object(members))
    }

    /// What a `Map` or `Set` holds now: key and value.
    fn entries(&self, for_each: &str, object: &Object<'js>) -> Result<Vec<(Js<'js>, Js<'js>)>> {
        let found = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let sink = found.clone();
        let collect =
            Function::new(self.ctx.clone(), move |item: Js<'js>, key: Js<'js>| sink.borrow_mut().push((key, item)))?;
        self.intrinsics.function(for_each)?.call::<_, ()>((This(object.clone()), collect))?;
        Ok(found.take())
    }
}

fn identity(object: &Object<'_>) -> usize {
    quickjs::address(object.as_value())
}

/// The bytes that a buffer or view shows; `None` when it is detached or no such object.
pub(super) fn copy_bytes<'js>(intrinsics: &Intrinsics<'js>, value: &Js<'js>) -> Result<Option<Vec<u8>>> {
    let ctx = intrinsics.0.ctx();
    let getters = match class_of(value) {
        Class::Bytes(BytesKind::ArrayBuffer) => return Ok(quickjs::copy_buffer(ctx, value)),
        Class::Bytes(BytesKind::DataView) => ["viewBufferOf", "viewByteOffsetOf", "viewByteLengthOf"],
        Class::Bytes(_) => ["bufferOf", "byteOffsetOf", "byteLengthOf"],
        _ => return Ok(None),
    };
    let get = |name: &str| intrinsics.function(name)?.call::<_, Js>((This(value.clone()),));
    let buffer = get(getters[0])?;
    let from = get(getters[1])?.as_number().unwrap_or(0.0) as usize;
    let length = get(getters[2])?.as_number().unwrap_or(0.0) as usize;
    let all = quickjs::copy_buffer(ctx, &buffer);
    Ok(all.and_then(|all| all.get(from..from.checked_add(length)?).map(<[u8]>::to_vec)))
}

/// Name, message and stack of an error object, those that are strings. Getters may run and may throw; what they throw
/// is dropped.
pub(super) fn error_strings<'js>(ctx: &Ctx<'js>, error: &Object<'js>) -> [Text; 3] {
    ["name", "message", "stack"].map(|key| match error.get::<_, Js>(key) {
        Ok(value) => value.as_string().and_then(|s| quickjs::text(ctx, s).ok()).map_or_else(|| Text::from(""), cut),
        Err(_) => {
            let _ = ctx.catch();
            Text::from("")
        }
    })
}

/// Longest string of an error, in bytes of UTF-8.
const MAX_ERROR_BYTES: usize = 64 << 10;

fn cut(text: Text) -> Text {
    let text = text.to_string_lossy();
    Text::Utf8(if text.len() <= MAX_ERROR_BYTES {
        text
    } else {
        text[..text.floor_char_boundary(MAX_ERROR_BYTES)].to_owned()
    })
}

/// Makes `value` in the engine.
pub(super) fn write<'js>(intrinsics: &Intrinsics<'js>, value: &Value) -> Result<Js<'js>> {
    Write { ctx: intrinsics.0.ctx().clone(), intrinsics, objects: Vec::new() }.value(value)
}

struct Write<'w, 'js> {
    ctx: Ctx<'js>,
    intrinsics: &'w Intrinsics<'js>,
    objects: Vec<Js<'js>>,
}

impl<'js> Write<'_, 'js> {
    fn begin(&mut self, object: Js<'js>) -> Js<'js> {
        self.objects.push(object.clone());
        object
    }

    fn value(&mut self, value: &Value) -> Result<Js<'js>> {
        let ctx = self.ctx.clone();
        Ok(match value {
            Value::Undefined => Js::new_undefined(ctx),
            Value::Null => Js::new_null(ctx),
            Value::Bool(b) => Js::new_bool(ctx, *b),
            // The binding makes an integer of what compares equal to one, and −0 does.
            Value::Number(n) if *n == 0.0 && n.is_sign_negative() => Js::new_float(ctx, *n),
            Value::Number(n) => Js::new_number(ctx, *n),
            Value::BigInt(digits) => self.intrinsics.function("BigInt")?.call((digits.as_str(),))?,
            Value::String(text) => quickjs::new_string(&ctx, text)?,
            Value::Ref(number) => match self.objects.get(*number as usize) {
                Some(object) => object.clone(),
                None => {
                    return Err(self.intrinsics.throw("DataCloneError", "a reference to an object that has not begun"));
                }
            },
            Value::Bytes(kind, bytes) => {
                let buffer = rquickjs::ArrayBuffer::new_copy(ctx, bytes)?.into_value();
                let object = match kind {
                    BytesKind::ArrayBuffer => buffer,
                    kind => self.intrinsics.construct(kind.class_name(), vec![buffer])?,
                };
                self.begin(object)
            }
            Value::Date(ms) => {
                let date = self.intrinsics.construct("Date", vec![Js::new_float(ctx, *ms)])?;
                self.begin(date)
            }
            Value::RegExp(source, flags) => {
                let parts = vec![quickjs::new_string(&ctx, source)?, quickjs::new_string(&ctx, flags)?];
                let regexp = self.intrinsics.construct("RegExp", parts)?;
                self.begin(regexp)
            }
            Value::Array(items) => {
                let array = Array::new(ctx)?.into_object();
                self.begin(array.as_value().clone());
                for (index, item) in items.iter().enumerate() {
                    define(&array, index as u32, self.value(item)?)?;
                }
                array.into_value()
            }
            Value::Object(members) => {
                let object = Object::new(ctx.clone())?;
                self.begin(object.as_value().clone());
                for (key, member) in members {
                    let key = quickjs::new_string(&ctx, key)?;
                    let member = self.value(member)?;
                    object.prop(key, Property::from(member).writable().enumerable().configurable())?;
                }
                object.into_value()
            }
            Value::Map(entries) => {
                let map = self.intrinsics.construct("Map", Vec::new())?;
                self.begin(map.clone());
                let set = self.intrinsics.function("mapSet")?;
                for (key, item) in entries {
                    let (key, item) = (self.value(key)?, self.value(item)?);
                    set.call::<_, Js>((This(map.clone()), key, item))?;
                }
                map
            }
            Value::Set(items) => {
                let set = self.intrinsics.construct("Set", Vec::new())?;
                self.begin(set.clone());
                let add = self.intrinsics.function("setAdd")?;
                for item in items {
                    let item = self.value(item)?;
                    add.call::<_, Js>((This(set.clone()), item))?;
                }
                set
            }
            Value::Error { name, message, stack } => {
                let error = self.intrinsics.error(&name.to_string_lossy(), &message.to_string_lossy())?;
                if let Some(object) = error.as_object() {
                    let stack = quickjs::new_string(&ctx, stack)?;
                    object.prop("stack", Property::from(stack).writable().configurable())?;
                }
                self.begin(error)
            }
        })
    }
}
