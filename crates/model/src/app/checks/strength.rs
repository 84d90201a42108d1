//! What a comparison with a text or a pattern is worth.

use std::cmp::Reverse;

use super::UrlPart;
use crate::link::things::Known;
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

/// What a check lets through that leads to no server: good enough for a page, and not for what the desktop opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lets {
    /// Nothing by which a program could start.
    Nothing,
    /// Whatever stands behind the beginning: it leads nowhere else, and as a part of a script or of markup it is free.
    Rest,
    /// Addresses of a scheme of the app's own: they lead nowhere else, and say nothing of what stands behind the scheme.
    Own,
    /// Addresses of local files, or others by which a desktop starts programs.
    Files,
    /// Everything: it only forbids what leads to servers.
    AllButServers,
}

impl Lets {
    /// What comes with this scheme.
    pub(super) fn of_scheme(scheme: &str) -> Self {
        let scheme = scheme.trim_end_matches('/').trim_end_matches(':').to_ascii_lowercase();
        match scheme.as_str() {
            "file" | "smb" | "nfs" | "dav" | "search-ms" | "ms-msdt" | "ms-officecmd" => Self::Files,
            _ => Self::Nothing,
        }
    }

    /// What comes with any of these schemes.
    pub(super) fn of_schemes(schemes: &[Known]) -> Self {
        schemes.iter().filter_map(Known::text).map(Self::of_scheme).max().unwrap_or(Self::Nothing)
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
    /// What gets through beside what it holds.
    pub lets: Lets,
    /// Where a function of the app's is asked that has the check.
    pub asked: Option<Span>,
}

/// Why a check that names what must not be is weak. Beside another weak check it says least.
pub const FORBIDS: &str = "a list of what is forbidden lets everything else through";

/// Why a scheme that is not closed by its colon is weak.
pub const LONGER_SCHEME: &str = "a scheme that begins like this one passes too";

impl Judged {
    /// Nothing was found.
    pub(in crate::app) const NOTHING: Self = judged(Strength::None, None, None);

    /// As for a program that the desktop starts: a file that is named may be one that runs.
    pub fn for_desktop(mut self) -> Self {
        match self.lets {
            Lets::Files => {
                self.strength = self.strength.min(Strength::Weak);
                self.why = Some("addresses of files pass, and a file may be a program");
            }
            Lets::AllButServers if self.strength > Strength::Weak => {
                self.strength = Strength::Weak;
                self.why = Some(FORBIDS);
            }
            Lets::AllButServers | Lets::Nothing | Lets::Rest | Lets::Own => {}
        }
        self
    }

    /// The same check, where this gets through it.
    pub(super) fn letting(self, lets: Lets) -> Self {
        Self { lets, ..self }
    }

    /// The better of two checks that both hold.
    pub(in crate::app) fn better(self, other: Self) -> Self {
        let rank = |one: &Self| (one.strength, Reverse(one.lets), one.why != Some(FORBIDS));
        if rank(&other) >= rank(&self) { other } else { self }
    }

    /// What checks are worth of which all hold: any one of them is enough.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().reduce(Self::better).unwrap_or(Self::NOTHING)
    }

    /// What checks are worth of which one holds.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().reduce(Self::worse).unwrap_or(Self::NOTHING)
    }

    /// The worse of two checks of which one holds.
    pub(in crate::app) fn worse(self, other: Self) -> Self {
        let lets = self.lets.max(other.lets);
        let worse = if other.strength < self.strength { other } else { self };
        worse.letting(lets)
    }
}

pub(in crate::app) const fn judged(strength: Strength, span: Option<Span>, why: Option<&'static str>) -> Judged {
    Judged { strength, span, why, lets: Lets::Nothing, asked: None }
}

/// A check that can be got around, and how.
pub(super) fn weak(why: &'static str, span: Span) -> Judged {
    judged(Strength::Weak, Some(span), Some(why))
}

/// A search for a text, wherever in an address it stands.
pub(super) fn found_inside(span: Span) -> Judged {
    weak("a search for text inside an address finds it in the path or the user name too", span)
}

/// An address that does not begin so: without `http:` and `https:` nothing is left that leads to a server.
pub(super) fn without(prefix: &str, span: Span) -> Judged {
    if prefix == "http"
        || prefix.starts_with("https:") && prefix.contains("http:")
        || prefix.starts_with("(http|https)")
    {
        return judged(Strength::Host, Some(span), None).letting(Lets::AllButServers);
    }
    weak(FORBIDS, span)
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
        return judged(strength, Some(span), None).letting(Lets::Files);
    }
    if is_closed_prefix(text) {
        let lets = text.split_once("://").map_or(Lets::Nothing, |(scheme, _)| Lets::of_scheme(scheme)).max(Lets::Rest);
        return judged(Strength::Host, Some(span), None).letting(lets);
    }
    match text.split_once(':') {
        // `about:blank` leads nowhere.
        Some(("about", _)) => judged(Strength::Host, Some(span), None),
        Some((scheme, "" | "/" | "//")) => judged(Strength::Scheme, Some(span), None).letting(Lets::of_scheme(scheme)),
        Some((_, rest)) if !rest.starts_with("//") => judged(Strength::Scheme, Some(span), None),
        Some(_) => weak(
            "`https://example.com.attacker.net` begins like `https://example.com`: end the prefix with a slash",
            span,
        ),
        None if text.is_empty() => Judged::NOTHING,
        None => weak(LONGER_SCHEME, span),
    }
}
