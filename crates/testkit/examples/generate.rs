//! Writes an app of many files: `generate DIR FILES`. `bench/compare` measures how time and memory grow with it.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files] = &arguments[..] else {
        eprintln!("usage: generate DIR FILES");
        return ExitCode::from(2);
    };
    let Ok(files) = files.parse() else {
        eprintln!("{files} is no number of files");
        return ExitCode::from(2);
    };
    match electrolint_testkit::generated::write(Path::new(folder), files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {folder}: {error}");
            ExitCode::from(2)
        }
    }
}
