//! Metamorphic tests: what says the same in other words has the same findings, at the places where its code went.
//!
//! Every app of `fixtures/apps/` and every case of `fixtures/rules/` is changed in a way that means nothing, and checked before and
//! after with all rules, tentative findings too. What a change would give another meaning, it leaves as it is: each says when, and the
//! counts are printed. A seeded part of the cases is taken unless `METAMORPHIC=all`; `METAMORPHIC_SEED` takes another part.

mod lines;
mod names;
mod order;
mod pieces;
mod split;
mod tree;
mod wraps;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{self, Format, Look, Report, confidence_name, severity_name};
use electrolint_testkit::Fixture;

use crate::pieces::{Edit, Image, Piece, Pieces, bytes, edited, images};
use crate::tree::Script;

/// One in so many cases is taken for each change.
const ONE_IN: u64 = 6;

/// Paths and bytes.
type Files = Vec<(String, Vec<u8>)>;

/// What a finding says, without its words: these name variables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    rule: &'static str,
    path: String,
    /// Of the file, in bytes.
    start: usize,
    /// Of the file as a whole, which is said at its beginning.
    whole: bool,
    severity: &'static str,
    confidence: &'static str,
    suppressed: bool,
    /// Line and column, 1-based.
    place: (u32, u32),
}

fn check(files: &Files, threads: u16, cache: Option<&Path>) -> Report {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    for (path, bytes) in files {
        let path = scratch.path().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }
    let paths = vec![scratch.path().to_path_buf()];
    let input = InputArgs { paths, threads: Some(threads), ..InputArgs::default() };
    let options = CheckArgs { input, all: true, ..CheckArgs::default() };
    let outcome = match cache {
        Some(cache) => electrolint::check_keeping(&options, cache.to_path_buf()),
        None => electrolint::check(&options),
    };
    outcome.unwrap_or_else(|error| panic!("{error}"))
}

fn seen(files: &Files) -> Vec<Seen> {
    let report = check(files, 1, None);
    let seen = |placed: &report::Placed| Seen {
        rule: placed.finding.rule,
        path: placed.location.path.clone(),
        start: placed.location.start_byte as usize,
        whole: placed.location.end_byte == 0,
        severity: severity_name(placed.finding.severity),
        confidence: confidence_name(placed.finding.confidence),
        suppressed: placed.suppressed.is_some(),
        place: (placed.location.line, placed.location.column),
    };
    let mut all: Vec<Seen> = report.findings.iter().map(seen).collect();
    all.sort();
    all
}

/// The fixtures by their folders below `fixtures/`, each read once.
fn cases() -> &'static [(String, Files)] {
    static CASES: OnceLock<Vec<(String, Files)>> = OnceLock::new();
    CASES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let below = |folder: &str| {
            let names = Fixture::folders(&root.join(folder)).expect("fixtures are readable");
            names.into_iter().map(move |name| format!("{folder}/{name}")).collect::<Vec<_>>()
        };
        let mut folders = below("apps");
        folders.extend(below("rules").iter().flat_map(|rule| below(rule)));
        let load = |folder: String| {
            let fixture = Fixture::load(&root.join(&folder)).unwrap_or_else(|error| panic!("{error}"));
            (folder, fixture.files)
        };
        folders.into_iter().map(load).collect()
    })
}

/// What is found in a case as it is, once.
fn unchanged(case: &str, files: &Files) -> Arc<Vec<Seen>> {
    static KNOWN: Mutex<Option<HashMap<String, Arc<Vec<Seen>>>>> = Mutex::new(None);
    let known = || KNOWN.lock().unwrap_or_else(|poison| poison.into_inner());
    if let Some(seen) = known().get_or_insert_default().get(case) {
        return seen.clone();
    }
    let seen = Arc::new(seen(files));
    known().get_or_insert_default().insert(case.to_owned(), seen.clone());
    seen
}

/// The part of the cases that a change is tried on.
fn sample(change: &str) -> impl Iterator<Item = &'static (String, Files)> {
    let is_all = std::env::var_os("METAMORPHIC").is_some_and(|what| what == "all");
    let only = std::env::var("METAMORPHIC").ok().filter(|what| what.contains('/'));
    let seed: u64 = std::env::var("METAMORPHIC_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let change = change.to_owned();
    cases().iter().filter(move |(case, _)| {
        let mut hasher = DefaultHasher::new();
        (seed, &change, case).hash(&mut hasher);
        match &only {
            Some(only) => case.contains(only.as_str()),
            None => is_all || hasher.finish().is_multiple_of(ONE_IN),
        }
    })
}

/// What must be equal besides rule and severity.
#[derive(Clone, Copy)]
struct Same {
    /// How sure it is. What moved to another file is followed there, which is a little less than read in place.
    confidence: bool,
}

/// What is wrong with the findings of a changed app.
fn complaints(before: &[Seen], after: &[Seen], app: &Pieces, same: Same) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut explained = vec![false; after.len()];
    for old in before {
        let places = images(app, &old.path, old.start);
        let is_image = |new: &Seen| {
            let is_there = |image: &Image| image.path == new.path && image.start.contains(&new.start);
            let is_whole = old.whole && new.whole && old.path == new.path;
            new.rule == old.rule
                && new.severity == old.severity
                && new.suppressed == old.suppressed
                && confidence(old, same) == confidence(new, same)
                && (is_whole || places.iter().any(is_there))
        };
        // One for each of several at one place; what was copied may be found in each copy.
        let free = (0..after.len()).find(|index| !explained[*index] && is_image(&after[*index]));
        let Some(free) = free else {
            complaints.push(format!("lost: {old:?}, now at {places:?}"));
            continue;
        };
        explained[free] = true;
        if places.len() > 1 {
            (0..after.len()).filter(|index| is_image(&after[*index])).for_each(|index| explained[index] = true);
        }
    }
    complaints
        .extend((0..after.len()).filter(|index| !explained[*index]).map(|index| format!("new: {:?}", after[index])));
    for new in after {
        let place = place_of(&bytes(&app[&new.path]), new.start);
        if place.is_some_and(|place| place != new.place) {
            complaints.push(format!("{:?} is line and column {place:?}", new));
        }
    }
    complaints
}

fn confidence(seen: &Seen, same: Same) -> &'static str {
    match seen.confidence {
        "certain" | "firm" if !same.confidence => "shown",
        other => other,
    }
}

/// Line and column of a byte: LF, CR LF and lone CR end lines, columns count UTF-16 units. None in what is not UTF-8.
fn place_of(bytes: &[u8], at: usize) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let before = text.get(..at)?.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let line = before.rsplit('\n').next().unwrap_or_default();
    Some((before.matches('\n').count() as u32 + 1, line.encode_utf16().count() as u32 + 1))
}

/// What a change makes of one file, or why it leaves it.
type Change = dyn Fn(&Files, &str, &[u8]) -> Result<Vec<Piece>, &'static str> + Sync;

/// Changes the files of each case one by one.
fn unmoved(name: &str, change: &Change) {
    holds(name, Same { confidence: true }, &|files| {
        let mut app = Pieces::new();
        let mut left = Vec::new();
        for (path, bytes) in files {
            let pieces = change(files, path, bytes).unwrap_or_else(|reason| {
                left.push(reason);
                vec![Piece::old(path, bytes, 0..bytes.len())]
            });
            app.insert(path.clone(), pieces);
        }
        (app, left)
    });
}

/// Holds a change to its word over the cases.
fn holds(name: &str, same: Same, change: &(dyn Fn(&Files) -> (Pieces, Vec<&'static str>) + Sync)) {
    let mut failures = Vec::new();
    let (mut changed, mut findings) = (0, 0);
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for (case, files) in sample(name) {
        let (app, reasons) = change(files);
        reasons.into_iter().for_each(|reason| *left.entry(reason).or_default() += 1);
        let after: Files = app.iter().map(|(path, pieces)| (path.clone(), bytes(pieces))).collect();
        if after.iter().eq(files.iter()) {
            continue;
        }
        changed += 1;
        let before = unchanged(case, files);
        findings += before.len();
        let after = seen(&after);
        let complaints = complaints(&before, &after, &app, same);
        if !complaints.is_empty() {
            failures.push(format!("{case}\n  {}", complaints.join("\n  ")));
        }
    }
    left.remove("");
    let left: Vec<String> = left.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    println!("{name}: {changed} cases changed, {findings} findings; files left as they are: {}", left.join(", "));
    assert!(changed > 0, "{name} changes nothing");
    assert!(failures.is_empty(), "{name}: {} cases\n{}", failures.len(), failures.join("\n"));
}

fn by_edits(
    path: &str,
    bytes: &[u8],
    edits: impl Fn(&Script) -> Result<Vec<Edit>, &'static str>,
) -> Result<Vec<Piece>, &'static str> {
    Ok(edited(path, bytes, edits(&Script::read(path, bytes)?)?))
}

#[test]
fn variables_have_other_names() {
    unmoved("names", &|files, path, bytes| {
        by_edits(path, bytes, |script| names::renamed(script, is_loaded_by_page(files, path)))
    });
}

/// Whether a page of the app names this script: then its top is that of all scripts of the page.
fn is_loaded_by_page(files: &Files, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut pages = files.iter().filter(|(path, _)| path.ends_with(".html") || path.ends_with(".htm"));
    pages.any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(name))
}

#[test]
fn properties_stand_in_another_order() {
    unmoved("order", &|_, path, bytes| order::reversed(&Script::read(path, bytes)?));
}

#[test]
fn expressions_stand_in_parentheses() {
    unmoved("parentheses", &|_, path, bytes| by_edits(path, bytes, wraps::parentheses));
}

#[test]
fn expressions_are_cast() {
    unmoved("casts", &|_, path, bytes| by_edits(path, bytes, wraps::casts));
}

#[test]
fn comments_stand_between() {
    unmoved("comments", &|_, path, bytes| by_edits(path, bytes, lines::comments));
}

#[test]
fn lines_end_as_on_windows() {
    unmoved("crlf", &|_, path, bytes| Ok(edited(path, bytes, lines::crlf(bytes)?)));
}

#[test]
fn lines_end_as_on_old_macs() {
    unmoved("cr", &|_, path, bytes| Ok(edited(path, bytes, lines::cr(path, bytes)?)));
}

#[test]
fn a_part_lies_in_a_file_of_its_own() {
    holds("split", Same { confidence: false }, &split::split);
}

/// The whole report, without what another folder and another hour change.
fn json(mut report: Report) -> String {
    report.time = (0, 0);
    report.base = Path::new("/app").to_path_buf();
    report.repository = report.base.clone();
    report::render(Format::Json, &report, Look::default())
}

#[test]
fn threads_change_nothing() {
    for (case, files) in sample("threads") {
        assert_eq!(json(check(files, 1, None)), json(check(files, 2, None)), "{case}");
    }
}

#[test]
fn what_was_kept_changes_nothing() {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let cache = scratch.path().join("cache");
    for (case, files) in sample("cache") {
        let plain = json(check(files, 1, None));
        assert_eq!(json(check(files, 1, Some(&cache))), plain, "{case}");
        let again = check(files, 1, Some(&cache));
        assert!(again.cache.as_ref().is_some_and(|line| !line.contains(": 0 of ")), "{case}: {:?}", again.cache);
        assert_eq!(json(again), plain, "{case}");
    }
}

/// The harness fails where it should.
#[test]
fn what_is_lost_new_or_elsewhere_is_seen() {
    let text: &[u8] = b"f();\ng();\n";
    let app = Pieces::from([("a.js".to_owned(), edited("a.js", text, vec![Edit::insert(0, "\n")]))]);
    let at = |start: usize, line: u32| Seen {
        rule: "web-security",
        path: "a.js".into(),
        start,
        whole: false,
        severity: "high",
        confidence: "certain",
        suppressed: false,
        place: (line, 1),
    };
    let same = Same { confidence: true };
    let complaints = |before: &[Seen], after: &[Seen], same| complaints(before, after, &app, same).len();
    assert_eq!(complaints(&[at(5, 2)], &[at(6, 3)], same), 0);
    assert_eq!(complaints(&[at(5, 2)], &[], same), 1, "lost");
    assert_eq!(complaints(&[], &[at(6, 3)], same), 1, "new");
    assert_eq!(
        complaints(&[at(5, 2)], &[at(5, 2)], same),
        3,
        "it stayed where its code is no more, and that is line 2, column 5"
    );
    assert_eq!(complaints(&[at(5, 2)], &[at(6, 2)], same), 1, "a wrong line");
    assert_eq!(complaints(&[at(5, 2), at(5, 2)], &[at(6, 3)], same), 1, "one of two");
    let firm = Seen { confidence: "firm", ..at(6, 3) };
    assert_eq!(complaints(&[at(5, 2)], std::slice::from_ref(&firm), same), 2);
    assert_eq!(complaints(&[at(5, 2)], &[firm], Same { confidence: false }), 0);
}
