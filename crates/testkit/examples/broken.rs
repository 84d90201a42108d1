//! Runs a release build, with all rules, on every hostile app and on one app that holds one file of each kind: time, memory, and
//! how it ended.
//!
//! Time is that of the processor, all threads together, so that other programs do not count; elsewhere than on Linux it is the
//! clock's.
//!
//! `broken BINARY [NAME...]`; see `bench/broken`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use electrolint_testkit::hostile::{self, Said};

const MOST_TIME: Duration = Duration::from_secs(2);
const MOST_MEMORY: u64 = 512;
/// The app that holds one file of each kind.
const TOGETHER: &str = "together";
/// A run is ended after this.
const GIVE_UP: Duration = Duration::from_secs(30);

struct Run {
    time: Duration,
    /// Peak, in MB; 0 where the system does not tell.
    memory: u64,
    code: Option<i32>,
    output: String,
}

fn run(binary: &Path, folder: &Path) -> std::io::Result<Run> {
    let output = folder.with_extension("out");
    let started = Instant::now();
    let before = time_of_children();
    let mut child = Command::new(binary)
        .args(["check", "-f", "json", "--strict", "--include", "**"])
        .arg(folder)
        .stdout(fs::File::create(&output)?)
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let code = loop {
        if let Ok(text) = fs::read_to_string(&status) {
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
            memory = memory.max(peak.unwrap_or(0) / 1024);
        }
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if started.elapsed() > GIVE_UP {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let time = match (before, time_of_children()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => started.elapsed(),
    };
    Ok(Run { time, memory, code, output: fs::read_to_string(&output).unwrap_or_default() })
}

/// Processor time of the children that have ended, from proc_pid_stat(5), fields 16 and 17. A tick is 10 ms on every system that
/// Linux runs on.
fn time_of_children() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, which may hold blanks.
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks: Vec<u64> = fields.split(' ').skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    Some(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(binary) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: broken BINARY [NAME...]");
        return ExitCode::from(2);
    };
    let names: Vec<String> = arguments.collect();
    let folder = std::env::temp_dir().join(format!("electrolint-broken-{}", std::process::id()));
    let code = match measure(&binary, &names, &folder) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            println!(
                "{failed} failed: more than {MOST_TIME:?} or {MOST_MEMORY} MB, an abort, or a file that was passed over"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot measure: {error}");
            ExitCode::from(2)
        }
    };
    let _ = fs::remove_dir_all(&folder);
    code
}

fn measure(binary: &Path, names: &[String], folder: &Path) -> std::io::Result<u32> {
    let mut failed = 0;
    // A check on a machine that others load looks for what hangs, not for what is slow.
    let slack: u32 = std::env::var("BROKEN_TIME_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    let mut row = |name: &str, run: &Run, complaint: &str| {
        // What the allocator keeps for itself depends on which thread came first.
        let memory = if slack > 1 { MOST_MEMORY * 5 / 4 } else { MOST_MEMORY };
        let is_over = run.time > MOST_TIME * slack || run.memory > memory;
        let bad = is_over || run.code != Some(1) || !complaint.is_empty();
        failed += u32::from(bad);
        let code = run.code.map_or("killed".to_owned(), |code| code.to_string());
        let mark = if bad { "FAILED" } else { "" };
        println!("{name:32} {:6.2} s {:5} MB  exit {code:6} {mark} {complaint}", run.time.as_secs_f64(), run.memory);
    };
    for case in hostile::cases() {
        if !names.is_empty() && !names.iter().any(|name| name == case.name) {
            continue;
        }
        let app = folder.join(case.name);
        case.write(&app)?;
        let run = run(binary, &app)?;
        row(case.name, &run, complaint(&case, &run.output));
        if !names.is_empty() {
            for line in run.output.lines().skip_while(|line| !line.contains("\"problems\"")).take(12) {
                println!("    {line}");
            }
        }
    }
    if names.is_empty() || names.iter().any(|name| name == TOGETHER) {
        let app = folder.join(TOGETHER);
        hostile::write_together(&app)?;
        let run = run(binary, &app)?;
        row(TOGETHER, &run, "");
    }
    Ok(failed)
}

/// What the result fails to say.
fn complaint(case: &hostile::Hostile, output: &str) -> &'static str {
    let problems = output.split_once("\"problems\"").map_or("", |(_, problems)| problems);
    let is_named = problems.contains(case.path)
        || case.path.contains('\u{1b}') && problems.contains("foo")
        || problems.contains("\\n.js");
    match case.said {
        Said::Problem if !is_named => "no problem names the file",
        Said::Nothing if is_named => "a problem names the file",
        _ => "",
    }
}
