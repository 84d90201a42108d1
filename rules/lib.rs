//! What electrolint looks for: one file per rule.
//!
//! A rule is data and a function. It asks the [`App`] questions and never sees syntax.

mod addresses;
pub mod finding;
pub mod fixes;
mod handlers;
mod ignores;
pub mod options;
mod report;
mod switches;
mod untrusted;
mod windows;

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use electrolint_model::App;
use finding::Finding;
pub(crate) use finding::{Confidence, Severity};
use ignores::Ignore;
use options::Options;
pub(crate) use report::Findings;
pub use windows::noun;

/// A rule.
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// How bad its findings are in the common case.
    pub severity: Severity,
    /// Items of Electron's checklist: `E15` of today's, `S14` of the classic one.
    pub items: &'static [&'static str],
    /// Where the knowledge comes from.
    pub source: &'static str,
    /// Weaknesses, as `CWE-79`.
    pub cwe: &'static [&'static str],
    check: fn(&Context, &mut Findings),
    raw: &'static str,
    text: OnceLock<String>,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

impl Rule {
    /// Its documentation, Markdown.
    pub fn doc(&self) -> &str {
        self.text.get_or_init(|| {
            let lines: Vec<&str> = self.raw.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
            lines.join("\n").trim().to_owned()
        })
    }

    /// First line of its documentation.
    pub fn summary(&self) -> &str {
        self.raw.trim_start().lines().next().unwrap_or_default().trim_end()
    }
}

/// What a rule asks.
pub(crate) struct Context<'a> {
    /// The app.
    pub app: &'a App<'a>,
    /// What the user decided.
    pub options: &'a Options,
    /// The comments that ask to ignore findings.
    pub ignores: &'a [Ignore],
}

/// A rule: its documentation, which is the only text about it, and its data. The file's function `check` does the work.
macro_rules! rule {
    (
        $(#[doc = $doc:literal])*
        pub(crate) static RULE = {
            id: $id:literal,
            severity: $severity:expr,
            items: $items:expr,
            cwe: $cwe:expr,
            source: $source:literal $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        pub(crate) static RULE: $crate::Rule = $crate::Rule {
            id: $id,
            severity: $severity,
            items: &$items,
            source: $source,
            cwe: &$cwe,
            check,
            raw: concat!($($doc, "\n",)*),
            text: std::sync::OnceLock::new(),
        };
    };
}

/// Each file is a module, and a rule.
macro_rules! catalogue {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*

        /// Every rule, sorted by name.
        pub fn all() -> &'static [&'static Rule] {
            static ALL: &[&Rule] = &[$(&$file::RULE),*];
            ALL
        }
    };
}

catalogue! {
    addon_inbound_port,
    addon_root_permission,
    addon_token_check,
    affinity,
    allow_popups,
    allow_running_insecure_content,
    auxclick,
    certificate_validation,
    child_process,
    command_line_switches,
    content_security_policy,
    context_isolation,
    custom_protocol,
    dangerous_eval,
    deprecated_api,
    egress_dynamic_url,
    egress_host,
    egress_limits,
    egress_private_network,
    electron_version,
    enable_blink_features,
    experimental_features,
    exposed_electron_api,
    file_protocol,
    fuses,
    ignore_without_reason,
    insecure_content,
    ipc_sender_validation,
    limit_navigation,
    limit_window_creation,
    node_integration,
    open_external,
    permission_request_handler,
    preload_path,
    process_sandbox,
    remote_module,
    remote_module_filter,
    sandbox_api_arguments,
    sandbox_lifetime,
    security_warnings_disabled,
    target_environment,
    unsafe_html,
    unused_ignore,
    web_security,
    webview_options,
}

/// Runs every rule. Sorted by place, then by rule; no finding twice.
pub fn run(app: &App, options: &Options) -> Vec<Finding> {
    run_timed(app, options, |_, _| ControlFlow::Continue(()))
}

/// As [`run`]; `tell` hears how long each rule took, and may say that nobody wants the findings any more: then there are none.
pub fn run_timed(
    app: &App,
    options: &Options,
    mut tell: impl FnMut(&'static str, Duration) -> ControlFlow<()>,
) -> Vec<Finding> {
    let ignores = ignores::read(app);
    let context = Context { app, options, ignores: &ignores };
    let mut findings = Findings::new(app);
    for rule in all() {
        let start = Instant::now();
        (rule.check)(&context, &mut findings);
        if tell(rule.id, start.elapsed()).is_break() {
            return Vec::new();
        }
    }
    let mut found = findings.finish();
    let used = ignores::apply(app, &ignores, &mut found);
    if !ignores.is_empty() {
        let mut unused = Findings::new(app);
        unused_ignore::report(&context, &used, &mut unused);
        let mut unused = unused.finish();
        ignores::apply(app, &ignores, &mut unused);
        found.extend(unused);
        found.sort_by(|a, b| (a.span, a.rule, &a.message).cmp(&(b.span, b.rule, &b.message)));
    }
    found
}
