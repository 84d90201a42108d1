//! Pages: HTML files, and markup that scripts hold.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{App, Content};
use crate::html::{self, Html};
use crate::link::things::*;
use crate::link::{C, UnitId, V};
use crate::source::{FileId, Span};
use crate::summary::{CallId, CallKind, Key, Node, Summary, Value, ValueId};

/// Changes of one webview by scripts that are looked at.
const MOST_CHANGES: usize = 256;

/// Webviews of pages that are looked at, and as many of scripts.
const MOST_WEBVIEWS: usize = 500;

/// An HTML file.
#[derive(Clone, Debug)]
pub struct Page {
    /// The file.
    pub file: FileId,
    /// What it holds.
    pub html: Arc<Html>,
    /// Its inline scripts.
    pub scripts: Vec<UnitId>,
    /// Its webviews.
    pub webviews: Vec<WebviewElement>,
}

/// Markup in a string or template of a script.
#[derive(Clone, Debug)]
pub struct Markup {
    /// The text.
    pub value: V,
    /// The whole literal.
    pub span: Span,
    /// What it holds; its spans count from the start of the text.
    pub html: Html,
    /// Where the text starts in the file, if it is written as it is read.
    pub offset: Option<u32>,
}

impl Markup {
    /// A range of the markup as a span, or the whole literal where it cannot be told.
    pub fn place(&self, range: (u32, u32)) -> Span {
        match self.offset {
            Some(offset) => Span { file: self.span.file, start: offset + range.0, end: offset + range.1 },
            None => self.span,
        }
    }
}

/// An attribute of a webview, written in whatever way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebviewAttribute {
    /// Its name in lower case.
    pub name: String,
    /// Its value; `None` for a bare name.
    pub value: Option<String>,
    /// What it is set to is not known; it may not be there.
    pub unknown: bool,
    /// The attribute.
    pub span: Span,
}

/// A `<webview>`: in a page, in JSX, in markup of a script, or made by a call.
#[derive(Clone, Debug)]
pub struct WebviewElement {
    /// The file.
    pub file: FileId,
    /// A small span: the tag's name.
    pub span: Span,
    /// Its place among the webviews of its file.
    pub index: usize,
    /// Its attributes; the last of a name counts where a script sets them, the first in a page.
    pub attributes: Vec<WebviewAttribute>,
    /// The call that makes it.
    pub call: Option<C>,
    /// It takes attributes from somewhere that is not known.
    pub spread: bool,
    /// How sure it is.
    pub certainty: Certainty,
}

pub(super) fn read(app: &App, pages: Vec<(FileId, Arc<Html>, Range<u32>)>) -> Vec<Page> {
    let mut left = MOST_WEBVIEWS;
    pages
        .into_iter()
        .map(|(file, html, scripts)| {
            let elements = html.webviews().enumerate();
            let mut webviews: Vec<WebviewElement> =
                elements.take(left + 1).map(|(index, element)| from_html(file, 0, index, element, None)).collect();
            app.bound(&mut webviews, left);
            left -= webviews.len();
            Page { file, webviews, html, scripts: scripts.map(UnitId).collect() }
        })
        .collect()
}

fn from_html(file: FileId, offset: u32, index: usize, element: &html::Element, whole: Option<Span>) -> WebviewElement {
    let place = |range: (u32, u32)| whole.unwrap_or(Span { file, start: offset + range.0, end: offset + range.1 });
    let mut attributes: Vec<WebviewAttribute> = Vec::new();
    for attribute in &element.attributes {
        // Vue: `:allowpopups="false"` takes the attribute away, `:allowpopups="true"` sets it.
        let bound = attribute.name.strip_prefix(':').or_else(|| attribute.name.strip_prefix("v-bind:"));
        let (name, value, unknown) = match (bound, attribute.value.as_deref()) {
            (Some(_), Some("false" | "undefined" | "null")) => continue,
            (Some(name), Some("true")) => (name.to_owned(), None, false),
            (Some(name), _) => (name.to_owned(), None, true),
            (None, value) => (attribute.name.clone(), value.map(str::to_owned), attribute.templated),
        };
        if name.starts_with("${") || attributes.iter().all(|other| other.name != name) {
            attributes.push(WebviewAttribute { name, value, unknown, span: place(attribute.span) });
        }
    }
    // `<webview` without what follows.
    let tag = (element.span.0, (element.span.0 + 1 + element.name.len() as u32).min(element.span.1));
    WebviewElement {
        file,
        span: place(tag),
        index,
        attributes,
        call: None,
        spread: false,
        certainty: Certainty::Certain,
    }
}

impl WebviewElement {
    /// The attribute of this lower-case name.
    pub fn attribute(&self, name: &str) -> Option<&WebviewAttribute> {
        self.attributes.iter().rev().find(|attribute| attribute.name == name)
    }

    /// What its `src` is, where that is known.
    pub fn source(&self) -> Option<&str> {
        self.attribute("src").filter(|source| !source.unknown).and_then(|source| source.value.as_deref())
    }
}

impl App<'_> {
    /// Whether this is a component, which becomes part of a page: `.vue`, `.svelte`.
    pub fn is_component(&self, page: &Page) -> bool {
        let path = &self.sources.file(page.file).path;
        [".vue", ".svelte"].iter().any(|ending| path.ends_with(ending))
    }

    /// Every `<webview>`: in pages, then in scripts.
    pub fn webviews(&self) -> impl Iterator<Item = &WebviewElement> {
        self.pages.iter().flat_map(|page| &page.webviews).chain(&self.script_webviews)
    }

    /// Markup in the strings and templates of scripts. What a template does not know is a hole: `${…}`.
    pub fn markup(&self) -> &[Markup] {
        self.markup.get_or_init(|| self.find_markup())
    }

    fn find_markup(&self) -> Vec<Markup> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            let file = self.program.file(unit);
            // The parts of a template, and of a text that was joined, are no markup of their own.
            let mut covered: Vec<Range<u32>> = Vec::new();
            let mut texts: Vec<(u32, &Node, String, Option<u32>)> = Vec::new();
            for (index, node) in summary.values.iter().enumerate() {
                let (text, offset) = match node.value {
                    Value::String(name) => {
                        let text = summary.str(name);
                        if text.len() < 8 || !html::is_fragment(text) {
                            continue;
                        }
                        let (start, end) = node.span;
                        let raw = self.text(Span { file, start, end });
                        match as_written(raw, text) {
                            Some((at, written)) => (written.to_owned(), Some(node.span.0 + at as u32)),
                            None => (text.to_owned(), None),
                        }
                    }
                    Value::Template(list) => {
                        let parts = summary.items(list).iter().map(|item| item.value);
                        // Most templates are no markup, and nothing is put together for them.
                        let is_tag = |part| summary.text(part).is_some_and(|text| text.contains('<'));
                        if !parts.clone().any(is_tag) {
                            continue;
                        }
                        let (text, is_exact) = template_text(self, file, summary, node.span, parts.clone());
                        if !html::is_fragment(&text) {
                            continue;
                        }
                        let literal = parts.filter(|part| summary.text(*part).is_some());
                        covered.extend(literal.map(|part| summary.span(part)).map(|span| span.0..span.1));
                        (text, is_exact.then_some(node.span.0))
                    }
                    _ => continue,
                };
                texts.push((index as u32, node, text, offset));
            }
            // The whole comes before its parts.
            texts.sort_by_key(|(index, node, ..)| (node.span.0, std::cmp::Reverse(node.span.1), *index));
            covered.sort_by_key(|range| range.start);
            let mut covered = covered.into_iter().peekable();
            // How far what starts before reaches.
            let mut covered_to = 0;
            for (index, node, text, offset) in texts {
                while let Some(range) = covered.next_if(|range| range.start <= node.span.0) {
                    covered_to = covered_to.max(range.end);
                }
                if matches!(node.value, Value::String(_)) {
                    if node.span.1 <= covered_to {
                        continue;
                    }
                    covered_to = covered_to.max(node.span.1);
                }
                let value = V(unit, ValueId(index));
                found.push(Markup {
                    value,
                    span: self.program.place(unit, node.span),
                    html: html::read(&text),
                    offset,
                });
            }
        }
        found
    }
}

/// The text of a template or a concatenation with a hole for each part that is not known. It is as long as it stands in the file (and the
/// second value true) unless a part has escapes.
fn template_text(
    app: &App,
    file: FileId,
    summary: &Summary,
    span: (u32, u32),
    parts: impl Iterator<Item = ValueId> + Clone,
) -> (String, bool) {
    let fill = |length: usize, is_hole: bool| match length.checked_sub(3) {
        Some(inner) if is_hole => format!("${{{}}}", "_".repeat(inner)),
        _ => " ".repeat(length),
    };
    let mut text = String::new();
    let mut hole = false;
    for part in parts.clone() {
        let Some(known) = summary.text(part) else {
            hole = true;
            continue;
        };
        let (start, end) = summary.span(part);
        let raw = app.text(Span { file, start, end });
        let place = as_written(raw, known).and_then(|(at, written)| {
            (start as usize + at).checked_sub(span.0 as usize + text.len()).map(|gap| (gap, written))
        });
        let Some((gap, known)) = place else {
            let cooked: Vec<&str> = parts.map(|part| summary.text(part).unwrap_or("${_}")).collect();
            return (cooked.concat(), false);
        };
        text.push_str(&fill(gap, hole));
        text.push_str(known);
        hole = false;
    }
    let rest = (span.1.saturating_sub(span.0) as usize).saturating_sub(text.len());
    text.push_str(&fill(rest, hole));
    (text, true)
}

/// Where a text stands in the literal that says it, and how: in a template, lines that end otherwise are read as ended by LF.
fn as_written<'r>(raw: &'r str, text: &str) -> Option<(usize, &'r str)> {
    if let Some(at) = raw.find(text) {
        return raw.get(at..at + text.len()).map(|written| (at, written));
    }
    if !raw.contains('\r') {
        return None;
    }
    // Bytes as they are read, each with where it stands.
    let bytes = raw.as_bytes();
    let is_second = |at: usize| bytes[at] == b'\n' && at > 0 && bytes[at - 1] == b'\r';
    let places: Vec<usize> = (0..bytes.len()).filter(|at| !is_second(*at)).collect();
    let read: Vec<u8> = places.iter().map(|at| if bytes[*at] == b'\r' { b'\n' } else { bytes[*at] }).collect();
    let first = memchr::memmem::find(&read, text.as_bytes())?;
    let start = *places.get(first)?;
    let end = places.get(first + text.len()).copied().unwrap_or(raw.len());
    raw.get(start..end).map(|written| (start, written))
}

/// Whether a tag is a component of a package that hands its attributes to a `<webview>`.
fn is_webview_component(app: &App, tag: V) -> bool {
    // The names of a component begin with a capital: the others are texts.
    matches!(app.program.value(tag), Value::Binding(_) | Value::ImportName(..) | Value::Module(_))
        && app.program.eval(tag).iter().any(|known| match &known.thing {
            Thing::Api(path) => path.split('.').next() == Some("react-electron-web-view"),
            _ => false,
        })
}

/// Webviews that scripts make.
pub(super) fn script_webviews(app: &App) -> Vec<WebviewElement> {
    let mut found = Vec::new();
    // Most apps make no webview, and need not be asked what is done to it.
    let later = std::cell::LazyCell::new(|| Later::find(app));
    for unit in app.program.unit_ids() {
        let summary = app.program.summary(unit);
        for (index, call) in summary.calls.iter().enumerate() {
            let c = C(unit, CallId(index as u32));
            if found.len() >= MOST_WEBVIEWS {
                app.is_limited.set(true);
                break;
            }
            let is_jsx = call.kind == CallKind::Jsx;
            if !is_jsx
                && !crate::link::final_name(summary, call.callee).is_some_and(|name| {
                    matches!(
                        summary.str(name),
                        "createElement" | "h" | "jsx" | "jsxs" | "_jsx" | "jsxDEV" | "createElementNS"
                    )
                })
            {
                continue;
            }
            let tag = app.program.argument(c, 0);
            let is_webview = |tag: &V| match app.program.summary(tag.0).text(tag.1) {
                Some(tag) => tag == "webview",
                None if is_jsx => is_webview_component(app, *tag),
                None => {
                    matches!(app.program.value(*tag), Value::Binding(_) | Value::ImportName(..) | Value::Member(..))
                        && app.constant(*tag).is_some_and(|known| known.text() == Some("webview"))
                }
            };
            let Some(tag) = tag.filter(is_webview) else {
                continue;
            };
            let mut element = WebviewElement {
                file: app.program.file(unit),
                span: app.span(tag),
                index: found.len(),
                attributes: Vec::new(),
                call: Some(c),
                spread: false,
                certainty: if is_jsx { Certainty::Certain } else { Certainty::Firm },
            };
            if let Some(attributes) = app.program.argument(c, 1) {
                from_object(app, attributes, &mut element);
            }
            set_later(app, &later.changes, c, &mut element);
            found.push(element);
        }
    }
    for markup in app.markup() {
        for element in markup.html.webviews() {
            // A message that only speaks of the tag.
            if element.attributes.is_empty() {
                continue;
            }
            let whole = markup.offset.is_none().then_some(markup.span);
            let mut webview = from_html(markup.span.file, markup.offset.unwrap_or(0), found.len(), element, whole);
            webview.certainty = Certainty::Firm;
            filled_in(app, markup, &mut webview);
            found.push(webview);
        }
    }
    app.bound(&mut found, MOST_WEBVIEWS);
    found
}

/// Webviews of pages, by page and place, with attributes that scripts set on what they find of them: `document.querySelector('webview')`
/// is the first, `document.getElementById` the one of that id.
pub(super) fn found_later(app: &App) -> Vec<(usize, usize, WebviewAttribute)> {
    let mut found = Vec::new();
    if app.pages.iter().all(|page| page.webviews.is_empty()) {
        return found;
    }
    let later = Later::find(app);
    for c in later.found {
        let Some(name) = app.program.argument(c, 0).and_then(|name| app.constant(name)) else { continue };
        let Some(name) = name.text() else { continue };
        let by_id = app.api_of(c).is_some_and(|(path, _)| &*path == "document.getElementById");
        let is_it = |webview: &WebviewElement| match name.strip_prefix('#').or(by_id.then_some(name)) {
            Some(id) => webview.attribute("id").is_some_and(|own| own.value.as_deref() == Some(id)),
            None => true,
        };
        let mut element = WebviewElement {
            file: app.program.file(c.0),
            span: app.callee_span(c),
            index: 0,
            attributes: Vec::new(),
            call: None,
            spread: false,
            certainty: Certainty::Firm,
        };
        set_later(app, &later.changes, c, &mut element);
        for (page, of) in app.pages.iter().enumerate() {
            let Some(index) = of.webviews.iter().position(is_it) else { continue };
            found.extend(element.attributes.iter().map(|attribute| (page, index, attribute.clone())));
        }
        app.bound(&mut found, MOST_CHANGES);
    }
    found
}

/// Attributes that a template puts in as a whole: `<webview ${trusted ? 'nodeintegration' : ''}>`. Each may be there or not.
fn filled_in(app: &App, markup: &Markup, element: &mut WebviewElement) {
    let Value::Template(list) = app.program.value(markup.value) else { return };
    let summary = app.program.summary(markup.value.0);
    let holes: Vec<Span> = element
        .attributes
        .iter()
        .filter(|attribute| attribute.name.starts_with("${"))
        .map(|attribute| attribute.span)
        .collect();
    element.attributes.retain(|attribute| !attribute.name.starts_with("${"));
    for hole in holes {
        let part = summary.items(list).iter().map(|item| V(markup.value.0, item.value)).find(|part| {
            let span = app.span(*part);
            hole.start <= span.start && span.end <= hole.end && summary.text(part.1).is_none()
        });
        let Some(part) = part else {
            element.spread = true;
            continue;
        };
        for known in app.eval(part).iter() {
            let Some(text) = known.text() else {
                element.spread |= !matches!(known.thing, Thing::Undefined | Thing::Null | Thing::Bool(_));
                // What a template is made of says its names even where it does not know their values.
                if let Thing::Template(parts) = &known.thing {
                    let text: String = parts
                        .iter()
                        .map(|part| match part {
                            Part::Text(text) => text,
                            Part::Hole(..) => "_",
                        })
                        .collect();
                    add_text(&text, hole, element);
                }
                continue;
            };
            add_text(text, hole, element);
        }
    }
}

fn add_text(text: &str, span: Span, element: &mut WebviewElement) {
    let html = html::read(&format!("<webview {text}>"));
    for attribute in html.webviews().flat_map(|webview| &webview.attributes) {
        if element.attributes.iter().all(|other| other.name != attribute.name) {
            let (name, value) = (attribute.name.clone(), attribute.value.clone());
            element.attributes.push(WebviewAttribute { name, value, unknown: true, span });
        }
    }
}

fn from_object(app: &App, attributes: V, element: &mut WebviewElement) {
    let Value::Object(list) = app.program.value(attributes) else {
        if !matches!(app.program.value(attributes), Value::Null | Value::Undefined) {
            spread(app, attributes, element);
        }
        return;
    };
    let summary = app.program.summary(attributes.0);
    for property in summary.properties(list) {
        let value = V(attributes.0, property.value);
        match property.key {
            Key::Name(name) => {
                let span = app.program.place(attributes.0, property.span);
                add(app, summary.str(name), value, span, element);
            }
            Key::Spread => spread(app, value, element),
            Key::Computed(_) => element.spread = true,
        }
    }
}

/// The attributes of an object that is handed over as a whole: `<webview {...options}>`.
fn spread(app: &App, value: V, element: &mut WebviewElement) {
    for known in app.eval(value).iter() {
        let Thing::Object(object) = &known.thing else {
            element.spread |= !matches!(known.thing, Thing::Null | Thing::Undefined | Thing::Bool(_));
            continue;
        };
        for key in app.program.keys(object) {
            if !ATTRIBUTES.contains(&key.to_ascii_lowercase().as_str()) {
                continue;
            }
            let lookup = app.program.property(object, &key, None);
            let Some(first) = lookup.values.first() else { continue };
            let values: Vec<Known> = lookup.values.iter().map(|placed| placed.known.clone()).collect();
            set(&key, &values, first.span, element);
            element.certainty = element.certainty.min(Certainty::Firm);
        }
    }
}

/// An attribute that a script sets to a value.
fn add(app: &App, name: &str, value: V, span: Span, element: &mut WebviewElement) {
    match app.as_drawn(value) {
        Some(value) => set(name, &app.eval(value), span, element),
        None => set(name, &[], span, element),
    }
}

/// An attribute that may have any of these values: `false`, `null` and `undefined` take it away.
fn set(name: &str, values: &[Known], span: Span, element: &mut WebviewElement) {
    let name = name.to_ascii_lowercase();
    element.attributes.retain(|other| other.name != name);
    for known in values {
        let (value, unknown) = match &known.thing {
            Thing::Bool(false) | Thing::Null | Thing::Undefined => continue,
            Thing::Bool(true) => (None, false),
            Thing::Text(text) => (Some(text.to_string()), false),
            _ => (None, true),
        };
        if known.development == Some(true) {
            continue;
        }
        element.attributes.push(WebviewAttribute { name, value, unknown, span });
        return;
    }
}

const ATTRIBUTES: [&str; 9] = [
    "allowpopups",
    "nodeintegration",
    "nodeintegrationinsubframes",
    "disablewebsecurity",
    "plugins",
    "webpreferences",
    "src",
    "preload",
    "partition",
];

/// What scripts do to webviews.
#[derive(Default)]
struct Later {
    changes: Changes,
    /// Calls that found what is changed.
    found: Vec<C>,
}

/// What is done to webviews, by the call that made or found it.
#[derive(Default)]
struct Changes {
    calls: FxHashMap<C, Vec<C>>,
    writes: FxHashMap<C, Vec<(&'static str, UnitId, u32)>>,
}

impl Later {
    fn find(app: &App) -> Self {
        let made = |v: V| {
            let webview = |known: &Known| match &known.thing {
                Thing::Element(tag, c) if &**tag == "webview" => Some(*c),
                Thing::Result(path, c) if &**path == "document.getElementById" => Some(*c),
                Thing::Result(path, c) if &**path == "document.querySelector" => {
                    let selector = app.program.argument(*c, 0).and_then(|selector| app.constant(selector));
                    selector.is_some_and(|known| known.text().is_some_and(|text| text.starts_with('#'))).then_some(*c)
                }
                _ => None,
            };
            let mut made: Vec<C> = app.eval(v).iter().filter_map(webview).collect();
            made.dedup();
            made
        };
        let mut later = Self::default();
        for method in ["setAttribute", "toggleAttribute", "loadURL"] {
            for &c in app.program.calls_named(method) {
                let Value::Member(object, _) = app.program.value(V(c.0, app.program.call(c).callee)) else { continue };
                for element in made(V(c.0, object)) {
                    later.changes.calls.entry(element).or_default().push(c);
                }
            }
        }
        for name in ATTRIBUTES {
            for &(unit, index) in app.program.writes_to(name) {
                for element in made(V(unit, app.program.summary(unit).writes[index as usize].object)) {
                    later.changes.writes.entry(element).or_default().push((name, unit, index));
                }
            }
        }
        let changed = later.changes.calls.keys().chain(later.changes.writes.keys());
        let finds = |c: &C| app.api_of(*c).is_some_and(|(path, _)| &*path != "document.createElement");
        later.found = changed.copied().filter(finds).collect();
        later.found.sort();
        later.found.dedup();
        app.bound(&mut later.found, MOST_CHANGES);
        later
    }
}

/// `webview.setAttribute('allowpopups', '')`, `webview.allowpopups = true`.
fn set_later(app: &App, later: &Changes, made: C, element: &mut WebviewElement) {
    for &c in later.calls.get(&made).into_iter().flatten().take(MOST_CHANGES) {
        let Some(first) = app.program.argument(c, 0) else { continue };
        let span = app.program.place(c.0, app.program.call(c).span);
        let is_called = |name: &str| {
            matches!(app.program.value(V(c.0, app.program.call(c).callee)), Value::Member(_, method)
                if app.program.str(c.0, method) == name)
        };
        // What comes of a server later weighs more than what is shown first.
        if is_called("loadURL") {
            if app
                .eval(first)
                .iter()
                .any(|known| known.development != Some(true) && app.content(known) == Content::Remote)
            {
                add(app, "src", first, span, element);
            }
            continue;
        }
        let Some(name) = app.constant(first) else { continue };
        let Some(name) = name.text() else { continue };
        // setAttribute makes a text of whatever it is given: `false` sets the attribute.
        let value = app
            .program
            .argument(c, 1)
            .and_then(|value| app.constant(value))
            .and_then(|known| known.text().map(str::to_owned));
        let name = name.to_ascii_lowercase();
        element.attributes.retain(|other| other.name != name);
        // `toggleAttribute(name, false)` takes it away.
        let is_toggle = is_called("toggleAttribute");
        let stays = app.program.argument(c, 1).is_none_or(|force| !app.never(force, true));
        if is_toggle && !stays {
            continue;
        }
        // What an attribute that counts by its presence is set to does not matter.
        let unknown = value.is_none() && matches!(&*name, "src" | "webpreferences" | "preload" | "partition");
        element.attributes.push(WebviewAttribute { name, value, unknown, span });
    }
    for &(name, unit, index) in later.writes.get(&made).into_iter().flatten().take(MOST_CHANGES) {
        let write = app.program.summary(unit).writes[index as usize];
        if let Some(value) = write.value {
            add(app, name, V(unit, value), app.program.place(unit, write.span), element);
        }
    }
}
