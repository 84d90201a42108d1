//! What a value is: one function over the value language, lazy, remembering, and bounded.

use std::rc::Rc;

use super::members::is_development_address;
use super::things::*;
use super::{C, F, K, MOST_WORK, Program, Target, UnitId, V, Variable, electron};
use crate::summary::*;

/// Things that a value may be before it counts as unknown.
const MOST_ALTERNATIVES: usize = 16;

/// As [`MOST_ALTERNATIVES`], for functions and texts: tables of handlers and of links are long.
const MOST_ENTRIES: usize = 128;

/// Writes to one variable that are looked at; what the others write is unknown.
const MOST_WRITES: usize = 256;

/// Values that are gathered before those that are alike are put together.
pub(super) const MOST_VALUES: usize = 256;

/// Steps that are followed in a row.
const MOST_STEPS: u32 = 220;

/// Steps that one question may cost: what is more entangled is unknown, and the next question starts afresh.
const MOST_WORK_AT_ONCE: u64 = 50_000;

/// Steps after which what a question left open is kept as it is, and not asked for again.
const MUCH_WORK: u64 = 5_000;

/// How often the work at once is halved for a file whose questions came to no end. Most such files are libraries, written into one
/// function and with names of one letter: they must not use up what the app's own code may cost.
const MOST_HALVINGS: u32 = 7;

impl Program<'_> {
    /// What a value is, where parameters are the arguments of the calls in `frames`.
    pub fn eval_in(&self, v: V, frames: &Frames) -> Values {
        // Calls of functions in which the value does not stand say nothing of it.
        let kept = (!frames.is_empty()).then(|| F(v.0, self.summary(v.0).owner(v.1)));
        let kept = kept.map(|owner| frames.only(|function| self.encloses(function, owner)));
        let frames = kept.as_ref().unwrap_or(frames);
        let shallow = self.shallow.get();
        let (memo, framed) = (&self.memo[usize::from(shallow)], &self.framed[usize::from(shallow)]);
        if frames.is_empty() {
            if let Some(values) = memo.borrow().get(&v) {
                return values.clone();
            }
        } else if let Some(values) = framed.borrow().get(&(v, frames.clone())) {
            return values.clone();
        }
        if frames.is_empty()
            && let Some(first) = self.first_reading(v)
        {
            return self.eval_in(first, frames);
        }
        let key = (v, frames.id(), shallow);
        self.work.set(self.work.get() + 1);
        let depth = self.depth.get();
        if depth == 0 {
            self.asked_at.set(self.work.get());
            self.allowed.set(MOST_WORK_AT_ONCE >> self.tangles(v.0).min(MOST_HALVINGS));
        }
        if let Some(&outer) = self.open.borrow().get(&key) {
            self.hit.set(self.hit.get().min(outer));
            return Rc::from([Known::unknown(Unknown::Limit, Some(v))]);
        }
        if depth > MOST_STEPS || self.is_tired() {
            self.hit.set(0);
            return Rc::from([Known::unknown(Unknown::Limit, Some(v))]);
        }
        self.open.borrow_mut().insert(key, depth);
        self.depth.set(depth + 1);
        let outer = self.hit.replace(u32::MAX);
        let values = self.bounded(self.compute(v, frames), v);
        let hit = self.hit.get();
        self.depth.set(depth);
        self.open.borrow_mut().remove(&key);
        // What an evaluation that is still open left unknown may be more when it is asked for by itself: it is remembered until
        // the outermost one is done, so that a tangle costs its size and not its paths.
        self.hit.set(if hit < depth { hit.min(outer) } else { outer });
        let provisional = hit < depth && depth > 0 && values.iter().any(Known::is_unknown);
        if frames.is_empty() {
            memo.borrow_mut().insert(v, values.clone());
        } else {
            framed.borrow_mut().insert((v, frames.clone()), values.clone());
        }
        if provisional {
            let is_cut = self.is_tired();
            self.provisional.borrow_mut().push((v, frames.clone(), shallow, is_cut));
        }
        if depth == 0 {
            if self.is_tired() {
                self.tangle(v.0);
            }
            // A tangle that cost much is paid once; what was cut short in it is not believed.
            let is_dear = self.is_tired() || self.work.get() - self.asked_at.get() > MUCH_WORK;
            for (v, frames, shallow, is_cut) in self.provisional.borrow_mut().drain(..) {
                if is_dear && !is_cut {
                    continue;
                }
                let mode = usize::from(shallow);
                if frames.is_empty() {
                    self.memo[mode].borrow_mut().remove(&v);
                } else {
                    self.framed[mode].borrow_mut().remove(&(v, frames));
                }
            }
        }
        values
    }

    /// Whether this question, or all of them, cost as much as they may.
    pub(super) fn is_tired(&self) -> bool {
        let work = self.work.get();
        work > MOST_WORK || work - self.asked_at.get() > self.allowed.get()
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

    fn bounded(&self, values: Vec<Known>, v: V) -> Values {
        let mut kept: Vec<Known> = Vec::with_capacity(values.len().min(MOST_ALTERNATIVES));
        let is_entry = |known: &Known| matches!(known.thing, Thing::Function(..) | Thing::Text(_) | Thing::Undefined);
        let most = if values.iter().all(is_entry) { MOST_ENTRIES } else { MOST_ALTERNATIVES };
        for known in values {
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
        if kept.len() > 1 {
            let whole: Vec<Known> =
                kept.iter().filter(|known| !matches!(known.thing, Thing::Unknown(Unknown::Limit))).cloned().collect();
            if !whole.is_empty() && kept.len() <= most {
                kept = whole;
            }
        }
        if kept.is_empty() {
            kept.push(Known::unknown(Unknown::Other(v), Some(v)));
        }
        Rc::from(kept)
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

    fn step(&self, values: &Values, v: V) -> Vec<Known> {
        let span = self.span(v);
        values.iter().cloned().map(|known| known.via(span)).collect()
    }

    fn conditional(&self, test: V, then: V, other: V, frames: &Frames) -> Vec<Known> {
        let tested = self.eval_in(test, frames);
        if let [only] = tested.as_ref()
            && let Some(truth) = only.thing.truthy()
        {
            let taken = if truth { then } else { other };
            return self.eval_in(taken, frames).iter().cloned().map(|known| known.at_most(Certainty::Firm)).collect();
        }
        let development = match tested.as_ref() {
            [Known { thing: Thing::Development(yes), .. }] => Some(*yes),
            [Known { thing: Thing::Api(path), .. }] if is_development_address(path) => Some(true),
            _ => None,
        };
        let mut values = Vec::new();
        for (branch, holds) in [(then, true), (other, false)] {
            for known in self.eval_in(branch, frames).iter() {
                let mut known = known.clone().at_most(Certainty::Firm);
                if let Some(yes) = development {
                    known.development = Some(yes == holds);
                }
                values.push(known);
            }
        }
        values
    }

    fn binary(&self, operator: Operator, left: V, right: V, v: V, frames: &Frames) -> Vec<Known> {
        match operator {
            Operator::And | Operator::Or | Operator::Nullish | Operator::Default => {
                let lefts = self.eval_in(left, frames);
                let mut values = Vec::new();
                let mut goes_on = false;
                let mut development = None;
                for known in lefts.iter() {
                    // Whether this left value is the result.
                    let stays = match operator {
                        Operator::And => known.thing.truthy().map(|truth| !truth),
                        Operator::Or => known.thing.truthy(),
                        Operator::Nullish => known.thing.nullish().map(|nullish| !nullish),
                        _ => match known.thing {
                            Thing::Undefined => Some(false),
                            Thing::Unknown(_) | Thing::Result(..) => None,
                            _ => Some(true),
                        },
                    };
                    if let Thing::Development(yes) = known.thing {
                        // `isDev && x`: x in development, false otherwise.
                        let when = if operator == Operator::And { yes } else { !yes };
                        development = Some(when);
                        if matches!(operator, Operator::And | Operator::Or) {
                            values.push(Known {
                                thing: Thing::Bool(operator == Operator::Or),
                                development: Some(!when),
                                ..known.clone()
                            });
                            goes_on = true;
                            continue;
                        }
                    }
                    if stays != Some(false) {
                        values.push(known.clone().at_most(Certainty::Firm));
                    }
                    goes_on |= stays != Some(true);
                }
                if goes_on {
                    for known in self.eval_in(right, frames).iter() {
                        let mut known = known.clone();
                        if lefts.len() > 1 || values.iter().any(Known::is_unknown) || !values.is_empty() {
                            known = known.at_most(Certainty::Firm);
                        }
                        known.development = known.development.or(development);
                        values.push(known);
                    }
                }
                values
            }
            Operator::Add => self.joined([left, right].into_iter(), v, frames),
            Operator::Equal | Operator::NotEqual => {
                vec![Known::new(self.equality(operator == Operator::Equal, left, right, v, frames), v, Certainty::Firm)]
            }
            _ => vec![Known::unknown(Unknown::Other(v), Some(v))],
        }
    }

    fn equality(&self, equal: bool, left: V, right: V, v: V, frames: &Frames) -> Thing {
        let (lefts, rights) = (self.eval_in(left, frames), self.eval_in(right, frames));
        let ([a], [b]) = (lefts.as_ref(), rights.as_ref()) else { return Thing::Unknown(Unknown::Other(v)) };
        match (&a.thing, &b.thing) {
            (Thing::Api(path), Thing::Text(text)) | (Thing::Text(text), Thing::Api(path))
                if matches!(
                    &**path,
                    "process.env.NODE_ENV"
                        | "import.meta.env.MODE"
                        | "process.env.ELECTRON_ENV"
                        | "process.env.BUILD_ENV"
                ) =>
            {
                match &**text {
                    "development" | "dev" | "test" | "testing" => Thing::Development(equal),
                    "production" | "prod" => Thing::Development(!equal),
                    _ => Thing::Unknown(Unknown::Other(v)),
                }
            }
            (Thing::Development(yes), Thing::Bool(bool)) | (Thing::Bool(bool), Thing::Development(yes)) => {
                Thing::Development((yes == bool) == equal)
            }
            // `process.env.VITE_DEV_SERVER_URL == null`
            (Thing::Api(path), Thing::Null | Thing::Undefined) | (Thing::Null | Thing::Undefined, Thing::Api(path))
                if is_development_address(path) =>
            {
                Thing::Development(!equal)
            }
            (Thing::Text(a), Thing::Text(b)) => Thing::Bool((a == b) == equal),
            (Thing::Bool(a), Thing::Bool(b)) => Thing::Bool((a == b) == equal),
            (Thing::Number(a), Thing::Number(b)) => Thing::Bool((a == b) == equal),
            _ => Thing::Unknown(Unknown::Other(v)),
        }
    }

    fn unary(&self, operator: Operator, operand: V, v: V, frames: &Frames) -> Vec<Known> {
        match operator {
            Operator::Void => vec![Known::new(Thing::Undefined, v, Certainty::Certain)],
            Operator::Not => self
                .eval_in(operand, frames)
                .iter()
                .map(|known| {
                    let thing = match (&known.thing, known.thing.truthy()) {
                        (Thing::Development(yes), _) => Thing::Development(!yes),
                        (Thing::Api(path), _) if is_development_address(path) => Thing::Development(false),
                        (_, Some(truth)) => Thing::Bool(!truth),
                        _ => Thing::Unknown(Unknown::Other(v)),
                    };
                    Known { thing, ..known.clone().at_most(Certainty::Firm) }
                })
                .collect(),
            _ => vec![Known::unknown(Unknown::Other(v), Some(v))],
        }
    }

    /// Every thing that was ever written into a variable.
    fn binding(&self, unit: UnitId, id: BindingId, v: V, frames: &Frames) -> Vec<Known> {
        let binding = &self.summary(unit).bindings[id.index()];
        let mut values = Vec::new();
        let mut looked_at = 0;
        for write in binding.writes.iter().take(MOST_WRITES) {
            if values.len() >= MOST_VALUES {
                break;
            }
            looked_at += 1;
            if self.is_unreached(unit, write.function) {
                continue;
            }
            let span = self.place(unit, write.span);
            let development = self.development_of(unit, write.condition, frames);
            for known in self.eval_in(V(unit, write.value), frames).iter() {
                if binding.writes.len() > 1 && matches!(known.thing, Thing::Null | Thing::Undefined) {
                    continue;
                }
                let parameter = matches!(self.value(V(unit, write.value)), Value::Parameter(..));
                let mut known = if parameter {
                    known.clone().at_most(Certainty::Firm)
                } else if binding.writes.len() == 1 && self.is_import(unit, write.value) {
                    // The name under which a module is imported says literally what it is.
                    known.clone()
                } else {
                    known.clone().via(span)
                };
                known.development = known.development.or(development);
                values.push(known);
            }
        }
        if binding.writes.len() > looked_at {
            values.push(Known::new(Thing::Unknown(Unknown::Other(v)), v, Certainty::Tentative));
        }
        if values.is_empty() || values.iter().all(Known::is_unknown) {
            if let Some(known) = binding.type_hint.and_then(|hint| self.hinted(V(unit, hint), v)) {
                return vec![known];
            }
            if values.is_empty() {
                let missing = if binding.writes.is_empty() { Thing::Unknown(Unknown::Other(v)) } else { Thing::Null };
                values.push(Known::new(missing, v, Certainty::Firm));
            }
        }
        // A list of modules that hands them out by a name gives nothing that is known.
        let nothing = |known: &Known| {
            known.is_unknown() && !matches!(known.thing, Thing::Unknown(Unknown::Limit))
                || matches!(known.thing, Thing::Undefined)
        };
        if !binding.writes.is_empty()
            && values.iter().all(nothing)
            && electron::CALLED.contains(&self.str(unit, binding.name))
        {
            let module = self.api_member("electron", self.str(unit, binding.name));
            return vec![Known::new(module, v, Certainty::Firm)];
        }
        values
    }

    /// Whether a value is an imported name, or a member of a module: `require('electron').shell`.
    fn is_import(&self, unit: UnitId, value: ValueId) -> bool {
        let summary = self.summary(unit);
        let outside = |import| matches!(self.target(unit, import), Target::External(_));
        match summary.value(value) {
            Value::ImportName(import, _) | Value::Module(import) => outside(import),
            Value::Member(object, _) => match summary.value(object) {
                Value::Module(import) => outside(import),
                Value::Binding(binding) => match summary.bindings[binding.index()].writes.as_slice() {
                    [only] => matches!(summary.value(only.value), Value::Module(import) if outside(import)),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// An object of the class that a type names.
    pub(super) fn hinted(&self, hint: V, v: V) -> Option<Known> {
        let values = self.eval(hint);
        let [known] = values.as_ref() else { return None };
        match &known.thing {
            Thing::Api(path) => {
                let name = path.rsplit('.').next().unwrap_or(path);
                // An interface of the app's own may be called so too.
                if let Some(module) = electron::typed(name).filter(|_| self.is_of_electron(hint)) {
                    return Some(Known::new(self.api_member("electron", module), v, Certainty::Firm));
                }
                let class = electron::class(match name {
                    "IpcMainInvokeEvent" => "IpcMainEvent",
                    other => other,
                })?;
                Some(Known::new(Thing::Host(Host { class, origin: Origin::Some }), v, Certainty::Firm))
            }
            Thing::Class(class) => Some(Known::new(Thing::Instance(*class), v, Certainty::Firm)),
            _ => None,
        }
    }

    /// A name imported from Electron, or a member of its namespace.
    fn is_of_electron(&self, v: V) -> bool {
        match self.value(v) {
            Value::ImportName(import, _) => {
                matches!(self.target(v.0, import), Target::External(module) if module.starts_with("electron"))
            }
            Value::Member(object, _) => {
                let objects = self.eval(V(v.0, object));
                objects.iter().all(|known| matches!(&known.thing, Thing::Api(path) if path.starts_with("electron")))
            }
            Value::Binding(binding) => match self.summary(v.0).bindings[binding.index()].writes.as_slice() {
                [only] => self.is_of_electron(V(v.0, only.value)),
                _ => false,
            },
            _ => false,
        }
    }

    fn parameter(&self, f: F, index: u32, v: V, frames: &Frames) -> Vec<Known> {
        if let Some((call, below)) = frames.find(f) {
            return match self.passed(call, index as usize) {
                Some(argument) => self.step(&self.eval_in(argument, &below), argument),
                None if self.arguments(call).iter().any(|item| item.spread) => {
                    vec![Known::unknown(Unknown::Parameter(f, index), Some(v))]
                }
                None => vec![Known::new(Thing::Undefined, v, Certainty::Firm)],
            };
        }
        let mut values = Vec::new();
        let shallow = self.shallow.get();
        if !shallow {
            for call in self.callers(f).iter() {
                match self.passed(*call, index as usize) {
                    Some(argument) => values.extend(self.step(&self.eval(argument), argument)),
                    // `open(...args)`: any of the list may stand here.
                    None if self.argument_or_spread(*call, index as usize).is_some() => {
                        values.push(Known::unknown(Unknown::Parameter(f, index), Some(v)));
                    }
                    None => values.push(Known::new(Thing::Undefined, v, Certainty::Firm)),
                }
            }
        }
        let handed = if shallow { self.callback_of(f).into_iter().collect() } else { self.handed_over(f) };
        for (call, place) in handed {
            if let Some(known) = self.callback_parameter(call, place, index, v) {
                values.extend(known);
            }
        }
        if values.iter().all(|known| known.is_unknown() || matches!(known.thing, Thing::Undefined)) {
            let hint = self.function(f).parameters.get(index as usize).and_then(|parameter| parameter.type_hint);
            if let Some(known) = hint.and_then(|hint| self.hinted(V(f.0, hint), v)) {
                return vec![known];
            }
        }
        if values.is_empty() {
            values.push(Known::unknown(Unknown::Parameter(f, index), Some(v)));
        }
        values
    }

    /// What a parameter of a function is that was handed to a call.
    fn callback_parameter(&self, call: C, place: u32, index: u32, v: V) -> Option<Vec<Known>> {
        let record = self.call(call);
        let callee = V(call.0, record.callee);
        let host = |(class, origin)| vec![Known::new(Thing::Host(Host { class, origin }), v, Certainty::Firm)];
        for known in self.eval(callee).iter() {
            let (of, method): (&str, &str) = match &known.thing {
                Thing::Method(host, name) => (host.class, name),
                Thing::Api(path) => match path.rsplit_once('.') {
                    Some((of, method)) => (of, method),
                    None => continue,
                },
                // The app's own function that calls what it was given: its arguments there.
                Thing::Function(function, _) => return self.passed_on(*function, place, index, v),
                _ => continue,
            };
            if electron::LISTEN.contains(&method) || electron::HANDLE.contains(&method) {
                let event = self.argument(call, 0).map(|argument| self.eval(argument));
                let event = event.as_ref().and_then(|event| event.iter().find_map(Known::text));
                if place == 1
                    && let Some(found) = electron::listener(of, event.unwrap_or(""), index)
                {
                    return Some(host(found));
                }
            }
            if let Some(found) = electron::callback(of, method, index) {
                return Some(host(found));
            }
        }
        let Value::Member(object, name) = self.value(callee) else { return None };
        let object = V(call.0, object);
        match self.str(call.0, name) {
            "forEach" | "map" | "filter" | "some" | "every" | "find" | "findIndex" | "flatMap"
                if place == 0 && index == 0 =>
            {
                Some(self.element_of(object, v, &Frames::default()))
            }
            "then" if place == 0 && index == 0 => Some(self.step(&self.eval(object), object)),
            name if place == 1 && electron::LISTEN.contains(&name) => {
                let mut values = Vec::new();
                for &emit in self.emits(call).iter() {
                    if let Some(argument) = self.argument(emit, index as usize + 1) {
                        values.extend(self.step(&self.eval(argument), argument));
                    }
                }
                (!values.is_empty()).then_some(values)
            }
            _ => None,
        }
    }

    /// What a function of the app's hands to the callback that it was given as its parameter `place`.
    fn passed_on(&self, function: F, place: u32, index: u32, v: V) -> Option<Vec<Known>> {
        let binding = self.function(function).parameters.get(place as usize)?.binding?;
        let name = self.summary(function.0).bindings[binding.index()].name;
        let mut values = Vec::new();
        for &c in self.calls_named(self.str(function.0, name)) {
            if c.0 != function.0 {
                continue;
            }
            if matches!(self.value(V(c.0, self.call(c).callee)), Value::Binding(called) if called == binding)
                && let Some(argument) = self.argument(c, index as usize)
            {
                values.extend(self.step(&self.eval(argument), argument));
            }
        }
        if values.is_empty() { Some(vec![Known::unknown(Unknown::Other(v), Some(v))]) } else { Some(values) }
    }

    fn this(&self, f: F, v: V, frames: &Frames) -> Vec<Known> {
        let function = self.function(f);
        if let Some(class) = function.class {
            let class = K(f.0, class);
            let is_static = self.summary(f.0).classes[class.1.index()].members.iter().any(|member| {
                member.is_static
                    && member
                        .value
                        .is_some_and(|value| matches!(self.value(V(f.0, value)), Value::Function(own) if own == f.1))
            });
            let thing = if is_static { Thing::Class(class) } else { Thing::Instance(class) };
            return vec![Known::new(thing, v, Certainty::Certain)];
        }
        match function.holder {
            Some(holder) => match self.value(V(f.0, holder)) {
                Value::Object(_) => {
                    vec![Known::new(Thing::Object(Object::Literal(V(f.0, holder), frames.clone())), v, Certainty::Firm)]
                }
                _ => vec![Known::unknown(Unknown::Other(v), Some(v))],
            },
            None => vec![Known::unknown(Unknown::Other(v), Some(v))],
        }
    }

    fn superclass(&self, f: F, v: V) -> Vec<Known> {
        let Some(class) = self.function(f).class else { return vec![Known::unknown(Unknown::Other(v), Some(v))] };
        let Some(superclass) = self.summary(f.0).classes[class.index()].superclass else {
            return vec![Known::unknown(Unknown::Other(v), Some(v))];
        };
        self.eval(V(f.0, superclass))
            .iter()
            .map(|known| match &known.thing {
                Thing::Class(class) => Known { thing: Thing::Instance(*class), ..known.clone() },
                Thing::Api(path) => match electron::class(path.rsplit('.').next().unwrap_or(path)) {
                    Some(class) => Known { thing: Thing::Host(Host { class, origin: Origin::Some }), ..known.clone() },
                    None => Known::unknown(Unknown::Other(v), Some(v)),
                },
                _ => Known::unknown(Unknown::Other(v), Some(v)),
            })
            .collect()
    }

    fn global(&self, name: &str, v: V) -> Vec<Known> {
        if name == "undefined" {
            return vec![Known::new(Thing::Undefined, v, Certainty::Certain)];
        }
        // A variable that no declaration makes, written somewhere: `mainWindow = new BrowserWindow()`.
        let mut values = Vec::new();
        let writes = self.writes_to(name);
        if writes.len() > MOST_WRITES {
            values.push(Known::new(Thing::Unknown(Unknown::Other(v)), v, Certainty::Tentative));
        }
        for &(unit, index) in writes.iter().take(MOST_WRITES) {
            let write = self.summary(unit).writes[index as usize];
            let is_global = matches!(self.value(V(unit, write.object)), Value::Global(object)
                if matches!(self.str(unit, object), "globalThis" | "global" | "window"));
            if let (true, Some(value)) = (is_global, write.value) {
                values.extend(self.step(&self.eval(V(unit, value)), V(unit, value)));
            }
        }
        values.retain(|known| !matches!(known.thing, Thing::Null | Thing::Undefined));
        if !values.is_empty() {
            return values;
        }
        match name {
            "__dirname" | "__filename" => vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Certain)],
            _ if electron::MODULES.contains(&name) => {
                vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Tentative)]
            }
            "Electron" => vec![Known::new(Thing::Api(Rc::from("electron")), v, Certainty::Firm)],
            "electron" => vec![Known::new(Thing::Api(Rc::from("electron")), v, Certainty::Tentative)],
            "__DEV__" => vec![Known::new(Thing::Development(true), v, Certainty::Firm)],
            _ => vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Certain)],
        }
    }

    /// What a call gives.
    fn called(&self, c: C, v: V, frames: &Frames) -> Vec<Known> {
        let call = self.call(c);
        match call.kind {
            CallKind::Jsx => {
                let tag = self.argument(c, 0).and_then(|tag| self.only(tag));
                let tag = tag.as_ref().and_then(Known::text).unwrap_or("");
                return vec![Known::new(Thing::Element(Rc::from(tag), c), v, Certainty::Certain)];
            }
            CallKind::Super | CallKind::Import => return vec![Known::unknown(Unknown::Call(c), Some(v))],
            CallKind::Tagged => {
                // `html`…``: the text that the tag was given.
                return self.argument(c, 0).map_or_else(Vec::new, |text| self.eval_in(text, frames).to_vec());
            }
            CallKind::Call | CallKind::New => {}
        }
        let callee = V(c.0, call.callee);
        if let Some(module) = self.interop(c, frames) {
            return self.step(&module, v);
        }
        if let Some(module) = self.packed(c) {
            return self.loaded(module, v);
        }
        if let Some(bound) = super::bound(self.summary(c.0), call)
            && matches!(self.value(V(c.0, bound)), Value::Member(..) | Value::Binding(_) | Value::ImportName(..))
        {
            let values = self.eval_in(V(c.0, bound), frames);
            if values.iter().any(|known| matches!(known.thing, Thing::Api(_) | Thing::Method(..))) {
                return self.step(&values, v);
            }
        }
        let mut values = Vec::new();
        let binds = matches!(self.value(callee), Value::Member(_, name) if self.str(c.0, name) == "bind");
        for known in self.eval_in(callee, frames).iter() {
            let mut results = match (&known.thing, call.kind) {
                // `this.serve.bind(this)` is the function itself.
                (Thing::Function(..), _) if binds => vec![known.clone()],
                (Thing::Api(path), _) if binds && path.ends_with(".bind") => {
                    let bound = path.strip_suffix(".bind").unwrap_or(path);
                    vec![Known::new(Thing::Api(Rc::from(bound)), v, known.certainty)]
                }
                (Thing::Class(class), _) => vec![Known::new(Thing::Instance(*class), v, Certainty::Certain)],
                (Thing::Api(path), CallKind::New) => vec![Known::new(self.constructed(path, c), v, known.certainty)],
                (Thing::Api(path), _) => self.api_result(path, c, v, frames),
                (Thing::Function(function, inner), _) => self.returned(*function, c, inner, frames, v),
                // `contents.on(…).on(…)`
                (Thing::Method(host, method), _) if electron::CHAIN.contains(&&**method) => {
                    vec![Known::new(Thing::Host(host.clone()), v, Certainty::Firm)]
                }
                (Thing::Method(host, method), _) => match electron::method(host.class, method) {
                    Some(class) => {
                        vec![Known::new(Thing::Host(Host { class, origin: Origin::Some }), v, Certainty::Firm)]
                    }
                    None => vec![Known::new(
                        Thing::Result(Rc::from(format!("{}.{method}", host.class)), c),
                        v,
                        Certainty::Firm,
                    )],
                },
                _ => self.text_result(callee, c, v, frames),
            };
            for result in &mut results {
                result.certainty = result.certainty.min(known.certainty);
                result.development = result.development.or(known.development);
            }
            values.extend(results);
        }
        values
    }

    /// What `new` of an API's class makes.
    fn constructed(&self, path: &str, c: C) -> Thing {
        let name = path.rsplit('.').next().unwrap_or(path);
        if name == "RegExp"
            && let Some(pattern) = self.pattern(c)
        {
            return pattern;
        }
        let of_electron = !path.contains('.') || path.starts_with("@electron/remote") || path.starts_with("remote.");
        match electron::class(name).filter(|_| of_electron) {
            Some(class) => Thing::Host(Host { class, origin: Origin::Created(c) }),
            None => Thing::Result(Rc::from(format!("new {path}")), c),
        }
    }

    /// `new RegExp('^https:', 'i')`.
    fn pattern(&self, c: C) -> Option<Thing> {
        let pattern = self.only(self.argument(c, 0)?)?;
        let flags = match self.argument(c, 1) {
            Some(flags) => Rc::from(self.only(flags)?.text()?),
            None => Rc::from(""),
        };
        match pattern.thing {
            Thing::Text(text) => Some(Thing::Regex(text, flags)),
            Thing::Regex(..) => Some(pattern.thing),
            _ => None,
        }
    }

    fn api_result(&self, path: &str, c: C, v: V, frames: &Frames) -> Vec<Known> {
        let host = |class, origin| vec![Known::new(Thing::Host(Host { class, origin }), v, Certainty::Firm)];
        let short = path.strip_prefix("@electron/remote.").or_else(|| path.strip_prefix("remote.")).unwrap_or(path);
        if let Some((class, origin)) = electron::call(short) {
            return host(class, origin);
        }
        if let Some((emitter, method)) = short.split_once('.')
            && electron::CHAIN.contains(&method)
            && electron::MODULES.contains(&emitter)
        {
            return vec![Known::new(Thing::Api(Rc::from(emitter)), v, Certainty::Firm)];
        }
        match short {
            "session.fromPartition" => {
                let partition = self.argument(c, 0).map(|argument| self.eval_in(argument, frames));
                let name = partition.and_then(|values| match values.as_ref() {
                    [known] => known.text().map(Rc::from),
                    _ => None,
                });
                host("Session", Origin::Partition(name))
            }
            "Object.freeze" | "Object.seal" | "structuredClone" | "Promise.resolve" | "String" | "decodeURI"
            | "encodeURI" | "Object.fromEntries" | "require.main" => match self.argument(c, 0) {
                Some(argument) => self.step(&self.eval_in(argument, frames), argument),
                None => vec![Known::new(Thing::Undefined, v, Certainty::Firm)],
            },
            "RegExp" => {
                vec![Known::new(self.pattern(c).unwrap_or(Thing::Unknown(Unknown::Call(c))), v, Certainty::Firm)]
            }
            "Boolean" => match self.argument(c, 0) {
                Some(argument) => self
                    .eval_in(argument, frames)
                    .iter()
                    .map(|known| match known.thing.truthy() {
                        Some(truth) => Known { thing: Thing::Bool(truth), ..known.clone() },
                        None => known.clone(),
                    })
                    .collect(),
                None => vec![Known::new(Thing::Bool(false), v, Certainty::Certain)],
            },
            _ if is_merge(short) => {
                vec![Known::new(Thing::Object(Object::Merged(v, frames.clone())), v, Certainty::Firm)]
            }
            "document.createElement" => {
                let tag = self.argument(c, 0).and_then(|tag| self.only(tag));
                match tag.as_ref().and_then(Known::text) {
                    Some("webview") => vec![Known::new(Thing::Element(Rc::from("webview"), c), v, Certainty::Firm)],
                    Some(tag) => vec![Known::new(Thing::Element(Rc::from(tag), c), v, Certainty::Firm)],
                    None => vec![Known::new(Thing::Result(Rc::from(path), c), v, Certainty::Firm)],
                }
            }
            "document.querySelector" => {
                let selector = self.argument(c, 0).and_then(|selector| self.only(selector));
                let is_webview = selector.as_ref().and_then(Known::text).is_some_and(|text| {
                    text.strip_prefix("webview")
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
                });
                let thing = match is_webview {
                    true => Thing::Element(Rc::from("webview"), c),
                    false => Thing::Result(Rc::from(short), c),
                };
                vec![Known::new(thing, v, Certainty::Firm)]
            }
            _ => vec![Known::new(Thing::Result(Rc::from(short), c), v, Certainty::Firm)],
        }
    }

    /// What a function of the app's returns to this call.
    fn returned(&self, f: F, c: C, inner: &Frames, frames: &Frames, v: V) -> Vec<Known> {
        let function = self.function(f);
        if function.is_generator {
            return vec![Known::unknown(Unknown::Call(c), Some(v))];
        }
        let _ = inner;
        let frames = self.entered(f, c, frames);
        let mut values = Vec::new();
        for exit in &function.exits {
            if exit.throws {
                continue;
            }
            match exit.value {
                Some(value) => {
                    let value = V(f.0, value);
                    let development = self.development_of(f.0, exit.condition, &frames);
                    for mut known in self.step(&self.eval_in(value, &frames), value) {
                        known.development = known.development.or(development);
                        values.push(known);
                    }
                }
                None => values.push(Known::new(Thing::Undefined, v, Certainty::Firm)),
            }
        }
        if values.is_empty() { vec![Known::new(Thing::Undefined, v, Certainty::Firm)] } else { values }
    }

    /// The calls that matter inside a function that one more call enters. Arguments that say everything themselves need none of
    /// those before, so that what such a call gives is found once and not once for each way that leads there.
    fn entered(&self, f: F, c: C, frames: &Frames) -> Frames {
        let is_plain = |item: &Item| {
            matches!(
                self.value(V(c.0, item.value)),
                Value::Undefined
                    | Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Global(_)
            )
        };
        let arguments = self.arguments(c);
        if !arguments.iter().all(is_plain) {
            return frames.with(f, c);
        }
        let around = frames.only(|function| self.encloses(function, f));
        if self.function(f).parameters.is_empty() { around } else { around.with(f, c) }
    }

    /// Whether a function is written inside another.
    pub(crate) fn encloses(&self, outer: F, inner: F) -> bool {
        let mut at = inner.1;
        for _ in 0..64 {
            if outer == F(inner.0, at) {
                return true;
            }
            let parent = self.function(F(inner.0, at)).parent;
            if parent == at {
                return false;
            }
            at = parent;
        }
        false
    }

    /// What methods of texts and unknown functions give.
    fn text_result(&self, callee: V, c: C, v: V, frames: &Frames) -> Vec<Known> {
        if let Value::Member(object, method) = self.value(callee) {
            let object = V(callee.0, object);
            if let Some(taken) = self.taken_out(object, self.str(callee.0, method), v, frames) {
                return taken;
            }
            match self.str(callee.0, method) {
                "trim" | "toString" | "valueOf" | "normalize" | "trimEnd" | "trimStart" => {
                    return self
                        .eval_in(object, frames)
                        .iter()
                        .map(|known| match &known.thing {
                            Thing::Text(_) | Thing::Template(_) => known.clone().at_most(Certainty::Firm),
                            Thing::Result(path, _)
                                if matches!(&**path, "new URL" | "new url.URL" | "url.pathToFileURL") =>
                            {
                                known.clone()
                            }
                            _ => Known::unknown(Unknown::Call(c), Some(v)),
                        })
                        .collect();
                }
                "join" => {
                    if let Some(text) = self.list_joined(object, c, v, frames) {
                        return vec![text];
                    }
                }
                "concat" => {
                    let parts = std::iter::once(object)
                        .chain((0..self.arguments(c).len()).filter_map(|index| self.argument(c, index)));
                    return self.joined(parts, v, frames);
                }
                _ => {}
            }
        }
        vec![Known::unknown(Unknown::Call(c), Some(v))]
    }

    /// Whether something happens only in development, or only in a packaged app, by the conditions that dominate it.
    pub fn development_of(&self, unit: UnitId, condition: Option<ConditionId>, frames: &Frames) -> Option<bool> {
        let summary = self.summary(unit);
        let mut at = condition;
        for _ in 0..64 {
            let condition = summary.conditions[at?.index()];
            for known in self.eval_in(V(unit, condition.test), frames).iter() {
                match &known.thing {
                    Thing::Development(yes) => return Some(*yes == condition.holds),
                    Thing::Api(path) if is_development_address(path) => return Some(condition.holds),
                    _ => {}
                }
            }
            if let Some(found) = self.development_in(V(unit, condition.test), condition.holds, frames, 0) {
                return Some(found);
            }
            at = condition.parent;
        }
        None
    }

    /// Looks for a development test among the parts of a conjunction that holds, or of a disjunction that does not.
    fn development_in(&self, test: V, holds: bool, frames: &Frames, depth: u32) -> Option<bool> {
        if depth > 16 {
            return None;
        }
        match self.value(test) {
            Value::Binary(operator @ (Operator::And | Operator::Or), left, right)
                if (operator == Operator::And) == holds =>
            {
                [left, right].into_iter().find_map(|side| {
                    let side = V(test.0, side);
                    let values = self.eval_in(side, frames);
                    // What else it may be does not come out so for certain: `testing ? false : !app.isPackaged`.
                    let development = values.iter().find_map(|known| match known.thing {
                        Thing::Development(yes) => Some(yes == holds),
                        _ => None,
                    });
                    let otherwise = values.iter().any(|known| {
                        !matches!(known.thing, Thing::Development(_)) && known.thing.truthy() == Some(holds)
                    });
                    match development {
                        Some(found) if !otherwise => Some(found),
                        _ => self.development_in(side, holds, frames, depth + 1),
                    }
                })
            }
            _ => None,
        }
    }
}

/// Whether a call by this name merges its arguments into one object, later ones winning.
pub(super) fn is_merge(path: &str) -> bool {
    matches!(
        path,
        "Object.assign"
            | "_.merge"
            | "_.assign"
            | "_.extend"
            | "_.defaults"
            | "_.defaultsDeep"
            | "deepmerge"
            | "lodash.merge"
            | "lodash.assign"
            | "lodash.defaults"
            | "lodash.extend"
            | "lodash/merge"
            | "lodash/assign"
            | "lodash/defaults"
            | "merge"
            | "lodash.defaultsDeep"
            | "lodash/defaultsDeep"
            | "object-assign"
            | "xtend"
            | "extend"
            | "deep-extend"
            | "deepmerge.default"
            | "defu"
            | "defu.defu"
            | "merge-options"
            | "lodash-es.merge"
    )
}
