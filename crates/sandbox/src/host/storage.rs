//! `storage.Read()` and `storage.Write()`: one JSON value of an addon, in `storage_data.json` of its folder.

use std::sync::{Arc, Mutex};

use electrolint_policy::policy::Storage as Limits;
use electrolint_policy::{BytesKind, Value};

use tokio::sync::{OwnedMutexGuard, Semaphore};

use super::files::Folder;
use crate::ApiError;
use crate::engine::lock;

/// The name of the file.
pub(super) const FILE: &str = "storage_data.json";

/// Values that wait to be written, at most. The script of the services hands over one after the other.
const MOST_WAITING: usize = 4;

/// The stored value of one addon.
pub(super) struct Store {
    folder: Arc<Folder>,
    limits: Limits,
    chunk: usize,
    /// What is being handed over to be written, and what is being read.
    incoming: Mutex<Vec<u8>>,
    outgoing: Mutex<(Vec<u8>, usize)>,
    /// One write at a time: they keep their order.
    writing: Arc<tokio::sync::Mutex<()>>,
    waiting: Semaphore,
}

impl Store {
    pub(super) fn new(folder: Arc<Folder>, limits: Limits, chunk: usize) -> Self {
        let (incoming, outgoing, writing) = Default::default();
        Self { folder, limits, chunk, incoming, outgoing, writing, waiting: Semaphore::new(MOST_WAITING) }
    }

    /// Waits until no write is under way, and lets none begin while the answer lives.
    pub(super) async fn settle(&self) -> OwnedMutexGuard<()> {
        self.writing.clone().lock_owned().await
    }

    /// Removes what is stored, and what a write that was cut off has left. Nothing is written after it.
    pub(super) async fn remove(&self) -> std::io::Result<()> {
        let _turn = self.settle().await;
        if !self.folder.is_closed() {
            self.folder.remove_written(FILE)?;
            self.folder.close();
        }
        Ok(())
    }

    /// A part of a JSON text; with `last`, all of it is written. Answers when it is on the disk.
    pub(super) async fn write(self: Arc<Self>, args: Vec<Value>) -> Result<Value, ApiError> {
        let is = |at: usize| args.get(at) == Some(&Value::Bool(true));
        let Some(Value::Bytes(_, part)) = args.first() else { return Err(ApiError::new("a part is bytes")) };
        let whole = {
            let mut incoming = lock(&self.incoming);
            if is(1) {
                incoming.clear();
            }
            if (incoming.len() + part.len()) as u64 > self.limits.max_bytes {
                incoming.clear();
                let message = format!("the value has more than {} bytes", self.limits.max_bytes);
                return Err(ApiError { name: "QuotaExceededError".into(), message });
            }
            incoming.extend_from_slice(part);
            if !is(2) {
                return Ok(Value::Undefined);
            }
            std::mem::take(&mut *incoming)
        };
        check(&whole, self.limits.max_depth).map_err(ApiError::new)?;
        let _place = self.waiting.try_acquire().map_err(|_| ApiError {
            name: "QuotaExceededError".into(),
            message: format!("{MOST_WAITING} values wait to be written"),
        })?;
        let store = self.clone();
        // The turn goes along: it lasts as long as the write, whoever waits for it.
        let turn = self.settle().await;
        let written = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            store.folder.write(FILE, &whole)
        })
        .await;
        written.map_err(std::io::Error::other).and_then(|written| written).map_err(failed)?;
        Ok(Value::Undefined)
    }

    /// With `true` the first part of what is stored, else the next one; `undefined` at the end.
    pub(super) async fn read(self: Arc<Self>, args: Vec<Value>) -> Result<Value, ApiError> {
        if args.first() == Some(&Value::Bool(true)) {
            let store = self.clone();
            let most = self.limits.max_bytes;
            let _turn = self.settle().await;
            let read = tokio::task::spawn_blocking(move || store.folder.read(FILE, most)).await;
            let bytes = read.map_err(std::io::Error::other).and_then(|read| read).map_err(failed)?.unwrap_or_default();
            // It lies in the addon's folder, where others may write too.
            if !bytes.is_empty() {
                check(&bytes, self.limits.max_depth).map_err(ApiError::new)?;
            }
            *lock(&self.outgoing) = (bytes, 0);
        }
        let mut outgoing = lock(&self.outgoing);
        let (bytes, at) = &mut *outgoing;
        let end = (*at + self.chunk).min(bytes.len());
        let part = bytes.get(*at..end).unwrap_or_default().to_vec();
        *at = end;
        if part.is_empty() {
            *outgoing = (Vec::new(), 0);
            return Ok(Value::Undefined);
        }
        Ok(Value::Bytes(BytesKind::Uint8Array, part))
    }
}

/// Messages name no path of the host.
fn failed(error: std::io::Error) -> ApiError {
    ApiError::new(format!("the storage cannot be used: {}", error.kind()))
}

/// Whether the bytes are one JSON value, nested at most so deep.
fn check(bytes: &[u8], max_depth: u32) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the value is not UTF-8".to_owned())?;
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_u32, 0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if deepest > max_depth {
        return Err(format!("the value is nested deeper than {max_depth}"));
    }
    // The parser has a bound of its own for depth, 128, which is the largest of the policy.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|_| "the value is not JSON".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writes_are_bounded_and_none_comes_after_the_removal() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Arc::new(Folder::open(place.path()).expect("opened"));
        let store = Arc::new(Store::new(folder, Limits { max_bytes: 100, max_depth: 5 }, 100));
        let all = |text: &str| vec![Value::Bytes(BytesKind::Uint8Array, text.into()), true.into(), true.into()];
        // One is under way, and more come than may wait, as only a worker that is taken over would have it.
        let turn = store.settle().await;
        let writes: Vec<_> =
            (0..MOST_WAITING + 3).map(|n| tokio::spawn(store.clone().write(all(&n.to_string())))).collect();
        let removing = {
            tokio::task::yield_now().await;
            let store = store.clone();
            tokio::spawn(async move { store.remove().await })
        };
        tokio::task::yield_now().await;
        let late = store.clone().write(all("7"));
        drop(turn);
        let mut written = Vec::new();
        for write in writes {
            written.push(write.await.expect("a task").is_ok());
        }
        assert_eq!(written, [true, true, true, true, false, false, false]);
        removing.await.expect("a task").expect("removed");
        assert!(late.await.is_err());
        assert_eq!(std::fs::read_dir(place.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn what_may_be_stored() {
        for good in ["1", "null", r#"{"a":[1,"[[[["]}"#, &format!("{}1{}", "[".repeat(5), "]".repeat(5))] {
            assert_eq!(check(good.as_bytes(), 5), Ok(()), "{good}");
        }
        for bad in ["", "{", "1 2", "undefined", "[[[[[[1]]]]]]", "\u{fffe}"] {
            assert!(check(bad.as_bytes(), 5).is_err(), "{bad}");
        }
        assert!(check(b"\"\xff\"", 5).is_err());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(check(deep.as_bytes(), 128).is_err());
    }
}
