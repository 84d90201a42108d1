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
    /// It lets addresses of local files through, or others by which a desktop starts programs: good enough for a page, and none for
    /// what the desktop opens.
    pub lets_files: bool,
}

/// Why a check that names what must not be is weak. Beside another weak check it says least.
pub(super) const FORBIDS: &str = "a list of what is forbidden lets everything else through";

/// Why a check holds that lets everything but servers through.
const NO_SERVER: &str = "what is left leads to no server";

impl Judged {
    /// As for a program that the desktop starts: a file that is named may be one that runs.
    pub fn for_desktop(mut self) -> Self {
        if self.lets_files {
            self.strength = self.strength.min(Strength::Weak);
            self.why = Some("addresses of files pass, and a file may be a program");
        }
        self
    }

    /// The same check where files and programs are as bad as servers.
    pub fn beyond_servers(self) -> Self {
        match self.why {
            Some(NO_SERVER) => Judged { strength: Strength::Weak, why: Some(FORBIDS), ..self },
            _ => self,
        }
    }

    /// The better of two checks that both hold.
    pub(super) fn better(self, other: Self) -> Self {
        let rank = |one: &Self| (one.strength, !one.lets_files, one.why != Some(FORBIDS));
        if rank(&other) >= rank(&self) { other } else { self }
    }

    /// The worse of two checks of which one holds.
    pub(super) fn worse(self, other: Self) -> Self {
        let lets_files = self.lets_files || other.lets_files;
        let worse = if other.strength < self.strength { other } else { self };
        Self { lets_files, ..worse }
    }
}

/// As the check says, where it names the scheme of files.
pub(super) fn of_files(found: Judged) -> Judged {
    Judged { lets_files: true, ..found }
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
        return judged(Strength::Host, Some(span), Some(NO_SERVER));
    }
    judged(Strength::Weak, Some(span), Some(FORBIDS))
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
    if text.starts_with("file:") {
        let strength = if is_closed_prefix(text) { Strength::Host } else { Strength::Scheme };
        return of_files(judged(strength, Some(span), None));
    }
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
