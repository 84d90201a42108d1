//! Which of the values that were written into a variable it may still hold where it is read.

use super::{MOST_STEPS, State, Walk};
use crate::link::{F, UnitId, V};
use crate::summary::{Assignment, BindingId, ConditionId, FunctionId, Range, Value, ValueId};

/// Writes to one variable that are looked at, and writes behind one that may take its place.
const MOST_WRITES: usize = 8;

/// Writes to one variable beyond which only the last before a read are looked at, and how many of them: a file may hold as many writes as
/// reads.
const LONG_ROW: usize = 64;
const MOST_OF_ROW: usize = 16;

/// Parts of what is written that are looked at.
const MOST_PARTS: u32 = 64;

/// Functions inside functions.
const MOST_FUNCTIONS: usize = 16;

/// A place in a function, and what holds there.
type Place = (u32, Option<ConditionId>);

impl Walk<'_, '_> {
    /// Looks at what a variable may hold: `html = escaped(html)` leaves nothing of what was written before.
    pub(super) fn variable(&mut self, v: V, binding: BindingId, state: State) {
        let summary = self.app.program.summary(v.0);
        for written in self.app.program.written_beside(v.0, &summary.bindings[binding.index()]) {
            self.visit(written, state);
        }
        let writes = summary.bindings[binding.index()].writes.as_slice();
        let at = |write: &Assignment| V(v.0, write.value);
        if writes.len() > LONG_ROW {
            // What such a variable is read for to be written again is among them.
            if !self.rows.contains(&(v.0, binding)) {
                self.rows.push((v.0, binding));
                for write in last_before(writes, summary.span(v.1).0) {
                    self.visit(at(write), state);
                }
                self.rows.pop();
            }
            return;
        }
        // Where one is made of the one before, in a long row, all are looked at.
        let is_far = writes.len() < 2 || state.depth > MOST_STEPS / 2;
        let last = writes.iter().rposition(|write| !is_far && self.replaces_all(v, binding, write)).unwrap_or(0);
        let (gone, writes) = writes.split_at(last);
        // What a cleaner gave: what was written before is gone, or perhaps gone.
        let cleaned =
            writes.iter().rposition(|write| self.is_cleaned(at(write), state.quote) && !self.comes_after(v, write));
        let lives = |index: &usize| is_far || !self.is_replaced(v, &writes[*index..]);
        let live: Vec<usize> = (0..writes.len()).filter(lives).take(MOST_WRITES).collect();
        let before = (self.found.len(), self.cleanings, self.seen.len());
        for index in live {
            let write = &writes[index];
            // `if (isSafe(url)) pending = url`.
            if self.is_held_where(F(v.0, write.function), write.condition, at(write), None) {
                continue;
            }
            match cleaned.filter(|cleaned| index < *cleaned).map(|cleaned| &writes[cleaned]) {
                Some(clean) if clean.condition.is_none() || clean.condition == write.condition => {}
                Some(_) => self.visit(at(write), State { opaque: true, ..state }),
                None => self.visit(at(write), state),
            }
        }
        // What was made of it by something that could not be read: `text = emojis.parse(text)`.
        let is_lost = (self.found.len(), self.cleanings) == (before.0, before.1) && self.seen.len() > before.2;
        if is_lost && writes.first().is_some_and(|write| self.is_made_of_itself(v.0, binding, write)) {
            for write in gone.iter().rev().take(MOST_WRITES) {
                self.visit(at(write), State { opaque: true, ..state });
            }
        }
    }

    /// Notes that nothing dangerous is left of what is being looked at, and which functions of the app see to that.
    pub(super) fn note_cleaning(&mut self) {
        self.cleanings += 1;
        self.cleaning.extend(self.returns.iter().map(|(f, ..)| *f));
    }

    /// Whether a variable is given to a function to be written, and none is called that cleans.
    fn is_made_of_itself(&self, unit: UnitId, binding: BindingId, write: &Assignment) -> bool {
        let summary = self.app.program.summary(unit);
        // What a value is made of comes right before it.
        let first = write.value.0.saturating_sub(MOST_PARTS);
        let is_inside = |inner: Range, outer: Range| outer.0 <= inner.0 && inner.1 <= outer.1;
        let parts = (first..=write.value.0).rev().map(ValueId);
        let parts = parts.take_while(|part| is_inside(summary.span(*part), write.span));
        let mut calls: Vec<Range> = Vec::new();
        let mut is_given = false;
        for part in parts {
            match summary.value(part) {
                Value::Binding(read) if read == binding => {
                    is_given |= calls.iter().any(|call| is_inside(summary.span(part), *call));
                }
                Value::Call(call) => {
                    let functions = self.app.functions(V(unit, summary.call(call).callee));
                    if functions.iter().any(|f| self.cleaning.contains(f)) {
                        return false;
                    }
                    calls.push(summary.span(part));
                }
                _ => {}
            }
        }
        is_given
    }

    /// Whether a write comes before each way to where a variable is read: whatever was written before is gone there.
    fn replaces_all(&self, v: V, binding: BindingId, write: &Assignment) -> bool {
        let Some((read, holds)) = self.place(v, write.function) else { return false };
        let needed = self.but_for_nothing(v.0, binding, write.condition);
        is_before(write, v, read) && self.app.dominates(v.0, needed, holds) && !self.may_be_skipped(v.0, write, read)
    }

    /// Whether the first of some writes is followed by one that comes after it in any case, before the variable is read.
    fn is_replaced(&self, v: V, writes: &[Assignment]) -> bool {
        let Some((first, later)) = writes.split_first() else { return false };
        later.iter().take(MOST_WRITES).any(|write| {
            let read = self.place(v, write.function).map_or(u32::MAX, |(read, _)| read);
            write.function == first.function
                && is_before(write, v, read)
                && self.app.dominates(v.0, write.condition, first.condition)
                && !self.may_be_skipped(v.0, write, read)
        })
    }

    /// Whether a write comes after the place, in the same function, where the variable is read.
    fn comes_after(&self, v: V, write: &Assignment) -> bool {
        self.place(v, write.function).is_some_and(|(read, _)| read < write.span.0)
    }

    /// Where a value stands in a function, or where the function that it stands in is made there, and what holds at that place.
    fn place(&self, v: V, outer: FunctionId) -> Option<Place> {
        let summary = self.app.program.summary(v.0);
        let mut at = summary.owner(v.1);
        let holds = if self.at.function == F(v.0, at) { self.at.condition } else { None };
        let mut place = (summary.span(v.1).0, holds);
        for _ in 0..MOST_FUNCTIONS {
            if at == outer {
                return Some(place);
            }
            let function = summary.function(at);
            if function.parent == at {
                return None;
            }
            place = (function.span.0, function.condition);
            at = function.parent;
        }
        None
    }

    /// The conditions of a write to a variable without the tests whether it holds anything: `if (html) html = escaped(html)`.
    fn but_for_nothing(&self, unit: UnitId, binding: BindingId, condition: Option<ConditionId>) -> Option<ConditionId> {
        let summary = self.app.program.summary(unit);
        let mut at = condition;
        for _ in 0..MOST_FUNCTIONS {
            let Some(id) = at else { break };
            let condition = summary.conditions[id.index()];
            if !condition.holds || summary.value(condition.test) != Value::Binding(binding) {
                break;
            }
            at = condition.parent;
        }
        at
    }

    /// Whether a write may be left out because something is thrown before it, or nothing is: it is tried, or done where something was thrown.
    fn may_be_skipped(&self, unit: UnitId, write: &Assignment, read: u32) -> bool {
        self.app.program.summary(unit).tries.iter().any(|tried| {
            let parts = tried.handler.iter().flat_map(|handler| [handler, &tried.block]);
            let is_in = |part: &Range, at: u32| (part.0..part.1).contains(&at);
            parts.into_iter().any(|part| is_in(part, write.span.0) && !is_in(part, read))
        })
    }
}

/// Whether a write is done where the variable is read: what is read to be written again comes before.
fn is_before(write: &Assignment, v: V, read: u32) -> bool {
    write.span.1 <= read && write.value < v.1
}

/// The last writes before a place.
fn last_before(writes: &[Assignment], place: u32) -> &[Assignment] {
    let end = match writes.partition_point(|write| write.span.0 < place) {
        0 => MOST_OF_ROW,
        behind => behind,
    };
    &writes[end.saturating_sub(MOST_OF_ROW)..end]
}
