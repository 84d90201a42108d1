//! Comments that accept a finding: where one can stand, and what is written there. The reason is left to the user.

use std::path::Path;
use std::sync::Arc;

use electrolint_model::app::summarise;
use electrolint_model::html;
use electrolint_model::source::{FileKind, Role, SourceFile};
use electrolint_model::text::Text;

use crate::discover;

/// Stands for the reason until the user writes one.
const REASON: &str = "TODO: say why";

/// Where a comment is written, as a byte of the text, and what it is: one that accepts findings of a rule on the line of `at`. `None` where
/// the form of the file has no place for it.
pub(super) fn on_line(path: &Path, text: &Text, at: usize, rule: &str) -> Option<(usize, String)> {
    let kind = discover::file_kind(path)?;
    let words = format!("electrolint-ignore[{rule}]: {REASON}");
    let content = &text.content;
    let before = content.get(..at)?;
    let start = before.rfind(['\n', '\r']).map_or(0, |found| found + 1);
    let line = content.get(start..)?;
    let line = line.split(['\n', '\r']).next().unwrap_or(line);
    let indent = line.get(..line.len() - line.trim_start().len())?;
    let newline = newline(content);
    let above = |open: &str, close: &str| (start, format!("{indent}{open}{words}{close}{newline}"));
    let behind = (start + line.trim_end().len(), format!(" // {words}"));
    let script = [above("// ", ""), above("{/* ", " */}"), behind];
    match kind {
        FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx => {
            script.into_iter().find(|edit| is_comment(path, kind, text, edit))
        }
        FileKind::Html => {
            let scripts = html::read(content).scripts;
            let is_script = |offset: usize| {
                scripts.iter().any(|script| (script.content.0 as usize..script.content.1 as usize).contains(&offset))
            };
            if is_script(start) {
                return script.into_iter().find(|edit| is_comment(path, kind, text, edit));
            }
            let is_in_tag = before.get(..start)?.rfind('<') > before.get(..start)?.rfind('>');
            (!is_in_tag).then(|| above("<!-- ", " -->"))
        }
        FileKind::Yaml | FileKind::Toml => Some(above("# ", "")),
        FileKind::Json if takes_comments(path) => Some(above("// ", "")),
        FileKind::Json | FileKind::Lockfile | FileKind::Plain => None,
    }
}

/// As [`on_line`], for the whole file.
pub(super) fn in_file(path: &Path, text: &Text, rule: &str) -> Option<(usize, String)> {
    let kind = discover::file_kind(path)?;
    let words = format!("electrolint-ignore-file[{rule}]: {REASON}");
    let (open, close) = match kind {
        FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx => ("// ", ""),
        FileKind::Html => ("<!-- ", " -->"),
        FileKind::Yaml | FileKind::Toml => ("# ", ""),
        FileKind::Json if takes_comments(path) => ("// ", ""),
        FileKind::Json | FileKind::Lockfile | FileKind::Plain => return None,
    };
    let content = &text.content;
    // The line that says which program runs a script stays the first.
    let at = if content.starts_with("#!") { content.find('\n').map_or(content.len(), |end| end + 1) } else { 0 };
    Some((at, format!("{open}{words}{close}{}", newline(content))))
}

/// Whether the parser takes what is written for a comment: in a template or between JSX elements it is text.
fn is_comment(path: &Path, kind: FileKind, text: &Text, (at, written): &(usize, String)) -> bool {
    let read = |content: String| {
        let file = SourceFile {
            path: path.to_string_lossy().into_owned(),
            kind,
            role: Role::Own,
            text: Arc::new(Text::plain(content)),
        };
        summarise(&file)
    };
    let mut content = text.content.clone();
    if !content.is_char_boundary(*at) {
        return false;
    }
    content.insert_str(*at, written);
    let word = *at + written.find("electrolint-ignore").unwrap_or(0);
    let after = read(content);
    let holds = |(start, end): (u32, u32)| (start as usize..end as usize).contains(&word);
    after.summaries.iter().flat_map(|summary| &summary.comments).any(|comment| holds(comment.span))
        && after.problems.len() <= read(text.content.clone()).problems.len()
}

/// Whether the format has comments; in package.json they would break the package.
fn takes_comments(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonc" || extension == "json5")
}

fn newline(content: &str) -> &'static str {
    if content.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, content: &str, at: &str) -> Option<String> {
        let text = Text::plain(content);
        let (offset, comment) = on_line(Path::new(name), &text, content.find(at).unwrap(), "x")?;
        let mut content = content.to_owned();
        content.insert_str(offset, &comment);
        Some(content)
    }

    #[test]
    fn comments_stand_where_they_are_comments() {
        let comment = "electrolint-ignore[x]: TODO: say why";
        assert_eq!(
            written("a.js", "f({\n  a: 1,\n})\n", "a:").unwrap(),
            format!("f({{\n  // {comment}\n  a: 1,\n}})\n")
        );
        assert_eq!(written("a.js", "f();\r\n", "f").unwrap(), format!("// {comment}\r\nf();\r\n"));
        let jsx = "const a = (\n  <div>\n    <webview />\n  </div>\n);\n";
        let expected = jsx.replace("    <webview", &format!("    {{/* {comment} */}}\n    <webview"));
        assert_eq!(written("a.jsx", jsx, "<webview").unwrap(), expected);
        let template = "const a = `\n  ${open(b)} c\n`;\n";
        assert_eq!(written("a.js", template, "open"), None);
        let attribute = "<p>\n<webview\n  nodeintegration\n></webview>\n";
        assert_eq!(written("a.html", attribute, "nodeintegration"), None);
        assert_eq!(
            written("a.html", attribute, "<webview").unwrap(),
            attribute.replace("<webview", &format!("<!-- {comment} -->\n<webview"))
        );
        let script = "<script>\n  f()\n</script>\n";
        assert_eq!(written("a.html", script, "f()").unwrap(), script.replace("  f", &format!("  // {comment}\n  f")));
        assert_eq!(written("package.json", "{ \"a\": 1 }", "\"a\""), None);
        assert!(written("electron-builder.yml", "a: 1\n", "a").unwrap().starts_with("# electrolint-ignore"));
    }

    #[test]
    fn a_comment_for_the_file_comes_first() {
        let text = Text::plain("#!/usr/bin/env node\nf()\n");
        assert_eq!(in_file(Path::new("a.js"), &text, "x").unwrap().0, 20);
        assert_eq!(
            in_file(Path::new("a.html"), &text, "x").unwrap().1,
            "<!-- electrolint-ignore-file[x]: TODO: say why -->\n"
        );
        assert_eq!(in_file(Path::new("package.json"), &text, "x"), None);
    }
}
