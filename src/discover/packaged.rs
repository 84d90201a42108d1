//! Apps as they are shipped: where a package keeps the app's files and its program, and what the program says of itself.
//!
//! ```text
//! Linux, Windows   the-app/{the-app,version,resources/app.asar}
//! macOS            The App.app/Contents/{Frameworks/Electron Framework.framework/Electron Framework,Resources/app.asar}
//! ```
//!
//! <https://www.electronjs.org/docs/latest/tutorial/application-distribution>

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use electrolint_model::electron::Version;
use electrolint_model::electron::fuses::Fuse;
use electrolint_model::source::{FileKind, Packaged, Role, SourceFile, Sources};
use memchr::memmem::Finder;

use super::paths::Base;

/// Where a package keeps what is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// `app.asar`, or the folder `app`.
    pub app: PathBuf,
    /// The programs that may be Electron's, the likeliest first.
    programs: Vec<PathBuf>,
}

/// What a program says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    version: Option<Version>,
    /// The fuses that it names, in the order of the wire; `None` where no wire was found.
    fuses: Option<Vec<(Fuse, Option<bool>)>>,
}

/// Stands before the fuses in the program: `@electron/fuses`, `dist/constants.js`.
const SENTINEL: &[u8] = b"dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";

/// Before the version in the program's name for itself as a browser.
const NAME: &[u8] = b"Electron/";

/// Programs of one package that are looked into.
const MOST_PROGRAMS: usize = 8;

/// Bytes of one program that are looked at.
const MOST_BYTES: u64 = 512 << 20;

/// A program with all of Chromium in it is not smaller, in bytes.
const LEAST_BYTES: u64 = 1 << 20;

/// The package that a path is, or of whose archive it is.
pub(super) fn layout(path: &Path) -> Option<Layout> {
    if path.is_file() {
        let is_archive = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("asar"));
        let resources = path.parent();
        return is_archive
            .then(|| Layout { app: path.to_path_buf(), programs: resources.map_or_else(Vec::new, programs) });
    }
    // What has a package.json of its own is a folder of sources, whatever lies in its `resources`.
    if path.join("package.json").exists() {
        return None;
    }
    let folders = [path.join("resources"), path.join("Contents/Resources"), path.to_path_buf()];
    folders.iter().find_map(|resources| {
        let archive = resources.join("app.asar");
        if archive.is_file() {
            return Some(Layout { app: archive, programs: programs(resources) });
        }
        let folder = resources.join("app");
        let programs = programs(resources);
        let is_package = folder.join("package.json").is_file() && !programs.is_empty();
        is_package.then_some(Layout { app: folder, programs })
    })
}

/// The programs of the package whose resources lie here.
fn programs(resources: &Path) -> Vec<PathBuf> {
    let Some(folder) = resources.parent() else { return Vec::new() };
    let framework = folder.join("Frameworks/Electron Framework.framework");
    let of_framework = ["Electron Framework", "Versions/A/Electron Framework", "Versions/Current/Electron Framework"];
    let mut found: Vec<PathBuf> =
        of_framework.iter().map(|name| framework.join(name)).filter(|path| is_program(path)).take(1).collect();
    if found.is_empty() && resources.file_name().is_some_and(|name| name == "resources") {
        let entries = folder.read_dir().into_iter().flatten().flatten().take(1000);
        let mut files: Vec<PathBuf> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.path())
            .collect();
        files.retain(|path| is_program(path));
        files.sort();
        found.extend(files.into_iter().take(MOST_PROGRAMS));
    }
    found
}

fn is_program(path: &Path) -> bool {
    const OTHER: [&str; 11] = ["pak", "dat", "bin", "html", "so", "dll", "json", "txt", "asar", "png", "ico"];
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_none_or(|ending| !OTHER.contains(&ending.as_str()))
        && path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() >= LEAST_BYTES)
}

impl Layout {
    /// Adds to an app's sources what its program says.
    pub(super) fn describe(&self, sources: &mut Sources, base: &Base) {
        let asked = self.programs.iter().find_map(|path| {
            let written = written(path);
            let said = ask(path, written.is_some()).ok()?;
            (said != Said::default()).then_some((path, written, said))
        });
        let Some((path, written, Said { version, fuses })) = asked else { return };
        let packaged = Packaged { program: base.display(path), version: written.or(version), fuses };
        if sources.find(&packaged.program).is_none() {
            // Findings need a line to point at.
            let text = std::sync::Arc::new(packaged.text());
            let path = packaged.program.clone();
            sources.files.push(SourceFile { path, kind: FileKind::Plain, role: Role::Own, text });
            sources.files.sort_by(|a, b| a.path.cmp(&b.path));
            sources.packaged = Some(packaged);
        }
    }
}

/// The file `version` that Electron's own distribution has beside the program.
fn written(program: &Path) -> Option<Version> {
    let bytes = super::bytes(&program.parent()?.join("version"), 100).ok()??;
    let text = std::str::from_utf8(&bytes).ok()?.trim();
    Version::parse(text.strip_prefix('v').unwrap_or(text))
}

/// Searches a program in pieces for what it says: up to the fuses where its version is known from elsewhere.
fn ask(path: &Path, is_version_known: bool) -> io::Result<Said> {
    const PIECE: usize = 1 << 20;
    /// What a thing that is searched for is long at most, with what is read behind it.
    const OVERLAP: usize = 256;
    let mut file = File::open(path)?.take(MOST_BYTES);
    let mut said = Said::default();
    let mut piece: Vec<u8> = Vec::with_capacity(PIECE + OVERLAP);
    loop {
        let kept = piece.len().min(OVERLAP);
        piece.drain(..piece.len() - kept);
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
        said.fuses = said.fuses.or_else(|| wire(&piece));
        said.version = said.version.or_else(|| version_in(&piece));
        if read == 0 || said.fuses.is_some() && (is_version_known || said.version.is_some()) {
            return Ok(said);
        }
    }
}

/// The fuses behind the sentinel: the wire's version, its length, and a byte a fuse.
fn wire(bytes: &[u8]) -> Option<Vec<(Fuse, Option<bool>)>> {
    static FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(SENTINEL));
    FINDER.find_iter(bytes).find_map(|at| {
        let rest = bytes.get(at + SENTINEL.len()..)?;
        let (&[1, length], rest) = rest.split_first_chunk::<2>()? else { return None };
        let states = rest.get(..usize::from(length))?;
        let state = |byte: &u8| match byte {
            b'0' => Some(Some(false)),
            b'1' => Some(Some(true)),
            0x90 => Some(None),
            _ => None,
        };
        // Anything else than these and `r`, for a fuse that this Electron no longer has, is no wire.
        let is_wire = !states.is_empty() && states.iter().all(|byte| *byte == b'r' || state(byte).is_some());
        let named = states.iter().enumerate();
        is_wire.then(|| named.filter_map(|(index, byte)| Some((Fuse::at_wire_index(index)?, state(byte)?))).collect())
    })
}

/// The version behind `Electron/`.
fn version_in(bytes: &[u8]) -> Option<Version> {
    static FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(NAME));
    FINDER.find_iter(bytes).find_map(|at| {
        let rest = bytes.get(at + NAME.len()..)?;
        let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let text = std::str::from_utf8(rest.get(..end)?).ok()?;
        (text.split('.').count() == 3 && end <= 20).then(|| Version::parse(text)).flatten()
    })
}
