//! The remote module.

use electrolint_model::app::{App, RemoteUse, Window, WindowKind};
use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::Value;

use crate::windows::{Verdict, WindowOption, check_option};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Pages reach the main process through `remote`.
    ///
    /// The remote module hands a renderer the objects of the main process: `remote.require('child_process')` in a page runs programs, and
    /// the sandbox does not matter any more. `@electron/remote` does the same in versions that no longer have the module. Send messages
    /// over IPC instead, one channel for each thing that the page needs, with arguments that the main process checks. The built-in module
    /// was always on up to Electron 3, on by default up to 9, and is gone since 14.
    ///
    /// ```js
    /// const remote = require('@electron/remote/main');
    /// remote.initialize(); //~ remote-module
    /// const { app } = require('electron');
    /// app.on('browser-window-created', (event, window) => remote.enable(window.webContents)); //~ remote-module
    /// ```
    ///
    /// The option of later versions says nothing:
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { enableRemoteModule: true } });
    /// ```
    pub(crate) static RULE = {
        id: "remote-module",
        severity: Severity::High,
        items: ["S15"],
        cwe: ["CWE-749"],
        source: "https://github.com/electron/electron/blob/v12.2.3/docs/tutorial/security.md#15-disable-the-remote-module",
    }
}

// https://www.electronjs.org/docs/latest/breaking-changes#removed-remote-module
const REMOVED: Version = Version::new(14, 0, 0);
// The option came with 4.0; before, the module was there in every renderer.
const OPTION: Version = Version::new(4, 0, 0);

const GAIN: &str = "A script in the page that reaches `remote` controls the main process: it runs programs as the user.";
const HELP: &str = "Send messages over IPC, one channel for each thing that the page needs, with arguments that are checked.";

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let version = &app.electron.version;
    let uses = app.remote_uses();
    let is_there = !version.has(REMOVED) && app.may_have_remote_module();
    // From 14 on it is `enable` that gives the module to a page; before, the option.
    let is_for_enable = version.has(REMOVED) || uses.iter().any(|remote| remote.what == RemoteUse::Enable);
    for remote in &uses {
        let (message, severity) = match remote.what {
            RemoteUse::Initialize if is_for_enable => ("`@electron/remote` is set up", Severity::Medium),
            RemoteUse::Initialize => ("`@electron/remote` is set up", Severity::High),
            RemoteUse::Enable => ("`@electron/remote` is switched on for these contents", Severity::High),
            RemoteUse::BuiltIn if !version.has(REMOVED) => ("the remote module is used here", Severity::Medium),
            // It is not there any more, unless the version is a guess.
            RemoteUse::BuiltIn if !app.electron.is_known() => ("the remote module is used here", Severity::Medium),
            RemoteUse::BuiltIn | RemoteUse::Package => continue,
        };
        let report = findings
            .report(&RULE, remote.span, message)
            .severity(severity)
            .known(remote.certainty)
            .gain(GAIN)
            .help(HELP)
            .symbol(remote.symbol.clone())
            .development(remote.development);
        if !is_there && remote.what == RemoteUse::BuiltIn {
            let _ = report.at_most(Confidence::Tentative);
        }
    }
    // From 14 on nothing looks at the option, `@electron/remote` neither: https://github.com/electron/remote/pull/72
    if version.has(REMOVED) {
        return;
    }
    if version.has(OPTION) {
        let option = WindowOption { key: "enableRemoteModule", bad: true, gain: GAIN, help: HELP };
        check_option(cx, findings, &RULE, &option, |window, fact| Some(judge(app, window, fact.written)));
    } else {
        always(cx, findings);
    }
}

/// Windows of versions that always have the module.
fn always(cx: &Context, findings: &mut Findings) {
    for window in &cx.app.windows {
        let own = matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView);
        if !own {
            continue;
        }
        let version = &cx.app.electron.version;
        let _ = findings
            .report(&RULE, window.span, format!("the remote module is always on in Electron {version}"))
            .severity(judge(cx.app, window, false).severity)
            .known(window.certainty)
            .at_most(Confidence::Firm)
            .gain(GAIN)
            .help("Move to an Electron without the module.")
            .symbol(format!("{}.enableRemoteModule", window.symbol))
            .development(window.development);
    }
}

/// How near a page is to the module: with Node.js, or beside a preload script in the same world, it is at hand.
fn judge(app: &App, window: &Window, written: bool) -> Verdict {
    let effective = window.effective(app);
    let isolated = effective.context_isolation.value == Value::Known(true);
    let no_node = effective.node_integration_effective() == Value::Known(false);
    let severity = match (isolated && no_node, app.shows_own_content_only(window)) {
        (true, _) if !written => Severity::Low,
        (true, _) | (false, true) => Severity::Medium,
        (false, false) => Severity::High,
    };
    severity.into()
}
