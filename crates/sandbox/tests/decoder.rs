//! The host's decoder and state machine against arbitrary bytes: seeded, bounded, repeatable.
//!
//! `FUZZ_INPUTS` sets the number of inputs (200 000 by default), `FUZZ_SEED` the seed.

use electrolint_policy::{BytesKind, Text, Value};
use electrolint_sandbox::LogLevel;
use electrolint_sandbox::proto::MAX_NODES;
use electrolint_sandbox::proto::frames::{ErrorStrings, FromWorker, ToWorker};
use electrolint_sandbox::proto::session::Session;

/// xorshift64*: the same seed gives the same inputs on every machine.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(number("FUZZ_SEED", 0x2545_f491_4f6c_dd1d) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn value(random: &mut Random, depth: usize) -> Value {
    let text = |random: &mut Random| {
        let units = (0..random.below(6)).map(|_| random.next() as u16).collect();
        Text::from_utf16(units)
    };
    let list = |random: &mut Random| (0..random.below(4)).map(|_| value(random, depth + 1)).collect::<Vec<_>>();
    match random.below(if depth > 6 { 9 } else { 16 }) {
        0 => Value::Undefined,
        1 => Value::Null,
        2 => Value::Bool(random.below(2) == 0),
        3 => Value::Number(f64::from_bits(random.next())),
        4 => Value::Number(random.below(1000) as f64),
        5 => Value::BigInt(random.next().to_string()),
        6 => Value::String(text(random)),
        7 => Value::Date(random.next() as f64),
        8 => Value::Ref(random.below(3) as u32),
        9 => Value::RegExp(text(random), text(random)),
        10 => Value::Bytes(BytesKind::ALL[random.below(13)], vec![7; random.below(5) * 8]),
        11 => Value::Array(list(random)),
        12 => Value::Set(list(random)),
        13 => Value::Map(list(random).into_iter().map(|v| (v, Value::Null)).collect()),
        14 => Value::Object(list(random).into_iter().map(|v| (text(random), v)).collect()),
        _ => Value::Error { name: text(random), message: text(random), stack: text(random) },
    }
}

fn frame(random: &mut Random) -> FromWorker {
    let id = random.below(6) as u32;
    let error = || ErrorStrings { name: "E".into(), message: "m".into(), stack: "s".into() };
    match random.below(15) {
        0 => FromWorker::Ready,
        1 => FromWorker::Result { id, value: value(random, 0) },
        2 => FromWorker::Error { id, error: error() },
        3 => FromWorker::ApiCall { id, index: random.below(4) as u32, args: value(random, 0) },
        4 => FromWorker::RpcCall { id, method: "a.b".into(), args: value(random, 0) },
        5 => FromWorker::RpcResult { id, value: value(random, 0) },
        6 => FromWorker::RpcError { id, code: -1, message: "m".into() },
        7 => FromWorker::Notify { method: "n".into(), args: value(random, 0) },
        8 => FromWorker::Pong { nonce: random.below(3) as u64 },
        9 => FromWorker::Log { level: LogLevel::Info, text: "t".into() },
        10 => FromWorker::TimedOut { id, stack: String::new() },
        11 => FromWorker::Uncaught { error: error() },
        12 => FromWorker::ResetDone,
        13 => FromWorker::Compiled { code: vec![random.next() as u8; random.below(4)] },
        _ => FromWorker::ModuleRequest { specifier: "./a".into(), referrer: String::new() },
    }
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len().max(1));
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), random.next() as u8),
            2 if at + 4 <= bytes.len() => bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes()),
            3 if at + 4 <= bytes.len() => bytes[at..at + 4].copy_from_slice(&(random.below(300) as u32).to_le_bytes()),
            4 => {
                let copy = bytes[at.min(bytes.len())..].to_vec();
                bytes.extend_from_slice(&copy[..copy.len().min(64)]);
            }
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
}

fn nodes(value: &Value) -> usize {
    1 + value.children().map(nodes).sum::<usize>()
}

fn value_of(frame: &FromWorker) -> Option<&Value> {
    match frame {
        FromWorker::Result { value, .. } | FromWorker::RpcResult { value, .. } => Some(value),
        FromWorker::ApiCall { args, .. } | FromWorker::RpcCall { args, .. } | FromWorker::Notify { args, .. } => {
            Some(args)
        }
        _ => None,
    }
}

#[test]
fn bytes_become_frames_or_errors() {
    let mut random = Random::new();
    let (mut read, mut refused) = (0_u64, 0_u64);
    for input in 0..number("FUZZ_INPUTS", 200_000) {
        let mut bytes = if input % 8 == 0 {
            (0..random.below(64)).map(|_| random.next() as u8 & 0x1f).collect()
        } else {
            frame(&mut random).encode()[4..].to_vec()
        };
        mutate(&mut random, &mut bytes);
        match FromWorker::decode(&bytes) {
            Ok(frame) => {
                read += 1;
                // What was made of the bytes is no larger than they are, and is written as it was read.
                let again = frame.encode();
                assert!(again.len() - 4 <= bytes.len(), "{frame:?} from {bytes:?}");
                let back = FromWorker::decode(&again[4..]).expect("written by us");
                assert_eq!(format!("{back:?}"), format!("{frame:?}"));
                assert!(value_of(&frame).is_none_or(|value| nodes(value) <= MAX_NODES));
            }
            Err(_) => refused += 1,
        }
    }
    // Both happen, else the inputs test nothing.
    assert!(read > refused / 50 && refused > read / 50, "{read} read, {refused} refused");
}

#[test]
fn frames_in_every_order() {
    let mut random = Random::new();
    let (mut taken, mut refused) = (0_u64, 0_u64);
    for _ in 0..number("FUZZ_INPUTS", 200_000) / 20 {
        let mut session = Session::new(2, 3);
        if random.below(4) != 0 {
            session.receive(&FromWorker::Ready).expect("the first frame");
        }
        let mut owed: Vec<u32> = Vec::new();
        for _ in 0..random.below(40) {
            if random.below(3) == 0 {
                let id = random.below(6) as u32;
                let sent = match random.below(6) {
                    0 => ToWorker::Execute { id, timeout_ms: 1, code: String::new() },
                    1 => ToWorker::RpcCall { id, method: "m".into(), args: Value::Null },
                    2 => ToWorker::Ping { nonce: random.below(3) as u64 },
                    3 => ToWorker::Reset,
                    4 => ToWorker::ModuleSource { module: Err(String::new()) },
                    _ => ToWorker::ApiResult { id, value: Value::Null },
                };
                if let ToWorker::ApiResult { id, .. } = sent {
                    owed.retain(|owed| *owed != id);
                }
                session.sent(&sent);
                continue;
            }
            let frame = frame(&mut random);
            let call = match &frame {
                FromWorker::ApiCall { id, .. } | FromWorker::RpcCall { id, .. } => Some(*id),
                _ => None,
            };
            match session.receive(&frame) {
                Ok(()) => {
                    taken += 1;
                    if let Some(id) = call {
                        assert!(!owed.contains(&id), "an id in use was taken");
                        owed.push(id);
                        assert!(owed.len() <= 3, "more calls than the bound");
                    }
                }
                // The host reads nothing more of a worker that broke the protocol.
                Err(_) => {
                    refused += 1;
                    break;
                }
            }
        }
    }
    assert!(taken > 1000 && refused > 1000, "{taken} taken, {refused} refused");
}
