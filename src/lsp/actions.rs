//! Code actions: to mend a finding, to ignore it with a reason, to read about it, to mend all.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionResponse, Command, Diagnostic, DocumentChange, Edit,
    OptionalVersionedTextDocumentIdentifier, Range, TextDocumentEdit, TextDocumentIdentifier, TextEdit, WorkspaceEdit,
};
use serde_json::json;

use super::client::{Client, takes};
use super::diagnostics::{Shown, absolute, page};
use super::documents::Documents;
use super::ignore;
use super::positions::Lines;
use crate::cli::Fixes;
use crate::fix;
use crate::report::{Excerpted, Report};

/// The kind of the action that mends all that can be mended safely.
pub(super) const FIX_ALL: &str = "source.fixAll.electrolint";

/// The command that opens the page of a rule.
pub(super) const EXPLAIN: &str = "electrolint.explain";

const QUICK_FIX: &str = "quickfix";

/// Findings of one question that get actions: each costs some parsing.
const MOST_FINDINGS: usize = 16;

/// What a question for code actions is about.
pub(super) struct Question<'a> {
    /// The file.
    pub path: &'a Path,
    /// Where.
    pub range: Range,
    /// Which kinds; none: all.
    pub only: Option<&'a [CodeActionKind]>,
    /// The newest report of the file.
    pub report: &'a Report,
    /// What it shows of the file.
    pub shown: &'a [Shown],
    /// What the editor holds.
    pub documents: &'a Documents,
    /// What the editor can do.
    pub client: &'a Client,
}

impl Question<'_> {
    /// All that can be done.
    pub(super) fn answer(&self) -> Vec<CodeActionResponse> {
        let mut actions: Vec<CodeAction> = Vec::new();
        if !self.client.literals {
            return Vec::new();
        }
        if takes(self.only, QUICK_FIX) {
            let touched: Vec<&Shown> = self
                .shown
                .iter()
                .filter(|shown| overlaps(shown.diagnostic.range, self.range))
                .take(MOST_FINDINGS)
                .collect();
            actions.extend(touched.iter().filter_map(|shown| self.mend(shown)));
            // What is accepted already needs no comment.
            let open = touched.iter().filter(|shown| shown.placed.suppressed.is_none());
            actions.extend(open.flat_map(|shown| self.ignore(shown)));
            if self.client.shows_documents {
                let mut rules: Vec<&'static str> = touched.iter().map(|shown| shown.placed.finding.rule).collect();
                rules.sort_unstable();
                rules.dedup();
                actions.extend(rules.into_iter().filter_map(explain));
            }
        }
        if takes(self.only, FIX_ALL) {
            actions.extend(self.mend_all());
        }
        actions.into_iter().map(CodeActionResponse::CodeAction).collect()
    }

    fn mend(&self, shown: &Shown) -> Option<CodeAction> {
        let fix = shown.placed.fix.as_ref()?;
        let mut edits: BTreeMap<PathBuf, Vec<(&Excerpted, &str)>> = BTreeMap::new();
        for edit in &fix.edits {
            let path = absolute(self.report, &edit.location.path);
            edits.entry(path).or_default().push((edit.source.as_ref()?, &edit.replacement));
        }
        let rule = shown.placed.finding.rule;
        let warning = if fix.safe { "" } else { " (unsafe: may change what the app does)" };
        Some(CodeAction {
            title: format!("{}{warning} [{rule}]", capital(&fix.title)),
            is_preferred: Some(fix.safe),
            edit: Some(self.edit(&edits)?),
            ..quick_fix(&shown.diagnostic)
        })
    }

    fn mend_all(&self) -> Option<CodeAction> {
        let here = |shown: &&Shown| {
            let edits = shown.placed.fix.iter().flat_map(|fix| &fix.edits);
            edits.into_iter().all(|edit| absolute(self.report, &edit.location.path) == self.path)
        };
        let findings = self.shown.iter().filter(here).map(|shown| &shown.placed);
        let (edits, count) = fix::choose(self.report, findings, Fixes::Safe, &fix::unparsed(self.report));
        if count == 0 {
            return None;
        }
        Some(CodeAction {
            title: "Mend all that electrolint can mend safely".to_owned(),
            kind: Some(CodeActionKind::from(FIX_ALL)),
            edit: Some(self.edit(&edits)?),
            ..CodeAction::default()
        })
    }

    fn ignore(&self, shown: &Shown) -> Vec<CodeAction> {
        let rule = shown.placed.finding.rule;
        let Some(at) = &shown.placed.source else { return Vec::new() };
        let line = ignore::on_line(self.path, &at.text, at.start, rule);
        let file = ignore::in_file(self.path, &at.text, rule);
        let line = line.map(|edit| (format!("Ignore {rule} on this line, and say why"), edit));
        let file = file.map(|edit| (format!("Ignore {rule} in this file, and say why"), edit));
        let actions = line.into_iter().chain(file).filter_map(|(title, (offset, text))| {
            let at = Excerpted { text: at.text.clone(), start: offset, end: offset };
            let edits = BTreeMap::from([(self.path.to_path_buf(), vec![(&at, text.as_str())])]);
            Some(CodeAction { title, edit: Some(self.edit(&edits)?), ..quick_fix(&shown.diagnostic) })
        });
        actions.collect()
    }

    /// Replacements as the client takes them; `None` where a text is not what the editor holds.
    fn edit(&self, files: &BTreeMap<PathBuf, Vec<(&Excerpted, &str)>>) -> Option<WorkspaceEdit> {
        let mut changes = Vec::new();
        for (path, edits) in files {
            let document = self.documents.get(path);
            let mut made = Vec::with_capacity(edits.len());
            for (at, replacement) in edits {
                if document.is_some_and(|document| *document.text != *at.text) {
                    return None;
                }
                let range = Lines::new(&at.text, self.client.encoding).range(at.start, at.end);
                made.push(TextEdit { range, new_text: (*replacement).to_owned() });
            }
            changes.push((self.documents.uri(path), document.map(|document| document.version), made));
        }
        if !self.client.versioned_edits {
            let changes: HashMap<_, _> = changes.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
            return Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() });
        }
        let changes = changes.into_iter().map(|(uri, version, edits)| {
            DocumentChange::TextDocumentEdit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier {
                    version,
                    text_document_identifier: TextDocumentIdentifier { uri },
                },
                edits: edits.into_iter().map(Edit::TextEdit).collect(),
            })
        });
        Some(WorkspaceEdit { document_changes: Some(changes.collect()), ..WorkspaceEdit::default() })
    }
}

fn quick_fix(diagnostic: &Diagnostic) -> CodeAction {
    CodeAction {
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic.clone()]),
        ..CodeAction::default()
    }
}

fn explain(rule: &'static str) -> Option<CodeAction> {
    page(rule)?;
    let title = format!("Open the page about {rule}");
    let command = Command {
        title: title.clone(),
        command: EXPLAIN.to_owned(),
        arguments: Some(vec![json!(rule)]),
        ..Command::default()
    };
    Some(CodeAction { title, kind: Some(CodeActionKind::QuickFix), command: Some(command), ..CodeAction::default() })
}

/// Whether two ranges have a place in common; an empty one is a place.
fn overlaps(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
