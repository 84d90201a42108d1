//! Fuzzes what reads the input of the linter, guided by coverage.
//!
//! `./run [INPUTS] [SEED] [TARGET...]` builds it with the compiler's coverage counters and runs it: an input that reaches an edge, or a
//! number of times over an edge, that none reached before is kept and changed further. A panic of ours is a find, and so is an input that
//! takes more than [`MOST_CPU`] or [`MOST_MEMORY`]; one that hangs ends the program. Finds are written to the folder that
//! `FUZZ_FINDS` names, the first of each place. A panic inside a dependency that our code catches is counted, not a find.
#![deny(unsafe_op_in_unsafe_fn)]

#[path = "../../crates/sandbox/src/os/coverage.rs"]
mod coverage;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use electrolint_fuzz::mutate::{Random, mutate};
use electrolint_fuzz::seeds::{MOST_BYTES, seeds};
use electrolint_fuzz::targets::{TARGETS, judge};

#[global_allocator]
static MEMORY: coverage::Counting = coverage::Counting::new();

/// Processor time of one input of four kilobytes, an instrumented build.
const MOST_CPU: Duration = Duration::from_secs(1);
/// Bytes held at once for one input.
const MOST_MEMORY: usize = 256 << 20;
/// An input that takes longer hangs.
const HANG: Duration = Duration::from_secs(120);

/// The input that is running, and how many ran.
static RUNNING: Mutex<(String, Vec<u8>)> = Mutex::new((String::new(), Vec::new()));
static RAN: AtomicU64 = AtomicU64::new(0);
/// Where panics were since this was last emptied.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    assert!(!coverage::counters().is_empty(), "built without counters: use ./run");
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| format!("{}:{}", place.file(), place.line()));
        let text = info.payload_as_str().unwrap_or_default();
        let text: String = text.chars().take(300).collect();
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{place}: {text}"));
    }));
    // What nests needs stack: four kilobytes of brackets in an instrumented build.
    let worker = std::thread::Builder::new().stack_size(1 << 30).spawn(all).expect("a thread");
    let mut last = (0, Instant::now());
    while !worker.is_finished() {
        std::thread::sleep(Duration::from_millis(50));
        let ran = RAN.load(Ordering::Relaxed);
        if ran != last.0 {
            last = (ran, Instant::now());
        } else if last.1.elapsed() > HANG {
            let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            let path = write(&running.0, "hangs", &running.1);
            eprintln!("{}: hangs, {}", running.0, path.display());
            std::process::exit(1);
        }
    }
    let finds = worker.join().unwrap_or(1);
    if finds == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs what the arguments name; tells the number of finds.
fn all() -> usize {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let inputs = numbers.first().copied().unwrap_or(100_000);
    let seed = numbers.get(1).copied().unwrap_or(0x2545_f491_4f6c_dd1d);
    let names: Vec<&String> = arguments.iter().filter(|text| text.parse::<u64>().is_err()).collect();
    let mut finds = 0;
    let mut total = 0;
    for (target, is_reader) in TARGETS {
        if names.is_empty() || names.iter().any(|name| *name == target) {
            let inputs = if *is_reader || !names.is_empty() { inputs } else { inputs / 10 };
            finds += Fuzzer::new(target, seed).run(inputs);
            total += inputs;
        }
    }
    println!("{total} inputs in all, {finds} finds");
    finds
}

struct Fuzzer {
    target: &'static str,
    random: Random,
    corpus: Vec<Vec<u8>>,
    /// For each counter, the numbers of times that were seen, as bits.
    seen: Vec<u16>,
    features: usize,
    /// By their places, the inputs.
    finds: BTreeMap<String, PathBuf>,
    caught: BTreeSet<String>,
    slowest: (Duration, usize),
}

impl Fuzzer {
    fn new(target: &'static str, seed: u64) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Self {
            target,
            random: Random::new(seed),
            corpus: seeds(&root, target),
            seen: vec![0; coverage::counters().len()],
            features: 0,
            finds: BTreeMap::new(),
            caught: BTreeSet::new(),
            slowest: (Duration::ZERO, 0),
        }
    }

    fn run(mut self, inputs: u64) -> usize {
        let seeds = std::mem::take(&mut self.corpus);
        for seed in seeds {
            self.one(&seed);
            self.corpus.push(seed);
        }
        let (first, start) = (self.features, Instant::now());
        for number in 1..=inputs {
            let picked = self.pick();
            let mut input = self.corpus[picked].clone();
            let other = self.random.below(self.corpus.len());
            mutate(&mut self.random, &mut input, &self.corpus[other], MOST_BYTES);
            if self.one(&input) {
                self.corpus.push(input);
            }
            if number.is_power_of_two() && number >= 1 << 16 || number == inputs {
                println!(
                    "{}: {number} inputs, {} kept, {} features ({first} at first), {:.0} a second, slowest {} ms, {} finds, {} caught",
                    self.target,
                    self.corpus.len(),
                    self.features,
                    number as f64 / start.elapsed().as_secs_f64(),
                    self.slowest.0.as_millis(),
                    self.finds.len(),
                    self.caught.len(),
                );
            }
        }
        for (place, path) in &self.finds {
            println!("{}: {place}\n    {}", self.target, path.display());
        }
        for place in &self.caught {
            println!("{}: caught, in a dependency: {place}", self.target);
        }
        self.finds.len()
    }

    /// New inputs more often than old ones.
    fn pick(&mut self) -> usize {
        let count = self.corpus.len();
        match self.random.below(2) {
            0 => self.random.below(count),
            _ => count - 1 - self.random.below(count.min(256)),
        }
    }

    /// Runs one input; answers whether it reached something new.
    fn one(&mut self, input: &[u8]) -> bool {
        {
            let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            running.0.clear();
            running.0.push_str(self.target);
            running.1.clear();
            running.1.extend_from_slice(input);
        }
        coverage::counters().fill(0);
        let start = Instant::now();
        let run = || catch_unwind(AssertUnwindSafe(|| judge(self.target, input)));
        let (result, memory) = MEMORY.highest_during(run);
        let taken = start.elapsed();
        let new = self.reached();
        RAN.fetch_add(1, Ordering::Relaxed);
        let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
        // The first panic is the cause: what is caught may panic again where it is asserted.
        let first = panics.first().cloned().unwrap_or_default();
        let is_ours = !first.contains("/registry/") && !first.contains("/rustc/");
        if result.is_err() || !panics.is_empty() && is_ours {
            self.find(&first, input);
        } else if !panics.is_empty() {
            self.caught.insert(first.split(": ").next().unwrap_or_default().to_owned());
        }
        if memory > MOST_MEMORY {
            self.find(&format!("holds over {} MB", MOST_MEMORY >> 20), input);
        }
        self.slowest = self.slowest.max((taken, input.len()));
        // Others may load the machine: what is slow is run again and held against the processor's time.
        if taken > MOST_CPU && cpu_of(|| judge(self.target, input)).is_some_and(|cpu| cpu > MOST_CPU) {
            self.find("takes over a second", input);
        }
        new
    }

    fn reached(&mut self) -> bool {
        let before = self.features;
        let counters = coverage::counters();
        let (words, rest) = counters.as_chunks::<8>();
        for (word, chunk) in words.iter().enumerate() {
            if u64::from_ne_bytes(*chunk) != 0 {
                for (index, count) in chunk.iter().enumerate() {
                    mark(&mut self.seen[word * 8 + index], *count, &mut self.features);
                }
            }
        }
        for (index, count) in rest.iter().enumerate() {
            mark(&mut self.seen[words.len() * 8 + index], *count, &mut self.features);
        }
        self.features > before
    }

    fn find(&mut self, place: &str, input: &[u8]) {
        // The place alone: messages hold the input.
        let key = place.split(": ").next().unwrap_or(place).to_owned();
        if self.finds.contains_key(&key) {
            return;
        }
        let path = write(self.target, &format!("{}", self.finds.len()), input);
        println!("{}: find: {place}\n    {}", self.target, path.display());
        self.finds.insert(key, path);
    }
}

/// 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more: as AFL counts.
fn mark(seen: &mut u16, count: u8, features: &mut usize) {
    let bucket = match count {
        0 => return,
        1..=3 => count,
        4..=7 => 4,
        8..=15 => 5,
        16..=31 => 6,
        32..=127 => 7,
        _ => 8,
    };
    *features += usize::from(*seen & (1 << bucket) == 0);
    *seen |= 1 << bucket;
}

fn write(target: &str, name: &str, input: &[u8]) -> PathBuf {
    let folder = PathBuf::from(std::env::var_os("FUZZ_FINDS").unwrap_or_else(|| "finds".into()));
    let path = folder.join(format!("{target}-{name}"));
    let _ = std::fs::create_dir_all(&folder);
    let _ = std::fs::write(&path, input);
    path
}

/// Processor time of this process over some work, from proc_pid_stat(5), in ticks of 10 ms; none where the system does not tell.
fn cpu_of(work: impl FnOnce()) -> Option<Duration> {
    let now = || {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        let (_, fields) = text.rsplit_once(") ")?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Some(Duration::from_millis(10 * ticks))
    };
    let before = now()?;
    let _ = catch_unwind(AssertUnwindSafe(work));
    Some(now()?.saturating_sub(before))
}
