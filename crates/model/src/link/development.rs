//! What only a development build does: by names that tell one, and by conditions that ask.

use super::leads::Leads;
use super::things::*;
use super::{Program, UnitId, V};
use crate::summary::*;

/// Paths that are true in a development build and false in a packaged one.
const DEVELOPMENT: [&str; 21] = [
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
    "electron-is.dev()",
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
const OTHER_NAMES: [&str; 8] = [
    "isPackaged",
    "PROD",
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

impl Program<'_> {
    /// Whether something happens only in development, or only in a packaged app, by the conditions that dominate it.
    pub fn development_of(&self, unit: UnitId, condition: Option<ConditionId>, frames: &Frames) -> Option<bool> {
        condition?;
        let summary = self.summary(unit);
        let leads = self.leads_to_development.get_or_init(|| self.find_leads_to_development());
        for condition in summary.conditions_at(condition) {
            if !leads.may(V(unit, condition.test)) {
                continue;
            }
            for known in self.eval_in(V(unit, condition.test), frames).iter() {
                match &known.thing {
                    Thing::Development(yes) => return Some(*yes == condition.holds),
                    Thing::Api(path) if is_development_address(path) => return Some(condition.holds),
                    _ => {}
                }
            }
            if let Some(found) = self.development_in(V(unit, condition.test), condition.holds, frames, 0) {
                return Some(found);
            }
        }
        None
    }

    /// What can be a test of a development build at all: nearly no condition is.
    fn find_leads_to_development(&self) -> Leads {
        let paths = DEVELOPMENT.iter().chain(&DEVELOPMENT_ADDRESSES);
        // `electron-is.dev()` is asked for as `dev`.
        let last = |path: &&'static str| path.rsplit('.').next().unwrap_or(path).trim_end_matches("()");
        let named = paths.map(last).filter(|name| *name != "default").chain(OTHER_NAMES);
        let strings = self.unit_ids().flat_map(|unit| self.summary(unit).strings.iter());
        let addresses = strings.filter(|text| text.ends_with(ADDRESS_END)).map(|text| &**text);
        Leads::new(self, named.chain(addresses))
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
