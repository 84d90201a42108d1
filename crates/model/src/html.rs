//! What a page says about security: scripts, styles, policies, webviews, and what it loads.
//!
//! One pass over the tokens of an HTML text; nothing is built that a tree would need. The reader follows the parser's
//! rules as far as they decide what a browser sees: raw text, first attribute wins, where `<head>` ends.

mod components;
mod css;
pub mod engines;
mod pug;
mod reader;
mod resources;
mod templating;
mod values;

use serde::{Deserialize, Serialize};

pub use components::{First, Framework, Given, Part, camel_case, pascal_case, template};
pub use css::{CssUrl, css_urls};
pub use pug::taken_in;
pub use resources::{Resource, ResourceKind, resources};
pub use templating::{holes, is_templated};
pub use values::Offsets;

/// Byte offsets into the page's text, end exclusive.
pub type TextSpan = (u32, u32);

/// The facts of one page or fragment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Html {
    /// The elements that can load, run, send or embed something, and all with an event handler; in source order.
    pub elements: Vec<Element>,
    /// Every `<script>`, those in templates and in SVG included.
    pub scripts: Vec<Script>,
    /// Every `<style>`.
    pub styles: Vec<Style>,
    /// Every policy in a `<meta>`.
    pub policies: Vec<MetaPolicy>,
    /// Index in `elements` of the `<base>` that counts: the first with an `href`.
    pub base: Option<u32>,
}

/// One start tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// In lower case.
    pub name: String,
    /// From `<` to behind `>`.
    pub span: TextSpan,
    /// Those of its attributes that matter; of attributes with the same name the first, as in a browser.
    pub attributes: Vec<Attribute>,
    /// Whether the parser puts it in the document's head.
    pub in_head: bool,
    /// Whether a script that runs stands before it.
    pub after_first_script: bool,
    /// Whether it stands in a `<template>`: inert until a script uses it.
    pub in_template: bool,
}

/// One attribute of a start tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// In lower case.
    pub name: String,
    /// Where the name stands.
    pub name_span: TextSpan,
    /// With character references decoded; `None` when there is no `=`.
    pub value: Option<String>,
    /// Where the value stands, without quotes; empty, behind the name, when there is none.
    pub value_span: TextSpan,
    /// Name, value and quotes.
    pub span: TextSpan,
    /// Whether a template engine or a build fills a part of the value in.
    pub templated: bool,
}

/// How a browser takes a `<script>`: <https://html.spec.whatwg.org/#prepare-the-script-element>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptKind {
    /// A script, not a module.
    Classic,
    /// `type="module"`.
    Module,
    /// `type="importmap"`: JSON.
    ImportMap,
    /// Any other type: not run by the browser.
    Data,
}

/// One `<script>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Index in [`Html::elements`].
    pub element: u32,
    /// What a browser does with it.
    pub kind: ScriptKind,
    /// The `src`, or in SVG the `href`; such a script's inline content does not run.
    pub src: Option<String>,
    /// Where the inline source stands; empty for none.
    pub content: TextSpan,
    /// The `type` as written.
    pub media_type: Option<String>,
    /// The `lang` of component files: `ts`, `tsx`.
    pub lang: Option<String>,
    /// The `nonce` as written.
    pub nonce: Option<String>,
}

/// One `<style>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// Index in [`Html::elements`].
    pub element: u32,
    /// Where the style sheet stands.
    pub content: TextSpan,
    /// What it imports or loads.
    pub urls: Vec<CssUrl>,
}

/// A policy in `<meta http-equiv="content-security-policy">`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaPolicy {
    /// Index in [`Html::elements`].
    pub element: u32,
    /// The `content`, decoded.
    pub content: String,
    /// Where the `content` stands in the page.
    pub span: TextSpan,
    /// `content-security-policy-report-only`, which browsers ignore in a page.
    pub report_only: bool,
}

impl Html {
    /// The `<webview>` elements.
    pub fn webviews(&self) -> impl Iterator<Item = &Element> {
        self.elements.iter().filter(|element| element.name == "webview")
    }

    /// The element of this index.
    pub fn element(&self, index: u32) -> Option<&Element> {
        self.elements.get(index as usize)
    }
}

impl Element {
    /// The attribute of this lower-case name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The decoded value of an attribute; empty when it has none.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(|attribute| attribute.value.as_deref().unwrap_or_default())
    }

    /// The attributes that hold a script: `onclick` and its kin.
    pub fn handlers(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| reader::is_handler(&attribute.name))
    }
}

/// Reads a page, a component file or a fragment. Any text has an answer; time and memory are linear in its length.
///
/// Texts of 4 GB and more are not read: their offsets would not fit.
pub fn read(text: &str) -> Html {
    if u32::try_from(text.len()).is_err() {
        return Html::default();
    }
    reader::read(text, Syntax::Html)
}

/// As [`read`], for a page in XML, where `<script src="a.js"/>` is whole.
pub fn read_xhtml(text: &str) -> Html {
    if u32::try_from(text.len()).is_err() {
        return Html::default();
    }
    let mut html = reader::read(text, Syntax::Xml);
    for script in &mut html.scripts {
        script.content = without_cdata(text, script.content);
    }
    html
}

/// Whether a file is written in Pug, by its ending, or in Jade, as it was called before.
pub fn is_pug(path: &str) -> bool {
    [".pug", ".jade"].iter().any(|ending| path.ends_with(ending))
}

/// As [`read`], for a page in Pug.
pub fn read_pug(text: &str) -> Html {
    match u32::try_from(text.len()) {
        Ok(length) => pug::read(text, (0, length)),
        Err(_) => Html::default(),
    }
}

/// As [`read`], for a component of Vue: what a template in Pug says stands behind all else.
pub fn read_component(text: &str) -> Html {
    let mut html = read(text);
    if let Some((start, end)) = template_in_pug(text).filter(|_| u32::try_from(text.len()).is_ok()) {
        let inside = pug::read(text, (start as u32, end as u32));
        html.elements.extend(inside.elements.into_iter().map(|element| Element { in_template: true, ..element }));
    }
    html
}

/// What stands in `<template lang="pug">`.
fn template_in_pug(text: &str) -> Option<(usize, usize)> {
    let tag = memchr::memmem::find(text.as_bytes(), b"<template")?;
    let start = tag + text.get(tag..)?.find('>')? + 1;
    let is_pug = ["lang=\"pug\"", "lang='pug'", "lang=\"jade\""].iter().any(|lang| text[tag..start].contains(lang));
    let end = start + memchr::memmem::find(text.as_bytes().get(start..)?, b"</template")?;
    is_pug.then_some((start, end))
}

/// The script in `<![CDATA[ … ]]>`, where its element holds nothing else.
fn without_cdata(text: &str, (start, end): TextSpan) -> TextSpan {
    let Some(whole) = text.get(start as usize..end as usize) else { return (start, end) };
    let blanks = whole.len() - whole.trim_start().len();
    let inner = whole.trim().strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>"));
    inner.map_or((start, end), |inner| {
        let start = start + (blanks + "<![CDATA[".len()) as u32;
        (start, start + inner.len() as u32)
    })
}

/// What a page is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Html,
    Xml,
}

/// Whether a string of a program is HTML with an element that [`read`] would tell of, such as `<webview` or `<iframe`.
pub fn is_fragment(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let length = rest.iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (name, after) = rest.split_at(length);
        let ends = after.first().is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
        ends && FRAGMENT_ELEMENTS.iter().any(|element| name.eq_ignore_ascii_case(element.as_bytes()))
    })
}

/// Elements that make a string worth reading as HTML.
const FRAGMENT_ELEMENTS: [&str; 20] = [
    "webview", "iframe", "script", "img", "link", "object", "embed", "form", "base", "meta", "style", "video", "audio",
    "source", "track", "frame", "svg", "input", "button", "body",
];

#[cfg(test)]
mod tests;
