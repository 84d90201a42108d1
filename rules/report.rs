//! Collects what rules report.

use electrolint_model::App;
use electrolint_model::link::things::Certainty;
use electrolint_model::source::Span;

use crate::Rule;
use crate::finding::*;

/// Everything that was reported.
pub(crate) struct Findings<'a> {
    app: &'a App<'a>,
    found: Vec<Finding>,
}

/// One report that is being filled in.
pub(crate) struct Report<'f> {
    finding: &'f mut Finding,
}

impl<'a> Findings<'a> {
    pub fn new(app: &'a App<'a>) -> Self {
        Self { app, found: Vec::new() }
    }

    /// The app that is looked at.
    pub fn app(&self) -> &'a App<'a> {
        self.app
    }

    /// Reports a place: certain, and as bad as the rule says, unless the report says otherwise.
    pub fn report(&mut self, rule: &'static Rule, span: Span, message: impl Into<String>) -> Report<'_> {
        self.found.push(Finding {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Certain,
            scope: Scope::Site,
            span,
            message: message.into(),
            gain: String::new(),
            help: String::new(),
            related: Vec::new(),
            symbol: String::new(),
            fix: None,
            ignored: None,
        });
        let last = self.found.len() - 1;
        Report { finding: &mut self.found[last] }
    }

    /// Sorted; of several reports of one rule at one place with one message the surest and worst.
    pub fn finish(self) -> Vec<Finding> {
        let app = self.app;
        let mut found: Vec<Finding> = self.found.into_iter().filter(|finding| app.is_own(finding.span)).collect();
        // An example or a template that lies beside the app is not what ships; an addon is.
        for finding in &mut found {
            if app.is_separate_file(finding.span.file) && !app.is_of_addon(finding.span.file) {
                finding.confidence = Confidence::Tentative;
            }
            // What a tool of the app's builders does is not what ships, save for what it writes into that.
            if app.is_command(finding.span.file) && !matches!(finding.rule, "fuses" | "content-security-policy") {
                finding.confidence = Confidence::Tentative;
            }
            // What the project's site does, a browser holds.
            if finding.scope == Scope::Site && app.is_of_site(finding.span.file) {
                finding.confidence = Confidence::Tentative;
            }
            // A way that cannot be seen may lead there.
            if app.is_forgotten(finding.span.file) {
                finding.confidence = Confidence::Tentative;
                finding.message.push_str(" (nothing leads to this script)");
            }
            if finding.scope == Scope::Site
                && finding.severity > Severity::Info
                && app.is_only_in_development(finding.span)
            {
                Report { finding: &mut *finding }.development(Some(true));
            }
            // What a library does with data is for the one to judge who gives it data.
            if finding.scope == Scope::Site && app.is_vendored(finding.span.file) {
                finding.confidence = Confidence::Tentative;
            }
        }
        found.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.span, finding.rule, finding.message.clone());
            key(a).cmp(&key(b)).then_with(|| (b.severity, b.confidence).cmp(&(a.severity, a.confidence)))
        });
        found.dedup_by(|a, b| a.span == b.span && a.rule == b.rule && a.message == b.message);
        found
    }
}

impl Report<'_> {
    /// How bad it is here.
    pub fn severity(self, severity: Severity) -> Self {
        self.finding.severity = severity;
        self
    }

    /// No surer than the facts.
    pub fn known(self, certainty: Certainty) -> Self {
        let confidence = match certainty {
            Certainty::Certain => Confidence::Certain,
            Certainty::Firm => Confidence::Firm,
            Certainty::Tentative => Confidence::Tentative,
        };
        self.finding.confidence = self.finding.confidence.min(confidence);
        self
    }

    /// No surer than this.
    pub fn at_most(self, confidence: Confidence) -> Self {
        self.finding.confidence = self.finding.confidence.min(confidence);
        self
    }

    /// About the app as a whole.
    pub fn app_wide(self) -> Self {
        self.finding.scope = Scope::App;
        self
    }

    /// Only in a development build: lower, and it says so.
    pub fn development(self, development: Option<bool>) -> Self {
        if development == Some(true) {
            self.finding.severity = Severity::Info;
            self.finding.message.push_str(" (only in development)");
        }
        self
    }

    /// What an attacker gains.
    pub fn gain(self, gain: impl Into<String>) -> Self {
        self.finding.gain = gain.into();
        self
    }

    /// What to write instead.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.finding.help = help.into();
        self
    }

    /// Another place that explains it.
    pub fn related(self, span: Span, message: impl Into<String>) -> Self {
        self.place(Relation::Note, span, message)
    }

    /// Another place, and its part in it.
    pub fn place(self, relation: Relation, span: Span, message: impl Into<String>) -> Self {
        if span != self.finding.span {
            self.finding.related.push(Related { relation, span, message: message.into() });
        }
        self
    }

    /// The places through which a value came; the last one is where it is written.
    pub fn because(self, trail: &[Span]) -> Self {
        match trail.last() {
            Some(&span) => self.related(span, "the value comes from here"),
            None => self,
        }
    }

    /// The scope path.
    pub fn symbol(self, symbol: impl Into<String>) -> Self {
        self.finding.symbol = symbol.into();
        self
    }

    /// A change that removes it, where there is one.
    pub fn fix(self, fix: Option<Fix>) -> Self {
        self.finding.fix = fix;
        self
    }
}
