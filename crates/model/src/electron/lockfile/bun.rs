//! `bun.lock`: JSON with comments and trailing commas.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::npm::{Key, Lenient};
use super::{Locked, LockfileError, PACKAGES, Query, known_package, line_at, offset_in, split_name, version_in_url};
use crate::electron::version::Version;

pub(super) fn read(text: &str, query: &Query<'_>) -> Result<Option<Locked>, LockfileError> {
    let plain = plain_json(text);
    let file: File<'_> = serde_json::from_str(&plain).map_err(|error| LockfileError::json(&error))?;
    let Some(Packages(packages)) = file.packages else {
        return Err(LockfileError::shape(1, "it has no packages"));
    };
    let folder = if query.importer == "." { "" } else { query.importer };
    let workspace = file.workspaces.get(folder).and_then(|workspace| workspace.name.0.as_deref());
    // A dependency that is not hoisted has its dependent's name before its own: `my-app/electron`.
    let own =
        |name: &str| workspace.is_some_and(|own| name.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')));
    let hoisted = |name: &str| !name.trim_start_matches('@').contains('/') || known_package(name).is_some();
    let find = |is: &dyn Fn(&str) -> bool| {
        PACKAGES.iter().find_map(|package| {
            packages
                .iter()
                .find(|(name, locator)| is(name) && split_name(locator).is_some_and(|(real, _)| real == *package))
        })
    };
    let Some((name, locator)) = find(&own).or_else(|| find(&hoisted)) else { return Ok(None) };
    // The plain text has every byte where the text has it.
    let line = if let Cow::Borrowed(part) = locator { line_at(&plain, offset_in(&plain, part)) } else { 1 };
    let resolved = split_name(locator)
        .and_then(|(package, at)| Some((known_package(package)?, Version::parse(at).or_else(|| version_in_url(at))?)));
    let (package, version) = resolved
        .ok_or_else(|| LockfileError::shape(line, format!("its entry for {name} has no version that could be read")))?;
    Ok(Some(Locked { package, version, line }))
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    workspaces: BTreeMap<Cow<'a, str>, Workspace<'a>>,
    #[serde(borrow)]
    packages: Option<Packages<'a>>,
}

#[derive(Deserialize)]
struct Workspace<'a> {
    #[serde(borrow, default)]
    name: Lenient<'a>,
}

/// Name in the tree and locator (`electron@40.9.2`) of the packages that bring Electron.
struct Packages<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Packages<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PackagesVisitor;
        impl<'de> Visitor<'de> for PackagesVisitor {
            type Value = Packages<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of packages")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut packages = Vec::new();
                while let Some((Key(name), Locator(locator))) = map.next_entry()? {
                    if let Some(locator) = locator
                        && split_name(&locator).is_some_and(|(real, _)| known_package(real).is_some())
                    {
                        packages.push((name, locator));
                    }
                }
                Ok(Packages(packages))
            }
        }
        deserializer.deserialize_map(PackagesVisitor)
    }
}

/// The first element of a package's array.
struct Locator<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Locator<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LocatorVisitor;
        impl<'de> Visitor<'de> for LocatorVisitor {
            type Value = Locator<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array that starts with a package's name and version")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let first: Option<Lenient<'de>> = seq.next_element()?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Locator(first.and_then(|first| first.0)))
            }
        }
        deserializer.deserialize_seq(LocatorVisitor)
    }
}

/// Blanks for comments and trailing commas, byte for byte.
fn plain_json(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                at += 1;
                while let Some(&inner) = bytes.get(at)
                    && inner != b'"'
                {
                    at += if inner == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            (b'/', Some(b'/' | b'*')) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let end = if rest.get(1) == Some(&b'/') {
                    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
                } else {
                    let body = rest.get(2..).unwrap_or_default();
                    memchr::memmem::find(body, b"*/").map_or(rest.len(), |end| end + 4)
                };
                for byte in bytes.iter_mut().skip(at).take(end).filter(|byte| **byte != b'\n') {
                    *byte = b' ';
                }
                at += end;
            }
            _ => {
                if matches!(byte, b'}' | b']')
                    && let Some(comma) = comma.and_then(|comma: usize| bytes.get_mut(comma))
                {
                    *comma = b' ';
                }
                if byte == b',' {
                    comma = Some(at);
                } else if !byte.is_ascii_whitespace() {
                    comma = None;
                }
                at += 1;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
