//! The thread that checks: the newest texts, one job at a time, with what the last one left.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::cli::CheckArgs;
use crate::discover::Overlay;
use crate::progress::Progress;
use crate::report::Report;
use crate::{Failure, Kept, check_again};

/// Stack of the threads of the server, in bytes: linking and looking for weaknesses recurse.
pub(super) const STACK: usize = 64 << 20;

/// What is to be checked.
pub(super) struct Job {
    /// Counts the states of texts and settings.
    pub generation: u64,
    /// Folders, with the options of their check. Empty options: nothing is to be kept of them.
    pub checks: Vec<(PathBuf, CheckArgs)>,
    /// The folders that there are at all.
    pub folders: Vec<PathBuf>,
    /// Texts of the editor.
    pub overlay: Overlay,
    /// Nothing but these texts changed since the last result that was taken, as far as the editor said.
    pub only_texts: bool,
    /// Set when a newer job is there.
    pub cancelled: Arc<AtomicBool>,
}

/// What came of a job.
pub(super) struct Done {
    /// That of the job.
    pub generation: u64,
    /// By folder; a folder whose check came to nothing says why.
    pub reports: Vec<(PathBuf, Result<Report, Failure>)>,
}

/// After which time without a keystroke the disk is looked at again: files change without a word of the editor's too.
const PAUSE: Duration = Duration::from_millis(500);

/// Works until nobody asks any more.
pub(super) fn work(jobs: &Receiver<Job>, results: &Sender<Done>) {
    let mut kept: BTreeMap<PathBuf, Kept> = BTreeMap::new();
    // Done without a look at the disk, which is made up for.
    let mut hasty: Option<Job> = None;
    loop {
        let next = if hasty.is_some() { jobs.recv_timeout(PAUSE) } else { jobs.recv().map_err(Into::into) };
        let mut job = match (next, hasty.take()) {
            (Ok(job), _) => job,
            (Err(RecvTimeoutError::Timeout), Some(hasty)) => Job { only_texts: false, ..hasty },
            (Err(_), _) => return,
        };
        // Each job holds all that was waiting: the newest is enough.
        while let Ok(newer) = jobs.try_recv() {
            job = newer;
        }
        kept.retain(|folder, _| job.folders.contains(folder));
        let mut reports = Vec::with_capacity(job.checks.len());
        let mut is_hasty = false;
        for (folder, options) in &job.checks {
            let mut own = kept.remove(folder).unwrap_or_default();
            own.cancelled = job.cancelled.clone();
            own.only_texts = job.only_texts;
            let check = || check_again(options, &job.overlay, &Progress::silent(), &mut own);
            // A bug must not take the editor's server away; what was kept is not trusted any more.
            let report = catch_unwind(AssertUnwindSafe(check)).map_err(|panic| panic_text(&*panic));
            let report = match report {
                Ok(report) => {
                    is_hasty |= own.only_texts;
                    kept.insert(folder.clone(), own);
                    report
                }
                Err(text) => Err(Failure::Editor(format!("this is a bug in electrolint: {text}"))),
            };
            reports.push((folder.clone(), report));
        }
        let is_cancelled = reports.iter().any(|(_, report)| matches!(report, Err(Failure::Cancelled)));
        if !is_cancelled && results.send(Done { generation: job.generation, reports }).is_err() {
            return;
        }
        hasty = (is_hasty && !is_cancelled).then_some(job);
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn of_what_is_cancelled_nothing_is_heard() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
        let job = |generation, is_cancelled| {
            let mut options = CheckArgs::default();
            options.input.paths = vec![folder.clone()];
            Job {
                generation,
                checks: vec![(folder.clone(), options)],
                folders: vec![folder.clone()],
                overlay: Overlay::new(),
                only_texts: false,
                cancelled: Arc::new(AtomicBool::new(is_cancelled)),
            }
        };
        let mut kept = Kept::default();
        kept.cancelled.store(true, Ordering::Relaxed);
        let (_, options) = job(0, true).checks.remove(0);
        let stopped = check_again(&options, &Overlay::new(), &Progress::silent(), &mut kept);
        assert!(matches!(stopped, Err(Failure::Cancelled)), "{stopped:?}");
        let (jobs, waiting) = crossbeam_channel::unbounded();
        let (results, done) = crossbeam_channel::unbounded();
        std::thread::scope(|scope| {
            scope.spawn(move || work(&waiting, &results));
            jobs.send(job(1, true)).unwrap();
            jobs.send(job(2, false)).unwrap();
            let heard = done.recv().unwrap();
            assert_eq!(heard.generation, 2);
            assert!(!heard.reports[0].1.as_ref().unwrap().findings.is_empty());
            drop(jobs);
            assert!(done.recv().is_err(), "nothing more");
        });
    }
}
