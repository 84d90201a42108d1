//! From tokens to facts: an emitter for the tokenizer that keeps what matters.

use std::convert::Infallible;

use html5gum::{Emitter, Error, State, Tokenizer};

use super::css::css_urls;
use super::templating::{holes, is_templated};
use super::{Attribute, Element, Html, MetaPolicy, Script, ScriptKind, Style, Syntax, TextSpan};

pub(super) fn read(text: &str, syntax: Syntax) -> Html {
    let mut html = Html::default();
    // The callbacks fill the page in: no tokens come out, and a text in memory has no read errors.
    let Ok(()) = Tokenizer::new_with_emitter(text, Reader::new(text, syntax, &mut html)).finish();
    html
}

/// Whether an attribute of this lower-case name holds a script.
pub(super) fn is_handler(name: &str) -> bool {
    name.strip_prefix("on").is_some_and(|event| !event.is_empty() && event.bytes().all(|b| b.is_ascii_alphanumeric()))
}

struct Reader<'t> {
    text: &'t str,
    syntax: Syntax,
    html: &'t mut Html,
    position: usize,

    // The tag at hand.
    tag_start: usize,
    is_start_tag: bool,
    self_closing: bool,
    name: Vec<u8>,
    attributes: Vec<Attribute>,
    telling: bool,

    // The attribute at hand.
    attribute_open: bool,
    attribute_name: Vec<u8>,
    attribute_start: usize,
    attribute_name_end: usize,
    value: Vec<u8>,
    value_start: Option<usize>,

    // Where in the document we are.
    last_start_tag: Vec<u8>,
    raw: Option<Raw>,
    head_open: bool,
    /// Text in the head since the last tag.
    head_text: Vec<u8>,
    after_script: bool,
    templates: usize,
    foreign: usize,
    /// HTML inside SVG or MathML.
    integrated: usize,
}

/// An element whose content is text.
struct Raw {
    content_start: usize,
    owner: Owner,
}

enum Owner {
    Script(usize),
    Style(u32),
    Other,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, syntax: Syntax, html: &'t mut Html) -> Self {
        Self {
            text,
            syntax,
            html,
            position: 0,
            tag_start: 0,
            is_start_tag: false,
            self_closing: false,
            name: Vec::new(),
            attributes: Vec::new(),
            telling: false,
            attribute_open: false,
            attribute_name: Vec::new(),
            attribute_start: 0,
            attribute_name_end: 0,
            value: Vec::new(),
            value_start: None,
            last_start_tag: Vec::new(),
            raw: None,
            head_open: true,
            head_text: Vec::new(),
            after_script: false,
            templates: 0,
            foreign: 0,
            integrated: 0,
        }
    }

    fn flush_attribute(&mut self) {
        if !std::mem::take(&mut self.attribute_open) || !self.is_start_tag {
            return;
        }
        let Ok(name) = std::str::from_utf8(&self.attribute_name) else { return };
        let telling = tells(&self.name, name, &self.value);
        self.telling |= telling;
        let kept = telling || is_kept_attribute(&self.name, name);
        if !kept
            || self.attributes.len() >= MOST_ATTRIBUTES
            || !is_hole(name) && self.attributes.iter().any(|attribute| attribute.name == name)
        {
            return;
        }
        let (value, value_span, end) = match self.value_start {
            Some(start) => {
                let (value_end, end) = value_end(self.text, start);
                let value = String::from_utf8_lossy(&self.value).into_owned();
                (Some(value), span(start, value_end), end)
            }
            None => (None, span(self.attribute_name_end, self.attribute_name_end), self.attribute_name_end),
        };
        self.attributes.push(Attribute {
            name: name.to_owned(),
            name_span: span(self.attribute_start, self.attribute_name_end),
            // An unquoted hole with blanks in it ends the value early, but its beginning is there.
            templated: value.as_deref().is_some_and(is_templated),
            value,
            value_span,
            span: span(self.attribute_start, end),
        });
    }

    fn start_tag(&mut self) -> Option<State> {
        let name = String::from_utf8_lossy(&self.name).into_owned();
        if self.foreign > 0 && self.integrated == 0 && BREAKOUT_ELEMENTS.contains(&name.as_str()) {
            self.foreign = 0;
        }
        if self.head_open && self.templates == 0 && !HEAD_ELEMENTS.contains(&name.as_str()) {
            self.head_open = false;
        }
        let in_foreign = self.foreign > 0 && self.integrated == 0;
        let closed = self.self_closing && (in_foreign || self.syntax == Syntax::Xml);
        let owner = self.record(&name, closed);
        if !(closed || self.self_closing && matches!(name.as_str(), "svg" | "math")) {
            match name.as_str() {
                "template" => self.templates += 1,
                "svg" | "math" => self.foreign += 1,
                "foreignobject" | "desc" | "annotation-xml" if self.foreign > 0 => self.integrated += 1,
                _ => {}
            }
        }
        std::mem::swap(&mut self.last_start_tag, &mut self.name);
        if closed {
            return None;
        }
        let state = match name.as_str() {
            "script" => State::ScriptData,
            "textarea" | "title" => State::RcData,
            // Scripts run in Electron's pages, so `<noscript>` is text.
            "style" | "iframe" | "xmp" | "noembed" | "noframes" | "noscript" => State::RawText,
            "plaintext" => State::PlainText,
            _ => return None,
        };
        self.raw = Some(Raw { content_start: self.position, owner });
        Some(state)
    }

    /// Writes the element at hand down if it matters.
    fn record(&mut self, name: &str, closed: bool) -> Owner {
        let attributes = std::mem::take(&mut self.attributes);
        if !std::mem::take(&mut self.telling) && !KEPT_ELEMENTS.contains(&name) {
            return Owner::Other;
        }
        let mut attributes = attributes;
        attributes.shrink_to_fit();
        let index = u32::try_from(self.html.elements.len()).unwrap_or(u32::MAX);
        let element = Element {
            name: name.to_owned(),
            span: span(self.tag_start, self.position),
            attributes,
            in_head: self.head_open && self.templates == 0,
            after_first_script: self.after_script,
            in_template: self.templates > 0,
        };
        let owner = match name {
            "script" => {
                let script = script(&element, index, self.foreign > 0 && self.integrated == 0, self.position);
                let runs = matches!(script.kind, ScriptKind::Classic | ScriptKind::Module);
                self.after_script |= runs && self.templates == 0;
                self.html.scripts.push(script);
                if closed { Owner::Other } else { Owner::Script(self.html.scripts.len() - 1) }
            }
            "style" => Owner::Style(index),
            "meta" => {
                self.html.policies.extend(policy(&element, index));
                Owner::Other
            }
            "base" => {
                if self.html.base.is_none() && self.templates == 0 && element.attribute("href").is_some() {
                    self.html.base = Some(index);
                }
                Owner::Other
            }
            _ => Owner::Other,
        };
        self.html.elements.push(element);
        owner
    }

    fn end_tag(&mut self) {
        self.end_raw(self.tag_start);
        match self.name.as_slice() {
            b"body" | b"html" | b"br" if self.templates == 0 => self.head_open = false,
            b"template" => self.templates = self.templates.saturating_sub(1),
            b"svg" | b"math" => self.foreign = self.foreign.saturating_sub(1),
            b"foreignobject" | b"desc" | b"annotation-xml" => self.integrated = self.integrated.saturating_sub(1),
            _ => {}
        }
        if self.foreign == 0 {
            self.integrated = 0;
        }
        self.last_start_tag.clear();
    }

    fn end_raw(&mut self, end: usize) {
        let Some(Raw { content_start, owner }) = self.raw.take() else { return };
        let content = span(content_start, end.max(content_start));
        match owner {
            Owner::Script(index) => {
                if let Some(script) = self.html.scripts.get_mut(index) {
                    script.content = content;
                }
            }
            Owner::Style(element) => {
                let sheet = self.text.get(content.0 as usize..content.1 as usize).unwrap_or_default();
                let mut urls = css_urls(sheet);
                for url in &mut urls {
                    url.span = (url.span.0 + content.0, url.span.1 + content.0);
                }
                self.html.styles.push(Style { element, content, urls });
            }
            Owner::Other => {}
        }
    }
}

impl Emitter for Reader<'_> {
    type Token = Infallible;

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start_tag.clear();
        self.last_start_tag.extend_from_slice(name.unwrap_or_default());
    }

    fn emit_eof(&mut self) {
        self.end_raw(self.text.len());
    }

    fn emit_error(&mut self, _: Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn emit_string(&mut self, string: &[u8]) {
        if self.head_open && self.raw.is_none() && self.templates == 0 {
            self.head_text.extend_from_slice(string);
        }
    }

    fn init_start_tag(&mut self) {
        self.is_start_tag = true;
        self.begin_tag();
    }

    fn init_end_tag(&mut self) {
        self.is_start_tag = false;
        self.begin_tag();
    }

    fn init_comment(&mut self) {}

    fn emit_current_tag(&mut self) -> Option<State> {
        self.flush_attribute();
        if !self.head_text.is_empty() {
            self.head_open &= is_blank(&self.head_text);
            self.head_text.clear();
        }
        if self.is_start_tag {
            return self.start_tag();
        }
        self.end_tag();
        None
    }

    fn emit_current_comment(&mut self) {}

    fn emit_current_doctype(&mut self) {}

    fn set_self_closing(&mut self) {
        self.self_closing = true;
    }

    fn set_force_quirks(&mut self) {}

    fn push_tag_name(&mut self, name: &[u8]) {
        self.name.extend_from_slice(name);
    }

    fn push_comment(&mut self, _: &[u8]) {}

    fn push_doctype_name(&mut self, _: &[u8]) {}

    fn init_doctype(&mut self) {}

    fn init_attribute(&mut self) {
        self.flush_attribute();
        self.attribute_open = true;
        self.attribute_name.clear();
        self.value.clear();
        self.value_start = None;
        // The name's first byte has been read.
        self.attribute_start = self.position.saturating_sub(1);
        self.attribute_name_end = self.position;
    }

    fn init_attribute_value(&mut self) {
        self.value_start = Some(self.position);
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        self.attribute_name.extend_from_slice(name);
        self.attribute_name_end = self.position;
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        self.value.extend_from_slice(value);
    }

    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn start_open_tag(&mut self) {
        // The `<` has been read.
        self.tag_start = self.position.saturating_sub(1);
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        !self.is_start_tag && !self.last_start_tag.is_empty() && self.last_start_tag == self.name
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.foreign > 0 && self.integrated == 0
    }

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }
}

impl Reader<'_> {
    fn begin_tag(&mut self) {
        self.name.clear();
        self.attributes.clear();
        self.telling = false;
        self.attribute_open = false;
        self.self_closing = false;
    }
}

pub(super) fn script(element: &Element, index: u32, in_svg: bool, content: usize) -> Script {
    let text = |name: &str| element.value(name).map(str::to_owned);
    let src = if in_svg { text("href").or_else(|| text("xlink:href")) } else { text("src") };
    Script {
        element: index,
        kind: script_kind(element.value("type")),
        src,
        content: span(content, content),
        media_type: text("type"),
        lang: text("lang"),
        nonce: text("nonce"),
    }
}

/// <https://html.spec.whatwg.org/#prepare-the-script-element>, <https://mimesniff.spec.whatwg.org/#javascript-mime-type>
fn script_kind(media_type: Option<&str>) -> ScriptKind {
    let Some(media_type) = media_type else { return ScriptKind::Classic };
    if media_type.is_empty() {
        return ScriptKind::Classic;
    }
    let media_type = media_type.trim_matches(|c: char| c.is_ascii_whitespace()).to_ascii_lowercase();
    match media_type.as_str() {
        "module" => ScriptKind::Module,
        "importmap" => ScriptKind::ImportMap,
        "application/ecmascript"
        | "application/javascript"
        | "application/x-ecmascript"
        | "application/x-javascript"
        | "text/ecmascript"
        | "text/javascript"
        | "text/javascript1.0"
        | "text/javascript1.1"
        | "text/javascript1.2"
        | "text/javascript1.3"
        | "text/javascript1.4"
        | "text/javascript1.5"
        | "text/jscript"
        | "text/livescript"
        | "text/x-ecmascript"
        | "text/x-javascript" => ScriptKind::Classic,
        _ => ScriptKind::Data,
    }
}

pub(super) fn policy(element: &Element, index: u32) -> Option<MetaPolicy> {
    let kind = element.value("http-equiv")?;
    let report_only = kind.eq_ignore_ascii_case("content-security-policy-report-only");
    if !report_only && !kind.eq_ignore_ascii_case("content-security-policy") {
        return None;
    }
    let content = element.attribute("content")?;
    Some(MetaPolicy {
        element: index,
        content: content.value.clone().unwrap_or_default(),
        span: content.value_span,
        report_only,
    })
}

/// Whether this attribute alone makes its element worth keeping.
pub(super) fn tells(element: &[u8], name: &str, value: &[u8]) -> bool {
    match bare(name) {
        // Followed by a person, not loaded.
        "href" | "xlink:href" => !matches!(element, b"a" | b"area"),
        "style" => value.windows(4).any(|part| part.eq_ignore_ascii_case(b"url(")),
        bare => is_handler(name) || TELLING_ATTRIBUTES.contains(&bare),
    }
}

pub(super) fn is_kept_attribute(element: &[u8], name: &str) -> bool {
    let name = bare(name);
    match element {
        b"style" | b"iframe" if name == "id" => true,
        b"webview" if WEBVIEW_ATTRIBUTES.contains(&name) || is_hole(name) => true,
        _ => KEPT_ATTRIBUTES.contains(&name),
    }
}

/// Whether a template puts something in where the name of an attribute belongs: `<webview ${attributes}>`.
fn is_hole(name: &str) -> bool {
    name.starts_with("${")
}

/// The name without the marks by which frameworks bind a value: `:src`, `v-bind:src`, `[src]`.
fn bare(name: &str) -> &str {
    let name = name.strip_prefix("v-bind:").or_else(|| name.strip_prefix(':')).unwrap_or(name);
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name)
}

/// End of the value that starts here, without and with its quote.
fn value_end(text: &str, start: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let rest = bytes.get(start..).unwrap_or_default();
    match start.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = memchr::memchr(*quote, rest).map_or(bytes.len(), |length| start + length);
            (end, (end + 1).min(bytes.len()))
        }
        // What stands before an unquoted value is `=` or a blank.
        _ => {
            let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C | b'>');
            let end = rest.iter().position(ends).map_or(bytes.len(), |length| start + length);
            (end, end)
        }
    }
}

/// Whether a text is blank but for what a template engine replaces.
fn is_blank(text: &[u8]) -> bool {
    if text.iter().all(u8::is_ascii_whitespace) {
        return true;
    }
    let text = String::from_utf8_lossy(text);
    let mut from = 0;
    for hole in holes(&text) {
        if !text.get(from..hole.start).unwrap_or_default().trim_ascii().is_empty() {
            return false;
        }
        from = hole.end;
    }
    text.get(from..).unwrap_or_default().trim_ascii().is_empty()
}

pub(super) fn span(start: usize, end: usize) -> TextSpan {
    // `super::read` has made sure that offsets fit.
    (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
}

/// More attributes on one element are left out: no page has them, and a hostile one should not decide our memory.
pub(super) const MOST_ATTRIBUTES: usize = 100;

/// Elements that are kept whatever their attributes.
pub(super) const KEPT_ELEMENTS: [&str; 11] =
    ["base", "embed", "form", "frame", "iframe", "link", "meta", "object", "script", "style", "webview"];

/// Attributes that are kept, on elements that are kept.
const KEPT_ATTRIBUTES: [&str; 22] = [
    "allow",
    "as",
    "classid",
    "codebase",
    "content",
    "csp",
    "http-equiv",
    "imagesrcset",
    "integrity",
    "lang",
    "method",
    "name",
    "nomodule",
    "nonce",
    "property",
    "rel",
    "sandbox",
    "setup",
    "srcdoc",
    "srcset",
    "target",
    "type",
];

/// Attributes that make any element worth keeping; `href` of a link that a person follows does not.
const TELLING_ATTRIBUTES: [&str; 10] =
    ["action", "background", "data", "formaction", "href", "poster", "src", "srcset", "webkitdirectory", "xlink:href"];

/// Attributes of `<webview>`, of every Electron: <https://www.electronjs.org/docs/latest/api/webview-tag#tag-attributes>.
const WEBVIEW_ATTRIBUTES: [&str; 18] = [
    "allowpopups",
    "autosize",
    "blinkfeatures",
    "disableblinkfeatures",
    "disableguestresize",
    "disablewebsecurity",
    "enableblinkfeatures",
    "enableremotemodule",
    "guestinstance",
    "httpreferrer",
    "id",
    "nodeintegration",
    "nodeintegrationinsubframes",
    "partition",
    "plugins",
    "preload",
    "useragent",
    "webpreferences",
];

/// Elements that may stand in a head: <https://html.spec.whatwg.org/#parsing-main-inhead>.
pub(super) const HEAD_ELEMENTS: [&str; 13] = [
    "base", "basefont", "bgsound", "head", "html", "link", "meta", "noframes", "noscript", "script", "style",
    "template", "title",
];

/// Start tags that end foreign content: <https://html.spec.whatwg.org/#parsing-main-inforeign>.
const BREAKOUT_ELEMENTS: [&str; 43] = [
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "i",
    "img",
    "li",
    "listing",
    "menu",
    "meta",
    "nobr",
    "ol",
    "p",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strong",
    "strike",
    "sub",
    "sup",
    "table",
    "tt",
    "ul",
    "var",
];
