//! Reading single files: bounded, regular files only, each once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use electrolint_model::text::Text;
use serde_json::Value;

use super::{outputs, packages};

/// What came of reading a file.
#[derive(Clone, Debug)]
pub(super) enum Loaded {
    /// Its text, and how many bytes of it were not of its encoding.
    Text {
        /// The text.
        text: Arc<Text>,
        /// As `Decoded::replaced`.
        replaced: u32,
    },
    /// Over the limit.
    TooLarge {
        /// Its start, for a look at what it is.
        start: Arc<Text>,
        /// Its length in bytes, as far as the system told.
        size: u64,
    },
    /// No text; why.
    Binary(String),
    /// The system refused; why.
    Unreadable(String),
}

impl Loaded {
    /// What came of reading bytes that are no file of their own, which are said to be so many.
    pub(super) fn decoded(bytes: io::Result<Option<Vec<u8>>>, size: u64) -> Self {
        match bytes {
            Ok(Some(bytes)) => decode(bytes),
            Ok(None) => Self::TooLarge { start: Arc::default(), size },
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }

    /// Its text, if it has one within the limit.
    fn text(&self) -> Option<&Arc<Text>> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl Cached {
    fn new(stamp: Option<Stamp>, loaded: Loaded) -> Self {
        Self { stamp, loaded, imports_electron: None, is_marked: None, is_minified: None, json: None }
    }
}

/// Reads files and keeps what it read, because several apps of one workspace share files.
pub(super) struct Reader {
    limit: u64,
    overlay: Overlay,
    files: Vec<Cached>,
    /// Where they are among them, by path, as in [`KnownFiles`].
    index: HashMap<OsString, usize>,
    /// As [`KnownFiles::telling`].
    telling: HashSet<PathBuf>,
    before: KnownFiles,
}

/// A file that was read, and what was asked about it.
#[derive(Debug)]
struct Cached {
    /// `None` where it cannot be known again.
    stamp: Option<Stamp>,
    loaded: Loaded,
    imports_electron: Option<bool>,
    is_marked: Option<bool>,
    is_minified: Option<bool>,
    json: Option<Arc<Result<Value, String>>>,
}

/// Files as they were read, and what was asked about them, kept from one time to the next: those whose stamp on the disk is the same
/// are not read again.
#[derive(Debug, Default)]
pub struct KnownFiles {
    /// By path: its bytes are hashed faster than its parts.
    files: HashMap<OsString, Cached>,
    /// Those whose words said what belongs to an app, in ways that [`super::seen`] does not know.
    pub(super) telling: HashSet<PathBuf>,
}

/// What the system says of a file, and under which limit it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    limit: u64,
}

/// A file that was changed so shortly before it was read may be changed again without another stamp: clocks of file systems are coarse,
/// those of FAT by two seconds.
const SETTLED: Duration = Duration::from_secs(3);

impl Stamp {
    /// `None` for a file that cannot be known again.
    fn of(metadata: &Metadata, limit: u64) -> Option<Self> {
        if !metadata.is_file() {
            return None;
        }
        let modified = metadata.modified().ok()?;
        let settled = SystemTime::now().duration_since(modified).is_ok_and(|age| age > SETTLED);
        settled.then_some(Self { modified, length: metadata.len(), limit })
    }
}

/// Texts that stand for files: standard input, git's index, the buffers of an editor. Absolute paths without links.
///
/// `None` is a file that is not there, whatever the disk holds.
pub type Overlay = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// How much of a file over the limit is looked at, in bytes.
const START: u64 = 64 * 1024;

impl Reader {
    /// A reader that reads files of at most `limit` bytes.
    pub(super) fn new(limit: u64, overlay: Overlay, before: KnownFiles) -> Self {
        Self { limit, overlay, files: Vec::new(), index: HashMap::new(), telling: HashSet::new(), before }
    }

    /// What it read, for the next time.
    pub(super) fn known(&mut self) -> KnownFiles {
        let mut files: Vec<Option<Cached>> = std::mem::take(&mut self.files).into_iter().map(Some).collect();
        let index = std::mem::take(&mut self.index);
        let take = |(path, index): (OsString, usize)| Some((path, files.get_mut(index)?.take()?));
        let files = index.into_iter().filter_map(take).filter(|(_, cached)| cached.stamp.is_some()).collect();
        KnownFiles { files, telling: std::mem::take(&mut self.telling) }
    }

    /// What stands for files at or below a folder.
    pub(super) fn overlay(&self, folder: &Path) -> impl Iterator<Item = (&Path, bool)> {
        let all = self.overlay.iter().map(|(path, bytes)| (path.as_path(), bytes.is_some()));
        let folder = folder.to_path_buf();
        all.filter(move |(path, _)| path.starts_with(&folder))
    }

    /// Whether the overlay says that a file is not there.
    pub(super) fn hides(&self, path: &Path) -> bool {
        self.overlay.get(path).is_some_and(Option::is_none)
    }

    /// Whether a regular file is there.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        self.overlay.get(path).map_or_else(|| path.is_file(), Option::is_some)
    }

    /// Longest file that is read, in bytes.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Reads a file under the reader's own limit.
    pub(super) fn read(&mut self, path: &Path) -> Loaded {
        self.read_up_to(path, self.limit)
    }

    /// Reads a file under another limit, in bytes.
    pub(super) fn read_up_to(&mut self, path: &Path, limit: u64) -> Loaded {
        self.cached(path, limit).loaded.clone()
    }

    fn cached(&mut self, path: &Path, limit: u64) -> &mut Cached {
        let index = self.index.get(path.as_os_str()).copied().unwrap_or_else(|| {
            let cached = match self.overlay.get(path) {
                Some(Some(bytes)) if bytes.len() as u64 > limit => {
                    let start = bytes.get(..bytes.len().min(START as usize)).unwrap_or_default().to_vec();
                    let start = Text::decode(start).map(|decoded| decoded.text).unwrap_or_default();
                    Cached::new(None, Loaded::TooLarge { start: Arc::new(start), size: bytes.len() as u64 })
                }
                Some(Some(bytes)) => Cached::new(None, decode(bytes.clone())),
                Some(None) => Cached::new(None, Loaded::Unreadable("not in git's index".to_owned())),
                None => self.load(path, limit),
            };
            self.files.push(cached);
            self.index.insert(path.as_os_str().to_owned(), self.files.len() - 1);
            self.files.len() - 1
        });
        &mut self.files[index]
    }

    /// Whether a script imports Electron, as far as a look at its text tells.
    pub(super) fn imports_electron(&mut self, path: &Path) -> bool {
        let cached = self.cached(path, self.limit);
        let read = || cached.loaded.text().is_some_and(|text| packages::imports_electron(&text.content));
        *cached.imports_electron.get_or_insert_with(read)
    }

    /// Whether a compiler or a bundler wrote it, and says so.
    pub(super) fn is_marked(&mut self, path: &Path) -> bool {
        let cached = self.cached(path, self.limit);
        *cached
            .is_marked
            .get_or_insert_with(|| cached.loaded.text().is_some_and(|text| outputs::is_marked(&text.content)))
    }

    /// Whether a compiler, a bundler or a minifier wrote it.
    pub(super) fn looks_generated(&mut self, path: &Path) -> bool {
        if self.is_marked(path) {
            return true;
        }
        let cached = self.cached(path, self.limit);
        *cached
            .is_minified
            .get_or_insert_with(|| cached.loaded.text().is_some_and(|text| outputs::looks_minified(&text.content)))
    }

    /// What a file says as JSON, or why it is none; `None` where it has no text.
    pub(super) fn json(&mut self, path: &Path) -> Option<Arc<Result<Value, String>>> {
        let cached = self.cached(path, self.limit);
        let text = cached.loaded.text()?;
        let read = || Arc::new(serde_json::from_str(&text.content).map_err(|error| error.to_string()));
        Some(cached.json.get_or_insert_with(read).clone())
    }

    /// Reads a file, unless it is as it was before.
    fn load(&mut self, path: &Path, limit: u64) -> Cached {
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return Cached::new(None, Loaded::Unreadable(error.to_string())),
        };
        let stamp = Stamp::of(&metadata, limit);
        match self.before.files.remove(path.as_os_str()) {
            Some(known) if stamp.is_some() && stamp == known.stamp => known,
            _ => Cached::new(stamp, load(path, &metadata, limit)),
        }
    }

    /// The text of a file, if it has one within the limit.
    pub(super) fn text(&mut self, path: &Path) -> Option<Arc<Text>> {
        self.telling.insert(path.to_path_buf());
        self.cached(path, self.limit).loaded.text().cloned()
    }

    /// As [`Reader::text`], for one who looks at nothing but [`super::follow::quoted_files`].
    pub(super) fn text_with_names(&mut self, path: &Path) -> Option<Arc<Text>> {
        self.cached(path, self.limit).loaded.text().cloned()
    }
}

fn load(path: &Path, metadata: &Metadata, limit: u64) -> Loaded {
    match bytes_of(path, metadata, limit) {
        Ok(Some(bytes)) => decode(bytes),
        Ok(None) => {
            let start = start(path, metadata).ok().and_then(|bytes| Text::decode(bytes).ok());
            let start = Arc::new(start.map(|decoded| decoded.text).unwrap_or_default());
            Loaded::TooLarge { start, size: path.metadata().map_or(0, |metadata| metadata.len()) }
        }
        Err(error) => Loaded::Unreadable(error.to_string()),
    }
}

pub(super) fn decode(bytes: Vec<u8>) -> Loaded {
    match Text::decode(bytes) {
        Ok(decoded) => Loaded::Text { text: Arc::new(decoded.text), replaced: decoded.replaced },
        Err(error) => Loaded::Binary(error.describe().into_owned()),
    }
}

/// The bytes of a regular file; `None` when it has more than `limit`, of which at most one more is read.
///
/// # Errors
/// What the system says, and `InvalidInput` for a pipe, a device or a folder, which is not opened.
pub(crate) fn bytes(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    bytes_of(path, &path.metadata()?, limit)
}

fn bytes_of(path: &Path, metadata: &Metadata, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut file = open(path, metadata)?;
    // One byte more than there should be, so that one call of the system says that there is no more.
    let mut bytes = vec![0; metadata.len().min(limit) as usize + 1];
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    if length as u64 > metadata.len() {
        // It grew since, or is one of those whose length the system does not tell.
        file.take(limit.saturating_add(1).saturating_sub(length as u64)).read_to_end(&mut bytes)?;
    }
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn start(path: &Path, metadata: &Metadata) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, metadata)?.take(START).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn open(path: &Path, metadata: &Metadata) -> io::Result<File> {
    // Asked before opening, because opening a pipe waits for its writer.
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}
