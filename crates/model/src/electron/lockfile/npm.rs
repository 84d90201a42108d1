//! `package-lock.json` and `npm-shrinkwrap.json`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Locked, LockfileError, PACKAGES, Query, known_package, line_at, offset_in, real, version_in_url};
use crate::electron::version::Version;

pub(super) fn read(text: &str, query: &Query<'_>) -> Result<Option<Locked>, LockfileError> {
    let file: File<'_> = serde_json::from_str(text).map_err(|error| LockfileError::json(&error))?;
    if file.lockfile_version.is_none() && file.packages.is_none() && file.dependencies.is_none() {
        return Err(LockfileError::shape(1, "it has neither lockfileVersion nor packages nor dependencies"));
    }
    let found = match &file.packages {
        // Version 2 has both; `packages` says more.
        Some(packages) if !packages.0.is_empty() => nearest(&packages.0, query),
        _ => file.dependencies.as_ref().and_then(|tree| by_rank(&tree.0)),
    };
    let Some((name, entry)) = found else { return Ok(None) };
    let offset = entry.version.0.as_deref().map(|version| offset_in(text, version));
    let line =
        offset.filter(|_| matches!(entry.version.0, Some(Cow::Borrowed(_)))).map_or(1, |offset| line_at(text, offset));
    let (package, version) = entry
        .resolve(name)
        .ok_or_else(|| LockfileError::shape(line, format!("its entry for {name} has no version that could be read")))?;
    Ok(Some(Locked { package, version, line }))
}

type Entries<'a> = [(Cow<'a, str>, Entry<'a>)];

/// What `require('electron')` finds from the app's folder: the nearest `node_modules` upwards.
fn nearest<'a, 'b>(packages: &'b Entries<'a>, query: &Query<'_>) -> Option<(&'b str, &'b Entry<'a>)> {
    let mut folder = if query.importer == "." { "" } else { query.importer };
    loop {
        let inside: Vec<_> = packages
            .iter()
            .filter_map(|(path, entry)| {
                let (parent, name) = path.rsplit_once("node_modules/")?;
                (parent.trim_end_matches('/') == folder && !entry.is_link()).then_some((name, entry))
            })
            .collect();
        let found = PACKAGES.iter().find_map(|package| {
            // A name may be an alias: then `name` is the real one.
            inside.iter().find(|(name, entry)| entry.name.0.as_deref().unwrap_or(name) == *package)
        });
        if let Some((name, entry)) = found {
            return Some((name, entry));
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

fn by_rank<'a, 'b>(tree: &'b Entries<'a>) -> Option<(&'b str, &'b Entry<'a>)> {
    PACKAGES.iter().find_map(|package| {
        let mut entries = tree.iter();
        entries.find(|(name, entry)| entry.real_name(name) == *package).map(|(name, entry)| (name.as_ref(), entry))
    })
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(rename = "lockfileVersion")]
    lockfile_version: Option<IgnoredAny>,
    #[serde(borrow, default)]
    packages: Option<Table<'a>>,
    #[serde(borrow, default)]
    dependencies: Option<Table<'a>>,
}

/// An object whose entries may bring Electron; the others are dropped as they are read.
struct Table<'a>(Vec<(Cow<'a, str>, Entry<'a>)>);

#[derive(Deserialize, Default)]
struct Entry<'a> {
    #[serde(borrow, default)]
    name: Lenient<'a>,
    #[serde(borrow, default)]
    version: Lenient<'a>,
    #[serde(borrow, default)]
    resolved: Lenient<'a>,
    #[serde(borrow, default)]
    from: Lenient<'a>,
}

impl<'a> Entry<'a> {
    fn is_link(&self) -> bool {
        self.version.0.is_none()
    }

    /// The real package: `name` (2 and 3), or the alias inside `version` (1).
    fn real_name<'b>(&'b self, key: &'b str) -> &'b str {
        let key = key.rsplit_once("node_modules/").map_or(key, |(_, name)| name);
        let name = self.name.0.as_deref().unwrap_or(key);
        self.version.0.as_deref().map_or(name, |version| real(name, version).0)
    }

    fn resolve(&self, key: &str) -> Option<(&'static str, Version)> {
        let package = known_package(self.real_name(key))?;
        let written = self.version.0.as_deref()?;
        let version = Version::parse(&real(package, written).1)
            .or_else(|| version_in_url(written))
            // Version 1 of a git dependency: `version` has a commit, `from` what was asked for.
            .or_else(|| version_in_url(self.from.0.as_deref()?))
            .or_else(|| version_in_url(self.resolved.0.as_deref()?))?;
        Some((package, version))
    }

    fn may_be_electron(&self, key: &str) -> bool {
        known_package(self.real_name(key)).is_some()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Table<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TableVisitor;
        impl<'de> Visitor<'de> for TableVisitor {
            type Value = Table<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of packages")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    let entry: Entry<'de> = map.next_value()?;
                    if entry.may_be_electron(&key) {
                        entries.push((key, entry));
                    }
                }
                Ok(Table(entries))
            }
        }
        deserializer.deserialize_map(TableVisitor)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A string, if it is one: what stands elsewhere in a lockfile is no concern of ours.
#[derive(Default)]
pub(super) struct Lenient<'a>(pub(super) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Lenient<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LenientVisitor;
        impl<'de> Visitor<'de> for LenientVisitor {
            type Value = Lenient<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Lenient(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Lenient(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Lenient(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Lenient(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Lenient(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Lenient(None))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Lenient(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Lenient(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Lenient(None))
            }
        }
        deserializer.deserialize_any(LenientVisitor)
    }
}
