//! Certificates of servers at which the app looks itself.

use std::rc::Rc;

use super::App;
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{Range, TOP, Value};

/// What gives the certificate of a connection: <https://nodejs.org/api/tls.html#tlssocketgetpeercertificatedetailed>.
const CERTIFICATES: [&str; 2] = ["getPeerCertificate", "getPeerX509Certificate"];

/// What says whether Node would have refused a connection: <https://nodejs.org/api/tls.html#tlssocketauthorized>.
const REFUSALS: [&str; 2] = ["authorized", "authorizationError"];

impl App<'_> {
    /// Where the function that makes a connection, or a callback in it, takes the server's certificate from the connection, or tests
    /// whether it would have been refused.
    pub fn looks_at_peer(&self, c: C) -> Option<Span> {
        let (program, unit) = (&self.program, c.0);
        if !program.says(unit, &CERTIFICATES) && !program.says(unit, &REFUSALS) {
            return None;
        }
        let call = program.call(c);
        let around = if call.function == TOP { call.span } else { program.function(F(unit, call.function)).span };
        let known = self.peers.borrow().get(&unit).cloned();
        let looks = known.unwrap_or_else(|| {
            let found: Rc<[Range]> = self.looks_at_peers(unit).into();
            self.peers.borrow_mut().insert(unit, found.clone());
            found
        });
        let first = looks.partition_point(|look| look.0 < around.0);
        let look = looks[first..].iter().take_while(|look| look.0 < around.1).find(|look| look.1 <= around.1)?;
        Some(program.place(unit, *look))
    }

    /// Where a script takes the certificate of a connection, or tests whether it would have been refused, in the order of places.
    fn looks_at_peers(&self, unit: UnitId) -> Vec<Range> {
        let program = &self.program;
        let asks = CERTIFICATES.iter().flat_map(|name| program.calls_named(name)).filter(|asked| asked.0 == unit);
        let mut found: Vec<Range> = asks.map(|asked| program.call(*asked).span).collect();
        let summary = program.summary(unit);
        let names_refusal =
            |v: V| matches!(program.value(v), Value::Member(_, name) if REFUSALS.contains(&program.str(unit, name)));
        let tests = summary.conditions.iter().map(|condition| V(unit, condition.test));
        let tests = tests.filter(|test| self.steps.question(|| self.any_part(*test, &names_refusal, 0)));
        found.extend(tests.map(|test| summary.span(test.1)));
        found.sort_unstable();
        found
    }
}
