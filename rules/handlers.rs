//! What the rules about missing handlers share: which windows a handler covers, and how bad it is that one has none.

use electrolint_model::app::checks::{Judged, LONGER_SCHEME, Strength};
use electrolint_model::app::platforms::Platforms;
use electrolint_model::app::sources::{Reach, SourceKind};
use electrolint_model::app::{Content, Listener, Load, WebviewElement, Window, WindowKind};
use electrolint_model::electron::preferences::Value;
use electrolint_model::link::things::{Certainty, Origin, Part, Thing};
use electrolint_model::source::{FOREIGN_SCRIPT, Span};

use crate::{Context, Severity};

/// Windows that one finding names besides the worst.
pub(crate) const MOST_OTHERS: usize = 12;

/// Windows that navigate, open windows and ask for permissions: not those that a development build alone makes.
pub(crate) fn windows<'c>(cx: &'c Context) -> Vec<&'c Window> {
    cx.app
        .windows
        .iter()
        .filter(|window| !matches!(window.kind, WindowKind::Override | WindowKind::Attach | WindowKind::Features))
        .filter(|window| window.development != Some(true))
        .filter(|window| !cx.app.is_separate_file(window.span.file))
        .filter(|window| !shows_chromium_only(cx, window))
        .collect()
}

/// Whether something leads to the script in which a window is made: what is missing is told at such a window, where there is one.
pub(crate) fn is_led_to(cx: &Context, window: &Window) -> bool {
    !cx.app.is_forgotten(window.span.file)
}

/// Where a weak check of a handler is told: where the handler asks, which may be a function for addresses that others ask too.
pub(crate) fn place(cx: &Context, check: &Judged, listener: &Listener) -> Span {
    check.asked.or(check.span).unwrap_or_else(|| cx.app.callee_span(listener.call))
}

/// Whether a check holds the scheme alone, or what begins like it: no page gets to a scheme that only begins like `https:`.
pub(crate) fn is_about_scheme(check: &Judged) -> bool {
    check.strength == Strength::Scheme || check.why == Some(LONGER_SCHEME)
}

/// The check itself, where another place is told.
pub(crate) fn behind(check: &Judged) -> Option<(Span, &'static str)> {
    check.span.filter(|_| check.asked.is_some()).map(|span| (span, "this check decides"))
}

/// The element that a window is, if it is a `<webview>` of a page.
pub(crate) fn webview_of<'c>(cx: &'c Context, window: &Window) -> Option<&'c WebviewElement> {
    let mut elements = cx.app.webviews();
    elements.find(|element| window.kind == WindowKind::Webview && element.span == window.span)
}

/// Whether only pages of Chromium's own are loaded into a window, such as `chrome://webrtc-internals`: they lead nowhere.
pub(crate) fn shows_chromium_only(cx: &Context, window: &Window) -> bool {
    let app = cx.app;
    let mut loads = app.loads().iter().filter(|load| window.is_made_with(&load.window));
    let is_chromium = |load: &Load| {
        let is_page = |head: &str| head.starts_with("chrome://") || head.starts_with("devtools://");
        load.url.is_some_and(|url| {
            let pages = app.loaded_addresses(url);
            !pages.is_empty() && pages.iter().all(|known| known.thing.head().is_some_and(|(head, _)| is_page(head)))
        })
    };
    loads.clone().next().is_some() && loads.all(is_chromium)
}

/// Whether a handler set on this object holds for this window.
pub(crate) fn covers(listener: &Listener, window: &Window) -> bool {
    if listener.development == Some(true) || listener.once {
        return false;
    }
    let guest = window.kind == WindowKind::Webview;
    match listener.receiver.as_ref().map(|host| &host.origin) {
        Some(Origin::Every) => true,
        Some(origin @ Origin::Created(..)) => window.is_made_with(origin),
        Some(Origin::Guest) => guest,
        // One that cannot be told: taken for the one in question, for nothing says that it is another.
        Some(_) | None => !guest,
    }
}

/// The call of a function that makes several windows by which this one is made.
pub(crate) fn made_by(cx: &Context, window: &Window) -> Option<(Span, &'static str)> {
    window.by.map(|by| (cx.app.callee_span(by), "the function is called here for it"))
}

/// Whether handlers, of those that cover a window, are set on every platform on which the window is made; if not, the test by which
/// one is set on some platforms only.
pub(crate) fn on_all_platforms<'l>(
    cx: &Context,
    window: &Window,
    covering: impl Iterator<Item = &'l Listener>,
) -> Result<(), Option<Span>> {
    let made = || window.call.map_or(Platforms::ALL, |call| cx.app.platforms_of_callers(call));
    let (mut platforms, mut test) = (Platforms::NONE, None);
    for listener in covering {
        let (found, span) = cx.app.platforms_of(listener.call);
        platforms = platforms.or(found);
        test = test.or(span);
        if platforms.cover(Platforms::ALL) || span.is_some() && platforms.cover(made()) {
            return Ok(());
        }
    }
    Err(test)
}

/// What is said of such a test.
pub(crate) const ON_SOME_PLATFORMS: &str = "a handler is set on this platform only";

/// How bad a missing protection is for a window: by what it may do and what it shows.
pub(crate) fn severity(cx: &Context, window: &Window) -> Severity {
    let preferences = window.effective(cx.app);
    let node = preferences.node_integration_effective() == Value::Known(true);
    let isolated = preferences.context_isolation.value != Value::Known(false);
    match content(cx, window) {
        _ if node || !isolated => Severity::Medium,
        Content::Remote | Content::Unknown => Severity::Medium,
        _ => Severity::Low,
    }
}

/// The worst content that a window shows in the shipped app.
pub(crate) fn content(cx: &Context, window: &Window) -> Content {
    if window.kind == WindowKind::Webview {
        return Content::Remote;
    }
    let mut worst = Content::Local;
    let mut loads = 0;
    let is_of_forgotten = |load: &Load| is_led_to(cx, window) && cx.app.is_forgotten(load.span.file);
    for load in cx.app.loads() {
        let same = match &load.window {
            origin @ Origin::Created(..) => window.is_made_with(origin),
            _ => true,
        };
        if !same || load.development == Some(true) || cx.app.is_separate_program(load.call.0) || is_of_forgotten(load) {
            continue;
        }
        loads += 1;
        if load.is_file {
            continue;
        }
        let Some(url) = load.url else { continue };
        let contents = cx.app.loaded_addresses(url).iter().map(|known| cx.app.content(known)).max();
        worst = worst.max(contents.unwrap_or(Content::Local));
    }
    if loads == 0 { Content::Unknown } else { worst }
}

/// How sure it is that something is absent: as sure as what was read.
pub(crate) fn absence(cx: &Context) -> Certainty {
    use electrolint_model::problem::{Problem, ProblemKind};
    let app = cx.app;
    let lost = app.problems.iter().any(|problem| {
        matches!(
            problem.kind,
            ProblemKind::FileTooLarge
                | ProblemKind::TooDeep
                | ProblemKind::Unreadable
                | ProblemKind::LimitReached
                | ProblemKind::Internal
        )
    });
    let is_script =
        |path: &str| path.ends_with('s') && ![".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| path.ends_with(ending));
    // What the app never gets to, where its start is known, sets no handler of it.
    let is_reached = |path: &str| {
        let unit = app.sources.find(path).and_then(|file| app.program.unit_of(file));
        app.start_script().is_none() || unit.is_some_and(|unit| app.entries().reached.contains(&unit))
    };
    let is_broken = |problem: &Problem| problem.kind == ProblemKind::ParseError && is_script(&problem.path);
    let lost = lost || app.problems.iter().any(|problem| is_broken(problem) && is_reached(&problem.path));
    // A handler may be written in CoffeeScript.
    let lost = lost || app.sources.omitted.iter().any(|omitted| omitted.reason == FOREIGN_SCRIPT);
    if lost { Certainty::Tentative } else { Certainty::Firm }
}

/// Whether a window is made where something is loaded into it.
pub(crate) fn is_made_for(cx: &Context, load: &Load, window: &Window) -> bool {
    let function = |call| cx.app.program.call(call).function;
    window.call.is_some_and(|made| made.0 == load.call.0 && function(made) == function(load.call))
}

/// What the app loads itself, into windows that count, of what a page opens: the load, the window, and the way from there.
pub(crate) fn loads_of_opened<'a>(
    cx: &'a Context,
    counts: impl Fn(&Load, &Window) -> bool,
) -> Vec<(&'a Load, &'a Window, Reach)> {
    let app = cx.app;
    let mut entries = app.entry_functions();
    entries.retain(|_, kind| *kind == SourceKind::WindowOpen);
    if entries.is_empty() {
        return Vec::new();
    }
    let way = |load: &'a Load| {
        let url = load.url.filter(|_| !load.is_file)?;
        let window = app.window_of(load).filter(|window| counts(load, window))?;
        let reaches = app.reaches(load.call, url, &entries, &leads_to_its_own_server, Strength::Host);
        let opened = |reach: &Reach| reach.origin.kind == SourceKind::WindowOpen && !reach.opaque;
        Some((load, window, reaches.into_iter().find(opened)?))
    };
    app.loads().iter().filter_map(way).collect()
}

/// An address of the app's own, or one whose server is closed before anything unknown follows.
fn leads_to_its_own_server(thing: &Thing) -> bool {
    match thing {
        Thing::Unknown(_) | Thing::Result(..) | Thing::Api(_) => false,
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(head)) => {
                head.split_once("://").is_some_and(|(scheme, rest)| rest.contains('/') || scheme == "file")
            }
            _ => false,
        },
        _ => true,
    }
}
