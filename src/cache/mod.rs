//! What a check found, kept for the next one: on disk, in the user's folder for such things, never in the app.
//!
//! Two things are kept of an app. Its *outcome*, all that the model and the rules say of it, under a digest of all that they read: who
//! finds that parses nothing. And its *sheets*, what each file says on its own, each under a digest of its text: after an edit the other
//! files are not parsed again.
//!
//! A report made of what was kept is the same as one without, byte for byte. So whatever can change what is found is a part of the digest:
//! the texts, their paths and kinds, what was left out, the options, the data about Electron, and the program itself. The clock is not:
//! neither model nor rules ask it. What selects among findings (levels, thresholds, baselines, ignores) is applied afterwards, each time.

mod digest;
mod folder;
mod sheets;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use electrolint_model::electron::releases::Data;
use electrolint_model::problem::ProblemKind;
use electrolint_model::source::{SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{Memory, Options};
use electrolint_rules::options::Options as RuleOptions;

use crate::Outcome;
use crate::cli::CacheArgs;
use crate::config;
use crate::discover::{self, FoundApp};

use digest::{Digest, Digester};
use folder::{Folder, Kind};
use sheets::Pack;

/// The program: another one may find something else in the same app.
const BUILD: &str = env!("ELECTROLINT_BUILD");

/// Sheets are written again once the texts that are not among them have so many bytes, or are one part in so many of all: to parse a
/// little more in each run costs less than to write all of them after each edit.
const ALWAYS_KNOWN: usize = 256 << 10;
const MOST_UNKNOWN: usize = 32;

/// The folder that the options and the variables name; none where nothing is to be kept.
pub(crate) fn wanted(options: &CacheArgs) -> Option<PathBuf> {
    if options.no_cache {
        return None;
    }
    let said = options.cache_dir.clone().filter(|folder| !folder.as_os_str().is_empty());
    said.or_else(folder::of_user)
}

/// The cache of one run.
pub(crate) struct Cache {
    folder: Folder,
    /// Apps that were found as they were.
    known_apps: usize,
    apps: usize,
    /// Files whose sheets were found, of apps that were not.
    known_files: usize,
    files: usize,
    /// Why something could not be written.
    refused: Option<String>,
}

impl Cache {
    /// Opens the folder. It may lie neither in a folder given, nor in an app, nor in the repository around one.
    ///
    /// # Errors
    /// Why nothing is kept, for people.
    pub(crate) fn open(folder: &Path, given: &[PathBuf], base: &Path, apps: &[FoundApp]) -> Result<Self, String> {
        let mut checked: Vec<PathBuf> = Vec::new();
        for app in apps {
            let root = config::absolute(base, &app.sources.root);
            checked.extend(discover::top_of_repository(&root).map(Path::to_path_buf));
            checked.push(root);
        }
        let here = [PathBuf::from(".")];
        let given = if given.is_empty() { &here[..] } else { given };
        checked.extend(given.iter().filter_map(|path| path.canonicalize().ok()).filter(|path| path.is_dir()));
        let opened = Folder::open(folder, &checked, BUILD);
        let folder = opened.map_err(|why| format!("nothing is kept in {}: {why}", folder.display()))?;
        Ok(Self { folder, known_apps: 0, apps: 0, known_files: 0, files: 0, refused: None })
    }

    /// Begins with an app, whose paths are relative to `base`.
    pub(crate) fn app(&mut self, base: &Path, sources: &Sources, model: &Options, rules: &RuleOptions) -> Page {
        self.apps += 1;
        let base = base.as_os_str().as_encoded_bytes();
        Page {
            outcome: outcome_key(sources, model, rules),
            // Paths in them count from the base: with another one they are others.
            sheets: Digester::new("place").bytes(base).text(&sources.root).finish(),
            files: Vec::new(),
            pack: Pack::default(),
        }
    }

    /// What was found in the app when it was as it is now.
    pub(crate) fn outcome(&mut self, page: &Page) -> Option<Outcome> {
        let outcome = decode(self.folder.read(Kind::Outcome, page.outcome)?.body())?;
        self.known_apps += 1;
        Some(outcome)
    }

    /// Tells a memory what is known of the app's files.
    pub(crate) fn teach(&mut self, page: &mut Page, sources: &Sources, memory: &mut Memory) {
        page.files = sources.files.iter().map(digest_of).collect();
        page.pack = self.folder.read(Kind::Sheets, page.sheets).and_then(Pack::read).unwrap_or_default();
        for (file, digest) in readable(sources, &page.files) {
            self.files += 1;
            if memory.find(file).is_some() {
                self.known_files += 1;
            } else if let Some(sheets) = page.pack.find(digest).and_then(decode) {
                memory.learn(file, std::sync::Arc::new(sheets));
                self.known_files += 1;
            }
        }
    }

    /// Keeps what was found in an app, and what its files say.
    pub(crate) fn keep(&mut self, page: Page, sources: &Sources, memory: &Memory, outcome: &Outcome) {
        let files: Vec<_> =
            readable(sources, &page.files).filter_map(|(file, digest)| Some((digest, memory.find(file)?))).collect();
        // What failed here for want of memory or threads may succeed the next time.
        let of_files = files.iter().flat_map(|(_, sheets)| &sheets.problems);
        if outcome.problems.iter().chain(of_files).any(|problem| problem.kind == ProblemKind::Internal) {
            return;
        }
        let written = encode(outcome).map(|bytes| self.folder.write(Kind::Outcome, page.outcome, &[&bytes]));
        self.note(written);
        let size = |file: &SourceFile| file.text.content.len();
        let all: usize = readable(sources, &page.files).map(|(file, _)| size(file)).sum();
        let is_new = |digest: &Digest| page.pack.find(*digest).is_none();
        let new: usize =
            readable(sources, &page.files).filter(|(_, digest)| is_new(digest)).map(|(file, _)| size(file)).sum();
        if new == 0 || (new < all / MOST_UNKNOWN && new < ALWAYS_KNOWN) {
            return;
        }
        let renewed = page.pack.renewed(all, files.into_iter());
        let written = renewed.map(|packed| packed.parts(|parts| self.folder.write(Kind::Sheets, page.sheets, parts)));
        self.note(written);
    }

    fn note(&mut self, written: Option<std::io::Result<()>>) {
        let Some(Err(error)) = written else { return };
        self.refused.get_or_insert_with(|| error.to_string());
    }

    /// Ends the run: makes room, and tells in one line what was of use.
    pub(crate) fn finish(self) -> String {
        self.folder.trim();
        let Self { folder, known_apps, apps, known_files, files, refused } = self;
        let mut line = format!("{}: {known_apps} of {apps} apps were known", folder.path().display());
        if files > 0 {
            line += &format!(", and {known_files} of {files} files of the others");
        }
        if let Some(why) = refused {
            line += &format!("; not all could be written: {why}");
        }
        line
    }
}

/// One app in the cache.
pub(crate) struct Page {
    outcome: Digest,
    sheets: Digest,
    /// Of each file, in the order of the sources; once they are asked for.
    files: Vec<Digest>,
    /// The sheets that were there.
    pack: Pack,
}

/// A digest of all that decides what a file says on its own.
fn digest_of(file: &SourceFile) -> Digest {
    let SourceFile { path, kind, role: _, text } = file;
    Digester::new("file").text(path).number(*kind as u64).text(&text.content).finish()
}

/// A digest of all that decides what is found in an app.
fn outcome_key(sources: &Sources, model: &Options, rules: &RuleOptions) -> Digest {
    // Named one by one, so that a part that is added is not forgotten here.
    let Sources { root, files, problems, omitted, archived, packaged } = sources;
    // The number of threads changes nothing.
    let Options { electron_version, threads: _ } = model;
    let mut digester = Digester::new("app");
    digester.text(BUILD).text(root).number(files.len() as u64);
    for SourceFile { path, kind, role, text } in files {
        digester.text(path).number(*kind as u64).number(*role as u64);
        let Text { content, shifts } = &**text;
        digester.text(content).number(shifts.len() as u64);
        for (from, to) in shifts {
            digester.number(u64::from(*from)).number(u64::from(*to));
        }
    }
    digester.value(problems).value(omitted).value(archived).value(packaged).value(electron_version).value(rules);
    digester.value(&Data::given()).finish()
}

/// The files that are parsed, with their digests.
fn readable<'a>(sources: &'a Sources, digests: &'a [Digest]) -> impl Iterator<Item = (&'a SourceFile, Digest)> {
    let is_parsed = |file: &SourceFile| electrolint_model::app::is_summarised(file.kind);
    sources.files.iter().zip(digests.iter().copied()).filter(move |(file, _)| is_parsed(file))
}

fn encode<T: serde::Serialize>(value: &T) -> Option<Vec<u8>> {
    postcard::to_allocvec(value).ok()
}

/// A value of which nothing is left over.
fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}
