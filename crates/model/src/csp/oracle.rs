//! Generated policies, and an enforcer of CSP Level 3 asked the same questions.
//!
//! Left out is where Chromium departs from the standard: addresses, sources of `ws:`, pages without a web origin.

use content_security_policy as enforcer;
use enforcer::{CheckResult, CspList, Destination, InlineCheckType, PolicyDisposition, PolicySource};
use url::Url;

use super::{Disposition, Load, Origin, Request, allows, parse_header};

const DIRECTIVES: [&str; 16] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "connect-src",
    "frame-src",
    "child-src",
    "object-src",
    "base-uri",
    "img-src",
    "worker-src",
    "style-src",
    "SCRIPT-SRC",
    "manifest-src",
    "media-src",
    "unknown-src",
];

const SOURCES: [&str; 34] = [
    "'self'",
    "'SELF'",
    "'none'",
    "'unsafe-inline'",
    "'Unsafe-Eval'",
    "'strict-dynamic'",
    "'nonce-abc'",
    "'nonce-ABC'",
    "'nonce-a!c'",
    "'sha256-abcd'",
    "'sha256-'",
    "'sha1-abcd'",
    "*",
    "*:*",
    "https:",
    "http:",
    "data:",
    "blob:",
    "https://cdn.example",
    "http://cdn.example",
    "HTTPS://CDN.EXAMPLE:443",
    "cdn.example",
    "cdn.example:*",
    "cdn.example:8080",
    "*.cdn.example",
    "https://*:8080",
    "https://cdn.example/a/",
    "https://cdn.example/a/b.js",
    "https://cdn.example/a%2Fb",
    "cdn.example/",
    "self",
    "//*",
    "\"self\"",
    "\u{2019}self\u{2019}",
];

const URLS: [&str; 14] = [
    "https://app.example/x.js",
    "http://app.example/x.js",
    "https://cdn.example/",
    "https://cdn.example/a/b.js",
    "https://cdn.example/a/",
    "https://cdn.example/a",
    "http://cdn.example/a/b.js",
    "https://cdn.example:8080/a/b.js",
    "http://cdn.example:8080/",
    "https://sub.cdn.example/a/c.js",
    "https://othercdn.example/",
    "https://attacker.invalid/a.js",
    "data:text/javascript,1",
    "blob:https://app.example/1",
];

const LOADS: [(Load, Destination); 7] = [
    (Load::Connect, Destination::None),
    (Load::Image, Destination::Image),
    (Load::Frame, Destination::IFrame),
    (Load::Object, Destination::Object),
    (Load::Worker, Destination::Worker),
    (Load::Media, Destination::Video),
    (Load::Manifest, Destination::Manifest),
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn header(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(3) {
            for _ in 0..self.below(4) {
                text += [" ", "", "\t"][self.below(3)];
                text += DIRECTIVES[self.below(DIRECTIVES.len())];
                for _ in 0..self.below(4) {
                    text += [" ", "  ", "\t"][self.below(3)];
                    text += SOURCES[self.below(SOURCES.len())];
                }
                text += ";";
            }
            text += ",";
        }
        text
    }
}

fn request(url: &Url, page: &Url, destination: Destination, nonce: &str) -> enforcer::Request {
    enforcer::Request {
        url: url.clone(),
        current_url: url.clone(),
        origin: page.origin(),
        redirect_count: 0,
        destination,
        initiator: enforcer::Initiator::None,
        nonce: nonce.to_owned(),
        integrity_metadata: String::new(),
        parser_metadata: match destination {
            Destination::Script => enforcer::ParserMetadata::ParserInserted,
            _ => enforcer::ParserMetadata::NotParserInserted,
        },
    }
}

#[test]
fn an_enforcer_allows_the_same() {
    let page = Url::parse("https://app.example/index.html").unwrap();
    let origin = Origin { scheme: "https".to_owned(), host: "app.example".to_owned(), port: Some(443) };
    let urls = URLS.map(|url| Url::parse(url).unwrap());
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut allowed, mut blocked) = (0, 0);
    for _ in 0..4_000 {
        let header = random.header();
        let policies = parse_header(&header, Disposition::Enforce);
        let oracle = CspList::parse(&header, PolicySource::Header, PolicyDisposition::Enforce);
        let mut compare = |what: &str, ours: bool, theirs: CheckResult| {
            let theirs = theirs == CheckResult::Allowed;
            assert_eq!(ours, theirs, "{what} under {header:?}");
            *(if ours { &mut allowed } else { &mut blocked }) += 1;
        };
        for nonce in ["", "abc"] {
            for url in &urls {
                let ours = allows(&policies, &origin, Request::Script { url, nonce });
                let asked = request(url, &page, Destination::Script, nonce);
                compare(&format!("script {url} {nonce}"), ours, oracle.should_request_be_blocked(&asked).0);
            }
            let element = enforcer::Element { nonce: Some(nonce.into()).filter(|_| !nonce.is_empty()) };
            for (ours, kind) in [
                (Request::InlineScript { nonce }, InlineCheckType::Script),
                (Request::InlineHandler, InlineCheckType::ScriptAttribute),
            ] {
                let theirs = oracle.should_elements_inline_type_behavior_be_blocked(&element, kind, "1").0;
                compare(&format!("{kind:?} {nonce}"), allows(&policies, &origin, ours), theirs);
            }
        }
        compare("eval", allows(&policies, &origin, Request::Eval), oracle.is_js_evaluation_allowed("1").0);
        for url in &urls {
            for (load, destination) in LOADS {
                let ours = allows(&policies, &origin, Request::Load(load, url));
                let asked = request(url, &page, destination, "");
                compare(&format!("{load:?} {url}"), ours, oracle.should_request_be_blocked(&asked).0);
            }
            let theirs = oracle.is_base_allowed_for_document(url, &page.origin()).0;
            compare(&format!("base {url}"), allows(&policies, &origin, Request::Load(Load::Base, url)), theirs);
        }
    }
    // Neither answer is the only one.
    assert!(allowed > 10_000 && blocked > 10_000, "{allowed} {blocked}");
}
