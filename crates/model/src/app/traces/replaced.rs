//! What a pattern takes out of a text, puts in its place, or lets through: `replace`, `replaceAll`, `match`.

use super::super::checks::Strength;
use super::super::roots::UrlPart;
use super::Walk;
use super::purpose::Quote;
use crate::link::things::Thing;
use crate::link::{C, V};
use crate::summary::Value;

/// Replacements in a row that are looked at.
const MOST_REPLACEMENTS: usize = 8;

/// What ends a text between double quotes in a shell, or has a meaning there:
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_03>.
const MEANT_IN_DOUBLE_QUOTES: [&str; 4] = ["\\", "\"", "$", "`"];

/// What a text is replaced by, and what of it.
struct Replacement {
    /// The text, or the pattern.
    of: Thing,
    /// Every place, not the first alone.
    all: bool,
    /// What is put there, where it is one text.
    with: Option<String>,
    /// The text in which it is done.
    text: V,
}

impl Walk<'_, '_> {
    /// Whether nothing is left in what a call gives that is dangerous where it goes: what is dangerous was replaced, or only what is
    /// harmless matches.
    pub(super) fn is_cleaned_by_pattern(&self, c: C, name: &str, quote: Quote) -> bool {
        let is_clean = |done: &Replacement| {
            self.leaves_plain(done)
                || self.purpose.is_markup() && escapes_markup(done)
                || self.purpose.is_command() && self.stays_inside(c, done, quote)
        };
        self.purpose.is_text()
            && match name {
                "replace" | "replaceAll" => self.replacement(c).is_some_and(|done| done.all && is_clean(&done)),
                "match" | "exec" => self.gives_what_matches(c, name),
                _ => false,
            }
    }

    fn replacement(&self, c: C) -> Option<Replacement> {
        let app = self.app;
        let Value::Member(text, method) = app.program.value(V(c.0, app.program.call(c).callee)) else { return None };
        let of = app.program.only(app.program.argument(c, 0)?)?.thing;
        let all = match app.program.str(c.0, method) {
            "replaceAll" => true,
            "replace" => matches!(&of, Thing::Regex(_, flags) if flags.contains('g')),
            _ => return None,
        };
        let with = app.program.argument(c, 1).and_then(|with| Some(app.constant(with)?.text()?.to_owned()));
        Some(Replacement { of, all, with, text: V(c.0, text) })
    }

    /// `text.replace(/[^a-z0-9]/gi, '')`: all but a few characters is taken away.
    fn leaves_plain(&self, done: &Replacement) -> bool {
        let Thing::Regex(pattern, _) = &done.of else { return false };
        let class = pattern.trim_end_matches(['+', '*']).strip_prefix("[^").and_then(|class| class.strip_suffix(']'));
        let plain = |text: &str| text.chars().all(|c| self.is_harmless(c));
        done.with.as_ref().is_some_and(|with| plain(with))
            && match class {
                Some(class) => self.holds_harmless_only(class),
                None => matches!(&**pattern, "\\W" | "\\W+" | "\\D" | "\\D+"),
            }
    }

    /// Whether all that a class of characters stands for is harmless: `a-z0-9_\-`.
    pub(super) fn holds_harmless_only(&self, class: &str) -> bool {
        let is_markup = self.purpose.is_markup();
        // A line's end is the end of a command.
        let named: &[&str] = if is_markup { &["\\w", "\\d", "\\s", "\\n"] } else { &["\\w", "\\d"] };
        let characters: Vec<char> =
            named.iter().fold(class.to_owned(), |rest, name| rest.replace(name, "")).chars().collect();
        let mut rest = characters.as_slice();
        loop {
            rest = match rest {
                [] => return true,
                ['\\', c, rest @ ..] if !c.is_ascii_alphanumeric() && self.is_harmless(*c) => rest,
                [from, '-', to, rest @ ..] if is_range(*from, *to) => rest,
                [_, '-', _, ..] => return false,
                [c, rest @ ..] if *c != '\\' && self.is_harmless(*c) => rest,
                _ => return false,
            };
        }
    }

    /// Whether a character means nothing to markup, or to a shell and a script.
    fn is_harmless(&self, c: char) -> bool {
        match self.purpose.is_markup() {
            true => !matches!(c, '<' | '>' | '&' | '"' | '\'' | '`'),
            false => c.is_ascii_alphanumeric() || " _-.,:@/=+".contains(c) || !c.is_ascii() && c.is_alphanumeric(),
        }
    }

    /// `text.match(/^[a-f0-9]{40}$/)`, `/^\d+$/.exec(text)`: what it gives is what matches.
    fn gives_what_matches(&self, c: C, name: &str) -> bool {
        let app = self.app;
        let pattern = match (name, app.program.value(V(c.0, app.program.call(c).callee))) {
            ("match", _) => app.program.argument(c, 0),
            (_, Value::Member(pattern, _)) => Some(V(c.0, pattern)),
            _ => None,
        };
        pattern.is_some_and(|pattern| {
            let is_pattern = app.eval(pattern).iter().all(|known| matches!(known.thing, Thing::Regex(..)));
            is_pattern && app.pattern(pattern, UrlPart::Whole, true, app.span(pattern)).strength == Strength::Host
        })
    }

    /// Whether a text cannot come out of the quotes of a shell inside which it stands: its own were replaced.
    fn stays_inside(&self, c: C, done: &Replacement, quote: Quote) -> bool {
        // Two quotes in a row end a text and begin the next one.
        let ends_and_begins = |with: &str| matches!(with, "" | "''" | "'\\''" | "'\"'\"'");
        match quote {
            Quote::Single => {
                taken(&done.of).is_some_and(|taken| taken.contains('\''))
                    && done.with.as_deref().is_some_and(ends_and_begins)
            }
            Quote::Double => self.is_escaped_for_double_quotes(c),
            _ => false,
        }
    }

    /// `text.replace(/(["\\$`])/g, '\\$1')`, or one after the other: the backslash first, else it escapes what escapes.
    fn is_escaped_for_double_quotes(&self, c: C) -> bool {
        let mut at = Some(c);
        let mut escaped = String::new();
        let mut first = String::new();
        for _ in 0..MOST_REPLACEMENTS {
            let Some(done) = at.and_then(|c| self.replacement(c)).filter(|done| done.all) else { break };
            let Some(taken) = taken(&done.of) else { break };
            if !done.with.is_some_and(|with| with.is_empty() || with.starts_with('\\')) {
                break;
            }
            escaped.push_str(&taken);
            first = taken;
            at = self.app.call_behind(done.text);
        }
        first.contains('\\') && MEANT_IN_DOUBLE_QUOTES.iter().all(|c| escaped.contains(*c))
    }

    /// `url.replace('app://', '')`, `url.replace(/^app:\/\//, '')`, `url.replace(/\w+:\/*/, '')`: one place at most is replaced, and nothing is cleaned.
    pub(super) fn cuts_a_prefix(&self, c: C, name: &str) -> bool {
        name == "replace"
            && self.app.program.argument(c, 0).is_some_and(|pattern| {
                self.app.eval(pattern).iter().all(|known| match &known.thing {
                    Thing::Text(text) => !text.is_empty(),
                    Thing::Regex(pattern, flags) => {
                        let is_prefix = pattern.starts_with('^') && !flags.contains('m') && !pattern.contains('|');
                        !flags.contains('g') && (is_prefix || !takes_anything(pattern))
                    }
                    _ => false,
                })
            })
    }

    /// `html.replace(/<script[\s\S]*?<\/script>/gi, '')`: what has another name, and a handler, stays.
    pub(super) fn takes_some_tags(&self, c: C, name: &str) -> bool {
        self.purpose.is_markup()
            && matches!(name, "replace" | "replaceAll")
            && self.app.program.argument(c, 0).is_some_and(|pattern| {
                self.app.eval(pattern).iter().all(|known| match &known.thing {
                    Thing::Text(text) => begins_a_tag(text),
                    Thing::Regex(pattern, _) => begins_a_tag(pattern),
                    _ => false,
                })
            })
    }

    /// `text.replace(/\s+/g, ' ')`: what is left out protects neither markup nor a command line.
    pub(super) fn replaces_blanks(&self, c: C, name: &str) -> bool {
        let is_blank = |pattern: &str| {
            let rest = ["\\n", "\\r", "\\t", "\\s", "\\d", "\\.", "\\/"]
                .iter()
                .fold(pattern.to_owned(), |rest, kind| rest.replace(kind, ""));
            rest.bytes().all(|byte| byte.is_ascii_digit() || b" +*?(){},|^$[]:_".contains(&byte))
                && !rest.contains("[^")
        };
        matches!(name, "replace" | "replaceAll")
            && self.app.program.argument(c, 0).is_some_and(|pattern| {
                self.app.eval(pattern).iter().all(|known| match &known.thing {
                    Thing::Text(text) => !text.is_empty() && text.trim().is_empty(),
                    Thing::Regex(pattern, _) => is_blank(pattern),
                    _ => false,
                })
            })
    }
}

/// Whether a pattern may match what nobody knows, however much of it: `.*`, `[^a-z]+`.
fn takes_anything(pattern: &str) -> bool {
    let plain = pattern.replace("\\.", "");
    plain.contains('.') || ["[^", "\\S", "\\W", "\\D", "\\P"].iter().any(|any| plain.contains(any))
}

/// Whether a text or a pattern begins with the name of a tag, or one of several: `<script`, `<\/?(b|i)>`.
fn begins_a_tag(pattern: &str) -> bool {
    let Some(rest) = pattern.strip_prefix('<') else { return false };
    let rest = ["\\/?", "\\/", "/?", "/"].iter().find_map(|slash| rest.strip_prefix(slash)).unwrap_or(rest);
    match rest.strip_prefix('(') {
        Some(group) => {
            let names = group.split(')').next().unwrap_or_default().trim_start_matches("?:");
            names.split('|').all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        }
        None => rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !pattern.contains('|'),
    }
}

/// `text.replace(/</g, '&lt;')`, `text.replace(/[&<>"']/g, escape)`: no tag is left in what it gives.
fn escapes_markup(done: &Replacement) -> bool {
    // What is put in its place begins none either.
    begins_tags(&done.of) && done.with.as_ref().is_none_or(|text| !text.contains('<'))
}

/// Whether a text or a pattern is found wherever a tag begins: `<`, `/[&<>]/`.
pub(super) fn begins_tags(of: &Thing) -> bool {
    match of {
        Thing::Text(text) => &**text == "<",
        Thing::Regex(pattern, _) => {
            pattern.split('|').any(|way| way == "<") || class_of(pattern).is_some_and(|class| class.contains('<'))
        }
        _ => false,
    }
}

/// The characters that a pattern takes away or replaces, each by itself: `'`, `["\\$]`, `(["\\])`.
fn taken(of: &Thing) -> Option<String> {
    let plain = |text: &str| text.replace("\\\\", "\0").replace('\\', "").replace('\0', "\\");
    match of {
        Thing::Text(text) => (text.chars().count() == 1).then(|| text.to_string()),
        Thing::Regex(pattern, _) => {
            let inner = pattern.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(pattern);
            match class_of(inner) {
                Some(class) => Some(plain(class)),
                None => Some(plain(inner))
                    .filter(|one| (one == "'" || MEANT_IN_DOUBLE_QUOTES.contains(&one.as_str())) && inner != "$"),
            }
        }
        _ => None,
    }
}

/// The characters of a pattern that is one class, and no negated one.
fn class_of(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('[')?.strip_suffix(']').filter(|class| !class.starts_with('^'))
}

/// Whether nothing but letters, or nothing but digits, lies from one character to another.
fn is_range(from: char, to: char) -> bool {
    let of_both = |is: fn(&char) -> bool| is(&from) && is(&to);
    of_both(char::is_ascii_digit) || of_both(char::is_ascii_lowercase) || of_both(char::is_ascii_uppercase)
}
