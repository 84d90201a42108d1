//! Addons: folders with a manifest, each in a sandbox of its own, started, watched and ended by one host.
//!
//! A folder's `addon.json` is what its addon asks for; a [`Ceiling`] is what it can get. What an addon keeps lies in its
//! folder (`storage_data.json`); what the host keeps of it (parameters, configuration, the secret that its token is made
//! of) lies in the host's state folder, where no addon reaches it.

mod addon;
mod answers;
mod control;
mod events;
mod files;
mod install;
mod settings;
mod storage;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use electrolint_policy::policy::Policy;
use electrolint_policy::{Ceiling, Manifest, Permission};
use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, mpsc};

pub use addon::AddonState;
pub use control::Control;
pub use events::{HostEvent, HostEvents, What};

use crate::egress::Egress;
use crate::engine::{fanout, lock};
use crate::inbound::Server;
use crate::{Engine, EngineOptions, StartError};
use addon::{Addon, Command};
use install::Installs;

/// Addons that one host runs at most.
const MOST_ADDONS: usize = 1024;
/// Addons that start at the same time: each has a limit of time for it, and the processors are shared.
const MOST_STARTING: usize = 8;
/// Longest manifest, as `docs/policy.md` has it.
const MOST_MANIFEST_BYTES: u64 = 1 << 20;
/// Events that a slow listener may fall behind by.
const EVENTS: usize = 4096;
/// How long the end of all addons may take: their processes are killed, which needs no help of theirs.
const ENDING: Duration = Duration::from_secs(5);

/// What a host is made of.
pub struct HostOptions {
    /// A folder of addon folders, or one addon folder.
    pub folder: PathBuf,
    /// Where the host keeps what is its own; made with mode 0700. One host at a time has it.
    pub state: PathBuf,
    /// What addons can get.
    pub ceiling: Ceiling,
    /// The host's word for `block: "none"`.
    pub allow_private_network: bool,
    /// The host's word for `ROOT`.
    pub allow_root: bool,
    /// Modules that addons with ROOT may require: name, and source in CommonJS.
    pub modules: BTreeMap<String, String>,
    /// Where addons are served, on loopback; port 0 is any free one. Nothing listens unless an addon may serve something.
    pub listen: SocketAddr,
    /// What `network` of the addons goes through, in place of [`Egress::system`].
    pub egress: Option<Egress>,
    /// The engine.
    pub engine: EngineOptions,
}

/// Why there is no host, or why it did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The folder or the state cannot be used.
    #[error("cannot {step} {}: {error}", path.display())]
    Files {
        /// What was tried.
        step: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// There is no such addon.
    #[error("there is no addon {0}")]
    Unknown(String),
    /// The host ends.
    #[error("the host ends")]
    Ended,
    /// The engine cannot be made.
    #[error("{0}")]
    Engine(#[from] StartError),
}

/// A host. Dropping it ends every addon.
pub struct Host {
    shared: Arc<Shared>,
    addons: BTreeMap<String, (Arc<Addon>, mpsc::Sender<Command>)>,
    server: Option<Server>,
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

/// What all addons of a host have in common.
struct Shared {
    engine: Engine,
    egress: Option<Egress>,
    installs: Installs,
    modules: BTreeMap<String, String>,
    events: fanout::Sender<HostEvent>,
    starting: Semaphore,
    /// Where addons are served, once that is known.
    address: OnceLock<SocketAddr>,
}

impl Host {
    /// Reads the manifests and starts the addons; gives their events too, from the first one on.
    ///
    /// An addon whose manifest cannot be used is an event and does not stop the others.
    ///
    /// # Errors
    /// [`HostError`] for the folder, the state or the engine.
    pub fn open(options: HostOptions) -> Result<(Self, HostEvents), HostError> {
        let at = |step, path: &Path| {
            let path = path.to_owned();
            move |error| HostError::Files { step, path, error }
        };
        let installs = Installs::open(&options.state).map_err(at("use the state folder", &options.state))?;
        let folders = folders(&options.folder).map_err(at("read the folder of addons", &options.folder))?;
        let events = fanout::Sender::new(EVENTS);
        let first = events.subscribe();
        let shared = Arc::new(Shared {
            engine: Engine::new(options.engine)?,
            egress: options.egress,
            installs,
            modules: options.modules,
            events,
            starting: Semaphore::new(MOST_STARTING),
            address: OnceLock::new(),
        });
        let ceiling = options.ceiling.consent(options.allow_root, options.allow_private_network);
        let mut addons: BTreeMap<String, (Arc<Addon>, mpsc::Sender<Command>)> = BTreeMap::new();
        let mut commands = Vec::new();
        for folder in folders {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let opened = open_addon(&shared, &folder, &ceiling).and_then(|addon| match addons.get(&addon.id) {
                Some((other, _)) => Err(format!("the id {} is also that of {}", addon.id, other.folder.display())),
                None => Ok(addon),
            });
            match opened {
                Ok(addon) => {
                    let addon = Arc::new(addon);
                    let (sender, receiver) = mpsc::channel(16);
                    commands.push((addon.clone(), receiver));
                    addons.insert(addon.id.clone(), (addon, sender));
                }
                // The folder's name, escaped by whoever prints it: there is no id.
                Err(why) => shared.tell(&name, What::Unusable(why)),
            }
        }
        let failed = at("serve addons of", &options.folder);
        let server = serve(&shared, options.listen, &addons).map_err(failed)?;
        let host = Self { shared, addons, server, tasks: Mutex::default() };
        for (addon, receiver) in commands {
            host.shared.tell(&addon.id, addon.found());
            lock(&host.tasks).push(tokio::spawn(addon::run(addon, receiver)));
        }
        Ok((host, HostEvents(first)))
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> HostEvents {
        HostEvents(self.shared.events.subscribe())
    }

    /// The ids of the addons and what each is doing, sorted.
    #[must_use]
    pub fn state(&self) -> Vec<(String, AddonState)> {
        self.addons.iter().map(|(id, (addon, _))| (id.clone(), addon.state())).collect()
    }

    /// What each addon is doing, asks for and is granted.
    #[must_use]
    pub fn describe(&self) -> Json {
        let describe = |(addon, _): &(Arc<Addon>, _)| addon.describe();
        Json::Array(self.addons.values().map(describe).collect())
    }

    /// Starts an addon again, whatever it has done before: the row of its crashes is over.
    ///
    /// # Errors
    /// [`HostError::Unknown`], [`HostError::Ended`].
    pub async fn restart(&self, id: &str) -> Result<(), HostError> {
        self.command(id, Command::Restart).await
    }

    /// Ends an addon and removes what was kept for it: its storage, parameters, configuration and token. Its folder stays.
    ///
    /// # Errors
    /// [`HostError::Unknown`], [`HostError::Ended`], [`HostError::Files`] when something could not be removed.
    pub async fn uninstall(&self, id: &str) -> Result<(), HostError> {
        let (addon, _) = self.addons.get(id).ok_or_else(|| HostError::Unknown(id.to_owned()))?;
        self.command(id, Command::Uninstall).await?;
        addon.ended().await;
        crate::os::process::give_memory_back();
        addon.remove().map_err(|error| HostError::Files {
            step: "remove what was kept of",
            path: addon.folder.clone(),
            error,
        })
    }

    /// Where addons are served, if any may serve something.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Server::address)
    }

    /// The URL of an addon's route or, with `is_static`, of its static file, with its token.
    #[must_use]
    pub fn url(&self, id: &str, path: &str, is_static: bool) -> Option<url::Url> {
        self.addons.get(id)?.0.url(path, is_static)
    }

    /// The secret of an addon, as it has it in `data.token`.
    #[must_use]
    pub fn token(&self, id: &str) -> Option<String> {
        Some(self.addons.get(id)?.0.token.clone())
    }

    async fn command(&self, id: &str, command: Command) -> Result<(), HostError> {
        let (_, sender) = self.addons.get(id).ok_or_else(|| HostError::Unknown(id.to_owned()))?;
        sender.send(command).await.map_err(|_| HostError::Ended)
    }

    /// Ends every addon, within five seconds.
    pub async fn stop(&self) {
        let stopping = async {
            for (addon, sender) in self.addons.values() {
                // Full only if somebody floods it with commands; it ends with its task below.
                let _ = sender.try_send(Command::Stop);
                addon.kill();
            }
            let tasks = std::mem::take(&mut *lock(&self.tasks));
            for task in tasks {
                let _ = task.await;
            }
            for (addon, _) in self.addons.values() {
                addon.settle().await;
            }
        };
        let _ = tokio::time::timeout(ENDING, stopping).await;
        self.shared.installs.release();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
        self.shared.installs.release();
    }
}

impl Shared {
    fn tell(&self, addon: &str, what: What) {
        self.events.send(HostEvent { addon: addon.to_owned(), what });
    }
}

/// The folders that have an `addon.json`, sorted: the folder itself, or those in it.
fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = folder.canonicalize()?;
    if folder.join("addon.json").is_file() {
        return Ok(vec![folder]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.join("addon.json").is_file() {
            // A link may stand for a folder elsewhere: that is where it is installed.
            found.push(path.canonicalize()?);
        }
    }
    found.sort();
    found.dedup();
    found.truncate(MOST_ADDONS);
    Ok(found)
}

/// The listener, if an addon may serve something.
fn serve(
    shared: &Shared,
    listen: SocketAddr,
    addons: &BTreeMap<String, (Arc<Addon>, mpsc::Sender<Command>)>,
) -> std::io::Result<Option<Server>> {
    let served: BTreeMap<String, Arc<Addon>> = addons
        .iter()
        .filter(|(_, (addon, _))| addon.serves())
        .map(|(id, (addon, _))| (id.clone(), addon.clone()))
        .collect();
    if served.is_empty() {
        return Ok(None);
    }
    let server = Server::bind(listen)?;
    // Set here alone, and once.
    let _ = shared.address.set(server.address());
    server.serve(Arc::new(answers::Served(served)))?;
    Ok(Some(server))
}

fn open_addon(shared: &Arc<Shared>, folder: &Path, ceiling: &Ceiling) -> Result<Addon, String> {
    let text = files::read_bounded(&folder.join("addon.json"), MOST_MANIFEST_BYTES)
        .map_err(|error| format!("cannot read addon.json: {error}"))?;
    let text = String::from_utf8(text).map_err(|_| "addon.json is not UTF-8".to_owned())?;
    let manifest = Manifest::parse(&text).map_err(|errors| format!("addon.json: {errors}"))?;
    let policy = manifest.under(ceiling);
    // Everything that it asks for, as if the host granted all.
    let asked = manifest.under(&Ceiling::from_manifest(manifest.clone()));
    let (Some(id), Some(_)) = (policy.id.clone(), policy.main.as_ref()) else {
        return Err("addon.json: an addon has an `id` and a `main`".into());
    };
    if id == "socket.io" {
        return Err("addon.json: the id socket.io is the path of the sockets of all addons".into());
    }
    let install = shared.installs.of(&id, folder).map_err(|error| format!("cannot keep its state: {error}"))?;
    Addon::open(shared.clone(), folder, policy, asked, install)
        .map_err(|error| format!("cannot keep its state: {error}"))
}

/// What a policy gives, in the words of the manifest, for a person to compare.
fn summary(policy: &Policy) -> Json {
    let permissions: Vec<&Permission> = policy.permissions.iter().collect();
    let hosts: Vec<String> = policy.network.hosts.iter().map(|(host, _)| host.to_string()).collect();
    let routes: Vec<String> = policy.inbound.http.keys().map(|(method, path)| format!("{method} {path}")).collect();
    json!({
        "permissions": permissions, "hosts": hosts, "block": policy.network.block, "modules": policy.modules,
        "http": routes, "static": policy.inbound.r#static, "socketio": policy.inbound.socketio.keys().collect::<Vec<_>>(),
        "storageBytes": policy.storage.max_bytes, "memoryBytes": policy.limits.memory_bytes,
        "containment": policy.level.as_str(),
    })
}
