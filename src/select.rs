//! Which findings count: rules, thresholds, narrowed paths. And where each of them lies, in the words of reports.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use electrolint_model::electron::Version;
use electrolint_model::electron::releases::{Data, Support};
use electrolint_model::problem::ProblemKind;
use electrolint_model::source::{FileId, Sources, Span};
use electrolint_model::text::LineIndex;
use electrolint_rules::Rule;
use electrolint_rules::finding::{Confidence, Finding, Severity};
use globset::{Glob, GlobMatcher};

use crate::baseline::{self, Baseline, Matcher};
use crate::cli::{CheckArgs, FailOn, Level, RuleSetting, Sure};
use crate::config::settings::{Config, Ignore};
use crate::config::{self, ConfigError, Configurations};
use crate::discover::{self, Discovery, FoundApp};
use crate::report::{
    AppReport, EditReport, Excerpted, FixReport, Hidden, Location, Placed, RelatedPlace, Report, RuleReport,
    Suppressed, SuppressedBy,
};
use crate::timings::Timings;
use crate::{Analysed, Exit, Failure};

/// The options that select, checked against the catalogue.
#[derive(Debug)]
pub struct Selection {
    /// `--only`.
    only: Option<BTreeSet<&'static str>>,
    /// `--rule`, in order.
    rules: Vec<(&'static str, RuleSetting)>,
    min_confidence: Option<Confidence>,
    min_severity: Option<Severity>,
    /// Findings that are suppressed are shown and marked.
    show_suppressed: bool,
    /// Of the command line; the outer one is none where it says nothing.
    fail_on: Option<Option<Severity>>,
    no_ignores: bool,
    strict: bool,
    allow_empty: bool,
    /// Findings of these files alone, in the form of `SourceFile::path`.
    files: Option<BTreeSet<String>>,
    baseline: Option<Baseline>,
    /// Everything that the configuration of the folder speaks of is looked at.
    is_whole: bool,
    baseline_strict: bool,
    category: String,
    today: String,
}

impl Selection {
    /// Reads the options.
    ///
    /// # Errors
    /// `UnknownRule` for a name or glob that matches no rule, `RuleGlob` for a malformed glob.
    pub fn from_options(options: &CheckArgs) -> Result<Self, Failure> {
        let names: Vec<&'static str> = electrolint_rules::all().iter().map(|rule| rule.id).collect();
        let mut only = BTreeSet::new();
        for pattern in &options.only {
            only.extend(matching(pattern, &names)?);
        }
        let mut rules = Vec::new();
        for level in &options.rules {
            rules.extend(matching(&level.pattern, &names)?.into_iter().map(|name| (name, level.setting)));
        }
        let (min_confidence, min_severity) = if options.all {
            (Some(Confidence::Tentative), Some(Severity::Info))
        } else {
            (options.min_confidence.map(Confidence::from), options.min_severity.map(Severity::from))
        };
        Ok(Self {
            only: (!options.only.is_empty()).then_some(only),
            rules,
            min_confidence,
            min_severity,
            show_suppressed: options.all || options.sarif_suppressed,
            fail_on: if options.exit_zero { Some(None) } else { options.fail_on.map(FailOn::threshold) },
            no_ignores: options.no_ignores,
            strict: options.strict,
            // A commit without any file of an app is no mistake.
            allow_empty: options.allow_empty || options.staged,
            files: None,
            baseline: None,
            is_whole: false,
            baseline_strict: options.baseline_strict,
            category: options.sarif_category.clone(),
            today: crate::config::today(),
        })
    }

    /// Adds what is known once the files are: those that are asked about, and the baseline of where they lie.
    ///
    /// # Errors
    /// A baseline that cannot be used.
    pub(crate) fn narrow(
        &mut self,
        discovery: &Discovery,
        files: Option<BTreeSet<PathBuf>>,
        options: &CheckArgs,
    ) -> Result<(), Failure> {
        let input = &options.input;
        let is_folder = matches!(input.paths.as_slice(), [] | [_]) && input.paths.iter().all(|path| path.is_dir());
        self.is_whole = is_folder
            && files.is_none()
            && options.stdin_filename.is_none()
            && input.app.is_empty()
            && input.exclude.is_empty()
            && discovery.apps.iter().all(|app| app.narrowed.is_empty());
        self.files = files.map(|files| files.iter().map(|path| discovery.shown(path)).collect());
        self.baseline = match (&options.baseline, options.no_baseline) {
            (Some(path), _) => Some(Baseline::read(path)?),
            (None, true) => None,
            (None, false) => Baseline::find(discovery)?,
        };
        Ok(())
    }

    /// Whether findings in a file were asked for.
    fn asks_for(&self, app: &FoundApp, path: &str) -> bool {
        app.asks_for(path) && self.files.as_ref().is_none_or(|files| files.contains(path))
    }

    /// Whether a rule is on for a file, absolute, and the severity of its findings where a setting says it.
    ///
    /// `--only` takes the place of the configuration's `rules` as far as it switches rules on and off; what the configuration
    /// says of single files holds on; `--rule` has the last word.
    fn level(&self, rule: &'static str, path: &Path, config: &Config) -> Option<Option<Severity>> {
        let mut level = Some(None);
        for said in config.rules.iter().filter(|said| said.matches(rule)) {
            level = applied(said.setting);
        }
        if let Some(only) = &self.only {
            level = only.contains(rule).then(|| level.flatten());
        }
        for over in config.overrides.iter().filter(|over| over.files.matches(path)) {
            for said in over.rules.iter().filter(|said| said.matches(rule)) {
                level = match applied(said.setting) {
                    Some(_) if self.only.as_ref().is_some_and(|only| !only.contains(rule)) => None,
                    level => level,
                };
            }
        }
        for (_, setting) in self.rules.iter().filter(|(name, _)| *name == rule) {
            level = match applied(*setting) {
                // `--only` bounds what `--rule` may switch on.
                Some(_) if self.only.as_ref().is_some_and(|only| !only.contains(rule)) => None,
                level => level,
            };
        }
        level
    }
}

impl Selection {
    /// Why a finding does not count, if it does not.
    fn suppressed(&self, placed: &Placed, path: &Path, config: &Config) -> Option<Suppressed> {
        if self.no_ignores {
            return None;
        }
        if let Some(ignored) = &placed.finding.ignored {
            return Some(Suppressed { by: SuppressedBy::Comment, reason: ignored.reason.clone() });
        }
        let accepts = |ignore: &&Ignore| ignore.accepts(placed.finding.rule, path, &placed.finding.symbol, &self.today);
        let ignore = config.ignores.iter().find(accepts)?;
        Some(Suppressed { by: SuppressedBy::Configuration, reason: ignore.reason.clone() })
    }
}

fn applied(setting: RuleSetting) -> Option<Option<Severity>> {
    match setting {
        RuleSetting::Off => None,
        RuleSetting::On => Some(None),
        RuleSetting::Severity(severity) => Some(Some(severity)),
    }
}

/// Names that a name or glob stands for, at least one.
fn matching(pattern: &str, names: &[&'static str]) -> Result<Vec<&'static str>, Failure> {
    let glob: GlobMatcher = Glob::new(pattern)
        .map_err(|error| Failure::RuleGlob { glob: pattern.into(), reason: error.kind().to_string() })?
        .compile_matcher();
    let found: Vec<&'static str> = names.iter().copied().filter(|name| glob.is_match(name)).collect();
    if found.is_empty() {
        return Err(Failure::UnknownRule { name: pattern.into(), help: suggestion(pattern, names) });
    }
    Ok(found)
}

/// What to write instead of an unknown rule name.
pub(crate) fn suggestion(name: &str, names: &[&'static str]) -> String {
    match nearest(name, names) {
        Some(candidate) => format!("did you mean `{candidate}`? `electrolint rules` lists them all"),
        None => "`electrolint rules` lists them all".into(),
    }
}

/// The name that was meant, if one is near enough.
pub(crate) fn nearest(name: &str, names: &[&'static str]) -> Option<&'static str> {
    let (distance, candidate) = names.iter().map(|candidate| (distance(name, candidate), *candidate)).min()?;
    (distance <= candidate.len() / 3 + 1).then_some(candidate)
}

/// Number of letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    // A name that long is no typing error; the table stays small.
    let a: Vec<char> = a.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, letter) in b.chars().take(64).enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for ((other, pair), j) in a.iter().zip(row.windows(2)).zip(0..) {
            let [diagonal, above] = pair else { break };
            let left: usize = next.get(j).copied().unwrap_or(usize::MAX - 1);
            next.push((diagonal + usize::from(*other != letter)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Chooses what is shown and places it.
pub fn select(
    discovery: Discovery,
    analysed: Vec<Analysed>,
    selection: &Selection,
    configurations: &Configurations,
) -> Report {
    let base = discovery.base.clone();
    let strict = selection.strict || configurations.of(&base).strict == Some(true);
    let repository = discovery.repository().to_path_buf();
    let nothing = Baseline::default();
    let mut accepted = Matcher::new(selection.baseline.as_ref().unwrap_or(&nothing));
    let mut checked: BTreeSet<PathBuf> = BTreeSet::new();
    let mut entries = Entries::default();
    let mut report = Report {
        repository,
        baseline: selection.baseline.clone(),
        gone: Vec::new(),
        unused: Vec::new(),
        category: selection.category.clone(),
        time: (0, 0),
        timings: Timings::default(),
        cache: None,
        base: discovery.base,
        apps: Vec::new(),
        findings: Vec::new(),
        rules: rule_reports(),
        hidden: Hidden::default(),
        problems: discovery.problems,
        omitted: discovery.omitted,
        tried: discovery.tried,
        exit: Exit::Clean,
    };
    for (index, app) in analysed.into_iter().enumerate() {
        report.apps.push(describe(&app));
        report.problems.extend(app.found.sources.problems.iter().cloned());
        report.problems.extend(app.outcome.problems.iter().cloned());
        report.omitted.extend(app.found.sources.omitted.iter().cloned());
        if selection.is_whole {
            // Sorted, so that the files of a folder stand together but for those of folders in it.
            let mut last = None;
            for file in &app.found.sources.files {
                let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                if last.replace(folder) != Some(folder) {
                    entries.know(&configurations.of(&config::absolute(&base, folder)));
                }
            }
        }
        if selection.baseline.is_some() {
            checked.extend(app.found.sources.files.iter().map(|file| discover::plain(&base.join(&file.path))));
        }
        for mut placed in place(index, &base, &app.found.sources, app.outcome.findings) {
            let path = config::absolute(&base, &placed.location.path);
            let config = configurations.of_file(&path);
            let level = selection.level(placed.finding.rule, &path, &config);
            entries.used(&config, &placed, &path, &selection.today);
            if let Some(Some(severity)) = level {
                placed.finding.severity = severity;
            }
            let is_baselined = selection.baseline.is_some() && accepted.accepts(&base, &placed);
            if level.is_none() {
                continue;
            }
            // A change of any place that explains a finding may have made it.
            let related = placed.related.iter().map(|related| &related.location);
            if !std::iter::once(&placed.location).chain(related).any(|at| selection.asks_for(&app.found, &at.path)) {
                continue;
            }
            // What lies outside of the paths given is not touched.
            placed.fix = placed.fix.take().filter(|fix| {
                let is_ours = |path: &str| selection.asks_for(&app.found, path) && app.found.sources.is_inside(path);
                // A change cannot be proved by reading a file that was not wholly read before.
                let is_broken = |path: &str| {
                    let problems = &app.outcome.problems;
                    problems.iter().any(|problem| problem.kind == ProblemKind::ParseError && problem.path == path)
                };
                let is_fit = |path: &str| is_ours(path) && !is_broken(path);
                !app.found.sources.archived && fix.edits.iter().all(|edit| is_fit(&edit.location.path))
            });
            if selection.no_ignores {
                placed.finding.ignored = None;
            }
            let by_baseline = || is_baselined.then(|| Suppressed { by: SuppressedBy::Baseline, reason: String::new() });
            placed.suppressed = selection.suppressed(&placed, &path, &config).or_else(by_baseline);
            let min_confidence =
                selection.min_confidence.or(config.min_confidence.map(Sure::into)).unwrap_or(Confidence::Firm);
            let min_severity = selection.min_severity.or(config.min_severity.map(Level::into)).unwrap_or(Severity::Low);
            let fail_on = selection.fail_on.or(config.fail_on.map(FailOn::threshold)).unwrap_or(Some(Severity::Low));
            placed.fails =
                placed.suppressed.is_none() && fail_on.is_some_and(|threshold| placed.finding.severity >= threshold);
            if placed.finding.confidence < min_confidence {
                report.hidden.tentative += 1;
            } else if placed.finding.severity < min_severity {
                report.hidden.below_severity += 1;
            } else if let Some(suppressed) = placed.suppressed.as_ref().filter(|_| !selection.show_suppressed) {
                match suppressed.by {
                    SuppressedBy::Baseline => report.hidden.baselined += 1,
                    SuppressedBy::Comment | SuppressedBy::Configuration => report.hidden.suppressed += 1,
                }
            } else {
                report.findings.push(placed);
            }
        }
    }
    if selection.baseline.is_some() {
        let gone = accepted.gone(|path| checked.contains(path) || !path.exists());
        report.gone = gone.into_iter().map(baseline::describe).collect();
    }
    report.unused = entries.unused(&base, &selection.today);
    // Apps of one workspace share files.
    report.problems.sort();
    report.problems.dedup();
    report.omitted.sort();
    report.omitted.dedup();
    report.exit = exit(&report, selection, strict);
    report
}

/// Entries `[[ignore]]` by their place, and whether they accept a finding.
#[derive(Default)]
struct Entries {
    known: BTreeMap<(String, usize), (Ignore, bool)>,
    /// The lists that were looked at, by where they lie in memory: most files have the same.
    seen: HashSet<*const Ignore>,
}

impl Entries {
    fn know(&mut self, config: &Config) {
        if !self.seen.insert(config.ignores.as_ptr()) {
            return;
        }
        for ignore in &config.ignores {
            if let Some((file, _)) = &ignore.file {
                self.known.entry((file.clone(), ignore.span.start)).or_insert_with(|| (ignore.clone(), false));
            }
        }
    }

    fn used(&mut self, config: &Config, placed: &Placed, path: &Path, today: &str) {
        for ignore in &config.ignores {
            if let Some((file, _)) = &ignore.file
                && ignore.accepts(placed.finding.rule, path, &placed.finding.symbol, today)
                && let Some((_, is_used)) = self.known.get_mut(&(file.clone(), ignore.span.start))
            {
                *is_used = true;
            }
        }
    }

    /// Those that accept nothing, of configurations at or below a folder: others speak of more than was looked at.
    fn unused(self, base: &Path, today: &str) -> Vec<ConfigError> {
        let working = std::env::current_dir().unwrap_or_default();
        let left = self.known.into_values().filter(|(_, is_used)| !is_used);
        let told = left.filter_map(|(ignore, _)| {
            let (path, text) = ignore.file.clone()?;
            let message = match &ignore.until {
                Some(until) if today > until.as_str() => {
                    format!("its last day was {until}, and it accepts nothing any more")
                }
                _ => format!("there is no `{}` finding that it accepts", ignore.pattern()),
            };
            let is_inside = discover::plain(&working.join(&path)).starts_with(base);
            is_inside.then(|| ConfigError { path, text, span: ignore.span, message, help: "Remove it.".to_owned() })
        });
        told.collect()
    }
}

fn exit(report: &Report, selection: &Selection, strict: bool) -> Exit {
    let is_stale = selection.baseline_strict && !report.gone.is_empty();
    if report.apps.is_empty() {
        if selection.allow_empty { Exit::Clean } else { Exit::NoApp }
    } else if is_stale || report.findings.iter().any(|placed| placed.fails) {
        Exit::Findings
    } else if strict && !report.problems.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}

/// The whole catalogue: the same for every run of a version, whatever is switched off.
fn rule_reports() -> Vec<RuleReport> {
    electrolint_rules::all()
        .iter()
        .map(|rule| RuleReport {
            name: rule.id,
            severity: rule.severity,
            items: rule.items.to_vec(),
            summary: rule.summary(),
            doc: doc_of,
            page: page_of,
            source: rule.source,
            cwe: rule.cwe.to_vec(),
        })
        .collect()
}

fn page_of(rule: &str) -> String {
    rule_of(rule).map(crate::commands::explain::page).unwrap_or_default()
}

fn doc_of(rule: &str) -> &'static str {
    rule_of(rule).map(Rule::doc).unwrap_or_default()
}

fn rule_of(name: &str) -> Option<&'static Rule> {
    electrolint_rules::all().iter().copied().find(|known| known.id == name)
}

fn describe(analysed: &Analysed) -> AppReport {
    let electron = &analysed.outcome.electron;
    AppReport {
        root: analysed.found.sources.root.clone(),
        name: analysed.found.name.clone(),
        electron: crate::report::ElectronReport {
            version: Some(electron.version.to_string()),
            source: electron.source_text(),
            assumed: !electron.is_known(),
            status: support_text(&electron.version),
        },
        files_read: analysed.outcome.files_read,
        windows: analysed.outcome.windows,
        resolved: analysed.outcome.resolved.iter().map(|line| line.text(&analysed.found.sources)).collect(),
    }
}

/// Whether a version of Electron still gets fixes, in a few words.
fn support_text(version: &Version) -> String {
    match Data::current().support(version) {
        Support::Supported => "supported".to_owned(),
        Support::EndOfLife { date: Some(date), .. } => format!("out of support since {date}"),
        Support::EndOfLife { date: None, .. } => "out of support".to_owned(),
        Support::Prerelease => "prerelease".to_owned(),
        Support::NewerThanData => "newer than the data".to_owned(),
    }
}

/// Puts findings where reports can name them, sorted, each with its fingerprint.
///
/// All findings of the app are numbered, shown or not, so that a threshold changes no fingerprint.
fn place(app: usize, base: &Path, sources: &Sources, findings: Vec<Finding>) -> Vec<Placed> {
    let mut places = Places { sources, lines: HashMap::new() };
    let mut placed: Vec<Placed> = Vec::with_capacity(findings.len());
    for finding in findings {
        let (location, source) = places.find(finding.span);
        let related = finding.related.iter().map(|related| {
            let (location, source) = places.find(related.span);
            RelatedPlace { relation: related.relation, location, source, message: related.message.clone() }
        });
        let related = related.collect();
        let fix = finding.fix.as_ref().map(|fix| FixReport {
            title: fix.title.clone(),
            safe: fix.safe,
            edits: fix
                .edits
                .iter()
                .map(|edit| {
                    let (location, source) = places.find(edit.span);
                    EditReport { location, source, replacement: edit.replacement.clone() }
                })
                .collect(),
        });
        placed.push(Placed {
            app,
            finding,
            location,
            source,
            related,
            fix,
            fingerprint: String::new(),
            suppressed: None,
            fails: false,
        });
    }
    placed.sort_by(|a, b| {
        let key = |p: &Placed| (p.location.start_byte, p.location.end_byte, p.finding.rule);
        (a.location.path.as_str(), key(a))
            .cmp(&(b.location.path.as_str(), key(b)))
            .then_with(|| (&a.finding.symbol, &a.finding.message).cmp(&(&b.finding.symbol, &b.finding.message)))
    });
    let mut seen: HashMap<(&'static str, String, String), u32> = HashMap::new();
    for placed in &mut placed {
        let name = (placed.finding.rule, placed.location.path.clone(), placed.finding.symbol.clone());
        let occurrence = seen.entry(name).or_default();
        // From the app's folder on, so that it is the same whatever folder was checked.
        let path = discover::relative(&base.join(&sources.root), &base.join(&placed.location.path));
        placed.fingerprint = fingerprint(placed.finding.rule, &path, &placed.finding.symbol, *occurrence);
        *occurrence += 1;
    }
    placed
}

/// Finds spans in files; counts the lines of each file once.
struct Places<'a> {
    sources: &'a Sources,
    lines: HashMap<FileId, LineIndex>,
}

impl Places<'_> {
    /// Where a span is, and the text there; the beginning of nowhere if there is no such file.
    fn find(&mut self, span: Span) -> (Location, Option<Excerpted>) {
        let Some(file) = self.sources.files.get(span.file.0 as usize) else { return (Location::default(), None) };
        let text = &file.text;
        let lines = self.lines.entry(span.file).or_insert_with(|| text.lines());
        let (start, end) = clamp(&text.content, span);
        let (from, to) = (lines.position(text, start), lines.position(text, end));
        let location = Location {
            path: file.path.clone(),
            line: from.line,
            column: from.column,
            end_line: to.line,
            end_column: to.column,
            start_byte: text.disk_offset(start),
            end_byte: text.disk_offset(end),
        };
        (location, Some(Excerpted { text: text.clone(), start: start as usize, end: end as usize }))
    }
}

/// The span within the text and between characters.
fn clamp(content: &str, span: Span) -> (u32, u32) {
    let start = content.floor_char_boundary(span.start as usize);
    let end = content.ceil_char_boundary(span.end as usize).max(start);
    (start as u32, end as u32)
}

/// The finding's name that moved lines leave alone: a hash of its parts.
///
/// Baselines and SARIF keep it (`electrolint/v1`), so it must not change.
fn fingerprint(rule: &str, path: &str, symbol: &str, occurrence: u32) -> String {
    hash(&[rule, path, symbol, &occurrence.to_string()])
}

/// FNV-1a, 128 bits, over some texts, each ended by a zero byte, as 32 hexadecimal digits:
/// <http://www.isthe.com/chongo/tech/comp/fnv/>.
pub(crate) fn hash(parts: &[&str]) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash = OFFSET;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use electrolint_model::source::{FileKind, Role, SourceFile};
    use electrolint_model::text::Text;
    use electrolint_rules::finding::Scope;

    use super::*;
    use crate::Outcome;
    use crate::cli::ConfigArgs;

    fn finding(confidence: Confidence, severity: Severity, start: u32) -> Finding {
        Finding {
            rule: electrolint_rules::all()[0].id,
            severity,
            confidence,
            scope: Scope::Site,
            span: Span { file: FileId(0), start, end: start + 3 },
            message: "x".into(),
            gain: String::new(),
            help: String::new(),
            related: Vec::new(),
            symbol: "a.b".into(),
            fix: None,
            ignored: None,
        }
    }

    fn run(findings: Vec<Finding>, options: &CheckArgs) -> Report {
        let file = SourceFile {
            path: "main.js".into(),
            kind: FileKind::JavaScript,
            role: Role::Own,
            text: Arc::new(Text::plain("one two\nthree é four\n")),
        };
        let sources = Sources { files: vec![file], ..Sources::default() };
        let electron = electrolint_model::analyse(&sources, &electrolint_model::Options::default()).electron;
        let found = FoundApp { sources, name: None, narrowed: Vec::new() };
        let discovery = Discovery {
            base: PathBuf::new(),
            apps: Vec::new(),
            problems: Vec::new(),
            tried: Vec::new(),
            omitted: Vec::new(),
        };
        let selection = Selection::from_options(options).unwrap();
        let outcome = Outcome {
            electron,
            problems: Vec::new(),
            files_read: 1,
            windows: 0,
            resolved: Vec::new(),
            has_main_process: true,
            findings,
        };
        let analysed = Analysed { found, outcome };
        let unconfigured = ConfigArgs { no_config: true, ..ConfigArgs::default() };
        let configurations = Configurations::new(&unconfigured, Path::new("")).unwrap();
        select(discovery, vec![analysed], &selection, &configurations)
    }

    #[test]
    fn thresholds_hide_and_count() {
        let findings = || {
            vec![
                finding(Confidence::Firm, Severity::High, 0),
                finding(Confidence::Tentative, Severity::High, 4),
                finding(Confidence::Certain, Severity::Info, 8),
            ]
        };
        let report = run(findings(), &CheckArgs::default());
        assert_eq!(report.findings.len(), 1);
        assert_eq!((report.hidden.tentative, report.hidden.below_severity), (1, 1));
        assert_eq!(report.exit, Exit::Findings);

        let all = run(findings(), &CheckArgs { all: true, ..CheckArgs::default() });
        assert_eq!(all.findings.len(), 3);

        let off = CheckArgs { rules: vec!["*=off".parse().unwrap()], ..CheckArgs::default() };
        assert_eq!(run(findings(), &off).exit, Exit::Clean);
        let info = CheckArgs { rules: vec!["*=info".parse().unwrap()], ..CheckArgs::default() };
        assert_eq!(run(findings(), &info).hidden.below_severity, 2);
        let zero = CheckArgs { exit_zero: true, ..CheckArgs::default() };
        assert_eq!(run(findings(), &zero).exit, Exit::Clean);
    }

    #[test]
    fn fingerprints_number_equals_and_stay() {
        let report = run(
            vec![finding(Confidence::Firm, Severity::High, 8), finding(Confidence::Firm, Severity::High, 0)],
            &CheckArgs::default(),
        );
        let [first, second] = &report.findings[..] else { panic!() };
        assert_eq!(first.location.line, 1, "sorted by place");
        assert_ne!(first.fingerprint, second.fingerprint);
        assert_eq!(fingerprint("r", "p", "s", 0), "bd12e508d0659bb2f27f60d517d6407c");
        assert_ne!(fingerprint("r", "ps", "", 0), fingerprint("r", "p", "s", 0));
    }

    #[test]
    fn odd_spans_are_clamped() {
        for (start, end) in [(0, 9999), (9999, 9999), (16, 15), (14, 15), (u32::MAX - 3, u32::MAX)] {
            let mut odd = finding(Confidence::Firm, Severity::High, 0);
            odd.span = Span { file: FileId(0), start, end };
            let report = run(vec![odd], &CheckArgs::default());
            assert!(report.findings[0].location.start_byte <= report.findings[0].location.end_byte);
        }
        let mut nowhere = finding(Confidence::Firm, Severity::High, 0);
        nowhere.span.file = FileId(7);
        assert_eq!(run(vec![nowhere], &CheckArgs::default()).findings[0].location, Location::default());
    }

    #[test]
    fn unknown_rules_are_refused_with_a_suggestion() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        let unknown = CheckArgs { only: vec!["web-securty".into()], ..CheckArgs::default() };
        let error = Selection::from_options(&unknown).unwrap_err();
        let Failure::UnknownRule { help, .. } = error else { panic!("{error}") };
        assert!(help.contains("web-security"), "{help}");
    }
}
