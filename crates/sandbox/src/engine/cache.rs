//! Bytecode of sources that were compiled before.
//!
//! The engine does not verify bytecode, so only what a worker of this build that runs nothing has compiled is used, and
//! what lay on a disk only with the right code of authentication. The key is a hash of build, kind, name and source:
//! another build finds nothing.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Bytes of code that are kept in memory.
const MOST_MEMORY: usize = 64 << 20;
/// Longest file that is read.
const MOST_FILE: u64 = 64 << 20;
/// Bytes of the code of authentication, SHA-256.
const MAC_BYTES: usize = 32;

type Key = [u8; 32];

/// What the cache did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Sources that were found.
    pub hits: u64,
    /// Sources that had to be compiled.
    pub misses: u64,
    /// Entries on disk that were not what this program had written.
    pub rejected: u64,
    /// Entries that were written.
    pub stored: u64,
}

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    rejected: AtomicU64,
    stored: AtomicU64,
}

pub(super) struct CodeCache {
    build: Vec<u8>,
    memory: Mutex<HashMap<Key, Arc<[u8]>>>,
    disk: Option<Disk>,
    counters: Counters,
}

struct Disk {
    folder: PathBuf,
    secret: Key,
}

impl CodeCache {
    /// `program` is what workers are: its size and date are part of the build.
    pub(super) fn open(program: &Path, folder: Option<&Path>) -> std::io::Result<Self> {
        let disk = folder.map(Disk::open).transpose()?;
        Ok(Self { build: build_id(program), memory: Mutex::default(), disk, counters: Counters::default() })
    }

    pub(super) fn key(&self, module: bool, name: &str, source: &str) -> Key {
        let mut hash = Sha256::new();
        for part in [self.build.as_slice(), &[u8::from(module)], name.as_bytes(), source.as_bytes()] {
            // With its length in front, no part can be taken for the end of another.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<[u8]>> {
        let held = self.memory().get(key).cloned();
        let found = held.or_else(|| {
            let code: Arc<[u8]> = match self.disk.as_ref()?.read(key)? {
                Ok(code) => code.into(),
                Err(Rejected) => {
                    self.counters.rejected.fetch_add(1, Ordering::Relaxed);
                    return None;
                }
            };
            self.remember(*key, code.clone());
            Some(code)
        });
        let counter = if found.is_some() { &self.counters.hits } else { &self.counters.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(super) fn put(&self, key: Key, code: Vec<u8>) {
        if let Some(disk) = &self.disk {
            // A disk that is full costs speed, nothing else.
            let _ = disk.write(&key, &code);
        }
        self.remember(key, code.into());
        self.counters.stored.fetch_add(1, Ordering::Relaxed);
    }

    fn remember(&self, key: Key, code: Arc<[u8]>) {
        let mut memory = self.memory();
        let held: usize = memory.values().map(|code| code.len()).sum();
        if held + code.len() > MOST_MEMORY {
            memory.clear();
        }
        memory.insert(key, code);
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<[u8]>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self) -> CacheStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStats {
            hits: read(&self.counters.hits),
            misses: read(&self.counters.misses),
            rejected: read(&self.counters.rejected),
            stored: read(&self.counters.stored),
        }
    }
}

/// Versions, and size and date of the program.
fn build_id(program: &Path) -> Vec<u8> {
    let mut id = format!("{} {}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH).into_bytes();
    if let Ok(data) = std::fs::metadata(program) {
        id.extend(data.len().to_le_bytes());
        let changed = data.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        id.extend(changed.unwrap_or_default().as_nanos().to_le_bytes());
    }
    id
}

/// Not what was written.
struct Rejected;

impl Disk {
    /// The folder and, in it, a secret of this installation; both are made where they are not there.
    fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("key");
        let mut secret = [0; 32];
        match std::fs::File::open(&path) {
            Ok(mut file) => file.read_exact(&mut secret)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                getrandom::fill(&mut secret).map_err(|error| std::io::Error::other(error.to_string()))?;
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                options.open(&path)?.write_all(&secret)?;
            }
            Err(error) => return Err(error),
        }
        Ok(Self { folder: folder.to_owned(), secret })
    }

    fn path(&self, key: &Key) -> PathBuf {
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{name}.code"))
    }

    fn mac(&self, key: &Key, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length will do");
        mac.update(key);
        mac.update(code);
        mac
    }

    fn read(&self, key: &Key) -> Option<Result<Vec<u8>, Rejected>> {
        let path = self.path(key);
        let file = std::fs::File::open(&path).ok()?;
        let mut bytes = Vec::new();
        file.take(MOST_FILE).read_to_end(&mut bytes).ok()?;
        let checked = bytes.split_at_checked(MAC_BYTES);
        let good = checked.is_some_and(|(mac, code)| self.mac(key, code).verify_slice(mac).is_ok());
        if !good {
            // It is compiled again, and written again.
            let _ = std::fs::remove_file(&path);
            return Some(Err(Rejected));
        }
        bytes.drain(..MAC_BYTES);
        Some(Ok(bytes))
    }

    fn write(&self, key: &Key, code: &[u8]) -> std::io::Result<()> {
        // Under another name first: a reader finds all of it or nothing.
        let path = self.path(key);
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce).map_err(|error| std::io::Error::other(error.to_string()))?;
        let unfinished = path.with_extension(format!("{:x}.new", u64::from_le_bytes(nonce)));
        let mac = self.mac(key, code).finalize().into_bytes();
        std::fs::write(&unfinished, [mac.as_slice(), code].concat())?;
        std::fs::rename(&unfinished, &path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path) -> CodeCache {
        CodeCache::open(Path::new("/nonexistent"), Some(folder)).expect("a cache")
    }

    #[test]
    fn only_what_was_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = cache(folder.path());
        let key = first.key(true, "a", "source");
        assert_eq!(first.get(&key), None);
        first.put(key, vec![1, 2, 3]);
        let second = cache(folder.path());
        assert_eq!(second.get(&key).as_deref(), Some(&[1, 2, 3][..]));
        // One bit, anywhere in the file.
        let path = second.disk.as_ref().expect("a disk").path(&key);
        let written = std::fs::read(&path).expect("an entry");
        for bit in 0..written.len() * 8 {
            let mut flipped = written.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, flipped).expect("written");
            let third = cache(folder.path());
            assert_eq!(third.get(&key), None, "bit {bit}");
            assert_eq!(third.stats().rejected, 1);
        }
        // The code of one key under the name of another.
        std::fs::write(second.disk.as_ref().expect("a disk").path(&[7; 32]), &written).expect("written");
        assert_eq!(cache(folder.path()).get(&[7; 32]), None);
    }

    #[test]
    fn another_build_kind_name_or_source_is_another_key() {
        let cache = CodeCache::open(Path::new("/nonexistent"), None).expect("a cache");
        let mut other = CodeCache::open(Path::new("/nonexistent"), None).expect("a cache");
        other.build.push(0);
        let keys = [
            cache.key(true, "a", "b"),
            cache.key(false, "a", "b"),
            cache.key(true, "ab", ""),
            cache.key(true, "", "ab"),
            other.key(true, "a", "b"),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(index));
        }
    }
}
