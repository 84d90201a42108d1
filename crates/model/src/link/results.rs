//! What a call gives: of an API, a class, a function of the app's, a method of a text.

use std::rc::Rc;

use super::things::*;
use super::{C, F, Program, V, electron};
use crate::summary::*;

/// Tests around a place that are held against what a call hands over.
const MOST_NAMES: usize = 64;

/// Tests inside such a test.
const MOST_TESTS: u32 = 12;

impl Program<'_> {
    /// What a call gives.
    pub(super) fn called(&self, c: C, v: V, frames: &Frames) -> Vec<Known> {
        let call = self.call(c);
        match call.kind {
            CallKind::Jsx => {
                let tag = self.argument(c, 0).and_then(|tag| self.only(tag));
                let tag = tag.as_ref().and_then(Known::text).unwrap_or("");
                return vec![Known::new(Thing::Element(Rc::from(tag), c), v, Certainty::Certain)];
            }
            CallKind::Super | CallKind::Import => return vec![Known::unknown(Unknown::Call(c), Some(v))],
            CallKind::Tagged => {
                // `html`…``: the text that the tag was given.
                return self.argument(c, 0).map_or_else(Vec::new, |text| self.eval_in(text, frames).to_vec());
            }
            CallKind::Call | CallKind::New => {}
        }
        let callee = V(c.0, call.callee);
        if let Some(module) = self.interop(c, frames) {
            return self.step(&module, v);
        }
        if let Some(module) = self.packed(c) {
            return self.loaded(module, v);
        }
        if let Some(bound) = super::bound(self.summary(c.0), call)
            && matches!(self.value(V(c.0, bound)), Value::Member(..) | Value::Binding(_) | Value::ImportName(..))
        {
            let values = self.eval_in(V(c.0, bound), frames);
            if values.iter().any(|known| matches!(known.thing, Thing::Api(_) | Thing::Method(..))) {
                return self.step(&values, v);
            }
        }
        if let Some(yes) = self.asks_for_place(c, frames).or_else(|| self.asks_for_one_of_environments(c, frames)) {
            return vec![Known::new(Thing::Development(yes), v, Certainty::Firm)];
        }
        let callees = self.eval_in(callee, frames);
        let is_own = callees.iter().any(|known| matches!(known.thing, Thing::Function(..)));
        if let Some(values) = if is_own { None } else { self.promised(c, v, frames) } {
            return values;
        }
        let mut values = Vec::new();
        let binds = matches!(self.value(callee), Value::Member(_, name) if self.str(c.0, name) == "bind");
        for known in callees.iter() {
            let mut results = match (&known.thing, call.kind) {
                // `this.serve.bind(this)` is the function itself.
                (Thing::Function(..), _) if binds => vec![known.clone()],
                (Thing::Api(path), _) if binds && path.ends_with(".bind") => {
                    let bound = path.strip_suffix(".bind").unwrap_or(path);
                    vec![Known::new(Thing::Api(Rc::from(bound)), v, known.certainty)]
                }
                (Thing::Class(class), _) => {
                    let maker = Some(c).filter(|_| call.kind == CallKind::New && self.takes_parameters(*class));
                    vec![Known::new(Thing::Instance(*class, maker), v, Certainty::Certain)]
                }
                // `is.dev()`.
                (Thing::Development(_), CallKind::Call) => vec![Known { at: Some(v), ..known.clone() }],
                (Thing::Api(path), CallKind::New) => {
                    vec![Known::new(self.constructed(path, c, frames), v, known.certainty)]
                }
                (Thing::Api(path), _) => self.api_result(path, c, v, frames),
                (Thing::Function(function, _), _) => self.returned(*function, c, frames, v),
                // `contents.on(…).on(…)`
                (Thing::Method(host, method), _) if electron::CHAIN.contains(&&**method) => {
                    vec![Known::new(Thing::Host(host.clone()), v, Certainty::Firm)]
                }
                (Thing::Method(host, method), _) => match electron::method(host.class, method) {
                    Some(class) => {
                        vec![Known::new(Thing::Host(Host { class, origin: Origin::Some }), v, Certainty::Firm)]
                    }
                    None => vec![Known::new(
                        Thing::Result(Rc::from(format!("{}.{method}", host.class)), c),
                        v,
                        Certainty::Firm,
                    )],
                },
                _ => self.text_result(callee, c, v, frames),
            };
            for result in &mut results {
                result.certainty = result.certainty.min(known.certainty);
                result.development = result.development.or(known.development);
            }
            values.extend(results);
        }
        values
    }

    /// What `new` of an API's class makes.
    fn constructed(&self, path: &str, c: C, frames: &Frames) -> Thing {
        let name = path.rsplit('.').next().unwrap_or(path);
        if name == "RegExp"
            && let Some(pattern) = self.pattern(c)
        {
            return pattern;
        }
        if self.window_makers().contains_key(&c) {
            return window_of(self.made(c, frames));
        }
        let of_electron = !path.contains('.') || path.starts_with("@electron/remote") || path.starts_with("remote.");
        match electron::class(name).filter(|_| of_electron) {
            Some(class) => Thing::Host(Host { class, origin: self.made(c, frames) }),
            None => Thing::Result(Rc::from(format!("new {path}")), c),
        }
    }

    /// What is made by a call, in a function that may be told how by whoever calls it.
    fn made(&self, c: C, frames: &Frames) -> Origin {
        let f = F(c.0, self.call(c).function);
        if self.function(f).parameters.is_empty() {
            return Origin::Created(c, None);
        }
        self.assumes.set(true);
        Origin::Created(c, frames.find(f).map(|(by, _)| by))
    }

    /// `new RegExp('^https:', 'i')`.
    fn pattern(&self, c: C) -> Option<Thing> {
        let pattern = self.only(self.argument(c, 0)?)?;
        let flags = match self.argument(c, 1) {
            Some(flags) => Rc::from(self.only(flags)?.text()?),
            None => Rc::from(""),
        };
        match pattern.thing {
            Thing::Text(text) => Some(Thing::Regex(text, flags)),
            Thing::Regex(..) => Some(pattern.thing),
            _ => None,
        }
    }

    fn api_result(&self, path: &str, c: C, v: V, frames: &Frames) -> Vec<Known> {
        let host = |class, origin| vec![Known::new(Thing::Host(Host { class, origin }), v, Certainty::Firm)];
        let short = path.strip_prefix("@electron/remote.").or_else(|| path.strip_prefix("remote.")).unwrap_or(path);
        if let Some((class, origin)) = electron::call(short) {
            return host(class, origin);
        }
        if let Some((emitter, method)) = short.split_once('.')
            && electron::CHAIN.contains(&method)
            && electron::MODULES.contains(&emitter)
        {
            return vec![Known::new(Thing::Api(Rc::from(emitter)), v, Certainty::Firm)];
        }
        if let Some(values) = self.read_through_remote(path, c, v) {
            return values;
        }
        if let Some(values) = self.under_path(short, c, v, frames) {
            return values;
        }
        match short {
            _ if self.window_makers().contains_key(&c) => {
                vec![Known::new(window_of(self.made(c, frames)), v, Certainty::Firm)]
            }
            _ if is_memo(short) => {
                let functions = self.argument(c, 0).map(|argument| self.eval_in(argument, frames));
                let mut values = Vec::new();
                for known in functions.iter().flat_map(|functions| functions.iter()) {
                    if let Thing::Function(function, _) = known.thing {
                        values.extend(self.returned(function, c, frames, v));
                    }
                }
                if values.is_empty() { vec![Known::unknown(Unknown::Call(c), Some(v))] } else { values }
            }
            // What draws a component draws what it is given.
            _ if is_wrapper_of_component(short) => match self.argument(c, 0) {
                Some(component) => self.step(&self.eval_in(component, frames), component),
                None => vec![Known::unknown(Unknown::Call(c), Some(v))],
            },
            // What a function with a callback is made into does the same: `promisify(fs.readFile)`, `pify(fs)`.
            _ if is_promisify(short) => {
                let functions =
                    self.argument(c, 0).map(|argument| self.step(&self.eval_in(argument, frames), argument));
                let mut functions = functions.unwrap_or_default();
                functions.retain(|known| matches!(known.thing, Thing::Api(_)));
                match functions.is_empty() {
                    true => vec![Known::new(Thing::Result(Rc::from(short), c), v, Certainty::Firm)],
                    false => functions,
                }
            }
            // The same for paths below another folder: <https://github.com/szwacz/fs-jetpack#cwdpath>.
            "fs-jetpack.cwd" | "fs-jetpack.dir" => {
                vec![Known::new(Thing::Api(Rc::from("fs-jetpack")), v, Certainty::Firm)]
            }
            "session.fromPartition" => {
                let partition = self.argument(c, 0).map(|argument| self.eval_in(argument, frames));
                let name = partition.and_then(|values| match values.as_ref() {
                    [known] => known.text().map(Rc::from),
                    _ => None,
                });
                host("Session", Origin::Partition(name))
            }
            "Object.freeze" | "Object.seal" | "structuredClone" | "Promise.resolve" | "String" | "decodeURI"
            | "encodeURI" | "Object.fromEntries" | "require.main" => match self.argument(c, 0) {
                Some(argument) => self.step(&self.eval_in(argument, frames), argument),
                None => vec![Known::new(Thing::Undefined, v, Certainty::Firm)],
            },
            "RegExp" => {
                vec![Known::new(self.pattern(c).unwrap_or(Thing::Unknown(Unknown::Call(c))), v, Certainty::Firm)]
            }
            "Boolean" => match self.argument(c, 0) {
                Some(argument) => self
                    .eval_in(argument, frames)
                    .iter()
                    .map(|known| match known.thing.truthy() {
                        Some(truth) => Known { thing: Thing::Bool(truth), ..known.clone() },
                        None => known.clone(),
                    })
                    .collect(),
                None => vec![Known::new(Thing::Bool(false), v, Certainty::Certain)],
            },
            _ if is_merge(short) => {
                vec![Known::new(Thing::Object(Object::Merged(v, frames.clone())), v, Certainty::Firm)]
            }
            "document.createElement" => {
                let tag = self.argument(c, 0).and_then(|tag| self.only(tag));
                match tag.as_ref().and_then(Known::text) {
                    Some("webview") => vec![Known::new(Thing::Element(Rc::from("webview"), c), v, Certainty::Firm)],
                    Some(tag) => vec![Known::new(Thing::Element(Rc::from(tag), c), v, Certainty::Firm)],
                    None => vec![Known::new(Thing::Result(Rc::from(path), c), v, Certainty::Firm)],
                }
            }
            "document.querySelector" => {
                let selector = self.argument(c, 0).and_then(|selector| self.only(selector));
                let is_webview = selector.as_ref().and_then(Known::text).is_some_and(|text| {
                    text.strip_prefix("webview")
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
                        || text.strip_prefix('#').is_some_and(|id| self.is_webview(id))
                });
                vec![Known::new(found(is_webview, short, c), v, Certainty::Firm)]
            }
            "document.getElementById" => {
                let id = self.argument(c, 0).and_then(|id| self.only(id));
                let is_webview = id.as_ref().and_then(Known::text).is_some_and(|id| self.is_webview(id));
                vec![Known::new(found(is_webview, short, c), v, Certainty::Firm)]
            }
            _ => vec![Known::new(Thing::Result(Rc::from(short), c), v, Certainty::Firm)],
        }
    }

    /// What a function of the app's returns to this call.
    fn returned(&self, f: F, c: C, frames: &Frames, v: V) -> Vec<Known> {
        let function = self.function(f);
        if function.is_generator {
            return vec![Known::unknown(Unknown::Call(c), Some(v))];
        }
        let frames = self.entered(f, c, frames);
        let mut values = Vec::new();
        let names = self.arguments(c).iter().any(|item| matches!(self.value(V(c.0, item.value)), Value::String(_)))
            && !matches!(self.value(V(c.0, self.call(c).callee)), Value::Member(_, name)
                if matches!(self.str(c.0, name), "call" | "apply"));
        for exit in &function.exits {
            if exit.throws || names && self.never_takes(f, c, exit.condition) {
                continue;
            }
            match exit.value {
                Some(value) => {
                    let value = V(f.0, value);
                    let development = self.development_of(f.0, exit.condition, &frames);
                    for mut known in self.step(&self.eval_in(value, &frames), value) {
                        known.development = known.development.or(development);
                        values.push(known);
                    }
                }
                None => values.push(Known::new(Thing::Undefined, v, Certainty::Firm)),
            }
        }
        if values.is_empty() { vec![Known::new(Thing::Undefined, v, Certainty::Firm)] } else { values }
    }

    /// Whether a call certainly does not get to a place in the function that it calls, by the names that it hands over:
    /// `switch (name) { case 'userData': … }`.
    fn never_takes(&self, f: F, c: C, condition: Option<ConditionId>) -> bool {
        let mut conditions = self.summary(f.0).conditions_at(condition).take(MOST_NAMES);
        conditions.any(|condition| {
            self.comes_out(f, c, V(f.0, condition.test), 0).is_some_and(|holds| holds != condition.holds)
        })
    }

    /// How a test of a parameter comes out for a call, where it is compared with a text and the call hands over another text.
    fn comes_out(&self, f: F, c: C, test: V, depth: u32) -> Option<bool> {
        let at = |id| V(test.0, id);
        match self.value(test) {
            _ if depth > MOST_TESTS => None,
            Value::Unary(Operator::Not, inner) => Some(!self.comes_out(f, c, at(inner), depth + 1)?),
            Value::Binary(Operator::Or, left, right) => {
                match (self.comes_out(f, c, at(left), depth + 1), self.comes_out(f, c, at(right), depth + 1)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                }
            }
            Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) => {
                let (asked, text) = match (self.value(at(left)), self.value(at(right))) {
                    (Value::String(text), _) => (right, text),
                    (_, Value::String(text)) => (left, text),
                    _ => return None,
                };
                let Value::Parameter(function, index) = self.value(self.behind(at(asked))) else { return None };
                let given = self.argument(c, index as usize).filter(|_| function == f.1)?;
                let Value::String(given) = self.value(given) else { return None };
                let same = self.str(c.0, given) == self.str(f.0, text);
                Some(same == (operator == Operator::Equal))
            }
            _ => None,
        }
    }

    /// The calls that matter inside a function that one more call enters. Arguments that say everything themselves need none of
    /// those before, so that what such a call gives is found once and not once for each way that leads there.
    fn entered(&self, f: F, c: C, frames: &Frames) -> Frames {
        let is_plain = |item: &Item| {
            matches!(
                self.value(V(c.0, item.value)),
                Value::Undefined
                    | Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Global(_)
            )
        };
        let arguments = self.arguments(c);
        if !arguments.iter().all(is_plain) {
            return frames.with(f, c);
        }
        let around = frames.only(|function| self.encloses(function, f));
        if self.function(f).parameters.is_empty() { around } else { around.with(f, c) }
    }

    /// What methods of texts and unknown functions give.
    fn text_result(&self, callee: V, c: C, v: V, frames: &Frames) -> Vec<Known> {
        if let Value::Member(object, method) = self.value(callee) {
            let object = V(callee.0, object);
            if let Some(taken) = self.taken_out(object, self.str(callee.0, method), v, frames) {
                return taken;
            }
            match self.str(callee.0, method) {
                "trim" | "toString" | "valueOf" | "normalize" | "trimEnd" | "trimStart" => {
                    return self
                        .eval_in(object, frames)
                        .iter()
                        .map(|known| match &known.thing {
                            Thing::Text(_) | Thing::Template(_) => known.clone().at_most(Certainty::Firm),
                            Thing::Result(path, _)
                                if matches!(&**path, "new URL" | "new url.URL" | "url.pathToFileURL") =>
                            {
                                known.clone()
                            }
                            _ => Known::unknown(Unknown::Call(c), Some(v)),
                        })
                        .collect();
                }
                "get" => {
                    if let Some(values) = self.setting(object, c, v, frames) {
                        return values;
                    }
                }
                "reduce" => {
                    if let Some(values) = self.under_keys(c, frames) {
                        return values;
                    }
                }
                "join" => {
                    if let Some(text) = self.list_joined(object, c, v, frames) {
                        return vec![text];
                    }
                }
                "concat" => {
                    let parts = std::iter::once(object)
                        .chain((0..self.arguments(c).len()).filter_map(|index| self.argument(c, index)));
                    return self.joined(parts, v, frames);
                }
                _ => {}
            }
        }
        vec![Known::unknown(Unknown::Call(c), Some(v))]
    }
}

/// Whether a call by this name merges its arguments into one object, later ones winning.
pub(crate) fn is_merge(path: &str) -> bool {
    matches!(
        path,
        "Object.assign"
            | "_.merge"
            | "_.assign"
            | "_.extend"
            | "_.defaults"
            | "_.defaultsDeep"
            | "deepmerge"
            | "lodash.merge"
            | "lodash.assign"
            | "lodash.defaults"
            | "lodash.extend"
            | "lodash/merge"
            | "lodash/assign"
            | "lodash/defaults"
            | "merge"
            | "lodash.defaultsDeep"
            | "lodash/defaultsDeep"
            | "object-assign"
            | "xtend"
            | "xtend/mutable"
            | "xtend/immutable"
            | "extend"
            | "deep-extend"
            | "deepmerge.default"
            | "defu"
            | "defu.defu"
            | "merge-options"
            | "lodash-es.merge"
    )
}

/// The window that a call makes.
fn window_of(origin: Origin) -> Thing {
    Thing::Host(Host { class: "BrowserWindow", origin })
}

/// What a call finds in a page.
fn found(is_webview: bool, api: &str, c: C) -> Thing {
    if is_webview { Thing::Element(Rc::from("webview"), c) } else { Thing::Result(Rc::from(api), c) }
}

/// Makes of what calls back what gives a promise: <https://nodejs.org/api/util.html#utilpromisifyoriginal>, and packages.
pub(crate) fn is_promisify(path: &str) -> bool {
    PROMISIFY.contains(&path)
}

/// What does so.
pub(crate) const PROMISIFY: [&str; 8] = [
    "util.promisify",
    "util.default.promisify",
    "promisify",
    "es6-promisify",
    "es6-promisify.promisify",
    "pify",
    "bluebird.promisify",
    "bluebird.promisifyAll",
];

/// Calls a function and keeps what it gives: <https://react.dev/reference/react/useMemo>,
/// <https://docs.solidjs.com/reference/basic-reactivity/create-memo>.
pub(crate) fn is_memo(path: &str) -> bool {
    matches!(
        path,
        "react.useMemo"
            | "react.default.useMemo"
            | "React.useMemo"
            | "preact/hooks.useMemo"
            | "preact/compat.useMemo"
            | "solid-js.createMemo"
    )
}

/// Makes a component of a component, which is given the same: <https://react.dev/reference/react/memo>,
/// <https://react.dev/reference/react/forwardRef>, <https://mobx.js.org/react-integration.html>.
pub(crate) fn is_wrapper_of_component(path: &str) -> bool {
    let Some((package, name)) = path.rsplit_once('.') else { return false };
    match package.strip_suffix(".default").unwrap_or(package) {
        "react" | "React" | "preact/compat" => matches!(name, "memo" | "forwardRef"),
        "mobx-react" | "mobx-react-lite" => name == "observer",
        _ => false,
    }
}
