//! What may happen to an app between two runs.

use std::fs;
use std::path::{Path, PathBuf};

use electrolint::cli::{CheckArgs, Sure};

use crate::copy;

/// Numbers that look random and are the same each time: a linear congruential generator, with the constants of Knuth's MMIX.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const CONFIGURATIONS: [&str; 10] = [
    "",
    "min-severity = \"high\"\n",
    "[rules]\nfuses = \"off\"\n\"limit-*\" = \"high\"\n",
    "electron-version = \"11.0.0\"\n",
    "[rules.egress-host]\nallow = [\"api.example.com\"]\n",
    "[rules.egress-host]\nallow = [\"*.example.org\"]\n",
    "[rules.deprecated-api]\ntarget = \"45.0.0\"\n",
    "[[rules.target-environment.environments]]\nfiles = [\"**\"]\npreset = \"browser\"\n",
    "[[rules.target-environment.environments]]\nname = \"other\"\nfiles = [\"src/**\"]\npreset = \"node\"\nallow = [\"fetch\"]\n",
    "exclude = [\"**/preload*\"]\n[[ignore]]\nrule = \"*\"\nreason = \"tried\"\n",
];

const TEXTS: [&str; 6] = [
    "require('electron').shell.openExternal(location.hash.slice(1));\n",
    "new (require('electron').BrowserWindow)({ webPreferences: { webSecurity: false } });\n",
    "fetch('http://' + name + '.example.com/x');\n",
    "// electrolint-ignore web-security -- a test\n",
    "if (\n",
    "exports.x = 1;\n",
];

/// Changes something. Says what.
pub fn mutate(app: &Path, fixture: &Path, options: &mut CheckArgs, random: &mut Random) -> String {
    let mut files = Vec::new();
    collect(app, &mut files);
    files.sort();
    let Some(path) = (!files.is_empty()).then(|| random.pick(&files).clone()) else {
        copy(fixture, app);
        return "everything is there again".to_owned();
    };
    let name = path.strip_prefix(app).unwrap_or(&path).display().to_string();
    let bytes = fs::read(&path).unwrap();
    match random.below(15) {
        0 | 1 => {
            let text = random.pick(&TEXTS);
            fs::write(&path, [&bytes[..], text.as_bytes()].concat()).unwrap();
            format!("{name} ends with {text:?}")
        }
        2 => {
            let text = random.pick(&TEXTS);
            fs::write(&path, [text.as_bytes(), &bytes[..]].concat()).unwrap();
            format!("{name} begins with {text:?}")
        }
        3 => {
            let text = String::from_utf8_lossy(&bytes);
            let count = text.lines().count();
            let gone = random.below(count);
            let left: Vec<&str> = text.lines().enumerate().filter(|(n, _)| *n != gone).map(|(_, line)| line).collect();
            fs::write(&path, left.join("\n")).unwrap();
            format!("{name} without line {}", gone + 1)
        }
        4 => {
            let text = String::from_utf8_lossy(&bytes);
            let changed =
                if text.contains("true") { text.replacen("true", "false", 1) } else { text.replace('/', "//") };
            fs::write(&path, changed).unwrap();
            format!("{name} says something else")
        }
        5 => {
            // Other bytes on the disk for the same text.
            let text = String::from_utf8_lossy(&bytes);
            fs::write(&path, format!("\u{feff}{}", text.trim_start_matches('\u{feff}'))).unwrap();
            format!("{name} with a mark")
        }
        6 => {
            let place = path.with_file_name(format!("more{}.js", random.below(3)));
            fs::write(&place, random.pick(&TEXTS)).unwrap();
            format!("{} is there", place.display())
        }
        7 => {
            fs::remove_file(&path).unwrap();
            format!("{name} is gone")
        }
        8 => {
            let ending = *random.pick(&["js", "ts", "tsx", "d.ts", "html", "txt"]);
            // The text stays, and its name says that it is something else.
            let to = match random.below(2) {
                0 => path.with_extension(ending),
                _ => path.with_file_name(format!("moved{}.{ending}", random.below(3))),
            };
            fs::rename(&path, &to).unwrap();
            format!("{name} is now {}", to.display())
        }
        9 => {
            let text = random.pick(&CONFIGURATIONS);
            fs::write(app.join("electrolint.toml"), text).unwrap();
            format!("electrolint.toml is {text:?}")
        }
        10 => {
            let version = random.pick(&["12.0.0", "28.3.3", "39.2.7", "^40.0.0", "latest"]);
            let text = format!(
                r#"{{ "name": "n", "main": "src/main.js", "devDependencies": {{ "electron": "{version}" }} }}"#
            );
            fs::write(app.join("package.json"), text).unwrap();
            format!("package.json has Electron {version}")
        }
        11 => {
            let version = random.pick(&["12.2.3", "28.3.3", "40.1.0"]);
            let text = format!(
                r#"{{ "lockfileVersion": 3, "packages": {{ "node_modules/electron": {{ "version": "{version}" }} }} }}"#
            );
            fs::write(app.join("package-lock.json"), text).unwrap();
            format!("package-lock.json has Electron {version}")
        }
        12 => option(options, random),
        13 => {
            let _ = fs::remove_dir_all(app);
            copy(fixture, app);
            "everything is as it was".to_owned()
        }
        _ => "nothing".to_owned(),
    }
}

/// Another option, for one run.
fn option(options: &mut CheckArgs, random: &mut Random) -> String {
    let what = random.below(8);
    match what {
        0 => options.input.electron_version = Some("10.0.0".into()),
        1 => options.input.include_tests = true,
        2 => options.no_ignores = true,
        3 => options.only = vec!["*-integration".into()],
        4 => options.rules = vec!["*=high".parse().unwrap()],
        5 => (options.all, options.min_confidence) = (false, Some(Sure::Certain)),
        6 => options.input.threads = Some(2),
        _ => options.input.config.no_config = true,
    }
    format!("option {what}")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
