//! What one check leaves for the next one of the same paths: an editor checks after every keystroke.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use electrolint_model::app::{ElectronFacts, Moved};
use electrolint_model::electron::Version;
use electrolint_model::source::{FileId, SourceFile, Sources, Span};
use electrolint_model::{Memory, Options};
use electrolint_rules::finding::{Edit, Finding, Fix, Ignored, Related};
use electrolint_rules::options::Options as RuleOptions;

use crate::discover::{KnownFiles, Seen};
use crate::{Failure, Outcome, Resolved};

/// What one check leaves for the next one of the same paths: an editor checks after every keystroke.
#[derive(Default)]
pub(crate) struct Kept {
    /// What files say on their own.
    pub memory: Memory,
    /// Files as they were read.
    pub files: KnownFiles,
    /// Set when nobody waits for the result any more.
    pub cancelled: Arc<AtomicBool>,
    /// Nothing but texts that stand for files has changed since the last check, as far as anybody knows.
    pub only_texts: bool,
    /// What was found at the last check, where another one may follow.
    pub seen: Option<Seen>,
    /// The process ends after this check, and frees everything in one go.
    pub is_last: bool,
    /// The folder in which results are kept from one run of the command to the next.
    pub cache: Option<PathBuf>,
    /// The apps, as they were.
    apps: Vec<Last>,
    /// Apps of which nothing was found anew.
    pub unchanged: usize,
}

/// One app at the last check.
struct Last {
    sources: Sources,
    /// The version of Electron that was to be assumed; the number of threads changes nothing.
    version: Option<Version>,
    rules: RuleOptions,
    /// Where texts were looked at as they are written.
    read: Vec<Span>,
    outcome: Outcome,
}

impl Kept {
    /// For the only check of a process, which ends after it: to be forgotten, not dropped.
    pub(crate) fn until_the_end() -> Self {
        Self { is_last: true, ..Self::default() }
    }

    /// As it is, with a folder in which results are kept.
    pub(crate) fn with_cache(self, cache: Option<PathBuf>) -> Self {
        Self { cache, ..self }
    }

    /// # Errors
    /// Nobody waits any more.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Failure::Cancelled) } else { Ok(()) }
    }

    /// Keeps what was found in an app. `read`: where texts were looked at as they are written.
    pub(crate) fn keep(
        &mut self,
        sources: &Sources,
        model: &Options,
        rules: &RuleOptions,
        read: Vec<Span>,
        outcome: &Outcome,
    ) {
        if self.is_last {
            return;
        }
        self.apps.retain(|last| last.sources.root != sources.root);
        let (sources, version, rules) = (sources.clone(), model.electron_version, rules.clone());
        self.apps.push(Last { sources, version, rules, read, outcome: outcome.clone() });
    }

    /// Forgets every app but those of these folders.
    pub(crate) fn retain(&mut self, is_there: impl Fn(&Sources) -> bool) {
        self.apps.retain(|last| is_there(&last.sources));
    }

    /// What is found in an app that is as it was, or of which one script was edited and says what it said before.
    pub(crate) fn known(&mut self, sources: &Sources, model: &Options, rules: &RuleOptions) -> Option<Outcome> {
        let last = self.apps.iter_mut().find(|last| last.sources.root == sources.root)?;
        if last.version != model.electron_version || last.rules != *rules {
            return None;
        }
        let mut edited = edited(&last.sources, sources)?;
        if let Some(index) = edited.pop() {
            let file = FileId(index as u32);
            let (old, new) = (last.sources.file(file), sources.file(file));
            let before = self.memory.find(old).filter(|_| edited.is_empty())?;
            let after = self.memory.read(new);
            let moved = Moved::between(file, (old, &before), (new, &after), &last.read)?;
            if last.outcome.problems.iter().any(|problem| problem.path == new.path) {
                return None;
            }
            let read = last.read.iter().map(|span| moved.span(*span)).collect::<Option<_>>()?;
            last.outcome = outcome(&last.outcome, &moved)?;
            last.read = read;
            last.sources = sources.clone();
        }
        self.unchanged += 1;
        Some(last.outcome.clone())
    }
}

/// The files whose text is another; `None` where the app is another.
fn edited(before: &Sources, after: &Sources) -> Option<Vec<usize>> {
    // Named one by one, so that a part that is added is not forgotten here.
    let Sources { root, files, problems, omitted, archived, packaged } = before;
    let is_same = *root == after.root
        && files.len() == after.files.len()
        && *problems == after.problems
        && *omitted == after.omitted
        && *archived == after.archived
        && *packaged == after.packaged;
    if !is_same {
        return None;
    }
    let mut edited = Vec::new();
    for (index, (before, after)) in files.iter().zip(&after.files).enumerate() {
        let SourceFile { path, kind, role, text } = before;
        if *path != after.path || *kind != after.kind || *role != after.role {
            return None;
        }
        if !Arc::ptr_eq(text, &after.text) && *text != after.text {
            edited.push(index);
        }
    }
    Some(edited)
}

/// What was found, at the places where it is now.
fn outcome(before: &Outcome, moved: &Moved) -> Option<Outcome> {
    let at = |span: Span| moved.span(span);
    let maybe = |span: Option<Span>| span.map_or(Some(None), |span| at(span).map(Some));
    let ElectronFacts { version, source, path, span, written } = &before.electron;
    let electron = ElectronFacts {
        version: *version,
        source: *source,
        path: path.clone(),
        span: maybe(*span)?,
        written: maybe(*written)?,
    };
    let resolved = |resolved: &Resolved| {
        Some(match resolved {
            Resolved::Window { noun, span, symbol } => {
                Resolved::Window { noun: noun.clone(), span: at(*span)?, symbol: symbol.clone() }
            }
            other => other.clone(),
        })
    };
    let edit = |edit: &Edit| Some(Edit { span: at(edit.span)?, replacement: edit.replacement.clone() });
    let related = |related: &Related| Some(Related { span: at(related.span)?, ..related.clone() });
    let finding = |finding: &Finding| {
        let fix = match &finding.fix {
            Some(fix) => Some(Fix { edits: fix.edits.iter().map(edit).collect::<Option<_>>()?, ..fix.clone() }),
            None => None,
        };
        let ignored = match &finding.ignored {
            Some(ignored) => Some(Ignored { span: at(ignored.span)?, reason: ignored.reason.clone() }),
            None => None,
        };
        let related = finding.related.iter().map(related).collect::<Option<_>>()?;
        Some(Finding { span: at(finding.span)?, related, fix, ignored, ..finding.clone() })
    };
    Some(Outcome {
        electron,
        problems: before.problems.clone(),
        files_read: before.files_read,
        windows: before.windows,
        resolved: before.resolved.iter().map(resolved).collect::<Option<_>>()?,
        has_main_process: before.has_main_process,
        findings: before.findings.iter().map(finding).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::path::Path;

    use super::*;
    use crate::check_again;
    use crate::cli::{CheckArgs, InputArgs};
    use crate::discover::Overlay;
    use crate::progress::Progress;

    /// One fixture of so many is edited.
    const ONE_OF: u64 = 12;

    fn apps() -> Vec<PathBuf> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let inside = |folder: PathBuf| {
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
        };
        let mut apps: Vec<PathBuf> = inside(fixtures.join("apps")).collect();
        apps.extend(inside(fixtures.join("rules")).flat_map(inside));
        apps.sort();
        apps
    }

    fn number(of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        of.hash(&mut hasher);
        hasher.finish()
    }

    fn said(app: &Path, overlay: &Overlay, kept: &mut Kept) -> String {
        let input = InputArgs { paths: vec![app.to_path_buf()], ..InputArgs::default() };
        let options = CheckArgs { input, all: true, ..CheckArgs::default() };
        let report = check_again(&options, overlay, &Progress::silent(), kept).unwrap();
        format!("{:#?}", (report.apps, report.findings, report.hidden, report.problems, report.omitted))
    }

    #[test]
    fn after_an_edit_is_said_what_is_said_of_the_new_text() {
        let (mut edits, mut unchanged, mut spared) = (0, 0, 0);
        for app in apps().into_iter().filter(|app| number(app.file_name()) % ONE_OF == 0) {
            let mut scripts: Vec<PathBuf> = walkdir::WalkDir::new(&app)
                .into_iter()
                .map(|entry| entry.unwrap())
                .map(|entry| entry.into_path())
                .collect();
            scripts.retain(|path| {
                path.extension()
                    .is_some_and(|ending| ["js", "ts", "tsx", "jsx", "mjs", "vue"].iter().any(|own| ending == *own))
            });
            let mut overlay = Overlay::new();
            let mut kept = Kept::default();
            said(&app, &overlay, &mut kept);
            for (count, script) in scripts.iter().take(4).enumerate() {
                for edit in [
                    " ",
                    "\n",
                    "/* why */",
                    "x",
                    ";",
                    "\n// nodeIntegration\n",
                    "http://",
                    "\n'./preload'\n",
                    "\n'electron'\n",
                ] {
                    let old = overlay.get(script).cloned().flatten().unwrap_or_else(|| std::fs::read(script).unwrap());
                    let at = number((count, edit, script.file_name())) as usize % (old.len() + 1);
                    // Half of them at the end of a line, as comments are.
                    let line = old.iter().skip(at).position(|byte| *byte == b'\n').map_or(at, |end| at + end);
                    let at = if count % 2 == 0 { line } else { at };
                    let mut new = old.clone();
                    new.splice(at..at, edit.bytes());
                    overlay.insert(script.clone(), Some(new));
                    kept.only_texts = true;
                    let again = said(&app, &overlay, &mut kept);
                    spared += usize::from(kept.only_texts);
                    assert_eq!(
                        again,
                        said(&app, &overlay, &mut Kept::default()),
                        "{} at {at}: {edit:?}",
                        script.display()
                    );
                    edits += 1;
                    // What is no longer a script says nothing more of edits.
                    if matches!(edit, "x" | ";" | "http://") {
                        overlay.insert(script.clone(), Some(old));
                        said(&app, &overlay, &mut kept);
                    }
                }
            }
            unchanged += kept.unchanged;
        }
        assert!(edits > 300 && unchanged > edits / 8, "{unchanged} of {edits}");
        assert!(spared > edits / 2, "{spared} of {edits} without a look at the disk");
    }
}
