//! What one part of a function's answer says of another: `const result = check(url); if (result.ok) open(result.url)`.

use super::strength::*;
use super::{App, Base, MOST_HELPERS, Root, UrlPart, Way};
use crate::link::things::Thing;
use crate::link::{C, F, V};
use crate::summary::{ConditionId, Value, Write};

/// Ways out of one function that are looked at.
const MOST_WAYS: usize = 16;

/// Choices inside choices, and functions that only make an answer, that are looked into.
const MOST_CHOICES: u32 = 4;

/// One way out of a function.
#[derive(Clone)]
struct WayOut {
    /// What it gives.
    value: Option<V>,
    /// What holds where it returns, and where what it gives is written.
    places: Vec<ConditionId>,
    /// What it chose by, and how that came out: `safe ? { url } : { error }`.
    chosen: Vec<(V, bool)>,
    /// The call whose arguments are the answer's parts: `return passed(url)`.
    made_by: Option<C>,
}

impl WayOut {
    /// The same, where parts of what it gives are written under conditions of their own.
    fn at(&self, written: [Option<ConditionId>; 2]) -> Self {
        let mut way = self.clone();
        way.places.extend(written.into_iter().flatten());
        way
    }
}

impl App<'_> {
    /// The ways out of a function, each with the object that it writes where that can be told; `None` where there are too many.
    fn ways_out(&self, f: F) -> Option<Vec<WayOut>> {
        let mut ways = Vec::new();
        for exit in self.program.function(f).exits.iter().filter(|exit| !exit.throws) {
            let value = exit.value.map(|value| V(f.0, value));
            let places = exit.condition.into_iter().collect();
            let way = WayOut { value, places, chosen: Vec::new(), made_by: None };
            self.add_ways(way, 0, &mut ways);
            if ways.len() > MOST_WAYS {
                return None;
            }
        }
        Some(ways)
    }

    fn add_ways(&self, way: WayOut, depth: u32, ways: &mut Vec<WayOut>) {
        let Some(value) = way.value.filter(|_| depth < MOST_CHOICES) else { return ways.push(way) };
        let value = self.program.behind(value);
        match self.program.value(value) {
            Value::Conditional { test, then, other } => {
                for (branch, holds) in [(then, true), (other, false)] {
                    let mut taken = WayOut { value: Some(V(value.0, branch)), ..way.clone() };
                    taken.chosen.push((V(value.0, test), holds));
                    self.add_ways(taken, depth + 1, ways);
                }
            }
            Value::Await(inner) => {
                self.add_ways(WayOut { value: Some(V(value.0, inner)), ..way }, depth + 1, ways);
            }
            Value::Call(call) => {
                let c = C(value.0, call);
                match self.answer_made(c).filter(|_| way.made_by.is_none()) {
                    Some(answer) => ways.push(WayOut { value: Some(answer), made_by: Some(c), ..way }),
                    None => ways.push(way),
                }
            }
            _ => ways.push(WayOut { value: Some(value), ..way }),
        }
    }

    /// The one object that a function of the app's does nothing but make: `const passed = (url) => ({ ok: true, url })`.
    fn answer_made(&self, c: C) -> Option<V> {
        let functions = self.functions(V(c.0, self.program.call(c).callee));
        let &[f] = functions.as_slice() else { return None };
        let [exit] = self.program.function(f).exits.as_slice() else { return None };
        let value = V(f.0, exit.value.filter(|_| exit.condition.is_none() && !exit.throws)?);
        matches!(self.program.value(value), Value::Object(_) | Value::Array(_)).then_some(value)
    }

    /// The ways in which a property of a literal is written later; `None` where they cannot be told.
    fn ways_written(&self, literal: V, name: &str) -> Option<Vec<Way>> {
        let summary = self.program.summary(literal.0);
        let is_it = |write: Write| {
            matches!(summary.value(write.object), Value::Binding(_)) && summary.behind(write.object) == literal.1
        };
        match self.program.written_in(literal.0, name).any(is_it) {
            true => self.ways_of_property(literal, name),
            false => Some(Vec::new()),
        }
    }

    /// What a way out gives for a part of the answer, and what holds where it is written; nothing in place of it where nothing is.
    fn parts_written(&self, way: &WayOut, path: &[String]) -> Option<Vec<(Option<V>, Option<ConditionId>)>> {
        let (Some(literal), [name, rest @ ..]) = (way.value, path) else { return Some(vec![(None, None)]) };
        let later = self.ways_written(literal, name)?;
        if later.is_empty() {
            return Some(vec![(self.part_written(way, path)?, None)]);
        }
        if !rest.is_empty() || way.made_by.is_some() {
            return None;
        }
        Some(later.into_iter().map(|later| (later.value, later.condition)).collect())
    }

    /// What a way out writes for a part of the answer; `Some(None)` where it writes nothing.
    fn part_written(&self, way: &WayOut, path: &[String]) -> Option<Option<V>> {
        let Some(mut at) = way.value else { return Some(None) };
        for name in path {
            let object = self.program.behind(at);
            // Nothing can be read of these.
            if matches!(self.program.value(object), Value::Null | Value::Undefined | Value::Bool(_)) {
                return Some(None);
            }
            match self.written_property(object, name)? {
                Some(value) => at = value,
                None => return Some(None),
            }
        }
        Some(Some(match (way.made_by, self.parameter_behind(at)) {
            (Some(c), Some((f, index))) if way.value.is_some_and(|value| value.0 == f.0) => {
                match self.program.argument(c, index as usize) {
                    Some(argument) => argument,
                    None => return Some(None),
                }
            }
            _ => at,
        }))
    }

    /// What it says that a property of an object comes out so that nobody writes again: `const link = { url, ok: isSafe(url) }`.
    pub(super) fn said_of_literal(
        &self,
        object: V,
        name: &str,
        holds: bool,
        root: &Root,
        depth: u32,
    ) -> Option<Judged> {
        let literal = self.program.behind(object);
        let value = self.written_property(literal, name)??;
        let is_kept = self.ways_written(literal, name).is_some_and(|ways| ways.is_empty());
        is_kept.then(|| self.judge(value, holds, root, depth + 1))
    }

    /// How well a function holds a part of its answer wherever it returns: `const { url } = checked(address)`.
    pub(super) fn held_by_answer(&self, root: &Root) -> Option<Judged> {
        let c = self.answer_behind(root)?;
        self.said_by_answer(c, None, root, 0, &|_| true, &|_, _| Judged::NOTHING)
    }

    /// The call of whose answer an address is a part: `check(url)`, `check(url).then((result) => …)`.
    fn answer_behind(&self, root: &Root) -> Option<C> {
        let found = match root.base {
            Base::Call(call) => Some(C(root.unit, call)),
            Base::Parameter(function, 0) => {
                self.settled(F(root.unit, function)).and_then(|promise| self.call_behind(promise))
            }
            _ => None,
        };
        found.filter(|_| !root.path.is_empty())
    }

    /// What it says of a part of an answer that another part of it, if one is named, comes out so.
    ///
    /// `comes_out` tells whether a value, or none, can come out so, and `says` what it then says itself.
    pub(super) fn said_by_answer(
        &self,
        c: C,
        name: Option<&str>,
        root: &Root,
        depth: u32,
        comes_out: &dyn Fn(Option<V>) -> bool,
        says: &dyn Fn(V, &Root) -> Judged,
    ) -> Option<Judged> {
        let is_part = self.answer_behind(root) == Some(c);
        if !is_part || depth / 6 >= MOST_HELPERS || self.steps.are_used_up() {
            return None;
        }
        let asked = name.map(|name| [name.to_owned()]);
        let mut found: Vec<Judged> = Vec::new();
        for helper in self.functions(V(c.0, self.program.call(c).callee)) {
            for way in self.ways_out(helper)? {
                let tests = asked.as_ref().and_then(|asked| self.parts_written(&way, asked));
                let Some(parts) = self.parts_written(&way, &root.path) else { return Some(Judged::NOTHING) };
                let come_out = match tests {
                    Some(tests) => tests.into_iter().filter(|(test, _)| comes_out(*test)).collect(),
                    None => vec![(None, None)],
                };
                for (test, tested) in come_out {
                    // Nothing is there, or something of the app's choice.
                    let chosen = parts.iter().filter_map(|(part, at)| Some((*part.as_ref()?, *at)));
                    for (part, written) in chosen.filter(|(part, _)| !self.is_constant(*part)) {
                        let way = way.at([tested, written]);
                        found.push(self.held_on_the_way(helper, &way, test, part, depth, says));
                    }
                }
            }
        }
        found.into_iter().reduce(Judged::worse)
    }

    /// What it says of what a function is given that a part of its answer comes out so.
    pub(super) fn judge_answered(
        &self,
        f: F,
        name: &str,
        root: &Root,
        depth: u32,
        comes_out: &dyn Fn(Option<V>) -> bool,
        says: &dyn Fn(V, &Root) -> Judged,
    ) -> Option<Judged> {
        let asked = [name.to_owned()];
        let mut found: Vec<Judged> = Vec::new();
        for way in self.ways_out(f)? {
            for (test, tested) in self.parts_written(&way, &asked)?.into_iter().filter(|(test, _)| comes_out(*test)) {
                let mut parts = self.held_where_it_returns(f, &way.at([tested, None]), root, depth);
                parts.extend(test.map(|test| says(test, root)));
                found.push(Judged::all(parts));
            }
        }
        found.into_iter().reduce(Judged::worse)
    }

    /// What a comparison of a part of an answer with a text, or with nothing, says: `result.kind === 'web'`.
    pub(super) fn compared_part(&self, subject: V, other: V, equal: bool, root: &Root, depth: u32) -> Option<Judged> {
        let subject = self.program.behind(subject);
        let Value::Member(object, name) = self.program.value(subject) else { return None };
        let c = self.call_behind(V(subject.0, object))?;
        let other = self.program.only(other)?;
        let nothing = |thing: &Thing| matches!(thing, Thing::Null | Thing::Undefined);
        let comes_out = |value: Option<V>| {
            let Some(value) = value else { return nothing(&other.thing) == equal };
            self.eval(value).iter().any(|known| match (&known.thing, &other.thing) {
                (Thing::Unknown(_) | Thing::Result(..) | Thing::Template(_), _) => true,
                (one, other) => (one == other || nothing(one) && nothing(other)) == equal,
            })
        };
        let name = self.program.str(subject.0, name);
        let says = |_: V, _: &Root| Judged::NOTHING;
        if !matches!(other.thing, Thing::Text(_) | Thing::Number(_) | Thing::Null | Thing::Undefined) {
            return None;
        }
        self.said_by_answer(c, Some(name), root, depth, &comes_out, &says).or_else(|| {
            self.first_said(c, root, depth, |helper, given| {
                self.judge_answered(helper, name, &given.root(helper), depth + 5, &comes_out, &says)
            })
        })
    }

    /// Whether nobody else chooses what a value is.
    fn is_constant(&self, v: V) -> bool {
        let plain = |thing: &Thing| matches!(thing, Thing::Text(_) | Thing::Null | Thing::Undefined | Thing::Bool(_));
        self.eval(v).iter().all(|known| plain(&known.thing))
    }

    /// How well what holds on a way out, where its parts are written, and what a test of one of them says, hold another.
    fn held_on_the_way(
        &self,
        helper: F,
        way: &WayOut,
        test: Option<V>,
        part: V,
        depth: u32,
        says: &dyn Fn(V, &Root) -> Judged,
    ) -> Judged {
        let Some((root, of)) = self.url_part(part) else { return Judged::NOTHING };
        let mut parts = self.held_where_it_returns(helper, way, &root, depth + 5);
        parts.extend(test.map(|test| says(test, &root)));
        let found = Judged::all(parts);
        match of {
            UrlPart::Whole => found,
            UrlPart::Host | UrlPart::Origin if found.strength == Strength::Host => found,
            _ => Judged::NOTHING,
        }
    }

    /// What holds of an address where a function returns this.
    fn held_where_it_returns(&self, f: F, way: &WayOut, root: &Root, depth: u32) -> Vec<Judged> {
        let places = way.places.iter();
        let mut parts: Vec<Judged> = places.flat_map(|place| self.conditions(f, Some(*place), root, depth)).collect();
        parts.extend(way.chosen.iter().map(|(test, holds)| self.judge(*test, *holds, root, depth + 1)));
        parts
    }
}
