//! Requests of addons without the limits that hold requests of addons.

use electrolint_model::app::ApiCall;
use electrolint_model::link::things::{Known, Thing};

use crate::addresses::server;
use crate::egress_private_network::private;
use crate::{Context, Findings, Severity};

rule! {
    /// A request of an addon follows redirects, has no time limit, or opens a socket that is not encrypted.
    ///
    /// The host's `network.request` checks the address before it connects, follows no redirect and ends after ten seconds. A request that
    /// is made past it has to do the same: a redirect leads from a public server to the user's network after the check, and a
    /// server that never answers holds the addon for ever. Sockets are `wss:`, because `ws:` can be read and changed on the way.
    ///
    /// ```json
    /// // file: addons/news/addon.json
    /// { "version": 1, "id": "com.example.news", "main": "index.js", "permissions": ["net.request", "net.websocket"],
    ///   "network": { "hosts": ["*.example.com"] } }
    /// ```
    /// ```js
    /// // file: addons/news/index.js
    /// network.request('https://api.example.com/news');
    /// network.websocket('ws://live.example.com/'); //~ egress-limits
    /// fetch('https://api.example.com/news'); //~ egress-limits
    /// fetch('https://api.example.com/news', { redirect: 'error', signal: AbortSignal.timeout(10000) });
    /// ```
    pub(crate) static RULE = {
        id: "egress-limits",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-400", "CWE-601", "CWE-319"],
        source: "https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html",
    }
}

/// What a client does unless it is told otherwise, and how it is told.
struct Client {
    apis: &'static [&'static str],
    /// The argument that holds options; the address may be among them.
    options: &'static [usize],
    /// Keys that end redirects, with the values that do.
    redirects: &'static [(&'static str, &'static [&'static str])],
    /// Keys that end a request that lasts.
    timeouts: &'static [&'static str],
}

const CLIENTS: &[Client] = &[
    Client {
        apis: &["fetch", "node-fetch", "node-fetch.default", "cross-fetch", "undici.fetch", "globalThis.fetch"],
        options: &[1],
        redirects: &[("redirect", &["error", "manual"]), ("follow", &["0"])],
        timeouts: &["signal", "timeout"],
    },
    Client {
        apis: &["axios", "axios.request", "axios.get", "axios.delete", "axios.head", "axios.default.get", "axios.create"],
        options: &[1, 0],
        redirects: &[("maxRedirects", &["0"])],
        timeouts: &["signal", "timeout"],
    },
    Client {
        apis: &["axios.post", "axios.put", "axios.patch", "axios.default.post"],
        options: &[2],
        redirects: &[("maxRedirects", &["0"])],
        timeouts: &["signal", "timeout"],
    },
    Client {
        apis: &["got", "got.default", "got.get", "got.post", "got.put", "got.stream"],
        options: &[1, 0],
        redirects: &[("followRedirect", &["false"])],
        timeouts: &["timeout", "signal"],
    },
    Client {
        apis: &["request", "request.get", "request.post", "superagent.get", "needle.get"],
        options: &[1, 0],
        redirects: &[("followRedirect", &["false"]), ("follow_max", &["0"]), ("maxRedirects", &["0"])],
        timeouts: &["timeout", "open_timeout", "response_timeout"],
    },
    // These follow no redirect by themselves.
    Client {
        apis: &["http.get", "http.request", "https.get", "https.request", "undici.request"],
        options: &[1, 0],
        redirects: &[],
        timeouts: &["timeout", "signal", "headersTimeout"],
    },
];

/// APIs of the host: limited, unless an option takes the limit away.
const HOSTED: &[&str] = &[
    "network.request",
    "network.request.get",
    "network.request.post",
    "network.request.put",
    "network.request.delete",
    "network.request.patch",
];

const SOCKETS: &[&str] = &["network.websocket", "network.websocket.connect", "WebSocket", "ws", "ws.WebSocket", "socket.io-client", "socket.io-client.io"];

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    if app.addons().is_empty() {
        return;
    }
    for client in CLIENTS {
        for call in client.apis.iter().flat_map(|api| app.calls(api).to_vec()) {
            let Some(addon) = app.addon_of(call.call.0) else { continue };
            let options: Vec<Known> = options(cx, &call, client.options);
            // What is not known may say anything.
            if options.iter().any(|known| known.is_unknown() || is_spread(cx, known)) {
                continue;
            }
            let follows = !client.redirects.is_empty()
                && !client.redirects.iter().any(|(key, values)| {
                    said(cx, &options, key).is_some_and(|said| said.is_empty() || said.iter().all(|said| values.contains(&said.as_str())))
                });
            let lasts = !client.timeouts.iter().any(|key| {
                said(cx, &options, key).is_some_and(|said| !said.iter().any(|said| said == "0"))
            }) && !has_timeout_listener(cx, &call);
            let message = match (follows, lasts) {
                (true, true) => "this request follows redirects and has no time limit",
                (true, false) => "this request follows redirects",
                (false, true) => "this request has no time limit",
                (false, false) => continue,
            };
            report(cx, findings, &call, addon.certainty, message);
        }
    }
    for call in HOSTED.iter().flat_map(|api| app.addon_calls(api)) {
        let Some(addon) = app.addon_of(call.call.0) else { continue };
        let options = options(cx, &call, &[2, 1, 0]);
        let is = |key: &str, values: &[&str]| {
            said(cx, &options, key).is_some_and(|said| said.iter().any(|said| values.contains(&said.as_str())))
        };
        let follows = is("followRedirects", &["true"]) || is("followRedirect", &["true"]) || is("redirect", &["follow"]);
        let lasts = ["timeout", "timeoutMs"].iter().any(|key| is(key, &["0", "-1", "inf", "false"]));
        let message = match (follows, lasts) {
            (true, true) => "this request asks for redirects and for no time limit",
            (true, false) => "this request asks for redirects to be followed",
            (false, true) => "this request asks for no time limit",
            (false, false) => continue,
        };
        report(cx, findings, &call, addon.certainty, message);
    }
    sockets(cx, findings);
}

fn sockets(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let calls = SOCKETS.iter().flat_map(|api| match api.starts_with("network.") {
        true => app.addon_calls(api),
        false => app.calls(api).to_vec(),
    });
    for call in calls {
        let Some(addon) = app.addon_of(call.call.0) else { continue };
        let Some(address) = call.argument(app, 0) else { continue };
        let plain = app.eval(address).iter().find_map(|known| {
            let server = server(known)?;
            let is_plain = server.origin.starts_with("ws:") || server.origin.starts_with("http:");
            (is_plain && private(&server.host).is_none()).then_some((known.clone(), server.host))
        });
        let Some((known, host)) = plain else { continue };
        let record = app.program.call(call.call);
        findings
            .report(&RULE, app.span(address), format!("this socket to `{host}` is not encrypted"))
            .known(known.certainty.min(call.certainty).min(addon.certainty))
            .gain("Whoever is on the way reads what is sent, and writes what the addon believes its server said.")
            .help("Use `wss:`.")
            .because(&known.trail)
            .symbol(format!("{}.scheme", app.symbol(call.call)))
            .development(known.development.or(app.program.development_of(call.call.0, record.condition, &Default::default())));
    }
}

fn report(
    cx: &Context,
    findings: &mut Findings,
    call: &ApiCall,
    certainty: electrolint_model::link::things::Certainty,
    message: &str,
) {
    let app = cx.app;
    let record = app.program.call(call.call);
    findings
        .report(&RULE, call.callee_span(app), message)
        .known(call.certainty.min(certainty))
        .gain("A redirect leads into the user's network after the address was checked; a server that never answers holds the addon.")
        .help("Use the host's `network.request`, or refuse redirects and set a time limit of ten seconds.")
        .symbol(app.symbol(call.call))
        .development(app.program.development_of(call.call.0, record.condition, &Default::default()));
}

/// The options of a call, as far as there are any: objects, or something that is not known.
fn options(cx: &Context, call: &ApiCall, arguments: &[usize]) -> Vec<Known> {
    let app = cx.app;
    for &index in arguments {
        let Some(argument) = call.argument(app, index) else { continue };
        let values = app.eval(argument);
        let is_options = |known: &Known| matches!(known.thing, Thing::Object(_)) || (index > 0 && known.is_unknown());
        let found: Vec<Known> = values.iter().filter(|known| is_options(known)).cloned().collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The object takes in another one that is not known.
fn is_spread(cx: &Context, known: &Known) -> bool {
    match &known.thing {
        Thing::Object(object) => cx.app.program.property(object, "\u{0}", None).unknown,
        _ => false,
    }
}

/// What is said under a key, as words; what is not known is none of them. `None`: nothing is.
fn said(cx: &Context, options: &[Known], key: &str) -> Option<Vec<String>> {
    let mut found = None;
    for known in options {
        let Thing::Object(object) = &known.thing else { continue };
        for placed in cx.app.program.property(object, key, None).values {
            let words: &mut Vec<String> = found.get_or_insert_with(Vec::new);
            match &placed.known.thing {
                Thing::Text(text) => words.push(text.to_string()),
                Thing::Number(number) => words.push(number.to_string()),
                Thing::Bool(bool) => words.push(bool.to_string()),
                Thing::Api(path) if &**path == "Infinity" => words.push("inf".to_owned()),
                _ => {}
            }
        }
    }
    found
}

/// `request.setTimeout(…)` on what the call gives.
fn has_timeout_listener(cx: &Context, call: &ApiCall) -> bool {
    let app = cx.app;
    app.api_of(call.call).is_some_and(|(path, _)| {
        app.calls_on_result(&path, "setTimeout").iter().any(|set| set.call.0 == call.call.0)
    })
}
