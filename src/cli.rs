//! Every option with its help.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use electrolint_rules::finding::{Confidence, Severity};
use globset::Glob;

use crate::report::Format;

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing at or above --fail-on is left
  1    findings
  2    wrong usage or configuration, a path that does not exist, an output that cannot be written
  3    no Electron app there
  4    no findings, but the analysis is incomplete and --strict is on
  101  a bug in electrolint";

const POLICY_EXIT_CODES: &str = "\
Exit codes:
  0    written, or FILE grants all that the app needs
  1    the app needs more than FILE grants
  2    wrong usage, a FILE that is no policy, an output that cannot be written
  3    no Electron app there
  4    something is unresolved that FILE does not list, and --strict is on
  101  a bug in electrolint";

/// Finds what is insecure in an Electron app before it ships.
#[derive(Debug, Parser)]
#[command(name = "electrolint", version, after_help = "`electrolint [PATH]...` is short for `electrolint check`.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look for weaknesses in the apps below the given paths (the default command).
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// Explain one rule: what it reports, why it matters, what to write.
    Explain(ExplainArgs),
    /// List the rules.
    Rules(RulesArgs),
    /// Print the settings that hold for a path and where each comes from, or the schema of electrolint.toml.
    Config(ConfigCommandArgs),
    /// Print what the analysis knows about an app, for contributors and bug reports.
    Facts(FactsArgs),
    /// Write down what an app or addon may do at run time, or check that a policy grants what it needs.
    #[command(after_help = POLICY_EXIT_CODES)]
    Policy(PolicyArgs),
    /// Run a script in the sandbox: `electrolint-sandbox run`, with all that follows.
    Run(RunArgs),
}

/// Which files are read, and as what.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Folders or files. A file narrows the report to itself; its whole app is analysed [default: .].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Leave out files and folders that match this glob, as in `vendor/**`; matched against paths as they are printed.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<Glob>,
    /// Read files that match this glob though they would be left out (vendored, minified, ignored by git).
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<Glob>,
    /// Read files that .gitignore and .ignore name.
    #[arg(long)]
    pub no_ignore_files: bool,
    /// Largest file that is read; larger ones are reported as problems [default: 5MB].
    #[arg(long, value_name = "SIZE")]
    pub max_file_size: Option<ByteSize>,
    /// Analyse for this version of Electron instead of the one that the app names.
    #[arg(long, value_name = "VERSION", value_parser = electron_version)]
    pub electron_version: Option<String>,
    /// Folder of an app, when it is not found by itself; repeatable.
    #[arg(long, value_name = "DIR")]
    pub app: Vec<PathBuf>,
    /// Read test code as well.
    #[arg(long)]
    pub include_tests: bool,
    /// Number of threads [default: one for each core].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// What the configuration says.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Which configuration holds.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub struct ConfigArgs {
    /// A configuration file for everything, instead of the nearest electrolint.toml of each file; or one setting, as in
    /// `--config min-severity=medium`; repeatable. ELECTROLINT_CONFIG names a file as well.
    #[arg(short, long, value_name = "FILE|KEY=VALUE", conflicts_with = "no_config")]
    pub config: Vec<ConfigOption>,
    /// Read no configuration file.
    #[arg(long)]
    pub no_config: bool,
}

/// Options of `check`.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,

    /// Switch rules on or off, or set their severity: `--rule 'fuses=off' --rule 'limit-*=high'`; the last one wins.
    #[arg(long = "rule", value_name = "NAME[=LEVEL]", help_heading = "Rules")]
    pub rules: Vec<RuleLevel>,
    /// Only these rules; names or globs, separated by commas.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', help_heading = "Rules")]
    pub only: Vec<String>,
    /// Show findings that are at least this sure [default: firm].
    #[arg(long, value_name = "CONFIDENCE", help_heading = "Rules")]
    pub min_confidence: Option<Sure>,
    /// Show findings that are at least this severe [default: low].
    #[arg(long, value_name = "SEVERITY", help_heading = "Rules")]
    pub min_severity: Option<Level>,
    /// Show everything: tentative and info findings too.
    #[arg(long, help_heading = "Rules", conflicts_with_all = ["min_confidence", "min_severity"])]
    pub all: bool,
    /// Look past ignore comments and exceptions of the configuration.
    #[arg(long, help_heading = "Rules")]
    pub no_ignores: bool,

    /// Exit with 1 when a shown finding is at least this severe [default: low].
    #[arg(long, value_name = "SEVERITY", help_heading = "Exit code")]
    pub fail_on: Option<FailOn>,
    /// Exit with 0 whatever is found (the same as `--fail-on never`).
    #[arg(long, help_heading = "Exit code", conflicts_with = "fail_on")]
    pub exit_zero: bool,
    /// Exit with 4 when something could not be analysed.
    #[arg(long, help_heading = "Exit code")]
    pub strict: bool,
    /// Exit with 0 when there is no Electron app.
    #[arg(long, help_heading = "Exit code")]
    pub allow_empty: bool,

    /// What is written to standard output.
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "full",
        env = "ELECTROLINT_OUTPUT_FORMAT",
        hide_env_values = true,
        help_heading = "Output"
    )]
    pub format: Format,
    /// Write a report to a file as well, as in `--output sarif=electrolint.sarif`; repeatable.
    #[arg(short, long, value_name = "FORMAT=PATH", help_heading = "Output")]
    pub output: Vec<Output>,
    /// Colours: NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE are followed under `auto`.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
    /// Links to the pages of rules.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub hyperlinks: When,
    /// Print findings only.
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell what was found and left out: apps, versions, files, every problem.
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// Options of `explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainArgs {
    /// Name of the rule.
    pub rule: String,
    /// Form of the answer.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: TextFormat,
}

/// Options of `rules`.
#[derive(Args, Clone, Debug)]
pub struct RulesArgs {
    /// Form of the list.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: TextFormat,
}

/// Options of `config`.
#[derive(Args, Clone, Debug)]
pub struct ConfigCommandArgs {
    /// The file or folder [default: .].
    pub path: Option<PathBuf>,
    /// Print the JSON Schema of electrolint.toml.
    #[arg(long)]
    pub schema: bool,
    /// What holds.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Options of `facts`.
#[derive(Args, Clone, Debug, Default)]
pub struct FactsArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Options of `policy`.
#[derive(Args, Clone, Debug, Default)]
pub struct PolicyArgs {
    /// The folder of the app, or of an addon: one with an `addon.json` [default: .].
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Write the policy to this file instead of standard output.
    #[arg(short, long, value_name = "FILE", conflicts_with = "check")]
    pub output: Option<PathBuf>,
    /// Compare this policy with what the app needs: what is missing is printed.
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
    /// Exit with 4 when something could not be resolved that FILE does not list.
    #[arg(long)]
    pub strict: bool,
    /// Analyse for this version of Electron instead of the one that the app names.
    #[arg(long, value_name = "VERSION", value_parser = electron_version)]
    pub electron_version: Option<String>,
}

/// Options of `run`.
#[derive(Args, Clone, Debug, Default)]
#[command(disable_help_flag = true)]
pub struct RunArgs {
    /// Options and script of `electrolint-sandbox run`.
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Form of a text about rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For pages.
    Markdown,
}

/// When to use a feature of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// If standard output is a terminal.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// A severity, as an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words of `Severity`")]
pub enum Level {
    High,
    Medium,
    #[default]
    Low,
    Info,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::High => Self::High,
            Level::Medium => Self::Medium,
            Level::Low => Self::Low,
            Level::Info => Self::Info,
        }
    }
}

/// A confidence, as an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words of `Confidence`")]
pub enum Sure {
    Tentative,
    #[default]
    Firm,
    Certain,
}

impl From<Sure> for Confidence {
    fn from(sure: Sure) -> Self {
        match sure {
            Sure::Tentative => Self::Tentative,
            Sure::Firm => Self::Firm,
            Sure::Certain => Self::Certain,
        }
    }
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words of `Severity`")]
pub enum FailOn {
    High,
    Medium,
    #[default]
    Low,
    Info,
    Never,
}

impl FailOn {
    /// The lowest severity that fails, or none.
    pub fn threshold(self) -> Option<Severity> {
        match self {
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

/// `NAME[=LEVEL]`: what `--rule` says of the rules that a glob matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLevel {
    /// A name or a glob.
    pub pattern: String,
    /// What to do with them.
    pub setting: RuleSetting,
}

/// What to do with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSetting {
    /// Report, as severe as the rule says.
    On,
    /// Do not report.
    Off,
    /// Report with this severity.
    Severity(Severity),
}

impl FromStr for RuleLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pattern, setting) = match text.split_once('=') {
            None => (text, RuleSetting::On),
            Some((pattern, level)) => {
                let setting = match level {
                    "on" => RuleSetting::On,
                    "off" => RuleSetting::Off,
                    "high" => RuleSetting::Severity(Severity::High),
                    "medium" => RuleSetting::Severity(Severity::Medium),
                    "low" => RuleSetting::Severity(Severity::Low),
                    "info" => RuleSetting::Severity(Severity::Info),
                    _ => return Err(format!("level `{level}` is none of on, off, high, medium, low, info")),
                };
                (pattern, setting)
            }
        };
        if pattern.is_empty() {
            return Err("the name of the rule is missing".into());
        }
        Ok(Self { pattern: pattern.into(), setting })
    }
}

/// `FILE` or `KEY=VALUE`: what `--config` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigOption {
    /// A configuration file.
    File(PathBuf),
    /// One setting, as it was written.
    Assignment(String),
}

impl FromStr for ConfigOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, _)) if !key.contains(['/', '\\']) => Ok(Self::Assignment(text.to_owned())),
            _ if text.is_empty() => Err("expected a file or KEY=VALUE".into()),
            _ => Ok(Self::File(text.into())),
        }
    }
}

/// `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its format.
    pub format: Format,
    /// Where it is written.
    pub path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').ok_or("expected FORMAT=PATH, as in sarif=electrolint.sarif")?;
        let format = Format::from_str(format, false)?;
        if path.is_empty() {
            return Err("the path is missing".into());
        }
        Ok(Self { format, path: path.into() })
    }
}

/// A number of bytes: `5MB`, `500kB`, `2MiB`, `4096`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "kib" => 1 << 10,
            "m" | "mb" => 1_000_000,
            "mib" => 1 << 20,
            "g" | "gb" => 1_000_000_000,
            "gib" => 1 << 30,
            _ => return Err(format!("unit `{unit}` is none of B, kB, MB, GB, KiB, MiB, GiB")),
        };
        let number: u64 = number.parse().map_err(|_| "expected a number with a unit, as in 5MB".to_string())?;
        number.checked_mul(factor).map(Self).ok_or_else(|| "the size is too large".into())
    }
}

pub(crate) fn electron_version(text: &str) -> Result<String, String> {
    let version = text.strip_prefix('v').unwrap_or(text);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() > 3 || !numbers.iter().all(is_number) {
        return Err("expected a version of Electron, as in 39.2.7 or 39".into());
    }
    let missing = ".0".repeat(3 - numbers.len());
    Ok(format!("{core}{missing}{}", &version[core.len()..]))
}

/// Puts `check` before arguments that do not start with a command, so that `electrolint` and `electrolint .` work.
///
/// A command wins over a folder of its name: such a folder is written `./rules`.
pub fn with_default_command(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let is_command = match args.get(1).and_then(|first| first.to_str()) {
        Some("help" | "-h" | "--help" | "-V" | "--version") => true,
        Some(first) => Cli::command().get_subcommands().any(|command| command.get_name() == first),
        None => false,
    };
    if !is_command {
        args.insert(args.len().min(1), "check".into());
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(args: &[&str]) -> Vec<String> {
        let args = std::iter::once("electrolint").chain(args.iter().copied()).map(OsString::from);
        with_default_command(args).into_iter().skip(1).map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn check_is_the_default_command() {
        assert_eq!(completed(&[]), ["check"]);
        assert_eq!(completed(&["."]), ["check", "."]);
        assert_eq!(completed(&["-f", "json"]), ["check", "-f", "json"]);
        assert_eq!(completed(&["rules"]), ["rules"]);
        assert_eq!(completed(&["./rules"]), ["check", "./rules"]);
        assert_eq!(completed(&["--help"]), ["--help"]);
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!("5MB".parse(), Ok(ByteSize(5_000_000)));
        assert_eq!("2 KiB".parse(), Ok(ByteSize(2048)));
        assert_eq!("7".parse(), Ok(ByteSize(7)));
        assert!("5 parsecs".parse::<ByteSize>().is_err());
        assert!("MB".parse::<ByteSize>().is_err());
        assert!("99999999999999999999".parse::<ByteSize>().is_err());
        assert!("18446744073709551615kB".parse::<ByteSize>().is_err());
    }

    #[test]
    fn versions_are_completed() {
        assert_eq!(electron_version("39").as_deref(), Ok("39.0.0"));
        assert_eq!(electron_version("v39.2.7").as_deref(), Ok("39.2.7"));
        assert_eq!(electron_version("40.0.0-beta.1").as_deref(), Ok("40.0.0-beta.1"));
        for wrong in ["", "latest", "1.2.3.4", "^39", "39."] {
            assert!(electron_version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rule_levels() {
        let level: RuleLevel = "limit-*=high".parse().unwrap();
        assert_eq!(level.setting, RuleSetting::Severity(Severity::High));
        assert!("fuses=loud".parse::<RuleLevel>().is_err());
        assert!("=off".parse::<RuleLevel>().is_err());
    }
}
