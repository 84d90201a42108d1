//! What the languages of template engines put into markup as it is, and what they escape first.

/// A language of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Mustache, Handlebars, Hogan: <https://mustache.github.io/mustache.5.html>.
    Mustache,
    /// EJS: <https://ejs.co/#docs>.
    Ejs,
    /// Eta: <https://eta.js.org/docs/intro/template-syntax>.
    Eta,
    /// Underscore and lodash: <https://underscorejs.org/#template>, <https://lodash.com/docs/#template>.
    Underscore,
    /// Nunjucks, with `autoescape` as it is by default: <https://mozilla.github.io/nunjucks/templating.html#safe>.
    Nunjucks,
    /// doT: <https://olado.github.io/doT/>.
    Dot,
    /// Pug: <https://pugjs.org/language/code.html>.
    Pug,
}

/// A hole whose value becomes markup as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole<'t> {
    /// Its expression.
    pub raw: &'t str,
    /// The conditions, loops and code before it, or around it where the language says what they are around.
    pub code: Vec<&'t str>,
}

/// Holes of one template that are looked at.
const MOST_HOLES: usize = 2048;

/// Conditions, loops and code of one hole.
const MOST_CODE: usize = 16;

/// The holes of a template that do not escape.
pub fn holes(text: &str, dialect: Dialect) -> Vec<Hole<'_>> {
    match dialect {
        Dialect::Mustache => marked(text, &[("{{", "}}")], |_, inner| {
            let inner = inner.trim_matches('~').trim();
            match inner.as_bytes().first() {
                Some(b'{') => Mark::Raw(inner[1..].trim_end_matches('}')),
                Some(b'&') => Mark::Raw(&inner[1..]),
                Some(b'#' | b'^') => Mark::Code(&inner[1..]),
                Some(b'/') => Mark::End,
                _ => Mark::Escaped,
            }
        }),
        Dialect::Ejs => marked(text, &[("<%", "%>")], |_, inner| match inner.as_bytes().first() {
            Some(b'-') => Mark::Raw(&inner[1..]),
            Some(b'=' | b'#' | b'%') => Mark::Escaped,
            _ => Mark::Code(inner),
        }),
        Dialect::Eta => marked(text, &[("<%", "%>")], |_, inner| match inner.as_bytes().first() {
            Some(b'~') => Mark::Raw(&inner[1..]),
            Some(b'=') => Mark::Escaped,
            _ => Mark::Code(inner),
        }),
        Dialect::Underscore => {
            marked(text, &[("<%", "%>"), ("${", "}")], |open, inner| match (open, inner.as_bytes().first()) {
                ("${", _) => Mark::Raw(inner),
                (_, Some(b'=')) => Mark::Raw(&inner[1..]),
                (_, Some(b'-')) => Mark::Escaped,
                _ => Mark::Code(inner),
            })
        }
        Dialect::Nunjucks => marked(text, &[("{{", "}}"), ("{%", "%}")], |open, inner| match open {
            "{%" => Mark::Code(inner),
            _ if inner.split('|').skip(1).any(|filter| filter.trim_end_matches('-').trim() == "safe") => {
                Mark::Raw(inner)
            }
            _ => Mark::Escaped,
        }),
        Dialect::Dot => marked(text, &[("{{", "}}")], |_, inner| match inner.as_bytes().first() {
            Some(b'=') => Mark::Raw(&inner[1..]),
            Some(b'!') => Mark::Escaped,
            _ => Mark::Code(inner),
        }),
        Dialect::Pug => of_pug(text),
    }
}

/// What stands between two marks, with its expression.
enum Mark<'t> {
    Raw(&'t str),
    Escaped,
    Code(&'t str),
    End,
}

/// The holes between marks: `judge` is told the mark, and what stands behind it.
fn marked<'t>(text: &'t str, marks: &[(&str, &str)], judge: impl Fn(&str, &'t str) -> Mark<'t>) -> Vec<Hole<'t>> {
    let mut holes = Vec::new();
    let mut code = Vec::new();
    let mut rest = text;
    for _ in 0..MOST_HOLES {
        let next = marks.iter().filter_map(|(open, close)| Some((rest.find(open)?, *open, *close)));
        let Some((at, open, close)) = next.min_by_key(|(at, ..)| *at) else { break };
        let behind = rest.get(at + open.len()..).unwrap_or_default();
        let (inner, after) = behind.split_once(close).unwrap_or((behind, ""));
        match judge(open, inner) {
            Mark::Raw(raw) => holes.push(Hole { raw, code: last(&code) }),
            Mark::Code(expression) => code.push(expression),
            Mark::End => {
                code.pop();
            }
            Mark::Escaped => {}
        }
        rest = after;
    }
    holes
}

fn last<'t>(code: &[&'t str]) -> Vec<&'t str> {
    code.get(code.len().saturating_sub(MOST_CODE)..).unwrap_or_default().to_vec()
}

/// `p!= text`, `!{text}`.
fn of_pug(text: &str) -> Vec<Hole<'_>> {
    let mut holes = Vec::new();
    let mut code = Vec::new();
    for line in text.lines().take(MOST_HOLES) {
        let is_code = ["-", "if ", "each ", "else", "unless ", "case ", "when ", "while ", "mixin ", "+"];
        let line = line.trim_start();
        if is_code.iter().any(|word| line.starts_with(word)) {
            code.push(line);
            continue;
        }
        // A tag, its classes and attributes stand before it without a blank, or nothing does.
        let is_tag = |tag: &str| tag.ends_with(')') || !tag.contains(char::is_whitespace);
        if let Some((_, raw)) = line.split_once("!=").filter(|(tag, _)| is_tag(tag)) {
            holes.push(Hole { raw, code: last(&code) });
        }
        for behind in line.split("!{").skip(1) {
            holes.push(Hole { raw: behind.split('}').next().unwrap_or(behind), code: last(&code) });
        }
    }
    holes.truncate(MOST_HOLES);
    holes
}

/// The names that an expression begins with, each up to its first call: `user.name`, `marked(text)` gives `marked` and `text`.
pub fn names(expression: &str) -> Vec<Path<'_>> {
    let mut found: Vec<Path<'_>> = Vec::new();
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@');
    let mut rest = expression;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' | '`' => rest.get(1..).and_then(|inner| inner.find(first)).map_or(rest.len(), |end| end + 2),
            c if is_of_name(c) => {
                let of_path = |c: char| is_of_name(c) || c == '.';
                let end = rest.find(|c| !of_path(c)).unwrap_or(rest.len());
                let path = rest.get(..end).unwrap_or_default();
                let is_called = rest.get(end..).is_some_and(|rest| rest.trim_start().starts_with('('));
                if before != '.' && !first.is_ascii_digit() && found.len() < MOST_HOLES {
                    found.push(Path { path, is_called });
                }
                end
            }
            c => c.len_utf8(),
        };
        before = first;
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// A name and the properties that are read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'t> {
    /// `user.name`.
    pub path: &'t str,
    /// It is called.
    pub is_called: bool,
}

impl<'t> Path<'t> {
    /// The property of the data that it reads; `None`: all of it.
    pub fn of_data(self, data: Option<&str>) -> Option<&'t str> {
        let mut parts = self.path.trim_matches('.').split('.');
        let first = parts.next()?;
        let is_data = matches!(first, "this" | "it" | "locals" | "obj" | "@root") || Some(first) == data;
        if is_data { parts.next() } else { Some(first) }
    }

    /// The function, where it is called.
    pub fn function(self) -> Option<&'t str> {
        self.is_called.then(|| self.path.rsplit('.').next().unwrap_or(self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_escapes_what_it_says() {
        for (dialect, text, raw) in [
            (Dialect::Mustache, "<b>{{title}}</b>{{#list}}{{name}}{{/list}}{{! {x} }}", &[][..]),
            (Dialect::Mustache, "{{{title}}} {{& name}} {{~{text}~}}", &["title", " name", "text"]),
            (Dialect::Ejs, "<%= title %><% if (x) { %><%# <%- %>", &[]),
            (Dialect::Ejs, "<%- title %>", &[" title "]),
            (Dialect::Eta, "<%= it.a %><%~ it.b %>", &[" it.b "]),
            (Dialect::Underscore, "<%- title %><% each(x, () => { %>", &[]),
            (Dialect::Underscore, "<%= title %>${name}", &[" title ", "name"]),
            (Dialect::Nunjucks, "{{ title }}{% for x in list %}{{ x | upper }}{% endfor %}", &[]),
            (Dialect::Nunjucks, "{{ title | safe }}", &[" title | safe "]),
            (Dialect::Dot, "{{! it.a }}{{= it.b }}", &[" it.b "]),
            (Dialect::Pug, "p= title\np #{name}\nif a != b\np Not!= x", &[]),
            (Dialect::Pug, "p!= title\np.a(href='x')!= name\np !{text}", &[" title", " name", "text"]),
        ] {
            let found: Vec<&str> = holes(text, dialect).into_iter().map(|hole| hole.raw).collect();
            assert_eq!(found, raw, "{text}");
        }
    }

    #[test]
    fn an_open_hole_reaches_to_the_end() {
        for dialect in [Dialect::Mustache, Dialect::Ejs, Dialect::Underscore, Dialect::Nunjucks, Dialect::Pug] {
            for text in ["{{{", "<%-", "<%=é", "${", "{%", "!{", "!=", "{{é", "{{"] {
                assert!(holes(text, dialect).len() <= 1, "{text}");
            }
        }
    }

    #[test]
    fn a_hole_knows_what_is_around_it() {
        let of = |text, dialect| holes(text, dialect).into_iter().map(|hole| hole.code).collect::<Vec<_>>();
        assert_eq!(of("{{#list}}{{{a}}}{{/list}}{{{b}}}", Dialect::Mustache), [vec!["list"], vec![]]);
        assert_eq!(of("<% each(list) { %><%- a %><% } %>", Dialect::Ejs), [vec![" each(list) { "]]);
        assert_eq!(of("each one in list\n  p!= one", Dialect::Pug), [vec!["each one in list"]]);
    }

    #[test]
    fn an_expression_names_what_it_reads() {
        let of = |text| names(text).into_iter().map(|name| (name.of_data(None), name.function())).collect::<Vec<_>>();
        assert_eq!(of("user.name + 'a.b' + x[0].y"), [(Some("user"), None), (Some("x"), None)]);
        assert_eq!(of("_.escape(it.title)"), [(Some("_"), Some("escape")), (Some("title"), None)]);
        assert_eq!(of("this"), [(None, None)]);
        assert_eq!(of("é.a 'open"), [(Some("é"), None)]);
    }
}
