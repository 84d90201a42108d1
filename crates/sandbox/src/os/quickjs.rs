//! What the engine's C interface has and its Rust binding does not: bytecode between two contexts, strings that are
//! not well formed, and which kind of object a value is.

use std::ffi::CString;

use electrolint_policy::{BytesKind, Text};
use rquickjs::{Ctx, Error, Module, Result, Value, module::Declared, qjs};

/// What an object is, by its internal slot and not by anything that a script can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Plain,
    Array,
    Function,
    Date,
    RegExp,
    Map,
    Set,
    Error,
    Proxy,
    Promise,
    Bytes(BytesKind),
    /// One of the classes that structured clone does not carry, or a boxed primitive.
    Other(&'static str),
}

/// Source text of a script or module, compiled in the context of `ctx`, which has the compiler. The first line of
/// `source` gets the number `first_line`.
pub(crate) fn compile(ctx: &Ctx<'_>, source: &str, name: &str, module: bool, first_line: i32) -> Result<Vec<u8>> {
    // The engine reads one byte past the end, which must be NUL, and takes the length without it.
    let length = source.len();
    let source = zero_terminated(source);
    let name = CString::new(name)?;
    let kind = if module { qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_STRICT } else { qjs::JS_EVAL_TYPE_GLOBAL };
    let mut options = qjs::JSEvalOptions {
        version: 1,
        eval_flags: (kind | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as i32,
        filename: name.as_ptr(),
        line_num: first_line,
    };
    // SAFETY: `source`, `name` and `options` outlive the call; `length` is inside `source`, which ends with NUL. The
    // context is live as long as `ctx` is.
    let function =
        unsafe { qjs::JS_Eval2(ctx.as_raw().as_ptr(), source.as_ptr().cast(), length as _, &raw mut options) };
    let function = take(ctx, function)?;
    let mut size = 0;
    // SAFETY: `function` is the compiled function or module from above. The buffer that is returned belongs to the
    // caller, has `size` bytes and is freed below with the allocator that made it.
    unsafe {
        let buffer = qjs::JS_WriteObject(
            ctx.as_raw().as_ptr(),
            &raw mut size,
            function.as_raw(),
            qjs::JS_WRITE_OBJ_BYTECODE as i32,
        );
        if buffer.is_null() {
            return Err(Error::Exception);
        }
        let bytes = std::slice::from_raw_parts(buffer, size as usize).to_vec();
        qjs::js_free(ctx.as_raw().as_ptr(), buffer.cast());
        Ok(bytes)
    }
}

/// Bytecode that [`compile`] made in this process or in one that shares the engine build.
///
/// Bytecode is code: the engine does not verify it. Only what this program compiled may be wrapped.
pub(crate) struct Trusted(Vec<u8>);

impl Trusted {
    pub(crate) fn compile(ctx: &Ctx<'_>, source: &str, name: &str, module: bool, first_line: i32) -> Result<Self> {
        compile(ctx, source, name, module, first_line).map(Self)
    }

    /// Bytecode as the host sent it. The host has it from a worker that only compiles, of this build, and has
    /// authenticated it since.
    pub(crate) fn from_host(code: Vec<u8>) -> Self {
        Self(code)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Runs a script and gives its value.
pub(crate) fn run_script<'js>(ctx: &Ctx<'js>, code: &Trusted) -> Result<Value<'js>> {
    // SAFETY: the bytes were written by JS_WriteObject of this engine build, which the type says; they outlive the call.
    let function = unsafe {
        qjs::JS_ReadObject(ctx.as_raw().as_ptr(), code.0.as_ptr(), code.0.len() as _, qjs::JS_READ_OBJ_BYTECODE as i32)
    };
    let function = take(ctx, function)?;
    // SAFETY: JS_EvalFunction consumes one reference of the function, which is why it is duplicated here; `function`
    // keeps its own.
    let value = unsafe {
        let raw = qjs::JS_DupValue(ctx.as_raw().as_ptr(), function.as_raw());
        qjs::JS_EvalFunction(ctx.as_raw().as_ptr(), raw)
    };
    take(ctx, value)
}

/// Declares a module in `ctx`.
pub(crate) fn declare_module<'js>(ctx: &Ctx<'js>, code: &Trusted) -> Result<Module<'js, Declared>> {
    // SAFETY: as in `run_script`.
    unsafe { Module::load(ctx.clone(), &code.0) }
}

/// A string of the engine as it is.
pub(crate) fn text(ctx: &Ctx<'_>, string: &rquickjs::String<'_>) -> Result<Text> {
    if let Ok(text) = string.to_string() {
        return Ok(Text::Utf8(text));
    }
    let mut length = 0;
    // SAFETY: the value is a string, so no script code runs. The units belong to the engine until JS_FreeCStringUTF16
    // and there are `length` of them.
    unsafe {
        let units = qjs::JS_ToCStringLenUTF16(ctx.as_raw().as_ptr(), &raw mut length, string.as_raw());
        if units.is_null() {
            return Err(Error::Exception);
        }
        let copy = std::slice::from_raw_parts(units, length as usize).to_vec();
        qjs::JS_FreeCStringUTF16(ctx.as_raw().as_ptr(), units);
        Ok(Text::from_utf16(copy))
    }
}

/// A new string of the engine.
pub(crate) fn new_string<'js>(ctx: &Ctx<'js>, text: &Text) -> Result<Value<'js>> {
    match text {
        Text::Utf8(text) => rquickjs::String::from_str(ctx.clone(), text).map(rquickjs::String::into_value),
        Text::Utf16(units) => {
            // SAFETY: pointer and length are of one live slice, and the engine copies it.
            let raw = unsafe { qjs::JS_NewStringUTF16(ctx.as_raw().as_ptr(), units.as_ptr(), units.len() as _) };
            take(ctx, raw)
        }
    }
}

/// What kind of object `value` is. Runs no script code.
pub(crate) fn class_of(value: &Value<'_>) -> Class {
    if value.is_function() {
        return Class::Function;
    }
    let raw = value.as_raw();
    // SAFETY: these look at the tag and the class number of a live value and call nothing.
    unsafe {
        if qjs::JS_IsProxy(raw) {
            return Class::Proxy;
        }
        if qjs::JS_IsArray(raw) {
            return Class::Array;
        }
        if qjs::JS_IsDate(raw) {
            return Class::Date;
        }
        if qjs::JS_IsRegExp(raw) {
            return Class::RegExp;
        }
        if qjs::JS_IsMap(raw) {
            return Class::Map;
        }
        if qjs::JS_IsSet(raw) {
            return Class::Set;
        }
        if qjs::JS_IsError(raw) {
            return Class::Error;
        }
        if qjs::JS_IsDataView(raw) {
            return Class::Bytes(BytesKind::DataView);
        }
        if qjs::JS_IsArrayBuffer(raw) {
            return Class::Bytes(BytesKind::ArrayBuffer);
        }
        if value.is_promise() {
            return Class::Promise;
        }
        if qjs::JS_IsWeakRef(raw) || qjs::JS_IsWeakMap(raw) || qjs::JS_IsWeakSet(raw) {
            return Class::Other("a weak collection");
        }
        typed_array(qjs::JS_GetTypedArrayType(raw)).unwrap_or(match qjs::JS_GetClassID(raw) {
            // The first class of the engine's table: quickjs.c, JS_CLASS_OBJECT.
            1 => Class::Plain,
            _ => Class::Other("an object with internal state"),
        })
    }
}

fn typed_array(number: i32) -> Option<Class> {
    let kind = match u32::try_from(number).ok()? {
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8C => BytesKind::Uint8ClampedArray,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_INT8 => BytesKind::Int8Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8 => BytesKind::Uint8Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_INT16 => BytesKind::Int16Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT16 => BytesKind::Uint16Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_INT32 => BytesKind::Int32Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT32 => BytesKind::Uint32Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_BIG_INT64 => BytesKind::BigInt64Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_BIG_UINT64 => BytesKind::BigUint64Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_FLOAT32 => BytesKind::Float32Array,
        qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_FLOAT64 => BytesKind::Float64Array,
        _ => return Some(Class::Other("a Float16Array")),
    };
    Some(Class::Bytes(kind))
}

/// A copy of the bytes of an `ArrayBuffer`; `None` when it is detached.
pub(crate) fn copy_buffer(ctx: &Ctx<'_>, buffer: &Value<'_>) -> Option<Vec<u8>> {
    let mut size = 0;
    // SAFETY: the pointer that is returned is null or to `size` bytes of the live buffer; nothing runs between the call
    // and the copy that could detach or resize it.
    unsafe {
        let start = qjs::JS_GetArrayBuffer(ctx.as_raw().as_ptr(), &raw mut size, buffer.as_raw());
        if start.is_null() {
            // An exception is pending for what is no buffer or detached; it is not wanted here.
            let _ = ctx.catch();
            return None;
        }
        Some(std::slice::from_raw_parts(start, size as usize).to_vec())
    }
}

/// Owns a raw value, or raises the exception that it stands for.
fn take<'js>(ctx: &Ctx<'js>, raw: qjs::JSValue) -> Result<Value<'js>> {
    // SAFETY: the callers hand over a value that an engine function just returned to them with one reference.
    let value = unsafe { Value::from_raw(ctx.clone(), raw) };
    // SAFETY: looks at the tag alone.
    if unsafe { qjs::JS_IsException(raw) } { Err(Error::Exception) } else { Ok(value) }
}

fn zero_terminated(source: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(source.len() + 1);
    bytes.extend_from_slice(source.as_bytes());
    bytes.push(0);
    bytes
}

/// Where an object lies: two values are one object when they are at one address.
pub(crate) fn address(value: &Value<'_>) -> usize {
    // SAFETY: reads the pointer of a live object and does not follow it.
    unsafe { qjs::JS_VALUE_GET_PTR(value.as_raw()) as usize }
}

/// Gives the context `eval`, `Function` and kin.
pub(crate) fn enable_codegen(ctx: &Ctx<'_>) {
    // SAFETY: sets the compiler of a live context; may be called at any time.
    unsafe { qjs::JS_AddIntrinsicEval(ctx.as_raw().as_ptr()) };
}

/// Uses `other`, a context of the same runtime, while this thread is inside a context already.
///
/// The binding's own way in takes a lock that is held then; the runtime itself has one thread and lets its contexts
/// call each other.
pub(crate) fn beside<R>(other: &rquickjs::Context, work: impl for<'a> FnOnce(&Ctx<'a>) -> R) -> R {
    // SAFETY: `other` keeps the context alive across the call, and the lifetime is chosen by `work`, so that nothing
    // of the context leaves it. The caller is inside a context of the same runtime, on its only thread.
    let ctx = unsafe { Ctx::from_raw(other.as_raw()) };
    work(&ctx)
}

/// Collects garbage.
pub(crate) fn collect(ctx: &Ctx<'_>) {
    // SAFETY: the runtime lives as long as its contexts; a collection may run whenever no engine function is on the stack
    // but those that called out to us.
    unsafe { qjs::JS_RunGC(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) };
}

/// Bytes that the runtime has allocated.
pub(crate) fn used_bytes(ctx: &Ctx<'_>) -> usize {
    let mut usage = std::mem::MaybeUninit::uninit();
    // SAFETY: the engine fills the whole structure.
    let usage = unsafe {
        qjs::JS_ComputeMemoryUsage(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), usage.as_mut_ptr());
        usage.assume_init()
    };
    usize::try_from(usage.malloc_size).unwrap_or(0)
}

/// Sets the bounds of heap and stack, in bytes.
pub(crate) fn limit(ctx: &Ctx<'_>, heap: usize, stack: usize) {
    // SAFETY: sets two numbers of a live runtime.
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.as_raw().as_ptr());
        qjs::JS_SetMemoryLimit(runtime, heap as _);
        qjs::JS_SetMaxStackSize(runtime, stack as _);
    }
}

/// Whether `value` is the namespace object of a module.
pub(crate) fn is_module_namespace(value: &Value<'_>) -> bool {
    // SAFETY: looks at the class number of a live value. 11 is JS_CLASS_MODULE_NS in the table of quickjs.c.
    unsafe { qjs::JS_GetClassID(value.as_raw()) == 11 }
}
