//! `electrolint data`: what is known about Electron, and as of when.

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

/// Prints which data is built in.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(options: &DataArgs) -> Result<Exit, Failure> {
    let data = Data::embedded();
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
