//! Arguments in, exit code out.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use electrolint::cli::{self, Cli, Command};
use electrolint::commands;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        default_hook(panic);
        eprintln!("electrolint: this is a bug in electrolint; the lines above and the file that it read show where");
    }));

    // Ends by itself for --help (0), --version (0) and usage errors (2).
    let cli = Cli::parse_from(cli::with_default_command(std::env::args_os()));
    let outcome = match &cli.command {
        Command::Check(options) => commands::check::run(options),
        Command::Explain(options) => commands::explain::run(options),
        Command::Rules(options) => commands::rules::run(options),
        Command::Config(options) => commands::config::run(options),
        Command::Facts(options) => commands::facts::run(options),
        Command::Policy(options) => commands::policy::run(options),
        Command::Run(options) => match commands::run::run(options) {
            Ok(code) => return code.into(),
            Err(failure) => Err(failure),
        },
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit().into()
        }
    }
}
