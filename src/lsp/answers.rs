//! What the editor is told: what the server can do, diagnostics, actions, hovers.

use std::collections::{BTreeMap, BTreeSet};

use gen_lsp_types::{
    CodeActionParams, DocumentDiagnosticParams, DocumentDiagnosticReport, ExecuteCommandParams,
    FullDocumentDiagnosticReport, HoverParams, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport, WorkspaceDiagnosticParams,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};
use lsp_server::ErrorCode;
use serde_json::{Value, json};

use super::actions::{EXPLAIN, FIX_ALL, Question};
use super::client::Client;
use super::diagnostics::{page, result_id};
use super::hover;
use super::positions::Lines;
use super::server::Server;

/// What changes findings when it changes on the disk.
const WATCHED: [&str; 5] = [
    "**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx,html,htm,ejs,vue,svelte}",
    "**/*.{json,json5,jsonc,yml,yaml,toml}",
    "**/{yarn.lock,bun.lock}",
    "**/{.gitignore,.npmrc,.electron-version,.electrolint-baseline.json}",
    "**/.electrolint.toml",
];

/// What the server can do.
pub(super) fn capabilities(client: &Client) -> Value {
    let mut capabilities = json!({
        "positionEncoding": client.encoding.kind(),
        // 2: changes, not whole texts.
        "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
        "hoverProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix", FIX_ALL] },
        "executeCommandProvider": { "commands": [EXPLAIN] },
        "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
    });
    if client.pulls {
        capabilities["diagnosticProvider"] =
            json!({ "identifier": "electrolint", "interFileDependencies": true, "workspaceDiagnostics": true });
    }
    json!({
        "capabilities": capabilities,
        "serverInfo": { "name": "electrolint", "version": env!("CARGO_PKG_VERSION") },
    })
}

/// What the editor is asked to tell.
pub(super) fn registrations(client: &Client) -> Vec<Value> {
    let mut registrations = Vec::new();
    if client.watches {
        let watchers: Vec<Value> = WATCHED.iter().map(|pattern| json!({ "globPattern": pattern })).collect();
        let method = "workspace/didChangeWatchedFiles";
        registrations.push(json!({ "id": method, "method": method, "registerOptions": { "watchers": watchers } }));
    }
    if client.tells_settings {
        let method = "workspace/didChangeConfiguration";
        registrations.push(json!({ "id": method, "method": method, "registerOptions": { "section": "electrolint" } }));
    }
    registrations
}

impl Server<'_> {
    /// Sends diagnostics of the texts that are open, where they are others than before, or of a newer text.
    pub(super) fn publish(&mut self) {
        let mut news = Vec::new();
        for (path, document) in self.documents.iter() {
            let diagnostics = self.folders.diagnostics(path);
            let name = (result_id(&diagnostics), Some(document.version));
            if self.sent.get(&document.uri) != Some(&name) {
                let mut params = json!({ "uri": document.uri, "diagnostics": diagnostics });
                if self.client.versions {
                    params["version"] = json!(document.version);
                }
                news.push((document.uri.clone(), name, params));
            }
        }
        for (uri, name, params) in news {
            self.notify("textDocument/publishDiagnostics", params);
            self.sent.insert(uri, name);
        }
    }

    /// Names of the diagnostics of all texts that are open.
    pub(super) fn names(&self) -> BTreeMap<String, String> {
        if !self.client.refreshes {
            return BTreeMap::new();
        }
        let name = |path| result_id(&self.folders.diagnostics(path));
        self.documents.iter().map(|(path, document)| (document.uri.clone(), name(path))).collect()
    }

    /// Has the editor ask again, where a text that did not change has other diagnostics than before.
    pub(super) fn refresh(&mut self, before: &BTreeMap<String, String>) {
        if !self.client.refreshes {
            return;
        }
        let now = self.names();
        let asks_itself = |uri: &String| {
            self.changed.iter().any(|path| self.documents.get(path).is_some_and(|document| document.uri == *uri))
        };
        if now.iter().any(|(uri, name)| before.get(uri) != Some(name) && !asks_itself(uri)) {
            self.ask_other("workspace/diagnostic/refresh", Value::Null);
        }
    }

    /// Diagnostics of one text.
    pub(super) fn document_diagnostics(&self, params: &DocumentDiagnosticParams) -> Value {
        let path = self.documents.path(params.text_document.uri.as_ref());
        let items = path.map(|path| self.folders.diagnostics(&path)).unwrap_or_default();
        let name = result_id(&items);
        let report = if params.previous_result_id.as_ref() == Some(&name) {
            DocumentDiagnosticReport::RelatedUnchangedDocumentDiagnosticReport(
                RelatedUnchangedDocumentDiagnosticReport {
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: name },
                    ..Default::default()
                },
            )
        } else {
            DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(RelatedFullDocumentDiagnosticReport {
                full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(name), items },
                ..Default::default()
            })
        };
        json!(report)
    }

    /// Diagnostics of all files, in the order of the reports; files that the editor knows from before and that have none any more come
    /// last.
    pub(super) fn workspace_diagnostics(&self, params: &WorkspaceDiagnosticParams) -> Value {
        let before: BTreeMap<String, &String> =
            params.previous_result_ids.iter().map(|known| (known.uri.to_string(), &known.value)).collect();
        let mut items = Vec::new();
        let mut listed = BTreeSet::new();
        for path in self.folders.paths() {
            let uri = self.documents.uri(path);
            let version = self.documents.get(path).map(|document| document.version);
            let diagnostics = self.folders.diagnostics(path);
            let name = result_id(&diagnostics);
            listed.insert(uri.to_string());
            items.push(if before.get(&uri.to_string()) == Some(&&name) {
                WorkspaceDocumentDiagnosticReport::WorkspaceUnchangedDocumentDiagnosticReport(
                    WorkspaceUnchangedDocumentDiagnosticReport {
                        uri,
                        version,
                        unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: name },
                    },
                )
            } else {
                WorkspaceDocumentDiagnosticReport::WorkspaceFullDocumentDiagnosticReport(
                    WorkspaceFullDocumentDiagnosticReport {
                        uri,
                        version,
                        full_document_diagnostic_report: FullDocumentDiagnosticReport {
                            result_id: Some(name),
                            items: diagnostics,
                        },
                    },
                )
            });
        }
        for known in params.previous_result_ids.iter().filter(|known| !listed.contains(&known.uri.to_string())) {
            items.push(WorkspaceDocumentDiagnosticReport::WorkspaceFullDocumentDiagnosticReport(
                WorkspaceFullDocumentDiagnosticReport {
                    uri: known.uri.clone(),
                    version: None,
                    full_document_diagnostic_report: FullDocumentDiagnosticReport::default(),
                },
            ));
        }
        json!({ "items": items })
    }

    /// What can be done at a place.
    pub(super) fn code_actions(&self, params: &CodeActionParams) -> Value {
        let path = self.documents.path(params.text_document.uri.as_ref());
        let Some(path) = path else { return json!([]) };
        let Some(report) = self.folders.of(&path).and_then(|folder| folder.report.as_ref()) else { return json!([]) };
        let question = Question {
            path: &path,
            range: params.range,
            only: params.context.only.as_deref(),
            report,
            shown: self.folders.shown(&path),
            documents: &self.documents,
            client: &self.client,
        };
        json!(question.answer())
    }

    /// What is under the pointer.
    pub(super) fn hover(&self, params: &HoverParams) -> Value {
        let asked = &params.text_document_position_params;
        let told = || {
            let path = self.documents.path(asked.text_document.uri.as_ref())?;
            let document = self.documents.get(&path)?;
            let lines = Lines::new(&document.text, self.client.encoding);
            let offset = lines.offset(asked.position);
            let content = &document.text.content;
            let app = self.folders.of(&path).and_then(|folder| folder.app_of(&path));
            let mut told: Vec<hover::Told> = Vec::new();
            told.extend(hover::ignored(content, offset));
            told.extend(app.and_then(|app| hover::option(content, offset, &app.electron)));
            // Findings of an older text are elsewhere.
            let shown = if self.is_behind() { &[] } else { self.folders.shown(&path) };
            let here = |told: &hover::Told| told.1.contains(&offset) || told.1.start == offset;
            told.extend(shown.iter().filter_map(|shown| hover::finding(&shown.placed)).filter(here));
            let (_, range) = told.first()?.clone();
            let texts: Vec<String> = told.into_iter().map(|(text, _)| text).collect();
            let range = lines.range(range.start, range.end);
            let text = texts.join("\n\n---\n\n");
            let contents = if self.client.markdown {
                json!({ "kind": "markdown", "value": text })
            } else {
                json!({ "kind": "plaintext", "value": text.replace(['*', '`'], "") })
            };
            Some(json!({ "contents": contents, "range": range }))
        };
        told().unwrap_or(Value::Null)
    }

    /// Does what an action asks for.
    pub(super) fn execute(&mut self, params: &ExecuteCommandParams) -> Result<Value, (ErrorCode, String)> {
        let argument = params.arguments.as_ref().and_then(|arguments| arguments.first()).and_then(Value::as_str);
        match (params.command.as_str(), argument.and_then(page)) {
            (EXPLAIN, Some(page)) => {
                self.ask_other("window/showDocument", json!({ "uri": page, "external": true }));
                Ok(Value::Null)
            }
            (EXPLAIN, None) => Err((ErrorCode::InvalidParams, "no rule of this name has a page".to_owned())),
            (command, _) => Err((ErrorCode::InvalidParams, format!("there is no command {command}"))),
        }
    }
}
