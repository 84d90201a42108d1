//! Pages without a policy, and policies that let through what they should stop.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use electrolint_model::app::{self, Load, Page, Reach, ScriptPolicy};
use electrolint_model::csp::{self, Judgement, PageContext, PageUrl, Policy, Severity as Weight};
use electrolint_model::electron::preferences::Value;
use electrolint_model::electron::releases::Data;
use electrolint_model::html::{Offsets, ScriptKind};
use electrolint_model::link::V;
use electrolint_model::link::things::{Certainty, Known, Thing};
use electrolint_model::source::{FileId, Span};
use electrolint_model::web_url::scheme_of;

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A page runs script that nobody meant it to run.
    ///
    /// A Content Security Policy names the scripts that a page may run. Without one, or with one that allows inline script or any
    /// server, each piece of markup that finds its way into the page can bring its own script, which then does what the window may
    /// do. Write `script-src 'self'` and keep scripts in files of their own.
    ///
    /// What a server sends is the policy of its own pages: a listener of `onHeadersReceived` that deletes the header takes it away from
    /// every page of the session, and with it what holds script that somebody wrote into one. Change the directive that is in the way,
    /// for the one page that needs it.
    ///
    /// A file has no headers: for a page over `file:` write the policy in a `<meta>` of the page. Below Electron 9 no header reaches
    /// such a page; since then requests for files pass through `webRequest` too, and a header that is put there may hold.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow().loadFile('index.html');
    /// new BrowserWindow().loadFile('settings.html');
    /// new BrowserWindow().loadFile('about.html');
    /// ```
    ///
    /// ```html
    /// <!-- file: index.html -->
    /// <head></head> <!--~ content-security-policy -->
    /// <!-- file: settings.html -->
    /// <head>
    /// <meta http-equiv="Content-Security-Policy" content="script-src 'self' 'unsafe-inline'"> <!--~ content-security-policy -->
    /// </head>
    /// <!-- file: about.html -->
    /// <head>
    /// <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; frame-src 'none'; form-action 'none'">
    /// </head>
    /// ```
    pub(crate) static RULE = {
        id: "content-security-policy",
        severity: Severity::Medium,
        items: ["S6", "E7"],
        cwe: ["CWE-1021", "CWE-693"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#7-define-a-content-security-policy",
    }
}

/// Languages of one page that are named beside it.
const MOST_LANGUAGES: usize = 32;

fn check(cx: &Context, findings: &mut Findings) {
    let written = cx.app.script_policies();
    let pages = in_all_languages(cx, pages(cx));
    for page in &pages {
        in_page(cx, findings, page, &written);
    }
    if pages.is_empty() && written.is_empty() {
        made_elsewhere(cx, findings);
    }
    headers(cx, findings, &written);
    for removed in cx.app.removed_policies() {
        let _ = findings
            .report(&RULE, removed.span, "the Content Security Policy that servers send is taken away")
            .severity(if removed.is_filtered { Severity::Low } else { Severity::Medium })
            .at_most(Confidence::Firm)
            .gain("Markup that somebody gets into a page of a server runs as script there, which the server's policy would have stopped.")
            .help("Leave the header as it is, or change the one directive that is in the way, for the page that needs it.")
            .symbol("removed")
            .development(removed.development);
    }
}

/// A page of the app's that a build makes, without any policy in what it is made of: no page was read, and no file names one.
fn made_elsewhere(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    // Whatever order the alternatives stand in: all of them lead to the app.
    let is_own = |url: V| {
        let values = app.eval(url);
        let mut shipped = values.iter().filter(|known| known.development != Some(true)).peekable();
        shipped.peek().is_some()
            && shipped.all(|known| match url_of_value(known) {
                Some(PageUrl::File) => true,
                Some(PageUrl::Custom(scheme)) => app.own_schemes().contains(&scheme) || scheme == "app",
                Some(PageUrl::Http(_) | PageUrl::Unknown) | None => false,
            })
    };
    let is_made = |load: &&Load| {
        load.development != Some(true)
            && app.is_own(load.span)
            && runs_scripts(cx, std::slice::from_ref(*load))
            && (load.is_file || load.url.is_some_and(is_own))
    };
    let Some(load) = app.loads().iter().find(is_made) else { return };
    if app.names_policy() {
        return;
    }
    let _ = findings
        .report(&RULE, load.span, "this page is not among the sources, and nothing writes a Content Security Policy for it")
        .severity(Severity::Medium)
        .known(load.certainty)
        .at_most(Confidence::Tentative)
        .gain("Markup that reaches this page runs as script, from any server.")
        .help("Put `<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\">` into the template of the page.")
        .symbol("policy")
        .app_wide();
}

/// A page that the app shows, and how.
struct Shown<'a> {
    page: &'a Page,
    loads: Vec<Load>,
    confidence: Confidence,
    /// The same page in other languages, with the same policies.
    others: Vec<FileId>,
}

/// Pages that a window shows in place of another, in another language, are told with that one.
fn in_all_languages<'a>(cx: &Context, pages: Vec<Shown<'a>>) -> Vec<Shown<'a>> {
    let app = cx.app;
    let mut kept: Vec<Shown> = Vec::new();
    let mut places: BTreeMap<(String, Vec<&str>, Confidence, bool), usize> = BTreeMap::new();
    for shown in pages {
        let Some(path) = app.path_in_any_language(shown.page.file) else {
            kept.push(shown);
            continue;
        };
        let policies = shown.page.html.policies.iter().map(|policy| &*policy.content).collect();
        match places.entry((path, policies, shown.confidence, app.page_has_node(shown.page))) {
            Entry::Occupied(first) => kept[*first.get()].others.push(shown.page.file),
            Entry::Vacant(first) => {
                first.insert(kept.len());
                kept.push(shown);
            }
        }
    }
    kept
}

/// The pages that windows load; where no load leads to a page that was read, those with which a server of the app's answers for sure, and
/// every other page with scripts.
fn pages<'a>(cx: &'a Context) -> Vec<Shown<'a>> {
    let own = cx.app.pages.iter().filter(|page| cx.app.is_own(Span { file: page.file, start: 0, end: 0 }));
    let own = own.filter(|page| !cx.app.is_component(page));
    let (loaded, other): (Vec<Shown>, Vec<Shown>) = own
        .map(|page| Shown { page, loads: cx.app.loads_of(page), confidence: Confidence::Firm, others: Vec::new() })
        .filter(|shown| runs_scripts(cx, &shown.loads))
        .partition(|shown| !shown.loads.is_empty());
    if !loaded.is_empty() {
        return loaded;
    }
    let (documents, parts): (Vec<Shown>, Vec<Shown>) = other
        .into_iter()
        .filter(|shown| has_scripts(cx, shown.page) && cx.app.shown(shown.page) != app::Shown::Beside)
        .partition(|shown| cx.app.is_document(shown.page));
    let mut candidates = if documents.is_empty() { parts } else { documents };
    if candidates.len() > 1 {
        for candidate in candidates.iter_mut().filter(|shown| cx.app.shown(shown.page) != app::Shown::Loaded) {
            candidate.confidence = Confidence::Tentative;
        }
    }
    candidates
}

/// Whether a window that shows a page runs its scripts: not with `javascript: false`.
fn runs_scripts(cx: &Context, loads: &[Load]) -> bool {
    let runs = |load: &Load| cx.app.window_of(load).is_none_or(|window| window.runs_scripts(cx.app));
    loads.is_empty() || loads.iter().any(runs)
}

/// Whether a page, or what it takes in, has scripts.
fn has_scripts(cx: &Context, page: &Page) -> bool {
    let has = |page: &Page| {
        page.html.scripts.iter().any(|script| matches!(script.kind, ScriptKind::Classic | ScriptKind::Module))
            || page.html.elements.iter().any(|element| element.handlers().next().is_some())
    };
    has(page) || cx.app.parts_of(page).any(has)
}

fn in_page(cx: &Context, findings: &mut Findings, shown: &Shown, written: &[ScriptPolicy]) {
    let app = cx.app;
    let file = shown.page.file;
    let text = &app.sources.file(file).text.content;
    let context = context(cx, shown);
    let own = csp::of_page(&shown.page.html);
    let reaches = |policy: &&ScriptPolicy| {
        policy.development != Some(true)
            && match policy.reach {
                Reach::Built => true,
                Reach::Header => context.url != PageUrl::File,
            }
    };
    let others: Vec<&ScriptPolicy> = written.iter().filter(reaches).collect();
    // A policy that a build fills in says nothing here: a hole of a template, or nothing at all beside the package that writes it.
    let is_built = others.iter().any(|policy| policy.reach == Reach::Built && policy.policies.is_none());
    let filled_in = |policy: &Policy| policy.directives.is_empty() && (policy.templated || is_built);
    let unseen = others.iter().any(|policy| policy.policies.is_none()) || own.iter().any(filled_in);
    let taken_in: Vec<Policy> = app.parts_of(shown.page).flat_map(|part| csp::of_page(&part.html)).collect();
    let holds = own.iter().chain(&taken_in).chain(others.iter().flat_map(|policy| policy.policies.iter().flatten())).any(Policy::holds);
    if !holds && !unseen {
        absent(cx, findings, shown, &context, written);
    }
    // All policies of the page together: an attack is open only when each lets it through.
    let mut all = own;
    let count = all.len();
    all.extend(others.iter().flat_map(|policy| policy.policies.iter().flatten().cloned()));
    for judgement in worst(csp::judge(&all, &context)) {
        let Some(meta) = shown.page.html.policies.get(judgement.policy).filter(|_| judgement.policy < count) else {
            continue;
        };
        if all.get(judgement.policy).is_some_and(filled_in) {
            continue;
        }
        let attribute = shown.page.html.element(meta.element).and_then(|element| element.attribute("content"));
        let range = attribute.map_or(meta.span, |attribute| {
            Offsets::of(text, attribute).span(judgement.span.0 as usize..judgement.span.1 as usize)
        });
        let span = Span { file, start: range.0, end: range.1 };
        let confidence = if unseen { Confidence::Tentative } else { Confidence::Certain };
        report(findings, &judgement, span, confidence, Certainty::Certain, None, "meta");
    }
}

/// The page has no policy that holds.
fn absent(cx: &Context, findings: &mut Findings, shown: &Shown, context: &PageContext, written: &[ScriptPolicy]) {
    let app = cx.app;
    let file = shown.page.file;
    let text = &app.sources.file(file).text.content;
    let head = text.as_bytes().windows(5).position(|tag| tag.eq_ignore_ascii_case(b"<head")).map_or(0, |at| at as u32);
    let end = if head == 0 && !text.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("<head")) { 0 } else { head + 5 };
    let header = written.iter().find(|policy| policy.reach == Reach::Header && policy.development != Some(true));
    let is_file = context.url == PageUrl::File;
    let message = match header {
        Some(_) if is_file && may_reach_files(cx) => "this page has no Content Security Policy but a header, and is loaded from a file",
        Some(_) if is_file => "no Content Security Policy reaches this page: a header does not reach `file:`",
        _ => "this page has no Content Security Policy",
    };
    let severity = if context.node == Some(true) { Severity::High } else { Severity::Medium };
    let gain = if context.node == Some(true) {
        "Markup that reaches this page runs as script, with Node: programs of an attacker's choice."
    } else {
        "Markup that reaches this page runs as script, from any server."
    };
    // Where the page comes from is not known, or it is one that a header may reach.
    let unsure = header.is_some() && (context.url == PageUrl::Unknown || is_file && may_reach_files(cx));
    let mut report = findings
        .report(&RULE, Span { file, start: head, end }, message)
        .severity(severity)
        .at_most(shown.confidence)
        .at_most(if unsure { Confidence::Tentative } else { Confidence::Firm })
        .gain(gain)
        .help("Put `<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\">` first into the head.")
        .symbol("policy");
    let surest = shown.loads.iter().rev().max_by_key(|load| load.certainty);
    if let Some(load) = surest {
        report = report.known(load.certainty).related(load.span, "the page is loaded here");
    }
    if let Some(header) = header {
        report = report.related(header.span, "the header is written here");
    }
    for &file in shown.others.iter().take(MOST_LANGUAGES) {
        report = report.related(Span { file, start: 0, end: 0 }, "in another language it has none either");
    }
    if shown.loads.iter().all(|load| load.development == Some(true)) && !shown.loads.is_empty() {
        report = report.development(Some(true));
    }
    let _ = report;
}

/// Whether what a listener of `onHeadersReceived` writes may reach pages over `file:`: since Electron 9 requests for files pass through
/// `webRequest` (<https://github.com/electron/electron/pull/22903>), though the tutorial says that they do not.
fn may_reach_files(cx: &Context) -> bool {
    cx.app.electron.version.major >= 9
}

/// Policies in headers and builds, each judged where it is written.
fn headers(cx: &Context, findings: &mut Findings, written: &[ScriptPolicy]) {
    let chromium_major = chromium(cx);
    for policy in written {
        let Some(policies) = &policy.policies else { continue };
        // What is shown in a sandbox is somebody else's, and has no page of the app's to harm.
        let of_scripts = |policy: &Policy| policy.first_of(&["script-src", "default-src"]).is_some();
        if policies.iter().any(|policy| policy.directive("sandbox").is_some()) && !policies.iter().any(of_scripts) {
            continue;
        }
        let context = PageContext {
            chromium_major,
            dev: policy.development == Some(true),
            url: PageUrl::Unknown,
            ..PageContext::default()
        };
        for judgement in worst(csp::judge(policies, &context)) {
            if policies.get(judgement.policy).is_some_and(|policy| policy.templated && policy.directives.is_empty()) {
                continue;
            }
            let span = policy.place(judgement.policy, judgement.span);
            let certainty = policy.certainty;
            report(findings, &judgement, span, Confidence::Firm, certainty, policy.development, "header");
        }
    }
}

/// The worst of what is said of one place.
fn worst(judgements: Vec<Judgement>) -> Vec<Judgement> {
    let mut kept: Vec<Judgement> = Vec::new();
    for judgement in judgements {
        match kept.iter_mut().find(|other| other.policy == judgement.policy && other.span == judgement.span) {
            Some(other) if other.severity < judgement.severity => *other = judgement,
            Some(_) => {}
            None => kept.push(judgement),
        }
    }
    kept
}

fn report(
    findings: &mut Findings,
    judgement: &Judgement,
    span: Span,
    confidence: Confidence,
    certainty: Certainty,
    development: Option<bool>,
    symbol: &str,
) {
    let severity = match judgement.severity {
        Weight::High => Severity::High,
        Weight::Medium => Severity::Medium,
        Weight::Low => Severity::Low,
        Weight::Info => Severity::Info,
    };
    let _ = findings
        .report(&RULE, span, judgement.message.clone())
        .severity(severity)
        .known(certainty)
        .at_most(if judgement.tentative { Confidence::Tentative } else { confidence })
        .gain(if judgement.kind.is_hygiene() { "" } else { "Script that the app did not bring runs in this window." })
        .help(judgement.help.clone())
        .symbol(format!("{symbol}.{}.{:?}", judgement.directive, judgement.kind))
        .development(development);
}

fn chromium(cx: &Context) -> Option<u32> {
    Data::current().chromium(&cx.app.electron.version)?.split('.').next()?.parse().ok()
}

fn context(cx: &Context, shown: &Shown) -> PageContext {
    let app = cx.app;
    let setting = |key: &str| {
        let windows = shown.loads.iter().filter_map(|load| app.window_of(load));
        let mut values = windows.flat_map(|window| window.settings(app, key)).filter_map(|fact| match fact.value {
            Value::Known(value) if fact.development != Some(true) => Some(value),
            _ => None,
        });
        values.next()
    };
    let shipped = shown.loads.iter().find(|load| load.development != Some(true)).or(shown.loads.first());
    PageContext {
        node: Some(app.page_has_node(shown.page)),
        context_isolation: setting("contextIsolation"),
        url: shipped.map_or(PageUrl::Unknown, |load| url_of(cx, load)),
        plugins: setting("plugins"),
        chromium_major: chromium(cx),
        dev: app.sources.file(shown.page.file).path.contains(".dev."),
        relative_scripts: shown.page.html.scripts.iter().any(|script| {
            script.src.as_deref().is_some_and(|src| scheme_of(src).is_none() && !src.starts_with("//"))
        }),
    }
}

/// Where a page comes from, by its load.
fn url_of(cx: &Context, load: &Load) -> PageUrl {
    if load.is_file {
        return PageUrl::File;
    }
    let Some(url) = load.url else { return PageUrl::Unknown };
    let values = cx.app.eval(url);
    let mut shipped = values.iter().filter(|known| known.development != Some(true));
    shipped.find_map(url_of_value).unwrap_or(PageUrl::Unknown)
}

fn url_of_value(known: &Known) -> Option<PageUrl> {
    if matches!(&known.thing, Thing::Result(path, _) if matches!(&**path, "url.pathToFileURL" | "url.format")) {
        return Some(PageUrl::File);
    }
    let (head, _) = known.thing.head()?;
    Some(match scheme_of(head).as_deref() {
        Some("file") => PageUrl::File,
        Some("http" | "https") => PageUrl::Http(head.to_owned()),
        Some(scheme) => PageUrl::Custom(scheme.to_owned()),
        None => PageUrl::File,
    })
}
