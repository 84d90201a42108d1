//! What Electron took away.

use electrolint_model::app::Process;
use electrolint_model::electron::Version;
use electrolint_model::electron::changes::{CHANGES, Change, Use};
use electrolint_model::electron::preferences::{Given, dead_keys};
use electrolint_model::electron::releases::Data;
use electrolint_model::link::Placed;
use electrolint_model::link::things::{Certainty, Thing};
use electrolint_model::source::Span;

use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// Something of Electron's is used that is gone, or goes.
    ///
    /// A call that is gone throws, and that is seen. An event that is gone is never sent, and an option that is gone is not read: what
    /// they protected is open without a sign. What this Electron still has and the newest one does not is told as information.
    ///
    /// ```js
    /// const { BrowserWindow, BrowserView, shell } = require('electron');
    /// const win = new BrowserWindow({
    ///   webPreferences: {
    ///     nativeWindowOpen: true, //~ deprecated-api info
    ///     sandbox: true,
    ///   },
    /// });
    /// win.webContents.on('new-window', (event) => event.preventDefault()); //~ deprecated-api low
    /// shell.openItem('/tmp/a.txt'); //~ deprecated-api low
    /// new BrowserView(); //~ deprecated-api info
    /// win.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true });
    /// ```
    pub(crate) static RULE = {
        id: "deprecated-api",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-477"],
        source: "https://www.electronjs.org/docs/latest/breaking-changes",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let newest = Data::current().newest().map(|release| release.version);
    let target = cx.options.target.or(newest).unwrap_or(cx.app.electron.version);
    for change in CHANGES {
        let mut uses = uses(cx, change.of);
        // What still works is told once.
        let rest = match change.removed.is_some_and(|removed| cx.app.electron.version.major >= removed) {
            true => Vec::new(),
            false => uses.split_off(uses.len().min(1)),
        };
        for one in uses {
            report(cx, findings, change, &target, one, &rest);
        }
    }
    keys(cx, findings);
}

/// Where it is used.
fn uses(cx: &Context, of: Use) -> Vec<(Span, String, Certainty)> {
    let app = cx.app;
    match of {
        Use::Call(api) => {
            let calls = app.calls(api);
            calls.iter().map(|call| (call.callee_span(app), app.symbol(call.call), call.certainty)).collect()
        }
        Use::Method(class, name) => {
            let calls = app.calls_on_result(&format!("new {class}"), name);
            calls.iter().map(|call| (call.callee_span(app), app.symbol(call.call), call.certainty)).collect()
        }
        Use::InPage(api) => {
            let calls = app.calls(api);
            let in_pages = calls.iter().filter(|call| app.process(call.call.0) == Process::Renderer && !call.remote);
            in_pages.map(|call| (call.callee_span(app), app.symbol(call.call), call.certainty)).collect()
        }
        Use::Event(class, event) => {
            let listeners = app.listeners(class, event).into_iter();
            listeners
                .map(|listener| {
                    (app.argument_span(listener.call, 0), app.symbol(listener.call), listener.certainty)
                })
                .collect()
        }
        Use::Property(module, name) => {
            let writes = app.property_writes(name).into_iter();
            writes
                .filter(|write| {
                    let objects = app.eval(write.object);
                    objects.iter().any(|known| matches!(&known.thing, Thing::Api(path) if **path == *module))
                })
                .map(|write| (write.span, app.symbol_of(write.function, name), Certainty::Firm))
                .collect()
        }
    }
}

fn report(
    cx: &Context,
    findings: &mut Findings,
    change: &Change,
    target: &Version,
    (span, symbol, certainty): (Span, String, Certainty),
    rest: &[(Span, String, Certainty)],
) {
    let version = &cx.app.electron.version;
    let has = |major: u32| version.major >= major;
    let name = change.of.name();
    let (message, is_gone) = match (change.removed, change.deprecated) {
        (Some(removed), _) if has(removed) => (format!("`{name}` is gone since Electron {removed}"), true),
        (Some(removed), _) if target.major >= removed => (format!("`{name}` is gone from Electron {removed} on"), false),
        (_, Some(deprecated)) if has(deprecated) => (format!("`{name}` is deprecated since Electron {deprecated}"), false),
        (_, Some(deprecated)) if target.major >= deprecated => {
            (format!("`{name}` is deprecated from Electron {deprecated} on"), false)
        }
        _ => return,
    };
    // Preload scripts may, and which scripts are only theirs is not always told.
    let is_in_page = matches!(change.of, Use::InPage(_)) && change.loss.is_none();
    let mut report = findings
        .report(&RULE, span, message)
        .severity(if is_gone && change.loss.is_some() { Severity::Low } else { Severity::Info })
        .known(certainty)
        .at_most(if is_in_page { Confidence::Tentative } else { by_version(cx) })
        .help(format!("Its successor is {}.", change.instead))
        .symbol(symbol);
    for (span, ..) in rest.iter().take(4) {
        report = report.related(*span, "and here");
    }
    let _ = match change.loss {
        Some(loss) => {
            let mut loss = loss.to_owned();
            loss.get_mut(..1).map(str::make_ascii_uppercase);
            report.gain(format!("{loss}."))
        }
        None => report.gain("What relies on it does not happen after the update."),
    };
}

/// How sure it can be, by how the version is known: what is assumed may have what is used.
fn by_version(cx: &Context) -> Confidence {
    match (cx.app.electron.is_known(), cx.app.electron.is_exact()) {
        (false, _) => Confidence::Tentative,
        (true, false) => Confidence::Firm,
        (true, true) => Confidence::Certain,
    }
}

/// Options that this version does not read.
fn keys(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let has_remote = !app.remote_uses().is_empty();
    for window in &app.windows {
        let first = |key: &str| {
            let all = window.given(app, key);
            let written = all.iter().find(|(_, placed)| placed.is_some());
            written.map_or(Given::Absent, |(given, _)| given.clone())
        };
        for dead in dead_keys(&first, &app.electron.version) {
            // The package of the remote module reads it no more, but says in its instructions to write it.
            if dead.key == "enableRemoteModule" && has_remote {
                continue;
            }
            let all = window.given(app, dead.key);
            let mut told: Vec<&Placed> = all.iter().filter_map(|(_, placed)| placed.as_ref()).collect();
            // Whatever values it has, it is not read: one that a shipped app has is told before one of development.
            told.sort_by_key(|placed| (placed.span, placed.known.development == Some(true)));
            told.dedup_by_key(|placed| placed.span);
            for placed in told {
                let help = dead.instead.map_or_else(
                    || match dead.key {
                        "disableBlinkFeatures" => "Leave the name out, and handle new windows with `setWindowOpenHandler`.".to_owned(),
                        _ => "Leave the option out.".to_owned(),
                    },
                    |instead| format!("Write `{instead}`, if it is meant still."),
                );
                let message = match dead.key {
                    "disableBlinkFeatures" => format!("Blink has no feature `Auxclick` since Electron {}", dead.since.major),
                    key => format!("`{key}` is not read since Electron {}", dead.since.major),
                };
                findings
                    .report(&RULE, placed.span, message)
                    // Of `disableBlinkFeatures` one name is dead, the others may live; `instead` may be meant.
                    .fix(match (dead.key, dead.instead) {
                        ("disableBlinkFeatures", _) | (_, Some(_)) => None,
                        (key, None) => fixes::remove_property(app, placed.span, key, true),
                    })
                    .severity(Severity::Info)
                    .known(placed.known.certainty.min(window.certainty))
                    .at_most(by_version(cx))
                    .gain("What the option was to do does not happen.")
                    .help(help)
                    .symbol(format!("{}.{}", window.symbol, dead.key))
                    .development(placed.known.development.or(window.development));
            }
        }
    }
}
