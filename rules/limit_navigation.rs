//! `will-navigate`.

use electrolint_model::app::checks::Strength;
use electrolint_model::app::verdicts::Verdict;
use electrolint_model::app::{Listener, Window};
use electrolint_model::electron::api;
use electrolint_model::link::things::Origin;

use crate::finding::Relation;
use crate::handlers::{MOST_OTHERS, ON_SOME_PLATFORMS, absence, behind, covers, is_about_scheme, is_led_to, is_made_for, loads_of_opened, made_by, on_all_platforms, place, severity, webview_of, windows};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A page may navigate its window to any site.
    ///
    /// A link, a redirect or an injected script leads the window to a page of the attacker's, which then runs with the window's preload,
    /// its session and everything that the app exposes to its own pages. Handle `will-navigate` (best for every contents, in
    /// `web-contents-created`), compare the origin of the parsed address, and call `event.preventDefault()` for all others.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.whenReady().then(() => {
    ///   const win = new BrowserWindow(); //~ limit-navigation
    ///   win.loadURL('https://example.com/');
    /// });
    /// ```
    ///
    /// A check that compares texts is none: `https://example.com.attacker.net` begins like `https://example.com`.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.on('web-contents-created', (event, contents) => {
    ///   contents.on('will-navigate', (event, url) => {
    ///     if (!url.startsWith('https://example.com')) event.preventDefault(); //~ limit-navigation
    ///   });
    /// });
    /// app.whenReady().then(() => new BrowserWindow().loadURL('https://example.com/'));
    /// ```
    ///
    /// This one holds:
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.on('web-contents-created', (event, contents) => {
    ///   contents.on('will-navigate', (event, url) => {
    ///     if (new URL(url).origin !== 'https://example.com') event.preventDefault();
    ///   });
    /// });
    /// app.whenReady().then(() => new BrowserWindow().loadURL('https://example.com/'));
    /// ```
    ///
    /// What the app loads itself emits no `will-navigate`: an address that a page opens needs the same check there.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.whenReady().then(() => {
    ///   const win = new BrowserWindow();
    ///   win.webContents.on('will-navigate', (event) => event.preventDefault());
    ///   win.webContents.setWindowOpenHandler(({ url }) => {
    ///     win.loadURL(url); //~ limit-navigation
    ///     return { action: 'deny' };
    ///   });
    ///   win.loadURL('https://example.com/');
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "limit-navigation",
        severity: Severity::Medium,
        items: ["S12", "E13"],
        cwe: ["CWE-601"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#13-disable-or-limit-navigation",
    }
}

const GAIN: &str = "A page of the attacker's runs in this window, with its preload and session.";
const HELP: &str = "Handle `will-navigate` for every contents: compare `new URL(url).origin` with the app's own, and call `event.preventDefault()` for all others.";

/// A webview whose site is not known: one in which the user goes where he likes, perhaps.
fn shows_any_site(cx: &Context, window: &Window) -> bool {
    webview_of(cx, window).is_some_and(|element| element.source().is_none() && element.attribute("src").is_some())
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut listeners = app.listeners("WebContents", "will-navigate");
    if api::WILL_FRAME_NAVIGATE.exists_in(&app.electron.version) {
        listeners.extend(app.listeners("WebContents", "will-frame-navigate"));
    }
    let listeners = app.of_the_app(listeners);
    let judged: Vec<_> = listeners.iter().map(|listener| (listener, app.navigation_verdict(listener))).collect();
    let concerned = windows(cx);
    // A handler that lets anything through protects nothing; where another one covers the same window, it need not.
    for (listener, verdict) in &judged {
        let protected = judged.iter().any(|(other, verdict)| {
            other.call != listener.call && verdict.strength() >= Strength::Opaque && other.receiver == listener.receiver
        });
        let Verdict::Guarded(check) = verdict else { continue };
        if protected || check.strength >= Strength::Opaque && check.strength != Strength::Scheme {
            continue;
        }
        let why = match check.strength {
            Strength::Scheme => "this check lets every address of the scheme through",
            _ => check.why.unwrap_or("this check can be got around"),
        };
        let report = findings
            .report(&RULE, place(cx, check, listener), why)
            .known(listener.certainty)
            .at_most(if is_about_scheme(check) { Confidence::Tentative } else { Confidence::Firm })
            .development(listener.development)
            .gain(GAIN)
            .help(HELP)
            .symbol(app.symbol(listener.call));
        if let Some((span, text)) = behind(check) {
            let _ = report.related(span, text);
        }
    }
    loaded_instead(cx, &judged, findings);
    let covering = |window: &&&Window| {
        let held = judged.iter().filter(|(listener, verdict)| covers(listener, window) && !matches!(verdict, Verdict::Allows(_)));
        on_all_platforms(cx, window, held.map(|(listener, _)| *listener))
    };
    let uncovered: Vec<_> = concerned.iter().filter(|window| covering(window).is_err()).collect();
    // An app that listens to where its webviews go means to hold them.
    let is_of_any_site =
        |window: &Window| shows_any_site(cx, window) && !judged.iter().any(|(listener, _)| covers(listener, window));
    let worst = uncovered
        .iter()
        .max_by_key(|window| (is_led_to(cx, window), !is_of_any_site(window), severity(cx, window), std::cmp::Reverse(window.span)));
    let Some(window) = worst else { return };
    let idle = judged.iter().find(|(listener, verdict)| covers(listener, window) && matches!(verdict, Verdict::Allows(_)));
    let on_some = covering(window).err().flatten();
    let message = match idle {
        _ if on_some.is_some() => "navigation is not limited on every platform",
        Some(_) => "navigation is not limited here: the handler lets other sites through",
        None if uncovered.len() == concerned.len() => "navigation is not limited: there is no `will-navigate` handler",
        None => "navigation is not limited for this window: no `will-navigate` handler covers it",
    };
    let mut report = findings
        .report(&RULE, window.span, message)
        .severity(severity(cx, window))
        .known(window.certainty.min(absence(cx)))
        .at_most(if is_of_any_site(window) { Confidence::Tentative } else { Confidence::Certain })
        .app_wide()
        .gain(GAIN)
        .help(HELP)
        .symbol(format!("{}.will-navigate", window.symbol));
    if let Some((listener, Verdict::Allows(_))) = idle {
        report = report.related(app.callee_span(listener.call), "what this handler prevents does not depend on where the address leads");
    }
    if let Some(test) = on_some {
        report = report.related(test, ON_SOME_PLATFORMS);
    }
    if let Some((span, text)) = made_by(cx, window) {
        report = report.related(span, text);
    }
    for other in uncovered.iter().filter(|other| other.span != window.span).take(MOST_OTHERS) {
        report = report.related(other.span, "this one is not covered either");
    }
    let _ = report;
}

/// What a page opens, and the app loads itself in a window whose navigation is limited: `loadURL` emits no `will-navigate`.
///
/// <https://www.electronjs.org/docs/latest/api/web-contents#event-will-navigate>
fn loaded_instead(cx: &Context, judged: &[(&Listener, Verdict)], findings: &mut Findings) {
    let app = cx.app;
    let is_limited = |window: &Window| {
        judged.iter().any(|(listener, verdict)| {
            let is_told = listener.receiver.as_ref().is_some_and(|host| host.origin != Origin::Some);
            is_told && covers(listener, window) && verdict.strength() >= Strength::Opaque
        })
    };
    // A window that is made for the address shows nothing of the app's that it could lead away from.
    for (load, window, reach) in loads_of_opened(cx, |load, window| is_limited(window) && !is_made_for(cx, load, window)) {
        let mut report = findings
            .report(&RULE, load.span, "any address that a page opens is loaded in this window: `loadURL` emits no `will-navigate`")
            .severity(severity(cx, window))
            .known(load.certainty)
            .known(app.certainty_of(&reach))
            .at_most(Confidence::Firm)
            .development(load.development)
            .gain(GAIN)
            .help("Compare `new URL(url).origin` with the app's own before it is loaded, as the handler of `will-navigate` does.")
            .symbol(app.symbol(load.call))
            .place(Relation::Source, reach.origin.span, format!("it comes from {}", reach.origin.kind.text()));
        if let Some((span, why)) = reach.weak {
            report = report.related(span, why);
        }
        let _ = report;
    }
}
