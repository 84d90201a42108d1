//! `enableBlinkFeatures`.

use electrolint_model::app::Switch;
use electrolint_model::electron::preferences::{Given, blink_features_key, feature_names};

use crate::switches::report_switch;
use crate::windows::noun;
use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// Features of Blink that are off by default are switched on.
    ///
    /// A feature that Chromium does not ship has not been through the security work that shipping takes, and some exist for tests only:
    /// `MojoJS` lets a page speak to the browser's own services. Leave `enableBlinkFeatures` out. `disableBlinkFeatures` is no danger.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { enableBlinkFeatures: 'PreciseMemoryInfo' } }); //~ enable-blink-features low
    /// new BrowserWindow({ webPreferences: { enableBlinkFeatures: 'MojoJS' } }); //~ enable-blink-features medium
    /// new BrowserWindow({ webPreferences: { enableBlinkFeatures: '' } });
    /// new BrowserWindow({ webPreferences: { disableBlinkFeatures: 'Auxclick' } });
    /// ```
    pub(crate) static RULE = {
        id: "enable-blink-features",
        severity: Severity::Low,
        items: ["S9", "E10"],
        cwe: ["CWE-1188"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#10-do-not-use-enableblinkfeatures",
    }
}

/// Features that hand a page what only tests or trusted pages should have.
const DANGEROUS: [&str; 4] = ["MojoJS", "MojoJSTest", "ExecCommandInJavaScript", "TestFeature"];

const GAIN: &str = "Pages reach parts of the engine that nobody has hardened yet.";

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let key = blink_features_key(&app.electron.version);
    for window in &app.windows {
        for (given, placed) in window.given(app, key).iter() {
            let Some(placed) = placed else { continue };
            let (message, severity, confidence) = match given {
                Given::Text(text) => {
                    let names = feature_names(text);
                    if names.is_empty() {
                        continue;
                    }
                    let message = format!("this {} switches on {}", noun(window.kind), quoted(&names));
                    (message, severity_of(&names), Confidence::Certain)
                }
                Given::Unknown => {
                    let message = format!("this {} may switch on features of Blink", noun(window.kind));
                    (message, Severity::Low, Confidence::Tentative)
                }
                // The converter wants a string: anything else does nothing.
                _ => continue,
            };
            let _ = findings
                .report(&RULE, placed.span, message)
                .fix(fixes::remove_property(app, placed.span, key, false))
                .severity(severity)
                .known(placed.known.certainty.min(window.certainty))
                .at_most(confidence)
                .gain(GAIN)
                .help("Leave the option out.")
                .related(window.span, format!("the {} is made here", noun(window.kind)))
                .because(&placed.known.trail)
                .symbol(format!("{}.{key}", window.symbol))
                .development(placed.known.development.or(window.development));
        }
    }
    for switch in app.switches() {
        if switch.name == "enable-blink-features" && (switch.value_unknown || switch.list().next().is_some()) {
            report_switch(findings, &RULE, &switch, severity_of_switch(&switch), GAIN, "Leave the switch out.");
        }
    }
}

fn severity_of(names: &[String]) -> Severity {
    let is_dangerous = names.iter().any(|name| DANGEROUS.contains(&&**name));
    if is_dangerous { Severity::Medium } else { Severity::Low }
}

fn severity_of_switch(switch: &Switch) -> Severity {
    severity_of(&switch.list().map(str::to_owned).collect::<Vec<_>>())
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
