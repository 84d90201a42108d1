//! What a script asks of the sandbox that runs it: `api`, `rpc`, `network`, `storage` and kin, by their global names.
//!
//! The names are those of docs/sandbox.md and of the addon platform: nothing in a script declares them.

use super::App;
use crate::link::{C, V};
use crate::source::Span;
use crate::summary::{CallId, CallKind, Value};

/// Members that are looked through: `network.request.post`.
const MOST_SEGMENTS: usize = 8;

/// Something that a script names and does not declare.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalPath {
    /// Its dotted path: `api.weather.get`, `setTimeout`.
    pub path: String,
    /// The call, where it is called.
    pub call: Option<C>,
    /// Where.
    pub span: Span,
}

impl App<'_> {
    /// Every use of a global, or of something under one, in the app's own scripts, in the order of places. Of
    /// `api.add(1)` it is the call and not, again, the callee.
    pub fn global_paths(&self) -> Vec<GlobalPath> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            let mut callees = rustc_hash::FxHashSet::default();
            for (index, call) in summary.calls.iter().enumerate() {
                if !matches!(call.kind, CallKind::Call | CallKind::New) {
                    continue;
                }
                if let Some(path) = self.global_path(V(unit, call.callee)) {
                    let span = self.program.place(unit, call.span);
                    found.push(GlobalPath { path, call: Some(C(unit, CallId(index as u32))), span });
                    let mut at = call.callee;
                    while callees.insert(at) {
                        match summary.value(at) {
                            Value::Member(object, _) => at = object,
                            _ => break,
                        }
                    }
                }
            }
            for (index, node) in summary.values.iter().enumerate() {
                let id = crate::summary::ValueId(index as u32);
                if matches!(node.value, Value::Global(_) | Value::Member(..)) && !callees.contains(&id) {
                    let v = V(unit, id);
                    if let Some(path) = self.global_path(v) {
                        found.push(GlobalPath { path, call: None, span: self.program.span(v) });
                    }
                }
            }
        }
        found.sort_by(|a, b| (a.span, &a.path).cmp(&(b.span, &b.path)));
        found
    }

    /// `api.weather.get` for a chain of members that ends in a name that nothing binds; through variables that are
    /// written once.
    fn global_path(&self, v: V) -> Option<String> {
        let summary = self.program.summary(v.0);
        let mut segments = Vec::new();
        let mut at = v.1;
        for _ in 0..MOST_SEGMENTS * 2 {
            match summary.value(at) {
                Value::Member(object, name) => {
                    segments.push(summary.str(name));
                    at = object;
                }
                Value::Binding(binding) => match summary.written_once(binding) {
                    Some(only) if matches!(summary.value(only), Value::Member(..) | Value::Global(_)) => {
                        at = only;
                    }
                    _ => return None,
                },
                Value::Global(name) => {
                    segments.push(summary.str(name));
                    if segments.last() == Some(&"globalThis") && segments.len() > 1 {
                        segments.pop();
                    }
                    segments.reverse();
                    return (segments.len() <= MOST_SEGMENTS).then(|| segments.join("."));
                }
                _ => return None,
            }
        }
        None
    }
}
