//! `executeJavaScript`, `eval`, `new Function` and kin.

use electrolint_model::app::checks::Base;
use electrolint_model::app::sources::SourceKind;
use electrolint_model::app::traces::Purpose;
use electrolint_model::app::Entrances;
use electrolint_model::link::things::{Certainty, Known, Part, Thing};
use electrolint_model::link::{C, F, V};

use crate::untrusted::{Sink, calls, worst};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A text that is not the app's own is run as script.
    ///
    /// `executeJavaScript`, `eval`, `new Function`, `vm` and timers that are given a text run whatever the text says. Data that is put
    /// into it becomes script: in a page it acts as the page, in the main process or a preload it acts as the app.
    ///
    /// A module that is asked for by such a name (`import(name)`, `require(name)`) runs too.
    ///
    /// Hand data over as data: a message to the page, an argument of a function. Where a text is needed, `JSON.stringify` makes every
    /// value a literal, to be put there without quotes around it. `insertCSS` runs nothing, but a style can read what the page shows and send it away.
    ///
    /// ```js
    /// const { ipcMain, BrowserWindow } = require('electron');
    /// const win = new BrowserWindow();
    /// ipcMain.on('search', (event, text) => {
    ///   win.webContents.executeJavaScript(`find('${text}')`); //~ dangerous-eval
    ///   win.webContents.executeJavaScript(`find(${JSON.stringify(text)})`);
    /// });
    /// win.webContents.executeJavaScript('document.title');
    /// ```
    ///
    /// ```js
    /// const vm = require('vm');
    /// const { ipcMain } = require('electron');
    /// ipcMain.handle('run', (event, code) => vm.runInThisContext(code)); //~ dangerous-eval
    /// ipcMain.handle('sum', (event, code) => new Function('a', 'b', code)); //~ dangerous-eval
    /// setTimeout(() => vm.runInThisContext('1 + 1'), 100);
    /// ```
    pub(crate) static RULE = {
        id: "dangerous-eval",
        severity: Severity::High,
        items: [],
        cwe: ["CWE-94", "CWE-95"],
        source: "https://www.electronjs.org/docs/latest/api/web-contents#contentsexecutejavascriptcode-usergesture",
    }
}

/// What the text is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It runs as script in a page.
    Page,
    /// It runs as script right here.
    Here,
    /// It runs as script if it is a text.
    Timer,
    /// It styles a page.
    Style,
    /// It names a module that is run.
    Module,
}

const fn sink(api: &'static str, argument: usize) -> Sink {
    Sink { api, argument }
}

const SINKS: &[(Sink, Kind)] = &[
    (sink("WebContents.executeJavaScript", 0), Kind::Page),
    (sink("WebContents.executeJavaScriptInIsolatedWorld", 1), Kind::Page),
    (sink("WebFrameMain.executeJavaScript", 0), Kind::Page),
    (sink("WebviewTag.executeJavaScript", 0), Kind::Page),
    (sink("webFrame.executeJavaScript", 0), Kind::Page),
    (sink("webFrame.executeJavaScriptInIsolatedWorld", 1), Kind::Page),
    (sink("eval", 0), Kind::Here),
    (sink("window.eval", 0), Kind::Here),
    (sink("globalThis.eval", 0), Kind::Here),
    (sink("global.eval", 0), Kind::Here),
    (sink("vm.runInThisContext", 0), Kind::Here),
    (sink("vm.runInNewContext", 0), Kind::Here),
    (sink("vm.runInContext", 0), Kind::Here),
    (sink("vm.Script", 0), Kind::Here),
    (sink("vm.compileFunction", 0), Kind::Here),
    (sink("setTimeout", 0), Kind::Timer),
    (sink("setInterval", 0), Kind::Timer),
    (sink("window.setTimeout", 0), Kind::Timer),
    (sink("window.setInterval", 0), Kind::Timer),
    // <https://nodejs.org/api/worker_threads.html#new-workerfilename-options>, <https://nodejs.org/api/process.html#processdlopenmodule-filename-flags>
    (sink("worker_threads.Worker", 0), Kind::Module),
    (sink("process.dlopen", 1), Kind::Module),
    (sink("WebContents.insertCSS", 0), Kind::Style),
    (sink("WebviewTag.insertCSS", 0), Kind::Style),
    (sink("webFrame.insertCSS", 0), Kind::Style),
];

/// Functions that make a literal of any value, and one that escapes quotes too.
const SCRIPT: Purpose =
    Purpose::script(&["stringify", "serialize", "serialize-javascript", "serializeJavascript"], &["jsesc"]);

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let entrances = app.entrances();
    let mut places: Vec<(electrolint_model::app::ApiCall, V, Kind)> = Vec::new();
    for (sink, kind) in SINKS {
        for call in calls(cx, sink.api, sink.api.starts_with("WebContents.")) {
            if places.iter().any(|(other, ..)| other.call == call.call) {
                continue;
            }
            let Some(v) = call.argument(app, sink.argument) else { continue };
            // A function, or something that may be one.
            if *kind == Kind::Timer && !is_text(cx, call.call, v, &entrances) {
                continue;
            }
            places.push((call, v, *kind));
        }
    }
    for api in ["Function", "window.Function", "globalThis.Function"] {
        for call in app.calls(api).iter() {
            let last = app.program.arguments(call.call).len().saturating_sub(1);
            if let Some(v) = call.argument(app, last) {
                places.push((call.clone(), v, Kind::Here));
            }
        }
    }
    for call in app.computed_imports() {
        places.extend(call.argument(app, 0).map(|v| (call, v, Kind::Module)));
    }
    places.sort_by_key(|(call, ..)| call.call);
    scripts(cx, findings);
    handlers(cx, findings);
    for (call, v, kind) in places {
        let traces = app.traces(call.call, v, &entrances, SCRIPT);
        let Some(trace) = worst(&traces) else { continue };
        // Who calls a loader of modules is most often the app, which writes the address of its own pages too.
        let is_sent = !matches!(trace.origin.kind, SourceKind::Page | SourceKind::Response);
        if kind == Kind::Module && !(trace.is_untrusted() && !trace.opaque && is_sent) {
            continue;
        }
        // Data is read, and not run: `require(path.join(folder, `${locale}.json`))`.
        if kind == Kind::Module && app.ends_in(v, ".json") {
            continue;
        }
        let record = app.program.call(call.call);
        let (message, gain) = match kind {
            Kind::Page => (
                "somebody else's data becomes part of a script that runs in a page",
                "Whoever chooses the data runs script in the page, with all that the page and its preload may do.",
            ),
            Kind::Here | Kind::Timer => (
                "somebody else's data is run as script",
                "Whoever chooses the data runs script with all that this process may do.",
            ),
            Kind::Module => (
                "somebody else's data decides which module is run",
                "Whoever chooses the data, and can put a file anywhere on this machine, runs it with all that this process may do.",
            ),
            Kind::Style => (
                "somebody else's data becomes part of a style sheet",
                "Whoever chooses the data changes what the page shows, and reads attributes of it by selectors that load pictures.",
            ),
        };
        findings
            .report(&RULE, app.span(v), message)
            .severity(match kind {
                Kind::Style => Severity::Low,
                _ if trace.is_untrusted() => Severity::High,
                _ => Severity::Medium,
            })
            .known(call.certainty)
            .traced(trace)
            .at_most(if kind == Kind::Module && is_below_a_folder(cx, v) { Confidence::Tentative } else { Confidence::Certain })
            .development(app.program.development_of(call.call.0, record.condition, &Default::default()))
            .gain(gain)
            .help(match kind {
                Kind::Style => "Insert a constant style sheet, or compare the value with what the app means to allow.",
                Kind::Module => "Look the module up in a table of those that the app means to load.",
                Kind::Page => "Send the data as a message, or put `JSON.stringify(value)` into the script in its place.",
                _ => "Call a function with the data as its argument.",
            })
            .symbol(app.symbol(call.call));
    }
}

/// What is written into an element that runs it: `script.textContent = text`, `script.src = address`.
fn scripts(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let entrances = app.entrances();
    for name in ["textContent", "text", "innerText", "src"] {
        for write in app.property_writes(name) {
            let objects = app.eval(write.object);
            let is_script = |thing: &Thing| matches!(thing, Thing::Element(tag, _) if &**tag == "script");
            if objects.is_empty() || !objects.iter().all(|known| is_script(&known.thing)) {
                continue;
            }
            // An address that the app begins leads where the app says.
            let begins = |known: &Known| known.thing.head().is_some_and(|(head, _)| !head.is_empty());
            if name == "src" && app.eval(write.value).iter().all(begins) {
                continue;
            }
            let traces = app.traces_of_write(&write, &entrances, SCRIPT);
            let traces: Vec<_> = traces
                .into_iter()
                .filter(|trace| trace.is_untrusted() && (name != "src" || trace.origin.kind != SourceKind::Response))
                .collect();
            let Some(trace) = worst(&traces) else { continue };
            findings
                .report(&RULE, app.span(write.value), "somebody else's data is run as script")
                .known(Certainty::Firm)
                .traced(trace)
                // Who loads scripts by the page's address is most often the app, which writes that address too.
                .at_most(match (name, trace.origin.kind) {
                    ("src", SourceKind::Page) => Confidence::Tentative,
                    _ => Confidence::Certain,
                })
                .gain("Whoever chooses the data runs script in the page, with all that the page and its preload may do.")
                .help("Call a function with the data as its argument.")
                .symbol(app.symbol_of(write.function, name));
        }
    }
}

/// `element.setAttribute('onclick', text)`.
fn handlers(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let entrances = app.entrances();
    for call in ["setAttribute", "attr"].into_iter().flat_map(|method| app.calls_by_method(method)) {
        let name = call.argument(app, 0).and_then(|name| app.constant(name));
        let is_handler = |name: &str| name.get(..2).is_some_and(|on| on.eq_ignore_ascii_case("on"));
        if !name.is_some_and(|name| name.text().is_some_and(is_handler)) {
            continue;
        }
        let Some(v) = call.argument(app, 1) else { continue };
        let traces = app.traces(call.call, v, &entrances, SCRIPT);
        let traces: Vec<_> = traces.into_iter().filter(|trace| trace.is_untrusted()).collect();
        let Some(trace) = worst(&traces) else { continue };
        findings
            .report(&RULE, app.span(v), "somebody else's data becomes a handler, which is run as script")
            .known(call.certainty)
            .traced(trace)
            .gain("Whoever chooses the data runs script in the page, with all that the page and its preload may do.")
            .help("Add a listener that is a function, and hand the data over as its argument.")
            .symbol(app.symbol(call.call));
    }
}

/// Whether what a timer is given is a text: put together, or from where no function comes.
fn is_text(cx: &Context, c: C, v: V, entrances: &Entrances) -> bool {
    let app = cx.app;
    let values = app.eval(v);
    if values.iter().any(|known| matches!(known.thing, Thing::Template(_))) {
        return true;
    }
    if values.iter().any(|known| !matches!(known.thing, Thing::Unknown(_) | Thing::Result(..) | Thing::Api(_))) {
        return false;
    }
    let comes_as_text = |kind| {
        matches!(
            kind,
            SourceKind::Ipc | SourceKind::Page | SourceKind::OpenUrl | SourceKind::Navigation | SourceKind::Shown | SourceKind::WindowOpen
        )
    };
    let is_told = app.root(v).is_some_and(|root| match root.base {
        Base::Parameter(f, _) => {
            entrances.get(&F(root.unit, f)).is_some_and(|entrance| comes_as_text(entrance.kind))
        }
        Base::Call(_) => true,
        _ => false,
    });
    let is_page = || matches!(values.as_ref(), [known] if matches!(&known.thing, Thing::Api(path) if path.starts_with("location")));
    (is_told || is_page())
        && app.traces(c, v, entrances, SCRIPT).iter().any(|trace| !trace.opaque && comes_as_text(trace.origin.kind))
}

/// `'./languages/' + name`: whoever chooses the name must put a script where it leads besides.
fn is_below_a_folder(cx: &Context, v: V) -> bool {
    let values = cx.app.eval(v);
    !values.is_empty()
        && values.iter().all(|known| match &known.thing {
            Thing::Template(parts) => matches!(parts.first(), Some(Part::Text(head)) if head.ends_with('/')),
            _ => false,
        })
}
