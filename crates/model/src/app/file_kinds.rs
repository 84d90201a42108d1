//! Whether an app asks what kind of file a path names, or whether it is there.

use super::App;
use crate::link::{C, V};
use crate::summary::{Operator, Value};

/// Values of the tests at one place that are looked at.
const MOST_VALUES: usize = 256;

/// Calls that tell what lies at a path.
const STATS: &[&str] = &["stat", "statSync", "lstat", "lstatSync"];

impl App<'_> {
    /// Whether what holds at a call asks what kind of file a path names: by its extension, or that it is a folder. Which kinds pass is not
    /// read.
    pub fn asks_kind_of_file(&self, c: C, path: V) -> bool {
        self.asks_of_file(c, path, false)
    }

    /// Whether what holds at a call asks that a file is there: hardly any begins with the `-` of an option.
    pub(super) fn asks_for_file(&self, c: C, path: V) -> bool {
        self.asks_of_file(c, path, true)
    }

    fn asks_of_file(&self, c: C, path: V, is_enough_that_it_is: bool) -> bool {
        let Some(root) = self.root(path) else { return false };
        let is_path = |v: V| self.root(v).is_some_and(|found| found == root);
        let mut open = self.conditions_at_call(c);
        let mut seen = 0;
        while let Some((v, holds)) = open.pop() {
            seen += 1;
            if seen > MOST_VALUES {
                return false;
            }
            let at = |id, holds| (V(v.0, id), holds);
            match self.program.value(self.program.behind(v)) {
                Value::Unary(Operator::Not, inner) => open.push(at(inner, !holds)),
                Value::Await(inner) | Value::Member(inner, _) => open.push(at(inner, holds)),
                Value::Binary(_, left, right) | Value::Index(left, right) => {
                    open.extend([at(left, holds), at(right, holds)]);
                }
                Value::Call(call) => {
                    let c = C(v.0, call);
                    let name = |c: C| {
                        let summary = self.program.summary(c.0);
                        crate::link::final_name(summary, summary.call(c.1).callee).map_or("", |name| summary.str(name))
                    };
                    let given = |c: C| self.program.argument(c, 0).is_some_and(is_path);
                    let object = match self.program.value(V(c.0, self.program.call(c).callee)) {
                        Value::Member(object, _) => Some(object),
                        _ => None,
                    };
                    match name(c) {
                        "extname" if given(c) => return true,
                        "existsSync" | "pathExists" | "pathExistsSync" if is_enough_that_it_is && holds && given(c) => {
                            return true;
                        }
                        // `fs.statSync(path).isDirectory()`, where it holds.
                        "isDirectory" | "isFile" if holds && (is_enough_that_it_is || name(c) == "isDirectory") => {
                            let asked = object.and_then(|object| self.call_behind(V(v.0, object)));
                            if asked.is_some_and(|asked| STATS.contains(&name(asked)) && given(asked)) {
                                return true;
                            }
                        }
                        _ => {}
                    }
                    open.extend(object.map(|object| at(object, holds)));
                    open.extend(self.program.arguments(c).iter().map(|item| at(item.value, holds)));
                }
                _ => {}
            }
        }
        false
    }
}
