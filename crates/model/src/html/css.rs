//! What a style sheet loads.

use serde::{Deserialize, Serialize};

use super::TextSpan;

/// A URL that a style sheet names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CssUrl {
    /// With escapes decoded.
    pub url: String,
    /// Where it stands, without quotes and parentheses.
    pub span: TextSpan,
    /// Whether it is the target of an `@import`.
    pub import: bool,
}

/// The targets of `@import` and `url(…)` in a style sheet or a `style` attribute, with offsets into `text`.
///
/// Comments, other strings, and the at-rules whose URLs are only names (`@namespace`, `@document`) do not count.
/// <https://drafts.csswg.org/css-syntax/#consume-url-token>
pub fn css_urls(text: &str) -> Vec<CssUrl> {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0 };
    let mut urls = Vec::new();
    while let Some(byte) = scanner.peek() {
        match byte {
            b'/' if scanner.starts_with("/*") => scanner.skip_comment(),
            b'"' | b'\'' => {
                scanner.string();
            }
            b'@' => scanner.at_rule(&mut urls),
            b'\\' => scanner.at += 2,
            b'u' | b'U' if scanner.starts_with("url(") && !scanner.inside_name() => {
                scanner.at += 4;
                urls.extend(scanner.url(false));
            }
            _ => scanner.at += 1,
        }
    }
    urls
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn starts_with(&self, word: &str) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn inside_name(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
        before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | 0x80..))
    }

    fn skip_comment(&mut self) {
        let rest = self.bytes.get(self.at + 2..).unwrap_or_default();
        self.at = memchr::memmem::find(rest, b"*/").map_or(self.bytes.len(), |end| self.at + 2 + end + 2);
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'/') if self.starts_with("/*") => self.skip_comment(),
                _ => return,
            }
        }
    }

    fn at_rule(&mut self, urls: &mut Vec<CssUrl>) {
        self.at += 1;
        if self.starts_with("import") {
            self.at += 6;
            self.skip_blanks();
            if self.starts_with("url(") {
                self.at += 4;
                urls.extend(self.url(true));
            } else if matches!(self.peek(), Some(b'"' | b'\'')) {
                let (start, end) = self.string();
                urls.extend(self.found(start, end, true));
            }
        } else if self.starts_with("namespace") || self.starts_with("document") || self.starts_with("-moz-document") {
            while let Some(byte) = self.peek() {
                match byte {
                    b';' | b'{' => return,
                    b'"' | b'\'' => {
                        self.string();
                    }
                    _ if self.starts_with("url(") => {
                        self.at += 4;
                        self.url(false);
                    }
                    _ => self.at += 1,
                }
            }
        }
    }

    /// The string that starts here; stands behind it afterwards.
    fn string(&mut self) -> (usize, usize) {
        let quote = self.peek();
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                _ if Some(byte) == quote => {
                    self.at += 1;
                    return (start, self.at - 1);
                }
                // An unescaped line end breaks a string off.
                b'\n' | b'\r' | 0x0C => return (start, self.at),
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        (start, self.at)
    }

    /// The URL behind `url(`; stands behind its parenthesis afterwards.
    fn url(&mut self, import: bool) -> Option<CssUrl> {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        if matches!(self.peek(), Some(b'"' | b'\'')) {
            let (start, end) = self.string();
            return self.found(start, end, import);
        }
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.escape(),
                b')' => break,
                _ if byte.is_ascii_whitespace() => break,
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        self.found(start, self.at, import)
    }

    /// Steps over an escape and the blank that belongs to it.
    fn escape(&mut self) {
        self.at += 1;
        let digits = self.bytes.iter().skip(self.at).take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
        self.at += digits.max(1);
        if digits > 0 && self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn found(&self, start: usize, end: usize, import: bool) -> Option<CssUrl> {
        let raw = self.text.get(start..end).filter(|raw| !raw.is_empty())?;
        Some(CssUrl { url: unescape(raw), span: (u32::try_from(start).ok()?, u32::try_from(end).ok()?), import })
    }
}

/// Decodes CSS escapes: <https://drafts.csswg.org/css-syntax/#consume-escaped-code-point>.
fn unescape(raw: &str) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '\\' {
            decoded.push(character);
            continue;
        }
        let mut code = None;
        for _ in 0..6 {
            let Some(digit) = rest.peek().and_then(|next| next.to_digit(16)) else { break };
            code = Some(code.unwrap_or(0) * 16 + digit);
            rest.next();
        }
        match code {
            Some(code) => {
                decoded.push(char::from_u32(code).filter(|found| *found != '\0').unwrap_or('\u{FFFD}'));
                rest.next_if(char::is_ascii_whitespace);
            }
            None => decoded.extend(rest.next().filter(|next| *next != '\n')),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, bool)> {
        for url in css_urls(text) {
            assert!(text.get(url.span.0 as usize..url.span.1 as usize).is_some());
        }
        css_urls(text).into_iter().map(|url| (url.url, url.import)).collect()
    }

    #[test]
    fn finds_imports_and_urls_in_every_form() {
        let css = "@import 'http://a/1';@IMPORT url( \"http://a/2\" ) screen; @import/**/url(http://a/3);\
                   b{background:URL(http://a/4)} c{src:url('http://a/5') format('x'),url(http\\3a //a/6)}";
        let expected = [1, 2, 3, 4, 5, 6].map(|n| (format!("http://a/{n}"), n < 4));
        assert_eq!(found(css), expected);
    }

    #[test]
    fn comments_strings_and_names_do_not_count() {
        let css = "/* url(http://a) */ b{content:'url(http://a)'} @namespace svg url(http://www.w3.org/2000/svg);\
                   c{x:curl(http://a)} @document url(http://a/){d{e:f}}";
        assert_eq!(found(css), []);
    }

    #[test]
    fn broken_sheets_have_an_answer() {
        for css in ["url(", "url('", "@import", "@import '", "/*", "\\", "url(\\", "@namespace", "url(ä\\", "'\n"] {
            found(css);
        }
        assert_eq!(found("url(http://a"), [("http://a".to_owned(), false)]);
    }
}
