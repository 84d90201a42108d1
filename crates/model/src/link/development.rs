//! What only a development build does: by names that tell one, and by conditions that ask.

use std::rc::Rc;

use super::leads::Leads;
use super::operators::{is_environment, is_shipped, says_development};
use super::things::*;
use super::{C, Program, UnitId, V};
use crate::summary::*;

/// Paths that are true in a development build and false in a packaged one.
const DEVELOPMENT: [&str; 20] = [
    "process.env.VITEST",
    "process.env.JEST_WORKER_ID",
    "process.defaultApp",
    "electron-is-dev",
    "electron-is-dev.default",
    "import.meta.env.DEV",
    "electron-is.dev",
    "@electron-toolkit/utils.is.dev",
    "electron-util.is.development",
    "electron-util/main.isDev",
    "electron-util.isDev",
    "process.env.IS_DEV",
    "process.env.DEV",
    "process.env.DEVMODE",
    "process.env.DEV_MODE",
    "process.env.ELECTRON_DEV",
    "electron-util/node.isDev",
    "process.env.ELECTRON_IS_DEV",
    "process.env.WEBPACK_SERVE",
    "electron-is-dev.isDev",
];

/// Paths that hold an address only while a development server runs: as a test they mean development.
const DEVELOPMENT_ADDRESSES: [&str; 7] = [
    "process.env.VITE_DEV_SERVER_URL",
    "process.env.ELECTRON_RENDERER_URL",
    "process.env.WEBPACK_DEV_SERVER_URL",
    "MAIN_WINDOW_VITE_DEV_SERVER_URL",
    "process.env.DEV_SERVER_URL",
    "process.env.ELECTRON_START_URL",
    "process.env.NUXT_DEV_SERVER_URL",
];

/// Other names behind which there is an answer: of properties, globals and modules.
const OTHER_NAMES: [&str; 10] = [
    "isPackaged",
    "PROD",
    "production",
    "execPath",
    "__DEV__",
    "electron-is-dev",
    // With what they are compared says it.
    "NODE_ENV",
    "MODE",
    "ELECTRON_ENV",
    "BUILD_ENV",
];

/// The end of names that bundlers give the address of their development server: the window's name comes before it.
const ADDRESS_END: &str = "_VITE_DEV_SERVER_URL";

/// Whether a path is true in a development build and false in a packaged one.
pub(super) fn is_development(path: &str) -> bool {
    DEVELOPMENT.contains(&path)
}

/// Whether a path holds the address of a development server, and nothing in a packaged app.
pub fn is_development_address(path: &str) -> bool {
    DEVELOPMENT_ADDRESSES.contains(&path) || path.ends_with(ADDRESS_END)
}

/// Whether a path is true in a packaged app and false in a development build.
pub(super) fn is_production(path: &str) -> bool {
    matches!(path, "import.meta.env.PROD" | "electron-is.production")
}

/// Where the scripts of an app lie: in a packaged one, in an archive.
const SCRIPTS: [&str; 5] =
    ["__dirname", "__filename", "process.mainModule.filename", "require.main.filename", "import.meta.url"];

/// Calls around a path that leave what is asked for in it.
const MOST_CALLS: usize = 4;

/// Longest text that is looked for in a path.
const MOST_TEXT: usize = 32;

/// Whether a text or a pattern names the archive of a packaged app: `app.asar`, `/[\\/]app\.asar/`.
fn names_archive(text: &str) -> bool {
    text.len() <= MOST_TEXT && text.contains("asar")
}

/// Whether a text or a pattern names Electron's own program, which a packaged app has under a name of its own.
fn names_program(text: &str) -> bool {
    let word = text.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
    text.len() <= MOST_TEXT && (word.eq_ignore_ascii_case("electron") || word.eq_ignore_ascii_case("electron.exe"))
}

/// The words that a pattern is a choice of: `/^(dev|development)$/`.
fn alternatives(pattern: &str) -> impl Iterator<Item = &str> {
    let choice = pattern.trim_start_matches(['^', '(', '?', ':']).trim_end_matches(['$', ')']);
    choice.split('|')
}

impl Summary {
    /// Among which names a call looks for a value: `names.includes(name)`, `/^dev$/.test(name)`.
    pub(super) fn looked_up(&self, call: &Call) -> Option<(ValueId, ValueId)> {
        let Value::Member(names, method) = self.value(call.callee) else { return None };
        let asked = self.items(call.arguments).first().filter(|item| !item.spread)?.value;
        matches!(self.str(method), "includes" | "has" | "test" | "indexOf").then_some((names, asked))
    }

    /// What a call asks, and what it looks for there: `__dirname.includes('app.asar')`, `/electron/.test(process.execPath)`.
    pub(super) fn search(&self, call: &Call) -> Option<(ValueId, &str)> {
        let Value::Member(object, method) = self.value(call.callee) else { return None };
        let argument = self.items(call.arguments).first().filter(|item| !item.spread)?.value;
        // Nearly no call has such a text: the names of methods are looked at last.
        let (asked, text, methods): (_, _, &[&str]) = match (self.value(object), self.value(argument)) {
            (Value::Regex(text, _), _) => (argument, text, &["test", "exec"]),
            (_, Value::String(text) | Value::Regex(text, _)) => {
                (object, text, &["includes", "indexOf", "match", "search", "startsWith", "endsWith"])
            }
            _ => return None,
        };
        let text = self.str(text);
        (text.len() <= MOST_TEXT && methods.contains(&self.str(method))).then_some((asked, text))
    }

    /// Whether a call may ask where the program lies.
    pub(super) fn may_ask_for_place(&self, call: &Call) -> bool {
        self.search(call).is_some_and(|(_, text)| names_archive(text) || names_program(text))
    }
}

impl Program<'_> {
    /// Whether a call asks where the program lies, and finds what it looks for in development alone, or in a packaged app alone.
    pub(super) fn asks_for_place(&self, c: C, frames: &Frames) -> Option<bool> {
        let summary = self.summary(c.0);
        let (asked, text) = summary.search(summary.call(c.1))?;
        let is_program = match (names_archive(text), names_program(text)) {
            (true, _) => false,
            (_, true) => true,
            _ => return None,
        };
        let mut asked = V(c.0, asked);
        for _ in 0..MOST_CALLS {
            let Value::Call(call) = self.value(self.behind(asked)) else { break };
            let around = C(asked.0, call);
            let Value::Member(object, method) = self.value(V(around.0, self.call(around).callee)) else { break };
            asked = match self.str(around.0, method) {
                "toLowerCase" | "toString" => V(around.0, object),
                "basename" | "dirname" | "normalize" | "resolve" => self.argument(around, 0)?,
                _ => break,
            };
        }
        let values = self.eval_in(asked, frames);
        let [Known { thing: Thing::Api(path) | Thing::Result(path, _), .. }] = values.as_ref() else { return None };
        let is_it = match is_program {
            true => matches!(&**path, "process.execPath" | "process.argv0"),
            false => SCRIPTS.contains(&&**path) || &**path == "app.getAppPath",
        };
        is_it.then_some(is_program)
    }

    /// Whether a call looks for the name of the environment among names, and finds it in development alone, or in a packaged app alone:
    /// `['development', 'test'].includes(process.env.NODE_ENV)`.
    pub(super) fn asks_for_one_of_environments(&self, c: C, frames: &Frames) -> Option<bool> {
        let summary = self.summary(c.0);
        let call = summary.call(c.1);
        let (names, asked) = summary.looked_up(call)?;
        let (names, asked) = (V(c.0, names), V(c.0, asked));
        if !self.leads_to_development().may(asked) {
            return None;
        }
        let values = self.eval_in(asked, frames);
        let [Known { thing, .. }] = values.as_ref() else { return None };
        if !self.says_environment(thing, asked) {
            return None;
        }
        let listed = self.eval_in(names, frames);
        let [Known { thing: listed, .. }] = listed.as_ref() else { return None };
        let found: Vec<Rc<str>> = match listed {
            Thing::Regex(pattern, _) => alternatives(pattern).map(Rc::from).collect(),
            Thing::Array(..) => self.texts_of(names, frames)?,
            Thing::Result(path, made) if &**path == "new Set" => self.texts_of(self.argument(*made, 0)?, frames)?,
            _ => return None,
        };
        let shipped = found.iter().filter(|name| is_shipped(name)).count();
        match shipped {
            _ if found.is_empty() || !found.iter().all(|name| is_environment(name)) => None,
            0 => Some(true),
            _ => (shipped == found.len()).then_some(false),
        }
    }

    /// The elements of a list of texts.
    fn texts_of(&self, list: V, frames: &Frames) -> Option<Vec<Rc<str>>> {
        self.element_of(list, list, frames).iter().map(|known| known.text().map(Rc::from)).collect()
    }

    /// What a table holds under the name of the environment: `settings[process.env.NODE_ENV]`.
    pub(super) fn under_environment(&self, object: V, index: V, v: V, frames: &Frames) -> Option<Vec<Known>> {
        if !self.leads_to_development().may(index) {
            return None;
        }
        let indices = self.eval_in(index, frames);
        let says = |known: &Known| self.says_environment(&known.thing, index);
        if !indices.iter().any(says) || !indices.iter().all(|known| says(known) || known.text().is_some()) {
            return None;
        }
        let held = self.eval_in(object, frames);
        let [Known { thing: Thing::Object(table), .. }] = held.as_ref() else { return None };
        let mut values = Vec::new();
        for key in self.keys(table) {
            let is_default = indices.iter().any(|known| known.text() == Some(&key));
            for known in self.member(object, &key, v, frames) {
                let development = is_environment(&key).then(|| !is_shipped(&key)).filter(|_| !is_default);
                let development = known.development.or(development);
                values.push(Known { development, ..known.at_most(Certainty::Firm) });
            }
        }
        (!values.is_empty()).then_some(values)
    }

    /// Whether something happens only in development, or only in a packaged app, by the conditions that dominate it.
    pub fn development_of(&self, unit: UnitId, condition: Option<ConditionId>, frames: &Frames) -> Option<bool> {
        condition?;
        let summary = self.summary(unit);
        let leads = self.leads_to_development();
        for condition in summary.conditions_at(condition) {
            if !leads.may(V(unit, condition.test)) {
                continue;
            }
            let tested = self.eval_in(V(unit, condition.test), frames);
            for known in tested.iter() {
                match &known.thing {
                    Thing::Development(yes) => return Some(*yes == condition.holds),
                    Thing::Api(path) if is_development_address(path) => return Some(condition.holds),
                    _ => {}
                }
            }
            if let Some(yes) = says_development(&tested) {
                return Some(yes == condition.holds);
            }
            if let Some(found) = self.development_in(V(unit, condition.test), condition.holds, frames, 0) {
                return Some(found);
            }
        }
        None
    }

    fn leads_to_development(&self) -> &Leads {
        self.leads_to_development.get_or_init(|| self.find_leads_to_development())
    }

    /// What can be a test of a development build at all: nearly no condition is.
    fn find_leads_to_development(&self) -> Leads {
        let paths = DEVELOPMENT.iter().chain(&DEVELOPMENT_ADDRESSES);
        let last = |path: &&'static str| path.rsplit('.').next().unwrap_or(path);
        let named = paths.map(last).filter(|name| *name != "default").chain(OTHER_NAMES);
        let strings = self.unit_ids().flat_map(|unit| self.summary(unit).strings.iter());
        let archive = memchr::memmem::Finder::new("asar");
        let is_archive = |text: &str| text.len() <= MOST_TEXT && archive.find(text.as_bytes()).is_some();
        let told = strings.filter(|text| text.ends_with(ADDRESS_END) || is_archive(text));
        Leads::new(self, named.chain(told.map(|text| &**text)))
    }

    /// Looks for a development test among the parts of a conjunction that holds, or of a disjunction that does not.
    fn development_in(&self, test: V, holds: bool, frames: &Frames, depth: u32) -> Option<bool> {
        if depth > 16 {
            return None;
        }
        match self.value(test) {
            Value::Binary(operator @ (Operator::And | Operator::Or), left, right)
                if (operator == Operator::And) == holds =>
            {
                [left, right].into_iter().find_map(|side| {
                    let side = V(test.0, side);
                    let values = self.eval_in(side, frames);
                    // What else it may be does not come out so for certain: `testing ? false : !app.isPackaged`.
                    let development = values.iter().find_map(|known| match known.thing {
                        Thing::Development(yes) => Some(yes == holds),
                        _ => None,
                    });
                    let otherwise = values.iter().any(|known| {
                        !matches!(known.thing, Thing::Development(_)) && known.thing.truthy() == Some(holds)
                    });
                    match development {
                        Some(found) if !otherwise => Some(found),
                        _ => self.development_in(side, holds, frames, depth + 1),
                    }
                })
            }
            _ => None,
        }
    }
}
