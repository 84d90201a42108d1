//! What an analysis remembers for the next one changes no fact, and spares the parsing of what is the same.

use std::sync::Arc;

use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{Memory, Options, analyse, analyse_again};

fn sources(files: &[(&str, FileKind, &str)]) -> Sources {
    let file = |(path, kind, text): &(&str, FileKind, &str)| SourceFile {
        path: (*path).into(),
        kind: *kind,
        role: Role::Own,
        text: Arc::new(Text::plain(*text)),
    };
    Sources { files: files.iter().map(file).collect(), ..Sources::default() }
}

#[test]
fn only_what_changed_is_parsed_and_nothing_else_is_known_of_it() {
    let main = "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: require('./options') });\n";
    let page = "<script src='x.js'></script><script>document.title = 'a'</script>";
    let files = |options: &'static str| {
        sources(&[
            ("index.html", FileKind::Html, page),
            ("main.js", FileKind::JavaScript, main),
            ("options.js", FileKind::JavaScript, options),
        ])
    };
    let mut memory = Memory::default();
    let mut parsed = 0;
    for (options, new) in [
        ("module.exports = { sandbox: false }", 3),
        ("module.exports = { sandbox: false }", 0),
        ("module.exports = { sandbox: true }", 1),
        ("module.exports = { sandbox: true", 1), // broken
        ("module.exports = { sandbox: false }", 1),
    ] {
        let sources = files(options);
        let again = analyse_again(&sources, &Options::default(), &mut memory);
        let afresh = analyse(&sources, &Options::default());
        assert_eq!(again.dump(), afresh.dump(), "{options}");
        assert_eq!(again.problems, afresh.problems, "{options}");
        assert_eq!(memory.parsed(), parsed + new, "{options}");
        parsed = memory.parsed();
    }
    memory.retain(|path| path == "main.js");
    let sources = files("module.exports = { sandbox: false }");
    analyse_again(&sources, &Options::default(), &mut memory);
    assert_eq!(memory.parsed(), parsed + 2, "the others were forgotten");
}
