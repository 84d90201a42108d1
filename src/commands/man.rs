//! `electrolint man`: manual pages.

use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use super::{write_file, write_stdout};
use crate::cli::{Cli, ManArgs};
use crate::{Exit, Failure};

/// Prints the manual page of the command, or writes the pages of all subcommands into a folder.
///
/// # Errors
/// Standard output or files that cannot be written.
pub fn run(options: &ManArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    match &options.folder {
        None => write_stdout(&page(command))?,
        Some(folder) => {
            for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
                let name = format!("electrolint-{}", sub.get_name());
                write(folder, &name, page(sub.clone().name(name.clone())))?;
            }
            write(folder, "electrolint", page(command.clone()))?;
        }
    }
    Ok(Exit::Clean)
}

fn write(folder: &Path, name: &str, text: String) -> Result<(), Failure> {
    write_file(&folder.join(format!("{name}.1")), text.as_bytes())
}

fn page(command: clap::Command) -> String {
    let mut out = Vec::new();
    Man::new(command).render(&mut out).expect("a page is written into memory");
    String::from_utf8_lossy(&out).into_owned()
}
