//! Versions as npm and Electron write them, and the lowest version of a range.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A version of Electron: `39.2.7`, `1.8.2-beta.4`, `45.0.0-nightly.20260901`.
///
/// Build metadata (`+wvcus` of Castlabs' releases) is dropped, as precedence ignores it (semver.org §10). Ordered by precedence
/// (§11): a prerelease comes before its release.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
    /// Empty for a release.
    prerelease: Prerelease,
}

/// Longest prerelease name that is kept; Electron's longest is `nightly.` and eight digits.
const PRERELEASE_BYTES: usize = 30;

/// Inline, so that [`Version`] is `Copy`. Bytes beyond `len` are zero, so that equality may be derived.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Prerelease {
    len: u8,
    bytes: [u8; PRERELEASE_BYTES],
}

impl Prerelease {
    const NONE: Self = Self { len: 0, bytes: [0; PRERELEASE_BYTES] };

    fn parse(text: &str) -> Option<Self> {
        let valid = |part: &str| {
            let numeric = part.bytes().all(|byte| byte.is_ascii_digit());
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !(numeric && part.len() > 1 && part.starts_with('0'))
        };
        let mut bytes = [0; PRERELEASE_BYTES];
        let kept = bytes.get_mut(..text.len())?;
        if !text.split('.').all(valid) {
            return None;
        }
        kept.copy_from_slice(text.as_bytes());
        Some(Self { len: text.len() as u8, bytes })
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.len)).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

impl Version {
    /// A release.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch, prerelease: Prerelease::NONE }
    }

    /// Reads a full version; blanks around it, a leading `v` or `=`, and build metadata are accepted.
    ///
    /// `None` for anything else: ranges, tags, two numbers, numbers over 32 bits, prerelease names over 30 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(release) = Self::parse_release(text) {
            return Some(release);
        }
        let text = text.trim();
        let text = text.strip_prefix('=').unwrap_or(text).trim_start();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, build) = text.split_once('+').unwrap_or((text, "0"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if build.is_empty() || !build.bytes().all(plain) {
            return None;
        }
        let (numbers, prerelease) = match text.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Prerelease::parse(prerelease)?),
            None => (text, Prerelease::NONE),
        };
        let mut parts = numbers.split('.').map(number);
        let version = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()??, prerelease };
        parts.next().is_none().then_some(version)
    }

    /// Three numbers and nothing else: what most versions are, read in one go.
    fn parse_release(text: &str) -> Option<Self> {
        let mut numbers = [0u32; 3];
        let mut parts = numbers.iter_mut();
        let (mut part, mut digits) = (parts.next()?, 0);
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' if digits < 9 && (digits == 0 || *part > 0) => {
                    *part = *part * 10 + u32::from(byte - b'0');
                    digits += 1;
                }
                b'.' if digits > 0 => (part, digits) = (parts.next()?, 0),
                _ => return None,
            }
        }
        let is_whole = digits > 0 && parts.next().is_none();
        let [major, minor, patch] = numbers;
        is_whole.then_some(Self::new(major, minor, patch))
    }

    /// The part after the hyphen, as `beta.4`; empty for a release.
    pub fn prerelease(&self) -> &str {
        self.prerelease.as_str()
    }

    /// Whether it is a nightly, alpha, beta or the like.
    pub fn is_prerelease(&self) -> bool {
        self.prerelease.len > 0
    }

    /// Without its prerelease part.
    pub const fn release(&self) -> Self {
        Self::new(self.major, self.minor, self.patch)
    }

    /// Whether what came with `first` is in this version, a prerelease of `first` counted as `first`.
    ///
    /// Precedence would put `12.0.0-beta.3` before 12.0.0, but its defaults are those of 12.
    pub const fn has(&self, first: Self) -> bool {
        if self.major != first.major {
            return self.major > first.major;
        }
        if self.minor != first.minor {
            return self.minor > first.minor;
        }
        self.patch >= first.patch
    }

    /// As [`has`](Self::has) for a change that went into several release lines; `firsts` ascends, one version a major.
    ///
    /// Majors above the last have it; majors between two entries or below the first do not.
    pub fn has_backport(&self, firsts: &[Self]) -> bool {
        match firsts.iter().find(|first| first.major == self.major) {
            Some(first) => self.has(*first),
            None => firsts.last().is_some_and(|last| self.major > last.major),
        }
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits && !leading_zero { text.parse().ok() } else { None }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch));
        numbers.then_with(|| match (self.is_prerelease(), other.is_prerelease()) {
            (false, false) => Ordering::Equal,
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (true, true) => by_identifiers(self.prerelease(), other.prerelease()),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numeric identifiers compare as numbers and come before words; of two equal beginnings the longer is later.
fn by_identifiers(left: &str, right: &str) -> Ordering {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                // No leading zeros: the longer number is the greater.
                (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if self.is_prerelease() { write!(f, "-{}", self.prerelease()) } else { Ok(()) }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no version"))
    }
}

/// Longest range that is read, as npm's own limit for a version (node-semver, internal/constants.js: MAX_LENGTH).
const RANGE_BYTES: usize = 256;

/// The lowest version that an npm range admits: 40.0.0 for `^40`, `>=40 <42`, `40.x || 41.x`.
///
/// `None` for what admits any version (`*`, the empty range), for tags such as `latest`, and for what is no range.
pub fn lowest(range: &str) -> Option<Version> {
    let range = range.trim();
    if let Some(version) = Version::parse(range) {
        return Some(version);
    }
    if range.len() > RANGE_BYTES {
        return None;
    }
    let lowest = nodejs_semver::Range::parse(range).ok()?.min_version()?;
    let lowest = Version::parse(&lowest.to_string())?;
    (lowest.release() != Version::new(0, 0, 0)).then_some(lowest)
}

/// Whether an npm range admits a version; prereleases are admitted as if they were releases.
///
/// False for what is no range.
pub fn satisfies(version: &Version, range: &str) -> bool {
    if range.len() > RANGE_BYTES {
        return false;
    }
    match (nodejs_semver::Version::parse(version.to_string()), nodejs_semver::Range::parse(range.trim())) {
        (Ok(version), Ok(range)) => version.satisfies_with_prerelease(&range, true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect(text)
    }

    #[test]
    fn reads_and_prints() {
        for text in ["0.1.0", "39.2.7", "1.8.2-beta.4", "45.0.0-nightly.20260901", "6.0.0-beta.1"] {
            assert_eq!(version(text).to_string(), text);
        }
        assert_eq!(version(" v40.1.0+wvcus ").to_string(), "40.1.0");
        assert_eq!(version("=12.0.0"), Version::new(12, 0, 0));
    }

    #[test]
    fn refuses_what_is_no_version() {
        let long = format!("1.0.0-{}", "a".repeat(31));
        for text in
            ["", "1", "1.2", "1.2.3.4", "latest", "^1.2.3", "1.2.x", "01.2.3", "1.2.3-", "1.2.3-a..b", "1.2.3-01"]
        {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        for text in ["4294967296.0.0", "1.2.3+", "1.2.3-ü", "-1.2.3", &long] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn orders_by_precedence() {
        let ascending = [
            "1.8.2-alpha",
            "1.8.2-beta.2",
            "1.8.2-beta.4",
            "1.8.2-beta.11",
            "1.8.2-beta.x",
            "1.8.2",
            "1.8.10",
            "1.10.0",
            "2.0.0-1",
            "2.0.0",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn knows_what_it_has() {
        let twelve = Version::new(12, 0, 0);
        assert!(version("12.0.0-beta.3").has(twelve));
        assert!(!version("11.5.0").has(twelve));
        let lines = [Version::new(41, 10, 6), Version::new(42, 9, 2), Version::new(43, 4, 1)];
        for (text, expected) in [
            ("40.99.0", false),
            ("41.10.5", false),
            ("41.10.6", true),
            ("42.9.1", false),
            ("43.4.1", true),
            ("44.0.0", true),
        ] {
            assert_eq!(version(text).has_backport(&lines), expected, "{text}");
        }
    }

    #[test]
    fn finds_the_lowest() {
        for (range, expected) in [
            ("40.9.2", "40.9.2"),
            ("^40.9.2", "40.9.2"),
            ("~12.0.1", "12.0.1"),
            ("12", "12.0.0"),
            ("12.x", "12.0.0"),
            (">=22 <24", "22.0.0"),
            ("41.x || 40.x", "40.0.0"),
            ("1.6 - 2", "1.6.0"),
            (">11.1.0", "11.1.1"),
            ("^1.8.2-beta.4", "1.8.2-beta.4"),
            ("^45.0.0-nightly.20260901", "45.0.0-nightly.20260901"),
        ] {
            assert_eq!(lowest(range).map(|v| v.to_string()).as_deref(), Some(expected), "{range}");
        }
        let long = ">1 ".repeat(100_000);
        for range in ["*", "", "latest", "beta", "file:../electron", "workspace:*", "<40", "=>1", &long] {
            assert_eq!(lowest(range), None, "{range}");
        }
    }

    #[test]
    fn satisfies_a_range() {
        assert!(satisfies(&version("40.9.2"), "^40.1.0"));
        assert!(!satisfies(&version("41.0.0"), "^40.1.0"));
        assert!(satisfies(&version("41.0.0-beta.2"), "^41.0.0-beta.1"));
        assert!(!satisfies(&version("41.0.0"), "latest"));
    }
}
