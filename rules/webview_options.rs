//! Webviews that are attached without a look at their options.

use std::collections::BTreeSet;

use electrolint_model::App;
use electrolint_model::app::{Listener, Window, WindowKind};
use electrolint_model::electron::preferences::Value;
use electrolint_model::link::things::{Certainty, Origin, Trail};
use electrolint_model::source::Span;

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Webviews get whatever options the page writes.
    ///
    /// A page that may use `<webview>` chooses the guest's preload script, preferences and address. Whoever injects markup into that
    /// page adds a webview of their own, with a preload that was never meant for their site and protections switched off. The
    /// main process has the last word in `will-attach-webview`: delete `preload`, set the preferences, and prevent what does not
    /// come from where the app's webviews come from. A handler on every contents (`web-contents-created`) leaves no window out.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// const win = new BrowserWindow({
    ///   webPreferences: { webviewTag: true }, //~ webview-options medium firm
    /// });
    /// const plain = new BrowserWindow({ webPreferences: { webviewTag: false } });
    /// ```
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.on('web-contents-created', (event, contents) => {
    ///   contents.on('will-attach-webview', (event, webPreferences, params) => {
    ///     delete webPreferences.preload;
    ///     webPreferences.nodeIntegration = false;
    ///     if (new URL(params.src).origin !== 'https://example.com') event.preventDefault();
    ///   });
    /// });
    /// new BrowserWindow({ webPreferences: { webviewTag: true } });
    /// ```
    pub(crate) static RULE = {
        id: "webview-options",
        severity: Severity::Medium,
        items: ["S11", "E12"],
        cwe: ["CWE-1188", "CWE-829"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#12-verify-webview-options-before-creation",
    }
}

const EVENT: &str = "will-attach-webview";
const HELP: &str = "On `web-contents-created` listen for `will-attach-webview` on the contents: delete `webPreferences.preload`, set the \
                    preferences, and `event.preventDefault()` unless `params.src` is expected.";
const GAIN: &str = "Markup that is injected into the page adds a webview with the preload script and the preferences of its choice.";

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let handlers = app.of_the_app(app.listeners("WebContents", EVENT));
    // One that was set on something that could not be resolved may cover any window.
    let hidden = handlers.is_empty() && app.listens_somewhere(EVENT);
    let uses = app.windows.iter().any(|window| window.kind == WindowKind::Webview);
    let makers = [WindowKind::BrowserWindow, WindowKind::BrowserView, WindowKind::WebContentsView];
    let makers: Vec<(&Window, Tag)> = (app.windows.iter().filter(|window| makers.contains(&window.kind)))
        .filter_map(|window| Some((window, tag_on(app, window)?)))
        .collect();
    let (covered, open): (Vec<_>, Vec<_>) =
        makers.iter().partition(|(window, _)| handlers.iter().any(|handler| covers(handler, window)));
    // Where the tag is written for a window that is covered.
    let verified: BTreeSet<Span> = covered.iter().filter(|(_, tag)| tag.written).map(|(_, tag)| tag.span).collect();
    // Below Electron 5 the tag comes with Node, which is the worse gift: only where webviews are in use.
    let counts = |tag: &Tag| tag.written || uses;
    let enabled = makers.iter().any(|(_, tag)| counts(tag));
    for (window, on) in open.into_iter().filter(|(_, tag)| counts(tag)) {
        let mut report = findings
            .report(&RULE, on.span, "webviews are on in this window, and nothing verifies their options")
            .known(on.certainty)
            .at_most(Confidence::Firm)
            .gain(GAIN)
            .help(HELP)
            .symbol(format!("{}.webviewTag", window.symbol))
            .because(&on.trail)
            .development(on.development)
            .related(window.span, "the window is made here");
        // Options that windows share, of which one is covered: a builder may have written them for that one alone.
        if hidden || !on.sure || verified.contains(&on.span) {
            report = report.at_most(Confidence::Tentative);
        }
        if let Some(once) = handlers.iter().find(|handler| handler.once) {
            report = report.related(app.callee_span(once.call), "this listens once: the second webview gets through");
        }
        let _ = report;
    }
    if !enabled && !uses {
        return;
    }
    for handler in &handlers {
        judge(app, handler, findings);
    }
}

/// How `webviewTag` is on.
struct Tag {
    span: Span,
    written: bool,
    sure: bool,
    trail: Trail,
    certainty: Certainty,
    development: Option<bool>,
}

fn tag_on(app: &App, window: &Window) -> Option<Tag> {
    window.settings(app, "webviewTag").into_iter().find_map(|fact| {
        let sure = match fact.value {
            Value::Known(true) => true,
            Value::Unknown if fact.written => false,
            _ => return None,
        };
        Some(Tag {
            span: fact.span,
            written: fact.written,
            sure,
            trail: fact.trail,
            certainty: fact.certainty,
            development: fact.development,
        })
    })
}

/// Whether the handler sees the webviews of a window. What it is set on, if it is not known, may be this window.
fn covers(handler: &Listener, window: &Window) -> bool {
    if handler.once || handler.development == Some(true) {
        return false;
    }
    match handler.receiver.as_ref().map(|receiver| &receiver.origin) {
        Some(origin @ Origin::Created(..)) => window.call.is_none() || window.is_made_with(origin),
        Some(Origin::Guest) => false,
        _ => true,
    }
}

/// Preferences, and the value that protects.
const SAFE: [(&str, bool); 12] = [
    ("nodeIntegration", false),
    ("nodeIntegrationInSubFrames", false),
    ("nodeIntegrationInWorker", false),
    ("contextIsolation", true),
    ("sandbox", true),
    ("webSecurity", true),
    ("allowRunningInsecureContent", false),
    ("experimentalFeatures", false),
    ("enableRemoteModule", false),
    ("plugins", false),
    ("webviewTag", false),
    ("javascript", false),
];

fn judge(app: &App, handler: &Listener, findings: &mut Findings) {
    let Some(f) = handler.handler else { return };
    let prevents = app.method_calls_on(f, 0, "preventDefault").iter().any(|outcome| !outcome.after_await);
    if prevents {
        return;
    }
    // What an unknown function is given it may verify.
    if (0..3).any(|parameter| app.hands_to_unknown(f, parameter)) {
        return;
    }
    let protects = app.writes_on_parameter(f, 1).iter().any(|write| match (write.key.as_deref(), write.value) {
        (Some("preload" | "preloadURL"), _) | (None, None) => true,
        (Some(key), value) => SAFE.iter().any(|(name, safe)| {
            *name == key
                && value.is_none_or(|value| {
                    app.eval(value).iter().all(|known| known.thing.truthy().is_none_or(|truth| truth == *safe))
                })
        }),
        (None, Some(_)) => true,
    });
    let address = app.reads_of_parameter(f, 2, "src")
        || app.writes_on_parameter(f, 2).iter().any(|write| write.key.as_deref() == Some("src"));
    let (severity, message, gain) = match (protects, address) {
        (true, true) => return,
        (true, false) => (
            Severity::Low,
            "this handler never looks at the webview's address, and prevents nothing",
            "Markup that is injected into the page adds a webview with any site in it.",
        ),
        (false, _) => (Severity::Medium, "this handler verifies no option of the webview", GAIN),
    };
    let span = app.argument_span(handler.call, 0);
    let _ = findings
        .report(&RULE, span, message)
        .severity(severity)
        .known(handler.certainty)
        .at_most(Confidence::Firm)
        .gain(gain)
        .help("Delete `webPreferences.preload`, set the preferences, and prevent the event unless `params.src` is expected.")
        .symbol(app.symbol(handler.call))
        .development(handler.development);
}
