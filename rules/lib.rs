//! What electrolint looks for: one file per rule.

pub mod finding;

use electrolint_model::App;
use finding::{Finding, Severity};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// How bad its findings are in the common case.
    pub severity: Severity,
    /// Items of Electron's checklist.
    pub items: &'static [&'static str],
    /// First line of its documentation.
    pub summary: &'static str,
    /// Its documentation, Markdown.
    pub doc: &'static str,
    /// Where the knowledge comes from.
    pub source: &'static str,
    /// Weaknesses, as `CWE-79`.
    pub cwe: &'static [&'static str],
}

static WEB_SECURITY: Rule = Rule {
    id: "web-security",
    severity: Severity::High,
    items: &["S5", "E6"],
    summary: "The same-origin policy is off.",
    doc: "The same-origin policy is off.\n\nAny page may read any other.\n\n```js\nnew BrowserWindow({ webPreferences: { webSecurity: false } }); //~ web-security\n```\n",
    source: "https://www.electronjs.org/docs/latest/tutorial/security",
    cwe: &["CWE-346"],
};

/// Every rule, sorted by name.
pub fn all() -> &'static [&'static Rule] {
    static ALL: [&Rule; 1] = [&WEB_SECURITY];
    &ALL
}

/// Runs every rule.
pub fn run(_app: &App) -> Vec<Finding> {
    Vec::new()
}
