//! What rules about one option of windows share.

use electrolint_model::app::{SettingFact, Window, WindowKind};
use electrolint_model::electron::preferences::{Reason, Value};
use electrolint_model::link::things::Certainty;
use electrolint_model::source::Span;

use crate::{Confidence, Context, Findings, Rule, Severity, fixes};

/// What to say of an option that has its bad value.
pub(crate) struct WindowOption<'a> {
    /// The key of `webPreferences`.
    pub key: &'a str,
    /// Its bad value.
    pub bad: bool,
    /// What an attacker gains.
    pub gain: &'a str,
    /// What to write instead.
    pub help: &'a str,
}

/// How an option that has its bad value is judged in one window.
pub(crate) struct Verdict {
    /// How bad it is here.
    pub severity: Severity,
    /// No surer than this.
    pub at_most: Confidence,
    /// What an attacker gains here, where it is not what the option says.
    pub gain: Option<&'static str>,
    /// Another place that says why.
    pub because: Option<(Span, &'static str)>,
}

impl From<Severity> for Verdict {
    fn from(severity: Severity) -> Self {
        Self { severity, at_most: Confidence::Certain, gain: None, because: None }
    }
}

/// Reports every window whose option is effectively bad: written so, or so by this version's default.
pub(crate) fn check_option(
    cx: &Context,
    findings: &mut Findings,
    rule: &'static Rule,
    option: &WindowOption,
    judge: impl Fn(&Window, &SettingFact) -> Option<Verdict>,
) {
    for whole in &cx.app.windows {
        let mut told = Vec::new();
        let alternatives = whole.alternatives();
        let facts = alternatives
            .iter()
            .flat_map(|window| window.settings(cx.app, option.key).into_iter().map(move |fact| (window, fact)));
        for (window, fact) in facts {
            let (bad, certainty) = match fact.value {
                Value::Known(value) => (value == option.bad, fact.certainty),
                Value::Unknown => (fact.written, Certainty::Tentative),
            };
            if !bad {
                continue;
            }
            // What the embedder bounds or an override merely lacks is told elsewhere.
            if matches!(fact.reason, Reason::Bounded | Reason::NoSuchKey | Reason::Inherited) {
                continue;
            }
            if !fact.written && matches!(window.kind, WindowKind::Override | WindowKind::Attach | WindowKind::Webview) {
                continue;
            }
            if !fact.written && window.unknown {
                continue;
            }
            let Some(verdict) = judge(window, &fact) else { continue };
            if told.contains(&(fact.span, fact.value)) {
                continue;
            }
            told.push((fact.span, fact.value));
            let key = option.key;
            let message = match (&fact.value, fact.reason, fact.written) {
                (Value::Unknown, ..) => format!("`{key}` may be {} here", option.bad),
                (_, Reason::Forced { by }, _) => format!("`{key}` is {} because of {by}", option.bad),
                (_, Reason::Follows { key: other }, false) => format!("`{key}` is {} because of `{other}`", option.bad),
                (_, _, true) => format!("`{key}` is {} for this {}", option.bad, noun(window.kind)),
                (_, _, false) => {
                    format!("`{key}` is {} by default in Electron {}", option.bad, cx.app.electron.version)
                }
            };
            let mut report = findings
                .report(rule, fact.span, message)
                .severity(verdict.severity)
                .known(certainty)
                .at_most(verdict.at_most)
                .gain(verdict.gain.unwrap_or(option.gain))
                .help(option.help)
                .symbol(format!("{}.{key}", window.symbol))
                .because(&fact.trail)
                .development(fact.development);
            if let Some((span, text)) = verdict.because {
                report = report.related(span, text);
            }
            if !fact.written {
                report = report.at_most(Confidence::Firm);
                if !cx.app.electron.is_known() {
                    report = report.at_most(Confidence::Tentative);
                }
            } else {
                let fix = fixes::set(cx.app, fact.span, key, !option.bad, false);
                let fix = fix.or_else(|| fixes::remove_attribute(cx.app, fact.span, key, false));
                report = report.related(window.span, format!("the {} is made here", noun(window.kind))).fix(fix);
            }
            let _ = report;
        }
    }
}

/// A word for a kind of window.
pub fn noun(kind: WindowKind) -> &'static str {
    match kind {
        WindowKind::BrowserWindow | WindowKind::Features => "window",
        WindowKind::BrowserView | WindowKind::WebContentsView => "view",
        WindowKind::Webview | WindowKind::Attach => "webview",
        WindowKind::Override => "child window",
    }
}
