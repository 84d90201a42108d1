//! Texts that are joined of parts: templates and concatenations.

use std::rc::Rc;

use super::things::*;
use super::{C, Program, V};
use crate::source::Span;
use crate::summary::Value;

/// Texts that one value is followed into.
const MOST_TEXTS: usize = 6;

/// Parts of a list that are joined, and of a text.
const MOST_PARTS: usize = 128;

/// Longest text that is put together, in bytes: `a + a`, thirty times over, is a gigabyte.
const MOST_BYTES: usize = 64 * 1024;

impl Program<'_> {
    /// `['a', b].join(' ')`, of a list that is one literal, with what is put behind it.
    pub(super) fn list_joined(&self, list: V, c: C, v: V, frames: &Frames) -> Option<Known> {
        let separator: Rc<str> = match self.argument(c, 0) {
            Some(separator) => {
                let values = self.eval_in(separator, frames);
                Rc::from(values.first().filter(|_| values.len() == 1)?.text()?)
            }
            None => Rc::from(","),
        };
        let lists = self.eval_in(list, frames);
        let [known @ Known { thing: Thing::Array(array, inner), development, .. }] = lists.as_ref() else {
            return None;
        };
        let behind = self.put_behind(list, &known.thing)?;
        let Value::Array(items) = self.value(*array) else { return None };
        let items = self.summary(array.0).items(items);
        if items.is_empty() || items.len() + behind.len() > MOST_PARTS || items.iter().any(|item| item.spread) {
            return None;
        }
        let mut parts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                push_part(&mut parts, Part::Text(separator.clone()));
            }
            let element = V(array.0, item.value);
            let values = self.eval_in(element, inner);
            match values.as_ref() {
                [known] if size(&parts) + size_of(&known.thing) > MOST_BYTES => {
                    push_part(&mut parts, Part::Hole(element, inner.clone()));
                }
                [Known { thing: Thing::Text(text), .. }] => push_part(&mut parts, Part::Text(text.clone())),
                [Known { thing: Thing::Template(more), .. }] => {
                    more.iter().for_each(|part| push_part(&mut parts, part.clone()));
                }
                _ => push_part(&mut parts, Part::Hole(element, inner.clone())),
            }
        }
        // Whether it is put there at all may hang on something.
        for value in behind {
            push_part(&mut parts, Part::Text(separator.clone()));
            push_part(&mut parts, Part::Hole(value, Frames::default()));
        }
        let thing = match parts.as_slice() {
            [Part::Text(text)] => Thing::Text(text.clone()),
            _ => Thing::Template(Rc::from(parts)),
        };
        Some(Known { development: *development, ..Known::new(thing, v, Certainty::Firm) })
    }

    /// Parts of a text, joined as far as they are known: one text for each way in which its parts can come out, if they are few.
    pub(super) fn joined(&self, parts: impl Iterator<Item = V>, v: V, frames: &Frames) -> Vec<Known> {
        let mut texts = vec![Joined::default()];
        let mut is_text = matches!(self.value(v), Value::Template(_));
        let mut numbers = true;
        for part in parts {
            let is_piece =
                |known: &Known| matches!(known.thing, Thing::Text(_) | Thing::Template(_) | Thing::Number(_));
            let values = self.eval_in(part, frames);
            // Nobody means `undefined` in a text: what a table holds under some key is something.
            let is_meant = |known: &&Known| known.thing != Thing::Undefined;
            let values = match values.iter().any(is_piece) {
                true => values.iter().filter(is_meant).cloned().collect(),
                false => values,
            };
            let ways = values.len();
            let longest = texts.iter().map(|text| size(&text.parts)).max().unwrap_or(0);
            let added = values.iter().map(|known| size_of(&known.thing)).max().unwrap_or(0);
            let fits = longest + added <= MOST_BYTES;
            if fits && ways > 0 && texts.len() * ways <= MOST_TEXTS.max(texts.len()) && values.iter().all(is_piece) {
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
            trail: self.trail.into_iter().collect(),
            certainty: self.certainty,
            development: self.development,
        }
    }
}

/// How long a text is; each part counts, so that there are at most [`MOST_PARTS`] of them in the longest.
fn size(parts: &[Part]) -> usize {
    let part = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::Hole(..) => 0,
    };
    parts.len() * (MOST_BYTES / MOST_PARTS) + parts.iter().map(part).sum::<usize>()
}

fn size_of(thing: &Thing) -> usize {
    match thing {
        Thing::Text(text) => text.len(),
        Thing::Template(parts) => size(parts),
        _ => 0,
    }
}

fn push_part(parts: &mut Vec<Part>, part: Part) {
    match (parts.last_mut(), part) {
        (Some(Part::Text(last)), Part::Text(next)) => *last = Rc::from(format!("{last}{next}")),
        (_, part) => parts.push(part),
    }
}
