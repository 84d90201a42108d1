//! Servers that the app runs itself, and the functions that they call with what somebody asks: other programs on the machine, and every
//! web page, which may send requests and open sockets to this machine, though it may not read most of the answers.
//!
//! <https://expressjs.com/en/4x/api.html>, <https://github.com/koajs/koa/blob/master/docs/api/index.md>,
//! <https://fastify.dev/docs/latest/Reference/Routes/>, <https://nodejs.org/api/http.html#event-request>,
//! <https://github.com/websockets/ws/blob/master/doc/ws.md#event-connection>, <https://socket.io/docs/v4/server-api/>

use rustc_hash::FxHashSet;

use super::App;
use crate::link::things::Thing;
use crate::link::{C, F, UnitId, V};
use crate::summary::Value;

/// Calls of one method that are looked at.
const MOST_CALLS: usize = 1000;

/// What makes a server, or a part of one, that functions are hung into by its methods.
const FRAMEWORKS: [&str; 12] = [
    "express",
    "express.Router",
    "new express.Router",
    "new koa",
    "koa-router",
    "new koa-router",
    "@koa/router",
    "new @koa/router",
    "fastify",
    "polka",
    "restify.createServer",
    "connect",
];

/// Methods that hang a function into such a server.
const ROUTES: [&str; 8] = ["get", "post", "put", "patch", "delete", "all", "use", "ws"];

/// Calls of Node's that are given the function which answers, and what they make.
const OF_NODE: [&str; 3] = ["http.createServer", "https.createServer", "http2.createSecureServer"];

/// Servers of sockets.
const SOCKETS: [&str; 8] = [
    "new ws.Server",
    "new ws.WebSocketServer",
    "new ws.default.Server",
    "new WebSocketServer",
    "socket.io",
    "new socket.io",
    "new socket.io.Server",
    "net.createServer",
];

/// Those of them for which a connection has two names: <https://socket.io/docs/v4/server-instance/#connection>.
const SOCKETS_IO: [&str; 3] = ["socket.io", "new socket.io", "new socket.io.Server"];

/// Parts of a request that the app or the machine says, not who asks.
const OWN_PARTS: [&str; 14] = [
    "app",
    "connection",
    "httpVersion",
    "ip",
    "ips",
    "logger",
    "method",
    "protocol",
    "res",
    "response",
    "secure",
    "session",
    "socket",
    "user",
];

/// Whether a part of a request is what somebody asks for.
pub(super) fn is_asked(part: &str) -> bool {
    !OWN_PARTS.contains(&part)
}

/// The package of a specifier, or of what makes a server: its scope where it has one.
fn package_of(path: &str) -> &str {
    let path = path.strip_prefix("new ").or_else(|| path.strip_prefix("node:")).unwrap_or(path);
    if path == "socket.io" || path.starts_with("socket.io.") {
        return "socket.io";
    }
    path.split(['/', '.']).next().unwrap_or(path)
}

impl App<'_> {
    /// The functions that servers of the app's call with what somebody asks. None, where any of them refuses somebody: then it is asked who.
    pub(super) fn answering_functions(&self) -> Vec<F> {
        let mut found: FxHashSet<F> = FxHashSet::default();
        let mut connected: FxHashSet<F> = FxHashSet::default();
        let imported = self.imported_packages();
        for api in OF_NODE.into_iter().filter(|api| imported.contains(package_of(api))) {
            for call in self.calls(api).iter() {
                found.extend(self.given_functions(call.call, 0));
            }
        }
        for call in self.calls("net.createServer").iter() {
            connected.extend(self.given_functions(call.call, 0));
        }
        if FRAMEWORKS.iter().any(|made| imported.contains(package_of(made))) {
            for method in ROUTES {
                for &c in self.program.calls_named(method).iter().take(MOST_CALLS) {
                    if self.is_called_on(c, &FRAMEWORKS) {
                        let into = if method == "ws" { &mut connected } else { &mut found };
                        into.extend(self.given_functions(c, 0));
                    }
                }
            }
        }
        if SOCKETS.iter().any(|made| imported.contains(package_of(made))) {
            for (event, makers) in [("connection", &SOCKETS[..]), ("connect", &SOCKETS_IO)] {
                for &c in self.listeners_named(event) {
                    if self.is_called_on(c, makers) {
                        connected.extend(self.given_functions(c, 1));
                    }
                }
            }
        }
        for f in connected {
            found.extend(self.listening_functions(f));
        }
        let mut found: Vec<F> = found.into_iter().collect();
        found.sort_unstable();
        let units: FxHashSet<UnitId> = found.iter().map(|f| f.0).collect();
        if units.into_iter().any(|unit| self.refuses(unit)) { Vec::new() } else { found }
    }

    /// What a socket's messages are handed to, in the function that is called with the socket.
    fn listening_functions(&self, f: F) -> Vec<F> {
        let mut found = Vec::new();
        for c in self.calls_inside(f) {
            let Value::Member(object, name) = self.program.value(V(c.0, self.program.call(c).callee)) else { continue };
            let is_it = matches!(self.program.str(c.0, name), "on" | "addEventListener" | "addListener")
                && self.parameter_behind(V(c.0, object)) == Some((f, 0));
            let event = self.program.argument(c, 0).filter(|_| is_it).and_then(|event| self.constant(event));
            let is_told = |event: &str| !matches!(event, "close" | "error" | "disconnect" | "end" | "open");
            if event.is_some_and(|event| event.text().is_some_and(is_told)) {
                found.extend(self.given_functions(c, 1));
            }
        }
        found
    }

    /// Calls of `on` and its like for an event.
    fn listeners_named(&self, event: &str) -> impl Iterator<Item = &C> {
        let calls = ["on", "once", "addListener"].into_iter().flat_map(|name| self.program.calls_named(name));
        let event = event.to_owned();
        calls.filter(move |c| {
            let named = self.program.argument(**c, 0);
            named.is_some_and(|named| self.program.summary(named.0).text(named.1) == Some(&*event))
        })
    }

    fn given_functions(&self, c: C, first: usize) -> Vec<F> {
        let given = (first..self.program.arguments(c).len()).filter_map(|index| self.program.argument(c, index));
        given.flat_map(|value| self.functions(value)).collect()
    }

    /// Whether a method is called on what one of these makes.
    fn is_called_on(&self, c: C, makers: &[&str]) -> bool {
        let Value::Member(object, _) = self.program.value(V(c.0, self.program.call(c).callee)) else { return false };
        self.eval(V(c.0, object)).iter().any(|known| match &known.thing {
            Thing::Result(path, _) => makers.contains(&&*path.replace(".default", "")),
            _ => false,
        })
    }

    /// The packages and modules of Node's that scripts import.
    fn imported_packages(&self) -> FxHashSet<&str> {
        let summaries = self.program.unit_ids().map(|unit| self.program.summary(unit));
        let specifiers =
            summaries.flat_map(|summary| summary.imports.iter().map(move |import| summary.str(import.specifier)));
        specifiers.filter(|specifier| !specifier.starts_with('.')).map(package_of).collect()
    }

    /// Whether a script answers some that they may not: `401 Unauthorized`, `403 Forbidden`.
    fn refuses(&self, unit: UnitId) -> bool {
        let summary = self.program.summary(unit);
        summary.values.iter().any(|node| match node.value {
            Value::Number(number) => number == 401.0 || number == 403.0,
            Value::String(name) => matches!(summary.str(name), "Unauthorized" | "Forbidden" | "401" | "403"),
            _ => false,
        })
    }
}
