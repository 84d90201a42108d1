//! The fuzz targets on a stable toolchain: seeded, bounded, without coverage. `fuzz/run` is guided by it.
//!
//! `FUZZ_INPUTS` sets the number of inputs of each reader (the whole pipeline takes a tenth), `FUZZ_SEED` the seed.

#[path = "../fuzz/src/mutate.rs"]
#[allow(dead_code)]
mod mutate;
#[path = "../fuzz/src/seeds.rs"]
mod seeds;
#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::path::Path;

use mutate::{Random, mutate};
use seeds::{MOST_BYTES, seeds};

/// Of each reader, in a debug build.
const INPUTS: u64 = 600;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Prints the input when what runs under it panics.
struct Describe<'i>(&'i str, &'i [u8]);

impl Drop for Describe<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input of {} was {:?}", self.0, String::from_utf8_lossy(self.1));
        }
    }
}

fn run(target: &'static str) {
    let is_reader = targets::TARGETS.iter().any(|(name, is_reader)| *name == target && *is_reader);
    let inputs = number("FUZZ_INPUTS", INPUTS) / if is_reader { 1 } else { 10 };
    let mut random = Random::new(number("FUZZ_SEED", 0x2545_f491_4f6c_dd1d));
    let corpus = seeds(Path::new(env!("CARGO_MANIFEST_DIR")), target);
    // What nests needs stack, of which an unoptimised build takes several times as much.
    let work = move || {
        for _ in 0..inputs {
            let mut input = corpus[random.below(corpus.len())].clone();
            let other = random.below(corpus.len());
            mutate(&mut random, &mut input, &corpus[other], MOST_BYTES);
            let _describe = Describe(target, &input);
            targets::judge(target, &input);
        }
        // Every find of the past.
        for input in seeds::corpus(Path::new(env!("CARGO_MANIFEST_DIR")), target) {
            let _describe = Describe(target, &input);
            targets::judge(target, &input);
        }
    };
    let worker = std::thread::Builder::new().stack_size(1 << 30).spawn(work).expect("a thread");
    assert!(worker.join().is_ok(), "{target}: see above");
}

#[test]
fn scripts() {
    run("script");
}

#[test]
fn pages() {
    run("html");
}

#[test]
fn json() {
    run("json");
}

#[test]
fn yaml() {
    run("yaml");
}

#[test]
fn toml() {
    run("toml");
}

#[test]
fn lockfiles() {
    run("lockfile");
}

#[test]
fn policies() {
    run("csp");
}

#[test]
fn whole_apps_in_memory() {
    run("app");
}

#[test]
fn archives() {
    run("archive");
}

#[test]
fn whole_apps_on_disk() {
    run("command");
}
