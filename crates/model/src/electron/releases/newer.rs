//! Data that is newer than what is built in: one file, and how it is made from what people fetched themselves.
//!
//! The sources are those of the embedded data. Nothing here opens a connection.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AdvisoriesFile, Advisory, Data, DataError, Major, Range, Release, Releases, ReleasesFile, SupportFile, Version,
};

/// The form of the file; a file of another one is refused.
const FORMAT: u64 = 1;

static INSTEAD: OnceLock<Data> = OnceLock::new();

#[derive(Deserialize)]
struct Format {
    format: u64,
}

/// The file, whose parts are written as the embedded ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneFile<'a> {
    #[serde(rename = "format")]
    _format: u64,
    releases: ReleasesFile,
    support: SupportFile,
    #[serde(borrow)]
    advisories: AdvisoriesFile<'a>,
}

impl Data {
    /// What is known: what was read from a file at the start of the program, else what is built in.
    pub fn current() -> &'static Self {
        INSTEAD.get().unwrap_or_else(Self::embedded)
    }

    /// What was read from a file, where it takes the place of what is built in.
    pub fn given() -> Option<&'static Self> {
        INSTEAD.get()
    }

    /// From now on, in all of the program, this is what is known. Tells whether it is: only the first call counts.
    pub fn use_instead(self) -> bool {
        INSTEAD.set(self).is_ok()
    }

    /// Reads a file that [`Data::to_file`] wrote.
    ///
    /// # Errors
    /// Another form, and what [`Data::parse`] refuses.
    pub fn from_file(text: &str) -> Result<Self, DataError> {
        // The format first: another one may have other parts.
        let Format { format } = super::read("file", text)?;
        if format != FORMAT {
            let message = format!("its format is {format}, and this program reads {FORMAT}");
            return Err(DataError { part: "file", message });
        }
        let file: OneFile<'_> = super::read("file", text)?;
        Self::with(Releases::read(file.releases)?, file.support, file.advisories)
    }

    /// All of it as one file.
    pub fn to_file(&self) -> String {
        let releases =
            self.releases().iter().map(|release| json!([release.version.to_string(), release.date, release.chromium]));
        let majors = self
            .majors()
            .iter()
            .map(|row| json!({"major": row.major, "stable": row.stable, "eol": row.end_of_life, "source": row.source}));
        let advisories = self.advisories().iter().map(|row| {
            let ranges = row.ranges.iter().map(|range| {
                let introduced = range.introduced.map_or_else(|| "0".to_owned(), |version| version.to_string());
                json!({"introduced": introduced, "fixed": range.fixed.map(|version| version.to_string())})
            });
            json!({
                "id": row.id, "aliases": row.aliases, "published": row.published, "severity": row.severity, "summary": row.summary,
                "cwe": row.cwe, "ranges": ranges.collect::<Vec<_>>(), "source": row.source,
            })
        });
        let file = json!({
            "format": FORMAT,
            "releases": {"as-of": self.as_of, "dates-to": self.dates_to, "releases": releases.collect::<Vec<_>>()},
            "support": {"majors": majors.collect::<Vec<_>>()},
            "advisories": {"advisories": advisories.collect::<Vec<_>>()},
        });
        file.to_string() + "\n"
    }

    /// With what one more file says, of the day `today` (`2026-11-21`). The file is one of
    ///
    /// - an advisory on npm `electron` in the [OSV schema](https://ossf.github.io/osv-schema/), as GitHub's advisory database has them;
    /// - `full-versions.json` of npm `electron-to-chromium`: releases, and the Chromium in each;
    /// - lines of a tag and a day, `v39.2.7 2025-12-12`, as `git tag --format='%(refname:short) %(creatordate:short)'` prints them.
    ///
    /// # Errors
    /// A file that is none of these, or says something that cannot be.
    pub fn with_source(mut self, name: &str, text: &str, today: &str) -> Result<Self, DataError> {
        let fail = |part, message: String| DataError { part, message: format!("{name}: {message}") };
        match serde_json::from_str::<Value>(text) {
            Ok(value) if value.get("affected").is_some() => {
                let advisory = advisory(&value, name).map_err(|message| fail("advisories", message))?;
                let mut rows = self.advisories().to_vec();
                rows.retain(|row| row.id != advisory.id);
                rows.push(advisory);
                rows.sort_by(|a, b| (&a.published, &a.id).cmp(&(&b.published, &b.id)));
                self.advisories = rows.into();
            }
            Ok(Value::Object(table)) => {
                let versions = table.iter().filter_map(|(version, chromium)| {
                    Some((Version::parse(version)?, chromium.as_str().filter(|text| text.contains('.'))?.to_owned()))
                });
                let versions: Vec<_> = versions.collect();
                if versions.is_empty() {
                    return Err(fail(
                        "releases",
                        "neither an advisory nor versions of Electron with their Chromium".to_owned(),
                    ));
                }
                for (version, chromium) in versions {
                    if let Some(release) = self.release_mut(version) {
                        release.chromium = Some(Cow::Owned(chromium));
                    }
                }
            }
            Ok(_) => return Err(fail("file", "neither an advisory nor a table of versions".to_owned())),
            Err(_) => {
                let mut lines = 0;
                for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                    let mut words = line.split_whitespace();
                    let (Some(tag), Some(day), None) = (words.next(), words.next(), words.next()) else {
                        return Err(fail("releases", format!("line {}: not a tag and a day", number + 1)));
                    };
                    let version = tag.strip_prefix('v').and_then(Version::parse);
                    if !is_day(day) {
                        return Err(fail(
                            "releases",
                            format!("line {}: `{day}` is no day such as 2025-12-12", number + 1),
                        ));
                    }
                    lines += 1;
                    if let Some(release) = version.and_then(|version| self.release_mut(version)) {
                        release.date = Some(Cow::Owned(day.to_owned()));
                    }
                }
                if lines == 0 {
                    return Err(fail("file", "it is empty".to_owned()));
                }
            }
        }
        self.complete(today);
        Ok(self)
    }

    /// The release of this version, made if it is new; `None` for a prerelease.
    fn release_mut(&mut self, version: Version) -> Option<&mut Release> {
        if version.is_prerelease() {
            return None;
        }
        let releases = self.releases.all_mut();
        let at = match releases.binary_search_by(|release| release.version.cmp(&version)) {
            Ok(at) => at,
            Err(at) => {
                releases.insert(at, Release { version, date: None, chromium: None });
                at
            }
        };
        releases.get_mut(at)
    }

    /// Adds the majors that are new, by their first release, and dates the whole.
    fn complete(&mut self, today: &str) {
        let mut majors = self.majors().to_vec();
        for release in self.releases() {
            let version = &release.version;
            let is_first = (version.minor, version.patch) == (0, 0) && version.major > 0;
            if is_first
                && let Some(date) = &release.date
                && let Err(at) = majors.binary_search_by_key(&version.major, |row| row.major)
            {
                let source = format!("date of v{version}");
                majors.insert(at, Major { major: version.major, stable: date.to_string(), end_of_life: None, source });
            }
        }
        self.majors = majors.into();
        let dates = self.releases().iter().filter_map(|release| release.date.as_deref());
        self.dates_to = dates.max().unwrap_or_default().to_owned();
        today.clone_into(&mut self.as_of);
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day] if is_number(year, 4) && is_number(month, 2) && is_number(day, 2))
}

fn advisory(value: &Value, name: &str) -> Result<Advisory, String> {
    let text = |value: &Value| value.as_str().map(|text| Cow::Owned(text.to_owned()));
    let list = |value: &Value| value.as_array().into_iter().flatten().filter_map(text).collect::<Vec<_>>();
    let packages = value["affected"].as_array().into_iter().flatten();
    let of_electron = packages
        .filter(|affected| affected["package"]["name"] == "electron" && affected["package"]["ecosystem"] == "npm");
    let mut ranges = Vec::new();
    for range in of_electron.flat_map(|affected| affected["ranges"].as_array().into_iter().flatten()) {
        let mut introduced = None;
        let mut is_open = false;
        for event in range["events"].as_array().into_iter().flatten() {
            let version = |text: &str| Version::parse(text).ok_or_else(|| format!("`{text}` is no version"));
            if let Some(from) = event["introduced"].as_str() {
                introduced = if from == "0" { None } else { Some(version(from)?) };
                is_open = true;
            } else if let Some(fixed) = event["fixed"].as_str() {
                ranges.push(Range { introduced, fixed: Some(version(fixed)?) });
                is_open = false;
            } else {
                return Err("a range says neither where it begins nor where it is fixed".to_owned());
            }
        }
        if is_open {
            ranges.push(Range { introduced, fixed: None });
        }
    }
    if ranges.is_empty() {
        return Err("no range of npm electron is in it".to_owned());
    }
    ranges.sort_by_key(|range| range.introduced);
    let id = text(&value["id"]).ok_or("it has no id")?;
    let published = value["published"].as_str().and_then(|day| day.get(..10));
    Ok(Advisory {
        published: published.filter(|day| is_day(day)).ok_or("it has no day of publication")?.to_owned().into(),
        aliases: list(&value["aliases"]),
        severity: text(&value["database_specific"]["severity"])
            .ok_or("it has no severity")?
            .to_ascii_lowercase()
            .into(),
        summary: text(&value["summary"]).ok_or("it has no summary")?,
        cwe: list(&value["database_specific"]["cwe_ids"]),
        ranges,
        source: format!("https://github.com/advisories/{id}; read in {name}").into(),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OSV: &str = r#"{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2027-1"],"published":"2027-01-02T10:00:00Z","summary":"A hole.",
        "database_specific":{"severity":"HIGH","cwe_ids":["CWE-20"]},"affected":[
        {"package":{"ecosystem":"npm","name":"other"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]},
        {"package":{"ecosystem":"npm","name":"electron"},"ranges":[{"type":"SEMVER","events":[{"introduced":"44.0.0"},{"fixed":"44.9.0"}]}]},
        {"package":{"ecosystem":"npm","name":"electron"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"43.9.1"}]}]}]}"#;

    fn add(data: Data, name: &str, text: &str) -> Result<Data, String> {
        data.with_source(name, text, "2027-02-03").map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_what_was_written() {
        let data = Data::embedded().clone();
        let again = Data::from_file(&data.to_file()).expect("it can be read");
        assert_eq!((data.as_of(), data.dates_to()), (again.as_of(), again.dates_to()));
        assert_eq!(data.releases(), again.releases());
        assert_eq!(data.majors(), again.majors());
        assert_eq!(data.advisories(), again.advisories());
    }

    #[test]
    fn sources_add_releases_dates_majors_and_advisories() {
        let data = add(
            Data::embedded().clone(),
            "full-versions.json",
            r#"{"99.0.0":"250.0.1.2","99.1.0-beta.1":"250.0.1.3"}"#,
        );
        let data = add(data.expect("read"), "tags", "v99.0.0 2027-01-30\nv98.0.0-alpha.1 2026-12-01\n").expect("read");
        let data = add(data, "GHSA-aaaa-bbbb-cccc.json", OSV).expect("read");
        let version = |text| Version::parse(text).expect("a version");
        let newest = data.newest().expect("there are some");
        assert_eq!(
            (newest.version, newest.date.as_deref(), newest.chromium.as_deref()),
            (version("99.0.0"), Some("2027-01-30"), Some("250.0.1.2"))
        );
        assert_eq!((data.as_of(), data.dates_to()), ("2027-02-03", "2027-01-30"));
        assert_eq!(data.majors().last().map(|row| (row.major, row.stable.as_str())), Some((99, "2027-01-30")));
        assert!(data.supported_majors().contains(&99));
        let affects = |text| data.affecting(&version(text)).iter().any(|row| row.id == "GHSA-aaaa-bbbb-cccc");
        assert!(affects("1.2.3") && affects("43.9.0") && affects("44.8.9"));
        assert!(!affects("43.9.1") && !affects("44.9.0"));
        // Said once more, it is the same advisory.
        let count = data.advisories().len();
        assert_eq!(add(data, "again.json", OSV).expect("read").advisories().len(), count);
    }

    #[test]
    fn what_is_none_of_the_sources_is_refused() {
        let other = OSV.replace(r#""name":"electron""#, r#""name":"electrum""#);
        for (text, part) in [
            ("", "it is empty"),
            ("v39.2.7", "line 1: not a tag and a day"),
            ("v39.2.7 today", "`today` is no day"),
            ("[1, 2]", "neither an advisory nor a table"),
            (r#"{"a": "b"}"#, "neither an advisory nor versions"),
            (other.as_str(), "no range of npm electron"),
        ] {
            let error = add(Data::embedded().clone(), "given", text).expect_err(text);
            assert!(error.contains("given: ") && error.contains(part), "{error}");
        }
        for text in ["{}", r#"{"format": 2, "releases": 1, "support": 2, "advisories": 3}"#, "x"] {
            assert!(Data::from_file(text).is_err(), "{text}");
        }
    }
}
