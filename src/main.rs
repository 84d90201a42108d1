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
        // The report says which file the parser failed on; the rest of it is read.
        if electrolint_model::is_parsing() {
            return;
        }
        default_hook(panic);
        eprintln!("electrolint: this is a bug in electrolint; the lines above and the file that it read show where");
    }));

    // Ends by itself for --help (0), --version (0) and usage errors (2).
    let cli = Cli::parse_from(cli::with_default_command(std::env::args_os()));
    // For the test of how a bug ends; not in what is shipped.
    if cfg!(debug_assertions) && std::env::var_os("ELECTROLINT_TEST_BUG").is_some() {
        panic!("asked for by ELECTROLINT_TEST_BUG");
    }
    let data = match &cli.command {
        Command::Check(options) | Command::Fix(options) => options.input.data.as_deref(),
        Command::Baseline(options) => options.input.data.as_deref(),
        Command::Facts(options) => options.input.data.as_deref(),
        _ => None,
    };
    if let Some(Err(failure)) = data.map(commands::data::use_file) {
        failure.print();
        return failure.exit().into();
    }
    let outcome = match &cli.command {
        Command::Check(options) => commands::check::run(options),
        Command::Fix(options) => commands::fix::run(options),
        Command::Explain(options) => commands::explain::run(options),
        Command::Rules(options) => commands::rules::run(options),
        Command::Baseline(options) => commands::baseline::run(options),
        Command::Init(options) => commands::init::run(options),
        Command::Data(options) => commands::data::run(options),
        Command::Config(options) => commands::config::run(options),
        Command::Facts(options) => commands::facts::run(options),
        Command::Policy(options) => commands::policy::run(options),
        Command::Lsp(options) => match commands::lsp::run(options) {
            Ok(code) => return code.into(),
            Err(failure) => Err(failure),
        },
        Command::Run(options) => match commands::run::run(options) {
            Ok(code) => return code.into(),
            Err(failure) => Err(failure),
        },
        Command::Completions(options) => commands::completions::run(options),
        Command::Man(options) => commands::man::run(options),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit().into()
        }
    }
}
