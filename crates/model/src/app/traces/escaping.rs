//! Calls of packages that make something harmless of what they are given: markup in which it is escaped, a time in words.

use super::Walk;
use crate::app::App;
use crate::link::things::Thing;
use crate::link::{C, V};
use crate::summary::{CallKind, Key, Value};

/// Functions that make markup of a text and escape the text, unless one of these options is on.
const ESCAPING: [(&str, &[&str]); 4] = [
    // <https://katex.org/docs/options.html>
    ("katex.renderToString", &["trust"]),
    // <https://github.com/micromark/micromark#options>
    ("micromark.micromark", MICROMARK),
    ("micromark", MICROMARK),
    // <https://github.com/syntax-tree/hast-util-to-html#options>
    ("hast-util-to-html.toHtml", &["allowDangerousHtml"]),
];

const MICROMARK: &[&str] = &["allowDangerousHtml", "allowDangerousProtocol"];

/// What makes a drawing of a text: <https://mermaid.js.org/config/usage.html#api-usage>.
const DRAWS: [&str; 4] =
    ["mermaid.render", "mermaid.mermaidAPI.render", "mermaidAPI.render", "beautiful-mermaid.renderMermaid"];

/// What makes a time of something: <https://day.js.org/docs/en/parse/parse>, <https://momentjs.com/docs/#/parsing/>.
const TIMES: [&str; 9] =
    ["Date", "dayjs", "dayjs.utc", "dayjs.unix", "dayjs.tz", "moment", "moment.utc", "moment.unix", "moment-timezone"];

/// Calls in a row on one time: `dayjs(time).locale('de').format()`.
const MOST_CHAINED: usize = 8;

impl Walk<'_, '_> {
    /// Whether a call makes markup of a text and escapes the text, by what it is told or is not.
    pub(super) fn escapes_by_options(&self, c: C, name: &str) -> bool {
        let app = self.app;
        if !matches!(name, "renderToString" | "micromark" | "default" | "toHtml" | "render" | "renderMermaid") {
            return false;
        }
        if let Some((path, _)) = app.api_of(c) {
            let path = path.strip_prefix("window.").unwrap_or(&path).replace(".default", "");
            if DRAWS.contains(&path.as_str()) {
                return !app.draws_loosely();
            }
            let known = ESCAPING.iter().find(|(function, _)| *function == path);
            return known.is_some_and(|(_, options)| !self.is_told(c, options));
        }
        // `new Convert({ escapeXML: true }).toHtml(log)`: <https://github.com/rburns/ansi-to-html#options>.
        let Value::Member(made, _) = app.program.value(V(c.0, app.program.call(c).callee)) else { return false };
        name == "toHtml"
            && app.eval(V(c.0, made)).iter().any(|known| match &known.thing {
                Thing::Result(path, made) => {
                    path.starts_with("new ansi-to-html") && self.is_told(*made, &["escapeXML"])
                }
                _ => false,
            })
    }

    /// Whether a call is given an object in which one of these options is on, or may be.
    fn is_told(&self, c: C, options: &[&str]) -> bool {
        let app = self.app;
        let given = app.program.arguments(c).iter().flat_map(|item| app.options_written(V(c.0, item.value), options));
        given.into_iter().any(|v| app.eval(v).iter().any(|known| known.thing.truthy() != Some(false)))
    }

    /// Whether a call gives a time in words and digits, or says that it is none: `new Date(answer.at).toLocaleString()`.
    pub(super) fn tells_time(&self, c: C, name: &str) -> bool {
        if !matches!(
            name,
            "format" | "fromNow" | "toNow" | "calendar" | "toLocaleString" | "toDateString" | "toUTCString"
        ) {
            return false;
        }
        let app = self.app;
        let mut at = c;
        for _ in 0..MOST_CHAINED {
            let Value::Member(object, _) = app.program.value(V(at.0, app.program.call(at).callee)) else {
                return false;
            };
            let Some(made) = app.call_behind(V(at.0, object)) else { return false };
            if let Some((path, _)) = app.api_of(made) {
                let path = path.strip_suffix(".default").unwrap_or(&path);
                // `Date(…)` without `new` gives a text.
                return TIMES.contains(&path) && (path != "Date" || app.program.call(made).kind == CallKind::New);
            }
            at = made;
        }
        false
    }
}

impl App<'_> {
    /// Whether some drawing may be made of a text with the markup in it: `mermaid.initialize({ securityLevel: 'loose' })`,
    /// <https://mermaid.js.org/config/usage.html#securitylevel>.
    fn draws_loosely(&self) -> bool {
        *self.draws_loosely.get_or_init(|| {
            let is_strict = |v: V| {
                self.eval(v).iter().all(|known| known.text().is_some_and(|text| matches!(text, "strict" | "sandbox")))
            };
            self.program.unit_ids().any(|unit| {
                let summary = self.program.summary(unit);
                let is_level = |key: Key| matches!(key, Key::Name(name) if summary.str(name) == "securityLevel");
                let mut levels = summary.properties.iter().filter(|property| is_level(property.key));
                levels.any(|level| !is_strict(V(unit, level.value)))
            })
        })
    }
}
