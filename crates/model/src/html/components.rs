//! Templates of Vue and Svelte: what they show as markup, what their loops go over, what they hand to the components in them.
//!
//! <https://vuejs.org/guide/essentials/template-syntax.html>, <https://svelte.dev/docs/svelte/basic-markup>

use std::cell::Cell;

use super::{Html, TextSpan};

/// Parts of one template that are looked at.
const MOST_PARTS: usize = 4000;

/// Elements and blocks in each other that are looked at.
const MOST_DEPTH: usize = 128;

/// Braces that nothing closes, after which a template is not read on.
const MOST_UNCLOSED: usize = 200;

/// Attributes of one element that are looked at.
const MOST_ATTRIBUTES: usize = 64;

/// Bytes of one expression that are looked at.
const LONGEST: usize = 1024;

/// Brackets in one expression: more would need a stack that scripts alone are given.
const MOST_BRACKETS: usize = 64;

/// What a template says, in source order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// An expression that becomes markup: `v-html="text"`, `{@html text}`.
    Markup(TextSpan),
    /// As [`Part::Markup`], by a property of the element: `:innerHTML="text"`.
    Property(TextSpan),
    /// What is done when something happens: `@click="open(link.url)"`, `on:click={() => open(link.url)}`.
    Listener {
        /// The expression, or statements of Vue's.
        does: TextSpan,
        /// It may be a component that tells it.
        of_component: bool,
    },
    /// Names that hold in what follows, up to their [`Part::End`].
    Names {
        /// The names, as the parameters of a function are written.
        names: TextSpan,
        /// What the first one is.
        first: First,
    },
    /// The innermost names hold no longer.
    End,
    /// An element that may be a component.
    Element {
        /// Its tag.
        tag: TextSpan,
        /// What it is given.
        attributes: Vec<Given>,
    },
}

/// What the first name of [`Part::Names`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// One element of this expression: `v-for`, `{#each}`.
    ElementOf(TextSpan),
    /// This expression: `{#await … then name}`, `{@const name = …}`.
    Value(TextSpan),
    /// What the component around gives: `v-slot`.
    Unknown,
}

/// What an element is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A property, as the component calls it, and an expression: `:post-title="title"`, `postTitle={title}`.
    Value(String, TextSpan),
    /// A property and a text: `title="News"`.
    Text(String, TextSpan),
    /// Every property of an object: `v-bind="post"`, `{...post}`.
    Spread(TextSpan),
}

/// In which language a template is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// `.vue`.
    Vue,
    /// `.svelte`.
    Svelte,
}

impl Framework {
    /// By the ending of a file.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            path if path.ends_with(".vue") => Some(Self::Vue),
            path if path.ends_with(".svelte") => Some(Self::Svelte),
            _ => None,
        }
    }
}

/// What the template of a component says, outside its scripts and styles.
pub fn template(text: &str, html: &Html, framework: Framework) -> Vec<Part> {
    let mut skipped: Vec<TextSpan> = html.scripts.iter().map(|script| script.content).collect();
    skipped.extend(html.styles.iter().map(|style| style.content));
    skipped.sort_unstable();
    let mut reader =
        Reader { text, bytes: text.as_bytes(), framework, parts: Vec::new(), open: Vec::new(), unclosed: Cell::new(0) };
    match memchr::memmem::find(reader.bytes, b"lang=\"pug\"") {
        Some(_) if framework == Framework::Vue => reader.read_indented(),
        _ => reader.read(&skipped),
    }
    while reader.close_innermost() {}
    reader.parts
}

/// An element or a block that is not closed.
struct Open {
    /// Of an element, its tag.
    tag: Option<TextSpan>,
    /// How many names it holds.
    names: u32,
    /// What `{#await}` waits for.
    awaited: Option<TextSpan>,
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    framework: Framework,
    parts: Vec<Part>,
    open: Vec<Open>,
    unclosed: Cell<usize>,
}

impl<'t> Reader<'t> {
    fn read(&mut self, skipped: &[TextSpan]) {
        let mut skipped = skipped.iter().peekable();
        let mut at = 0;
        while self.has_room() && self.open.len() < MOST_DEPTH && self.unclosed.get() < MOST_UNCLOSED {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let next = match self.framework {
                Framework::Vue => memchr::memchr(b'<', rest),
                Framework::Svelte => memchr::memchr2(b'<', b'{', rest),
            };
            let Some(next) = next.map(|next| at + next) else { return };
            while skipped.next_if(|(_, end)| *end as usize <= next).is_some() {}
            if let Some((_, end)) = skipped.next_if(|(start, _)| *start as usize <= next) {
                at = *end as usize;
                continue;
            }
            let rest = &self.bytes[next..];
            at = match rest.get(1) {
                _ if rest[0] == b'{' => self.block(next),
                Some(b'/') => self.end_tag(next),
                Some(b'!') if rest.starts_with(b"<!--") => {
                    memchr::memmem::find(rest, b"-->").map_or(self.bytes.len(), |length| next + length + 3)
                }
                Some(byte) if byte.is_ascii_alphabetic() => self.start_tag(next),
                _ => next + 1,
            };
        }
    }

    /// A template in which nothing is closed, as it is written: <https://pugjs.org/language/attributes.html>.
    fn read_indented(&mut self) {
        let quoted = |at: usize| {
            let (quote, rest) = self.bytes.get(at..)?.split_first()?;
            let length = memchr::memchr(*quote, rest).filter(|_| matches!(quote, b'"' | b'\''))?;
            Some(span(at + 1, at + 1 + length))
        };
        let places = memchr::memmem::find_iter(self.bytes, b"v-html=").take(MOST_UNCLOSED);
        let found: Vec<TextSpan> = places.filter_map(|at| quoted(at + "v-html=".len())).collect();
        found.into_iter().for_each(|expression| self.say(Part::Markup(expression)));
    }

    /// `{@html text}`, `{#each list as name}`, `{/each}`; gives where it ends.
    fn block(&mut self, start: usize) -> usize {
        let Some(end) = self.brace_end(start) else { return start + 1 };
        let content = self.trimmed(start + 1, end);
        let text = self.str(content);
        let word = text.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let rest = self.trimmed(content.0 as usize + word.len(), content.1 as usize);
        match word {
            "@html" => self.say(Part::Markup(rest)),
            "@const" => {
                if let Some(equals) = find_outside(self.str(rest), "=") {
                    let (name, value) = self.divided(rest, equals, 1);
                    self.names(name, First::Value(value));
                }
            }
            "#each" => {
                self.open.push(Open { tag: None, names: 0, awaited: None });
                if let Some(space) = find_outside(self.str(rest), " as ") {
                    let (list, names) = self.divided(rest, space, 4);
                    let key = find_outside(self.str(names), "(").unwrap_or(self.str(names).len());
                    let names = self.trimmed(names.0 as usize, names.0 as usize + key);
                    self.names(names, First::ElementOf(list));
                }
            }
            "#await" => {
                let then = find_outside(self.str(rest), " then ");
                let (awaited, name) = then.map_or((rest, None), |at| {
                    let (awaited, name) = self.divided(rest, at, 6);
                    (awaited, Some(name))
                });
                self.open.push(Open { tag: None, names: 0, awaited: Some(awaited) });
                if let Some(name) = name {
                    self.names(name, First::Value(awaited));
                }
            }
            ":then" | ":catch" => {
                let Some(block) = self.open.last_mut().filter(|block| block.awaited.is_some()) else { return end + 1 };
                let awaited = block.awaited.filter(|_| word == ":then");
                let held = std::mem::take(&mut block.names);
                self.parts.extend((0..held).map(|_| Part::End));
                if rest.0 < rest.1 {
                    self.names(rest, awaited.map_or(First::Unknown, First::Value));
                }
            }
            "#snippet" => {
                self.open.push(Open { tag: None, names: 0, awaited: None });
                let (from, to) = (find_outside(self.str(rest), "("), self.str(rest).rfind(')'));
                if let (Some(from), Some(to)) = (from, to)
                    && from < to
                {
                    self.names((rest.0 + as_u32(from) + 1, rest.0 + as_u32(to)), First::Unknown);
                }
            }
            "#if" | "#key" => self.open.push(Open { tag: None, names: 0, awaited: None }),
            "/each" | "/await" | "/snippet" | "/if" | "/key" => {
                let above = self.open.iter().rev().take_while(|open| open.tag.is_some()).count();
                let closed = if above < self.open.len() { above + 1 } else { 0 };
                for _ in 0..closed {
                    self.close_innermost();
                }
            }
            _ => {}
        }
        end + 1
    }

    fn end_tag(&mut self, start: usize) -> usize {
        let end = self.name_end(start + 2);
        let name = self.str(span(start + 2, end));
        // A block is closed by its own end alone.
        let inside = self.open.iter().rev().take_while(|open| open.tag.is_some());
        let opened = inside.take(MOST_DEPTH).position(|open| open.tag.is_some_and(|tag| self.str(tag) == name));
        for _ in 0..opened.map_or(0, |above| above + 1) {
            self.close_innermost();
        }
        end
    }

    /// A start tag with its attributes; gives where it ends.
    fn start_tag(&mut self, start: usize) -> usize {
        let tag = span(start + 1, self.name_end(start + 1));
        let mut at = tag.1 as usize;
        let (mut held, mut names) = (Vec::new(), Vec::new());
        let (mut said, mut attributes) = (Vec::new(), Vec::new());
        // What frames show is markup of a page unless their sandbox keeps all scripts from it.
        let (mut documents, mut runs_no_script) = (Vec::new(), false);
        let of_component = is_component(self.str(tag), self.framework);
        let mut is_closed = false;
        loop {
            at += self.bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            match self.bytes.get(at) {
                None => return at,
                Some(b'>') => break,
                Some(b'/') => {
                    is_closed = self.bytes.get(at + 1) == Some(&b'>');
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((name, value, end)) = self.attribute(at) else { return at + 1 };
            at = end.max(at + 1);
            let name_text = self.str(name);
            match (self.framework, name_text) {
                (Framework::Vue, "v-html") => said.extend(value.map(Part::Markup)),
                (Framework::Vue, "sandbox") if self.str(tag) == "iframe" => {
                    runs_no_script =
                        value.is_none_or(|words| !self.str(words).to_ascii_lowercase().contains("allow-scripts"));
                }
                (Framework::Vue, name) if takes_markup(name) => match name.to_ascii_lowercase().contains("srcdoc") {
                    true => documents.extend(value.map(Part::Property)),
                    false => said.extend(value.map(Part::Property)),
                },
                (Framework::Vue, "v-for") => {
                    let Some(value) = value else { continue };
                    let said = self.str(value);
                    let Some(between) = find_outside(said, " in ").or_else(|| find_outside(said, " of ")) else {
                        continue;
                    };
                    let (alias, list) = self.divided(value, between, " in ".len());
                    held.push((self.unwrapped(alias), First::ElementOf(list)));
                }
                (Framework::Vue, "slot-scope" | "scope") => {
                    held.extend(value.map(|value| (value, First::Unknown)));
                }
                (Framework::Vue, name) if name.starts_with('#') || name.starts_with("v-slot") => {
                    names.extend(value.map(|value| (value, First::Unknown)));
                }
                _ if attributes.len().max(said.len()) >= MOST_ATTRIBUTES => {}
                (Framework::Vue, name) if name.starts_with('@') || name.starts_with("v-on:") => {
                    said.extend(value.map(|does| Part::Listener { does, of_component }));
                }
                (Framework::Svelte, name) if name.starts_with("on:") => {
                    let braced = value.filter(|value| self.str(*value).starts_with('{'));
                    let inside = braced.map(|(start, end)| self.trimmed(start as usize + 1, end as usize - 1));
                    said.extend(inside.map(|does| Part::Listener { does, of_component }));
                }
                (Framework::Vue, _) => attributes.extend(self.given_in_vue(name, value)),
                (Framework::Svelte, _) => attributes.extend(self.given_in_svelte(name, value)),
            }
        }
        let is_void = is_closed || VOID_ELEMENTS.contains(&self.str(tag));
        self.open.push(Open { tag: Some(tag), names: 0, awaited: None });
        // What a loop names holds for the element itself, what a slot gives for what is in it.
        held.into_iter().for_each(|(name, first)| self.names(name, first));
        said.extend(documents.into_iter().filter(|_| !runs_no_script));
        said.into_iter().for_each(|part| self.say(part));
        if of_component {
            let attributes = attributes.into_iter().filter(|given| self.is_flat(given.span())).collect();
            self.parts.push(Part::Element { tag, attributes });
        }
        names.into_iter().for_each(|(name, first)| self.names(name, first));
        if is_void {
            self.close_innermost();
        }
        at + 1
    }

    /// The name of the attribute that begins here, its value, and where it ends.
    fn attribute(&self, start: usize) -> Option<(TextSpan, Option<TextSpan>, usize)> {
        if self.framework == Framework::Svelte && self.bytes.get(start) == Some(&b'{') {
            let end = self.brace_end(start)? + 1;
            return Some((span(start, end), None, end));
        }
        let rest = self.bytes.get(start..)?;
        let ends = |byte: &u8| matches!(byte, b'=' | b'>' | b'/') || byte.is_ascii_whitespace();
        let name_end = start + rest.iter().skip(1).position(ends)? + 1;
        let name = span(start, name_end);
        let blanks = |at: usize| self.bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let equals = name_end + blanks(name_end);
        if self.bytes.get(equals) != Some(&b'=') {
            return Some((name, None, name_end));
        }
        let value = equals + 1 + blanks(equals + 1);
        match self.bytes.get(value)? {
            quote @ (b'"' | b'\'') => {
                let end = value + 1 + memchr::memchr(*quote, &self.bytes[value + 1..])?;
                Some((name, Some(span(value + 1, end)), end + 1))
            }
            b'{' if self.framework == Framework::Svelte => {
                let end = self.brace_end(value)? + 1;
                Some((name, Some(span(value, end)), end))
            }
            _ => {
                let rest = &self.bytes[value..];
                let end = value + rest.iter().position(|byte| *byte == b'>' || byte.is_ascii_whitespace())?;
                Some((name, Some(span(value, end)), end))
            }
        }
    }

    /// <https://vuejs.org/api/built-in-directives.html#v-bind>, <https://vuejs.org/guide/components/v-model.html>
    fn given_in_vue(&self, name: TextSpan, value: Option<TextSpan>) -> Vec<Given> {
        let whole = self.str(name);
        let named = |name: &str| camel_case(name.split('.').next().unwrap_or(name));
        if let Some(bound) = whole.strip_prefix(':').or_else(|| whole.strip_prefix("v-bind:")) {
            // `:title` alone is `:title="title"`.
            let short = (name.1 - as_u32(bound.len()), name.1);
            return match value {
                _ if bound.starts_with('[') => Vec::new(),
                Some(value) => vec![Given::Value(named(bound), value)],
                None => vec![Given::Value(named(bound), short)],
            };
        }
        match (whole, value) {
            ("v-bind", Some(value)) => vec![Given::Spread(value)],
            (name, Some(value)) if name.starts_with("v-model") => match name.strip_prefix("v-model:") {
                Some(name) => vec![Given::Value(named(name), value)],
                None => ["modelValue", "value"].map(|name| Given::Value(name.to_owned(), value)).to_vec(),
            },
            (name, Some(value)) if !name.starts_with(['@', '.']) && !name.starts_with("v-") => {
                vec![Given::Text(camel_case(name), value)]
            }
            _ => Vec::new(),
        }
    }

    /// <https://svelte.dev/docs/svelte/basic-markup#Component-props>, <https://svelte.dev/docs/svelte/bind>
    fn given_in_svelte(&self, name: TextSpan, value: Option<TextSpan>) -> Option<Given> {
        let whole = self.str(name);
        if let Some(inner) = whole.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
            let inside = self.trimmed(name.0 as usize + 1, name.1 as usize - 1);
            return Some(match inner.trim_start().starts_with("...") {
                true => Given::Spread(self.trimmed(inside.0 as usize + 3, inside.1 as usize)),
                false => Given::Value(inner.trim().to_owned(), inside),
            });
        }
        let plain = whole.strip_prefix("bind:").unwrap_or(whole);
        if plain.contains(':') {
            return None;
        }
        let Some(value) = value else {
            let is_bound = plain.len() < whole.len();
            return is_bound.then(|| Given::Value(plain.to_owned(), (name.1 - as_u32(plain.len()), name.1)));
        };
        let said = self.str(value);
        let is_whole =
            said.starts_with('{') && self.brace_end(value.0 as usize) == Some((value.1 as usize).wrapping_sub(1));
        match is_whole {
            true => Some(Given::Value(plain.to_owned(), (value.0 + 1, value.1 - 1))),
            // A text with something in it is not looked at.
            false => (!said.contains('{')).then(|| Given::Text(plain.to_owned(), value)),
        }
    }

    fn say(&mut self, part: Part) {
        let (Part::Markup(expression) | Part::Property(expression) | Part::Listener { does: expression, .. }) = part
        else {
            return;
        };
        if self.is_flat(expression) && self.has_room() {
            self.parts.push(part);
        }
    }

    /// Names that hold until what is open now is closed.
    fn names(&mut self, names: TextSpan, first: First) {
        let first = match first {
            First::ElementOf(value) | First::Value(value) if !self.is_flat(value) => First::Unknown,
            first => first,
        };
        if !self.is_flat(names) || !self.has_room() {
            return;
        }
        // Outside of all, they hold to the end.
        if let Some(open) = self.open.last_mut() {
            open.names += 1;
            self.parts.push(Part::Names { names, first });
        }
    }

    fn close_innermost(&mut self) -> bool {
        let Some(open) = self.open.pop() else { return false };
        self.parts.extend((0..open.names).map(|_| Part::End));
        true
    }

    fn has_room(&self) -> bool {
        self.parts.len() < MOST_PARTS
    }

    fn is_flat(&self, expression: TextSpan) -> bool {
        let bytes = self.str(expression).as_bytes();
        let is_bracket = |byte: &&u8| matches!(byte, b'(' | b'[' | b'{' | b'`');
        bytes.len() <= LONGEST && bytes.iter().filter(is_bracket).count() <= MOST_BRACKETS
    }

    /// The brace that closes the one here.
    fn brace_end(&self, start: usize) -> Option<usize> {
        let mut depth = 0;
        let rest = self.bytes.get(start..)?;
        let end = rest.iter().take(LONGEST).position(|byte| {
            depth += i32::from(*byte == b'{') - i32::from(*byte == b'}');
            depth == 0
        });
        if end.is_none() {
            self.unclosed.set(self.unclosed.get() + 1);
        }
        end.map(|length| start + length)
    }

    fn name_end(&self, start: usize) -> usize {
        let ends = |byte: &u8| matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace();
        let rest = self.bytes.get(start..).unwrap_or_default();
        start + rest.iter().position(ends).unwrap_or(rest.len())
    }

    /// `(item, index)` without its brackets.
    fn unwrapped(&self, names: TextSpan) -> TextSpan {
        let is_wrapped = self.str(names).starts_with('(') && self.str(names).ends_with(')');
        if is_wrapped { self.trimmed(names.0 as usize + 1, names.1 as usize - 1) } else { names }
    }

    /// What stands before and behind a separator of this length.
    fn divided(&self, whole: TextSpan, at: usize, length: usize) -> (TextSpan, TextSpan) {
        let (start, end) = (whole.0 as usize, whole.1 as usize);
        (self.trimmed(start, start + at), self.trimmed(start + at + length, end))
    }

    fn trimmed(&self, start: usize, end: usize) -> TextSpan {
        let text = self.text.get(start..end).unwrap_or_default();
        let start = start + (text.len() - text.trim_start().len());
        span(start, start + text.trim().len())
    }

    fn str(&self, span: TextSpan) -> &'t str {
        self.text.get(span.0 as usize..span.1 as usize).unwrap_or_default()
    }
}

impl Given {
    fn span(&self) -> TextSpan {
        match self {
            Self::Value(_, span) | Self::Text(_, span) | Self::Spread(span) => *span,
        }
    }
}

/// Where a separator stands outside brackets and strings.
fn find_outside(text: &str, separator: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_i32, None);
    for (at, byte) in text.bytes().enumerate() {
        if depth == 0 && quote.is_none() && text.as_bytes()[at..].starts_with(separator.as_bytes()) {
            return Some(at);
        }
        match (byte, quote) {
            (_, Some(open)) => quote = quote.filter(|_| byte != open),
            (b'"' | b'\'' | b'`', None) => quote = Some(byte),
            (b'(' | b'[' | b'{', None) => depth += 1,
            (b')' | b']' | b'}', None) => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `post-title` as scripts call it: `postTitle`.
pub fn camel_case(name: &str) -> String {
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut name, part| {
        let mut letters = part.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// `post-row` as a component is called: `PostRow`.
pub fn pascal_case(name: &str) -> String {
    let name = camel_case(name);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
}

/// Whether an attribute is one of `:innerHTML`, `:inner-html.prop`, `.innerHTML`, `:srcdoc`, by which the element takes markup:
/// <https://vuejs.org/api/built-in-directives.html#v-bind>.
fn takes_markup(name: &str) -> bool {
    let bound = name.strip_prefix("v-bind:").or_else(|| name.strip_prefix([':', '.']));
    bound.is_some_and(|bound| {
        let property = camel_case(bound.split('.').next().unwrap_or(bound));
        ["innerHTML", "outerHTML", "srcdoc"].iter().any(|name| name.eq_ignore_ascii_case(&property))
    })
}

/// Whether a tag may be that of a component.
fn is_component(tag: &str, framework: Framework) -> bool {
    let begins_upper = tag.starts_with(|c: char| c.is_ascii_uppercase());
    begins_upper
        || framework == Framework::Vue && (tag.contains('-') || !ELEMENTS.split(' ').any(|element| element == tag))
}

fn span(start: usize, end: usize) -> TextSpan {
    (as_u32(start), as_u32(end.max(start)))
}

/// Texts of files are shorter than that.
fn as_u32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// <https://html.spec.whatwg.org/#void-elements>
const VOID_ELEMENTS: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// What a template holds that no component is called by: elements of pages and drawings, and what Vue itself brings.
const ELEMENTS: &str = "a abbr address area article aside audio b blockquote body br button canvas caption circle cite code \
    col colgroup component datalist dd defs del details dialog div dl dt ellipse em embed fieldset \
    figcaption figure filter footer form g h1 h2 h3 h4 h5 h6 head header hr html i iframe image img \
    input kbd label legend li line link main mark mask nav object ol optgroup option p path polygon \
    polyline pre progress q rect s script section select slot small source span strong style sub summary \
    sup svg symbol table tbody td template text textarea tfoot th thead time title tr u ul use webview";

#[cfg(test)]
mod tests;
