//! Arguments of programs that are no options: behind `--`, behind an option, of which they may be the value, behind a beginning of the
//! app's own, or where a leading dash is refused.

use super::App;
use super::roots::{Root, UrlPart};
use crate::link::things::{Known, Thing};
use crate::link::{C, F, V};
use crate::summary::{Item, Operator, Value};

/// Calls of one function among which those of `push` are looked for.
const MOST_CALLS: usize = 256;

/// Values of the tests at one place that are looked at.
const MOST_TESTS: usize = 256;

/// Patterns that match what begins with a dash, and whatever else does.
const DASHES: [&str; 5] = ["^-", "^--?", "^-+", "^\\-", "^-.*"];

/// Options whose value decides what is run.
const RUN: [&str; 7] = ["--eval", "--exec", "--command", "--config", "--upload-pack", "--receive-pack", "--require"];

/// Options of many programs that take no value.
const ALONE: [&str; 10] =
    ["--quiet", "--verbose", "--force", "--recursive", "--yes", "--silent", "--json", "--all", "--bare", "--mirror"];

/// Options of one letter that mostly take one: what is read, what is written, ports, users, types.
const LETTERS: [&str; 5] = ["-i", "-o", "-p", "-u", "-t"];

/// Whether what stands behind this argument is most likely its value: the next word is taken as it is.
///
/// <https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap12.html>, guideline 7.
pub(super) fn takes_a_value(option: &str) -> bool {
    let is_long = option.len() > 2 && option.starts_with("--") && !option.starts_with("--no-") && !option.contains('=');
    LETTERS.contains(&option) || is_long && !RUN.contains(&option) && !ALONE.contains(&option)
}

/// Whether what stands behind this beginning of an argument makes no option of it: a word of the app's, `refs/heads/`, or the root of a
/// path. A program may read an address, or a text of its own language, where only its server, or a quote, would tell where it ends.
pub(super) fn is_head_of_no_option(head: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_./=@+,-".contains(c);
    match head.split_once("://") {
        Some((_, server)) => server.split_once('/').is_some_and(|(server, _)| !server.is_empty()),
        None => head.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && head.chars().all(is_word),
    }
}

impl App<'_> {
    /// Whether what holds at a call refuses a text that begins with the dash of an option: `if (name.startsWith('-')) throw …`.
    pub(super) fn refuses_dash(&self, c: C, text: V) -> bool {
        let Some(root) = self.root(text) else { return false };
        let mut open = self.conditions_at_call(c);
        let mut seen = 0;
        while let Some((v, holds)) = open.pop() {
            seen += 1;
            if seen > MOST_TESTS {
                return false;
            }
            let at = |id| V(v.0, id);
            let v = self.program.behind(v);
            match self.program.value(v) {
                Value::Unary(Operator::Not, inner) => open.push((at(inner), !holds)),
                Value::Binary(Operator::And, left, right) if holds => {
                    open.extend([(at(left), true), (at(right), true)])
                }
                Value::Binary(Operator::Or, left, right) if !holds => {
                    open.extend([(at(left), false), (at(right), false)]);
                }
                Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right)
                    if (operator == Operator::NotEqual) == holds =>
                {
                    let (left, right) = (at(left), at(right));
                    if [(left, right), (right, left)]
                        .into_iter()
                        .any(|(first, dash)| self.is_dash(dash) && self.is_first_letter(first, &root))
                    {
                        return true;
                    }
                }
                Value::Call(call) if !holds && self.asks_for_dash(C(v.0, call), &root) => return true,
                _ => {}
            }
        }
        false
    }

    /// `name.startsWith('-')`, `/^-/.test(name)`.
    fn asks_for_dash(&self, c: C, root: &Root) -> bool {
        let callee = V(c.0, self.program.call(c).callee);
        let (Value::Member(object, name), Some(argument)) = (self.program.value(callee), self.program.argument(c, 0))
        else {
            return false;
        };
        let object = V(c.0, object);
        let is_text = |v: V| self.part_of(v, root) == Some(UrlPart::Whole);
        match self.program.str(c.0, name) {
            "startsWith" => self.is_dash(argument) && is_text(object),
            "test" => self.is_pattern_of_dash(object) && is_text(argument),
            "match" => self.is_pattern_of_dash(argument) && is_text(object),
            _ => false,
        }
    }

    /// `name[0]`, `name.charAt(0)`.
    fn is_first_letter(&self, v: V, root: &Root) -> bool {
        let object = match self.program.value(v) {
            Value::Index(object, place) if self.is_zero(V(v.0, place)) => object,
            Value::Call(call) => {
                let callee = V(v.0, self.program.call(C(v.0, call)).callee);
                let Value::Member(object, name) = self.program.value(callee) else { return false };
                let is_first = self.program.argument(C(v.0, call), 0).is_none_or(|place| self.is_zero(place));
                match self.program.str(v.0, name) {
                    "charAt" | "at" if is_first => object,
                    _ => return false,
                }
            }
            _ => return false,
        };
        self.part_of(V(v.0, object), root) == Some(UrlPart::Whole)
    }

    fn is_dash(&self, v: V) -> bool {
        self.constant(v).as_ref().and_then(Known::text) == Some("-")
    }

    fn is_zero(&self, v: V) -> bool {
        matches!(self.program.value(v), Value::Number(place) if place == 0.0)
    }

    fn is_pattern_of_dash(&self, v: V) -> bool {
        let values = self.eval(v);
        let is_one = |known: &Known| matches!(&known.thing, Thing::Regex(pattern, _) if DASHES.contains(&&**pattern));
        !values.is_empty() && values.iter().all(is_one)
    }

    /// Whether what is put into a list of arguments is most likely the value of an option: `args.push('--folder', name)`.
    pub(super) fn is_put_behind_option(&self, added: V) -> bool {
        let summary = self.program.summary(added.0);
        let puts = self.program.calls_named("push").iter().filter(|c| c.0 == added.0).take(MOST_CALLS);
        puts.map(|c| self.program.arguments(*c)).any(|items| {
            items.windows(2).any(|pair| {
                matches!(pair, [option, value]
                    if value.value == added.1 && !value.spread && summary.text(option.value).is_some_and(takes_a_value))
            })
        })
    }

    /// Whether what is put into a list of arguments stands behind `--`, where nothing is an option: `args.push('--', name)`.
    /// <https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap12.html>, guideline 10.
    pub(super) fn is_behind_dashes(&self, list: V, added: V) -> bool {
        let summary = self.program.summary(list.0);
        let Value::Binding(binding) = summary.value(list.1) else { return false };
        let Some(made) = summary.written_once(binding).filter(|_| added.0 == list.0) else { return false };
        let is_end = |item: &Item| !item.spread && summary.text(item.value) == Some("--");
        let mut has_ended =
            matches!(summary.value(made), Value::Array(items) if summary.items(items).iter().any(is_end));
        let f = F(list.0, summary.bindings[binding.index()].function);
        for c in self.calls_inside(f).into_iter().take(MOST_CALLS) {
            let record = self.program.call(c);
            let pushes = matches!(self.program.value(V(c.0, record.callee)), Value::Member(object, name)
                if summary.str(name) == "push" && matches!(summary.value(object), Value::Binding(of) if of == binding));
            if !pushes {
                continue;
            }
            let items = self.program.arguments(c);
            if let Some(place) = items.iter().position(|item| item.value == added.1) {
                return has_ended || items.iter().take(place).any(is_end);
            }
            has_ended |= record.function == f.1 && record.condition.is_none() && items.iter().any(is_end);
        }
        false
    }
}
