//! The program `electrolint-sandbox`.

fn main() -> std::process::ExitCode {
    electrolint_sandbox::run_if_worker().unwrap_or_else(electrolint_sandbox::cli::main)
}
