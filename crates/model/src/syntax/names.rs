//! Strings of one summary, and the variables that are in scope while it is made.

use rustc_hash::FxHashMap;
use swc_ecma_ast::Ident;

use crate::summary::{BindingId, Name};

/// Gives each text one [`Name`].
#[derive(Default)]
pub struct Interner {
    names: FxHashMap<Box<str>, Name>,
    strings: Vec<Box<str>>,
}

impl Interner {
    /// The name of a text.
    pub fn name(&mut self, text: &str) -> Name {
        if let Some(&name) = self.names.get(text) {
            return name;
        }
        let name = Name(self.strings.len() as u32);
        self.strings.push(text.into());
        self.names.insert(text.into(), name);
        name
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
