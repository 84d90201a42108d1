//! The `electrolint` command as a library: the pipeline, one line per stage.
//!
//! discover → model → rules → select → report; between the stages lies plain data.

#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod discover;
mod failure;
pub mod manifest;
pub mod report;
pub mod select;

use electrolint_model::App;
use electrolint_model::app::ElectronFacts;
use electrolint_model::electron::Version;
use electrolint_model::problem::Problem;
use electrolint_rules::finding::Finding;

pub use failure::{Exit, Failure};

use crate::cli::{CheckArgs, InputArgs};
use crate::discover::{Discovery, FoundApp};
use crate::report::Report;
use crate::select::Selection;

/// One app on its way to the report.
pub struct Analysed {
    /// What was read of it.
    pub found: FoundApp,
    /// Which Electron it uses.
    pub electron: ElectronFacts,
    /// What could not be analysed.
    pub problems: Vec<Problem>,
    /// Files that were parsed.
    pub files_read: usize,
    /// Windows, views and webviews that were found.
    pub windows: usize,
    /// What the rules say of it, unselected.
    pub findings: Vec<Finding>,
}

/// Runs every stage up to the report.
///
/// # Errors
/// What the caller can act on: a path that does not exist, an option that makes no sense. Input never is an error.
pub fn check(options: &CheckArgs) -> Result<Report, Failure> {
    let selection = Selection::from_options(options)?;
    let mut discovery = read(&options.input)?; // the only stage that reads the disk
    let apps = std::mem::take(&mut discovery.apps);
    let analysed: Vec<Analysed> = apps
        .into_iter()
        .map(|found| {
            let app = analyse(&found, &options.input); // cannot fail: bad input becomes app.problems
            let findings = electrolint_rules::run(&app);
            let (electron, mut problems) = (app.electron.clone(), app.problems.clone());
            problems.extend(app.exhaustion().filter(|problem| !app.problems.contains(problem)));
            let (files_read, windows) = (app.files_read, app.windows.len());
            drop(app);
            Analysed { found, electron, problems, files_read, windows, findings }
        })
        .collect();
    Ok(select::select(discovery, analysed, &selection))
}

/// The discovery stage.
pub(crate) fn read(input: &InputArgs) -> Result<Discovery, Failure> {
    let mut options = discover::Options {
        include_tests: input.include_tests,
        include: input.include.clone(),
        exclude: input.exclude.clone(),
        no_ignore_files: input.no_ignore_files,
        app: input.app.clone(),
        ..discover::Options::default()
    };
    if let Some(size) = input.max_file_size {
        options.max_file_size = size.0;
    }
    Ok(discover::read(&input.paths, &options)?)
}

/// The model stage.
pub(crate) fn analyse<'a>(found: &'a FoundApp, input: &InputArgs) -> App<'a> {
    let options = electrolint_model::Options {
        electron_version: input.electron_version.as_deref().and_then(Version::parse),
        threads: input.threads.map_or(0, usize::from),
    };
    electrolint_model::analyse(&found.sources, &options)
}
