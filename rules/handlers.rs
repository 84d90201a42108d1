//! What the rules about missing handlers share: which windows a handler covers, and how bad it is that one has none.

use electrolint_model::app::{Content, Listener, Window, WindowKind};
use electrolint_model::electron::preferences::Value;
use electrolint_model::link::things::{Certainty, Origin};
use electrolint_model::source::FOREIGN_SCRIPT;

use crate::{Context, Severity};

/// Windows that one finding names besides the worst.
pub(crate) const MOST_OTHERS: usize = 12;

/// Windows that navigate, open windows and ask for permissions: not those that a development build alone makes.
pub(crate) fn windows<'c>(cx: &'c Context) -> Vec<&'c Window> {
    cx.app
        .windows
        .iter()
        .filter(|window| !matches!(window.kind, WindowKind::Override | WindowKind::Attach | WindowKind::Features))
        .filter(|window| window.development != Some(true))
        .filter(|window| !cx.app.is_separate_file(window.span.file))
        .collect()
}

/// Whether a handler set on this object holds for this window.
pub(crate) fn covers(listener: &Listener, window: &Window) -> bool {
    if listener.development == Some(true) || listener.once {
        return false;
    }
    let guest = window.kind == WindowKind::Webview;
    match listener.receiver.as_ref().map(|host| &host.origin) {
        Some(Origin::Every) => true,
        Some(Origin::Created(call)) => window.call == Some(*call),
        Some(Origin::Guest) => guest,
        // One that cannot be told: taken for the one in question, for nothing says that it is another.
        Some(_) | None => !guest,
    }
}

/// How bad a missing protection is for a window: by what it may do and what it shows.
pub(crate) fn severity(cx: &Context, window: &Window) -> Severity {
    let preferences = window.effective(cx.app);
    let node = preferences.node_integration_effective() == Value::Known(true);
    let isolated = preferences.context_isolation.value != Value::Known(false);
    match content(cx, window) {
        _ if node || !isolated => Severity::Medium,
        Content::Remote | Content::Unknown => Severity::Medium,
        _ => Severity::Low,
    }
}

/// The worst content that a window shows in the shipped app.
pub(crate) fn content(cx: &Context, window: &Window) -> Content {
    if window.kind == WindowKind::Webview {
        return Content::Remote;
    }
    let mut worst = Content::Local;
    let mut loads = 0;
    for load in cx.app.loads() {
        let same = match &load.window {
            Origin::Created(call) => window.call == Some(*call),
            _ => true,
        };
        if !same || load.development == Some(true) || cx.app.is_separate_program(load.call.0) {
            continue;
        }
        loads += 1;
        if load.is_file {
            continue;
        }
        let Some(url) = load.url else { continue };
        for known in cx.app.eval(url).iter() {
            if known.development != Some(true) {
                worst = worst.max(cx.app.content(known));
            }
        }
    }
    if loads == 0 { Content::Unknown } else { worst }
}

/// How sure it is that something is absent: as sure as what was read.
pub(crate) fn absence(cx: &Context) -> Certainty {
    use electrolint_model::problem::ProblemKind;
    let lost = cx.app.problems.iter().any(|problem| {
        matches!(
            problem.kind,
            ProblemKind::FileTooLarge
                | ProblemKind::TooDeep
                | ProblemKind::Unreadable
                | ProblemKind::LimitReached
                | ProblemKind::Internal
        ) || (problem.kind == ProblemKind::ParseError && problem.path.ends_with('s'))
    });
    // A handler may be written in CoffeeScript.
    let lost = lost || cx.app.sources.omitted.iter().any(|omitted| omitted.reason == FOREIGN_SCRIPT);
    if lost { Certainty::Tentative } else { Certainty::Firm }
}
