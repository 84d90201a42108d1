//! Clients that are made once and ask a server many times: `axios.create({ baseURL })`.

use super::{App, Content};
use crate::link::things::*;
use crate::link::{C, Placed, V};
use crate::summary::Value;

/// What makes a client: called like the package itself, with what is set here for each of its requests.
const CLIENTS: [&str; 12] = [
    "axios.create",
    "axios.default.create",
    "ky.create",
    "ky.default.create",
    "ky.extend",
    "ky.default.extend",
    "got.extend",
    "got.default.extend",
    "request.defaults",
    "request-promise.defaults",
    "request-promise-native.defaults",
    "ofetch.ofetch.create",
];

/// Methods of a client that ask a server.
const CLIENT_METHODS: [&str; 10] =
    ["get", "post", "put", "patch", "delete", "head", "options", "request", "postForm", "stream"];

/// Clients made of clients.
const MOST_CLIENTS: u32 = 4;

/// Things that a client may be.
const MOST_ALTERNATIVES: usize = 4;

impl App<'_> {
    /// The call that made the client by which this call asks a server: `const api = axios.create({ baseURL })`, `api.get('/news')`.
    pub(super) fn client_asked(&self, c: C) -> Option<C> {
        let callee = V(c.0, self.program.call(c).callee);
        self.client(callee, 0).or_else(|| match self.program.value(callee) {
            Value::Member(object, name) if CLIENT_METHODS.contains(&self.program.str(c.0, name)) => {
                self.client(V(c.0, object), 0)
            }
            _ => None,
        })
    }

    fn client(&self, v: V, depth: u32) -> Option<C> {
        if depth > MOST_CLIENTS {
            return None;
        }
        self.eval(v).iter().take(MOST_ALTERNATIVES).find_map(|known| match &known.thing {
            Thing::Result(path, made) if CLIENTS.contains(&&**path) => Some(*made),
            Thing::Unknown(Unknown::Call(made)) => {
                let callee = V(made.0, self.program.call(*made).callee);
                let Value::Member(object, name) = self.program.value(callee) else { return None };
                let is_client = matches!(self.program.str(made.0, name), "create" | "extend" | "defaults");
                if is_client { self.client(V(made.0, object), depth + 1).map(|_| *made) } else { None }
            }
            _ => None,
        })
    }

    /// Whether a client asks a server on this machine alone, by what it was made with.
    pub(super) fn is_client_of_this_machine(&self, made: C) -> bool {
        let Some(options) = self.program.argument(made, 0) else { return false };
        let mut bases = Vec::new();
        for known in self.eval(options).iter() {
            let Thing::Object(object) = &known.thing else { return false };
            for key in ["baseURL", "baseUrl", "prefixUrl"] {
                bases.extend(self.program.property(object, key, None).values);
            }
        }
        let is_here = |placed: &Placed| {
            placed.known.development == Some(true) || self.content(&placed.known) <= Content::Loopback
        };
        !bases.is_empty() && bases.iter().all(is_here)
    }
}
