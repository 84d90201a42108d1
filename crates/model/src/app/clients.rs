//! Clients that are made once and ask a server many times: `axios.create({ baseURL })`.

use rustc_hash::FxHashSet;

use super::{ApiCall, App, Content};
use crate::link::things::*;
use crate::link::{C, Placed, UnitId, V};
use crate::summary::{Value, ValueId};

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

/// Classes of packages whose methods give what a server says: <https://github.com/rbren/rss-parser>,
/// <https://github.com/openai/openai-node>, <https://github.com/anthropics/anthropic-sdk-typescript>, <https://github.com/ollama/ollama-js>,
/// <https://github.com/octokit/rest.js>, <https://github.com/graffle-js/graffle>.
const LIBRARIES: [&str; 9] = [
    "new rss-parser",
    "new openai",
    "new openai.OpenAI",
    "new @anthropic-ai/sdk",
    "new @anthropic-ai/sdk.Anthropic",
    "new ollama.Ollama",
    "new @octokit/rest.Octokit",
    "new @octokit/core.Octokit",
    "new graphql-request.GraphQLClient",
];

/// Properties between an object of such a class and its method: `client.chat.completions.create`.
const MOST_MEMBERS: usize = 4;

/// Methods of a client that ask a server.
const CLIENT_METHODS: [&str; 10] =
    ["get", "post", "put", "patch", "delete", "head", "options", "request", "postForm", "stream"];

/// Clients made of clients.
const MOST_CLIENTS: u32 = 4;

/// Calls that a client is handed to by one name.
const MOST_HANDED: usize = 64;

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

    /// Whether a call asks a server by the methods of a package's class: `new Parser().parseURL(feed)`.
    pub(super) fn asks_by_library(&self, c: C) -> bool {
        let mut at = self.callee_of(c);
        for _ in 0..MOST_MEMBERS {
            let Value::Member(object, _) = self.program.value(at) else { return false };
            at = V(at.0, object);
            let is_one = |known: &Known| match &known.thing {
                Thing::Result(path, _) => LIBRARIES.contains(&path.strip_suffix(".default").unwrap_or(path)),
                _ => false,
            };
            if self.eval(at).iter().any(is_one) {
                return true;
            }
        }
        false
    }

    /// Calls by which clients ask servers, and under which name a person knows each: `api.get('/news')` is `axios.get`.
    pub(super) fn calls_of_clients(&self) -> Vec<(ApiCall, String)> {
        let makers = self.calls_of(&CLIENTS);
        let mut made: Vec<C> = makers.iter().map(|made| made.call).collect();
        made.sort_unstable();
        let mut calls = self.program.calls_of_results(&made);
        for made in made.chunk_by(|one, other| one.0 == other.0) {
            calls.extend(self.calls_where_handed_on(made));
        }
        if !makers.is_empty() {
            let named = CLIENT_METHODS.iter().flat_map(|method| self.program.calls_named(method));
            calls.extend(named.filter(|c| matches!(self.program.value(self.callee_of(**c)), Value::Member(..))));
        }
        calls.sort_unstable();
        calls.dedup();
        let mut found = Vec::new();
        for call in calls {
            let Some(made) = self.client_asked(call) else { continue };
            let method = match self.program.value(self.callee_of(call)) {
                Value::Member(_, name) => format!(".{}", self.program.str(call.0, name)),
                _ => String::new(),
            };
            let package = self.api_of(made).map(|(path, _)| path.split('.').next().unwrap_or_default().to_owned());
            let name = format!("{}{method}", package.unwrap_or_default());
            found.push((ApiCall { call, receiver: None, certainty: Certainty::Firm, remote: false }, name));
        }
        found
    }

    /// Calls of the parameters as which a variable that holds one of these clients, of one script, is handed to functions: `find(client)`.
    fn calls_where_handed_on(&self, made: &[C]) -> Vec<C> {
        let Some(unit) = made.first().map(|c| c.0) else { return Vec::new() };
        let summary = self.program.summary(unit);
        let is_one = |call| made.binary_search(&C(unit, call)).is_ok();
        let holds = |value: ValueId| matches!(summary.value(value), Value::Call(call) if is_one(call));
        let names = summary.bindings.iter().filter(|one| one.writes.iter().any(|write| holds(write.value)));
        let mut parameters: FxHashSet<(UnitId, &str)> = FxHashSet::default();
        for name in names.map(|binding| summary.str(binding.name)) {
            for &(c, index) in self.program.arguments_named(name).iter().take(MOST_HANDED) {
                for f in self.functions(self.callee_of(c)) {
                    let parameter = self.program.function(f).parameters.get(index as usize);
                    let Some(binding) = parameter.and_then(|parameter| parameter.binding) else { continue };
                    let inside = self.program.summary(f.0);
                    parameters.insert((f.0, inside.str(inside.bindings[binding.index()].name)));
                }
            }
        }
        let called = |(unit, name): (UnitId, &str)| {
            self.program.calls_named(name).iter().filter(move |call| call.0 == unit).copied().collect::<Vec<_>>()
        };
        parameters.into_iter().flat_map(called).collect()
    }

    fn callee_of(&self, c: C) -> V {
        V(c.0, self.program.call(c).callee)
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
