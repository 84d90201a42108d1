//! The reference of the command line, made of the definition: `docs/cli.md`.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};

use super::{Cli, EXIT_CODES};

/// The page, Markdown.
pub fn page() -> String {
    let mut command = Cli::command().term_width(0);
    command.build();
    let mut out = String::from(
        "# Command line\n\nMade of the program's own definition; `electrolint help COMMAND` prints the same.\n\n\
         `electrolint [PATH]...` is short for `electrolint check [PATH]...`. A folder that is called like a command is written `./rules`.\n",
    );
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        section(&mut out, sub);
    }
    let _ = write!(out, "\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for line in EXIT_CODES.lines().skip(1) {
        let (code, meaning) = line.trim().split_once(' ').unwrap_or((line, ""));
        let _ = writeln!(out, "| {code} | {} |", cell(meaning.trim()));
    }
    out.push_str(VARIABLES);
    out
}

const VARIABLES: &str = "
## Variables

| variable | meaning |
|---|---|
| `NO_COLOR` | no colours, whatever its value |
| `FORCE_COLOR`, `CLICOLOR_FORCE` | colours, though nothing is a terminal; `0` counts as unset |
| `CLICOLOR` | `0`: no colours on a terminal either |
| `ELECTROLINT_CACHE_DIR` | the folder in which results are kept where `--cache-dir` is not given |
| `ELECTROLINT_CONFIG` | the configuration file where `--config` is not given |
| `ELECTROLINT_NO_CACHE` | as `--no-cache`, unless it is empty, `0` or `false` |
| `ELECTROLINT_NOW` | the day of today (`YYYY-MM-DD`) for exceptions that end |
| `ELECTROLINT_OUTPUT_FORMAT` | the format where `--format` is not given |
| `ELECTROLINT_SANDBOX` | the program that `electrolint run` starts |
| `XDG_CACHE_HOME`, else `HOME` | the user's cache folder; on Windows `LOCALAPPDATA` |
| `GITHUB_STEP_SUMMARY` | with the format `github`, a table is added to this file |
| `SOURCE_DATE_EPOCH` | the time in formats that ask for one, so that the same input gives the same bytes |

`--verbose` prints those that are set.
";

fn section(out: &mut String, command: &Command) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = writeln!(out, "\n## electrolint {}\n\n{}\n\n```text\n{usage}\n```", command.get_name(), sentence(&about));
    if command.get_name() == "fix" {
        out.push_str("\nIts options are those of `check`; without `--fix=unsafe` only safe changes are made.\n");
        return;
    }
    let mut headings: Vec<&str> = Vec::new();
    let shown = |arg: &&Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version");
    for arg in command.get_arguments().filter(shown) {
        let heading = arg.get_help_heading().unwrap_or("Options");
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        let _ = writeln!(out, "\n| {heading} | |\n|---|---|");
        for arg in command.get_arguments().filter(shown) {
            if arg.get_help_heading().unwrap_or("Options") == heading {
                let _ = writeln!(out, "| {} | {} |", cell(&name(arg)), cell(&help(arg)));
            }
        }
    }
}

/// `-f`, `--format FORMAT`.
fn name(arg: &Arg) -> String {
    let values: Vec<&str> = arg.get_value_names().into_iter().flatten().map(|name| name.as_str()).collect();
    let takes = arg.get_num_args().is_some_and(|count| count.max_values() > 0);
    let value = if takes && !values.is_empty() { values.join(" ") } else { String::new() };
    let Some(long) = arg.get_long() else { return format!("`{value}`") };
    let optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    let value = match (value.is_empty(), optional) {
        (true, _) => String::new(),
        (false, true) => format!("[={value}]"),
        (false, false) => format!(" {value}"),
    };
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    format!("{short}`--{long}{value}`")
}

fn help(arg: &Arg) -> String {
    let text = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut out = sentence(&text.replace('\n', " "));
    if arg.get_num_args().is_none_or(|count| count.max_values() == 0) {
        return out;
    }
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() {
        let _ = write!(out, " One of {}.", values.join(", "));
    }
    let default: Vec<String> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if !default.is_empty() {
        let _ = write!(out, " Default: {}.", default.join(", "));
    }
    out
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
