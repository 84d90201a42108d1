//! Real apps: weaknesses that they had and fixed, and what is triaged in them today.
//!
//! `ELECTROLINT_REAL` names a folder that holds, under the names of `tests/real/apps.toml`, a git repository of each app (bare or
//! not), or a folder with its package. Without it, everything here is skipped and says so. What is taken out of a repository is
//! kept below the folder of temporary files of the tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{Report, confidence_name};
use toml_edit::{DocumentMut, Table};

/// Of the fixes, so many in a hundred must be seen.
const LEAST_HELD: usize = 80;
/// Of the findings that are true or false, so many in a hundred must be true; debatable ones are counted apart.
const LEAST_PRECISION: usize = 95;
/// Files larger than this many bytes are no sources.
const MOST_BYTES: usize = 8 << 20;
/// What is read of a repository: the texts that discovery knows.
const ENDINGS: &[&str] = &[
    "js", "cjs", "mjs", "jsx", "ts", "cts", "mts", "tsx", "vue", "svelte", "astro", "html", "htm", "xhtml", "ejs",
    "hbs", "pug", "json", "json5", "yaml", "yml", "toml", "lock", "desktop",
];

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("ELECTROLINT_REAL").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: ELECTROLINT_REAL names no folder of real apps");
    }
    folder
}

fn document(name: &str) -> DocumentMut {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows(document: &DocumentMut, name: &str) -> Vec<Table> {
    document.get(name).and_then(|item| item.as_array_of_tables()).into_iter().flatten().cloned().collect()
}

fn text<'a>(row: &'a Table, key: &str) -> Option<&'a str> {
    row.get(key).and_then(|item| item.as_str())
}

fn required<'a>(row: &'a Table, key: &str) -> &'a str {
    text(row, key).unwrap_or_else(|| panic!("a row has no `{key}`: {row}"))
}

fn texts(row: &Table, key: &str) -> Vec<String> {
    let list = row.get(key).and_then(|item| item.as_array()).into_iter().flatten();
    list.filter_map(|value| value.as_str().map(String::from)).collect()
}

fn lines(row: &Table, key: &str) -> Vec<u32> {
    let list = row.get(key).and_then(|item| item.as_array()).into_iter().flatten();
    list.filter_map(|value| value.as_integer().and_then(|line| u32::try_from(line).ok())).collect()
}

/// The sources of an app at a commit, taken out of its repository unless they were before.
///
/// Objects that the repository lacks are passed over: a partial clone is enough, if it has the sources.
fn checkout(repository: &Path, app: &str, commit: &str) -> PathBuf {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("real")
        .join(format!("{app}-{}", commit.get(..12).unwrap_or(commit)));
    if into.is_dir() {
        return into;
    }
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(repository).args(arguments);
        command
    };
    let listed = git(&["ls-tree", "-r", "-z", commit]).output().expect("git runs");
    assert!(listed.status.success(), "{app}: {}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let blobs: Vec<(String, String)> = listed
        .split('\0')
        .filter_map(|entry| {
            let (facts, path) = entry.split_once('\t')?;
            let mut facts = facts.split(' ');
            let is_file = facts.next()?.starts_with("100");
            let object = facts.nth(1)?;
            let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
            (is_file && ENDINGS.contains(&ending)).then(|| (object.to_owned(), path.to_owned()))
        })
        .collect();
    let part = into.with_extension("part");
    let _ = fs::remove_dir_all(&part);
    let mut child =
        git(&["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git runs");
    let mut input = child.stdin.take().expect("it is piped");
    let objects: Vec<String> = blobs.iter().map(|(object, _)| object.clone()).collect();
    let writer = std::thread::spawn(move || {
        for object in objects {
            writeln!(input, "{object}").expect("git reads");
        }
    });
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    for (_, path) in &blobs {
        let mut head = String::new();
        output.read_line(&mut head).expect("git writes");
        let Some(size) = head.trim().rsplit(' ').next().and_then(|size| size.parse::<usize>().ok()) else { continue };
        let mut content = vec![0; size + 1];
        output.read_exact(&mut content).expect("git writes what it announced");
        content.truncate(size);
        if size <= MOST_BYTES {
            let file = part.join(path);
            fs::create_dir_all(file.parent().unwrap_or(&part)).expect("a folder can be made");
            fs::write(&file, content).expect("a file can be written");
        }
    }
    writer.join().expect("the writer ends");
    child.wait().expect("git ends");
    fs::rename(&part, &into).expect("the checkout can be named");
    into
}

/// One finding, as far as rows speak of it.
struct Seen {
    rule: String,
    path: String,
    line: u32,
    /// The places that it names besides, with their lines.
    related: Vec<(String, u32)>,
    says: String,
    is_tentative: bool,
    /// The app that users have does not do it.
    only_in_development: bool,
}

impl Seen {
    fn is_at(&self, path: Option<&str>, lines: &[u32], also_related: bool) -> bool {
        let is_place =
            |(at, line): (&str, u32)| path.is_none_or(|path| path == at) && (lines.is_empty() || lines.contains(&line));
        is_place((&self.path, self.line))
            || also_related && self.related.iter().any(|(path, line)| is_place((path, *line)))
    }
}

fn seen(folder: &Path) -> Vec<Seen> {
    let input = InputArgs { paths: vec![folder.to_path_buf()], ..InputArgs::default() };
    let options = CheckArgs { input, all: true, ..CheckArgs::default() };
    let report: Report = electrolint::check(&options).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    report
        .findings
        .iter()
        .map(|placed| Seen {
            rule: placed.finding.rule.into(),
            path: placed.location.path.clone(),
            line: placed.location.line,
            related: placed.related.iter().map(|place| (place.location.path.clone(), place.location.line)).collect(),
            says: placed.finding.message.clone(),
            only_in_development: placed.finding.message.ends_with("(only in development)"),
            is_tentative: confidence_name(placed.finding.confidence) == "tentative",
        })
        .collect()
}

/// What is seen of a row before or after its fix.
fn matching<'a>(row: &Table, found: &'a [Seen], lines: &[u32], about: &[String], also_related: bool) -> Vec<&'a Seen> {
    found
        .iter()
        .filter(|seen| seen.rule == required(row, "rule"))
        .filter(|seen| seen.is_at(text(row, "path"), lines, also_related))
        .filter(|seen| about.is_empty() || about.iter().any(|word| seen.says.contains(word)))
        .collect()
}

#[test]
fn weaknesses_of_the_past_are_reported_before_their_fix_and_not_after() {
    let Some(apps) = folder() else { return };
    let mut known: BTreeMap<PathBuf, Vec<Seen>> = BTreeMap::new();
    let (mut held, mut all) = (0, 0);
    for row in rows(&document("fixes.toml"), "fix") {
        let app = required(&row, "app");
        let mut side = |commit: &str| {
            let mut path = checkout(&apps.join(app), app, commit);
            if let Some(folder) = text(&row, "folder") {
                path.push(folder);
            }
            if !known.contains_key(&path) {
                let found = seen(&path);
                known.insert(path.clone(), found);
            }
            path
        };
        let (before, after) = (side(required(&row, "before")), side(required(&row, "after")));
        let empty = Vec::new();
        let before = known.get(&before).unwrap_or(&empty);
        let after = known.get(&after).unwrap_or(&empty);
        // One finding tells of all windows that lack a handler, and of all places that hand data on to one call.
        let mut also_related = false;
        let mut reported = matching(&row, before, &lines(&row, "lines"), &[], false);
        if reported.iter().all(|seen| seen.is_tentative) {
            also_related = true;
            reported = matching(&row, before, &lines(&row, "lines"), &[], true);
        }
        // Lines of the fixed file are other lines, so without them the whole file is asked.
        let about = texts(&row, "about");
        let left = matching(&row, after, &lines(&row, "lines_after"), &about, also_related);
        let is_reported = reported.iter().any(|seen| !seen.is_tentative);
        let is_left = left.iter().any(|seen| !seen.is_tentative && !seen.only_in_development);
        let verdict = match (is_reported, is_left) {
            (true, false) => "held",
            (false, false) if !reported.is_empty() => "NOT HELD: only tentative before",
            (false, false) => "NOT HELD: not reported before",
            (true, true) => "NOT HELD: still reported after",
            (false, true) => "NOT HELD: reported after, not before",
        };
        all += 1;
        held += usize::from(is_reported && !is_left);
        println!(
            "{verdict:32} {app} {} {} {}",
            required(&row, "after").get(..9).unwrap_or_default(),
            required(&row, "rule"),
            text(&row, "path").unwrap_or("-"),
        );
        if !is_reported || is_left {
            for seen in left.iter().filter(|seen| !seen.is_tentative && !seen.only_in_development) {
                println!("{:36}after: {}:{} {}", "", seen.path, seen.line, seen.says);
            }
        }
    }
    println!("{held} of {all} held");
    assert!(held * 100 >= all * LEAST_HELD, "{held} of {all} held, fewer than {LEAST_HELD} in a hundred");
}

/// Rule, file and line: what tells one finding of the triage from another, save for equal ones.
type Place = (String, String, u32);

#[test]
fn what_is_found_today_is_what_was_triaged() {
    let Some(folder) = folder() else { return };
    let triage = document("triage.toml");
    let (mut verdicts, mut differences) = (BTreeMap::<String, usize>::new(), 0);
    for (app, about) in document("apps.toml").iter() {
        let Some(about) = about.as_table() else { continue };
        let mut path = folder.join(app);
        match text(about, "commit") {
            Some(commit) => path = checkout(&path, app, commit),
            None if text(about, "version").is_none() => continue,
            None => {}
        }
        let path = path.join(text(about, "folder").unwrap_or_default());
        let mut found: BTreeMap<Place, Vec<Seen>> = BTreeMap::new();
        for seen in seen(&path) {
            found.entry((seen.rule.clone(), seen.path.clone(), seen.line)).or_default().push(seen);
        }
        let rows_of = |name: &str| rows(&triage, name).into_iter().filter(|row| required(row, "app") == app);
        for row in rows_of("missed") {
            let is_tentative = text(&row, "seen") == Some("tentative");
            let at = found.get(&place(&row)).map_or(&[][..], Vec::as_slice);
            let is_firm = at.iter().any(|seen| !seen.is_tentative);
            let change = match (is_firm, at.is_empty()) {
                (true, _) => "no longer missed",
                (_, true) if is_tentative => "not even tentative any more",
                _ => continue,
            };
            differences += 1;
            println!("{app}: {change}: {}", told(&place(&row)));
        }
        let mut left: BTreeMap<Place, usize> = BTreeMap::new();
        for row in rows_of("finding") {
            *verdicts.entry(required(&row, "verdict").to_owned()).or_default() += 1;
            *left.entry(place(&row)).or_default() += 1;
        }
        for (place, seen) in &found {
            let firm = seen.iter().filter(|seen| !seen.is_tentative);
            let known = left.remove(place).unwrap_or(0);
            for seen in firm.clone().skip(known) {
                differences += 1;
                println!("{app}: new: {} {}", told(place), seen.says);
            }
            for _ in firm.count()..known {
                differences += 1;
                println!("{app}: lost: {}", told(place));
            }
        }
        for place in left.keys() {
            differences += 1;
            println!("{app}: lost: {}", told(place));
        }
    }
    let count = |verdict: &str| verdicts.get(verdict).copied().unwrap_or(0);
    let (right, wrong) = (count("true"), count("false"));
    println!("{right} true, {wrong} false, {} debatable, {differences} differences", count("debatable"));
    assert!(right * 100 >= (right + wrong) * LEAST_PRECISION, "fewer than {LEAST_PRECISION} in a hundred are true");
    assert_eq!(differences, 0, "findings differ from those that were triaged");
}

fn place(row: &Table) -> Place {
    let line = row.get("line").and_then(|line| line.as_integer()).and_then(|line| u32::try_from(line).ok());
    (required(row, "rule").into(), required(row, "path").into(), line.unwrap_or(0))
}

fn told((rule, path, line): &Place) -> String {
    format!("{path}:{line} {rule}")
}
