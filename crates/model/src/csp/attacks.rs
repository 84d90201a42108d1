//! What attackers can do that the policies of a page let through.

use rustc_hash::FxHashSet;
use url::Url;

use super::allows::{
    EVAL, Load, Origin, Request, SCRIPT_ATTRIBUTES, SCRIPT_ELEMENTS, allowed_by, allows_inline, has, matches,
};
use super::hygiene::is_directive;
use super::messages::{consequence, help};
use super::sources::{HostName, KEYWORDS, Port, Source};
use super::{Delivery, Directive, Judgement, Kind, PageContext, PageUrl, Policy, PolicySpan, Severity, Token, hosts};
use crate::web_url::is_local_host;

/// A host that no policy names: RFC 6761 keeps `.invalid` free.
const ATTACKER: &str = "https://attacker.invalid/a.js";

/// Sources of one list that are asked about: each is compared with all of the other policies.
const MOST_SOURCES: usize = 500;

pub(super) fn judge(policies: &[Policy], page: &PageContext) -> Vec<Judgement> {
    let held: Vec<_> = policies.iter().enumerate().filter(|(_, policy)| policy.holds()).collect();
    let mut court = Court { held, page, origin: Origin::of(&page.url), found: Vec::new() };
    if court.held.is_empty() {
        return Vec::new();
    }
    court.scripts();
    court.inline();
    court.eval();
    court.nonces();
    court.base();
    court.plugins();
    court.destinations();
    court.found
}

struct Court<'a> {
    /// The policies that hold, with their indices.
    held: Vec<(usize, &'a Policy)>,
    page: &'a PageContext,
    origin: Origin,
    found: Vec<Judgement>,
}

/// The place that lets something through.
#[derive(Clone, Copy)]
struct Culprit<'a> {
    policy: usize,
    span: PolicySpan,
    directive: &'a str,
    /// The source; empty for something missing.
    text: &'a str,
    tentative: bool,
}

impl<'a> Court<'a> {
    fn scripts(&mut self) {
        if self.missing(&SCRIPT_ELEMENTS) {
            let culprit = self.absent("script-src");
            return self.report(Kind::ScriptsUnrestricted, Severity::High, culprit);
        }
        let mut seen = FxHashSet::default();
        for (policy, list, token) in self.sources(&SCRIPT_ELEMENTS) {
            if has(list, &Source::StrictDynamic) {
                continue;
            }
            let Some((kind, severity, probe)) = self.script_source(token) else { continue };
            let probe = match probe {
                Some(probe) => probe,
                None => {
                    // Nothing is known of it but that it is somewhere else.
                    let culprit = Culprit { tentative: true, ..self.token(policy, list, token) };
                    self.report(kind, severity, culprit);
                    continue;
                }
            };
            let open = matches(&token.source, &probe, &self.origin)
                && self.others_allow(policy, Request::Script { url: &probe, nonce: "" });
            let key = (kind, probe.to_string());
            if open && seen.insert(key) {
                self.report(kind, severity, self.token(policy, list, token));
            }
        }
        // One remote host more adds nothing to any host.
        if seen.iter().any(|(kind, _)| *kind == Kind::ScriptFromAnyHost) {
            self.found.retain(|found| found.kind != Kind::ScriptFromRemoteHost);
        }
    }

    /// What a source of scripts opens, how bad that is, and a URL to ask the other policies about.
    fn script_source(&self, token: &Token) -> Option<(Kind, Severity, Option<Url>)> {
        let remote = if self.page.node == Some(true) { Severity::Medium } else { Severity::Low };
        let known = |kind, severity, probe: &str| Some((kind, severity, Some(Url::parse(probe).ok()?)));
        match &token.source {
            Source::Any => known(Kind::ScriptFromAnyHost, Severity::High, ATTACKER),
            Source::Scheme(scheme) => match scheme.as_str() {
                "http" | "https" => known(Kind::ScriptFromAnyHost, Severity::High, ATTACKER),
                "data" => known(Kind::ScriptFromData, Severity::High, "data:text/javascript,1"),
                "blob" => known(Kind::ScriptFromBlob, Severity::Medium, "blob:https://page.invalid/1"),
                "filesystem" => known(Kind::ScriptFromBlob, Severity::Medium, "filesystem:https://page.invalid/1"),
                "file" => known(Kind::ScriptFromFile, Severity::Medium, "file:///a.js"),
                _ => None,
            },
            // Every page of an app may have `'self'`; worth a word only where a file that runs is a program that runs.
            Source::Own if self.page.url == PageUrl::File && self.page.node == Some(true) => {
                known(Kind::ScriptFromFile, Severity::Info, "file:///a.js")
            }
            Source::Host { scheme, host, port, path } => {
                let name = match host {
                    HostName::Any => "attacker.invalid".to_owned(),
                    HostName::Below(domain) => format!("a.{domain}"),
                    // A slip of the pen, which `hygiene` tells.
                    HostName::Exact(host) if KEYWORDS.contains(&host.as_str()) || is_directive(host) => return None,
                    HostName::Exact(host) => host.clone(),
                };
                let local = is_local_host(&name);
                let plain = scheme.as_deref() == Some("http");
                // A source without a scheme has the page's: from a host nothing else comes over that than web pages.
                let scheme = match scheme.as_deref() {
                    None if matches!(self.origin.scheme.as_str(), "http" | "https") => "https",
                    None => return None,
                    Some(scheme @ ("http" | "https")) => scheme,
                    // A file has no host; `file://*` names them all.
                    Some("file") => return known(Kind::ScriptFromFile, Severity::Medium, "file:///a.js"),
                    // No script comes over a WebSocket; behind any other scheme is the app itself.
                    Some(_) => return None,
                };
                let port = match port {
                    Some(Port::Number(port)) => format!(":{port}"),
                    _ => String::new(),
                };
                let file = if path.is_empty() || path.ends_with('/') { "a.js" } else { "" };
                let slash = if path.is_empty() { "/" } else { "" };
                let probe = format!("{scheme}://{name}{port}{slash}{path}{file}");
                let (kind, severity) = match host {
                    HostName::Any => (Kind::ScriptFromAnyHost, Severity::High),
                    _ if local => (Kind::ScriptFromLocalHost, Severity::Info),
                    HostName::Below(domain) if hosts::is_shared(domain) => (Kind::ScriptFromPublicHost, Severity::High),
                    HostName::Exact(host) if hosts::is_public(host, path) => {
                        (Kind::ScriptFromPublicHost, Severity::High)
                    }
                    _ if plain => (Kind::ScriptOverHttp, Severity::Medium),
                    _ => (Kind::ScriptFromRemoteHost, remote),
                };
                known(kind, severity, &probe)
            }
            Source::Unknown { scheme: Some(scheme) } => match scheme.as_str() {
                "http" => Some((Kind::ScriptOverHttp, Severity::Medium, None)),
                "https" => Some((Kind::ScriptFromRemoteHost, remote, None)),
                _ => None,
            },
            _ => None,
        }
    }

    fn inline(&mut self) {
        let scripts = self.all_allow(Request::InlineScript { nonce: "" });
        if scripts && !self.missing(&SCRIPT_ELEMENTS) {
            let culprit = self
                .culprit(&SCRIPT_ELEMENTS, |list, token| allows_inline(list) && token.source == Source::UnsafeInline);
            self.report_inline(Kind::InlineScript, culprit);
        }
        if !scripts && self.all_allow(Request::InlineHandler) {
            let culprit = self
                .culprit(&SCRIPT_ATTRIBUTES, |list, token| allows_inline(list) && token.source == Source::UnsafeInline);
            self.report_inline(Kind::InlineHandler, culprit);
        }
    }

    fn report_inline(&mut self, kind: Kind, culprit: Option<Culprit<'a>>) {
        let culprit = culprit.unwrap_or_else(|| self.absent("script-src"));
        self.report(kind, Severity::High, culprit);
    }

    fn eval(&mut self) {
        if !self.all_allow(Request::Eval) || self.missing(&SCRIPT_ELEMENTS) {
            return;
        }
        let privileged = self.page.node == Some(true) || self.page.context_isolation == Some(false);
        let severity = if privileged { Severity::High } else { Severity::Medium };
        let culprit = self.culprit(&EVAL, |_, token| token.source == Source::UnsafeEval);
        // Nothing that is filled in takes `'unsafe-eval'` back.
        let culprit = culprit.map(|culprit| Culprit { tentative: false, ..culprit });
        let culprit = culprit.unwrap_or_else(|| self.absent("script-src"));
        self.report(Kind::Eval, severity, culprit);
    }

    fn nonces(&mut self) {
        for (policy, list, token) in self.sources(&SCRIPT_ELEMENTS) {
            let Source::Nonce { value, templated } = &token.source else { continue };
            let in_page = matches!(self.policy(policy).map(|policy| policy.delivery), Some(Delivery::Meta { .. }));
            // A header may carry a new one each time; in a file of the app it is what the build put there.
            if *templated && !in_page {
                continue;
            }
            if self.others_allow(policy, Request::InlineScript { nonce: value }) {
                let culprit = Culprit { tentative: *templated, ..self.token(policy, list, token) };
                self.report(Kind::StaticNonce, Severity::High, culprit);
            }
        }
    }

    fn base(&mut self) {
        let trusted = self.held.iter().any(|(_, policy)| {
            policy.first_of(&SCRIPT_ELEMENTS).is_some_and(|list| {
                let nonce = list.tokens.iter().any(|token| matches!(token.source, Source::Nonce { .. }));
                let follows = has(list, &Source::StrictDynamic) || self.page.relative_scripts;
                nonce || has(list, &Source::Hash) && follows
            })
        });
        if trusted && self.open_to_attacker(Load::Base) {
            let culprit = self.anywhere(Load::Base).unwrap_or_else(|| self.absent("base-uri"));
            self.report(Kind::Base, Severity::Medium, culprit);
        }
    }

    fn plugins(&mut self) {
        let plugins = self.page.plugins == Some(true);
        let severity = if plugins { Severity::Medium } else { Severity::Low };
        for (policy, list, token) in self.sources(&["object-src"]) {
            let Some((kind, _, Some(probe))) = self.script_source(token) else { continue };
            let remote = matches!(
                kind,
                Kind::ScriptFromAnyHost
                    | Kind::ScriptFromPublicHost
                    | Kind::ScriptFromRemoteHost
                    | Kind::ScriptOverHttp
            );
            let open = matches(&token.source, &probe, &self.origin);
            if remote && open && self.others_allow(policy, Request::Load(Load::Object, &probe)) {
                // One place is enough: the directive is to be `'none'`.
                return self.report(Kind::Plugins, severity, self.token(policy, list, token));
            }
        }
        // Plugins are off by default, and then a missing object-src opens nothing.
        if plugins && self.open_to_attacker(Load::Object) {
            let culprit = self.anywhere(Load::Object).unwrap_or_else(|| self.absent("object-src"));
            self.report_once(Kind::Plugins, severity, culprit);
        }
    }

    fn destinations(&mut self) {
        let node = self.page.node == Some(true);
        let unrestricted = self.found.iter().any(|found| found.kind == Kind::ScriptsUnrestricted);
        for (load, kind, missing) in [
            (Load::Frame, Kind::Frames, "frame-src"),
            (Load::Form, Kind::Forms, "form-action"),
            (Load::Connect, Kind::Connections, "connect-src"),
        ] {
            if !self.open_to_attacker(load) {
                continue;
            }
            let privileged = node && kind != Kind::Connections;
            let severity = if privileged { Severity::Low } else { Severity::Info };
            match self.anywhere(load) {
                Some(culprit) => self.report_once(kind, severity, culprit),
                None if privileged && !unrestricted => {
                    let culprit = self.absent(missing);
                    self.report(kind, severity, culprit);
                }
                None => {}
            }
        }
    }

    fn open_to_attacker(&self, load: Load) -> bool {
        Url::parse(ATTACKER).is_ok_and(|url| self.all_allow(Request::Load(load, &url)))
    }

    /// The first source that lets a load come from or go to any server.
    fn anywhere(&self, load: Load) -> Option<Culprit<'a>> {
        let url = Url::parse(ATTACKER).ok()?;
        let origin = self.origin.clone();
        self.culprit(load.chain(), move |_, token| matches(&token.source, &url, &origin))
    }

    /// The first source of a fallback chain that is what is looked for, in the first policy that has one.
    fn culprit(&self, chain: &[&str], is: impl Fn(&Directive, &Token) -> bool) -> Option<Culprit<'a>> {
        let found = self.sources(chain).into_iter().find(|(_, list, token)| is(list, token));
        found.map(|(policy, list, token)| Culprit {
            tentative: list.templated || self.others_templated(policy),
            ..self.token(policy, list, token)
        })
    }

    /// All sources of a fallback chain, with the policies and directives they stand in.
    fn sources(&self, chain: &[&str]) -> Vec<(usize, &'a Directive, &'a Token)> {
        let lists = self.held.iter().filter_map(|(index, policy)| Some((*index, policy.first_of(chain)?)));
        let sources = |(index, list): (usize, &'a Directive)| {
            list.tokens.iter().take(MOST_SOURCES).map(move |token| (index, list, token))
        };
        lists.flat_map(sources).collect()
    }

    fn missing(&self, chain: &[&str]) -> bool {
        self.held.iter().all(|(_, policy)| policy.first_of(chain).is_none())
    }

    fn policy(&self, index: usize) -> Option<&'a Policy> {
        self.held.iter().find(|(held, _)| *held == index).map(|(_, policy)| *policy)
    }

    fn all_allow(&self, request: Request<'_>) -> bool {
        self.held.iter().all(|(_, policy)| allowed_by(policy, &self.origin, request))
    }

    fn others_allow(&self, except: usize, request: Request<'_>) -> bool {
        let mut others = self.held.iter().filter(|(index, _)| *index != except);
        others.all(|(_, policy)| allowed_by(policy, &self.origin, request))
    }

    /// Whether another policy may forbid what can be seen to be allowed.
    fn others_templated(&self, except: usize) -> bool {
        self.held.iter().any(|(index, policy)| *index != except && policy.templated)
    }

    fn token(&self, policy: usize, list: &'a Directive, token: &'a Token) -> Culprit<'a> {
        let tentative = self.others_templated(policy);
        Culprit { policy, span: token.span, directive: &list.name, text: &token.text, tentative }
    }

    /// Something that no policy says, at the first policy.
    fn absent(&self, directive: &'a str) -> Culprit<'a> {
        let tentative = self.held.iter().any(|(_, policy)| policy.templated);
        let (policy, span) = self.held.first().map_or((0, (0, 0)), |(index, policy)| (*index, policy.span));
        Culprit { policy, span, directive, text: "", tentative }
    }

    /// Reports unless the same place already has something worse.
    fn report_once(&mut self, kind: Kind, severity: Severity, culprit: Culprit<'_>) {
        if !self.found.iter().any(|found| found.policy == culprit.policy && found.span == culprit.span) {
            self.report(kind, severity, culprit);
        }
    }

    fn report(&mut self, kind: Kind, severity: Severity, culprit: Culprit<'_>) {
        let Culprit { policy, span, directive, text, tentative } = culprit;
        let consequence = consequence(kind, self.page);
        let message = match (text, kind) {
            ("", Kind::ScriptsUnrestricted) => format!("neither script-src nor default-src: {consequence}"),
            ("", _) => format!("no {directive}: {consequence}"),
            _ => format!("`{text}` in {directive}: {consequence}"),
        };
        self.found.push(Judgement {
            kind,
            severity: if self.page.dev { Severity::Info } else { severity },
            tentative,
            policy,
            span,
            directive: directive.to_owned(),
            message,
            help: help(kind, text),
        });
    }
}
