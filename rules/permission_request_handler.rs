//! `setPermissionRequestHandler`.

use electrolint_model::app::checks::Strength;
use electrolint_model::app::verdicts::Verdict;
use electrolint_model::app::{Content, Listener, Window};
use electrolint_model::link::things::Origin;

use crate::handlers::{ON_SOME_PLATFORMS, absence, behind, content, is_led_to, on_all_platforms, place, windows};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Remote content gets every permission that it asks for.
    ///
    /// Without a handler Electron grants what pages request: camera, microphone, location, notifications, MIDI, the clipboard. Any site
    /// that is loaded, and any advertisement or script in it, may use them without a question. Set a handler on each session that loads
    /// remote content, and grant by permission and origin.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.whenReady().then(() => {
    ///   const win = new BrowserWindow(); //~ permission-request-handler
    ///   win.loadURL('https://example.com/');
    /// });
    /// ```
    ///
    /// Devices (`setDevicePermissionHandler`) and the screen (`setDisplayMediaRequestHandler`) have handlers of their own, which must not
    /// say yes to whoever asks either.
    ///
    /// A handler that grants everything is none:
    ///
    /// ```js
    /// const { app, BrowserWindow, session } = require('electron');
    /// app.whenReady().then(() => {
    ///   session.defaultSession.setPermissionRequestHandler((contents, permission, callback) => {
    ///     callback(true); //~ permission-request-handler
    ///   });
    ///   new BrowserWindow().loadURL('https://example.com/');
    /// });
    /// ```
    ///
    /// ```js
    /// const { app, BrowserWindow, session } = require('electron');
    /// app.whenReady().then(() => {
    ///   session.defaultSession.setPermissionRequestHandler((contents, permission, callback) => {
    ///     callback(permission === 'notifications');
    ///   });
    ///   new BrowserWindow().loadURL('https://example.com/');
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "permission-request-handler",
        severity: Severity::Medium,
        items: ["S4", "E5"],
        cwe: ["CWE-862"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#5-handle-session-permission-requests-from-remote-content",
    }
}

const GAIN: &str = "Any site that is loaded uses camera, microphone, location and notifications without asking.";
const HELP: &str = "Call `session.setPermissionRequestHandler` on each session that loads remote content; grant by permission and by the requesting origin, and call `callback(false)` for the rest.";

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let handlers = app.of_the_app(app.handlers("Session.setPermissionRequestHandler"));
    for handler in handlers.iter().filter(|handler| !app.is_replaced(handler, &handlers)) {
        let verdict = app.permission_verdict(handler);
        let (span, message, confidence) = match &verdict {
            Verdict::Allows(span) => (*span, "every permission is granted", Confidence::Certain),
            Verdict::Guarded(check) if check.strength == Strength::Weak => (
                place(cx, check, handler),
                "permissions are granted that are not listed here",
                Confidence::Firm,
            ),
            _ => continue,
        };
        let report = findings
            .report(&RULE, span, message)
            .known(handler.certainty)
            .at_most(confidence)
            .development(handler.development)
            .gain(GAIN)
            .help(HELP)
            .symbol(app.symbol(handler.call));
        if let Verdict::Guarded(check) = &verdict
            && let Some((span, text)) = behind(check)
        {
            let _ = report.related(span, text);
        }
    }
    for (api, message, help) in [
        (
            "Session.setPermissionCheckHandler",
            "every permission check is answered with yes",
            "Return `true` only for the permissions and origins that the app needs.",
        ),
        (
            "Session.setDevicePermissionHandler",
            "every page may use every device that was chosen once",
            "Return `true` only for the kinds of device and the origins that the app needs.",
        ),
    ] {
        for check in app.handlers(api) {
            let Some(value) = check.value else { continue };
            for f in app.functions(value) {
                let exits = app.exits(f).returns;
                let always = !exits.is_empty()
                    && exits.iter().all(|exit| {
                        exit.value.is_some_and(|value| app.eval(value).iter().all(|known| known.thing.truthy() == Some(true)))
                    });
                if always {
                    findings
                        .report(&RULE, app.callee_span(check.call), message)
                        .known(check.certainty)
                        .development(check.development)
                        .gain(GAIN)
                        .help(help)
                        .symbol(app.symbol(check.call));
                }
            }
        }
    }
    let remote: Vec<(&Window, Content)> = windows(cx)
        .into_iter()
        .map(|window| (window, content(cx, window)))
        .filter(|(_, content)| *content >= Content::Unknown)
        .collect();
    let shows_remote = remote.iter().any(|(_, content)| *content == Content::Remote);
    let covering =
        |window: &Window| on_all_platforms(cx, window, handlers.iter().filter(|handler| covers(cx, handler, window)));
    let mut uncovered: Vec<_> = remote.into_iter().filter(|(window, _)| covering(window).is_err()).collect();
    if shows_remote {
        screens(cx, findings);
    }
    uncovered.sort_by_key(|(window, content)| (!is_led_to(cx, window), std::cmp::Reverse(*content), window.span));
    let Some((window, worst)) = uncovered.first() else { return };
    let on_some = covering(window).err().flatten();
    let message = match (handlers.is_empty(), *worst) {
        _ if on_some.is_some() => "there is a permission request handler on some platforms only",
        (true, Content::Remote) => "remote content is loaded and there is no permission request handler",
        (true, _) => "there is no permission request handler, and what is loaded here is not known",
        (false, _) => "no permission request handler is set on the session of this window",
    };
    let mut report = findings
        .report(&RULE, window.span, message)
        .known(window.certainty.min(absence(cx)))
        .at_most(if *worst == Content::Remote { Confidence::Firm } else { Confidence::Tentative })
        .app_wide()
        .gain(GAIN)
        .help(HELP)
        .symbol(format!("{}.setPermissionRequestHandler", window.symbol));
    if let Some(test) = on_some {
        report = report.related(test, ON_SOME_PLATFORMS);
    }
    for (other, _) in uncovered.iter().skip(1).filter(|(other, _)| other.span != window.span).take(5) {
        report = report.related(other.span, "this one is not covered either");
    }
    if let Some((load, _)) = app.remote_loads().first() {
        report = report.related(load.span, "remote content is loaded here");
    }
    let _ = report;
}

/// Handlers that give every page that asks a picture of the screen, and leave nobody to choose.
///
/// Without a handler the request is refused: <https://www.electronjs.org/docs/latest/api/session#sessetdisplaymediarequesthandlerhandler-opts>
fn screens(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    for handler in app.handlers("Session.setDisplayMediaRequestHandler") {
        // `{ useSystemPicker: true }`: the system asks.
        if app.program.argument(handler.call, 1).is_some() {
            continue;
        }
        for span in app.unasked_screens(&handler) {
            findings
                .report(&RULE, span, "every page that asks is given the screen")
                .known(handler.certainty)
                .at_most(Confidence::Firm)
                .development(handler.development)
                .gain("Any site that is loaded sees what is on the screen, without a question.")
                .help("Compare `request.securityOrigin`, let the user choose what is shared, and call `callback({})` for the rest.")
                .symbol(app.symbol(handler.call));
        }
    }
}

/// Whether a handler is set on the session of a window.
fn covers(cx: &Context, handler: &Listener, window: &Window) -> bool {
    if handler.development == Some(true) {
        return false;
    }
    match handler.receiver.as_ref().map(|host| &host.origin) {
        Some(Origin::Every) | None => true,
        Some(Origin::Default) => matches!(window.session, Origin::Default | Origin::Some),
        Some(Origin::Partition(name)) => match &window.session {
            Origin::Partition(own) => name.is_none() || own.is_none() || name == own,
            Origin::Some => true,
            _ => false,
        },
        // The session of a window: of that one, and of all that share it.
        Some(origin @ Origin::Created(..)) => {
            let has_it = |other: &Window| other.is_made_with(origin) && other.session == window.session;
            window.is_made_with(origin) || cx.app.windows.iter().any(has_it)
        }
        Some(_) => true,
    }
}
