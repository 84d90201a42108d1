//! Everything that a value is made from, as far as somebody else may have chosen it.
//!
//! [`App::reaches`] asks where an address leads, so only its beginning counts; here every part counts, as for a command or a script.

mod answers;
mod calls;
mod components;
mod engines;
mod escaping;
mod groups;
mod hooks;
mod keys;
mod markdown;
mod messages;
mod opened;
mod parameters;
mod plain;
mod properties;
mod purpose;
mod put;
mod replaced;
mod schemas;
mod state;
mod variables;

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

pub use self::purpose::Purpose;
use self::purpose::Quote;
pub(in crate::app) use self::state::PutBeside;
use super::checks::{Lets, Strength};
use super::dashes::{is_head_of_no_option, takes_a_value};
use super::known_data::*;
use super::sources::{Origins, SourceKind};
use super::{App, Entrances, PropertyWrite};
use crate::link::things::{Certainty, Known, Object, Part, Thing, Unknown};
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{BindingId, ConditionId, Key, List, Operator, Slot, Value};

/// Steps in a row.
const MOST_STEPS: u32 = 40;
/// Values that one question looks at.
const MOST_VALUES: usize = 1500;
/// Side ways of one question, over callbacks and channels, that are looked at apart from the rest, and values on each of them.
const MOST_ASIDES: usize = 8;
const MOST_ASIDE: usize = 200;
/// Calls and callers that are followed in a row.
const MOST_CALLS: usize = 4;
/// Writes to one property that are looked at.
const MOST_WRITES: usize = 32;

/// One way in which somebody else's data gets into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Where it comes from.
    pub origin: Origins,
    /// Something is done with it on the way, or asked about it, that could not be read.
    pub opaque: bool,
    /// The data is all of the value, not put into a text of the app's.
    pub whole: bool,
    /// It was kept in a list or a map in between: what was done to it there is not seen from here.
    pub kept: bool,
}

impl Trace {
    /// Whether an attacker certainly chooses it.
    pub fn is_untrusted(&self) -> bool {
        self.origin.kind.is_untrusted()
    }

    /// How sure it is that somebody else chooses it.
    pub fn certainty(&self) -> Certainty {
        match (self.is_untrusted(), self.opaque) {
            (false, _) | (_, true) => Certainty::Tentative,
            _ if self.origin.through.is_empty() && self.whole => Certainty::Certain,
            _ => Certainty::Firm,
        }
    }
}

impl App<'_> {
    /// Every way in which somebody else's data gets into what a call is given; empty: the app made all of it, or checks it.
    ///
    /// `purpose` says what makes a value harmless here.
    pub fn traces(&self, c: C, v: V, entrances: &Entrances, purpose: Purpose) -> Vec<Trace> {
        self.traces_at(At::call(self, c), v, entrances, purpose)
    }

    /// As [`App::traces`], for what could be taken for options of a program: no file that is there is one, nor the value of another
    /// option, `--name=value`.
    pub fn traces_of_options(&self, c: C, list: V, entrances: &Entrances) -> Vec<Trace> {
        let mut walk = self.begin(At::call(self, c), entrances, Purpose::VALUE, Strength::Host);
        walk.options = true;
        walk.from(list)
    }

    /// As [`App::traces`], for what stands in an address before its server has ended: what begins with the sign that ends it names none,
    /// whoever hands it over.
    pub fn traces_into_server(&self, c: C, v: V, entrances: &Entrances) -> Vec<Trace> {
        let purpose = Purpose::value(&["encodeURIComponent"]);
        let mut walk = self.begin(At::call(self, c), entrances, purpose, Strength::Host);
        walk.server = true;
        walk.from(v)
    }

    /// As [`App::traces`], for a property of what a call is given: `webPreferences.preload`.
    pub(super) fn traces_of_property(&self, c: C, v: V, path: &str, entrances: &Entrances) -> Vec<Trace> {
        self.begin(At::call(self, c), entrances, Purpose::VALUE, Strength::Host).start(v, Some(path))
    }

    /// As [`App::traces`], for a value that is written to a property.
    pub fn traces_of_write(&self, write: &PropertyWrite, entrances: &Entrances, purpose: Purpose) -> Vec<Trace> {
        let at = At { function: write.function, condition: write.condition, call: None };
        self.traces_at(at, write.value, entrances, purpose)
    }

    /// As [`App::traces`], where a check of this strength is enough.
    pub(super) fn traces_past(&self, c: C, v: V, entrances: &Entrances, enough: Strength) -> Vec<Trace> {
        self.walk(At::call(self, c), v, entrances, Purpose::VALUE, enough)
    }

    fn traces_at(&self, at: At, v: V, entrances: &Entrances, purpose: Purpose) -> Vec<Trace> {
        self.walk(at, v, entrances, purpose, Strength::Host)
    }

    fn walk(&self, at: At, v: V, entrances: &Entrances, purpose: Purpose, enough: Strength) -> Vec<Trace> {
        self.begin(at, entrances, purpose, enough).from(v)
    }

    fn begin<'x>(&'x self, at: At, entrances: &'x Entrances, purpose: Purpose<'x>, enough: Strength) -> Walk<'x, 'x> {
        Walk {
            app: self,
            entrances,
            purpose,
            enough,
            options: false,
            server: false,
            is_cut: false,
            is_file: false,
            at,
            through: Vec::new(),
            returns: Vec::new(),
            most: MOST_VALUES,
            asides: 0,
            answers: 0,
            cleanings: 0,
            cleaning: FxHashSet::default(),
            rows: Vec::new(),
            messages: Vec::new(),
            told: Vec::new(),
            chosen: Vec::new(),
            reducers: Vec::new(),
            seen: FxHashSet::default(),
            found: Vec::new(),
        }
    }
}

/// Where something happens: what holds there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct At {
    function: F,
    condition: Option<ConditionId>,
    call: Option<C>,
}

impl At {
    fn call(app: &App, c: C) -> Self {
        let record = app.program.call(c);
        Self { function: F(c.0, record.function), condition: record.condition, call: Some(c) }
    }

    /// How well what holds here holds a value, or what stands `beside` the server in the address that it is: found once, since ways to
    /// many places lead over one.
    ///
    /// What begins like an address of the app's choice is as free as any other where it becomes part of a `text` that is run.
    fn guard(self, app: &App, v: V, beside: bool, text: bool) -> Strength {
        if let Some(known) = app.guards.borrow().get(&(self, v, beside, text)) {
            return *known;
        }
        let found = match self.call {
            Some(call) => app.guard_of_call(call, v),
            None => app.guard(self.function, self.condition, v),
        };
        // Data that begins like the address of a file, or of something of the app's own, is as free as any other.
        let strength = match found.lets {
            Lets::Own => Strength::None,
            Lets::Rest if text => Strength::None,
            _ if beside
                && found.strength > Strength::None
                && app.asks_for_server_alone(self.function, self.condition, v) =>
            {
                Strength::None
            }
            _ => found.for_desktop().strength,
        };
        if !app.steps.were_used_up() {
            app.guards.borrow_mut().insert((self, v, beside, text), strength);
        }
        strength
    }
}

#[derive(Clone, Copy)]
struct State<'s> {
    depth: u32,
    opaque: bool,
    whole: bool,
    kept: bool,
    /// What was put into it under a key is known already.
    taken: bool,
    /// What is looked for stands beside the server of an address: in its path, its query.
    beside: bool,
    /// What is looked for is the rest of an address behind its beginning.
    rest: bool,
    /// The quotes of a script's text, or of a shell's, inside which it is put.
    quote: Quote,
    /// The property that is read of it.
    property: Option<&'s str>,
    /// It is read of itself, and not of what it holds.
    is_own: bool,
}

impl<'s> State<'s> {
    fn part(self) -> Self {
        Self { whole: false, taken: false, property: None, is_own: false, ..self }
    }

    /// The key under which something is looked for in a value.
    fn key(self) -> Option<&'s str> {
        let path = self.property.filter(|_| self.is_own)?;
        path.split('.').next()
    }
}

/// What was looked at: a value, from where, and what was known of it: taken, beside, rest, quotes, what is asked of it.
type Seen = (V, At, bool, (bool, bool), Quote, u64);

struct Walk<'x, 'a> {
    app: &'x App<'a>,
    entrances: &'x Entrances,
    purpose: Purpose<'x>,
    /// The check after which nothing is left to tell.
    enough: Strength,
    /// What is looked at are the arguments of a program.
    options: bool,
    /// What is looked at becomes part of the server of an address.
    server: bool,
    /// What is looked at is cut: where it begins says nothing of where the argument does.
    is_cut: bool,
    /// What is looked at is the path of a file that is read, and what the file says matters.
    is_file: bool,
    /// The call whose conditions count: the sink, or the call that leads to it.
    at: At,
    through: Vec<Span>,
    /// Calls whose results are being looked at, and which argument of each is the function's first.
    returns: Vec<(F, C, At, u32)>,
    /// Values that may be looked at, and side ways that were taken.
    most: usize,
    asides: usize,
    /// What was looked at, whether without what was put into it, whether for what stands beside the server or behind the
    /// beginning, and for which property.
    seen: FxHashSet<Seen>,
    /// How often what was looked at turned out to be cleaned, and the functions of the app that do so.
    cleanings: usize,
    cleaning: FxHashSet<F>,
    /// Variables of very many writes that are being looked at.
    rows: Vec<(UnitId, BindingId)>,
    /// How many answers of the main process are being looked at, one inside the other.
    answers: usize,
    /// Calls that set the listeners whose messages are being looked at, one inside the other.
    messages: Vec<C>,
    /// Keys under which what is looked at was put.
    told: Vec<keys::Told>,
    /// Tests by which what is looked at was chosen, and how they came out.
    chosen: Vec<(V, bool)>,
    /// Reducers whose states are being looked at, and what tells each of them what to do.
    reducers: Vec<(F, UnitId, BindingId)>,
    found: Vec<Trace>,
}

impl<'a> Walk<'_, 'a> {
    fn from(self, v: V) -> Vec<Trace> {
        self.start(v, None)
    }

    fn start(mut self, v: V, property: Option<&str>) -> Vec<Trace> {
        let state = State {
            depth: 0,
            opaque: false,
            whole: true,
            kept: false,
            taken: false,
            beside: false,
            rest: false,
            quote: Quote::None,
            property,
            is_own: property.is_some(),
        };
        self.visit(v, state);
        self.found
    }

    /// Whether a value, as an argument of a program, cannot be an option: a file that is there, the value of an option.
    fn is_no_option(&self, v: V) -> bool {
        if let Some(c) = self.at.call
            && (self.app.asks_for_file(c, v) || !self.is_cut && self.app.refuses_dash(c, v))
        {
            return true;
        }
        if !self.is_cut && self.app.is_absolute_path(v) {
            return true;
        }
        let Value::Template(list) = self.app.program.value(v) else { return false };
        let summary = self.app.program.summary(v.0);
        let head = summary.items(list).first().and_then(|first| summary.text(first.value));
        head.is_some_and(|head| match head.starts_with('-') {
            true => head.contains('='),
            // A path is no option, nor a command: `/home/${name}`.
            false if head.starts_with(['/', '.']) => !head.contains(char::is_whitespace),
            false => !self.is_cut && is_head_of_no_option(head),
        })
    }

    /// Whether a text that is put together here begins with a sign that ends the name of a server: `/projects/${id}`.
    fn ends_server(&self, v: V) -> bool {
        let is_made = matches!(self.app.program.value(v), Value::Template(_) | Value::Binary(Operator::Add, ..));
        let ends = |known: &Known| known.thing.head().is_some_and(|(head, _)| head.starts_with(['/', '?', '#']));
        is_made && self.app.eval(v).iter().all(ends)
    }

    /// Looks at a side way, which takes nothing from what the rest of the question may look at.
    fn aside(&mut self, look: impl FnOnce(&mut Self)) {
        let (before, most) = (self.seen.len(), self.most);
        self.asides += 1;
        self.most = most.min(before + MOST_ASIDE);
        look(self);
        let taken = if self.asides > MOST_ASIDES { 0 } else { self.seen.len() - before.min(self.seen.len()) };
        self.most = most + taken;
    }

    /// Whether an address begins with a scheme of the web.
    fn names_web(&self, unit: UnitId, list: List) -> bool {
        let summary = self.app.program.summary(unit);
        let head = summary.items(list).first().and_then(|first| summary.text(first.value));
        head.is_some_and(|head| {
            let head = head.trim_start().to_ascii_lowercase();
            head.starts_with("https://") || head.starts_with("http://")
        })
    }

    fn begins_with_data(&self, unit: UnitId, list: List) -> bool {
        let summary = self.app.program.summary(unit);
        summary.items(list).first().is_some_and(|first| summary.text(first.value).is_none())
    }

    fn push(&mut self, kind: SourceKind, span: Span, state: State) {
        let trace = Trace {
            origin: Origins { kind, span, through: self.through.clone() },
            opaque: state.opaque,
            whole: state.whole,
            kept: state.kept,
        };
        if !self.found.contains(&trace) {
            self.found.push(trace);
        }
    }

    /// A number for the property that is read of a value, and the key that it was put under, to tell questions apart by.
    fn asked(&self, state: State) -> u64 {
        match (state.property, self.told.last(), self.chosen.last()) {
            (None, None, None) => 0,
            (property, told, chosen) => FxBuildHasher.hash_one((property, state.is_own, told, chosen)),
        }
    }

    fn visit(&mut self, v: V, state: State) {
        let seen = (v, self.at, state.taken, (state.beside, state.rest), state.quote, self.asked(state));
        if state.depth > MOST_STEPS || self.seen.len() > self.most {
            return;
        }
        if self.options && self.is_no_option(v) || !self.seen.insert(seen) {
            return;
        }
        let app = self.app;
        if self.server && state.whole && self.ends_server(v) {
            return;
        }
        let beside = state.beside || app.stands_beside_server(v);
        // Checks of an address hold its beginning.
        let rest = state.rest || self.enough == Strength::Scheme && app.is_rest(v);
        let mut state = State { depth: state.depth + 1, beside, rest, ..state };
        self.component_state(v, state);
        let values = app.eval(v);
        if values.iter().all(|known| is_constant(&known.thing)) {
            return;
        }
        let at = |id| V(v.0, id);
        let summary = app.program.summary(v.0);
        let value = summary.value(v.1);
        let is_name = matches!(value, Value::Binding(_) | Value::Member(..) | Value::Parameter(..));
        if is_name && !rest {
            match self.at.guard(app, v, state.beside, self.purpose.is_text()) {
                found if found >= self.enough || found == Strength::Host => {
                    self.note_cleaning();
                    return;
                }
                // What begins with a scheme is no option.
                Strength::Scheme if self.options => return,
                Strength::Opaque | Strength::Scheme => state.opaque = true,
                _ => {}
            }
        }
        if is_name && !beside && !rest && !self.purpose.is_text() {
            self.address_rewritten(v, state);
        }
        if is_name && !rest && self.is_chosen(v) || is_name && self.purpose.is_markup() && self.is_plain_here(v) {
            self.note_cleaning();
            return;
        }
        // What was put into a list or a map comes out of it again.
        if matches!(value, Value::Binding(_) | Value::Member(..)) && !state.taken {
            let asked = state.key();
            for (added, key) in app.program.put_under_keys(v, asked) {
                if self.options && app.is_behind_dashes(v, added) {
                    continue;
                }
                let opaque = state.opaque || self.options && app.is_put_behind_option(added);
                let state = State { kept: true, opaque, ..state.part() };
                match (key, asked) {
                    (Some(key), Some(asked)) => self.under_key(added, key, asked, state),
                    _ => self.visit(added, state),
                }
            }
        }
        match value {
            // Where data comes first, only that decides whether it is an option: `${folder}/${name}`.
            Value::Template(list) if self.options && self.begins_with_data(v.0, list) => {
                if let Some(first) = summary.items(list).first() {
                    self.visit(at(first.value), state.part());
                }
            }
            // Where it leads is the app's to say: `https://${address}`.
            Value::Template(list) if self.enough == Strength::Scheme && !rest && self.names_web(v.0, list) => {}
            Value::Template(list) => {
                let mut quote = state.quote;
                for item in summary.items(list) {
                    match summary.text(item.value) {
                        Some(text) => quote = self.purpose.quote_behind(quote, text),
                        None => self.visit(at(item.value), State { quote, ..state.part() }),
                    }
                }
            }
            Value::Array(list) => {
                let mut before = None;
                for item in summary.items(list) {
                    // Nothing is an option behind `--`: <https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap12.html>, guideline 10.
                    if self.options && summary.text(item.value) == Some("--") {
                        break;
                    }
                    // What an option is told is none itself, as far as that can be told.
                    let is_value = self.options && !item.spread && before.is_some_and(takes_a_value);
                    before = summary.text(item.value);
                    self.visit(at(item.value), State { opaque: state.opaque || is_value, ..state.part() });
                }
            }
            Value::Object(list) => {
                let properties = summary.properties(list);
                let (read, rest) = match state.property.map(|path| path.split_once('.').unwrap_or((path, ""))) {
                    Some((read, rest)) => (Some(read), Some(rest).filter(|rest| !rest.is_empty())),
                    None => (None, None),
                };
                let is_named = |key, read| matches!(key, Key::Name(name) if summary.str(name) == read);
                let is_own = state.is_own;
                // Of what is read by its name nothing else counts, nor what a later one covers.
                let last = read.and_then(|read| properties.iter().rposition(|one| is_named(one.key, read)));
                for property in properties.iter().skip(last.unwrap_or(0)) {
                    // What is spread may hold it.
                    let inner = if property.key == Key::Spread { state.property } else { rest };
                    let may_be_it =
                        read.is_none_or(|read| !matches!(property.key, Key::Name(_)) || is_named(property.key, read));
                    if property.slot != Slot::Value || !may_be_it {
                        continue;
                    }
                    let state = State { property: inner, is_own: inner.is_some(), ..state.part() };
                    match (property.key, read) {
                        (Key::Spread, Some(read)) if self.is_held_here(at(property.value), read) => {}
                        (Key::Computed(key), Some(read)) if is_own => {
                            self.under_key(at(property.value), at(key), read, state);
                        }
                        _ => self.visit(at(property.value), state),
                    }
                }
            }
            Value::Conditional { test, then, other } => {
                for (branch, holds) in [(then, true), (other, false)] {
                    if !self.is_held_by(at(test), holds, at(branch)) {
                        self.taken_where(at(test), holds, at(branch), state);
                    }
                }
            }
            Value::Binary(Operator::And, left, right) => self.taken_where(at(left), true, at(right), state),
            Value::Binary(Operator::Or | Operator::Nullish | Operator::Default, left, right) => {
                self.visit(at(left), state);
                self.visit(at(right), state);
            }
            Value::Binary(Operator::Add, left, right) => {
                self.visit(at(left), state.part());
                let quote = self.quote_behind(at(left), state.quote, 0);
                self.visit(at(right), State { quote, ..state.part() });
            }
            Value::Member(object, name) => self.member(v, at(object), app.program.str(v.0, name), state),
            Value::Index(object, number) if self.is_match(at(object)) => {
                self.group_taken(at(object), at(number), state)
            }
            Value::Index(object, key) => self.indexed(v, at(object), at(key), state),
            Value::RestOf(inner) | Value::Await(inner) => self.visit(at(inner), state),
            Value::ElementOf(inner) | Value::KeyOf(inner) => self.visit(at(inner), State { is_own: false, ..state }),
            Value::Binding(binding) => self.variable(v, binding, state),
            Value::Parameter(function, index) => self.parameter(F(v.0, function), index, state),
            Value::RestParameter(function, index) => self.rest(F(v.0, function), index, state),
            Value::Call(call) => self.call(C(v.0, call), v, state),
            Value::Global(_) | Value::ImportName(..) | Value::Module(_) => self.things(v, state),
            _ => {}
        }
    }

    /// Inside which quotes what is added behind a value stands: `'find("' + name + '")'`.
    fn quote_behind(&self, v: V, before: Quote, depth: u32) -> Quote {
        let summary = self.app.program.summary(v.0);
        let behind = |id, before| self.quote_behind(V(v.0, id), before, depth + 1);
        match summary.value(v.1) {
            _ if depth > MOST_STEPS || !self.purpose.has_quotes() => before,
            Value::Binary(Operator::Add, left, right) => behind(right, behind(left, before)),
            Value::Template(list) => summary.items(list).iter().fold(before, |quote, item| behind(item.value, quote)),
            _ => summary.text(v.1).map_or(before, |text| self.purpose.quote_behind(before, text)),
        }
    }

    /// Whether a value is what a function gives that cleans.
    fn is_cleaned(&self, v: V, quote: Quote) -> bool {
        let Value::Call(call) = self.app.program.value(v) else { return false };
        let summary = self.app.program.summary(v.0);
        let is_named = crate::link::final_name(summary, summary.call(call).callee).is_some_and(|name| {
            let name = summary.str(name);
            self.purpose.is_cleaned_by(name, quote) || says_it_cleans(name)
        });
        is_named || self.is_cleaner(C(v.0, call), quote)
    }

    /// Whether a call is of a cleaner that came from elsewhere, whatever its name is here: `import { quote as q } from …`.
    fn is_cleaner(&self, c: C, quote: Quote) -> bool {
        self.purpose.has_cleaners()
            && self.app.api_of(c).is_some_and(|(path, _)| self.purpose.is_cleaned_by_api(&path, quote))
    }

    fn member(&mut self, v: V, object: V, name: &str, state: State) {
        if matches!(name, "length" | "size" | "byteLength" | "protocol" | "port" | "pid" | "tagName" | "nodeName") {
            return;
        }
        // What a parsed address says of its server holds few characters, and no path. No such address comes in a message.
        let is_sent = || {
            let parameter = self.app.parameter_behind(object);
            let entrance = parameter.and_then(|(f, index)| Some((self.entrances.get(&f)?, index)));
            entrance.is_some_and(|(entrance, index)| entrance.kind == SourceKind::Ipc && index >= entrance.first)
        };
        let opaque = state.opaque || matches!(name, "origin" | "host" | "hostname") && !is_sent();
        let state = State { opaque, ..state };
        if name == "result" && self.purpose.is_markup() && self.reads_opened_file(object) {
            self.push(SourceKind::Opened, self.app.span(v), state);
            return;
        }
        if matches!(name, "responseText" | "response") && self.asks_by_xml_http_request(object) {
            self.push(SourceKind::Response, self.app.span(v), state);
            return;
        }
        let values = self.app.eval(v);
        let is_open = |known: &Known| matches!(known.thing, Thing::Unknown(Unknown::Member(_) | Unknown::Other(_)));
        // What callers hand over in an object is held by what they ask of it.
        let is_handed = |known: &Known| matches!(known.thing, Thing::Unknown(Unknown::Parameter(..)));
        let of_parameter = values.iter().any(is_handed) && self.app.parameter_behind(object).is_some();
        if values.iter().all(|known| is_open(known) || of_parameter && is_handed(known)) {
            self.visit(object, State { property: Some(name), is_own: true, ..state });
            self.written(object, name, state);
            // What is put into a text area as markup comes out of it with its entities read: `area.innerHTML = text; return area.value`.
            if matches!(name, "value" | "textContent") && self.purpose.is_markup() && self.app.holds_text_only(object) {
                self.written(object, "innerHTML", state);
            }
            // What is written to a field of the app's own class is a part of something else: `this.url = answer.url`.
            for part in values.iter().filter_map(|known| known.at).filter(|part| *part != v) {
                self.visit(part, state);
            }
        } else if values.iter().any(is_handed)
            && (self.put_here(object, name, state) || self.put_into_instance(object, name, state))
        {
            // What is asked of it before it is put there holds it.
        } else {
            self.things(v, state);
        }
    }

    /// What a value turns out to be, where its own text does not tell.
    fn things(&mut self, v: V, state: State) {
        let app = self.app;
        for known in app.eval(v).iter() {
            match &known.thing {
                Thing::Unknown(Unknown::Parameter(f, index)) => self.parameter(*f, *index, state),
                Thing::Unknown(Unknown::Import(name)) if app.program.is_file_as_it_lies(*name) => {}
                Thing::Unknown(Unknown::Global(_) | Unknown::Import(_) | Unknown::Limit) => {
                    self.push(SourceKind::Unknown, app.span(v), state);
                }
                Thing::Unknown(_) => match known.at {
                    Some(at) if at != v => self.visit(at, state),
                    _ => match app.program.value(v) {
                        Value::Member(object, _) => self.visit(V(v.0, object), state),
                        _ => self.push(SourceKind::Unknown, app.span(v), state),
                    },
                },
                Thing::Template(parts) => {
                    let mut quote = state.quote;
                    for part in parts.iter() {
                        match part {
                            Part::Text(text) => quote = self.purpose.quote_behind(quote, text),
                            Part::Hole(hole, _) => self.visit(*hole, State { quote, ..state.part() }),
                        }
                    }
                }
                Thing::Object(Object::Literal(inner, _)) if *inner != v => {
                    self.visit(*inner, State { whole: false, taken: false, ..state });
                }
                Thing::Array(inner, _) if *inner != v => self.visit(*inner, state.part()),
                Thing::Result(_, c) => self.call(*c, known.at.unwrap_or(v), state),
                Thing::Api(path) => match source_of(path) {
                    Some(SourceKind::Arguments) if !app.asks_for_links() => {}
                    Some(SourceKind::Arguments) => {
                        self.push(SourceKind::Arguments, app.span(v), State { opaque: true, ..state });
                    }
                    Some(kind) => self.push(kind, app.span(v), state),
                    None => {}
                },
                _ => {}
            }
        }
    }
}
