//! What scripts embed in pages: images, scripts, frames and media, in JSX or by writing to an element.

use super::App;
use crate::link::V;
use crate::link::things::{Certainty, Known, Thing};
use crate::source::Span;

/// Tags and the attributes in which they name what they load.
const LOADS: [(&str, &str); 16] = [
    ("audio", "src"),
    ("embed", "src"),
    ("form", "action"),
    ("frame", "src"),
    ("iframe", "src"),
    ("image", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("track", "src"),
    ("video", "poster"),
    ("video", "src"),
    ("webview", "src"),
];

/// One address that a script puts into an element.
#[derive(Clone, Debug)]
pub struct Embed {
    /// The tag, in lower case.
    pub tag: String,
    /// What it can be.
    pub values: Vec<Known>,
    /// Where.
    pub span: Span,
    /// Only in development.
    pub development: Option<bool>,
}

impl App<'_> {
    /// Addresses that scripts put into elements which load them, in the order of places.
    pub fn embeds(&self) -> Vec<Embed> {
        let loads = |tag: &str, attribute: &str| LOADS.contains(&(tag, attribute));
        let mut found = Vec::new();
        for (c, tag, attribute, value) in self.jsx_attributes() {
            let tag = tag.to_ascii_lowercase();
            if loads(&tag, &attribute) {
                let condition = self.program.call(c).condition;
                let development = self.program.development_of(c.0, condition, &Default::default());
                found.push(self.embed(tag, value, development));
            }
        }
        for attribute in ["src", "href", "poster", "action", "data", "srcset"] {
            for write in self.property_writes(attribute) {
                if let Some(tag) = self.tag_of(write.object).filter(|tag| loads(tag, attribute)) {
                    found.push(self.embed(tag, write.value, None));
                }
            }
        }
        found.sort_by_key(|embed| embed.span);
        found
    }

    fn embed(&self, tag: String, value: V, development: Option<bool>) -> Embed {
        Embed { tag, values: self.eval(value).to_vec(), span: self.span(value), development }
    }

    /// The tag of an element, also of `new Image()` and `new Audio()`.
    fn tag_of(&self, element: V) -> Option<String> {
        self.eval(element).iter().filter(|known| known.certainty > Certainty::Tentative).find_map(|known| match &known
            .thing
        {
            Thing::Element(tag, _) => Some(tag.to_ascii_lowercase()),
            Thing::Result(path, _) => match &**path {
                "new Image" | "new window.Image" => Some("img".to_owned()),
                "new Audio" | "new window.Audio" => Some("audio".to_owned()),
                _ => None,
            },
            _ => None,
        })
    }
}
