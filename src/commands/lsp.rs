//! `electrolint lsp`: serves an editor over standard input and output.

use lsp_server::Connection;

use crate::Failure;
use crate::cli::LspArgs;

/// Serves until the editor says goodbye; the answer is the exit code.
///
/// # Errors
/// A peer that does not speak the protocol of language servers.
pub fn run(_: &LspArgs) -> Result<u8, Failure> {
    let (connection, threads) = Connection::stdio();
    let code = crate::lsp::serve(&connection)?;
    // What is still to be written is written when the channel closes.
    drop(connection);
    match threads.join() {
        Ok(()) => Ok(code),
        // The editor closed its end first, or what it wrote is no message.
        Err(_) => Ok(1),
    }
}
