//! The phases of a check, each alone: `cargo bench -p electrolint --bench phases`, with a part of a name behind `--` for some of them.
//!
//! On two fixtures and on a generated app of 500 files. What a phase takes is made before: it is not measured.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use electrolint::cli::{CheckArgs, ConfigArgs, InputArgs};
use electrolint::config::Configurations;
use electrolint::discover::{self, Discovery};
use electrolint::report::{self, Format, Look};
use electrolint_model::{App, Memory, Options, analyse_again, app};

/// As the command does, so that the phases add up to it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An app that is measured, and its folder.
struct Subject {
    name: &'static str,
    folder: PathBuf,
}

fn subjects() -> Vec<Subject> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps");
    let generated = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-500");
    let _ = std::fs::remove_dir_all(&generated);
    electrolint_testkit::generated::write(&generated, 500).expect("the app can be written");
    vec![
        Subject { name: "notes", folder: fixtures.join("notes") },
        Subject { name: "atlas", folder: fixtures.join("atlas") },
        Subject { name: "generated", folder: generated },
    ]
}

fn read(folder: &Path) -> Discovery {
    let paths = [folder.to_path_buf()];
    let base = discover::base(&paths).expect("the folder is there");
    let configurations = Configurations::new(&ConfigArgs::default(), &base).expect("no option is given");
    // What is generated lies below a folder that git ignores.
    let options = discover::Options { no_ignore_files: true, ..discover::Options::default() };
    discover::read(&paths, &options, &configurations).expect("the folder can be read")
}

fn options() -> Options {
    Options { threads: 1, ..Options::default() }
}

fn check_args(folder: &Path) -> CheckArgs {
    let paths = vec![folder.to_path_buf()];
    let input = InputArgs { paths, no_ignore_files: true, threads: Some(1), ..InputArgs::default() };
    CheckArgs { input, all: true, ..CheckArgs::default() }
}

fn phases(criterion: &mut Criterion) {
    for subject in subjects() {
        let folder = subject.folder.as_path();
        let discovery = read(folder);
        let sources = &discovery.apps.first().expect("it is an app").sources;
        let bytes: usize = sources.files.iter().map(|file| file.text.content.len()).sum();
        // Every file summarised: what is left is to link them and to ask.
        let mut memory = Memory::default();
        analyse_again(sources, &options(), &mut memory);
        let report = electrolint::check(&check_args(folder)).expect("it can be checked");

        let mut group = criterion.benchmark_group(subject.name);
        group.sample_size(20).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_millis(500));
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("discover: find and read", |bench| bench.iter(|| black_box(read(folder))));
        group.bench_function("model: parse and summarise each file", |bench| {
            bench.iter(|| sources.files.iter().for_each(|file| drop(black_box(app::summarise(file)))));
        });
        group.bench_function("model: link and ask", |bench| {
            bench.iter(|| {
                let app = analyse_again(sources, &options(), &mut memory);
                black_box(app.problems.len())
            });
        });
        group.bench_function("rules", |bench| {
            // An app keeps what it was asked: each run needs a new one.
            let fresh = || -> App { analyse_again(sources, &options(), &mut Memory::default()) };
            let run = |app: App| electrolint_rules::run(&app, &electrolint_rules::options::Options::default()).len();
            bench.iter_batched(fresh, run, criterion::BatchSize::PerIteration);
        });
        for format in [Format::Full, Format::Json, Format::Sarif] {
            let name = BenchmarkId::new("report", format!("{format:?}"));
            group.bench_function(name, |bench| bench.iter(|| report::render(format, &report, Look::default()).len()));
        }
        group.bench_function("whole check", |bench| {
            bench.iter(|| electrolint::check(&check_args(folder)).expect("it can be checked").findings.len());
        });
        group.finish();
    }
}

criterion_group!(benches, phases);
criterion_main!(benches);
