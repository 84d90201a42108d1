//! `host`: the addons of a folder, until Ctrl-C.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use electrolint_policy::Ceiling;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::run::{AcceptedLevel, visible};
use super::{at, read_file};
use crate::host::{Control, Host, HostEvent, HostOptions, What};
use crate::{EngineOptions, Event};

/// Bytes of lines that wait for whoever reads the output.
const MOST_WAITING_BYTES: usize = 4 << 20;
/// Descriptors that the host takes if the system lets it: each addon has some, and 1024 is what many systems begin with.
const DESCRIPTORS: u64 = 65536;
/// How long the last lines may take to go out, and what is under way on the disk.
const LAST_LINES: Duration = Duration::from_secs(1);
/// The host answers for all addons, so it comes before any of them.
const NICE: u8 = 10;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A folder of addon folders, or one addon folder: each has an `addon.json`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What addons can get at most: a file of the manifest's shape
    #[arg(long, value_name = "FILE")]
    ceiling: Option<PathBuf>,
    /// Where the host keeps its secret and what it keeps of addons [default: electrolint-sandbox in $XDG_STATE_HOME or ~/.local/state]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where addons are served: an address of loopback and a port, 0 for any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
    /// Where the control endpoint listens, a Unix socket [default: control.sock in the state folder]
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
    /// Print one JSON object for each event
    #[arg(long)]
    json: bool,
    /// Let an addon under development that asks for `block: "none"` reach this machine and its network
    #[arg(long)]
    allow_private_network: bool,
    /// Let an addon under development that asks for ROOT load modules
    #[arg(long)]
    allow_root: bool,
    /// A module that addons with ROOT may require, if their policy allows its name: a CommonJS file
    #[arg(long = "module", value_name = "NAME=FILE", value_parser = parse_module)]
    modules: Vec<(String, PathBuf)>,
    /// Accept this lower level where full containment cannot be had
    #[arg(long, value_name = "LEVEL", value_enum)]
    accept: Option<AcceptedLevel>,
}

pub(super) fn run(options: Options) -> Result<ExitCode, String> {
    let ceiling = match &options.ceiling {
        Some(path) => Ceiling::parse(&read_file(path)?).map_err(|errors| at(path, &errors))?,
        None => Ceiling::default(),
    };
    let state = match options.state {
        Some(state) => state,
        None => default_state().ok_or("there is no folder for the state: name one with --state")?,
    };
    for (flag, is_set, what) in [
        ("--allow-private-network", options.allow_private_network, "reach this machine and its network"),
        ("--allow-root", options.allow_root, "load modules"),
    ] {
        if is_set {
            eprintln!("electrolint-sandbox: warning: {flag}: addons that ask for it may {what}; for development only");
        }
    }
    let mut modules = BTreeMap::new();
    for (name, path) in &options.modules {
        modules.insert(name.clone(), read_file(path)?);
    }
    let control = options.control.unwrap_or_else(|| state.join("control.sock"));
    let options_of_host = HostOptions {
        folder: options.folder,
        state,
        ceiling,
        allow_private_network: options.allow_private_network,
        allow_root: options.allow_root,
        modules,
        listen: options.listen,
        egress: None,
        engine: EngineOptions { accept: options.accept.map(Into::into), nice: NICE, ..EngineOptions::default() },
    };
    let runtime = super::runtime()?;
    let done = runtime.block_on(serve(options_of_host, &control, options.json));
    // A disk that does not answer must not keep the program.
    runtime.shutdown_timeout(LAST_LINES);
    done
}

async fn serve(options: HostOptions, control: &std::path::Path, json: bool) -> Result<ExitCode, String> {
    let mut descriptors = getrlimit(Resource::Nofile);
    descriptors.current = descriptors.current.max(Some(DESCRIPTORS.min(descriptors.maximum.unwrap_or(DESCRIPTORS))));
    // With fewer it is another number of addons that fits.
    let _ = setrlimit(Resource::Nofile, descriptors);
    // Before anything is started: a signal that comes now must not leave workers behind.
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let write = if json { |event: &HostEvent| Some(event.to_json().to_string()) } else { line_of };
    let mut printer = Printer::new(write).map_err(|error| format!("cannot start a thread: {error}"))?;
    let (host, mut events) = Host::open(options).map_err(|error| error.to_string())?;
    let host = Arc::new(host);
    let endpoint = Control::listen(host.clone(), control)
        .map_err(|error| format!("cannot listen at {}: {error}", control.display()))?;
    if json {
        let address = host.address().map(|address| format!("http://{address}/"));
        let line =
            serde_json::json!({ "event": "listening", "control": control.display().to_string(), "url": address });
        printer.print(line.to_string());
    } else {
        if let Some(address) = host.address() {
            eprintln!("addons are served at http://{address}/");
        }
        eprintln!("control endpoint: {}", control.display());
    }
    let printing = async {
        while let Some(event) = events.next().await {
            if let Some(line) = write(&event) {
                printer.print(line);
            }
        }
    };
    tokio::select! {
        () = printing => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    drop(endpoint);
    host.stop().await;
    if json {
        printer.print(serde_json::json!({ "event": "end" }).to_string());
    }
    printer.end();
    Ok(ExitCode::SUCCESS)
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, String> {
    signal(kind).map_err(|error| format!("cannot listen for signals: {error}"))
}

/// Standard output, written by a thread of its own. Somebody may hold the other end of a pipe and read nothing: the
/// host must answer signals, its control endpoint and its addons all the same, so what is too much is left out and counted.
struct Printer {
    lines: mpsc::Sender<String>,
    waiting: Arc<AtomicUsize>,
    lost: u64,
    /// An event as a line.
    write: fn(&HostEvent) -> Option<String>,
    ended: mpsc::Receiver<()>,
}

impl Printer {
    fn new(write: fn(&HostEvent) -> Option<String>) -> std::io::Result<Self> {
        let (lines, received) = mpsc::channel::<String>();
        let (end, ended) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        std::thread::Builder::new().name("output".into()).spawn(move || {
            for line in received {
                left.fetch_sub(line.len(), Ordering::Relaxed);
                // Nobody reads any more: the addons run on, and the control endpoint tells of them.
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            }
            drop(end);
        })?;
        Ok(Self { lines, waiting, lost: 0, write, ended })
    }

    fn print(&mut self, line: String) {
        if self.waiting.load(Ordering::Relaxed) + line.len() > MOST_WAITING_BYTES {
            self.lost += 1;
            return;
        }
        if self.lost > 0 {
            let lost = HostEvent { addon: String::new(), what: What::Lost(std::mem::take(&mut self.lost)) };
            self.send((self.write)(&lost).unwrap_or_default());
        }
        self.send(line);
    }

    fn send(&self, line: String) {
        self.waiting.fetch_add(line.len(), Ordering::Relaxed);
        // The thread ends with the sender.
        let _ = self.lines.send(line);
    }

    /// Waits until all is written, within a bound.
    fn end(self) {
        drop(self.lines);
        // Either way it is over.
        let _ = self.ended.recv_timeout(LAST_LINES);
    }
}

fn line_of(event: &HostEvent) -> Option<String> {
    let text = match &event.what {
        What::Found { asked, granted, folder } => format!("{folder}\n  asks for {asked}\n  is granted {granted}"),
        What::Unusable(why) => format!("cannot be used: {why}"),
        What::State(state) => format!("is {}", serde_json::json!(state).as_str().unwrap_or_default()),
        What::StartFailed(why) => format!("did not start: {why}"),
        What::Crash { consecutive, restart_after_ms: Some(ms) } => {
            format!("crashed ({consecutive} in a row), starts again in {ms} ms")
        }
        What::Crash { consecutive, restart_after_ms: None } => {
            format!("crashed {consecutive} times in a row and stays down until it is restarted")
        }
        What::Params(value) => format!("params {value}"),
        What::Config(value) => format!("config {value}"),
        What::Sandbox(Event::Log { text, .. } | Event::Stderr(text)) => text.clone(),
        What::Sandbox(Event::Uncaught(error)) => format!("uncaught: {}: {}", error.name, error.message),
        What::Sandbox(Event::LogCut(bytes)) => format!("{bytes} bytes of output were cut"),
        What::Sandbox(Event::Lockup) => "answers no ping".into(),
        What::Sandbox(Event::Exit { reason, .. }) => format!("ended: {reason}"),
        What::Sandbox(Event::Reported { rule, reason }) => format!("reported: {rule}: {reason}"),
        What::Lost(events) => format!("{events} events were lost: the output is not read fast enough"),
        What::Sandbox(Event::Ready | Event::Crash { .. }) => return None,
    };
    // Each line says whose it is: an addon must not write lines of another, or of the host.
    let name = visible(&event.addon).replace('\n', "\\n");
    let lines: Vec<String> = visible(&text).lines().map(|line| format!("[{name}] {line}")).collect();
    Some(lines.join("\n"))
}

fn default_state() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(base.join("electrolint-sandbox"))
}

fn parse_module(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("expected NAME=FILE")?;
    Ok((name.to_owned(), PathBuf::from(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_addon_writes_no_lines_of_others() {
        let line = |addon: &str, text: &str| {
            let what = What::Sandbox(Event::Stderr(text.into()));
            line_of(&HostEvent { addon: addon.into(), what }).unwrap_or_default()
        };
        assert_eq!(line("a", "one"), "[a] one");
        assert_eq!(line("a", "one\n[b] is running\r[c] x\u{1b}[2J"), "[a] one\n[a] [b] is running\\r[c] x\\u{1b}[2J");
        assert_eq!(line("a\n[b]", "\u{202e}one\u{2028}two"), "[a\\n[b]] \\u{202e}one\\u{2028}two");
    }
}
