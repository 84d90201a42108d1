//! Parses the files that standard input names, one a line, with the syntax that the analysis takes for each, and drops the trees.
//!
//! `bench/parse` holds the CPU time of a whole run against that of this program.

use std::io::BufRead;

use electrolint_model::parse_and_drop;
use electrolint_model::source::FileKind;

/// As the command does, so that the two differ by their work alone.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // Address space: what is not touched costs nothing.
    let thread = std::thread::Builder::new().stack_size(4 << 30).spawn(parse_all).expect("a thread");
    thread.join().expect("no file overflows the stack");
}

fn parse_all() {
    let (mut files, mut bytes, mut statements) = (0, 0, 0);
    for path in std::io::stdin().lock().lines() {
        let path = path.expect("lines of text");
        let kind = match path.rsplit('.').next() {
            Some("ts" | "mts" | "cts") => FileKind::TypeScript,
            Some("tsx") => FileKind::Tsx,
            Some("js" | "mjs" | "cjs" | "jsx") => FileKind::JavaScript,
            _ => continue,
        };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let declarations = [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| path.ends_with(ending));
        files += 1;
        bytes += text.len();
        statements += parse_and_drop(&text, kind, declarations);
    }
    println!("{files} files, {bytes} bytes, {statements} statements");
}
