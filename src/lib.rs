//! The `electrolint` command as a library: the pipeline, one line per stage.
//!
//! discover → model → rules → select → report; between the stages lies plain data.

#![forbid(unsafe_code)]

pub mod baseline;
mod cache;
pub mod cli;
pub mod commands;
pub mod config;
pub mod discover;
mod failure;
pub mod fix;
pub mod git;
mod kept;
pub mod lsp;
pub mod manifest;
mod narrow;
mod progress;
pub mod report;
pub mod select;
mod timings;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use electrolint_model::App;
use electrolint_model::app::ElectronFacts;
use electrolint_model::electron::Version;
use electrolint_model::problem::Problem;
use electrolint_model::source::{Sources, Span};
use electrolint_rules::finding::{Confidence, Finding, Scope};
use serde::{Deserialize, Serialize};

pub use failure::{Exit, Failure};

use crate::cache::Cache;
use crate::cli::{CheckArgs, InputArgs};
use crate::config::Configurations;
use crate::config::settings::Config;
use crate::discover::{Discovery, FoundApp, KnownFiles, Overlay, Seen};
pub(crate) use crate::kept::Kept;
use crate::progress::Progress;
use crate::report::Report;
use crate::select::Selection;
use crate::timings::Timings;

/// One app on its way to the report.
pub struct Analysed {
    /// What was read of it.
    pub found: FoundApp,
    /// What the model and the rules say of it.
    pub outcome: Outcome,
}

/// What the model and the rules say of one app: all that is needed of them from there on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which Electron it uses.
    pub electron: ElectronFacts,
    /// What could not be analysed.
    pub problems: Vec<Problem>,
    /// Files that were parsed.
    pub files_read: usize,
    /// Windows, views and webviews that were found.
    pub windows: usize,
    /// Where it starts and what windows it makes.
    pub resolved: Vec<Resolved>,
    /// Whether it has a main process, and is no part of an app that lies beside it.
    pub has_main_process: bool,
    /// What the rules say of it, unselected.
    pub findings: Vec<Finding>,
}

/// Something that was resolved of an app, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolved {
    /// A script in which it starts, as `SourceFile::path`.
    Start(String),
    /// A window, view or webview.
    Window {
        /// What it is.
        noun: String,
        /// Where it is made.
        span: Span,
        /// Its scope path, as `Finding::symbol`.
        symbol: String,
    },
    /// So many windows more.
    More(usize),
}

impl Resolved {
    /// As a line.
    pub fn text(&self, sources: &Sources) -> String {
        match self {
            Resolved::Start(path) => format!("starts in {path}"),
            Resolved::Window { noun, span, symbol } => format!("{noun} {} ({symbol})", sources.place_text(*span)),
            Resolved::More(count) => format!("and {count} more windows"),
        }
    }
}

/// Runs every stage up to the report.
///
/// # Errors
/// What the caller can act on: a path that does not exist, an option that makes no sense. Input never is an error.
pub fn check(options: &CheckArgs) -> Result<Report, Failure> {
    check_again(options, &Overlay::new(), &Progress::silent(), &mut Kept::default())
}

/// As [`check`], with a folder in which results are kept from one time to the next, as `--cache-dir` names one. The report is the same.
///
/// # Errors
/// As [`check`]: nothing about that folder is one.
pub fn check_keeping(options: &CheckArgs, cache: PathBuf) -> Result<Report, Failure> {
    let mut kept = Kept::default().with_cache(Some(cache));
    check_again(options, &Overlay::new(), &Progress::silent(), &mut kept)
}

/// As [`check`], with texts that stand for files; says what it is at, and spares the work whose result was kept. The report is the same.
pub(crate) fn check_again(
    options: &CheckArgs,
    overlay: &Overlay,
    progress: &Progress,
    kept: &mut Kept,
) -> Result<Report, Failure> {
    let mut timings = Timings::start();
    let began = now();
    let mut selection = Selection::from_options(options)?;
    let mut narrow = narrow::ask(options)?; // git or standard input, where an option wants it
    narrow.overlay.extend(overlay.iter().map(|(path, bytes)| (path.clone(), bytes.clone())));
    timings.lap("asking git");
    let configurations = Configurations::new(&options.input.config, &discover::base(&narrow.paths)?)?;
    let mut discovery = read_kept(&narrow.paths, &options.input, &configurations, narrow.overlay, kept)?; // the only stage that reads sources
    kept.go_on()?;
    selection.narrow(&discovery, narrow.files, options)?;
    timings.lap("reading");
    let apps = std::mem::take(&mut discovery.apps);
    let count = apps.len();
    let wanted = kept.cache.as_ref().filter(|_| count > 0);
    let opened = wanted.map(|folder| Cache::open(folder, &narrow.paths, &discovery.base, &apps));
    let (mut cache, why_not) = match opened {
        Some(Ok(cache)) => (Some(cache), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let mut analysed = Vec::with_capacity(count);
    for (index, found) in apps.into_iter().enumerate() {
        let of = if count > 1 { format!(", app {} of {count}", index + 1) } else { String::new() };
        progress.say(format!("analysing {} files{of}", found.sources.files.len()));
        let config = configurations.of(&config::absolute(&discovery.base, &found.sources.root));
        let (model_options, rule_options) =
            (model_options(&options.input, &config), config.options(&found, &discovery.base));
        if let Some(outcome) = kept.known(&found.sources, &model_options, &rule_options) {
            analysed.push(Analysed { found, outcome });
            continue;
        }
        let mut page =
            cache.as_mut().map(|cache| cache.app(&discovery.base, &found.sources, &model_options, &rule_options));
        if let Some((cache, page)) = cache.as_mut().zip(page.as_mut()) {
            let known = cache.outcome(page);
            if known.is_none() {
                cache.teach(page, &found.sources, &mut kept.memory);
            }
            timings.lap("cache");
            if let Some(outcome) = known {
                analysed.push(Analysed { found, outcome });
                continue;
            }
        }
        let app = electrolint_model::analyse_again(&found.sources, &model_options, &mut kept.memory); // cannot fail: bad input becomes app.problems
        kept.go_on()?;
        timings.lap("analysing");
        progress.say(format!("applying rules{of}"));
        let findings = electrolint_rules::run_timed(&app, &rule_options, |rule, time| {
            timings.rule(rule, time);
            if kept.cancelled.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        kept.go_on()?;
        let (electron, mut problems) = (app.electron.clone(), app.problems.clone());
        problems.extend(app.exhaustion().filter(|problem| !app.problems.contains(problem)));
        let (files_read, windows, resolved) = (app.files_read, app.windows.len(), resolved(&app));
        let has_main_process = app.has_main_process();
        let texts_read = app.texts_read();
        if kept.is_last && index + 1 == count {
            std::mem::forget(app);
        } else {
            drop(app);
        }
        timings.lap("rules");
        let outcome = Outcome { electron, problems, files_read, windows, resolved, has_main_process, findings };
        kept.keep(&found.sources, &model_options, &rule_options, texts_read, &outcome);
        if let Some((cache, page)) = cache.as_mut().zip(page) {
            cache.keep(page, &found.sources, &kept.memory, &outcome);
            timings.lap("cache");
        }
        analysed.push(Analysed { found, outcome });
    }
    if !kept.is_last {
        kept.memory.retain(|path| analysed.iter().any(|app| app.found.sources.find(path).is_some()));
        kept.retain(|sources| analysed.iter().any(|app| app.found.sources.root == sources.root));
    }
    doubt_parts(&mut analysed);
    let mut report = select::select(discovery, analysed, &selection, &configurations);
    configurations.ready()?; // which files have a configuration is known only now
    timings.lap("selecting");
    report.cache = cache.map(Cache::finish).or(why_not);
    if report.cache.is_some() {
        timings.lap("cache");
    }
    report.timings = timings;
    report.time = (began, now());
    Ok(report)
}

/// What is said of an app as a whole is a guess for a package without a main process, where another package has one: the package may
/// be a part of that app, which sets the handlers and chooses the Electron.
fn doubt_parts(analysed: &mut [Analysed]) {
    if !analysed.iter().any(|app| app.outcome.has_main_process) {
        return;
    }
    for part in analysed.iter_mut().filter(|app| !app.outcome.has_main_process) {
        for finding in part.outcome.findings.iter_mut().filter(|finding| finding.scope == Scope::App) {
            finding.confidence = Confidence::Tentative;
        }
    }
}

/// Seconds since 1970; what SOURCE_DATE_EPOCH says, if it is set, so that results can be the same twice.
/// <https://reproducible-builds.org/docs/source-date-epoch/>
fn now() -> u64 {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    said.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()))
}

/// Lines of one kind that are shown of one app.
const RESOLVED: usize = 40;

/// Where the app starts, and its windows.
fn resolved(app: &App) -> Vec<Resolved> {
    let path = |unit| app.sources.file(app.program.file(unit)).path.clone();
    let starts = app.entries().scripts.iter().map(|unit| Resolved::Start(path(*unit)));
    let windows = app.windows.iter().map(|window| {
        let noun = electrolint_rules::noun(window.kind).to_owned();
        Resolved::Window { noun, span: window.span, symbol: window.symbol.clone() }
    });
    let mut lines: Vec<Resolved> = starts.take(RESOLVED).collect();
    lines.extend(windows.take(RESOLVED));
    let more = app.windows.len().saturating_sub(RESOLVED);
    lines.extend((more > 0).then_some(Resolved::More(more)));
    lines
}

/// The discovery stage.
pub(crate) fn read(input: &InputArgs, configurations: &Configurations) -> Result<Discovery, Failure> {
    let limit = max_file_size(&input.paths, input, configurations)?;
    read_over(&input.paths, input, configurations, Overlay::new(), limit, &mut KnownFiles::default())
}

/// The discovery stage, which is spared where only texts changed, and nothing but themselves with them.
fn read_kept(
    paths: &[PathBuf],
    input: &InputArgs,
    configurations: &Configurations,
    overlay: Overlay,
    kept: &mut Kept,
) -> Result<Discovery, Failure> {
    let limit = max_file_size(paths, input, configurations)?;
    let seen = kept.seen.take().filter(|_| kept.only_texts);
    if let Some(seen) = seen.and_then(|seen| seen.under(&overlay, &kept.files, limit)) {
        configurations.ready()?;
        let discovery = seen.discovery().clone();
        kept.seen = Some(seen);
        return Ok(discovery);
    }
    kept.only_texts = false;
    let texts = (!kept.is_last).then(|| overlay.clone());
    let discovery = read_over(paths, input, configurations, overlay, limit, &mut kept.files)?;
    kept.seen = texts.map(|texts| Seen::new(texts, discovery.clone()));
    Ok(discovery)
}

/// The discovery stage, with texts that stand for files. `max_file_size`: longest file that is read, in bytes.
fn read_over(
    paths: &[PathBuf],
    input: &InputArgs,
    configurations: &Configurations,
    overlay: Overlay,
    max_file_size: u64,
    known: &mut KnownFiles,
) -> Result<Discovery, Failure> {
    let options = discover::Options {
        include_tests: input.include_tests,
        include: input.include.clone(),
        exclude: input.exclude.clone(),
        no_ignore_files: input.no_ignore_files,
        app: input.app.clone(),
        overlay,
        max_file_size,
    };
    let discovery = discover::read_again(paths, &options, configurations, known)?;
    configurations.ready()?;
    Ok(discovery)
}

/// Longest file that is read, in bytes: one limit for all, which the configuration of the folder that is checked may say.
fn max_file_size(paths: &[PathBuf], input: &InputArgs, configurations: &Configurations) -> Result<u64, Failure> {
    let config = configurations.of(&discover::base(paths)?);
    let said = input.max_file_size.map(|size| size.0).or(config.max_file_size);
    Ok(said.unwrap_or(discover::Options::default().max_file_size))
}

/// The model stage.
pub(crate) fn analyse<'a>(found: &'a FoundApp, input: &InputArgs, config: &Config) -> App<'a> {
    electrolint_model::analyse(&found.sources, &model_options(input, config))
}

fn model_options(input: &InputArgs, config: &Config) -> electrolint_model::Options {
    let version = input.electron_version.as_deref().or(config.electron_version.as_deref());
    electrolint_model::Options {
        electron_version: version.and_then(Version::parse),
        threads: input.threads.map_or(0, usize::from),
    }
}
