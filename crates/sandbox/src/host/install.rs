//! Where an addon is installed, and the secret that it has there.

use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use hmac::{Hmac, Mac};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::Folder;
use crate::engine::{base64, lock};

const KEY: &str = "device-key";
const INSTALLS: &str = "installs.json";
const KEY_BYTES: usize = 32;
/// Bytes of `installs.json`: more than a thousand addons fill.
const MOST_BYTES: u64 = 4 << 20;

/// One installation of an addon: a folder at a path. Another folder at the same path is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    device: u64,
    inode: u64,
    /// When the folder was made, in nanoseconds since 1970, where the file system says it: a number of an inode is used
    /// again.
    made: Option<u64>,
    /// Random, in hexadecimal digits. It lies here and not in the folder: a copy of the folder does not take it along.
    nonce: String,
}

/// What is known of one installation.
pub(super) struct Install {
    /// The secret of the addon: <https://www.rfc-editor.org/rfc/rfc2104> over id, nonce and path under the key of this device.
    pub(super) token: String,
    /// Where its parameters and configuration lie.
    pub(super) folder: PathBuf,
    key: String,
}

/// The installations of one state folder. The lock on it is held for as long as this lives.
pub(super) struct Installs {
    root: PathBuf,
    folder: Folder,
    key: Vec<u8>,
    entries: Mutex<BTreeMap<String, Entry>>,
    /// Locked until the host has ended.
    lock: Mutex<Option<std::fs::File>>,
}

impl Installs {
    pub(super) fn open(state: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state)?;
        let root = state.canonicalize()?;
        // Whoever can write there chooses the key, and so knows every token.
        let found = std::fs::metadata(&root)?;
        if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0 {
            return Err(std::io::Error::other("it is another user's, or others may write there"));
        }
        let file = std::fs::File::options().create(true).truncate(false).write(true).open(root.join("lock"))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| std::io::Error::other("another host uses it"))?;
        let folder = Folder::open(&root)?;
        let key = match folder.read(KEY, KEY_BYTES as u64)? {
            Some(key) if key.len() == KEY_BYTES => key,
            Some(_) => return Err(std::io::Error::other("the key of the device is not 32 bytes")),
            None => {
                let mut key = vec![0; KEY_BYTES];
                getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
                folder.write(KEY, &key)?;
                key
            }
        };
        let entries = match folder.read(INSTALLS, MOST_BYTES)? {
            Some(bytes) => serde_json::from_slice(&bytes)?,
            None => BTreeMap::new(),
        };
        Ok(Self { root, folder, key, entries: Mutex::new(entries), lock: Mutex::new(Some(file)) })
    }

    /// The installation of the addon `id` at `folder`, which is canonical; a new one if the folder is not the one that was
    /// there.
    pub(super) fn of(&self, id: &str, folder: &Path) -> std::io::Result<Install> {
        let found = std::fs::metadata(folder)?;
        let path = folder.as_os_str().as_encoded_bytes();
        let key = key_of(id, path);
        let mut entries = lock(&self.entries);
        let made = found.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        let made = made.and_then(|made| u64::try_from(made.as_nanos()).ok());
        let is_same = |entry: &&Entry| (entry.device, entry.inode, entry.made) == (found.dev(), found.ino(), made);
        let known = entries.get(&key).filter(is_same);
        let nonce = match known {
            Some(entry) => entry.nonce.clone(),
            None => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
                let nonce: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let entry = Entry { device: found.dev(), inode: found.ino(), made, nonce: nonce.clone() };
                entries.insert(key.clone(), entry);
                self.save(&entries)?;
                nonce
            }
        };
        drop(entries);
        // What was kept for another installation is not this one's: the nonce is in the name.
        let own = self.root.join("addons").join(format!("{}-{}", &key[..32], &nonce));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&own)?;
        Ok(Install { token: token(&self.key, id, &nonce, path), folder: own, key })
    }

    pub(super) fn remove(&self, install: &Install) -> std::io::Result<()> {
        let mut entries = lock(&self.entries);
        entries.remove(&install.key);
        self.save(&entries)?;
        match std::fs::remove_dir_all(&install.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Lets another host have the state.
    pub(super) fn release(&self) {
        lock(&self.lock).take();
    }

    fn save(&self, entries: &BTreeMap<String, Entry>) -> std::io::Result<()> {
        self.folder.write(INSTALLS, &serde_json::to_vec_pretty(entries)?)
    }
}

/// The name of an installation: id and path, which may be longer than a name of a file.
fn key_of(id: &str, path: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [id.as_bytes(), path] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each part with its length in front: no two different lists of parts are the same bytes.
fn token(key: &[u8], id: &str, nonce: &str, path: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in [id.as_bytes(), nonce.as_bytes(), path] {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    // The alphabet that needs no escape in a URL.
    base64(&mac.finalize().into_bytes()).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a23_each_input_alone_changes_the_token() {
        let base = token(&[1; 32], "a", "n", b"/x");
        assert_eq!(base, token(&[1; 32], "a", "n", b"/x"));
        assert_eq!((base.len(), base.contains(['+', '/', '='])), (43, false));
        for other in [
            token(&[2; 32], "a", "n", b"/x"),
            token(&[1; 32], "b", "n", b"/x"),
            token(&[1; 32], "a", "m", b"/x"),
            token(&[1; 32], "a", "n", b"/y"),
        ] {
            assert_ne!(base, other);
        }
        // Lengths are part of it.
        assert_ne!(token(&[1; 32], "a", "bc", b""), token(&[1; 32], "ab", "c", b""));
        assert_ne!(key_of("a", b"bc"), key_of("ab", b"c"));
    }

    #[test]
    fn a23_the_key_of_the_device_is_the_hosts_alone() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().expect("a folder");
        let state = place.path().join("state");
        let addon = place.path().join("addon");
        std::fs::create_dir(&addon).expect("a folder");
        let first = {
            let installs = Installs::open(&state).expect("a state");
            assert!(Installs::open(&state).is_err(), "one host at a time");
            installs.of("a", &addon).expect("an installation").token
        };
        let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&state.join(KEY))), (0o700, 0o600));
        for (open_to, is_refused) in [(0o770, true), (0o702, true), (0o755, false), (0o700, false)] {
            std::fs::set_permissions(&state, std::fs::Permissions::from_mode(open_to)).expect("a mode");
            assert_eq!(Installs::open(&state).is_err(), is_refused, "{open_to:o}");
        }
        let again = Installs::open(&state).expect("a state").of("a", &addon).expect("an installation").token;
        assert_eq!(first, again, "stable");
        let other = Installs::open(&place.path().join("device")).expect("a state").of("a", &addon).expect("one").token;
        assert_ne!(first, other, "another device");
    }

    #[test]
    fn a26_a_move_and_a_reinstall_give_a_new_token() {
        let place = tempfile::tempdir().expect("a folder");
        let installs = Installs::open(&place.path().join("state")).expect("a state");
        let (addon, moved) = (place.path().join("addon"), place.path().join("moved"));
        std::fs::create_dir(&addon).expect("a folder");
        let token = |path: &Path| installs.of("a", path).expect("an installation").token;
        let first = token(&addon);
        std::fs::rename(&addon, &moved).expect("moved");
        let second = token(&moved);
        // Another folder at the old path; the one that was moved keeps the old inode busy.
        std::fs::create_dir(&addon).expect("a folder");
        let third = token(&addon);
        assert_eq!(third, token(&addon));
        installs.remove(&installs.of("a", &addon).expect("one")).expect("removed");
        let fourth = token(&addon);
        let all: std::collections::BTreeSet<_> = [first, second, third, fourth].into();
        assert_eq!(all.len(), 4);
    }
}
