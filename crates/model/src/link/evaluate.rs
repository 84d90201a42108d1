//! What a value is: one function over the value language, lazy, remembering, and bounded.

use std::rc::Rc;

use super::memo::{Depends, Kept};
use super::things::*;
use super::{C, F, K, Program, V, Variable};
use crate::summary::*;

/// Things that a value may be before it counts as unknown.
const MOST_ALTERNATIVES: usize = 16;

/// As [`MOST_ALTERNATIVES`], for functions and texts: tables of handlers and of links are long.
const MOST_ENTRIES: usize = 128;

/// Values that are gathered before those that are alike are put together.
pub(super) const MOST_VALUES: usize = 256;

/// Steps that are followed in a row.
const MOST_STEPS: u32 = 220;

impl Program<'_> {
    /// What a value is, where parameters are the arguments of the calls in `frames`.
    pub fn eval_in(&self, v: V, frames: &Frames) -> Values {
        let mode = usize::from(self.shallow.get());
        if frames.is_empty() {
            if let Kept::Known(values, depends) = self.memo.plain(v, mode) {
                self.lean_on(depends);
                return values;
            }
        } else if let Some((values, depends)) = self.memo.free(v, mode) {
            self.lean_on(depends);
            return values;
        }
        self.find(v, frames)
    }

    /// What was found rests on something that depends on this.
    fn lean_on(&self, depends: Depends) {
        self.depends.set(self.depends.get() | depends.mode);
        self.assumes.set(self.assumes.get() | depends.frames);
        self.is_loose.set(self.is_loose.get() | depends.loose);
    }

    /// As [`Program::eval_in`], for what is not known yet.
    fn find(&self, v: V, frames: &Frames) -> Values {
        // Calls of functions in which the value does not stand say nothing of it.
        let kept = (!frames.is_empty()).then(|| F(v.0, self.summary(v.0).owner(v.1)));
        let kept = kept.map(|owner| frames.only(|function| self.encloses(function, owner)));
        let frames = kept.as_ref().unwrap_or(frames);
        let shallow = self.shallow.get();
        let mode = usize::from(shallow);
        let mut reentered = None;
        if frames.is_empty() {
            match self.memo.plain(v, mode) {
                Kept::Known(values, depends) => {
                    self.lean_on(depends);
                    return values;
                }
                Kept::Open(depth) => reentered = Some(depth),
                Kept::Nothing => {}
            }
            if let Some(first) = self.first_reading(v) {
                return self.eval_in(first, frames);
            }
        } else if let Some((values, depends)) = self.memo.framed(v, frames, mode) {
            self.lean_on(depends);
            return values;
        }
        let key = (v, frames.id(), shallow);
        self.budget.step();
        let depth = self.depth.get();
        if depth == 0 {
            self.budget.ask(v.0);
        }
        if !frames.is_empty() {
            reentered = self.open.borrow().get(&key).copied();
        }
        if let Some(outer) = reentered {
            self.hit.set(self.hit.get().min(outer));
            return Rc::from([Known::unknown(Unknown::Limit, Some(v))]);
        }
        if depth > MOST_STEPS || self.budget.is_over() {
            self.hit.set(0);
            return Rc::from([Known::unknown(Unknown::Limit, Some(v))]);
        }
        if frames.is_empty() {
            self.memo.open(v, mode, depth, self.summary(v.0).values.len());
        } else {
            self.open.borrow_mut().insert(key, depth);
        }
        self.depth.set(depth + 1);
        let outer = self.hit.replace(u32::MAX);
        let around = Depends {
            mode: self.depends.replace(false),
            frames: self.assumes.replace(false),
            loose: self.is_loose.replace(false),
        };
        let (values, is_part) = self.bounded(self.compute(v, frames), v);
        let hit = self.hit.get();
        // What ran into something open may be more when it is asked for otherwise.
        let is_cut = hit != u32::MAX;
        // What an evaluation that is still open left unknown may be more when it is asked for by itself: it is remembered until
        // the outermost one is done, so that a tangle costs its size and not its paths.
        let provisional =
            hit < depth && depth > 0 && (is_part || self.is_loose.get() || values.iter().any(Known::is_unknown));
        let depends = Depends {
            mode: self.depends.get() || is_cut,
            frames: self.assumes.get() || is_cut || values.iter().any(|known| known.thing.has_frames()),
            loose: self.is_loose.get() || provisional,
        };
        self.lean_on(depends);
        self.lean_on(around);
        self.depth.set(depth);
        if !frames.is_empty() {
            self.open.borrow_mut().remove(&key);
        }
        self.hit.set(if hit < depth { hit.min(outer) } else { outer });
        self.memo.keep(v, frames, mode, &values, depends, self.summary(v.0).values.len());
        if provisional {
            let is_cut = self.budget.is_over();
            self.provisional.borrow_mut().push((v, frames.clone(), shallow, is_cut));
        }
        if depth == 0 {
            // A tangle that cost much is paid once; what was cut short in it is not believed.
            let is_dear = self.budget.answered(v.0);
            for (v, frames, shallow, is_cut) in self.provisional.borrow_mut().drain(..) {
                if is_dear && !is_cut {
                    continue;
                }
                self.memo.forget(v, frames, usize::from(shallow));
            }
        }
        values
    }

    /// Counts one step of a question that looks into many objects; `false` when it cost as much as it may. What is then found is not kept.
    pub(super) fn may_go_on(&self) -> bool {
        self.budget.step();
        let may = !self.budget.is_over();
        if !may && self.depth.get() > 0 {
            self.hit.set(0);
        }
        may
    }

    /// What this gives, and whether it can be remembered: it did not run into what is being evaluated, nor rest on what that left open,
    /// nor was it cut short.
    pub(super) fn surely<T>(&self, find: impl FnOnce() -> T) -> (T, bool) {
        let outer = self.hit.replace(u32::MAX);
        let outer_loose = self.is_loose.replace(false);
        let found = find();
        let (hit, is_loose) = (self.hit.get(), self.is_loose.get());
        self.hit.set(hit.min(outer));
        self.is_loose.set(is_loose || outer_loose);
        (found, hit == u32::MAX && !is_loose && !self.budget.is_over())
    }

    /// Another reading of the same variable, for one that has more values than are kept: they are the same for every reading, so that
    /// many readings of many values cost their sum and not their product.
    fn first_reading(&self, v: V) -> Option<V> {
        let variable = match self.value(v) {
            Value::Binding(binding) => {
                let writes = &self.summary(v.0).bindings[binding.index()].writes;
                (writes.len() > MOST_ALTERNATIVES).then_some(Variable::Binding(v.0, binding))?
            }
            Value::Global(name) => {
                let name = self.str(v.0, name);
                (self.writes_to(name).len() > MOST_ALTERNATIVES).then(|| Variable::Global(Rc::from(name)))?
            }
            _ => return None,
        };
        let first = *self.readings.borrow_mut().entry(variable).or_insert(v);
        (first != v).then_some(first)
    }

    /// The values that are kept, each once, and whether some are left out that are still being evaluated.
    fn bounded(&self, values: Vec<Known>, v: V) -> (Values, bool) {
        let mut kept: Vec<Known> = Vec::with_capacity(values.len().min(MOST_ALTERNATIVES));
        let is_entry = |known: &Known| matches!(known.thing, Thing::Function(..) | Thing::Text(_) | Thing::Undefined);
        let most = if values.iter().all(is_entry) { MOST_ENTRIES } else { MOST_ALTERNATIVES };
        for known in values {
            // Two objects of one class: which of them it is, is not known.
            if let Thing::Instance(class, _) = &known.thing
                && let Some(other) = kept.iter_mut().find(|other| other.is_another(*class, &known))
            {
                other.thing = Thing::Instance(*class, None);
                other.certainty = other.certainty.max(known.certainty);
                continue;
            }
            if let Thing::Host(host @ Host { origin: Origin::Created(made, _), .. }) = &known.thing
                && let Some(other) = kept.iter_mut().find(|other| other.is_another_of_function(host, &known))
            {
                other.thing = Thing::Host(Host { class: host.class, origin: Origin::Created(*made, None) });
                other.certainty = other.certainty.max(known.certainty);
                continue;
            }
            let same =
                kept.iter().position(|other| other.thing == known.thing && other.development == known.development);
            match same {
                Some(index) => {
                    if known.certainty > kept[index].certainty {
                        kept[index] = known;
                    }
                }
                None if kept.len() < most => kept.push(known),
                None => {
                    kept.push(Known::unknown(Unknown::Limit, Some(v)));
                    break;
                }
            }
        }
        // A loop adds nothing to what is known besides.
        let mut is_part = false;
        if kept.len() > 1 {
            let whole: Vec<Known> =
                kept.iter().filter(|known| !matches!(known.thing, Thing::Unknown(Unknown::Limit))).cloned().collect();
            if !whole.is_empty() && kept.len() <= most {
                is_part = whole.len() < kept.len();
                kept = whole;
            }
        }
        if kept.is_empty() {
            kept.push(Known::unknown(Unknown::Other(v), Some(v)));
        }
        (Rc::from(kept), is_part)
    }

    fn compute(&self, v: V, frames: &Frames) -> Vec<Known> {
        let one = |thing| vec![Known::new(thing, v, Certainty::Certain)];
        let unit = v.0;
        let at = |id: ValueId| V(unit, id);
        match self.value(v) {
            Value::Undefined => one(Thing::Undefined),
            Value::Null => one(Thing::Null),
            Value::Bool(bool) => one(Thing::Bool(bool)),
            Value::Number(number) => one(Thing::Number(number)),
            Value::String(name) => one(Thing::Text(Rc::from(self.str(unit, name)))),
            Value::Regex(pattern, flags) => {
                one(Thing::Regex(Rc::from(self.str(unit, pattern)), Rc::from(self.str(unit, flags))))
            }
            Value::Template(list) => {
                let items = self.summary(unit).items(list);
                self.joined(items.iter().map(|item| at(item.value)), v, frames)
            }
            Value::Object(_) => one(Thing::Object(Object::Literal(v, frames.clone()))),
            Value::Array(_) => one(Thing::Array(v, frames.clone())),
            Value::Function(function) => one(Thing::Function(F(unit, function), frames.clone())),
            Value::Class(class) => one(Thing::Class(K(unit, class))),
            Value::Conditional { test, then, other } => self.conditional(at(test), at(then), at(other), frames),
            Value::Binary(operator, left, right) => self.binary(operator, at(left), at(right), v, frames),
            Value::Unary(operator, operand) => self.unary(operator, at(operand), v, frames),
            Value::Member(object, name) => {
                let name = self.str(unit, name);
                self.member(at(object), name, v, frames)
            }
            Value::Index(object, index) => self.indexed(at(object), at(index), v, frames),
            Value::RestOf(object) => self
                .eval_in(at(object), frames)
                .iter()
                .map(|known| match &known.thing {
                    Thing::Object(_) => {
                        Known { thing: Thing::Object(Object::Rest(v, frames.clone())), ..known.clone() }
                            .via(self.span(v))
                    }
                    Thing::Api(_) | Thing::Namespace(_) | Thing::Array(..) => known.clone(),
                    _ => Known::unknown(Unknown::Other(v), Some(v)),
                })
                .collect(),
            Value::Call(call) => self.called(C(unit, call), v, frames),
            Value::Binding(binding) => self.binding(unit, binding, v, frames),
            Value::Global(name) => self.global(self.str(unit, name), v),
            Value::This(function) => self.this(F(unit, function), v, frames),
            Value::Super(function) => self.superclass(F(unit, function), v),
            Value::Module(import) => self.module(v, import).to_vec(),
            Value::ImportName(import, name) => self.imported(v, import, self.str(unit, name)).to_vec(),
            Value::Parameter(function, index) => self.parameter(F(unit, function), index, v, frames),
            Value::RestParameter(..) | Value::KeyOf(_) | Value::Unknown => {
                vec![Known::unknown(Unknown::Other(v), Some(v))]
            }
            Value::Await(inner) => self.eval_in(at(inner), frames).to_vec(),
            Value::ElementOf(list) => self.element_of(at(list), v, frames),
            Value::ImportMeta => one(Thing::Api(Rc::from("import.meta"))),
        }
    }

    pub(super) fn step(&self, values: &Values, v: V) -> Vec<Known> {
        let span = self.span(v);
        values.iter().cloned().map(|known| known.via(span)).collect()
    }
}
