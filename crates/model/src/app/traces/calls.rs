//! What somebody else chose of what a call gives, or hands to a callback.

use super::super::known_data::*;
use super::super::writes::is_jquery;
use super::answers::is_answer;
use super::groups::Lets as Group;
use super::{At, MOST_CALLS, State, Trace, Walk};
use crate::app::Content;
use crate::app::checks::{Lets, Strength};
use crate::app::file_apis::is_read;
use crate::app::sources::SourceKind;
use crate::link::is_wrapper_of_component;
use crate::link::things::{Part, Thing};
use crate::link::{C, F, V};
use crate::summary::{CallKind, Value};

/// Calls inside one function among which those of what it was given are looked for.
const MOST_INSIDE: usize = 256;

/// Choices on the way to a value that are looked at.
const MOST_CHOICES: usize = 4;

impl Walk<'_, '_> {
    /// The parameter of a function that was handed to a call.
    pub(super) fn callback(&mut self, c: C, place: u32, f: F, index: u32, state: State) {
        let app = self.app;
        let callee = V(c.0, app.program.call(c).callee);
        let span = app.parameter_span(f, index);
        if self.called_over_bridge(c, place, f, index, state) {
            return;
        }
        let api = app.api_of(c).map(|(path, _)| path);
        let request = if place > 0 { self.request_answered(c, index, true) } else { self.request_ended(c, index) };
        if let Some(request) = request {
            self.answered(request, span, state);
            return;
        }
        // A build may know `watch` without an import: <https://github.com/unplugin/unplugin-auto-import>.
        if matches!(api.as_deref(), Some("vue.watch" | "watch"))
            && place == 1
            && let Some(source) = app.program.argument(c, 0)
        {
            if index == 0 {
                self.source_watched(source, state);
            }
            return;
        }
        if let Some(path) = api.as_deref() {
            // What a component is given, its elements say.
            if is_wrapper_of_component(path) {
                return;
            }
            if is_read(path) {
                if index == 1 {
                    self.file(c, span, state);
                }
                return;
            }
            if is_request_of_jquery(path) {
                if index == 0 {
                    self.answered(c, span, state);
                }
                return;
            }
            if self.chooses_file(path) {
                self.push(SourceKind::Opened, span, state);
                return;
            }
            if matches!(last(path), "exec" | "execFile" | "addListener" | "on" | "once") {
                return;
            }
            // What an element of the page brings with an event is what the page holds.
            if last(path) == "addEventListener" {
                if index == 0 && state.property.is_some() {
                    self.push(SourceKind::Parameter, span, state);
                }
                return;
            }
        }
        if self.called_back(c, place, index, state) {
            return;
        }
        let Value::Member(object, name) = app.program.value(callee) else {
            if index == 0 || api.is_none() || app.program.call(c).kind == CallKind::New {
                self.push(SourceKind::Parameter, span, state);
            }
            return;
        };
        let receiver = V(c.0, object);
        match app.program.str(c.0, name) {
            "then" | "forEach" | "map" | "filter" | "flatMap" | "find" | "some" | "every" => {
                if place == 0 && index == 0 {
                    self.visit(receiver, state);
                }
            }
            // <https://api.jquery.com/jQuery.ajax/#jqXHR>
            "done" | "success" | "always" if place == 0 && index == 0 => self.visit(receiver, state),
            "fail" | "error" | "complete" if place == 0 && index == 0 && state.property.is_some_and(is_answer) => {
                self.visit(receiver, state);
            }
            // What was gathered so far is what the callback itself gave.
            "reduce" | "reduceRight" => {
                if index > 0 || app.program.argument(c, 1).is_none() || app.hands_on_what_it_gathers(f) {
                    self.visit(receiver, state.part());
                }
            }
            // https://developer.mozilla.org/en-US/docs/Web/API/DataTransferItem/getAsString
            "getAsString" => self.push(SourceKind::Pasted, span, state),
            "catch" | "finally" | "replace" | "sort" => {}
            // What an event of the app's own brings.
            _ if place == 1 && self.brought(c, index, state) => {}
            _ => self.push(SourceKind::Parameter, span, state),
        }
    }

    /// What a function of the app's hands to the function that a call gives it: `ask((answer) => …)`, where `ask(done)` calls
    /// `done(answer)`. Tells whether it calls it at all.
    pub(super) fn called_back(&mut self, c: C, place: u32, index: u32, state: State) -> bool {
        let app = self.app;
        let mut is_called = false;
        for g in app.functions(V(c.0, app.program.call(c).callee)) {
            let too_far = self.returns.len() >= MOST_CALLS || self.through.len() >= MOST_CALLS;
            if too_far || self.returns.iter().any(|(function, ..)| *function == g) {
                continue;
            }
            self.returns.push((g, c, self.at, 0));
            is_called |= self.called_with((g, place), index, state);
            self.returns.pop();
        }
        is_called
    }

    /// What a function hands to one of its parameters by calling it. Tells whether it calls it at all.
    fn called_with(&mut self, parameter: (F, u32), index: u32, state: State) -> bool {
        let app = self.app;
        let calls_it = |inner: &C| {
            let callee = V(inner.0, app.program.call(*inner).callee);
            app.parameter_behind(callee) == Some(parameter)
        };
        let mut is_called = false;
        for inner in app.calls_inside(parameter.0).into_iter().take(MOST_INSIDE).filter(calls_it) {
            is_called = true;
            self.aside(|walk| walk.through(inner, |walk| walk.handed(inner, index as usize, state)));
        }
        is_called
    }

    /// What a promise is resolved with: `new Promise((resolve) => request.on('end', () => resolve(text)))`.
    fn resolved(&mut self, c: C, state: State) {
        let app = self.app;
        for f in app.program.argument(c, 0).map_or_else(Vec::new, |argument| app.functions(argument)) {
            self.called_with((f, 0), 0, state);
        }
    }

    /// As [`Walk::called_back`], where the function that a page calls is one that a preload script hands to it:
    /// `window.host.onFound((found) => …)`.
    fn called_over_bridge(&mut self, c: C, place: u32, f: F, index: u32, state: State) -> bool {
        let app = self.app;
        let mut is_called = false;
        for g in app.called_over_bridge(c) {
            is_called |= self.handed_on(g, c, place, f, index, state);
        }
        is_called
    }

    /// What a function hands to the one that it is given: by calling it, by setting it as a listener, through a function that does.
    fn handed_on(&mut self, g: F, c: C, place: u32, f: F, index: u32, state: State) -> bool {
        let app = self.app;
        if self.returns.len() >= MOST_CALLS || self.returns.iter().any(|(function, ..)| *function == g) {
            return false;
        }
        let mut is_called = false;
        self.returns.push((g, c, self.at, 0));
        for inner in app.calls_inside(g).into_iter().take(MOST_INSIDE) {
            if app.parameter_behind(V(inner.0, app.program.call(inner).callee)) == Some((g, place)) {
                is_called = true;
                self.aside(|walk| walk.through(inner, |walk| walk.handed(inner, index as usize, state)));
                // Another listener of the page may be set for another channel.
                let argument = app.program.argument(inner, index as usize);
                self.seen.retain(|(seen, ..)| Some(*seen) != argument);
            }
            let given = app.program.arguments(inner).iter().enumerate();
            let given = given.filter(|(_, item)| app.parameter_behind(V(inner.0, item.value)) == Some((g, place)));
            for at in given.map(|(at, _)| at as u32).collect::<Vec<_>>() {
                if self.listens(inner, at) {
                    is_called = true;
                    self.sent(inner, f, index, state);
                    continue;
                }
                for helper in app.functions(V(inner.0, app.program.call(inner).callee)) {
                    is_called |= self.handed_on(helper, inner, at, f, index, state);
                }
            }
        }
        self.returns.pop();
        is_called
    }

    /// What the calls of `emit` hand to a listener; tells whether there are any.
    fn brought(&mut self, listen: C, index: u32, state: State) -> bool {
        let app = self.app;
        let mut emits = app.program.emits(listen).to_vec();
        emits.extend(app.emits_by_name(listen));
        for &emit in emits.iter() {
            let Some(argument) = app.program.argument(emit, index as usize + 1) else { continue };
            if self.through.len() >= MOST_CALLS {
                self.push(SourceKind::Unknown, app.span(argument), state);
                continue;
            }
            self.through(emit, |walk| walk.visit(argument, state));
        }
        !emits.is_empty()
    }

    pub(super) fn call(&mut self, c: C, v: V, state: State) {
        let before = self.is_cut;
        self.is_cut |= self.options && self.cuts_the_beginning(c);
        self.call_whole(c, v, state);
        self.is_cut = before;
    }

    /// Whether what is left of a list, or found in it, is held by what was asked of each: `names.filter((name) => known.has(name))`.
    fn is_filtered(&self, c: C) -> bool {
        let app = self.app;
        let found = app.held_by_filter(c);
        let is_free = found.lets == Lets::Own || found.lets == Lets::Rest && self.purpose.is_text();
        if !is_free && found.for_desktop().strength >= self.enough.min(Strength::Host) {
            return true;
        }
        let asked = app.program.argument(c, 0).filter(|_| self.purpose.is_markup());
        let asked = asked.map_or_else(Vec::new, |asked| app.functions(asked));
        !asked.is_empty() && asked.iter().all(|f| self.gives_plain(*f, 0, true, 0))
    }

    /// Whether what a call gives may begin in the middle of what it was given: `path.basename(file)`, `file.slice(1)`.
    fn cuts_the_beginning(&self, c: C) -> bool {
        let summary = self.app.program.summary(c.0);
        let name = crate::link::final_name(summary, self.app.program.call(c).callee).map(|name| summary.str(name));
        let cuts = |name| {
            ["basename", "relative", "extname", "slice", "substring", "substr", "split", "pop", "match", "exec"]
                .contains(&name)
        };
        name.is_some_and(cuts)
    }

    fn call_whole(&mut self, c: C, v: V, state: State) {
        let app = self.app;
        let record = app.program.call(c);
        if record.kind == CallKind::Jsx {
            return;
        }
        let callee = V(c.0, record.callee);
        let summary = app.program.summary(c.0);
        let name = crate::link::final_name(summary, record.callee).map_or("", |name| summary.str(name));
        let is_harmless = is_harmless_call(name) || self.tells_time(c, name);
        if self.purpose.is_cleaned_by(name, state.quote) || is_harmless || self.is_cleaner(c, state.quote) {
            self.note_cleaning();
            return;
        }
        if self.read_by_schema(c, name, state) {
            return;
        }
        if matches!(name, "filter" | "find" | "findLast") && self.is_filtered(c) {
            self.note_cleaning();
            return;
        }
        // A text of JSON begins with a brace, a bracket or a quote: no such argument is an option.
        if self.options && name == "stringify" && app.api_of(c).is_some_and(|(path, _)| &*path == "JSON.stringify") {
            return;
        }
        let (read, is_own) = (state.property, state.is_own);
        let whole = state.whole && keeps_all(name);
        let mut state = State { whole, ..state.part() };
        // A tag may escape what it is given: nobody writes one to leave it as it is.
        state.opaque |= record.kind == CallKind::Tagged || says_it_cleans(name);
        let encoding = app.program.argument(c, 0).filter(|_| name == "toString").and_then(|v| app.constant(v));
        if encoding.is_some_and(|known| known.text().is_some_and(is_plain_encoding)) {
            return;
        }
        if name == "text"
            && self.purpose.is_markup()
            && let Value::Member(file, _) = summary.value(record.callee)
            && self.is_file_of_page(V(c.0, file))
        {
            self.push(SourceKind::Opened, app.span(v), state);
            return;
        }
        if name == "getData" && self.is_of_paste(callee) {
            self.push(SourceKind::Pasted, app.span(v), state);
            return;
        }
        if is_markup_renderer(name, app.api_of(c).map(|(path, _)| path).as_deref()) {
            self.rendered(c, v, !self.is_told_to_clean(), state);
            return;
        }
        if matches!(name, "render" | "renderInline")
            && let Value::Member(object, _) = summary.value(record.callee)
            && let Some(lets_through) = self.lets_markup_through(V(c.0, object), 0)
        {
            self.rendered(c, v, lets_through, state);
            return;
        }
        if self.purpose.is_markup() && self.filled_in(c, state) {
            return;
        }
        let escapes = || self.purpose.is_markup() && self.escapes_by_options(c, name);
        let let_through = self.let_through(c, name, read);
        let is_harmless = let_through == Some(Group::Harmless);
        if is_harmless || self.is_cleaned_by_pattern(c, name, state.quote) || escapes() {
            self.note_cleaning();
            return;
        }
        let mut functions = app.functions(callee);
        if functions.is_empty() {
            functions.extend(app.called_over_bridge(c));
        }
        if !functions.is_empty() && record.kind != CallKind::New {
            // What hands on what one of many gives does not say which: `commands.find((command) => command.name === name).run(data)`.
            state.opaque |= self.answers > 0 && functions.len() > 1;
            for f in functions {
                self.returned_to(f, c, 0, State { property: read, is_own, ..state });
            }
            return;
        }
        // A text of the app's in the language of who reads it, and what is put into that: `$translate.instant('help_url')`.
        let names_text = || app.program.argument(c, 0).is_some_and(|key| app.constant(key).is_some());
        if is_translation(name) && names_text() {
            for item in app.program.arguments(c).iter().skip(1) {
                self.visit(V(c.0, item.value), state);
            }
            return;
        }
        // What was put into a store comes out of it again: under the same key, where both are known.
        let key = if matches!(name, "get" | "getSync" | "getItem") { self.key_asked(c) } else { None };
        if let (Some((key, is_given)), Value::Member(store, _)) = (&key, app.program.value(callee)) {
            for (added, under) in app.program.put_under_keys(V(c.0, store), Some(key)) {
                let state = State { kept: true, ..state };
                match under {
                    Some(under) => self.under_key(added, under, key, state),
                    None => self.visit(added, state),
                }
            }
            // Who asks the function around it once more may ask for another one.
            if *is_given {
                self.seen.retain(|(seen, ..)| *seen != v);
            }
        }
        let api = app.api_of(c).map(|(path, _)| path);
        if api.is_none() && app.asks_by_library(c) {
            self.push(SourceKind::Response, app.span(v), state);
            return;
        }
        if api.is_none()
            && let Some(client) = app.client_asked(c)
        {
            if !app.is_client_of_this_machine(client) {
                self.push(SourceKind::Response, app.span(v), state);
            }
            return;
        }
        if let Some(path) = api.as_deref() {
            if record.kind == CallKind::New && matches!(path, "Promise" | "new Promise") {
                self.resolved(c, State { property: read, ..state });
                return;
            }
            // Of what is put together, a property is one of the parts'.
            if let Some(read) = read
                && crate::link::is_merge(path)
            {
                for item in app.program.arguments(c) {
                    self.visit(V(c.0, item.value), State { property: Some(read), is_own, ..state });
                }
                return;
            }
            // `new URL('/users/' + id, server)`.
            if record.kind == CallKind::New
                && matches!(path, "URL" | "url.URL" | "window.URL")
                && let (Some(first), Some(base)) = (app.program.argument(c, 0), app.program.argument(c, 1))
                && app.leads_where_base_does(first)
            {
                self.visit(base, state);
                return;
            }
            if is_effect_of_call(path) {
                let called = app.program.argument(c, 0).map_or_else(Vec::new, |called| app.functions(called));
                for &f in &called {
                    self.returned_to(f, c, 1, State { property: read, ..state });
                }
                if !called.is_empty() {
                    return;
                }
            }
            if self.given_by_hook(c, path, name, State { property: read, ..state }) {
                return;
            }
            if matches!(path, "ipcRenderer.invoke" | "ipcRenderer.callMain") {
                self.answered_by_main(c, v, State { property: read, ..state });
                return;
            }
            if let Some(kind) = result_of(path) {
                if kind != SourceKind::Response || !self.asks_itself(c, 0, 0) {
                    self.push(kind, app.span(v), state);
                }
                return;
            }
            if is_request_of_jquery(path) {
                self.answered(c, app.span(v), state);
                return;
            }
            if is_read(path) {
                self.file(c, app.span(v), state);
                return;
            }
            if self.chooses_file(path) {
                self.push(SourceKind::Opened, app.span(v), state);
                return;
            }
            if is_own_call(path) {
                return;
            }
            // Whether a path is an option, its beginning decides; what that is, nobody knows here.
            if self.options
                && matches!(path, "path.join" | "path.normalize")
                && let Some(first) = app.program.argument(c, 0)
            {
                self.visit(first, state);
                state.opaque |=
                    app.eval(first).iter().any(|known| matches!(known.thing, Thing::Unknown(_) | Thing::Result(..)));
            }
        }
        let method = match app.program.value(callee) {
            Value::Member(object, _) => Some(V(c.0, object)),
            _ => None,
        };
        // `rows.map((row) => …)` gives what the callback returns; what the callback is given is an element of the rows.
        if method.is_some() && matches!(name, "map" | "flatMap") {
            let callbacks = app.program.argument(c, 0).map_or_else(Vec::new, |callback| app.functions(callback));
            // What is read of an element by its name, is read of what the callback returns.
            let of_element = read.filter(|name| !name.starts_with(|c: char| c.is_ascii_digit()));
            for &f in &callbacks {
                self.returned(f, State { property: of_element, ..state });
            }
            if !callbacks.is_empty() {
                return;
            }
        }
        if method.is_some() && matches!(name, "reduce" | "reduceRight") {
            let callbacks = app.program.argument(c, 0).map_or_else(Vec::new, |callback| app.functions(callback));
            // One that writes to what it gathers in gives nothing else.
            if !callbacks.is_empty() && !callbacks.iter().any(|f| app.hands_on_what_it_gathers(*f)) {
                let state = State { property: read, is_own, ..state };
                for &f in &callbacks {
                    self.returned(f, state);
                }
                if let Some(start) = app.program.argument(c, 1) {
                    self.visit(start, state);
                }
                return;
            }
        }
        if api.is_none()
            && let Some(promise) = method
            && self.promised(c, promise, name, State { property: read, is_own, ..state })
        {
            return;
        }
        state.opaque |= api.as_deref().is_none_or(is_of_package)
            && !keeps_data(name)
            && let_through != Some(Group::All)
            && !self.cuts_a_prefix(c, name)
            && !self.replaces_blanks(c, name)
            && !self.takes_some_tags(c, name);
        let of_source = method.is_some_and(|receiver| {
            app.eval(receiver).iter().any(|known| matches!(&known.thing, Thing::Api(path) if source_of(path).is_some()))
        });
        if let Some(receiver) = method.filter(|_| api.is_none() || of_source) {
            let before = self.found.len();
            self.visit(receiver, State { taken: key.is_some(), ..state });
            // A link or a file comes as an argument of its own, which begins as no option does.
            if matches!(name, "find" | "filter") && self.picks_options(c) {
                let at = self.found.len().min(before);
                let found = self.found.split_off(at);
                self.found.extend(found.into_iter().filter(|trace| trace.origin.kind != SourceKind::Arguments));
            }
            if of_source {
                return;
            }
        }
        // A method that keeps what its object holds has arguments that only say which of it.
        let is_given = matches!(name, "concat" | "parseFromString" | "importNode" | "adoptNode");
        let kept = method.is_some() && api.is_none() && keeps_data(name) && !is_given;
        let mut given = false;
        for item in app.program.arguments(c) {
            given = true;
            if kept {
                break;
            }
            self.visit(V(c.0, item.value), state);
        }
        if !given && method.is_none() && api.is_none() {
            self.push(SourceKind::Unknown, app.span(v), state);
        }
    }

    /// What a promise made of another one is resolved with: `ask().then((answer) => answer.body)`, `ask().catch(() => '')`,
    /// `ask().finally(done)`. Tells whether it is one.
    fn promised(&mut self, c: C, promise: V, name: &str, state: State) -> bool {
        let app = self.app;
        let called = |place| app.program.argument(c, place).map_or_else(Vec::new, |given| app.functions(given));
        let (mut callbacks, is_kept) = match name {
            "then" => (called(0), false),
            "catch" => (called(0), true),
            "finally" => (Vec::new(), true),
            _ => return false,
        };
        if name == "then" {
            if callbacks.is_empty() {
                return false;
            }
            callbacks.extend(called(1));
        }
        if is_kept {
            self.visit(promise, state);
        }
        for f in callbacks {
            self.returned(f, state);
        }
        true
    }

    /// `argv.find((argument) => argument.startsWith('--port='))`.
    fn picks_options(&self, c: C) -> bool {
        let app = self.app;
        let is_option = |v: V| {
            app.call_behind(v).is_some_and(|asked| {
                let summary = app.program.summary(asked.0);
                let name = crate::link::final_name(summary, app.program.call(asked).callee);
                let start = app.program.argument(asked, 0).and_then(|start| app.constant(start));
                name.is_some_and(|name| summary.str(name) == "startsWith")
                    && start.is_some_and(|start| start.text().is_some_and(|start| start.starts_with("--")))
            })
        };
        let tests = app.program.argument(c, 0).map_or_else(Vec::new, |test| app.functions(test));
        let exits = |f: &F| app.program.function(*f).exits.iter().filter_map(|exit| exit.value).collect::<Vec<_>>();
        !tests.is_empty()
            && tests.iter().all(|f| !exits(f).is_empty() && exits(f).iter().all(|v| is_option(V(f.0, *v))))
    }

    /// What the main process answers: what its handlers of the channel give, or something that it was told.
    fn answered_by_main(&mut self, c: C, v: V, state: State) {
        let app = self.app;
        let before = self.found.len();
        let mut is_known = false;
        if let Some((channel, is_given)) = self.key_asked(c) {
            for &f in app.handlers_of(&channel) {
                is_known = true;
                self.answers += 1;
                self.aside(|walk| walk.returned_to(f, c, 0, state));
                self.answers -= 1;
            }
            // Who asks the function around it once more may ask on another channel.
            if is_given {
                self.seen.retain(|(seen, ..)| *seen != v);
            }
        }
        // Something in it that nobody knows, the main process may have been told.
        let mut found = self.found.iter().skip(before).peekable();
        if !is_known || found.peek().is_some() && !found.any(Trace::is_untrusted) {
            self.push(SourceKind::Main, app.span(v), state);
        }
    }

    /// The key by which a call asks for what a store or a map holds, where it is one text, and whether callers of a function give it that:
    /// `const setting = (key) => store.get(key)`.
    pub(super) fn key_asked(&self, c: C) -> Option<(String, bool)> {
        self.key_said(self.app.program.argument(c, 0)?)
    }

    /// `event.clipboardData.getData`, `event.dataTransfer.getData`: <https://developer.mozilla.org/en-US/docs/Web/API/DataTransfer/getData>.
    fn is_of_paste(&self, callee: V) -> bool {
        let summary = self.app.program.summary(callee.0);
        let Value::Member(object, _) = summary.value(callee.1) else { return false };
        matches!(summary.value(summary.behind(object)), Value::Member(_, name) if matches!(summary.str(name), "clipboardData" | "dataTransfer"))
    }

    /// Looks at what a function gives to a call that hands it its arguments from the `first` on.
    fn returned_to(&mut self, f: F, c: C, first: u32, state: State) {
        if self.returns.len() >= MOST_CALLS || self.returns.iter().any(|(function, ..)| *function == f) {
            return;
        }
        self.returns.push((f, c, self.at, first));
        self.returned(f, state);
        self.returns.pop();
    }

    /// What a function returns, or yields.
    pub(super) fn returned(&mut self, f: F, state: State) {
        let function = self.app.program.function(f);
        let returned = function.exits.iter().filter(|exit| !exit.throws);
        for (value, condition) in returned.filter_map(|exit| Some((exit.value?, exit.condition))) {
            // What holds where it returns holds what it returns; without that, where it is called.
            let at = At { function: f, condition, call: None };
            let before = self.at;
            if condition.is_some() {
                self.at = at;
            }
            self.visit(V(f.0, value), state);
            self.at = before;
        }
        for &value in &function.yields {
            self.visit(V(f.0, value), state);
        }
    }

    /// Looks at a value that is taken where a test comes out so: what it is made of is held by that.
    pub(super) fn taken_where(&mut self, test: V, holds: bool, value: V, state: State) {
        self.chosen.push((test, holds));
        self.visit(value, state);
        self.chosen.pop();
    }

    /// Whether what was chosen by on the way holds a value: `isSafe(name) ? `<b>${name}</b>` : ''`.
    pub(super) fn is_chosen(&self, v: V) -> bool {
        let nearest = self.chosen.iter().rev().take(MOST_CHOICES);
        nearest.filter(|(test, _)| test.0 == v.0).any(|(test, holds)| self.is_held_by(*test, *holds, v))
    }

    /// Whether what a test says, where it comes out so, holds all that a value is made of: `isSafe(url) ? url : null`.
    pub(super) fn is_held_by(&self, test: V, holds: bool, value: V) -> bool {
        let app = self.app;
        let mut at = value;
        // `Promise.resolve(url)`.
        if let Some(c) = app.call_behind(value)
            && app.api_of(c).is_some_and(|(path, _)| &*path == "Promise.resolve")
            && let Some(argument) = app.program.argument(c, 0)
        {
            at = argument;
        }
        let Some(root) = app.root(at) else { return false };
        if self.purpose.is_markup() && self.lets_no_markup(test, holds, &root, 0) {
            return true;
        }
        let found = app.guard_by_test(test, holds, &root);
        let is_free = found.lets == Lets::Own || found.lets == Lets::Rest && self.purpose.is_text();
        !is_free && found.for_desktop().strength >= self.enough.min(Strength::Host)
    }

    /// Whether a request goes to a file of the app's own: a relative address.
    pub(super) fn asks_itself(&self, c: C, place: usize, depth: usize) -> bool {
        let Some(url) = self.app.program.argument(c, place) else { return false };
        let values = self.app.eval(url);
        values.iter().all(|known| match &known.thing {
            Thing::Template(parts) => {
                matches!(parts.first(), Some(Part::Text(text)) if is_below_page(text))
            }
            // `$.ajax({ url: 'api/notes' })`.
            Thing::Object(object) if depth < MOST_CALLS => {
                let urls = self.app.program.property(object, "url", None).values;
                !urls.is_empty() && urls.iter().all(|placed| self.app.content(&placed.known) <= Content::Loopback)
            }
            // `fetch(new Request('./data.json'))`.
            Thing::Result(path, made) if &**path == "new Request" && depth < MOST_CALLS => {
                self.asks_itself(*made, 0, depth + 1)
            }
            _ => known.development == Some(true) || self.app.content(known) <= Content::Loopback,
        })
    }
}

/// Whether an address that begins so is a relative one: what comes first ends before any scheme could.
fn is_below_page(head: &str) -> bool {
    head.starts_with('.')
        || !head.starts_with("//") && head.find([':', '/', '?', '#']).is_some_and(|at| head.as_bytes()[at] != b':')
}

fn is_request_of_jquery(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(of, name)| is_jquery(of) && matches!(name, "get" | "post" | "getJSON" | "ajax" | "getScript"))
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
