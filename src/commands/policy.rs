//! `electrolint policy`: writes the manifest that an app or addon needs, or compares one with the need.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use electrolint_model::App;
use electrolint_policy::manifest::Unresolved;
use electrolint_policy::{Comparison, Grant, Manifest};

use super::{check::no_app_failure, write_stderr, write_stdout};
use crate::cli::{InputArgs, PolicyArgs};
use crate::config::{self, Configurations};
use crate::discover::{self, FoundApp};
use crate::manifest::{self, Addon, is_addon};
use crate::report::printable;
use crate::{Exit, Failure};

/// Writes or compares.
///
/// # Errors
/// Wrong usage, no app, a FILE that is no manifest or cannot be read or written.
pub fn run(options: &PolicyArgs) -> Result<Exit, Failure> {
    let needed = derive(options)?;
    let Some(file) = &options.check else {
        return write(&needed, options);
    };
    let text = std::fs::read_to_string(file).map_err(|source| Failure::PolicyRead { path: file.clone(), source })?;
    let granted = Manifest::parse(&text).map_err(|errors| Failure::Policy {
        path: file.clone(),
        errors: errors.0.iter().map(|error| format!("{}:{error}", file.display())).collect::<Vec<_>>().join("\n"),
    })?;
    compare(&granted, &needed, file, options.strict)
}

fn write(needed: &Manifest, options: &PolicyArgs) -> Result<Exit, Failure> {
    let text = needed.to_json();
    match &options.output {
        Some(path) => {
            std::fs::write(path, text).map_err(|source| Failure::Output { path: path.clone(), source })?;
        }
        None => write_stdout(&text)?,
    }
    if !needed.unresolved.is_empty() {
        let what = match needed.unresolved.len() {
            1 => "1 thing could not be resolved and is granted nothing".to_owned(),
            count => format!("{count} things could not be resolved and are granted nothing"),
        };
        write_stderr(&format!("{what}: see `unresolved`\n"));
    }
    // There is no file yet that could list what is unresolved.
    Ok(if options.strict && !needed.unresolved.is_empty() { Exit::Incomplete } else { Exit::Clean })
}

/// The manifest of the one app or addon there.
fn derive(options: &PolicyArgs) -> Result<Manifest, Failure> {
    let folder = options.directory.clone().unwrap_or_else(|| PathBuf::from("."));
    let mut input = InputArgs {
        paths: vec![folder.clone()],
        electron_version: options.electron_version.clone(),
        ..InputArgs::default()
    };
    let text = is_addon(&folder).then(|| std::fs::read_to_string(folder.join("addon.json")).unwrap_or_default());
    if text.is_some() {
        input.app = vec![folder];
    }
    let configurations = Configurations::new(&input.config, &discover::base(&input.paths)?)?;
    let discovery = crate::read(&input, &configurations)?;
    let analyse = |found: &FoundApp, of: &dyn Fn(&App) -> Manifest| {
        let config = configurations.of(&config::absolute(&discovery.base, &found.sources.root));
        of(&crate::analyse(found, &input, &config))
    };
    let manifest = match (discovery.apps.as_slice(), text) {
        ([], _) => Err(no_app_failure(&discovery.tried)),
        ([found, ..], Some(text)) => Ok(analyse(found, &|app| Addon::read(&text).manifest(app))),
        ([found], None) => Ok(analyse(found, &manifest::of_app)),
        (several, None) => Err(Failure::SeveralApps {
            help: several.iter().fold("name one of them:".into(), |list, app| {
                format!("{list}\n{}", if app.sources.root.is_empty() { "." } else { &app.sources.root })
            }),
        }),
    }?;
    configurations.ready()?;
    Ok(manifest)
}

fn compare(granted: &Manifest, needed: &Manifest, file: &Path, strict: bool) -> Result<Exit, Failure> {
    let found = granted.compare(needed);
    write_stdout(&printable(&difference(&found)))?;
    write_stderr(&printable(&notes(&found, file)));
    Ok(match found {
        Comparison { missing, .. } if !missing.is_empty() => Exit::Findings,
        Comparison { unlisted, .. } if strict && !unlisted.is_empty() => Exit::Incomplete,
        _ => Exit::Clean,
    })
}

/// What the app needs more, a line for each.
fn difference(found: &Comparison) -> String {
    let mut out = String::new();
    for grant in &found.missing {
        let _ = write!(out, "+ {}", line(grant));
        if !grant.from.is_empty() {
            let _ = write!(out, "  ({})", grant.from.join(", "));
        }
        out.push('\n');
    }
    out
}

fn notes(found: &Comparison, file: &Path) -> String {
    let mut out = String::new();
    for Unresolved { field, at, rule, why } in &found.unlisted {
        let rule = if rule.is_empty() { String::new() } else { format!(" [{rule}]") };
        let _ = writeln!(out, "unresolved: {at}: {field}: {why}{rule}");
    }
    for grant in &found.unused {
        let _ = writeln!(out, "note: {} grants more than is needed: {}", file.display(), line(grant));
    }
    out
}

fn line(grant: &Grant) -> String {
    let Grant { field, of, what, .. } = grant;
    if of.is_empty() { format!("{field}: {what}") } else { format!("{field} of {of}: {what}") }
}
