//! Mends sources: which edits are made, and what the files are then.
//!
//! Edits of one finding are made together or not at all. Of those that overlap the first wins; the app is then analysed again with the
//! changed texts, so that the next one is made from what is there. A file that could not be parsed, or that would not parse any
//! more, is left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use electrolint_model::problem::ProblemKind;

use crate::cli::{CheckArgs, Fixes};
use crate::discover::{self, Overlay};
use crate::progress::Progress;
use crate::report::{EditReport, Excerpted, Placed, Report};
use crate::{Failure, Kept, check_again};

/// How often the app is analysed at most.
const PASSES: usize = 8;

/// What was mended, in memory.
#[derive(Debug)]
pub struct Mended {
    /// What is left.
    pub report: Report,
    /// Changed files by absolute path: text before and after.
    pub changes: BTreeMap<PathBuf, Change>,
    /// Number of findings that were mended.
    pub fixed: usize,
}

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it lies on disk.
    pub before: String,
    /// As it would lie there.
    pub after: String,
}

/// Makes all fixes that may be made; no file is written.
///
/// # Errors
/// As [`crate::check`].
pub fn mend(options: &CheckArgs, which: Fixes) -> Result<Mended, Failure> {
    mend_and_tell(options, which, &Progress::silent(), &mut Kept::default())
}

/// As [`mend`]; says what it is at, and spares the work whose result was kept: from one pass to the next few files change.
pub(crate) fn mend_and_tell(
    options: &CheckArgs,
    which: Fixes,
    progress: &Progress,
    kept: &mut Kept,
) -> Result<Mended, Failure> {
    let mut overlay = Overlay::new();
    let mut report = check_again(options, &overlay, progress, kept)?;
    let mut changes: BTreeMap<PathBuf, Change> = BTreeMap::new();
    let mut spoilt: BTreeSet<PathBuf> = unparsed(&report);
    let mut fixed = 0;
    for _ in 0..PASSES {
        let (texts, count) = apply(&report, which, &spoilt);
        if texts.is_empty() {
            break;
        }
        let before = (overlay.clone(), changes.clone());
        for (path, (old, new)) in &texts {
            overlay.insert(path.clone(), Some(new.clone().into_bytes()));
            let change = changes.entry(path.clone());
            change.or_insert_with(|| Change { before: old.clone(), after: String::new() }).after.clone_from(new);
        }
        let next = check_again(options, &overlay, progress, kept)?;
        let broken: BTreeSet<PathBuf> = unparsed(&next).difference(&spoilt).cloned().collect();
        if broken.is_empty() {
            report = next;
            fixed += count;
        } else {
            (overlay, changes) = before;
            spoilt.extend(broken);
        }
    }
    changes.retain(|_, change| change.before != change.after);
    Ok(Mended { report, changes, fixed })
}

/// Files that were not read whole.
pub(crate) fn unparsed(report: &Report) -> BTreeSet<PathBuf> {
    let is_broken = |kind: ProblemKind| {
        matches!(kind, ProblemKind::ParseError | ProblemKind::TooDeep | ProblemKind::Encoding | ProblemKind::BadData)
    };
    report.problems.iter().filter(|p| is_broken(p.kind)).map(|p| absolute(report, &p.path)).collect()
}

fn absolute(report: &Report, path: &str) -> PathBuf {
    discover::plain(&report.base.join(path))
}

/// Texts before and after, by path.
type Texts = BTreeMap<PathBuf, (String, String)>;

/// Replacements by file.
pub(crate) type Chosen<'a> = BTreeMap<PathBuf, Vec<(&'a Excerpted, &'a str)>>;

/// The texts that the first of all fixes that get along make, and how many findings they mend.
fn apply(report: &Report, which: Fixes, spoilt: &BTreeSet<PathBuf>) -> (Texts, usize) {
    let (chosen, count) = choose(report, report.findings.iter(), which, spoilt);
    (chosen.into_iter().filter_map(|(path, edits)| Some((path, rewrite(edits)?))).collect(), count)
}

/// The first of all fixes of these findings that get along, and how many findings they mend. Files of `spoilt` are left alone.
pub(crate) fn choose<'a>(
    report: &Report,
    findings: impl Iterator<Item = &'a Placed>,
    which: Fixes,
    spoilt: &BTreeSet<PathBuf>,
) -> (Chosen<'a>, usize) {
    let mut taken = Chosen::new();
    let mut count = 0;
    for placed in findings {
        let Some(edits) = edits(placed, which) else { continue };
        let placed: Vec<(PathBuf, &Excerpted, &str)> = edits
            .iter()
            .filter_map(|edit| {
                Some((absolute(report, &edit.location.path), edit.source.as_ref()?, edit.replacement.as_str()))
            })
            .collect();
        let fits = |(path, at, replacement): &(PathBuf, &Excerpted, &str)| {
            !spoilt.contains(path)
                && is_plain(at)
                && taken.get(path).is_none_or(|others| get_along(others, at, replacement))
        };
        let changes = |at: &Excerpted, new: &str| at.text.content.get(at.start..at.end) != Some(new);
        let is_idle = !placed.iter().any(|(_, at, replacement)| changes(at, replacement));
        if placed.len() != edits.len() || is_idle || !placed.iter().all(fits) {
            continue;
        }
        for (path, at, replacement) in placed {
            let others = taken.entry(path).or_default();
            if !others.iter().any(|other| is_same(other, at, replacement)) {
                others.push((at, replacement));
            }
        }
        count += 1;
    }
    (taken, count)
}

fn edits(placed: &Placed, which: Fixes) -> Option<&[EditReport]> {
    let fix = placed.fix.as_ref().filter(|_| placed.suppressed.is_none())?;
    (fix.safe || which == Fixes::Unsafe).then_some(&fix.edits)
}

/// The text is on disk as it is in memory, but for a byte-order mark: UTF-8.
fn is_plain(at: &Excerpted) -> bool {
    matches!(at.text.shifts.as_slice(), [] | [(0, 3)])
}

fn get_along(others: &[(&Excerpted, &str)], at: &Excerpted, replacement: &str) -> bool {
    others.iter().all(|other| {
        is_same(other, at, replacement)
            || (at.end < other.0.start || other.0.end < at.start)
            || (at.end == other.0.start || other.0.end == at.start) && at.start < at.end && other.0.start < other.0.end
    })
}

fn is_same(other: &(&Excerpted, &str), at: &Excerpted, replacement: &str) -> bool {
    (other.0.start, other.0.end, other.1) == (at.start, at.end, replacement)
}

/// The text on disk before and after some edits that do not overlap.
fn rewrite(mut edits: Vec<(&Excerpted, &str)>) -> Option<(String, String)> {
    let text = edits.first()?.0.text.clone();
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let mark = if text.shifts.is_empty() { "" } else { "\u{feff}" };
    let mut after = mark.to_owned();
    let mut from = 0;
    for (at, replacement) in edits {
        after.push_str(text.content.get(from..at.start)?);
        after.push_str(replacement);
        from = at.end;
    }
    after.push_str(text.content.get(from..)?);
    Some((format!("{mark}{}", text.content), after))
}

/// The changes as a patch that `git apply` takes at the top of the repository.
pub fn patch(report: &Report, changes: &BTreeMap<PathBuf, Change>) -> String {
    changes.iter().map(|(path, change)| file_patch(&report.repository, path, change)).collect()
}

fn file_patch(top: &Path, path: &Path, change: &Change) -> String {
    let name = discover::relative(top, path);
    let (before, after): (Vec<&str>, Vec<&str>) =
        (change.before.split_inclusive('\n').collect(), change.after.split_inclusive('\n').collect());
    let diff = similar::TextDiff::configure().newline_terminated(true).diff_slices(&before, &after);
    diff.unified_diff().header(&quoted(&format!("a/{name}")), &quoted(&format!("b/{name}"))).to_string()
}

/// A name as git writes it: in quotes if it has characters that would end it.
/// <https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath>
fn quoted(name: &str) -> String {
    if !name.contains(|c: char| c.is_control() || c == '"' || c == '\\') {
        return name.to_owned();
    }
    let mut out = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:03o}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
