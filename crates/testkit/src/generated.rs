//! Apps of any size, made of one pattern: to see how time and memory grow with the number of files.
//!
//! A main process with its windows, preload script and handlers; and renderer modules, one in three TypeScript, one in ten with JSX, that
//! import each other: the next of their folder, one in the folder before, and a shared one.

use std::fs;
use std::io;
use std::path::Path;

/// Modules of one folder.
const FOLDER: usize = 25;

/// Files besides the modules.
const FRAME: usize = 5;

/// Writes an app of this many files, at least six. The same number gives the same bytes.
///
/// # Errors
/// What the system says.
pub fn write(folder: &Path, files: usize) -> io::Result<()> {
    let modules = files.saturating_sub(FRAME).max(1);
    fs::create_dir_all(folder.join("src/renderer"))?;
    fs::write(folder.join("package.json"), PACKAGE)?;
    fs::write(folder.join("src/main.js"), MAIN)?;
    fs::write(folder.join("src/preload.js"), PRELOAD)?;
    fs::write(folder.join("src/index.html"), PAGE)?;
    let imports: String = (0..modules).step_by(FOLDER).map(|n| format!("import './{}';\n", name(n))).collect();
    fs::write(folder.join("src/renderer/index.js"), imports)?;
    for number in 0..modules {
        if number.is_multiple_of(FOLDER) {
            fs::create_dir_all(folder.join(format!("src/renderer/part{}", number / FOLDER)))?;
        }
        let path = format!("src/renderer/{}.{}", name(number), ending(number));
        fs::write(folder.join(path), module(number, modules))?;
    }
    Ok(())
}

/// A module's path below the renderer's folder, without its ending.
fn name(number: usize) -> String {
    format!("part{}/module{number}", number / FOLDER)
}

fn ending(number: usize) -> &'static str {
    match number {
        _ if number % 10 == 7 => "jsx",
        _ if number % 3 == 1 => "ts",
        _ => "js",
    }
}

fn module(number: usize, modules: usize) -> String {
    let first = number / FOLDER * FOLDER;
    let next = if number + 1 < modules && number + 1 < first + FOLDER { number + 1 } else { first };
    let before = number.saturating_sub(FOLDER);
    let (text, any) = if ending(number) == "ts" { (": string", ": any") } else { ("", "") };
    let mut imports = String::new();
    for (other, alias) in [(next, "next"), (before, "before"), (0, "shared")] {
        if other != number {
            imports += &format!("import {{ describe as {alias} }} from '../{}';\n", name(other));
        } else {
            imports += &format!("const {alias} = describe;\n");
        }
    }
    let act = match number % 50 {
        3 => "    document.getElementById('out').innerHTML = `<b>${escape(label)}</b>`;\n".to_owned(),
        13 => "    window.api.open(`https://example.com/${encodeURIComponent(label)}`);\n".to_owned(),
        23 => "    const answer = await fetch(`https://example.com/items/${encodeURIComponent(label)}`);\n    this.items.push(await answer.json());\n".to_owned(),
        _ => format!("    this.items.push({{ label, number: {number}, at: Date.now() }});\n"),
    };
    let view = if ending(number) == "jsx" {
        "export const View = ({ items }) => <ul>{items.map((item) => <li key={item.number}>{item.label}</li>)}</ul>;\n"
    } else {
        ""
    };
    format!(
        r#"// Module {number}: keeps a list, and describes itself by what it imports.
{imports}
export function describe(depth{any}) {{
  return depth > 0 ? ['module {number}', next(depth - 1), before(depth - 1)].join(' > ') : 'module {number}';
}}

function escape(text{text}) {{
  return text.replace(/[&<>"']/g, (c) => `&#${{c.charCodeAt(0)}};`);
}}

export class Store{number} {{
  constructor(options = {{ limit: {limit}, title: 'store {number}' }}) {{
    this.items = [];
    this.options = {{ ...options, sorted: false }};
  }}

  async add(label{text}) {{
    if (this.items.length >= this.options.limit) this.items.shift();
{act}    return this.items.length;
  }}

  find(wanted{any}) {{
    const found = this.items.filter((item) => item.label === wanted || escape(item.label) === wanted);
    return found.length ? found[0] : {{ label: shared(1), number: -1, at: 0 }};
  }}
}}
{view}"#,
        limit = 10 + number % 90,
    )
}

const PACKAGE: &str = r#"{
  "name": "generated",
  "version": "1.0.0",
  "main": "src/main.js",
  "devDependencies": { "electron": "39.2.7" }
}
"#;

const MAIN: &str = r#"const { app, BrowserWindow, ipcMain, shell } = require('electron');
const path = require('node:path');

function createWindow() {
  const window = new BrowserWindow({
    width: 1200,
    webPreferences: { preload: path.join(__dirname, 'preload.js'), webSecurity: false },
  });
  window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  window.loadFile(path.join(__dirname, 'index.html'));
}

ipcMain.handle('open', (event, url) => shell.openExternal(url));
app.whenReady().then(createWindow);
"#;

const PRELOAD: &str = r#"const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('api', { open: (url) => ipcRenderer.invoke('open', url) });
"#;

const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>Generated</title>
<div id="out"></div>
<script type="module" src="renderer/index.js"></script>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_files_as_were_asked_for() {
        let folder = std::env::current_exe().unwrap().parent().unwrap().join("testkit-generated");
        let _ = fs::remove_dir_all(&folder);
        write(&folder, 80).unwrap();
        let fixture = crate::Fixture::load(&folder).unwrap();
        assert_eq!(fixture.files.len(), 80);
        let text = |path: &str| {
            let (_, bytes) = fixture.files.iter().find(|(name, _)| name == path).unwrap();
            String::from_utf8_lossy(bytes).into_owned()
        };
        assert!(text("src/renderer/part1/module30.js").contains("from '../part1/module31'"));
        assert!(text("src/renderer/part1/module30.js").contains("from '../part0/module5'"));
        assert!(text("src/renderer/part1/module49.ts").contains("from '../part1/module25'"), "a folder is a ring");
        assert!(text("src/renderer/part0/module0.js").contains("const before = describe;"));
    }
}
