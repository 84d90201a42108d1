//! Fuzzes what a worker says, as the host reads it: the decoder of frames and the state machine, guided by coverage.
//!
//! `./run [INPUTS] [SEED]` builds it with the compiler's coverage counters and runs it: an input that reaches an edge, or a
//! number of times over an edge, that none reached before is kept and changed further. Any panic ends the program with
//! the input. What it holds to:
//!
//! - decoding never panics and holds at most [`MOST_TIMES`] times the input's length, and a constant;
//! - what was decoded is written as no more bytes than it was, and read again as the same;
//! - the state machine takes frames in any order, among what the host sends, and never owes more calls than its bound.
#![deny(unsafe_op_in_unsafe_fn)]

#[path = "../../src/os/coverage.rs"]
mod coverage;
#[path = "../../src/proto/mod.rs"]
#[allow(dead_code, unused_imports, unfulfilled_lint_expectations, reason = "the fuzzer uses a part of it")]
mod proto;

use std::collections::HashSet;
use std::time::Instant;

use electrolint_policy::{BytesKind, Text, Value};
use proto::frames::{ErrorStrings, FromWorker, Level, ToWorker};
use proto::session::Session;

#[global_allocator]
static MEMORY: coverage::Counting = coverage::Counting::new();

/// A byte of a frame may become a value of some tens of bytes, in a list that doubles as it grows.
const MOST_TIMES: usize = 400;
/// Longest input.
const MOST_BYTES: usize = 4096;
/// Calls in flight that the state machine is given.
const CALLS: usize = 3;

/// xorshift64*: the same seed gives the same inputs on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let inputs = arguments.next().unwrap_or(1_000_000);
    let mut random = Random(arguments.next().unwrap_or(0x2545_f491_4f6c_dd1d) | 1);
    assert!(!coverage::counters().is_empty(), "built without counters: use ./run");

    let mut corpus: Vec<Vec<u8>> = seeds();
    let mut seen: HashSet<(usize, u8)> = HashSet::new();
    for input in &corpus {
        run(input, &mut seen);
    }
    let start = Instant::now();
    let first = seen.len();
    for number in 1..=inputs {
        let mut input = corpus[pick(&mut random, corpus.len())].clone();
        let other = random.below(corpus.len());
        mutate(&mut random, &mut input, &corpus[other]);
        if run(&input, &mut seen) {
            corpus.push(input);
        }
        if number.is_power_of_two() || number == inputs {
            let rate = number as f64 / start.elapsed().as_secs_f64();
            println!(
                "{number} inputs, {} kept, {} features ({first} at first), {rate:.0} a second",
                corpus.len(),
                seen.len()
            );
        }
    }
}

/// New inputs more often than old ones.
fn pick(random: &mut Random, count: usize) -> usize {
    if random.below(2) == 0 { random.below(count) } else { count - 1 - random.below(count.min(64)) }
}

/// Runs one input; answers whether it reached something new.
fn run(input: &[u8], seen: &mut HashSet<(usize, u8)>) -> bool {
    coverage::counters().fill(0);
    let guard = Describe(input);
    judge(input);
    std::mem::forget(guard);
    let mut new = false;
    let counters = coverage::counters();
    let (words, rest) = counters.as_chunks::<8>();
    for (word, chunk) in words.iter().enumerate() {
        if u64::from_ne_bytes(*chunk) != 0 {
            for (index, count) in chunk.iter().enumerate().filter(|(_, count)| **count != 0) {
                new |= seen.insert((word * 8 + index, bucket(*count)));
            }
        }
    }
    for (index, count) in rest.iter().enumerate().filter(|(_, count)| **count != 0) {
        new |= seen.insert((words.len() * 8 + index, bucket(*count)));
    }
    new
}

/// 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more: as AFL counts.
fn bucket(count: u8) -> u8 {
    match count {
        0..=3 => count,
        4..=7 => 4,
        8..=15 => 5,
        16..=31 => 6,
        32..=127 => 7,
        _ => 8,
    }
}

/// Prints the input when what runs under it panics.
struct Describe<'i>(&'i [u8]);

impl Drop for Describe<'_> {
    fn drop(&mut self) {
        eprintln!("the input was {:02x?}", self.0);
    }
}

/// The input as one frame, and as a conversation.
fn judge(input: &[u8]) {
    let (decoded, held) = MEMORY.highest_during(|| FromWorker::decode(input));
    assert!(held <= input.len() * MOST_TIMES + 4096, "{held} bytes for {} of input", input.len());
    if let Ok(frame) = &decoded {
        let again = frame.encode();
        assert!(again.len() - 4 <= input.len(), "written longer than read");
        let back = FromWorker::decode(&again[4..]).expect("what was written is read");
        assert_eq!(back.encode(), again);
    }
    converse(input);
}

/// One byte says who speaks and how long the frame is; then the frame. The host's part is made of the byte after.
fn converse(input: &[u8]) {
    let mut session = Session::new(2, CALLS as u32);
    let mut owed: Vec<u32> = Vec::new();
    let mut rest = input;
    while let [head, tail @ ..] = rest {
        let length = usize::from(*head >> 1).min(tail.len());
        let (body, next) = tail.split_at(length);
        rest = next;
        if head & 1 == 0 {
            let (kind, id) = (body.first().copied().unwrap_or(0), u32::from(body.get(1).copied().unwrap_or(0) & 7));
            let sent = match kind % 8 {
                0 => ToWorker::Execute { id, timeout_ms: 1, code: String::new() },
                1 => ToWorker::RpcCall { id, method: String::new(), args: Value::Null },
                2 => ToWorker::Ping { nonce: id.into() },
                3 => ToWorker::ModuleSource { module: Err(String::new()) },
                4 => ToWorker::Reset,
                5 => ToWorker::Load { id, timeout_ms: 1, specifier: String::new() },
                _ => ToWorker::ApiResult { id, value: Value::Null },
            };
            if let ToWorker::ApiResult { id, .. } = sent {
                owed.retain(|owed| *owed != id);
            }
            session.sent(&sent);
            continue;
        }
        let Ok(frame) = FromWorker::decode(body) else { return };
        // The host reads nothing more of a worker that broke the protocol.
        if session.receive(&frame).is_err() {
            return;
        }
        if let FromWorker::ApiCall { id, .. } | FromWorker::RpcCall { id, .. } = frame {
            assert!(!owed.contains(&id), "an id in use was taken");
            owed.push(id);
            assert!(owed.len() <= CALLS, "more calls than the bound");
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let text = |text: &str| Text::Utf8(text.into());
    let error = || ErrorStrings { name: "E".into(), message: "m".into(), stack: "s".into() };
    let value = Value::Array(vec![
        Value::Object(vec![(text("a"), Value::Map(vec![(1.into(), Value::Ref(0))]))]),
        Value::Set(vec![Value::BigInt("-7".into()), Value::Date(1.5), Value::Number(0.5)]),
        Value::RegExp(text("a"), text("g")),
        Value::Bytes(BytesKind::ALL[3], vec![0; 8]),
        Value::String(Text::from_utf16(vec![0xd800, 0x61])),
        Value::Error { name: text("E"), message: text("m"), stack: text("s") },
        Value::Undefined,
        Value::Bool(true),
    ]);
    let frames = [
        FromWorker::Ready,
        FromWorker::Result { id: 0, value: value.clone() },
        FromWorker::Error { id: 0, error: error() },
        FromWorker::ApiCall { id: 1, index: 1, args: value.clone() },
        FromWorker::RpcCall { id: 2, method: "a.b".into(), args: value.clone() },
        FromWorker::RpcResult { id: 1, value: Value::Null },
        FromWorker::RpcError { id: 1, code: -32601, message: "m".into() },
        FromWorker::Notify { method: "n".into(), args: value },
        FromWorker::Pong { nonce: 3 },
        FromWorker::Log { level: Level::Info, text: "t".into() },
        FromWorker::TimedOut { id: 0, stack: String::new() },
        FromWorker::Uncaught { error: error() },
        FromWorker::ModuleRequest { specifier: "./a".into(), referrer: String::new() },
        FromWorker::ResetDone,
        FromWorker::Compiled { code: vec![1, 2] },
    ];
    let mut all: Vec<Vec<u8>> = frames.iter().map(|frame| frame.encode()[4..].to_vec()).collect();
    // Conversations in which each frame has its turn: what the host says, `[kind, id]` of [`converse`], comes before.
    let call = |id| FromWorker::ApiCall { id, index: 0, args: Value::Null };
    let turns: [(&[[u8; 2]], &FromWorker); 13] = [
        (&[], &frames[0]),
        (&[[0, 0]], &frames[1]),
        (&[[0, 0]], &frames[2]),
        (&[], &call(1)),
        (&[], &call(2)),
        (&[], &call(3)),
        (&[[6, 1]], &call(4)),
        (&[[1, 1]], &frames[5]),
        (&[[1, 1]], &frames[6]),
        (&[[2, 3]], &frames[8]),
        (&[[5, 0]], &frames[12]),
        (&[[3, 0]], &frames[12]),
        (&[[4, 0]], &frames[13]),
    ];
    let mut conversation = Vec::new();
    for (host, frame) in turns {
        for said in host {
            conversation.push(2 << 1);
            conversation.extend_from_slice(said);
        }
        let body = &frame.encode()[4..];
        let body = &body[..body.len().min(127)];
        conversation.push((body.len() as u8) << 1 | 1);
        conversation.extend_from_slice(body);
        all.push(conversation.clone());
    }
    all
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => bytes.insert(at, random.next() as u8 % 20),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 if at + 4 <= bytes.len() => {
                let number = [0, 1, 2, 7, 255, 65_536, u32::MAX][random.below(7)];
                bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            6 => {
                let from = random.below(other.len() + 1);
                let part = &other[from..(from + random.below(64)).min(other.len())];
                bytes.splice(at..at, part.iter().copied());
            }
            7 => {
                let part = bytes[at..(at + random.below(32)).min(bytes.len())].to_vec();
                bytes.extend_from_slice(&part);
            }
            _ if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(random.below(3) as u8).wrapping_sub(1),
            _ => {}
        }
    }
    bytes.truncate(MOST_BYTES);
}
