//! Electron's part: what the app does, as it is. A rule reports what of it is insecure.

use std::collections::{BTreeMap, BTreeSet};

use electrolint_model::app::Reach;
use electrolint_model::csp::{Disposition, Policy};
use electrolint_model::link::C;
use electrolint_model::source::Span;
use electrolint_policy::manifest::{Channel, Electron, PageCsp, Protocol};

use super::addresses::{file_url, is_scheme, origin_of};
use super::{Draft, Named, Places, below_root};

/// Privileges of a scheme: <https://www.electronjs.org/docs/latest/api/structures/custom-scheme>.
const PRIVILEGES: [&str; 9] = [
    "allowExtensions",
    "allowServiceWorkers",
    "bypassCSP",
    "codeCache",
    "corsEnabled",
    "secure",
    "standard",
    "stream",
    "supportFetchAPI",
];

impl Draft<'_> {
    pub(super) fn electron_part(&mut self) {
        let loads = self.window_loads();
        let electron = Electron {
            version: self.app.electron.is_exact().then(|| self.app.electron.version.to_string()),
            windows: some(self.windows(&loads)),
            webviews: some(self.webviews()),
            permissions: some(self.session_permissions()),
            navigation: some(self.navigation()),
            window_open: some(self.window_open()),
            open_external: self.open_external(),
            ipc: some(self.ipc(&loads)),
            protocols: some(self.protocols()),
            csp: some(self.policies()),
            fuses: some_map(self.fuses()),
        };
        if electron != Electron::default() {
            self.manifest.electron = Some(electron);
        }
    }

    fn ipc(&mut self, loads: &BTreeMap<Option<C>, BTreeSet<String>>) -> Vec<Channel> {
        let app = self.app;
        let senders: BTreeSet<String> = loads.values().flatten().filter_map(|url| origin_of(url, false)).collect();
        let mut found = Named::new();
        for handler in app.ipc_handlers() {
            let span = app.callee_span(handler.call);
            if !self.is_shipped(span, handler.development) {
                continue;
            }
            match handler.event {
                Some(channel) => found.entry(channel).or_default().add(app, span),
                None => self.open("/electron/ipc", span, "ipc-sender-validation", "the channel is not known here"),
            }
        }
        let senders: Vec<String> = senders.into_iter().collect();
        let list = found.into_iter().map(|(channel, places)| Channel {
            channel,
            senders: (!senders.is_empty()).then(|| senders.clone()),
            from: places.list(),
        });
        list.collect()
    }

    fn protocols(&mut self) -> Vec<Protocol> {
        let app = self.app;
        let mut found: BTreeMap<String, (BTreeSet<&str>, Places)> = BTreeMap::new();
        for handler in app.protocol_handlers() {
            let span = app.program.place(handler.function.0, app.program.function(handler.function).span);
            if !self.is_shipped(span, None) {
                continue;
            }
            match handler.scheme.filter(|scheme| is_scheme(scheme)) {
                Some(scheme) => found.entry(scheme).or_default().1.add(app, span),
                None => self.open("/electron/protocols", span, "custom-protocol", "the scheme is not known here"),
            }
        }
        for privilege in PRIVILEGES {
            for given in app.scheme_privileges(privilege) {
                let Some(scheme) = given.scheme.filter(|scheme| is_scheme(scheme)) else { continue };
                if !self.is_shipped(given.span, given.known.development) {
                    continue;
                }
                let (all, places) = found.entry(scheme).or_default();
                places.add(app, given.span);
                if given.known.thing.truthy() == Some(true) {
                    all.insert(privilege);
                }
            }
        }
        let list = found.into_iter().map(|(scheme, (privileges, places))| Protocol {
            scheme,
            privileges: some(privileges.into_iter().map(str::to_owned).collect()),
            from: places.list(),
        });
        list.collect()
    }

    /// Policies of pages, and those that scripts send as headers.
    fn policies(&mut self) -> Vec<PageCsp> {
        let app = self.app;
        let mut found: BTreeMap<(String, String), Places> = BTreeMap::new();
        for page in &app.pages {
            let start = Span { file: page.file, start: 0, end: 0 };
            if !self.is_shipped(start, None) || app.is_component(page) {
                continue;
            }
            let written = page.html.policies.iter().filter(|policy| !policy.report_only);
            for (policy, meta) in electrolint_model::csp::of_page(&page.html).iter().zip(written) {
                let span = Span { file: page.file, start: meta.span.0, end: meta.span.1 };
                if policy.templated {
                    self.open("/electron/csp", span, "content-security-policy", "the build fills this policy in");
                    continue;
                }
                let url = file_url(below_root(self.app, &app.sources.file(page.file).path));
                found.entry((url, one_line(&meta.content))).or_default().add(app, span);
            }
        }
        for written in app.script_policies() {
            if written.development == Some(true) || !self.is_shipped(written.span, None) {
                continue;
            }
            let page = match written.reach {
                Reach::Header => "*",
                Reach::Built => "file:///*",
            };
            let known = written.policies.as_deref().filter(|all| all.iter().all(|policy| !policy.templated));
            match known {
                Some(all) => {
                    for policy in all.iter().filter(|policy| policy.disposition == Disposition::Enforce) {
                        found.entry((page.into(), text_of(policy))).or_default().add(app, written.span);
                    }
                }
                None => self.open(
                    "/electron/csp",
                    written.span,
                    "content-security-policy",
                    "this policy is put together when the app runs",
                ),
            }
        }
        let list = found.into_iter();
        list.map(|((page, policy), places)| PageCsp { page, policy, from: places.list() }).collect()
    }

    fn fuses(&mut self) -> BTreeMap<String, bool> {
        let mut found = BTreeMap::new();
        for flips in self.app.fuse_flips() {
            for flip in &flips.flips {
                match flip.value.thing.truthy().filter(|_| flip.value.development != Some(true)) {
                    Some(value) => drop(found.insert(flip.fuse.name().to_owned(), value)),
                    None => {
                        self.open("/electron/fuses", flip.span, "fuses", "what this fuse is set to is not known here")
                    }
                }
            }
            if flips.unknown {
                self.open("/electron/fuses", flips.span, "fuses", "more may be said of fuses here than is known");
            }
        }
        found
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn some_map(map: BTreeMap<String, bool>) -> Option<BTreeMap<String, bool>> {
    (!map.is_empty()).then_some(map)
}

fn text_of(policy: &Policy) -> String {
    let directive = |d: &electrolint_model::csp::Directive| {
        let mut words = vec![d.name.as_str()];
        words.extend(d.tokens.iter().map(|token| token.text.as_str()));
        words.join(" ")
    };
    policy.directives.iter().map(directive).collect::<Vec<_>>().join("; ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
