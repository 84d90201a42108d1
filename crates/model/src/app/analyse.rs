//! The two steps: every file on its own, then all together.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::App;
use crate::electron::Version;
use crate::html::{self, Html, ScriptKind};
use crate::link::{Program, Unit};
use crate::problem::{Problem, ProblemKind};
use crate::source::{FileId, FileKind, Role, SourceFile, Sources};
use crate::summary::Summary;
use crate::syntax::{self, Outcome, Script};
use crate::text::Text;

/// What the caller decides about an analysis.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The Electron version to assume, whatever the files say.
    pub electron_version: Option<Version>,
    /// Worker threads; 0: as many as there are processors.
    pub threads: usize,
}

fn is_xhtml(path: &str) -> bool {
    [".xhtml", ".xht"].iter().any(|ending| path.ends_with(ending))
}

/// What one file says on its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheets {
    /// Its scripts, in order.
    pub summaries: Vec<Arc<Summary>>,
    /// The page, where it is one.
    pub html: Option<Arc<Html>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// What files said on their own, kept from one analysis to the next: of a text that is the same nothing is parsed again.
///
/// It holds the files of the last analyses of each app that was not forgotten; a file is known by its path and kind.
#[derive(Debug, Default)]
pub struct Memory {
    sheets: FxHashMap<(String, FileKind), (Arc<Text>, Arc<Sheets>)>,
    parsed: usize,
}

impl Memory {
    /// How many files were parsed since it was made.
    pub fn parsed(&self) -> usize {
        self.parsed
    }

    /// Forgets every file but those that `keep` says of, by path.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.sheets.retain(|(path, _), _| keep(path));
    }

    /// Takes what a file says on its own, where it is known from elsewhere. It must be what [`summarise`] gives for this file.
    pub fn learn(&mut self, file: &SourceFile, sheets: Arc<Sheets>) {
        self.sheets.insert((file.path.clone(), file.kind), (file.text.clone(), sheets));
    }

    /// What a file says on its own, read now unless that is known.
    pub fn read(&mut self, file: &SourceFile) -> Arc<Sheets> {
        let alone = Sources { files: vec![file.clone()], ..Sources::default() };
        summarise_all(&alone, 1, self).pop().unwrap_or_default()
    }

    /// What a file says on its own, if that is known.
    pub fn find(&self, file: &SourceFile) -> Option<Arc<Sheets>> {
        // Borrowed keys would need a type of their own; a path is short beside the work that it saves.
        let (text, sheets) = self.sheets.get(&(file.path.clone(), file.kind))?;
        (Arc::ptr_eq(text, &file.text) || text == &file.text).then(|| sheets.clone())
    }
}

/// Stack of a worker thread, in bytes. Only what is touched costs memory.
const WORKER_STACK: usize = 64 << 20;

/// The largest stack that one file may be given, in bytes: address space, of which parsing touches what it needs.
const LARGEST_STACK: u64 = if cfg!(target_pointer_width = "64") { 16 << 30 } else { 512 << 20 };

/// Less text than this is not worth waking threads for.
const WORTH_THREADS: usize = 1 << 20;

/// Bytes of source that are parsed at the same time: dense code becomes a syntax tree of eighty times its size.
const AT_ONCE: usize = 1 << 20;

/// Analyses one app. Never fails: what could not be read is in [`App::problems`].
pub fn analyse<'a>(sources: &'a Sources, options: &Options) -> App<'a> {
    analyse_again(sources, options, &mut Memory::default())
}

/// As [`analyse`], without parsing what `memory` knows; it knows all files of this app afterwards. The result is the same.
pub fn analyse_again<'a>(sources: &'a Sources, options: &Options, memory: &mut Memory) -> App<'a> {
    let sheets = summarise_all(sources, options.threads, memory);
    let mut problems = sources.problems.clone();
    let (mut units, mut pages) = (Vec::new(), Vec::new());
    let mut files_read = 0;
    for (index, sheet) in sheets.into_iter().enumerate() {
        let file = FileId(index as u32);
        files_read += usize::from(!sheet.summaries.is_empty() || sheet.html.is_some());
        if sources.file(file).role != Role::Context {
            problems.extend(sheet.problems.iter().cloned());
        }
        let first = units.len() as u32;
        units.extend(sheet.summaries.iter().map(|summary| Unit { file, summary: summary.clone() }));
        if let Some(html) = &sheet.html {
            pages.push((file, html.clone(), first..units.len() as u32));
        }
    }
    let program = Program::new(sources, units, &pages);
    let electron = super::version::find(sources, &program, &pages, options, &mut problems);
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
        promisified: Default::default(),
        entries: Default::default(),
        unimported: Default::default(),
        forgotten: Default::default(),
        all_loads: Default::default(),
        addons: Default::default(),
        sandboxes: Default::default(),
        entry_points: Default::default(),
        is_limited: Default::default(),
        own_schemes: Default::default(),
        asks_for_links: Default::default(),
        draws_loosely: Default::default(),
        text_only_ids: Default::default(),
        put_beside: Default::default(),
        scripts_by_stem: Default::default(),
        drawn: Default::default(),
        shown: Default::default(),
        page_facts: Default::default(),
        page_parts: Default::default(),
        guest_preloads: Default::default(),
        units_of_pages: Default::default(),
        ordinals: Default::default(),
        entrances: Default::default(),
        procedures: Default::default(),
        entrances_of_bridge: Default::default(),
        bridge_functions: Default::default(),
        listeners_of_custom_events: Default::default(),
        handlers_by_channel: Default::default(),
        listeners_of_requests: Default::default(),
        senders_to_pages: Default::default(),
        exposed: Default::default(),
        requests: Default::default(),
        markup: Default::default(),
        places: Default::default(),
        url_parts: Default::default(),
        subjects: Default::default(),
        passed_on: Default::default(),
        guards: Default::default(),
        said: Default::default(),
        asserting: Default::default(),
        around: Default::default(),
        verifiers: Default::default(),
        given_messages: Default::default(),
        told_emits: Default::default(),
        own_listeners: Default::default(),
        sandbox_sets: Default::default(),
        foreign_scripts: Default::default(),
        peers: Default::default(),
        vendored: Default::default(),
        steps: Default::default(),
        read: Default::default(),
    };
    app.pages = super::pages::read(&app, pages);
    app.script_webviews = super::pages::script_webviews(&app);
    for (page, webview, attribute) in super::pages::found_later(&app) {
        if let Some(webview) = app.pages.get_mut(page).and_then(|page| page.webviews.get_mut(webview)) {
            webview.attributes.push(attribute);
        }
    }
    app.windows = super::windows::find(&app);
    app.processes = super::process::find(&app);
    problems.extend(app.exhaustion());
    problems.sort();
    problems.dedup();
    app.problems = problems;
    app
}

impl App<'_> {
    /// Says that facts may be missing, once so much was evaluated. Rules evaluate too: to be asked again after them.
    pub fn exhaustion(&self) -> Option<Problem> {
        let message = if self.program.exhausted() {
            "the app is too entangled to be followed wholly; findings may be missing"
        } else if self.is_limited.get() {
            "the app makes more windows, webviews or calls of one kind than are looked at; findings may be missing"
        } else {
            return None;
        };
        Some(Problem {
            path: self.sources.root.clone(),
            line: None,
            kind: ProblemKind::LimitReached,
            message: message.to_owned(),
        })
    }
}

fn summarise_all(sources: &Sources, threads: usize, memory: &mut Memory) -> Vec<Arc<Sheets>> {
    let known: Vec<Option<Arc<Sheets>>> = sources.files.iter().map(|file| memory.find(file)).collect();
    let new = |index: usize| known.get(index).is_some_and(Option::is_none);
    let size = |index: &usize| sources.files.get(*index).map_or(0, |file| file.text.content.len());
    // The largest first: no thread is left alone with it at the end, and its tree is gone before the other summaries are there.
    let mut order: Vec<usize> = (0..sources.files.len()).filter(|index| new(*index)).collect();
    order.sort_by_key(|index| std::cmp::Reverse(size(index)));
    let total: usize = order.iter().map(size).sum();
    // Waking a pool costs about as much as a megabyte of parsing.
    let threads = if total < WORTH_THREADS { 1 } else { threads };
    let room = Room::new(AT_ONCE);
    let at = |index: &usize| {
        let file = &sources.files[*index];
        let _seat = room.enter(file.text.content.len());
        (*index, Arc::new(summarise(file)))
    };
    let parsed: Vec<(usize, Arc<Sheets>)> = if order.is_empty() {
        Vec::new()
    } else if threads == 1 {
        // A pool of one thread is more than a thread.
        let all = || order.iter().map(at).collect();
        std::thread::scope(|scope| {
            match std::thread::Builder::new().stack_size(WORKER_STACK).spawn_scoped(scope, all) {
                Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => all(),
            }
        })
    } else {
        match rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(WORKER_STACK).build() {
            Ok(pool) => pool.install(|| order.par_iter().with_max_len(1).map(at).collect()),
            Err(_) => order.iter().map(at).collect(),
        }
    };
    let mut sheets = known;
    memory.parsed += parsed.len();
    for (index, sheet) in parsed {
        let file = &sources.files[index];
        memory.learn(file, sheet.clone());
        sheets[index] = Some(sheet);
    }
    sheets.into_iter().map(Option::unwrap_or_default).collect()
}

/// Lets in what fits: whoever wants more than there is goes in alone.
struct Room {
    size: usize,
    taken: Mutex<usize>,
    left: Condvar,
}

struct Seat<'a> {
    room: &'a Room,
    weight: usize,
}

impl Room {
    fn new(size: usize) -> Self {
        Self { size, taken: Mutex::new(0), left: Condvar::new() }
    }

    fn enter(&self, weight: usize) -> Seat<'_> {
        let weight = weight.min(self.size);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken + weight > self.size {
            taken = self.left.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += weight;
        Seat { room: self, weight }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        *self.room.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.weight;
        self.room.left.notify_all();
    }
}

/// Parses a script on this thread if its stack is enough whatever the script holds, else on one that has more.
///
/// # Errors
/// Why the script is not parsed at all.
fn bounded(text: &str, parse: impl Fn() -> Outcome + Sync) -> Result<Outcome, (ProblemKind, String)> {
    if let Some(what) = syntax::unbearable(text) {
        return Err((ProblemKind::LimitReached, format!("{what}; not analysed")));
    }
    let needed = syntax::stack_bytes(text);
    if needed <= WORKER_STACK as u64 / 2 {
        return Ok(parse());
    }
    if syntax::most_nesting(text) > syntax::MOST_NESTING && syntax::nesting(text) > syntax::MOST_NESTING {
        return Err((ProblemKind::TooDeep, "nested too deeply to be parsed; not analysed".to_owned()));
    }
    let mut stack = needed.clamp(WORKER_STACK as u64, LARGEST_STACK);
    let failed = || (ProblemKind::Internal, "could not be analysed".to_owned());
    loop {
        let outcome = std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().stack_size(usize::try_from(stack).unwrap_or(usize::MAX));
            let worker = builder.spawn_scoped(scope, &parse).ok()?;
            Some(worker.join().map_err(|_| failed()))
        });
        match outcome {
            Some(outcome) => return outcome,
            // The system does not give as much.
            None => {
                let least = syntax::nesting(text) * syntax::STACK_PER_LEVEL * 2 + WORKER_STACK as u64;
                if stack <= least {
                    return Err(failed());
                }
                stack = (stack / 2).max(least);
            }
        }
    }
}

/// Whether files of this kind say anything on their own: the others are read where something in them is asked for.
pub fn is_summarised(kind: FileKind) -> bool {
    !matches!(kind, FileKind::Lockfile | FileKind::Plain)
}

/// What one file says on its own. The caller provides the stack that its text may need.
pub fn summarise(file: &SourceFile) -> Sheets {
    let text = &file.text.content;
    let whole = (0, text.len() as u32);
    let mut sheets = Sheets::default();
    match file.kind {
        FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx => {
            let declarations = file.is_declaration();
            let script = Script { text, range: whole, kind: file.kind, declarations, template: None };
            sheets.take(file, bounded(text, || syntax::summarise(script)));
        }
        FileKind::Json => sheets.take(file, bounded(text, || syntax::summarise_json(text))),
        FileKind::Html => {
            let html = match &file.path {
                path if is_xhtml(path) => html::read_xhtml(text),
                path if html::is_pug(path) => html::read_pug(text),
                path if path.ends_with(".vue") => html::read_component(text),
                _ => html::read(text),
            };
            let framework = html::Framework::of(&file.path);
            let parts = framework.map(|framework| html::template(text, &html, framework)).unwrap_or_default();
            let own = own_script(&html);
            for (index, script) in html.scripts.iter().enumerate() {
                let kind = match (script.kind, script.lang.as_deref()) {
                    (ScriptKind::Classic | ScriptKind::Module, Some("ts")) => FileKind::TypeScript,
                    (ScriptKind::Classic | ScriptKind::Module, Some("tsx")) => FileKind::Tsx,
                    (ScriptKind::Classic | ScriptKind::Module, _) => FileKind::JavaScript,
                    _ => continue,
                };
                // What stands in a script that comes from elsewhere never runs.
                if script.src.is_none() && script.content.0 < script.content.1 {
                    let source = &text[script.content.0 as usize..script.content.1 as usize];
                    let sight = match framework {
                        Some(html::Framework::Svelte) => syntax::Sight::Variables,
                        _ if is_setup(&html, script) => syntax::Sight::Setup,
                        _ => syntax::Sight::Members,
                    };
                    let template = (own == Some(index)).then_some(syntax::Template { parts: &parts, sight });
                    let script = Script { text, range: script.content, kind, declarations: false, template };
                    let outcome = bounded(source, || syntax::summarise(script));
                    // Templates of a build tool are no script: what they hold is not lost.
                    let has_errors = outcome.as_ref().is_ok_and(|outcome| !outcome.errors.is_empty());
                    if has_errors && html::is_templated(source) {
                        continue;
                    }
                    sheets.take(file, outcome);
                }
            }
            sheets.html = Some(Arc::new(html));
        }
        FileKind::Yaml | FileKind::Toml => match crate::data::read(text, file.kind) {
            Ok(read) => {
                sheets.summaries.push(Arc::new(read.summary));
                if read.too_deep {
                    sheets.problem(file, None, ProblemKind::TooDeep, TOO_DEEP.to_owned());
                }
            }
            Err(error) => sheets.problem(file, error.line, ProblemKind::BadData, error.message),
        },
        FileKind::Lockfile | FileKind::Plain => {}
    }
    sheets
}

/// The script whose names the template of a component sees: that with `setup`, else the last.
fn own_script(html: &html::Html) -> Option<usize> {
    let is_filled = |script: &html::Script| script.content.0 < script.content.1;
    let setup = html.scripts.iter().position(|script| is_filled(script) && is_setup(html, script));
    setup.or_else(|| html.scripts.iter().rposition(is_filled))
}

fn is_setup(html: &html::Html, script: &html::Script) -> bool {
    html.element(script.element).is_some_and(|element| element.attribute("setup").is_some())
}

const TOO_DEEP: &str = "parts are nested too deeply and were not analysed";

impl Sheets {
    fn problem(&mut self, file: &SourceFile, line: Option<u32>, kind: ProblemKind, message: String) {
        self.problems.push(Problem { path: file.path.clone(), line, kind, message });
    }

    fn take(&mut self, file: &SourceFile, outcome: Result<Outcome, (ProblemKind, String)>) {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err((kind, message)) => return self.problem(file, None, kind, message),
        };
        let kind = if file.kind == FileKind::Json { ProblemKind::BadData } else { ProblemKind::ParseError };
        // A `manifest.json` need not be one that anybody reads: where it is a browser extension's, it says which files are not the app's.
        // Nothing of a declaration runs, and compilers take more in one than the parser: `f(a = 1): void`.
        let is_needed = !file.is_declaration() && crate::link::split(&file.path).1 != "manifest.json";
        if let Some(first) = outcome.errors.first().filter(|_| is_needed) {
            let more = outcome.errors.len() - 1;
            let what = first.message.trim_end_matches('.').to_owned();
            let message = if more == 0 { what } else { format!("{what} (and {more} more)") };
            self.problem(file, Some(file.text.position(first.at).line), kind, message);
        }
        if outcome.too_deep {
            self.problem(file, None, ProblemKind::TooDeep, TOO_DEEP.to_owned());
        }
        self.summaries.push(Arc::new(outcome.summary));
    }
}
