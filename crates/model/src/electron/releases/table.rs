//! Releases in ascending order, read where they are asked for.

use std::borrow::Cow;
use std::sync::OnceLock;

use memchr::{memchr, memrchr};

use super::{Release, Version};

/// Releases, ascending. A check asks for a handful of them: those of the embedded file are looked up in its lines, and read as a whole
/// only for who wants all.
#[derive(Clone, Debug)]
pub(super) struct Table {
    lines: &'static str,
    all: OnceLock<Vec<Release>>,
}

impl From<Vec<Release>> for Table {
    fn from(releases: Vec<Release>) -> Self {
        Self { lines: "", all: OnceLock::from(releases) }
    }
}

impl Table {
    /// The day of the data, up to which day it has dates, and the releases of a file that is written as the embedded one: a line for
    /// each. `None` for any other.
    pub fn written(text: &'static str) -> Option<(&'static str, &'static str, Self)> {
        let (head, lines) = split(text, b'\n')?;
        let (as_of, head) = quoted(head.strip_prefix(r#"{"as-of":"#)?)?;
        let (dates_to, head) = quoted(head.strip_prefix(r#","dates-to":"#)?)?;
        let lines = lines.trim_end().strip_suffix("\n]}")?;
        (head.ends_with('[') && memchr(b'\\', text.as_bytes()).is_none()).then_some(())?;
        Some((as_of, dates_to, Self { lines, all: OnceLock::new() }))
    }

    pub fn all(&self) -> &[Release] {
        self.all.get_or_init(|| self.lines.lines().filter_map(read).collect())
    }

    /// All, to be changed.
    pub fn all_mut(&mut self) -> &mut Vec<Release> {
        self.all();
        self.all.get_mut().expect("they were read just now")
    }

    /// The newest release.
    pub fn newest(&self) -> Option<Release> {
        self.before(|_| false)
    }

    /// The first release that is late enough: as are all after it.
    pub fn first(&self, is_late: impl Fn(&Version) -> bool) -> Option<Release> {
        self.around(is_late).1
    }

    /// The last release that is not late enough.
    pub fn before(&self, is_late: impl Fn(&Version) -> bool) -> Option<Release> {
        self.around(is_late).0
    }

    fn around(&self, is_late: impl Fn(&Version) -> bool) -> (Option<Release>, Option<Release>) {
        if let Some(all) = self.all.get() {
            let first = all.partition_point(|release| !is_late(&release.version));
            return (first.checked_sub(1).and_then(|last| all.get(last)).cloned(), all.get(first).cloned());
        }
        // Lines before `low` are too early, and those from `high` on late enough; both are where a line begins.
        let bytes = self.lines.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        let (mut early, mut late) = (None, None);
        while low < high {
            let middle = (low + high) / 2;
            let start = memrchr(b'\n', &bytes[..middle]).map_or(0, |end| end + 1).max(low);
            let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
            let Some(release) = read(&self.lines[start..end]) else { break };
            if is_late(&release.version) {
                (high, late) = (start, Some(release));
            } else {
                (low, early) = (end + 1, Some(release));
            }
        }
        (early, late)
    }
}

/// `["39.2.7", "2025-12-18", "142.0.7444.265"],`
fn read(line: &'static str) -> Option<Release> {
    fn cell(text: &'static str) -> Option<(Option<Cow<'static, str>>, &'static str)> {
        let text = text.strip_prefix(", ")?;
        match text.strip_prefix("null") {
            Some(rest) => Some((None, rest)),
            None => quoted(text).map(|(value, rest)| (Some(Cow::Borrowed(value)), rest)),
        }
    }
    let (version, row) = quoted(line.strip_prefix('[')?)?;
    let (date, row) = cell(row)?;
    let (chromium, row) = cell(row)?;
    let version = Version::parse(version)?;
    matches!(row, "]" | "],").then_some(Release { version, date, chromium })
}

fn split(text: &'static str, at: u8) -> Option<(&'static str, &'static str)> {
    let at = memchr(at, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn quoted(text: &'static str) -> Option<(&'static str, &'static str)> {
    split(text.strip_prefix('"')?, b'"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::electron::releases::Releases;

    const EMBEDDED: &str = include_str!("../../../data/electron.json");

    #[test]
    fn lines_are_read_as_they_are_as_json() {
        let (as_of, dates_to, table) = Table::written(EMBEDDED).expect("it is written so");
        let read = Releases::parse(EMBEDDED).expect("it is JSON");
        assert_eq!((as_of, dates_to, table.all()), (&*read.as_of, &*read.dates_to, read.releases.all()));
        assert!(table.all().windows(2).all(|pair| pair[0].version < pair[1].version));
        assert!(Table::written("[]").is_none());
    }

    #[test]
    fn a_release_is_found_in_the_lines_as_it_is_in_the_list() {
        let (.., lines) = Table::written(EMBEDDED).expect("it is written so");
        let list = Table::from(lines.clone().all().to_vec());
        let versions = list.all().iter().map(|release| release.version);
        let others = [Version::new(0, 0, 0), Version::new(12, 99, 0), Version::new(999, 0, 0)];
        for version in versions.step_by(7).chain(others) {
            let is_late = |other: &Version| *other >= version;
            assert_eq!(lines.first(is_late), list.first(is_late), "{version}");
            assert_eq!(lines.before(is_late), list.before(is_late), "{version}");
        }
        assert_eq!(lines.newest(), list.newest());
        assert!(lines.all.get().is_none() && Table::from(Vec::new()).newest().is_none());
    }
}
