//! Pages in Pug, in which indentation closes elements: `script(src='app.js')`, `meta(http-equiv='…' content='…')`.
//!
//! <https://pugjs.org/language/attributes.html>, <https://pugjs.org/language/plain-text.html>

use super::css::css_urls;
use super::reader::{self, HEAD_ELEMENTS, KEPT_ELEMENTS, MOST_ATTRIBUTES, span};
use super::templating::is_templated;
use super::{Attribute, Element, Html, ScriptKind, Style, TextSpan};

/// Elements inside elements: what lies deeper is taken to lie there.
const MOST_DEPTH: usize = 200;

/// Longest name of a file, in bytes.
const LONGEST_NAME: usize = 300;

/// Words that begin a line which is no element.
const WORDS: [&str; 17] = [
    "doctype", "include", "extends", "block", "append", "prepend", "mixin", "if", "else", "unless", "each", "for",
    "while", "case", "when", "default", "yield",
];

/// Reads what lies in this range of a text. Time and memory are linear in its length.
pub(super) fn read(text: &str, range: TextSpan) -> Html {
    let end = (range.1 as usize).min(text.len());
    let mut reader = Reader { text, end, html: Html::default(), open: Vec::new(), in_head: true, after_script: false };
    let mut at = range.0 as usize;
    while at < end {
        at = reader.line(at);
    }
    reader.html
}

/// A place in a line, where what the line says ends, and where the next one begins.
#[derive(Clone, Copy)]
struct Line {
    at: usize,
    end: usize,
    next: usize,
}

/// The names behind `include` and `extends`: <https://pugjs.org/language/includes.html>, <https://pugjs.org/language/inheritance.html>.
pub fn taken_in(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split(['\r', '\n']).filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("include ").or_else(|| line.strip_prefix("extends ")).map(str::trim)
    });
    names.filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME)
}

/// An element that is open.
#[derive(Clone, Copy, Default)]
struct Open {
    indent: usize,
    /// It is a `<template>`, or a head, or in one.
    in_template: bool,
    in_head: bool,
}

struct Reader<'t> {
    text: &'t str,
    end: usize,
    html: Html,
    open: Vec<Open>,
    /// Nothing stood in this text yet that ends a head which it does not name.
    in_head: bool,
    after_script: bool,
}

impl Reader<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied().filter(|_| at < self.end)
    }

    /// From here over all bytes of which this is so.
    fn over(&self, mut at: usize, is_it: impl Fn(u8) -> bool) -> usize {
        while self.byte(at).is_some_and(&is_it) {
            at += 1;
        }
        at
    }

    fn str(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Reads the element of a line, and what belongs to it; gives where the next line begins.
    fn line(&mut self, start: usize) -> usize {
        let first = self.over(start, is_blank);
        let indent = first - start;
        let line_end = self.over(first, is_inside_line);
        let next = (line_end + 1).min(self.end);
        let Some(byte) = self.byte(first).filter(|byte| !matches!(byte, b'\r' | b'\n')) else { return next };
        while self.open.last().is_some_and(|open| open.indent >= indent) {
            self.open.pop();
        }
        // What is indented below a comment belongs to it.
        if self.str(first, line_end).starts_with("//") {
            return self.block_end(next, indent);
        }
        let word_end = self.over(first, is_of_name);
        let is_word =
            WORDS.contains(&self.str(first, word_end)) && !matches!(self.byte(word_end), Some(b'(' | b'.' | b'#'));
        if is_word || !(byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'#')) {
            return next;
        }
        let mut line = Line { at: first, ..self.line_of(first) };
        while line.at < line.end {
            line = self.element(line, indent);
        }
        line.next
    }

    /// Where the lines end that are indented further than this.
    fn block_end(&self, mut at: usize, indent: usize) -> usize {
        while at < self.end {
            let first = self.over(at, is_blank);
            let is_empty = matches!(self.byte(first), None | Some(b'\r' | b'\n'));
            if !is_empty && first - at <= indent {
                break;
            }
            at = (self.over(first, is_inside_line) + 1).min(self.end);
        }
        at
    }

    /// The line of a place: where what it says ends, and where the next one begins.
    fn line_of(&self, at: usize) -> Line {
        let end = self.over(at, is_inside_line);
        Line { at, end: at + self.str(at, end).trim_end().len(), next: (end + 1).min(self.end) }
    }

    /// Reads an element; gives what is left of its line: the element inside it, `li: a(href='…')`, or nothing.
    fn element(&mut self, line: Line, indent: usize) -> Line {
        let start = line.at;
        let mut at = self.over(start, is_of_name);
        let name = match self.str(start, at) {
            "" => "div".to_owned(),
            name => name.to_ascii_lowercase(),
        };
        let mut attributes = Vec::new();
        let mut id = None;
        while let Some(byte) = self.byte(at) {
            match byte {
                b'(' => at = self.attributes(at + 1, &mut attributes),
                b'.' | b'#' if self.byte(at + 1).is_some_and(is_of_name) => {
                    let end = self.over(at + 1, is_of_name);
                    id = id.or_else(|| (byte == b'#').then_some((at, end)));
                    at = end;
                }
                _ => break,
            }
        }
        if let Some((from, to)) = id {
            let (whole, value) = (span(from, to), span(from + 1, to));
            let text = Some(self.str(from + 1, to).to_owned());
            attributes.push(Attribute {
                name: "id".to_owned(),
                name_span: whole,
                value: text,
                value_span: value,
                span: whole,
                templated: false,
            });
        }
        let tag = span(start, at);
        // What stands between brackets may end in another line.
        let line = if at <= line.end { line } else { self.line_of(at) };
        let mut rest = Line { at: line.end, ..line };
        let mut content = (at, line.end);
        match (self.byte(at), self.byte(at + 1)) {
            // `script.`, and below it what it holds.
            (Some(b'.'), _) if at + 1 >= line.end => {
                rest.next = self.block_end(line.next, indent);
                content = (line.next, rest.next);
            }
            (Some(b':'), Some(b' ')) => {
                let nested = self.over(at + 1, is_blank);
                if self.byte(nested).is_some_and(|byte| byte.is_ascii_alphabetic()) {
                    rest.at = nested;
                }
            }
            _ => {}
        }
        let around = self.open.last().copied().unwrap_or_default();
        self.in_head &= around.in_template || HEAD_ELEMENTS.contains(&name.as_str());
        if self.open.len() < MOST_DEPTH {
            let in_template = around.in_template || name == "template";
            self.open.push(Open { indent, in_template, in_head: around.in_head || name == "head" });
        }
        self.record(name, tag, attributes, content, around);
        rest
    }

    /// The attributes between brackets; gives where they end.
    fn attributes(&self, mut at: usize, found: &mut Vec<Attribute>) -> usize {
        loop {
            at = self.over(at, |byte| byte.is_ascii_whitespace() || byte == b',');
            let start = at;
            match self.byte(at) {
                None => return at,
                Some(b')') => return at + 1,
                Some(quote @ (b'"' | b'\'')) => at = (self.over(at + 1, |byte| byte != quote) + 1).min(self.end),
                Some(_) => {
                    at = self.over(at, |byte| !matches!(byte, b'=' | b'!' | b',' | b')') && !byte.is_ascii_whitespace())
                }
            }
            let name_end = at;
            let sign = self.over(at, |byte| byte == b'!');
            let (mut value, mut value_span, mut templated) = (None, span(name_end, name_end), false);
            if self.byte(sign) == Some(b'=') {
                let from = self.over(sign + 1, |byte| byte.is_ascii_whitespace());
                at = self.expression(from);
                let written = self.str(from, at).trim_end();
                let literal = literal(written);
                templated = literal.is_none_or(is_templated);
                let (from, to) = match literal {
                    Some(text) => (from + 1, from + 1 + text.len()),
                    None => (from, from + written.len()),
                };
                value_span = span(from, to);
                value = Some(literal.map_or_else(|| format!("{{{{{written}}}}}"), str::to_owned));
            }
            // Whatever stands there, something is read.
            at = at.max(start + 1);
            let name = self.str(start, name_end).trim_matches(['"', '\'']).to_ascii_lowercase();
            if found.len() < MOST_ATTRIBUTES && !name.is_empty() && found.iter().all(|other| other.name != name) {
                let (name_span, span) = (span(start, name_end), span(start, at.min(self.end)));
                found.push(Attribute { name, name_span, value, value_span, span, templated });
            }
        }
    }

    /// Where an expression ends that is the value of an attribute.
    fn expression(&self, mut at: usize) -> usize {
        let (mut depth, mut before) = (0u32, b'=');
        while let Some(byte) = self.byte(at) {
            match byte {
                b'"' | b'\'' | b'`' => {
                    at += 1;
                    while let Some(inner) = self.byte(at).filter(|inner| *inner != byte) {
                        at += if inner == b'\\' { 2 } else { 1 };
                    }
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' if depth == 0 => return at,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => return at,
                _ if depth == 0 && byte.is_ascii_whitespace() => {
                    let next = self.over(at, |byte| byte.is_ascii_whitespace());
                    // What is put together goes on.
                    if !is_operator(before) && !self.byte(next).is_some_and(is_operator) {
                        return at;
                    }
                    at = next;
                    before = b'=';
                    continue;
                }
                _ => {}
            }
            before = byte;
            at += 1;
        }
        at.min(self.end)
    }

    /// Writes an element down if it matters.
    fn record(
        &mut self,
        name: String,
        tag: TextSpan,
        mut attributes: Vec<Attribute>,
        content: (usize, usize),
        around: Open,
    ) {
        let tells = |attribute: &Attribute| {
            let value = attribute.value.as_deref().unwrap_or_default();
            reader::tells(name.as_bytes(), &attribute.name, value.as_bytes())
        };
        if !KEPT_ELEMENTS.contains(&name.as_str()) && !attributes.iter().any(tells) {
            return;
        }
        attributes.retain(|one| tells(one) || reader::is_kept_attribute(name.as_bytes(), &one.name));
        let index = u32::try_from(self.html.elements.len()).unwrap_or(u32::MAX);
        let in_template = around.in_template;
        let in_head = (around.in_head || self.in_head) && !in_template;
        let after_first_script = self.after_script;
        let element = Element { name, span: tag, attributes, in_head, after_first_script, in_template };
        match element.name.as_str() {
            "script" => {
                let mut script = reader::script(&element, index, false, content.0);
                script.content = span(content.0, content.1);
                let runs = matches!(script.kind, ScriptKind::Classic | ScriptKind::Module);
                self.after_script |= runs && !in_template;
                self.html.scripts.push(script);
            }
            "style" => {
                let mut urls = css_urls(self.str(content.0, content.1));
                for url in &mut urls {
                    url.span = (url.span.0 + content.0 as u32, url.span.1 + content.0 as u32);
                }
                self.html.styles.push(Style { element: index, content: span(content.0, content.1), urls });
            }
            "meta" => self.html.policies.extend(reader::policy(&element, index)),
            "base" if self.html.base.is_none() && element.attribute("href").is_some() => self.html.base = Some(index),
            _ => {}
        }
        self.html.elements.push(element);
    }
}

fn is_inside_line(byte: u8) -> bool {
    !matches!(byte, b'\r' | b'\n')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || !byte.is_ascii()
}

fn is_operator(byte: u8) -> bool {
    matches!(byte, b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'?' | b':' | b'=' | b'<' | b'>')
}

/// What a text says that stands between quotes, and is all of an expression.
fn literal(written: &str) -> Option<&str> {
    let quote = written.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    written.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains([quote, '\\']))
}

#[cfg(test)]
mod tests {
    use super::super::read_pug;

    #[test]
    fn elements_have_what_stands_between_brackets() {
        let text = "mixin box\n  div box\ndoctype html\nhtml\n  head\n    script(src='a.js' + q, defer)\n    script(\n      src=\"b.js\"\n      type='module')\n    \
                    script.\n      run();\n    //- none\n      script(src='c.js')\n  body\n    ul: li: img(src=`x`)\n    p script(src='d.js')\n";
        let html = read_pug(text);
        let sources: Vec<Option<&str>> = html.scripts.iter().map(|script| script.src.as_deref()).collect();
        assert_eq!(sources, [Some("{{'a.js' + q}}"), Some("b.js"), None]);
        let content = html.scripts[2].content;
        assert_eq!(text[content.0 as usize..content.1 as usize].trim(), "run();");
        let names: Vec<(&str, bool)> = html.elements.iter().map(|one| (one.name.as_str(), one.in_head)).collect();
        assert_eq!(names, [("script", true), ("script", true), ("script", true), ("img", false)]);
    }

    #[test]
    fn any_text_has_an_end() {
        for text in [
            "a(",
            "a(=",
            "a(!",
            "a('",
            "(",
            "a(b=",
            "a(b='",
            "a(b=`\\",
            "#",
            ".",
            "a:",
            "a: ",
            "script.",
            "é(é=é)",
            "a(é",
            "a(b=[)",
        ] {
            read_pug(text);
            read_pug(&text.repeat(50));
        }
        let start = std::time::Instant::now();
        for text in
            ["a(", "a(b=1 ", "a: ", "a: a:   ", "a(\n): ", " \n", "//\n ", "a(b=c    ", "script.\n ", "a\n a\n  a\n"]
        {
            read_pug(&text.repeat(50_000));
        }
        assert!(start.elapsed().as_secs() < 10);
    }
}
