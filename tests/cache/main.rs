//! The cache, from outside: whatever is kept and whatever became of it, the report is the one that there is without it.

mod command;
mod mutations;

use std::fs;
use std::path::{Path, PathBuf};

use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{self, Format, Look, Report};

use crate::mutations::{Random, mutate};

/// Everything that reports say, but for the time; what stops the run, where something does.
fn said(outcome: Result<Report, electrolint::Failure>) -> (String, String) {
    let mut report = match outcome {
        Ok(report) => report,
        Err(failure) => return (failure.to_string(), String::new()),
    };
    report.time = (0, 0);
    let formats = [Format::Full, Format::Json, Format::Sarif].map(|format| report::render(format, &report, LOOK));
    let cache = report.cache.take().unwrap_or_default();
    let whole = format!("{}\n{}\n{:?}\n", report::verbose(&report), report::unused(&report, usize::MAX), report.exit);
    (whole + &formats.concat(), cache)
}

const LOOK: Look = Look { color: false, hyperlinks: false, quiet: false, suppressed: true };

fn without(options: &CheckArgs) -> String {
    said(electrolint::check(options)).0
}

/// The report, and what was known.
fn with(options: &CheckArgs, cache: &Path) -> (String, String) {
    said(electrolint::check_keeping(options, cache.to_path_buf()))
}

fn options(app: &Path) -> CheckArgs {
    let input = InputArgs { paths: vec![app.to_path_buf()], threads: Some(1), ..InputArgs::default() };
    CheckArgs { input, all: true, ..CheckArgs::default() }
}

fn fixture_apps() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps");
    let mut apps: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    apps.sort();
    assert!(!apps.is_empty());
    apps
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Entries of one kind in a cache.
fn entries(cache: &Path, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let mut entries: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|other| other == ending)).collect();
    entries.sort();
    entries
}

const TINY: [(&str, &str); 3] = [
    ("package.json", r#"{ "main": "m.js", "devDependencies": { "electron": "39.2.7" } }"#),
    ("m.js", "const { BrowserWindow } = require('electron');\nnew BrowserWindow(require('./o').o);\n"),
    ("o.js", "exports.o = { webPreferences: { nodeIntegration: true } };\n"),
];

/// As small as an app can be of which something is to be said.
const SMALLEST: [(&str, &str); 2] = [
    ("package.json", r#"{ "main": "m.js", "devDependencies": { "electron": "45.4.1" } }"#),
    ("m.js", "require('electron').app.commandLine.appendSwitch('no-sandbox');\n"),
];

fn tiny(folder: &Path) -> PathBuf {
    written(folder, &TINY)
}

fn written(folder: &Path, files: &[(&str, &str)]) -> PathBuf {
    let app = folder.join("app");
    fs::create_dir_all(&app).unwrap();
    for (path, text) in files {
        fs::write(app.join(path), text).unwrap();
    }
    app
}

#[test]
fn a_second_run_says_the_same_and_parses_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    for app in fixture_apps() {
        let cache = scratch.path().join("cache");
        let plain = without(&options(&app));
        let (first, known) = with(&options(&app), &cache);
        assert_eq!(first, plain, "{}", app.display());
        assert!(known.contains(": 0 of 1 apps"), "{known}");
        let (second, known) = with(&options(&app), &cache);
        assert_eq!(second, plain, "{}", app.display());
        assert!(known.ends_with(": 1 of 1 apps were known"), "{known}");
    }
}

#[test]
fn after_an_edit_of_one_file_only_that_file_is_parsed() {
    let scratch = tempfile::tempdir().unwrap();
    let (app, cache) = (tiny(scratch.path()), scratch.path().join("cache"));
    with(&options(&app), &cache);
    fs::write(app.join("o.js"), "exports.o = { webPreferences: { webSecurity: false } };\n").unwrap();
    let (after, known) = with(&options(&app), &cache);
    assert!(known.ends_with(": 0 of 1 apps were known, and 2 of 3 files of the others"), "{known}");
    assert_eq!(after, without(&options(&app)));
    let (_, known) = with(&options(&app), &cache);
    assert!(known.ends_with(": 1 of 1 apps were known"), "{known}");
    // As it was at first, which is known still.
    tiny(scratch.path());
    let (_, known) = with(&options(&app), &cache);
    assert!(known.ends_with(": 1 of 1 apps were known"), "{known}");
}

/// Spoils an entry in many ways; each time it is as if it were not there, and it is written again.
fn spoilt(ending: &str, also: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (app, cache) = (written(scratch.path(), &SMALLEST), scratch.path().join("cache"));
    let options = options(&app);
    let plain = without(&options);
    assert!(plain.contains("no-sandbox"), "{plain}");
    let (_, fresh) = with(&options, &cache);
    let [entry] = &entries(&cache, ending)[..] else { panic!() };
    let whole = fs::read(entry).unwrap();
    let check = |bytes: &[u8], what: &str| {
        // The other entry would speak in its place.
        entries(&cache, also).iter().for_each(|entry| fs::remove_file(entry).unwrap());
        fs::write(entry, bytes).unwrap();
        let (said, known) = with(&options, &cache);
        assert_eq!(said, plain, "{what}");
        assert_eq!(known, fresh, "{what}");
        assert!(fs::read(entry).unwrap() == whole, "{what}: it is not written again");
    };
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        check(&changed, &format!("byte {at} of {}", whole.len()));
        check(&whole[..at], &format!("the first {at} bytes of {}", whole.len()));
    }
    check(&[&whole[..], b"x"].concat(), "a byte more");
    check(&[0; 4096], "zeros");
    // The same act where nothing is spoilt: it is believed.
    entries(&cache, also).iter().for_each(|entry| fs::remove_file(entry).unwrap());
    let (said, known) = with(&options, &cache);
    assert_eq!(said, plain);
    assert_ne!(known, fresh);
}

#[test]
fn a_spoilt_outcome_is_never_believed() {
    spoilt("outcome", "sheets");
}

#[test]
fn spoilt_sheets_are_never_believed() {
    spoilt("sheets", "outcome");
}

#[test]
fn what_is_longer_is_not_believed_either_when_spoilt_anywhere() {
    let scratch = tempfile::tempdir().unwrap();
    let app = fixture_apps().remove(0);
    let cache = scratch.path().join("cache");
    let plain = without(&options(&app));
    let (_, fresh) = with(&options(&app), &cache);
    let mut random = Random(7);
    for ending in ["outcome", "sheets"] {
        for _ in 0..20 {
            let [entry] = &entries(&cache, ending)[..] else { panic!() };
            let mut bytes = fs::read(entry).unwrap();
            for _ in 0..1 + random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = bytes[at].wrapping_add(1 + random.below(255) as u8);
            }
            bytes.truncate(bytes.len() - if random.below(3) == 0 { random.below(bytes.len()) } else { 0 });
            for also in ["outcome", "sheets"].into_iter().filter(|also| *also != ending) {
                entries(&cache, also).iter().for_each(|entry| fs::remove_file(entry).unwrap());
            }
            fs::write(entry, bytes).unwrap();
            assert_eq!(with(&options(&app), &cache), (plain.clone(), fresh.clone()));
        }
    }
}

/// Whatever happens to an app, its configuration and the options, the report is the one of a run that knows nothing.
#[test]
fn no_change_is_missed() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut hits, mut partly, mut changed) = (0, 0, 0);
    for (number, fixture) in fixture_apps().iter().enumerate() {
        let app = scratch.path().join(format!("app{number}"));
        copy(fixture, &app);
        let cache = scratch.path().join("cache");
        let mut random = Random(number as u64 + 1);
        let mut before = String::new();
        let mut told = Vec::new();
        for step in 0..40 {
            let mut options = options(&app);
            let what = if step == 0 { "nothing".to_owned() } else { mutate(&app, fixture, &mut options, &mut random) };
            told.push(what);
            let plain = without(&options);
            let (said, known) = with(&options, &cache);
            assert_eq!(said, plain, "{}, after {told:#?}", fixture.display());
            hits += usize::from(known.ends_with(": 1 of 1 apps were known"));
            partly += usize::from(known.contains(" files of the others") && !known.contains(" and 0 of "));
            changed += usize::from(before != plain);
            before = plain;
        }
    }
    println!("{changed} changes of a report, {hits} outcomes and {partly} times some files were known");
    // It is no test if nothing is ever taken from the cache, or nothing ever changes.
    assert!(hits >= 20 && partly >= 40 && changed >= 60, "{hits} {partly} {changed}");
}
