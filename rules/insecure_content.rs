//! Connections without encryption.

use electrolint_model::app::{Content, RequestKind, Shown};
use electrolint_model::html::{ResourceKind, resources};
use electrolint_model::link::things::{Certainty, Known, Part, Thing};
use electrolint_model::source::Span;
use electrolint_model::web_url::{Insecure, insecure, insecure_head};

use crate::addresses::server;
use crate::egress_private_network::private;
use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// Something is loaded over a connection that everyone on the way can read and change.
    ///
    /// Over `http:`, `ws:` or `ftp:` whoever sits on the network reads what is sent and answers what they like. A page or script that
    /// comes this way is theirs, and does what the window may do. Load from `https:` and `wss:`, or ship the file with the app.
    ///
    /// Addresses of this machine count as information only: a development server is the usual case.
    ///
    /// ```js
    /// const { BrowserWindow, net } = require('electron');
    /// const HOME = 'http://example.com/start';
    /// const win = new BrowserWindow();
    /// win.loadURL(HOME); //~ insecure-content
    /// net.request({ protocol: 'http:', hostname: 'example.com' }); //~ insecure-content
    /// win.loadURL('https://example.com/start');
    /// win.loadURL('http://localhost:3000'); //~ insecure-content info
    /// const namespace = 'http://www.w3.org/2000/svg';
    /// ```
    ///
    /// In pages what is loaded counts, not where links lead:
    ///
    /// ```html
    /// <script src="http://example.com/a.js"></script> <!--~ insecure-content -->
    /// <style> @import url(http://example.com/a.css); /*~ insecure-content */ </style>
    /// <a href="http://example.com/">a link</a>
    /// <!-- <script src="http://example.com/b.js"></script> -->
    /// ```
    pub(crate) static RULE = {
        id: "insecure-content",
        severity: Severity::Medium,
        items: ["S1", "E1"],
        cwe: ["CWE-319"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#1-only-load-secure-content",
    }
}

/// What comes over the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// Something that becomes the page or runs in it.
    Active,
    /// Updates of the app.
    Update,
    /// Something that is sent.
    Sent,
    /// Something that is shown or read.
    Passive,
}

struct Place<'s> {
    span: Span,
    what: What,
    subject: &'s str,
    symbol: String,
    known: Certainty,
    confidence: Confidence,
    development: Option<bool>,
    node: bool,
}

fn check(cx: &Context, findings: &mut Findings) {
    in_pages(cx, findings);
    in_scripts(cx, findings);
    in_loads(cx, findings);
    for request in cx.app.requests() {
        // It refuses other schemes: <https://nodejs.org/api/errors.html#err_invalid_protocol>.
        if matches!(&*request.api, "https.get" | "https.request") {
            continue;
        }
        let worst = request
            .urls
            .iter()
            .filter_map(|(known, span)| Some((of(known).filter(|_| !cx.app.is_host_of_page(known))?, known, *span)))
            .min_by_key(|(insecure, known, _)| (known.development == Some(true), insecure.local));
        let Some((found, known, span)) = worst.filter(|(.., span)| !cx.app.is_page_beside(span.file)) else { continue };
        // That it goes to this machine is told once.
        if found.local && server(known).is_some_and(|server| private(&server.host).is_some()) {
            continue;
        }
        let what = match request.kind {
            RequestKind::Update => What::Update,
            RequestKind::Script | RequestKind::Navigation => What::Active,
            RequestKind::Data => What::Sent,
            RequestKind::Download => What::Passive,
        };
        let place = Place {
            span,
            what,
            subject: &request.api,
            symbol: format!("{}.url", request.symbol),
            known: known.certainty.min(request.certainty),
            confidence: Confidence::Certain,
            development: known.development.or(request.development),
            node: false,
        };
        report(findings, &found, &place, known);
    }
}

/// What is insecure about a known address or a known head of one.
fn of(known: &Known) -> Option<Insecure> {
    match &known.thing {
        Thing::Text(text) => insecure(text),
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(head)) => insecure_head(head),
            _ => None,
        },
        _ => None,
    }
}

fn in_pages(cx: &Context, findings: &mut Findings) {
    for page in &cx.app.pages {
        let shown = cx.app.shown(page);
        if shown == Shown::Beside {
            continue;
        }
        let text = &cx.app.sources.file(page.file).text.content;
        let node = cx.app.page_has_node(page);
        for resource in resources(text, &page.html) {
            let found = if resource.templated { head_of_template(&resource.url) } else { insecure(&resource.url) };
            let Some(found) = found else { continue };
            let place = Place {
                span: Span { file: page.file, start: resource.span.0, end: resource.span.1 },
                what: what_is(resource.kind),
                subject: "page",
                symbol: format!("{:?}", resource.kind),
                known: Certainty::Certain,
                confidence: match shown {
                    Shown::Perhaps => Confidence::Tentative,
                    _ if resource.templated => Confidence::Firm,
                    _ => Confidence::Certain,
                },
                development: None,
                node,
            };
            report_in_page(findings, &found, &place, resource.kind);
        }
    }
}

/// Markup and JSX.
fn in_scripts(cx: &Context, findings: &mut Findings) {
    use electrolint_model::app::Process;
    let confidence_in = |unit| match cx.app.process(unit) {
        Process::Renderer | Process::Preload => Confidence::Firm,
        _ => Confidence::Tentative,
    };
    for markup in cx.app.markup() {
        let Some(text) = cx.app.markup_text(markup) else { continue };
        for resource in resources(text, &markup.html) {
            let Some(found) = insecure(&resource.url).filter(|_| !resource.templated) else { continue };
            let place = Place {
                span: markup.place(resource.span),
                what: what_is(resource.kind),
                subject: "markup",
                symbol: format!("{:?}", resource.kind),
                known: Certainty::Firm,
                confidence: confidence_in(markup.value.0),
                development: None,
                node: false,
            };
            report_in_page(findings, &found, &place, resource.kind);
        }
    }
    for (call, tag, name, value) in cx.app.jsx_attributes() {
        let kind = match (&*tag, &*name) {
            ("script", "src") => ResourceKind::Script,
            ("img" | "image", "src" | "href") => ResourceKind::Image,
            ("iframe", "src") => ResourceKind::Frame,
            ("webview", "src") => ResourceKind::Webview,
            ("video" | "audio" | "source" | "track", "src") => ResourceKind::Media,
            ("object", "data") | ("embed", "src") => ResourceKind::Object,
            ("form", "action") => ResourceKind::Form,
            _ => continue,
        };
        for known in cx.app.eval(value).iter() {
            let Some(found) = of(known) else { continue };
            let place = Place {
                span: cx.app.span(value),
                what: what_is(kind),
                subject: "element",
                symbol: format!("{}.{tag}.{name}", cx.app.symbol(call)),
                known: known.certainty,
                confidence: Confidence::Certain,
                development: known.development,
                node: false,
            };
            report_in_page(findings, &found, &place, kind);
        }
    }
}

/// `loadURL`.
fn in_loads(cx: &Context, findings: &mut Findings) {
    for load in cx.app.loads() {
        let Some(url) = load.url.filter(|_| !load.is_file) else { continue };
        let values = cx.app.addresses_loaded(url);
        let worst = values
            .iter()
            .filter_map(|known| Some((of(known)?, known)))
            .min_by_key(|(insecure, known)| (known.development == Some(true), insecure.local));
        let Some((found, known)) = worst else { continue };
        let place = Place {
            span: load.span,
            what: What::Active,
            subject: "window",
            symbol: format!("{}.url", cx.app.symbol(load.call)),
            known: known.certainty.min(load.certainty),
            confidence: Confidence::Certain,
            development: known.development.or(load.development),
            node: cx.app.content(known) == Content::Remote && cx.app.load_has_node(load),
        };
        report(findings, &found, &place, known);
    }
}

/// The beginning of an address up to where a build fills it in.
fn head_of_template(url: &str) -> Option<Insecure> {
    let first = electrolint_model::html::holes(url).first()?.start;
    insecure_head(url.get(..first)?)
}

fn what_is(kind: ResourceKind) -> What {
    use ResourceKind::{Base, Frame, Manifest, Object, Refresh, Script, Style, Webview};
    match kind {
        Script | Style | Frame | Webview | Object | Base | Refresh | Manifest => What::Active,
        ResourceKind::Form => What::Sent,
        _ => What::Passive,
    }
}

fn report_in_page(findings: &mut Findings, found: &Insecure, place: &Place, kind: ResourceKind) {
    let what = match kind {
        ResourceKind::Script => "a script comes",
        ResourceKind::Style | ResourceKind::Css => "a style sheet or what it shows comes",
        ResourceKind::Frame | ResourceKind::Webview | ResourceKind::Object => "an embedded page comes",
        ResourceKind::Form => "a form is sent",
        ResourceKind::Base => "everything with a relative address comes",
        ResourceKind::Refresh => "the page that follows comes",
        _ => "something that the page shows comes",
    };
    finish(findings, found, place, &format!("{what} over `{}:`", found.scheme), &[]);
}

fn report(findings: &mut Findings, found: &Insecure, place: &Place, known: &Known) {
    let message = match place.what {
        What::Active if place.subject == "window" => format!("the window loads a page over `{}:`", found.scheme),
        What::Update => format!("updates of the app come over `{}:`", found.scheme),
        _ => format!("`{}` connects over `{}:`", place.subject, found.scheme),
    };
    finish(findings, found, place, &message, &known.trail);
}

fn finish(findings: &mut Findings, found: &Insecure, place: &Place, message: &str, trail: &[Span]) {
    let severity = match place.what {
        _ if found.local => Severity::Info,
        What::Update => Severity::High,
        What::Active if place.node => Severity::High,
        What::Active | What::Sent => Severity::Medium,
        What::Passive => Severity::Low,
    };
    let gain = match place.what {
        _ if found.local => "Another program on this machine could answer here.",
        What::Update => "Whoever sits on the network can offer a program of theirs as the update.",
        What::Active if place.node => "Whoever sits on the network can run programs on this machine: the page has Node.",
        What::Active => "Whoever sits on the network can put script into this window.",
        What::Sent => "Whoever sits on the network can read what is sent and answer what they like.",
        What::Passive => "Whoever sits on the network can see what is loaded and replace it.",
    };
    let secure = match found.scheme {
        "ws" => "wss:",
        _ => "https:",
    };
    // A host that is not known is often this machine, and a name without a dot often one that the app answers for.
    let is_sure = found.host.is_some() && (found.local || !found.is_short_name());
    let confidence = if is_sure { place.confidence } else { Confidence::Tentative };
    let host = found.host.as_deref().map_or_else(String::new, |host| format!(" from {host}"));
    let host = if place.what == What::Sent { host.replacen(" from", " with", 1) } else { host };
    let fix = fixes::encrypt(findings.app(), place.span).filter(|_| !found.local);
    let _ = findings
        .report(&RULE, place.span, format!("{message}{host}"))
        .fix(fix)
        .severity(severity)
        .known(place.known)
        .at_most(confidence)
        .gain(gain)
        .help(format!("Use `{secure}`, or ship it with the app."))
        .symbol(place.symbol.clone())
        .because(trail)
        .development(place.development);
}
