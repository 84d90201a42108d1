//! The `electrolint` command as a library: the pipeline, one line per stage.
//!
//! discover → model → rules → select → report; between the stages lies plain data.

#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod config;
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
use crate::config::Configurations;
use crate::config::settings::Config;
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
    let configurations = Configurations::new(&options.input.config, &discover::base(&options.input.paths)?)?;
    let mut discovery = read(&options.input, &configurations)?; // the only stage that reads sources
    let apps = std::mem::take(&mut discovery.apps);
    let analysed: Vec<Analysed> = apps
        .into_iter()
        .map(|found| {
            let config = configurations.of(&config::absolute(&discovery.base, &found.sources.root));
            let app = analyse(&found, &options.input, &config); // cannot fail: bad input becomes app.problems
            let findings = electrolint_rules::run(&app, &config.options(&found, &discovery.base));
            let (electron, mut problems) = (app.electron.clone(), app.problems.clone());
            problems.extend(app.exhaustion().filter(|problem| !app.problems.contains(problem)));
            let (files_read, windows) = (app.files_read, app.windows.len());
            drop(app);
            Analysed { found, electron, problems, files_read, windows, findings }
        })
        .collect();
    let report = select::select(discovery, analysed, &selection, &configurations);
    configurations.ready()?; // which files have a configuration is known only now
    Ok(report)
}

/// The discovery stage.
pub(crate) fn read(input: &InputArgs, configurations: &Configurations) -> Result<Discovery, Failure> {
    let mut options = discover::Options {
        include_tests: input.include_tests,
        include: input.include.clone(),
        exclude: input.exclude.clone(),
        no_ignore_files: input.no_ignore_files,
        app: input.app.clone(),
        ..discover::Options::default()
    };
    // One limit for all: the configuration of the folder that is checked says it.
    let config = configurations.of(&discover::base(&input.paths)?);
    if let Some(size) = input.max_file_size.map(|size| size.0).or(config.max_file_size) {
        options.max_file_size = size;
    }
    let discovery = discover::read(&input.paths, &options, configurations)?;
    configurations.ready()?;
    Ok(discovery)
}

/// The model stage.
pub(crate) fn analyse<'a>(found: &'a FoundApp, input: &InputArgs, config: &Config) -> App<'a> {
    let version = input.electron_version.as_deref().or(config.electron_version.as_deref());
    let options = electrolint_model::Options {
        electron_version: version.and_then(Version::parse),
        threads: input.threads.map_or(0, usize::from),
    };
    electrolint_model::analyse(&found.sources, &options)
}
