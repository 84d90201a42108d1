//! The language server, over a connection in memory: what an editor says and hears.

#![cfg(unix)]

mod editor;

use std::fs;
use std::path::Path;

use editor::{Editor, app, pulling, pushing, uri};
use electrolint::cli::{CheckArgs, InputArgs, Level, Sure};
use electrolint::report::{self, Format, Look};
use serde_json::{Value, json};

const MAIN: &str = "const { BrowserWindow } = require('electron')\nconst preferences = require('./preferences')\nnew BrowserWindow({ webPreferences: preferences })\n";
const SAFE: &str = "module.exports = { spellcheck: true }\n";
const GUARD: &str = "require('electron').app.on('web-contents-created', (event, contents) => {\n  contents.on('will-navigate', (event) => event.preventDefault())\n})\n";
const UNSAFE: &str = "module.exports = { nodeIntegration: true, sandbox: false }\n";

/// An app whose window is in one file and whose options are in another.
fn two_files() -> tempfile::TempDir {
    app(&[("main.js", MAIN), ("preferences.js", SAFE)])
}

fn rules(diagnostics: &Value) -> Vec<&str> {
    diagnostics.as_array().into_iter().flatten().filter_map(|one| one["code"].as_str()).collect()
}

#[test]
fn every_format_and_the_editor_show_the_same_findings_in_the_same_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps");
    let mut apps: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect();
    apps.retain(|path| path.is_dir());
    apps.sort();
    assert!(apps.len() >= 5);
    for (app, all) in apps.iter().flat_map(|app| [(app, false), (app, true)]) {
        let input = InputArgs { paths: vec![app.clone()], ..InputArgs::default() };
        let mut options = CheckArgs { input, ..CheckArgs::default() };
        let mut settings = json!({});
        if all {
            (options.min_confidence, options.min_severity) = (Some(Sure::Tentative), Some(Level::Info));
            settings = json!({ "minConfidence": "tentative", "minSeverity": "info" });
        }
        let report = electrolint::check(&options).unwrap();
        let text = |format| report::render(format, &report, Look::default());

        let printed: Value = serde_json::from_str(&text(Format::Json)).unwrap();
        let place = |found: &Value| {
            let at = &found["location"];
            format!(
                "{}:{}:{} {} {}",
                at["path"].as_str().unwrap(),
                at["line"],
                at["column"],
                found["rule"],
                found["message"]
            )
        };
        let expected: Vec<String> = printed["findings"].as_array().unwrap().iter().map(place).collect();
        assert!(!expected.is_empty(), "{}", app.display());

        let lines = text(Format::Concise);
        let lines: Vec<&str> = lines.lines().take(expected.len()).collect();
        for (line, found) in lines.iter().zip(printed["findings"].as_array().unwrap()) {
            let at = &found["location"];
            let start = format!("{}:{}:{}: ", at["path"].as_str().unwrap(), at["line"], at["column"]);
            let said = format!("[{}] {}", found["rule"].as_str().unwrap(), found["message"].as_str().unwrap());
            assert!(line.starts_with(&start) && line.contains(&said), "{line}\n{start}{said}");
        }

        let sarif: Value = serde_json::from_str(&text(Format::Sarif)).unwrap();
        let place = |result: &Value| {
            let at = &result["locations"][0]["physicalLocation"];
            let path = at["artifactLocation"]["uri"].as_str().unwrap();
            // From the top of the repository there, from the folder of the app here.
            let path = path.split_once(&format!("apps/{}/", app.file_name().unwrap().to_string_lossy())).unwrap().1;
            format!("{path}:{}:{} {}", at["region"]["startLine"], at["region"]["startColumn"], result["ruleId"])
        };
        let results: Vec<String> = sarif["runs"][0]["results"].as_array().unwrap().iter().map(place).collect();

        let mut editor = Editor::start(json!({
            "capabilities": pulling(), "workspaceFolders": [{ "uri": uri(app), "name": "app" }],
            "initializationOptions": settings,
        }));
        let answer = editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
        let mut shown = Vec::new();
        let mut short = Vec::new();
        for file in answer["items"].as_array().unwrap() {
            let path = file["uri"].as_str().unwrap().strip_prefix(&format!("{}/", uri(app))).unwrap();
            for one in file["items"].as_array().unwrap() {
                let start = &one["range"]["start"];
                let (line, column) = (start["line"].as_u64().unwrap() + 1, start["character"].as_u64().unwrap() + 1);
                let message = one["message"].as_str().unwrap().split("\nhelp: ").next().unwrap();
                shown.push(format!("{path}:{line}:{column} {} {}", one["code"], json!(message)));
                short.push(format!("{path}:{line}:{column} {}", one["code"]));
            }
        }
        assert_eq!(shown, expected, "{}: the editor and JSON", app.display());
        assert_eq!(short, results, "{}: the editor and SARIF", app.display());
        editor.end();
    }
}

#[test]
fn a_finding_comes_and_goes_while_nothing_is_saved() {
    let folder = two_files();
    let mut editor = Editor::start(pushing(folder.path()));
    editor.open(folder.path(), "preferences.js", SAFE);
    let first = editor.published("preferences.js", 1);
    assert_eq!(first["diagnostics"], json!([]));

    let at = SAFE.find("spellcheck").unwrap();
    editor.edit(
        folder.path(),
        "preferences.js",
        2,
        (0, at),
        (0, at + "spellcheck: true".len()),
        "nodeIntegration: true, sandbox: false",
    );
    let second = editor.published("preferences.js", 2);
    let found = rules(&second["diagnostics"]);
    assert!(found.contains(&"node-integration"), "{second}");
    let diagnostic =
        second["diagnostics"].as_array().unwrap().iter().find(|one| one["code"] == "node-integration").unwrap();
    assert_eq!((&diagnostic["source"], &diagnostic["severity"]), (&json!("electrolint"), &json!(1)));
    assert!(diagnostic["codeDescription"]["href"].as_str().unwrap().starts_with("https://"), "{diagnostic}");
    assert!(diagnostic["data"]["fingerprint"].is_string(), "{diagnostic}");
    assert!(!diagnostic["relatedInformation"].as_array().unwrap().is_empty(), "{diagnostic}");

    let actions = editor.actions(folder.path(), "preferences.js", diagnostic, &[]);
    let fix = actions.iter().find(|action| action["title"].as_str().unwrap().contains("nodeIntegration")).unwrap();
    assert_eq!(fix["kind"], "quickfix");
    let text = editor.apply(folder.path(), "preferences.js", fix);
    assert_eq!(text, "module.exports = { nodeIntegration: false, sandbox: false }\n");
    editor.replace(folder.path(), "preferences.js", 3, &text);
    assert!(!rules(&editor.published("preferences.js", 3)["diagnostics"]).contains(&"node-integration"));

    editor.close(folder.path(), "preferences.js");
    assert_eq!(editor.hear("textDocument/publishDiagnostics")["diagnostics"], json!([]), "cleared on close");
    editor.end();
}

#[test]
fn an_edit_of_one_file_changes_what_is_found_in_another() {
    let files = [
        (
            "main.js",
            "const { app, BrowserWindow } = require('electron')\nrequire('./guard')\napp.whenReady().then(() => new BrowserWindow().loadURL('https://example.com'))\n",
        ),
        ("guard.js", "\n"),
    ];
    let folder = app(&files);
    let mut editor = Editor::start(pushing(folder.path()));
    for (name, text) in files {
        editor.open(folder.path(), name, text);
    }
    let before = editor.published("main.js", 1);
    assert!(rules(&before["diagnostics"]).contains(&"limit-navigation"), "{before}");
    editor.replace(folder.path(), "guard.js", 2, GUARD);
    // That of main.js changed, though its text did not.
    let after = editor.published("main.js", 1);
    assert!(!rules(&after["diagnostics"]).contains(&"limit-navigation"), "{after}");
    editor.replace(folder.path(), "guard.js", 3, "\n");
    let again = editor.published("main.js", 1);
    assert!(rules(&again["diagnostics"]).contains(&"limit-navigation"), "{again}");
    editor.end();
}

#[test]
fn an_editor_that_asks_is_answered_for_the_newest_text() {
    let folder = two_files();
    let mut start = pushing(folder.path());
    start["capabilities"] = pulling();
    let mut editor = Editor::start(start);
    assert_eq!(editor.capabilities["diagnosticProvider"]["interFileDependencies"], true);
    editor.open(folder.path(), "main.js", MAIN);
    editor.open(folder.path(), "preferences.js", SAFE);
    let of = |name: &str| json!({ "textDocument": { "uri": uri(&folder.path().join(name)) } });
    let first = editor.ask("textDocument/diagnostic", of("preferences.js"));
    assert_eq!(first["kind"], "full");
    assert_eq!(first["items"], json!([]));
    let mut same = of("preferences.js");
    same["previousResultId"] = first["resultId"].clone();
    assert_eq!(editor.ask("textDocument/diagnostic", same.clone())["kind"], "unchanged");

    // The question follows the change at once: it is about the new text.
    editor.replace(folder.path(), "preferences.js", 2, UNSAFE);
    let second = editor.ask("textDocument/diagnostic", same);
    assert_eq!(second["kind"], "full");
    assert!(rules(&second["items"]).contains(&"node-integration"), "{second}");

    let all = editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let known: Vec<Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| json!({ "uri": file["uri"], "value": file["resultId"] }))
        .collect();
    assert!(known.len() >= 2, "{all}");
    let again = editor.ask("workspace/diagnostic", json!({ "previousResultIds": known }));
    assert!(again["items"].as_array().unwrap().iter().all(|file| file["kind"] == "unchanged"), "{again}");
    // What is gone is told to be gone.
    editor.replace(folder.path(), "preferences.js", 3, SAFE);
    let gone = editor.ask("workspace/diagnostic", json!({ "previousResultIds": known }));
    let file = gone["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["uri"] == of("preferences.js")["textDocument"]["uri"]);
    assert_eq!(file.unwrap()["items"], json!([]), "{gone}");
    assert!(editor.heard("textDocument/publishDiagnostics").is_empty(), "never both at once");
    editor.end();
}

#[test]
fn an_editor_that_asks_is_told_when_another_file_has_news() {
    let folder = two_files();
    let mut start = pushing(folder.path());
    start["capabilities"] = pulling();
    let mut editor = Editor::start(start);
    // A text that is in no app's own file list until the other one uses it would be another matter: here the edit is on the disk.
    editor.open(folder.path(), "preferences.js", SAFE);
    editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    editor.open(folder.path(), "main.js", MAIN);
    editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    editor.replace(
        folder.path(),
        "main.js",
        2,
        &MAIN.replace("preferences })", "{ ...preferences, nodeIntegration: true } })"),
    );
    editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    // Nothing of preferences.js is found elsewhere by that: no reason to ask again.
    assert!(editor.heard("workspace/diagnostic/refresh").is_empty());
    fs::write(folder.path().join("electrolint.toml"), "[rules]\n\"*\" = \"off\"\n").unwrap();
    editor.changed(folder.path(), "electrolint.toml");
    editor.hear("workspace/diagnostic/refresh");
    let all = editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"], json!([]));
    editor.end();
}

#[test]
fn a_cancelled_question_gets_no_answer_and_nothing_else_suffers() {
    let folder = two_files();
    let mut start = pushing(folder.path());
    start["capabilities"] = pulling();
    // All of it is there before the server looks, so the question is still waiting when it is cancelled.
    let target = json!({ "textDocument": { "uri": uri(&folder.path().join("preferences.js")) } });
    let mut editor = Editor::queued(start, |editor| {
        editor.open(folder.path(), "preferences.js", UNSAFE);
        let cancelled = editor.send("textDocument/diagnostic", target.clone());
        let kept = editor.send("textDocument/diagnostic", target.clone());
        editor.notify("$/cancelRequest", json!({ "id": cancelled }));
        editor.notify("$/cancelRequest", json!({ "id": "never asked" }));
        (cancelled, kept)
    });
    let (cancelled, kept) = editor.queued_ids;
    assert_eq!(editor.error(cancelled), -32800);
    assert!(rules(&editor.answer(kept)["items"]).contains(&"node-integration"));
    editor.end();
}

#[test]
fn columns_are_counted_as_agreed() {
    let text = "const { shell, ipcMain } = require('electron')\nconst s = '😀é'; ipcMain.on('a', (e, url) => shell.openExternal(url))\n";
    let start = text.lines().nth(1).unwrap().find("url)").unwrap();
    let before: &str = &text.lines().nth(1).unwrap()[..text.lines().nth(1).unwrap().rfind("url))").unwrap()];
    assert!(start < before.len());
    for (encoding, column) in
        [("utf-8", before.len()), ("utf-16", before.encode_utf16().count()), ("utf-32", before.chars().count())]
    {
        let folder = app(&[("main.js", "\n")]);
        let mut start = pushing(folder.path());
        start["capabilities"]["general"] = json!({ "positionEncodings": [encoding] });
        let mut editor = Editor::start(start);
        assert_eq!(editor.capabilities["positionEncoding"], encoding);
        editor.open(folder.path(), "main.js", text);
        let published = editor.published("main.js", 1);
        let all = published["diagnostics"].as_array().unwrap();
        let found = all.iter().find(|one| one["code"] == "open-external").unwrap_or_else(|| panic!("{published}"));
        assert_eq!(found["range"]["start"], json!({ "line": 1, "character": column }), "{encoding}");
        // An edit behind the same letters.
        let end = column + "url".len();
        editor.edit(folder.path(), "main.js", 2, (1, column), (1, end), "'https://example.com'");
        assert!(!rules(&editor.published("main.js", 2)["diagnostics"]).contains(&"open-external"), "{encoding}");
        editor.end();
    }
}

#[test]
fn folders_come_and_go() {
    let (first, second) = (two_files(), app(&[("main.js", MAIN), ("preferences.js", UNSAFE)]));
    let mut start = pushing(first.path());
    start["capabilities"] = pulling();
    let mut editor = Editor::start(start);
    let all = |editor: &mut Editor| {
        let answer = editor.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
        let uris = answer["items"].as_array().unwrap().iter().map(|file| file["uri"].as_str().unwrap().to_owned());
        uris.collect::<Vec<String>>()
    };
    let is_in = |folder: &Path| {
        let start = uri(folder);
        move |name: &String| name.starts_with(&start)
    };
    assert!(all(&mut editor).iter().all(is_in(first.path())));
    let folder = |path: &Path| json!({ "uri": uri(path), "name": "x" });
    editor.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [folder(second.path())], "removed": [] } }),
    );
    let both = all(&mut editor);
    assert!(both.iter().any(is_in(first.path())) && both.iter().any(is_in(second.path())), "{both:?}");
    editor.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [], "removed": [folder(first.path())] } }),
    );
    let one = all(&mut editor);
    assert!(!one.is_empty() && one.iter().all(is_in(second.path())), "{one:?}");
    editor.end();
}

#[test]
fn a_text_outside_of_every_folder_is_checked_with_its_app() {
    let folder = two_files();
    let mut editor = Editor::start(json!({ "capabilities": pulling(), "rootUri": null }));
    editor.open(folder.path(), "preferences.js", UNSAFE);
    let target = json!({ "textDocument": { "uri": uri(&folder.path().join("preferences.js")) } });
    assert!(rules(&editor.ask("textDocument/diagnostic", target)["items"]).contains(&"node-integration"));
    editor.end();
}

#[test]
fn what_changes_on_the_disk_without_a_word_is_seen_after_a_pause() {
    let main = "const { app, BrowserWindow } = require('electron')\nrequire('./guard')\napp.whenReady().then(() => new BrowserWindow().loadURL('https://example.com'))\n";
    let folder = app(&[("main.js", main), ("guard.js", "\n")]);
    let mut editor = Editor::start(pushing(folder.path()));
    editor.open(folder.path(), "main.js", main);
    let is_found = |shown: &Value| rules(&shown["diagnostics"]).contains(&"limit-navigation");
    assert!(is_found(&editor.published("main.js", 1)));
    fs::write(folder.path().join("guard.js"), GUARD).unwrap();
    editor.replace(folder.path(), "main.js", 2, &format!("{main}// a note\n"));
    // What was known of the disk is told at once, what is there now soon after.
    assert!((0..2).any(|_| !is_found(&editor.published("main.js", 2))));
    editor.end();
}

#[test]
fn files_and_settings_are_watched() {
    let folder = two_files();
    let mut start = pushing(folder.path());
    start["capabilities"] = pulling();
    let mut editor = Editor::start(start);
    let registered = editor.hear("client/registerCapability");
    let methods: Vec<&str> =
        registered["registrations"].as_array().unwrap().iter().filter_map(|one| one["method"].as_str()).collect();
    assert_eq!(methods, ["workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"]);
    let asked = editor.hear("workspace/configuration");
    assert_eq!(asked["items"][0]["section"], "electrolint");

    let target = json!({ "textDocument": { "uri": uri(&folder.path().join("preferences.js")) } });
    assert_eq!(editor.ask("textDocument/diagnostic", target.clone())["items"], json!([]));
    // Somebody else writes the file.
    fs::write(folder.path().join("preferences.js"), UNSAFE).unwrap();
    editor.changed(folder.path(), "preferences.js");
    assert!(rules(&editor.ask("textDocument/diagnostic", target.clone())["items"]).contains(&"node-integration"));

    // The user switches the rule off.
    editor.settings = json!({ "rules": { "node-integration": "off" } });
    editor.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    editor.hear("workspace/configuration");
    assert!(!rules(&editor.ask("textDocument/diagnostic", target.clone())["items"]).contains(&"node-integration"));
    editor.settings = json!({ "minSeverity": "absurd" });
    editor.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    let log = editor.hear("window/logMessage");
    assert!(log["message"].as_str().unwrap().contains("minSeverity"), "{log}");
    assert!(rules(&editor.ask("textDocument/diagnostic", target.clone())["items"]).contains(&"node-integration"));

    // A configuration that does not fit says so in its file.
    fs::write(folder.path().join("electrolint.toml"), "min-severity = \"absurd\"\n").unwrap();
    editor.changed(folder.path(), "electrolint.toml");
    let config = json!({ "textDocument": { "uri": uri(&folder.path().join("electrolint.toml")) } });
    let shown = editor.ask("textDocument/diagnostic", config);
    assert_eq!(shown["items"][0]["range"]["start"], json!({ "line": 0, "character": 15 }), "{shown}");
    assert!(editor.hear("window/showMessage")["message"].as_str().unwrap().contains("electrolint.toml"));
    fs::remove_file(folder.path().join("electrolint.toml")).unwrap();
    editor.changed(folder.path(), "electrolint.toml");
    assert!(rules(&editor.ask("textDocument/diagnostic", target)["items"]).contains(&"node-integration"));
    editor.end();
}

#[test]
fn entries_of_the_configuration_that_accept_nothing_are_shown_there() {
    let folder = two_files();
    let entry = "[[ignore]]\nrule = \"fuses\"\nfiles = [\"main.js\"]\nreason = \"why\"\n";
    fs::write(folder.path().join("electrolint.toml"), entry).unwrap();
    let mut start = pushing(folder.path());
    start["capabilities"] = pulling();
    let mut editor = Editor::start(start);
    let config = json!({ "textDocument": { "uri": uri(&folder.path().join("electrolint.toml")) } });
    let shown = editor.ask("textDocument/diagnostic", config);
    assert_eq!(rules(&shown["items"]), ["unused-ignore"], "{shown}");
    assert_eq!(shown["items"][0]["range"]["start"], json!({ "line": 0, "character": 0 }), "{shown}");
    editor.end();
}

#[test]
fn findings_of_a_baseline_are_hints() {
    let folder = app(&[("main.js", MAIN), ("preferences.js", UNSAFE)]);
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_electrolint"))
        .args(["baseline"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    let mut editor = Editor::start(pushing(folder.path()));
    editor.open(folder.path(), "preferences.js", UNSAFE);
    let published = editor.published("preferences.js", 1);
    let all = published["diagnostics"].as_array().unwrap();
    assert!(!all.is_empty() && all.iter().all(|one| one["severity"] == 4), "{published}");
    editor.end();
}

#[test]
fn the_default_of_this_version_is_told() {
    let text = "const { BrowserWindow } = require('electron')\nnew BrowserWindow({ webPreferences: { contextIsolation: true, sandbox: false } })\n";
    let folder = app(&[("main.js", text)]);
    let mut editor = Editor::start(pushing(folder.path()));
    editor.open(folder.path(), "main.js", text);
    editor.published("main.js", 1);
    let column = text.lines().nth(1).unwrap().find("contextIsolation").unwrap() + 3;
    let position = |character: usize| json!({ "textDocument": { "uri": uri(&folder.path().join("main.js")) }, "position": { "line": 1, "character": character } });
    let told = editor.ask("textDocument/hover", position(column));
    let said = told["contents"]["value"].as_str().unwrap();
    assert!(said.contains("`true` by default in Electron 39.2.7") && said.contains("package.json"), "{said}");
    assert_eq!(
        editor.ask("textDocument/hover", position(0))["contents"]["value"].as_str().unwrap().lines().next(),
        Some("**limit-navigation** · medium · firm")
    );
    assert_eq!(editor.ask("textDocument/hover", position(18)), Value::Null);

    // The same place in an app of another time.
    let package = folder.path().join("package.json");
    fs::write(&package, fs::read_to_string(&package).unwrap().replace("39.2.7", "11.5.0")).unwrap();
    editor.changed(folder.path(), "package.json");
    // What is asked about actions waits for the check.
    let nothing = json!({ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } } });
    editor.actions(folder.path(), "main.js", &nothing, &[]);
    let told = editor.ask("textDocument/hover", position(column));
    assert!(told["contents"]["value"].as_str().unwrap().contains("`false` by default in Electron 11.5.0"), "{told}");
    editor.end();
}

#[test]
fn a_finding_is_ignored_with_a_reason() {
    let text = UNSAFE.replace("{ ", "{\n  ").replace(", ", ",\n  ").replace(" }", ",\n}");
    let folder = app(&[("main.js", MAIN), ("preferences.js", &text)]);
    let mut editor = Editor::start(pushing(folder.path()));
    editor.open(folder.path(), "preferences.js", &text);
    let published = editor.published("preferences.js", 1);
    let all = published["diagnostics"].as_array().unwrap();
    let diagnostic = all.iter().find(|one| one["code"] == "node-integration").unwrap();
    let actions = editor.actions(folder.path(), "preferences.js", diagnostic, &["quickfix"]);
    let title = |action: &Value| action["title"].as_str().unwrap().to_owned();
    for (wanted, start) in [
        ("on this line", "module.exports = {\n  // electrolint-ignore[node-integration]: "),
        ("in this file", "// electrolint-ignore-file[node-integration]: "),
    ] {
        let action =
            actions.iter().find(|action| title(action).contains(wanted)).unwrap_or_else(|| panic!("{actions:?}"));
        let ignored = editor.apply(folder.path(), "preferences.js", action);
        assert!(ignored.starts_with(start), "{ignored}");
        let version = editor.next_version();
        editor.replace(folder.path(), "preferences.js", version, &ignored);
        assert!(
            !rules(&editor.published("preferences.js", version)["diagnostics"]).contains(&"node-integration"),
            "{ignored}"
        );
        let version = editor.next_version();
        editor.replace(folder.path(), "preferences.js", version, &text);
        editor.published("preferences.js", version);
    }
    editor.end();
}

#[test]
fn all_that_is_safe_is_mended_at_once() {
    let text = "process.env.ELECTRON_DISABLE_SECURITY_WARNINGS = 'true'\nconst { BrowserWindow } = require('electron')\nnew BrowserWindow({ webPreferences: { nodeIntegration: true, sandbox: false } })\n";
    let folder = app(&[("main.js", text)]);
    let mut editor = Editor::start(pushing(folder.path()));
    editor.open(folder.path(), "main.js", text);
    editor.published("main.js", 1);
    let nothing = json!({ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } } });
    for only in ["source", "source.fixAll", "source.fixAll.electrolint"] {
        let actions = editor.actions(folder.path(), "main.js", &nothing, &[only]);
        assert_eq!(actions.len(), 1, "{only}: {actions:?}");
        let mended = editor.apply(folder.path(), "main.js", &actions[0]);
        assert_eq!(
            mended,
            text.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>(),
            "the unsafe one stays"
        );
    }
    assert_eq!(editor.actions(folder.path(), "main.js", &nothing, &["source.organizeImports"]), Vec::<Value>::new());
    editor.end();
}

#[test]
fn odd_messages_are_survived() {
    let folder = two_files();
    let mut editor = Editor::start(pushing(folder.path()));
    for name in ["untitled:Untitled-1", "git:/a/b.js?x", "", "file:", "file:///%ff", "file:///"] {
        let document = json!({ "uri": name, "languageId": "javascript", "version": 1, "text": UNSAFE });
        editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
        let target = json!({ "textDocument": { "uri": name } });
        assert_eq!(editor.ask("textDocument/diagnostic", target.clone())["items"], json!([]), "{name}");
        editor.notify("textDocument/didClose", target);
    }
    let change = json!({ "textDocument": { "uri": uri(&folder.path().join("main.js")), "version": 2 }, "contentChanges": [{ "text": "x" }] });
    editor.notify("textDocument/didChange", change); // it is not open
    editor.notify("textDocument/didChange", json!({ "nonsense": true }));
    editor.notify("$/unheardOf", json!({}));
    let id = editor.send("textDocument/unheardOf", json!({}));
    assert_eq!(editor.error(id), -32601);
    let id = editor.send("textDocument/hover", json!({ "nonsense": true }));
    assert_eq!(editor.error(id), -32602);
    let id = editor.send("workspace/executeCommand", json!({ "command": "unheard.of" }));
    assert_eq!(editor.error(id), -32602);
    // A place far outside of the text.
    editor.open(folder.path(), "main.js", MAIN);
    editor.edit(folder.path(), "main.js", 2, (9999, 9999), (0, 3), "");
    editor.published("main.js", 2);
    editor.end();
}

#[test]
fn the_end_is_said() {
    let folder = two_files();
    let mut editor = Editor::start(pushing(folder.path()));
    let id = editor.send("shutdown", Value::Null);
    assert_eq!(editor.answer(id), Value::Null);
    let id = editor.send("textDocument/hover", json!({}));
    assert_eq!(editor.error(id), -32600);
    assert_eq!(editor.exit(), 0);

    let editor = Editor::start(pushing(folder.path()));
    assert_eq!(editor.exit(), 1, "without shutdown");

    // An editor that does not even say hello.
    let (client, server) = lsp_server::Connection::memory();
    client.sender.send(lsp_server::Notification { method: "exit".into(), params: Value::Null }.into()).unwrap();
    assert_eq!(electrolint::lsp::serve(&server).unwrap(), 1);
    drop(client);
    assert_eq!(electrolint::lsp::serve(&server).unwrap(), 1, "nobody is there");
}

#[test]
fn what_takes_long_is_shown_once() {
    let folder = two_files();
    let mut start = pushing(folder.path());
    start["capabilities"]["window"] = json!({ "workDoneProgress": true });
    let mut editor = Editor::start(start);
    editor.open(folder.path(), "main.js", MAIN);
    editor.published("main.js", 1);
    editor.replace(folder.path(), "main.js", 2, "\n");
    editor.published("main.js", 2);
    assert_eq!(editor.count("window/workDoneProgress/create"), 1);
    assert_eq!(editor.count("$/progress") % 2, 0, "what began has ended, or was over before it could be shown");
    editor.end();
}
