//! Frames by whose `sandbox` the markup that they are given runs no script: `<iframe sandbox="" srcdoc=…>`.

use super::{App, PropertyWrite};
use crate::link::things::{Known, Thing};
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{ConditionId, Key, List, Value};

/// Places that set or change a sandbox which are looked at.
const MOST_SETS: usize = 256;

/// What scripts in the document of a frame may do, from the least.
///
/// <https://html.spec.whatwg.org/#attr-iframe-sandbox>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameScripts {
    /// None runs.
    None,
    /// They run in an origin of their own: neither the page nor what the preload script exposes there is theirs.
    Apart,
    /// They run as those of the page, for all that is known.
    Run,
}

/// What the words of a sandbox permit. With both a document takes its own sandbox off.
fn permitted(words: &str) -> FrameScripts {
    let says = |permission: &str| words.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(permission));
    match (says("allow-scripts"), says("allow-same-origin")) {
        (false, _) => FrameScripts::None,
        (true, false) => FrameScripts::Apart,
        (true, true) => FrameScripts::Run,
    }
}

/// One place that sets the sandbox of an element, or adds to it.
pub(super) struct SandboxSet {
    element: V,
    words: Option<V>,
    function: F,
    condition: Option<ConditionId>,
    span: Span,
}

impl App<'_> {
    /// What the properties of an element say of scripts in it: a spread behind `sandbox` may hold another one. React leaves out an
    /// attribute that is `true`.
    pub(super) fn scripts_by_properties(&self, unit: UnitId, tag: Option<&str>, list: List) -> FrameScripts {
        let summary = self.program.summary(unit);
        let properties = summary.properties(list);
        let is_sandbox = |key| matches!(key, Key::Name(name) if summary.str(name) == "sandbox");
        let last = properties.iter().rposition(|property| is_sandbox(property.key));
        let Some(last) = last.filter(|_| tag.is_some_and(|tag| tag.eq_ignore_ascii_case("iframe"))) else {
            return FrameScripts::Run;
        };
        let is_known = properties.iter().skip(last + 1).all(|property| matches!(property.key, Key::Name(_)));
        match properties.get(last).and_then(|sandbox| self.sandbox_words(V(unit, sandbox.value))) {
            Some(words) if is_known => permitted(&words),
            _ => FrameScripts::Run,
        }
    }

    /// What scripts may do in a frame to whose `srcdoc` is written.
    pub fn scripts_of_write(&self, write: &PropertyWrite) -> FrameScripts {
        self.scripts_in_element(write.object, write.function, write.condition, write.span)
    }

    /// As [`App::scripts_of_write`], of `frame.setAttribute('srcdoc', markup)`.
    pub(super) fn scripts_by_call(&self, c: C) -> FrameScripts {
        let call = self.program.call(c);
        match self.program.value(V(c.0, call.callee)) {
            Value::Member(element, _) => {
                let span = self.program.place(c.0, call.span);
                self.scripts_in_element(V(c.0, element), F(c.0, call.function), call.condition, span)
            }
            _ => FrameScripts::Run,
        }
    }

    fn scripts_in_element(&self, element: V, f: F, condition: Option<ConditionId>, at: Span) -> FrameScripts {
        let values = self.eval(element);
        let [known] = values.as_ref() else { return FrameScripts::Run };
        let id = self.id_looked_for(known);
        let (mut words, made) = match (&known.thing, &id) {
            (Thing::Element(tag, c), _) if tag.eq_ignore_ascii_case("iframe") => (None, Some(*c)),
            (_, Some(id)) => (self.sandbox_in_pages(id), None),
            _ => return FrameScripts::Run,
        };
        let maker = made.map(|made| {
            let call = self.program.call(made);
            (F(made.0, call.function), call.condition)
        });
        let mut holds = words.is_some();
        for set in self.sets_of_sandbox() {
            let is_it = self.eval(set.element).iter().any(|other| match (&other.thing, made) {
                (Thing::Element(_, c), Some(made)) => *c == made,
                _ => id.is_some() && self.id_looked_for(other) == id,
            });
            if !is_it {
                continue;
            }
            let Some(said) = set.words.and_then(|words| self.sandbox_words(words)) else { return FrameScripts::Run };
            // It holds where the markup is written if it is set before, or where the element is made.
            let is_under = |condition| set.condition.is_none() || set.condition == condition;
            holds |= set.function == f && set.span.start < at.start && is_under(condition)
                || maker.is_some_and(|(maker, condition)| maker != f && set.function == maker && is_under(condition));
            words = Some(words.map_or(said.clone(), |words| format!("{words} {said}")));
        }
        words.filter(|_| holds).map_or(FrameScripts::Run, |words| permitted(&words))
    }

    /// `frame.sandbox = words`, `frame.setAttribute('sandbox', words)`, `frame.sandbox.add(word)`, in the order of places; what takes it off
    /// has no words.
    fn sets_of_sandbox(&self) -> &[SandboxSet] {
        self.sandbox_sets.get_or_init(|| self.find_sets_of_sandbox())
    }

    fn find_sets_of_sandbox(&self) -> Vec<SandboxSet> {
        let mut sets = Vec::new();
        for write in self.property_writes("sandbox").into_iter().take(MOST_SETS) {
            let PropertyWrite { object, value, span, function, condition } = write;
            sets.push(SandboxSet { element: object, words: Some(value), function, condition, span });
        }
        for method in ["setAttribute", "removeAttribute", "toggleAttribute", "add", "toggle", "replace"] {
            for &c in self.program.calls_named(method) {
                if sets.len() >= MOST_SETS {
                    break;
                }
                let call = self.program.call(c);
                let Value::Member(object, _) = self.program.value(V(c.0, call.callee)) else { continue };
                let is_list = matches!(method, "add" | "toggle" | "replace");
                let element = match self.program.value(V(c.0, object)) {
                    Value::Member(element, name) if is_list && self.program.str(c.0, name) == "sandbox" => element,
                    _ if is_list || !self.names_sandbox(c) => continue,
                    _ => object,
                };
                let words = match method {
                    "setAttribute" => self.program.argument(c, 1),
                    "add" if self.program.arguments(c).len() == 1 => self.program.argument(c, 0),
                    _ => None,
                };
                let (function, span) = (F(c.0, call.function), self.program.place(c.0, call.span));
                sets.push(SandboxSet { element: V(c.0, element), words, function, condition: call.condition, span });
            }
        }
        sets.sort_by_key(|set| set.span);
        sets
    }

    fn names_sandbox(&self, c: C) -> bool {
        let summary = self.program.summary(c.0);
        let name = self.program.arguments(c).first().and_then(|first| summary.text(first.value));
        name.is_some_and(|name| name.eq_ignore_ascii_case("sandbox"))
    }

    /// The id of an element that is looked up: `document.getElementById('mail')`, `document.querySelector('#mail')`.
    fn id_looked_for(&self, known: &Known) -> Option<String> {
        let Thing::Result(api, c) = &known.thing else { return None };
        let asked = self.program.argument(*c, 0).and_then(|asked| self.constant(asked))?;
        match &**api {
            "document.getElementById" => asked.text().map(str::to_owned),
            "document.querySelector" => {
                let id = asked.text()?.strip_prefix('#')?;
                let is_name = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
                is_name.then(|| id.to_owned())
            }
            _ => None,
        }
    }

    /// What the frames of this id in the app's pages say, all of them together; `None` where one has no sandbox, or there is none.
    fn sandbox_in_pages(&self, id: &str) -> Option<String> {
        let elements = self.pages.iter().flat_map(|page| &page.html.elements);
        let mut frames = elements.filter(|element| element.value("id") == Some(id)).peekable();
        frames.peek()?;
        let words = frames.map(|frame| frame.value("sandbox").filter(|_| frame.name == "iframe"));
        words.collect::<Option<Vec<&str>>>().map(|words| words.join(" "))
    }

    /// The words of a sandbox, of all that it can be; `None` where they are not known.
    fn sandbox_words(&self, v: V) -> Option<String> {
        let values = self.eval(v);
        let words = values.iter().map(Known::text).collect::<Option<Vec<&str>>>()?;
        (!words.is_empty()).then(|| words.join(" "))
    }
}
