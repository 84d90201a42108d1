//! Globals and modules that a file uses by name.

use rustc_hash::{FxHashMap, FxHashSet};

use super::App;
use crate::link::UnitId;
use crate::source::Span;
use crate::summary::{BindingId, ImportId, ImportKind, Operator, Value, ValueId};

/// A name that nothing in the file binds, where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalUse {
    /// The name.
    pub name: String,
    /// The first property that is read of it there, if one is: `env` of `process.env`.
    pub member: Option<String>,
    /// Where.
    pub span: Span,
    /// The file asks elsewhere whether there is such a global: `typeof process`.
    pub is_probed: bool,
}

/// A module that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleUse {
    /// As it is written.
    pub specifier: String,
    /// Where.
    pub span: Span,
    /// The names that are taken of it, sorted; empty where that cannot be told.
    pub names: Vec<String>,
    /// It is asked for when it is needed, and may be asked for in vain: `import('x')`.
    pub is_dynamic: bool,
}

impl App<'_> {
    /// The scripts of a file.
    pub fn units_of(&self, path: &str) -> Vec<UnitId> {
        let Some(file) = self.sources.find(path) else { return Vec::new() };
        self.program.unit_ids().filter(|unit| self.program.file(*unit) == file).collect()
    }

    /// Names of a script that nothing binds, where they are used as values, in the order of places.
    ///
    /// What a TypeScript type names is not used, nor is the operand of `typeof`.
    pub fn globals_of(&self, unit: UnitId) -> Vec<GlobalUse> {
        let summary = self.program.summary(unit);
        let mut types: FxHashSet<ValueId> = FxHashSet::default();
        types.extend(summary.bindings.iter().filter_map(|binding| binding.type_hint));
        for function in &summary.functions {
            types.extend(function.parameters.iter().filter_map(|parameter| parameter.type_hint));
        }
        for class in &summary.classes {
            types.extend(class.members.iter().filter_map(|member| member.type_hint));
        }
        let mut probed: FxHashSet<&str> = FxHashSet::default();
        let mut skipped: FxHashSet<ValueId> = FxHashSet::default();
        let mut members = FxHashMap::default();
        for node in &summary.values {
            match node.value {
                Value::Unary(Operator::TypeOf, inner) => {
                    if let Value::Global(name) = summary.value(inner) {
                        probed.insert(summary.str(name));
                        skipped.insert(inner);
                    }
                }
                Value::Member(object, name) => {
                    members.entry(object).or_insert(name);
                }
                _ => {}
            }
        }
        // A type like `NodeJS.Timeout` is a member of a name.
        let mut open: Vec<ValueId> = types.iter().copied().collect();
        while let Some(value) = open.pop() {
            if let Value::Member(object, _) = summary.value(value)
                && types.insert(object)
            {
                open.push(object);
            }
        }
        let mut found = Vec::new();
        for (index, node) in summary.values.iter().enumerate() {
            let id = ValueId(index as u32);
            let Value::Global(name) = node.value else { continue };
            if types.contains(&id) || skipped.contains(&id) || node.span.0 >= node.span.1 {
                continue;
            }
            let name = summary.str(name);
            found.push(GlobalUse {
                name: name.to_owned(),
                member: members.get(&id).map(|member| summary.str(*member).to_owned()),
                span: self.program.place(unit, node.span),
                is_probed: probed.contains(name),
            });
        }
        found.sort_by_key(|used| used.span);
        found.dedup_by_key(|used| used.span);
        found
    }

    /// Modules that a script asks for, in the order of places; types are not.
    pub fn modules_of(&self, unit: UnitId) -> Vec<ModuleUse> {
        let summary = self.program.summary(unit);
        let mut names: Vec<Vec<String>> = vec![Vec::new(); summary.imports.len()];
        // `const electron = require('electron'); electron.app`
        let mut holders: FxHashMap<BindingId, ImportId> = FxHashMap::default();
        for index in 0..summary.bindings.len() {
            if let Some(only) = summary.written_once(BindingId(index as u32))
                && let Value::Module(import) = summary.value(only)
            {
                holders.insert(BindingId(index as u32), import);
            }
        }
        for node in &summary.values {
            let (import, name) = match node.value {
                Value::ImportName(import, name) => (import, name),
                Value::Member(object, name) => match summary.value(object) {
                    Value::Module(import) => (import, name),
                    Value::Binding(binding) => match holders.get(&binding) {
                        Some(import) => (*import, name),
                        None => continue,
                    },
                    _ => continue,
                },
                _ => continue,
            };
            if let Some(names) = names.get_mut(import.index()) {
                names.push(summary.str(name).to_owned());
            }
        }
        let mut found: Vec<ModuleUse> = summary
            .imports
            .iter()
            .zip(names)
            .filter(|(import, _)| import.kind != ImportKind::TypeOnly)
            .map(|(import, mut names)| {
                names.sort();
                names.dedup();
                ModuleUse {
                    specifier: summary.str(import.specifier).to_owned(),
                    span: self.program.place(unit, import.span),
                    names,
                    is_dynamic: import.kind == ImportKind::Dynamic,
                }
            })
            .collect();
        found.sort_by_key(|used| used.span);
        found
    }

    /// The package of the app, or one around it, names a package of this name among its dependencies.
    pub fn depends_on(&self, package: &str) -> bool {
        self.sources.files.iter().enumerate().any(|(index, file)| {
            let unit = self.program.unit_of(crate::source::FileId(index as u32));
            let is_manifest = file.path.rsplit('/').next() == Some("package.json");
            let (true, Some(unit)) = (is_manifest && !file.path.contains("node_modules/"), unit) else { return false };
            let root = crate::link::Json::root(self.program.summary(unit));
            ["dependencies", "devDependencies"].iter().any(|field| {
                root.as_ref().and_then(|root| root.get(field)).and_then(|field| field.get(package)).is_some()
            })
        })
    }
}

/// The name of a module that Node brings, without `node:`.
pub fn builtin(specifier: &str) -> Option<&str> {
    if let Some(name) = specifier.strip_prefix("node:") {
        return Some(name);
    }
    crate::link::is_builtin(specifier).then_some(specifier)
}
