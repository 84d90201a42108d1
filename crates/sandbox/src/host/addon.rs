//! One addon: what it is given, and its life from start to start.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use electrolint_policy::policy::Policy;
use electrolint_policy::{Permission, Value};
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, mpsc, watch};

use super::answers::Exchanges;
use super::events::What;
use super::files::Folder;
use super::install::Install;
use super::settings::Settings;
use super::storage::Store;
use super::{Shared, summary};
use crate::engine::{CallArgs, from_value, lock};
use crate::{ApiError, Event, Sandbox, StartError, Supervision, Verdict};

/// What an addon is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddonState {
    /// Its process is made and `main` runs.
    Starting,
    /// `main` has run; it takes calls.
    Running,
    /// It has crashed and waits to be started again.
    Backoff,
    /// It is not started again before somebody asks: it crashed too often, or ended by itself.
    Stopped,
    /// It asks for something that needs the host's consent, or for more containment than there is.
    Refused,
    /// What was kept for it is removed.
    Uninstalled,
}

/// What the host wants of an addon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Restart,
    Uninstall,
    Stop,
}

/// One addon.
pub(super) struct Addon {
    pub(super) id: String,
    pub(super) folder: PathBuf,
    pub(super) token: String,
    pub(super) policy: Policy,
    asked: Json,
    granted: Json,
    shared: Arc<Shared>,
    install: Install,
    store: Arc<Store>,
    params: Arc<Settings>,
    config: Arc<Settings>,
    /// One write of a setting at a time: each builds on the one before.
    setting: Arc<tokio::sync::Mutex<()>>,
    state: watch::Sender<AddonState>,
    crashes: Mutex<u32>,
    pub(super) exchanges: Exchanges,
    pub(super) sockets: crate::inbound::Sockets,
    pub(super) files: Option<Arc<crate::inbound::Folder>>,
    pub(super) turns: Arc<Semaphore>,
    sandbox: Mutex<Option<Arc<Sandbox>>>,
}

impl Addon {
    pub(super) fn open(
        shared: Arc<Shared>,
        folder: &Path,
        policy: Policy,
        asked: Policy,
        install: Install,
    ) -> std::io::Result<Self> {
        let own = Arc::new(Folder::open(folder)?);
        // A folder that is not there, or that a link leads to, is not served.
        let statics = policy.inbound.r#static.as_deref().filter(|_| policy.permits(Permission::InboundStatic));
        let files = statics.map(|path| crate::inbound::Folder::open(folder, path.trim_end_matches('/')).map(Arc::new));
        let files = files.transpose()?;
        let chunk = policy.limits.message_bytes as usize / 2;
        let settings = |file, rules| Settings::open(&install.folder, file, rules).map(Arc::new);
        Ok(Self {
            id: policy.id.clone().unwrap_or_default(),
            folder: folder.to_owned(),
            token: install.token.clone(),
            asked: summary(&asked),
            granted: summary(&policy),
            store: Arc::new(Store::new(own, policy.storage.clone(), chunk)),
            params: settings("params.json", policy.params.clone())?,
            config: settings("config.json", policy.config.clone())?,
            shared,
            setting: Arc::default(),
            install,
            state: watch::Sender::new(AddonState::Starting),
            crashes: Mutex::default(),
            exchanges: Exchanges::new(chunk, policy.inbound.max_body_bytes),
            files,
            sockets: crate::inbound::Sockets::default(),
            turns: Arc::new(Semaphore::new(policy.inbound.max_concurrent as usize)),
            sandbox: Mutex::default(),
            policy,
        })
    }

    pub(super) fn found(&self) -> What {
        let folder = self.folder.display().to_string();
        What::Found { asked: self.asked.clone(), granted: self.granted.clone(), folder }
    }

    pub(super) fn describe(&self) -> Json {
        json!({
            "id": self.id, "state": self.state(), "crashes": *lock(&self.crashes),
            "folder": self.folder.display().to_string(), "asked": self.asked, "granted": self.granted,
            "params": self.params.value(), "config": self.config.value(),
        })
    }

    pub(super) fn state(&self) -> AddonState {
        *self.state.borrow()
    }

    fn set(&self, state: AddonState) {
        if self.state.send_replace(state) != state {
            self.shared.tell(&self.id, What::State(state));
        }
    }

    /// Its sandbox, while `main` has run and it has not ended.
    pub(super) fn sandbox(&self) -> Option<Arc<Sandbox>> {
        lock(&self.sandbox).clone()
    }

    /// Whether its policy lets it serve anything.
    pub(super) fn serves(&self) -> bool {
        let inbound = [Permission::InboundHttp, Permission::InboundStatic, Permission::InboundSocketIo];
        inbound.iter().any(|permission| self.policy.permits(*permission))
    }

    /// The URL of a route or static file, with the token.
    pub(super) fn url(&self, path: &str, is_static: bool) -> Option<url::Url> {
        let address = self.shared.address.get()?;
        let kind = if is_static { "addon_static" } else { "addon" };
        let base = url::Url::parse(&format!("http://{address}/{kind}/{}/", self.id)).ok()?;
        // What leads elsewhere is no path of this addon.
        let url = base.join(path).ok().filter(|url| url.as_str().starts_with(base.as_str()))?;
        Some(crate::inbound::url_with_token(&url, &self.token))
    }

    /// Ends its process without waiting.
    pub(super) fn kill(&self) {
        // The last handle: dropping it kills.
        drop(lock(&self.sandbox).take());
    }

    /// Waits until it is uninstalled.
    pub(super) async fn ended(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.state.subscribe().wait_for(|state| *state == AddonState::Uninstalled).await;
    }

    /// Waits until no write of it is under way.
    pub(super) async fn settle(&self) {
        drop((self.store.settle().await, self.setting.lock().await));
    }

    /// Removes what was kept for it, in its folder and in the state. Nothing else of the folder is touched.
    pub(super) async fn remove(&self) -> std::io::Result<()> {
        self.store.remove().await?;
        let _turn = self.setting.lock().await;
        self.shared.installs.remove(&self.install)
    }

    async fn start(self: &Arc<Self>) -> Result<Arc<Sandbox>, StartError> {
        // Never closed.
        let _turn = self.shared.starting.acquire().await;
        let mut builder = self.shared.engine.sandbox().policy(self.policy.clone()).addon(&self.folder)?;
        if let Some(egress) = &self.shared.egress {
            builder = builder.egress(egress.clone());
        }
        for (name, source) in &self.shared.modules {
            builder = builder.register_module(name, source);
        }
        let data = json!({
            "id": self.id, "token": self.token, "params": self.params.value(), "config": self.config.value(),
            "url": self.url("", false).map(String::from), "staticUrl": self.url("", true).map(String::from),
        });
        if self.policy.permits(Permission::InboundHttp) {
            let (body, part) = (self.clone(), self.clone());
            builder = builder
                .service("@http.body", move |args| std::future::ready(body.exchanges.body(&list(args))))
                .service("@http.part", move |args| std::future::ready(part.exchanges.part(&list(args))));
        }
        builder = builder.global("data", data);
        if self.policy.permits(Permission::Storage) {
            let (write, read) = (self.store.clone(), self.store.clone());
            builder = builder
                .service("@storage.write", move |args| write.clone().write(list(args)))
                .service("@storage.read", move |args| read.clone().read(list(args)));
        }
        let addon = self.clone();
        builder = builder.service("config.updateParams", move |args| {
            let addon = addon.clone();
            addon.write(args, |addon, value| Ok(What::Params(addon.params.update(value)?)))
        });
        let addon = self.clone();
        builder = builder.service("config.setConfig", move |args| {
            let addon = addon.clone();
            addon.write(args, |addon, value| {
                if !addon.policy.permits(Permission::ConfigWrite) {
                    let message = "the permission config.write is not granted".into();
                    return Err(ApiError { name: "NotAllowedError".into(), message });
                }
                Ok(What::Config(addon.config.set(value)?))
            })
        });
        if self.policy.permits(Permission::InboundSocketIo) {
            let (emit, disconnect) = (self.clone(), self.clone());
            builder = builder.service("@io.emit", move |args| std::future::ready(emit.emit(list(args)))).service(
                "@io.disconnect",
                move |args| {
                    if let Some(Value::String(id)) = list(args).first() {
                        disconnect.sockets.disconnect(&id.to_string_lossy());
                    }
                    std::future::ready(Ok(Value::Undefined))
                },
            );
        }
        let mut events = builder.events();
        let teller = self.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let is_last = matches!(event, Event::Exit { .. });
                teller.shared.tell(&teller.id, What::Sandbox(event));
                if is_last {
                    return;
                }
            }
        });
        builder.create().await.map(Arc::new)
    }

    /// An event for a socket, or for all of a path.
    fn emit(&self, args: Vec<Value>) -> Result<Value, ApiError> {
        let text = |at: usize| match args.get(at) {
            Some(Value::String(text)) => Some(text.to_string_lossy()),
            _ => None,
        };
        let (Some(path), Some(event)) = (text(0), text(2)) else { return Err(ApiError::new("an event has a name")) };
        let arguments = args.get(3).map_or(Ok(Vec::new()), from_value::<Vec<Json>>);
        let arguments = arguments.map_err(|error| ApiError { name: "TypeError".into(), message: error.to_string() })?;
        let quota =
            |why: crate::inbound::NotSent| ApiError { name: "QuotaExceededError".into(), message: why.to_string() };
        self.sockets.emit(&path, text(1).as_deref(), &event, arguments).map_err(quota)?;
        Ok(Value::Undefined)
    }

    /// A new worker hears of the sockets that are there.
    fn introduce(self: &Arc<Self>) {
        for (path, id) in self.sockets.list() {
            let addon = self.clone();
            tokio::spawn(async move {
                let event = crate::inbound::SocketWhat::Joined;
                // It is down again: the next one will hear of it.
                let _ = crate::inbound::App::socket(&*addon, crate::inbound::SocketEvent { path, id, event }).await;
            });
        }
    }

    /// A write of a setting: to the disk on a thread that may wait, then told.
    async fn write(
        self: Arc<Self>,
        args: CallArgs,
        write: impl FnOnce(&Self, &Value) -> Result<What, ApiError> + Send + 'static,
    ) -> Result<Value, ApiError> {
        let value = list(args).into_iter().next().unwrap_or(Value::Undefined);
        // Waited for here and not on a thread: an addon that writes without end must not take them all.
        let turn = self.setting.clone().lock_owned().await;
        let written = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let what = write(&self, &value)?;
            self.shared.tell(&self.id, what);
            Ok(Value::Undefined)
        });
        written.await.unwrap_or_else(|error| Err(ApiError::new(error.to_string())))
    }
}

/// Positional arguments.
pub(super) fn list(args: CallArgs) -> Vec<Value> {
    match args.value {
        Value::Array(list) => list,
        one => vec![one],
    }
}

/// Starts it, and starts it again, until the host wants it no more.
pub(super) async fn run(addon: Arc<Addon>, mut commands: mpsc::Receiver<Command>) {
    let mut supervision = Supervision::new(addon.policy.restart.clone(), Instant::now());
    loop {
        addon.set(AddonState::Starting);
        supervision.started(Instant::now());
        let started = tokio::select! {
            started = addon.start() => started,
            command = commands.recv() => match command {
                Some(Command::Restart) => {
                    supervision.asked(Instant::now());
                    continue;
                }
                command => return end(&addon, command),
            },
        };
        let next = match started {
            Ok(sandbox) => {
                *lock(&addon.sandbox) = Some(sandbox.clone());
                addon.set(AddonState::Running);
                addon.introduce();
                let next = watch_over(&sandbox, &mut commands).await;
                *lock(&addon.sandbox) = None;
                sandbox.exit().await;
                next
            }
            Err(error) => {
                let is_refusal = error.is_refusal();
                addon.shared.tell(&addon.id, What::StartFailed(error.to_string()));
                if is_refusal { Next::Refused } else { Next::Crashed }
            }
        };
        let wait = match next {
            Next::Command(Some(Command::Restart)) => {
                supervision.asked(Instant::now());
                Some(Duration::ZERO)
            }
            Next::Command(command) => return end(&addon, command),
            Next::Ended => {
                addon.set(AddonState::Stopped);
                None
            }
            Next::Refused => {
                addon.set(AddonState::Refused);
                None
            }
            Next::Crashed => {
                let wait = match supervision.crashed(Instant::now()) {
                    Verdict::Restart(wait) => Some(wait),
                    Verdict::Stop => None,
                };
                let consecutive = supervision.crashes();
                let restart_after_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                addon.shared.tell(&addon.id, What::Crash { consecutive, restart_after_ms });
                addon.set(if wait.is_some() { AddonState::Backoff } else { AddonState::Stopped });
                wait
            }
        };
        *lock(&addon.crashes) = supervision.crashes();
        let asked = match wait {
            Some(wait) => tokio::select! {
                () = tokio::time::sleep(wait) => None,
                command = commands.recv() => Some(command),
            },
            None => Some(commands.recv().await),
        };
        match asked {
            None => {}
            Some(Some(Command::Restart)) => supervision.asked(Instant::now()),
            Some(command) => return end(&addon, command),
        }
    }
}

fn end(addon: &Addon, command: Option<Command>) {
    addon.kill();
    addon.sockets.end();
    addon.set(if command == Some(Command::Uninstall) { AddonState::Uninstalled } else { AddonState::Stopped });
}

/// Why an addon does not run any more.
enum Next {
    Command(Option<Command>),
    Crashed,
    Ended,
    Refused,
}

async fn watch_over(sandbox: &Sandbox, commands: &mut mpsc::Receiver<Command>) -> Next {
    let mut events = sandbox.events();
    // It may have ended before anybody listened.
    if !sandbox.is_running() {
        return Next::Crashed;
    }
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Exit { crash: true, .. }) | None => return Next::Crashed,
                Some(Event::Exit { crash: false, .. }) => return Next::Ended,
                Some(_) => {}
            },
            command = commands.recv() => return Next::Command(command),
        }
    }
}
