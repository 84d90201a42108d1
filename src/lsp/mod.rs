//! The server for editors: `electrolint lsp`.
//!
//! It runs the pipeline of the command line over the texts that the editor holds, so both find the same. The thread of the protocol answers;
//! another one checks, the newest state only, and keeps what files say on their own: after a keystroke one file is parsed.
//!
//! - `server`: the loop, and what comes in. `answers`: what goes out. `client`: what the editor can do. `settings`: what its user set.
//! - `documents`, `uri`, `positions`: texts, names and places as editors have them.
//! - `folders`: what is checked and what is known of it. `worker`: the thread that checks.
//! - `diagnostics`, `actions`, `ignore`, `hover`: findings as editors show them, and what can be done about them.
//!
//! <https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/>

mod actions;
mod answers;
mod client;
mod diagnostics;
mod documents;
mod folders;
mod hover;
mod ignore;
mod positions;
mod server;
mod settings;
mod uri;
mod worker;

use lsp_server::Connection;

use crate::Failure;

/// Serves one editor until it says goodbye. The exit code that the protocol wants: 0 after `shutdown`, else 1.
///
/// # Errors
/// `Editor` for a peer that does not speak the protocol.
pub fn serve(connection: &Connection) -> Result<u8, Failure> {
    let (jobs, waiting) = crossbeam_channel::unbounded();
    let (results, done) = crossbeam_channel::unbounded();
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned()).stack_size(worker::STACK);
    let failed = |error: std::io::Error| Failure::Editor(error.to_string());
    std::thread::scope(|scope| {
        // It ends when the loop drops its end of the channels.
        thread("checks").spawn_scoped(scope, move || worker::work(&waiting, &results)).map_err(failed)?;
        let serving =
            thread("serves").spawn_scoped(scope, move || server::run(connection, jobs, &done)).map_err(failed)?;
        serving.join().unwrap_or_else(|_| Err(Failure::Editor("this is a bug in electrolint".to_owned())))
    })
}
