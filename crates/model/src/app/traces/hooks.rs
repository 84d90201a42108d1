//! What hooks of components give: answers that a library asks for, what a context holds, what a reducer makes of what it is told.
//!
//! <https://react.dev/reference/react/useReducer>, <https://react.dev/reference/react/useContext>,
//! <https://tanstack.com/query/latest/docs/framework/react/reference/useQuery>, <https://swr.vercel.app/docs/api>

use super::super::known_data::result_of;
use super::{MOST_CALLS, MOST_WRITES, State, Walk};
use crate::link::things::Thing;
use crate::link::{C, V};
use crate::summary::{CallKind, Value};

/// Packages that ask for data by functions that they are given among options.
const QUERIES: [&str; 7] = [
    "@tanstack/react-query",
    "@tanstack/vue-query",
    "@tanstack/solid-query",
    "@tanstack/svelte-query",
    "@tanstack/preact-query",
    "react-query",
    "vue-query",
];

/// Hooks that call the function that they are given, which argument it is, and where they hold what it gives.
const ASKING: [(&str, usize, &str); 10] = [
    ("swr", 1, "data"),
    ("swr.default", 1, "data"),
    ("swr/immutable", 1, "data"),
    ("swr/infinite", 1, "data"),
    // <https://ahooks.js.org/hooks/use-request/index>
    ("ahooks.useRequest", 0, "data"),
    // <https://github.com/streamich/react-use/blob/master/docs/useAsync.md>
    ("react-use.useAsync", 0, "value"),
    ("react-use.useAsyncRetry", 0, "value"),
    // <https://github.com/slorber/react-async-hook#usage>
    ("react-async-hook.useAsync", 0, "result"),
    // <https://vueuse.org/core/useAsyncState/>
    ("@vueuse/core.useAsyncState", 0, "state"),
    // <https://docs.solidjs.com/reference/basic-reactivity/create-resource>
    ("solid-js.createResource", 0, "0"),
];

impl Walk<'_, '_> {
    /// What a hook gives; tells whether the call is one that is followed.
    pub(super) fn given_by_hook(&mut self, c: C, path: &str, name: &str, state: State) -> bool {
        match name {
            "useContext" | "use" if is_of_react(path) => self.held_by_context(c, state),
            "inject" if matches!(path, "vue.inject" | "inject" | "@vue/composition-api.inject") => {
                self.provided(c, state)
            }
            _ => self.asked_by_hook(c, path, state),
        }
    }

    /// What the function gives that a hook asks with: `useQuery({ queryFn: load })`, `useSWR(url, load)`.
    fn asked_by_hook(&mut self, c: C, path: &str, state: State) -> bool {
        let app = self.app;
        let argument = |index| app.program.argument(c, index);
        let (askers, held) = match ASKING.iter().find(|(hook, ..)| *hook == path) {
            Some((_, index, held)) => (argument(*index).into_iter().collect(), *held),
            None => {
                let (package, name) = path.rsplit_once('.').unwrap_or(("", path));
                let is_query = name.ends_with("Query") && (name.starts_with("use") || name.starts_with("create"));
                if !is_query || !QUERIES.contains(&package) {
                    return false;
                }
                let mut askers =
                    argument(0).map_or_else(Vec::new, |options| app.options_written(options, &["queryFn"]));
                // `useQuery(key, load)`, up to version 4.
                askers.extend(argument(1));
                (askers, "data")
            }
        };
        // Whether it is being asked, and how that went wrong.
        if state.property.is_some_and(|property| property != held) {
            return true;
        }
        let state = State { kept: true, ..state.part() };
        for asker in askers {
            for f in app.functions(asker) {
                self.returned(f, state);
            }
            for known in app.eval(asker).iter() {
                if let Thing::Api(path) = &known.thing
                    && let Some(kind) = result_of(path)
                {
                    self.push(kind, app.span(asker), state);
                }
            }
        }
        true
    }

    /// What the providers of a context hand down: `<News.Provider value={news}>`, `<News value={news}>`.
    fn held_by_context(&mut self, c: C, state: State) -> bool {
        let app = self.app;
        let Some(context) = app.program.argument(c, 0) else { return false };
        let made = |v: V| {
            app.eval(v).iter().find_map(|known| match &known.thing {
                Thing::Result(path, made) if path.ends_with("createContext") => Some(*made),
                _ => None,
            })
        };
        let Some(made_by) = made(context) else { return false };
        let summary = app.program.summary(context.0);
        let own = crate::link::final_name(summary, context.1).map(|name| summary.str(name));
        for name in ["Provider"].into_iter().chain(own) {
            for &(element, index) in app.program.arguments_named(name).iter().take(MOST_WRITES) {
                let Some(tag) = app.program.argument(element, 0) else { continue };
                if index != 0 || app.program.call(element).kind != CallKind::Jsx {
                    continue;
                }
                let of = match app.program.value(tag) {
                    Value::Member(of, _) if name == "Provider" => V(tag.0, of),
                    _ => tag,
                };
                if made(of) != Some(made_by) || self.through.len() >= MOST_CALLS {
                    continue;
                }
                for (value, is_spread) in self.attributes(element, "value") {
                    let state = State { opaque: state.opaque || is_spread, ..state };
                    self.through(element, |walk| walk.visit(value, state));
                }
            }
        }
        if let Some(default) = app.program.argument(made_by, 0) {
            self.visit(default, state);
        }
        true
    }

    /// What components further up provide under the name that is asked for: <https://vuejs.org/guide/components/provide-inject.html>.
    fn provided(&mut self, c: C, state: State) -> bool {
        let app = self.app;
        let key_of = |c: C| app.program.argument(c, 0).and_then(|key| app.constant(key));
        let Some(asked) = key_of(c) else { return false };
        let Some(asked) = asked.text() else { return false };
        for &given in app.program.calls_named("provide").iter().take(MOST_WRITES) {
            let is_it = key_of(given).is_some_and(|key| key.text() == Some(asked));
            if let Some(value) = app.program.argument(given, 1).filter(|_| is_it) {
                self.visit(value, state);
            }
        }
        true
    }
}

fn is_of_react(path: &str) -> bool {
    matches!(path.split('.').next(), Some("react" | "React" | "preact/hooks" | "preact/compat" | "solid-js"))
}
