//! The rows of the requirements: each has a test of its number, and docs/sandbox.md lists it.

use std::path::Path;

/// Rows of each table, and those that are tested elsewhere: D7 is a rule of the linter, D13 the benchmark.
const ROWS: [(char, u32); 4] = [('a', 30), ('b', 18), ('c', 35), ('d', 13)];
const ELSEWHERE: [&str; 2] = ["d07", "d13"];

fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&std::fs::read_to_string(path).expect("UTF-8"));
        }
    }
}

#[test]
fn every_row_has_a_test_and_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    sources(&root.join("src"), &mut code);
    sources(&root.join("tests"), &mut code);
    let page = std::fs::read_to_string(root.join("../../docs/sandbox.md")).expect("the page");
    let mut missing = Vec::new();
    for (table, last) in ROWS {
        for row in 1..=last {
            let name = format!("{table}{row:02}");
            if !ELSEWHERE.contains(&name.as_str()) {
                let is_test = code.contains(&format!("fn {name}_"));
                let is_documented = page.contains(&format!("`{name}_"));
                if !is_test || !is_documented {
                    missing.push(format!("{name}: test {is_test}, documented {is_documented}"));
                }
            }
            let upper = format!("| {}{row} |", table.to_ascii_uppercase());
            if !page.contains(&upper) {
                missing.push(format!("{upper} has no row in the page"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    // Every test that the page names is there.
    let named = page.split('`').filter(|word| word.len() > 4 && word.as_bytes()[3] == b'_' && word.is_ascii());
    let absent: Vec<&str> = named
        .filter(|word| matches!(word.as_bytes()[0], b'a'..=b'd') && word[1..3].bytes().all(|b| b.is_ascii_digit()))
        .filter(|word| !code.contains(&format!("fn {word}(")))
        .collect();
    assert_eq!(absent, Vec::<&str>::new());
}
