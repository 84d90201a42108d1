//! Libraries of others that were put beside the app's own scripts.

use super::App;
use crate::link::{Json, Target, split};
use crate::source::{FileId, FileKind, Span};
use crate::summary::ImportId;

/// Bytes at the beginning of a script that are looked at for who wrote it.
const BEGINNING: usize = 4096;

/// Comments and directives with which a script begins.
const MOST_COMMENTS: usize = 8;

/// Nobody writes lines of so many bytes by hand.
const LONG_LINE: usize = 1000;

/// Folders in which copies of libraries are kept.
const FOLDERS: [&str; 12] = [
    "lib",
    "libs",
    "library",
    "libraries",
    "vendor",
    "vendors",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
    "plugin",
    "plugins",
];

/// The folder as which the Monaco editor is copied, with its loader and its workers.
const EDITOR: &str = "vs";

impl App<'_> {
    /// Whether a file is a library of others that was put beside the app's scripts: by its name, `jquery.min.js`, or by where it lies and
    /// what it says of itself. The app does not start with it.
    pub fn is_vendored(&self, file: FileId) -> bool {
        if let Some(known) = self.vendored.borrow().get(&file) {
            return *known;
        }
        let name = split(&self.sources.file(file).path).1;
        let is_minified = [".min.js", ".min.mjs", ".min.cjs"].iter().any(|ending| name.ends_with(ending));
        let is_start = || self.program.unit_of(file).is_some_and(|unit| self.entries().scripts.contains(&unit));
        let found = (is_minified || self.says_that_it_is_a_library(file)) && !is_start();
        self.vendored.borrow_mut().insert(file, found);
        found
    }

    /// Whether a script lies where libraries are kept or bears a version in its name, and begins with the licence of somebody who is not
    /// the app's author, for a version of what the script is called; or is minified, and tells the page of its makers with the licence. It
    /// takes nothing of the app's, nor of Electron's.
    fn says_that_it_is_a_library(&self, file: FileId) -> bool {
        let source = self.sources.file(file);
        let (folder, name) = split(&source.path);
        let name = name.to_ascii_lowercase();
        let mut folders = folder.strip_prefix(self.sources.root.trim_end_matches('/')).unwrap_or(folder).split('/');
        let is_numbered = version_in(&name).is_some();
        let is_of_editor = folders.clone().any(|part| part == EDITOR);
        let is_kept = folders.any(|part| FOLDERS.contains(&&*part.to_ascii_lowercase()));
        if source.kind != FileKind::JavaScript || self.takes_of_app(file) {
            return false;
        }
        let content = &source.text.content;
        let end = (0..=BEGINNING.min(content.len())).rev().find(|at| content.is_char_boundary(*at)).unwrap_or(0);
        let beginning = self.text(Span { file, start: 0, end: end as u32 });
        let Some((banner, code)) = banner(beginning) else { return false };
        let banner = banner.to_ascii_lowercase();
        // Of what it was bundled from the comment speaks, not of the bundle.
        let is_bundle = banner.contains("license information");
        let is_versioned = banner.match_indices('v').any(|(at, _)| is_version(banner.get(at..).unwrap_or_default()));
        if is_bundle || !is_versioned || self.is_said_by_author(&banner) {
            return false;
        }
        let is_minified = code.lines().any(|line| line.len() > LONG_LINE);
        // Wherever it lies: it tells the page of its makers.
        let is_released = is_minified && banner.contains("license") && banner.contains("https://");
        if !(is_numbered || is_of_editor || is_kept) {
            return is_released;
        }
        let has = |words: [&str; 2]| words.iter().all(|word| code.contains(word));
        let is_module = has(["define", ".amd"]) || has(["typeof", "module"]) && code.contains(".exports");
        let is_called_so = || {
            let stem = name.get(..version_in(&name).unwrap_or(name.len())).unwrap_or_default();
            let stem = letters(stem.split('.').next().unwrap_or_default());
            stem.len() > 2 && letters(&banner).contains(&stem)
        };
        (is_of_editor && is_minified) || ((is_numbered || is_minified || is_module) && is_called_so())
    }

    /// Whether a script asks for Electron, or for another file of the app's.
    fn takes_of_app(&self, file: FileId) -> bool {
        let Some(unit) = self.program.unit_of(file) else { return true };
        (0..self.program.summary(unit).imports.len() as u32).any(|import| {
            match self.program.target(unit, ImportId(import)) {
                Target::Unit(_) | Target::File(_) | Target::Text => true,
                Target::External(module) => module.contains("electron"),
                Target::Missing => false,
            }
        })
    }

    /// Whether a text names the app, or who wrote it, as its package says.
    fn is_said_by_author(&self, text: &str) -> bool {
        let root = self.sources.root.trim_end_matches('/');
        let mut manifests = self.program.unit_ids().filter_map(|unit| {
            let (folder, name) = split(&self.sources.file(self.program.file(unit)).path);
            (name == "package.json" && folder == root).then(|| Json::root(self.program.summary(unit))).flatten()
        });
        manifests.any(|manifest| {
            let author = manifest.get("author");
            let author = author.and_then(|author| author.get("name").and_then(Json::text).or_else(|| author.text()));
            // `Jane Doe <jane@example.com> (https://example.com)`.
            let author = author.and_then(|author| author.split(['<', '(']).next());
            let repository = manifest.get("repository");
            let repository = repository.and_then(|one| one.get("url").and_then(Json::text).or_else(|| one.text()));
            // `git+https://github.com/example/app.git`.
            let owner = repository.and_then(|url| url.trim_end_matches(".git").rsplit('/').nth(1));
            let named = [manifest.get("name"), manifest.get("productName")].map(|name| name.and_then(Json::text));
            [author, owner]
                .into_iter()
                .chain(named)
                .flatten()
                .map(|name| name.trim().to_ascii_lowercase())
                .any(|name| name.len() > 2 && text.contains(&name))
        })
    }
}

/// The first of the comments with which a script begins that speaks of a licence, and what follows.
fn banner(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.trim_start_matches('\u{feff}');
    for _ in 0..MOST_COMMENTS {
        rest = rest.trim_start();
        if let Some(behind) = ["\"use strict\"", "'use strict'"].iter().find_map(|word| rest.strip_prefix(word)) {
            rest = behind.trim_start_matches(';');
        } else if let Some(behind) = rest.strip_prefix("//") {
            rest = behind.split_once('\n')?.1;
        } else {
            let (comment, behind) = rest.strip_prefix("/*")?.split_once("*/")?;
            if says_licence(&comment.to_ascii_lowercase()) {
                return Some((comment, behind));
            }
            rest = behind;
        }
    }
    None
}

/// Whether a comment in small letters says who may use what follows.
fn says_licence(comment: &str) -> bool {
    ["license", "licence", "copyright", "(c)"].iter().any(|word| comment.contains(word))
}

/// Where a version begins in the name of a file: `picker-1.5.0.js`, `picker.v2.1.js`.
fn version_in(name: &str) -> Option<usize> {
    let starts = name.match_indices(['-', '_', '.', '@']);
    starts.map(|(at, _)| at).find(|at| {
        let rest = name.get(at + 1..).unwrap_or_default();
        begins_with_number(rest.strip_prefix('v').unwrap_or(rest))
    })
}

/// Whether a text in small letters begins with a version: `v1.5`, `version: 1.5.0`.
fn is_version(text: &str) -> bool {
    let rest = text.strip_prefix("version").or_else(|| text.strip_prefix('v')).unwrap_or_default();
    begins_with_number(rest.trim_start_matches([':', ' ', 'v']))
}

/// Whether a text begins with a number of several parts.
fn begins_with_number(text: &str) -> bool {
    let rest = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    rest.len() < text.len()
        && rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_digit()))
}

/// The letters and digits of a text.
fn letters(text: &str) -> String {
    text.chars().filter(|sign| sign.is_ascii_alphanumeric()).collect()
}
