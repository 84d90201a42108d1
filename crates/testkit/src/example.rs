//! The code blocks of documentation as small apps.
//!
//! Every fenced block in a language that we know is an example: `js`, `jsx`, `ts`, `tsx`, `html`, `json`, `yaml`, `toml`. It becomes one
//! file, named after its language: `main.js`, `main.ts`, `index.html`, `package.json`, …. A comment on its first line names the file
//! instead, and more such lines divide the block into several files:
//!
//! ```text
//! // file: main.js          in JSON too; `# file:` in YAML and TOML, `<!-- file: index.html -->` in HTML
//! ```
//!
//! These lines are no part of the file: the line below is line 1. Blocks that follow each other with nothing but empty lines between are
//! one example as long as no name comes twice; a word of prose between them begins the next example. Marks are those of
//! [`crate::marks`]; in JSON, YAML and TOML they are taken out of the text, so that `package.json` stays JSON.

use crate::marks::{self, Expected};

/// A small app from documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Example {
    /// 1-based line of its first fence in the Markdown.
    pub line: u32,
    /// Path and bytes, sorted by path.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its marks, sorted.
    pub expected: Vec<Expected>,
}

/// Extracts all examples.
///
/// # Errors
/// A message with the line, for marks that are none, a file that is named twice in a block, and a block that does not end.
pub fn examples(markdown: &str) -> Result<Vec<Example>, String> {
    let mut examples: Vec<Example> = Vec::new();
    for block in blocks(markdown)? {
        let files = files(&block)?;
        let joins = block.follows_a_block
            && examples
                .last()
                .is_some_and(|last| !last.files.iter().any(|(path, _)| files.iter().any(|(other, _)| path == other)));
        if !joins {
            examples.push(Example { line: block.line, ..Example::default() });
        }
        let Some(example) = examples.last_mut() else { continue };
        for (path, text) in files {
            let marks = marks::marks(&path, &text).map_err(|error| format!("block at line {}: {error}", block.line))?;
            example.expected.extend(marks);
            let text = if is_data(&path) { without_marks(&text) } else { text };
            example.files.push((path, text.into_bytes()));
        }
        example.files.sort();
        example.expected.sort();
    }
    Ok(examples)
}

/// A fenced block in a language that we know.
struct Block<'a> {
    line: u32,
    default_name: &'static str,
    lines: Vec<&'a str>,
    /// Only empty lines lie between it and the block before.
    follows_a_block: bool,
}

fn blocks(markdown: &str) -> Result<Vec<Block<'_>>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(&str, Option<Block>)> = None;
    let mut follows_a_block = false;
    for (line, number) in markdown.lines().zip(1u32..) {
        let trimmed = line.trim();
        match open.take() {
            Some((fence, block)) if trimmed.starts_with(fence) && trimmed.trim_matches('`').is_empty() => {
                follows_a_block = block.is_some();
                blocks.extend(block);
            }
            Some((fence, mut block)) => {
                if let Some(block) = &mut block {
                    block.lines.push(line);
                }
                open = Some((fence, block));
            }
            None if trimmed.starts_with("```") => {
                let (fence, info) = trimmed.split_at(trimmed.len() - trimmed.trim_start_matches('`').len());
                let block = default_name(info).map(|default_name| Block {
                    line: number,
                    default_name,
                    lines: Vec::new(),
                    follows_a_block,
                });
                open = Some((fence, block));
            }
            None if !trimmed.is_empty() => follows_a_block = false,
            None => {}
        }
    }
    match open {
        Some(_) => Err("the last code block does not end".into()),
        None => Ok(blocks),
    }
}

fn default_name(info: &str) -> Option<&'static str> {
    // `js,ignore` and `js title` are still JavaScript.
    Some(match info.split([',', ' ']).next().unwrap_or_default() {
        "js" | "javascript" => "main.js",
        "mjs" => "main.mjs",
        "cjs" => "main.cjs",
        "jsx" => "main.jsx",
        "ts" | "typescript" => "main.ts",
        "tsx" => "main.tsx",
        "html" => "index.html",
        "json" => "package.json",
        "yaml" | "yml" => "electron-builder.yml",
        "toml" => "electron-builder.toml",
        _ => return None,
    })
}

fn files(block: &Block) -> Result<Vec<(String, String)>, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    for (i, line) in block.lines.iter().enumerate() {
        if let Some(name) = file_name(line) {
            if files.iter().any(|(path, _)| path == name) {
                return Err(format!("block at line {}: {name} is named twice", block.line));
            }
            files.push((name.into(), String::new()));
            continue;
        }
        if i == 0 {
            files.push((block.default_name.into(), String::new()));
        }
        if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    Ok(files)
}

/// The name in `// file: NAME`, `# file: NAME`, `<!-- file: NAME -->`.
fn file_name(line: &str) -> Option<&str> {
    let line = line.trim();
    let (rest, close) = match line.strip_prefix("<!--") {
        Some(rest) => (rest, "-->"),
        None => (line.strip_prefix("//").or_else(|| line.strip_prefix('#'))?, ""),
    };
    let name = rest.trim().strip_prefix("file:")?.strip_suffix(close)?.trim();
    (!name.is_empty()).then_some(name)
}

fn is_data(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("json" | "json5" | "yml" | "yaml" | "toml"))
}

fn without_marks(text: &str) -> String {
    let cut = |line: &str| {
        let end = ["//~", "#~"].iter().filter_map(|open| line.find(open)).min().unwrap_or(line.len());
        format!("{}\n", line[..end].trim_end())
    };
    text.lines().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(example: &Example) -> Vec<&str> {
        example.files.iter().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn a_block_is_an_example_and_prose_ends_it() {
        let examples =
            examples("Bad:\n\n```js\nf(); //~ a\n```\n\nGood:\n\n```js\ng();\n```\n\n```text\nno code\n```\n").unwrap();
        assert_eq!(examples.len(), 2);
        assert_eq!(examples[0].line, 3);
        assert_eq!(examples[0].files, [("main.js".to_string(), b"f(); //~ a\n".to_vec())]);
        assert_eq!(examples[0].expected[0].to_string(), "main.js:1 a");
        assert!(examples[1].expected.is_empty());
    }

    #[test]
    fn blocks_side_by_side_are_one_app() {
        let text = "```js\nf();\n```\n\n```html\n<p> <!--~ b -->\n```\n\n```js\ng();\n```\n";
        let examples = examples(text).unwrap();
        assert_eq!(examples.len(), 2, "main.js comes twice");
        assert_eq!(names(&examples[0]), ["index.html", "main.js"]);
        assert_eq!(examples[0].expected[0].to_string(), "index.html:1 b");
    }

    #[test]
    fn a_block_may_hold_several_files() {
        let text = "````ts\n// file: src/main.ts\nf(); //~ a\n// file: package.json\n{ \"x\": 1, //~ b\n}\n````\n";
        let examples = examples(text).unwrap();
        assert_eq!(names(&examples[0]), ["package.json", "src/main.ts"]);
        assert_eq!(examples[0].files[0].1, b"{ \"x\": 1,\n}\n", "marks are taken out of data");
        let marks: Vec<String> = examples[0].expected.iter().map(ToString::to_string).collect();
        assert_eq!(marks, ["package.json:1 b", "src/main.ts:1 a"]);
    }

    #[test]
    fn faults_are_told() {
        assert!(examples("```js\nf();\n").is_err());
        assert!(examples("```js\n// file: a.js\n// file: a.js\n```\n").is_err());
        assert!(examples("```js\nf(); //~ Nonsense\n```\n").unwrap_err().contains("line 1"));
    }
}
