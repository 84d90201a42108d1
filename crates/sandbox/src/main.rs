//! The program `electrolint-sandbox`.

fn main() -> std::process::ExitCode {
    electrolint_sandbox::cli::main()
}
