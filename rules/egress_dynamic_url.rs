//! Requests to servers that somebody else names.

use electrolint_model::app::{Process, WindowKind};
use electrolint_model::electron::preferences::Value;
use electrolint_model::app::checks::Strength;
use electrolint_model::app::sources::{Reach, SourceKind};
use electrolint_model::app::traces::Purpose;
use electrolint_model::link::things::{Part, Thing};
use electrolint_model::link::{C, V};

use crate::finding::Relation;
use crate::handlers::windows;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Somebody else's data decides which server is asked.
    ///
    /// A request of the main process has no page's origin: no same-origin policy and no CORS hold it, and it reaches the user's machine
    /// and network. Whoever names the server reads what is behind the firewall, and gets the credentials that are sent along. Name the
    /// server in the app, or parse the address and compare its host.
    ///
    /// ```js
    /// const { ipcMain, net } = require('electron');
    /// ipcMain.handle('get', (event, url) => net.fetch(url)); //~ egress-dynamic-url
    /// ipcMain.handle('zone', (event, zone) => net.fetch(`https://${zone}.example.com/`)); //~ egress-dynamic-url
    /// ipcMain.handle('item', (event, id) => net.fetch(`https://example.com/items/${id}`));
    /// ipcMain.handle('own', (event, url) => {
    ///   if (new URL(url).host !== 'example.com') return null;
    ///   return net.fetch(url);
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "egress-dynamic-url",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-918"],
        source: "https://owasp.org/www-community/attacks/Server_Side_Request_Forgery",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    // A page that asks is held by its origin, and where it is asked to go is not another's to say.
    let entries = app
        .entrances()
        .as_ref()
        .clone()
        .into_iter()
        .filter(|(_, entrance)| matches!(entrance.kind, SourceKind::Ipc | SourceKind::OpenUrl | SourceKind::Message | SourceKind::Clicked))
        .map(|(f, entrance)| (f, entrance.kind))
        .collect();
    let pages_ask_anyone = pages_ask_anyone(cx);
    for (call, v) in app.request_addresses() {
        if app.process(call.call.0) == Process::Renderer || app.is_chosen_from_a_menu(call.call) {
            continue;
        }
        let reaches = app.reaches(call.call, v, &entries, &names_server, Strength::Host);
        let taken = match reaches.iter().any(|reach| reach.origin.kind.is_untrusted()) {
            true => None,
            false => taken_out(cx, call.call, v).or_else(|| put_into_server(cx, call.call, v)),
        };
        // The address of a page is that of a script which runs in one. An option names the server that whoever starts the app means, and
        // what a server of the app's is asked for its own pages ask.
        let is_own = |kind| matches!(kind, SourceKind::Page | SourceKind::Arguments | SourceKind::Request);
        let untrusted = reaches
            .iter()
            .chain(&taken)
            .filter(|reach| reach.origin.kind.is_untrusted() && !is_own(reach.origin.kind));
        let Some(worst) = untrusted.max_by_key(|reach| rank(reach)) else { continue };
        if worst.origin.kind == SourceKind::Ipc && pages_ask_anyone {
            continue;
        }
        let record = app.program.call(call.call);
        let mut report = findings
            .report(&RULE, app.span(v), "somebody else's data decides which server is asked")
            .known(call.certainty)
            .known(app.certainty_of(worst))
            .at_most(match worst.origin.through.is_empty() {
                true => Confidence::Certain,
                false => Confidence::Firm,
            })
            .gain("Whoever names the server reads what the user's machine and network answer, past the rules that hold pages.")
            .help("Name the server in the app, or compare the `host` of `new URL(address)` with a list.")
            .symbol(app.symbol(call.call))
            .development(app.program.development_of(call.call.0, record.condition, &Default::default()))
            .place(Relation::Source, worst.origin.span, format!("it comes from {}", worst.origin.kind.text()));
        for &span in &worst.origin.through {
            report = report.place(Relation::Step, span, "handed over here");
        }
        if let Some((span, why)) = worst.weak {
            report = report.related(span, why);
        }
    }
}

/// Whether every page may ask any server without the main process, for no origin holds it or it has Node.
fn pages_ask_anyone(cx: &Context) -> bool {
    let mut windows = windows(cx).into_iter().filter(|window| window.kind != WindowKind::Webview).peekable();
    windows.peek().is_some()
        && windows.all(|window| {
            let preferences = window.effective(cx.app);
            preferences.web_security.value == Value::Known(false)
                || preferences.node_integration_effective() == Value::Known(true)
                    && preferences.context_isolation.value == Value::Known(false)
        })
}

/// A whole address that is taken out of somebody else's data: `new URL(link).searchParams.get('feed')`.
fn taken_out(cx: &Context, c: C, v: V) -> Option<Reach> {
    let app = cx.app;
    let is_taken = |thing: &Thing| matches!(thing, Thing::Unknown(_) | Thing::Result(..));
    if !app.eval(v).iter().all(|known| is_taken(&known.thing)) {
        return None;
    }
    let traces = app.traces(c, v, &app.entrances(), Purpose::VALUE);
    let chosen = |kind| matches!(kind, SourceKind::Ipc | SourceKind::OpenUrl | SourceKind::Message | SourceKind::Clicked);
    let trace = traces.into_iter().find(|trace| !trace.opaque && chosen(trace.origin.kind))?;
    Some(Reach { origin: trace.origin, weak: None, opaque: false })
}

/// A name that somebody else chose, in the part of an address that says which server it is: `https://${name}/status`,
/// `https://${name}.example.com/`, of which `evil.example/?` makes another server than the one that is meant.
fn put_into_server(cx: &Context, c: C, v: V) -> Option<Reach> {
    let app = cx.app;
    let holes = app.eval(v).iter().filter_map(|known| holes_of_server(&known.thing)).flatten().collect::<Vec<_>>();
    holes.into_iter().filter(|hole| !app.begins_behind_server(*hole)).find_map(|hole| {
        let traces = app.traces_into_server(c, hole, &app.entrances());
        let chosen = |kind| matches!(kind, SourceKind::Ipc | SourceKind::OpenUrl | SourceKind::Message | SourceKind::Clicked);
        let trace = traces.into_iter().find(|trace| !trace.opaque && chosen(trace.origin.kind))?;
        Some(Reach { origin: trace.origin, weak: None, opaque: false })
    })
}

/// What is put into an address before its server ends; not where only the port is left to say.
fn holes_of_server(thing: &Thing) -> Option<Vec<V>> {
    let Thing::Template(parts) = thing else { return None };
    let mut text = String::new();
    let mut holes = Vec::new();
    for part in parts.iter() {
        let server = match part {
            Part::Text(part) => {
                text.push_str(part);
                text.split_once("://")?.1
            }
            Part::Hole(v, _) => {
                let (_, server) = text.split_once("://")?;
                if !server.contains(':') {
                    holes.push(*v);
                }
                continue;
            }
        };
        if server.contains(['/', '?', '#']) {
            break;
        }
    }
    Some(holes)
}

fn rank(reach: &Reach) -> (bool, bool) {
    (!reach.opaque, reach.weak.is_none())
}

/// A known address, or one whose host is closed before anything unknown follows.
fn names_server(thing: &Thing) -> bool {
    match thing {
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(head)) => match head.split_once("://") {
                Some((_, rest)) => rest.contains(['/', '?', '#']),
                None => head.starts_with('/') && !head.starts_with("//"),
            },
            _ => false,
        },
        Thing::Unknown(_) | Thing::Result(..) | Thing::Api(_) => false,
        _ => true,
    }
}
