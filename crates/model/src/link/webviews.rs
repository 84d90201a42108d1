//! The webviews that scripts find by their ids: those of pages, of markup in scripts, and of JSX.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::Program;
use crate::html::{self, Html};
use crate::summary::*;

/// The tag as markup begins it.
const TAG: &str = "<webview";

impl Program<'_> {
    /// Whether a page or a script writes a webview of this id.
    pub(super) fn is_webview(&self, id: &str) -> bool {
        self.webviews.get_or_init(|| self.find_webviews()).contains(id)
    }

    fn find_webviews(&self) -> FxHashSet<String> {
        let mut ids: FxHashSet<String> = self.pages.iter().flat_map(|page| ids_of(page)).collect();
        let finder = memchr::memmem::Finder::new("webview");
        for unit in &self.units {
            if finder.find(self.sources.file(unit.file).text.content.as_bytes()).is_none() {
                continue;
            }
            let summary = &unit.summary;
            if summary.strings.iter().any(|text| text.contains(TAG)) {
                for node in &summary.values {
                    let text = markup(summary, node.value);
                    ids.extend(
                        text.iter().filter(|text| text.contains(TAG)).flat_map(|text| ids_of(&html::read(text))),
                    );
                }
            }
            if summary.strings.iter().any(|text| &**text == "webview") {
                ids.extend(summary.calls.iter().filter_map(|call| id_of_element(summary, call)).map(str::to_owned));
            }
        }
        ids
    }
}

fn ids_of(html: &Html) -> Vec<String> {
    html.webviews().filter_map(|element| element.value("id")).map(str::to_owned).collect()
}

/// A text as it may be read as markup: what a template does not know, as a letter.
fn markup(summary: &Summary, value: Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(name) => Some(Cow::Borrowed(summary.str(name))),
        Value::Template(list) => {
            let parts = summary.items(list).iter().map(|item| summary.text(item.value));
            Some(parts.map(|part| part.unwrap_or("x")).collect())
        }
        _ => None,
    }
}

/// The id of `<webview id="guest" />`.
fn id_of_element<'a>(summary: &'a Summary, call: &Call) -> Option<&'a str> {
    let [tag, attributes, ..] = summary.items(call.arguments) else { return None };
    if call.kind != CallKind::Jsx || summary.text(tag.value) != Some("webview") {
        return None;
    }
    let Value::Object(list) = summary.value(attributes.value) else { return None };
    summary.properties(list).iter().find_map(|property| match property.key {
        Key::Name(name) if summary.str(name) == "id" => summary.text(property.value),
        _ => None,
    })
}
