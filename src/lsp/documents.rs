//! Texts that the editor holds, saved or not, and the names of files towards it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use electrolint_model::text::Text;
use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::positions::{Encoding, Lines};
use super::uri;
use crate::discover::{self, Overlay};

/// A text that the editor holds.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the editor calls it.
    pub uri: String,
    /// Counts its changes.
    pub version: i32,
    /// As it is in the editor.
    pub text: Arc<Text>,
}

/// Every text that the editor holds, by its file: absolute and without links.
#[derive(Debug, Default)]
pub(super) struct Documents {
    open: BTreeMap<PathBuf, Document>,
    /// Folders as the editor calls them, where that is not what they are without links.
    aliases: Vec<(PathBuf, PathBuf)>,
}

impl Documents {
    /// The file that a URI names, without links; `None` for what is no file.
    pub(super) fn path(&self, uri: &str) -> Option<PathBuf> {
        // Most questions are about texts that are open.
        if let Some((path, _)) = self.open.iter().find(|(_, document)| document.uri == uri) {
            return Some(path.clone());
        }
        Some(without_links(&uri::to_path(uri)?))
    }

    /// What the editor calls a file.
    pub(super) fn uri(&self, path: &Path) -> Uri {
        if let Some(document) = self.open.get(path) {
            return Uri::from(document.uri.clone());
        }
        let alias = self.aliases.iter().find_map(|(real, called)| Some(called.join(path.strip_prefix(real).ok()?)));
        Uri::from(uri::from_path(alias.as_deref().unwrap_or(path)))
    }

    /// Notes how the editor calls a folder.
    pub(super) fn call(&mut self, real: &Path, called: &Path) {
        self.aliases.retain(|(known, _)| known != real);
        if real != called {
            self.aliases.push((real.to_path_buf(), called.to_path_buf()));
        }
    }

    /// A text was opened. The file, if it is one that is read.
    pub(super) fn open(&mut self, uri: String, version: i32, text: String) -> Option<PathBuf> {
        let path = without_links(&uri::to_path(&uri)?);
        let text = Arc::new(Text::plain(text));
        self.open.insert(path.clone(), Document { uri, version, text });
        Some(path)
    }

    /// A text was changed. The file, if it is open.
    pub(super) fn change(
        &mut self,
        uri: &str,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<PathBuf> {
        let path = self.path(uri)?;
        let document = self.open.get_mut(&path)?;
        let mut text = Text::clone(&document.text);
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    text = Text::plain(whole.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let lines = Lines::new(&text, encoding);
                    let (start, end) = (lines.offset(part.range.start), lines.offset(part.range.end));
                    text.content.replace_range(start.min(end)..start.max(end), &part.text);
                }
            }
        }
        document.text = Arc::new(text);
        document.version = version;
        Some(path)
    }

    /// A text was closed: from now on the file is what lies on the disk.
    pub(super) fn close(&mut self, uri: &str) -> Option<PathBuf> {
        let path = self.path(uri)?;
        self.open.remove(&path).map(|_| path)
    }

    /// The text of a file that is open.
    pub(super) fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    /// All that are open.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, &Document)> {
        self.open.iter().map(|(path, document)| (path.as_path(), document))
    }

    /// The texts in place of their files.
    pub(super) fn overlay(&self) -> Overlay {
        let bytes = |document: &Document| Some(document.text.content.clone().into_bytes());
        self.open.iter().map(|(path, document)| (path.clone(), bytes(document))).collect()
    }
}

/// A path without links, as far as it exists.
pub(super) fn without_links(path: &Path) -> PathBuf {
    let path = discover::plain(path);
    path.ancestors()
        .find_map(|there| Some(there.canonicalize().ok()?.join(path.strip_prefix(there).ok()?)))
        // Joining nothing would end it with a separator.
        .map_or_else(|| path.clone(), |found| found.components().collect())
}

#[cfg(test)]
mod tests {
    use gen_lsp_types::{Position, Range, TextDocumentContentChangePartial};

    use super::*;

    #[cfg(unix)]
    #[test]
    fn changes_are_made_in_their_order() {
        let mut documents = Documents::default();
        let uri = "file:///nowhere/a.js";
        documents.open(uri.into(), 1, "let é😀 = 1;\nb\n".into());
        let part = |line, from, to, text: &str| {
            let position = |character| Position { line, character };
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(TextDocumentContentChangePartial {
                range: Range { start: position(from), end: position(to) },
                text: text.into(),
                ..Default::default()
            })
        };
        let changes = vec![part(0, 5, 7, "x"), part(0, 6, 6, "y"), part(1, 0, 99, "")];
        let path = documents.change(uri, 2, changes, Encoding::Utf16).unwrap();
        assert_eq!(path, Path::new("/nowhere/a.js"));
        let document = documents.get(&path).unwrap();
        assert_eq!((document.text.content.as_str(), document.version), ("let éxy = 1;\n\n", 2));
        assert_eq!(documents.change("file:///nowhere/b.js", 1, Vec::new(), Encoding::Utf8), None);
        assert_eq!(documents.close(uri), Some(path));
        assert!(documents.overlay().is_empty());
        assert_eq!(documents.open("untitled:1".into(), 1, String::new()), None);
    }
}
