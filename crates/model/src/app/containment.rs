//! Whether an app asks that a path lies below a folder of its own.

use super::App;
use super::checks::{Root, parameter_root};
use super::file_apis::file_method;
use crate::link::things::{Part, Thing};
use crate::link::{C, F, V};
use crate::summary::{Item, Value};

/// Tests inside tests that are looked into; a helper counts for three.
const MOST_DEPTH: u32 = 12;

/// Tests and parts of tests that one question looks at.
const MOST_TESTS: usize = 400;

/// Calls before a place that may be assertions.
const MOST_ASSERTIONS: usize = 64;

/// Parts of one path, each of which may have as many.
const MOST_PARTS: usize = 8;

/// Functions of packages that say it by their name.
const NAMES: [&str; 6] = ["isPathInside", "is-path-inside", "pathIsInside", "path-is-inside", "isInside", "isSubPath"];

fn is_join(api: &str) -> bool {
    matches!(api, "path.join" | "path.resolve" | "path.posix.join" | "path.posix.resolve")
}

impl App<'_> {
    /// Whether what holds at a call says that a path lies below a folder: `file.startsWith(folder + path.sep)`, `path.relative` and what
    /// it gives, a function of that name, one of the app's own that returns it or throws without it.
    pub fn is_contained(&self, c: C, path: V) -> bool {
        if self.stays_below(path) {
            return true;
        }
        let Some(root) = self.root(path) else { return false };
        let call = self.program.call(c);
        let place = F(c.0, call.function);
        let mut seen = 0;
        let around = self.tests_around(place, call.condition, place);
        if around.into_iter().any(|test| self.contains(test, &root, 0, &mut seen)) {
            return true;
        }
        let before = self.calls_before(c);
        let before = before.filter(|other| self.dominates(c.0, self.program.call(*other).condition, call.condition));
        before.take(MOST_ASSERTIONS).any(|other| {
            self.helpers_given(other, &root).into_iter().any(|(helper, inner)| {
                let function = self.program.function(helper);
                function.exits.iter().filter(|exit| exit.throws).any(|exit| {
                    let tests = self.tests_around(helper, exit.condition, helper);
                    tests.into_iter().any(|test| self.contains(test, &inner, 3, &mut seen))
                })
            })
        })
    }

    /// As [`App::is_contained`], of a path that is joined or made absolute: one that is compared as it comes may hold `..` yet.
    pub(super) fn is_joined_below(&self, c: C, path: V) -> bool {
        let made = self.call_behind(path).and_then(|made| self.api_of(made));
        made.is_some_and(|(api, _)| is_join(&api)) && self.is_contained(c, path)
    }

    /// Whether a path is joined of a folder of the app's own and of parts that lead out of none: `path.join(folder, path.basename(name))`.
    fn stays_below(&self, path: V) -> bool {
        let Some(c) = self.call_behind(path) else { return false };
        let Some((api, _)) = self.api_of(c).filter(|(api, _)| is_join(api)) else { return false };
        let resolves = api.ends_with("resolve");
        let [folder, parts @ ..] = self.program.arguments(c) else { return false };
        let is_harmless = |item: &Item| {
            let part = V(c.0, item.value);
            !item.spread && (self.constant(part).is_some() || self.leads_up_nowhere(part, resolves))
        };
        !folder.spread && self.is_folder_of_app(V(c.0, folder.value), 0) && parts.iter().all(is_harmless)
    }

    /// Whether a path has no `..` at its beginning whatever it is made of: the name of a file, or, where that is joined, what is absolute.
    fn leads_up_nowhere(&self, v: V, resolves: bool) -> bool {
        let Some(c) = self.call_behind(v) else { return false };
        let Some((api, _)) = self.api_of(c) else { return false };
        let Some(first) = self.program.argument(c, 0) else { return false };
        let is_absolute = || {
            !resolves
                && self.eval(first).iter().all(|known| match &known.thing {
                    Thing::Text(text) => text.starts_with('/'),
                    Thing::Template(parts) => matches!(parts.first(), Some(Part::Text(text)) if text.starts_with('/')),
                    _ => false,
                })
        };
        match &*api {
            "path.basename" | "path.posix.basename" | "path.win32.basename" => true,
            "path.normalize" | "path.posix.normalize" => is_absolute(),
            _ if is_join(&api) => is_absolute(),
            _ => false,
        }
    }

    /// Whether a value is a folder that the app knows by itself.
    fn is_folder_of_app(&self, v: V, depth: u32) -> bool {
        if depth < 4
            && let Some(packed) = self.folder_before_it_was_unpacked(v)
        {
            return self.is_folder_of_app(packed, depth + 1);
        }
        let values = self.eval(v);
        !values.is_empty()
            && depth < 4
            && values.iter().all(|known| match &known.thing {
                Thing::Text(_) | Thing::Api(_) => true,
                Thing::Result(api, _) if api.starts_with("app.get") || api.starts_with("os.") => true,
                Thing::Result(api, c) if is_join(api) || &**api == "path.dirname" => {
                    let parts = self.program.arguments(*c);
                    parts.len() <= MOST_PARTS
                        && parts.iter().all(|item| !item.spread && self.is_folder_of_app(V(c.0, item.value), depth + 1))
                }
                Thing::Template(parts) => {
                    parts.len() <= MOST_PARTS
                        && parts.iter().all(|part| match part {
                            Part::Text(_) => true,
                            Part::Hole(hole, _) => self.is_folder_of_app(*hole, depth + 1),
                        })
                }
                _ => false,
            })
    }

    /// What `folder.replace('app.asar', 'app.asar.unpacked')` is made of: what is put in is the app's own text.
    /// <https://www.electronjs.org/docs/latest/tutorial/asar-archives#adding-unpacked-files-to-asar-archives>
    fn folder_before_it_was_unpacked(&self, v: V) -> Option<V> {
        let c = self.call_behind(v)?;
        let Value::Member(folder, method) = self.program.value(V(c.0, self.program.call(c).callee)) else {
            return None;
        };
        let given = self.program.argument(c, 1).and_then(|text| self.constant(text))?;
        let is_replaced = self.program.str(c.0, method) == "replace" && given.text().is_some();
        is_replaced.then_some(V(c.0, folder))
    }

    /// The app's own functions that a call hands a path to, and what the path is there.
    fn helpers_given(&self, c: C, root: &Root) -> Vec<(F, Root)> {
        let items = self.program.arguments(c).iter().take_while(|item| !item.spread).enumerate();
        let given: Vec<u32> = items
            .filter(|(_, item)| self.is_path(V(c.0, item.value), root, 0))
            .map(|(index, _)| index as u32)
            .collect();
        if given.is_empty() {
            return Vec::new();
        }
        let helpers = self.functions(V(c.0, self.program.call(c).callee));
        helpers
            .into_iter()
            .flat_map(|helper| given.iter().map(move |index| (helper, parameter_root(helper, *index))))
            .collect()
    }

    /// Whether a value is this path, as it is or made absolute.
    fn is_path(&self, v: V, root: &Root, depth: u32) -> bool {
        if self.root(v).is_some_and(|found| found == *root) {
            return true;
        }
        let Some(c) = self.call_behind(v).filter(|_| depth < 4) else { return false };
        let is_form = self.api_of(c).is_some_and(|(path, _)| {
            matches!(&*path, "path.resolve" | "path.normalize" | "path.join") || file_method(&path) == Some("realpath")
        });
        is_form && self.program.arguments(c).iter().any(|item| self.is_path(V(c.0, item.value), root, depth + 1))
    }

    /// Whether a test speaks of a folder in which the path lies.
    fn contains(&self, test: V, root: &Root, depth: u32, seen: &mut usize) -> bool {
        *seen += 1;
        if depth > MOST_DEPTH || *seen > MOST_TESTS {
            return false;
        }
        let mut go = |id| self.contains(V(test.0, id), root, depth + 1, seen);
        match self.program.value(self.program.behind(test)) {
            Value::Unary(_, inner) | Value::Await(inner) => go(inner),
            Value::Binary(_, left, right) => go(left) || go(right),
            Value::Call(call) => {
                let c = C(test.0, call);
                self.asks_for_folder(c, root)
                    || self.helpers_given(c, root).into_iter().any(|(helper, inner)| {
                        let exits = self.program.function(helper).exits.iter().filter(|exit| !exit.throws);
                        let mut values = exits.filter_map(|exit| exit.value);
                        values.any(|value| self.contains(V(helper.0, value), &inner, depth + 3, seen))
                    })
            }
            _ => false,
        }
    }

    fn asks_for_folder(&self, c: C, root: &Root) -> bool {
        let callee = V(c.0, self.program.call(c).callee);
        let summary = self.program.summary(c.0);
        let name = crate::link::final_name(summary, callee.1).map_or("", |name| summary.str(name));
        if NAMES.contains(&name) {
            return true;
        }
        let Value::Member(object, _) = self.program.value(callee) else { return false };
        if name != "startsWith" {
            return false;
        }
        let object = V(c.0, object);
        let argument = self.program.argument(c, 0);
        // The folder is no text that is written there, unless it is a folder's whole name.
        let is_folder = argument.is_some_and(|argument| {
            self.constant(argument).is_none_or(|known| {
                known.text().is_some_and(|text| text.len() > 1 && text.ends_with(['/', '\\']) && !text.contains(':'))
            })
        });
        let is_way_up = argument
            .and_then(|argument| self.constant(argument))
            .is_some_and(|known| known.text().is_some_and(|text| text.trim_end_matches(['/', '\\']) == ".."));
        let is_relative = self.eval(object).iter().any(|known| {
            matches!(&known.thing, Thing::Result(api, of) if &**api == "path.relative"
                && self.program.argument(*of, 1).is_some_and(|second| self.is_path(second, root, 0)))
        });
        (is_folder && self.is_path(object, root, 0)) || (is_relative && is_way_up)
    }
}
