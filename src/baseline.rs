//! Findings that are accepted: a file that names them by what they are, not by lines or counts.
//!
//! A finding is known by its rule, its file and the names around it, so moved and reformatted lines change nothing; a second
//! window of the same kind is new, and so is a finding that became more severe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use electrolint_rules::finding::Severity;
use serde::{Deserialize, Serialize};

use crate::discover::{self, Discovery};
use crate::report::{Placed, severity_name};

/// The name that is looked for.
pub const NAME: &str = ".electrolint-baseline.json";

/// Longest file that is read, in bytes.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("cannot read the baseline {}: {source}", path.display())]
    Read {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is too long.
    #[error("the baseline {} has more than {LIMIT} bytes", path.display())]
    TooLong {
        /// Where it is.
        path: PathBuf,
    },
    /// It is no baseline.
    #[error("{} is not a baseline: {source}", path.display())]
    Shape {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It is of a later version.
    #[error("the baseline {} has version {found}, the newest this build understands is 1", path.display())]
    Version {
        /// Where it is.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

/// Accepted findings, and where they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The file; paths in it are relative to its folder.
    pub path: PathBuf,
    /// Sorted, none twice.
    pub entries: BTreeSet<Entry>,
}

/// One accepted finding.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, relative to the folder of the baseline.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// Names around the place.
    pub symbol: String,
    /// How severe it was when it was accepted.
    pub severity: Level,
    /// The finding's fingerprint.
    pub fingerprint: String,
}

/// A severity as it is written.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words of `Severity`")]
pub enum Level {
    Info,
    Low,
    Medium,
    High,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Low => Self::Low,
            Severity::Medium => Self::Medium,
            Severity::High => Self::High,
        }
    }
}

#[derive(Deserialize)]
struct Written {
    version: u64,
    #[serde(default)]
    findings: Vec<Entry>,
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// One that cannot be read or is no baseline of version 1.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let at = || path.to_path_buf();
        let metadata = path.metadata().map_err(|source| BaselineError::Read { path: at(), source })?;
        if metadata.len() > LIMIT {
            return Err(BaselineError::TooLong { path: at() });
        }
        let text = std::fs::read_to_string(path).map_err(|source| BaselineError::Read { path: at(), source })?;
        let shape = |source| BaselineError::Shape { path: at(), source };
        // The version first: a later one may have other fields.
        let version: serde_json::Value = serde_json::from_str(&text).map_err(shape)?;
        if let Some(found) = version.get("version").and_then(serde_json::Value::as_u64).filter(|found| *found != 1) {
            return Err(BaselineError::Version { path: at(), found });
        }
        let written: Written = serde_json::from_str(&text).map_err(shape)?;
        debug_assert_eq!(written.version, 1);
        Ok(Self { path: absolute(path), entries: written.findings.into_iter().collect() })
    }

    /// The nearest one upward from what is checked, within its repository.
    ///
    /// # Errors
    /// As [`Baseline::read`].
    pub fn find(discovery: &Discovery) -> Result<Option<Self>, BaselineError> {
        let top = discovery.repository();
        let folders = discovery.base.ancestors().take_while(|folder| folder.starts_with(top));
        let found = folders.map(|folder| folder.join(NAME)).find(|path| path.is_file());
        found.map(|path| Self::read(&path)).transpose()
    }

    /// The text of the file: one line a finding, so that changes of it are read easily.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self
            .entries
            .iter()
            .map(|entry| serde_json::to_string(entry).expect("strings always serialise"))
            .map(|line| format!("    {line}"))
            .collect();
        if lines.is_empty() {
            return "{\n  \"version\": 1,\n  \"findings\": []\n}\n".to_owned();
        }
        format!("{{\n  \"version\": 1,\n  \"findings\": [\n{}\n  ]\n}}\n", lines.join(",\n"))
    }

    /// The entry that a finding would have; `base` is what its path is relative to.
    pub fn entry(&self, base: &Path, placed: &Placed) -> Entry {
        Entry {
            path: self.relative(base, &placed.location.path),
            rule: placed.finding.rule.to_owned(),
            symbol: placed.finding.symbol.clone(),
            severity: placed.finding.severity.into(),
            fingerprint: placed.fingerprint.clone(),
        }
    }

    fn relative(&self, base: &Path, path: &str) -> String {
        discover::relative(self.path.parent().unwrap_or(&self.path), &base.join(path))
    }
}

/// Tells which findings are accepted, and counts those that are gone.
#[derive(Debug)]
pub struct Matcher<'a> {
    baseline: &'a Baseline,
    open: BTreeMap<(String, String), (&'a Entry, bool)>,
}

impl<'a> Matcher<'a> {
    /// Begins with every entry unmatched.
    pub fn new(baseline: &'a Baseline) -> Self {
        let open =
            baseline.entries.iter().map(|entry| ((entry.path.clone(), entry.fingerprint.clone()), (entry, false)));
        Self { baseline, open: open.collect() }
    }

    /// Whether the finding is accepted: it is known, and no more severe than it was.
    pub fn accepts(&mut self, base: &Path, placed: &Placed) -> bool {
        let path = self.baseline.relative(base, &placed.location.path);
        let Some((entry, seen)) = self.open.get_mut(&(path, placed.fingerprint.clone())) else { return false };
        if entry.rule != placed.finding.rule {
            return false;
        }
        *seen = true;
        Level::from(placed.finding.severity) <= entry.severity
    }

    /// Entries that no finding matched, in files for which `is_checked`.
    pub fn gone(&self, is_checked: impl Fn(&Path) -> bool) -> Vec<&'a Entry> {
        let folder = self.baseline.path.parent().unwrap_or(&self.baseline.path);
        let open = self.open.values().filter(|(_, seen)| !seen).map(|(entry, _)| *entry);
        open.filter(|entry| is_checked(&discover::plain(&folder.join(&entry.path)))).collect()
    }
}

/// One line for people.
pub fn describe(entry: &Entry) -> String {
    let severity = match entry.severity {
        Level::Info => Severity::Info,
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
    };
    format!("{}: {}[{}] {}", entry.path, severity_name(severity), entry.rule, entry.symbol)
}

/// Absolute and without links, as far as it exists.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}
