//! What a store of settings gives where nothing was set.

use super::things::*;
use super::{C, Program, V};

/// Stores that are made with the defaults of their settings:
/// <https://github.com/sindresorhus/electron-store#defaults>, <https://github.com/sindresorhus/conf#defaults>.
const STORES: [&str; 4] = ["new electron-store", "new electron-store.default", "new conf", "new conf.default"];

impl Program<'_> {
    /// `settings.get('address')`, as the defaults of the store say it, and beside that whatever was set; nothing if they do not.
    pub(super) fn setting(&self, store: V, c: C, v: V, frames: &Frames) -> Option<Vec<Known>> {
        let values = self.eval_in(store, frames);
        let [Known { thing: Thing::Result(path, made), .. }] = values.as_ref() else { return None };
        if !STORES.contains(&&**path) {
            return None;
        }
        let key = self.only(self.argument(c, 0)?)?;
        let key = key.text()?;
        let mut found: Vec<Known> = match self.argument(c, 1) {
            Some(default) => self.step(&self.eval_in(default, frames), default),
            None => {
                let options = self.eval(self.argument(*made, 0)?);
                let objects = options.iter().filter_map(|known| object_of(&known.thing));
                objects.flat_map(|options| self.default_of(options, key)).collect()
            }
        };
        if found.is_empty() {
            return None;
        }
        for known in &mut found {
            known.certainty = known.certainty.min(Certainty::Firm);
        }
        found.push(Known::unknown(Unknown::Call(c), Some(v)));
        Some(found)
    }

    /// `defaults: { address: '…' }`, `schema: { address: { default: '…' } }`.
    fn default_of(&self, options: &Object, key: &str) -> Vec<Known> {
        let below = |object: &Object, key: &str| -> Vec<Known> {
            self.property(object, key, None).values.into_iter().map(|placed| placed.known).collect()
        };
        let inside = |values: Vec<Known>, key: &str| -> Vec<Known> {
            values.iter().filter_map(|known| object_of(&known.thing)).flat_map(|object| below(object, key)).collect()
        };
        let found = inside(below(options, "defaults"), key);
        if found.is_empty() { inside(inside(below(options, "schema"), key), "default") } else { found }
    }
}

fn object_of(thing: &Thing) -> Option<&Object> {
    match thing {
        Thing::Object(object) => Some(object),
        _ => None,
    }
}
