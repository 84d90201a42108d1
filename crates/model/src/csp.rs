//! Content Security Policies: read with spans, evaluated as the browser does, judged by what they let through.
//!
//! The reader and [`allows`] follow CSP Level 3 (<https://www.w3.org/TR/CSP3/>); where Chromium is known to differ, it
//! decides, for it is the only browser of an Electron app. [`judge`] looks at all policies of a page together: an attack
//! is open only when each of them lets it through.

mod allows;
mod attacks;
mod hosts;
mod hygiene;
mod messages;
mod sources;

use std::ops::Range;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

pub use allows::{Load, Origin, Request, allows};
pub use sources::{HostName, Port, Source};

use crate::html::{Html, MetaPolicy, holes, is_templated};

/// Byte offsets into the text of one policy, end exclusive.
pub type PolicySpan = (u32, u32);

/// How a policy reaches its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// A response header.
    Header,
    /// A `<meta>` of the page.
    Meta {
        /// Whether it stands in the head; a policy elsewhere is ignored.
        in_head: bool,
        /// Whether a script that runs stands before it.
        after_script: bool,
    },
}

/// What the browser does about a breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disposition {
    /// Blocks it.
    Enforce,
    /// Only reports it: such a policy protects nothing.
    Report,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How it reaches the page.
    pub delivery: Delivery,
    /// Whether it blocks or only reports.
    pub disposition: Disposition,
    /// Without blanks around it, in the text that was read.
    pub span: PolicySpan,
    /// The directives that count, in the order written.
    pub directives: Vec<Directive>,
    /// Directives whose name came before: dead.
    pub duplicates: Vec<Directive>,
    /// Directives with a character outside ASCII, which the browser skips.
    pub skipped: Vec<PolicySpan>,
    /// Whether a template engine, a build or the program adds directives that cannot be seen.
    pub templated: bool,
}

/// One directive of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directive {
    /// In lower case.
    pub name: String,
    /// Where the name stands.
    pub name_span: PolicySpan,
    /// Name and values.
    pub span: PolicySpan,
    /// The words behind the name.
    pub tokens: Vec<Token>,
    /// Whether some of the values are filled in and cannot be seen.
    pub templated: bool,
}

/// One word of a directive's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub span: PolicySpan,
    /// What it means in a list of sources.
    pub source: Source,
}

/// Where a page comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PageUrl {
    /// `file:`.
    File,
    /// A scheme that the app registered, without its colon.
    Custom(String),
    /// An `http:` or `https:` URL.
    Http(String),
    /// Not known.
    #[default]
    Unknown,
}

/// What the window of a page may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageContext {
    /// Whether scripts of the page have Node.
    pub node: Option<bool>,
    /// Whether the preload's world is apart from the page's.
    pub context_isolation: Option<bool>,
    /// Where the page comes from.
    pub url: PageUrl,
    /// `webPreferences.plugins`.
    pub plugins: Option<bool>,
    /// Major version of this Electron's Chromium.
    pub chromium_major: Option<u32>,
    /// Whether page or policy is used in development only.
    pub dev: bool,
    /// Whether the page loads scripts by relative URLs.
    pub relative_scripts: bool,
}

/// Weight of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Should be put right.
    Low,
    /// A way in under circumstances.
    Medium,
    /// A way in.
    High,
}

/// What is wrong with the policies of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nothing restricts scripts.
    ScriptsUnrestricted,
    /// Inline scripts run.
    InlineScript,
    /// Inline event handlers run, though inline scripts do not.
    InlineHandler,
    /// Script from any server runs.
    ScriptFromAnyHost,
    /// Script from `data:` URLs runs.
    ScriptFromData,
    /// Script from `blob:` or `filesystem:` URLs runs.
    ScriptFromBlob,
    /// Script from any local file runs.
    ScriptFromFile,
    /// Script over an unencrypted connection runs.
    ScriptOverHttp,
    /// Script from a host that serves files of anyone runs.
    ScriptFromPublicHost,
    /// Script from another remote host runs.
    ScriptFromRemoteHost,
    /// Script from this machine's own servers runs.
    ScriptFromLocalHost,
    /// Strings run as script.
    Eval,
    /// A nonce that everyone can read.
    StaticNonce,
    /// An injected `<base>` leads the page's own scripts elsewhere.
    Base,
    /// `<object>` and `<embed>` load from remote hosts.
    Plugins,
    /// Frames from anywhere.
    Frames,
    /// Forms are sent anywhere.
    Forms,
    /// Requests go anywhere.
    Connections,
    /// A directive with a character outside ASCII, skipped by the browser.
    NonAscii,
    /// A directive that does not exist.
    UnknownDirective,
    /// A directive's name among the values of another.
    MissingSemicolon,
    /// A keyword without its quotes.
    UnquotedKeyword,
    /// A keyword in other quotes than `'`.
    OddQuotes,
    /// A nonce that can be guessed.
    ShortNonce,
    /// A directive for the second time.
    DuplicateDirective,
    /// A source that matches nothing.
    DeadSource,
    /// A directive that this Chromium ignores.
    IgnoredDirective,
    /// A directive that is ignored in a `<meta>`.
    IgnoredInMeta,
    /// A `<meta>` policy behind a script.
    LateMeta,
    /// A `<meta>` policy outside the head, ignored.
    MetaOutsideHead,
    /// Only a report-only policy.
    ReportOnly,
    /// A report-only policy in a `<meta>`, ignored.
    ReportOnlyMeta,
}

impl Kind {
    /// Whether this is about how the policy is written, not about what it lets through.
    pub fn is_hygiene(self) -> bool {
        self >= Self::NonAscii
    }
}

/// One thing that is wrong with the policies of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What.
    pub kind: Kind,
    /// How bad, for this page.
    pub severity: Severity,
    /// Whether a part that could not be seen may make it good.
    pub tentative: bool,
    /// Index of the policy it is about.
    pub policy: usize,
    /// The place in that policy's text; the whole policy for something missing.
    pub span: PolicySpan,
    /// The directive that lets it through; empty when it is the policy as a whole.
    pub directive: String,
    /// What runs or what is wrong; lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Policies of one header that are read; no page has as many.
const MOST_POLICIES: usize = 50;

/// Directives of one policy that are read; behind them it counts as not seen.
const MOST_DIRECTIVES: usize = 200;

/// Reads the text of a header: several policies may be joined by commas.
pub fn parse_header(text: &str, disposition: Disposition) -> Vec<Policy> {
    let holes = holes(text);
    split(text, 0..text.len(), &holes, |byte| byte == b',')
        .into_iter()
        .map(|range| policy(text, range, &holes, Delivery::Header, disposition))
        .filter(|policy| !policy.is_empty())
        .take(MOST_POLICIES)
        .collect()
}

/// Reads the `content` of a `<meta>`: one policy, commas or not.
pub fn parse_meta(text: &str, in_head: bool, after_script: bool, disposition: Disposition) -> Policy {
    policy(text, 0..text.len(), &holes(text), Delivery::Meta { in_head, after_script }, disposition)
}

/// Reads the policies that a page gives itself, in the order of [`Html::policies`].
///
/// Spans are in the decoded `content`; [`Offsets`](crate::html::Offsets) lead from there to the page.
pub fn of_page(html: &Html) -> Vec<Policy> {
    let read = |written: &MetaPolicy| {
        let element = html.element(written.element);
        let in_head = element.is_some_and(|element| element.in_head);
        let after_script = element.is_some_and(|element| element.after_first_script);
        let disposition = if written.report_only { Disposition::Report } else { Disposition::Enforce };
        parse_meta(&written.content, in_head, after_script, disposition)
    };
    html.policies.iter().map(read).collect()
}

/// Judges all policies of one page together. Sorted by policy and place.
///
/// With no policy that holds, only how they are written is judged: that a page has none is for the caller to say.
pub fn judge(policies: &[Policy], page: &PageContext) -> Vec<Judgement> {
    let mut judgements = attacks::judge(policies, page);
    judgements.extend(hygiene::judge(policies, page));
    judgements.sort_by_key(|judgement| (judgement.policy, judgement.span, judgement.kind));
    judgements
}

impl Policy {
    /// Whether the browser enforces it.
    pub fn holds(&self) -> bool {
        self.disposition == Disposition::Enforce && !matches!(self.delivery, Delivery::Meta { in_head: false, .. })
    }

    /// The directive of this lower-case name that counts.
    pub fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().find(|directive| directive.name == name)
    }

    /// The first directive of a fallback chain that is there.
    pub fn first_of(&self, chain: &[&str]) -> Option<&Directive> {
        chain.iter().find_map(|name| self.directive(name))
    }

    fn is_empty(&self) -> bool {
        self.directives.is_empty() && self.skipped.is_empty() && !self.templated
    }
}

/// <https://www.w3.org/TR/CSP3/#parse-serialized-policy>
fn policy(
    text: &str,
    range: Range<usize>,
    holes: &[Range<usize>],
    delivery: Delivery,
    disposition: Disposition,
) -> Policy {
    let mut policy = Policy {
        delivery,
        disposition,
        span: span(&trim(text, range.clone())),
        directives: Vec::new(),
        duplicates: Vec::new(),
        skipped: Vec::new(),
        templated: false,
    };
    let mut names = FxHashSet::default();
    for range in split(text, range, holes, |byte| byte == b';') {
        let range = trim(text, range);
        let written = text.get(range.clone()).unwrap_or_default();
        if written.is_empty() {
            continue;
        }
        if policy.directives.len() + policy.duplicates.len() + policy.skipped.len() >= MOST_DIRECTIVES {
            policy.templated = true;
            break;
        }
        if !written.is_ascii() {
            policy.skipped.push(span(&range));
            continue;
        }
        let directive = directive(text, range, holes);
        if !holes_in(holes, directive.name_span).is_empty() {
            policy.templated = true;
        } else if names.insert(directive.name.clone()) {
            policy.directives.push(directive);
        } else {
            policy.duplicates.push(directive);
        }
    }
    policy
}

fn directive(text: &str, range: Range<usize>, holes: &[Range<usize>]) -> Directive {
    let mut words = split(text, range.clone(), holes, is_blank).into_iter().filter(|word| !word.is_empty());
    let name = words.next().unwrap_or(range.start..range.start);
    let tokens: Vec<_> = words
        .map(|word| {
            let written = text.get(word.clone()).unwrap_or_default();
            let templated = !holes_in(holes, span(&word)).is_empty();
            Token { text: written.to_owned(), span: span(&word), source: Source::of(written, templated) }
        })
        .collect();
    Directive {
        name: text.get(name.clone()).unwrap_or_default().to_ascii_lowercase(),
        name_span: span(&name),
        span: span(&range),
        // A hole inside a nonce or a host is one source; a hole by itself may be any number of them.
        templated: tokens.iter().any(|token| {
            // A hole behind a quoted word may hold more words.
            let behind = token.text.strip_prefix('\'').and_then(|text| text.split_once('\''));
            token.source == Source::Unknown { scheme: None } || behind.is_some_and(|(_, rest)| is_templated(rest))
        }),
        tokens,
    }
}

/// The stretches between separators that stand in no hole.
fn split(text: &str, range: Range<usize>, holes: &[Range<usize>], separates: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut holes = holes_in(holes, span(&range)).iter().peekable();
    let (mut start, mut at) = (range.start, range.start);
    while at < range.end {
        if let Some(hole) = holes.next_if(|hole| hole.start <= at) {
            at = hole.end.max(at + 1);
            continue;
        }
        if text.as_bytes().get(at).copied().is_some_and(&separates) {
            parts.push(start..at);
            start = at + 1;
        }
        at += 1;
    }
    parts.push(start..range.end);
    parts
}

/// The holes that begin in a stretch.
fn holes_in(holes: &[Range<usize>], span: PolicySpan) -> &[Range<usize>] {
    let from = holes.partition_point(|hole| hole.start < span.0 as usize);
    let to = holes.partition_point(|hole| hole.start < span.1 as usize);
    holes.get(from..to).unwrap_or_default()
}

fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes().get(range.clone()).unwrap_or_default();
    let before = bytes.iter().take_while(|byte| is_blank(**byte)).count();
    let after = bytes.iter().skip(before).rev().take_while(|byte| is_blank(**byte)).count();
    range.start + before..range.end - after
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// Policies are far below 4 GB; one that is not has all its places at the end.
fn span(range: &Range<usize>) -> PolicySpan {
    (u32::try_from(range.start).unwrap_or(u32::MAX), u32::try_from(range.end).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
