//! The words of a judgement.

use super::{Kind, PageContext};

/// What an attack means, after the source or directive that lets it through.
pub(super) fn consequence(kind: Kind, page: &PageContext) -> &'static str {
    let node = page.node == Some(true);
    match kind {
        Kind::ScriptsUnrestricted if node => "any server can run script with Node in this window",
        Kind::ScriptsUnrestricted => "any server can run script in this window",
        Kind::InlineScript => "markup that reaches the page runs as script",
        Kind::InlineHandler => "an event handler in injected markup runs as script",
        Kind::ScriptFromAnyHost if node => "any server can run script with Node in this window",
        Kind::ScriptFromAnyHost => "any server can run script in this window",
        Kind::ScriptFromData => "injected markup carries its own script in the URL",
        Kind::ScriptFromBlob => "script that the page was made to store runs",
        Kind::ScriptFromFile => "any file on this machine, downloads too, can run as script",
        Kind::ScriptOverHttp => "whoever sits on the network can put script into this window",
        Kind::ScriptFromPublicHost => "this host serves files of anyone, so anyone can run script in this window",
        Kind::ScriptFromRemoteHost => "whoever holds this host runs script in this desktop app",
        Kind::ScriptFromLocalHost => "a server on this machine can run script in this window",
        Kind::Eval => "strings that reach `eval` or `new Function` run as script",
        Kind::StaticNonce => "the nonce is in the app's files, so an attacker knows it and may run inline script",
        Kind::Base if page.relative_scripts => {
            "an injected `<base>` makes the page load its scripts from another server"
        }
        Kind::Base => "an injected `<base>` can lead the page's trusted scripts to another server",
        Kind::Plugins => "`<object>` and `<embed>` load from a remote host",
        Kind::Frames => "frames from any server can be put into this page",
        Kind::Forms => "forms can send what they hold to any server",
        Kind::Connections => "script of the page can send data to any server",
        _ => "",
    }
}

/// What to write instead.
pub(super) fn help(kind: Kind, text: &str) -> String {
    let fixed = match kind {
        Kind::ScriptsUnrestricted => "add `script-src 'self'`",
        Kind::InlineScript => {
            "move inline scripts to files and remove `'unsafe-inline'`, or allow each by its `'sha256-…'` hash"
        }
        Kind::InlineHandler => "attach handlers with `addEventListener` and remove `'unsafe-inline'`",
        Kind::ScriptFromAnyHost | Kind::ScriptOverHttp | Kind::ScriptFromPublicHost | Kind::ScriptFromRemoteHost => {
            "ship the script with the app and allow `'self'` only"
        }
        Kind::ScriptFromLocalHost => "allow local servers in development only",
        Kind::ScriptFromFile => "serve the app's pages from a custom protocol, whose `'self'` is the app alone",
        Kind::Eval => "remove it; WebAssembly needs `'wasm-unsafe-eval'` only",
        Kind::StaticNonce => {
            "make a new nonce for each response, or allow the script by its `'sha256-…'` hash in a static page"
        }
        Kind::Base => "add `base-uri 'none'`",
        Kind::Plugins => "write `object-src 'none'`",
        Kind::Frames => "name the hosts in `frame-src`, or write `frame-src 'none'`",
        Kind::Forms => "write `form-action 'none'`, or name the hosts",
        Kind::Connections => "name the hosts in `connect-src`",
        _ => return format!("remove `{text}`"),
    };
    fixed.to_owned()
}
