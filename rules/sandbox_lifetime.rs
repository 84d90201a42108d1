//! Sandboxes that outlive their use.

use electrolint_model::app::{End, Past};
use electrolint_model::link::things::Thing;

use crate::{Context, Findings, Severity};

rule! {
    /// A sandbox is not exited on every path, or what runs in it has no time limit.
    ///
    /// A sandbox is a process with the code in it still there: timers run on, and the functions that it was given answer. One that
    /// nobody ends costs memory until the app does, and the next user of the app's memory is not the last one of the sandbox. Exit it
    /// in `finally`, or declare it with `await using`. `execute` ends after thirty seconds unless it is told otherwise; a time limit that
    /// is switched off lets a loop run for ever.
    ///
    /// ```js
    /// const { createSandbox } = require('@electrolint/sandbox');
    /// exports.add = async () => {
    ///   const sandbox = await createSandbox(); //~ sandbox-lifetime
    ///   const sum = await sandbox.execute('return 2 + 2');
    ///   sandbox.exit();
    ///   return sum;
    /// };
    /// exports.safely = async (code) => {
    ///   const sandbox = await createSandbox();
    ///   try {
    ///     return await sandbox.execute(code, { timeoutMs: 5000 });
    ///   } finally {
    ///     sandbox.exit();
    ///   }
    /// };
    /// ```
    pub(crate) static RULE = {
        id: "sandbox-lifetime",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-772"],
        source: "https://nodejs.org/api/child_process.html#subprocesskillsignal",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    for sandbox in app.sandboxes() {
        let record = app.program.call(sandbox.call);
        let development = app.program.development_of(sandbox.call.0, record.condition, &Default::default());
        let (message, places) = match sandbox.end {
            End::Always | End::Elsewhere => ("", Vec::new()),
            End::Never => ("the sandbox is never exited", Vec::new()),
            End::Sometimes(exit, Past::Throw(throws)) => (
                "the sandbox is left when the code in it throws",
                vec![(throws, "what throws here leads past the exit"), (exit, "the exit")],
            ),
            End::Sometimes(exit, Past::Return(returns)) => (
                "the sandbox is left when the function returns early",
                vec![(returns, "returns without an exit"), (exit, "the exit")],
            ),
            End::Sometimes(exit, Past::Condition(test)) => (
                "the sandbox is exited under a condition only",
                vec![(test, "the condition"), (exit, "the exit")],
            ),
        };
        if !message.is_empty() {
            let mut report = findings
                .report(&RULE, app.callee_span(sandbox.call), message)
                .known(sandbox.certainty)
                .at_most(crate::Confidence::Firm)
                .gain("Its process and the code in it live on, and so do the functions that it was given.")
                .help("Exit it in `finally`, or declare it with `await using`.")
                .symbol(app.symbol(sandbox.call))
                .development(development);
            for (span, why) in places {
                report = report.related(span, why);
            }
        }
        for &run in &sandbox.executions {
            let Some(options) = app.program.argument(run, 1) else { continue };
            for known in app.eval(options).iter() {
                let Thing::Object(object) = &known.thing else { continue };
                for placed in app.program.property(object, "timeoutMs", None).values {
                    let is_off = match &placed.known.thing {
                        Thing::Number(number) => *number <= 0.0 || !number.is_finite(),
                        Thing::Api(path) => &**path == "Infinity",
                        _ => false,
                    };
                    if is_off {
                        findings
                            .report(&RULE, placed.span, "what runs in the sandbox has no time limit")
                            .known(placed.known.certainty.min(sandbox.certainty))
                            .gain("A loop in it runs until somebody kills its process.")
                            .help("Leave the option out for thirty seconds, or write how long it may take.")
                            .because(&placed.known.trail)
                            .symbol(format!("{}.timeoutMs", app.symbol(run)))
                            .development(placed.known.development);
                    }
                }
            }
        }
    }
}
