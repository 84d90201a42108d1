//! Schemes of the app's own.

use electrolint_model::app::Containment;
use electrolint_model::app::sources::SourceKind;
use electrolint_model::app::traces::Purpose;
use electrolint_model::link::V;
use electrolint_model::link::things::{Known, Part, Thing};

use crate::untrusted::worst;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A scheme of the app's own gives away more than it should.
    ///
    /// A protocol handler that makes a path of the address it is asked for serves every file of the user to every page that may ask,
    /// if `..` in the address leads out of the folder. Resolve the path and compare it with the folder before the file is read, and
    /// mind that decoding an address brings back what the parser had taken out (`..%2f`).
    ///
    /// `bypassCSP` lets scripts of the scheme run in every page, whatever its policy says.
    ///
    /// With `setAsDefaultProtocolClient` any web page starts the app with an address of its choice: take it apart, compare, and never
    /// load it, nor write or remove a file that it names.
    ///
    /// ```js
    /// const path = require('path');
    /// const { app, net, protocol, BrowserWindow } = require('electron');
    /// const { pathToFileURL } = require('url');
    /// protocol.registerSchemesAsPrivileged([
    ///   { scheme: 'app', privileges: { standard: true, bypassCSP: true } }, //~ custom-protocol
    ///   { scheme: 'media', privileges: { standard: true, stream: true } },
    /// ]);
    /// protocol.handle('media', (request) => {
    ///   const name = decodeURIComponent(new URL(request.url).pathname);
    ///   return net.fetch(pathToFileURL(path.join(__dirname, name)).toString()); //~ custom-protocol
    /// });
    /// protocol.handle('app', (request) => {
    ///   const file = path.resolve(__dirname, decodeURIComponent(new URL(request.url).pathname).slice(1));
    ///   if (!file.startsWith(__dirname + path.sep)) return new Response('', { status: 404 });
    ///   return net.fetch(pathToFileURL(file).toString());
    /// });
    /// app.setAsDefaultProtocolClient('example');
    /// app.on('open-url', (event, url) => new BrowserWindow().loadURL(url)); //~ custom-protocol
    /// app.on('open-url', (event, url) => require('fs').unlinkSync(new URL(url).searchParams.get('file'))); //~ custom-protocol
    /// ```
    pub(crate) static RULE = {
        id: "custom-protocol",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-22", "CWE-939"],
        source: "https://www.electronjs.org/docs/latest/api/protocol#protocolhandlescheme-handler",
    }
}

/// Functions that undo what keeps `..` and separators out of an address.
const DECODERS: &[&str] = &["decodeURI", "decodeURIComponent", "unescape", "fileURLToPath", "decode"];
/// Functions that put a path below a folder.
const JOINERS: &[&str] = &["join", "resolve", "resolvePath", "joinPath"];
/// Functions that leave nothing of a folder.
const CLEANERS: &[&str] = &["basename", "safeJoin", "safe-join", "sanitize", "sanitize-filename", "sanitizeFilename"];

/// Addresses inside paths inside addresses that are looked into.
const MOST_DEPTH: u32 = 4;

fn check(cx: &Context, findings: &mut Findings) {
    privileges(cx, findings);
    files(cx, findings);
    links(cx, findings);
    changes(cx, findings);
}

/// Schemes that no policy holds.
fn privileges(cx: &Context, findings: &mut Findings) {
    for privilege in cx.app.scheme_privileges("bypassCSP") {
        if privilege.known.thing.truthy() != Some(true) {
            continue;
        }
        let scheme = privilege.scheme.as_deref().map_or("this scheme".to_owned(), |scheme| format!("`{scheme}:`"));
        findings
            .report(&RULE, privilege.span, format!("no Content-Security-Policy holds what is loaded from {scheme}"))
            .known(privilege.known.certainty)
            .known(privilege.certainty)
            .gain("Markup that an attacker gets into a page loads scripts from the scheme, whatever the page's policy says.")
            .help("Leave `bypassCSP` out, and name the scheme in the policies of the pages that need it.")
            .symbol(privilege.symbol)
            .development(privilege.known.development);
    }
}

/// Handlers that make a path of an address.
fn files(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let handlers = app.protocol_handlers();
    let entrances = app.protocol_entrances(&handlers);
    for sink in app.file_answers(&handlers) {
        let traces: Vec<_> = app
            .traces(sink.call, sink.path, &entrances, Purpose::value(CLEANERS))
            .into_iter()
            .filter(|trace| trace.origin.kind == SourceKind::Navigation)
            .collect();
        let Some(trace) = worst(&traces) else { continue };
        let Some(handler) = handlers.iter().find(|handler| handler.declared_at(app, trace.origin.span)) else { continue };
        // An address of `file:` that is put below no folder names the file that it names by itself.
        if handler.scheme.as_deref() == Some("file") && !is_below_a_folder(cx, sink.path) {
            continue;
        }
        let path = unresolved(cx, app.path_of_address(sink.path));
        let joined = [JOINERS, CLEANERS].concat();
        let is_whole = !is_below_a_folder(cx, path)
            && !app.traces(sink.call, path, &entrances, Purpose::value(&joined)).is_empty();
        let beginning = match app.containment_of(handler, sink.call, is_whole) {
            Containment::Folder => continue,
            Containment::Beginning(span) => Some(span),
            Containment::None => None,
        };
        let without =
            |cleaners: &[&str]| app.traces(sink.call, sink.path, &entrances, Purpose::value(cleaners)).is_empty();
        let decoded = without(&[DECODERS, CLEANERS].concat());
        let parsed = without(&[&["URL", "parse"], CLEANERS].concat());
        // The parser takes `..` out of an address that has a host and a path, but what is put below no folder needs none.
        if !decoded && !is_whole && (handler.is_standard(app) || parsed) {
            continue;
        }
        let message = match is_whole {
            _ if beginning.is_some() => "a path that is made of the address leads to folders whose names begin like this one",
            true => "the address names any file: the path is put below no folder",
            false => "a path that is made of the address leads out of the folder with `..`",
        };
        let report = findings
            .report(&RULE, app.span(sink.path), message)
            .severity(Severity::Medium)
            .known(handler.certainty)
            .traced(trace)
            .at_most(if beginning.is_some() { Confidence::Tentative } else { Confidence::Firm })
            .gain(match beginning {
                Some(_) => "Every page that may ask for the scheme reads the files of folders that lie beside this one and begin like it.",
                None => "Every page that may ask for the scheme reads every file that the user can read.",
            })
            .help("Resolve the path, and read it only if `path.relative(folder, file)` neither begins with `..` nor is absolute.")
            .symbol(app.symbol(sink.call));
        if let Some(span) = beginning {
            let _ = report.related(span, "this folder's name is not closed by a separator");
        }
    }
}

/// The path that is made absolute below no folder: `path.resolve(path)`.
fn unresolved(cx: &Context, path: V) -> V {
    match cx.app.eval(path).as_ref() {
        [Known { thing: Thing::Result(api, c), .. }] if is_joining(api) => match cx.app.program.arguments(*c) {
            [only] if !only.spread => V(c.0, only.value),
            _ => path,
        },
        _ => path,
    }
}

/// Whether a path is made by joining it to something: `path.join(folder, name)`, `${folder}/${name}`.
fn is_below_a_folder(cx: &Context, path: V) -> bool {
    let app = cx.app;
    app.eval(path).iter().any(|known| match &known.thing {
        // `callback({ path })`.
        Thing::Object(object) => {
            let paths = app.program.property(object, "path", None).values;
            paths.iter().any(|placed| is_joined(cx, &placed.known.thing, 0))
        }
        thing => is_joined(cx, thing, 0),
    })
}

fn is_joined(cx: &Context, thing: &Thing, depth: u32) -> bool {
    let inside = |v: V| depth < MOST_DEPTH && cx.app.eval(v).iter().any(|known| is_joined(cx, &known.thing, depth + 1));
    match thing {
        Thing::Result(api, c) => match cx.app.program.arguments(*c) {
            [only] if !only.spread => is_form(api) && inside(V(c.0, only.value)),
            _ => is_joining(api),
        },
        // `file://${path}`: the scheme is no folder.
        Thing::Template(parts) => match &parts[..] {
            [Part::Text(scheme), Part::Hole(path, _)] if scheme.trim_end_matches('/') == "file:" => inside(*path),
            _ => true,
        },
        _ => false,
    }
}

/// Whether a function gives the path that it is handed in another form.
fn is_form(api: &str) -> bool {
    let name = api.rsplit('.').next().unwrap_or(api);
    is_joining(api) || DECODERS.contains(&name) || matches!(name, "normalize" | "realpath" | "realpathSync")
}

fn is_joining(api: &str) -> bool {
    matches!(api, "path.join" | "path.resolve" | "path.posix.join")
}

/// What links that start the app make it load.
fn links(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut entrances = app.entrances().as_ref().clone();
    entrances.retain(|_, entrance| matches!(entrance.kind, SourceKind::OpenUrl | SourceKind::Arguments));
    for load in app.loads() {
        let Some(url) = load.url.filter(|_| !load.is_file) else { continue };
        let addresses = app.loaded_addresses(url);
        if addresses.iter().all(|known| is_own(&known.thing)) {
            continue;
        }
        let traces: Vec<_> = app
            .traces(load.call, url, &entrances, Purpose::VALUE)
            .into_iter()
            .filter(|trace| matches!(trace.origin.kind, SourceKind::OpenUrl | SourceKind::Arguments))
            .collect();
        let Some(trace) = worst(&traces) else { continue };
        let chosen = |v: V| {
            let traces = app.traces(load.call, v, &entrances, Purpose::VALUE);
            traces.iter().any(|trace| matches!(trace.origin.kind, SourceKind::OpenUrl | SourceKind::Arguments))
        };
        if addresses.iter().all(|known| names_server(cx, &known.thing, &chosen)) {
            continue;
        }
        // What comes first decides where it leads: `${page}${link.hash}`.
        let heads: Vec<V> = addresses.iter().filter_map(|known| head(&known.thing)).collect();
        let leads = heads.is_empty() || heads.iter().any(|head| chosen(*head));
        findings
            .report(&RULE, load.span, "a link that starts the app decides what it loads")
            .known(load.certainty)
            .traced(trace)
            .at_most(if leads { Confidence::Firm } else { Confidence::Tentative })
            .gain("Any web page opens an address of its choice in the app's window, with the window's preload script.")
            .help("Take the link apart with `new URL`, and load one of the app's pages by what it says.")
            .symbol(app.symbol(load.call))
            .development(load.development);
    }
}

/// Files that links which start the app have written or taken away.
fn changes(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut entrances = app.entrances().as_ref().clone();
    // An argument may be a file that the person opens with the app.
    entrances.retain(|_, entrance| entrance.kind == SourceKind::OpenUrl);
    if entrances.is_empty() {
        return;
    }
    for change in app.file_changes_after(SourceKind::OpenUrl) {
        let call = change.call;
        for path in change.paths {
            if app.is_contained(call, path) {
                continue;
            }
            let traces: Vec<_> = app
                .traces(call, path, &entrances, Purpose::value(CLEANERS))
                .into_iter()
                .filter(|trace| trace.origin.kind == SourceKind::OpenUrl)
                .collect();
            let Some(trace) = worst(&traces) else { continue };
            let (message, gain) = match change.removes {
                true => (
                    "a link that starts the app decides which file is taken away",
                    "Any web page has the app remove files of this person's.",
                ),
                false => (
                    "a link that starts the app decides which file is written",
                    "Any web page has the app write to a file of its choice.",
                ),
            };
            findings
                .report(&RULE, app.span(path), message)
                .traced(trace)
                .at_most(Confidence::Firm)
                .gain(gain)
                .help("Let the link name one of the app's files, and join `path.basename` of it to the app's folder.")
                .symbol(app.symbol(call));
        }
    }
}

/// What an address begins with, where that is no text.
fn head(thing: &Thing) -> Option<V> {
    match thing {
        Thing::Template(parts) => match parts.first() {
            Some(Part::Hole(v, _)) => Some(*v),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an address is closed after its server, and nobody else chose a part of that: `https://${branch}.example.com/${path}`.
fn names_server(cx: &Context, thing: &Thing, chosen: &dyn Fn(V) -> bool) -> bool {
    let Thing::Template(parts) = thing else { return is_own(thing) };
    let mut text = String::new();
    for part in parts.iter() {
        match part {
            Part::Text(part) => text.push_str(part),
            // `https://example.com${link.pathname}`.
            Part::Hole(v, _) if text.split_once("://").is_some_and(|(_, server)| !server.is_empty())
                && cx.app.begins_behind_server(*v) =>
            {
                return true;
            }
            Part::Hole(v, _) if text.contains("://") && !chosen(*v) => text.push('x'),
            Part::Hole(..) => return false,
        }
        if text.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?', '#'])) {
            return true;
        }
    }
    false
}

/// A known address, or one whose host is closed before anything unknown follows.
fn is_own(thing: &Thing) -> bool {
    match thing {
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(head)) => head
                .split_once("://")
                .is_some_and(|(scheme, rest)| rest.contains('/') || rest.contains('?') || scheme == "file"),
            _ => false,
        },
        Thing::Unknown(_) | Thing::Result(..) | Thing::Api(_) => false,
        _ => true,
    }
}
