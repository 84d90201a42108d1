//! What rules about command-line switches share.

use electrolint_model::app::{Switch, SwitchSource};

use crate::{Confidence, Context, Findings, Rule, Severity, fixes};

/// Reports every switch of one of these names.
pub(crate) fn check_switches(
    cx: &Context,
    findings: &mut Findings,
    rule: &'static Rule,
    names: &[&str],
    severity: Severity,
    gain: &str,
    help: &str,
) {
    for switch in cx.app.switches() {
        if names.contains(&&*switch.name) {
            report_switch(findings, rule, &switch, severity, gain, help);
        }
    }
}

/// Reports one switch.
pub(crate) fn report_switch(
    findings: &mut Findings,
    rule: &'static Rule,
    switch: &Switch,
    severity: Severity,
    gain: &str,
    help: &str,
) {
    let name = &switch.name;
    let message = match switch.source {
        SwitchSource::Code => format!("the app sets the switch `--{name}`"),
        SwitchSource::Script => format!("this script starts Electron with `--{name}`"),
        SwitchSource::Config => format!("the packaged app is started with `--{name}`"),
    };
    let app = findings.app();
    let call = switch.call.map(|call| app.program.place(call.0, app.program.call(call).span));
    let report = findings
        .report(rule, switch.span, message)
        .fix(call.and_then(|call| fixes::remove_statement(app, call, &format!("--{name}"), false)))
        .severity(severity)
        .known(switch.certainty)
        .because(&switch.trail)
        .gain(gain)
        .help(help)
        .symbol(switch.symbol.clone())
        .development(switch.development);
    // A test that is not understood may be one for development.
    if switch.conditional && switch.development.is_none() {
        let _ = report.at_most(Confidence::Firm);
    }
}
