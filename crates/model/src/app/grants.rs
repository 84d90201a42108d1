//! What permission request handlers grant: to whom, and which permissions.

use super::App;
use super::checks::{FORBIDS, Judged, Strength, Way, judged, parameter_root};
use super::handlers::{Listener, Outcome};
use super::verdicts::Verdict;
use crate::link::things::Thing;
use crate::link::{F, V};
use crate::summary::{Operator, Value};

/// Tests inside tests that are followed.
const MOST_DEPTH: u32 = 24;

/// What holds where a permission is granted.
struct Held {
    /// What is known of the permission.
    permission: Judged,
    /// One page, host or permission is asked for.
    is_about_page: bool,
    /// Anything is asked at all.
    asks: bool,
}

impl Held {
    /// Nothing is asked: whoever asks is granted.
    const ALWAYS: Self = Self { permission: Judged::NOTHING, is_about_page: false, asks: false };

    /// Where both hold.
    fn and(self, other: Self) -> Self {
        Self {
            permission: self.permission.better(other.permission),
            is_about_page: self.is_about_page || other.is_about_page,
            asks: self.asks || other.asks,
        }
    }

    /// Where one of them holds.
    fn or(self, other: Self) -> Self {
        // What grants all but a few does so whatever else grants.
        if self.forbids_alone() || !self.asks {
            return self;
        }
        if other.forbids_alone() || !other.asks {
            return other;
        }
        Self {
            permission: self.permission.worse(other.permission),
            is_about_page: self.is_about_page && other.is_about_page,
            asks: true,
        }
    }

    /// Whether all that is said is what is not granted.
    fn forbids_alone(&self) -> bool {
        self.permission.strength == Strength::Weak && !self.is_about_page
    }
}

impl App<'_> {
    /// What a permission request handler grants: it calls its third parameter.
    pub fn permission_verdict(&self, listener: &Listener) -> Verdict {
        let functions = self.handler_functions(listener);
        if functions.is_empty() {
            // `null` takes the handler away, and with it every refusal.
            let removed = listener.value.is_some_and(|value| {
                self.eval(value).iter().all(|known| matches!(known.thing, Thing::Null | Thing::Undefined))
            });
            return match (removed, listener.value) {
                (true, Some(value)) => Verdict::Allows(self.span(value)),
                _ => Verdict::Unknown,
            };
        }
        functions.into_iter().map(|f| self.granted(f)).reduce(Verdict::worse).unwrap_or(Verdict::Unknown)
    }

    fn granted(&self, f: F) -> Verdict {
        let answers = self.calls_of_parameter(f, 2);
        if answers.is_empty() {
            let handed = self
                .calls_inside(f)
                .into_iter()
                .any(|c| self.program.arguments(c).iter().any(|item| self.is_parameter(V(c.0, item.value), f, 2)));
            return if handed { Verdict::Unknown } else { Verdict::Denies };
        }
        let granted = |answer: &Outcome| self.steps.question(|| self.granted_by(f, answer));
        answers.iter().map(|(_, answer)| granted(answer)).fold(Verdict::Denies, Verdict::worse)
    }

    /// A grant counts as guarded if anything in its conditions says what the permission or the page must be, not only what it must not be.
    fn granted_by(&self, f: F, answer: &Outcome) -> Verdict {
        let Some(value) = answer.value else { return Verdict::Denies };
        let Some(said) = self.held_by(value, true, f, 0) else { return Verdict::Denies };
        let Some(held) = self.held_around(f, answer) else { return Verdict::Denies };
        let held = held.and(said);
        match held.permission.strength {
            Strength::None if !held.asks => Verdict::Allows(answer.span),
            Strength::Opaque | Strength::Scheme | Strength::Host => Verdict::Guarded(held.permission),
            _ if held.is_about_page => Verdict::Guarded(judged(Strength::Host, Some(answer.span), None)),
            Strength::Weak => Verdict::Guarded(held.permission),
            // Nothing of it speaks of the permission: what it asks, it asks for all.
            Strength::None => Verdict::Guarded(judged(Strength::Opaque, Some(answer.span), None)),
        }
    }

    /// What holds where an answer is given: in the function that gives it, and where that was made.
    fn held_around(&self, f: F, answer: &Outcome) -> Option<Held> {
        let mut held = Held::ALWAYS;
        for (test, holds) in self.conditions_around(answer.function, answer.condition, f) {
            held = held.and(self.held_by(test, holds, f, 0)?);
        }
        let permission = self.guard_of_root(answer.function, answer.condition, &parameter_root(f, 1));
        Some(Held { permission: held.permission.better(as_of_permissions(permission)), ..held })
    }

    /// What holds where a test comes out so; `None` where it never does in the shipped app.
    fn held_by(&self, v: V, holds: bool, f: F, depth: u32) -> Option<Held> {
        use Operator::{And, Not, Nullish, Or};
        let one = |left: Option<Held>, right: Option<Held>| match (left, right) {
            (Some(left), Some(right)) => Some(left.or(right)),
            (left, right) => left.or(right),
        };
        // Variables whose writes lead to each other have as many ways as there are paths between them.
        let is_over = depth > MOST_DEPTH || self.steps.are_used_up();
        if let Some(ways) = if is_over { None } else { self.ways_of(v) } {
            let each = ways.iter().map(|way| self.held_in_way(v, way, holds, f, depth + 1));
            return each.fold(None, one);
        }
        match self.truth_of(v) {
            Some(truth) => return (truth == holds).then_some(Held::ALWAYS),
            None if is_over => {
                return Some(Held { permission: judged(Strength::Opaque, None, None), asks: true, ..Held::ALWAYS });
            }
            None => {}
        }
        let go = |id, holds| self.held_by(V(v.0, id), holds, f, depth + 1);
        let both = |left: Option<Held>, right: Option<Held>| Some(left?.and(right?));
        match self.program.value(v) {
            Value::Unary(Not, inner) => go(inner, !holds),
            Value::Binary(operator @ (And | Or | Nullish), left, right) => {
                let (left, right) = (go(left, holds), go(right, holds));
                if (operator == And) == holds { both(left, right) } else { one(left, right) }
            }
            Value::Conditional { test, then, other } => {
                let first = both(go(test, true), go(then, holds));
                one(first, both(go(test, false), go(other, holds)))
            }
            Value::Await(inner) => go(inner, holds),
            Value::Binding(binding) if let Some(only) = self.program.summary(v.0).written_once(binding) => {
                go(only, holds)
            }
            _ => Some(self.held_by_test(v, holds, f)),
        }
    }

    fn held_in_way(&self, v: V, way: &Way, holds: bool, f: F, depth: u32) -> Option<Held> {
        let go = |id, holds| self.held_by(V(v.0, id), holds, f, depth + 1);
        let mut held = match way.value {
            Some(value) => self.held_by(value, holds, f, depth + 1)?,
            None if holds => return None,
            None => Held::ALWAYS,
        };
        for condition in self.program.summary(v.0).conditions_at(way.condition) {
            held = held.and(go(condition.test, condition.holds)?);
        }
        for tests in &way.missed {
            held = held.and(tests.iter().filter_map(|test| go(test.test, !test.holds)).reduce(Held::or)?);
        }
        Some(held)
    }

    /// What one test says that is not made of others.
    fn held_by_test(&self, v: V, holds: bool, f: F) -> Held {
        let mut permission = as_of_permissions(self.guard_by_test(v, holds, &parameter_root(f, 1)));
        if permission.strength == Strength::None && self.excludes_media(v, holds, f) {
            permission = judged(Strength::Weak, Some(self.span(v)), Some(FORBIDS));
        }
        let is_about_page = match self.program.value(v) {
            Value::Binary(Operator::Equal, ..) => holds,
            Value::Binary(Operator::NotEqual, ..) => !holds,
            Value::Call(_) => holds,
            _ => false,
        };
        Held { permission, is_about_page, asks: true }
    }

    /// Whether a test says which kind of media is not asked for: `!details.mediaTypes.includes('audio')`.
    fn excludes_media(&self, test: V, holds: bool, f: F) -> bool {
        let excludes = match self.program.value(test) {
            Value::Binary(Operator::Equal, ..) | Value::Call(_) => !holds,
            Value::Binary(Operator::NotEqual, ..) => holds,
            _ => false,
        };
        let is_kind = |(index, name): &(u32, Option<String>)| {
            *index == 3 && matches!(name.as_deref(), Some("mediaTypes" | "mediaType"))
        };
        let asked = || self.parameters_of(test, f).into_iter().flatten();
        excludes && asked().next().is_some() && asked().all(|asked| is_kind(&asked))
    }
}

/// A test of a permission holds it to what it names, however it does so: there is no way around it as there is with addresses.
fn as_of_permissions(found: Judged) -> Judged {
    match found.why {
        Some(why) if found.strength == Strength::Weak && why != FORBIDS => judged(Strength::Host, found.span, None),
        _ => found,
    }
}
