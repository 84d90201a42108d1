//! Where data comes from: which functions are called with what an attacker may choose.

use rustc_hash::{FxHashMap, FxHashSet};

use super::App;
use super::checks::{Base, Judged, Root, Strength, Way};
use super::known_data::is_of_release;
use crate::electron::api;
use crate::link::things::{Certainty, Part, Thing, Unknown, Values};
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{LISTENER, Operator, Value};

/// Callers that are followed in a row.
const MOST_CALLERS: u32 = 4;

/// Who chooses the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A renderer, by a message.
    Ipc,
    /// A page, by where it navigates.
    Navigation,
    /// A page, by its own address while it is shown: one that the browser loads pages from.
    Shown,
    /// A page, by what it opens.
    WindowOpen,
    /// Another program or a web page, by a link of the app's scheme.
    OpenUrl,
    /// The desktop, by the name of a file that is opened with the app.
    OpenFile,
    /// Who wrote a file that the person opens with the app.
    Opened,
    /// Who starts the app, by its arguments.
    Arguments,
    /// A page, by a message or event.
    Message,
    /// A page, by what is shown in it where a menu is asked for.
    Clicked,
    /// A server, by its answer.
    Response,
    /// Who wrote the notes of a release, which an updater is told by a server.
    Release,
    /// Who made a link to the page, by its address.
    Page,
    /// Who asks a server that the app runs: another program, or a page of whatever site.
    Request,
    /// The main process, which may only pass on what it was told.
    Main,
    /// Code that runs in a sandbox of the app's.
    Sandbox,
    /// A file or store that other programs may write.
    File,
    /// Who wrote a document that was turned into markup.
    Document,
    /// Who made what a person copies or drags, by what is pasted or dropped.
    Pasted,
    /// A caller that is not known.
    Parameter,
    /// Something else that is not known.
    Unknown,
}

impl SourceKind {
    /// In words, after "comes from".
    pub fn text(self) -> &'static str {
        match self {
            Self::Ipc => "a message of a renderer",
            Self::Navigation => "where a page navigates",
            Self::Shown => "the address of a page that is shown",
            Self::WindowOpen => "what a page opens",
            Self::OpenUrl => "a link that starts the app",
            Self::OpenFile => "a file that is opened with the app",
            Self::Opened => "what a file holds that is opened with the app",
            Self::Arguments => "the arguments of the command line",
            Self::Message => "a message of a page",
            Self::Clicked => "what a page shows where a menu is asked for",
            Self::Response => "the answer of a server",
            Self::Release => "the notes of a release that a server tells",
            Self::Page => "the address of the page",
            Self::Request => "a request to a server that the app runs",
            Self::Main => "a message of the main process",
            Self::Sandbox => "code in a sandbox",
            Self::File => "a file or store that other programs may write",
            Self::Document => "Markdown, which may hold any markup of its author's",
            Self::Pasted => "what is pasted or dropped, which other pages and programs make",
            Self::Parameter => "a caller that is not known",
            Self::Unknown => "a place that is not known",
        }
    }

    /// Who chooses a part of what these choose.
    pub(super) fn of_part(self, part: Option<&str>) -> Self {
        match (self, part) {
            (Self::Clicked, Some("pageURL" | "frameURL")) => Self::Shown,
            _ => self,
        }
    }

    /// Whether an attacker certainly chooses it.
    pub fn is_untrusted(self) -> bool {
        !matches!(self, Self::Parameter | Self::Unknown | Self::Main | Self::File)
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// Who chooses it.
    pub kind: SourceKind,
    /// The place that says so: a parameter, a call.
    pub span: Span,
    /// Calls on the way, the nearest first.
    pub through: Vec<Span>,
}

/// What is said of one way in which a value reaches a call.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Where it comes from.
    pub origin: Origins,
    /// The check that is there and not good enough.
    pub weak: Option<(Span, &'static str)>,
    /// A check is there that could not be read.
    pub opaque: bool,
}

impl App<'_> {
    /// Functions that something outside the app's code calls, and who chooses their arguments.
    pub fn entry_functions(&self) -> FxHashMap<F, SourceKind> {
        let mut entries = FxHashMap::default();
        let mut add = |value: Option<V>, kind: SourceKind| {
            for f in value.map_or_else(Vec::new, |value| self.functions(value)) {
                entries.entry(f).or_insert(kind);
            }
        };
        for listener in self.ipc_handlers() {
            add(listener.value, SourceKind::Ipc);
        }
        for listener in self.window_open_handlers() {
            add(listener.value, SourceKind::WindowOpen);
        }
        for (class, event, kind) in [
            ("WebContents", "will-navigate", SourceKind::Navigation),
            ("WebContents", "will-frame-navigate", SourceKind::Navigation),
            ("WebContents", "will-redirect", SourceKind::Navigation),
            ("WebContents", "did-start-navigation", SourceKind::Navigation),
            ("WebContents", "did-navigate", SourceKind::Shown),
            ("WebContents", "new-window", SourceKind::WindowOpen),
            ("WebContents", "did-create-window", SourceKind::WindowOpen),
            ("WebContents", "ipc-message", SourceKind::Ipc),
            ("WebContents", "context-menu", SourceKind::Clicked),
            ("WebviewTag", "new-window", SourceKind::WindowOpen),
            ("WebviewTag", "will-navigate", SourceKind::Navigation),
            ("WebviewTag", "ipc-message", SourceKind::Ipc),
            ("WebContents", "console-message", SourceKind::Message),
            ("WebviewTag", "console-message", SourceKind::Message),
            ("app", "open-url", SourceKind::OpenUrl),
            ("app", "open-file", SourceKind::OpenFile),
            ("app", "second-instance", SourceKind::Arguments),
            ("ipcRenderer", "", SourceKind::Unknown),
        ] {
            // What is never emitted brings nothing.
            if event.is_empty() || event == "new-window" && self.electron.lacks(&api::NEW_WINDOW) {
                continue;
            }
            let listeners = self.listeners(class, event);
            if event == "second-instance" && (listeners.is_empty() || !self.asks_for_links()) {
                continue;
            }
            for listener in listeners {
                add(listener.value, kind);
            }
        }
        entries
    }

    /// Whether the app asks the desktop to be started by links: itself, or by what it tells its packager.
    ///
    /// Who starts a program by hand may do all that it does; a link only starts one that asks for links.
    pub(super) fn asks_for_links(&self) -> bool {
        *self.asks_for_links.get_or_init(|| {
            let told_packager = |unit: UnitId| {
                // https://www.electron.build/app-builder-lib.interface.protocol, `protocols` of @electron/packager, and desktop files.
                let strings = &self.program.summary(unit).strings;
                let says = |name: &str| strings.iter().any(|text| &**text == name);
                says("protocols") && says("schemes") || strings.iter().any(|text| text.contains("x-scheme-handler/"))
            };
            !self.calls("app.setAsDefaultProtocolClient").is_empty()
                || !self.listeners("app", "open-url").is_empty()
                || self.program.unit_ids().any(told_packager)
        })
    }

    /// The ways in which `argument` reaches a call without a check that holds it; empty: it is held on all of them.
    ///
    /// `constant` says which known texts are harmless, `enough` which check is.
    pub fn reaches(
        &self,
        c: C,
        argument: V,
        entries: &FxHashMap<F, SourceKind>,
        harmless: &dyn Fn(&Thing) -> bool,
        enough: Strength,
    ) -> Vec<Reach> {
        let mut walk = Walk {
            app: self,
            entries,
            harmless,
            enough,
            through: Vec::new(),
            followed: FxHashSet::default(),
            searched: FxHashSet::default(),
            found: Vec::new(),
        };
        walk.follow(c, argument, 0);
        walk.found
    }

    /// Where a parameter is declared.
    pub fn parameter_span(&self, f: F, index: u32) -> Span {
        let function = self.program.function(f);
        let range = function.parameters.get(index as usize).map_or(function.span, |parameter| parameter.span);
        self.program.place(f.0, range)
    }

    /// How sure a way in is.
    pub fn certainty_of(&self, reach: &Reach) -> Certainty {
        match reach.origin.kind {
            _ if reach.opaque => Certainty::Tentative,
            kind if kind.is_untrusted() => Certainty::Certain,
            // Who checks a value, and badly, takes it for untrusted.
            _ if reach.weak.is_some() => Certainty::Firm,
            _ => Certainty::Tentative,
        }
    }
}

/// Follows an argument back to where it comes from.
struct Walk<'x, 'a> {
    app: &'x App<'a>,
    entries: &'x FxHashMap<F, SourceKind>,
    harmless: &'x dyn Fn(&Thing) -> bool,
    enough: Strength,
    through: Vec<Span>,
    /// What was followed: the value at its call, and how long a path of it was asked for. Many ways lead over one.
    followed: FxHashSet<(C, V, usize)>,
    /// What was looked for elsewhere.
    searched: FxHashSet<(C, V)>,
    found: Vec<Reach>,
}

impl Walk<'_, '_> {
    fn push(&mut self, kind: SourceKind, span: Span, judged: &Judged) {
        let weak = match (judged.strength, judged.span, judged.why) {
            (Strength::Weak, Some(span), Some(why)) => Some((span, why)),
            _ => None,
        };
        let opaque = judged.strength == Strength::Opaque;
        self.found.push(Reach { origin: Origins { kind, span, through: self.through.clone() }, weak, opaque });
    }

    /// What a check is worth before the sink: where a scheme is enough, the desktop opens what it names.
    fn for_sink(&self, judged: Judged) -> Judged {
        if self.enough == Strength::Scheme { judged.for_desktop() } else { judged }
    }

    fn follow(&mut self, c: C, argument: V, depth: u32) {
        if !self.followed.insert((c, argument, 0)) {
            return;
        }
        let app = self.app;
        let values = app.eval(argument);
        if values.iter().all(|known| (self.harmless)(&known.thing)) {
            return;
        }
        let judged = app.guard_of_call(c, argument);
        let judged = self.for_sink(judged);
        if judged.strength >= self.enough || self.held_in_ways(c, argument, depth) {
            return;
        }
        if self.chooses_what_it_returns(argument) {
            self.elsewhere(c, argument, &judged);
            return;
        }
        match app.root(argument) {
            Some(Root { unit, base: Base::Parameter(function, index), path }) => {
                self.parameter(c, argument, (F(unit, function), index), &path, &judged, depth);
            }
            _ => self.parts(c, argument, &values, &judged, depth),
        }
    }

    /// Follows the ways in which a value is chosen one by one, where some of them are held or harmless:
    /// `isWeb(url) ? url : 'https://' + url`, `if (!isWeb(url)) url = 'https://' + url`. Tells whether there are such ways.
    fn held_in_ways(&mut self, c: C, argument: V, depth: u32) -> bool {
        let app = self.app;
        if depth >= MOST_CALLERS {
            return false;
        }
        let at = |id| V(argument.0, id);
        let ways: Vec<(V, Judged)> = match app.program.value(app.program.behind(argument)) {
            Value::Conditional { test, then, other } => [(then, true), (other, false)]
                .map(|(branch, holds)| {
                    let root = app.root(at(branch));
                    let judged = root.map(|root| app.guard_by_test(at(test), holds, &root));
                    (at(branch), judged.unwrap_or(Judged::NOTHING))
                })
                .to_vec(),
            Value::Binding(_) => {
                let f = F(argument.0, app.program.summary(argument.0).owner(argument.1));
                let Some(ways) = app.ways_of(argument) else { return false };
                let judge = |way: Way| Some((way.value?, app.guard_by_way(f, &way, argument)));
                ways.into_iter().filter_map(judge).collect()
            }
            _ => return false,
        };
        let is_held = |(value, judged): &(V, Judged)| {
            self.for_sink(judged.clone()).strength >= self.enough
                || app.eval(*value).iter().all(|known| (self.harmless)(&known.thing))
        };
        let left: Vec<V> = ways.iter().filter(|way| !is_held(way)).map(|(value, _)| *value).collect();
        if left.len() == ways.len() {
            return false;
        }
        for value in left {
            self.follow(c, value, depth + 1);
        }
        true
    }

    /// Whether a value is what a function of the app's gives under conditions: they may hold it.
    fn chooses_what_it_returns(&self, argument: V) -> bool {
        let app = self.app;
        let chooses = |f: F| {
            let mut exits = app.program.function(f).exits.iter().filter(|exit| !exit.throws);
            exits.any(|exit| {
                let is_choice =
                    |value| matches!(app.program.value(app.program.behind(V(f.0, value))), Value::Conditional { .. });
                exit.value.is_some_and(|value| exit.condition.is_some() || is_choice(value))
            })
        };
        let argument = match app.program.value(argument) {
            Value::Binary(Operator::Or | Operator::Nullish, left, _) => V(argument.0, left),
            _ => argument,
        };
        app.call_behind(argument)
            .is_some_and(|call| app.functions(V(call.0, app.program.call(call).callee)).into_iter().any(chooses))
    }

    fn parameter(&mut self, c: C, argument: V, of: (F, u32), path: &[String], judged: &Judged, depth: u32) {
        let app = self.app;
        let (f, index) = of;
        let span = app.parameter_span(f, index);
        if app.is_own_part(f, index, path.first().map(String::as_str)) {
            return;
        }
        if let Some(&kind) = self.entries.get(&f) {
            if kind == SourceKind::Release && path.first().is_some_and(|part| !is_of_release(part)) {
                return;
            }
            // The first parameter of a handler is the event; what it carries may be the page's.
            let first = app.entrances().get(&f).map_or(1, |entrance| entrance.first);
            let is_event = index < first
                && path.is_empty()
                && matches!(kind, SourceKind::Ipc | SourceKind::Navigation | SourceKind::Shown);
            if !is_event {
                let held = self.for_sink(app.held_by_wrappers(f, index, path));
                if held.strength >= self.enough {
                    return;
                }
                let judged = if held.strength > judged.strength { &held } else { judged };
                self.push(kind.of_part(path.first().map(String::as_str)), span, judged);
                return;
            }
        }
        let callers = app.program.callers(f);
        if !path.is_empty() && !callers.is_empty() && depth < MOST_CALLERS && judged.strength == Strength::None {
            for &caller in callers.iter() {
                self.through.push(app.callee_span(caller));
                if !self.property(caller, index, path, depth) {
                    self.elsewhere(c, argument, judged);
                }
                self.through.pop();
            }
            return;
        }
        if callers.is_empty() || depth >= MOST_CALLERS || !path.is_empty() {
            self.elsewhere(c, argument, judged);
            return;
        }
        // What components tell is not followed: `<link-list @open="openPage" />`.
        let is_told = |(told, place): &(C, u32)| {
            (*place, index) == (0, 0) && app.api_of(*told).is_some_and(|(path, _)| &*path == LISTENER)
        };
        if app.program.handed_over(f).iter().any(is_told) {
            self.push(SourceKind::Parameter, span, judged);
        }
        let call = app.program.call(c);
        for &caller in callers.iter() {
            if F(c.0, call.function) == f && app.is_switched_off(caller, f, call.condition) {
                continue;
            }
            let passed = app.program.passed(caller, index as usize);
            let Some(handed) = passed.or_else(|| app.program.argument_or_spread(caller, index as usize)) else {
                continue;
            };
            if judged.strength == Strength::None {
                self.through.push(app.callee_span(caller));
                self.follow(caller, handed, depth + 1);
                self.through.pop();
            } else if !app.eval(handed).iter().all(|known| (self.harmless)(&known.thing)) {
                self.push(SourceKind::Parameter, span, judged);
            }
        }
    }

    /// A property of what a call hands over, where that is a parameter of the caller: `open(details)` that opens `details.url`.
    fn property(&mut self, caller: C, index: u32, path: &[String], depth: u32) -> bool {
        let app = self.app;
        let Some(handed) = app.program.argument(caller, index as usize) else { return false };
        let Some(mut root) = app.root(handed) else { return false };
        let Base::Parameter(function, outer) = root.base else { return false };
        root.path.extend_from_slice(path);
        let call = app.program.call(caller);
        let judged = app.guard_of_root(F(caller.0, call.function), call.condition, &root);
        if judged.strength < self.enough && self.followed.insert((caller, handed, root.path.len())) {
            self.parameter(caller, handed, (F(root.unit, function), outer), &root.path, &judged, depth + 1);
        }
        true
    }

    /// A value that is no parameter: each of the things that it can be.
    fn parts(&mut self, c: C, argument: V, values: &Values, judged: &Judged, depth: u32) {
        let app = self.app;
        for known in values.iter() {
            if (self.harmless)(&known.thing) {
                continue;
            }
            match &known.thing {
                // Only what comes first can change where an address leads.
                Thing::Template(parts) => match parts.first() {
                    Some(Part::Hole(v, _)) if depth < MOST_CALLERS => self.follow(c, *v, depth + 1),
                    _ => self.push(SourceKind::Unknown, app.span(argument), judged),
                },
                // What a function of the app's makes of it may be held there, and what is put into an object before it is put there.
                Thing::Unknown(Unknown::Parameter(..))
                    if app.call_behind(argument).is_some()
                        || matches!(app.program.value(app.program.behind(argument)), Value::Member(..)) =>
                {
                    self.elsewhere(c, argument, judged);
                }
                Thing::Unknown(Unknown::Parameter(f, index)) if self.entries.contains_key(f) => {
                    let kind = self.entries.get(f).copied().unwrap_or(SourceKind::Parameter);
                    self.push(kind, app.parameter_span(*f, *index), judged);
                }
                Thing::Api(path) if &**path == "process.argv" => {
                    self.push(SourceKind::Arguments, app.span(argument), judged)
                }
                _ if app.is_said_by_guest(argument) => self.push(SourceKind::Message, app.span(argument), judged),
                _ => self.elsewhere(c, argument, judged),
            }
        }
    }

    /// A value whose way in is longer than one of calls: through fields, promises, events, results of functions.
    fn elsewhere(&mut self, c: C, argument: V, judged: &Judged) {
        if !self.searched.insert((c, argument)) {
            return;
        }
        let traces = self.app.traces_past(c, argument, &self.app.entrances(), self.enough);
        let certain = traces.iter().find(|trace| trace.is_untrusted() && !trace.opaque);
        let Some(trace) = certain.or_else(|| traces.iter().find(|trace| trace.is_untrusted())).or(traces.first())
        else {
            if self.app.is_of_document(argument) {
                self.push(SourceKind::Unknown, self.app.span(argument), judged);
            }
            return;
        };
        let mut judged = judged.clone();
        // A server that tells where to go on is most often one that the app trusts, and what an app keeps it has most often looked at.
        if trace.opaque || trace.kept || trace.origin.kind == SourceKind::Response {
            judged.strength = judged.strength.max(Strength::Opaque);
        }
        let through = std::mem::replace(&mut self.through, trace.origin.through.clone());
        self.push(trace.origin.kind, trace.origin.span, &judged);
        self.through = through;
    }
}
