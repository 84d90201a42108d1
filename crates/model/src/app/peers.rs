//! Certificates of servers at which the app looks itself.

use super::App;
use crate::link::{C, F, V};
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
        let is_inside = |inner: Range| around.0 <= inner.0 && inner.1 <= around.1;
        let asks = CERTIFICATES.iter().flat_map(|name| program.calls_named(name)).filter(|asked| asked.0 == unit);
        let asked = asks.map(|asked| program.call(*asked).span).find(|span| is_inside(*span));
        let summary = program.summary(unit);
        let tests = || summary.conditions.iter().map(|condition| V(unit, condition.test));
        let names_refusal =
            |v: V| matches!(program.value(v), Value::Member(_, name) if REFUSALS.contains(&program.str(unit, name)));
        let tested = || {
            let mut tests = tests().filter(|test| is_inside(summary.span(test.1)));
            tests
                .find(|test| self.steps.question(|| self.any_part(*test, &names_refusal, 0)))
                .map(|test| summary.span(test.1))
        };
        asked.or_else(tested).map(|range| program.place(unit, range))
    }
}
