//! What a regular expression lets through, as far as a short look can tell.

use super::strength::*;
use super::{App, UrlPart};
use crate::link::things::{Known, Object, Thing};
use crate::link::{C, V};
use crate::source::Span;

/// Why a pattern for addresses is weak that leaves the server open.
const NO_HOST: &str = "the pattern names no host: the page of any server may match";

impl App<'_> {
    /// What a test by `new URLPattern({ hostname, protocol })` or `new URLPattern('https://example.com/*')` is worth: a part that it leaves
    /// out may be anything. <https://developer.mozilla.org/en-US/docs/Web/API/URLPattern/URLPattern>
    fn url_pattern(&self, made: C, holds: bool, span: Span) -> Judged {
        if !holds {
            return Judged::NOTHING;
        }
        let Some(input) = self.program.argument(made, 0) else { return weak(NO_HOST, span) };
        let text_of = |object: &Object, key: &str| {
            let lookup = self.program.property(object, key, None);
            match lookup.values.as_slice() {
                [only] => Some(only.known.text().map(str::to_owned)),
                [] if !lookup.unknown => None,
                _ => Some(None),
            }
        };
        let of_host = |host: &str| match host.strip_prefix("*.").or_else(|| host.strip_prefix("{*.}?")).unwrap_or(host)
        {
            host if host.is_empty() || host.contains('*') => weak(NO_HOST, span),
            _ => judged(Strength::Host, Some(span), None),
        };
        match self.program.only(input).map(|known| known.thing) {
            Some(Thing::Text(text)) => match text.split_once("://") {
                Some((_, rest)) => of_host(rest.split(['/', '?', '#']).next().unwrap_or(rest)),
                None => judged(Strength::Opaque, Some(span), None),
            },
            Some(Thing::Object(object)) => match text_of(&object, "hostname") {
                Some(Some(host)) => of_host(&host),
                Some(None) => judged(Strength::Opaque, Some(span), None),
                None if text_of(&object, "baseURL").is_some() => judged(Strength::Opaque, Some(span), None),
                None => match text_of(&object, "protocol") {
                    Some(Some(protocol)) if !protocol.contains('*') => judged(Strength::Scheme, Some(span), None),
                    Some(None) => judged(Strength::Opaque, Some(span), None),
                    _ => weak(NO_HOST, span),
                },
            },
            _ => judged(Strength::Opaque, Some(span), None),
        }
    }

    /// What it is worth that a pattern matches a part of an address, or does not.
    pub(in crate::app) fn pattern(&self, pattern: V, part: UrlPart, holds: bool, span: Span) -> Judged {
        let values = self.eval(pattern);
        if let [Known { thing: Thing::Result(path, made), .. }] = values.as_ref()
            && &**path == "new URLPattern"
            && part == UrlPart::Whole
        {
            return self.url_pattern(*made, holds, span);
        }
        let Some(Thing::Regex(pattern, flags)) = values.first().map(|known| &known.thing) else {
            return judged(if holds { Strength::Opaque } else { Strength::None }, Some(span), None);
        };
        self.regex(pattern, flags, part, holds, span)
    }

    /// As [`App::pattern`], of a regular expression.
    pub(super) fn regex(&self, pattern: &str, flags: &str, part: UrlPart, holds: bool, span: Span) -> Judged {
        let names_files = holds && ["^file:", "^file$", "(file", "|file"].iter().any(|name| pattern.contains(name));
        if !holds {
            let text = pattern.trim_start_matches('^');
            // Both schemes of the web, whatever server.
            let is_web = matches!(&*text.replace('\\', ""), "https?" | "https?:" | "https?:/" | "https?://");
            let text = text.replace(['\\', '?'], "");
            return without(if is_web { "http" } else { &text }, span);
        }
        // No address has so few kinds of characters, and no command.
        if part == UrlPart::Whole && is_plain(pattern, flags) {
            return judged(Strength::Host, Some(span), None);
        }
        let found = pattern_strength(pattern, flags, part, span);
        if names_files { found.letting(Lets::Files) } else { found }
    }
}

/// What a pattern that matches is worth.
fn pattern_strength(pattern: &str, flags: &str, part: UrlPart, span: Span) -> Judged {
    let weak = |why| weak(why, span);
    if flags.contains('m') && part == UrlPart::Whole {
        return weak("with the flag `m` the pattern matches at the beginning of any line");
    }
    let Some(rest) = pattern.strip_prefix('^') else {
        return match part {
            UrlPart::Other => Judged::NOTHING,
            UrlPart::Host if ends_host(pattern) => judged(Strength::Host, Some(span), None),
            _ => weak("a pattern without `^` matches in the middle of an address too"),
        };
    };
    // `^a|b`: only the first way is anchored.
    let mut level = 0i32;
    let mut escaped = false;
    for c in rest.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' | '[' => level += 1,
            ')' | ']' => level -= 1,
            '|' if level == 0 => {
                let all = rest.split('|').skip(1).all(|way| way.starts_with('^'));
                if !all {
                    return weak("only the first alternative of the pattern is anchored");
                }
            }
            _ => {}
        }
    }
    match part {
        UrlPart::Protocol => {
            if rest.ends_with('$') || rest.ends_with(':') {
                judged(Strength::Scheme, Some(span), None)
            } else {
                weak(LONGER_SCHEME)
            }
        }
        UrlPart::Host | UrlPart::Origin => {
            if rest.ends_with('$') {
                judged(Strength::Host, Some(span), None)
            } else {
                weak("a pattern without `$` lets a longer host name through")
            }
        }
        UrlPart::Whole => {
            // Scheme, then host, then a slash: closed. Scheme alone: a scheme check.
            let plain = rest.replace("\\/", "/").replace("\\.", ".").replace("(?:", "(");
            if are_schemes(&plain) {
                return judged(Strength::Scheme, Some(span), None);
            }
            let Some((_, after)) = plain.split_once(':') else { return weak(LONGER_SCHEME) };
            let after = after.trim_start_matches(['/', '?']);
            if after.is_empty() || after.starts_with(')') || after.starts_with(".") || after.starts_with('[') {
                judged(Strength::Scheme, Some(span), None)
            } else if after.contains('/') || after.ends_with('$') {
                judged(Strength::Host, Some(span), None)
            } else {
                weak("the pattern does not end the host name: a longer one passes too")
            }
        }
        UrlPart::Other => Judged::NOTHING,
    }
}

/// `(^|\.)example\.com$`, `\.example\.com$`: a host, or what lies below it.
fn ends_host(pattern: &str) -> bool {
    let begun =
        ["(^|\\.)", "(?:^|\\.)", "(\\.|^)", "(?:\\.|^)", "\\."].iter().find_map(|start| pattern.strip_prefix(start));
    let Some(name) = begun.and_then(|rest| rest.strip_suffix('$')) else { return false };
    let name = name.replace("\\.", ".").replace("\\-", "-");
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    name.contains('.') && name.split('.').all(is_label)
}

/// `(https?|mailto):`, `(https?://|mailto:)`: a group of schemes, each closed by its colon.
fn are_schemes(pattern: &str) -> bool {
    let Some((group, rest)) = pattern.strip_prefix('(').and_then(|group| group.split_once(')')) else { return false };
    let closed = rest.starts_with(':');
    (closed || rest.is_empty())
        && group.split('|').all(|way| {
            let (scheme, after) = way.split_once(':').unwrap_or((way, if closed { "" } else { "?" }));
            let named = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-?".contains(&byte));
            named && !scheme.is_empty() && after.bytes().all(|byte| byte == b'/')
        })
}

/// Whether everything that matches consists of letters, digits and marks that mean nothing to a shell, to a URL's scheme or to folders:
/// `^[\w.-]+$`, `^(?:dark|light)$`.
///
/// It must be anchored at both ends, and no alternative may stand outside a group. With the flag `m` the anchors mean lines.
fn is_plain(pattern: &str, flags: &str) -> bool {
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
    fn hosts_end_with_a_name() {
        for pattern in [r"(^|\.)a\.example$", r"(?:^|\.)a\.example$", r"\.a-b\.example$"] {
            assert!(ends_host(pattern), "{pattern}");
        }
        for pattern in [
            r"a\.example$",
            r"(^|\.)a\.example",
            r"(^|\.).*$",
            r"\.[a-z]+$",
            r"\.a\.example|b$",
            r"(^|\.)com$",
            r"\.a\.$",
        ] {
            assert!(!ends_host(pattern), "{pattern}");
        }
    }

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
