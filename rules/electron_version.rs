//! An Electron without security fixes.

use electrolint_model::electron::releases::{Data, Support};

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// This Electron gets no more security fixes, or lacks some that are out.
    ///
    /// Electron contains Chromium and Node, whose holes are published with their fixes. Only the newest three majors of Electron get
    /// these fixes; below them, every page that the app shows can be the one that uses a hole of last year. Stay on a supported major
    /// and take its newest release.
    ///
    /// The dates and advisories are built in and dated, so a version that is newer than they are is never reported.
    ///
    /// ```json
    /// // file: package.json
    /// {
    ///   "main": "main.js",
    ///   "devDependencies": {
    ///     "electron": "22.3.27" //~ electron-version
    ///   }
    /// }
    /// ```
    ///
    /// A major that is newer than the data:
    ///
    /// ```json
    /// // file: package.json
    /// { "main": "main.js", "devDependencies": { "electron": "99.0.0" } }
    /// ```
    pub(crate) static RULE = {
        id: "electron-version",
        severity: Severity::Medium,
        items: ["E16"],
        cwe: ["CWE-1104"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#16-use-a-current-version-of-electron",
    }
}

/// Majors below the oldest supported one from which on the holes are many.
const LONG_AGO: u32 = 5;

fn check(cx: &Context, findings: &mut Findings) {
    let electron = &cx.app.electron;
    if !electron.is_known() {
        return;
    }
    let data = Data::current();
    let version = &electron.version;
    let advisories = data.affecting(version);
    let supported = data.supported_majors();
    let oldest = supported.last().copied().unwrap_or(0);
    let known = match advisories.len() {
        0 => String::new(),
        1 => "1 known vulnerability".to_owned(),
        n => format!("{n} known vulnerabilities"),
    };
    let (severity, message) = match data.support(version) {
        Support::EndOfLife { date, .. } => {
            let since = date.map_or_else(String::new, |date| format!(" since {date}"));
            let holes = if known.is_empty() { known } else { format!(", and has {known}") };
            let severity = if oldest - version.major >= LONG_AGO { Severity::High } else { Severity::Medium };
            (severity, format!("Electron {version} has been out of support{since}{holes}"))
        }
        Support::Supported | Support::Prerelease if !known.is_empty() => {
            let severe = advisories.iter().any(|advisory| matches!(&*advisory.severity, "high" | "critical"));
            let severity = if severe { Severity::Medium } else { Severity::Low };
            (severity, format!("Electron {version} has {known}"))
        }
        _ => return,
    };
    let help = match data.first_unaffected(version).filter(|release| release.version.major >= oldest) {
        Some(release) if release.version.major == version.major => {
            let newest = data.newest_of(version.major).unwrap_or(release);
            format!("Update to {}, the newest release of this major.", newest.version)
        }
        _ => {
            let majors: Vec<String> = supported.iter().rev().map(u32::to_string).collect();
            format!("Update to a supported major: {} (as of {}).", majors.join(", "), data.as_of())
        }
    };
    let own = electron.span.filter(|&span| cx.app.is_own(span));
    let span = own.unwrap_or_else(|| cx.app.start());
    let mut report = findings
        .report(&RULE, span, message)
        .severity(severity)
        .gain("Published holes of this Chromium, Node and Electron work against the app's users.")
        .help(help)
        .symbol("electron")
        .app_wide();
    if !electron.is_exact() {
        report = report.at_most(Confidence::Firm);
    }
    if let Some(place) = electron.span {
        report = report.related(place, "Electron is asked for here");
    }
    if let Some(place) = electron.written {
        report = report.related(place, "the version is written here");
    }
    let _ = report;
}
