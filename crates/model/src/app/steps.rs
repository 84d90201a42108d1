//! What a question about tests may cost: variables may hide a test of exponential size in a few lines.

use std::cell::Cell;

/// Parts of tests, or of answers, that one question looks at, with all questions that it leads to; what is beyond is unknown.
const MOST_STEPS: u32 = 10_000;

/// The steps of the question that is being answered.
#[derive(Default)]
pub(super) struct Steps {
    questions: Cell<u32>,
    taken: Cell<u32>,
}

impl Steps {
    /// Asks a question. Where it is part of another one, its steps count there.
    pub(super) fn question<T>(&self, ask: impl FnOnce() -> T) -> T {
        let questions = self.questions.get();
        if questions == 0 {
            self.taken.set(0);
        }
        self.questions.set(questions + 1);
        let answer = ask();
        self.questions.set(questions);
        answer
    }

    /// One step more; tells whether there were too many.
    pub(super) fn are_used_up(&self) -> bool {
        let taken = self.taken.get().saturating_add(1);
        self.taken.set(taken);
        taken > MOST_STEPS
    }

    /// Whether there were too many: what was found since then is not all there is, and not to be kept.
    pub(super) fn were_used_up(&self) -> bool {
        self.taken.get() > MOST_STEPS
    }
}
