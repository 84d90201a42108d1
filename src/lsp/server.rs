//! The loop: what the editor says, and what the check gives.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};
use gen_lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, FileChangeType, MessageType,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answers;
use super::client::Client;
use super::documents::{Documents, without_links};
use super::folders::{Folder, Folders};
use super::settings::Settings;
use super::uri;
use super::worker::{Done, Job};
use crate::Failure;
use crate::discover;

/// A question of ours that waits for its answer.
enum Asked {
    /// The settings of these folders.
    Settings(Vec<PathBuf>),
    /// Leave to show that something takes long.
    Progress,
    /// Anything whose answer changes nothing.
    Other,
}

/// What takes long, at the first check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Unasked,
    Asked,
    Shown,
    Over,
}

/// Its name towards the editor.
const PROGRESS: &str = "electrolint/first";

/// The server.
pub(super) struct Server<'a> {
    connection: &'a Connection,
    jobs: Sender<Job>,
    pub client: Client,
    pub documents: Documents,
    pub folders: Folders,
    /// Settings for folders of which the editor says nothing else.
    settings: Settings,
    /// Counts states; the newest job has this number.
    generation: u64,
    cancelled: Arc<AtomicBool>,
    /// Something is to be checked.
    is_wanted: bool,
    /// Nothing but texts that are open changed since the last result that was taken.
    only_texts: bool,
    /// Questions that wait for the end of the check.
    waiting: Vec<Request>,
    asked: HashMap<RequestId, Asked>,
    questions: i32,
    /// Names of the diagnostics that were sent last, and the version that they were of, by document.
    pub sent: BTreeMap<String, (String, Option<i32>)>,
    /// Texts that changed since the last check ended: their editor asks by itself.
    pub changed: Vec<PathBuf>,
    /// What the user was told last.
    told: String,
    progress: Progress,
    is_over: bool,
}

/// Serves until the end; the exit code.
pub(super) fn run(connection: &Connection, jobs: Sender<Job>, results: &Receiver<Done>) -> Result<u8, Failure> {
    // Gone before it said hello, or `exit` before anything else.
    let Ok((id, params)) = connection.initialize_start() else { return Ok(1) };
    let mut server = Server::new(connection, jobs, &params);
    server.reply(Response::new_ok(id, answers::capabilities(&server.client)));
    loop {
        crossbeam_channel::select! {
            recv(connection.receiver) -> message => match message {
                Ok(message) => if let Some(code) = server.hear(message) { return Ok(code) },
                // The editor is gone without a word.
                Err(_) => {
                    server.cancelled.store(true, Ordering::Relaxed);
                    return Ok(u8::from(!server.is_over));
                }
            },
            recv(results) -> done => match done {
                Ok(done) => server.finish(done),
                Err(_) => return Err(Failure::Editor("this is a bug in electrolint".to_owned())),
            },
        }
        // What is there already belongs to the same state: a burst of changes is checked once.
        while let Ok(message) = connection.receiver.try_recv() {
            if let Some(code) = server.hear(message) {
                return Ok(code);
            }
        }
        server.check();
    }
}

impl<'a> Server<'a> {
    fn new(connection: &'a Connection, jobs: Sender<Job>, params: &Value) -> Self {
        let mut server = Self {
            connection,
            jobs,
            client: Client::new(params),
            documents: Documents::default(),
            folders: Folders::default(),
            settings: Settings::default(),
            generation: 0,
            cancelled: Arc::default(),
            is_wanted: false,
            only_texts: false,
            waiting: Vec::new(),
            asked: HashMap::new(),
            questions: 0,
            sent: BTreeMap::new(),
            changed: Vec::new(),
            told: String::new(),
            progress: Progress::Unasked,
            is_over: false,
        };
        server.settings = server.read_settings(params.get("initializationOptions").unwrap_or(&Value::Null));
        let listed = params.get("workspaceFolders").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut roots: Vec<String> =
            listed.iter().filter_map(|folder| Some(folder.get("uri")?.as_str()?.to_owned())).collect();
        if roots.is_empty() {
            let root = params.get("rootUri").and_then(Value::as_str).map(str::to_owned);
            let path = || params.get("rootPath").and_then(Value::as_str).map(|path| uri::from_path(Path::new(path)));
            roots.extend(root.or_else(path));
        }
        roots.into_iter().for_each(|root| server.add_folder(root));
        server.folders.add(Folder::new(PathBuf::new(), None, server.settings.clone()));
        server
    }

    fn add_folder(&mut self, uri: String) {
        let Some(called) = uri::to_path(&uri) else { return };
        let path = without_links(&called);
        self.documents.call(&path, &discover::plain(&called));
        self.folders.add(Folder::new(path, Some(uri), self.settings.clone()));
    }

    fn read_settings(&self, value: &Value) -> Settings {
        Settings::read(value, |text| self.log(MessageType::Warning, &text))
    }

    /// Takes a message; the exit code, if it was the last one.
    fn hear(&mut self, message: Message) -> Option<u8> {
        match message {
            Message::Request(request) => self.answer(request),
            Message::Response(response) => self.learn(response),
            Message::Notification(notification) if notification.method == "exit" => {
                self.cancelled.store(true, Ordering::Relaxed);
                return Some(u8::from(!self.is_over));
            }
            Message::Notification(notification) => self.note(notification),
        }
        None
    }

    fn answer(&mut self, request: Request) {
        if self.is_over {
            return self.refuse(request.id, ErrorCode::InvalidRequest, "the server is shut down");
        }
        match request.method.as_str() {
            "shutdown" => {
                self.is_over = true;
                self.cancelled.store(true, Ordering::Relaxed);
                for waiting in std::mem::take(&mut self.waiting) {
                    self.refuse(waiting.id, ErrorCode::RequestCanceled, "the server is shut down");
                }
                self.reply(Response::new_ok(request.id, Value::Null));
            }
            // These speak of places in texts as they are now.
            "textDocument/diagnostic" | "workspace/diagnostic" | "textDocument/codeAction" if self.is_behind() => {
                self.is_wanted |= self.generation == 0;
                self.waiting.push(request);
            }
            _ => self.answer_now(request),
        }
    }

    /// Whether what is known is of older texts.
    pub(super) fn is_behind(&self) -> bool {
        self.is_wanted || self.folders.are_dirty()
    }

    fn answer_now(&mut self, request: Request) {
        let id = request.id.clone();
        let answer = match request.method.as_str() {
            "textDocument/diagnostic" => read(request).map(|params| self.document_diagnostics(&params)),
            "workspace/diagnostic" => read(request).map(|params| self.workspace_diagnostics(&params)),
            "textDocument/codeAction" => read(request).map(|params| self.code_actions(&params)),
            "textDocument/hover" => read(request).map(|params| self.hover(&params)),
            "workspace/executeCommand" => read(request).and_then(|params| self.execute(&params)),
            "initialize" => Err((ErrorCode::InvalidRequest, "the server is at work already".to_owned())),
            method => Err((ErrorCode::MethodNotFound, format!("there is no request {method}"))),
        };
        match answer {
            Ok(value) => self.reply(Response::new_ok(id, value)),
            Err((code, text)) => self.refuse(id, code, &text),
        }
    }

    fn note(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let taken = match method.as_str() {
            "initialized" => {
                self.begin();
                Ok(())
            }
            "textDocument/didOpen" => parse::<DidOpenTextDocumentParams>(params).map(|params| self.open(params)),
            "textDocument/didChange" => parse::<DidChangeTextDocumentParams>(params).map(|params| self.change(params)),
            "textDocument/didClose" => parse::<DidCloseTextDocumentParams>(params).map(|params| self.close(&params)),
            "textDocument/didSave" => {
                let uri = params.pointer("/textDocument/uri").and_then(Value::as_str).unwrap_or_default();
                self.saved(uri);
                Ok(())
            }
            "workspace/didChangeWatchedFiles" => {
                parse::<DidChangeWatchedFilesParams>(params).map(|params| self.files_changed(&params))
            }
            "workspace/didChangeWorkspaceFolders" => {
                parse::<DidChangeWorkspaceFoldersParams>(params).map(|params| self.folders_changed(params))
            }
            "workspace/didChangeConfiguration" => {
                self.settings_changed(params.get("settings").unwrap_or(&Value::Null));
                Ok(())
            }
            "$/cancelRequest" => {
                self.cancel(params.get("id").unwrap_or(&Value::Null));
                Ok(())
            }
            // The protocol allows to ignore what is not known.
            _ => Ok(()),
        };
        if let Err(text) = taken {
            self.log(MessageType::Warning, &format!("{method}: {text}"));
        }
    }

    /// The editor is ready: it is told what to tell, asked for settings, and the first check begins.
    fn begin(&mut self) {
        let registrations = answers::registrations(&self.client);
        if !registrations.is_empty() {
            self.ask("client/registerCapability", json!({ "registrations": registrations }), Asked::Other);
        }
        self.ask_settings();
        self.want();
    }

    /// Wants a check after more than texts changed.
    fn want(&mut self) {
        self.is_wanted = true;
        self.only_texts = false;
    }

    fn open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(path) = self.documents.open(document.uri.to_string(), document.version, document.text) else { return };
        self.changed(path);
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.text_document_identifier.uri.to_string();
        let version = params.text_document.version;
        let path = self.documents.change(&uri, version, params.content_changes, self.client.encoding);
        if let Some(path) = path {
            self.changed(path);
        }
    }

    /// A text is another one.
    fn changed(&mut self, path: PathBuf) {
        // What is no part of any app is shown and changes nothing.
        if discover::file_kind(&path).is_some() {
            self.is_wanted |= self.folders.touch(&path, self.documents.get(&path));
        }
        if !self.is_wanted && !self.client.pulls {
            self.publish();
        }
        if !self.changed.contains(&path) {
            self.changed.push(path);
        }
    }

    fn close(&mut self, params: &DidCloseTextDocumentParams) {
        let uri = params.text_document.uri.to_string();
        let Some(path) = self.documents.close(&uri) else { return };
        if self.sent.remove(&uri).is_some() && !self.client.pulls {
            self.notify("textDocument/publishDiagnostics", json!({ "uri": uri, "diagnostics": [] }));
        }
        self.changed.retain(|changed| *changed != path);
        if discover::file_kind(&path).is_some() {
            self.is_wanted |= self.folders.touch(&path, None);
        }
    }

    /// Of what is read from the disk only: configuration, baseline, ignore files, the manifest of the package.
    fn saved(&mut self, uri: &str) {
        if let Some(path) = self.documents.path(uri)
            && is_read_from_disk(&path)
        {
            self.folders.touch_all();
            self.want();
        }
    }

    fn files_changed(&mut self, params: &DidChangeWatchedFilesParams) {
        for change in &params.changes {
            let Some(path) = self.documents.path(change.uri.as_ref()) else { continue };
            let is_shadowed = self.documents.get(&path).is_some() && change.kind == FileChangeType::Changed;
            if is_read_from_disk(&path) {
                self.folders.touch_all();
                self.want();
            } else if !is_shadowed && self.folders.touch(&path, None) {
                self.want();
            }
        }
    }

    fn folders_changed(&mut self, params: DidChangeWorkspaceFoldersParams) {
        for folder in params.event.removed {
            if let Some(called) = uri::to_path(folder.uri.as_ref()) {
                self.folders.remove(&without_links(&called));
            }
        }
        for folder in params.event.added {
            self.add_folder(folder.uri.to_string());
        }
        // Texts may lie in other folders now.
        self.folders.touch_all();
        self.ask_settings();
        self.want();
    }

    fn settings_changed(&mut self, settings: &Value) {
        if self.client.settings {
            return self.ask_settings();
        }
        if !settings.is_null() {
            let settings = self.read_settings(settings);
            for folder in self.folders.iter_mut() {
                folder.settings = settings.clone();
            }
            self.settings = settings;
            self.folders.touch_all();
            self.want();
        }
    }

    fn ask_settings(&mut self) {
        if !self.client.settings {
            return;
        }
        let item = |folder: &Folder| match &folder.uri {
            Some(uri) => json!({ "scopeUri": uri, "section": "electrolint" }),
            None => json!({ "section": "electrolint" }),
        };
        let items: Vec<Value> = self.folders.iter().map(item).collect();
        let folders = self.folders.iter().map(|folder| folder.path.clone()).collect();
        self.ask("workspace/configuration", json!({ "items": items }), Asked::Settings(folders));
    }

    fn cancel(&mut self, id: &Value) {
        let is_it = |request: &Request| json!(request.id) == *id;
        if let Some(at) = self.waiting.iter().position(is_it) {
            let request = self.waiting.remove(at);
            self.refuse(request.id, ErrorCode::RequestCanceled, "cancelled");
        }
    }

    /// Takes the answer to a question of ours.
    fn learn(&mut self, response: Response) {
        match self.asked.remove(&response.id) {
            Some(Asked::Settings(folders)) => {
                let Some(values) = response.response_result.as_ref().ok().and_then(Value::as_array) else { return };
                let read: Vec<Option<Settings>> =
                    values.iter().map(|value| (!value.is_null()).then(|| self.read_settings(value))).collect();
                for (path, settings) in folders.iter().zip(read) {
                    let settings = settings.unwrap_or_else(|| self.settings.clone());
                    for folder in self.folders.iter_mut() {
                        if folder.path == *path && folder.settings != settings {
                            folder.settings = settings.clone();
                            folder.is_dirty = true;
                            self.is_wanted = true;
                            self.only_texts = false;
                        }
                    }
                }
            }
            Some(Asked::Progress) if self.progress == Progress::Asked && response.response_result.is_ok() => {
                let value = json!({ "kind": "begin", "title": "electrolint", "message": "looking at the app" });
                self.notify("$/progress", json!({ "token": PROGRESS, "value": value }));
                self.progress = Progress::Shown;
            }
            _ => {}
        }
    }

    /// Has everything checked that is not as it was, and nothing else any more.
    fn check(&mut self) {
        if !std::mem::take(&mut self.is_wanted) || self.is_over {
            return;
        }
        self.cancelled.store(true, Ordering::Relaxed);
        self.cancelled = Arc::default();
        self.generation += 1;
        if self.progress == Progress::Unasked {
            self.progress = Progress::Over;
            if self.client.progress {
                self.progress = Progress::Asked;
                self.ask("window/workDoneProgress/create", json!({ "token": PROGRESS }), Asked::Progress);
            }
        }
        let job = Job {
            generation: self.generation,
            checks: self.folders.checks(&self.documents),
            folders: self.folders.iter().map(|folder| folder.path.clone()).collect(),
            overlay: self.documents.overlay(),
            only_texts: self.only_texts,
            cancelled: self.cancelled.clone(),
        };
        // The thread lives as long as this end of the channel.
        let _ = self.jobs.send(job);
    }

    /// Takes what a check gave, if nothing has changed since.
    fn finish(&mut self, done: Done) {
        if done.generation != self.generation || self.is_wanted {
            return;
        }
        self.only_texts = true;
        let before = self.names();
        for (path, report) in done.reports {
            if let Some(text) = self.folders.take(&path, report, &self.documents, &self.client)
                && self.told != text
            {
                self.log(MessageType::Error, &text);
                self.notify("window/showMessage", json!({ "type": MessageType::Error, "message": text }));
                self.told = text;
            }
        }
        if self.progress == Progress::Shown {
            self.notify("$/progress", json!({ "token": PROGRESS, "value": { "kind": "end" } }));
        }
        self.progress = Progress::Over;
        for request in std::mem::take(&mut self.waiting) {
            self.answer_now(request);
        }
        if self.client.pulls {
            self.refresh(&before);
        } else {
            self.publish();
        }
        self.changed.clear();
    }

    /// Asks the editor something.
    pub(super) fn ask_other(&mut self, method: &str, params: Value) {
        self.ask(method, params, Asked::Other);
    }

    fn ask(&mut self, method: &str, params: Value, asked: Asked) {
        self.questions = self.questions.wrapping_add(1);
        let id = RequestId::from(self.questions);
        self.asked.insert(id.clone(), asked);
        self.send(Message::Request(Request { id, method: method.to_owned(), params }));
    }

    pub(super) fn notify(&self, method: &str, params: Value) {
        self.send(Message::Notification(Notification { method: method.to_owned(), params }));
    }

    pub(super) fn log(&self, kind: MessageType, text: &str) {
        self.notify("window/logMessage", json!({ "type": kind, "message": format!("electrolint: {text}") }));
    }

    fn reply(&self, response: Response) {
        self.send(Message::Response(response));
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, text: &str) {
        self.reply(Response::new_err(id, code as i32, text.to_owned()));
    }

    fn send(&self, message: Message) {
        // An editor that is gone is noticed when it is listened to.
        let _ = self.connection.sender.send(message);
    }
}

/// Whether a file counts as it lies on the disk, whatever the editor holds.
fn is_read_from_disk(path: &Path) -> bool {
    discover::file_kind(path).is_none() || path.file_name().is_some_and(|name| name == "package.json")
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

fn read<T: DeserializeOwned>(request: Request) -> Result<T, (ErrorCode, String)> {
    parse(request.params).map_err(|text| (ErrorCode::InvalidParams, text))
}
