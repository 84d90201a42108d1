//! Compares a tree with the keys, and says everything that does not fit.

use std::ops::Range;
use std::str::FromStr;

use electrolint_policy::HostPattern;
use globset::Glob;

use super::keys::{KEYS, Key, LEVELS, RULE, Takes, options_of};
use super::tree::{Kind, Node};
use crate::cli::ByteSize;
use crate::select::{nearest, suggestion};

/// Entries of one list, at most. The file may come from the app that is checked: no glob of it may cost much.
pub(super) const MOST_ENTRIES: usize = 1000;

/// Things that do not fit in one file and are told.
const MOST_MISFITS: usize = 50;

/// Longest text, in bytes.
pub(super) const LONGEST_TEXT: usize = 500;

/// One thing that does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

/// Everything in a file that does not fit.
pub(super) fn misfits(root: &Node) -> Vec<Misfit> {
    let mut judge = Judge { found: Vec::new() };
    judge.table(root, KEYS, "the configuration");
    judge.found
}

struct Judge {
    found: Vec<Misfit>,
}

impl Judge {
    fn say(&mut self, span: &Range<usize>, message: String, help: impl Into<String>) {
        self.found.push(Misfit { span: span.clone(), message, help: help.into() });
    }

    fn expects(&mut self, node: &Node, what: &str, wanted: &str) {
        self.say(&node.span, format!("{what} is {}, not {wanted}", node.type_name()), "");
    }

    fn table(&mut self, node: &Node, keys: &[Key], what: &str) {
        if !matches!(node.kind, Kind::Table(_)) {
            return self.expects(node, what, "a table");
        }
        for entry in node.entries() {
            if self.found.len() >= MOST_MISFITS {
                return;
            }
            match keys.iter().find(|key| key.name == entry.key) {
                Some(key) => self.value(&entry.value, key.takes, &format!("`{}`", entry.key)),
                None => {
                    let names: Vec<&'static str> = keys.iter().map(|key| key.name).collect();
                    let help = match nearest(&entry.key, &names) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => format!("the keys are {}", names.join(", ")),
                    };
                    self.say(&entry.key_span, format!("{what} has no key `{}`", entry.key), help);
                }
            }
        }
        for key in keys.iter().filter(|key| key.required && node.get(key.name).is_none()) {
            self.say(&node.span, format!("`{}` is missing here", key.name), key.doc);
        }
    }

    fn value(&mut self, node: &Node, takes: Takes, what: &str) {
        match takes {
            Takes::Bool => {
                if !matches!(node.kind, Kind::Bool(_)) {
                    self.expects(node, what, "true or false");
                }
            }
            Takes::Size => match &node.kind {
                Kind::Number(number) if *number >= 0.0 && number.fract() == 0.0 => {}
                Kind::Text(text) => {
                    if let Err(error) = ByteSize::from_str(text) {
                        self.say(&node.span, format!("{what}: {error}"), "as in \"5MB\"");
                    }
                }
                _ => self.expects(node, what, "a size, as in \"5MB\""),
            },
            Takes::List(of) => match &node.kind {
                Kind::List(items) if items.len() > MOST_ENTRIES => {
                    self.say(&node.span, format!("{what} has {} entries, more than {MOST_ENTRIES}", items.len()), "");
                }
                Kind::List(items) => {
                    for item in items {
                        if self.found.len() >= MOST_MISFITS {
                            return;
                        }
                        self.value(item, *of, &format!("an entry of {what}"));
                    }
                }
                _ => self.expects(node, what, "a list"),
            },
            Takes::Table(keys) => self.table(node, keys, what),
            Takes::Levels { options } => self.levels(node, options, what),
            _ => match &node.kind {
                Kind::Text(text) => self.text(node, text, takes, what),
                _ => self.expects(node, what, "a text"),
            },
        }
    }

    fn text(&mut self, node: &Node, text: &str, takes: Takes, what: &str) {
        if text.len() > LONGEST_TEXT {
            return self.say(&node.span, format!("a text of {} bytes is longer than {LONGEST_TEXT}", text.len()), "");
        }
        match takes {
            Takes::Word(words) if !words.contains(&text) => {
                self.say(&node.span, format!("`{text}` is none of {}", words.join(", ")), "");
            }
            Takes::Version if crate::cli::electron_version(text).is_err() => {
                self.say(&node.span, format!("`{text}` is not a version"), "as in \"39.2.7\"");
            }
            Takes::Day if !is_day(text) => {
                self.say(&node.span, format!("`{text}` is not a day"), "as in \"2027-01-31\"");
            }
            Takes::Glob => {
                if let Err(error) = Glob::new(text) {
                    self.say(&node.span, format!("`{text}` is not a valid glob: {}", error.kind()), "");
                } else if text.starts_with('/') || text.starts_with("../") {
                    self.say(&node.span, format!("`{text}` leads out of the folder of this file"), "");
                }
            }
            Takes::Host => {
                if let Err(error) = HostPattern::parse(text) {
                    self.say(&node.span, error, "a host is a name, `*.name` or an address, each with an optional port");
                }
            }
            Takes::Rule => self.rule(&node.span, text),
            Takes::Text if text.trim().is_empty() => self.say(&node.span, format!("{what} is empty"), ""),
            _ => {}
        }
    }

    fn rule(&mut self, span: &Range<usize>, pattern: &str) {
        let names: Vec<&'static str> = electrolint_rules::all().iter().map(|rule| rule.id).collect();
        if pattern.len() > LONGEST_TEXT {
            return self.say(span, format!("no rule has a name of {} bytes", pattern.len()), "");
        }
        match Glob::new(pattern) {
            Err(error) => self.say(span, format!("`{pattern}` is not a valid glob: {}", error.kind()), ""),
            Ok(glob) => {
                let glob = glob.compile_matcher();
                if !names.iter().any(|name| glob.is_match(name)) {
                    self.say(span, format!("no rule is called `{pattern}`"), suggestion(pattern, &names));
                }
            }
        }
    }

    fn levels(&mut self, node: &Node, options: bool, what: &str) {
        if !matches!(node.kind, Kind::Table(_)) {
            return self.expects(node, what, "a table of rules");
        }
        if node.entries().len() > MOST_ENTRIES {
            return self.say(&node.span, format!("{what} has more than {MOST_ENTRIES} entries"), "");
        }
        for entry in node.entries() {
            if self.found.len() >= MOST_MISFITS {
                return;
            }
            self.rule(&entry.key_span, &entry.key);
            match &entry.value.kind {
                Kind::Text(text) if LEVELS.contains(&text.as_str()) => {}
                Kind::Text(text) => {
                    self.say(&entry.value.span, format!("`{text}` is none of {}", LEVELS.join(", ")), "");
                }
                Kind::Table(_) => {
                    let own = if options { options_of(&entry.key) } else { &[] };
                    let keys: Vec<Key> = RULE.iter().chain(own).copied().collect();
                    self.table(&entry.value, &keys, &format!("`{}`", entry.key));
                }
                _ => self.expects(&entry.value, &format!("the level of `{}`", entry.key), "a text or a table"),
            }
        }
    }
}

/// `YYYY-MM-DD`.
pub(super) fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}
