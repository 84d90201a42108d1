//! How much of what is marked is found: by rule, and by how hard it is to see.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::marks::{Comparison, Expected};

/// What a linter must do to see a weakness, or to see that something is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difficulty {
    /// Read what stands there.
    Literal,
    /// Follow variables, members and functions of one file.
    Variable,
    /// Follow modules.
    CrossFile,
    /// Follow data from where somebody else chooses it to where it does harm.
    DataFlow,
    /// Judge a check that comes before.
    Guarded,
}

impl Difficulty {
    /// The easiest first.
    pub const ALL: [Self; 5] = [Self::Literal, Self::Variable, Self::CrossFile, Self::DataFlow, Self::Guarded];

    /// As `case.toml` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Variable => "variable",
            Self::CrossFile => "cross-file",
            Self::DataFlow => "data-flow",
            Self::Guarded => "guarded",
        }
    }
}

/// One case, run.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rule that it is for.
    pub rule: String,
    /// Its folder's name.
    pub name: String,
    /// `None`: it does not say.
    pub difficulty: Option<Difficulty>,
    /// Findings that must be there.
    pub marks: usize,
    /// What was found.
    pub comparison: Comparison,
}

/// Cases, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Cases.
    pub cases: usize,
    /// Cases in which nothing must be found.
    pub silent: usize,
    /// Marks that are found at their place, as sure and severe as they say.
    pub found: usize,
    /// Marks that are not.
    pub missed: usize,
    /// Findings without a mark.
    pub unmarked: usize,
}

impl Score {
    /// Counts one more case.
    pub fn add(&mut self, case: &Case) {
        let comparison = &case.comparison;
        let missed = comparison.missing.len() + comparison.different.len() + comparison.known_misses.len();
        self.cases += 1;
        self.silent += usize::from(case.marks == 0);
        self.found += case.marks.saturating_sub(missed);
        self.missed += missed;
        self.unmarked += comparison.unexpected.len();
    }

    /// The score of some cases.
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let mut score = Self::default();
        cases.into_iter().for_each(|case| score.add(case));
        score
    }

    fn cells(self) -> String {
        let Self { cases, silent, found, missed, unmarked } = self;
        format!("{cases} | {silent} | {found} | {missed} | {unmarked}")
    }
}

const COUNTS: &str = "cases | silent | found | missed | false";

/// The score as a page of Markdown: in all, by difficulty, by rule, and every known miss with its reason.
pub fn page(cases: &[Case]) -> String {
    let mut out = String::from(
        "# Accuracy\n\nMade by `cargo test --test fixtures`; `UPDATE_DOCS=1` lets it write this page. The cases are the small apps in \
         `fixtures/rules`, each checked with\nits own rule alone, tentative findings included. *Silent* cases are apps that look guilty and \
         are not. *Found* are marked weaknesses that are reported at\ntheir place, *missed* those that are not, *false* are reports \
         without a mark.\n\n",
    );
    let _ = writeln!(out, "| difficulty | {COUNTS} |\n|---|---|---|---|---|---|");
    for difficulty in Difficulty::ALL.map(Some).into_iter().chain([None]) {
        let score = Score::of(cases.iter().filter(|case| case.difficulty == difficulty));
        match difficulty {
            Some(difficulty) => drop(writeln!(out, "| {} | {} |", difficulty.name(), score.cells())),
            None if score.cases > 0 => drop(writeln!(out, "| not said | {} |", score.cells())),
            None => {}
        }
    }
    let _ = writeln!(out, "| **all** | {} |", Score::of(cases).cells());
    out.push_str(
        "\n*Literal*: it stands there. *Variable*: variables, members and functions of one file lead to it. *Cross-file*: modules do. \
         *Data-flow*: it depends on who\nchose the data. *Guarded*: a check before it decides.\n\n## By rule\n\n",
    );
    let names = Difficulty::ALL.map(Difficulty::name).join(" | ");
    let _ = writeln!(out, "| rule | {COUNTS} | {names} |\n|---|---|---|---|---|---|---|---|---|---|---|");
    let mut rules: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        rules.entry(&case.rule).or_default().push(case);
    }
    for (rule, cases) in &rules {
        let of = |difficulty| cases.iter().filter(|case| case.difficulty == Some(difficulty)).count().to_string();
        let by_difficulty = Difficulty::ALL.map(of).join(" | ");
        let score = Score::of(cases.iter().copied());
        let _ = writeln!(out, "| [{rule}](rules/{rule}.md) | {} | {by_difficulty} |", score.cells());
    }
    out.push_str("\nThe last five columns count cases.\n");
    let misses: Vec<(&Case, &Expected)> =
        cases.iter().flat_map(|case| case.comparison.known_misses.iter().map(move |miss| (case, miss))).collect();
    if !misses.is_empty() {
        out.push_str("\n## Known misses\n\n");
    }
    for (case, miss) in misses {
        let why = miss.missed.as_deref().unwrap_or_default();
        let _ = writeln!(out, "- `{}/{}/{}:{}`: {why}.", case.rule, case.name, miss.path, miss.line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::{Found, compare, marks};

    fn case(rule: &str, difficulty: Option<Difficulty>, text: &str, found: &[u32]) -> Case {
        let marks = marks("a.js", text).unwrap();
        let found: Vec<Found> = found
            .iter()
            .map(|line| Found {
                path: "a.js".into(),
                line: *line,
                rule: rule.into(),
                severity: "high".into(),
                confidence: "certain".into(),
            })
            .collect();
        let comparison = compare(&marks, &found);
        Case { rule: rule.into(), name: "one".into(), difficulty, marks: marks.len(), comparison }
    }

    #[test]
    fn everything_is_counted() {
        let cases = [
            case("a", Some(Difficulty::Literal), "x //~ a\ny\n", &[1, 2]),
            case("a", Some(Difficulty::Guarded), "x\n", &[]),
            case("b", None, "x //~ b missed: it is hard\ny //~ b\nz //~ b low\n", &[2, 3]),
        ];
        let score = Score::of(&cases);
        assert_eq!(score, Score { cases: 3, silent: 1, found: 2, missed: 2, unmarked: 1 });
        let page = page(&cases);
        for line in [
            "| literal | 1 | 0 | 1 | 0 | 1 |",
            "| cross-file | 0 | 0 | 0 | 0 | 0 |",
            "| not said | 1 | 0 | 1 | 2 | 0 |",
            "| **all** | 3 | 1 | 2 | 2 | 1 |",
            "| [a](rules/a.md) | 2 | 1 | 1 | 0 | 1 | 1 | 0 | 0 | 0 | 1 |",
            "- `b/one/a.js:1`: it is hard.",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }
}
