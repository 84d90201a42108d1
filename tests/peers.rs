//! `docs/peers.md` names rules and cases that there are, and has an answer for every check of the peers.

use std::path::Path;

/// A row: the check, our rules, and the cases that show them or the reason why there is none.
struct Row<'a> {
    check: &'a str,
    ours: &'a str,
    shown: &'a str,
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let cells = |line: &'_ str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().len();
    let lines =
        page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|-") && !line.starts_with("| check"));
    lines
        .map(|line| {
            assert_eq!(cells(line), 3, "{line}");
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let mut next = || cells.next().unwrap_or_default();
            Row { check: next(), ours: next(), shown: next() }
        })
        .collect()
}

/// The texts between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_check_of_the_peers_has_an_answer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/peers.md")).expect("docs/peers.md is there");
    let rows = rows(&page);
    let ids: Vec<&str> = electrolint_rules::all().iter().map(|rule| rule.id).collect();
    let mut faults = Vec::new();
    for Row { check, ours, shown } in &rows {
        if rows.iter().filter(|row| row.check == *check).count() != 1 {
            faults.push(format!("{check}: named more than once"));
        }
        let cases: Vec<&str> = quoted(shown).into_iter().filter(|text| text.contains('/')).collect();
        if *ours == "none" {
            if shown.is_empty() || !cases.is_empty() {
                faults.push(format!("{check}: no rule, and no reason"));
            }
            continue;
        }
        for link in ours.split(", ") {
            let name = link.trim_start_matches('[').split(']').next().unwrap_or_default();
            if !ids.contains(&name) || *link != format!("[{name}](rules/{name}.md)") {
                faults.push(format!("{check}: {link} is no rule"));
            }
            if !cases.iter().any(|case| case.split('/').next() == Some(name)) {
                faults.push(format!("{check}: no case of {name}"));
            }
        }
        for case in cases {
            if !root.join("fixtures/rules").join(case).is_dir() {
                faults.push(format!("{check}: there is no {case}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    // The checks of electronegativity, by their names: 36 atomic, 7 global, 27 for upgrades.
    let named =
        |row: &&Row| row.check.len() > 8 && row.check.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    assert_eq!(rows.iter().filter(named).count(), 36 + 7 + 27);
}
