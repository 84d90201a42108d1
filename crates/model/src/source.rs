//! What the linter hands to the model: the texts of one app, in memory.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::electron::Version;
use crate::electron::fuses::Fuse;
use crate::problem::Problem;
use crate::text::Text;

/// Index of a file in [`Sources::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A stretch of one file: byte offsets into its decoded text, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The file that holds it.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `.js`, `.mjs`, `.cjs`, `.jsx`: JSX is accepted in all of them.
    JavaScript,
    /// `.ts`, `.mts`, `.cts`.
    TypeScript,
    /// `.tsx`.
    Tsx,
    /// `.html`, `.htm`, `.xhtml`, and what becomes a page: `.ejs`, `.pug`, `.vue`, `.svelte`.
    Html,
    /// `.json`, `.jsonc`, `.json5`, `.babelrc` and kin: read as JSON5.
    Json,
    /// `.yml`, `.yaml`.
    Yaml,
    /// `.toml`.
    Toml,
    /// A lockfile of a package manager; which one follows from the file's name.
    Lockfile,
    /// Read for one line only, such as `.electron-version` or `.npmrc`.
    Plain,
}

/// Whose file it is, which decides whether findings in it are the app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Inside the app's package.
    Own,
    /// Another package of the same workspace: it counts once the app imports it.
    Workspace,
    /// A file that only tells something about the app: root lockfile, installed Electron's package.json.
    Context,
}

/// One file, read and decoded.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// `/`-separated, relative to the directory that paths in reports are relative to; may start with `../`.
    pub path: String,
    /// How to read it.
    pub kind: FileKind,
    /// Whose it is.
    pub role: Role,
    /// Its decoded text.
    pub text: Arc<Text>,
}

impl SourceFile {
    /// Whether it only declares types: nothing of it runs.
    pub fn is_declaration(&self) -> bool {
        is_declaration(&self.path)
    }
}

/// Whether a path is that of a script which only declares types.
pub fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| path.ends_with(ending))
}

/// A file or folder that was seen and not read, on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omitted {
    /// As [`SourceFile::path`].
    pub path: String,
    /// Why, as a short phrase: `test code`, `minified bundle over 1 MB`.
    pub reason: String,
    /// How many files this stands for; `None` for a folder that was not looked into.
    pub files: Option<u32>,
}

/// Why scripts in CoffeeScript and the like are left out, as [`Omitted::reason`]: parts of the app of which nothing is known.
pub const FOREIGN_SCRIPT: &str = "scripts of this language are not read";

/// Everything that was read of one app.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Folder of the app's package, in the form of [`SourceFile::path`]; empty for the base folder itself.
    pub root: String,
    /// Sorted by path, no path twice.
    pub files: Vec<SourceFile>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What was left out, sorted.
    pub omitted: Vec<Omitted>,
    /// They lie in an archive: nothing can be written there.
    pub archived: bool,
    /// What the program says with which the app is shipped, where it is there.
    pub packaged: Option<Packaged>,
}

/// What a packaged app's program says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packaged {
    /// The program, as [`SourceFile::path`]. A text stands for it among the files: a line for the version, where it is known, and one
    /// for each fuse that its wire names, in their order.
    pub program: String,
    /// The Electron in it.
    pub version: Option<Version>,
    /// The fuses that its wire names: on, off, or as this Electron has it (`None`). No wire was found where this is `None`.
    pub fuses: Option<Vec<(Fuse, Option<bool>)>>,
}

impl Packaged {
    /// The text that stands for the program.
    pub fn text(&self) -> Text {
        let version = self.version.iter().map(|version| format!("Electron {version}\n"));
        let fuses = self.fuses.iter().flatten().map(|(fuse, on)| {
            let state = match on {
                Some(true) => "on",
                Some(false) => "off",
                None => "as in Electron",
            };
            format!("{}: {state}\n", fuse.name())
        });
        Text::plain(version.chain(fuses).collect::<String>())
    }

    /// The line of that text, from 1, that speaks of a fuse, by its place in [`Packaged::fuses`].
    pub fn line_of_fuse(&self, index: usize) -> u32 {
        index as u32 + 1 + u32::from(self.version.is_some())
    }
}

impl Sources {
    /// The file of this id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// `path:line:column` of a span.
    pub fn place_text(&self, span: Span) -> String {
        let file = self.file(span.file);
        let position = file.text.position(span.start);
        format!("{}:{}:{}", file.path, position.line, position.column)
    }

    /// Whether a path lies in the app's own folder.
    pub fn is_inside(&self, path: &str) -> bool {
        match self.root.as_str() {
            "" => !path.starts_with("../"),
            // `..` is the folder around the base: every path that does not lead farther up.
            root if root.split('/').all(|part| part == "..") => {
                let up = |path: &str| path.split('/').take_while(|part| *part == "..").count();
                up(path) <= up(root)
            }
            root => path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')),
        }
    }

    /// The file of this path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        let index = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some(FileId(index as u32))
    }
}
