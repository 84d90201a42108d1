//! What a rule reports.

use electrolint_model::source::Span;
use serde::{Deserialize, Deserializer, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Worth knowing; no weakness by itself.
    Info,
    /// Hardening.
    Low,
    /// A protection is missing.
    Medium,
    /// An attacker who reaches the place wins much.
    High,
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Confidence {
    /// A person must look.
    Tentative,
    /// Resolved through variables, files, versions.
    Firm,
    /// The code says so literally.
    Certain,
}

/// What a finding speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// One place in the code.
    Site,
    /// The app as a whole: something is absent.
    App,
}

/// What a place has to do with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// It explains.
    Note,
    /// Somebody else's data comes in here.
    Source,
    /// The data passes here; of several, the nearest to the finding's own place comes first.
    Step,
}

/// Another place that explains the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Its part in it.
    pub relation: Relation,
    /// Where.
    pub span: Span,
    /// What is there, as a label.
    pub message: String,
}

/// A change that removes the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// It cannot change what a correct app does.
    pub safe: bool,
    /// Replacements, none overlapping.
    pub edits: Vec<Edit>,
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// Id of a rule of the catalogue. A name of its own, for serde would take a reference for borrowed from what is read.
pub type RuleId = &'static str;

/// One report of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the rule.
    #[serde(deserialize_with = "known")]
    pub rule: RuleId,
    /// How bad, in this place.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Place or app.
    pub scope: Scope,
    /// Where; the option rather than the whole call.
    pub span: Span,
    /// Label of the primary span and one-line summary; lower case start, no full stop.
    pub message: String,
    /// What an attacker gains, one or two sentences.
    pub gain: String,
    /// What to write instead, one or two sentences.
    pub help: String,
    /// Other places, in the order in which they explain.
    pub related: Vec<Related>,
    /// The scope path of the place (`createWindow.BrowserWindow#0.nodeIntegration`): it survives moved lines.
    pub symbol: String,
    /// A way to mend it, where one is known.
    pub fix: Option<Fix>,
    /// The comment that asks to ignore it.
    pub ignored: Option<Ignored>,
}

/// A comment that asks to ignore a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// The comment.
    pub span: Span,
    /// The reason that it gives, or nothing.
    pub reason: String,
}

/// The name of a rule, as the catalogue has it.
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleId, D::Error> {
    let name = String::deserialize(deserializer)?;
    let known = crate::all().iter().find(|rule| rule.id == name);
    known.map(|rule| rule.id).ok_or_else(|| serde::de::Error::custom("no such rule"))
}
