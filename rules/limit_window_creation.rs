//! `setWindowOpenHandler`.

use electrolint_model::app::checks::Strength;
use electrolint_model::app::verdicts::Verdict;
use electrolint_model::app::{Listener, Window};
use electrolint_model::electron::api;

use crate::finding::Relation;
use crate::handlers::{MOST_OTHERS, ON_SOME_PLATFORMS, absence, behind, covers, is_about_scheme, is_led_to, is_made_for, loads_of_opened, made_by, on_all_platforms, place, severity, shows_chromium_only, webview_of, windows};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A page may open windows to any site.
    ///
    /// `window.open` and `target="_blank"` make a window that Electron gives the opener's preferences, preload included, unless the app
    /// says otherwise: a page of the attacker's then runs in it. Set a handler that denies, for every contents, and let open only the
    /// addresses that the app needs.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.on('web-contents-created', (event, contents) => {
    ///   contents.setWindowOpenHandler(() => ({ action: 'allow' })); //~ limit-window-creation
    /// });
    /// app.whenReady().then(() => new BrowserWindow().loadFile('index.html'));
    /// ```
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.on('web-contents-created', (event, contents) => {
    ///   contents.setWindowOpenHandler(({ url }) => {
    ///     if (new URL(url).origin === 'https://help.example.com') return { action: 'allow' };
    ///     return { action: 'deny' };
    ///   });
    /// });
    /// app.whenReady().then(() => new BrowserWindow().loadFile('index.html'));
    /// ```
    pub(crate) static RULE = {
        id: "limit-window-creation",
        severity: Severity::Medium,
        items: ["S13", "E14"],
        cwe: ["CWE-1021"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#14-disable-or-limit-creation-of-new-windows",
    }
}

const GAIN: &str = "A page of the attacker's runs in a window of the app's, with the opener's preferences.";
const HELP: &str = "Set `contents.setWindowOpenHandler` for every contents, return `{ action: 'deny' }`, and allow only by the parsed address's origin.";

/// A webview without `allowpopups` opens nothing: https://www.electronjs.org/docs/latest/api/webview-tag#allowpopups
fn is_closed_webview(cx: &Context, window: &Window) -> bool {
    webview_of(cx, window).is_some_and(|element| !element.spread && element.attribute("allowpopups").is_none())
}

/// A handler of a window that only shows pages of Chromium's own.
fn is_of_chromium(cx: &Context, listener: &Listener) -> bool {
    let Some(host) = &listener.receiver else { return false };
    let window = cx.app.windows.iter().find(|window| window.is_made_with(&host.origin));
    window.is_some_and(|window| shows_chromium_only(cx, window))
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut judged = Vec::new();
    if api::SET_WINDOW_OPEN_HANDLER.exists_in(&app.electron.version) {
        for listener in app.of_the_app(app.window_open_handlers()) {
            let verdict = app.window_open_verdict(&listener);
            judged.push((listener, verdict));
        }
    }
    let gone = app.electron.lacks(&api::NEW_WINDOW);
    let old = app.of_the_app(app.listeners("WebContents", "new-window"));
    if !gone {
        for listener in &old {
            judged.push((listener.clone(), app.navigation_verdict(listener)));
        }
    }
    for (listener, verdict) in &judged {
        if is_of_chromium(cx, listener) {
            continue;
        }
        let (span, message, confidence) = match verdict {
            Verdict::Allows(span) => (*span, "every address may be opened in a new window", Confidence::Certain),
            Verdict::Guarded(check) if check.strength == Strength::Weak => (
                place(cx, check, listener),
                check.why.unwrap_or("this check can be got around"),
                if is_about_scheme(check) { Confidence::Tentative } else { Confidence::Firm },
            ),
            Verdict::Guarded(check) if check.strength == Strength::Scheme => (
                place(cx, check, listener),
                "this check lets every address of the scheme be opened",
                Confidence::Tentative,
            ),
            _ => continue,
        };
        let report = findings
            .report(&RULE, span, message)
            .known(listener.certainty)
            .at_most(confidence)
            .development(listener.development)
            .gain(GAIN)
            .help(HELP)
            .symbol(app.symbol(listener.call));
        if let Verdict::Guarded(check) = verdict
            && let Some((span, text)) = behind(check)
        {
            let _ = report.related(span, text);
        }
    }
    opened_instead(cx, findings);
    let concerned: Vec<_> = windows(cx).into_iter().filter(|window| !is_closed_webview(cx, window)).collect();
    let covering = |window: &&&Window| {
        on_all_platforms(cx, window, judged.iter().map(|(listener, _)| listener).filter(|listener| covers(listener, window)))
    };
    let uncovered: Vec<_> = concerned.iter().filter(|window| covering(window).is_err()).collect();
    let Some(window) = uncovered.iter().max_by_key(|window| (is_led_to(cx, window), severity(cx, window), std::cmp::Reverse(window.span))) else {
        return;
    };
    let on_some = covering(window).err().flatten();
    let message = if on_some.is_some() {
        "the creation of windows is not limited on every platform"
    } else if uncovered.len() == concerned.len() {
        "the creation of windows is not limited: there is no window open handler"
    } else {
        "the creation of windows is not limited for this window: no handler covers it"
    };
    let mut report = findings
        .report(&RULE, window.span, message)
        .severity(severity(cx, window))
        .known(window.certainty.min(absence(cx)))
        .app_wide()
        .gain(GAIN)
        .help(HELP)
        .symbol(format!("{}.setWindowOpenHandler", window.symbol));
    if gone && let Some(listener) = old.iter().find(|listener| covers(listener, window)) {
        report = report.related(app.callee_span(listener.call), "`new-window` is never emitted since Electron 22");
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

/// What a page opens, and the app opens itself in a window that it makes for it.
fn opened_instead(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    for (load, _, reach) in loads_of_opened(cx, |load, window| is_made_for(cx, load, window)) {
        let message = match reach.weak {
            Some(_) => "an address that a page opens is loaded in a window that is made for it, after a check that can be got around",
            None => "every address that a page opens is loaded in a window that is made for it",
        };
        let mut report = findings
            .report(&RULE, load.span, message)
            .known(load.certainty)
            .known(app.certainty_of(&reach))
            .at_most(Confidence::Firm)
            .development(load.development)
            .gain("A page of the attacker's runs in a window of the app's, with the preferences that it is made with.")
            .help("Compare `new URL(url).origin` with the app's own before the window is made, and open all others with `shell.openExternal` after a check of their scheme.")
            .symbol(app.symbol(load.call))
            .place(Relation::Source, reach.origin.span, format!("it comes from {}", reach.origin.kind.text()));
        if let Some((span, why)) = reach.weak {
            report = report.related(span, why);
        }
        let _ = report;
    }
}
