//! `electrolint config`: the settings that hold for a path, or the schema.

use std::fmt::Write;
use std::path::PathBuf;

use clap::ValueEnum;

use super::write_stdout;
use crate::cli::{ConfigCommandArgs, RuleSetting};
use crate::config::settings::{Config, Globs};
use crate::config::{Configurations, schema};
use crate::report::{printable, severity_name};
use crate::{Exit, Failure, discover};

/// Prints what holds for a path.
///
/// # Errors
/// A path that does not exist, and a configuration that does not fit.
pub fn run(options: &ConfigCommandArgs) -> Result<Exit, Failure> {
    if options.schema {
        write_stdout(&schema::json_schema())?;
        return Ok(Exit::Clean);
    }
    let path = options.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let path = discover::resolve(&path)?;
    let folder = if path.is_dir() { path.clone() } else { path.parent().unwrap_or(&path).to_path_buf() };
    let configurations = Configurations::new(&options.config, &folder)?;
    let config = configurations.of(&folder);
    configurations.ready()?;
    write_stdout(&printable(&settings(&config)))?;
    Ok(Exit::Clean)
}

fn settings(config: &Config) -> String {
    let mut out = String::new();
    match config.files.split_last() {
        None => out.push_str("# no configuration file\n"),
        Some((last, extended)) => {
            let _ = writeln!(out, "# {}", last.display());
            for file in extended {
                let _ = writeln!(out, "# extends {}", file.display());
            }
        }
    }
    word(&mut out, "fail-on", config.fail_on);
    word(&mut out, "min-confidence", config.min_confidence);
    word(&mut out, "min-severity", config.min_severity);
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "{key} = {value}");
        }
    };
    line("strict", config.strict.map(|bool| bool.to_string()));
    line("include-tests", config.include_tests.map(|bool| bool.to_string()));
    line("ignore-files", config.ignore_files.map(|bool| bool.to_string()));
    line("max-file-size", config.max_file_size.map(|size| size.to_string()));
    line("electron-version", config.electron_version.as_ref().map(|version| format!("{version:?}")));
    globs(&mut out, "exclude", &config.exclude);
    globs(&mut out, "include", &config.include);
    if !config.rules.is_empty() {
        out.push_str("\n[rules]\n");
        for rule in &config.rules {
            let _ = writeln!(out, "{:?} = {:?}", rule.pattern, setting(rule.setting));
        }
    }
    for over in &config.overrides {
        out.push_str("\n[[overrides]]\n");
        globs(&mut out, "files", std::slice::from_ref(&over.files));
        let rules = over.rules.iter().map(|rule| format!("{:?} = {:?}", rule.pattern, setting(rule.setting)));
        let _ = writeln!(out, "rules = {{ {} }}", rules.collect::<Vec<_>>().join(", "));
    }
    if !config.ignores.is_empty() {
        let _ = writeln!(out, "\n# {} accepted findings", config.ignores.len());
    }
    if let Some(hosts) = &config.egress_hosts {
        let hosts: Vec<String> = hosts.iter().map(|host| format!("{:?}", host.to_string())).collect();
        let _ = writeln!(out, "\n[rules.egress-host]\nallow = [{}]", hosts.join(", "));
    }
    if let Some(target) = &config.target {
        let _ = writeln!(out, "\n[rules.deprecated-api]\ntarget = {target:?}");
    }
    for environment in &config.environments {
        out.push_str("\n[[rules.target-environment.environments]]\n");
        let _ = writeln!(out, "name = {:?}", environment.name);
        globs(&mut out, "files", std::slice::from_ref(&environment.files));
    }
    out
}

fn word(out: &mut String, key: &str, value: Option<impl ValueEnum>) {
    if let Some(value) = value.and_then(|value| value.to_possible_value()) {
        let _ = writeln!(out, "{key} = {:?}", value.get_name());
    }
}

fn globs(out: &mut String, key: &str, all: &[Globs]) {
    for globs in all {
        let _ = writeln!(out, "{key} = {:?} # from {}", globs.written, globs.folder.display());
    }
}

fn setting(setting: RuleSetting) -> &'static str {
    match setting {
        RuleSetting::On => "on",
        RuleSetting::Off => "off",
        RuleSetting::Severity(severity) => severity_name(severity),
    }
}
