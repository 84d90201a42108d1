//! Content Security Policies that scripts hand out: by headers, and by a build that writes them into pages.

use memchr::memmem;

use super::{App, Window, WindowKind};
use crate::csp::{self, Disposition, Policy};
use crate::link::things::*;
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{Key, Operator, Range, Value};

/// How a policy of a script reaches pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// A response header, put in by `onHeadersReceived`, a protocol handler or a server.
    Header,
    /// A build writes it into the page.
    Built,
}

/// What a script writes for one page: one policy, or all lines of one header, which hold together.
#[derive(Clone, Debug)]
pub struct ScriptPolicy {
    /// How it reaches pages.
    pub reach: Reach,
    /// Its text as policies; `None` where it is not known.
    pub policies: Option<Vec<Policy>>,
    /// Where it is written.
    pub span: Span,
    /// Its texts, in the order of the policies.
    texts: Vec<PolicyText>,
    /// How it is known.
    pub certainty: Certainty,
    /// Only in development.
    pub development: Option<bool>,
}

/// One text of policies.
#[derive(Clone, Copy, Debug)]
struct PolicyText {
    /// How many policies it holds.
    count: usize,
    span: Span,
    /// Where it begins in the file, if it is written as it is read.
    offset: Option<u32>,
}

impl ScriptPolicy {
    /// One whose text is not known.
    pub(super) fn unseen(reach: Reach, span: Span, certainty: Certainty) -> Self {
        Self { reach, policies: None, span, texts: Vec::new(), certainty, development: None }
    }

    /// A range of the text of one of its policies as a span, or the whole where it cannot be told.
    pub fn place(&self, policy: usize, range: (u32, u32)) -> Span {
        let mut first = 0;
        let of_policy = |text: &&PolicyText| {
            first += text.count;
            policy < first
        };
        match self.texts.iter().find(of_policy) {
            Some(PolicyText { span, offset: Some(offset), .. }) => {
                Span { start: offset + range.0, end: offset + range.1, ..*span }
            }
            Some(text) => text.span,
            None => self.span,
        }
    }

    /// The lines of one header as what they are together, each given as what it may be: one policy for each way in which they come together.
    /// Where there are too many, or a line is not known, they are only tentative.
    fn together(lines: Vec<Vec<Self>>) -> Vec<Self> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|line| line.iter().all(|policy| policy.policies.is_some()));
        let mut ways: Vec<Self> = Vec::new();
        let mut certain = if unknown.is_empty() { Certainty::Certain } else { Certainty::Tentative };
        for (index, line) in known.into_iter().enumerate() {
            if index == 0 {
                ways = line;
                continue;
            }
            if ways.len() * line.len() > MOST_WAYS {
                certain = Certainty::Tentative;
                continue;
            }
            ways = ways.iter().flat_map(|way| line.iter().filter_map(|line| way.with(line))).collect();
        }
        for way in &mut ways {
            way.certainty = way.certainty.min(certain);
        }
        ways.extend(unknown.into_iter().flatten());
        ways
    }

    /// With another line of its header; none where the two never come together.
    fn with(&self, line: &Self) -> Option<Self> {
        let development = match (self.development, line.development) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        Some(Self {
            policies: self.policies.as_ref().zip(line.policies.as_ref()).map(|(all, line)| [&all[..], line].concat()),
            texts: [&self.texts[..], &line.texts].concat(),
            certainty: self.certainty.min(line.certainty),
            development,
            ..*self
        })
    }
}

const ENFORCED: &str = "content-security-policy";
const REPORTED: &str = "content-security-policy-report-only";

/// Ways in which the lines of one header come together that are told apart.
const MOST_WAYS: usize = 8;

/// Policies of one script around which a test is looked for.
const MOST_LOOKS: usize = 64;

/// Addresses of pages that are the browser's.
const BROWSER: [&str; 4] = ["devtools:", "chrome-devtools:", "chrome-extension:", "chrome:"];

/// Packages that write a policy of their own into pages or headers, by the call that does it.
const WRITERS: [&str; 10] = [
    "electron-util.setContentSecurityPolicy",
    "csp-html-webpack-plugin",
    "csp-html-webpack-plugin.default",
    "strict-csp-html-webpack-plugin",
    "vite-plugin-csp",
    "vite-plugin-csp.default",
    "vite-plugin-csp-guard",
    "vite-plugin-csp-guard.default",
    "helmet",
    "helmet.contentSecurityPolicy",
];

/// Whether a text names the header in quotes.
pub(super) fn names_policy(text: &str) -> bool {
    // Searched for by the part that is written alike, whether words begin with a capital or not.
    const BEFORE: usize = "\"content-s".len();
    let text = text.as_bytes();
    let mut parts = memmem::find_iter(text, b"ecurity-").chain(memmem::find_iter(text, b"ECURITY-"));
    parts.any(|at| {
        let from = at.checked_sub(BEFORE);
        from.and_then(|from| text.get(from..from + 1 + ENFORCED.len())).is_some_and(|word| {
            matches!(word.split_first(), Some((b'"' | b'\'' | b'`' | b'=', name))
                if name.eq_ignore_ascii_case(ENFORCED.as_bytes()))
        })
    })
}

impl App<'_> {
    /// Whether any file of the app names the header in quotes, as scripts, pages and templates of every kind do.
    pub fn names_policy(&self) -> bool {
        self.sources.files.iter().any(|file| names_policy(&file.text.content))
    }

    /// Every policy that scripts write under the header's name, whatever its case: as a property, by an assignment, or by a call
    /// such as `setHeader`.
    pub fn script_policies(&self) -> Vec<ScriptPolicy> {
        let mut found = Vec::new();
        let of_guests = self.listeners_of_guests();
        for unit in self.program.unit_ids() {
            self.policies_of_build(unit, &mut found);
            let summary = self.program.summary(unit);
            if !summary.strings.iter().any(|text| disposition(text).is_some()) {
                continue;
            }
            let mut looked_around = 0;
            for property in &summary.properties {
                let name = match property.key {
                    Key::Name(name) => Some(summary.str(name).to_owned()),
                    Key::Computed(key) => self.constant(V(unit, key)).and_then(|known| known.text().map(str::to_owned)),
                    Key::Spread => None,
                };
                if let Some(disposition) = name.as_deref().and_then(disposition) {
                    looked_around += 1;
                    let is_of_others = || {
                        self.is_inside(unit, property.span, &of_guests)
                            || self.is_for_browser_pages(unit, property.span)
                    };
                    if looked_around <= MOST_LOOKS && is_of_others() {
                        continue;
                    }
                    self.written(V(unit, property.value), disposition, None, &mut found);
                }
            }
            for write in &summary.writes {
                let name = match write.key {
                    Key::Name(name) => Some(summary.str(name).to_owned()),
                    Key::Computed(key) => self.constant(V(unit, key)).and_then(|known| known.text().map(str::to_owned)),
                    Key::Spread => None,
                };
                if let (Some(disposition), Some(value)) = (name.as_deref().and_then(disposition), write.value) {
                    if self.is_inside(unit, summary.span(value), &of_guests) {
                        continue;
                    }
                    let development = self.program.development_of(unit, write.condition, &Frames::default());
                    self.written(V(unit, value), disposition, development, &mut found);
                }
            }
            self.called(unit, &mut found);
        }
        for api in WRITERS {
            for call in self.calls(api).iter() {
                let is_header = api.starts_with("helmet") || api.starts_with("electron-util");
                let reach = if is_header { Reach::Header } else { Reach::Built };
                found.push(ScriptPolicy::unseen(reach, call.callee_span(self), call.certainty));
            }
        }
        found.sort_by_key(|policy| policy.span);
        found
    }

    /// The listeners of `onHeadersReceived` on sessions in which webviews alone may show something: pages of others, which bring their own
    /// policies, and which one more can only hold closer.
    fn listeners_of_guests(&self) -> Vec<F> {
        let (mut of_guests, mut of_others) = (Vec::new(), Vec::new());
        for call in self.calls("WebRequest.onHeadersReceived").iter().take(MOST_LOOKS) {
            let Some(listener) = self.program.arguments(call.call).last() else { continue };
            let is_of_guests =
                call.receiver.as_ref().is_some_and(|receiver| self.is_session_of_guests(&receiver.origin));
            let list = if is_of_guests { &mut of_guests } else { &mut of_others };
            list.extend(self.functions(V(call.call.0, listener.value)));
        }
        of_guests.retain(|listener| !of_others.contains(listener));
        of_guests
    }

    /// Whether a webview shows something in a session, and no window or view does.
    fn is_session_of_guests(&self, session: &Origin) -> bool {
        let Origin::Partition(name) = session else { return false };
        let may_be = |own: &Origin| match own {
            Origin::Default => false,
            Origin::Partition(own) => name.is_none() || own.is_none() || name == own,
            _ => true,
        };
        let is_own = |window: &Window| {
            matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView)
        };
        let shows = |window: &Window| may_be(&window.session);
        self.windows.iter().any(|window| window.kind == WindowKind::Webview && shows(window))
            && !self.windows.iter().any(|window| is_own(window) && shows(window))
    }

    fn is_inside(&self, unit: UnitId, span: Range, functions: &[F]) -> bool {
        functions.iter().any(|f| {
            let around = self.program.function(*f).span;
            f.0 == unit && around.0 <= span.0 && span.1 <= around.1
        })
    }

    /// Whether what stands here is handed over for the browser's own pages alone: `if (url.startsWith('devtools://')) callback({ … })`.
    fn is_for_browser_pages(&self, unit: UnitId, span: Range) -> bool {
        let summary = self.program.summary(unit);
        let around = summary.calls.iter().filter(|call| call.span.0 <= span.0 && span.1 <= call.span.1);
        let Some(innermost) = around.max_by_key(|call| call.span.0) else { return false };
        let mut conditions = summary.conditions_at(innermost.condition);
        conditions.any(|condition| condition.holds && self.asks_for_browser(V(unit, condition.test)))
    }

    fn asks_for_browser(&self, test: V) -> bool {
        let at = |id| V(test.0, id);
        let (asked, text) = match self.program.value(self.program.behind(test)) {
            Value::Binary(Operator::Equal, left, right) => (left, Some(at(right))),
            Value::Call(call) => {
                let c = C(test.0, call);
                match self.program.value(at(self.program.call(c).callee)) {
                    Value::Member(object, name) if self.program.str(test.0, name) == "startsWith" => {
                        (object, self.program.argument(c, 0))
                    }
                    _ => return false,
                }
            }
            _ => return false,
        };
        let texts = [Some(at(asked)), text].into_iter().flatten().filter_map(|text| self.constant(text));
        texts.into_iter().any(|known| known.text().is_some_and(|text| BROWSER.iter().any(|own| text.starts_with(own))))
    }

    /// `response.setHeader('Content-Security-Policy', value)`, `headers.set`, `headers.append`.
    fn called(&self, unit: UnitId, found: &mut Vec<ScriptPolicy>) {
        let summary = self.program.summary(unit);
        for (index, call) in summary.calls.iter().enumerate() {
            let Some(name) = crate::link::final_name(summary, call.callee).map(|name| summary.str(name)) else {
                continue;
            };
            if !matches!(name, "setHeader" | "set" | "append" | "header" | "appendHeader") {
                continue;
            }
            let c = C(unit, crate::summary::CallId(index as u32));
            let (Some(header), Some(value)) = (self.program.argument(c, 0), self.program.argument(c, 1)) else {
                continue;
            };
            let header = self.constant(header);
            let Some(disposition) = header.as_ref().and_then(Known::text).and_then(disposition) else { continue };
            let development = self.program.development_of(unit, call.condition, &Frames::default());
            self.written(value, disposition, development, found);
        }
    }

    fn written(&self, value: V, disposition: Disposition, development: Option<bool>, found: &mut Vec<ScriptPolicy>) {
        for known in self.eval(value).iter() {
            match &known.thing {
                // Several values of a header are as many policies, and a page obeys all of them.
                Thing::Array(array, frames) => {
                    let Value::Array(list) = self.program.value(*array) else { continue };
                    let mut lines = Vec::new();
                    for item in self.program.summary(array.0).items(list) {
                        let item = V(array.0, item.value);
                        let mut line = Vec::new();
                        for inner in self.program.eval_in(item, frames).iter() {
                            let outer = known.development.or(development);
                            self.add_policy(inner, item, Reach::Header, disposition, outer, &mut line);
                        }
                        lines.push(line);
                    }
                    found.extend(ScriptPolicy::together(lines));
                }
                // HtmlWebpackPlugin: `meta: { 'Content-Security-Policy': { 'http-equiv': …, content: … } }`.
                Thing::Object(object) => {
                    for placed in self.program.property(object, "content", None).values {
                        let at = placed.known.at.unwrap_or(value);
                        self.add_policy(&placed.known, at, Reach::Built, disposition, development, found);
                    }
                }
                Thing::Undefined | Thing::Null | Thing::Bool(_) => {}
                _ => self.add_policy(known, value, Reach::Header, disposition, development, found),
            }
        }
    }

    pub(super) fn add_policy(
        &self,
        known: &Known,
        value: V,
        reach: Reach,
        disposition: Disposition,
        development: Option<bool>,
        found: &mut Vec<ScriptPolicy>,
    ) {
        let (text, templated) = match &known.thing {
            Thing::Text(text) => (Some(text.to_string()), false),
            Thing::Template(parts) => {
                let parts = parts.iter().map(|part| match part {
                    Part::Text(text) => text.to_string(),
                    Part::Hole(..) => "${x}".to_owned(),
                });
                (Some(parts.collect()), true)
            }
            _ => (self.joined_policy(value), true),
        };
        let span = self.span(known.at.filter(|_| known.text().is_some()).unwrap_or(value));
        let offset = match &text {
            Some(text) if !templated => {
                self.text(span).find(text.as_str()).filter(|_| !text.is_empty()).map(|at| span.start + at as u32)
            }
            _ => None,
        };
        let policies = text.map(|text| match reach {
            Reach::Header => csp::parse_header(&text, disposition),
            Reach::Built => vec![csp::parse_meta(&text, true, false, disposition)],
        });
        let policies = policies.filter(|policies| !policies.is_empty());
        found.push(ScriptPolicy {
            reach,
            texts: vec![PolicyText { count: policies.as_ref().map_or(0, Vec::len), span, offset }],
            policies,
            span,
            certainty: known.certainty,
            development: known.development.or(development),
        });
    }

    /// `["default-src 'self'", "img-src *"].join('; ')`.
    fn joined_policy(&self, value: V) -> Option<String> {
        let Value::Call(call) = self.program.value(value) else { return None };
        let c = C(value.0, call);
        let Value::Member(list, name) = self.program.value(V(value.0, self.program.call(c).callee)) else {
            return None;
        };
        if self.program.str(value.0, name) != "join" {
            return None;
        }
        let separator = self.program.argument(c, 0).and_then(|separator| self.constant(separator));
        let separator = separator.as_ref().and_then(Known::text).unwrap_or(",").to_owned();
        let list = self.program.only(V(value.0, list))?;
        let Thing::Array(array, frames) = list.thing else { return None };
        let Value::Array(items) = self.program.value(array) else { return None };
        let texts: Vec<String> = self
            .program
            .summary(array.0)
            .items(items)
            .iter()
            .map(|item| match self.program.eval_in(V(array.0, item.value), &frames).as_ref() {
                [only] => only.text().unwrap_or("${x}").to_owned(),
                _ => "${x}".to_owned(),
            })
            .collect();
        Some(texts.join(&separator))
    }
}

/// What a header of this name does with the policy in it.
pub(super) fn disposition(name: &str) -> Option<Disposition> {
    if name.eq_ignore_ascii_case(ENFORCED) {
        Some(Disposition::Enforce)
    } else if name.eq_ignore_ascii_case(REPORTED) {
        Some(Disposition::Report)
    } else {
        None
    }
}
