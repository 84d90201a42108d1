//! Pages over `file:`.

use electrolint_model::App;
use electrolint_model::electron::preferences::Value;
use electrolint_model::electron::fuses::{Fuse, FuseState, state_of};
use electrolint_model::link::things::{Certainty, Origin, Thing};

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A page of the app is shown over `file:`.
    ///
    /// Pages over `file:` may read more than others: every file of the user counts as their neighbour, and no header reaches them,
    /// so a Content Security Policy has to be in the page. One injected script then reads the disk. Serve the app's pages by a scheme of
    /// their own (`protocol.handle`), which sees every request and answers only for the app's files.
    ///
    /// For pages that ship with the app this is information; it weighs more where the window has Node or no same-origin policy.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow().loadFile('index.html'); //~ file-protocol info
    /// const admin = new BrowserWindow({ webPreferences: { nodeIntegration: true } });
    /// admin.loadURL(`file://${__dirname}/admin.html`); //~ file-protocol low
    /// new BrowserWindow().loadURL('app://main/index.html');
    /// ```
    pub(crate) static RULE = {
        id: "file-protocol",
        severity: Severity::Low,
        items: ["E18"],
        cwe: ["CWE-552"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#18-avoid-usage-of-the-file-protocol-and-prefer-usage-of-custom-protocols",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let fuse = Fuse::GrantFileProtocolExtraPrivileges;
    let flipped = app.fuse_flips().iter().flat_map(|place| place.flips.clone()).any(|flip| {
        flip.fuse == fuse && flip.value.thing == Thing::Bool(false)
    });
    let plain = flipped && state_of(fuse, &app.electron.version) != FuseState::Missing;
    let mut windows: Vec<(Origin, Severity)> = Vec::new();
    for load in app.loads() {
        if load.development == Some(true) {
            continue;
        }
        let certainty = if load.is_file {
            load.certainty
        } else {
            let Some(url) = load.url else { continue };
            let values = app.eval(url);
            let file = values.iter().find(|known| known.development != Some(true) && is_file(app, &known.thing));
            let Some(known) = file else { continue };
            load.certainty.min(known.certainty)
        };
        let privileged = app.window_of(load).is_some_and(|window| {
            let mut security = window.settings(app, "webSecurity").into_iter();
            app.window_has_node(window) || security.any(|fact| fact.value == Value::Known(false))
        });
        let severity = if privileged && !plain { Severity::Low } else { Severity::Info };
        // One for each call that makes windows, as bad as they are, and one for those that cannot be told.
        let window = match &load.window {
            Origin::Created(call, _) => Origin::Created(*call, None),
            other => other.clone(),
        };
        if windows.contains(&(window.clone(), severity)) {
            continue;
        }
        windows.push((window, severity));
        let _ = findings
            .report(&RULE, load.span, "the page is shown over `file:`")
            .severity(severity)
            .known(certainty)
            .at_most(if certainty == Certainty::Tentative { Confidence::Tentative } else { Confidence::Certain })
            .gain("A script injected into this page reads the files of the user.")
            .help("Serve the page by a scheme of its own: `protocol.handle`.")
            .symbol(format!("{}.url", app.symbol(load.call)));
    }
}

/// Whether an address is one of `file:`.
fn is_file(app: &App, thing: &Thing) -> bool {
    match thing {
        Thing::Result(path, c) if matches!(&**path, "new URL" | "new url.URL") => {
            let is_of_file = |index| {
                let part = app.program.argument(*c, index);
                part.is_some_and(|part| app.eval(part).iter().any(|known| is_text_of_file(&known.thing)))
            };
            let is_whole = app.program.argument(*c, 0).is_some_and(|first| app.eval(first).iter().any(|known| has_scheme(&known.thing)));
            is_of_file(0) || !is_whole && is_of_file(1)
        }
        Thing::Result(path, _) if &**path == "url.format" => {
            app.scheme_of_format(thing).is_none_or(|scheme| scheme == "file")
        }
        Thing::Result(path, _) => &**path == "url.pathToFileURL",
        _ => is_text_of_file(thing),
    }
}

fn has_scheme(thing: &Thing) -> bool {
    thing.head().is_some_and(|(head, _)| electrolint_model::web_url::scheme_of(head).is_some())
}

fn is_text_of_file(thing: &Thing) -> bool {
    thing.head().and_then(|(head, _)| electrolint_model::web_url::scheme_of(head)).as_deref() == Some("file")
}
