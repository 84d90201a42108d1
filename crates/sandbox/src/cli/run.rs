//! `run`: one script, one result, one exit code.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use electrolint_policy::{Level, Policy};
use serde_json::json;

use super::{PolicyOptions, read_file};
use crate::engine::to_plain_json;
use crate::{Engine, EngineOptions, Event, ExecError, SandboxBuilder, StartError};

/// The script threw.
const ERROR: u8 = 1;
/// The worker was killed or crashed: EX_SOFTWARE of sysexits(3).
const KILLED: u8 = 70;
/// Refused: EX_NOPERM of sysexits(3).
const REFUSED: u8 = 77;
/// As timeout(1) has it.
const TIMEOUT: u8 = 124;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("code").required(true).args(["eval", "script"])))]
pub(super) struct Options {
    /// Run this text as the body of an async function
    #[arg(short, long, value_name = "CODE")]
    eval: Option<String>,
    /// Run this file: the body of an async function, or a module if it ends in .mjs
    #[arg(value_name = "SCRIPT")]
    script: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyOptions,
    /// Wall-clock limit in milliseconds, 1 to 3600000
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    timeout: Option<u64>,
    /// Print one JSON object instead of the value
    #[arg(long)]
    json: bool,
    /// Accept this lower level where full containment cannot be had
    #[arg(long, value_name = "LEVEL", value_enum)]
    accept: Option<AcceptedLevel>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum AcceptedLevel {
    NoNamespaces,
    Process,
}

impl From<AcceptedLevel> for Level {
    fn from(level: AcceptedLevel) -> Self {
        match level {
            AcceptedLevel::NoNamespaces => Self::NoNamespaces,
            AcceptedLevel::Process => Self::Process,
        }
    }
}

/// What is printed, and the exit code.
struct Outcome {
    status: &'static str,
    code: u8,
    value: serde_json::Value,
    error: serde_json::Value,
    containment: Option<Level>,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, String> {
    let policy = options.policy.read()?.unwrap_or_else(Policy::minimal);
    let code = match (&options.eval, &options.script) {
        (Some(code), _) => code.clone(),
        (None, Some(path)) => read_file(path)?,
        (None, None) => return Err("nothing to run".into()),
    };
    let runtime = super::runtime()?;
    let outcome = runtime.block_on(execute(options, policy, &code))?;
    let mut out = std::io::stdout().lock();
    let written = if options.json {
        let containment = outcome.containment.map(Level::as_str);
        let line = json!({
            "status": outcome.status, "value": outcome.value, "error": outcome.error, "containment": containment,
        });
        writeln!(out, "{line}")
    } else if outcome.code == 0 {
        writeln!(out, "{}", outcome.value)
    } else {
        let error = &outcome.error;
        let text = |key: &str| error[key].as_str().unwrap_or_default().escape_debug().to_string().replace("\\n", "\n");
        eprintln!("electrolint-sandbox: {}: {}: {}\n{}", outcome.status, text("name"), text("message"), text("stack"));
        Ok(())
    };
    written.map_err(|error| format!("cannot write the result: {error}"))?;
    Ok(outcome.code.into())
}

async fn execute(options: &Options, policy: Policy, code: &str) -> Result<Outcome, String> {
    let engine = Engine::new(EngineOptions { accept: options.accept.map(Level::from), ..EngineOptions::default() })
        .map_err(|e| e.to_string())?;
    let module = options.script.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e == "mjs"));
    let limit = options.timeout.map(Duration::from_millis);
    let id = policy.id.clone().unwrap_or_else(|| "script".into());
    let mut builder: SandboxBuilder = engine.sandbox().policy(policy);
    if let Some(path) = &options.script {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
        builder =
            builder.modules(&id, folder).map_err(|error| format!("cannot open the folder of the script: {error}"))?;
    }
    let sandbox = match builder.create().await {
        Ok(sandbox) => sandbox,
        Err(error) => return Ok(refused_or_killed(&error)),
    };
    let mut events = sandbox.events();
    let printer = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                Event::Log { text, .. } | Event::Stderr(text) => eprintln!("{}", visible(&text)),
                Event::Uncaught(error) => eprintln!("uncaught: {}: {}", visible(&error.name), visible(&error.message)),
                Event::LogCut(bytes) => eprintln!("[{bytes} bytes of output were cut]"),
                Event::Exit { .. } => return,
                Event::Reported { rule, reason } => eprintln!("reported: {}: {}", visible(&rule), visible(&reason)),
                Event::Ready | Event::Lockup | Event::Crash { .. } => {}
            }
        }
    });
    let containment = Some(sandbox.containment());
    let execution = match (module, &options.script) {
        (true, Some(path)) => sandbox.load(format!("./{}", path.file_name().unwrap_or_default().to_string_lossy())),
        _ => sandbox.execute(code),
    };
    let execution = match limit {
        Some(limit) => execution.timeout(limit),
        None => execution,
    };
    let result = tokio::select! {
        result = async { execution.await } => result,
        _ = tokio::signal::ctrl_c() => Err(ExecError::Aborted),
    };
    sandbox.exit().await;
    // The printer ends with the exit event, which has been sent.
    let _ = printer.await;
    Ok(outcome(result, containment))
}

fn outcome(result: Result<electrolint_policy::Value, ExecError>, containment: Option<Level>) -> Outcome {
    let (status, code) = match &result {
        Ok(_) => ("value", 0),
        Err(ExecError::Js(_) | ExecError::TooLong { .. }) => ("error", ERROR),
        Err(ExecError::TimedOut) => ("timeout", TIMEOUT),
        Err(ExecError::Aborted | ExecError::Gone(_)) => ("killed", KILLED),
    };
    let (value, error) = match result {
        Ok(value) => (to_plain_json(&value), serde_json::Value::Null),
        Err(ExecError::Js(thrown)) => {
            (serde_json::Value::Null, json!({ "name": thrown.name, "message": thrown.message, "stack": thrown.stack }))
        }
        Err(other) => {
            (serde_json::Value::Null, json!({ "name": other.name(), "message": other.to_string(), "stack": "" }))
        }
    };
    Outcome { status, code, value, error, containment }
}

fn refused_or_killed(error: &StartError) -> Outcome {
    let (status, code) = if error.is_refusal() { ("refused", REFUSED) } else { ("killed", KILLED) };
    let error = json!({ "name": "StartError", "message": error.to_string(), "stack": "" });
    Outcome { status, code, value: serde_json::Value::Null, error, containment: None }
}

/// Text for a terminal: control characters, what starts an escape sequence, other ends of lines and what changes the direction
/// of writing are made visible.
pub(super) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_hidden(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}
