//! What a page loads, embeds or sends to by itself.

use serde::{Deserialize, Serialize};

use super::css::css_urls;
use super::templating::is_templated;
use super::values::Offsets;
use super::{Attribute, Element, Html, TextSpan};

/// What a URL of a page is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResourceKind {
    /// `<script src>`, `<link rel="modulepreload">`, HTML imports.
    Script,
    /// `<link rel="stylesheet">`.
    Style,
    /// A style sheet's `@import` or `url(…)`.
    Css,
    /// `<img>`, `poster`, `background`, SVG images.
    Image,
    /// `<link rel="icon">` and its kin.
    Icon,
    /// `<video>`, `<audio>`, `<source>`, `<track>`.
    Media,
    /// `<iframe>`, `<frame>`.
    Frame,
    /// `<webview src>`.
    Webview,
    /// `<object>`, `<embed>`.
    Object,
    /// SVG `<use>` and other references into a document.
    Reference,
    /// `action`, `formaction`: where data is sent.
    Form,
    /// `<base href>`: what relative URLs start from.
    Base,
    /// `<meta http-equiv="refresh">`: where the page goes.
    Refresh,
    /// `<link rel="preload">`, `prefetch`, `prerender`.
    Preload,
    /// `<link rel="manifest">`.
    Manifest,
}

/// One URL that a page loads, embeds or sends to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// As written, with character references decoded; blanks around it are kept.
    pub url: String,
    /// Where it stands in the page.
    pub span: TextSpan,
    /// Index in [`Html::elements`].
    pub element: u32,
    /// What for.
    pub kind: ResourceKind,
    /// Whether a template engine or a build fills a part of it in.
    pub templated: bool,
}

/// All URLs that the page of this text loads, embeds or sends to, in source order.
///
/// Links that a person follows are none. Sources of bound attributes (`:src`) are code and none either.
pub fn resources(text: &str, html: &Html) -> Vec<Resource> {
    let mut found = Vec::new();
    for (index, element) in (0_u32..).zip(&html.elements) {
        let mut add = Adder { text, element: index, found: &mut found };
        for attribute in &element.attributes {
            add.attribute(element, attribute);
        }
    }
    for style in &html.styles {
        found.extend(style.urls.iter().map(|url| Resource {
            templated: is_templated(&url.url),
            url: url.url.clone(),
            span: url.span,
            element: style.element,
            kind: ResourceKind::Css,
        }));
    }
    found.sort_by_key(|resource| resource.span);
    found
}

struct Adder<'a> {
    text: &'a str,
    element: u32,
    found: &'a mut Vec<Resource>,
}

impl Adder<'_> {
    fn attribute(&mut self, element: &Element, attribute: &Attribute) {
        use ResourceKind::{Base, Form, Frame, Image, Media, Object, Reference, Script, Webview};
        let kind = match (element.name.as_str(), attribute.name.as_str()) {
            ("script", "src" | "href" | "xlink:href") => Script,
            ("link", "href") => match element.value("rel").and_then(link_kind) {
                Some(kind) => kind,
                None => return,
            },
            ("img" | "input" | "source" | "link", "srcset" | "imagesrcset") => return self.srcset(attribute),
            ("img" | "image" | "feimage" | "input", "src" | "href" | "xlink:href") => Image,
            ("video", "poster") | ("body" | "table" | "td" | "th", "background") => Image,
            ("video" | "audio" | "source" | "track", "src") => Media,
            ("iframe" | "frame", "src") => Frame,
            ("webview", "src") => Webview,
            ("object", "data") | ("embed", "src") => Object,
            ("use" | "mpath" | "pattern" | "lineargradient" | "radialgradient" | "filter", "href" | "xlink:href") => {
                Reference
            }
            ("form", "action") | ("button" | "input", "formaction") => Form,
            ("base", "href") => Base,
            ("meta", "content") => return self.refresh(element, attribute),
            (_, "style") => return self.css(attribute),
            _ => return,
        };
        let value = attribute.value.clone().unwrap_or_default();
        if !value.trim_ascii().is_empty() {
            self.push(value, attribute.value_span, kind);
        }
    }

    /// <https://html.spec.whatwg.org/#parsing-a-srcset-attribute>
    fn srcset(&mut self, attribute: &Attribute) {
        let Some(value) = &attribute.value else { return };
        let offsets = Offsets::of(self.text, attribute);
        let bytes = value.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let skipped = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            let rest = bytes.get(at..).unwrap_or_default();
            let start = at + rest.iter().position(|byte| !skipped(byte)).unwrap_or(rest.len());
            let rest = bytes.get(start..).unwrap_or_default();
            let blank = start + rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            let word = value.get(start..blank).unwrap_or_default();
            let url = word.trim_end_matches(',');
            if !url.is_empty() {
                self.push(url.to_owned(), offsets.span(start..start + url.len()), ResourceKind::Image);
            }
            at = blank;
            if url.len() == word.len() {
                // Descriptors up to the next comma that stands in no parentheses.
                let mut depth = 0_usize;
                while let Some(byte) = bytes.get(at) {
                    at += 1;
                    match byte {
                        b'(' => depth += 1,
                        b')' => depth = depth.saturating_sub(1),
                        b',' if depth == 0 => break,
                        _ => {}
                    }
                }
            }
        }
    }

    /// <https://html.spec.whatwg.org/#shared-declarative-refresh-steps>
    fn refresh(&mut self, element: &Element, attribute: &Attribute) {
        if !element.value("http-equiv").is_some_and(|kind| kind.eq_ignore_ascii_case("refresh")) {
            return;
        }
        let Some(value) = &attribute.value else { return };
        let time = value.trim_ascii_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let rest = time.trim_ascii_start();
        let url = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_ascii_start();
        let url = match url.get(..3) {
            Some(head) if head.eq_ignore_ascii_case("url") => {
                let rest = url.get(3..).unwrap_or_default().trim_ascii_start();
                rest.strip_prefix('=').map_or(url, str::trim_ascii_start)
            }
            _ => url,
        };
        let (url, quote) = match url.chars().next() {
            Some(quote @ ('"' | '\'')) => (url.get(1..).unwrap_or_default(), Some(quote)),
            _ => (url, None),
        };
        let start = value.len() - url.len();
        let url = quote.and_then(|quote| url.split(quote).next()).unwrap_or(url);
        if !url.is_empty() {
            let span = Offsets::of(self.text, attribute).span(start..start + url.len());
            self.push(url.to_owned(), span, ResourceKind::Refresh);
        }
    }

    fn css(&mut self, attribute: &Attribute) {
        let Some(value) = &attribute.value else { return };
        let offsets = Offsets::of(self.text, attribute);
        for url in css_urls(value) {
            let span = offsets.span(url.span.0 as usize..url.span.1 as usize);
            self.push(url.url, span, ResourceKind::Css);
        }
    }

    fn push(&mut self, url: String, span: TextSpan, kind: ResourceKind) {
        self.found.push(Resource { templated: is_templated(&url), url, span, element: self.element, kind });
    }
}

/// What a link of this `rel` makes the browser load: <https://html.spec.whatwg.org/#linkTypes>.
fn link_kind(rel: &str) -> Option<ResourceKind> {
    let kinds = rel.split_ascii_whitespace().filter_map(|word| match word.to_ascii_lowercase().as_str() {
        "stylesheet" => Some(ResourceKind::Style),
        "modulepreload" | "import" => Some(ResourceKind::Script),
        "icon" | "apple-touch-icon" | "apple-touch-icon-precomposed" | "apple-touch-startup-image" | "mask-icon" => {
            Some(ResourceKind::Icon)
        }
        "preload" | "prefetch" | "prerender" => Some(ResourceKind::Preload),
        "manifest" => Some(ResourceKind::Manifest),
        _ => None,
    });
    // `rel="preload stylesheet"` is a style sheet first.
    kinds.min()
}
