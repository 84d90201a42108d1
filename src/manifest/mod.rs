//! App → [`Manifest`]: what was seen to be needed, each entry with its places; what could not be resolved is listed
//! and grants nothing.

mod addon;
mod addresses;
mod electron;
mod network;
mod permits;
mod windows;

use std::collections::BTreeMap;

use electrolint_model::App;
use electrolint_model::source::Span;
use electrolint_policy::Manifest;
use electrolint_policy::Permission;
use electrolint_policy::manifest::{PermissionEntry, Unresolved};

pub use addon::{Addon, is_addon};

/// Most places that `from` names; then `+N`.
const MOST_PLACES: usize = 20;
/// Most entries of `unresolved`.
const MOST_UNRESOLVED: usize = 500;

/// The manifest that an app needs.
#[must_use]
pub fn of_app(app: &App) -> Manifest {
    let mut draft = Draft::new(app);
    draft.hosts();
    draft.host_functions();
    draft.electron_part();
    draft.finish()
}

/// What is being written.
struct Draft<'a> {
    app: &'a App<'a>,
    manifest: Manifest,
    permissions: BTreeMap<Permission, Places>,
    unresolved: Vec<Unresolved>,
}

/// Places of one entry, sorted and without doubles.
#[derive(Clone, Debug, Default)]
struct Places(std::collections::BTreeSet<(String, u32)>);

impl Places {
    fn add(&mut self, app: &App, span: Span) {
        let file = app.sources.file(span.file);
        let path = below_root(app, &file.path).to_owned();
        self.0.insert((path, file.text.position(span.start).line));
    }

    fn list(&self) -> Vec<String> {
        let mut list: Vec<String> =
            self.0.iter().take(MOST_PLACES).map(|(path, line)| format!("{path}:{line}")).collect();
        if self.0.len() > MOST_PLACES {
            list.push(format!("+{}", self.0.len() - MOST_PLACES));
        }
        list
    }
}

/// A path relative to the app.
fn below_root<'p>(app: &App, path: &'p str) -> &'p str {
    let root = app.sources.root.trim_end_matches('/');
    match path.strip_prefix(root) {
        Some(rest) if !root.is_empty() => rest.trim_start_matches('/'),
        _ => path,
    }
}

/// Entries by their name, each with its places.
type Named = BTreeMap<String, Places>;

impl<'a> Draft<'a> {
    fn new(app: &'a App<'a>) -> Self {
        let mut permissions = BTreeMap::new();
        // Written out, so that a list with more does not take them away.
        permissions.insert(Permission::Log, Places::default());
        permissions.insert(Permission::Timers, Places::default());
        Self { app, manifest: Manifest::default(), permissions, unresolved: Vec::new() }
    }

    fn is_shipped(&self, span: Span, development: Option<bool>) -> bool {
        development != Some(true) && self.app.is_product_file(span.file)
    }

    fn open(&mut self, field: &str, span: Span, rule: &str, why: &str) {
        let file = self.app.sources.file(span.file);
        let path = below_root(self.app, &file.path);
        let at = format!("{path}:{}", file.text.position(span.start).line);
        self.unresolved.push(Unresolved { field: field.into(), at, rule: rule.into(), why: why.into() });
    }

    fn needs(&mut self, permission: Permission, span: Span) {
        self.permissions.entry(permission).or_default().add(self.app, span);
    }

    fn finish(mut self) -> Manifest {
        let list = self.permissions.iter();
        let list = list.map(|(name, places)| PermissionEntry { name: *name, from: places.list() }).collect();
        self.manifest.permissions = Some(list);
        self.unresolved.sort_by(|a, b| (&a.field, &a.at, &a.rule, &a.why).cmp(&(&b.field, &b.at, &b.rule, &b.why)));
        self.unresolved.dedup();
        self.unresolved.truncate(MOST_UNRESOLVED);
        self.manifest.unresolved = self.unresolved;
        self.manifest
    }
}
