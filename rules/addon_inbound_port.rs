//! Addons that listen.

use electrolint_model::app::ApiCall;

use crate::{Context, Findings, Severity};

rule! {
    /// An addon opens a port of its own.
    ///
    /// An addon's inbound routes belong to the host: it serves them on its own listener, on this machine only, under the addon's name,
    /// with its limits and its check of the token. A port that the addon binds has none of it, is often open to the whole network,
    /// collides with the next addon's, and lives on when the addon is stopped. Register a route instead.
    ///
    /// ```json
    /// // file: addons/remote/addon.json
    /// { "version": 1, "id": "com.example.remote", "main": "index.js", "permissions": ["ROOT"], "distribution": false }
    /// ```
    /// ```js
    /// // file: addons/remote/index.js
    /// const http = require('http');
    /// http.createServer((request, response) => response.end('on')).listen(8080); //~ addon-inbound-port
    /// http.get('http://example.com/', (answer) => answer.resume());
    /// ```
    pub(crate) static RULE = {
        id: "addon-inbound-port",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-1327"],
        source: "https://nodejs.org/api/net.html#serverlisten",
    }
}

/// What gives a server, and the method that binds its port.
const SERVERS: &[(&str, &str)] = &[
    ("http.createServer", "listen"),
    ("new http.Server", "listen"),
    ("https.createServer", "listen"),
    ("new https.Server", "listen"),
    ("http2.createServer", "listen"),
    ("http2.createSecureServer", "listen"),
    ("net.createServer", "listen"),
    ("new net.Server", "listen"),
    ("tls.createServer", "listen"),
    ("express", "listen"),
    ("express.default", "listen"),
    ("fastify", "listen"),
    ("fastify.default", "listen"),
    ("new koa", "listen"),
    ("new koa.default", "listen"),
    ("restify.createServer", "listen"),
    ("connect", "listen"),
    ("polka", "listen"),
    ("new socket.io.Server", "listen"),
    ("dgram.createSocket", "bind"),
];

/// What binds a port when it is called; with a `server` of the host's it does not.
const LISTENERS: &[&str] =
    &["ws.Server", "ws.WebSocketServer", "ws.default.Server", "socket.io", "socket.io.Server", "Bun.serve", "Deno.serve", "Deno.listen"];

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    if app.addons().is_empty() {
        return;
    }
    let mut calls: Vec<ApiCall> = Vec::new();
    for (server, method) in SERVERS {
        calls.extend(app.calls_on_result(server, method));
    }
    for listener in LISTENERS {
        calls.extend(app.calls(listener).iter().filter(|call| !is_attached(cx, call)).cloned());
    }
    calls.sort_by_key(|call| call.call);
    calls.dedup_by_key(|call| call.call);
    for call in calls {
        let Some(addon) = app.addon_of(call.call.0) else { continue };
        let record = app.program.call(call.call);
        findings
            .report(&RULE, call.callee_span(app), "the addon opens a port of its own")
            .known(call.certainty.min(addon.certainty))
            .gain("Programs and pages on the machine, often the whole network, reach the addon past the host's checks.")
            .help("Register a route at the host (`inbound` of the manifest), and let it check the token.")
            .symbol(app.symbol(call.call))
            .development(app.program.development_of(call.call.0, record.condition, &Default::default()));
    }
}

/// It is put on a server that is there, or on none: `{ server }`, `{ noServer: true }`.
fn is_attached(cx: &Context, call: &ApiCall) -> bool {
    use electrolint_model::link::things::Thing;
    let app = cx.app;
    let Some(options) = call.argument(app, 0) else { return false };
    let has = |known: &electrolint_model::link::things::Known| match &known.thing {
        Thing::Object(object) => ["server", "noServer"]
            .iter()
            .any(|key| !app.program.property(object, key, None).values.is_empty()),
        Thing::Result(..) | Thing::Unknown(_) | Thing::Api(_) => true,
        _ => false,
    };
    app.eval(options).iter().any(has)
}
