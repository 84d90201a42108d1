//! Archives in Electron's format, `app.asar`: what they hold, and the bytes of one file.
//!
//! Four numbers of 32 bits, little-endian (4, length of the header, length of its payload, length of its text), a header in JSON, and
//! then the files, one after the other. A file that is marked `unpacked` lies in the folder `app.asar.unpacked` beside the archive.
//! <https://github.com/electron/asar#format>
//!
//! Nothing that an archive says is believed: every number is held against the archive's length, no name leads out of it, and no more is
//! read of it than it is long.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use electrolint_model::source::FileKind;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};

use super::kinds;

/// Longest header that is read, in bytes: some hundred thousand names.
const MOST_HEADER: u64 = 32 << 20;

/// Files of one archive that are read.
const MOST_FILES: usize = 100_000;

/// Bytes of one archive that are read in all.
const MOST_BYTES: u64 = 256 << 20;

/// Length of what stands before the header's text.
const START: u64 = 16;

/// A file of an archive that can be read as source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its path in the archive, with `/` between its parts.
    pub path: String,
    /// How it is read.
    pub kind: FileKind,
    /// Its length in bytes, as the header has it.
    pub size: u64,
    place: Place,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// From this byte of the archive on.
    Inside(u64),
    /// In the folder beside the archive.
    Beside,
}

/// An archive whose header was read.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    file: File,
    /// Bytes that may still be read.
    left: u64,
    /// What it holds, in the order of its header.
    pub members: Vec<Member>,
    /// Folders of installed packages that it holds.
    pub installed: Vec<String>,
    /// Parts of it that cannot be read, and why.
    pub refused: Vec<(String, String)>,
}

impl Archive {
    /// Reads an archive's header.
    ///
    /// # Errors
    /// What the system says, and `InvalidData`, with a reason, for what is no archive.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if !path.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut start = [0; START as usize];
        file.read_exact(&mut start).map_err(|_| wrong("too short for an asar archive"))?;
        let number = |at: usize| {
            start
                .get(at..at + 4)
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, |bytes| u64::from(u32::from_le_bytes(bytes)))
        };
        let (header, text) = (number(4), number(12));
        if number(0) != 4 || header < 8 || text > header - 8 {
            return Err(wrong("not an asar archive"));
        }
        if 8 + header > length {
            return Err(wrong("its header is said to be longer than the archive"));
        }
        if header > MOST_HEADER {
            return Err(wrong("its header is over the limit of 32 MiB"));
        }
        let mut json = vec![0; text as usize];
        file.read_exact(&mut json)?;
        let mut found = Found { base: 8 + header, length, ..Found::default() };
        let mut reader = serde_json::Deserializer::from_slice(&json);
        Entry { found: &mut found, path: String::new() }
            .deserialize(&mut reader)
            .map_err(|error| wrong(&format!("its header cannot be read: {error}")))?;
        let Found { members, installed, refused, .. } = found;
        Ok(Self { path: path.to_path_buf(), file, left: length.min(MOST_BYTES), members, installed, refused })
    }

    /// The bytes of a member; `None` where it has more than `limit`.
    ///
    /// # Errors
    /// What the system says, and `InvalidData` for an archive whose files are together longer than itself.
    pub(super) fn read(&mut self, member: &Member, limit: u64) -> io::Result<Option<Vec<u8>>> {
        if member.size > limit {
            return Ok(None);
        }
        let Place::Inside(at) = member.place else { return self.beside(&member.path, limit) };
        self.left = self.left.checked_sub(member.size).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "more of this archive is not read: its files are too long together",
            )
        })?;
        let mut bytes = vec![0; member.size as usize];
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn beside(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let mut folder = self.path.clone().into_os_string();
        folder.push(".unpacked");
        let folder = PathBuf::from(folder).canonicalize()?;
        let file = folder.join(path).canonicalize()?;
        if !file.starts_with(&folder) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is a link that leads away from the unpacked files",
            ));
        }
        super::bytes(&file, limit)
    }
}

/// What was found in a header so far.
#[derive(Default)]
struct Found {
    /// Where the files begin.
    base: u64,
    length: u64,
    members: Vec<Member>,
    installed: Vec<String>,
    refused: Vec<(String, String)>,
}

impl Found {
    fn refuse(&mut self, path: &str, why: &str) {
        // One line for many.
        if self.refused.len() < 20 {
            self.refused.push((path.to_owned(), why.to_owned()));
        }
    }

    fn add(&mut self, path: String, kind: FileKind, size: u64, offset: Option<&str>, unpacked: bool) {
        if self.members.len() >= MOST_FILES {
            return self.refuse(&path, "the archive holds more files than are read");
        }
        let place = match offset {
            _ if unpacked => Place::Beside,
            Some(offset) => {
                let at = offset.parse().ok().and_then(|offset: u64| self.base.checked_add(offset));
                let is_inside = at.and_then(|at| at.checked_add(size)).is_some_and(|end| end <= self.length);
                match at.filter(|_| is_inside) {
                    Some(at) => Place::Inside(at),
                    None => return self.refuse(&path, "the archive says that it lies outside the archive"),
                }
            }
            None => return self.refuse(&path, "the archive does not say where it lies"),
        };
        self.members.push(Member { path, kind, size, place });
    }
}

/// A node of the header: a folder, a file, or a link.
struct Entry<'f> {
    found: &'f mut Found,
    path: String,
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a file or folder of the archive")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, path } = self;
        let (mut size, mut offset, mut unpacked, mut other) = (None, None::<String>, false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "files" => {
                    other = true;
                    map.next_value_seed(Folder { found: &mut *found, path: &path })?;
                }
                "size" => size = Some(map.next_value::<u64>()?),
                "offset" => offset = Some(map.next_value()?),
                "unpacked" => unpacked = map.next_value()?,
                "link" => {
                    other = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if let (false, Some(size), Some(kind)) = (other, size, kinds::kind(name)) {
            found.add(path, kind, size, offset.as_deref(), unpacked);
        }
        Ok(())
    }
}

/// The entries of a folder.
struct Folder<'f, 'p> {
    found: &'f mut Found,
    path: &'p str,
}

impl<'de> DeserializeSeed<'de> for Folder<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Folder<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the entries of a folder")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { name.clone() } else { format!("{}/{name}", self.path) };
            if name == "node_modules" {
                self.found.installed.push(path);
                map.next_value::<IgnoredAny>()?;
            } else if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\\', '\0', ':']) {
                self.found.refuse(&path, "a name that leads out of the archive");
                map.next_value::<IgnoredAny>()?;
            } else if path.len() > 4096 {
                return Err(A::Error::custom("a path is longer than 4096 bytes"));
            } else {
                map.next_value_seed(Entry { found: &mut *self.found, path })?;
            }
        }
        Ok(())
    }
}
