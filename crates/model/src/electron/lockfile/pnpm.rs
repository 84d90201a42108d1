//! `pnpm-lock.yaml`: the YAML that pnpm writes, block style, read by indentation.

use super::{Locked, LockfileError, Query, choose, conflict, known_package, version_in_url};
use crate::electron::version::Version;

/// pnpm's own files nest less; what is deeper holds nothing of interest.
const MAX_DEPTH: usize = 8;

pub(super) fn read(text: &str, query: &Query<'_>) -> Result<Option<Locked>, LockfileError> {
    let mut is_pnpm = text.trim().is_empty();
    let mut stack: Vec<(usize, &str)> = Vec::new();
    let mut direct: Vec<Direct<'_>> = Vec::new();
    // With the key that each has in the list of packages.
    let mut packages: Vec<(Locked, Vec<String>)> = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        conflict(line, number)?;
        let Some((indent, key, value)) = entry(line) else { continue };
        while stack.last().is_some_and(|(outer, _)| *outer >= indent) {
            stack.pop();
        }
        if stack.len() >= MAX_DEPTH {
            continue;
        }
        stack.push((indent, key));
        is_pnpm |= indent == 0 && key == "lockfileVersion";
        let path: Vec<&str> = stack.iter().map(|(_, key)| *key).collect();
        match path[..] {
            // From 6.0 on a dependency has `specifier` and `version` of its own; before, its version follows at once.
            ["importers", importer, group, name] if is_group(group) => {
                direct.push(Direct { importer, name, version: value, line: number });
            }
            [group, name] if is_group(group) => {
                direct.push(Direct { importer: ".", name, version: value, line: number })
            }
            ["importers", _, group, _, "version"] | [group, _, "version"] if is_group(group) => {
                if let Some(last) = direct.last_mut() {
                    (last.version, last.line) = (value, number);
                }
            }
            ["packages", package] => {
                packages.extend(locator(package, number).map(|locked| (locked, vec![package.to_owned()])));
            }
            // A package that is no registry's: `electron@https://codeload.github.com/…` has its version inside.
            ["packages", package, "version"] => {
                let known = url_package(package).zip(Version::parse(value));
                packages.extend(known.map(|(known, version)| {
                    (Locked { package: known, version, line: number }, vec![package.to_owned()])
                }));
            }
            _ => {}
        }
    }
    if !is_pnpm {
        return Err(LockfileError::shape(1, "it has no lockfileVersion"));
    }
    direct.retain(|direct| direct.importer == query.importer);
    let own = super::PACKAGES.iter().find_map(|package| direct.iter().find_map(|direct| direct.locked(package)));
    if own.is_some() {
        return Ok(own);
    }
    if let Some(unread) = direct.iter().find(|direct| known_package(direct.name).is_some()) {
        // A URL or a commit: the package's own entry has the version. A link is another package of the workspace.
        if unread.version.starts_with("link:") {
            return Ok(None);
        }
        let package = known_package(unread.name);
        packages.retain(|(locked, keys)| {
            Some(locked.package) == package && keys.iter().any(|key| key.ends_with(unread.version))
        });
        if packages.is_empty() {
            let message = format!("its entry for {} has no version that could be read", unread.name);
            return Err(LockfileError::shape(unread.line, message));
        }
    }
    Ok(choose(packages, query.wanted))
}

/// A dependency of an importer.
struct Direct<'a> {
    importer: &'a str,
    name: &'a str,
    version: &'a str,
    line: u32,
}

impl Direct<'_> {
    /// If it is this package: `40.9.2`, `40.9.2(peer@1.0.0)`, `40.9.2_peer@1.0.0`, of an alias `electron-nightly@1.0.0`.
    fn locked(&self, package: &'static str) -> Option<Locked> {
        if self.name == package
            && let Some(version) = Version::parse(without_peers(self.version)).or_else(|| version_in_url(self.version))
        {
            return Some(Locked { package, version, line: self.line });
        }
        locator(self.version, self.line).filter(|locked| locked.package == package)
    }
}

fn is_group(key: &str) -> bool {
    matches!(key, "dependencies" | "devDependencies" | "optionalDependencies")
}

fn without_peers(version: &str) -> &str {
    version.split(['(', '_']).next().unwrap_or(version)
}

/// `/electron/40.9.2`, `/electron/40.9.2_peer`, `/electron@40.9.2(peer)`, `electron@40.9.2`, `registry.example/electron/40.9.2`.
fn locator(key: &str, line: u32) -> Option<Locked> {
    super::PACKAGES.iter().find_map(|package| {
        let at = key.strip_prefix('/').unwrap_or(key).strip_prefix(package).or_else(|| {
            let (host, rest) = key.split_once('/')?;
            if host.contains('.') { rest.strip_prefix(package) } else { None }
        })?;
        let version = Version::parse(without_peers(at.strip_prefix(['@', '/'])?))?;
        Some(Locked { package, version, line })
    })
}

/// The package of a key that is a URL: `electron@https://…`, or up to 5.x `github.com/castlabs/electron-releases/…`.
fn url_package(key: &str) -> Option<&'static str> {
    if key.contains("castlabs/electron-releases") {
        let name = super::split_name(key).and_then(|(name, _)| known_package(name));
        return Some(name.unwrap_or("electron"));
    }
    let (name, at) = super::split_name(key)?;
    if at.contains("://") || at.contains('#') { known_package(name) } else { None }
}

/// Indentation, key and value of a line; `None` for lines that have none.
fn entry(line: &str) -> Option<(usize, &str, &str)> {
    let inner = line.trim_start_matches(' ');
    let indent = line.len() - inner.len();
    let inner = inner.trim_end();
    if inner.is_empty() || inner.starts_with(['#', '-', '{', '[']) {
        return None;
    }
    let quote = inner.chars().next().filter(|letter| matches!(letter, '\'' | '"'));
    let (key, value) = match quote {
        Some(quote) => {
            let (key, rest) = inner.get(1..)?.split_once(quote)?;
            (key, rest.strip_prefix(':')?)
        }
        None => match inner.split_once(": ") {
            Some((key, value)) => (key, value),
            None => (inner.strip_suffix(':')?, ""),
        },
    };
    Some((indent, key, value.trim().trim_matches(['\'', '"'])))
}
