//! What operators give: choices, comparisons, negation. Texts that are put together are in [`super::texts`].

use super::development::is_development_address;
use super::things::*;
use super::{Program, V};
use crate::summary::{Operator, Value};

/// What a variable of the environment is set to that is a flag.
const FLAGS: [&str; 4] = ["true", "1", "yes", "on"];

impl Program<'_> {
    pub(super) fn conditional(&self, test: V, then: V, other: V, frames: &Frames) -> Vec<Known> {
        let tested = self.eval_in(test, frames);
        if let [only] = tested.as_ref()
            && let Some(truth) = only.thing.truthy()
        {
            let taken = if truth { then } else { other };
            return self.eval_in(taken, frames).iter().cloned().map(|known| known.at_most(Certainty::Firm)).collect();
        }
        let development = says_development(&tested);
        let mut values = Vec::new();
        for (branch, holds) in [(then, true), (other, false)] {
            for known in self.eval_in(branch, frames).iter() {
                let mut known = known.clone().at_most(Certainty::Firm);
                if let Some(yes) = development {
                    known.development = Some(yes == holds);
                } else if known.development.is_none() && needs_development(&tested, holds) {
                    known.development = Some(true);
                }
                values.push(known);
            }
        }
        values
    }

    pub(super) fn binary(&self, operator: Operator, left: V, right: V, v: V, frames: &Frames) -> Vec<Known> {
        match operator {
            Operator::And | Operator::Or | Operator::Nullish | Operator::Default => {
                let lefts = self.eval_in(left, frames);
                if let Some(known) = self.development_or_flag(operator, &lefts, right, v, frames) {
                    return vec![known];
                }
                let mut values = Vec::new();
                let mut goes_on = false;
                let mut development = None;
                for known in lefts.iter() {
                    // Whether this left value is the result.
                    let stays = match operator {
                        Operator::And => known.thing.truthy().map(|truth| !truth),
                        Operator::Or => known.thing.truthy(),
                        Operator::Nullish => known.thing.nullish().map(|nullish| !nullish),
                        _ => match known.thing {
                            Thing::Undefined => Some(false),
                            Thing::Unknown(_) | Thing::Result(..) => None,
                            _ => Some(true),
                        },
                    };
                    if let Thing::Development(yes) = known.thing {
                        // `isDev && x`: x in development, false otherwise.
                        let when = if operator == Operator::And { yes } else { !yes };
                        development = Some(when);
                        if matches!(operator, Operator::And | Operator::Or) {
                            values.push(Known {
                                thing: Thing::Bool(operator == Operator::Or),
                                development: Some(!when),
                                ..known.clone()
                            });
                            goes_on = true;
                            continue;
                        }
                    }
                    if stays != Some(false) {
                        values.push(known.clone().at_most(Certainty::Firm));
                    }
                    goes_on |= stays != Some(true);
                }
                if goes_on {
                    for known in self.eval_in(right, frames).iter() {
                        let mut known = known.clone();
                        if lefts.len() > 1 || values.iter().any(Known::is_unknown) || !values.is_empty() {
                            known = known.at_most(Certainty::Firm);
                        }
                        known.development = known.development.or(development);
                        values.push(known);
                    }
                }
                values
            }
            Operator::Add => self.joined([left, right].into_iter(), v, frames),
            Operator::Equal | Operator::NotEqual => {
                vec![Known::new(self.equality(operator == Operator::Equal, left, right, v, frames), v, Certainty::Firm)]
            }
            Operator::Less | Operator::Greater | Operator::GreaterOrEqual => {
                let found = self.eval_in(left, frames);
                let thing = match (found.as_ref(), self.value(right)) {
                    ([Known { thing: Thing::Development(yes), .. }], Value::Number(number)) => {
                        found_at(operator, number, *yes)
                    }
                    _ => None,
                };
                vec![thing.map_or_else(
                    || Known::unknown(Unknown::Other(v), Some(v)),
                    |thing| Known::new(thing, v, Certainty::Firm),
                )]
            }
            _ => vec![Known::unknown(Unknown::Other(v), Some(v))],
        }
    }

    /// `isDev || process.env.E2E_BUILD === 'true'`, or that neither holds: who starts the app can set a flag in its environment as well as
    /// he can start a development build, and an installed app is started with neither.
    fn development_or_flag(
        &self,
        operator: Operator,
        lefts: &[Known],
        right: V,
        v: V,
        frames: &Frames,
    ) -> Option<Known> {
        let yes = match operator {
            Operator::Or => true,
            Operator::And => false,
            _ => return None,
        };
        if let Some(left) = asks_for_development(lefts) {
            let right = asks_for_development(&self.eval_in(right, frames));
            if let Some(right) = right {
                // A development build that is no test, `isDev && NODE_ENV !== 'test'`, is one: where the two say opposite things of the
                // build, what is installed decides.
                let is_one = if yes { left && right } else { left || right };
                return Some(Known::new(Thing::Development(is_one), v, Certainty::Firm));
            }
        }
        let [left] = lefts else { return None };
        let is_development = |known: &Known| matches!(known.thing, Thing::Development(found) if found == yes);
        let is_flag = |known: &Known| self.asks_for_flag(known) == Some(yes);
        let found = match is_development(left) {
            true => matches!(self.eval_in(right, frames).as_ref(), [right] if is_flag(right)),
            false => is_flag(left) && matches!(self.eval_in(right, frames).as_ref(), [right] if is_development(right)),
        };
        found.then(|| Known::new(Thing::Development(yes), v, Certainty::Tentative))
    }

    /// Whether a value is a comparison of a variable of the environment with what a flag is set to, or is true without it, and which.
    fn asks_for_flag(&self, known: &Known) -> Option<bool> {
        let Thing::Unknown(Unknown::Other(at)) = known.thing else { return None };
        if let Value::Unary(Operator::Not, inner) = self.value(at) {
            let negated = self.eval(V(at.0, inner));
            let [Known { thing: Thing::Unknown(Unknown::Other(inner)), .. }] = negated.as_ref() else { return None };
            return self.compares_with_flag(*inner).map(|yes| !yes);
        }
        self.compares_with_flag(at)
    }

    fn compares_with_flag(&self, at: V) -> Option<bool> {
        let Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) = self.value(at) else {
            return None;
        };
        let is_set = |side| match self.value(V(at.0, side)) {
            Value::String(text) => FLAGS.contains(&self.str(at.0, text)),
            _ => false,
        };
        let asked = match (is_set(left), is_set(right)) {
            (false, true) => left,
            (true, false) => right,
            _ => return None,
        };
        let asked = self.eval(V(at.0, asked));
        let is_variable =
            matches!(asked.as_ref(), [Known { thing: Thing::Api(path), .. }] if path.starts_with("process.env."));
        is_variable.then_some(operator == Operator::Equal)
    }

    fn equality(&self, equal: bool, left: V, right: V, v: V, frames: &Frames) -> Thing {
        let (lefts, rights) = (self.eval_in(left, frames), self.eval_in(right, frames));
        if let ([Known { thing: Thing::Development(yes), .. }], Value::Number(number)) =
            (lefts.as_ref(), self.value(right))
        {
            let found = found_at(Operator::Equal, number, *yes == equal);
            return found.unwrap_or(Thing::Unknown(Unknown::Other(v)));
        }
        let (a, b) = match (lefts.as_ref(), rights.as_ref()) {
            ([a], [b]) => (a, b),
            ([text], all) | (all, [text]) => {
                return self.alternatives_equal(equal, all, text).unwrap_or(Thing::Unknown(Unknown::Other(v)));
            }
            _ => return Thing::Unknown(Unknown::Other(v)),
        };
        match (&a.thing, &b.thing) {
            (says, Thing::Text(text)) if self.says_environment(says, left) => of_environment(text, equal, v),
            (Thing::Text(text), says) if self.says_environment(says, right) => of_environment(text, equal, v),
            // Set where a script of package.json runs: <https://docs.npmjs.com/cli/using-npm/scripts#current-lifecycle-event>.
            (Thing::Api(path), Thing::Text(_)) | (Thing::Text(_), Thing::Api(path))
                if &**path == "process.env.npm_lifecycle_event" =>
            {
                Thing::Development(equal)
            }
            (Thing::Development(yes), Thing::Bool(bool)) | (Thing::Bool(bool), Thing::Development(yes)) => {
                Thing::Development((yes == bool) == equal)
            }
            // `process.execPath.match(/electron/) !== null`
            (Thing::Development(yes), Thing::Null | Thing::Undefined) => Thing::Development(*yes != equal),
            // `process.env.VITE_DEV_SERVER_URL == null`
            (Thing::Api(path), Thing::Null | Thing::Undefined) | (Thing::Null | Thing::Undefined, Thing::Api(path))
                if is_development_address(path) =>
            {
                Thing::Development(!equal)
            }
            (Thing::Text(a), Thing::Text(b)) => Thing::Bool((a == b) == equal),
            (Thing::Bool(a), Thing::Bool(b)) => Thing::Bool((a == b) == equal),
            (Thing::Number(a), Thing::Number(b)) => Thing::Bool((a == b) == equal),
            _ => Thing::Unknown(Unknown::Other(v)),
        }
    }

    /// What comparing one of several things with a text says of the build: `(app.isPackaged ? 'production' : 'development') === 'development'`.
    fn alternatives_equal(&self, equal: bool, all: &[Known], text: &Known) -> Option<Thing> {
        let with = text.text()?;
        let compared = all.iter().map(|known| {
            let thing = match &known.thing {
                Thing::Text(text) => Thing::Bool((**text == *with) == equal),
                says if self.says_environment(says, known.at?) => of_environment(with, equal, known.at?),
                _ => return None,
            };
            Some(Known { thing, ..known.clone() })
        });
        says_development(&compared.collect::<Option<Vec<_>>>()?).map(Thing::Development)
    }

    /// Whether a value is the name of the environment: of the process, or what a build tool hands to its configuration, `env.NODE_ENV`.
    pub(super) fn says_environment(&self, thing: &Thing, side: V) -> bool {
        match thing {
            Thing::Api(path) => matches!(
                &**path,
                "process.env.NODE_ENV" | "import.meta.env.MODE" | "process.env.ELECTRON_ENV" | "process.env.BUILD_ENV"
            ),
            Thing::Unknown(Unknown::Member(_)) => {
                matches!(self.value(side), Value::Member(_, name) if self.str(side.0, name) == "NODE_ENV")
            }
            _ => false,
        }
    }

    pub(super) fn unary(&self, operator: Operator, operand: V, v: V, frames: &Frames) -> Vec<Known> {
        match operator {
            Operator::Void => vec![Known::new(Thing::Undefined, v, Certainty::Certain)],
            Operator::Not => self
                .eval_in(operand, frames)
                .iter()
                .map(|known| {
                    let thing = match (&known.thing, known.thing.truthy()) {
                        (Thing::Development(yes), _) => Thing::Development(!yes),
                        (Thing::Api(path), _) if is_development_address(path) => Thing::Development(false),
                        (_, Some(truth)) => Thing::Bool(!truth),
                        _ => Thing::Unknown(Unknown::Other(v)),
                    };
                    Known { thing, ..known.clone().at_most(Certainty::Firm) }
                })
                .collect(),
            _ => vec![Known::unknown(Unknown::Other(v), Some(v))],
        }
    }
}

/// Whether a test that may be one of these comes out so in a development build alone, where it does: `isDev && flag`.
fn needs_development(tested: &[Known], holds: bool) -> bool {
    let is_other = |known: &Known| match known.thing {
        Thing::Development(yes) => yes == holds,
        _ => known.development == Some(true) || known.thing.truthy() == Some(!holds),
    };
    tested.iter().all(is_other)
        && tested.iter().any(|known| matches!(known.thing, Thing::Development(_)) || known.development == Some(true))
}

/// What comparing the place where a text was found with a number says, where it is found in development, `yes`, or else.
fn found_at(operator: Operator, number: f64, yes: bool) -> Option<Thing> {
    match (operator, number) {
        (Operator::Equal, -1.0) | (Operator::Less, 0.0) => Some(Thing::Development(!yes)),
        (Operator::Greater, -1.0) | (Operator::GreaterOrEqual, 0.0) => Some(Thing::Development(yes)),
        _ => None,
    }
}

/// Whether what a test may be says that this is a development build, or that it is none: in a packaged app it comes out one way, and what it
/// is in development alone the other.
pub(super) fn says_development(tested: &[Known]) -> Option<bool> {
    let (mut packaged, mut otherwise) = (None, Vec::new());
    for known in tested {
        // How it comes out in development, and in a packaged app.
        let (here, shipped) = match &known.thing {
            Thing::Development(yes) => (*yes, !*yes),
            Thing::Api(path) if is_development_address(path) => (true, false),
            thing => {
                let truth = thing.truthy()?;
                (truth, truth)
            }
        };
        if known.development != Some(false) {
            otherwise.push(here);
        }
        if known.development != Some(true) && packaged.replace(shipped).is_some_and(|before| before != shipped) {
            return None;
        }
    }
    let yes = !packaged?;
    otherwise.contains(&yes).then_some(yes)
}

/// Whether a test is of the build alone, as [`says_development`].
fn asks_for_development(tested: &[Known]) -> Option<bool> {
    let is_test = |known: &Known| matches!(known.thing, Thing::Development(_) | Thing::Bool(_));
    let is_one = tested.iter().any(|known| matches!(known.thing, Thing::Development(_)));
    (is_one && tested.iter().all(is_test)).then(|| says_development(tested))?
}

/// What comparing the name of the environment with this text says.
fn of_environment(text: &str, equal: bool, v: V) -> Thing {
    match text {
        _ if !is_environment(text) => Thing::Unknown(Unknown::Other(v)),
        _ if is_shipped(text) => Thing::Development(!equal),
        _ => Thing::Development(equal),
    }
}

/// Whether a text is the name of an environment.
pub(super) fn is_environment(text: &str) -> bool {
    matches!(text, "development" | "dev" | "test" | "testing" | "production" | "prod")
}

/// Whether that environment is the one of an installed app.
pub(super) fn is_shipped(environment: &str) -> bool {
    matches!(environment, "production" | "prod")
}
