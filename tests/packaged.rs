//! Apps as they are shipped: archives, the program beside them, and archives that lie.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

const PACKAGE: &str =
    r#"{"name": "shipped", "productName": "The App", "main": "main.js", "devDependencies": {"electron": "^30.0.0"}}"#;
const MAIN: &str = "const { BrowserWindow, app } = require('electron');
app.whenReady().then(() => {
  new BrowserWindow({ webPreferences: { nodeIntegration: true, contextIsolation: false } }).loadFile('index.html');
});
";

/// An archive with this header, and this behind it.
fn archive(header: &str, content: &[u8]) -> Vec<u8> {
    let padded = header.len().div_ceil(4) * 4;
    let (payload, whole) = (padded as u32 + 4, padded as u32 + 8);
    let mut bytes = Vec::new();
    for number in [4, whole, payload, header.len() as u32] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(header.as_bytes());
    bytes.resize(16 + padded, 0);
    bytes.extend(content);
    bytes
}

/// An archive of these files, all in its top folder or one below.
fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut top = serde_json::Map::new();
    for (path, text) in files {
        let entry = serde_json::json!({"size": text.len(), "offset": content.len().to_string()});
        content.extend(text.as_bytes());
        match path.split_once('/') {
            None => {
                top.insert((*path).to_owned(), entry);
            }
            Some((folder, name)) => {
                let folder = top.entry(folder).or_insert_with(|| serde_json::json!({"files": {}}));
                folder["files"][name] = entry;
            }
        }
    }
    archive(&serde_json::json!({ "files": top }).to_string(), &content)
}

/// What stands for a program with all of Chromium in it.
fn program(wire: &[u8], name: &str) -> Vec<u8> {
    let mut bytes = vec![0x7f; 3 << 20];
    // Over the edge between two pieces that are read at once.
    let place = (1 << 20) - 7;
    let fuses = [b"dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX".as_slice(), &[1, wire.len() as u8], wire].concat();
    bytes[place..place + fuses.len()].copy_from_slice(&fuses);
    bytes[2 << 20..(2 << 20) + name.len()].copy_from_slice(name.as_bytes());
    bytes
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("electrolint").expect("the program is built");
    command.current_dir(folder).args(["check", "-f", "concise"]).args(arguments).output().expect("it runs")
}

/// The findings, without the last line, which counts them.
fn findings(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.contains("]") && line.contains('[')).map(str::to_owned).collect()
}

#[test]
fn an_archive_has_the_findings_of_its_folder() {
    let page = "<html><body>hello</body></html>";
    let files = [("package.json", PACKAGE), ("main.js", MAIN), ("pages/index.html", page)];
    let scratch = folder(&[("app.asar", &packed(&files))]);
    for (path, text) in files {
        let path = scratch.path().join("app").join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }
    let archived = check(scratch.path(), &["app.asar"]);
    assert_eq!(archived.status.code(), Some(1), "{}", String::from_utf8_lossy(&archived.stderr));
    let plain: Vec<String> =
        findings(&check(scratch.path(), &["app"])).iter().map(|line| format!("app.asar/{line}")).collect();
    let found = findings(&archived);
    assert_eq!(found, plain);
    assert!(
        found.iter().any(|line| line.starts_with("app.asar/main.js:3:41: ") && line.contains("[node-integration]")),
        "{found:#?}"
    );
}

#[test]
fn a_program_tells_its_electron_and_its_fuses() {
    let app = packed(&[("package.json", PACKAGE), ("main.js", MAIN)]);
    for (place, shown) in [
        ("the-app", "the-app"),
        ("Frameworks/Electron Framework.framework/Versions/A/Electron Framework", "Electron Framework"),
    ] {
        let resources = if place == "the-app" { "resources" } else { "Resources" };
        let binary = program(b"110100r1\x90", "Chrome/142.0.7444.235 Electron/39.2.7 Safari/537.36");
        let scratch = folder(&[(&format!("pkg/{resources}/app.asar"), &app), (&format!("pkg/{place}"), &binary)]);
        let given = if resources == "Resources" { "pkg/Resources/app.asar" } else { "pkg" };
        let output = check(scratch.path(), &[given, "--only", "fuses"]);
        let text = String::from_utf8_lossy(&output.stdout);
        for part in [
            ":2:1: medium[fuses] the fuse `RunAsNode` is on",
            ":5:1: medium[fuses] the fuse `EnableNodeCliInspectArguments`",
        ] {
            assert!(text.contains(&format!("{shown}{part}")), "{text}");
        }
        assert!(!text.contains("NODE_OPTIONS"), "it is off: {text}");
        assert!(text.contains("(Electron 39.2.7"), "{text}");
    }
}

#[test]
fn a_file_beside_the_program_tells_its_electron_better() {
    let app = packed(&[("package.json", PACKAGE), ("main.js", MAIN)]);
    let binary = program(b"000011100", "Electron/39.2.7 ");
    let scratch = folder(&[("resources/app.asar", &app), ("app-bin", &binary), ("version", b"v45.3.4\n")]);
    let output = check(scratch.path(), &["."]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("(Electron 45.3.4,"), "{text}");
    assert!(!text.contains("[fuses]"), "all are as they should be: {text}");
}

#[test]
fn files_beside_an_archive_are_read_and_links_out_of_it_are_not() {
    let header = format!(
        r#"{{"files":{{"package.json":{{"size":{},"offset":"0"}},"main.js":{{"size":5,"unpacked":true}},"out.js":{{"size":5,"unpacked":true}},"again.js":{{"link":"main.js"}}}}}}"#,
        PACKAGE.len()
    );
    let secret = "const { shell } = require('electron');\nrequire('electron').ipcMain.on('x', (e, url) => shell.openExternal(url));\n";
    let scratch = folder(&[
        ("app.asar", &archive(&header, PACKAGE.as_bytes())),
        ("app.asar.unpacked/main.js", MAIN.as_bytes()),
        ("secret.js", secret.as_bytes()),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.js", scratch.path().join("app.asar.unpacked/out.js")).expect("linked");
    let output = check(scratch.path(), &["app.asar"]);
    let found = findings(&output);
    assert!(
        found.iter().any(|line| line.contains("app.asar/main.js:3:41: ") && line.contains("[node-integration]")),
        "{found:#?}"
    );
    assert!(!found.iter().any(|line| line.contains("out.js")), "{found:#?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("incomplete"), "what was not read is said: {text}");
}

#[test]
fn nothing_is_written_into_an_archive() {
    let app = packed(&[("package.json", PACKAGE), ("main.js", MAIN)]);
    let scratch = folder(&[("app.asar", &app)]);
    let output = check(scratch.path(), &["app.asar", "--fix=unsafe"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read(scratch.path().join("app.asar")).expect("it is there"), app);
}

#[test]
fn archives_that_lie_are_refused_or_read_as_far_as_they_are_true() {
    let entry = |text: &str| format!(r#"{{"files":{{"package.json":{{"size":2,"offset":"0"}},"main.js":{text}}}}}"#);
    let content = format!("{{}}{MAIN}");
    let true_one = format!(r#"{{"size":{},"offset":"2"}}"#, MAIN.len());
    let deep = format!("{}{}{}", r#"{"files":{"a":"#.repeat(5000), "{}", "}}".repeat(5000));
    let wide: String = (0..100_000).map(|n| format!(r#""{n}.js":{{"size":1000000000,"offset":"0"}},"#)).collect();
    let overlapping: String = (0..5000).map(|n| format!(r#""{n}.js":{{"size":100,"offset":"0"}},"#)).collect();
    let cases: Vec<(&str, Vec<u8>, Option<i32>)> = vec![
        ("true", archive(&entry(&true_one), content.as_bytes()), Some(1)),
        ("empty", Vec::new(), Some(3)),
        ("short", vec![4, 0, 0], Some(3)),
        ("no archive", vec![b'x'; 1000], Some(3)),
        (
            "huge header",
            [4u32, u32::MAX, u32::MAX - 4, u32::MAX - 8].iter().flat_map(|n| n.to_le_bytes()).collect(),
            Some(3),
        ),
        ("text longer than header", [4u32, 16, 12, 4000].iter().flat_map(|n| n.to_le_bytes()).collect(), Some(3)),
        ("no JSON", archive("{\"files\":", b""), Some(3)),
        ("other JSON", archive("[1, 2]", b""), Some(3)),
        ("too deep", archive(&deep, b""), Some(3)),
        ("size beyond the end", archive(&entry(r#"{"size":4000000000,"offset":"2"}"#), content.as_bytes()), Some(3)),
        (
            "offset that overflows",
            archive(&entry(r#"{"size":9,"offset":"18446744073709551615"}"#), content.as_bytes()),
            Some(3),
        ),
        ("negative size", archive(&entry(r#"{"size":-9,"offset":"2"}"#), content.as_bytes()), Some(3)),
        ("offset that is none", archive(&entry(r#"{"size":9,"offset":"two"}"#), content.as_bytes()), Some(3)),
        (
            "many that lie outside",
            archive(&format!("{{\"files\":{{{wide}\"main.js\":{true_one}}}}}"), content.as_bytes()),
            Some(1),
        ),
        (
            "one place for many",
            archive(
                &format!("{{\"files\":{{\"main.js\":{true_one},{overlapping}\"z\":{{\"files\":{{}}}}}}}}"),
                content.as_bytes(),
            ),
            Some(1),
        ),
        (
            "a name that climbs",
            archive(
                &format!(
                    r#"{{"files":{{"..":{{"files":{{"x.js":{true_one}}}}},"a/b.js":{true_one},"main.js":{true_one}}}}}"#
                ),
                content.as_bytes(),
            ),
            Some(1),
        ),
    ];
    for (name, bytes, code) in cases {
        let scratch = folder(&[("app.asar", &bytes)]);
        let output = check(scratch.path(), &["app.asar"]);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), code, "{name}: {text}");
        assert!(!text.contains("panicked"), "{name}: {text}");
        if code == Some(3) {
            assert!(text.contains("app.asar"), "{name}: it is said what was looked at: {text}");
        }
        if name.starts_with("a name") || name.starts_with("many") || name.starts_with("one place") {
            assert!(text.contains("incomplete"), "{name}: what could not be read is said: {text}");
        }
    }
}

#[test]
fn folders_of_sources_are_no_packages() {
    let files: [(&str, &[u8]); 4] = [
        ("package.json", PACKAGE.as_bytes()),
        ("main.js", MAIN.as_bytes()),
        ("resources/app/package.json", b"{}"),
        ("resources/app.asar", b"no archive"),
    ];
    let scratch = folder(&files);
    let found = findings(&check(scratch.path(), &["."]));
    assert!(
        found.iter().any(|line| line.starts_with("main.js:3:41: ") && line.contains("[node-integration]")),
        "{found:#?}"
    );
}
