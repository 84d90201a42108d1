//! `electrolint init`: a configuration to begin with, and what CI services and hooks need.

use std::io::Write;

use super::{write_stderr, write_stdout};
use crate::cli::InitArgs;
use crate::{Exit, Failure};

/// The name of the configuration.
const NAME: &str = "electrolint.toml";

const CONFIGURATION: &str = include_str!("init/electrolint.toml");
const GITHUB: &str = include_str!("init/github.yml");
const GITLAB: &str = include_str!("init/gitlab.yml");
const HOOK: &str = include_str!("init/pre-commit.yaml");

/// Writes a configuration in which everything is a comment, or prints a snippet.
///
/// # Errors
/// A configuration that is there already, and one that cannot be written.
pub fn run(options: &InitArgs) -> Result<Exit, Failure> {
    for (wanted, text) in [(options.github, GITHUB), (options.gitlab, GITLAB), (options.hook, HOOK)] {
        if wanted {
            write_stdout(&text.replace("{version}", env!("CARGO_PKG_VERSION")))?;
            return Ok(Exit::Clean);
        }
    }
    let path = options.folder.join(NAME);
    let file = std::fs::File::options().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(CONFIGURATION.as_bytes()));
    match written {
        Ok(()) => {
            write_stderr(&format!("{} is written; what it says is what holds without it\n", path.display()));
            Ok(Exit::Clean)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::Exists { path }),
        Err(source) => Err(Failure::Output { path, source }),
    }
}
