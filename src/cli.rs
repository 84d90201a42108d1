//! Every option with its help.

pub mod reference;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use globset::Glob;

use crate::report::Format;

pub(crate) use values::electron_version;
pub use values::{ByteSize, ConfigOption, FailOn, Level, Output, RuleLevel, RuleSetting, Sure, When};

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing at or above --fail-on is left
  1    findings, or changes under --diff
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

const LSP_HELP: &str = "\
The editor starts it and speaks with it; docs/editors.md says how for some editors.

Settings, as options of the start or under the key `electrolint` of the editor's settings:
  enable           false checks nothing [default: true]
  config           a configuration file instead of the nearest electrolint.toml
  minConfidence    certain, firm or tentative [default: firm]
  minSeverity      high, medium, low or info [default: low]
  only             names or globs of rules: no others
  rules            levels by name or glob, as in { \"fuses\": \"off\" }
  electronVersion  the version of Electron to assume
  includeTests     true reads test code as well

Exit codes:
  0    after `shutdown` and `exit`
  1    the editor went away without saying so, or says what is no message
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
    /// Mend what can be mended without a change of what the app does: `check --fix`.
    #[command(after_help = EXIT_CODES)]
    Fix(CheckArgs),
    /// Explain one rule: what it reports, why it matters, what to write.
    Explain(ExplainArgs),
    /// List the rules.
    Rules(RulesArgs),
    /// Accept today's findings: write them down, so that only new ones are shown from now on.
    Baseline(BaselineArgs),
    /// Write a configuration to begin with, or print what a CI service or a hook needs.
    Init(InitArgs),
    /// Tell which data about Electron is built in, and of which day it is.
    Data(DataArgs),
    /// Print the settings that hold for a path and where each comes from, or the schema of electrolint.toml.
    Config(ConfigCommandArgs),
    /// Print what the analysis knows about an app, for contributors and bug reports.
    Facts(FactsArgs),
    /// Write down what an app or addon may do at run time, or check that a policy grants what it needs.
    #[command(after_help = POLICY_EXIT_CODES)]
    Policy(PolicyArgs),
    /// Serve an editor: the language server, over standard input and output.
    #[command(after_help = LSP_HELP)]
    Lsp(LspArgs),
    /// Run a script in the sandbox: `electrolint-sandbox run`, with all that follows.
    Run(RunArgs),
    /// Print the completions of a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands into a folder.
    Man(ManArgs),
}

/// Which files are read, and as what.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Folders, files, globs, or an app as it is shipped: its `.asar` archive, or the folder that holds it with its program. A file narrows
    /// the report to what it has a part in; its whole app is analysed [default: .].
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

    /// A file with newer releases and advisories of Electron than are built in; `electrolint data --update` makes one.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
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

/// What is kept for the next run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cache")]
pub struct CacheArgs {
    /// Take nothing from earlier runs, and keep nothing for the next one.
    #[arg(
        long,
        env = "ELECTROLINT_NO_CACHE",
        hide_env_values = true,
        value_parser = clap::builder::FalseyValueParser::new()
    )]
    pub no_cache: bool,
    /// Where results are kept, so that an app that did not change is not analysed again [default: electrolint in the user's cache
    /// folder]. Never in what is checked; where nothing can be written, nothing is kept.
    #[arg(
        long,
        value_name = "DIR",
        env = "ELECTROLINT_CACHE_DIR",
        hide_env_values = true,
        // An empty variable is as good as none.
        value_parser = clap::builder::OsStringValueParser::new().map(PathBuf::from)
    )]
    pub cache_dir: Option<PathBuf>,
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
    /// What is kept.
    #[command(flatten)]
    pub cache: CacheArgs,
    /// Read standard input instead of the file of this name, which need not exist.
    #[arg(long, value_name = "NAME", help_heading = "Input", conflicts_with = "fix")]
    pub stdin_filename: Option<PathBuf>,

    /// Show findings of files that this branch changes: since it left REF, uncommitted and new files included [default:
    /// origin/HEAD, else main or master]. Asks git.
    #[arg(long, value_name = "REF", num_args = 0..=1, require_equals = true, help_heading = "Narrow the report")]
    pub changed: Option<Option<String>>,
    /// Show findings of files that the next commit changes, and read what git's index holds of every file. Implies
    /// `--allow-empty`. Asks git.
    #[arg(long, help_heading = "Narrow the report", conflicts_with_all = ["changed", "stdin_filename", "fix"])]
    pub staged: bool,
    /// Findings that are accepted [default: the nearest .electrolint-baseline.json upward, within the repository].
    #[arg(long, value_name = "FILE", help_heading = "Narrow the report")]
    pub baseline: Option<PathBuf>,
    /// Show findings that a baseline accepts.
    #[arg(long, help_heading = "Narrow the report", conflicts_with = "baseline")]
    pub no_baseline: bool,
    /// Exit with 1 when the baseline names findings that are gone: `electrolint baseline --prune` takes them out.
    #[arg(long, help_heading = "Narrow the report", conflicts_with = "no_baseline")]
    pub baseline_strict: bool,

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
    /// Show everything: tentative and info findings, suppressed and baselined ones too.
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

    /// Mend the sources: `safe` changes cannot change what a correct app does, `unsafe` ones may and are usually right.
    #[arg(
        long,
        value_name = "WHICH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "safe",
        help_heading = "Fix"
    )]
    pub fix: Option<Fixes>,
    /// Print what `--fix` would change as a patch, and change nothing; exit with 1 when there is something.
    #[arg(long, help_heading = "Fix")]
    pub diff: bool,

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
    /// Print how often each rule reports instead of its findings, in the formats for people.
    #[arg(long, help_heading = "Output")]
    pub statistics: bool,
    /// Print on standard error how long each stage and each rule took.
    #[arg(long, help_heading = "Output")]
    pub timings: bool,
    /// Put findings of the baseline into SARIF as suppressed results; GitHub shows those as open alerts.
    #[arg(long, help_heading = "Output")]
    pub sarif_suppressed: bool,
    /// Category of the SARIF run, for repositories with several uploads.
    #[arg(long, value_name = "NAME", default_value = "electrolint", help_heading = "Output")]
    pub sarif_category: String,
    /// Print findings only.
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell what was found and left out: apps, versions, entries, windows, files, every problem.
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

/// Options of `baseline`.
#[derive(Args, Clone, Debug, Default)]
pub struct BaselineArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// What is kept.
    #[command(flatten)]
    pub cache: CacheArgs,
    /// The file to write [default: the nearest .electrolint-baseline.json upward, else one in the folder given].
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Accept findings that are at least this sure [default: firm].
    #[arg(long, value_name = "CONFIDENCE")]
    pub min_confidence: Option<Sure>,
    /// Accept findings that are at least this severe [default: low].
    #[arg(long, value_name = "SEVERITY")]
    pub min_severity: Option<Level>,
    /// Only take out what is gone; accept nothing new.
    #[arg(long)]
    pub prune: bool,
    /// Write nothing; exit with 1 when the baseline names findings that are gone.
    #[arg(long, conflicts_with = "prune")]
    pub check: bool,
}

/// Options of `init`.
#[derive(Args, Clone, Debug, Default)]
pub struct InitArgs {
    /// Folder of the app or the repository.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Print a GitHub workflow instead.
    #[arg(long, group = "snippet")]
    pub github: bool,
    /// Print a GitLab job instead.
    #[arg(long, group = "snippet")]
    pub gitlab: bool,
    /// Print the entry of a pre-commit configuration instead.
    #[arg(long, group = "snippet")]
    pub hook: bool,
}

/// Options of `data`.
#[derive(Args, Clone, Debug)]
pub struct DataArgs {
    /// Form of the answer.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: DataFormat,

    /// Tell of the data in this file instead.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Make a newer file for `--data`, from files that you fetched: advisories on npm electron in the OSV schema, or folders of them;
    /// full-versions.json of npm electron-to-chromium; lines of a tag of electron/electron and its day. Nothing is fetched.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub update: Vec<PathBuf>,

    /// Where to write the newer file [default: standard output].
    #[arg(short, long, value_name = "FILE", requires = "update")]
    pub output: Option<PathBuf>,
}

/// Options of `completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Options of `man`.
#[derive(Args, Clone, Debug, Default)]
pub struct ManArgs {
    /// Folder for the pages of all commands; it must exist.
    pub folder: Option<PathBuf>,
}

/// Form of what `data` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
}

/// Which changes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Fixes {
    /// Those that cannot change what a correct app does.
    Safe,
    /// Those that may, too.
    Unsafe,
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

/// Options of `lsp`.
#[derive(Args, Clone, Debug, Default)]
pub struct LspArgs {
    /// Accepted because many editors pass it; there is no other way.
    #[arg(long)]
    pub stdio: bool,
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

/// Puts `check` before arguments that do not start with a command, so that `electrolint` and `electrolint .` work.
///
/// A command wins over a folder of its name: such a folder is written `./rules`.
pub fn with_default_command(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let is_command = match args.get(1).and_then(|first| first.to_str()) {
        Some("check" | "help" | "-h" | "--help" | "-V" | "--version") => true,
        // No command is called so, and to ask for all of them takes time.
        Some(first) if first.contains(['-', '.', '/', '\\']) => false,
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
    fn no_command_looks_like_an_option_or_a_path() {
        let command = Cli::command();
        let names: Vec<&str> = command.get_subcommands().map(|command| command.get_name()).collect();
        assert!(names.contains(&"check"), "{names:?}");
        assert!(!names.iter().any(|name| name.contains(['-', '.', '/', '\\'])), "{names:?}");
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
