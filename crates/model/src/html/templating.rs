//! The places that a template engine or a build fills in.

use std::ops::Range;

/// Opening and closing marks: EJS and lodash, Mustache and Vue and Angular, Jinja, template literals, PHP.
const MARKS: [(&str, &str); 5] = [("<%", "%>"), ("{{", "}}"), ("{%", "%}"), ("${", "}"), ("<?", "?>")];

/// Longest name between the signs of `%VITE_API%`.
const LONGEST_NAME: usize = 64;

/// The holes of a text in order, without overlap: `<%= x %>`, `{{ x }}`, `${x}`, `%VITE_X%`.
///
/// A mark that is never closed reaches to the end of the text.
pub fn holes(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut holes = Vec::new();
    let mut from = 0;
    while let Some(found) = memchr::memchr3(b'<', b'{', b'%', bytes.get(from..).unwrap_or_default()) {
        let sign = from + found;
        // `${` is found by its brace.
        let start = if bytes.get(sign) == Some(&b'{') && sign > from && bytes.get(sign - 1) == Some(&b'$') {
            sign - 1
        } else {
            sign
        };
        from = match hole_end(text, start) {
            Some(end) => {
                holes.push(start..end);
                end
            }
            None => sign + 1,
        };
    }
    holes
}

/// Whether a text has a hole.
pub fn is_templated(text: &str) -> bool {
    // One hole is enough, but asking for all of them stays linear and is seldom asked of long texts.
    memchr::memchr3(b'<', b'{', b'%', text.as_bytes()).is_some() && !holes(text).is_empty()
}

fn hole_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    if let Some((_, close)) = MARKS.iter().find(|(open, _)| rest.starts_with(open)) {
        return Some(rest.find(close).map_or(text.len(), |at| start + at + close.len()));
    }
    let name = rest.strip_prefix('%')?;
    let length = name.bytes().take(LONGEST_NAME).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    // A percent-encoded URL has `%2F%3A`: a build's name starts with a capital and has more than two characters.
    let named = length > 2 && name.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    (named && name.as_bytes().get(length) == Some(&b'%')).then_some(start + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        holes(text).into_iter().map(|hole| &text[hole]).collect()
    }

    #[test]
    fn finds_every_kind_of_hole() {
        assert_eq!(texts("a<%= x > 1 %>b{{ y }}c${z}d%VITE_X%e"), ["<%= x > 1 %>", "{{ y }}", "${z}", "%VITE_X%"]);
        assert_eq!(texts("<?php echo 1 ?>{% if a %}"), ["<?php echo 1 ?>", "{% if a %}"]);
    }

    #[test]
    fn an_open_mark_reaches_to_the_end() {
        assert_eq!(texts("a ${b"), ["${b"]);
    }

    #[test]
    fn ordinary_text_has_no_holes() {
        for text in ["", "100% of 50%", "https://a.example/%2F%3Ab%20c", "a{b}", "<b>", "$5", "%AB%CD"] {
            assert!(!is_templated(text), "{text}");
        }
    }
}
