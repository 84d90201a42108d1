//! Strings of one summary, and the variables that are in scope while it is made.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};
use swc_ecma_ast::Ident;

use crate::summary::{BindingId, Name};

/// Gives each text one [`Name`].
#[derive(Default)]
pub struct Interner {
    strings: Vec<Box<str>>,
    /// Of each text, by name.
    hashes: Vec<u32>,
    /// Names by the hashes of their texts, each in the first free place from there on; a power of two, never full.
    table: Vec<Option<Name>>,
}

impl Interner {
    /// The name of a text.
    pub fn name(&mut self, text: &str) -> Name {
        if self.strings.len() * 2 >= self.table.len() {
            self.grow();
        }
        let hash = hash(text);
        let last = self.table.len() - 1;
        let mut at = hash as usize & last;
        while let Some(&Some(name)) = self.table.get(at) {
            if self.hashes.get(name.index()) == Some(&hash)
                && self.strings.get(name.index()).is_some_and(|known| **known == *text)
            {
                return name;
            }
            at = (at + 1) & last;
        }
        let name = Name(self.strings.len() as u32);
        self.strings.push(text.into());
        self.hashes.push(hash);
        if let Some(place) = self.table.get_mut(at) {
            *place = Some(name);
        }
        name
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(256);
        self.table.clear();
        self.table.resize(size, None);
        for (index, &hash) in (0..).zip(&self.hashes) {
            let mut at = hash as usize & (size - 1);
            while let Some(Some(_)) = self.table.get(at) {
                at = (at + 1) & (size - 1);
            }
            if let Some(place) = self.table.get_mut(at) {
                *place = Some(Name(index));
            }
        }
    }

    /// The text of a name.
    pub fn str(&self, name: Name) -> &str {
        &self.strings[name.index()]
    }

    /// Every text, by name.
    pub fn finish(self) -> Vec<Box<str>> {
        self.strings
    }
}

fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    let hash = hasher.finish();
    (hash ^ (hash >> 32)) as u32
}

/// Variables in scope: for each name its bindings, the innermost last.
#[derive(Default)]
pub struct Scopes {
    /// With the number of scopes that were open at the declaration.
    bound: FxHashMap<Name, Vec<(BindingId, usize)>>,
    declared: Vec<Name>,
    starts: Vec<usize>,
    functions: Vec<usize>,
}

impl Scopes {
    /// Opens a block.
    pub fn open(&mut self) {
        self.starts.push(self.declared.len());
    }

    /// Opens a function, whose scope takes its `var`s.
    pub fn open_function(&mut self) {
        self.functions.push(self.starts.len());
        self.open();
    }

    /// Closes the innermost block or function.
    pub fn close(&mut self) {
        let start = self.starts.pop().unwrap_or(0);
        if self.functions.last() == Some(&self.starts.len()) {
            self.functions.pop();
        }
        for name in self.declared.drain(start..) {
            if let Some(stack) = self.bound.get_mut(&name) {
                stack.pop();
            }
        }
    }

    /// Binds a name in the innermost scope.
    pub fn declare(&mut self, name: Name, binding: BindingId) {
        self.bound.entry(name).or_default().push((binding, self.starts.len()));
        self.declared.push(name);
    }

    /// What the innermost scope itself binds the name to.
    pub fn own(&self, name: Name) -> Option<BindingId> {
        let &(binding, scope) = self.bound.get(&name)?.last()?;
        (scope == self.starts.len()).then_some(binding)
    }

    /// What a name means here.
    pub fn lookup(&self, name: Name) -> Option<BindingId> {
        self.bound.get(&name)?.last().map(|&(binding, _)| binding)
    }
}

/// The text of an identifier.
pub fn text(ident: &Ident) -> &str {
    &ident.sym
}
