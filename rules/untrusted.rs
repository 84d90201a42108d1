//! What rules about somebody else's data have in common: which way in is the worst, and how it is told.

use electrolint_model::app::traces::Trace;

use crate::finding::Relation;
use crate::report::Report;
use crate::{Confidence, Context};

/// The way in that speaks for all of them.
pub(crate) fn worst(traces: &[Trace]) -> Option<&Trace> {
    traces.iter().max_by_key(|trace| {
        (
            trace.is_untrusted(),
            !trace.opaque,
            trace.certainty(),
            trace.whole,
            std::cmp::Reverse((trace.origin.kind, trace.origin.span)),
        )
    })
}

impl<'f> Report<'f> {
    /// As sure as the way in, with the places on it.
    pub fn traced(self, trace: &Trace) -> Report<'f> {
        let mut report = self.known(trace.certainty()).at_most(match trace.origin.through.is_empty() {
            true => Confidence::Certain,
            false => Confidence::Firm,
        });
        let from = format!("it comes from {}", trace.origin.kind.text());
        report = report.place(Relation::Source, trace.origin.span, from);
        for &span in &trace.origin.through {
            report = report.place(Relation::Step, span, "handed over here");
        }
        report
    }
}

/// A call that data must not reach, and which of its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Sink {
    /// The API.
    pub api: &'static str,
    /// The argument.
    pub argument: usize,
}

/// The calls of an API, and those of a method with so telling a name whose object could not be resolved.
pub(crate) fn calls(cx: &Context, api: &str, by_name: bool) -> Vec<electrolint_model::app::ApiCall> {
    let mut calls = cx.app.calls(api).to_vec();
    if by_name {
        let method = api.rsplit('.').next().unwrap_or(api);
        calls.extend(cx.app.calls_of_unknown(method));
    }
    calls.sort_by_key(|call| call.call);
    calls.dedup_by_key(|call| call.call);
    calls
}
