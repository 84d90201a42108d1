//! Which elements of templates are of which component of Vue or Svelte.

use rustc_hash::FxHashMap;

use super::App;
use crate::html::{Framework, pascal_case};
use crate::link::{C, F, Target, UnitId, V};
use crate::source::FileId;
use crate::summary::{CallId, CallKind, Export, ImportId, Key, Value};

/// Elements of one component that are looked at.
const MOST_ELEMENTS: usize = 256;

/// Names and files over which one tag is followed.
const MOST_STEPS: u32 = 64;

/// What components are called besides what a template's own script calls them.
struct Names {
    /// `app.component('toast', Toast)`.
    registered: FxHashMap<String, Option<FileId>>,
    /// By their files' names, where a build looks for them so.
    by_file: FxHashMap<String, Option<FileId>>,
}

impl App<'_> {
    /// The elements of the component that a file holds.
    pub(super) fn elements_of_file(&self, file: FileId) -> &[C] {
        let drawn = self.drawn.get_or_init(|| self.elements_by_file());
        drawn.get(&file).map_or(&[], Vec::as_slice)
    }

    fn elements_by_file(&self) -> FxHashMap<FileId, Vec<C>> {
        let names = Names { registered: self.registered_components(), by_file: self.found_by_name() };
        let mut drawn: FxHashMap<FileId, Vec<C>> = FxHashMap::default();
        for unit in self.program.unit_ids() {
            for (index, call) in self.program.summary(unit).calls.iter().enumerate() {
                let c = C(unit, CallId(index as u32));
                if call.kind == CallKind::Jsx
                    && let Some(tag) = self.program.argument(c, 0)
                    && let Some(file) = self.component_of(tag, &names)
                {
                    let elements = drawn.entry(file).or_default();
                    if elements.len() < MOST_ELEMENTS {
                        elements.push(c);
                    }
                }
            }
        }
        drawn
    }

    /// The file of the component that a tag names.
    fn component_of(&self, tag: V, names: &Names) -> Option<FileId> {
        let Value::Global(name) = self.program.value(tag) else {
            return self.component_file(tag);
        };
        let name = self.program.str(tag.0, name);
        if !self.program.is_vue(tag.0) {
            return None;
        }
        // `components: { 'my-row': Row }`.
        if let Some(components) = self.program.option(tag.0, "components")
            && let Value::Object(list) = self.program.value(components)
        {
            let summary = self.program.summary(tag.0);
            let is = |key: Key| matches!(key, Key::Name(key) if pascal_case(summary.str(key)) == name);
            if let Some(property) = summary.properties(list).iter().find(|property| is(property.key)) {
                return self.component_file(V(tag.0, property.value));
            }
        }
        *names.registered.get(name).or_else(|| names.by_file.get(name))?
    }

    /// The file of the component that a value is.
    fn component_file(&self, v: V) -> Option<FileId> {
        let mut steps = MOST_STEPS;
        self.component_behind(v, &mut steps)
    }

    fn component_behind(&self, v: V, steps: &mut u32) -> Option<FileId> {
        *steps = steps.checked_sub(1)?;
        let v = self.program.behind(v);
        match self.program.value(v) {
            Value::ImportName(import, name) => self.imported_component(v.0, import, self.program.str(v.0, name), steps),
            Value::Module(import) => self.imported_component(v.0, import, "default", steps),
            // `() => import('./Row.vue')`.
            Value::Function(function) => {
                let exits = self.program.function(F(v.0, function)).exits.iter();
                let mut values = exits.filter_map(|exit| exit.value);
                values.find_map(|value| self.component_behind(V(v.0, value), steps))
            }
            // `defineAsyncComponent(() => import('./Row.vue'))`.
            Value::Call(call) => self.component_behind(self.program.argument(C(v.0, call), 0)?, steps),
            // `require('./Row.vue').default`.
            Value::Member(module, name) if self.program.str(v.0, name) == "default" => {
                self.component_behind(V(v.0, module), steps)
            }
            _ => None,
        }
    }

    /// The component that a module exports under a name, or is.
    fn imported_component(&self, unit: UnitId, import: ImportId, name: &str, steps: &mut u32) -> Option<FileId> {
        *steps = steps.checked_sub(1)?;
        let unit = match self.program.target(unit, import) {
            Target::Unit(unit) => *unit,
            Target::File(file) if self.is_component_file(*file) => return Some(*file),
            _ => return None,
        };
        let file = self.program.file(unit);
        if self.is_component_file(file) {
            return Some(file);
        }
        let summary = self.program.summary(unit);
        summary.exports.iter().find_map(|export| match *export {
            Export::Named(exported, value) if summary.str(exported) == name => {
                self.component_behind(V(unit, value), steps)
            }
            Export::From(exported, import, imported) if summary.str(exported) == name => {
                self.imported_component(unit, import, summary.str(imported), steps)
            }
            Export::Star(import) => self.imported_component(unit, import, name, steps),
            _ => None,
        })
    }

    fn is_component_file(&self, file: FileId) -> bool {
        Framework::of(&self.sources.file(file).path).is_some()
    }

    /// <https://vuejs.org/guide/components/registration.html#global-registration>
    fn registered_components(&self) -> FxHashMap<String, Option<FileId>> {
        let mut found = FxHashMap::default();
        for &c in self.program.calls_named("component") {
            if let (Some(name), Some(component)) = (self.program.argument(c, 0), self.program.argument(c, 1))
                && let Some(name) = self.program.summary(name.0).text(name.1)
            {
                enter(&mut found, pascal_case(name), self.component_file(component));
            }
        }
        found
    }

    /// <https://github.com/unplugin/unplugin-vue-components>
    fn found_by_name(&self) -> FxHashMap<String, Option<FileId>> {
        let mut found = FxHashMap::default();
        let looks = self.program.unit_ids().any(|unit| {
            let summary = self.program.summary(unit);
            summary.imports.iter().any(|import| {
                let module = summary.str(import.specifier);
                module.starts_with("unplugin-vue-components") || module == "vite-plugin-components"
            })
        });
        if looks {
            for (index, file) in self.sources.files.iter().enumerate() {
                let (_, name) = crate::link::split(&file.path);
                if let Some(stem) = name.strip_suffix(".vue") {
                    enter(&mut found, pascal_case(stem), Some(FileId(index as u32)));
                }
            }
        }
        found
    }
}

/// Enters a component under a name; one that two have says nothing.
fn enter(names: &mut FxHashMap<String, Option<FileId>>, name: String, file: Option<FileId>) {
    let entry = names.entry(name).or_insert(file);
    if *entry != file {
        *entry = None;
    }
}
