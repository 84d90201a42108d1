//! Which versions of Electron there are, which are supported, and which have known vulnerabilities.
//!
//! The data is embedded and dated ([`Data::as_of`]); nothing here asks a clock. Sources are named in the files: `electron.json` (release
//! dates from the git tags of electron/electron, Chromium versions from npm electron-to-chromium; the newest releases have no date),
//! `support.json` (docs/tutorial/electron-timelines.md and successors), `advisories.json` (GitHub advisories of npm `electron`).

mod newer;
mod table;

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;

use self::table::Table;
use super::version::Version;

/// How many stable majors are supported: <https://www.electronjs.org/docs/latest/tutorial/electron-timelines>, "Version support policy".
pub const SUPPORTED_MAJORS: usize = 3;

/// One stable release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// Day of release, `2025-12-12`, where a source gives one.
    pub date: Option<Cow<'static, str>>,
    /// Chromium in it, where a source gives it.
    pub chromium: Option<Cow<'static, str>>,
}

/// When a major was released and until when it is supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Major {
    /// The major version.
    pub major: u32,
    /// Day of its x.0.0.
    pub stable: String,
    /// Last day of support, planned or past, where a source gives one.
    pub end_of_life: Option<String>,
    /// Where both were read.
    pub source: String,
}

/// A known vulnerability of Electron itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// `GHSA-…`
    pub id: Cow<'static, str>,
    /// Other names: `CVE-…`.
    pub aliases: Vec<Cow<'static, str>>,
    /// Day of publication.
    pub published: Cow<'static, str>,
    /// `low`, `moderate`, `high` or `critical`, as GitHub rates it.
    pub severity: Cow<'static, str>,
    /// What an attacker can do, in one sentence.
    pub summary: Cow<'static, str>,
    /// `CWE-…`
    pub cwe: Vec<Cow<'static, str>>,
    /// Affected versions, ascending.
    pub ranges: Vec<Range>,
    /// Where it was read.
    pub source: Cow<'static, str>,
}

/// A stretch of affected versions, by precedence: prereleases count (OSV schema, `affected[].ranges[]` of type `SEMVER`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First affected version; `None`: from the beginning.
    pub introduced: Option<Version>,
    /// First version that is not; `None`: there is none. May be a prerelease.
    pub fixed: Option<Version>,
}

impl Range {
    /// Whether the version lies in it.
    pub fn contains(&self, version: &Version) -> bool {
        self.introduced.is_none_or(|introduced| *version >= introduced)
            && self.fixed.is_none_or(|fixed| *version < fixed)
    }
}

impl Advisory {
    /// Whether it affects a version.
    pub fn affects(&self, version: &Version) -> bool {
        self.ranges.iter().any(|range| range.contains(version))
    }

    /// The version that ends the range in which a version lies: the nearest that is free of it.
    pub fn fixed_after(&self, version: &Version) -> Option<Version> {
        self.ranges.iter().find(|range| range.contains(version))?.fixed
    }
}

/// Whether a version still gets fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// One of the newest three stable majors.
    Supported,
    /// Older than these.
    EndOfLife {
        /// Last day of support, where a source gives it.
        date: Option<String>,
        /// How many majors behind the newest stable one.
        majors_behind: u32,
    },
    /// A prerelease of a supported major, or of one to come: it gets fixes only by becoming a release.
    Prerelease,
    /// A release of a major that the data does not have.
    NewerThanData,
}

/// Releases, support dates and advisories of one day.
#[derive(Clone, Debug)]
pub struct Data {
    as_of: String,
    dates_to: String,
    releases: Table,
    /// Empty until somebody asks: what is built in is read then.
    majors: OnceLock<Vec<Major>>,
    /// As `majors`.
    advisories: OnceLock<Vec<Advisory>>,
}

/// Why data could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// Which part: `releases`, `support` or `advisories`.
    pub part: &'static str,
    /// What was wrong.
    pub message: String,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not read {} of Electron: {}", self.part, self.message)
    }
}

impl std::error::Error for DataError {}

impl Data {
    /// What is built in.
    pub fn embedded() -> &'static Self {
        static DATA: OnceLock<Data> = OnceLock::new();
        DATA.get_or_init(|| {
            let (as_of, dates_to, releases) =
                Table::written(include_str!("../../data/electron.json")).expect("the tests read the embedded file");
            let (as_of, dates_to) = (as_of.to_owned(), dates_to.to_owned());
            Self { as_of, dates_to, releases, majors: OnceLock::new(), advisories: OnceLock::new() }
        })
    }

    /// Reads other data of the same form.
    ///
    /// # Errors
    /// For JSON of another shape, versions that cannot be read, and releases or majors that do not ascend.
    pub fn parse(releases: &str, support: &str, advisories: &str) -> Result<Self, DataError> {
        Self::with(Releases::parse(releases)?, read("support", support)?, read("advisories", advisories)?)
    }

    fn with(releases: Releases, support: SupportFile, advisories: AdvisoriesFile<'_>) -> Result<Self, DataError> {
        let Releases { as_of, dates_to, releases } = releases;
        if let Some(pair) = releases.all().windows(2).find(|pair| pair[0].version >= pair[1].version) {
            let message = format!("{} does not come before {}", pair[0].version, pair[1].version);
            return Err(DataError { part: "releases", message });
        }
        let majors = support.read();
        if let Some(pair) = majors.windows(2).find(|pair| pair[0].major >= pair[1].major) {
            let message = format!("{} does not come before {}", pair[0].major, pair[1].major);
            return Err(DataError { part: "support", message });
        }
        let advisories = advisories.read(|text| Cow::Owned(text.into_owned()))?;
        Ok(Self { as_of, dates_to, releases, majors: majors.into(), advisories: advisories.into() })
    }

    /// The day of which the data is: `2026-11-21`.
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// Up to which day releases have dates.
    pub fn dates_to(&self) -> &str {
        &self.dates_to
    }

    /// All stable releases, ascending.
    pub fn releases(&self) -> &[Release] {
        self.releases.all()
    }

    /// All majors with what is known of their support, ascending.
    pub fn majors(&self) -> &[Major] {
        self.majors.get_or_init(|| {
            let file: SupportFile =
                read("support", include_str!("../../data/support.json")).expect("the tests read the embedded file");
            file.read()
        })
    }

    /// All advisories, oldest first.
    pub fn advisories(&self) -> &[Advisory] {
        self.advisories.get_or_init(|| {
            let text = include_str!("../../data/advisories.json");
            let rows = read("advisories", text).and_then(|file: AdvisoriesFile<'static>| file.read(|text| text));
            rows.expect("the tests read the embedded file")
        })
    }

    /// The release of this version, if it is one.
    pub fn release(&self, version: &Version) -> Option<Release> {
        self.releases.first(|release| release >= version).filter(|release| release.version == *version)
    }

    /// Whether there is such a stable release.
    pub fn is_known(&self, version: &Version) -> bool {
        self.release(version).is_some()
    }

    /// The newest stable release.
    pub fn newest(&self) -> Option<Release> {
        self.releases.newest()
    }

    /// The newest stable release of a major.
    pub fn newest_of(&self, major: u32) -> Option<Release> {
        self.releases.before(|release| release.major > major).filter(|release| release.version.major == major)
    }

    /// Chromium in a release.
    pub fn chromium(&self, version: &Version) -> Option<Cow<'static, str>> {
        self.release(version)?.chromium
    }

    /// The supported majors, newest first: the newest three of which there is a stable release.
    pub fn supported_majors(&self) -> Vec<u32> {
        let newest = self.newest().map(|release| release.version.major);
        let older = |major: &u32| Some(self.releases.before(|release| release.major >= *major)?.version.major);
        std::iter::successors(newest, older).take(SUPPORTED_MAJORS).collect()
    }

    /// Whether a version still gets fixes.
    pub fn support(&self, version: &Version) -> Support {
        let supported = self.supported_majors();
        let newest = supported.first().copied().unwrap_or(0);
        let oldest = supported.last().copied().unwrap_or(0);
        if version.major < oldest {
            let date =
                self.majors().iter().find(|row| row.major == version.major).and_then(|row| row.end_of_life.clone());
            Support::EndOfLife { date, majors_behind: newest - version.major }
        } else if version.is_prerelease() {
            Support::Prerelease
        } else if version.major > newest {
            Support::NewerThanData
        } else {
            Support::Supported
        }
    }

    /// The advisories that affect a version, oldest first.
    pub fn affecting(&self, version: &Version) -> Vec<&Advisory> {
        self.advisories().iter().filter(|advisory| advisory.affects(version)).collect()
    }

    /// The lowest stable release from this version on, in its major if there is one, that no advisory of the data affects.
    pub fn first_unaffected(&self, version: &Version) -> Option<Release> {
        let mut from = *version;
        loop {
            let release = self.releases.first(|release| *release >= from)?;
            match self.advisories().iter().find(|advisory| advisory.affects(&release.version)) {
                // Every release up to the end of that range is affected too.
                Some(advisory) => from = advisory.fixed_after(&release.version)?,
                None => return Some(release),
            }
        }
    }
}

fn read<'a, T: Deserialize<'a>>(part: &'static str, text: &'a str) -> Result<T, DataError> {
    serde_json::from_str(text).map_err(|error| DataError { part, message: error.to_string() })
}

fn version(part: &'static str, text: &str) -> Result<Version, DataError> {
    Version::parse(text).ok_or_else(|| DataError { part, message: format!("{text:?} is no version") })
}

/// What the file of releases says.
struct Releases {
    as_of: String,
    dates_to: String,
    releases: Table,
}

impl Releases {
    fn parse(text: &str) -> Result<Self, DataError> {
        Self::read(read("releases", text)?)
    }

    fn read(file: ReleasesFile) -> Result<Self, DataError> {
        let releases = file
            .releases
            .into_iter()
            .map(|(text, date, chromium)| {
                let (date, chromium) = (date.map(Cow::Owned), chromium.map(Cow::Owned));
                Ok(Release { version: version("releases", &text)?, date, chromium })
            })
            .collect::<Result<Vec<_>, DataError>>()?;
        Ok(Self { as_of: file.as_of, dates_to: file.dates_to, releases: releases.into() })
    }
}

#[derive(Deserialize)]
struct ReleasesFile {
    #[serde(rename = "as-of")]
    as_of: String,
    #[serde(rename = "dates-to")]
    dates_to: String,
    releases: Vec<(String, Option<String>, Option<String>)>,
}

#[derive(Deserialize)]
struct SupportFile {
    majors: Vec<SupportRow>,
}

impl SupportFile {
    fn read(self) -> Vec<Major> {
        let row =
            |row: SupportRow| Major { major: row.major, stable: row.stable, end_of_life: row.eol, source: row.source };
        self.majors.into_iter().map(row).collect()
    }
}

#[derive(Deserialize)]
struct SupportRow {
    major: u32,
    stable: String,
    eol: Option<String>,
    source: String,
}

/// Text of the file itself, where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct AdvisoriesFile<'a> {
    #[serde(borrow)]
    advisories: Vec<AdvisoryRow<'a>>,
}

impl<'a> AdvisoriesFile<'a> {
    /// The advisories, with texts kept as `keep` does it.
    fn read(self, keep: impl Fn(Cow<'a, str>) -> Cow<'static, str>) -> Result<Vec<Advisory>, DataError> {
        self.advisories.into_iter().map(|row| row.read(&keep)).collect()
    }
}

#[derive(Deserialize)]
struct AdvisoryRow<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    aliases: Vec<Text<'a>>,
    published: Text<'a>,
    severity: Text<'a>,
    summary: Text<'a>,
    cwe: Vec<Text<'a>>,
    ranges: Vec<RangeRow<'a>>,
    source: Text<'a>,
}

#[derive(Deserialize)]
struct RangeRow<'a> {
    #[serde(borrow)]
    introduced: Text<'a>,
    fixed: Option<Text<'a>>,
}

impl<'a> AdvisoryRow<'a> {
    fn read(self, keep: impl Fn(Cow<'a, str>) -> Cow<'static, str>) -> Result<Advisory, DataError> {
        let all = |texts: Vec<Text<'a>>| texts.into_iter().map(|text| keep(text.0)).collect();
        Ok(Advisory {
            ranges: self.ranges.iter().map(RangeRow::read).collect::<Result<_, _>>()?,
            id: keep(self.id.0),
            aliases: all(self.aliases),
            published: keep(self.published.0),
            severity: keep(self.severity.0),
            summary: keep(self.summary.0),
            cwe: all(self.cwe),
            source: keep(self.source.0),
        })
    }
}

impl RangeRow<'_> {
    fn read(&self) -> Result<Range, DataError> {
        let parse = |text: &Text<'_>| version("advisories", &text.0);
        // OSV: "0" is before every version.
        let introduced = Some(&self.introduced).filter(|text| text.0 != "0").map(parse).transpose()?;
        Ok(Range { introduced, fixed: self.fixed.as_ref().map(parse).transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).expect(text)
    }

    fn is_date(text: &str) -> bool {
        let bytes = text.as_bytes();
        bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() })
    }

    #[test]
    fn the_embedded_data_is_sound() {
        let data = Data::embedded();
        assert!(is_date(data.as_of()) && is_date(data.dates_to()));
        assert!(data.releases().len() > 1400);
        assert!(data.releases().windows(2).all(|pair| pair[0].version < pair[1].version));
        for release in data.releases() {
            assert!(!release.version.is_prerelease(), "{}", release.version);
            assert!(release.date.as_deref().is_none_or(is_date), "{}", release.version);
        }
        for major in data.majors() {
            assert!(
                is_date(&major.stable) && major.end_of_life.as_deref().is_none_or(is_date) && !major.source.is_empty()
            );
            assert!(data.is_known(&Version::new(major.major, 0, 0)), "{}.0.0", major.major);
        }
        let expected: Vec<u32> = (1..=45).collect();
        assert_eq!(data.majors().iter().map(|row| row.major).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_advisory_is_sound() {
        let data = Data::embedded();
        let mut ids: Vec<&str> = data.advisories().iter().map(|advisory| &*advisory.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(data.advisories().windows(2).all(|pair| pair[0].published <= pair[1].published));
        for advisory in data.advisories() {
            assert!(advisory.id.starts_with("GHSA-") && is_date(&advisory.published), "{}", advisory.id);
            assert!(["low", "moderate", "high", "critical"].contains(&&*advisory.severity), "{}", advisory.id);
            assert!(advisory.source.starts_with("https://github.com/advisories/GHSA-"), "{}", advisory.id);
            assert!(!advisory.ranges.is_empty());
            for pair in advisory.ranges.windows(2) {
                assert!(pair[0].fixed.is_some() && pair[0].fixed <= pair[1].introduced, "{}: {pair:?}", advisory.id);
            }
            for range in &advisory.ranges {
                let hits = data.releases().iter().any(|release| range.contains(&release.version));
                // The data has stable releases only, so a range that ends before its x.0.0 hits none.
                let prereleases_only = range.introduced.is_some_and(|introduced| {
                    introduced.is_prerelease()
                        && range.fixed.is_some_and(|fixed| fixed.release() == introduced.release())
                });
                assert!(hits != prereleases_only, "{}: {range:?}", advisory.id);
            }
        }
    }

    #[test]
    fn ranges_end_where_they_say() {
        // GHSA-w222-53c6-c86p: 1.6.0 to 1.6.16, 1.7.0 to 1.7.11, 1.8.0 to 1.8.2-beta.4.
        let data = Data::embedded();
        let advisory =
            data.advisories().iter().find(|advisory| advisory.id == "GHSA-w222-53c6-c86p").expect("it is there");
        for (text, expected) in [
            ("1.5.9", false),
            ("1.6.0", true),
            ("1.6.15", true),
            ("1.6.16", false),
            ("1.7.10", true),
            ("1.7.11", false),
            ("1.8.1", true),
            ("1.8.2-beta.3", true),
            ("1.8.2-beta.4", false),
            ("1.8.2-beta.11", false),
            ("1.8.2", false),
        ] {
            assert_eq!(advisory.affects(&v(text)), expected, "{text}");
        }
        assert_eq!(advisory.fixed_after(&v("1.8.1")), Some(v("1.8.2-beta.4")));
        let open = Range { introduced: None, fixed: None };
        assert!(open.contains(&v("0.1.0")) && open.contains(&v("99.0.0")));
    }

    #[test]
    fn the_first_free_release_is_found_as_one_by_one() {
        let data = Data::embedded();
        for release in data.releases().iter().step_by(17) {
            let free = |later: &&Release| later.version >= release.version && data.affecting(&later.version).is_empty();
            assert_eq!(
                data.first_unaffected(&release.version),
                data.releases().iter().find(free).cloned(),
                "{}",
                release.version
            );
        }
    }

    #[test]
    fn advisories_of_a_version() {
        let data = Data::embedded();
        let ids: Vec<&str> = data.affecting(&v("44.0.0-beta.5")).iter().map(|advisory| &*advisory.id).collect();
        assert!(ids.contains(&"GHSA-qmv3-fv6v-rmhq") && !ids.contains(&"GHSA-gr2m-v5gq-v685"), "{ids:?}");
        let old = data.affecting(&v("12.0.0")).len();
        assert!(old > 20 && data.affecting(&v("45.3.4")).len() < old);
        let free = data.first_unaffected(&v("43.0.0")).expect("the newest is free of all").version;
        assert!(data.affecting(&free).is_empty() && free >= v("43.0.0"));
    }

    #[test]
    fn knows_releases() {
        let data = Data::embedded();
        assert_eq!(data.newest().map(|release| release.version), Some(v("45.3.4")));
        assert_eq!(data.chromium(&v("45.0.0")).as_deref(), Some("156.0.8078.48"));
        assert_eq!(data.newest_of(44).map(|release| release.version), Some(v("44.11.4")));
        assert_eq!(data.release(&v("44.0.0")).and_then(|release| release.date), None);
        assert!(data.is_known(&v("12.0.0")) && !data.is_known(&v("12.99.0")) && !data.is_known(&v("45.0.0-beta.1")));
    }

    #[test]
    fn knows_support() {
        let data = Data::embedded();
        let end =
            |date: Option<&str>, majors_behind| Support::EndOfLife { date: date.map(str::to_owned), majors_behind };
        assert_eq!(data.supported_majors(), [45, 44, 43]);
        assert_eq!(data.support(&v("43.0.0")), Support::Supported);
        assert_eq!(data.support(&v("45.99.0")), Support::Supported);
        assert_eq!(data.support(&v("42.10.0")), end(Some("2026-10-20"), 3));
        assert_eq!(data.support(&v("22.3.27")), end(Some("2023-10-10"), 23));
        assert_eq!(data.support(&v("0.37.8")), end(None, 45));
        assert_eq!(data.support(&v("12.0.0-beta.1")), end(Some("2021-11-16"), 33));
        assert_eq!(data.support(&v("46.0.0-alpha.2")), Support::Prerelease);
        assert_eq!(data.support(&v("46.0.0")), Support::NewerThanData);
    }

    #[test]
    fn refuses_other_data() {
        let releases =
            r#"{"as-of":"2026-11-21","dates-to":"2026-11-21","releases":[["1.0.1",null,null],["1.0.0",null,null]]}"#;
        let (support, advisories) = (r#"{"majors":[]}"#, r#"{"advisories":[]}"#);
        assert_eq!(Data::parse(releases, support, advisories).map_err(|error| error.part).err(), Some("releases"));
        assert_eq!(Data::parse("[]", support, advisories).map_err(|error| error.part).err(), Some("releases"));
        let empty = r#"{"as-of":"2026-11-21","dates-to":"2026-11-21","releases":[]}"#;
        let data = Data::parse(empty, support, advisories).expect("empty data is data");
        assert_eq!(data.support(&v("1.0.0")), Support::NewerThanData);
        assert!(Data::parse(empty, support, r#"{"advisories":[{"id":1}]}"#).is_err());
    }
}
