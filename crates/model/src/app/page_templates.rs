//! Which file a page that a build writes is made from.

use super::App;
use crate::link::things::Thing;
use crate::source::Span;

/// What makes a page from a template: <https://github.com/jantimon/html-webpack-plugin#options>.
const MAKERS: [&str; 2] = ["html-webpack-plugin", "html-webpack-plugin.default"];

/// Pages that builds make that are looked at.
const MOST_TEMPLATES: usize = 64;

/// A page that a build makes.
pub(super) struct Template {
    /// The name under which it is written.
    pub name: String,
    /// What the path of the file ends in that it is made from.
    pub made_from: String,
    /// Where the build says so.
    pub span: Span,
}

impl App<'_> {
    /// `new HtmlWebpackPlugin({ filename: 'lyrics.html', template: 'src/lyrics/index.html' })`.
    pub(super) fn page_templates(&self) -> Vec<Template> {
        let mut found = Vec::new();
        for call in self.calls_of(&MAKERS).iter().take(MOST_TEMPLATES) {
            let Some(options) = call.argument(self, 0) else { continue };
            for known in self.eval(options).iter() {
                let Thing::Object(object) = &known.thing else { continue };
                let texts = |key: &str| -> Vec<String> {
                    let values = self.program.property(object, key, None).values;
                    values.iter().flat_map(|placed| self.ends_of_path(&placed.known)).collect()
                };
                let names = texts("filename");
                let name = match &names[..] {
                    [] => "index.html".to_owned(),
                    [name] => name.clone(),
                    _ => continue,
                };
                let span = call.callee_span(self);
                let made_from = texts("template").into_iter();
                found.extend(made_from.map(|made_from| Template { name: name.clone(), made_from, span }));
            }
        }
        found
    }
}
