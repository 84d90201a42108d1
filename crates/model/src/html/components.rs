//! Templates of Vue and Svelte: the expressions that become markup.
//!
//! <https://vuejs.org/api/built-in-directives.html#v-html>, <https://svelte.dev/docs/svelte/@html>

use super::{Html, TextSpan};

/// Expressions of one template that are looked at.
const MOST_EXPRESSIONS: usize = 200;

/// Bytes of one expression that are looked at.
const LONGEST: usize = 1024;

/// Brackets in one expression: more would need a stack that scripts alone are given.
const MOST_BRACKETS: usize = 64;

/// Where the expressions of `v-html="…"` and `{@html …}` stand, outside scripts.
pub fn component_markup(text: &str, html: &Html) -> Vec<TextSpan> {
    let bytes = text.as_bytes();
    let in_script = |at: usize| {
        html.scripts.iter().any(|script| (script.content.0 as usize..script.content.1 as usize).contains(&at))
    };
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(bytes, b"v-html=").take(MOST_EXPRESSIONS) {
        let start = at + "v-html=".len();
        let Some(quote @ (b'"' | b'\'')) = bytes.get(start).copied() else { continue };
        let rest = &bytes[start + 1..];
        if let Some(length) = memchr::memchr(quote, &rest[..rest.len().min(LONGEST)]).filter(|_| !in_script(at)) {
            found.push((start + 1, start + 1 + length));
        }
    }
    for at in memchr::memmem::find_iter(bytes, b"{@html ").take(MOST_EXPRESSIONS) {
        let start = at + "{@html ".len();
        let mut depth = 1;
        let length = bytes[start..].iter().take(LONGEST).position(|byte| {
            depth += i32::from(*byte == b'{') - i32::from(*byte == b'}');
            depth == 0
        });
        if let Some(length) = length.filter(|_| !in_script(at)) {
            found.push((start, start + length));
        }
    }
    // Texts of files are shorter than that.
    let span = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let is_flat = |(start, end): &(usize, usize)| {
        bytes[*start..*end].iter().filter(|byte| matches!(byte, b'(' | b'[' | b'{' | b'`')).count() <= MOST_BRACKETS
    };
    found.into_iter().filter(is_flat).map(|(start, end)| (span(start), span(end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_templates_are_found() {
        for (text, expected) in [
            ("<p v-html=\"text\"></p><p v-html='a.b'></p>", &["text", "a.b"][..]),
            ("{@html `<b>${name}</b>`} {name} {@html {a: 1}.a}", &["`<b>${name}</b>`", "{a: 1}.a"]),
            ("<script>let x = '<p v-html=\"y\">';</script>", &[]),
            ("v-html=\"never closed", &[]),
            ("{@html never closed", &[]),
            ("v-html=x", &[]),
        ] {
            let found = component_markup(text, &crate::html::read(text));
            let texts: Vec<&str> = found.iter().map(|span| &text[span.0 as usize..span.1 as usize]).collect();
            assert_eq!(texts, expected, "{text}");
        }
    }
}
