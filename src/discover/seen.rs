//! What was found, while nothing but texts of an editor changes: no folder is walked, and no file is asked about.

use std::path::Path;

use electrolint_model::source::Role;
use electrolint_model::text::Text;

use super::files::{Loaded, decode};
use super::{Discovery, KnownFiles, Overlay, follow, outputs, packages, twins};

/// What was found, and under which texts of an editor.
#[derive(Debug)]
pub(crate) struct Seen {
    overlay: Overlay,
    discovery: Discovery,
}

/// All that the search for apps asks of the text of a script or page; what else it asks of files is in [`KnownFiles::telling`].
#[derive(PartialEq, Eq)]
struct Asked<'t> {
    imports_electron: bool,
    is_marked: bool,
    looks_minified: bool,
    is_bundled: bool,
    may_be_bundle: bool,
    names: Vec<&'t str>,
}

impl Asked<'_> {
    fn of(text: &Text) -> Asked<'_> {
        let text = text.content.as_str();
        Asked {
            imports_electron: packages::imports_electron(text),
            is_marked: outputs::is_marked(text),
            looks_minified: outputs::looks_minified(text),
            is_bundled: outputs::is_bundled(text),
            may_be_bundle: twins::may_be_bundle(text),
            names: follow::quoted_files(text).collect(),
        }
    }
}

impl Seen {
    /// What was just found under these texts.
    pub(crate) fn new(overlay: Overlay, discovery: Discovery) -> Self {
        Self { overlay, discovery }
    }

    /// What is found under the texts of now, if nothing else changed since: paths, options, configuration and the disk are as
    /// they were. `limit`: longest file that is read, in bytes. `None` where a text that is another may change more than itself.
    pub(crate) fn under(mut self, overlay: &Overlay, known: &KnownFiles, limit: u64) -> Option<Self> {
        if !self.overlay.keys().eq(overlay.keys()) {
            return None;
        }
        let edited = self.overlay.iter().zip(overlay).filter(|(old, new)| old.1 != new.1).map(|(_, new)| new);
        let mut texts = Vec::new();
        for (path, bytes) in edited {
            let bytes = bytes.as_ref().filter(|bytes| bytes.len() as u64 <= limit)?;
            if known.telling.contains(path) {
                return None;
            }
            let Loaded::Text { text, replaced: 0 } = decode(bytes.clone()) else { return None };
            texts.push((path, text, self.places(path)?));
        }
        for (path, text, places) in texts {
            for (app, file) in places {
                let old = &mut self.discovery.apps.get_mut(app)?.sources.files.get_mut(file)?.text;
                if Asked::of(old) != Asked::of(&text) {
                    return None;
                }
                *old = text.clone();
            }
            self.overlay.insert(path.clone(), overlay.get(path)?.clone());
        }
        Some(self)
    }

    /// What was found.
    pub(crate) fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// Where a script or page is, by app and file; `None` where it is no part of any, or another kind of file.
    fn places(&self, path: &Path) -> Option<Vec<(usize, usize)>> {
        let shown = self.discovery.shown(path);
        let mut places = Vec::new();
        for (index, app) in self.discovery.apps.iter().enumerate() {
            if let Some(id) = app.sources.find(&shown) {
                let file = app.sources.file(id);
                if !follow::is_code(file.kind) || file.role == Role::Context {
                    return None;
                }
                places.push((index, id.0 as usize));
            }
        }
        (!places.is_empty()).then_some(places)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Options, read_again, resolve};
    use super::*;
    use crate::config::Configurations;

    const MANIFEST: &str = r#"{ "name": "app", "main": "main.js", "devDependencies": { "electron": "45.0.0" } }"#;
    const MAIN: &str = "const { app } = require('electron')\n";

    #[test]
    fn what_is_seen_again_is_what_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = resolve(folder.path()).unwrap();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        fs::create_dir(root.join(".git")).unwrap();
        write(".gitignore", "plugins\n");
        write("plugins/mail.js", "exports.name = 'mail'\n");
        write("package.json", MANIFEST);
        write("main.js", MAIN);
        write("settings.json", "{}\n");
        write("electron-builder.config.js", "module.exports = { files: [] }\n");
        let minified = "a=1;".repeat(200_000);
        let edits = [
            ("main.js", "const { app } = require('electron') // a note\n", true),
            ("main.js", "const { app } = require('electron'); app.quit('nothing')\n", true),
            ("main.js", "const { app } = require('electron'); require('./plugins/mail')\n", false),
            ("main.js", "const { app } = require('electron'); require('./settings.json')\n", false),
            ("main.js", "const { app } = require('elsewhere')\n", false),
            ("main.js", minified.as_str(), false),
            ("main.js", "\0\0", false),
            ("electron-builder.config.js", "module.exports = { files: ['../more'] }\n", false),
            ("package.json", "{}", false),
            ("settings.json", "{ \"x\": 1 }", false),
        ];
        let configurations = Configurations::new(&crate::cli::ConfigArgs::default(), &root).unwrap();
        let read = |overlay: &Overlay, known: &mut KnownFiles| {
            let options = Options { overlay: overlay.clone(), ..Options::default() };
            read_again(std::slice::from_ref(&root), &options, &configurations, known).unwrap()
        };
        for (name, text, is_spared) in edits {
            let mut known = KnownFiles::default();
            let old = fs::read(root.join(name)).unwrap();
            let overlay = Overlay::from([(root.join(name), Some(old))]);
            let seen = Seen::new(overlay.clone(), read(&overlay, &mut known));
            let overlay = Overlay::from([(root.join(name), Some(text.as_bytes().to_vec()))]);
            let again = seen.under(&overlay, &known, 5_000_000);
            assert_eq!(again.is_some(), is_spared, "{name}: {text:.60}");
            if let Some(again) = again {
                let found = read(&overlay, &mut known);
                assert_eq!(format!("{:?}", again.discovery()), format!("{found:?}"), "{name}: {text:.60}");
                let more = Overlay::from([(root.join("other.js"), Some(Vec::new()))]);
                assert!(again.under(&more, &known, 5_000_000).is_none(), "another file is open");
            }
        }
    }
}
