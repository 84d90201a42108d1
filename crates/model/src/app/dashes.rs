//! Arguments of programs behind `--`, where nothing is an option, and behind an option, of which they may be the value.

use super::App;
use crate::link::{F, V};
use crate::summary::{Item, Value};

/// Calls of one function among which those of `push` are looked for.
const MOST_CALLS: usize = 256;

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

impl App<'_> {
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
