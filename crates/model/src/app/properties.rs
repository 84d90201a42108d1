//! Properties by their name, in object literals and by writes, whatever the object is for.

use super::App;
use crate::link::things::Frames;
use crate::link::{UnitId, V};
use crate::source::Span;
use crate::summary::ConditionId;

/// Tests in a row that are asked whether a setting is meant.
const MOST_TESTS: usize = 32;

/// Bytes of a test that is read for the name of a setting.
const LONGEST_TEST: usize = 400;

/// Parts of the names of settings by which a person gives up a check, lower case.
const OPTIONS: [&str; 11] = [
    "selfsigned",
    "self_signed",
    "insecure",
    "ignore",
    "allow",
    "skip",
    "verify",
    "unsafe",
    "trust",
    "strictssl",
    "rejectunauthorized",
];

/// A property of this name that a literal has or that is written.
#[derive(Clone, Copy, Debug)]
pub struct NamedProperty {
    /// What it is set to.
    pub value: V,
    /// The property, or the write.
    pub span: Span,
    /// Only in development.
    pub development: Option<bool>,
    /// Only where a setting of the person's asks for it.
    pub opted: bool,
}

impl App<'_> {
    /// Every property of this name in an object literal or written later: its value, where, and whether in development only.
    pub fn properties_named(&self, name: &str) -> Vec<NamedProperty> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            for property in &summary.properties {
                let crate::summary::Key::Name(key) = property.key else { continue };
                if summary.str(key) != name {
                    continue;
                }
                // What dominates the smallest call around it dominates the literal.
                let around = summary
                    .calls
                    .iter()
                    .filter(|call| call.span.0 <= property.span.0 && property.span.1 <= call.span.1)
                    .min_by_key(|call| call.span.1 - call.span.0);
                let condition = around.and_then(|call| call.condition);
                found.push(NamedProperty {
                    value: V(unit, property.value),
                    span: self.program.place(unit, property.span),
                    development: self.program.development_of(unit, condition, &Frames::default()),
                    opted: self.is_opted(unit, condition),
                });
            }
        }
        for (unit, write) in self.program.written_to(name) {
            if let Some(value) = write.value {
                let span = self.program.place(unit, write.span);
                // `Object.assign(options, { … })` is a literal and a write.
                if found.iter().all(|other| other.span != span) {
                    found.push(NamedProperty {
                        value: V(unit, value),
                        span,
                        development: self.program.development_of(unit, write.condition, &Frames::default()),
                        opted: self.is_opted(unit, write.condition),
                    });
                }
            }
        }
        found
    }

    /// As [`App::properties_named`], of an option of packages: and whether the script takes in one of these.
    pub fn options_named(&self, name: &str, packages: &[&str]) -> Vec<(NamedProperty, bool)> {
        let takes_in = |span: Span| {
            let Some(unit) = self.program.unit_of(span.file) else { return false };
            let summary = self.program.summary(unit);
            summary.imports.iter().any(|import| packages.contains(&summary.str(import.specifier)))
        };
        self.properties_named(name).into_iter().map(|property| (property, takes_in(property.span))).collect()
    }

    /// Whether something only happens where a setting asks for it, by what its tests are called: `if (server.allowSelfSigned)`.
    fn is_opted(&self, unit: UnitId, condition: Option<ConditionId>) -> bool {
        let summary = self.program.summary(unit);
        let file = self.program.file(unit);
        summary.conditions_at(condition).take(MOST_TESTS).any(|condition| {
            let (start, end) = summary.span(condition.test);
            let test = self.text(Span { file, start, end }).to_ascii_lowercase();
            test.len() < LONGEST_TEST && OPTIONS.iter().any(|word| test.contains(word))
        })
    }
}
