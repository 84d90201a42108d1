//! The two steps: every file on its own, then all together.

use std::cell::RefCell;

use rayon::prelude::*;

use super::App;
use crate::electron::Version;
use crate::html::{self, Html, ScriptKind};
use crate::link::{Program, Unit};
use crate::problem::{Problem, ProblemKind};
use crate::source::{FileId, FileKind, Role, SourceFile, Sources};
use crate::summary::Summary;
use crate::syntax::{self, Outcome, Script};

/// What the caller decides about an analysis.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The Electron version to assume, whatever the files say.
    pub electron_version: Option<Version>,
    /// Worker threads; 0: as many as there are processors.
    pub threads: usize,
}

/// What one file says on its own.
#[derive(Clone, Debug, Default)]
pub struct Sheets {
    /// Its scripts, in order.
    pub summaries: Vec<Summary>,
    /// The page, where it is one.
    pub html: Option<Html>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Stack of a worker thread, in bytes. Only what is touched costs memory.
const WORKER_STACK: usize = 64 << 20;

/// The largest stack that one file may be given, in bytes.
const LARGEST_STACK: u64 = 1 << 30;

/// Texts longer than this are parsed one at a time, for a dense one becomes a syntax tree of eighty times its size.
const LARGE: usize = 1 << 20;

/// Analyses one app. Never fails: what could not be read is in [`App::problems`].
pub fn analyse<'a>(sources: &'a Sources, options: &Options) -> App<'a> {
    let sheets = summarise_all(sources, options.threads);
    let mut problems = sources.problems.clone();
    let (mut units, mut pages) = (Vec::new(), Vec::new());
    let mut files_read = 0;
    for (index, sheet) in sheets.into_iter().enumerate() {
        let file = FileId(index as u32);
        files_read += usize::from(!sheet.summaries.is_empty() || sheet.html.is_some());
        if sources.file(file).role != Role::Context {
            problems.extend(sheet.problems);
        }
        let first = units.len() as u32;
        units.extend(sheet.summaries.into_iter().map(|summary| Unit { file, summary }));
        if let Some(html) = sheet.html {
            pages.push((file, html, first..units.len() as u32));
        }
    }
    let program = Program::new(sources, units);
    let electron = super::version::find(sources, &program, options, &mut problems);
    let mut app = App {
        sources,
        program,
        electron,
        windows: Vec::new(),
        pages: Vec::new(),
        problems: Vec::new(),
        files_read,
        processes: Vec::new(),
        script_webviews: Vec::new(),
        calls: RefCell::default(),
    };
    app.pages = super::pages::read(&app, pages);
    app.script_webviews = super::pages::script_webviews(&app);
    app.windows = super::windows::find(&app);
    app.processes = super::process::find(&app);
    if app.program.exhausted() {
        problems.push(Problem {
            path: sources.root.clone(),
            line: None,
            kind: ProblemKind::LimitReached,
            message: "the app is too entangled to be followed wholly; findings may be missing".to_owned(),
        });
    }
    problems.sort();
    problems.dedup();
    app.problems = problems;
    app
}

fn summarise_all(sources: &Sources, threads: usize) -> Vec<Sheets> {
    let mut sheets: Vec<Sheets> = vec![Sheets::default(); sources.files.len()];
    let (large, small): (Vec<usize>, Vec<usize>) =
        (0..sources.files.len()).partition(|&index| sources.files[index].text.content.len() > LARGE);
    let total: usize = small.iter().map(|&index| sources.files[index].text.content.len()).sum();
    // Waking a pool costs about as much as a megabyte of parsing.
    let threads = if total < LARGE { 1 } else { threads };
    match rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(WORKER_STACK).build() {
        Ok(pool) => pool.install(|| {
            let done: Vec<(usize, Sheets)> =
                small.par_iter().map(|&index| (index, on_its_own(&sources.files[index]))).collect();
            for (index, sheet) in done {
                sheets[index] = sheet;
            }
        }),
        Err(_) => {
            for &index in &small {
                sheets[index] = in_a_thread(&sources.files[index], WORKER_STACK);
            }
        }
    }
    for index in large {
        sheets[index] = on_its_own(&sources.files[index]);
    }
    sheets
}

/// Reads a file on this thread if its stack is enough whatever the file holds, else on one that has more.
fn on_its_own(file: &SourceFile) -> Sheets {
    if !matches!(
        file.kind,
        FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx | FileKind::Html | FileKind::Json
    ) {
        return summarise(file);
    }
    let needed = syntax::stack_bytes(&file.text.content);
    if needed <= WORKER_STACK as u64 / 2 && file.text.content.len() <= LARGE {
        return summarise(file);
    }
    if needed > LARGEST_STACK && syntax::nesting(&file.text.content) > LARGEST_STACK / syntax::STACK_PER_LEVEL {
        return Sheets {
            problems: vec![Problem {
                path: file.path.clone(),
                line: None,
                kind: ProblemKind::TooDeep,
                message: "nested too deeply to be parsed; not analysed".to_owned(),
            }],
            ..Sheets::default()
        };
    }
    in_a_thread(file, needed.clamp(WORKER_STACK as u64, LARGEST_STACK) as usize)
}

fn in_a_thread(file: &SourceFile, stack: usize) -> Sheets {
    let failed = || Sheets {
        problems: vec![Problem {
            path: file.path.clone(),
            line: None,
            kind: ProblemKind::Internal,
            message: "could not be analysed".to_owned(),
        }],
        ..Sheets::default()
    };
    std::thread::scope(|scope| {
        match std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, || summarise(file)) {
            Ok(worker) => worker.join().unwrap_or_else(|_| failed()),
            Err(_) => failed(),
        }
    })
}

/// What one file says on its own. The caller provides the stack.
pub fn summarise(file: &SourceFile) -> Sheets {
    let text = &file.text.content;
    let whole = (0, text.len() as u32);
    let mut sheets = Sheets::default();
    match file.kind {
        FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx => {
            let declarations = [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| file.path.ends_with(ending));
            let outcome = syntax::summarise(Script { text, range: whole, kind: file.kind, declarations });
            sheets.take(file, outcome);
        }
        FileKind::Json => {
            let outcome = syntax::summarise_json(text);
            sheets.take(file, outcome);
        }
        FileKind::Html => {
            let html = html::read(text);
            for script in &html.scripts {
                let kind = match (script.kind, script.lang.as_deref()) {
                    (ScriptKind::Classic | ScriptKind::Module, Some("ts")) => FileKind::TypeScript,
                    (ScriptKind::Classic | ScriptKind::Module, Some("tsx")) => FileKind::Tsx,
                    (ScriptKind::Classic | ScriptKind::Module, _) => FileKind::JavaScript,
                    _ => continue,
                };
                if script.content.0 < script.content.1 {
                    let outcome = syntax::summarise(Script { text, range: script.content, kind, declarations: false });
                    // Templates of a build tool are no script: what they hold is not lost.
                    let templated = html::is_templated(&text[script.content.0 as usize..script.content.1 as usize]);
                    if templated && !outcome.errors.is_empty() {
                        continue;
                    }
                    sheets.take(file, outcome);
                }
            }
            sheets.html = Some(html);
        }
        FileKind::Yaml | FileKind::Toml => match crate::data::read(text, file.kind) {
            Ok(summary) => sheets.summaries.push(summary),
            Err(error) => sheets.problems.push(Problem {
                path: file.path.clone(),
                line: error.line,
                kind: ProblemKind::BadData,
                message: error.message,
            }),
        },
        FileKind::Lockfile | FileKind::Plain => {}
    }
    sheets
}

impl Sheets {
    fn take(&mut self, file: &SourceFile, outcome: Outcome) {
        let problem = |at: Option<u32>, kind, message| Problem {
            path: file.path.clone(),
            line: at.map(|at| file.text.position(at).line),
            kind,
            message,
        };
        let kind = if file.kind == FileKind::Json { ProblemKind::BadData } else { ProblemKind::ParseError };
        if let Some(first) = outcome.errors.first() {
            let more = outcome.errors.len() - 1;
            let what = first.message.trim_end_matches('.').to_owned();
            let message = if more == 0 { what } else { format!("{what} (and {more} more)") };
            self.problems.push(problem(Some(first.at), kind, message));
        }
        if outcome.too_deep {
            let message = "parts are nested too deeply and were not analysed".to_owned();
            self.problems.push(problem(None, ProblemKind::TooDeep, message));
        }
        self.summaries.push(outcome.summary);
    }
}
