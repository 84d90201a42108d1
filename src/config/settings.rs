//! What a configuration says, as plain data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use electrolint_model::text::Text;
use electrolint_policy::HostPattern;
use electrolint_rules::finding::Severity;
use electrolint_rules::options::Preset;
use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};

use super::judge::{LONGEST_TEXT, MOST_ENTRIES};
use super::tree::{Kind, Node};
use crate::cli::{ByteSize, FailOn, Level, RuleSetting, Sure};

/// The settings that hold for some files.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The files that say so, the nearest one last; empty for the defaults.
    pub files: Vec<PathBuf>,
    /// From which severity on the exit code is 1.
    pub fail_on: Option<FailOn>,
    /// Findings that are less sure are not shown.
    pub min_confidence: Option<Sure>,
    /// Findings that are less severe are not shown.
    pub min_severity: Option<Level>,
    /// What could not be analysed changes the exit code.
    pub strict: Option<bool>,
    /// What is not read.
    pub exclude: Vec<Globs>,
    /// What is read though it would be left out.
    pub include: Vec<Globs>,
    /// Test code is read.
    pub include_tests: Option<bool>,
    /// `.gitignore` counts.
    pub ignore_files: Option<bool>,
    /// Largest file that is read, in bytes.
    pub max_file_size: Option<u64>,
    /// The version of Electron to assume.
    pub electron_version: Option<String>,
    /// Levels of rules; of several that match the last one wins.
    pub rules: Vec<RuleLevel>,
    /// Other levels for some files.
    pub overrides: Vec<Override>,
    /// Findings that are accepted.
    pub ignores: Vec<Ignore>,
    /// Hosts that the app may ask, if a list of them is there.
    pub egress_hosts: Option<Vec<HostPattern>>,
    /// The version of Electron to which an update is planned.
    pub target: Option<String>,
    /// What files of some folders may use.
    pub environments: Vec<Environment>,
}

/// Globs and the folder that they count from.
#[derive(Clone, Debug)]
pub struct Globs {
    /// Absolute.
    pub folder: PathBuf,
    /// As they were written.
    pub written: Vec<String>,
    set: GlobSet,
}

/// What a file says of the rules that a glob matches.
#[derive(Clone, Debug)]
pub struct RuleLevel {
    /// A name or a glob.
    pub pattern: String,
    /// What to do with them.
    pub setting: RuleSetting,
    glob: GlobMatcher,
}

/// Levels for some files.
#[derive(Clone, Debug)]
pub struct Override {
    /// Which.
    pub files: Globs,
    /// The levels.
    pub rules: Vec<RuleLevel>,
}

/// Findings that are accepted.
#[derive(Clone, Debug)]
pub struct Ignore {
    rule: GlobMatcher,
    /// In which files; none: in every file.
    pub files: Option<Globs>,
    /// The finding's symbol.
    pub symbol: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Where it stands in its file, in bytes.
    pub span: std::ops::Range<usize>,
    /// The file as messages call it, and its text; none for an option of the command line.
    pub file: Option<(String, Arc<Text>)>,
}

/// What files of some folders may use.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name in messages.
    pub name: String,
    /// Its files.
    pub files: Globs,
    /// What it has.
    pub preset: Preset,
    /// What it has besides.
    pub allow: Vec<String>,
    /// What it has not.
    pub deny: Vec<String>,
}

impl Globs {
    fn new(folder: &Path, written: Vec<String>) -> Self {
        let mut builder = GlobSetBuilder::new();
        // What is over the bounds does not fit, and nothing is checked then.
        let bounded = written.iter().take(MOST_ENTRIES).filter(|text| text.len() <= LONGEST_TEXT);
        for glob in bounded.filter_map(|text| Glob::new(text).ok()) {
            builder.add(glob);
        }
        Self { folder: folder.to_path_buf(), written, set: builder.build().unwrap_or_else(|_| GlobSet::empty()) }
    }

    /// Whether a path, absolute, lies below the folder and matches.
    pub fn matches(&self, path: &Path) -> bool {
        path.strip_prefix(&self.folder).is_ok_and(|inside| self.set.is_match(inside))
    }
}

impl RuleLevel {
    /// Whether it speaks of the rule.
    pub fn matches(&self, rule: &str) -> bool {
        self.glob.is_match(rule)
    }
}

impl Ignore {
    /// The name or glob of the rules that it accepts.
    pub fn pattern(&self) -> &str {
        self.rule.glob().glob()
    }

    /// Whether it accepts a finding of a rule in a file, absolute, on a day `YYYY-MM-DD`.
    pub fn accepts(&self, rule: &str, path: &Path, symbol: &str, today: &str) -> bool {
        self.rule.is_match(rule)
            && self.files.as_ref().is_none_or(|files| files.matches(path))
            && self.symbol.as_ref().is_none_or(|asked| asked == symbol)
            && self.until.as_ref().is_none_or(|until| today <= until.as_str())
    }
}

impl Config {
    /// Adds what a file says, which has no misfits. Its globs count from `folder`.
    pub(super) fn take(&mut self, root: &Node, folder: &Path) {
        for entry in root.entries() {
            let value = &entry.value;
            let word = value.text().unwrap_or_default();
            match entry.key.as_str() {
                "fail-on" => self.fail_on = parse(word),
                "min-confidence" => self.min_confidence = parse(word),
                "min-severity" => self.min_severity = parse(word),
                "strict" => self.strict = value.bool(),
                "exclude" => self.exclude.push(Globs::new(folder, value.texts())),
                "include" => self.include.push(Globs::new(folder, value.texts())),
                "include-tests" => self.include_tests = value.bool(),
                "ignore-files" => self.ignore_files = value.bool(),
                "max-file-size" => self.max_file_size = size(value),
                "electron-version" => self.electron_version = crate::cli::electron_version(word).ok(),
                "rules" => {
                    self.rules.extend(levels(value));
                    self.take_options(value, folder);
                }
                "overrides" => self.overrides.extend(value.items().iter().take(MOST_ENTRIES).filter_map(|item| {
                    let files = Globs::new(folder, item.get("files")?.texts());
                    Some(Override { files, rules: levels(item.get("rules")?) })
                })),
                "ignore" => {
                    self.ignores.extend(value.items().iter().take(MOST_ENTRIES).filter_map(|item| ignore(item, folder)))
                }
                _ => {}
            }
        }
    }

    fn take_options(&mut self, rules: &Node, folder: &Path) {
        let option = |rule: &str, key: &str| rules.get(rule).and_then(|table| table.get(key));
        if let Some(hosts) = option("egress-host", "allow") {
            self.egress_hosts = Some(hosts.texts().iter().filter_map(|text| HostPattern::parse(text).ok()).collect());
        }
        if let Some(target) = option("deprecated-api", "target").and_then(Node::text) {
            self.target = crate::cli::electron_version(target).ok();
        }
        if let Some(list) = option("target-environment", "environments") {
            self.environments = list.items().iter().filter_map(|item| environment(item, folder)).collect();
        }
    }
}

fn parse<T: clap::ValueEnum>(word: &str) -> Option<T> {
    T::from_str(word, false).ok()
}

fn size(value: &Node) -> Option<u64> {
    match &value.kind {
        Kind::Number(number) => Some(*number as u64),
        Kind::Text(text) => text.parse::<ByteSize>().ok().map(|size| size.0),
        _ => None,
    }
}

fn levels(rules: &Node) -> Vec<RuleLevel> {
    let level = |entry: &super::tree::Entry| {
        let word = entry.value.text().or_else(|| entry.value.get("severity").and_then(Node::text))?;
        let setting = match word {
            "on" => RuleSetting::On,
            "off" => RuleSetting::Off,
            word => RuleSetting::Severity(Severity::from(parse::<Level>(word)?)),
        };
        Some(RuleLevel { pattern: entry.key.clone(), setting, glob: Glob::new(&entry.key).ok()?.compile_matcher() })
    };
    let bounded = rules.entries().iter().take(MOST_ENTRIES).filter(|entry| entry.key.len() <= LONGEST_TEXT);
    bounded.filter_map(level).collect()
}

fn ignore(item: &Node, folder: &Path) -> Option<Ignore> {
    let text = |key: &str| item.get(key).and_then(Node::text).map(str::to_owned);
    item.get("rule").and_then(Node::text).filter(|rule| rule.len() <= LONGEST_TEXT)?;
    Some(Ignore {
        rule: Glob::new(item.get("rule")?.text()?).ok()?.compile_matcher(),
        files: item.get("files").map(|files| Globs::new(folder, files.texts())),
        symbol: text("symbol"),
        reason: text("reason")?,
        until: text("until"),
        span: item.span.clone(),
        file: None,
    })
}

fn environment(item: &Node, folder: &Path) -> Option<Environment> {
    let preset = item.get("preset")?.text()?;
    let texts = |key: &str| item.get(key).map(Node::texts).unwrap_or_default();
    Some(Environment {
        name: item.get("name").and_then(Node::text).unwrap_or(preset).to_owned(),
        files: Globs::new(folder, item.get("files")?.texts()),
        preset: match preset {
            "browser" => Preset::Browser,
            "sandboxed-renderer" => Preset::SandboxedRenderer,
            "preload" => Preset::Preload,
            "node" => Preset::Node,
            _ => Preset::Main,
        },
        allow: texts("allow"),
        deny: texts("deny"),
    })
}
