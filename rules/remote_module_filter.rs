//! `remote-require` and its kin.

use electrolint_model::App;
use electrolint_model::app::RemoteUse;
use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::{Given, Value};
use electrolint_model::source::{FileId, Span};

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// The remote module gives out whatever is asked for.
    ///
    /// Where an app cannot do without `remote`, it can at least say what a page may have: the events `remote-require`,
    /// `remote-get-builtin` and `remote-get-global` of `app` or of a `webContents` come before the answer, and `event.preventDefault()`
    /// refuses. Without them a page that reaches `remote` gets `child_process`. Prevent all, and let a short list through.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// require('@electron/remote/main').initialize();
    /// new BrowserWindow({}); //~ remote-module-filter
    /// ```
    ///
    /// With filters it is silent, and so it is without the module:
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// require('@electron/remote/main').initialize();
    /// for (const name of ['remote-require', 'remote-get-builtin', 'remote-get-global']) {
    ///   app.on(name, (event) => event.preventDefault());
    /// }
    /// new BrowserWindow({});
    /// ```
    pub(crate) static RULE = {
        id: "remote-module-filter",
        severity: Severity::Low,
        items: ["S16"],
        cwe: ["CWE-749"],
        source: "https://github.com/electron/electron/blob/v12.2.3/docs/tutorial/security.md#16-filter-the-remote-module",
    }
}

const REMOVED: Version = Version::new(14, 0, 0);

/// What a page asks for to get out of its process.
const EVENTS: [&str; 3] = ["remote-require", "remote-get-builtin", "remote-get-global"];

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let Some(used) = used(app) else { return };
    let missing: Vec<String> =
        EVENTS.iter().filter(|event| !is_filtered(app, event)).map(|event| format!("`{event}`")).collect();
    if missing.is_empty() {
        return;
    }
    let first = app.windows.iter().map(|window| window.span).find(|span| app.is_own(*span));
    let span = first.unwrap_or(Span { file: FileId(used.file.0), start: 0, end: 0 });
    let _ = findings
        .report(&RULE, span, format!("nothing filters the remote module: no handler of {} prevents", missing.join(", ")))
        .app_wide()
        .at_most(Confidence::Firm)
        .related(used, "the remote module is used here")
        .gain("A page that reaches `remote` is given `child_process` and everything else of the main process.")
        .help("Handle these events on `app`: prevent all, and let a short list through. Better, replace `remote` by IPC.")
        .symbol("remote-module-filter");
}

/// Where the module is used, if it is.
fn used(app: &App) -> Option<Span> {
    let gone = app.electron.version.has(REMOVED);
    let by_code = app.remote_uses().into_iter().find(|remote| {
        remote.development != Some(true)
            && match remote.what {
                RemoteUse::Initialize | RemoteUse::Enable => true,
                RemoteUse::BuiltIn => !gone && app.may_have_remote_module(),
                RemoteUse::Package => false,
            }
    });
    by_code.map(|remote| remote.span).or_else(|| {
        app.windows.iter().filter(|_| !gone).find_map(|window| {
            window.settings(app, "enableRemoteModule").into_iter().find_map(|fact| {
                (fact.written && fact.given == Given::Bool(true) && fact.value == Value::Known(true)).then_some(fact.span)
            })
        })
    })
}

/// Whether a handler of the event prevents on some path, or cannot be seen.
fn is_filtered(app: &App, event: &str) -> bool {
    ["app", "WebContents"].iter().flat_map(|class| app.listeners(class, event)).any(|listener| {
        listener.handler.is_none_or(|handler| !app.method_calls_on(handler, 0, "preventDefault").is_empty())
    })
}
