//! What only a development build runs, by where it stands and by who calls it.

use super::App;
use crate::link::things::Frames;
use crate::link::{C, F, UnitId};
use crate::source::Span;
use crate::summary::{ConditionId, FunctionId, Range};

/// Functions that are looked at for one place: those around it, those that call them, and so on.
const MOST_FUNCTIONS: u32 = 64;

/// Callers of callers that are looked at.
const MOST_CALLS: u32 = 3;

impl App<'_> {
    /// Whether a place is reached in a development build alone: by the conditions around it, or because nothing else calls the function
    /// that it stands in.
    pub fn is_only_in_development(&self, span: Span) -> bool {
        let mut units = self.program.unit_ids().filter(|unit| self.program.file(*unit) == span.file);
        units.any(|unit| {
            let (function, condition) = self.surroundings(unit, span);
            let mut left = MOST_FUNCTIONS;
            self.runs_in_development(F(unit, function), condition, 0, &mut left)
        })
    }

    /// The innermost function around a place, and what holds there as far as a call around it says.
    fn surroundings(&self, unit: UnitId, span: Span) -> (FunctionId, Option<ConditionId>) {
        let summary = self.program.summary(unit);
        let is_around = |range: Range| range.0 <= span.start && span.end <= range.1;
        let functions = summary.functions.iter().enumerate().filter(|(_, function)| is_around(function.span));
        let function = functions.max_by_key(|(_, function)| function.span.0).map_or(0, |(index, _)| index as u32);
        let calls = summary.calls.iter().filter(|call| call.function.0 == function && is_around(call.span));
        (FunctionId(function), calls.max_by_key(|call| call.span.0).and_then(|call| call.condition))
    }

    fn runs_in_development(&self, f: F, condition: Option<ConditionId>, calls: u32, left: &mut u32) -> bool {
        let (mut f, mut condition) = (f, condition);
        while *left > 0 {
            *left -= 1;
            if self.program.development_of(f.0, condition, &Frames::default()) == Some(true) {
                return true;
            }
            let callers = self.program.callers(f);
            let mut runs = |c: &C| {
                let call = self.program.call(*c);
                self.runs_in_development(F(c.0, call.function), call.condition, calls + 1, left)
            };
            // One that is handed over is called by something else.
            if calls < MOST_CALLS
                && !callers.is_empty()
                && callers.iter().all(&mut runs)
                && self.program.handed_over(f).is_empty()
            {
                return true;
            }
            let function = self.program.function(f);
            if function.parent == f.1 {
                return false;
            }
            condition = function.condition;
            f.1 = function.parent;
        }
        false
    }
}
