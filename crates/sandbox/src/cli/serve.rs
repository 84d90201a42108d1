//! `serve`: the control protocol of clients in other languages, version 1. One JSON object a line, on standard input and
//! output; values are tagged as [`crate::to_tagged_json`] says. It is written down in docs/sandbox.md.
//!
//! The client is the host: it is trusted. It ends the program, and every sandbox with it, by closing the input.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use electrolint_policy::{Ceiling, Level, Manifest};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::engine::event_json;
use crate::{ApiError, CallArgs, Engine, EngineOptions, Event, ExecError, Sandbox, from_tagged_json, to_tagged_json};

/// The version of the control protocol.
const VERSION: u32 = 1;

/// What the client sends.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Command {
    Hello {
        version: u32,
    },
    Create {
        id: u64,
        #[serde(default)]
        api: Vec<String>,
        #[serde(default)]
        policy: Option<Json>,
        #[serde(default)]
        ceiling: Option<Json>,
        #[serde(default)]
        accept: Option<Level>,
    },
    Execute {
        id: u64,
        sandbox: u64,
        code: String,
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
    Abort {
        id: u64,
    },
    Exit {
        id: u64,
        sandbox: u64,
    },
    Kill {
        id: u64,
        sandbox: u64,
    },
    Ping {
        id: u64,
        sandbox: u64,
    },
    Reset {
        id: u64,
        sandbox: u64,
    },
    Connect {
        id: u64,
        sandbox: u64,
        other: u64,
        #[serde(default)]
        name: String,
        #[serde(default)]
        other_name: String,
    },
    RpcExpose {
        id: u64,
        sandbox: u64,
        method: String,
    },
    RpcUnexpose {
        id: u64,
        sandbox: u64,
        method: String,
    },
    RpcCall {
        id: u64,
        sandbox: u64,
        method: String,
        args: Json,
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
    RpcNotify {
        sandbox: u64,
        method: String,
        args: Json,
    },
    /// The answer to `call`.
    Answer {
        call: u64,
        #[serde(default)]
        value: Json,
        #[serde(default)]
        error: Option<AnswerError>,
    },
}

#[derive(Deserialize)]
struct AnswerError {
    name: String,
    message: String,
}

type Answers = Mutex<HashMap<u64, oneshot::Sender<Result<electrolint_policy::Value, ApiError>>>>;

#[derive(clap::Args)]
pub(super) struct Options {
    /// Keep so many workers ready for the next sandbox, 0 to 16
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = ready)]
    ready: usize,
    /// Keep compiled code in this folder, where nobody else may write
    #[arg(long, value_name = "DIR")]
    code_cache: Option<std::path::PathBuf>,
}

fn ready(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n <= 16).ok_or_else(|| "a number from 0 to 16".into())
}

struct Server {
    options: Options,
    out: mpsc::UnboundedSender<Json>,
    engines: Mutex<HashMap<Option<Level>, Engine>>,
    sandboxes: Mutex<HashMap<u64, Arc<Sandbox>>>,
    next_sandbox: AtomicU64,
    aborts: Mutex<HashMap<u64, CancellationToken>>,
    answers: Arc<Answers>,
    next_call: Arc<AtomicU64>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn run(options: Options) -> Result<ExitCode, String> {
    super::runtime()?.block_on(serve(options))
}

async fn serve(options: Options) -> Result<ExitCode, String> {
    let (out, mut lines) = mpsc::unbounded_channel::<Json>();
    let writer = tokio::spawn(async move {
        let mut stdout = tokio::io::stdout();
        while let Some(line) = lines.recv().await {
            let text = format!("{line}\n");
            // A client that reads no more has gone; the input ends too.
            if stdout.write_all(text.as_bytes()).await.is_err() || stdout.flush().await.is_err() {
                return;
            }
        }
    });
    let server = Arc::new(Server {
        options,
        out,
        engines: Mutex::default(),
        sandboxes: Mutex::default(),
        next_sandbox: AtomicU64::new(1),
        aborts: Mutex::default(),
        answers: Arc::default(),
        next_call: Arc::new(AtomicU64::new(1)),
    });
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = input.next_line().await.map_err(|error| format!("cannot read commands: {error}"))? {
        let command = serde_json::from_str::<Command>(&line).map_err(|error| format!("not a command: {error}"))?;
        server.take(command)?;
    }
    lock(&server.sandboxes).clear();
    drop(server);
    writer.abort();
    Ok(ExitCode::SUCCESS)
}

fn failure(id: u64, name: &str, message: &str, stack: &str) -> Json {
    json!({ "type": "error", "id": id, "error": { "name": name, "message": message, "stack": stack } })
}

impl Server {
    /// What the client is told; a client that has gone is told nothing.
    fn say(&self, message: Json) {
        let _ = self.out.send(message);
    }

    /// An error ends the program: a client that does not speak the protocol is not served.
    fn take(self: &Arc<Self>, command: Command) -> Result<(), String> {
        match command {
            Command::Hello { version: VERSION } => self.say(json!({ "type": "hello", "version": VERSION })),
            Command::Hello { version } => return Err(format!("protocol version {version} is not {VERSION}")),
            Command::Create { id, api, policy, ceiling, accept } => {
                let server = self.clone();
                tokio::spawn(async move {
                    if let Err((name, message)) = server.create(id, api, policy, ceiling, accept).await {
                        server.say(failure(id, name, &message, ""));
                    }
                });
            }
            Command::Execute { id, sandbox, code, timeout_ms } => {
                let Some(sandbox) = self.find(id, sandbox) else { return Ok(()) };
                let signal = CancellationToken::new();
                lock(&self.aborts).insert(id, signal.clone());
                let server = self.clone();
                tokio::spawn(async move {
                    let execution = sandbox.execute(code).signal(signal);
                    let execution = match timeout_ms {
                        Some(ms) => execution.timeout(Duration::from_millis(ms)),
                        None => execution,
                    };
                    let result = execution.await;
                    lock(&server.aborts).remove(&id);
                    server.say(match result {
                        Ok(value) => json!({ "type": "result", "id": id, "value": to_tagged_json(&value) }),
                        Err(ExecError::Js(thrown)) => failure(id, &thrown.name, &thrown.message, &thrown.stack),
                        Err(other) => failure(id, other.name(), &other.to_string(), ""),
                    });
                });
            }
            Command::Abort { id } => {
                if let Some(signal) = lock(&self.aborts).get(&id) {
                    signal.cancel();
                }
            }
            Command::Exit { id, sandbox } => self.end(id, sandbox, false),
            Command::Kill { id, sandbox } => self.end(id, sandbox, true),
            Command::Ping { id, sandbox } => {
                let Some(sandbox) = self.find(id, sandbox) else { return Ok(()) };
                let server = self.clone();
                tokio::spawn(async move {
                    server.say(match sandbox.ping().await {
                        Ok(time) => json!({ "type": "result", "id": id, "value": time.as_secs_f64() * 1000.0 }),
                        Err(error) => failure(id, "Error", &error.to_string(), ""),
                    });
                });
            }
            Command::Reset { id, sandbox } => {
                let Some(sandbox) = self.find(id, sandbox) else { return Ok(()) };
                let server = self.clone();
                tokio::spawn(async move {
                    server.say(match sandbox.reset().await {
                        Ok(()) => json!({ "type": "result", "id": id }),
                        Err(error) => failure(id, "StartError", &error.to_string(), ""),
                    });
                });
            }
            Command::Connect { id, sandbox, other, name, other_name } => {
                let Some(sandbox) = self.find(id, sandbox) else { return Ok(()) };
                let Some(other) = self.find(id, other) else { return Ok(()) };
                self.say(match sandbox.connect(&name, &other, &other_name) {
                    Ok(()) => json!({ "type": "result", "id": id }),
                    Err(error) => failure(id, "Error", &error.to_string(), ""),
                });
            }
            Command::RpcExpose { id, sandbox, method } => {
                let Some(target) = self.find(id, sandbox) else { return Ok(()) };
                let forward = self.forward(sandbox, &method);
                let exposed = target.rpc().expose_value(&method, forward);
                self.say(match exposed {
                    Ok(()) => json!({ "type": "result", "id": id }),
                    Err(error) => failure(id, "TypeError", &error.to_string(), ""),
                });
            }
            Command::RpcUnexpose { id, sandbox, method } => {
                let Some(sandbox) = self.find(id, sandbox) else { return Ok(()) };
                self.say(json!({ "type": "result", "id": id, "value": sandbox.rpc().unexpose(&method) }));
            }
            Command::RpcCall { id, sandbox, method, args, timeout_ms } => {
                let Some(sandbox) = self.find(id, sandbox) else { return Ok(()) };
                let args = from_tagged_json(&args).map_err(|error| error.to_string())?;
                let server = self.clone();
                tokio::spawn(async move {
                    let rpc = sandbox.rpc();
                    let call = rpc.call(&method, args);
                    let call = match timeout_ms {
                        Some(ms) => call.timeout(Duration::from_millis(ms)),
                        None => call,
                    };
                    server.say(match call.await {
                        Ok(value) => json!({ "type": "result", "id": id, "value": to_tagged_json(&value) }),
                        Err(crate::RpcError::Remote { code, message }) => {
                            json!({ "type": "error", "id": id, "error": { "name": "Error", "message": message, "code": code } })
                        }
                        Err(crate::RpcError::TimedOut) => failure(id, "TimedOutErr", "the call was not answered in time", ""),
                        Err(error) => failure(id, "SandboxGone", &error.to_string(), ""),
                    });
                });
            }
            Command::RpcNotify { sandbox, method, args } => {
                let args = from_tagged_json(&args).map_err(|error| error.to_string())?;
                if let Some(sandbox) = lock(&self.sandboxes).get(&sandbox) {
                    sandbox.rpc().notify(&method, args);
                }
            }
            Command::Answer { call, value, error } => {
                let answer = match error {
                    Some(error) => Err(ApiError { name: error.name, message: error.message }),
                    None => from_tagged_json(&value).map_err(|error| ApiError::new(error.to_string())),
                };
                if let Some(waiting) = lock(&self.answers).remove(&call) {
                    let _ = waiting.send(answer);
                }
            }
        }
        Ok(())
    }

    fn find(&self, id: u64, sandbox: u64) -> Option<Arc<Sandbox>> {
        let found = lock(&self.sandboxes).get(&sandbox).cloned();
        if found.is_none() {
            self.say(failure(id, "SandboxGone", "the sandbox has ended", ""));
        }
        found
    }

    fn end(self: &Arc<Self>, id: u64, sandbox: u64, gently: bool) {
        let found = lock(&self.sandboxes).remove(&sandbox);
        let server = self.clone();
        tokio::spawn(async move {
            match found {
                Some(sandbox) if gently => sandbox.kill().await,
                Some(sandbox) => sandbox.exit().await,
                // Ending what has ended is what was wanted.
                None => {}
            }
            server.say(json!({ "type": "result", "id": id }));
        });
    }

    fn engine(&self, accept: Option<Level>) -> Result<Engine, (&'static str, String)> {
        let mut engines = lock(&self.engines);
        if let Some(engine) = engines.get(&accept) {
            return Ok(engine.clone());
        }
        let engine = Engine::new(EngineOptions {
            accept,
            code_cache: self.options.code_cache.clone(),
            ready: self.options.ready,
            worker: None,
            nice: 0,
        })
        .map_err(|error| ("StartError", error.to_string()))?;
        engines.insert(accept, engine.clone());
        Ok(engine)
    }

    async fn create(
        self: &Arc<Self>,
        id: u64,
        api: Vec<String>,
        policy: Option<Json>,
        ceiling: Option<Json>,
        accept: Option<Level>,
    ) -> Result<(), (&'static str, String)> {
        let invalid = |error: electrolint_policy::ManifestErrors| ("PolicyError", error.to_string());
        let ceiling = match ceiling {
            Some(ceiling) => Ceiling::parse(&ceiling.to_string()).map_err(invalid)?,
            None => Ceiling::default(),
        };
        let number = self.next_sandbox.fetch_add(1, Ordering::Relaxed);
        let mut builder = self.engine(accept)?.sandbox();
        if let Some(policy) = policy {
            builder = builder.policy(Manifest::parse(&policy.to_string()).map_err(invalid)?.under(&ceiling));
        }
        for name in &api {
            builder = builder.api_value(name, self.forward(number, name));
        }
        let sandbox = builder.create().await.map_err(|error| ("StartError", error.to_string()))?;
        let containment = sandbox.containment().as_str();
        let mut events = sandbox.events();
        lock(&self.sandboxes).insert(number, Arc::new(sandbox));
        self.say(json!({ "type": "result", "id": id, "value": { "sandbox": number, "containment": containment } }));
        let server = self.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let last = matches!(event, Event::Exit { .. });
                server.say(describe(number, event));
                if last {
                    lock(&server.sandboxes).remove(&number);
                    return;
                }
            }
        });
        Ok(())
    }

    /// A handler that asks the client.
    fn forward(
        &self,
        sandbox: u64,
        name: &str,
    ) -> impl Fn(CallArgs) -> std::pin::Pin<Box<dyn Future<Output = Result<electrolint_policy::Value, ApiError>> + Send>>
    + Send
    + Sync
    + use<> {
        let (out, answers, next, name) =
            (self.out.clone(), self.answers.clone(), self.next_call.clone(), name.to_owned());
        move |args| {
            let call = next.fetch_add(1, Ordering::Relaxed);
            let (done, answer) = oneshot::channel();
            lock(&answers).insert(call, done);
            let args = to_tagged_json(&args.value);
            let _ = out.send(json!({ "type": "call", "sandbox": sandbox, "call": call, "name": name, "args": args }));
            Box::pin(async move { answer.await.unwrap_or_else(|_| Err(ApiError::new("the client has gone"))) })
        }
    }
}

fn describe(sandbox: u64, event: Event) -> Json {
    let mut message = event_json(event);
    message["type"] = "event".into();
    message["sandbox"] = sandbox.into();
    message
}
