//! What handlers decide: whether a navigation, a new window or a permission gets through, and by which check.

use super::App;
use super::checks::{Judged, Root, Strength, Way, judged, parameter_root};
use super::handlers::Listener;
use crate::link::things::{Known, Object, Thing, Unknown};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{ConditionId, Key, Value, ValueId};

/// Choices inside choices that are followed.
const MOST_DEPTH: u32 = 39;

/// For how many choices a function counts that is followed: four in a row, and some choices between them.
const OF_HELPER: u32 = 8;

/// What a handler lets through.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Nothing.
    Denies,
    /// Something, by this check.
    Guarded(Judged),
    /// Everything, by what stands here.
    Allows(Span),
    /// The handler could not be read.
    Unknown,
}

impl Verdict {
    /// How well it holds an address to what the app chose.
    pub fn strength(&self) -> Strength {
        match self {
            Verdict::Denies => Strength::Host,
            Verdict::Guarded(judged) => judged.strength,
            Verdict::Allows(_) => Strength::None,
            Verdict::Unknown => Strength::Opaque,
        }
    }

    /// As a check before it holds, where it holds better.
    fn or_guarded(self, judged: Judged) -> Verdict {
        if judged.strength > self.strength() { Verdict::Guarded(judged) } else { self }
    }

    /// The one that lets more through.
    pub(super) fn worse(self, other: Verdict) -> Verdict {
        if other.strength() < self.strength() { other } else { self }
    }
}

impl App<'_> {
    /// What a `will-navigate` handler, or a `new-window` one, lets through. The address is its second parameter or `event.url`.
    pub fn navigation_verdict(&self, listener: &Listener) -> Verdict {
        let functions = self.handler_functions(listener);
        if functions.is_empty() {
            return Verdict::Unknown;
        }
        functions.into_iter().map(|f| self.prevention(f)).reduce(Verdict::worse).unwrap_or(Verdict::Unknown)
    }

    fn prevention(&self, f: F) -> Verdict {
        let prevents: Vec<_> =
            self.method_calls_on(f, 0, "preventDefault").into_iter().filter(|outcome| !outcome.after_await).collect();
        if prevents.is_empty() {
            // A handler that hands the event to a function that could not be read may do anything.
            let handed = self.calls_inside(f).into_iter().any(|c| {
                let callee = V(c.0, self.program.call(c).callee);
                self.program.arguments(c).iter().any(|item| self.is_parameter(V(c.0, item.value), f, 0))
                    && self.functions(callee).is_empty()
                    && self.eval(callee).iter().all(Known::is_unknown)
            });
            return if handed {
                Verdict::Unknown
            } else {
                Verdict::Allows(self.program.place(f.0, self.program.function(f).span))
            };
        }
        let mut best: Option<Judged> = None;
        let places: Vec<_> = prevents.iter().map(|prevent| (prevent.function, prevent.condition)).collect();
        for prevent in &prevents {
            if prevent.condition.is_none() && prevent.function == f {
                return Verdict::Denies;
            }
            for root in &prevent.roots {
                let judged = self.guard_where_not(prevent.function, prevent.condition, root, prevent.of, &places);
                if best.as_ref().is_none_or(|best| judged.strength > best.strength) {
                    best = Some(judged);
                }
            }
        }
        match best {
            Some(judged) if judged.strength > Strength::None => Verdict::Guarded(judged),
            _ => Verdict::Allows(
                prevents
                    .first()
                    .map_or_else(|| self.program.place(f.0, self.program.function(f).span), |prevent| prevent.span),
            ),
        }
    }

    /// What a `setWindowOpenHandler` handler lets open. Anything but `{ action: 'allow' }` denies.
    pub fn window_open_verdict(&self, listener: &Listener) -> Verdict {
        let functions = self.handler_functions(listener);
        if functions.is_empty() {
            return Verdict::Unknown;
        }
        let verdict = |f| {
            let mut root = parameter_root(f, 0);
            root.path.push("url".to_owned());
            self.steps.question(|| self.allowance(f, &root, 0))
        };
        functions.into_iter().map(verdict).reduce(Verdict::worse).unwrap_or(Verdict::Unknown)
    }

    fn allowance(&self, f: F, root: &Root, depth: u32) -> Verdict {
        let mut verdict = Verdict::Denies;
        for exit in &self.program.function(f).exits {
            if exit.throws {
                continue;
            }
            let Some(value) = exit.value else { continue };
            let found = self.answer(V(f.0, value), root, depth);
            let found = self.under(f, exit.condition, root, found);
            verdict = verdict.worse(found);
        }
        verdict
    }

    /// A verdict that only holds under a condition: what the condition says of the address counts for it.
    fn under(&self, f: F, condition: Option<ConditionId>, root: &Root, verdict: Verdict) -> Verdict {
        if matches!(verdict, Verdict::Denies) {
            return verdict;
        }
        if self.program.development_of(f.0, condition, &Default::default()) == Some(true) {
            return Verdict::Denies;
        }
        let verdict = verdict.or_guarded(self.guard_of_root(f, condition, root));
        let summary = self.program.summary(f.0);
        let state = summary.conditions_at(condition).find(|condition| self.asks_for_state(V(f.0, condition.test), f));
        match (&verdict, state) {
            (Verdict::Allows(_), Some(condition)) => self.guarded_by_state(V(f.0, condition.test)),
            _ => verdict,
        }
    }

    /// Whether a test asks how the app stands, and not what is requested: no page decides how it comes out.
    fn asks_for_state(&self, test: V, f: F) -> bool {
        self.truth_of(test).is_none() && !self.parameters_of(test, f).iter().any(Option::is_some)
    }

    fn answer(&self, v: V, root: &Root, depth: u32) -> Verdict {
        if depth > MOST_DEPTH || self.steps.are_used_up() {
            return Verdict::Unknown;
        }
        if let Some(ways) = self.ways_of(v) {
            return self.each_way(v, ways, root, |value| self.answer(value, root, depth + 1));
        }
        let v = self.program.behind(v);
        match self.program.value(v) {
            Value::Conditional { test, then, other } => {
                let branch = |branch, holds| match self.answer(V(v.0, branch), root, depth + 1) {
                    Verdict::Denies => Verdict::Denies,
                    found => found.or_guarded(self.guard_by_test(V(v.0, test), holds, root)),
                };
                Verdict::Denies.worse(branch(then, true)).worse(branch(other, false))
            }
            Value::Call(call) if depth + OF_HELPER <= MOST_DEPTH => {
                let c = C(v.0, call);
                let helpers = self.functions(V(v.0, self.program.call(c).callee));
                let allowed = |helper| {
                    // Where the address does not reach it: what it answers, it answers for all.
                    let inner = self.handed_root(c, helper, root);
                    self.allowance(helper, inner.as_ref().unwrap_or(root), depth + OF_HELPER)
                };
                if helpers.is_empty() {
                    return Verdict::Unknown;
                }
                helpers.into_iter().map(allowed).fold(Verdict::Denies, Verdict::worse)
            }
            _ => self.known_answer(v, root, depth),
        }
    }

    /// The root of the parameter to which a call hands what `root` names.
    fn handed_root(&self, c: C, helper: F, root: &Root) -> Option<Root> {
        for index in 0..self.program.arguments(c).len() {
            let Some(argument) = self.program.argument(c, index) else { continue };
            let Some(handed) = self.root(argument) else { continue };
            if handed == *root {
                return Some(parameter_root(helper, index as u32));
            }
            // The whole details object: `decide(details)`.
            if handed.unit == root.unit && handed.base == root.base && handed.path.is_empty() && !root.path.is_empty() {
                let mut inner = parameter_root(helper, index as u32);
                inner.path = root.path.clone();
                return Some(inner);
            }
        }
        None
    }

    fn known_answer(&self, v: V, root: &Root, depth: u32) -> Verdict {
        let mut verdict = Verdict::Denies;
        for known in self.eval(v).iter() {
            let found = match &known.thing {
                Thing::Object(object) => self.action(object, root, depth),
                Thing::Unknown(Unknown::Limit) => continue,
                Thing::Unknown(_) | Thing::Result(..) => Verdict::Unknown,
                _ => Verdict::Denies,
            };
            verdict = verdict.worse(found);
        }
        verdict
    }

    /// What the ways let through in which a variable, or a property, comes to hold what is read here.
    fn each_way(&self, v: V, ways: Vec<Way>, root: &Root, answer: impl Fn(V) -> Verdict) -> Verdict {
        let f = F(v.0, self.program.summary(v.0).owner(v.1));
        let one = |way: &Way| {
            let found = way.value.map_or(Verdict::Denies, &answer);
            let found = self.under(f, way.condition, root, found);
            if matches!(found, Verdict::Denies) {
                return found;
            }
            let found = found.or_guarded(self.judge_way(f, way, root, 0));
            let states =
                way.missed.iter().find(|tests| tests.iter().all(|test| self.asks_for_state(V(f.0, test.test), f)));
            match (&found, states.and_then(|tests| tests.first())) {
                (Verdict::Allows(_), Some(state)) => self.guarded_by_state(V(f.0, state.test)),
                _ => found,
            }
        };
        ways.iter().map(one).fold(Verdict::Denies, Verdict::worse)
    }

    fn guarded_by_state(&self, test: V) -> Verdict {
        Verdict::Guarded(judged(Strength::Opaque, Some(self.span(test)), None))
    }

    /// What `{ action: … }` answers.
    fn action(&self, object: &Object, root: &Root, depth: u32) -> Verdict {
        if let Object::Literal(literal, _) = object
            && let Some(ways) = self.ways_of_property(*literal, "action")
        {
            return self.each_way(*literal, ways, root, |value| self.worded(value, self.span(value), root, depth + 1));
        }
        if let Some(answer) = self.answer_spread(object) {
            return self.answer(answer, root, depth + 1);
        }
        let lookup = self.program.property(object, "action", None);
        let mut verdict = if lookup.unknown { Verdict::Unknown } else { Verdict::Denies };
        for placed in &lookup.values {
            if placed.known.development == Some(true) {
                continue;
            }
            let found = match &placed.known.thing {
                Thing::Text(text) if &**text == "allow" => match self.written_action(object) {
                    Some(written) => self.worded(written, placed.span, root, depth),
                    None => Verdict::Allows(placed.span),
                },
                Thing::Unknown(_) | Thing::Result(..) => Verdict::Unknown,
                _ => Verdict::Denies,
            };
            verdict = verdict.worse(found);
        }
        verdict
    }

    /// The answer that an object literal takes over: `{ ...decide(details), outlivesOpener: true }`.
    fn answer_spread(&self, object: &Object) -> Option<V> {
        let Object::Literal(literal, _) = object else { return None };
        let Value::Object(list) = self.program.value(*literal) else { return None };
        let properties = self.program.summary(literal.0).properties(list).iter();
        let mut spread = properties.filter(|property| matches!(property.key, Key::Spread));
        match (spread.next(), spread.next(), self.written_action(object)) {
            (Some(only), None, None) => Some(V(literal.0, only.value)),
            _ => None,
        }
    }

    /// What stands behind `action` in an object literal.
    fn written_action(&self, object: &Object) -> Option<V> {
        let Object::Literal(literal, _) = object else { return None };
        let Value::Object(list) = self.program.value(*literal) else { return None };
        let summary = self.program.summary(literal.0);
        let is_action = |key| matches!(key, Key::Name(name) if summary.str(name) == "action");
        let property = summary.properties(list).iter().find(|property| is_action(property.key))?;
        Some(V(literal.0, property.value))
    }

    /// What `'allow'` lets through, or what is so in one way: `isOwn(url) ? 'allow' : 'deny'`, a variable.
    fn worded(&self, v: V, span: Span, root: &Root, depth: u32) -> Verdict {
        if depth > MOST_DEPTH || self.steps.are_used_up() {
            return Verdict::Unknown;
        }
        if let Some(ways) = self.ways_of(v) {
            return self.each_way(v, ways, root, |value| self.worded(value, span, root, depth + 1));
        }
        let allows = |branch| self.eval(V(v.0, branch)).iter().any(|known| known.text() == Some("allow"));
        let Some((test, then, other)) = self.choice(v) else {
            return if allows(v.1) { Verdict::Allows(span) } else { Verdict::Denies };
        };
        let holds = match (allows(then), allows(other)) {
            (true, false) => true,
            (false, true) => false,
            _ => return Verdict::Allows(span),
        };
        let test = V(v.0, test);
        let judged = self.guard_by_test(test, holds, root);
        if judged.strength > Strength::None {
            Verdict::Guarded(judged)
        } else if self.asks_for_state(test, F(test.0, self.program.summary(test.0).owner(test.1))) {
            self.guarded_by_state(test)
        } else {
            Verdict::Allows(span)
        }
    }

    /// The parts of `test ? then : other`, through variables.
    fn choice(&self, v: V) -> Option<(ValueId, ValueId, ValueId)> {
        let summary = self.program.summary(v.0);
        match summary.value(summary.behind(v.1)) {
            Value::Conditional { test, then, other } => Some((test, then, other)),
            _ => None,
        }
    }

    /// Where a handler of display media requests gives the first source there is to whoever asks: nothing holds there, and the source is
    /// one that `desktopCapturer.getSources` gave, by its place.
    pub fn unasked_screens(&self, listener: &Listener) -> Vec<Span> {
        let mut found = Vec::new();
        for f in self.handler_functions(listener) {
            for (c, answer) in self.calls_of_parameter(f, 1) {
                let Some(value) = answer.value else { continue };
                let is_free = |condition: Option<ConditionId>, of: F| {
                    let mut conditions = self.program.summary(of.0).conditions_at(condition);
                    // `if (sources.length > 0)` asks nobody.
                    conditions.all(|condition| {
                        let asked = self.parameters_of(V(of.0, condition.test), f);
                        asked.iter().all(Option::is_none) && self.asks_how_many(V(of.0, condition.test))
                    })
                };
                let given = self.eval(value);
                let video = given.iter().find_map(|known| match &known.thing {
                    Thing::Object(object) => self.program.property(object, "video", None).values.into_iter().next(),
                    _ => None,
                });
                let Some(video) = video.and_then(|placed| placed.known.at) else { continue };
                let by_place = match self.program.value(self.program.behind(video)) {
                    Value::Index(_, index) => matches!(self.program.value(V(video.0, index)), Value::Number(_)),
                    // `([first]) => callback({ video: first })`.
                    Value::Member(_, name) => self.program.str(video.0, name).parse::<u32>().is_ok(),
                    _ => false,
                };
                if by_place && is_free(answer.condition, answer.function) {
                    found.push(self.program.place(c.0, self.program.call(c).span));
                }
            }
        }
        found
    }

    /// `sources.length > 0`, `sources[0]`.
    fn asks_how_many(&self, test: V) -> bool {
        match self.program.value(test) {
            Value::Unary(_, inner) => self.asks_how_many(V(test.0, inner)),
            Value::Binary(_, left, _) => self.asks_how_many(V(test.0, left)),
            Value::Member(_, name) => self.program.str(test.0, name) == "length",
            Value::Index(..) | Value::Binding(_) => true,
            _ => false,
        }
    }

    /// Whether the handler that a listener sets is replaced at once by another of `among`: `set(null)`, then `set(handler)`, makes
    /// Chromium ask again.
    pub fn is_replaced(&self, listener: &Listener, among: &[Listener]) -> bool {
        let this = self.program.call(listener.call);
        among.iter().any(|other| {
            let next = self.program.call(other.call);
            other.call.0 == listener.call.0
                && next.function == this.function
                && next.order > this.order
                && next.condition == this.condition
                && other.receiver == listener.receiver
        })
    }

    /// Whether a value is true or false for certain in the shipped app.
    pub fn truth_of(&self, v: V) -> Option<bool> {
        let values = self.eval(v);
        let mut truths = values.iter().filter(|known| known.development != Some(true)).map(|known| match known.thing {
            Thing::Development(yes) => Some(!yes),
            _ => known.thing.truthy(),
        });
        let first = truths.next()??;
        truths.all(|truth| truth == Some(first)).then_some(first)
    }
}
