//! What was found of values, so that each is found once.
//!
//! Nearly every question is about a value with no calls assumed: those lie in a table by their index, so that asking again costs two
//! loads. There are two tables, for the two ways of asking: see [`super::Program::callers`].

use std::cell::{Cell, OnceCell, RefCell};
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::index::{ByName, Word};
use super::things::{Frames, Values};
use super::{Program, V};

/// The bit of a slot that says that the value is being evaluated.
const OPEN: u32 = 1 << 31;

/// The bit of a slot that says that the value is the same whatever calls are assumed.
const FREE: u32 = 1 << 30;

/// The bit of a slot that says that the value rests on what may be forgotten.
const LOOSE: u32 = 1 << 29;

/// What a slot says besides a place.
const MARKS: u32 = FREE | LOOSE;

/// What is known of a value.
pub(super) enum Kept {
    /// Nothing yet.
    Nothing,
    /// It is being evaluated, at this depth.
    Open(u32),
    /// What it is, and what that depends on.
    Known(Values, Depends),
}

/// What a value depends on besides what stands in the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Depends {
    /// On the way of asking.
    pub(super) mode: bool,
    /// On the calls that are assumed.
    pub(super) frames: bool,
    /// On what was left open, and may be more when it is asked for by itself.
    pub(super) loose: bool,
}

/// What entries of one name turned out to be, as far as they were looked at.
pub(super) struct Looked<K, E> {
    /// How many of them were looked at, in the order of files.
    looked_at: usize,
    by_key: FxHashMap<K, Vec<E>>,
}

/// As [`Looked`], for each name.
pub(super) type LookedByName<K, E> = RefCell<FxHashMap<Word, Looked<K, E>>>;

impl Program<'_> {
    /// Gives those of the entries of a name that are `wanted` to `add`, in their order, until it says no.
    ///
    /// What an entry is, which `keys_of` tells, is remembered by name: of many questions about one name each entry is looked at once.
    /// Where that leads back to what is being evaluated, or is cut short, it is not remembered.
    pub(super) fn look<K: Copy + Eq + Hash, E: Copy>(
        &self,
        looked: &LookedByName<K, E>,
        (table, name): (&ByName<E>, &str),
        wanted: K,
        keys_of: impl Fn(E) -> Vec<K>,
        mut add: impl FnMut(E) -> bool,
    ) {
        let Some(word) = self.words.find(name) else { return };
        let entries = table.of(word);
        if entries.is_empty() {
            return;
        }
        let mut next = 0;
        if let Some(known) = looked.borrow().get(&word) {
            next = known.looked_at;
            if !known.by_key.get(&wanted).is_none_or(|entries| entries.iter().all(|entry| add(*entry))) {
                return;
            }
        }
        let mut is_sure = true;
        for (index, &entry) in entries.iter().enumerate().skip(next) {
            if self.depth.get() == 0 {
                self.budget.step();
            } else if !self.may_go_on() {
                return;
            }
            let (keys, is_known) = self.surely(|| keys_of(entry));
            is_sure &= is_known;
            let is_it = keys.contains(&wanted);
            if is_sure {
                let mut all = looked.borrow_mut();
                let empty = || Looked { looked_at: 0, by_key: FxHashMap::default() };
                let known = all.entry(word).or_insert_with(empty);
                // A question in between may have got further.
                if known.looked_at == index {
                    known.looked_at += 1;
                    keys.into_iter().for_each(|key| known.by_key.entry(key).or_default().push(entry));
                }
            }
            if is_it && !add(entry) {
                return;
            }
        }
    }
}

/// The slots of one unit: for each value one of each way of asking. Nothing is 0, what is open has the bit [`OPEN`] and its depth,
/// what is known one more than its place in [`Memo::kept`].
type Slots = Box<[[Cell<u32>; 2]]>;

/// What a known value depends on.
fn depends(slots: &[Cell<u32>; 2], mode: usize) -> Depends {
    let slot = slots[mode].get();
    Depends { mode: slots[1 - mode].get() != slot, frames: slot & FREE == 0, loose: slot & LOOSE != 0 }
}

/// What values are where calls are assumed.
type Framed = FxHashMap<(V, Frames), (Values, Depends)>;

/// What was found so far.
pub(super) struct Memo {
    slots: Vec<OnceCell<Slots>>,
    kept: RefCell<Vec<Values>>,
    /// Places in `kept` whose values were forgotten.
    unused: RefCell<Vec<u32>>,
    framed: [RefCell<Framed>; 2],
}

impl Memo {
    pub(super) fn new(units: usize) -> Self {
        Self {
            slots: (0..units).map(|_| OnceCell::new()).collect(),
            kept: RefCell::default(),
            unused: RefCell::default(),
            framed: Default::default(),
        }
    }

    /// The slots of a value, if something of its unit was asked for.
    fn slot(&self, v: V) -> Option<&[Cell<u32>; 2]> {
        self.slots.get(v.0.0 as usize)?.get()?.get(v.1.index())
    }

    /// The slots of a value. `values` is how many its unit has.
    fn new_slot(&self, v: V, values: usize) -> Option<&[Cell<u32>; 2]> {
        let slots = self.slots.get(v.0.0 as usize)?;
        slots.get_or_init(|| vec![Default::default(); values].into_boxed_slice()).get(v.1.index())
    }

    /// What is known of a value with no calls assumed.
    pub(super) fn plain(&self, v: V, mode: usize) -> Kept {
        let Some(slots) = self.slot(v) else { return Kept::Nothing };
        match slots[mode].get() {
            0 => Kept::Nothing,
            slot if slot & OPEN != 0 => Kept::Open(slot & !OPEN),
            slot => match self.kept.borrow().get((slot & !MARKS) as usize - 1) {
                Some(values) => Kept::Known(values.clone(), depends(slots, mode)),
                None => Kept::Nothing,
            },
        }
    }

    /// What is known of a value whatever calls are assumed.
    pub(super) fn free(&self, v: V, mode: usize) -> Option<(Values, Depends)> {
        let slots = self.slot(v)?;
        let slot = slots[mode].get();
        if slot & OPEN != 0 || slot & FREE == 0 {
            return None;
        }
        let values = self.kept.borrow().get((slot & !MARKS) as usize - 1).cloned()?;
        Some((values, depends(slots, mode)))
    }

    /// What is known of a value where calls are assumed.
    pub(super) fn framed(&self, v: V, frames: &Frames, mode: usize) -> Option<(Values, Depends)> {
        self.framed[mode].borrow().get(&(v, frames.clone())).cloned()
    }

    /// A value is being evaluated, with no calls assumed. `values` is how many its unit has.
    pub(super) fn open(&self, v: V, mode: usize, depth: u32, values: usize) {
        if let Some(slots) = self.new_slot(v, values) {
            slots[mode].set(OPEN | depth);
        }
    }

    /// Keeps what a value is. `values` is how many its unit has.
    pub(super) fn keep(&self, v: V, frames: &Frames, mode: usize, found: &Values, depends: Depends, values: usize) {
        if !frames.is_empty() && depends.frames {
            self.framed[mode].borrow_mut().insert((v, frames.clone()), (found.clone(), depends));
            return;
        }
        let Some(slots) = self.new_slot(v, values) else { return };
        let old = slots[mode].get();
        // Where it is being evaluated with no calls assumed, the slot is not this evaluation's.
        if !frames.is_empty() && old != 0 {
            self.framed[mode].borrow_mut().insert((v, frames.clone()), (found.clone(), depends));
            return;
        }
        let mut kept = self.kept.borrow_mut();
        let place = match self.unused.borrow_mut().pop() {
            Some(place) => {
                kept[place as usize] = found.clone();
                place
            }
            None => {
                kept.push(found.clone());
                kept.len() as u32 - 1
            }
        };
        let slot = (place + 1) | if depends.frames { 0 } else { FREE } | if depends.loose { LOOSE } else { 0 };
        slots[mode].set(slot);
        if !depends.mode && slots[1 - mode].get() == 0 {
            slots[1 - mode].set(slot);
        }
    }

    /// Forgets what a value is, asked in this way.
    pub(super) fn forget(&self, v: V, frames: Frames, mode: usize) {
        if !frames.is_empty() {
            self.framed[mode].borrow_mut().remove(&(v, frames));
            return;
        }
        let Some(slots) = self.slot(v) else { return };
        let slot = slots[mode].get();
        if slot == 0 || slot & OPEN != 0 {
            return;
        }
        slots[mode].set(0);
        if slots[1 - mode].get() == slot {
            slots[1 - mode].set(0);
        }
        self.unused.borrow_mut().push((slot & !MARKS) - 1);
    }
}
