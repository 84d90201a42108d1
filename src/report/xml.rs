//! Text as XML takes it.

use std::fmt::Write as _;

/// A text for an attribute or for content; what XML 1.0 has no way to write becomes U+FFFD.
/// <https://www.w3.org/TR/xml/#charsets>
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c if (c < ' ') || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            // What would command a terminal that shows the file.
            c if super::is_hidden(c) => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
