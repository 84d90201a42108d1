//! The engine of a worker, as the zygote prepares it: a runtime, a context that can compile and is never handed to a
//! script, and the context of the script, which cannot.

use electrolint_policy::Value;
use rquickjs::context::intrinsic;
use rquickjs::function::Opt;
use rquickjs::{Array, ArrayBuffer, Context, Ctx, Function, Object, Persistent, Result, Runtime, Value as Js};

use super::clone::{Intrinsics, copy_bytes};
use crate::os::quickjs::{Class, Trusted, class_of, run_script};

const BOOTSTRAP: &str = include_str!("bootstrap.js");
const SERVICES: &str = include_str!("services.js");

/// Heap at which a worker collects for the first time; after that the engine adapts.
const FIRST_COLLECTION_BYTES: usize = 2 << 20;

type Compiler = (intrinsic::Eval, intrinsic::RegExpCompiler, intrinsic::RegExp, intrinsic::Promise);
// Everything but `Eval`: without it the context refuses to make code from text, whoever asks.
type Script = (
    intrinsic::Date,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::Performance,
    intrinsic::WeakRef,
    intrinsic::DOMException,
);

pub(super) struct Realm {
    pub(super) runtime: Runtime,
    pub(super) compiler: Context,
    pub(super) script: ScriptContext,
    scripts: Scripts,
}

/// What runs in every context before anything of a script: see the files of these names.
struct Scripts {
    bootstrap: Trusted,
    services: Trusted,
}

/// A context for scripts, and what the worker needs of it.
pub(super) struct ScriptContext {
    pub(super) context: Context,
    pub(super) intrinsics: Persistent<Object<'static>>,
    native: Persistent<Object<'static>>,
}

impl ScriptContext {
    fn new(runtime: &Runtime, scripts: &Scripts) -> Result<Self> {
        let context = Context::custom::<Script>(runtime)?;
        let (intrinsics, native) = context.with(|ctx| {
            let make: Function = run_script(&ctx, &scripts.bootstrap)?.get()?;
            let native = helpers(&ctx)?;
            let made: Object = make.call((native.clone(),))?;
            bind_copy(&ctx, &native, &made)?;
            let services: Function = run_script(&ctx, &scripts.services)?.get()?;
            made.set("services", services.call::<_, Function>(())?)?;
            Ok::<_, rquickjs::Error>((Persistent::save(&ctx, made), Persistent::save(&ctx, native)))
        })?;
        Ok(Self { context, intrinsics, native })
    }

    /// Lets go of everything of the context. What holds a function of Rust that holds a value of the context is undone
    /// first: the collector does not see into functions of Rust.
    fn end(self) {
        let Self { context, intrinsics, native } = self;
        context.with(|ctx| {
            if let Ok(native) = native.restore(&ctx) {
                // Deleting a plain property of a plain object cannot fail.
                let _ = native.remove("copyBytes");
            }
            drop(intrinsics.restore(&ctx));
        });
    }
}

impl Realm {
    pub(super) fn new() -> Result<Self> {
        let runtime = Runtime::new()?;
        let compiler = Context::custom::<Compiler>(&runtime)?;
        let compile = |source, name| compiler.with(|ctx| Trusted::compile(&ctx, source, name, false, 1));
        let scripts =
            Scripts { bootstrap: compile(BOOTSTRAP, "bootstrap.js")?, services: compile(SERVICES, "services.js")? };
        let script = ScriptContext::new(&runtime, &scripts)?;
        runtime.set_gc_threshold(FIRST_COLLECTION_BYTES);
        Ok(Self { runtime, compiler, script, scripts })
    }

    /// A new context in the place of the one that was there.
    pub(super) fn renew(&mut self) -> Result<()> {
        let fresh = ScriptContext::new(&self.runtime, &self.scripts)?;
        std::mem::replace(&mut self.script, fresh).end();
        self.runtime.run_gc();
        Ok(())
    }
}

/// Functions of the bootstrap. None of them reaches outside the context.
fn helpers<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let function = |name: &str, f: Function<'js>| native.set(name, f);
    function(
        "utf8",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, text: rquickjs::String<'js>| {
            // What is not well formed becomes U+FFFD, as the encoding standard says.
            let text = crate::os::quickjs::text(&ctx, &text)?.to_string_lossy();
            ArrayBuffer::new_copy(ctx, text.as_bytes())
        })?,
    )?;
    function(
        "isUtf8Label",
        Function::new(ctx.clone(), |label: String| {
            matches!(
                label.trim().to_ascii_lowercase().as_str(),
                "utf-8" | "utf8" | "unicode-1-1-utf-8" | "unicode11utf8" | "unicode20utf8" | "x-unicode20utf8"
            )
        })?,
    )?;
    function(
        "fromUtf8",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, buffer: Js<'js>, fatal: bool, keep_mark: bool| {
            let bytes = crate::os::quickjs::copy_buffer(&ctx, &buffer).unwrap_or_default();
            let bytes = if keep_mark { &bytes[..] } else { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes) };
            match std::str::from_utf8(bytes) {
                Ok(text) => Some(text.to_owned()),
                Err(_) if fatal => None,
                Err(_) => Some(String::from_utf8_lossy(bytes).into_owned()),
            }
        })?,
    )?;
    function(
        "isIntegerArray",
        Function::new(ctx.clone(), |value: Js<'js>| {
            use electrolint_policy::BytesKind::{ArrayBuffer, DataView, Float32Array, Float64Array};
            matches!(class_of(&value), Class::Bytes(kind) if ![ArrayBuffer, DataView, Float32Array, Float64Array].contains(&kind))
        })?,
    )?;
    function(
        "random",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, length: u32| {
            let mut bytes = vec![0; length.min(65_536) as usize];
            fill_random(&mut bytes);
            ArrayBuffer::new_copy(ctx, bytes)
        })?,
    )?;
    function("uuid", Function::new(ctx.clone(), uuid)?)?;
    function("tail", Function::new(ctx.clone(), |text: String| text.chars().skip(1).collect::<String>())?)?;
    function(
        "formParse",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, text: String| {
            let list = Array::new(ctx.clone())?;
            for (index, (name, value)) in url::form_urlencoded::parse(text.as_bytes()).enumerate() {
                let pair = Array::new(ctx.clone())?;
                pair.set(0, name.as_ref())?;
                pair.set(1, value.as_ref())?;
                list.set(index, pair)?;
            }
            Ok::<_, rquickjs::Error>(list)
        })?,
    )?;
    function(
        "formSerialize",
        Function::new(ctx.clone(), |list: Vec<Vec<String>>| {
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            for pair in &list {
                if let [name, value] = pair.as_slice() {
                    out.append_pair(name, value);
                }
            }
            out.finish()
        })?,
    )?;
    function(
        "urlParse",
        Function::new(ctx.clone(), |input: String, base: Opt<Option<String>>| {
            let base = match base.0.flatten() {
                Some(base) => Some(url::Url::parse(&base).ok()?),
                None => None,
            };
            url::Url::options().base_url(base.as_ref()).parse(&input).ok().map(String::from)
        })?,
    )?;
    function(
        "urlGet",
        Function::new(ctx.clone(), |href: String, part: String| {
            url::Url::parse(&href).ok().map(|url| url_part(&url, &part))
        })?,
    )?;
    function(
        "urlSet",
        Function::new(ctx.clone(), |href: String, part: String, value: String| {
            let mut url = url::Url::parse(&href).ok()?;
            set_url_part(&mut url, &part, &value);
            Some(String::from(url))
        })?,
    )?;
    Ok(native)
}

/// `copyBytes` needs the getters that the bootstrap returns, so it is set after it has run.
fn bind_copy<'js>(ctx: &Ctx<'js>, native: &Object<'js>, made: &Object<'js>) -> Result<()> {
    let made = made.clone();
    native.set(
        "copyBytes",
        Function::new(ctx.clone(), move |ctx: Ctx<'js>, value: Js<'js>| {
            let bytes = copy_bytes(&Intrinsics(made.clone()), &value)?;
            bytes.map(|bytes| ArrayBuffer::new_copy(ctx, bytes)).transpose()
        })?,
    )
}

pub(super) fn fill_random(bytes: &mut [u8]) {
    // getrandom(2) fails only where the call does not exist; every kernel that this crate runs on has it.
    if getrandom::fill(bytes).is_err() {
        crate::os::process::exit(101);
    }
}

fn uuid() -> String {
    let mut b = [0_u8; 16];
    fill_random(&mut b);
    // Version 4, variant 1: RFC 9562.
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let hex: String = b.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn url_part(url: &url::Url, part: &str) -> String {
    use url::quirks;
    match part {
        "protocol" => quirks::protocol(url).to_owned(),
        "username" => quirks::username(url).to_owned(),
        "password" => quirks::password(url).to_owned(),
        "host" => quirks::host(url).to_owned(),
        "hostname" => quirks::hostname(url).to_owned(),
        "port" => quirks::port(url).to_owned(),
        "pathname" => quirks::pathname(url).to_owned(),
        "search" => quirks::search(url).to_owned(),
        "hash" => quirks::hash(url).to_owned(),
        "origin" => quirks::origin(url),
        _ => String::new(),
    }
}

/// A value that does not fit is ignored, as the URL standard says of setters.
fn set_url_part(url: &mut url::Url, part: &str, value: &str) {
    use url::quirks;
    let _ = match part {
        "protocol" => quirks::set_protocol(url, value),
        "username" => quirks::set_username(url, value),
        "password" => quirks::set_password(url, value),
        "host" => quirks::set_host(url, value),
        "hostname" => quirks::set_hostname(url, value),
        "port" => quirks::set_port(url, value),
        "pathname" => {
            quirks::set_pathname(url, value);
            Ok(())
        }
        "search" => {
            quirks::set_search(url, value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(url, value);
            Ok(())
        }
        _ => Ok(()),
    };
}

/// Text of console arguments: strings as they are, anything else as a literal would be written.
pub(super) fn inspect(value: &Value, depth: usize) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Undefined => "undefined".into(),
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) if *n == 0.0 && n.is_sign_negative() => "-0".into(),
        Value::Number(n) if n.is_infinite() => if *n > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        Value::Number(n) => n.to_string(),
        Value::BigInt(digits) => format!("{digits}n"),
        Value::String(text) if depth == 0 => text.to_string_lossy(),
        Value::String(text) => format!("{:?}", text.to_string_lossy()),
        Value::Ref(_) => "[Circular]".into(),
        Value::Bytes(kind, bytes) => format!("{}({})", kind.class_name(), bytes.len() / kind.element_bytes()),
        Value::Date(ms) => format!("Date({ms})"),
        Value::RegExp(source, flags) => format!("/{}/{}", source.to_string_lossy(), flags.to_string_lossy()),
        _ if depth > 3 => "[…]".into(),
        Value::Array(items) => format!("[{}]", list(items.iter().map(|v| inspect(v, depth + 1)).collect())),
        Value::Set(items) => format!("Set {{{}}}", list(items.iter().map(|v| inspect(v, depth + 1)).collect())),
        Value::Map(entries) => {
            let entry = |(k, v): &(Value, Value)| format!("{} => {}", inspect(k, depth + 1), inspect(v, depth + 1));
            format!("Map {{{}}}", list(entries.iter().map(entry).collect()))
        }
        Value::Object(members) => {
            let member = |(k, v): &(electrolint_policy::Text, Value)| {
                format!("{}: {}", k.to_string_lossy(), inspect(v, depth + 1))
            };
            format!("{{{}}}", list(members.iter().map(member).collect()))
        }
        Value::Error { name, message, stack } => {
            format!("{}: {}\n{}", name.to_string_lossy(), message.to_string_lossy(), stack.to_string_lossy())
                .trim_end()
                .to_owned()
        }
    }
}
