//! Which Electron a lockfile resolved to, for every package manager that writes a text.
//!
//! Only one package is wanted, so nothing builds a tree: JSON is streamed (serde_json bounds its depth), yarn's and pnpm's files are read by
//! line. Formats: npm `package-lock.json` and `npm-shrinkwrap.json` 1 to 3
//! (<https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>), `yarn.lock` of yarn 1 and of Berry, `pnpm-lock.yaml` 5 to 9
//! (<https://github.com/pnpm/spec/tree/master/lockfile>), `bun.lock` (<https://bun.com/docs/install/lockfile>).

mod bun;
mod npm;
mod pnpm;
mod yarn;

use std::borrow::Cow;
use std::fmt;

use super::version::{Version, lowest, satisfies};

/// Packages that bring Electron, the usual one first. `electron-prebuilt` is its name up to 1.3; `electron-prebuilt-compile` and Castlabs'
/// fork have its version numbers.
pub const PACKAGES: &[&str] =
    &["electron", "electron-nightly", "electron-prebuilt", "electron-prebuilt-compile", "@castlabs/electron-releases"];

/// The Electron of an app, as its lockfile has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// One of [`PACKAGES`]: the real one, where the app's name for it is an alias.
    pub package: &'static str,
    /// Its version.
    pub version: Version,
    /// 1-based line in the lockfile that gives the version.
    pub line: u32,
}

/// Why a lockfile could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockfileError {
    /// A name that no known package manager gives its lockfile.
    UnknownName {
        /// The file's name.
        name: String,
    },
    /// `bun.lockb` is binary; `bun install --save-text-lockfile` writes a text.
    Binary,
    /// It does not have the shape that its name promises.
    Shape {
        /// 1-based line, where one is known.
        line: Option<u32>,
        /// What is wrong, lower case, no full stop.
        message: String,
    },
}

impl LockfileError {
    fn shape(line: impl Into<Option<u32>>, message: impl Into<String>) -> Self {
        Self::Shape { line: line.into(), message: message.into() }
    }

    fn json(error: &serde_json::Error) -> Self {
        Self::shape(u32::try_from(error.line()).ok(), error.to_string())
    }

    /// 1-based line of the fault, where one is known.
    pub fn line(&self) -> Option<u32> {
        if let Self::Shape { line, .. } = self { *line } else { None }
    }
}

impl fmt::Display for LockfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName { name } => write!(f, "{name} is not the name of a lockfile"),
            Self::Binary => {
                f.write_str("bun.lockb is binary and was not read; bun install --save-text-lockfile writes bun.lock")
            }
            Self::Shape { message, .. } => write!(f, "this lockfile could not be read: {message}"),
        }
    }
}

impl std::error::Error for LockfileError {}

/// What is looked for.
#[derive(Clone, Copy)]
struct Query<'a> {
    /// Folder of the app relative to the lockfile's, `.` for the same.
    importer: &'a str,
    /// What the app's package.json asks for.
    wanted: Option<&'a str>,
}

/// Finds the Electron that a lockfile gives an app.
///
/// `name` is the file's name or path, `importer` the app's folder relative to the lockfile's (empty or `.` for the same), `wanted` the range
/// in the app's package.json, if it has one. Of several, the one that the app's folder resolves to; else the one whose range is `wanted`,
/// or which satisfies it; else the hoisted one, and where a format knows no hoisting, the lowest.
///
/// # Errors
/// For a name that is no lockfile's, for binary ones, and for a text of another shape.
pub fn resolved_electron(
    name: &str,
    text: &str,
    importer: &str,
    wanted: Option<&str>,
) -> Result<Option<Locked>, LockfileError> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let importer = importer.trim_start_matches("./").trim_end_matches('/');
    let importer = if importer.is_empty() { "." } else { importer };
    let query = Query { importer, wanted: wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) };
    match name {
        "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => npm::read(text, &query),
        "yarn.lock" => yarn::read(text, &query),
        "pnpm-lock.yaml" => pnpm::read(text, &query),
        "bun.lock" => bun::read(text, &query),
        "bun.lockb" => Err(LockfileError::Binary),
        _ => Err(LockfileError::UnknownName { name: name.to_owned() }),
    }
}

/// The Electron that a dependency of a package.json asks for: its real package and the lowest version it admits.
///
/// `^40.1.0`, `npm:electron-nightly@^45.0.0-nightly.20260901`, `patch:electron@npm%3A40.9.2#…`, `github:castlabs/electron-releases#v40.1.0+wvcus`,
/// `https://…/electron-40.1.0.tgz`. `None` if the package is none of [`PACKAGES`], or no version can be told: tags, `workspace:`, `catalog:`.
pub fn declared(package: &str, specifier: &str) -> Option<(&'static str, Version)> {
    let (package, range) = real(package, specifier);
    let version = lowest(&range).or_else(|| version_in_url(&range))?;
    Some((known_package(package)?, version))
}

fn known_package(name: &str) -> Option<&'static str> {
    PACKAGES.iter().copied().find(|package| *package == name)
}

/// Undoes aliases and patches: the real package and what is asked of it.
fn real<'a>(package: &'a str, specifier: &'a str) -> (&'a str, Cow<'a, str>) {
    let specifier = specifier.trim();
    // patch:electron@npm%3A40.9.2#~/.yarn/patches/… : the locator inside is percent-encoded.
    if let Some(inner) = specifier.strip_prefix("patch:") {
        let inner = inner.split('#').next().unwrap_or(inner);
        if let Some((name, inner)) = split_name(inner) {
            let range = inner.replace("%3A", ":").replace("%3a", ":").replace("%5E", "^").replace("%40", "@");
            let range = range.strip_prefix("npm:").map(str::to_owned).unwrap_or(range);
            return (name, Cow::Owned(range));
        }
    }
    let Some(inner) = specifier.strip_prefix("npm:") else { return (package, Cow::Borrowed(specifier)) };
    match split_name(inner) {
        Some((name, range)) => (name, Cow::Borrowed(range)),
        // Without a range: `npm:electron-nightly` of yarn 1, but `npm:^40` of Berry.
        None if known_package(inner).is_some() => (inner, Cow::Borrowed("*")),
        None => (package, Cow::Borrowed(inner)),
    }
}

/// `electron@^40` → `electron`, `^40`; the `@` of a scope does not count.
fn split_name(descriptor: &str) -> Option<(&str, &str)> {
    let at = descriptor.char_indices().skip(1).find(|(_, letter)| *letter == '@')?.0;
    let (name, range) = descriptor.split_at(at);
    let range = range.get(1..)?;
    // `npm:>=1 <2 || 3@x` is no name.
    let is_name = !name.contains([' ', ':', '<', '>', '=', '^', '~', '*', '|']);
    is_name.then_some((name, range))
}

/// A version in a URL: after `#`, else a part of its path such as `v40.1.0.tar.gz` or `electron-40.1.0.tgz`.
fn version_in_url(url: &str) -> Option<Version> {
    if !url.contains(['/', '#']) || url.len() > 2048 {
        return None;
    }
    let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
    let fragment = fragment.strip_prefix("semver:").unwrap_or(fragment);
    let in_fragment = Version::parse(fragment).or_else(|| lowest(fragment));
    in_fragment.or_else(|| {
        path.rsplit('/').find_map(|part| {
            let part = [".tar.gz", ".tgz", ".zip"].iter().find_map(|end| part.strip_suffix(end)).unwrap_or(part);
            Version::parse(part).or_else(|| Version::parse(part.split_once('-')?.1))
        })
    })
}

/// 1-based line of a byte offset.
fn line_at(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let lines = memchr::memchr_iter(b'\n', before).count() + 1;
    u32::try_from(lines).unwrap_or(u32::MAX)
}

/// Byte offset in `text` of a part borrowed from it.
fn offset_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Of entries that say nothing about hoisting: the one asked for, else the lowest.
fn choose(entries: Vec<(Locked, Vec<String>)>, wanted: Option<&str>) -> Option<Locked> {
    if let Some(wanted) = wanted {
        let plain = |range: &str| range.strip_prefix("npm:").unwrap_or(range).to_owned();
        let exact = |ranges: &[String]| ranges.iter().any(|range| plain(range) == plain(wanted));
        if let Some((locked, _)) = entries.iter().find(|(_, ranges)| exact(ranges)) {
            return Some(locked.clone());
        }
        let (_, range) = real("electron", wanted);
        if let Some((locked, _)) = entries.iter().find(|(locked, _)| satisfies(&locked.version, &range)) {
            return Some(locked.clone());
        }
    }
    let rank = |locked: &Locked| PACKAGES.iter().position(|package| *package == locked.package);
    entries.into_iter().map(|(locked, _)| locked).min_by_key(|locked| (rank(locked), locked.version))
}

/// Stands in a file that git could not merge.
fn conflict(line: &str, number: u32) -> Result<(), LockfileError> {
    if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
        return Err(LockfileError::shape(number, "it has unresolved merge conflicts"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
