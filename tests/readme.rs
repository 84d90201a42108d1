//! Commands that pages show are run as they stand there.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn shell(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_electrolint")).parent().expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .expect("a shell runs")
}

/// A repository with an app at its top and one in a folder, and a branch that another one left.
fn repository(folder: &Path) {
    let package = r#"{ "name": "tiny", "main": "src/main.ts", "devDependencies": { "electron": "39.2.7" } }"#;
    let main =
        "import { BrowserWindow } from 'electron';\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n";
    for app in ["", "packages/desktop"] {
        fs::create_dir_all(folder.join(app).join("src")).expect("a folder can be made");
        fs::write(folder.join(app).join("package.json"), package).expect("a file can be written");
        fs::write(folder.join(app).join("src/main.ts"), main).expect("a file can be written");
    }
    // An archive of one file.
    let main = "require('electron');";
    let header = format!(r#"{{"files":{{"main.js":{{"size":{},"offset":"0"}}}}}}"#, main.len());
    let length = header.len() as u32;
    let numbers = [4, length + 8, length + 4, length].map(u32::to_le_bytes).concat();
    fs::write(folder.join("app.asar"), [&numbers, header.as_bytes(), main.as_bytes()].concat())
        .expect("it can be written");
    let commit = "git -c user.name=t -c user.email=t@example.com commit -qm first";
    let setup = format!("git init -qb main && git add . && {commit} && git update-ref refs/remotes/origin/stable HEAD");
    let output = shell(&setup, folder);
    assert!(output.status.success(), "{output:?}");
}

/// The lines of the shell blocks of a page that start the command, without their comments.
fn commands(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("it is there");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split("  #").next().unwrap_or(line).trim());
    lines.filter(|line| line.starts_with("electrolint ") || *line == "electrolint").map(str::to_owned).collect()
}

#[test]
fn commands_of_pages_do_what_they_say() {
    for (page, at_least) in [("README.md", 12), ("docs/ci.md", 10)] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        repository(folder.path());
        let commands = commands(page);
        assert!(commands.len() >= at_least, "{page}: {commands:?}");
        for line in commands {
            if line.contains("path/to/app") {
                continue;
            }
            let output = shell(&line, folder.path());
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{page}: {line}: {error}");
        }
    }
}
