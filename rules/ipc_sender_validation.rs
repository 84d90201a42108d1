//! IPC handlers that do as they are told, whoever tells them.

use electrolint_model::app::{Listener, Unseen};

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// IPC handlers serve any frame that asks.
    ///
    /// Every frame of every window can send to `ipcMain`: an iframe with an advertisement, a page that a link led to, a window that
    /// was opened for a login. A handler that reads files, starts programs or tells secrets must see that the message comes from
    /// the app's own page: compare `event.senderFrame.url` (parsed, by origin) or `event.sender` with what is expected, before
    /// the first `await`. One function through which all handlers are registered can do it for all. There is one report for the
    /// app; it lists the handlers.
    ///
    /// ```js
    /// const { app, BrowserWindow, ipcMain } = require('electron');
    /// const fs = require('node:fs/promises');
    /// ipcMain.handle('read', (event, name) => fs.readFile(name)); //~ ipc-sender-validation
    /// ipcMain.handle('version', () => app.getVersion());
    /// app.whenReady().then(() => new BrowserWindow().loadURL('https://example.com/'));
    /// ```
    ///
    /// ```js
    /// const { ipcMain } = require('electron');
    /// const fs = require('node:fs/promises');
    /// function isTrusted(frame) {
    ///   return frame !== null && new URL(frame.url).origin === 'https://example.com';
    /// }
    /// ipcMain.handle('read', (event, name) => {
    ///   if (!isTrusted(event.senderFrame)) return null;
    ///   return fs.readFile(name);
    /// });
    /// ```
    ///
    /// A check that looks for a text in the address is none: who owns `https://example.com.attacker.net` passes it.
    ///
    /// ```js
    /// const { ipcMain } = require('electron');
    /// const fs = require('node:fs/promises');
    /// ipcMain.handle('read', (event, name) => {
    ///   if (!event.senderFrame.url.startsWith('https://example.com')) return null; //~ ipc-sender-validation
    ///   return fs.readFile(name);
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "ipc-sender-validation",
        severity: Severity::Medium,
        items: ["E17"],
        cwe: ["CWE-346", "CWE-940"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#17-validate-the-sender-of-all-ipc-messages",
    }
}

/// Handlers that one report names besides the first.
const MOST_NAMED: usize = 8;

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut open = app.unseen_actions();
    // What a page only has done that the app does by itself, a person may look at where there is nothing worse.
    let matters = open.iter().any(|one| one.action.matters);
    open.retain(|one| one.action.matters || !matters);
    got_around(cx, findings);
    // The surest first, and not what nothing leads to.
    let rank = |handler: &Listener| (!app.is_forgotten(app.callee_span(handler.call).file), handler.certainty);
    let best = open.iter().map(|one| rank(&one.listener)).max();
    let Some(index) = open.iter().position(|one| Some(rank(&one.listener)) == best) else { return };
    let Unseen { listener: first, action, .. } = open.remove(index);
    open.retain(|one| rank(&one.listener).0 == rank(&first).0);
    let others = open.len();
    let name = |event: &Option<String>| event.as_ref().map_or("a channel".to_owned(), |event| format!("`{event}`"));
    let message = match others {
        0 => format!("the handler of {} reaches `{}`, and never looks at who sends", name(&first.event), action.api),
        1 => format!("the handlers of {} and one more channel never look at who sends", name(&first.event)),
        _ => format!("the handlers of {} and {others} more channels never look at who sends", name(&first.event)),
    };
    let mut report = findings
        .report(&RULE, app.argument_span(first.call, 0), message)
        .known(first.certainty)
        .at_most(if matters { Confidence::Firm } else { Confidence::Tentative })
        .gain("A frame that is not the app's own page, in any window, has it done too.")
        .help("Compare `event.senderFrame` or `event.sender` with what is expected, in one function that registers all handlers.")
        .symbol("ipc")
        .app_wide()
        .related(action.span, format!("`{}` is reached here", action.api));
    for Unseen { listener, span, action } in open.iter().take(MOST_NAMED) {
        let text = format!("{} reaches `{}`", name(&listener.event), action.api);
        report = report.related(*span, text);
    }
    // Where only the app's own pages are shown and none leads elsewhere, there is hardly anyone else to send.
    if app.shows_only_own_pages() && app.limits_navigation() {
        report = report.at_most(Confidence::Tentative);
    }
    let _ = report;
}

/// Handlers that tell who sends by a check that a page's address can be made to pass.
fn got_around(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut told = Vec::new();
    for handler in app.ipc_handlers() {
        if handler.development == Some(true) || !app.is_own(app.callee_span(handler.call)) {
            continue;
        }
        for f in app.handler_functions(&handler) {
            if !app.looks_at_sender(&handler, f) {
                continue;
            }
            let checks = app.weak_sender_checks(f);
            let Some(action) = (!checks.is_empty()).then(|| app.sensitive_action(f)).flatten() else { continue };
            for (span, why) in checks {
                if told.contains(&span) {
                    continue;
                }
                told.push(span);
                findings
                    .report(&RULE, span, format!("who sends is told by a check that can be got around: {why}"))
                    .known(handler.certainty)
                    .at_most(Confidence::Firm)
                    .gain("A page whose address is made to pass the check has it done too.")
                    .help("Compare `new URL(event.senderFrame.url).origin`, or `event.sender`, with what is expected.")
                    .symbol(app.symbol(handler.call))
                    .related(action.span, format!("`{}` is reached here", action.api));
            }
        }
    }
}
