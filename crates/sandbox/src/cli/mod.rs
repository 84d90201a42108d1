//! The program `electrolint-sandbox`: options in, exit code out.

mod check_url;
mod doctor;
mod host;
mod run;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use electrolint_policy::{Ceiling, Manifest, Policy};

/// Usage or policy error.
const USAGE: u8 = 2;

/// Runs untrusted JavaScript under a policy, contained.
#[derive(Parser)]
#[command(name = "electrolint-sandbox", version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a script and print its value
    Run(run::Options),
    /// Serve a client over standard input and output: the control protocol of docs/sandbox.md
    Serve(serve::Options),
    /// Run the addons of a folder, each in a sandbox of its own, until Ctrl-C
    Host(host::Options),
    /// Show which layers this machine enforces, and prove each
    Doctor(doctor::Options),
    /// Say for each URL whether the policy allows it; opens no connection and looks nothing up
    CheckUrl(check_url::Options),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Nothing can be done when the terminal is gone.
            let _ = error.print();
            return code.into();
        }
    };
    let done = match options.command {
        Command::Run(options) => run::run(&options),
        Command::Serve(options) => serve::run(options),
        Command::Host(options) => host::run(options),
        Command::Doctor(options) => doctor::run(&options),
        Command::CheckUrl(options) => check_url::run(&options),
    };
    done.unwrap_or_else(|message| {
        eprintln!("electrolint-sandbox: {message}");
        USAGE.into()
    })
}

#[derive(clap::Args)]
struct PolicyOptions {
    /// The policy manifest
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What the host grants at most: a file of the same shape
    #[arg(long, value_name = "FILE")]
    ceiling: Option<PathBuf>,
}

impl PolicyOptions {
    /// The policy that holds, or `None` without `--policy`.
    fn read(&self) -> Result<Option<Policy>, String> {
        let ceiling = match &self.ceiling {
            Some(path) => Ceiling::parse(&read_file(path)?).map_err(|errors| at(path, &errors))?,
            None => Ceiling::default(),
        };
        let Some(path) = &self.policy else { return Ok(None) };
        let manifest = Manifest::parse(&read_file(path)?).map_err(|errors| at(path, &errors))?;
        Ok(Some(manifest.under(&ceiling)))
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))
}

fn at(path: &Path, errors: &electrolint_policy::ManifestErrors) -> String {
    let lines: Vec<_> = errors.0.iter().map(|error| format!("{}:{error}", path.display())).collect();
    format!("the policy cannot be used\n{}", lines.join("\n"))
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| format!("cannot start: {error}"))
}
