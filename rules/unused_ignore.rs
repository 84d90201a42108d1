//! Comments that ask to ignore what is not there.

use crate::finding::{Edit, Fix};
use crate::ignores::{Ignore, Reach, Style};
use crate::{Context, Findings, Severity, fixes};
use electrolint_model::source::Span;

rule! {
    /// A comment asks to ignore a finding that is not there.
    ///
    /// The code was mended, or the comment stands in the wrong place, or names a rule that does not exist. Left where it is, it will
    /// hide the next weakness that somebody writes there. A comment without rules in brackets ignores nothing, and
    /// `electrolint-ignore-file` must stand before any code. Comments of electronegativity (`eng-disable`) are that tool's to judge.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: {
    ///   webSecurity: true, /* electrolint-ignore[web-security]: the old server had no CORS */ //~ unused-ignore
    /// } });
    /// new BrowserWindow({ webPreferences: {
    ///   webSecurity: false, // electrolint-ignore[web-security]: the old server has no CORS
    /// } });
    /// ```
    pub(crate) static RULE = {
        id: "unused-ignore",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-1164"],
        source: "https://eslint.org/docs/latest/use/configure/rules#report-unused-eslint-disable-comments",
    }
}

/// Which comments hide nothing is known only when every other rule has spoken: see [`report`].
fn check(_: &Context, _: &mut Findings) {}

/// Reports comments of which some name hides nothing.
pub(crate) fn report(cx: &Context, used: &[Vec<bool>], findings: &mut Findings) {
    for (ignore, used) in cx.ignores.iter().zip(used) {
        if ignore.style == Style::Electronegativity {
            continue;
        }
        if ignore.names.is_empty() {
            findings
                .report(&RULE, ignore.span, "the comment names no rule and ignores nothing")
                .gain("Whoever wrote it believes that a finding is dealt with.")
                .help("Name the rules in brackets: `electrolint-ignore[web-security]: reason`.")
                .symbol("ignore");
            continue;
        }
        if ignore.late && ignore.reach == Reach::Nowhere {
            findings
                .report(&RULE, ignore.span, "the comment asks for the whole file and stands behind code")
                .gain("It ignores nothing there.")
                .help("Put it before any code, or write `electrolint-ignore[…]` at the line.")
                .symbol("ignore-file");
            continue;
        }
        let unused: Vec<usize> = (0..).zip(used).filter(|(_, used)| !**used).map(|(index, _)| index).collect();
        let all = unused.len() == ignore.names.len();
        for &index in &unused {
            let Some((name, span)) = ignore.names.get(index) else { continue };
            // These two speak of comments: whether they are hidden says nothing of the code.
            if crate::ignores::glob(name, RULE.id) {
                continue;
            }
            let is_known = crate::all().iter().any(|rule| crate::ignores::glob(name, rule.id));
            let message = match is_known {
                true => format!("there is no `{name}` finding here to be ignored"),
                false => format!("no rule is called `{name}`"),
            };
            let mut report = findings
                .report(&RULE, *span, message)
                .gain("It will hide the next weakness that is written here.")
                .help(if is_known { "Remove it." } else { "`electrolint rules` lists the names." })
                .symbol(format!("ignore {name}"));
            if is_known {
                let edits = if all { fixes::remove_comment(cx.app, ignore.span) } else { one(ignore, index) };
                report = report.fix(Some(Fix { title: "remove what ignores nothing".to_owned(), safe: true, edits }));
            }
            let _ = report;
        }
    }
}

/// Takes one name out of the list.
fn one(ignore: &Ignore, index: usize) -> Vec<Edit> {
    let place = |index: usize| ignore.names.get(index).map(|(_, span)| *span);
    let Some(name) = place(index) else { return Vec::new() };
    let span = match (index.checked_sub(1).and_then(place), place(index + 1)) {
        (Some(previous), _) => Span { start: previous.end, ..name },
        (None, Some(next)) => Span { end: next.start, ..name },
        (None, None) => name,
    };
    vec![Edit { span, replacement: String::new() }]
}
