//! Windows that packages make: out of options that the app hands over, in which `webPreferences` stand.

use rustc_hash::FxHashMap;

use super::{C, Program, Target, UnitId, V, final_name, is_builtin};
use crate::summary::*;

/// Objects in objects that are looked into for the options.
const MOST_DEPTH: u32 = 2;

/// Variables and members in a row that lead to an import.
const MOST_STEPS: u32 = 16;

/// What only a window is asked for.
const OF_WINDOWS: [&str; 3] = ["webContents", "loadURL", "loadFile"];

impl Program<'_> {
    /// Calls of packages that make a window, and the options that they are handed:
    /// `initSplashScreen({ windowOpts: { webPreferences: {…} } }).loadURL(…)`, `new AcrylicWindow({ webPreferences: {…} })`.
    pub(crate) fn window_makers(&self) -> &FxHashMap<C, V> {
        self.window_makers.get_or_init(|| {
            let units = self.unit_ids().filter(|unit| self.says(*unit, &["webPreferences"]));
            units.flat_map(|unit| self.makers_in(unit)).collect()
        })
    }

    fn makers_in(&self, unit: UnitId) -> Vec<(C, V)> {
        let summary = self.summary(unit);
        let mut found = Vec::new();
        for (index, call) in summary.calls.iter().enumerate() {
            let c = C(unit, CallId(index as u32));
            if matches!(call.kind, CallKind::Call | CallKind::New)
                && self.is_of_package(unit, call.callee)
                && let Some(options) = self.arguments(c).iter().find_map(|item| options_in(summary, item.value, 0))
                && (call.kind == CallKind::New && is_class_of_windows(summary, call) || is_asked(summary, c.1))
            {
                found.push((c, V(unit, options)));
            }
        }
        found
    }

    /// Whether something is what a package exports, or a part of it: not Electron's, nor Node's.
    fn is_of_package(&self, unit: UnitId, value: ValueId) -> bool {
        let summary = self.summary(unit);
        let mut at = value;
        for _ in 0..MOST_STEPS {
            at = summary.behind(at);
            match summary.value(at) {
                Value::ImportName(import, _) | Value::Module(import) => {
                    return matches!(self.target(unit, import), Target::External(module)
                        if &**module != "electron" && !module.starts_with("@electron/") && !is_builtin(module));
                }
                Value::Member(object, _) => at = object,
                _ => return false,
            }
        }
        false
    }
}

/// The object in which `webPreferences` stand, itself or one in a property of it.
fn options_in(summary: &Summary, value: ValueId, depth: u32) -> Option<ValueId> {
    let Value::Object(list) = summary.value(summary.behind(value)) else { return None };
    let properties = summary.properties(list);
    let is_key = |property: &Property| matches!(property.key, Key::Name(name) if summary.str(name) == "webPreferences");
    if properties.iter().any(is_key) {
        return Some(value);
    }
    let mut inner = properties.iter().filter(|property| depth < MOST_DEPTH && property.key != Key::Spread);
    inner.find_map(|property| options_in(summary, property.value, depth + 1))
}

fn is_class_of_windows(summary: &Summary, call: &Call) -> bool {
    final_name(summary, call.callee).is_some_and(|name| summary.str(name).ends_with("Window"))
}

/// Whether what a call gives is asked for what only a window has, under the name by which it is kept.
fn is_asked(summary: &Summary, call: CallId) -> bool {
    let is_it = |value: ValueId| match summary.value(value) {
        Value::Await(inner) => summary.value(inner) == Value::Call(call),
        value => value == Value::Call(call),
    };
    let kept = summary.writes.iter().filter(|write| write.value.is_some_and(is_it)).map(|write| write.key);
    let kept: Vec<Key> = kept.collect();
    summary.values.iter().any(|node| match node.value {
        Value::Member(object, name) if OF_WINDOWS.contains(&summary.str(name)) => match summary.value(object) {
            Value::Binding(binding) => summary.bindings[binding.index()].writes.iter().any(|write| is_it(write.value)),
            Value::Member(_, name) => kept.contains(&Key::Name(name)),
            _ => is_it(object),
        },
        _ => false,
    })
}
