//! What a regular expression lets through, as far as a short look can tell.

/// Whether everything that matches consists of letters, digits and marks that mean nothing to a shell, to a URL's scheme or to folders:
/// `^[\w.-]+$`, `^(?:dark|light)$`.
///
/// It must be anchored at both ends, and no alternative may stand outside a group. With the flag `m` the anchors mean lines.
pub(super) fn is_plain(pattern: &str, flags: &str) -> bool {
    let Some(body) = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')) else { return false };
    if flags.contains('m') || body.is_empty() || body.ends_with('\\') {
        return false;
    }
    let mut depth = 0u32;
    let mut in_class = false;
    let mut characters = body.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('w' | 'd' | '.' | '-' | '+' | '@') => {}
                _ => return false,
            },
            _ if in_class => match c {
                ']' => in_class = false,
                c if is_plain_character(c) || c == '+' => {}
                _ => return false,
            },
            '[' => {
                in_class = true;
                if characters.peek() == Some(&'^') {
                    return false;
                }
            }
            '(' => {
                depth += 1;
                if characters.peek() == Some(&'?') {
                    characters.next();
                    match characters.next() {
                        // What stands in a look-ahead only says more of what follows; one look-ahead alone is no anchor.
                        Some(':' | '=' | '!') => {}
                        _ => return false,
                    }
                }
            }
            ')' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            '|' if depth > 0 => {}
            '*' | '+' | '?' | '{' | '}' | ',' => {}
            // A dot is any character.
            '.' => return false,
            c if is_plain_character(c) => {}
            _ => return false,
        }
    }
    depth == 0 && !in_class
}

/// A character that is only itself, in a class and outside.
fn is_plain_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | ',' | '=' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_patterns_are_anchored_and_hold_no_marks() {
        for pattern in [
            r"^[\w-]+$",
            r"^[a-z]+\.txt$",
            r"^(?:dark|light)$",
            r"^\d{1,3}$",
            r"^v\d+(\.\d+)*$",
            r"^[A-Za-z0-9_.-]{1,64}$",
        ] {
            assert!(is_plain(pattern, ""), "{pattern}");
        }
        for pattern in [
            r"[\w-]+",
            r"^[\w-]+",
            r"[\w-]+$",
            r"^a|b$",
            r"^.+$",
            r"^[^;]+$",
            r"^[\w\s]+$",
            r"^[\w/]+$",
            r"^\S+$",
            r"^[\w:]+$",
            r"^a\$",
            r"^(a$",
            r"^[a$",
            r"^$",
        ] {
            assert!(!is_plain(pattern, ""), "{pattern}");
        }
        assert!(!is_plain(r"^[\w-]+$", "m"));
    }
}
