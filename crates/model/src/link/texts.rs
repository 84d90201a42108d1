//! Texts that are joined of parts: templates and concatenations.

use std::rc::Rc;

use super::things::*;
use super::{Program, V};
use crate::source::Span;
use crate::summary::Value;

/// Texts that one value is followed into.
const MOST_TEXTS: usize = 6;

impl Program<'_> {
    /// Parts of a text, joined as far as they are known: one text for each way in which its parts can come out, if they are few.
    pub(super) fn joined(&self, parts: impl Iterator<Item = V>, v: V, frames: &Frames) -> Vec<Known> {
        let mut texts = vec![Joined::default()];
        let mut is_text = matches!(self.value(v), Value::Template(_));
        let mut numbers = true;
        for part in parts {
            let values = self.eval_in(part, frames);
            let is_piece =
                |known: &Known| matches!(known.thing, Thing::Text(_) | Thing::Template(_) | Thing::Number(_));
            let ways = values.len();
            if ways > 0 && texts.len() * ways <= MOST_TEXTS.max(texts.len()) && values.iter().all(is_piece) {
                let is_number = |known: &Known| matches!(known.thing, Thing::Number(_));
                is_text |= !values.iter().all(is_number);
                numbers &= values.iter().all(is_number);
                texts = texts.iter().flat_map(|text| values.iter().filter_map(|known| text.with(known))).collect();
            } else {
                numbers = false;
                // Several texts, too many or not all known: one thing with a hole.
                for text in &mut texts {
                    push_part(&mut text.parts, Part::Hole(part, frames.clone()));
                }
            }
        }
        if numbers || !is_text || texts.is_empty() {
            return vec![Known::unknown(Unknown::Other(v), Some(v))];
        }
        texts.into_iter().map(|text| text.known(v)).collect()
    }
}

/// A text that is being joined.
#[derive(Clone)]
struct Joined {
    parts: Vec<Part>,
    certainty: Certainty,
    trail: Vec<Span>,
    development: Option<bool>,
}

impl Default for Joined {
    fn default() -> Self {
        Self { parts: Vec::new(), certainty: Certainty::Certain, trail: Vec::new(), development: None }
    }
}

impl Joined {
    /// With one more piece; none where the two never come together.
    fn with(&self, known: &Known) -> Option<Self> {
        let mut joined = self.clone();
        joined.development = match (self.development, known.development) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b),
        };
        match &known.thing {
            Thing::Text(text) => push_part(&mut joined.parts, Part::Text(text.clone())),
            Thing::Template(inner) => inner.iter().for_each(|piece| push_part(&mut joined.parts, piece.clone())),
            Thing::Number(number) => push_part(&mut joined.parts, Part::Text(Rc::from(number.to_string()))),
            _ => return None,
        }
        joined.certainty = joined.certainty.min(known.certainty);
        joined.trail.extend_from_slice(&known.trail);
        Some(joined)
    }

    fn known(mut self, v: V) -> Known {
        self.trail.truncate(6);
        let thing = match self.parts.as_slice() {
            [] => Thing::Text(Rc::from("")),
            [Part::Text(text)] => Thing::Text(text.clone()),
            _ => Thing::Template(Rc::from(self.parts)),
        };
        Known {
            thing,
            at: Some(v),
            trail: Rc::from(self.trail),
            certainty: self.certainty,
            development: self.development,
        }
    }
}

fn push_part(parts: &mut Vec<Part>, part: Part) {
    match (parts.last_mut(), part) {
        (Some(Part::Text(last)), Part::Text(next)) => *last = Rc::from(format!("{last}{next}")),
        (_, part) => parts.push(part),
    }
}
