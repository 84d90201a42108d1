//! On which platforms something happens.

use super::App;
use crate::link::things::{Known, Thing};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{Operator, Value};

/// Tests inside tests that are followed.
const MOST_DEPTH: u32 = 16;

/// Functions around each other, and callers of callers, that are looked at.
const MOST_FUNCTIONS: u32 = 8;

/// Some of the platforms for which Electron is built: <https://nodejs.org/api/process.html#processplatform>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platforms(u8);

impl Platforms {
    /// All.
    pub const ALL: Self = Self(0b111);
    /// None.
    pub const NONE: Self = Self(0);

    fn named(name: &str) -> Self {
        match name {
            "linux" => Self(0b001),
            "darwin" => Self(0b010),
            "win32" => Self(0b100),
            _ => Self::NONE,
        }
    }

    /// Those that are one of both.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether none of the others is missing here.
    pub fn cover(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    fn unless(self, holds: bool) -> Self {
        if holds { self } else { Self(Self::ALL.0 & !self.0) }
    }
}

impl App<'_> {
    /// On which platforms a call happens, and the test that says so where it does not happen on all.
    pub fn platforms_of(&self, c: C) -> (Platforms, Option<Span>) {
        let record = self.program.call(c);
        let summary = self.program.summary(c.0);
        let (mut platforms, mut test) = (Platforms::ALL, None);
        let (mut function, mut condition) = (record.function, record.condition);
        for _ in 0..MOST_FUNCTIONS {
            for condition in summary.conditions_at(condition) {
                let found = self.platforms_where(V(c.0, condition.test), condition.holds, 0);
                if found != Platforms::ALL {
                    platforms = platforms.and(found);
                    test = Some(self.program.place(c.0, summary.span(condition.test)));
                }
            }
            let outer = summary.function(function);
            if outer.parent == function {
                break;
            }
            (function, condition) = (outer.parent, outer.condition);
        }
        (platforms, test)
    }

    /// As [`App::platforms_of`], with what is known of the calls that lead to it.
    pub fn platforms_of_callers(&self, c: C) -> Platforms {
        self.platforms_by_callers(c, 0)
    }

    fn platforms_by_callers(&self, c: C, depth: u32) -> Platforms {
        let (platforms, _) = self.platforms_of(c);
        let f = F(c.0, self.program.call(c).function);
        let callers = self.program.callers(f);
        if depth >= MOST_FUNCTIONS / 2 || callers.is_empty() || callers.len() > MOST_FUNCTIONS as usize {
            return platforms;
        }
        let each = callers.iter().map(|caller| self.platforms_by_callers(*caller, depth + 1));
        platforms.and(each.reduce(Platforms::or).unwrap_or(Platforms::ALL))
    }

    /// Where a test comes out so; all platforms, if it asks for something else.
    fn platforms_where(&self, test: V, holds: bool, depth: u32) -> Platforms {
        use Operator::{And, Equal, Not, NotEqual, Or};
        if depth > MOST_DEPTH {
            return Platforms::ALL;
        }
        let test = self.program.behind(test);
        let at = |id| V(test.0, id);
        let go = |id, holds| self.platforms_where(at(id), holds, depth + 1);
        match self.program.value(test) {
            Value::Unary(Not, inner) => go(inner, !holds),
            Value::Binary(operator @ (And | Or), left, right) => {
                let (left, right) = (go(left, holds), go(right, holds));
                if (operator == And) == holds { left.and(right) } else { left.or(right) }
            }
            Value::Binary(operator @ (Equal | NotEqual), left, right) => {
                let named =
                    self.platform_named(at(left), at(right)).or_else(|| self.platform_named(at(right), at(left)));
                named.map_or(Platforms::ALL, |named| named.unless((operator == Equal) == holds))
            }
            // `['darwin', 'win32'].includes(process.platform)`.
            Value::Call(call) => {
                let c = C(test.0, call);
                let Value::Member(list, method) = self.program.value(at(self.program.call(c).callee)) else {
                    return Platforms::ALL;
                };
                let asks = self.program.argument(c, 0).is_some_and(|argument| self.is_platform(argument));
                if self.program.str(test.0, method) != "includes" || !asks {
                    return Platforms::ALL;
                }
                let elements = self.program.elements(at(list));
                let names: Option<Vec<&str>> = elements.iter().map(Known::text).collect();
                let listed = names.filter(|names| !names.is_empty());
                listed.map_or(Platforms::ALL, |names| {
                    names.into_iter().map(Platforms::named).fold(Platforms::NONE, Platforms::or).unless(holds)
                })
            }
            // A constant of another file.
            Value::Binding(_) | Value::ImportName(..) | Value::Member(..) => match self.eval(test).as_ref() {
                [Known { at: Some(from), .. }] if *from != test => self.platforms_where(*from, holds, depth + 1),
                _ => Platforms::ALL,
            },
            _ => Platforms::ALL,
        }
    }

    fn platform_named(&self, subject: V, name: V) -> Option<Platforms> {
        let name = self.constant(name).filter(|_| self.is_platform(subject))?;
        name.text().map(Platforms::named)
    }

    /// `process.platform`, `os.platform()`.
    fn is_platform(&self, v: V) -> bool {
        self.eval(v).iter().any(|known| match &known.thing {
            Thing::Api(path) => &**path == "process.platform",
            Thing::Result(path, _) => &**path == "os.platform",
            _ => false,
        })
    }
}
