//! `shell.openExternal`.

use electrolint_model::app::checks::{FORBIDS, LONGER_SCHEME, Strength};
use electrolint_model::app::sources::{Reach, SourceKind};
use electrolint_model::link::things::{Part, Thing};

use crate::finding::Relation;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A URL reaches the operating system unchecked.
    ///
    /// `shell.openExternal` lets the desktop choose a program by the URL's scheme: whoever controls the URL starts programs and opens
    /// local or network files, not only the browser. Parse the URL and compare its scheme (or better its host) with what the app means
    /// to open. The package `open` hands on what it is given in the same way.
    ///
    /// ```js
    /// const { ipcMain, shell } = require('electron');
    /// ipcMain.on('open', (event, url) => shell.openExternal(url)); //~ open-external
    /// ipcMain.on('help', () => shell.openExternal('https://example.com/help'));
    /// ipcMain.on('link', (event, url) => {
    ///   if (new URL(url).protocol === 'https:') shell.openExternal(url);
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "open-external",
        severity: Severity::High,
        items: ["S14", "E15"],
        cwe: ["CWE-88"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#15-do-not-use-shellopenexternal-with-untrusted-content",
    }
}

/// Packages that hand a URL to the desktop: <https://github.com/sindresorhus/open>.
const OPENERS: [&str; 4] = ["open", "open.default", "opn", "opn.default"];

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let entries = app.entrances_of_bridge().iter().map(|(f, entrance)| (*f, entrance.kind)).collect();
    let mut calls = app.calls("shell.openExternal").to_vec();
    // These open files too: those that lie below a folder of the app's are meant.
    let opened = app.calls_of_packages(&OPENERS).into_iter();
    calls.extend(opened.filter(|call| !call.argument(app, 0).is_some_and(|path| app.is_contained(call.call, path))));
    for call in &calls {
        let Some(url) = app.program.argument_or_spread(call.call, 0) else { continue };
        let mut reaches = app.reaches(call.call, url, &entries, &is_harmless, Strength::Scheme);
        // What is shown was loaded: no scheme that starts another program is.
        reaches.retain(|reach| reach.origin.kind != SourceKind::Shown);
        // The worst way in speaks for all of them.
        let Some(worst) = reaches.iter().max_by_key(|reach| rank(reach)) else { continue };
        let message = match worst.weak {
            Some((_, why)) if why == FORBIDS => "every URL is opened but those that a test keeps out",
            Some(_) => "this URL is opened after a check that can be got around",
            None => "this URL is opened without a check",
        };
        let record = app.program.call(call.call);
        let mut report = findings
            .report(&RULE, app.span(url), message)
            .known(call.certainty)
            .known(app.certainty_of(worst))
            .severity(if worst.origin.kind.is_untrusted() { Severity::High } else { Severity::Medium })
            .at_most(if worst.origin.kind.is_untrusted() && worst.weak.is_none() && worst.origin.through.is_empty() {
                Confidence::Certain
            } else {
                Confidence::Firm
            })
            .development(app.program.development_of(call.call.0, record.condition, &Default::default()))
            .gain("Whoever chooses the URL starts programs on the user's machine, by schemes such as `file:`, `smb:` or `ms-msdt:`.")
            .help("Parse it with `new URL` and open it only if its `protocol` is one of `https:` and `mailto:`, or its host one of the app's.")
            .symbol(app.symbol(call.call))
            .place(Relation::Source, worst.origin.span, format!("it comes from {}", worst.origin.kind.text()));
        if let Some((span, why)) = worst.weak {
            report = report.related(span, why);
            // It takes a scheme `httpsomething:` that a program has registered.
            if why == LONGER_SCHEME {
                report = report.at_most(Confidence::Tentative);
            }
        }
        for &span in &worst.origin.through {
            report = report.place(Relation::Step, span, "handed over here");
        }
        let _ = report;
    }
}

fn rank(reach: &Reach) -> (bool, bool, bool) {
    (reach.origin.kind.is_untrusted(), !reach.opaque, reach.weak.is_none())
}

/// A text of the app's own with a harmless scheme, or one whose host is closed before anything unknown follows.
fn is_harmless(thing: &Thing) -> bool {
    match thing {
        Thing::Text(_) | Thing::Undefined | Thing::Null | Thing::Bool(_) | Thing::Number(_) => true,
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(head)) => {
                let head = head.trim_start().to_ascii_lowercase();
                match head.split_once(':') {
                    Some(("https" | "http", rest)) => rest.starts_with("//"),
                    Some((scheme, _)) => scheme != "file" && !scheme.is_empty(),
                    None => false,
                }
            }
            _ => false,
        },
        _ => false,
    }
}
