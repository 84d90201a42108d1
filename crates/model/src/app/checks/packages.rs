//! Checks of addresses by packages that exist for it.

use super::strength::*;
use super::{App, Root, UrlPart};
use crate::link::things::*;
use crate::link::{C, V};
use crate::summary::Value;

/// Functions that say of an address that it is one of the web: <https://www.npmjs.com/package/valid-url>,
/// <https://www.npmjs.com/package/is-url-http>.
const OF_WEB: [&str; 6] =
    ["valid-url.isWebUri", "valid-url.isHttpUri", "valid-url.isHttpsUri", "is-url-http", "is-http-url", "is-https-url"];

/// Functions that say that it is an address, whatever it leads to.
const OF_ANYTHING: [&str; 4] = ["valid-url.isUri", "is-url", "is-valid-uri", "is-absolute-url"];

/// <https://github.com/validatorjs/validator.js#validators>
const IS_URL: [&str; 3] = ["validator.isURL", "validator/lib/isURL", "validator/es/lib/isURL"];

/// Schemes of which none may be among those that are let through.
const DANGEROUS: [&str; 6] = ["file", "javascript", "data", "vbscript", "smb", "blob"];

const ANY_SCHEME: &str = "it says that this is an address, of whatever scheme";

impl App<'_> {
    /// What a function of such a package says; `None` where it is none, or is given something else.
    pub(super) fn judge_by_package(&self, c: C, holds: bool, root: &Root) -> Option<Judged> {
        let (path, _) = self.api_of(c)?;
        let path = path.strip_suffix(".default").map_or_else(|| path.replace(".default.", "."), str::to_owned);
        let path = path.as_str();
        let is_known = OF_WEB.contains(&path) || OF_ANYTHING.contains(&path) || IS_URL.contains(&path);
        let given = || self.program.argument(c, 0).and_then(|given| self.part_of(given, root));
        if !is_known || given() != Some(UrlPart::Whole) {
            return None;
        }
        let span = self.program.place(c.0, self.program.call(c).span);
        Some(match holds {
            false => Judged::NOTHING,
            true if OF_WEB.contains(&path) => judged(Strength::Scheme, Some(span), None),
            true if OF_ANYTHING.contains(&path) => weak(ANY_SCHEME, span),
            true => match self.schemes_of_validator(c) {
                Schemes::Harmless => judged(Strength::Scheme, Some(span), None),
                Schemes::Unknown => judged(Strength::Opaque, Some(span), None),
                Schemes::Any => weak(ANY_SCHEME, span),
            },
        })
    }

    /// `{ protocols: ['https'], require_protocol: true }`: without the second what has no scheme passes too.
    fn schemes_of_validator(&self, c: C) -> Schemes {
        let Some(options) = self.program.argument(c, 1) else { return Schemes::Any };
        let Some(Thing::Object(object)) = self.program.only(options).map(|known| known.thing) else {
            return Schemes::Unknown;
        };
        let required = self.program.property(&object, "require_protocol", None);
        if !required.values.iter().any(|placed| placed.known.thing == Thing::Bool(true)) {
            return if required.unknown { Schemes::Unknown } else { Schemes::Any };
        }
        // By default `http`, `https` and `ftp`.
        let protocols = self.program.property(&object, "protocols", None);
        for placed in &protocols.values {
            let Thing::Array(list, _) = &placed.known.thing else { return Schemes::Unknown };
            let Value::Array(items) = self.program.value(*list) else { return Schemes::Unknown };
            for item in self.program.summary(list.0).items(items) {
                match self.constant(V(list.0, item.value)).as_ref().and_then(Known::text) {
                    Some(scheme) if DANGEROUS.contains(&scheme) => return Schemes::Any,
                    Some(_) => {}
                    None => return Schemes::Unknown,
                }
            }
        }
        Schemes::Harmless
    }
}

/// What is let through.
enum Schemes {
    Harmless,
    Unknown,
    Any,
}
