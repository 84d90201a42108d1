//! How long each stage and each rule took.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Time by stage and by rule; of several apps, their sum.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    stages: Vec<(&'static str, Duration)>,
    rules: BTreeMap<&'static str, Duration>,
    last: Option<Instant>,
}

impl Timings {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { last: Some(Instant::now()), ..Self::default() }
    }

    /// Ends a stage, which began where the one before ended.
    pub(crate) fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        let time = self.last.map_or(Duration::ZERO, |last| now - last);
        self.last = Some(now);
        match self.stages.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, sum)) => *sum += time,
            None => self.stages.push((stage, time)),
        }
    }

    /// Adds the time of a rule.
    pub(crate) fn rule(&mut self, rule: &'static str, time: Duration) {
        *self.rules.entry(rule).or_default() += time;
    }

    /// Lines for people: the stages in their order, the rules with the slowest first.
    pub fn text(&self) -> String {
        let mut rules: Vec<(&str, Duration)> = self.rules.iter().map(|(name, time)| (*name, *time)).collect();
        rules.sort_by_key(|(name, time)| (std::cmp::Reverse(*time), *name));
        let mut out = String::new();
        for (name, time) in &self.stages {
            let _ = writeln!(out, "{:>10.1} ms  {name}", time.as_secs_f64() * 1000.0);
        }
        for (name, time) in rules {
            let _ = writeln!(out, "{:>10.1} ms  rule {name}", time.as_secs_f64() * 1000.0);
        }
        out
    }
}
