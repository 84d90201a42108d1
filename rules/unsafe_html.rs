//! Data that becomes markup.

use electrolint_model::app::{ElementMarkup, FrameScripts, ShownMarkup, Window, WindowKind};
use electrolint_model::app::sources::SourceKind;
use electrolint_model::app::traces::{Purpose, Trace};
use electrolint_model::electron::preferences::Value;
use electrolint_model::link::things::Certainty;
use electrolint_model::source::Span;

use crate::untrusted::worst;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Somebody else's data becomes markup of a page.
    ///
    /// Markup can hold script: `<img src=x onerror=…>` runs as soon as it is in the page. Script in a page does what the page may do, and
    /// in a window with Node, or without context isolation, what the user may do. Write text with `textContent`, build elements with the
    /// DOM, or clean markup with a sanitiser (DOMPurify, `setHTML`) first.
    ///
    /// Only data is reported that others choose: messages, answers of servers, the address of the page, what is pasted, what files hold that a
    /// person opens. Of templates whose engine is known, the holes count that do not escape.
    ///
    /// ```js
    /// // file: renderer.js
    /// import DOMPurify from 'dompurify';
    /// window.addEventListener('message', (event) => {
    ///   document.body.innerHTML = event.data; //~ unsafe-html
    ///   document.body.innerHTML = DOMPurify.sanitize(event.data);
    ///   document.body.textContent = event.data;
    /// });
    /// fetch('https://example.com/news')
    ///   .then((response) => response.text())
    ///   .then((news) => document.body.insertAdjacentHTML('beforeend', news)); //~ unsafe-html
    /// document.body.innerHTML = '<p>Loading</p>';
    /// ```
    pub(crate) static RULE = {
        id: "unsafe-html",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-79"],
        source: "https://developer.mozilla.org/en-US/docs/Web/API/Element/innerHTML#security_considerations",
    }
}

/// Properties that take markup.
const PROPERTIES: [&str; 3] = ["innerHTML", "outerHTML", "srcdoc"];

/// Methods that take markup, and which argument it is.
const METHODS: [(&str, usize); 19] = [
    ("insertAdjacentHTML", 1),
    ("createContextualFragment", 0),
    ("setHTMLUnsafe", 0),
    // Angular leaves what was given to it as it is: <https://angular.dev/best-practices/security#trusting-safe-values>
    ("bypassSecurityTrustHtml", 0),
    // <https://mithril.js.org/trust.html>
    ("mithril.trust", 0),
    // <https://lit.dev/docs/templates/directives/#unsafehtml>
    ("lit/directives/unsafe-html.unsafeHTML", 0),
    ("lit/directives/unsafe-html.js.unsafeHTML", 0),
    ("lit-html/directives/unsafe-html.unsafeHTML", 0),
    ("lit-html/directives/unsafe-html.js.unsafeHTML", 0),
    // <https://github.com/choojs/nanohtml#unescaping>
    ("nanohtml/raw", 0),
    ("choo/html/raw", 0),
    // <https://handlebarsjs.com/api-reference/utilities.html#handlebars-safestring-string>
    ("handlebars.SafeString", 0),
    ("handlebars.default.SafeString", 0),
    ("Handlebars.SafeString", 0),
    // <https://quilljs.com/docs/modules/clipboard#dangerouslypastehtml>: the place, if it is said, comes first.
    ("dangerouslyPasteHTML", 0),
    ("dangerouslyPasteHTML", 1),
    ("document.write", 0),
    ("document.writeln", 0),
    ("document.execCommand", 2),
];

/// Methods of what jQuery found that take markup as their first argument.
const JQUERY: [&str; 6] = ["html", "append", "prepend", "before", "after", "replaceWith"];

/// Functions whose result holds no script.
const CLEANERS: &[&str] = &[
    "sanitize",
    "sanitise",
    "sanitizeHtml",
    "sanitizeHTML",
    "sanitizeHtmlContent",
    "sanitize-html",
    "dompurify",
    "purify",
    "createHTML",
    "filterXSS",
    "xss",
    "escape",
    "escapeHtml",
    "escapeHTML",
    "escape-html",
    "escapeExpression",
    "escapeXML",
    "escapeHtmlEntities",
    "htmlEscape",
    "htmlEncode",
    "htmlentities",
    "encode",
    "encodeURIComponent",
    "encodeHTML",
    "createTextNode",
    "striptags",
    "insane",
    // <https://github.com/IonicaBizau/anser#ansersescapeforhtmltxt>
    "escapeForHtml",
    // <https://shiki.style/guide/install#shorthands>
    "codeToHtml",
    // <https://github.com/google/diff-match-patch/wiki/API#diff_prettyhtmldiffs--html>
    "diff_prettyHtml",
    // <https://github.com/drudru/ansi_up#escape_html-default-true>
    "ansi_to_html",
];

/// Functions of packages that make markup of a text and escape the text.
///
/// <https://highlightjs.readthedocs.io/en/latest/api.html>, <https://prismjs.com/docs/Prism.html#.highlight>
const MAKERS: &[(&str, &str)] = &[
    ("highlight.js", "highlight"),
    ("highlight.js", "highlightAuto"),
    ("highlight.js/lib/core", "highlight"),
    ("highlight.js/lib/core", "highlightAuto"),
    ("highlight.js/lib/common", "highlight"),
    ("highlight.js/lib/common", "highlightAuto"),
    ("hljs", "highlight"),
    ("hljs", "highlightAuto"),
    ("window.hljs", "highlight"),
    ("window.hljs", "highlightAuto"),
    ("prismjs", "highlight"),
    ("Prism", "highlight"),
    ("window.Prism", "highlight"),
    // <https://github.com/rtfpessoa/diff2html#diff2html-usage>
    ("diff2html", "html"),
    ("diff2html", "getPrettyHtml"),
    ("diff2html.Diff2Html", "html"),
    ("diff2html.Diff2Html", "getPrettyHtml"),
    ("Diff2Html", "html"),
    ("Diff2Html", "getPrettyHtml"),
    ("window.Diff2Html", "html"),
    // <https://jdenticon.com/js-api.html>
    ("jdenticon", "toSvg"),
    ("window.jdenticon", "toSvg"),
];

/// What a value is for here.
const MARKUP: Purpose = Purpose::markup(CLEANERS, MAKERS);

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let entrances = app.entrances();
    let severity = severity(cx);
    let mut tell = |span: Span, traces: Vec<Trace>, certainty: Certainty, what: &str, symbol: String| {
        // What a caller hands over is the caller's to clean.
        let traces: Vec<Trace> =
            traces.into_iter().filter(|trace| trace.is_untrusted() || trace.origin.kind == SourceKind::Main).collect();
        let Some(trace) = worst(&traces) else { return };
        findings
            .report(&RULE, span, format!("somebody else's data becomes markup by `{what}`"))
            .severity(severity)
            .known(certainty)
            .traced(trace)
            // Where pages can do little, an app may mean to show what its user wrote, opened or pasted.
            .at_most(match (trace.origin.kind, severity) {
                (SourceKind::Document | SourceKind::Opened | SourceKind::Pasted, Severity::High) => Confidence::Firm,
                (SourceKind::Document | SourceKind::Opened | SourceKind::Pasted, _) => Confidence::Tentative,
                _ => Confidence::Certain,
            })
            .gain(match severity {
                Severity::High => "Markup that runs script runs programs here: a window of the app has Node, or no context isolation.",
                _ => "Markup that runs script does what the page may do: it reads what is shown and calls what the preload exposes.",
            })
            .help("Use `textContent`, build elements with the DOM, or clean the markup with a sanitiser such as DOMPurify.")
            .symbol(symbol);
    };
    for name in PROPERTIES {
        for write in app.property_writes(name) {
            if app.holds_text_only(write.object) {
                continue;
            }
            let traces = app.traces_of_write(&write, &entrances, MARKUP);
            let scripts = if name == "srcdoc" { app.scripts_of_write(&write) } else { FrameScripts::Run };
            let Some(certainty) = certainty_in(scripts) else { continue };
            tell(app.span(write.value), traces, certainty, name, app.symbol_of(write.function, name));
        }
    }
    for (method, index) in METHODS {
        let calls = match method.split_once('.') {
            Some(_) => app.calls(method).to_vec(),
            None => app.calls_by_method(method),
        };
        for call in calls {
            let is_html = method != "document.execCommand"
                || call.argument(app, 0).and_then(|v| app.constant(v)).is_some_and(|known| known.text() == Some("insertHTML"));
            let Some(v) = call.argument(app, index).filter(|_| is_html) else { continue };
            let traces = app.traces(call.call, v, &entrances, MARKUP);
            tell(app.span(v), traces, call.certainty, method, app.symbol(call.call));
        }
    }
    for call in app.writes_to_frames() {
        let Some(v) = call.argument(app, 0) else { continue };
        let traces = app.traces(call.call, v, &entrances, MARKUP);
        tell(app.span(v), traces, call.certainty, "document.write", app.symbol(call.call));
    }
    // What a template of Vue or Svelte puts in as markup, and what it holds where it is a reference.
    for (name, of_vue) in [("v-html", "v-html"), (":innerHTML", "innerHTML")] {
        for call in app.calls(name).iter() {
            let traces = [0, 1]
                .into_iter()
                .filter_map(|index| call.argument(app, index))
                .flat_map(|v| app.traces(call.call, v, &entrances, MARKUP))
                .collect();
            let what = if app.path(call.span(app)).ends_with(".vue") { of_vue } else { "@html" };
            tell(app.argument_span(call.call, 0), traces, Certainty::Certain, what, app.symbol(call.call));
        }
    }
    for method in JQUERY {
        for call in app.jquery_calls(method) {
            // An element that jQuery found or made is markup no more.
            let Some(v) = call.argument(app, 0).filter(|v| !app.is_of_jquery(*v)) else { continue };
            let traces = app.traces(call.call, v, &entrances, MARKUP);
            tell(app.span(v), traces, call.certainty, method, app.symbol(call.call));
        }
    }
    for call in app.jquery_markup() {
        // `$('<p>', { html: text })`.
        let options = call.argument(app, 1).map_or_else(Vec::new, |options| app.options_written(options, &["html"]));
        for v in call.argument(app, 0).into_iter().chain(options) {
            let traces = app.traces(call.call, v, &entrances, MARKUP);
            tell(app.span(v), traces, call.certainty, "$", app.symbol(call.call));
        }
    }
    for ShownMarkup { call, text, by } in app.shown_as_markup() {
        let traces = app.traces(call.call, text, &entrances, MARKUP);
        let symbol = app.symbol(call.call);
        let name = symbol.rsplit('.').next().and_then(|name| name.split('#').next()).unwrap_or_default().to_owned();
        tell(app.span(text), traces, call.certainty, by.unwrap_or(&name), symbol);
    }
    for ElementMarkup { call, value, name, scripts } in app.element_markup() {
        let Some(certainty) = certainty_in(scripts) else { continue };
        let traces = app.traces(call, value, &entrances, MARKUP);
        tell(app.span(value), traces, certainty, name, app.symbol(call));
    }
}

/// How sure it is that markup does harm which a frame of this sandbox shows; `None`: no script of it runs.
fn certainty_in(scripts: FrameScripts) -> Option<Certainty> {
    match scripts {
        FrameScripts::None => None,
        FrameScripts::Apart => Some(Certainty::Tentative),
        FrameScripts::Run => Some(Certainty::Certain),
    }
}

/// High where some window of the app gives its pages Node, or lets them reach the preload's.
fn severity(cx: &Context) -> Severity {
    let is_open = |window: &Window| {
        let mut isolation = window.settings(cx.app, "contextIsolation").into_iter();
        isolation.any(|fact| fact.value == Value::Known(false) && fact.development != Some(true))
    };
    let exposed = cx.app.windows.iter().any(|window| {
        matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView)
            && (cx.app.pages_reach_node(window) || is_open(window))
    });
    if exposed { Severity::High } else { Severity::Medium }
}
