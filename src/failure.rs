//! How the command ends, and errors that its caller can act on.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use thiserror::Error;

use crate::baseline::BaselineError;
use crate::config::ConfigError;
use crate::discover::DiscoverError;
use crate::git::GitError;

/// How the command ended; a bug ends it with 101, the code of a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing at or above `--fail-on` is left.
    Clean,
    /// 1: findings.
    Findings,
    /// 2: wrong usage or configuration.
    Usage,
    /// 3: no Electron app there.
    NoApp,
    /// 4: no findings, but something was not analysed, under `--strict`.
    Incomplete,
}

impl Exit {
    /// Its number.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::NoApp => 3,
            Self::Incomplete => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What keeps the command from doing its work.
#[derive(Debug, Diagnostic, Error)]
pub enum Failure {
    /// The paths or globs make no sense.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// Git has no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The baseline cannot be used.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// `-` stands for a file without a name.
    #[error("standard input has no name, so nothing tells what it is a part of")]
    #[diagnostic(help("--stdin-filename NAME says which file it stands for"))]
    StdinName,
    /// Data about Electron cannot be read or written.
    #[error("{}: {message}", path.display())]
    #[diagnostic(help("`electrolint data --update FILE... -o data.json` makes such a file"))]
    Data {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// Standard input cannot be read.
    #[error("cannot read standard input: {0}")]
    Stdin(std::io::Error),
    /// What was read is not what lies in the files that would be changed.
    #[error("fixes go into files, and {option} reads something else")]
    #[diagnostic(help("--diff prints the changes as a patch"))]
    FixElsewhere {
        /// The option.
        option: &'static str,
    },
    /// A file that would be changed was changed by someone else.
    #[error("{} was changed while it was looked at, and is left as it is", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file that would be written is there already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No rule has this name.
    #[error("no rule is called `{name}`")]
    UnknownRule {
        /// The name as it was written.
        name: String,
        /// What to do about it.
        #[help]
        help: String,
    },
    /// A glob that names rules is malformed.
    #[error("`{glob}` is not a valid glob: {reason}")]
    RuleGlob {
        /// The glob as it was written.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The configuration does not fit.
    #[error("the configuration has {} that {} not fit", count(errors.len()), if errors.len() == 1 { "does" } else { "do" })]
    Config {
        /// All that does not, by file and place; at least one.
        errors: Vec<ConfigError>,
    },
    /// A configuration file that was named cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    ConfigFile {
        /// As it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A report cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Output {
        /// Where it was to be written.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Stdout(std::io::Error),
    /// A policy cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    PolicyRead {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A policy that is none.
    #[error("{} is no policy\n{errors}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Every error, a line for each.
        errors: String,
    },
    /// More than one app is there, and a policy is of one.
    #[error("several Electron apps are there")]
    SeveralApps {
        /// Which.
        #[help]
        help: String,
    },
    /// The sandbox is not there.
    #[error("cannot find electrolint-sandbox")]
    NoSandbox {
        /// What to do about it.
        #[help]
        help: String,
    },
    /// The sandbox cannot be started.
    #[error("cannot start {}: {source}", path.display())]
    Sandbox {
        /// The program.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The language server cannot work.
    #[error("the language server cannot work: {0}")]
    Editor(String),
    /// Nobody waits for the result any more.
    #[error("cancelled")]
    Cancelled,
    /// There is no Electron app.
    #[error("no Electron app there")]
    NoApp {
        /// What was tried.
        #[help]
        help: String,
    },
}

impl Failure {
    /// Its exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoApp { .. } => Exit::NoApp,
            _ => Exit::Usage,
        }
    }

    /// Prints it on standard error; a closed standard error is no reason to fail again.
    pub fn print(&self) {
        if let Self::Config { errors } = self {
            let text: String = errors.iter().map(crate::report::complaint).collect();
            let _ = std::io::stderr().write_all(text.as_bytes());
            return;
        }
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .with_width(120)
            .without_cause_chain()
            .with_links(false);
        let mut text = String::new();
        if handler.render_report(&mut text, self).is_err() {
            text = format!("{self}\n");
        }
        let _ = std::io::stderr().write_all(crate::report::printable(&text).as_bytes());
    }
}

fn count(n: usize) -> String {
    if n == 1 { "one thing".to_owned() } else { format!("{n} things") }
}
