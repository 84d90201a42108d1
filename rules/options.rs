//! What the user decides for rules, as plain data.

use std::collections::BTreeSet;

use electrolint_model::electron::Version;
use electrolint_policy::HostPattern;

/// Options of the rules that have any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `egress-host`: the hosts that the app may ask; none: no list was made, and the rule is silent.
    pub egress_hosts: Option<Vec<HostPattern>>,
    /// `deprecated-api`: the version of Electron to which an update is planned; none: the newest that is known.
    pub target: Option<Version>,
    /// `target-environment`: what files may use.
    pub environments: Vec<Environment>,
}

/// Where some files run, as far as what they may use is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name in messages.
    pub name: String,
    /// Its files, as `SourceFile::path`; a file is in one environment at most.
    pub files: BTreeSet<String>,
    /// What it has.
    pub preset: Preset,
    /// Globals, builtins and modules that it has besides.
    pub allow: Vec<String>,
    /// Globals, builtins and modules that it has not, whatever else says so; a `*` at the end stands for any ending.
    pub deny: Vec<String>,
}

/// Kinds of environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// A page that also runs in other browsers: no Node, no Electron.
    Browser,
    /// A page of a window without Node: no Node, no Electron.
    SandboxedRenderer,
    /// A preload script of a window with the sandbox on.
    Preload,
    /// Node without Electron: a utility process, a child process, a command line.
    Node,
    /// The main process.
    Main,
}
