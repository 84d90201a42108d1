//! `yarn.lock`, of yarn 1 and of Berry: blocks whose first line lists what was asked for.

use memchr::{memchr_iter, memmem};

use super::{Locked, LockfileError, Query, choose, conflict, known_package, real, split_name, version_in_url};
use crate::electron::version::Version;

/// Blocks that bring Electron, at most: a project locks it once or twice, a large workspace some dozens of times.
const MOST_BLOCKS: usize = 50_000;

/// A block that may bring Electron.
struct Block<'a> {
    line: u32,
    /// `electron@^40.0.0` and so on.
    descriptors: Vec<&'a str>,
    version: Option<(&'a str, u32)>,
    resolution: Option<&'a str>,
}

pub(super) fn read(text: &str, query: &Query<'_>) -> Result<Option<Locked>, LockfileError> {
    let mut is_yarn = text.trim().is_empty();
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut in_electron = false;
    // Berry lists its workspaces too: what the app's own asks for.
    let mut in_own_workspace = false;
    let mut own_range: Option<&str> = None;
    for (number, line) in (1_u32..).zip(lines(text)) {
        let Some(first) = line.bytes().next() else { continue };
        // Nearly all lines are those of blocks that bring something else.
        if first == b' ' && !in_electron && !in_own_workspace {
            continue;
        }
        conflict(line, number)?;
        if line.starts_with("# yarn lockfile v1") || line.starts_with("__metadata:") {
            is_yarn = true;
        }
        if first == b'#' {
            continue;
        }
        if first != b' ' {
            (in_electron, in_own_workspace) = (false, false);
            // In the name of each known package, and of a workspace: no need to take other lines apart.
            if !["electron", "workspace:"].iter().any(|word| memmem::find(line.as_bytes(), word.as_bytes()).is_some()) {
                continue;
            }
            let descriptors = descriptors(line);
            in_electron = descriptors.iter().any(|descriptor| electron_of(descriptor).is_some());
            in_own_workspace = descriptors.iter().any(|descriptor| {
                split_name(descriptor).and_then(|(_, range)| range.strip_prefix("workspace:")) == Some(query.importer)
            });
            if in_electron {
                if blocks.len() == MOST_BLOCKS {
                    return Err(LockfileError::shape(
                        number,
                        format!("it locks Electron more than {MOST_BLOCKS} times"),
                    ));
                }
                blocks.push(Block { line: number, descriptors, version: None, resolution: None });
            }
            continue;
        }
        let Some((key, value)) = entry(line) else { continue };
        if in_electron && let Some(block) = blocks.last_mut() {
            let is_field = line.starts_with("  ") && !line.starts_with("   ");
            match key {
                "version" if is_field => block.version = Some((value, number)),
                "resolution" if is_field => block.resolution = Some(value),
                _ => {}
            }
        } else if in_own_workspace && line.starts_with("    ") && known_package(key).is_some() {
            own_range = own_range.or(Some(value));
        }
    }
    if !is_yarn {
        return Err(LockfileError::shape(1, "it has neither the head of yarn 1 nor the metadata of Berry"));
    }
    let mut entries = Vec::new();
    for block in blocks {
        if let Some(locked) = block.locked()? {
            entries.push(locked);
        }
    }
    Ok(choose(entries, own_range.or(query.wanted)))
}

/// As [`str::lines`], which looks at every byte by itself.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let ends = memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    let mut start = 0;
    ends.filter_map(move |end| {
        let line = text.get(start..end)?;
        start = end + 1;
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

impl Block<'_> {
    fn locked(&self) -> Result<Option<(Locked, Vec<String>)>, LockfileError> {
        let ranges =
            self.descriptors.iter().filter_map(|descriptor| Some(split_name(descriptor)?.1.to_owned())).collect();
        // A patch of Electron is locked beside what it patches; both have its version.
        let package = self.descriptors.iter().find_map(|descriptor| electron_of(descriptor));
        let Some(package) = package else { return Ok(None) };
        if self.resolution.is_some_and(|resolution| resolution.contains("@workspace:")) {
            return Ok(None);
        }
        let missing =
            || LockfileError::shape(self.line, format!("its entry for {package} has no version that could be read"));
        let (text, line) = self.version.ok_or_else(missing)?;
        let in_descriptor = || self.descriptors.iter().find_map(|descriptor| version_in_url(descriptor));
        // Berry gives 0.0.0-use.local to what it does not resolve.
        let version = Version::parse(text).or_else(in_descriptor).ok_or_else(missing)?;
        Ok(Some((Locked { package, version, line }, ranges)))
    }
}

/// The Electron that a descriptor names, aliases and patches undone.
fn electron_of(descriptor: &str) -> Option<&'static str> {
    let (name, range) = split_name(descriptor)?;
    known_package(real(name, range).0)
}

/// What a block's first line lists: `electron@^1.0.0, "electron@npm:x@^2":`, or all in one pair of quotes.
fn descriptors(line: &str) -> Vec<&str> {
    let line = line.trim_end();
    let line = line.strip_suffix(':').unwrap_or(line);
    line.split(',').map(|part| part.trim().trim_matches('"')).filter(|part| !part.is_empty()).collect()
}

/// `  version "1.2.3"` of yarn 1, `  version: 1.2.3` of Berry.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim().split_once(' ')?;
    Some((key.strip_suffix(':').unwrap_or(key).trim_matches('"'), value.trim().trim_matches('"')))
}
