//! What servers answer, where a function is called with it: Node's and Electron's requests, sockets, `XMLHttpRequest`.

use super::super::sources::SourceKind;
use super::{State, Walk};
use crate::link::things::{Thing, Unknown};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{Value, ValueId};

/// Requests of one script that are looked at.
const MOST_REQUESTS: usize = 64;

/// Calls in a row by which one request is made.
const MOST_CHAINED: usize = 16;

/// Properties that hold what an `XMLHttpRequest` calls. <https://xhr.spec.whatwg.org/#event-handlers>
const LISTENERS: [&str; 4] = ["onload", "onloadend", "onprogress", "onreadystatechange"];

impl Walk<'_, '_> {
    /// The request whose answer, or a piece of it, a call hands over as this argument of the function that it is given.
    ///
    /// `https.get(url, (answer) => …)`, `request.on('response', (answer) => …)`, `answer.on('data', (piece) => …)`:
    /// <https://nodejs.org/api/http.html#httprequesturl-options-callback>,
    /// <https://www.electronjs.org/docs/latest/api/client-request#instance-events>.
    /// `request(url, (error, answer, body) => …)`: <https://github.com/request/request#super-simple-to-use>.
    pub(super) fn request_answered(&self, c: C, index: u32, in_pieces: bool) -> Option<C> {
        let app = self.app;
        let is_request = app.api_of(c).is_some_and(|(path, _)| match index {
            0 => is_request_with_callback(&path),
            _ => is_request_with_error(&path),
        });
        if is_request {
            return Some(c);
        }
        let Value::Member(object, name) = app.program.value(V(c.0, app.program.call(c).callee)) else { return None };
        if !matches!(app.program.str(c.0, name), "on" | "once" | "addListener" | "addEventListener") {
            return None;
        }
        let event = app.program.argument(c, 0).and_then(|event| app.constant(event))?;
        let event = event.text()?;
        app.eval(V(c.0, object)).iter().find_map(|known| match &known.thing {
            Thing::Result(path, request) => is_told_by(path, event, index).then_some(*request),
            Thing::Unknown(Unknown::Parameter(f, 0)) if event == "data" && index == 0 && in_pieces => {
                let handed = app.program.handed_over(*f).into_iter().filter(|(_, place)| *place > 0);
                handed.map(|(of, _)| of).find_map(|of| self.request_answered(of, 0, false))
            }
            _ => None,
        })
    }

    /// The request that a call ends, where it hands over the answer behind an error:
    /// `superagent.get(url).query(names).end((error, answer) => …)`: <https://ladjs.github.io/superagent/#response-properties>.
    pub(super) fn request_ended(&self, c: C, index: u32) -> Option<C> {
        let app = self.app;
        let mut at = c;
        if index != 1 {
            return None;
        }
        for chained in 0..MOST_CHAINED {
            let callee = V(at.0, app.program.call(at).callee);
            if app.api_of(at).is_some_and(|(path, _)| path.split('.').next() == Some("superagent")) {
                return (chained > 0).then_some(at);
            }
            let Value::Member(object, name) = app.program.value(callee) else { return None };
            if chained == 0 && app.program.str(c.0, name) != "end" {
                return None;
            }
            at = app.call_behind(V(at.0, object))?;
        }
        None
    }

    /// What a request of jQuery tells a function among its options, if it tells this one anything at this place:
    /// `$.ajax({ url, success: (answer) => … })`. Tells whether it does.
    pub(super) fn answered_by_options(&mut self, f: F, index: u32, state: State) -> bool {
        let app = self.app;
        let Some((request, name)) = app.listeners_of_requests().get(&f) else { return false };
        let holds_it = match (*name, index) {
            ("success", 0) => true,
            ("success", 2) | ("error" | "complete", 0) => state.property.is_some_and(is_answer),
            _ => false,
        };
        if holds_it {
            self.answered(*request, app.parameter_span(f, index), state);
        }
        true
    }

    /// What somebody else's server answers.
    pub(super) fn answered(&mut self, request: C, span: Span, state: State) {
        // How it went is a number.
        let says_how = matches!(state.property, Some("statusCode" | "complete" | "httpVersion"));
        if !says_how && (self.asks_server_of_page(request) || !self.asks_itself(request, 0, 0)) {
            self.push(SourceKind::Response, span, state);
        }
    }

    /// Whether a socket of a page leads to the server that the page comes from: `io()`, `io.connect('/')`. Others speak to it as well.
    fn asks_server_of_page(&self, request: C) -> bool {
        let app = self.app;
        let is_socket =
            app.api_of(request).is_some_and(|(path, _)| matches!(&*path, "io" | "io.connect" | "window.io"));
        is_socket
            && app.program.argument(request, 0).is_none_or(|server| {
                app.constant(server).is_some_and(|known| known.text().is_some_and(|text| matches!(text, "" | "/")))
            })
    }

    /// Whether a value is an `XMLHttpRequest` that asks somebody else's server.
    pub(super) fn asks_by_xml_http_request(&self, v: V) -> bool {
        let app = self.app;
        let v = self.told_about(v).unwrap_or(v);
        let made = app.eval(v).iter().find_map(|known| match &known.thing {
            Thing::Result(path, made) if &**path == "new XMLHttpRequest" => Some(*made),
            _ => None,
        });
        let Some(made) = made else { return false };
        let opens = |c: &C| match app.program.value(V(c.0, app.program.call(*c).callee)) {
            Value::Member(object, _) => {
                app.eval(V(c.0, object)).iter().any(|known| matches!(known.thing, Thing::Result(_, of) if of == made))
            }
            _ => false,
        };
        let here = app.program.calls_named("open").iter().copied().filter(|c| c.0 == made.0);
        here.take(MOST_REQUESTS).filter(opens).any(|c| !self.asks_itself(c, 1, 0))
    }

    /// The object whose listener this is the `this` of, or the target of its event: `request.onload = function () { this.response }`.
    pub(super) fn told_about(&self, v: V) -> Option<V> {
        let program = &self.app.program;
        let f = match program.value(program.behind(v)) {
            Value::This(function) => F(v.0, function),
            Value::Member(event, name)
                if matches!(program.str(v.0, name), "target" | "currentTarget" | "srcElement") =>
            {
                self.app.parameter_behind(V(v.0, event)).filter(|(_, index)| *index == 0)?.0
            }
            _ => return None,
        };
        if let Some((c, 1)) = program.callback_of(f) {
            let Value::Member(object, name) = program.value(V(c.0, program.call(c).callee)) else { return None };
            return (program.str(c.0, name) == "addEventListener").then_some(V(c.0, object));
        }
        let mut written = LISTENERS.iter().flat_map(|name| program.written_in(f.0, name)).take(MOST_REQUESTS);
        let is_it =
            |value: &ValueId| matches!(program.value(V(f.0, *value)), Value::Function(function) if function == f.1);
        let write = written.find(|write| write.value.as_ref().is_some_and(is_it))?;
        Some(V(f.0, write.object))
    }
}

/// Whether what a call gives, a request or a connection, tells a listener of this event what the server says.
fn is_told_by(path: &str, event: &str, index: u32) -> bool {
    match path {
        "new WebSocket" => event == "message" && index == 0,
        // Servers name their events: <https://developer.mozilla.org/en-US/docs/Web/API/Server-sent_events/Using_server-sent_events#listening_for_custom_events>.
        "new EventSource" => !matches!(event, "open" | "error") && index == 0,
        // <https://socket.io/docs/v4/client-api/#socketoneventname-callback>
        // A page has it by a script: <https://socket.io/docs/v4/client-installation/#from-cdn>.
        "socket.io-client" | "socket.io-client.io" | "socket.io-client.connect" | "io" | "io.connect" | "window.io" => {
            !matches!(event, "connect" | "connect_error" | "disconnect" | "error")
        }
        _ => event == "response" && index == 0 && (path == "net.request" || is_request_with_callback(path)),
    }
}

/// Properties of a request that hold what the server answered.
pub(super) fn is_answer(property: &str) -> bool {
    matches!(property, "responseText" | "responseJSON" | "responseXML" | "response")
}

/// Requests whose last argument is called with the answer.
fn is_request_with_callback(path: &str) -> bool {
    let path = path.strip_prefix("follow-redirects.").unwrap_or(path);
    matches!(path, "http.get" | "http.request" | "https.get" | "https.request")
}

/// Requests whose last argument is called with an error, the answer, and what it holds.
fn is_request_with_error(path: &str) -> bool {
    matches!(path, "request" | "request.get" | "request.post" | "needle.get" | "needle.post")
}
