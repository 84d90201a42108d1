//! Every key of the configuration: the one list that reading, its messages, the schema and the documentation are made of.

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// Any text.
    Text,
    /// `true` or `false`.
    Bool,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A number of bytes, or a text with a unit.
    Size,
    /// A version of Electron.
    Version,
    /// A day: `2027-01-31`.
    Day,
    /// A glob of paths.
    Glob,
    /// The path of another configuration file.
    File,
    /// A host pattern, as in a policy.
    Host,
    /// The name of a rule, or a glob of names.
    Rule,
    /// A list of these.
    List(&'static Takes),
    /// A table with these keys.
    Table(&'static [Key]),
    /// Rules and their levels; with options of rules or without.
    Levels {
        /// Options of single rules are allowed.
        options: bool,
    },
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) takes: Takes,
    /// It must be written.
    pub(super) required: bool,
    /// What it does, one or two sentences.
    pub(super) doc: &'static str,
}

const fn key(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, required: false, doc }
}

const fn required(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, required: true, doc }
}

/// Levels of a rule.
pub(super) const LEVELS: &[&str] = &["on", "off", "high", "medium", "low", "info"];

const SEVERITIES: &[&str] = &["high", "medium", "low", "info"];
const GLOBS: Takes = Takes::List(&Takes::Glob);
const TEXTS: Takes = Takes::List(&Takes::Text);

/// The keys of a file.
pub(super) const KEYS: &[Key] = &[
    key(
        "extends",
        Takes::List(&Takes::File),
        "Other configuration files (`.toml`), relative to this one, in the same repository. What is written here wins over them; lists of globs, levels, overrides and exceptions are joined.",
    ),
    key(
        "fail-on",
        Takes::Word(&["high", "medium", "low", "info", "never"]),
        "From which severity on a shown finding makes the exit code 1. Default: `low`.",
    ),
    key(
        "min-confidence",
        Takes::Word(&["tentative", "firm", "certain"]),
        "Show findings that are at least this sure. Default: `firm`.",
    ),
    key("min-severity", Takes::Word(SEVERITIES), "Show findings that are at least this severe. Default: `low`."),
    key("strict", Takes::Bool, "Exit with 4 when something could not be analysed. Default: `false`."),
    key("exclude", GLOBS, "Files and folders that are not read, relative to the folder of this file."),
    key(
        "include",
        GLOBS,
        "Files that are read though they would be left out (vendored, minified, ignored by git), relative to the folder of this file.",
    ),
    key("include-tests", Takes::Bool, "Read test code as well. Default: `false`."),
    key("ignore-files", Takes::Bool, "Leave out what `.gitignore` names. Default: `true`."),
    key(
        "max-file-size",
        Takes::Size,
        "Largest file that is read, as `\"5MB\"`; larger ones are reported as problems. Default: `\"5MB\"`.",
    ),
    key(
        "electron-version",
        Takes::Version,
        "Analyse for this version of Electron instead of the one that the app names.",
    ),
    key(
        "rules",
        Takes::Levels { options: true },
        "Levels of rules, by name or glob; of several that match, the last one wins. A table sets options of a rule as well.",
    ),
    key(
        "overrides",
        Takes::List(&Takes::Table(OVERRIDE)),
        "Other levels for some files; the last one that matches wins.",
    ),
    key(
        "ignore",
        Takes::List(&Takes::Table(IGNORE)),
        "Findings that are accepted, for files that cannot hold a comment.",
    ),
];

const OVERRIDE: &[Key] = &[
    required("files", GLOBS, "The files, relative to the folder of this file."),
    required("rules", Takes::Levels { options: false }, "Levels of rules for them."),
];

const IGNORE: &[Key] = &[
    required("rule", Takes::Rule, "The rule, or a glob of rules."),
    key("files", GLOBS, "The files, relative to the folder of this file. Default: every file."),
    key("symbol", Takes::Text, "The symbol of the finding, as `--format json` prints it."),
    required("reason", Takes::Text, "Why the finding is accepted."),
    key("until", Takes::Day, "The last day on which it is; from the next one on it is reported again."),
];

/// Keys that every rule has.
pub(super) const RULE: &[Key] = &[key("severity", Takes::Word(LEVELS), "The level of the rule.")];

const PRESETS: &[&str] = &["browser", "sandboxed-renderer", "preload", "node", "main"];

const ENVIRONMENT: &[Key] = &[
    key("name", Takes::Text, "A name for messages. Default: the preset."),
    required(
        "files",
        GLOBS,
        "The files that belong to it, relative to the folder of this file. A file belongs to the last one that matches.",
    ),
    required(
        "preset",
        Takes::Word(PRESETS),
        "What it has: `browser`, `sandboxed-renderer` (no Node), `preload` (a sandboxed preload script), `node`, `main`.",
    ),
    key("allow", TEXTS, "Globals, Node builtins (`node:path`) and modules that it has besides."),
    key("deny", TEXTS, "Globals, Node builtins and modules that it has not; a glob as `lodash*` is allowed."),
];

/// Options of single rules.
pub(super) const OPTIONS: &[(&str, &[Key])] = &[
    (
        "deprecated-api",
        &[key(
            "target",
            Takes::Version,
            "The version of Electron to which an update is planned. Default: the newest stable one that is known.",
        )],
    ),
    (
        "egress-host",
        &[key(
            "allow",
            Takes::List(&Takes::Host),
            "Hosts that the app may ask: `api.example.com`, `*.example.com`, each with an optional `:port`. Without it the rule is silent.",
        )],
    ),
    (
        "target-environment",
        &[key(
            "environments",
            Takes::List(&Takes::Table(ENVIRONMENT)),
            "The environments. Without them the rule is silent.",
        )],
    ),
];

/// The options of a rule.
pub(super) fn options_of(rule: &str) -> &'static [Key] {
    OPTIONS.iter().find(|(name, _)| *name == rule).map_or(&[], |(_, keys)| keys)
}
