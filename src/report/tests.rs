//! Every format on one made-up report, and the excerpts on texts that are meant to break them.

use std::path::PathBuf;
use std::sync::Arc;

use electrolint_model::problem::{Problem, ProblemKind};
use electrolint_model::source::{FileId, Span};
use electrolint_model::text::Text;
use electrolint_rules::finding::{Confidence, Finding, Scope, Severity};

use super::excerpt::{Excerpt, Label};
use super::*;

const MAIN: &str = "const { BrowserWindow } = require('electron');\nconst { preferences } = require('./options');\n\n\
function open() {\n  const window = new BrowserWindow({\n    webPreferences: { ...preferences, webSecurity: false },\n  });\n  \
window.loadURL('https://example.com/');\n}\n\nopen();\n";
const OPTIONS: &str = "exports.preferences = {\n\tnodeIntegration: true,\n};\n";

fn place(text: &str, path: &str, needle: &str) -> (Location, Excerpted) {
    let start = text.find(needle).unwrap();
    let (location, source) = at(&Arc::new(Text::plain(text)), start, start + needle.len());
    (Location { path: path.into(), ..location }, source)
}

/// The place of two offsets, which may be odd.
fn at(text: &Arc<Text>, start: usize, end: usize) -> (Location, Excerpted) {
    let (from, to) = (text.position(start as u32), text.position(end as u32));
    let location = Location {
        path: String::new(),
        line: from.line,
        column: from.column,
        end_line: to.line,
        end_column: to.column,
        start_byte: start as u32,
        end_byte: end as u32,
    };
    (location, Excerpted { text: text.clone(), start, end })
}

fn placed(rule: &'static str, severity: Severity, at: (Location, Excerpted), message: &str) -> Placed {
    let finding = Finding {
        rule,
        severity,
        confidence: Confidence::Firm,
        scope: Scope::Site,
        span: Span { file: FileId(0), start: at.1.start as u32, end: at.1.end as u32 },
        message: message.into(),
        gain: "A page of another site is read with the user's cookies, and its answers are sent anywhere.".into(),
        help: "Leave the option out: it is on by default. Serve what the page needs from one origin, or with CORS headers \
               that name the origins which may read it."
            .into(),
        related: Vec::new(),
        symbol: "open.BrowserWindow#0.webPreferences".into(),
        ignored: None,
        fix: None,
    };
    Placed {
        app: 0,
        finding,
        location: at.0,
        source: Some(at.1),
        related: Vec::new(),
        fix: None,
        fingerprint: "0123456789abcdef0123456789abcdef".into(),
        suppressed: None,
        fails: true,
    }
}

fn related(at: (Location, Excerpted), message: &str) -> RelatedPlace {
    RelatedPlace { relation: Relation::Note, location: at.0, source: Some(at.1), message: message.into() }
}

fn sample() -> Report {
    let mut first = placed(
        "web-security",
        Severity::High,
        place(MAIN, "src/main.js", "webSecurity: false"),
        "the same-origin policy is off in this window",
    );
    first.related.push(related(place(MAIN, "src/main.js", "'https://example.com/'"), "it shows a remote page"));
    let mut second = placed(
        "node-integration",
        Severity::Medium,
        place(MAIN, "src/main.js", "...preferences"),
        "pages of this window have Node.js",
    );
    second.related.push(related(place(OPTIONS, "src/options.js", "true"), "nodeIntegration is set here"));
    let mut third =
        placed("fuses", Severity::Low, place(MAIN, "src/main.js", "open();"), "fuses are left as they come");
    third.finding.scope = Scope::App;
    third.fix = Some(FixReport {
        title: "flip the fuses".into(),
        safe: false,
        edits: vec![EditReport {
            location: third.location.clone(),
            source: third.source.clone(),
            replacement: "flip();".into(),
        }],
    });
    Report {
        base: PathBuf::from("/nowhere/notes"),
        repository: PathBuf::from("/nowhere/notes"),
        baseline: None,
        gone: Vec::new(),
        unused: Vec::new(),
        category: "electrolint".into(),
        time: (1_795_219_200, 1_795_219_201),
        timings: Default::default(),
        cache: None,
        apps: vec![AppReport {
            root: String::new(),
            name: Some("notes".into()),
            electron: ElectronReport {
                version: Some("39.2.7".into()),
                source: "package-lock.json".into(),
                assumed: false,
                status: "supported".into(),
            },
            files_read: 41,
            windows: 2,
            resolved: vec!["starts in src/main.js".into()],
        }],
        findings: vec![first, second, third],
        rules: vec![RuleReport {
            name: "web-security",
            severity: Severity::High,
            items: vec!["S5", "E6"],
            summary: "The same-origin policy is off.",
            page: |_| "# web-security\n\nThe same-origin policy is off.\n".into(),
            doc: |_| "The same-origin policy is off.\n\nAny page may read any other.\n\n```js\nf();\n```\n",
            source: "https://www.electronjs.org/docs/latest/tutorial/security",
            cwe: vec!["CWE-346"],
        }],
        hidden: Hidden { tentative: 4, ..Hidden::default() },
        problems: vec![Problem {
            path: "src/broken file.js".into(),
            line: Some(3),
            kind: ProblemKind::ParseError,
            message: "expected a bracket".into(),
        }],
        omitted: Vec::new(),
        tried: Vec::new(),
        exit: Exit::Findings,
    }
}

#[test]
fn full() {
    insta::assert_snapshot!(render(Format::Full, &sample(), Look::default()));
}

#[test]
fn concise() {
    insta::assert_snapshot!(render(Format::Concise, &sample(), Look::default()));
}

#[test]
fn json() {
    insta::assert_snapshot!(render(Format::Json, &sample(), Look::default()));
}

#[test]
fn sarif() {
    insta::assert_snapshot!(render(Format::Sarif, &sample(), Look::default()));
}

#[test]
fn a_clean_report_says_what_was_looked_at() {
    let mut report = sample();
    report.findings.clear();
    report.problems.clear();
    report.hidden = Hidden::default();
    assert_eq!(summary(&report), "no findings in 41 files of 1 app (Electron 39.2.7, supported), 2 windows seen");
    report.apps[0].windows = 0;
    report.apps[0].electron.assumed = true;
    assert_eq!(
        summary(&report),
        "no findings in 41 files of 1 app (Electron version unknown, 39.2.7 assumed), no window was found"
    );
    assert_eq!(render(Format::Full, &report, Look { quiet: true, ..Look::default() }), "");
}

#[test]
fn minified_lines_are_cut_around_their_labels() {
    let text = format!("{}webSecurity:!1{}", "a=1;".repeat(100_000), ";b=2".repeat(100_000));
    let mut report = sample();
    report.findings =
        vec![placed("web-security", Severity::High, place(&text, "dist/app.js", "webSecurity:!1"), "off")];
    let out = render(Format::Full, &report, Look::default());
    assert!(out.len() < 2_000, "{} bytes", out.len());
    assert!(out.contains("dist/app.js:1:400001"), "{out}");
    assert!(out.contains("webSecurity:!1"), "{out}");
    assert!(out.contains('…'), "{out}");
}

#[test]
fn terminal_commands_of_a_hostile_file_are_not_passed_on() {
    let text = "x('\u{1b}[2J\u{202e}\u{7}'); // evil\n";
    let mut report = sample();
    report.findings =
        vec![placed("web-security", Severity::High, place(text, "a\u{1b}]0;b.js", "x("), "say \u{1b}[31m")];
    for format in [Format::Full, Format::Concise] {
        let out = render(format, &report, Look::default());
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}') && !out.contains('\u{7}'), "{out:?}");
        assert!(out.contains("evil") || format == Format::Concise);
    }
    let colored = render(Format::Full, &report, Look { color: true, ..Look::default() });
    assert!(colored.contains('\u{1b}') && !colored.contains("\u{1b}[2J"), "{colored:?}");
}

/// Every pair of offsets in small texts of the awkward kind, alone and beside another label.
#[test]
fn json_passes_no_terminal_commands_on_either() {
    let text = "a\u{7f}\u{9b}\u{202e}\n\"b\\";
    let json = plain_json(serde_json::to_string_pretty(text).expect("a text serialises"));
    assert!(!json.chars().any(is_hidden), "{json:?}");
    assert_eq!(serde_json::from_str::<String>(&json).expect("it is JSON"), text);
}

#[test]
fn xml_passes_no_terminal_commands_on_either() {
    assert_eq!(xml::escape("a\u{7f}\u{9b}\u{202e}\u{1b}<é"), "a&#127;&#155;&#8238;\u{fffd}&lt;é");
}

#[test]
fn no_span_makes_the_excerpt_panic() {
    let long = format!("é{}\t𝄞 x", "ab".repeat(200));
    let texts =
        ["", "\n", "\r\n", "\r\r\n\n", "a", "a\n", "\na", "é\r𝄞\n\tb", "a\u{0}\u{1b}\u{301}\n\u{200b}世界", &long];
    for text in texts {
        let shared = Arc::new(Text::plain(text));
        let steps: Vec<usize> = (0..=text.len() + 2).step_by(1 + text.len() / 40).collect();
        for &start in &steps {
            for &end in &steps {
                let odd = at(&shared, start, end);
                let whole = at(&shared, 0, text.len());
                let labels = [
                    Label { location: &odd.0, place: &odd.1, message: "odd", primary: true },
                    Label { location: &whole.0, place: &whole.1, message: "whole", primary: false },
                ];
                for labels in [&labels[..1], &labels[..]] {
                    let excerpt = Excerpt::new("a.js".into(), labels).unwrap();
                    assert_eq!(excerpt.labels.len(), labels.len(), "{text:?} {start} {end}");
                }
                let mut report = sample();
                let mut finding = placed("web-security", Severity::High, odd, "the message");
                finding.related.push(related(whole, "whole"));
                report.findings = vec![finding];
                let out = render(Format::Full, &report, Look::default());
                assert!(
                    out.contains("the message") && out.contains("whole") && out.contains("here"),
                    "{text:?} {start} {end}\n{out}"
                );
                assert!(!out.contains("Failed to read"), "{text:?} {start} {end}\n{out}");
            }
        }
    }
}
