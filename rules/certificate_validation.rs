//! Certificates that are not checked.

use electrolint_model::app::{NamedProperty, is_loopback};
use electrolint_model::app::{Listener, SwitchSource};
use electrolint_model::link::things::{Certainty, Known, Thing};
use electrolint_model::link::{C, F, V};
use electrolint_model::source::Span;
use electrolint_model::summary::{Operator, Value};

use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// Certificates of servers are accepted unchecked.
    ///
    /// A certificate that is not checked proves nothing: whoever sits on the network, at the café or the provider, answers in the
    /// server's place, reads what the app sends, and puts script into its pages. Leave checking to Chromium and Node. For a server
    /// with a certificate of its own, name that certificate's fingerprint, or hand its authority to `ca`.
    ///
    /// ```js
    /// const { app, session } = require('electron');
    /// const https = require('node:https');
    /// app.on('certificate-error', (event, webContents, url, error, certificate, callback) => {
    ///   event.preventDefault();
    ///   callback(true); //~ certificate-validation
    /// });
    /// app.whenReady().then(() => {
    ///   session.defaultSession.setCertificateVerifyProc((request, callback) => {
    ///     callback(request.hostname === 'example.com' ? 0 : -3); //~ certificate-validation
    ///   });
    /// });
    /// https.get('https://example.com', { rejectUnauthorized: false }); //~ certificate-validation
    /// process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; //~ certificate-validation
    /// ```
    ///
    /// One certificate, by its fingerprint, and the rest left to Chromium:
    ///
    /// ```js
    /// const { app } = require('electron');
    /// app.on('certificate-error', (event, webContents, url, error, certificate, callback) => {
    ///   if (certificate.fingerprint === 'sha256/AAAA') {
    ///     event.preventDefault();
    ///     callback(true);
    ///   } else {
    ///     callback(false);
    ///   }
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "certificate-validation",
        severity: Severity::High,
        items: [],
        cwe: ["CWE-295"],
        source: "https://www.electronjs.org/docs/latest/api/app#event-certificate-error",
    }
}

const GAIN: &str = "Whoever sits on the network can answer in any server's place, read what is sent, and put script into pages.";

fn check(cx: &Context, findings: &mut Findings) {
    // The event's parameters: https://www.electronjs.org/docs/latest/api/app#event-certificate-error
    for (class, certificate, callback) in [("app", 4, 5), ("WebContents", 3, 4)] {
        for listener in cx.app.listeners(class, "certificate-error") {
            let Some(handler) = listener.handler else { continue };
            let decider = Decider { certificate: Certificate::Parameter(certificate), callback, is_event: true };
            decided(cx, findings, &listener, handler, &decider);
        }
    }
    for listener in cx.app.handlers("Session.setCertificateVerifyProc") {
        let Some(handler) = listener.handler else { continue };
        // Up to 1.6 the parameters were hostname, certificate, callback.
        let old = cx.app.program.function(handler).parameters.len() == 3;
        let decider = if old {
            Decider { certificate: Certificate::Parameter(1), callback: 2, is_event: false }
        } else {
            Decider { certificate: Certificate::Request, callback: 1, is_event: false }
        };
        decided(cx, findings, &listener, handler, &decider);
    }
    options(cx, findings);
    environment(cx, findings);
    switches(cx, findings);
    for call in cx.app.calls("app.importCertificate").iter() {
        let _ = findings
            .report(&RULE, call.callee_span(cx.app), "a certificate is put into the platform's store")
            .severity(Severity::Low)
            .at_most(Confidence::Tentative)
            .gain("An authority that someone else chooses vouches for every server.")
            .help("Make sure that the person chose this certificate.")
            .symbol(cx.app.symbol(call.call));
    }
}

enum Certificate {
    Parameter(u32),
    /// The properties of the first parameter: <https://www.electronjs.org/docs/latest/api/session#sessetcertificateverifyprocproc>
    Request,
}

struct Decider {
    certificate: Certificate,
    callback: u32,
    is_event: bool,
}

/// Parts of one test that are looked at.
const MOST_PARTS: usize = 32;

/// What the tests before an acceptance look at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looked {
    Nowhere,
    AtHost,
    AtError,
    Elsewhere,
    AtCertificate,
}

fn decided(cx: &Context, findings: &mut Findings, listener: &Listener, handler: F, decider: &Decider) {
    let app = cx.app;
    let prevents = !app.method_calls_on(handler, 0, "preventDefault").is_empty();
    for (call, outcome) in app.calls_of_parameter(handler, decider.callback) {
        let Some(value) = outcome.value else { continue };
        // Later than the event's own turn the answer counts only if the event was prevented: shell/common/gin_helper/callback_util.h.
        let late = outcome.after_await || outcome.function != handler;
        if decider.is_event && late && !prevents {
            continue;
        }
        let values = app.eval(value);
        let accepts = |thing: &Thing| match thing {
            Thing::Bool(yes) => *yes,
            Thing::Number(number) => !decider.is_event && *number == 0.0,
            _ => false,
        };
        // An expression that says yes to some: by what it looks at.
        let decides = |known: &&Known| {
            decider.is_event
                && known.is_unknown()
                && matches!(looked_at(cx, value, handler, decider), Looked::AtHost | Looked::AtError)
        };
        let accepting = values.iter().find(|known| accepts(&known.thing)).or_else(|| values.iter().find(decides));
        let Some(accepting) = accepting else { continue };
        let mut tests = app.tests_around(outcome.function, outcome.condition, handler);
        if values.len() > 1 || !accepts(&accepting.thing) {
            tests.push(value);
        }
        let condition = app.program.call(call).condition;
        let development = app
            .program
            .development_of(call.0, condition, &Default::default())
            .or(accepting.development)
            .or(listener.development);
        let looked = tests.iter().map(|&test| looked_at(cx, test, handler, decider)).fold(Looked::Nowhere, worth);
        let is_here = looked == Looked::AtHost && tests.iter().all(|&test| names_this_machine(cx, test));
        let (message, confidence) = match looked {
            Looked::AtCertificate => continue,
            // Nobody stands between the app and a server on the machine; another program there may take its port.
            Looked::AtHost if is_here => ("any certificate of a server on this machine is accepted", Confidence::Firm),
            Looked::Nowhere if tests.is_empty() || development == Some(true) => {
                ("every certificate is accepted", Confidence::Certain)
            }
            Looked::Nowhere => ("a certificate is accepted without a look at it", Confidence::Tentative),
            Looked::Elsewhere => ("a certificate is accepted without a look at it", Confidence::Tentative),
            Looked::AtError => {
                ("any certificate is accepted to which Chromium has this objection, and no other is looked at", Confidence::Firm)
            }
            Looked::AtHost => {
                ("any certificate is accepted for this host: only the server's name is looked at", Confidence::Firm)
            }
        };
        let help = if decider.is_event {
            "Call `callback(false)`, or compare `certificate.fingerprint` with the one that is meant."
        } else {
            "Answer -3, which leaves the decision to Chromium, or compare `request.certificate.fingerprint`."
        };
        let _ = findings
            .report(&RULE, outcome.span, message)
            .severity(if is_here { Severity::Low } else { Severity::High })
            .fix(fixes::refuse(app, outcome.span).filter(|_| decider.is_event))
            .at_most(confidence)
            .known(listener.certainty)
            .known(if values.len() > 1 || !accepts(&accepting.thing) { Certainty::Firm } else { accepting.certainty })
            .gain(GAIN)
            .help(help)
            .symbol(format!("{}.accept", app.symbol(listener.call)))
            .related(app.callee_span(listener.call), "the handler is set here")
            .development(development);
    }
}

fn worth(a: Looked, b: Looked) -> Looked {
    match (a, b) {
        (Looked::AtCertificate, _) | (_, Looked::AtCertificate) => Looked::AtCertificate,
        (Looked::Elsewhere, _) | (_, Looked::Elsewhere) => Looked::Elsewhere,
        (Looked::AtError, _) | (_, Looked::AtError) => Looked::AtError,
        (Looked::AtHost, _) | (_, Looked::AtHost) => Looked::AtHost,
        _ => Looked::Nowhere,
    }
}

/// Whether a test compares with an error of Chromium's: `'net::ERR_CERT_AUTHORITY_INVALID'`, -202.
///
/// <https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h>
fn names_error(cx: &Context, test: V, depth: u32) -> bool {
    if depth > 8 {
        return false;
    }
    let names = |v: V| {
        cx.app.program.only(v).is_some_and(|known| match &known.thing {
            Thing::Text(text) => text.starts_with("net::ERR_"),
            Thing::Number(number) => (-299.0..=-200.0).contains(number),
            _ => false,
        })
    };
    match cx.app.program.value(test) {
        Value::Binary(Operator::Equal, left, right) => names(V(test.0, left)) || names(V(test.0, right)),
        Value::Binary(Operator::And | Operator::Or, left, right) => {
            names_error(cx, V(test.0, left), depth + 1) || names_error(cx, V(test.0, right), depth + 1)
        }
        // `ACCEPTED.includes(error)`.
        Value::Call(call) => {
            let c = C(test.0, call);
            let Value::Member(list, method) = cx.app.program.value(V(c.0, cx.app.program.call(c).callee)) else {
                return false;
            };
            let errors = cx.app.program.elements(V(c.0, list));
            let is_error = |known: &Known| known.text().is_some_and(|text| text.starts_with("net::ERR_"));
            matches!(cx.app.program.str(c.0, method), "includes" | "has") && !errors.is_empty() && errors.iter().all(is_error)
        }
        Value::Unary(_, inner) | Value::Conditional { test: inner, .. } => names_error(cx, V(test.0, inner), depth + 1),
        _ => false,
    }
}

/// Whether the servers that a test compares with are on this machine: `hostname === '127.0.0.1' || hostname === 'localhost'`.
fn names_this_machine(cx: &Context, test: V) -> bool {
    let (mut open, mut named) = (vec![test], false);
    // A test has few parts; one with more says nothing here.
    for _ in 0..MOST_PARTS {
        let Some(part) = open.pop() else { return named };
        let of = |value| V(part.0, value);
        match cx.app.program.value(part) {
            Value::Binary(Operator::And | Operator::Or, left, right) => open.extend([of(left), of(right)]),
            Value::Unary(_, inner) => open.push(of(inner)),
            Value::Binary(Operator::Equal, left, right) => {
                let texts = [left, right].map(|side| cx.app.program.only(of(side)));
                if !texts.iter().flatten().any(|known| is_this_machine(known, false)) {
                    return false;
                }
                named = true;
            }
            // `['localhost', '127.0.0.1'].includes(hostname)`, `url.startsWith('https://localhost:5000/')`.
            Value::Call(call) => {
                let c = C(part.0, call);
                let Value::Member(object, method) = cx.app.program.value(of(cx.app.program.call(c).callee)) else {
                    return false;
                };
                let is_here = match cx.app.program.str(c.0, method) {
                    "includes" | "has" => {
                        let names = cx.app.program.elements(of(object));
                        !names.is_empty() && names.iter().all(|name| is_this_machine(name, false))
                    }
                    "startsWith" => {
                        let begin = cx.app.program.argument(c, 0).and_then(|text| cx.app.program.only(text));
                        begin.is_some_and(|begin| is_this_machine(&begin, true))
                    }
                    _ => false,
                };
                if !is_here {
                    return false;
                }
                named = true;
            }
            _ => return false,
        }
    }
    false
}

/// Whether a text is a name of this machine, an origin or an address of it; all of its host must be known. What something begins with
/// may go on: `https://localhost` begins `https://localhost.example.com` too.
fn is_this_machine(known: &Known, goes_on: bool) -> bool {
    let Some((text, is_whole)) = known.thing.head() else { return false };
    let is_whole = is_whole && !goes_on;
    let server = text.split_once("://").map_or(text, |(_, server)| server);
    let is_ended = server.contains('/') || !server.starts_with('[') && server.contains(':') || server.contains("]:");
    let host = server.split('/').next().unwrap_or_default();
    (is_whole || is_ended) && !host.contains('@') && is_loopback(host)
}

/// What one test looks at.
fn looked_at(cx: &Context, test: V, handler: F, decider: &Decider) -> Looked {
    let mut looked = Looked::Nowhere;
    let mut calls = false;
    for mentioned in cx.app.parameters_of(test, handler) {
        let one = match (mentioned, &decider.certificate) {
            (None, _) => {
                calls = true;
                Looked::Nowhere
            }
            // Whoever makes a certificate writes these names into it.
            (Some((index, Some(name))), Certificate::Parameter(certificate))
                if index == *certificate && matches!(&*name, "issuerName" | "subjectName" | "issuer" | "subject") =>
            {
                Looked::Elsewhere
            }
            (Some((index, _)), Certificate::Parameter(certificate)) if index == *certificate => Looked::AtCertificate,
            // What Chromium objects to.
            (Some((3, _)), Certificate::Parameter(4)) | (Some((2, _)), Certificate::Parameter(3)) => {
                if names_error(cx, test, 0) { Looked::AtError } else { Looked::Elsewhere }
            }
            (Some((2, _)), Certificate::Parameter(4)) | (Some((1, _)), Certificate::Parameter(3)) => Looked::AtHost,
            (Some((0, _)), Certificate::Parameter(1)) => Looked::AtHost,
            (Some((0, Some(name))), Certificate::Request) => match &*name {
                "hostname" => Looked::AtHost,
                "verificationResult" | "errorCode" if names_error(cx, test, 0) => Looked::AtError,
                "certificate" | "validatedCertificate" | "verificationResult" | "errorCode" | "isIssuedByKnownRoot" => {
                    Looked::AtCertificate
                }
                _ => Looked::Elsewhere,
            },
            (Some((0, None)), Certificate::Request) => Looked::AtCertificate,
            _ => Looked::Elsewhere,
        };
        looked = worth(looked, one);
    }
    if looked == Looked::Nowhere && calls { Looked::Elsewhere } else { looked }
}

/// Whether a page without Node says it, where Chromium makes the connections and reads none of it.
fn is_idle(cx: &Context, span: Span) -> bool {
    cx.app.program.unit_of(span.file).is_some_and(|unit| cx.app.is_of_page_without_node(unit))
}

/// Packages whose option it is that certificates are checked: <https://github.com/request/request#requestoptions-callback>,
/// <https://docs.npmjs.com/cli/v6/using-npm/config#strict-ssl>, <https://github.com/npm/npm-registry-fetch#opts-strictssl>.
const STRICT: [&str; 11] = [
    "request",
    "request-promise",
    "request-promise-native",
    "requestretry",
    "cloudscraper",
    "postman-request",
    "npm",
    "npm-registry-fetch",
    "make-fetch-happen",
    "npm-profile",
    "pacote",
];

/// Whether a call is one of the client of socket.io that a page takes in by a `script`: that one opens the browser's sockets, for which
/// Chromium checks. <https://socket.io/docs/v4/client-options/#nodejs-specific-options>
fn is_of_browser(cx: &Context, call: C) -> bool {
    let callee = cx.app.eval(V(call.0, cx.app.program.call(call).callee));
    callee.iter().all(|known| matches!(&known.thing, Thing::Api(path) if matches!(&**path, "io" | "io.connect")))
}

/// `rejectUnauthorized: false`, `strictSSL: false`, `checkServerIdentity: () => undefined`.
fn options(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let plain = plain_options(cx);
    for name in ["rejectUnauthorized", "strictSSL", "strict-ssl"] {
        for (property, is_of_package) in app.options_named(name, &STRICT) {
            if property.call.is_some_and(|call| is_of_browser(cx, call)) {
                continue;
            }
            let NamedProperty { value, span, development, opted, call } = property;
            let is_inside = |all: &Span| all.file == span.file && all.start <= span.start && span.end <= all.end;
            if plain.iter().any(is_inside) {
                continue;
            }
            // Pinned, shown to the person, or asked whether it would have been refused.
            let looked = call.and_then(|call| app.looks_at_peer(call));
            // The other names are those of some packages alone: elsewhere they may be an app's own.
            let is_sure = is_of_package || name == "rejectUnauthorized";
            let values = app.eval(value);
            for known in values.iter() {
                let off = match &known.thing {
                    Thing::Bool(false) => None,
                    // False in development only, or only in the packaged app.
                    Thing::Development(yes) => Some(!*yes),
                    _ => continue,
                };
                let development = off.or(known.development).or(development);
                let optional = (opted && development != Some(true)) || (values.len() > 1 && development.is_none());
                let is_idle = is_idle(cx, span);
                let report = findings
                    .report(&RULE, span, format!("certificates of servers are not checked: `{name}` is false"))
                    .fix(fixes::set(app, span, name, true, false))
                    .known(known.certainty)
                    .known(if optional || is_idle || !is_sure || looked.is_some() { Certainty::Tentative } else { Certainty::Certain })
                    .at_most(if name == "rejectUnauthorized" { Confidence::Certain } else { Confidence::Firm })
                    .gain(GAIN)
                    .help(format!("Leave `{name}` out; hand the authority of a private server to `ca`."))
                    .symbol(name)
                    .because(&known.trail)
                    .development(development);
                if let Some(looked) = looked {
                    let _ = report.related(looked, "the app looks at the certificate itself here");
                }
            }
        }
    }
    for NamedProperty { value, span, development, opted, .. } in app.properties_named("checkServerIdentity") {
        let accepts_all = app.functions(value).iter().any(|&f| {
            let nothing = |value: V| {
                app.eval(value).iter().all(|known| matches!(known.thing, Thing::Undefined | Thing::Null | Thing::Bool(_)))
            };
            app.calls_inside(f).is_empty()
                && app.program.function(f).exits.iter().all(|exit| !exit.throws)
                && app.exits(f).returns.iter().all(|exit| exit.value.is_none_or(nothing))
        });
        if accepts_all {
            let _ = findings
                .report(&RULE, span, "a certificate of any server is accepted: `checkServerIdentity` never objects")
                .at_most(if opted { Confidence::Tentative } else { Confidence::Firm })
                .gain(GAIN)
                .help("Leave `checkServerIdentity` out, or call `tls.checkServerIdentity` first and return what it gives.")
                .symbol("checkServerIdentity")
                .development(development);
        }
    }
}

/// Options of requests without certificates, where they are written: `http.request({ … })`, where it is never `https`.
fn plain_options(cx: &Context) -> Vec<Span> {
    let app = cx.app;
    let mut found = Vec::new();
    for call in app.calls_of(&["http.request", "http.get"]) {
        let is_plain = |thing: &Thing| matches!(thing, Thing::Api(path) if path.starts_with("http."));
        let callee = V(call.call.0, app.program.call(call.call).callee);
        if app.eval(callee).iter().all(|known| is_plain(&known.thing)) {
            let options = [0, 1].into_iter().filter_map(|index| call.argument(app, index));
            let written = options.filter(|options| matches!(app.program.value(*options), Value::Object(_)));
            found.extend(written.map(|options| app.span(options)));
        }
    }
    found
}

/// `NODE_TLS_REJECT_UNAUTHORIZED=0`: <https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue>.
fn environment(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    for write in app.environment_writes("NODE_TLS_REJECT_UNAUTHORIZED") {
        if write.value.as_deref() != Some("0") || matches!(write.source, SwitchSource::Script) {
            continue;
        }
        // An option that the person sets for a server of theirs.
        let optional = write.conditional && write.development != Some(true) || is_idle(cx, write.span);
        let _ = findings
            .report(&RULE, write.span, "Node checks no certificate in this process from here on")
            .known(write.certainty)
            .known(if optional { Certainty::Tentative } else { Certainty::Certain })
            .gain(GAIN)
            .help("Remove it; hand the authority of a private server to `ca`, or name its file in NODE_EXTRA_CA_CERTS.")
            .symbol("NODE_TLS_REJECT_UNAUTHORIZED")
            .because(&write.trail)
            .development(write.development);
    }
    for script in app.scripts() {
        if !script.text.contains("NODE_TLS_REJECT_UNAUTHORIZED=0") {
            continue;
        }
        let _ = findings
            .report(&RULE, script.span, format!("Node checks no certificate in what the script `{}` runs", script.name))
            .severity(Severity::Low)
            .gain("Whoever sits on the network can answer in any server's place while the script runs, downloads included.")
            .help("Remove it; name the file of a private authority in NODE_EXTRA_CA_CERTS.")
            .symbol(script.symbol);
    }
}

/// Switches that Chromium's network obeys.
fn switches(cx: &Context, findings: &mut Findings) {
    for switch in cx.app.switches() {
        let (message, severity) = match &*switch.name {
            "ignore-certificate-errors" | "ignore-urlfetcher-cert-requests" => {
                ("no certificate of a server is checked", Severity::High)
            }
            // Only certificates with these keys: as good as a fingerprint, if it is one of the app's own servers.
            "ignore-certificate-errors-spki-list" => {
                ("errors of certificates with these keys are ignored", Severity::Low)
            }
            "allow-insecure-localhost" => ("no certificate of a server on this machine is checked", Severity::Low),
            _ => continue,
        };
        let optional = switch.conditional && switch.development != Some(true);
        let _ = findings
            .report(&RULE, switch.span, format!("{message}: the switch `{}` is set", switch.name))
            .severity(severity)
            .known(switch.certainty)
            .known(if optional { Certainty::Tentative } else { Certainty::Certain })
            .gain(GAIN)
            .help("Remove the switch; name the certificate of a private server by its fingerprint.")
            .symbol(switch.symbol)
            .because(&switch.trail)
            .development(switch.development);
    }
}
