//! What a group of a pattern takes out of a text: `text.match(/<b>(.+?)<\/b>/)[1]`.

use super::{State, Walk};
use crate::link::things::Thing;
use crate::link::{C, V};
use crate::summary::Value;

/// Groups of one pattern that are told apart.
const MOST_GROUPS: usize = 32;

/// Bytes of a pattern that is taken apart.
const MOST_BYTES: usize = 4096;

/// What a group lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lets {
    /// Nothing that means anything where it goes.
    Harmless,
    /// Something that may.
    Some,
    /// Whatever stands there.
    All,
}

impl Walk<'_, '_> {
    /// What is let through by the group that is read of what `match`, `exec` or `matchAll` gives, by a number or among all that have names.
    pub(super) fn let_through(&self, c: C, name: &str, read: Option<&str>) -> Option<Lets> {
        let app = self.app;
        if !self.purpose.is_text() {
            return None;
        }
        let group = match read? {
            "groups" => None,
            number => Some(number.parse::<usize>().ok().filter(|number| *number > 0)?),
        };
        let pattern = match (name, app.program.value(V(c.0, app.program.call(c).callee))) {
            ("match" | "matchAll", _) => app.program.argument(c, 0)?,
            ("exec", Value::Member(pattern, _)) => V(c.0, pattern),
            _ => return None,
        };
        let mut most = None;
        for known in app.eval(pattern).iter() {
            let Thing::Regex(pattern, _) = &known.thing else { return None };
            if pattern.len() > MOST_BYTES {
                return None;
            }
            let groups = groups(pattern);
            let read = groups.iter().enumerate();
            let read = read.filter(|(index, (is_named, _))| group.map_or(*is_named, |group| group == index + 1));
            let lets = read.map(|(_, (_, inner))| self.lets(inner)).max()?;
            most = most.max(Some(lets));
        }
        most
    }

    /// Looks at what a group takes out: `found[1]`.
    pub(super) fn group_taken(&mut self, found: V, number: V, state: State) {
        let group = match self.app.program.only(number).map(|known| known.thing) {
            Some(Thing::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        self.visit(found, State { property: group.as_deref(), is_own: false, ..state });
    }

    /// Whether a value is what a pattern matched: what `match` or `exec` gives, or one of what `matchAll` does.
    pub(super) fn is_match(&self, v: V) -> bool {
        let v = self.app.program.behind(v);
        let (v, is_one) = match self.app.program.value(v) {
            Value::ElementOf(all) => (V(v.0, all), true),
            _ => (v, false),
        };
        self.app.call_behind(v).is_some_and(|c| match self.named(c) {
            "match" | "exec" => !is_one,
            "matchAll" => is_one,
            _ => false,
        })
    }

    /// What a pattern lets through.
    pub(super) fn lets(&self, pattern: &str) -> Lets {
        let mut most = Lets::Harmless;
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '[' => class_length(rest),
                '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
                // `{2,40}`, `(?:`, `(?<name>`.
                '{' => rest.find('}').map_or(1, |end| end + 1),
                '(' if rest.starts_with("(?<") => rest.find('>').map_or(3, |end| end + 1),
                '(' if rest.starts_with("(?") => 3.min(rest.len()),
                _ => c.len_utf8(),
            };
            let (atom, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            most = most.max(self.atom_lets(atom));
            rest = after;
        }
        most
    }

    fn atom_lets(&self, atom: &str) -> Lets {
        let is_markup = self.purpose.is_markup();
        match atom {
            "." | "\\S" | "\\D" | "[^]" | "[\\s\\S]" | "[\\S\\s]" | "[\\d\\D]" | "[\\D\\d]" | "[\\w\\W]"
            | "[\\W\\w]" => Lets::All,
            "\\d" | "\\w" | "\\b" | "\\B" | "*" | "+" | "?" | "|" | "^" | "$" | "(" | ")" => Lets::Harmless,
            "\\s" | "\\n" if is_markup => Lets::Harmless,
            _ if atom.starts_with("[^") => {
                let excluded = &atom["[^".len()..];
                match is_markup {
                    // No tag begins without it.
                    true if excluded.contains('<') => Lets::Harmless,
                    true => Lets::All,
                    false if excluded.contains(['\'', '"', '`', ';', '(', ')', '$', '&', '|', '\\']) => Lets::Some,
                    false => Lets::All,
                }
            }
            _ => {
                let class = atom.strip_prefix('[').and_then(|class| class.strip_suffix(']'));
                let is_skipped = atom.starts_with('{') && atom.len() > 1 || atom.starts_with("(?");
                match is_skipped || self.holds_harmless_only(class.unwrap_or(atom)) {
                    true => Lets::Harmless,
                    false => Lets::Some,
                }
            }
        }
    }
}

/// The groups of a pattern that take something out, in their order: whether each has a name, and what it says.
fn groups(pattern: &str) -> Vec<(bool, &str)> {
    let mut found: Vec<(bool, &str)> = Vec::new();
    // Of what is open: which group it is, and where its content begins.
    let mut open: Vec<Option<(usize, usize)>> = Vec::new();
    let mut at = 0;
    while let Some(c) = pattern.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = pattern.get(at..).unwrap_or_default();
        let mut length = c.len_utf8();
        match c {
            '\\' => length += rest.chars().nth(1).map_or(0, char::len_utf8),
            '[' => length = class_length(rest),
            '(' => {
                let is_named = rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!");
                let takes = is_named || !rest.starts_with("(?");
                if is_named {
                    length = rest.find('>').map_or(length, |end| end + 1);
                }
                if takes && found.len() >= MOST_GROUPS {
                    break;
                }
                open.push(takes.then_some((found.len(), at + length)));
                if takes {
                    found.push((is_named, ""));
                }
            }
            ')' => {
                if let Some(Some((group, start))) = open.pop()
                    && let Some(group) = found.get_mut(group)
                {
                    group.1 = pattern.get(start..at).unwrap_or_default();
                }
            }
            _ => {}
        }
        at += length;
    }
    found
}

/// The bytes of the class of characters with which a pattern begins.
pub(super) fn class_length(pattern: &str) -> usize {
    let mut is_escaped = false;
    // `[]` and `[^]` are whole: <https://tc39.es/ecma262/#prod-CharacterClass>.
    for (at, c) in pattern.char_indices().skip(1) {
        match c {
            ']' if !is_escaped => return at + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    pattern.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_apart() {
        for (pattern, expected) in [
            ("a(b)c(?:d)(e(f))", &["b", "e(f)", "f"][..]),
            ("[(](a[)]b)\\((\\))", &["a[)]b", "\\)"]),
            ("(?<name>[^]*)(?=x)(?<!y)", &["[^]*"]),
            ("(open", &[""]),
            (")[\\", &[]),
            ("(é[ü)]é)", &["é[ü)]é"]),
        ] {
            assert_eq!(groups(pattern).iter().map(|(_, inner)| *inner).collect::<Vec<_>>(), expected, "{pattern}");
        }
    }
}
