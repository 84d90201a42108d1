//! The folder of the cache: where it is, which files in it are ours, how much there may be.
//!
//! A file is written beside its place and then renamed, so whoever reads it sees all of it or nothing. Every entry begins with a checksum
//! over this build, its name and its contents: one that was cut, changed, moved, or written by another build is as good as none.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::digest::{Digest, Digester};
use crate::discover;

/// Most bytes of all entries together.
const MOST_BYTES: u64 = 256 << 20;

/// Most entries.
const MOST_ENTRIES: usize = 2_000;

/// Longest entry, in bytes; what is longer is not kept.
pub(super) const LONGEST: usize = 64 << 20;

/// An entry that was used so long ago is marked as used again: not at each time, because that is a write.
const FRESH: Duration = Duration::from_secs(3_600);

/// After this time nobody is still writing a file that was begun.
const ABANDONED: Duration = Duration::from_secs(3_600);

/// Tells programs that make backups that nothing here is worth one: <https://bford.info/cachedir/>.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# What electrolint keeps from one run to the next. It may be deleted.\n";

/// What an entry holds; the ending of its file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything that was found in an app.
    Outcome,
    /// What each file of an app says on its own.
    Sheets,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Outcome, Self::Sheets];

    fn ending(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Sheets => "sheets",
        }
    }
}

/// A folder that entries can be read from and, if the system lets us, be written to.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The program that reads and writes: entries of others are not for it.
    build: &'static str,
    has_written: bool,
}

/// Where the user's programs keep such things: `XDG_CACHE_HOME` (<https://specifications.freedesktop.org/basedir-spec/latest/>),
/// `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows. None where no variable tells.
pub(super) fn of_user() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        variable("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        variable("HOME")?.join("Library/Caches")
    } else {
        variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?
    };
    Some(folder.join("electrolint"))
}

impl Folder {
    /// Opens a folder, or makes it. It lies in none of those that are `checked`, which are absolute and without links.
    ///
    /// # Errors
    /// Why nothing is kept there, as a half-sentence.
    pub(super) fn open(path: &Path, checked: &[PathBuf], build: &'static str) -> Result<Self, String> {
        let path = resolved(path).ok_or("its place cannot be told")?;
        if checked.iter().any(|folder| path.starts_with(folder)) {
            return Err("it lies in what is checked".to_owned());
        }
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path).map_err(|error| error.to_string())?,
            Err(error) => return Err(error.to_string()),
        };
        if !metadata.is_dir() {
            return Err("it is no folder".to_owned());
        }
        if is_open_to_all(&metadata) {
            return Err("everybody may write into it".to_owned());
        }
        Ok(Self { path, build, has_written: false })
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An entry, if it is there as this build wrote it.
    pub(super) fn read(&self, kind: Kind, key: Digest) -> Option<Entry> {
        let path = self.place(kind, key);
        let entry = Entry(discover::bytes(&path, (LONGEST + Digest::LENGTH) as u64).ok()??);
        let sum = entry.0.get(..Digest::LENGTH)?;
        if sum != self.sum(kind, key, &[entry.body()]).bytes() {
            return None;
        }
        mark_as_used(&path);
        Some(entry)
    }

    /// Writes an entry of these parts, in the place of the one that is there.
    ///
    /// # Errors
    /// What the system says; nothing is left of the attempt.
    pub(super) fn write(&mut self, kind: Kind, key: Digest, body: &[&[u8]]) -> io::Result<()> {
        if body.iter().map(|part| part.len()).sum::<usize>() > LONGEST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than what is kept"));
        }
        let path = self.place(kind, key);
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{:016x}.new", RandomState::new().build_hasher().finish()));
        let beside = PathBuf::from(beside);
        let sum = self.sum(kind, key, body);
        let mut file = create(&beside)?;
        let mut parts = std::iter::once(sum.bytes()).chain(body.iter().copied());
        let written = parts.try_for_each(|part| file.write_all(part));
        drop(file);
        let written = written.and_then(|()| fs::rename(&beside, &path));
        match written {
            Ok(()) => self.has_written = true,
            Err(_) => {
                let _ = fs::remove_file(&beside);
            }
        }
        written
    }

    /// Takes out what was not used for longest, if there is too much since something was written.
    pub(super) fn trim(&self) {
        if self.has_written {
            self.trim_to(MOST_BYTES, MOST_ENTRIES);
        }
    }

    pub(super) fn trim_to(&self, most_bytes: u64, most_entries: usize) {
        let Ok(found) = self.path.read_dir() else { return };
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in found.flatten() {
            let name = entry.file_name();
            let Some(state) = state(&name) else { continue };
            let Some(metadata) = entry.metadata().ok().filter(Metadata::is_file) else { continue };
            let Ok(modified) = metadata.modified() else { continue };
            match state {
                State::Whole => entries.push((modified, metadata.len(), entry.path())),
                State::Begun if age(modified) > ABANDONED => {
                    let _ = fs::remove_file(entry.path());
                }
                State::Begun => {}
            }
        }
        let mut bytes: u64 = entries.iter().map(|entry| entry.1).sum();
        let mut count = entries.len();
        if bytes <= most_bytes && count <= most_entries {
            return;
        }
        // Not to the brim: the next run would have to take out again.
        let (bytes_left, entries_left) = (most_bytes / 4 * 3, most_entries * 3 / 4);
        entries.sort();
        for (_, length, path) in entries {
            if bytes <= bytes_left && count <= entries_left {
                break;
            }
            if fs::remove_file(path).is_ok() {
                bytes = bytes.saturating_sub(length);
                count -= 1;
            }
        }
    }

    fn place(&self, kind: Kind, key: Digest) -> PathBuf {
        self.path.join(format!("{key}.{}", kind.ending()))
    }

    fn sum(&self, kind: Kind, key: Digest, body: &[&[u8]]) -> Digest {
        let mut digester = Digester::new("entry");
        digester.text(self.build).text(kind.ending()).bytes(key.bytes());
        body.iter().fold(&mut digester, |digester, part| digester.more(part)).finish()
    }
}

/// An entry as it was read.
pub(super) struct Entry(Vec<u8>);

impl Entry {
    /// What was written.
    pub(super) fn body(&self) -> &[u8] {
        self.0.get(Digest::LENGTH..).unwrap_or_default()
    }
}

/// Of a file that is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// Somebody is writing it, or stopped in the middle.
    Begun,
}

/// Whether a file of this name is one that we wrote. Others are left alone, whatever folder we were told to use.
fn state(name: &OsStr) -> Option<State> {
    let mut parts = name.to_str()?.split('.');
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.next().filter(|key| key.len() == 2 * Digest::LENGTH && is_hexadecimal(key))?;
    parts.next().filter(|ending| Kind::ALL.iter().any(|kind| kind.ending() == *ending))?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => Some(State::Whole),
        (Some(number), Some("new"), None) if number.len() == 16 && is_hexadecimal(number) => Some(State::Begun),
        _ => None,
    }
}

fn age(time: SystemTime) -> Duration {
    SystemTime::now().duration_since(time).unwrap_or_default()
}

fn mark_as_used(path: &Path) {
    let is_fresh = path.metadata().and_then(|metadata| metadata.modified()).is_ok_and(|time| age(time) < FRESH);
    if !is_fresh && let Ok(file) = File::options().append(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Absolute and without links, as far as it exists.
fn resolved(path: &Path) -> Option<PathBuf> {
    let path = discover::plain(&std::path::absolute(path).ok()?);
    let (there, real) = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)))?;
    let rest = path.strip_prefix(there).ok()?;
    // To join nothing adds a slash.
    Some(if rest == Path::new("") { real } else { real.join(rest) })
}

/// Makes the folder, for this user alone.
fn make(path: &Path) -> io::Result<Metadata> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let _ = create(&path.join("CACHEDIR.TAG")).and_then(|mut file| file.write_all(TAG.as_bytes()));
    path.metadata()
}

/// A new file, for this user alone.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whoever may write entries decides what a run finds.
#[cfg(unix)]
fn is_open_to_all(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o002 != 0
}

#[cfg(not(unix))]
fn is_open_to_all(_: &Metadata) -> bool {
    false
}
