//! Tells the program which build it is: a digest of everything that it is made of.
//!
//! What one build keeps for its next run is nothing to another one (`src/cache/`), and a version number does not tell builds of a working
//! tree apart.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What the program is made of, besides the compiler. A package from a registry has less of it, and its version says the rest.
const PARTS: [&str; 8] = [
    "Cargo.lock",
    "Cargo.toml",
    "build.rs",
    "crates/model/data",
    "crates/model/src",
    "crates/policy/src",
    "rules",
    "src",
];

fn main() {
    let mut files = Vec::new();
    for part in PARTS.map(Path::new).iter().filter(|part| part.exists()) {
        println!("cargo::rerun-if-changed={}", part.display());
        collect(part, &mut files);
    }
    files.sort();
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let mut hashes = [DefaultHasher::new(), DefaultHasher::new()];
    for (number, hash) in hashes.iter_mut().enumerate() {
        (number, variable("TARGET"), variable("PROFILE")).hash(hash);
        for path in &files {
            (path, fs::read(path).ok()).hash(hash);
        }
    }
    let [one, other] = hashes.map(|hash| hash.finish());
    println!("cargo::rustc-env=ELECTROLINT_BUILD={}-{one:016x}{other:016x}", variable("CARGO_PKG_VERSION"));
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        return files.push(path.to_path_buf());
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        collect(&entry.path(), files);
    }
}
