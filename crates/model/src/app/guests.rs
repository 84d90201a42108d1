//! Whether something happens for the guests of webviews alone, or for all contents but them.

use super::App;
use crate::link::things::{Host, Origin};
use crate::link::{C, F, V};
use crate::summary::{Operator, TOP, Value};

/// Tests inside tests that are followed.
const MOST_DEPTH: u32 = 16;

impl App<'_> {
    /// The object that a listener is set on, where that is any contents and a test before it asks for the kind:
    /// `if (contents.getType() === 'webview') contents.on(…)`.
    pub(super) fn of_asked_kind(&self, c: C, host: Host) -> Host {
        if host.class != "WebContents" || host.origin != Origin::Every {
            return host;
        }
        let origin = match self.for_guests(c) {
            Some(true) => Origin::Guest,
            // All but guests: nothing says which one it is.
            Some(false) => Origin::Some,
            None => host.origin,
        };
        Host { origin, ..host }
    }

    /// Whether a call happens for guests alone, or for others alone.
    fn for_guests(&self, c: C) -> Option<bool> {
        let record = self.program.call(c);
        let around = self.conditions_around(F(c.0, record.function), record.condition, F(c.0, TOP));
        around.into_iter().find_map(|(test, holds)| self.guests_where(test, holds, 0))
    }

    fn guests_where(&self, test: V, holds: bool, depth: u32) -> Option<bool> {
        use Operator::{And, Equal, Not, NotEqual, Or};
        if depth > MOST_DEPTH {
            return None;
        }
        let test = self.program.behind(test);
        let at = |id| V(test.0, id);
        let go = |id, holds| self.guests_where(at(id), holds, depth + 1);
        match self.program.value(test) {
            Value::Unary(Not, inner) => go(inner, !holds),
            Value::Binary(operator @ (And | Or), left, right) => {
                let (left, right) = (go(left, holds), go(right, holds));
                if (operator == And) == holds { left.or(right) } else { left.filter(|_| left == right) }
            }
            Value::Binary(operator @ (Equal | NotEqual), left, right) => {
                let named = |kind, name| self.constant(name).filter(|_| self.is_kind(kind));
                let kind = named(at(left), at(right)).or_else(|| named(at(right), at(left)))?;
                let is_guest = kind.text() == Some("webview");
                let is_it = (operator == Equal) == holds;
                // What is no window may still be a guest.
                (is_it || is_guest).then_some(is_it && is_guest)
            }
            // <https://www.electronjs.org/docs/latest/api/web-contents#contentshostwebcontents-readonly>
            Value::Member(_, name) if self.program.str(test.0, name) == "hostWebContents" => Some(holds),
            _ => None,
        }
    }

    /// `contents.getType()`: <https://www.electronjs.org/docs/latest/api/web-contents#contentsgettype>
    fn is_kind(&self, v: V) -> bool {
        self.call_behind(v).and_then(|c| self.api_of(c)).is_some_and(|(path, _)| &*path == "WebContents.getType")
    }
}
