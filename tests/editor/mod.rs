//! An editor for tests: it speaks with the server over a connection in memory.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

/// Catches a server that hangs; never a measure of its speed.
const PATIENCE: Duration = Duration::from_secs(120);

/// An app in a folder of its own.
pub fn app(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let package = r#"{ "name": "tiny", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
    fs::write(folder.path().join("package.json"), package).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// What an editor calls a file.
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// The start of an editor that waits for diagnostics.
pub fn pushing(folder: &Path) -> Value {
    json!({
        "processId": null,
        "workspaceFolders": [{ "uri": uri(folder), "name": "app" }],
        "capabilities": {
            "textDocument": {
                "publishDiagnostics": {
                    "relatedInformation": true, "codeDescriptionSupport": true, "dataSupport": true, "versionSupport": true,
                    "tagSupport": { "valueSet": [1, 2] },
                },
                "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } },
            },
            "workspace": { "workspaceEdit": { "documentChanges": true } },
        },
    })
}

/// The capabilities of an editor that asks for diagnostics.
pub fn pulling() -> Value {
    json!({
        "textDocument": { "diagnostic": { "relatedDocumentSupport": true } },
        "workspace": {
            "diagnostics": { "refreshSupport": true },
            "configuration": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true },
            "didChangeConfiguration": { "dynamicRegistration": true },
        },
    })
}

/// The editor.
pub struct Editor {
    connection: Connection,
    server: Option<JoinHandle<Result<u8, electrolint::Failure>>>,
    last_id: i32,
    version: i32,
    texts: HashMap<String, String>,
    heard: VecDeque<(String, Value)>,
    counts: HashMap<String, usize>,
    answers: HashMap<RequestId, Response>,
    /// What the server can do.
    pub capabilities: Value,
    /// What the user set.
    pub settings: Value,
    /// What [`Editor::queued`] sent.
    pub queued_ids: (i32, i32),
}

impl Editor {
    /// Starts a server and says hello.
    pub fn start(params: Value) -> Self {
        Self::queued(params, |_| (0, 0))
    }

    /// As [`Editor::start`]; what `say` says is there before the server looks.
    pub fn queued(params: Value, say: impl FnOnce(&mut Self) -> (i32, i32)) -> Self {
        let (client, server) = Connection::memory();
        let mut editor = Self {
            connection: client,
            server: None,
            last_id: 0,
            version: 100,
            texts: HashMap::new(),
            heard: VecDeque::new(),
            counts: HashMap::new(),
            answers: HashMap::new(),
            capabilities: Value::Null,
            settings: Value::Null,
            queued_ids: (0, 0),
        };
        let hello = editor.send("initialize", params);
        editor.notify("initialized", json!({}));
        editor.queued_ids = say(&mut editor);
        editor.server = Some(std::thread::spawn(move || electrolint::lsp::serve(&server)));
        editor.capabilities = editor.answer(hello)["capabilities"].clone();
        editor
    }

    pub fn send(&mut self, method: &str, params: Value) -> i32 {
        self.last_id += 1;
        let request = Request { id: self.last_id.into(), method: method.to_owned(), params };
        self.connection.sender.send(request.into()).unwrap();
        self.last_id
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        let notification = Notification { method: method.to_owned(), params };
        self.connection.sender.send(notification.into()).unwrap();
    }

    /// Takes one message, and answers what the server asks.
    fn listen(&mut self) {
        let message = self.connection.receiver.recv_timeout(PATIENCE).expect("the server says something");
        let method = match &message {
            Message::Notification(notification) => Some(&notification.method),
            Message::Request(request) => Some(&request.method),
            Message::Response(_) => None,
        };
        if let Some(method) = method {
            *self.counts.entry(method.clone()).or_default() += 1;
        }
        match message {
            Message::Response(response) => {
                self.answers.insert(response.id.clone(), response);
            }
            Message::Notification(notification) => self.heard.push_back((notification.method, notification.params)),
            Message::Request(request) => {
                let count = request.params["items"].as_array().map_or(0, Vec::len);
                let answer = match request.method.as_str() {
                    "workspace/configuration" => json!(vec![self.settings.clone(); count]),
                    _ => Value::Null,
                };
                self.connection.sender.send(Response::new_ok(request.id, answer).into()).unwrap();
                self.heard.push_back((request.method, request.params));
            }
        }
    }

    fn response(&mut self, id: i32) -> Response {
        loop {
            if let Some(response) = self.answers.remove(&RequestId::from(id)) {
                return response;
            }
            self.listen();
        }
    }

    /// The answer to a question.
    pub fn answer(&mut self, id: i32) -> Value {
        self.response(id).response_result.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The code of the refusal of a question.
    pub fn error(&mut self, id: i32) -> i32 {
        self.response(id).response_result.expect_err("it is refused").code
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer(id)
    }

    /// The next notification or question of a kind; others before it are forgotten.
    pub fn hear(&mut self, method: &str) -> Value {
        loop {
            while let Some((heard, params)) = self.heard.pop_front() {
                if heard == method {
                    return params;
                }
            }
            self.listen();
        }
    }

    /// Everything of a kind that was heard so far, which is forgotten with all others.
    pub fn heard(&mut self, method: &str) -> Vec<Value> {
        self.heard.drain(..).filter(|(heard, _)| heard == method).map(|(_, params)| params).collect()
    }

    /// How often the server said something of a kind.
    pub fn count(&self, method: &str) -> usize {
        self.counts.get(method).copied().unwrap_or(0)
    }

    /// The next diagnostics of a version of a file.
    pub fn published(&mut self, name: &str, version: i32) -> Value {
        loop {
            let params = self.hear("textDocument/publishDiagnostics");
            if params["uri"].as_str().unwrap().ends_with(&format!("/{name}")) && params["version"] == version {
                return params;
            }
        }
    }

    pub fn open(&mut self, folder: &Path, name: &str, text: &str) {
        let uri = uri(&folder.join(name));
        self.texts.insert(uri.clone(), text.to_owned());
        let document = json!({ "uri": uri, "languageId": "javascript", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn close(&mut self, folder: &Path, name: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(&folder.join(name)) } }));
    }

    pub fn next_version(&mut self) -> i32 {
        self.version += 1;
        self.version
    }

    /// Another text, as a whole.
    pub fn replace(&mut self, folder: &Path, name: &str, version: i32, text: &str) {
        let uri = uri(&folder.join(name));
        self.texts.insert(uri.clone(), text.to_owned());
        let document = json!({ "uri": uri, "version": version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
    }

    /// A part of the text is another; lines and columns as agreed, of a text of ASCII in front of it.
    pub fn edit(
        &mut self,
        folder: &Path,
        name: &str,
        version: i32,
        from: (usize, usize),
        to: (usize, usize),
        text: &str,
    ) {
        let uri = uri(&folder.join(name));
        let position = |(line, character): (usize, usize)| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": position(from), "end": position(to) }, "text": text });
        if let Some(known) = self.texts.get_mut(&uri) {
            *known = changed(known, &change["range"], text);
        }
        let document = json!({ "uri": uri, "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
    }

    /// A file was changed on the disk.
    pub fn changed(&mut self, folder: &Path, name: &str) {
        let change = json!({ "uri": uri(&folder.join(name)), "type": 2 });
        self.notify("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    }

    /// What can be done about a diagnostic.
    pub fn actions(&mut self, folder: &Path, name: &str, diagnostic: &Value, only: &[&str]) -> Vec<Value> {
        let mut context = json!({ "diagnostics": [] });
        if !only.is_empty() {
            context["only"] = json!(only);
        }
        let params = json!({
            "textDocument": { "uri": uri(&folder.join(name)) }, "range": diagnostic["range"], "context": context,
        });
        self.ask("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// The text of a file after an action, which changes nothing else.
    pub fn apply(&mut self, folder: &Path, name: &str, action: &Value) -> String {
        let uri = uri(&folder.join(name));
        let [change] = action["edit"]["documentChanges"].as_array().unwrap().as_slice() else { panic!("{action}") };
        assert_eq!(change["textDocument"]["uri"], uri, "{action}");
        assert!(change["textDocument"]["version"].is_i64(), "{action}");
        let mut text = self.texts[&uri].clone();
        // From the last to the first, so that places stay what they were.
        for edit in change["edits"].as_array().unwrap().iter().rev() {
            text = changed(&text, &edit["range"], edit["newText"].as_str().unwrap());
        }
        text
    }

    /// Says goodbye.
    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        assert_eq!(self.exit(), 0);
    }

    /// Ends the server; its exit code.
    pub fn exit(mut self) -> u8 {
        self.notify("exit", Value::Null);
        self.server.take().unwrap().join().expect("the server does not panic").expect("it speaks the protocol")
    }
}

/// A text with a part replaced; its columns are bytes, so it must be ASCII.
fn changed(text: &str, range: &Value, replacement: &str) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = text[start.min(text.len())..].split('\n').next().unwrap_or("").len();
        (start + (position["character"].as_u64().unwrap() as usize).min(rest)).min(text.len())
    };
    let (a, b) = (offset(&range["start"]), offset(&range["end"]));
    let mut text = text.to_owned();
    if text.is_char_boundary(a.min(b)) && text.is_char_boundary(a.max(b)) {
        text.replace_range(a.min(b)..a.max(b), replacement);
    }
    text
}
