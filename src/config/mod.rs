//! The configuration: `electrolint.toml`, `.electrolint.toml`, or the key `electrolint` of `package.json`.
//!
//! For every file the nearest configuration upward holds, as far as the top of the repository; others farther up do not, unless it
//! names them in `extends`. What is not said there is said by nobody: there is no configuration of the user's or the machine's own.
//!
//! Of a setting that is made more than once the last one wins: default, `extends`, file, `--config KEY=VALUE`, environment variable,
//! option of the command line.
//!
//! - `keys`: every key and what it takes. `tree`: a file as a tree with places. `judge`: what of the tree does not fit the keys.
//! - `settings`: what a file says, as plain data. `schema`: the keys as JSON Schema and as documentation.

mod judge;
mod keys;
pub mod schema;
pub mod settings;
#[cfg(test)]
mod tests;
mod tree;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use electrolint_model::text::{Position, Text};
use electrolint_rules::options::Options;

use crate::Failure;
use crate::cli::{ConfigArgs, ConfigOption};
use crate::discover::{FoundApp, bytes, top_of_repository};
use settings::Config;
use tree::{Node, SyntaxError};

/// Names of a configuration file, the strongest first.
const NAMES: [&str; 2] = ["electrolint.toml", ".electrolint.toml"];

/// Longest configuration file, in bytes.
const LIMIT: u64 = 1 << 20;

/// Files that extend each other in a row, at most.
const MOST_EXTENDS: usize = 16;

/// What does not fit in a configuration file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or the option of the command line.
    pub path: String,
    /// Its text.
    pub text: Arc<Text>,
    /// First byte of the place in the text, and one past the last.
    pub span: std::ops::Range<usize>,
    /// What is wrong there; lower case, no full stop.
    pub message: String,
    /// What to write, or nothing.
    pub help: String,
}

/// Finds the configuration of each file; reads each configuration once.
#[derive(Debug)]
pub struct Configurations {
    mode: Mode,
    /// `--config KEY=VALUE`.
    over: Vec<Node>,
    /// Where globs on the command line count from.
    working: PathBuf,
    /// By folder.
    cache: RefCell<HashMap<OsString, Rc<Config>>>,
    files: RefCell<BTreeMap<PathBuf, Rc<Config>>>,
    errors: RefCell<Vec<ConfigError>>,
}

#[derive(Debug)]
enum Mode {
    /// Upward from each file; in no repository not above this folder.
    Find(PathBuf),
    /// This one for every file.
    One(Rc<Config>),
}

impl Configurations {
    /// Reads what the command line says of configuration. `base` is the folder that is checked, absolute.
    ///
    /// # Errors
    /// `Config` for a file or an assignment that does not fit, `ConfigFile` for a file that cannot be read.
    pub fn new(options: &ConfigArgs, base: &Path) -> Result<Self, Failure> {
        let working = std::env::current_dir().unwrap_or_default();
        let mut configurations = Self {
            mode: Mode::Find(base.to_path_buf()),
            over: Vec::new(),
            working,
            cache: RefCell::default(),
            files: RefCell::default(),
            errors: RefCell::default(),
        };
        let mut file = None;
        for option in &options.config {
            match option {
                ConfigOption::File(path) => file = Some(path.clone()),
                ConfigOption::Assignment(text) => {
                    let (text, node) = assignment(text);
                    match node {
                        Ok(node) => configurations.over.push(configurations.judged(node, "--config", &text)),
                        Err(error) => configurations.fail("--config", &text, error),
                    }
                }
            }
        }
        let named = || std::env::var_os("ELECTROLINT_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        if options.no_config {
            configurations.mode = Mode::One(Rc::new(configurations.finished(Config::default())));
        } else if let Some(path) = file.or_else(named) {
            let refused = |source| Failure::ConfigFile { path: path.clone(), source };
            let absolute = path.canonicalize().map_err(refused)?;
            bytes(&absolute, LIMIT).map_err(refused)?;
            let config = configurations.read(&absolute);
            configurations.mode = Mode::One(config);
        }
        configurations.ready()?;
        Ok(configurations)
    }

    /// Whether everything that was read so far is right.
    ///
    /// # Errors
    /// `Config` with all that is wrong.
    pub fn ready(&self) -> Result<(), Failure> {
        let mut errors = self.errors.borrow().clone();
        if errors.is_empty() {
            return Ok(());
        }
        errors.sort_by(|a, b| (&a.path, a.span.start, &a.message).cmp(&(&b.path, b.span.start, &b.message)));
        errors.dedup();
        Err(Failure::Config { errors })
    }

    /// The configuration of the files in a folder, absolute. One that does not fit counts as far as it does, and [`Self::ready`] says so.
    pub fn of(&self, folder: &Path) -> Rc<Config> {
        let base = match &self.mode {
            Mode::One(config) => return config.clone(),
            Mode::Find(base) => base,
        };
        if let Some(known) = self.cache.borrow().get(folder.as_os_str()) {
            return known.clone();
        }
        let own = self.lies_in(folder);
        let is_top =
            folder.join(".git").symlink_metadata().is_ok() || (folder == base && top_of_repository(folder).is_none());
        let config = match (own, folder.parent()) {
            (Some(config), _) => config,
            (None, Some(parent)) if !is_top => self.of(parent),
            _ => Rc::new(self.finished(Config::default())),
        };
        self.cache.borrow_mut().insert(folder.as_os_str().to_owned(), config.clone());
        config
    }

    /// Names of the files for which [`Self::of`] looks into a folder.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().chain(["package.json", ".git"])
    }

    /// As [`Self::of`], for a folder that holds nothing of one of these names.
    pub(crate) fn of_plain(&self, folder: &Path) -> Rc<Config> {
        match (&self.mode, folder.parent()) {
            (Mode::Find(base), Some(parent)) if folder != base => {
                let config = self.of(parent);
                self.cache.borrow_mut().insert(folder.as_os_str().to_owned(), config.clone());
                config
            }
            _ => self.of(folder),
        }
    }

    /// The configuration of a file, absolute.
    pub fn of_file(&self, path: &Path) -> Rc<Config> {
        self.of(path.parent().unwrap_or(path))
    }

    /// The configuration that lies in a folder itself.
    fn lies_in(&self, folder: &Path) -> Option<Rc<Config>> {
        let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        if let Some(path) = NAMES.into_iter().find_map(file) {
            return Some(self.read(&path));
        }
        let path = file("package.json")?;
        // What no tree is made of says nothing here: discovery reads the file as a package, and tells what is wrong with it.
        let text = text(&path).ok()?;
        let node = tree::package(&text)?;
        let node = self.judged(node, &self.shown(&path), &text);
        let mut config = Config::default();
        self.extend(&mut config, &node, &path, &text, &mut vec![path.clone()]);
        Some(Rc::new(self.finished(config)))
    }

    /// Reads a configuration file with those that it extends.
    fn read(&self, path: &Path) -> Rc<Config> {
        if let Some(known) = self.files.borrow().get(path) {
            return known.clone();
        }
        let mut config = Config::default();
        self.add(&mut config, path, &mut vec![path.to_path_buf()]);
        let config = Rc::new(self.finished(config));
        self.files.borrow_mut().insert(path.to_path_buf(), config.clone());
        config
    }

    fn add(&self, config: &mut Config, path: &Path, open: &mut Vec<PathBuf>) {
        let name = self.shown(path);
        match text(path) {
            Err(message) => self.fail(&name, &Arc::default(), SyntaxError { span: 0..0, message }),
            Ok(text) => match tree::toml(&text.content) {
                Err(error) => self.fail(&name, &text, error),
                Ok(node) => {
                    let node = self.judged(node, &name, &text);
                    self.extend(config, &node, path, &text, open);
                }
            },
        }
    }

    /// First what a file extends, then what it says itself.
    fn extend(&self, config: &mut Config, node: &Node, path: &Path, text: &Arc<Text>, open: &mut Vec<PathBuf>) {
        let folder = path.parent().unwrap_or(path);
        for item in node.get("extends").map_or(&[][..], Node::items) {
            let Some(written) = item.text() else { continue };
            match extended(folder, written, open) {
                Ok(other) => {
                    open.push(other.clone());
                    self.add(config, &other, open);
                    open.pop();
                }
                Err(message) => {
                    self.fail(&self.shown(path), text, SyntaxError { span: item.span.clone(), message });
                }
            }
        }
        let before = config.ignores.len();
        config.take(node, folder);
        for ignore in config.ignores.iter_mut().skip(before) {
            ignore.file = Some((self.shown(path), text.clone()));
        }
        config.files.push(path.to_path_buf());
    }

    /// With what the command line says over it.
    fn finished(&self, mut config: Config) -> Config {
        for node in &self.over {
            config.take(node, &self.working);
        }
        config
    }

    /// The node, after everything that does not fit was noted.
    fn judged(&self, node: Node, path: &str, text: &Arc<Text>) -> Node {
        let misfits = judge::misfits(&node).into_iter().map(|misfit| ConfigError {
            path: path.to_owned(),
            text: text.clone(),
            span: misfit.span,
            message: misfit.message,
            help: misfit.help,
        });
        self.errors.borrow_mut().extend(misfits);
        node
    }

    /// A path for messages: relative to the working directory if it lies there.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.working).unwrap_or(path).to_string_lossy().into_owned()
    }

    fn fail(&self, path: &str, text: &Arc<Text>, error: SyntaxError) {
        self.errors.borrow_mut().push(ConfigError {
            path: path.to_owned(),
            text: text.clone(),
            span: error.span,
            message: error.message,
            help: String::new(),
        });
    }
}

impl Config {
    /// Whether a file or folder of those that this holds for, absolute, is to be left out.
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.iter().any(|globs| globs.matches(path))
    }

    /// Whether a file of those that this holds for, absolute, is to be read though it would be left out.
    pub fn includes(&self, path: &Path) -> bool {
        self.include.iter().any(|globs| globs.matches(path))
    }

    /// What rules are told of an app.
    ///
    /// # Panics
    /// Never.
    pub fn options(&self, found: &FoundApp, base: &Path) -> Options {
        let version = |text: &String| electrolint_model::electron::Version::parse(text);
        let mut options = Options {
            egress_hosts: self.egress_hosts.clone(),
            target: self.target.as_ref().and_then(version),
            environments: self
                .environments
                .iter()
                .map(|environment| electrolint_rules::options::Environment {
                    name: environment.name.clone(),
                    files: Default::default(),
                    preset: environment.preset,
                    allow: environment.allow.clone(),
                    deny: environment.deny.clone(),
                })
                .collect(),
        };
        let files = if self.environments.is_empty() { &[][..] } else { &found.sources.files };
        for file in files {
            let path = absolute(base, &file.path);
            let last = self.environments.iter().rposition(|environment| environment.files.matches(&path));
            if let Some(environment) = last.and_then(|index| options.environments.get_mut(index)) {
                environment.files.insert(file.path.clone());
            }
        }
        options
    }
}

/// A path of a report as an absolute one: `../` is taken away, so that it can be compared.
pub(crate) fn absolute(base: &Path, path: &str) -> PathBuf {
    let mut out = base.to_path_buf();
    for part in path.split('/') {
        match part {
            ".." => {
                out.pop();
            }
            "" | "." => {}
            part => out.push(part),
        }
    }
    out
}

/// Line and column of a place.
pub(crate) fn position(text: &Text, at: usize) -> Position {
    text.position(u32::try_from(at).unwrap_or(u32::MAX))
}

/// Today as `YYYY-MM-DD`: ELECTROLINT_NOW, else the system's clock, in UTC.
pub(crate) fn today() -> String {
    if let Ok(now) = std::env::var("ELECTROLINT_NOW")
        && judge::is_day(&now)
    {
        return now;
    }
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    day(seconds / 86_400)
}

/// The day that is so many days after 1970-01-01, in the Gregorian calendar:
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn day(since_epoch: u64) -> String {
    let days = since_epoch + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The file that an entry of `extends` names.
fn extended(folder: &Path, written: &str, open: &[PathBuf]) -> Result<PathBuf, String> {
    // The file may come from whoever wrote the app: it cannot make other files be printed.
    if !written.ends_with(".toml") || Path::new(written).is_absolute() {
        return Err(format!("`{written}` is not the relative path of a `.toml` file"));
    }
    let path = folder.join(written).canonicalize().map_err(|error| format!("cannot read `{written}`: {error}"))?;
    let top = top_of_repository(folder).unwrap_or(folder);
    if !path.starts_with(top) {
        return Err(format!("`{written}` lies outside the repository"));
    }
    if open.contains(&path) {
        return Err(format!("`{written}` extends itself"));
    }
    if open.len() >= MOST_EXTENDS {
        return Err(format!("more than {MOST_EXTENDS} files extend each other"));
    }
    Ok(path)
}

fn text(path: &Path) -> Result<Arc<Text>, String> {
    let bytes = bytes(path, LIMIT).map_err(|error| format!("cannot be read: {error}"))?;
    let bytes = bytes.ok_or_else(|| format!("longer than {LIMIT} bytes"))?;
    let decoded = Text::decode(bytes).map_err(|error| error.describe().into_owned())?;
    Ok(Arc::new(decoded.text))
}

/// `KEY=VALUE` as TOML; a value that is none is taken for a text.
fn assignment(text: &str) -> (Arc<Text>, Result<Node, SyntaxError>) {
    let first = tree::toml(text);
    if first.is_err()
        && let Some((key, value)) = text.split_once('=')
    {
        let quoted = format!("{} = {}", key.trim(), serde_json::Value::from(value.trim()));
        if let Ok(node) = tree::toml(&quoted) {
            return (Arc::new(Text::plain(quoted)), Ok(node));
        }
    }
    (Arc::new(Text::plain(text)), first)
}
