//! A folder as plain data: paths, bytes, marks.

use std::fs;
use std::path::Path;

use crate::marks::{self, Expected};
use crate::score::Difficulty;

/// A fixture, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixture {
    /// Path inside the folder, with `/`, and bytes; sorted by path, `expected.txt` and `case.toml` left out.
    pub files: Vec<(String, Vec<u8>)>,
    /// Marks of all files, sorted.
    pub expected: Vec<Expected>,
    /// How hard it is to see, as `case.toml` says: `difficulty = "cross-file"`.
    pub difficulty: Option<Difficulty>,
}

impl Fixture {
    /// Reads a folder and all below it. Links to files are followed, links to folders are not.
    ///
    /// # Errors
    /// A message with the path, for what cannot be read and for marks that are none.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        read_folder(folder, "", &mut files)?;
        files.sort();
        let mut fixture = Self::default();
        for (path, bytes) in files {
            let text = String::from_utf8_lossy(&bytes);
            if path == "case.toml" {
                let difficulty = difficulty(&text).map_err(|error| format!("{}: {error}", folder.display()))?;
                fixture.difficulty = Some(difficulty);
                continue;
            }
            let marks = if path == "expected.txt" { marks::expected_list(&text) } else { marks::marks(&path, &text) };
            fixture.expected.extend(marks.map_err(|error| format!("{}: {error}", folder.display()))?);
            if path != "expected.txt" {
                fixture.files.push((path, bytes));
            }
        }
        for mark in &fixture.expected {
            if !fixture.files.iter().any(|(path, _)| *path == mark.path) {
                return Err(format!("{}: expected.txt names {}, which is not there", folder.display(), mark.path));
            }
        }
        fixture.expected.sort();
        Ok(fixture)
    }

    /// Folders directly below `folder`, sorted by name; none if `folder` is not there.
    ///
    /// # Errors
    /// A message with the path, for what cannot be read.
    pub fn folders(folder: &Path) -> Result<Vec<String>, String> {
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| at(folder, &error))? {
            let entry = entry.map_err(|error| at(folder, &error))?;
            if entry.path().is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

/// Reads `case.toml`: one key, and comments.
fn difficulty(text: &str) -> Result<Difficulty, String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let value = match (lines.next().and_then(|line| line.split_once('=')), lines.next()) {
        (Some((key, value)), None) if key.trim() == "difficulty" => value.trim().trim_matches('"'),
        _ => return Err("case.toml: expected `difficulty = \"…\"` and nothing else".into()),
    };
    let names = || Difficulty::ALL.map(Difficulty::name).join(", ");
    let of_name = Difficulty::ALL.into_iter().find(|difficulty| difficulty.name() == value);
    of_name.ok_or_else(|| format!("case.toml: `{value}` is none of {}", names()))
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(|error| at(folder, &error))? {
        let entry = entry.map_err(|error| at(folder, &error))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(|error| at(&path, &error))?.is_dir() {
            read_folder(&path, &format!("{name}/"), files)?;
        } else if path.is_file() {
            files.push((name, fs::read(&path).map_err(|error| at(&path, &error))?));
        }
    }
    Ok(())
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder below the build directory, named for the test, empty.
    fn folder(name: &str) -> std::path::PathBuf {
        let executable = std::env::current_exe().unwrap();
        let folder = executable.parent().unwrap().join(format!("testkit-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        folder
    }

    #[test]
    fn a_folder_becomes_files_and_marks() {
        let folder = folder("loads");
        fs::write(folder.join("src/main.js"), "f(); //~ a\n").unwrap();
        fs::write(folder.join("package.json"), "{}").unwrap();
        fs::write(folder.join("expected.txt"), "package.json:1 b low\n").unwrap();
        let fixture = Fixture::load(&folder).unwrap();
        assert_eq!(
            fixture.files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["package.json", "src/main.js"]
        );
        assert_eq!(
            fixture.expected.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["package.json:1 b low", "src/main.js:1 a"]
        );
        assert_eq!(Fixture::folders(&folder).unwrap(), ["src"]);
    }

    #[test]
    fn a_case_says_its_difficulty() {
        let folder = folder("difficulty");
        assert_eq!(Fixture::load(&folder).unwrap().difficulty, None);
        fs::write(folder.join("case.toml"), "# How hard.\ndifficulty = \"cross-file\"\n").unwrap();
        let fixture = Fixture::load(&folder).unwrap();
        assert_eq!((fixture.difficulty, fixture.files.len()), (Some(Difficulty::CrossFile), 0));
        for text in ["", "difficulty = \"hard\"", "level = \"literal\"", "difficulty = \"literal\"\nmore = 1"] {
            fs::write(folder.join("case.toml"), text).unwrap();
            assert!(Fixture::load(&folder).unwrap_err().contains("case.toml"), "{text}");
        }
    }

    #[test]
    fn a_list_that_names_no_file_is_an_error() {
        let folder = folder("stale");
        fs::write(folder.join("expected.txt"), "gone.json:1 b\n").unwrap();
        assert!(Fixture::load(&folder).unwrap_err().contains("gone.json"));
        assert!(Fixture::load(&folder.join("nowhere")).is_err());
        assert_eq!(Fixture::folders(&folder.join("nowhere")).unwrap(), Vec::<String>::new());
    }
}
