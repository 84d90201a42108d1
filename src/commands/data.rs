//! `electrolint data`: what is known about Electron, and as of when.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use electrolint_model::electron::releases::Data;
use serde::Serialize;

use super::write_stdout;
use crate::cli::{DataArgs, DataFormat};
use crate::{Exit, Failure};

#[derive(Serialize)]
struct Known<'a> {
    as_of: &'a str,
    releases: usize,
    dates_to: &'a str,
    newest: Option<String>,
    supported_majors: Vec<u32>,
    advisories: usize,
}

/// Longest file that is read, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Files of a folder of advisories that are read.
const MOST_FILES: usize = 10_000;

/// Takes what this file says for what is known about Electron, from now on.
///
/// # Errors
/// A file that cannot be read.
pub fn use_file(path: &Path) -> Result<(), Failure> {
    read(path)?.use_instead();
    Ok(())
}

/// Says of which file an error is.
fn of(path: &Path) -> impl Fn(&dyn Display) -> Failure {
    |message| Failure::Data { path: path.to_path_buf(), message: message.to_string() }
}

fn text(path: &Path) -> Result<String, Failure> {
    let bytes = crate::discover::bytes(path, MOST_BYTES).map_err(|error| of(path)(&error))?;
    let bytes = bytes.ok_or_else(|| of(path)(&"over the limit of 64 MiB"))?;
    String::from_utf8(bytes).map_err(|_| of(path)(&"not UTF-8"))
}

fn read(path: &Path) -> Result<Data, Failure> {
    Data::from_file(&text(path)?).map_err(|error| of(path)(&error))
}

/// Makes a newer file.
fn update(mut data: Data, options: &DataArgs) -> Result<Exit, Failure> {
    let today = crate::config::today();
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &options.update {
        if path.is_dir() {
            let found = walkdir::WalkDir::new(path).max_depth(8).sort_by_file_name().into_iter().flatten();
            let found = found.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
            let json = found.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
            files.extend(json.take(MOST_FILES));
        } else {
            files.push(path.clone());
        }
    }
    for path in &files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        data = data.with_source(&name, &text(path)?, &today).map_err(|error| of(path)(&error))?;
    }
    match &options.output {
        Some(path) => std::fs::write(path, data.to_file()).map_err(|error| of(path)(&error))?,
        None => write_stdout(&data.to_file())?,
    }
    Ok(Exit::Clean)
}

/// Prints which data is known, or makes a newer file.
///
/// # Errors
/// Files that cannot be read or written.
pub fn run(options: &DataArgs) -> Result<Exit, Failure> {
    let read = options.data.as_deref().map(read).transpose()?;
    let data = read.as_ref().unwrap_or_else(|| Data::embedded());
    if !options.update.is_empty() {
        return update(data.clone(), options);
    }
    let known = Known {
        as_of: data.as_of(),
        releases: data.releases().len(),
        dates_to: data.dates_to(),
        newest: data.newest().map(|release| release.version.to_string()),
        supported_majors: data.supported_majors(),
        advisories: data.advisories().len(),
    };
    write_stdout(&match options.format {
        DataFormat::Text => {
            let majors: Vec<String> = known.supported_majors.iter().map(u32::to_string).collect();
            format!(
                "as of {}\n{} releases of Electron, the newest {}; dates of releases up to {}\nsupported majors: {}\n{} advisories\n",
                known.as_of,
                known.releases,
                known.newest.as_deref().unwrap_or("unknown"),
                known.dates_to,
                majors.join(", "),
                known.advisories,
            )
        }
        DataFormat::Json => serde_json::to_string_pretty(&known).expect("strings and numbers always serialise") + "\n",
    })?;
    Ok(Exit::Clean)
}
