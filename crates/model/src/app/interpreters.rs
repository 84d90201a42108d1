//! Programs that are given a program as an argument: `sh -c`, `powershell -Command`, `node -e`.

use super::App;
use crate::link::things::{Known, Thing};
use crate::link::{C, V};
use crate::summary::Value;

/// How an interpreter takes a text for a program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// The argument behind the option.
    Next,
    /// All arguments behind the option, joined.
    Rest,
}

impl App<'_> {
    /// The arguments that an interpreter, started by this call with a program and a list, runs as a program.
    pub fn interpreted_arguments(&self, c: C) -> Vec<V> {
        let (Some(program), Some(list)) = (self.program.argument(c, 0), self.program.argument(c, 1)) else {
            return Vec::new();
        };
        let programs = self.eval(program);
        let names: Vec<String> = programs.iter().filter_map(name_of).collect();
        let mut found = Vec::new();
        for known in self.eval(list).iter() {
            let Thing::Array(array, _) = known.thing else { continue };
            let Value::Array(items) = self.program.value(array) else { continue };
            let items = self.program.summary(array.0).items(items);
            for (index, item) in items.iter().enumerate().take_while(|(_, item)| !item.spread) {
                let option = self.constant(V(array.0, item.value));
                let Some(option) = option.as_ref().and_then(Known::text) else { break };
                let Some(takes) = names.iter().find_map(|name| takes_program(name, option)) else {
                    // Behind the name of a script all are its arguments.
                    if option.starts_with(['-', '/']) { continue } else { break }
                };
                let given = items.iter().skip(index + 1).map(|item| V(array.0, item.value));
                found.extend(given.take(if takes == Takes::Next { 1 } else { usize::MAX }));
                break;
            }
        }
        found
    }
}

/// What a program is called, without its folder and its ending.
fn name_of(known: &Known) -> Option<String> {
    if matches!(&known.thing, Thing::Api(path) if &**path == "process.execPath") {
        return Some("node".to_owned());
    }
    let name = known.text()?.rsplit(['/', '\\']).next()?.to_ascii_lowercase();
    Some(name.strip_suffix(".exe").unwrap_or(&name).to_owned())
}

/// Whether an option of an interpreter says that a program follows.
///
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/sh.html>,
/// <https://learn.microsoft.com/windows-server/administration/windows-commands/cmd>,
/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_powershell_exe>,
/// <https://docs.python.org/3/using/cmdline.html#cmdoption-c>, <https://nodejs.org/api/cli.html#-e---eval-script>.
fn takes_program(name: &str, option: &str) -> Option<Takes> {
    let lower = option.to_ascii_lowercase();
    let is_one_of = |options: &[&str], takes| options.contains(&lower.as_str()).then_some(takes);
    match name {
        "sh" | "bash" | "zsh" | "dash" | "ash" | "ksh" | "fish" => {
            let letters = option.strip_prefix('-').filter(|letters| letters.bytes().all(|b| b.is_ascii_lowercase()));
            letters.filter(|letters| letters.contains('c')).map(|_| Takes::Next)
        }
        "cmd" => is_one_of(&["/c", "/k", "/r"], Takes::Rest),
        "powershell" | "pwsh" => is_one_of(&["-command", "-c", "/command", "/c"], Takes::Rest)
            .or_else(|| is_one_of(&["-encodedcommand", "-enc", "-ec", "-e"], Takes::Next)),
        "osascript" | "ruby" | "perl" | "lua" => is_one_of(&["-e"], Takes::Next),
        "php" => is_one_of(&["-r"], Takes::Next),
        "node" | "bun" => is_one_of(&["-e", "--eval", "-p", "--print", "-pe"], Takes::Next),
        _ if name.strip_prefix("python").is_some_and(is_version) || name == "py" => is_one_of(&["-c"], Takes::Next),
        _ => None,
    }
}

fn is_version(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}
