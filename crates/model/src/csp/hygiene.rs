//! How policies are written: what does not do what it looks like.

use super::sources::{HostName, KEYWORDS, Source};
use super::{Delivery, Directive, Disposition, Judgement, Kind, PageContext, Policy, PolicySpan, Severity, Token};

/// Directives of a list of sources.
const SOURCE_LISTS: [&str; 20] = [
    "base-uri",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "worker-src",
];

/// Other directives that Chromium knows.
const OTHER_DIRECTIVES: [&str; 8] = [
    "report-to",
    "report-uri",
    "require-trusted-types-for",
    "sandbox",
    "treat-as-public-address",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
];

/// Directives that Chromium ignores since this major version; from the start where none is given.
///
/// `plugin-types`: <https://chromestatus.com/feature/5742693948850176>. `prefetch-src`, `navigate-to` and
/// `require-sri-for` never left the experimental features. The end of `referrer` and `reflected-xss` is not known to the
/// version; it came before 60.
const IGNORED_DIRECTIVES: [(&str, u32); 6] = [
    ("navigate-to", 0),
    ("plugin-types", 90),
    ("prefetch-src", 0),
    ("referrer", 60),
    ("reflected-xss", 60),
    ("require-sri-for", 0),
];

/// Superfluous, though read: Chromium upgrades or blocks mixed content by itself.
const MIXED_CONTENT: &str = "block-all-mixed-content";

/// Directives that a page cannot give itself: <https://www.w3.org/TR/CSP3/#meta-element>.
const NOT_IN_META: [&str; 3] = ["frame-ancestors", "report-uri", "sandbox"];

/// Characters of a nonce with less than 96 bits in base64.
const SHORT_NONCE: usize = 16;

pub(super) fn judge(policies: &[Policy], page: &PageContext) -> Vec<Judgement> {
    let mut found = Vec::new();
    for (index, policy) in policies.iter().enumerate() {
        let mut inspector = Inspector { policy: index, found: &mut found };
        inspector.place(policy);
        for span in &policy.skipped {
            inspector.report(
                Kind::NonAscii,
                Severity::High,
                *span,
                "",
                "a character outside ASCII makes the browser skip this directive".to_owned(),
                "write it in ASCII, with straight quotes: `'self'`",
            );
        }
        for directive in &policy.directives {
            inspector.directive(directive, policy.delivery, page);
        }
        for directive in &policy.duplicates {
            let message = format!("`{}` for the second time: only the first counts", directive.name);
            let help = "write one directive with all sources";
            inspector.report(Kind::DuplicateDirective, Severity::Low, directive.span, &directive.name, message, help);
        }
    }
    let alone = !policies.iter().any(Policy::holds);
    let reporting = |policy: &Policy| policy.disposition == Disposition::Report && policy.delivery == Delivery::Header;
    if let Some((index, policy)) = policies.iter().enumerate().find(|(_, policy)| alone && reporting(policy)) {
        Inspector { policy: index, found: &mut found }.report(
            Kind::ReportOnly,
            Severity::Low,
            policy.span,
            "",
            "a report-only policy blocks nothing, and the page has no other".to_owned(),
            "send it as `Content-Security-Policy`",
        );
    }
    found
}

/// Whether Chromium knows a directive of this lower-case name.
pub(super) fn is_directive(name: &str) -> bool {
    SOURCE_LISTS.contains(&name) || OTHER_DIRECTIVES.contains(&name)
}

struct Inspector<'a> {
    policy: usize,
    found: &'a mut Vec<Judgement>,
}

impl Inspector<'_> {
    fn place(&mut self, policy: &Policy) {
        let Delivery::Meta { in_head, after_script } = policy.delivery else { return };
        let (kind, message, help) = if policy.disposition == Disposition::Report {
            (
                Kind::ReportOnlyMeta,
                "browsers ignore a report-only policy in a page",
                "use `http-equiv=\"Content-Security-Policy\"`",
            )
        } else if !in_head {
            (Kind::MetaOutsideHead, "browsers ignore a policy outside `<head>`", "move it to the beginning of `<head>`")
        } else if after_script {
            (Kind::LateMeta, "scripts above this policy run without it", "move it to the beginning of `<head>`")
        } else {
            return;
        };
        self.report(kind, Severity::Low, policy.span, "", message.to_owned(), help);
    }

    fn directive(&mut self, directive: &Directive, delivery: Delivery, page: &PageContext) {
        let name = directive.name.as_str();
        if SOURCE_LISTS.contains(&name) {
            for token in &directive.tokens {
                self.source(directive, token);
            }
        }
        let ignored = IGNORED_DIRECTIVES.iter().find(|(ignored, _)| *ignored == name);
        if matches!(delivery, Delivery::Meta { .. }) && NOT_IN_META.contains(&name) {
            let message = format!("`{name}` has no effect in a `<meta>`");
            self.at(Kind::IgnoredInMeta, directive, message, "send it in a header, or remove it");
        } else if let Some((_, since)) = ignored {
            if page.chromium_major.is_none_or(|major| major >= *since) {
                let message = format!("Chromium ignores `{name}`");
                self.at(Kind::IgnoredDirective, directive, message, "remove it");
            }
        } else if name == MIXED_CONTENT {
            let message = format!("`{name}` is obsolete: Chromium upgrades or blocks mixed content by itself");
            let span = directive.name_span;
            self.report(Kind::IgnoredDirective, Severity::Info, span, name, message, "remove it");
        } else if !is_directive(name) {
            let meant = name.trim_end_matches([':', ',', '=']);
            let help = if is_directive(meant) {
                format!("write `{meant}`")
            } else {
                "correct the name, or remove it".to_owned()
            };
            let message = format!("there is no directive `{name}`: the browser skips it");
            self.at(Kind::UnknownDirective, directive, message, &help);
        }
    }

    fn source(&mut self, directive: &Directive, token: &Token) {
        let text = token.text.as_str();
        let lower = text.to_ascii_lowercase();
        let in_list = &directive.name;
        if is_directive(&lower) {
            let message = format!("`{text}` is a source of {in_list} here: a `;` is missing before it");
            return self.word(Kind::MissingSemicolon, directive, token, message, &format!("write `; {text}`"));
        }
        let bare = lower.trim_matches(['"', '`', '\'']);
        let quoted_oddly = bare.len() < lower.len() && is_keyword(bare) && !is_quoted(&lower);
        if quoted_oddly {
            let message = format!("`{text}` is no keyword: only `'` quotes one");
            return self.word(Kind::OddQuotes, directive, token, message, &format!("write `'{bare}'`"));
        }
        if is_keyword(&lower) {
            let message = format!("`{text}` without quotes is the name of a host");
            return self.word(Kind::UnquotedKeyword, directive, token, message, &format!("write `'{text}'`"));
        }
        match &token.source {
            Source::Nonce { value, templated: false } if value.len() < SHORT_NONCE => {
                let message = "a nonce this short can be guessed".to_owned();
                self.word(Kind::ShortNonce, directive, token, message, "use at least 128 random bits");
            }
            Source::None if directive.tokens.len() > 1 => {
                let message = format!("`{text}` beside other sources is ignored");
                self.word(Kind::DeadSource, directive, token, message, "remove it, or the others");
            }
            Source::Invalid => {
                let message = format!("`{text}` is no source: the browser skips it");
                self.word(Kind::DeadSource, directive, token, message, "correct it, or remove it");
            }
            Source::Host { host: HostName::Exact(host), .. } if is_address(host) && host != "127.0.0.1" => {
                let message =
                    format!("`{text}`: by the standard only the address 127.0.0.1 matches; Chromium takes others");
                self.word(Kind::DeadSource, directive, token, message, "use the host's name");
            }
            _ => {}
        }
    }

    fn at(&mut self, kind: Kind, directive: &Directive, message: String, help: &str) {
        self.report(kind, Severity::Low, directive.name_span, &directive.name, message, help);
    }

    fn word(&mut self, kind: Kind, directive: &Directive, token: &Token, message: String, help: &str) {
        self.report(kind, Severity::Low, token.span, &directive.name, message, help);
    }

    fn report(
        &mut self,
        kind: Kind,
        severity: Severity,
        span: PolicySpan,
        directive: &str,
        message: String,
        help: &str,
    ) {
        self.found.push(Judgement {
            kind,
            severity,
            tentative: false,
            policy: self.policy,
            span,
            directive: directive.to_owned(),
            message,
            help: help.to_owned(),
        });
    }
}

/// Whether a host is an IPv4 address; the grammar of sources has none of version 6.
fn is_address(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether a word without quotes is meant as a keyword, a nonce or a hash.
fn is_keyword(bare: &str) -> bool {
    KEYWORDS.contains(&bare)
        || bare.starts_with("nonce-")
        || ["sha256-", "sha384-", "sha512-"].iter().any(|algorithm| bare.starts_with(algorithm))
}

fn is_quoted(word: &str) -> bool {
    word.len() > 1 && word.starts_with('\'') && word.ends_with('\'') && !word.contains(['"', '`'])
}
