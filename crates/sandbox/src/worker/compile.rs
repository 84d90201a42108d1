//! A worker that compiles one source and ends. It runs no script, so its bytecode is the compiler's.

use super::bridge::{SCRIPT_NAME, compile_body};
use super::{Channel, fail};
use crate::os::process;
use crate::os::quickjs::{Trusted, beside};
use crate::proto::frames::{ErrorStrings, FromWorker, ToWorker};

pub(super) fn run(compiler: &rquickjs::Context) -> ! {
    let mut channel = Channel::new();
    let ToWorker::Compile { name, module, source } = channel.next() else {
        fail("the host asks a compiler for something else")
    };
    let compiled = if module {
        beside(compiler, |ctx| Trusted::compile(ctx, &source, &name, true, 1).map_err(|_| ()))
    } else {
        beside(compiler, |ctx| compile_body(ctx, &source, SCRIPT_NAME).map_err(|_| ()))
    };
    channel.send(&match compiled {
        Ok(code) => FromWorker::Compiled { code: code.into_bytes() },
        Err(()) => {
            // The worker that runs it finds the same error and says it with its place.
            let error = ErrorStrings { name: "SyntaxError".into(), message: String::new(), stack: String::new() };
            FromWorker::Error { id: 0, error }
        }
    });
    process::exit(0)
}
