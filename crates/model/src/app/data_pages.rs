//! Pages that are written in an address: `data:text/html,…`.

use super::{ApiCall, App, ShownMarkup};
use crate::link::V;
use crate::link::things::{Part, Thing};
use crate::summary::Value;

/// Kinds of data that are a page: <https://developer.mozilla.org/en-US/docs/Web/URI/Reference/Schemes/data>.
const PAGES: [&str; 3] = ["data:text/html", "data:image/svg+xml", "data:application/xhtml+xml"];

/// What puts a text into an address, and leaves what the text says.
const ENCODERS: [&str; 5] = ["encodeURIComponent", "encodeURI", "escape", "btoa", "window.btoa"];

/// Encodings of one text.
const MOST_ENCODINGS: usize = 4;

impl App<'_> {
    /// What is put into pages that are loaded as addresses, without what only encodes it.
    pub(super) fn markup_of_addresses(&self) -> Vec<ShownMarkup> {
        let mut found = Vec::new();
        for load in self.loads().iter().filter(|load| !load.is_file && load.development != Some(true)) {
            let Some(url) = load.url else { continue };
            for known in self.eval(url).iter() {
                let Thing::Template(parts) = &known.thing else { continue };
                let Some(Part::Text(head)) = parts.first() else { continue };
                let head = head.trim_start().to_ascii_lowercase();
                if !PAGES.iter().any(|page| head.starts_with(page)) {
                    continue;
                }
                let call = ApiCall { call: load.call, receiver: None, certainty: load.certainty, remote: false };
                let holes = parts.iter().filter_map(|part| if let Part::Hole(v, _) = part { Some(*v) } else { None });
                found.extend(holes.map(|v| ShownMarkup {
                    call: call.clone(),
                    text: self.before_encoding(v),
                    by: Some("loadURL"),
                }));
            }
        }
        found
    }

    /// The text of which a part of an address is made: `encodeURIComponent(page)`, `Buffer.from(page).toString('base64')`.
    fn before_encoding(&self, v: V) -> V {
        let mut at = v;
        for _ in 0..MOST_ENCODINGS {
            let Some(c) = self.call_behind(at) else { break };
            let inner = match self.program.value(V(c.0, self.program.call(c).callee)) {
                _ if self.api_of(c).is_some_and(|(path, _)| ENCODERS.contains(&&*path)) => self.program.argument(c, 0),
                Value::Member(bytes, name) if self.program.str(c.0, name) == "toString" => {
                    let made = self.call_behind(V(c.0, bytes)).filter(|made| {
                        self.api_of(*made).is_some_and(|(path, _)| matches!(&*path, "Buffer.from" | "Buffer"))
                    });
                    made.and_then(|made| self.program.argument(made, 0))
                }
                _ => None,
            };
            let Some(inner) = inner else { break };
            at = inner;
        }
        at
    }
}
