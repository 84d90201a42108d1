//! Checks that come before something: which of them speak of the same address, and what they are worth.
//!
//! Here it is found out what holds at a place; `judge` takes one test apart, and a [`Strength`] says how far it holds an address to
//! what the app chose.

mod answers;
mod beside;
mod comparisons;
mod helpers;
mod judge;
mod lists;
mod methods;
mod packages;
mod patterns;
mod strength;
mod subjects;
mod ways;

use std::rc::Rc;

use super::App;
use super::inside::MOST_BEFORE;
pub use super::roots::{Base, Root, UrlPart, parameter_root};
use crate::link::things::{Known, Thing};
use crate::link::{C, F, UnitId, V};
use crate::summary::{Condition, ConditionId, FunctionId, Operator, Range, Value};
pub(super) use helpers::Said;
pub(super) use strength::judged;
pub use strength::{FORBIDS, Judged, LONGER_SCHEME, Lets, Strength};
pub(super) use subjects::Subjects;
pub(super) use ways::Way;

/// What begins so asks the user.
const CONSENT: &str = "dialog.showMessageBox";

/// Helper functions that are followed in a row.
const MOST_HELPERS: u32 = 4;

impl App<'_> {
    /// How well the conditions that dominate a call hold a value that it is given.
    pub fn guard_of_call(&self, c: C, subject: V) -> Judged {
        self.steps.question(|| self.guard_of_argument(c, subject))
    }

    fn guard_of_argument(&self, c: C, subject: V) -> Judged {
        let call = self.program.call(c);
        let Some(root) = self.root(subject) else { return Judged::NOTHING };
        let mut parts =
            self.judge_place(F(c.0, call.function), call.condition, &root, self.rewritten_before(c, &root), 0);
        parts.extend(self.filtered(&root));
        let mut judged = Judged::all(parts);
        if judged.strength < Strength::Scheme
            && let Some(found) = self.asserted_before(c, subject)
            && found.strength > judged.strength
        {
            judged = found;
        }
        judged
    }

    /// How well what holds in a function under a condition holds a value.
    pub fn guard(&self, f: F, condition: Option<ConditionId>, subject: V) -> Judged {
        let Some(root) = self.root(subject) else { return Judged::NOTHING };
        self.guard_of_root(f, condition, &root)
    }

    /// As [`App::guard`], for a root.
    pub fn guard_of_root(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Judged {
        self.steps.question(|| Judged::all(self.judge_place(f, condition, root, 0, 0)))
    }

    /// How well a test that came out as `holds` holds an address.
    pub fn guard_by_test(&self, test: V, holds: bool, root: &Root) -> Judged {
        self.steps.question(|| self.judge(test, holds, root, 0))
    }

    /// How well one of the ways in which a variable comes to hold what it does holds that.
    pub(super) fn guard_by_way(&self, f: F, way: &Way, variable: V) -> Judged {
        self.steps.question(|| {
            let of_value = way.value.and_then(|value| self.root(value)).map(|root| self.judge_way(f, way, &root, 0));
            // Tests before it was written speak of what the variable held then.
            let of_variable = self.root(variable).map(|root| self.judge_missed(f, way, &root, 0));
            Judged::all(of_value.into_iter().chain(of_variable))
        })
    }

    /// The strength with which an address passes where `condition` does *not* stop it.
    ///
    /// Where the handler is called there is an event: that `event` is there stops nothing. What does not come here may be stopped at
    /// `others`.
    pub fn guard_where_not(
        &self,
        f: F,
        condition: Option<ConditionId>,
        root: &Root,
        event: Option<(F, u32)>,
        others: &[(F, Option<ConditionId>)],
    ) -> Judged {
        let summary = self.program.summary(f.0);
        // What does not come here is stopped elsewhere: `if (!isWeb(url)) { event.preventDefault(); return; }`.
        let is_stopped = |one: &Condition| {
            let stops = |other: ConditionId| {
                let other = summary.conditions[other.index()];
                other.test == one.test && other.holds != one.holds && other.parent == one.parent
            };
            others.iter().any(|(of, condition)| *of == f && condition.is_some_and(stops))
        };
        // What passes in a frame inside the page does not navigate the page.
        let stops = summary.conditions_at(condition).filter(|condition| {
            let test = V(f.0, condition.test);
            !(self.asks_for_main_frame(test, condition.holds)
                || condition.holds && self.asks_for_event(test, event)
                || self.asks_for_window(test, condition.holds, 0)
                || is_stopped(condition))
        });
        let parts = stops.map(|condition| self.judge(V(f.0, condition.test), !condition.holds, root, 0));
        // Without any, nothing passes at all.
        self.steps.question(|| parts.reduce(Judged::worse)).unwrap_or(judged(Strength::Host, None, None))
    }

    /// Whether a test asks only that there is a window still, as there is where something happens in one: `win && !win.isDestroyed()`.
    fn asks_for_window(&self, test: V, holds: bool, depth: u32) -> bool {
        if depth > MOST_HELPERS {
            return false;
        }
        let go = |id, holds| self.asks_for_window(V(test.0, id), holds, depth + 1);
        let is_window = |id| {
            let values = self.eval(V(test.0, id));
            let is_host = |known: &Known| matches!(&known.thing, Thing::Host(host) if matches!(host.class, "BrowserWindow" | "WebContents" | "WebContentsView"));
            let is_none = |known: &Known| matches!(known.thing, Thing::Null | Thing::Undefined);
            values.iter().any(is_host) && values.iter().all(|known| is_host(known) || is_none(known))
        };
        match self.program.value(test) {
            Value::Unary(Operator::Not, inner) => go(inner, !holds),
            Value::Binary(Operator::And, left, right) => holds && go(left, true) && go(right, true),
            Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) => {
                let is_none = |id| matches!(self.program.value(V(test.0, id)), Value::Null | Value::Undefined);
                (operator == Operator::NotEqual) == holds && is_none(right) && is_window(left)
            }
            Value::Call(call) => {
                let c = C(test.0, call);
                let asks = |path: &str| matches!(path, "BrowserWindow.isDestroyed" | "WebContents.isDestroyed");
                if self.api_of(c).is_some_and(|(path, _)| asks(&path)) {
                    return !holds;
                }
                let helpers = self.functions(V(c.0, self.program.call(c).callee));
                let says = |helper: &F| match self.program.function(*helper).exits.as_slice() {
                    [exit] if !exit.throws && exit.condition.is_none() => {
                        exit.value.is_some_and(|value| self.asks_for_window(V(helper.0, value), holds, depth + 1))
                    }
                    _ => false,
                };
                !helpers.is_empty() && helpers.iter().all(says)
            }
            Value::Binding(_) | Value::Member(..) => holds && is_window(test.1),
            _ => false,
        }
    }

    /// `if (event)`, `if (event && event.preventDefault)`.
    pub(super) fn asks_for_event(&self, test: V, event: Option<(F, u32)>) -> bool {
        let is_event = |v: V| event.is_some() && self.parameter_behind(v) == event;
        match self.program.value(test) {
            Value::Binary(Operator::And, left, right) => {
                self.asks_for_event(V(test.0, left), event) && self.asks_for_event(V(test.0, right), event)
            }
            Value::Member(object, name) => {
                self.program.str(test.0, name) == "preventDefault" && is_event(V(test.0, object))
            }
            _ => is_event(test),
        }
    }

    /// `event.isMainFrame`, where it holds; `!details.isMainFrame`, where it does not.
    fn asks_for_main_frame(&self, test: V, holds: bool) -> bool {
        match self.program.value(test) {
            Value::Unary(Operator::Not, inner) => self.asks_for_main_frame(V(test.0, inner), !holds),
            _ => match self.program.value(self.program.behind(test)) {
                Value::Member(_, name) => holds && self.program.str(test.0, name) == "isMainFrame",
                _ => false,
            },
        }
    }

    /// Everything that holds: the conditions here, and those under which this function was made and is called.
    ///
    /// Tests that end before the byte `rewritten` spoke of what the value was then.
    fn judge_place(
        &self,
        f: F,
        condition: Option<ConditionId>,
        root: &Root,
        rewritten: u32,
        depth: u32,
    ) -> Vec<Judged> {
        let summary = self.program.summary(f.0);
        let mut parts: Vec<Judged> = self.held_by_schema(root).into_iter().chain(self.held_by_answer(root)).collect();
        let (mut at, mut function) = (condition, f.1);
        for _ in 0..128 {
            match at {
                Some(id) => {
                    let condition = summary.conditions[id.index()];
                    if summary.span(condition.test).0 >= rewritten {
                        parts.push(self.judge(V(f.0, condition.test), condition.holds, root, 0));
                    }
                    at = condition.parent;
                }
                None => {
                    let record = summary.function(function);
                    if record.parent == function {
                        break;
                    }
                    if depth < MOST_HELPERS && self.is_from_outside(function, root) {
                        parts.extend(self.where_called(F(f.0, function), root, depth));
                    }
                    at = record.condition;
                    function = record.parent;
                }
            }
        }
        parts
    }

    /// Whether a function sees a value that a function around it has.
    fn is_from_outside(&self, function: FunctionId, root: &Root) -> bool {
        match root.base {
            Base::Parameter(of, _) => of != function,
            Base::Binding(binding) => self.program.summary(root.unit).bindings[binding.index()].function != function,
            Base::Call(call) => self.program.summary(root.unit).call(call).function != function,
            Base::This(_) => false,
        }
    }

    /// What holds wherever a function is called that is made in one place and called in others: `if (isSafe(url)) open()`.
    fn where_called(&self, f: F, root: &Root, depth: u32) -> Option<Judged> {
        if self.program.callback_of(f).is_some() || self.program.function(f).name.is_none() {
            return None;
        }
        // Functions that call each other lead here in as many ways as there are paths between them.
        let key = (f, root.clone(), depth);
        if let Some(known) = self.around.borrow().get(&key) {
            return known.clone();
        }
        let mut places: Vec<C> = self.program.callers(f).to_vec();
        places.extend(self.program.handed_over(f).into_iter().map(|(c, _)| c));
        let one = |c: &C| {
            let call = self.program.call(*c);
            Judged::all(self.judge_place(F(c.0, call.function), call.condition, root, 0, depth + 1))
        };
        let inside = |c: &C| c.0 == f.0 && !self.program.encloses(f, F(c.0, self.program.call(*c).function));
        let found = (!places.is_empty() && places.iter().all(inside)).then(|| Judged::any(places.iter().map(one)));
        if !self.steps.were_used_up() {
            self.around.borrow_mut().insert(key, found.clone());
        }
        found
    }

    /// The byte before which tests of a variable do not count at a call, since something else was written into it in between.
    fn rewritten_before(&self, c: C, root: &Root) -> u32 {
        let Base::Binding(binding) = root.base else { return 0 };
        let call = self.program.call(c);
        let summary = self.program.summary(root.unit);
        let writes = summary.bindings[binding.index()].writes.iter().rev();
        writes
            .filter(|write| root.unit == c.0 && write.function == call.function && write.order < call.order)
            .take(MOST_BEFORE)
            .find(|write| !self.keeps(V(root.unit, write.value), root))
            .map_or(0, |write| write.span.1)
    }

    /// Whether a value is an address with what was there before at its beginning.
    fn keeps(&self, v: V, root: &Root) -> bool {
        match self.program.value(v) {
            Value::Template(list) => {
                let items = self.program.summary(v.0).items(list);
                items.first().is_some_and(|first| self.root(V(v.0, first.value)).as_ref() == Some(root))
            }
            _ => self.root(v).as_ref() == Some(root),
        }
    }

    /// How well `filter` holds what is left in the list that it gives, or `find` what it finds.
    pub(super) fn held_by_filter(&self, c: C) -> Judged {
        let root = Root { unit: c.0, base: Base::Call(c.1), path: Vec::new() };
        self.steps.question(|| Judged::all(self.filtered(&root)))
    }

    /// What holds of an element of a list that went through `filter`.
    fn filtered(&self, root: &Root) -> Vec<Judged> {
        let mut parts = Vec::new();
        let unit = root.unit;
        let method = |call: crate::summary::CallId| {
            let callee = V(unit, self.program.summary(unit).call(call).callee);
            match self.program.value(callee) {
                Value::Member(object, name) => Some((V(unit, object), self.program.str(unit, name))),
                _ => None,
            }
        };
        let (mut list, path) = match root.base {
            Base::Parameter(function, 0) => match self.program.callback_of(F(unit, function)) {
                Some((C(of, call), 0)) if of == unit => match method(call) {
                    Some((object, "forEach" | "map" | "flatMap" | "some" | "every")) => {
                        (self.program.value(object), &root.path[..])
                    }
                    _ => return parts,
                },
                _ => return parts,
            },
            Base::Call(call) => match (method(call), root.path.split_first()) {
                (Some((_, "filter")), Some((first, path))) if first == "[]" || first.parse::<u32>().is_ok() => {
                    (Value::Call(call), path)
                }
                // All that the list holds.
                (Some((_, "filter")), None) => (Value::Call(call), &root.path[..]),
                (Some((_, "find" | "findLast")), _) => (Value::Call(call), &root.path[..]),
                _ => return parts,
            },
            _ => return parts,
        };
        for _ in 0..8 {
            match list {
                Value::Binding(binding) => match self.program.summary(unit).written_once(binding) {
                    Some(only) => list = self.program.value(V(unit, only)),
                    _ => break,
                },
                Value::Call(call) => {
                    let Some((object, "filter" | "find" | "findLast" | "slice" | "reverse")) = method(call) else {
                        break;
                    };
                    let predicates =
                        self.program.argument(C(unit, call), 0).map_or_else(Vec::new, |v| self.functions(v));
                    for predicate in predicates {
                        let mut element = parameter_root(predicate, 0);
                        element.path = path.to_vec();
                        parts.extend(self.judge_returned(predicate, None, true, &element, 0));
                    }
                    list = self.program.value(object);
                }
                _ => break,
            }
        }
        parts
    }

    /// `assertSafe(url)` before the call: a function that throws or never returns unless the value is good.
    fn asserted_before(&self, c: C, subject: V) -> Option<Judged> {
        let root = self.root(subject)?;
        let call = self.program.call(c);
        let f = F(c.0, call.function);
        let mut best: Option<Judged> = None;
        // `assertSafe(url).then(() => open(url))`.
        let settled = self.settled(f).and_then(|promise| self.call_behind(promise));
        let asserting = self.asserting(f);
        let before = asserting.iter().copied().rev().filter(|other| self.program.call(*other).order < call.order);
        for other in before.take(MOST_BEFORE).chain(settled) {
            let record = self.program.call(other);
            let is_before = || self.dominates(c.0, record.condition, call.condition);
            if settled != Some(other) && !is_before() || self.is_swallowed(other, c) {
                continue;
            }
            let mut consider = |found: Judged| {
                if best.as_ref().is_none_or(|best| found.strength > best.strength) {
                    best = Some(found);
                }
            };
            if let Some(tested) = self.tested_by_assertion(other) {
                consider(self.judge(tested, true, &root, 1));
            }
            let callee = V(other.0, record.callee);
            let mut throws_unless = |helper: F, inner: &Root| {
                for exit in self.program.function(helper).exits.iter().filter(|exit| exit.throws) {
                    let Some(id) = exit.condition else { continue };
                    let condition = self.program.summary(helper.0).conditions[id.index()];
                    consider(self.judge(V(helper.0, condition.test), !condition.holds, inner, 1));
                }
            };
            // `const check = () => { if (!isSafe(url)) throw … }`.
            if self.is_closure(callee) {
                self.functions(callee).into_iter().for_each(|helper| throws_unless(helper, &root));
            }
            for (index, item) in self.program.arguments(other).iter().enumerate() {
                if item.spread || self.root(V(other.0, item.value)).as_ref() != Some(&root) {
                    continue;
                }
                for helper in self.functions(callee) {
                    throws_unless(helper, &parameter_root(helper, index as u32));
                }
            }
        }
        best
    }

    /// The calls in a function that may throw by what they are given, in their order.
    fn asserting(&self, f: F) -> Rc<[C]> {
        if let Some(known) = self.asserting.borrow().get(&f) {
            return known.clone();
        }
        let throws = |helper: F| self.program.function(helper).exits.iter().any(|exit| exit.throws);
        let asserts = |c: &C| {
            let call = self.program.call(*c);
            call.function == f.1
                && (self.tested_by_assertion(*c).is_some()
                    || self.functions(V(c.0, call.callee)).into_iter().any(throws))
        };
        let found: Rc<[C]> = self.calls_inside(f).into_iter().filter(asserts).collect();
        self.asserting.borrow_mut().insert(f, found.clone());
        found
    }

    /// Whether what one call throws is caught, and a later call made all the same: `try { check(url) } catch { warn() } open(url)`.
    fn is_swallowed(&self, thrown: C, later: C) -> bool {
        let summary = self.program.summary(later.0);
        let (at, then) = (self.program.call(thrown).span, self.program.call(later));
        let within = |(start, end): Range, span: Range| start <= span.0 && span.1 <= end;
        let exits = &summary.function(then.function).exits;
        let leaves = |handler: Range| {
            let text = self.text(self.program.place(later.0, handler));
            exits.iter().any(|exit| within(handler, exit.span))
                || ["continue", "break", "exit(", "quit("].iter().any(|word| text.contains(word))
        };
        let goes_on = |handler: Range| !within(handler, then.span) && !leaves(handler);
        let mut around =
            summary.tries.iter().filter(|tried| within(tried.block, at) && !within(tried.block, then.span));
        thrown.0 == later.0 && around.any(|tried| tried.handler.is_some_and(goes_on))
    }

    /// What a function of a package throws unless it holds: `assert(test)`, `assert.ok(test)`, `invariant(test)`.
    ///
    /// <https://nodejs.org/api/assert.html>
    fn tested_by_assertion(&self, c: C) -> Option<V> {
        let callee = V(c.0, self.program.call(c).callee);
        let asserts = |known: &Known| match &known.thing {
            Thing::Api(path) => matches!(
                &**path,
                "assert"
                    | "assert.ok"
                    | "assert.default"
                    | "assert.strict"
                    | "assert.strict.ok"
                    | "assert/strict"
                    | "assert/strict.ok"
                    | "assert/strict.default"
                    | "invariant"
                    | "invariant.default"
                    | "tiny-invariant"
                    | "tiny-invariant.default"
            ),
            _ => false,
        };
        self.eval(callee).iter().any(asserts).then(|| self.program.argument(c, 0)).flatten()
    }

    /// Whether what holds at `first` also holds at `second`.
    pub(super) fn dominates(&self, unit: UnitId, first: Option<ConditionId>, second: Option<ConditionId>) -> bool {
        let Some(first) = first else { return true };
        let summary = self.program.summary(unit);
        let mut at = second;
        for _ in 0..128 {
            match at {
                Some(id) if id == first => return true,
                Some(id) => at = summary.conditions[id.index()].parent,
                None => return false,
            }
        }
        false
    }
}
