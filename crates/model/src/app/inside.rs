//! What stands inside a function: by place, so that asking about every function of a file costs what the file holds once.

use std::rc::Rc;

use super::App;
use crate::link::{C, F, UnitId};
use crate::summary::{CallId, Operator, Value, ValueId};

/// The values of one file by where they start.
#[derive(Default)]
pub(super) struct Places {
    all: Rc<[(u32, ValueId)]>,
    /// What something is decided by: tests of conditions, results of functions, comparisons.
    decisions: Rc<[(u32, ValueId)]>,
    tests: Rc<[(u32, ValueId)]>,
    awaits: Rc<[(u32, ValueId)]>,
}

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

    /// The values that stand in a function or in those written inside it, by their place.
    pub(super) fn values_inside(&self, f: F, which: Which) -> impl Iterator<Item = ValueId> + '_ {
        let summary = self.program.summary(f.0);
        let (start, end) = summary.function(f.1).span;
        let places = self.places(f.0);
        let list = match which {
            Which::All => places.all.clone(),
            Which::Decisions => places.decisions.clone(),
            Which::Tests => places.tests.clone(),
            Which::Awaits => places.awaits.clone(),
        };
        let first = list.partition_point(|(at, _)| *at < start);
        let last = list.partition_point(|(at, _)| *at <= end).max(first);
        (first..last)
            .filter_map(move |index| list.get(index).map(|(_, value)| *value))
            .filter(move |value| summary.span(*value).1 <= end)
    }

    fn places(&self, unit: UnitId) -> Rc<Places> {
        if let Some(known) = self.places.borrow().get(&unit) {
            return known.clone();
        }
        let summary = self.program.summary(unit);
        let sorted = |values: &mut dyn Iterator<Item = ValueId>| -> Rc<[(u32, ValueId)]> {
            let mut list: Vec<_> = values.map(|value| (summary.span(value).0, value)).collect();
            list.sort_unstable();
            list.into()
        };
        let such = |what: fn(Value) -> bool| {
            let nodes = summary.values.iter().enumerate();
            nodes.filter(move |(_, node)| what(node.value)).map(|(index, _)| ValueId(index as u32))
        };
        let tests = || summary.conditions.iter().map(|condition| condition.test);
        let returned = summary.functions.iter().flat_map(|function| &function.exits).filter_map(|exit| exit.value);
        let compared = such(|value| matches!(value, Value::Binary(Operator::Equal | Operator::NotEqual, ..)));
        let places = Rc::new(Places {
            all: sorted(&mut such(|_| true)),
            decisions: sorted(&mut tests().chain(returned).chain(compared)),
            tests: sorted(&mut tests()),
            awaits: sorted(&mut such(|value| matches!(value, Value::Await(_)))),
        });
        self.places.borrow_mut().insert(unit, places.clone());
        places
    }
}
