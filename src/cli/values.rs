//! What options take: words, sizes, versions, levels of rules.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use electrolint_rules::finding::{Confidence, Severity};

use crate::report::Format;

/// When to use a feature of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// If standard output is a terminal.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// A severity, as an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words of `Severity`")]
pub enum Level {
    High,
    Medium,
    #[default]
    Low,
    Info,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::High => Self::High,
            Level::Medium => Self::Medium,
            Level::Low => Self::Low,
            Level::Info => Self::Info,
        }
    }
}

/// A confidence, as an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words of `Confidence`")]
pub enum Sure {
    Tentative,
    #[default]
    Firm,
    Certain,
}

impl From<Sure> for Confidence {
    fn from(sure: Sure) -> Self {
        match sure {
            Sure::Tentative => Self::Tentative,
            Sure::Firm => Self::Firm,
            Sure::Certain => Self::Certain,
        }
    }
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words of `Severity`")]
pub enum FailOn {
    High,
    Medium,
    #[default]
    Low,
    Info,
    Never,
}

impl FailOn {
    /// The lowest severity that fails, or none.
    pub fn threshold(self) -> Option<Severity> {
        match self {
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

/// `NAME[=LEVEL]`: what `--rule` says of the rules that a glob matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLevel {
    /// A name or a glob.
    pub pattern: String,
    /// What to do with them.
    pub setting: RuleSetting,
}

/// What to do with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSetting {
    /// Report, as severe as the rule says.
    On,
    /// Do not report.
    Off,
    /// Report with this severity.
    Severity(Severity),
}

impl FromStr for RuleLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pattern, setting) = match text.split_once('=') {
            None => (text, RuleSetting::On),
            Some((pattern, level)) => {
                let setting = match level {
                    "on" => RuleSetting::On,
                    "off" => RuleSetting::Off,
                    "high" => RuleSetting::Severity(Severity::High),
                    "medium" => RuleSetting::Severity(Severity::Medium),
                    "low" => RuleSetting::Severity(Severity::Low),
                    "info" => RuleSetting::Severity(Severity::Info),
                    _ => return Err(format!("level `{level}` is none of on, off, high, medium, low, info")),
                };
                (pattern, setting)
            }
        };
        if pattern.is_empty() {
            return Err("the name of the rule is missing".into());
        }
        Ok(Self { pattern: pattern.into(), setting })
    }
}

/// `FILE` or `KEY=VALUE`: what `--config` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigOption {
    /// A configuration file.
    File(PathBuf),
    /// One setting, as it was written.
    Assignment(String),
}

impl FromStr for ConfigOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, _)) if !key.contains(['/', '\\']) => Ok(Self::Assignment(text.to_owned())),
            _ if text.is_empty() => Err("expected a file or KEY=VALUE".into()),
            _ => Ok(Self::File(text.into())),
        }
    }
}

/// `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its format.
    pub format: Format,
    /// Where it is written.
    pub path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').ok_or("expected FORMAT=PATH, as in sarif=electrolint.sarif")?;
        let format = Format::from_str(format, false)?;
        if path.is_empty() {
            return Err("the path is missing".into());
        }
        Ok(Self { format, path: path.into() })
    }
}

/// A number of bytes: `5MB`, `500kB`, `2MiB`, `4096`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "kib" => 1 << 10,
            "m" | "mb" => 1_000_000,
            "mib" => 1 << 20,
            "g" | "gb" => 1_000_000_000,
            "gib" => 1 << 30,
            _ => return Err(format!("unit `{unit}` is none of B, kB, MB, GB, KiB, MiB, GiB")),
        };
        let number: u64 = number.parse().map_err(|_| "expected a number with a unit, as in 5MB".to_string())?;
        number.checked_mul(factor).map(Self).ok_or_else(|| "the size is too large".into())
    }
}

pub(crate) fn electron_version(text: &str) -> Result<String, String> {
    let version = text.strip_prefix('v').unwrap_or(text);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() > 3 || !numbers.iter().all(is_number) {
        return Err("expected a version of Electron, as in 39.2.7 or 39".into());
    }
    let missing = ".0".repeat(3 - numbers.len());
    Ok(format!("{core}{missing}{}", &version[core.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!("5MB".parse(), Ok(ByteSize(5_000_000)));
        assert_eq!("2 KiB".parse(), Ok(ByteSize(2048)));
        assert_eq!("7".parse(), Ok(ByteSize(7)));
        assert!("5 parsecs".parse::<ByteSize>().is_err());
        assert!("MB".parse::<ByteSize>().is_err());
        assert!("99999999999999999999".parse::<ByteSize>().is_err());
        assert!("18446744073709551615kB".parse::<ByteSize>().is_err());
    }

    #[test]
    fn versions_are_completed() {
        assert_eq!(electron_version("39").as_deref(), Ok("39.0.0"));
        assert_eq!(electron_version("v39.2.7").as_deref(), Ok("39.2.7"));
        assert_eq!(electron_version("40.0.0-beta.1").as_deref(), Ok("40.0.0-beta.1"));
        for wrong in ["", "latest", "1.2.3.4", "^39", "39."] {
            assert!(electron_version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rule_levels() {
        let level: RuleLevel = "limit-*=high".parse().unwrap();
        assert_eq!(level.setting, RuleSetting::Severity(Severity::High));
        assert!("fuses=loud".parse::<RuleLevel>().is_err());
        assert!("=off".parse::<RuleLevel>().is_err());
    }
}
