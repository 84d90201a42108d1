//! Schemes of the app's own: who answers for them, with which files, and what they may do.

use std::cell::LazyCell;

use rustc_hash::FxHashSet;

use super::{ApiCall, App, Entrance, Entrances};
use crate::link::things::{Certainty, Known, Part, Thing};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{Operator, Value};

use super::file_apis::READS;
use super::sources::SourceKind;

/// Methods that give a scheme its handler, and whether the handler answers with a file's path.
///
/// <https://www.electronjs.org/docs/latest/api/protocol>
const METHODS: [(&str, bool); 11] = [
    ("handle", false),
    ("registerFileProtocol", true),
    ("registerBufferProtocol", false),
    ("registerStringProtocol", false),
    ("registerStreamProtocol", false),
    ("registerHttpProtocol", false),
    ("interceptFileProtocol", true),
    ("interceptBufferProtocol", false),
    ("interceptStringProtocol", false),
    ("interceptStreamProtocol", false),
    ("interceptHttpProtocol", false),
];

/// Tests inside a test before what is read.
const MOST_TESTS: u32 = 12;

/// One function that answers for a scheme.
#[derive(Clone, Debug)]
pub struct ProtocolHandler {
    /// The scheme, where it is known.
    pub scheme: Option<String>,
    /// The function.
    pub function: F,
    /// It answers with a file's path.
    pub by_path: bool,
    /// How sure it is.
    pub certainty: Certainty,
}

/// A privilege that a scheme is given.
#[derive(Clone, Debug)]
pub struct SchemePrivilege {
    /// The scheme, where it is known.
    pub scheme: Option<String>,
    /// What it is set to.
    pub known: Known,
    /// Where.
    pub span: Span,
    /// Scope path.
    pub symbol: String,
    /// How sure it is that this is Electron's.
    pub certainty: Certainty,
}

/// A file that a handler answers with.
#[derive(Clone, Copy, Debug)]
pub struct FileAnswer {
    /// The call that reads it or hands its path on.
    pub call: C,
    /// The path.
    pub path: V,
}

/// How well the path of a file is held to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Containment {
    /// Nothing asks.
    None,
    /// It begins like the folder, whose name is not closed: a folder beside it may begin so too.
    Beginning(Span),
    /// Something asks where the path leads.
    Folder,
}

impl ProtocolHandler {
    /// Whether a place is in the list of the handler's parameters.
    pub fn declared_at(&self, app: &App, span: Span) -> bool {
        app.parameter_span(self.function, 0) == span
    }

    /// Whether the scheme's addresses are parsed as those of the web are; one that is not known may be.
    pub fn is_standard(&self, app: &App) -> bool {
        let Some(scheme) = &self.scheme else { return true };
        matches!(scheme.as_str(), "http" | "https" | "file")
            || app.scheme_privileges("standard").iter().any(|privilege| {
                privilege.scheme.as_ref().is_none_or(|named| named == scheme)
                    && privilege.known.thing.truthy() != Some(false)
            })
    }
}

impl App<'_> {
    /// Schemes that the app answers for itself or registers as its own, not those of the web.
    pub fn own_schemes(&self) -> &[String] {
        self.own_schemes.get_or_init(|| {
            let mut schemes: Vec<String> = self.protocol_handlers().into_iter().filter_map(|one| one.scheme).collect();
            for call in self.calls("Protocol.registerSchemesAsPrivileged").iter() {
                let Some(list) = call.argument(self, 0) else { continue };
                for known in self.program.elements(list) {
                    let Thing::Object(object) = &known.thing else { continue };
                    let found = self.program.property(object, "scheme", None).values;
                    schemes.extend(found.iter().filter_map(|placed| placed.known.text().map(str::to_owned)));
                }
            }
            schemes.retain(|scheme| !matches!(scheme.as_str(), "http" | "https" | "file" | "ftp" | "data" | "blob"));
            schemes.sort();
            schemes.dedup();
            schemes
        })
    }

    /// Every function that answers for a scheme.
    pub fn protocol_handlers(&self) -> Vec<ProtocolHandler> {
        let mut found = Vec::new();
        for (method, by_path) in METHODS {
            for call in self.calls(&format!("Protocol.{method}")).iter() {
                let scheme = call.argument(self, 0).and_then(|scheme| self.constant(scheme));
                let scheme = scheme.and_then(|known| known.text().map(str::to_owned));
                let Some(value) = call.argument(self, 1) else { continue };
                for function in self.functions(value) {
                    let certainty = call.certainty;
                    found.push(ProtocolHandler { scheme: scheme.clone(), function, by_path, certainty });
                }
            }
        }
        found
    }

    /// The handlers as functions that pages call, by the addresses that they ask for.
    pub fn protocol_entrances(&self, handlers: &[ProtocolHandler]) -> Entrances {
        let entrance = Entrance { kind: SourceKind::Navigation, first: 0 };
        handlers.iter().map(|handler| (handler.function, entrance)).collect()
    }

    /// Files that handlers may answer with: everything that is read, and the paths that they hand to their callbacks.
    pub fn file_answers(&self, handlers: &[ProtocolHandler]) -> Vec<FileAnswer> {
        if handlers.is_empty() {
            return Vec::new();
        }
        let first = |call: &ApiCall| call.argument(self, 0).map(|path| FileAnswer { call: call.call, path });
        let mut found: Vec<FileAnswer> = self.calls_of(&READS).iter().filter_map(first).collect();
        let fetches = self.calls_of(&["net.fetch", "fetch", "Session.fetch"]);
        found.extend(fetches.iter().filter_map(first).filter(|answer| self.is_file_address(answer.path, 0)));
        for handler in handlers.iter().filter(|handler| handler.by_path) {
            for (call, outcome) in self.calls_of_parameter(handler.function, 1) {
                let Some(value) = outcome.value else { continue };
                found.push(FileAnswer { call, path: value });
            }
        }
        found.sort_by_key(|answer| answer.call);
        found.dedup_by_key(|answer| answer.call);
        found
    }

    /// Whether an address is that of a file: `file://…`, `pathToFileURL(…).toString()`.
    pub fn leads_to_file(&self, address: V) -> bool {
        self.is_file_address(address, 0)
    }

    /// The path that an address of a file is made of: `pathToFileURL(path).toString()`.
    pub fn path_of_address(&self, address: V) -> V {
        let mut at = address;
        for _ in 0..6 {
            at = match self.program.value(self.program.behind(at)) {
                Value::Member(object, name) if self.program.str(at.0, name) == "href" => V(at.0, object),
                Value::Call(call) => {
                    let c = C(at.0, call);
                    let callee = self.program.call(c).callee;
                    match self.program.value(V(c.0, callee)) {
                        Value::Member(object, name) if self.program.str(c.0, name) == "toString" => V(c.0, object),
                        _ if self.api_of(c).is_some_and(|(api, _)| api.ends_with("pathToFileURL")) => {
                            match self.program.argument(c, 0) {
                                Some(path) => path,
                                None => return at,
                            }
                        }
                        _ => return at,
                    }
                }
                _ => return at,
            };
        }
        at
    }

    fn is_file_address(&self, v: V, depth: u32) -> bool {
        if depth > 6 {
            return false;
        }
        let known = self.eval(v).iter().any(|known| match &known.thing {
            Thing::Template(parts) => {
                matches!(parts.first(), Some(Part::Text(head)) if head.starts_with("file:"))
            }
            Thing::Result(api, _) => api.ends_with("pathToFileURL"),
            _ => false,
        });
        known
            || match self.program.value(v) {
                Value::Member(object, _) => self.is_file_address(V(v.0, object), depth + 1),
                Value::Call(call) => match self.program.value(V(v.0, self.program.call(C(v.0, call)).callee)) {
                    Value::Member(object, _) => self.is_file_address(V(v.0, object), depth + 1),
                    _ => false,
                },
                Value::Binding(binding) => {
                    let writes = &self.program.summary(v.0).bindings[binding.index()].writes;
                    writes.iter().take(4).any(|write| self.is_file_address(V(v.0, write.value), depth + 1))
                }
                _ => false,
            }
    }

    /// How well a handler, the function that reads for it, or a helper of theirs asks where a path leads. Of one that is put below no
    /// folder, that it is absolute or does not lead up says nothing.
    pub fn containment_of(&self, handler: &ProtocolHandler, sink: C, is_whole: bool) -> Containment {
        let mut open = vec![handler.function, F(sink.0, self.program.call(sink).function)];
        let mut seen = Vec::new();
        let mut best = Containment::None;
        let held = LazyCell::new(|| self.calls_that_hold(sink));
        while let Some(f) = open.pop() {
            if seen.contains(&f) || seen.len() > 24 {
                continue;
            }
            seen.push(f);
            for c in self.calls_inside(f) {
                if self.comes_too_late(c, sink) {
                    continue;
                }
                best = best.max(self.asks_where(c, sink, is_whole, &held));
                if best == Containment::Folder {
                    return best;
                }
                open.extend(self.functions(V(c.0, self.program.call(c).callee)));
            }
        }
        best
    }

    /// Whether a call stands in the function of another and behind it, so that nothing that it finds holds there.
    fn comes_too_late(&self, c: C, sink: C) -> bool {
        let (asked, read) = (self.program.call(c), self.program.call(sink));
        c.0 == sink.0 && c != sink && asked.function == read.function && asked.order > read.order
    }

    fn asks_where(&self, c: C, sink: C, is_whole: bool, held: &FxHashSet<C>) -> Containment {
        let summary = self.program.summary(c.0);
        let name = crate::link::final_name(summary, self.program.call(c).callee).map_or("", |name| summary.str(name));
        let Some(argument) = self.program.argument(c, 0) else {
            return if matches!(name, "contains") { Containment::Folder } else { Containment::None };
        };
        let asks = match name {
            "isAbsolute" => !is_whole,
            "relative" | "isPathInside" | "is-path-inside" | "pathIsInside" | "path-is-inside" | "contains" => true,
            // Of what is not known, or of what leads up.
            "startsWith" | "includes" | "indexOf" | "split" | "test" | "match" | "replace" | "has" => {
                match self.constant(argument) {
                    Some(known) => !is_whole && known.text().is_some_and(|text| text.contains("..")),
                    None if name == "startsWith" && self.is_folder_left_open(argument) => {
                        return Containment::Beginning(self.span(argument));
                    }
                    None => {
                        name == "startsWith"
                            || name == "test" && self.forbids_ways_up(c, is_whole)
                            || matches!(name, "includes" | "indexOf" | "has")
                                && self.holds_path(c, argument, sink, held)
                            || self.eval(argument).iter().any(|known| match &known.thing {
                                Thing::Regex(pattern, _) if is_whole => name == "match" && is_of_names(pattern),
                                Thing::Regex(pattern, _) => pattern.contains("\\."),
                                _ => false,
                            })
                    }
                }
            }
            _ => false,
        };
        if asks { Containment::Folder } else { Containment::None }
    }

    /// Whether the pattern of a test finds what leads up, or lets through names alone: `/\.\./`, `/^[\w-]+$/`.
    fn forbids_ways_up(&self, c: C, is_whole: bool) -> bool {
        let Value::Member(pattern, _) = self.program.value(V(c.0, self.program.call(c).callee)) else { return false };
        self.eval(V(c.0, pattern)).iter().any(|known| match &known.thing {
            Thing::Regex(pattern, _) => !is_whole && pattern.contains("\\.\\.") || is_of_names(pattern),
            _ => true,
        })
    }

    /// Whether it is asked of a path, and not of its ending, that it is in a collection, and what is read is read where it is: not where it
    /// is kept already.
    fn holds_path(&self, c: C, argument: V, sink: C, held: &FxHashSet<C>) -> bool {
        let is_ending = |path: &str| path.ends_with("path.extname") || path.ends_with("mime.getType");
        if self.call_behind(argument).and_then(|made| self.api_of(made)).is_some_and(|(path, _)| is_ending(&path)) {
            return false;
        }
        let (asked, read) = (self.program.call(c), self.program.call(sink));
        c.0 != sink.0 || asked.function != read.function || held.contains(&c)
    }

    /// The calls that have come out as true where another one is made.
    fn calls_that_hold(&self, sink: C) -> FxHashSet<C> {
        let mut found = FxHashSet::default();
        for (test, holds) in self.conditions_at_call(sink) {
            self.come_out_of(test, holds, 0, &mut found);
        }
        found
    }

    /// The calls of which a test that comes out so says that they come out as true.
    fn come_out_of(&self, test: V, holds: bool, depth: u32, found: &mut FxHashSet<C>) {
        let mut go = |id, holds| {
            if depth < MOST_TESTS {
                self.come_out_of(V(test.0, id), holds, depth + 1, found);
            }
        };
        let test = self.program.behind(test);
        match self.program.value(test) {
            Value::Call(call) if holds => drop(found.insert(C(test.0, call))),
            Value::Unary(Operator::Not, inner) => go(inner, !holds),
            Value::Binary(Operator::And | Operator::Or | Operator::Nullish, left, right) => {
                go(left, holds);
                go(right, holds);
            }
            // `list.indexOf(file) === -1`.
            Value::Binary(_, left, right) => {
                go(left, true);
                go(right, true);
            }
            _ => {}
        }
    }

    /// Whether a value is a folder without the separator that ends its name: `path.join(__dirname, 'ui')`, which `ui-old` begins with too.
    ///
    /// `path.join` and `path.resolve` end with a separator only where their last part does:
    /// <https://nodejs.org/api/path.html#pathjoinpaths>
    fn is_folder_left_open(&self, v: V) -> bool {
        let is_open = |known: &Known| match &known.thing {
            Thing::Api(path) => matches!(&**path, "__dirname" | "import.meta.dirname"),
            Thing::Result(api, c) => match &**api {
                "app.getAppPath" | "app.getPath" | "path.dirname" | "path.resolve" => true,
                "path.join" | "path.normalize" => {
                    let last = self.program.arguments(*c).last().filter(|last| !last.spread);
                    let last = last.and_then(|last| self.constant(V(c.0, last.value)));
                    last.is_some_and(|known| known.text().is_some_and(|text| !text.ends_with(['/', '\\'])))
                }
                _ => false,
            },
            Thing::Template(parts) => {
                matches!(parts.last(), Some(Part::Text(end)) if !end.ends_with(['/', '\\']))
            }
            _ => false,
        };
        let values = self.eval(v);
        !values.is_empty() && values.iter().all(is_open)
    }

    /// Every value of a privilege that `registerSchemesAsPrivileged` gives to a scheme.
    pub fn scheme_privileges(&self, key: &str) -> Vec<SchemePrivilege> {
        let mut found = Vec::new();
        for call in self.calls_of(&["Protocol.registerSchemesAsPrivileged", "protocol.registerSchemesAsPrivileged"]) {
            let Some(list) = call.argument(self, 0) else { continue };
            for known in self.eval(list).iter() {
                let Thing::Array(array, _) = &known.thing else { continue };
                let Value::Array(items) = self.program.value(*array) else { continue };
                for item in self.program.summary(array.0).items(items) {
                    self.privileges_of(&call, V(array.0, item.value), key, &mut found);
                }
            }
        }
        found
    }

    fn privileges_of(&self, call: &ApiCall, scheme: V, key: &str, found: &mut Vec<SchemePrivilege>) {
        for known in self.eval(scheme).iter() {
            let Thing::Object(object) = &known.thing else { continue };
            let name = self.program.property(object, "scheme", None).values;
            let name = match name.as_slice() {
                [only] => only.known.text().map(str::to_owned),
                _ => None,
            };
            for privileges in self.program.property(object, "privileges", None).values {
                let Thing::Object(privileges) = &privileges.known.thing else { continue };
                for placed in self.program.property(privileges, key, None).values {
                    found.push(SchemePrivilege {
                        scheme: name.clone(),
                        known: placed.known,
                        span: placed.span,
                        symbol: format!("{}.{}.{key}", self.symbol(call.call), name.as_deref().unwrap_or("")),
                        certainty: call.certainty,
                    });
                }
            }
        }
    }
}

/// Whether a pattern matches the whole of a text that has no separator in it.
fn is_of_names(pattern: &str) -> bool {
    let Some(inner) = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')) else { return false };
    let mut open = false;
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            // Of classes that are written by a letter these hold a separator.
            'S' | 'W' | 'D' | '/' | '\\' if escaped => return false,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => open = true,
            ']' => open = false,
            '/' | '^' => return false,
            '.' if !open => return false,
            _ => {}
        }
    }
    true
}
