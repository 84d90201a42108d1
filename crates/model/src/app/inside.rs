//! What stands inside a function: by place, so that asking about every function of a file costs what the file holds once.

use std::cell::OnceCell;
use std::rc::Rc;

use super::App;
use crate::link::{C, F, UnitId};
use crate::summary::{CallId, Operator, Summary, Value, ValueId};

/// Calls, or writes to one variable, before a call among which checks and other values are looked for; and calls of the functions in between
/// that are passed over.
pub(super) const MOST_BEFORE: usize = 128;
const MOST_PASSED: usize = 4096;

/// The values of one file by where they start: a list for each [`Which`], made when it is first asked for.
#[derive(Default)]
pub(super) struct Places([OnceCell<List>; 4]);

/// Values with where they start, in that order.
type List = Rc<[(u32, ValueId)]>;

/// Which values of a function are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    /// Tests of conditions, results of functions, comparisons.
    Decisions,
    /// Tests of conditions.
    Tests,
    /// `await …`.
    Awaits,
}

impl App<'_> {
    /// Every call in a function and in the functions written inside it.
    pub fn calls_inside(&self, f: F) -> Vec<C> {
        let summary = self.program.summary(f.0);
        let events = summary.function(f.1).events;
        // Calls are listed in the order of their events.
        let first = summary.calls.partition_point(|call| call.order <= events.0);
        let end = summary.calls.partition_point(|call| call.order <= events.1);
        (first..end).map(|index| C(f.0, CallId(index as u32))).collect()
    }

    /// The calls of the same function that come before one, from the last to the first, as far back as it pays to look.
    pub(super) fn calls_before(&self, c: C) -> impl Iterator<Item = C> + '_ {
        let summary = self.program.summary(c.0);
        let call = summary.call(c.1);
        let first = summary.calls.partition_point(|other| other.order <= summary.function(call.function).events.0);
        let end = summary.calls.partition_point(|other| other.order < call.order);
        let before = (first..end).rev().take(MOST_PASSED).map(move |index| C(c.0, CallId(index as u32)));
        before.filter(move |other| summary.call(other.1).function == call.function).take(MOST_BEFORE)
    }

    /// The values that stand in a function or in those written inside it, by their place.
    pub(super) fn values_inside(&self, f: F, which: Which) -> impl Iterator<Item = ValueId> + '_ {
        let summary = self.program.summary(f.0);
        let (start, end) = summary.function(f.1).span;
        let list = self.places(f.0, which);
        let first = list.partition_point(|(at, _)| *at < start);
        let last = list.partition_point(|(at, _)| *at <= end).max(first);
        (first..last)
            .filter_map(move |index| list.get(index).map(|(_, value)| *value))
            .filter(move |value| summary.span(*value).1 <= end)
    }

    fn places(&self, unit: UnitId, which: Which) -> List {
        let mut places = self.places.borrow_mut();
        let [all, decisions, tests, awaits] = &places.entry(unit).or_default().0;
        let list = match which {
            Which::All => all,
            Which::Decisions => decisions,
            Which::Tests => tests,
            Which::Awaits => awaits,
        };
        list.get_or_init(|| by_place(self.program.summary(unit), which)).clone()
    }
}

fn by_place(summary: &Summary, which: Which) -> List {
    let such = |what: fn(Value) -> bool| {
        let nodes = summary.values.iter().enumerate();
        nodes.filter(move |(_, node)| what(node.value)).map(|(index, _)| ValueId(index as u32))
    };
    let tests = || summary.conditions.iter().map(|condition| condition.test);
    let placed = |value: ValueId| (summary.span(value).0, value);
    let mut list: Vec<_> = match which {
        Which::All => such(|_| true).map(placed).collect(),
        Which::Decisions => {
            let returned = summary.functions.iter().flat_map(|function| &function.exits).filter_map(|exit| exit.value);
            let compared = such(|value| matches!(value, Value::Binary(Operator::Equal | Operator::NotEqual, ..)));
            tests().chain(returned).chain(compared).map(placed).collect()
        }
        Which::Tests => tests().map(placed).collect(),
        Which::Awaits => such(|value| matches!(value, Value::Await(_))).map(placed).collect(),
    };
    list.sort_unstable();
    list.into()
}
