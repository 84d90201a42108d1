//! What finding out what values are may cost.
//!
//! The unit is a step: one value that was not known yet. Steps are bounded twice: an app costs 10 million at most, and one question, with
//! everything that it leads to, 50 000. A question over its bound has *unknown* for an answer, and the next one starts afresh.
//! Each time that this happens, questions that begin in the same file may cost half of what they could before, down to 390 steps: a file
//! whose every question comes to no end costs 100 000 steps and 390 for each further question. The same 390 are left to a file whose
//! questions together cost a share of what is left to all: a library with a thousand dear questions leaves the app its own.

use std::cell::Cell;

use super::UnitId;

/// Steps that one app may cost, as a bound against hostile input.
const MOST_WORK: u64 = 10_000_000;

/// Steps that one question may cost.
const MOST_WORK_AT_ONCE: u64 = 50_000;

/// Steps after which a question was dear: what it left open is kept as it is, and not asked for again.
const MUCH_WORK: u64 = 5_000;

/// How often the work at once is halved for a file whose questions came to no end. Most such files are libraries, written into one
/// function and with names of one letter: they must not use up what the app's own code may cost.
const MOST_HALVINGS: u32 = 7;

/// In an app of at least so many files, one file may cost a part of what is left then: one less of these, to one.
const MOST_SHARES: u64 = 8;

/// The steps that were spent, and those that may be.
pub(super) struct Budget {
    /// All steps so far.
    spent: Cell<u64>,
    /// What was spent when the question that is being answered was asked.
    asked_at: Cell<u64>,
    /// How much that question may cost.
    allowed: Cell<u64>,
    /// For each unit, how many questions that began in it came to no end.
    endless: Vec<Cell<u32>>,
    /// For each unit, the steps of the questions that began in it.
    shares: Vec<Cell<u64>>,
}

impl Budget {
    pub(super) fn new(units: usize) -> Self {
        Self {
            spent: Cell::new(0),
            asked_at: Cell::new(0),
            allowed: Cell::new(0),
            endless: vec![Cell::new(0); units],
            shares: vec![Cell::new(0); units],
        }
    }

    /// One step.
    pub(super) fn step(&self) {
        self.spent.set(self.spent.get() + 1);
    }

    /// A question begins, in this unit.
    pub(super) fn ask(&self, unit: UnitId) {
        let endless = if self.has_had_its_share(unit) {
            MOST_HALVINGS
        } else {
            self.endless.get(unit.0 as usize).map_or(0, Cell::get)
        };
        self.asked_at.set(self.spent.get());
        self.allowed.set(MOST_WORK_AT_ONCE >> endless.min(MOST_HALVINGS));
    }

    /// The question that began in this unit is answered; tells whether it was dear.
    pub(super) fn answered(&self, unit: UnitId) -> bool {
        let is_over = self.is_over();
        if let Some(share) = self.shares.get(unit.0 as usize) {
            share.set(share.get() + self.of_question());
        }
        if is_over && let Some(endless) = self.endless.get(unit.0 as usize) {
            endless.set(endless.get().saturating_add(1));
        }
        is_over || self.of_question() > MUCH_WORK
    }

    /// Whether questions of this unit cost as much as what is left, shared among the units.
    fn has_had_its_share(&self, unit: UnitId) -> bool {
        let others = MOST_SHARES.min(self.shares.len() as u64).saturating_sub(1);
        let spent = self.shares.get(unit.0 as usize).map_or(0, Cell::get);
        spent.saturating_mul(others) > MOST_WORK.saturating_sub(self.spent.get())
    }

    /// Whether this question, or all of them, cost as much as they may.
    pub(super) fn is_over(&self) -> bool {
        self.is_exhausted() || self.of_question() > self.allowed.get()
    }

    /// Whether the app cost as much as it may.
    pub(super) fn is_exhausted(&self) -> bool {
        self.spent.get() > MOST_WORK
    }

    fn of_question(&self) -> u64 {
        self.spent.get() - self.asked_at.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks as many questions that come to no end, in each of these units.
    fn waste(budget: &Budget, units: std::ops::Range<u32>, questions: u32) {
        for _ in 0..questions {
            for unit in units.clone() {
                budget.ask(UnitId(unit));
                // Just below the bound: a question that is dear, and yet answered.
                (0..budget.allowed.get()).for_each(|_| budget.step());
                budget.answered(UnitId(unit));
            }
        }
    }

    #[test]
    fn libraries_leave_the_app_its_own() {
        let budget = Budget::new(40);
        waste(&budget, 1..16, 200);
        assert!(!budget.is_exhausted());
        budget.ask(UnitId(0));
        assert_eq!(budget.allowed.get(), MOST_WORK_AT_ONCE);
        budget.ask(UnitId(1));
        assert_eq!(budget.allowed.get(), MOST_WORK_AT_ONCE >> MOST_HALVINGS);
    }

    #[test]
    fn one_file_may_use_all_that_there_is() {
        let budget = Budget::new(1);
        waste(&budget, 0..1, 199);
        budget.ask(UnitId(0));
        assert_eq!(budget.allowed.get(), MOST_WORK_AT_ONCE);
        waste(&budget, 0..1, 2);
        assert!(budget.is_exhausted());
    }
}
