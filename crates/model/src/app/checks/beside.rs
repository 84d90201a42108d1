//! What a function is handed beside an address: `open(url, new URL(url).protocol)`.

use super::{App, Base, Judged, Root, UrlPart};
use crate::link::{F, V};

/// Places that call one function; of more nothing is told.
const MOST_CALLERS: usize = 16;

impl App<'_> {
    /// The part of an address that another argument of the same function is, wherever that is called.
    pub(in crate::app) fn part_beside(&self, beside: &Root, root: &Root) -> Option<UrlPart> {
        if !are_beside(beside, root) {
            return None;
        }
        let part = |(beside, whole): (V, Root)| self.url_part(beside).filter(|(of, _)| *of == whole);
        let mut parts = self.handed_both(beside, root)?.into_iter().map(|both| part(both).map(|(_, part)| part));
        let first = parts.next()??;
        parts.all(|part| part == Some(first)).then_some(first)
    }

    /// What it says of an address that another argument comes out so, wherever the function is called:
    /// `open(url, new URL(url).protocol === 'https:')`.
    pub(super) fn judged_by_callers(&self, test: V, holds: bool, root: &Root, depth: u32) -> Judged {
        let Some(beside) = self.root(test).filter(|beside| are_beside(beside, root)) else { return Judged::NOTHING };
        let Some(handed) = self.handed_both(&beside, root) else { return Judged::NOTHING };
        let come_out = handed.iter().filter(|(beside, _)| !self.never(*beside, holds));
        let judged = Judged::any(come_out.map(|(beside, whole)| self.judge(*beside, holds, whole, depth + 5)));
        Judged { span: judged.span.map(|_| self.program.span(test)), ..judged }
    }

    /// What each caller hands over for a value, and what the one is made from that it hands over for an address; `None` where that is
    /// not known of all.
    fn handed_both(&self, beside: &Root, root: &Root) -> Option<Vec<(V, Root)>> {
        let Base::Parameter(function, _) = root.base else { return None };
        let f = F(root.unit, function);
        let callers = self.program.callers(f);
        if callers.is_empty() || callers.len() > MOST_CALLERS || !self.program.handed_over(f).is_empty() {
            return None;
        }
        let one = |of: &Root, c| {
            let Base::Parameter(_, index) = of.base else { return None };
            of.path.iter().try_fold(self.program.argument(c, index as usize)?, |v, name| {
                self.written_property(self.program.behind(v), name)?
            })
        };
        callers
            .iter()
            .map(|c| match self.url_part(one(root, *c)?)? {
                (whole, UrlPart::Whole) => Some((one(beside, *c)?, whole)),
                _ => None,
            })
            .collect()
    }
}

/// Whether two values are handed to one function, and are not the same.
pub(super) fn are_beside(one: &Root, other: &Root) -> bool {
    let function = |root: &Root| match root.base {
        Base::Parameter(function, _) => Some((root.unit, function)),
        _ => None,
    };
    one != other && function(one).is_some() && function(one) == function(other)
}
