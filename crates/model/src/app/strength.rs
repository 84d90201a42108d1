//! What a comparison with a text or a pattern is worth.

use std::rc::Rc;

use super::roots::UrlPart;
use crate::source::Span;

/// How well a check holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Nothing speaks of it.
    None,
    /// Something does, and an attacker gets around it.
    Weak,
    /// Something does that could not be read.
    Opaque,
    /// The scheme is one of a few.
    Scheme,
    /// The host or origin is one of a few, or the whole address is.
    Host,
}

impl Strength {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::None => "of nothing that matters",
            Self::Weak => "that can be got around",
            Self::Opaque => "that could not be read",
            Self::Scheme => "of the scheme",
            Self::Host => "of the host or the whole value",
        }
    }
}

/// What was found about a check.
#[derive(Clone, Debug)]
pub struct Judged {
    /// How well it holds.
    pub strength: Strength,
    /// The check that decides, where there is one.
    pub span: Option<Span>,
    /// Why a weak one is weak.
    pub why: Option<&'static str>,
    /// Addresses of files, or others by which a desktop starts programs, are among those that it lets through.
    pub lets_files: bool,
}

impl Judged {
    /// The better of two checks that both hold.
    pub(super) fn better(self, other: Self) -> Self {
        if (other.strength, !other.lets_files) > (self.strength, !self.lets_files) { other } else { self }
    }

    /// The worse of two checks of which one holds.
    pub(super) fn worse(self, other: Self) -> Self {
        if (other.strength, !other.lets_files) < (self.strength, !self.lets_files) { other } else { self }
    }
}

pub(super) fn judged(strength: Strength, span: Option<Span>, why: Option<&'static str>) -> Judged {
    Judged { strength, span, why, lets_files: false }
}

/// Whether a desktop starts a program for an address of this scheme.
pub(super) fn starts_programs(scheme: &str) -> bool {
    let scheme = scheme.trim_end_matches('/').trim_end_matches(':').to_ascii_lowercase();
    matches!(scheme.as_str(), "file" | "smb" | "nfs" | "dav" | "search-ms" | "ms-msdt" | "ms-officecmd")
}

/// An address that does not begin so: without `http:` and `https:` nothing is left that leads to a server.
pub(super) fn without(prefix: &str, span: Span) -> Judged {
    if prefix == "http"
        || prefix.starts_with("https:") && prefix.contains("http:")
        || prefix.starts_with("(http|https)")
    {
        return judged(Strength::Host, Some(span), None);
    }
    judged(Strength::Weak, Some(span), Some("a list of what is forbidden lets everything else through"))
}

pub(super) fn strength_of(part: UrlPart) -> Strength {
    match part {
        UrlPart::Whole | UrlPart::Host | UrlPart::Origin => Strength::Host,
        UrlPart::Protocol => Strength::Scheme,
        UrlPart::Other => Strength::None,
    }
}

/// Whether a text names scheme and host and closes the host: nothing can be put behind it that changes where it leads.
pub(super) fn is_closed_prefix(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| scheme == "file" || rest.find('/').is_some_and(|at| at > 0))
}

pub(super) fn prefix_strength(text: &str, span: Span) -> Judged {
    if is_closed_prefix(text) {
        let lets_files = text.split_once("://").is_some_and(|(scheme, _)| starts_programs(scheme));
        return Judged { lets_files, ..judged(Strength::Host, Some(span), None) };
    }
    match text.split_once(':') {
        // `about:blank` leads nowhere.
        Some(("about", _)) => judged(Strength::Host, Some(span), None),
        Some((scheme, "" | "/" | "//")) => {
            Judged { lets_files: starts_programs(scheme), ..judged(Strength::Scheme, Some(span), None) }
        }
        Some((_, rest)) if !rest.starts_with("//") => judged(Strength::Scheme, Some(span), None),
        Some(_) => judged(
            Strength::Weak,
            Some(span),
            Some("`https://example.com.attacker.net` begins like `https://example.com`: end the prefix with a slash"),
        ),
        None if text.is_empty() => judged(Strength::None, None, None),
        None => judged(Strength::Weak, Some(span), Some("a scheme that begins like this one passes too")),
    }
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

/// What a pattern that matches is worth.
pub(super) fn pattern_strength(pattern: &Rc<str>, flags: &str, part: UrlPart, span: Span) -> Judged {
    let weak = |why| judged(Strength::Weak, Some(span), Some(why));
    if flags.contains('m') && part == UrlPart::Whole {
        return weak("with the flag `m` the pattern matches at the beginning of any line");
    }
    let Some(rest) = pattern.strip_prefix('^') else {
        return match part {
            UrlPart::Other => judged(Strength::None, None, None),
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
                weak("a scheme that begins like this one passes too")
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
            let Some((scheme, after)) = plain.split_once(':') else {
                return weak("a scheme that begins like this one passes too");
            };
            let _ = scheme;
            let after = after.trim_start_matches(['/', '?']);
            if after.is_empty() || after.starts_with(')') || after.starts_with(".") || after.starts_with('[') {
                judged(Strength::Scheme, Some(span), None)
            } else if after.contains('/') || after.ends_with('$') {
                judged(Strength::Host, Some(span), None)
            } else {
                weak("the pattern does not end the host name: a longer one passes too")
            }
        }
        UrlPart::Other => judged(Strength::None, None, None),
    }
}
