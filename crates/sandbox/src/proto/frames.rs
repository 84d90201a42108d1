//! The frames of both directions.

use electrolint_policy::Value;

use super::codec::{DecodeError, Reader, Writer};

/// Longest name of a method, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// Longest specifier of a module, in bytes.
const MAX_SPECIFIER_BYTES: usize = 2048;

/// What the specifier of a [`FromWorker::ModuleRequest`] begins with that comes from `require`.
pub const REQUIRE: &str = "require:";

/// The strings of an error object. Nothing else of it crosses the boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorStrings {
    /// `name`, such as `TypeError`.
    pub name: String,
    /// `message`, with lone surrogates replaced.
    pub message: String,
    /// `stack`; lines of the script count from 1.
    pub stack: String,
}

/// What the host sends.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are what their names say; the protocol is in docs/sandbox.md")]
pub enum ToWorker {
    /// The names of the functions of `api`; a call names one by its position here.
    ApiInit {
        names: Vec<String>,
    },
    Execute {
        id: u32,
        timeout_ms: u32,
        code: String,
    },
    ApiResult {
        id: u32,
        value: Value,
    },
    ApiError {
        id: u32,
        error: ErrorStrings,
    },
    RpcCall {
        id: u32,
        method: String,
        args: Value,
    },
    RpcResult {
        id: u32,
        value: Value,
    },
    RpcError {
        id: u32,
        code: i32,
        message: String,
    },
    Notify {
        method: String,
        args: Value,
    },
    Ping {
        nonce: u64,
    },
    /// Load this module and run it: the entry script, or the script of a plugin.
    Load {
        id: u32,
        timeout_ms: u32,
        specifier: String,
    },
    /// The answer to `ModuleRequest`: its resolved name and source, or why there is none.
    ModuleSource {
        module: Result<(String, String), String>,
    },
    Exit,
    /// Give the script a new context; nothing of the one before is left in it.
    Reset,
    /// The answer to `ModuleRequest` as bytecode, which the host has authenticated.
    ModuleCode {
        name: String,
        code: Vec<u8>,
    },
    /// As `Execute`, with bytecode that the host has authenticated.
    ExecuteCode {
        id: u32,
        timeout_ms: u32,
        code: Vec<u8>,
    },
    /// A message port; its descriptor comes along.
    Port {
        name: String,
    },
    /// To a worker that only compiles: a module, or the body of an async function.
    Compile {
        name: String,
        module: bool,
        source: String,
    },
}

/// What a worker sends.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are what their names say; the protocol is in docs/sandbox.md")]
pub enum FromWorker {
    Ready,
    Result {
        id: u32,
        value: Value,
    },
    Error {
        id: u32,
        error: ErrorStrings,
    },
    ApiCall {
        id: u32,
        index: u32,
        args: Value,
    },
    RpcCall {
        id: u32,
        method: String,
        args: Value,
    },
    RpcResult {
        id: u32,
        value: Value,
    },
    RpcError {
        id: u32,
        code: i32,
        message: String,
    },
    Notify {
        method: String,
        args: Value,
    },
    Pong {
        nonce: u64,
    },
    Log {
        level: Level,
        text: String,
    },
    /// The soft clock stopped this `execute`.
    TimedOut {
        id: u32,
        stack: String,
    },
    /// An error that nothing caught.
    Uncaught {
        error: ErrorStrings,
    },
    /// Asks for a module. The worker waits for the answer.
    ModuleRequest {
        specifier: String,
        referrer: String,
    },
    /// The new context is there.
    ResetDone,
    /// What a worker that only compiles has made.
    Compiled {
        code: Vec<u8>,
    },
}

/// The level of a console message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the console method of the same name")]
pub enum Level {
    Debug,
    Log,
    Info,
    Warn,
    Error,
}

impl Level {
    const ALL: [Self; 5] = [Self::Debug, Self::Log, Self::Info, Self::Warn, Self::Error];
}

impl ToWorker {
    /// The frame with its length in front.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        frame(|w| match self {
            Self::ApiInit { names } => {
                w.u8(0);
                w.u32(names.len() as u32);
                names.iter().for_each(|name| w.bytes(name.as_bytes()));
            }
            Self::Execute { id, timeout_ms, code } => {
                w.u8(1);
                w.u32(*id);
                w.u32(*timeout_ms);
                w.bytes(code.as_bytes());
            }
            Self::ApiResult { id, value } => result(w, 2, *id, value),
            Self::ApiError { id, error } => {
                w.u8(3);
                w.u32(*id);
                error_strings(w, error);
            }
            Self::RpcCall { id, method, args } => rpc_call(w, 4, *id, method, args),
            Self::RpcResult { id, value } => result(w, 5, *id, value),
            Self::RpcError { id, code, message } => rpc_error(w, 6, *id, *code, message),
            Self::Notify { method, args } => notify(w, 7, method, args),
            Self::Ping { nonce } => {
                w.u8(8);
                w.u64(*nonce);
            }
            Self::Load { id, timeout_ms, specifier } => {
                w.u8(9);
                w.u32(*id);
                w.u32(*timeout_ms);
                w.bytes(specifier.as_bytes());
            }
            Self::ModuleSource { module: Ok((name, source)) } => {
                w.u8(10);
                w.bytes(name.as_bytes());
                w.bytes(source.as_bytes());
            }
            Self::ModuleSource { module: Err(message) } => {
                w.u8(11);
                w.bytes(message.as_bytes());
            }
            Self::Exit => w.u8(12),
            Self::Reset => w.u8(13),
            Self::ModuleCode { name, code } => {
                w.u8(14);
                w.bytes(name.as_bytes());
                w.bytes(code);
            }
            Self::ExecuteCode { id, timeout_ms, code } => {
                w.u8(15);
                w.u32(*id);
                w.u32(*timeout_ms);
                w.bytes(code);
            }
            Self::Port { name } => {
                w.u8(16);
                w.bytes(name.as_bytes());
            }
            Self::Compile { name, module, source } => {
                w.u8(17);
                w.bytes(name.as_bytes());
                w.u8(u8::from(*module));
                w.bytes(source.as_bytes());
            }
        })
    }

    /// Reads a frame without its length.
    ///
    /// # Errors
    /// Anything that [`ToWorker::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        whole(bytes, |r| {
            Ok(match r.u8()? {
                0 => {
                    let count = r.u32()?;
                    Self::ApiInit { names: (0..count).map(|_| r.string()).collect::<Result<_, _>>()? }
                }
                1 => Self::Execute { id: r.u32()?, timeout_ms: r.u32()?, code: r.string()? },
                2 => Self::ApiResult { id: r.u32()?, value: r.value()? },
                3 => Self::ApiError { id: r.u32()?, error: read_error(r)? },
                4 => Self::RpcCall { id: r.u32()?, method: name(r)?, args: r.value()? },
                5 => Self::RpcResult { id: r.u32()?, value: r.value()? },
                6 => Self::RpcError { id: r.u32()?, code: r.u32()?.cast_signed(), message: r.string()? },
                7 => Self::Notify { method: name(r)?, args: r.value()? },
                8 => Self::Ping { nonce: r.u64()? },
                9 => Self::Load { id: r.u32()?, timeout_ms: r.u32()?, specifier: r.string()? },
                10 => Self::ModuleSource { module: Ok((r.string()?, r.string()?)) },
                11 => Self::ModuleSource { module: Err(r.string()?) },
                12 => Self::Exit,
                13 => Self::Reset,
                14 => Self::ModuleCode { name: r.string()?, code: r.bytes()?.to_vec() },
                15 => Self::ExecuteCode { id: r.u32()?, timeout_ms: r.u32()?, code: r.bytes()?.to_vec() },
                16 => Self::Port { name: r.string()? },
                17 => Self::Compile { name: r.string()?, module: r.u8()? != 0, source: r.string()? },
                other => return Err(DecodeError::Tag(other)),
            })
        })
    }
}

impl FromWorker {
    /// The frame with its length in front.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        frame(|w| match self {
            Self::Ready => w.u8(0),
            Self::Result { id, value } => result(w, 1, *id, value),
            Self::Error { id, error } => {
                w.u8(2);
                w.u32(*id);
                error_strings(w, error);
            }
            Self::ApiCall { id, index, args } => {
                w.u8(3);
                w.u32(*id);
                w.u32(*index);
                w.value(args);
            }
            Self::RpcCall { id, method, args } => rpc_call(w, 4, *id, method, args),
            Self::RpcResult { id, value } => result(w, 5, *id, value),
            Self::RpcError { id, code, message } => rpc_error(w, 6, *id, *code, message),
            Self::Notify { method, args } => notify(w, 7, method, args),
            Self::Pong { nonce } => {
                w.u8(8);
                w.u64(*nonce);
            }
            Self::Log { level, text } => {
                w.u8(9);
                w.u8(*level as u8);
                w.bytes(text.as_bytes());
            }
            Self::TimedOut { id, stack } => {
                w.u8(10);
                w.u32(*id);
                w.bytes(stack.as_bytes());
            }
            Self::Uncaught { error } => {
                w.u8(11);
                error_strings(w, error);
            }
            Self::ModuleRequest { specifier, referrer } => {
                w.u8(12);
                w.bytes(specifier.as_bytes());
                w.bytes(referrer.as_bytes());
            }
            Self::ResetDone => w.u8(13),
            Self::Compiled { code } => {
                w.u8(14);
                w.bytes(code);
            }
        })
    }

    /// Reads a frame without its length. This is the host's whole attack surface.
    ///
    /// # Errors
    /// Anything that [`FromWorker::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        whole(bytes, |r| {
            Ok(match r.u8()? {
                0 => Self::Ready,
                1 => Self::Result { id: r.u32()?, value: r.value()? },
                2 => Self::Error { id: r.u32()?, error: read_error(r)? },
                3 => Self::ApiCall { id: r.u32()?, index: r.u32()?, args: r.value()? },
                4 => Self::RpcCall { id: r.u32()?, method: name(r)?, args: r.value()? },
                5 => Self::RpcResult { id: r.u32()?, value: r.value()? },
                6 => Self::RpcError { id: r.u32()?, code: r.u32()?.cast_signed(), message: r.string()? },
                7 => Self::Notify { method: name(r)?, args: r.value()? },
                8 => Self::Pong { nonce: r.u64()? },
                9 => {
                    let level = r.u8()?;
                    let level = Level::ALL.get(usize::from(level)).ok_or(DecodeError::Tag(level))?;
                    Self::Log { level: *level, text: r.string()? }
                }
                10 => Self::TimedOut { id: r.u32()?, stack: r.string()? },
                11 => Self::Uncaught { error: read_error(r)? },
                12 => Self::ModuleRequest { specifier: specifier(r)?, referrer: specifier(r)? },
                13 => Self::ResetDone,
                14 => Self::Compiled { code: r.bytes()?.to_vec() },
                other => return Err(DecodeError::Tag(other)),
            })
        })
    }
}

fn frame(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer(vec![0; 4]);
    write(&mut writer);
    let length = u32::try_from(writer.0.len() - 4).unwrap_or(u32::MAX);
    writer.0[..4].copy_from_slice(&length.to_le_bytes());
    writer.0
}

fn whole<T>(bytes: &[u8], read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let read = read(&mut reader)?;
    reader.end()?;
    Ok(read)
}

fn result(w: &mut Writer, kind: u8, id: u32, value: &Value) {
    w.u8(kind);
    w.u32(id);
    w.value(value);
}

fn rpc_call(w: &mut Writer, kind: u8, id: u32, method: &str, args: &Value) {
    w.u8(kind);
    w.u32(id);
    w.bytes(method.as_bytes());
    w.value(args);
}

fn rpc_error(w: &mut Writer, kind: u8, id: u32, code: i32, message: &str) {
    w.u8(kind);
    w.u32(id);
    w.u32(code.cast_unsigned());
    w.bytes(message.as_bytes());
}

fn notify(w: &mut Writer, kind: u8, method: &str, args: &Value) {
    w.u8(kind);
    w.bytes(method.as_bytes());
    w.value(args);
}

fn error_strings(w: &mut Writer, error: &ErrorStrings) {
    w.bytes(error.name.as_bytes());
    w.bytes(error.message.as_bytes());
    w.bytes(error.stack.as_bytes());
}

fn read_error(r: &mut Reader<'_>) -> Result<ErrorStrings, DecodeError> {
    Ok(ErrorStrings { name: r.string()?, message: r.string()?, stack: r.string()? })
}

fn name(r: &mut Reader<'_>) -> Result<String, DecodeError> {
    r.string().and_then(|name| if name.len() <= MAX_NAME_BYTES { Ok(name) } else { Err(DecodeError::Length) })
}

fn specifier(r: &mut Reader<'_>) -> Result<String, DecodeError> {
    r.string().and_then(|name| if name.len() <= MAX_SPECIFIER_BYTES { Ok(name) } else { Err(DecodeError::Length) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> ErrorStrings {
        ErrorStrings { name: "E".into(), message: "m".into(), stack: "s".into() }
    }

    fn from_worker() -> Vec<FromWorker> {
        vec![
            FromWorker::Ready,
            FromWorker::Result { id: 1, value: 1.into() },
            FromWorker::Error { id: 1, error: error() },
            FromWorker::ApiCall { id: 1, index: 2, args: Value::Array(vec![]) },
            FromWorker::RpcCall { id: 1, method: "a.b".into(), args: Value::Null },
            FromWorker::RpcResult { id: 1, value: Value::Undefined },
            FromWorker::RpcError { id: 1, code: -32601, message: "m".into() },
            FromWorker::Notify { method: "a".into(), args: Value::Null },
            FromWorker::Pong { nonce: u64::MAX },
            FromWorker::Log { level: Level::Warn, text: "t".into() },
            FromWorker::TimedOut { id: 3, stack: "s".into() },
            FromWorker::Uncaught { error: error() },
            FromWorker::ModuleRequest { specifier: "./a.js".into(), referrer: "addon://x/y".into() },
            FromWorker::ResetDone,
            FromWorker::Compiled { code: vec![1, 2, 3] },
        ]
    }

    #[test]
    fn frames_are_read_as_written() {
        for frame in from_worker() {
            let bytes = frame.encode();
            assert_eq!(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize, bytes.len() - 4);
            assert_eq!(FromWorker::decode(&bytes[4..]), Ok(frame));
        }
        for frame in [
            ToWorker::ApiInit { names: vec!["a".into(), "b.c".into()] },
            ToWorker::Execute { id: 1, timeout_ms: 2, code: "return 1".into() },
            ToWorker::ApiResult { id: 1, value: Value::Null },
            ToWorker::ApiError { id: 1, error: error() },
            ToWorker::RpcCall { id: 1, method: "m".into(), args: Value::Null },
            ToWorker::RpcResult { id: 1, value: Value::Null },
            ToWorker::RpcError { id: 1, code: -1, message: String::new() },
            ToWorker::Notify { method: "m".into(), args: Value::Null },
            ToWorker::Ping { nonce: 7 },
            ToWorker::Load { id: 1, timeout_ms: 1, specifier: "addon://a/b.js".into() },
            ToWorker::ModuleSource { module: Ok(("n".into(), "s".into())) },
            ToWorker::ModuleSource { module: Err("e".into()) },
            ToWorker::Exit,
            ToWorker::Reset,
            ToWorker::ModuleCode { name: "n".into(), code: vec![0, 255] },
            ToWorker::ExecuteCode { id: 1, timeout_ms: 2, code: vec![7] },
            ToWorker::Port { name: "p".into() },
            ToWorker::Compile { name: "n".into(), module: true, source: "s".into() },
        ] {
            assert_eq!(ToWorker::decode(&frame.encode()[4..]), Ok(frame));
        }
    }

    #[test]
    fn cut_and_continued_frames_are_errors() {
        for frame in from_worker() {
            let bytes = frame.encode();
            for end in 4..bytes.len() {
                assert!(FromWorker::decode(&bytes[4..end]).is_err(), "{frame:?} cut at {end}");
            }
            assert_eq!(FromWorker::decode(&[&bytes[4..], &[0]].concat()), Err(DecodeError::Trailing));
        }
        assert_eq!(FromWorker::decode(&[99]), Err(DecodeError::Tag(99)));
        let long = FromWorker::Notify { method: "a".repeat(257), args: Value::Null };
        assert_eq!(FromWorker::decode(&long.encode()[4..]), Err(DecodeError::Length));
    }
}
