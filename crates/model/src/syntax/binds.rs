//! The operator that binds a function, `::this.onClose`, `list::map(f)`, which Babel once read and no parser of today does.
//!
//! <https://babeljs.io/docs/babel-plugin-proposal-function-bind>

use super::parse::{string, template};

/// Words that a value follows.
const BEFORE_VALUES: [&str; 9] = ["return", "yield", "await", "typeof", "case", "default", "else", "in", "of"];

/// A script without the operator, each byte of it where it was: `::this.onClose` is the method, which is `this`'s anyway, and of
/// `list::map(f)` it is the call that counts. None where the script does not have it.
pub(super) fn without_binds(text: &str) -> Option<String> {
    memchr::memmem::find(text.as_bytes(), b"::")?;
    let mut bytes = text.as_bytes().to_vec();
    let (mut depth, mut templates) = (0u64, Vec::new());
    let (mut at, mut is_changed, mut before) = (0, false, b';');
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let next = rest.first().copied().unwrap_or_default();
        let mut step = 1;
        match (byte, next) {
            (b'"' | b'\'', _) => step += string(rest, byte),
            (b'/', b'/') => step += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()),
            (b'/', b'*') => step += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
            (b'`', _) => step += template(rest, &mut depth, &mut templates),
            (b'}', _) if templates.last() == Some(&depth) => {
                templates.pop();
                depth = depth.saturating_sub(1);
                step += template(rest, &mut depth, &mut templates);
            }
            (b'{', _) => depth += 1,
            (b'}', _) => depth = depth.saturating_sub(1),
            (b':', b':') => {
                let instead = if ends_value(before, &text[..at]) { *b"||" } else { *b"  " };
                bytes[at..at + 2].copy_from_slice(&instead);
                is_changed = true;
                step = 2;
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += step;
    }
    String::from_utf8(bytes).ok().filter(|_| is_changed)
}

/// Whether what stands before is a value, by its last byte that is no blank.
fn ends_value(last: u8, before: &str) -> bool {
    let word = || before.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    match last {
        b')' | b']' | b'_' | b'$' => true,
        _ => last.is_ascii_alphanumeric() && !BEFORE_VALUES.contains(&word()),
    }
}

#[cfg(test)]
mod tests {
    use super::without_binds;

    #[test]
    fn every_byte_stays_where_it_was() {
        for (text, without) in [
            ("on('close', ::this.onClose);", Some("on('close',   this.onClose);")),
            ("list::map(f)::join()", Some("list||map(f)||join()")),
            ("return ::this.a; x ::f()", Some("return   this.a; x ||f()")),
            ("a = '::b'; // ::c", None),
            ("`a::b${ ::this.c }::d`", Some("`a::b${   this.c }::d`")),
            ("a ? b : c", None),
            ("::", Some("  ")),
            ("`${", None),
        ] {
            assert_eq!(without_binds(text).as_deref(), without, "{text}");
        }
    }
}
