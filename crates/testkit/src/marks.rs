//! Marks: a line that must be reported says so.
//!
//! | where | mark |
//! |---|---|
//! | JavaScript, TypeScript | `//~ rule` at the end of the line; `/*~ rule */` where no line comment fits, as in JSX: `{/*~ rule */}` |
//! | HTML | `<!--~ rule -->`; in its scripts as in JavaScript |
//! | YAML, TOML | `#~ rule` |
//! | JSON, or a file that must not change | a line `path:line rule` in `expected.txt` |
//!
//! A mark names one finding, or several with commas between (`//~ a, b`), or is repeated (`//~ a //~ b`). It may say more:
//! `//~ web-security high certain`. Each `^` after the tilde points one line up, for lines that cannot bear a comment:
//! `//~^ allow-popups`. The line is that where the finding's primary span begins.
//!
//! `//~ open-external missed: the listener is set by a package` marks a weakness that is known not to be found yet, with the reason, which
//! goes to the end of the comment. It counts as missed; it is an error once it is found.

use std::collections::BTreeMap;
use std::fmt;

/// A finding that must be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// Path of its file inside the fixture, with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// Name of the rule.
    pub rule: String,
    /// Its severity, if the mark names one.
    pub severity: Option<String>,
    /// Its confidence, if the mark names one.
    pub confidence: Option<String>,
    /// Why it is known not to be found, where the mark says so.
    pub missed: Option<String>,
}

/// A finding that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Path of its file inside the fixture, with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// Name of the rule.
    pub rule: String,
    /// `high`, `medium`, `low`, `info`.
    pub severity: String,
    /// `certain`, `firm`, `tentative`.
    pub confidence: String,
}

/// Marks of a file.
///
/// # Errors
/// A message that names the line, for a mark that is none: a misspelt mark must not pass as a comment.
pub fn marks(path: &str, text: &str) -> Result<Vec<Expected>, String> {
    let extension = path.rsplit('.').next().unwrap_or_default();
    let openings: &[(&str, &str)] = match extension {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => &[("//~", ""), ("/*~", "*/")],
        // In Pug a comment is a line of its own, or stands in a script.
        "pug" => &[("//~", "")],
        "html" | "htm" | "xhtml" | "ejs" | "vue" | "svelte" => &[("<!--~", "-->"), ("//~", ""), ("/*~", "*/")],
        "yml" | "yaml" | "toml" => &[("#~", "")],
        // JSON may bear comments (`tsconfig.json`, JSON5), `package.json` must not.
        "json" | "json5" | "jsonc" => &[("//~", "")],
        _ => &[],
    };
    let mut expected = Vec::new();
    for (line, number) in text.lines().zip(1u32..) {
        for mark in marks_of_line(line, openings) {
            let at = |reason: String| format!("{path}:{number}: {reason}");
            let up = mark.bytes().take_while(|byte| *byte == b'^').count();
            let line = number
                .checked_sub(up as u32)
                .filter(|line| *line > 0)
                .ok_or_else(|| at("the mark points above the file".into()))?;
            let (mark, missed) = reason(mark.trim_start_matches('^')).map_err(at)?;
            for one in mark.split(',') {
                let (rule, severity, confidence) = words(one).map_err(at)?;
                expected.push(Expected { path: path.into(), line, rule, severity, confidence, missed: missed.clone() });
            }
        }
    }
    expected.sort();
    Ok(expected)
}

/// The texts between mark openings and their ends.
fn marks_of_line<'a>(line: &'a str, openings: &[(&str, &str)]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let next = openings
            .iter()
            .filter_map(|(open, close)| rest.find(open).map(|at| (at, at + open.len(), *close)))
            .min_by_key(|(at, ..)| *at);
        let Some((_, start, close)) = next else { return found };
        let body = &rest[start..];
        let end = if close.is_empty() {
            // The next mark of the line ends this one.
            openings.iter().filter_map(|(open, _)| body.find(open)).min().unwrap_or(body.len())
        } else {
            body.find(close).unwrap_or(body.len())
        };
        found.push(&body[..end]);
        rest = &body[end..];
    }
}

/// Parts a mark from the reason why it is known to be missed.
fn reason(mark: &str) -> Result<(&str, Option<String>), String> {
    match mark.split_once(" missed:") {
        Some((_, why)) if why.trim().is_empty() => Err("the mark does not say why it is missed".into()),
        Some((mark, why)) => Ok((mark, Some(why.trim().to_owned()))),
        None => Ok((mark, None)),
    }
}

type Words = (String, Option<String>, Option<String>);

/// Reads `rule [severity] [confidence]`.
fn words(text: &str) -> Result<Words, String> {
    let mut words = text.split_whitespace();
    let rule = words.next().ok_or("the mark names no rule")?;
    if !rule.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(format!("`{rule}` is no name of a rule"));
    }
    let (mut severity, mut confidence) = (None, None);
    for word in words {
        let slot = match word {
            "high" | "medium" | "low" | "info" => &mut severity,
            "certain" | "firm" | "tentative" => &mut confidence,
            _ => return Err(format!("`{word}` is neither a severity nor a confidence; commas separate rules")),
        };
        if slot.replace(word.to_string()).is_some() {
            return Err(format!("`{word}` is the second of its kind"));
        }
    }
    Ok((rule.into(), severity, confidence))
}

/// Reads `expected.txt`: `path:line rule [severity] [confidence]` on each line; empty lines and `#` comments are skipped.
///
/// # Errors
/// A message that names the line.
pub fn expected_list(text: &str) -> Result<Vec<Expected>, String> {
    let mut expected = Vec::new();
    for (line, number) in text.lines().zip(1u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |reason: String| format!("expected.txt:{number}: {reason}");
        let shape = || at("expected `path:line rule [severity] [confidence]`".into());
        let (place, mark) = line.split_once(char::is_whitespace).ok_or_else(shape)?;
        let (path, line) = place.rsplit_once(':').ok_or_else(shape)?;
        let line: u32 = line.parse().ok().filter(|line| *line > 0).ok_or_else(shape)?;
        let (mark, missed) = reason(mark).map_err(at)?;
        for one in mark.split(',') {
            let (rule, severity, confidence) = words(one).map_err(at)?;
            expected.push(Expected { path: path.into(), line, rule, severity, confidence, missed: missed.clone() });
        }
    }
    expected.sort();
    Ok(expected)
}

/// How what was found differs from the marks; its display is the message of a failing test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Marked and not found.
    pub missing: Vec<Expected>,
    /// Found and not marked.
    pub unexpected: Vec<Found>,
    /// Found with another severity or confidence than the mark says.
    pub different: Vec<(Expected, Found)>,
    /// Marked as missed, and found: the mark is out of date.
    pub found_after_all: Vec<Expected>,
    /// Marked as missed, and missed: no difference, but no finding either.
    pub known_misses: Vec<Expected>,
}

impl Comparison {
    /// Nothing differs.
    pub fn is_equal(&self) -> bool {
        self.missing.is_empty()
            && self.unexpected.is_empty()
            && self.different.is_empty()
            && self.found_after_all.is_empty()
    }

    /// Fails the test if anything differs.
    ///
    /// # Panics
    /// With the differences, headed by `name`.
    #[track_caller]
    pub fn assert_equal(&self, name: &str) {
        assert!(self.is_equal(), "{name}\n{self}");
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for expected in &self.missing {
            writeln!(f, "  missing     {expected}")?;
        }
        for found in &self.unexpected {
            writeln!(f, "  unexpected  {found}")?;
        }
        for (expected, found) in &self.different {
            writeln!(f, "  different   {expected}: found {} {}", found.severity, found.confidence)?;
        }
        for expected in &self.found_after_all {
            writeln!(f, "  found       {expected}: its mark says that it is missed")?;
        }
        Ok(())
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.path, self.line, self.rule)?;
        for word in self.severity.iter().chain(&self.confidence) {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {} {} {}", self.path, self.line, self.rule, self.severity, self.confidence)
    }
}

/// Compares marks with findings: one mark stands for one finding.
pub fn compare(expected: &[Expected], found: &[Found]) -> Comparison {
    let mut left: BTreeMap<(&str, u32, &str), Vec<&Found>> = BTreeMap::new();
    for found in found {
        left.entry((&found.path, found.line, &found.rule)).or_default().push(found);
    }
    // The marks that say most choose first, so that `//~ a high, a` finds both.
    let mut expected: Vec<&Expected> = expected.iter().collect();
    expected.sort_by_key(|mark| (!(mark.severity.is_some() || mark.confidence.is_some()), *mark));
    let mut comparison = Comparison::default();
    let mut unmatched = Vec::new();
    let (known, expected): (Vec<&Expected>, Vec<&Expected>) =
        expected.into_iter().partition(|mark| mark.missed.is_some());
    for mark in expected {
        let candidates = left.entry((&mark.path, mark.line, &mark.rule)).or_default();
        match candidates.iter().position(|found| agrees(mark, found)) {
            Some(index) => drop(candidates.remove(index)),
            None => unmatched.push(mark),
        }
    }
    for mark in unmatched {
        match left.get_mut(&(mark.path.as_str(), mark.line, mark.rule.as_str())).and_then(Vec::pop) {
            Some(found) => comparison.different.push((mark.clone(), found.clone())),
            None => comparison.missing.push(mark.clone()),
        }
    }
    for mark in known {
        match left.get_mut(&(mark.path.as_str(), mark.line, mark.rule.as_str())).and_then(Vec::pop) {
            Some(_) => comparison.found_after_all.push(mark.clone()),
            None => comparison.known_misses.push(mark.clone()),
        }
    }
    comparison.unexpected = left.into_values().flatten().cloned().collect();
    comparison.missing.sort();
    comparison.unexpected.sort();
    comparison.different.sort();
    comparison
}

fn agrees(mark: &Expected, found: &Found) -> bool {
    mark.severity.as_ref().is_none_or(|severity| *severity == found.severity)
        && mark.confidence.as_ref().is_none_or(|confidence| *confidence == found.confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(line: u32, rule: &str, words: &[&str]) -> Expected {
        let pick = |set: [&str; 4]| words.iter().find(|word| set.contains(word)).map(|word| word.to_string());
        Expected {
            path: "a.js".into(),
            line,
            rule: rule.into(),
            severity: pick(["high", "medium", "low", "info"]),
            confidence: pick(["certain", "firm", "tentative", ""]),
            missed: None,
        }
    }

    fn found(line: u32, rule: &str) -> Found {
        Found { path: "a.js".into(), line, rule: rule.into(), severity: "high".into(), confidence: "certain".into() }
    }

    #[test]
    fn marks_of_scripts() {
        let text = "a(); //~ one\nb(); // no mark\nc(); //~ two high certain //~ three\n{/*~ four */} x\n//~^^ five low, six\n";
        assert_eq!(
            marks("a.js", text).unwrap(),
            [
                expected(1, "one", &[]),
                expected(3, "five", &["low"]),
                expected(3, "six", &[]),
                expected(3, "three", &[]),
                expected(3, "two", &["high", "certain"]),
                expected(4, "four", &[]),
            ]
        );
    }

    #[test]
    fn marks_of_pages_and_data() {
        let page =
            marks("a.html", "<p>\n<webview allowpopups> <!--~ allow-popups --> <!--~ b -->\nf() //~ c\n").unwrap();
        assert_eq!(
            page.iter().map(|mark| (mark.line, mark.rule.as_str())).collect::<Vec<_>>(),
            [(2, "allow-popups"), (2, "b"), (3, "c")]
        );
        assert_eq!(marks("a.yml", "x: 1 #~ fuses\n").unwrap().len(), 1);
        assert_eq!(marks("a.txt", "x //~ fuses\n").unwrap().len(), 0);
        let list = expected_list("# data\n\npackage.json:3 electron-version medium\nc:\\x.json:1 a, b\n").unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!(list[2].to_string(), "package.json:3 electron-version medium");
    }

    #[test]
    fn misspelt_marks_are_errors() {
        for text in ["x //~", "x //~ Rule", "x //~ a b", "x //~ a high low", "//~^ a", "x //~ a,"] {
            assert!(marks("a.js", text).is_err(), "{text}");
        }
        assert_eq!(
            marks("a.js", "\nx //~ a hihg").unwrap_err(),
            "a.js:2: `hihg` is neither a severity nor a confidence; commas separate rules"
        );
        for text in ["a.js", "a.js rule", "a.js:0 rule", "a.js:1"] {
            assert!(expected_list(text).is_err(), "{text}");
        }
    }

    #[test]
    fn equal_sets_compare_equal() {
        let marks = [expected(1, "a", &["high"]), expected(1, "a", &[]), expected(2, "b", &["certain"])];
        compare(&marks, &[found(2, "b"), found(1, "a"), found(1, "a")]).assert_equal("equal");
    }

    #[test]
    fn a_missing_finding_is_told() {
        let comparison = compare(&[expected(1, "a", &[])], &[]);
        assert_eq!(comparison.to_string(), "  missing     a.js:1 a\n");
        assert!(!comparison.is_equal());
        let twice = compare(&[expected(1, "a", &[]), expected(1, "a", &[])], &[found(1, "a")]);
        assert_eq!(twice.missing.len(), 1);
    }

    #[test]
    fn an_unmarked_finding_is_told() {
        let comparison = compare(&[expected(1, "a", &[])], &[found(1, "a"), found(7, "a")]);
        assert_eq!(comparison.to_string(), "  unexpected  a.js:7 a high certain\n");
        assert!(!comparison.is_equal());
    }

    #[test]
    fn another_severity_is_told() {
        let comparison = compare(&[expected(1, "a", &["low"])], &[found(1, "a")]);
        assert_eq!(comparison.to_string(), "  different   a.js:1 a low: found high certain\n");
    }

    #[test]
    fn a_known_miss_says_why() {
        let marks = marks("a.js", "f(); //~ a high missed: nobody follows that, yet\ng(); //~ a\n").unwrap();
        assert_eq!(marks[0].missed.as_deref(), Some("nobody follows that, yet"));
        assert_eq!(marks[0].severity.as_deref(), Some("high"));
        let missed = compare(&marks, &[found(2, "a")]);
        assert!(missed.is_equal() && missed.known_misses.len() == 1);
        let after_all = compare(&marks, &[found(1, "a"), found(2, "a")]);
        assert_eq!(after_all.to_string(), "  found       a.js:1 a high: its mark says that it is missed\n");
        assert!(super::marks("a.js", "f(); //~ a missed:\n").is_err());
    }

    #[test]
    #[should_panic(expected = "case\n  missing     a.js:1 a")]
    fn a_difference_fails_the_test() {
        compare(&[expected(1, "a", &[])], &[]).assert_equal("case");
    }
}
