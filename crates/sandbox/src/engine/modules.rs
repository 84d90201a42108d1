//! ES modules of one folder, read by the host.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// How names of modules begin that the host registered.
const HOST: &str = "host:";

/// The folder of one app or addon. Its modules are named `addon://{id}/{path}`.
pub(super) struct Folder {
    prefix: String,
    /// Held open: what is read is read there, wherever its path leads by then.
    root: OwnedFd,
}

impl Folder {
    pub(super) fn open(id: &str, root: &Path) -> std::io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, root, flags, Mode::empty())?;
        Ok(Self { prefix: format!("addon://{id}/"), root })
    }

    /// The resolved name and the source of `specifier` as imported by `referrer`. A script of `execute` and the host
    /// import from the folder itself. Messages name no path of the host.
    pub(super) fn module(&self, specifier: &str, referrer: &str, limit: usize) -> Result<(String, String), String> {
        let path = self.resolve(specifier, referrer)?;
        // A link may lead to another place inside the folder; the kernel holds it there. A pipe would block the opening.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let opened = rustix::fs::openat2(&self.root, path.as_str(), flags, Mode::empty(), beneath);
        let file = File::from(opened.map_err(|error| match error {
            Errno::XDEV => format!("the module {path} lies outside the folder"),
            _ => format!("the module {path} does not exist"),
        })?);
        let mut source = String::new();
        if !file.metadata().is_ok_and(|found| found.is_file()) {
            return Err(format!("the module {path} is not a file"));
        }
        file.take(limit as u64 + 1)
            .read_to_string(&mut source)
            .map_err(|_| format!("the module {path} is not UTF-8"))?;
        if source.len() > limit {
            return Err(format!("the module {path} has more than {limit} bytes"));
        }
        Ok((format!("{}{path}", self.prefix), source))
    }

    /// As [`Folder::module`] for `require`: a CommonJS or JSON file of the folder, with the endings that Node tries, or one
    /// of `registered`, by its name. Nothing is built in.
    pub(super) fn require(
        &self,
        specifier: &str,
        referrer: &str,
        registered: &BTreeMap<String, String>,
        limit: usize,
    ) -> Result<(String, String), String> {
        if let Some(source) = registered.get(specifier) {
            return Ok((format!("{HOST}{specifier}"), source.clone()));
        }
        let is_relative = specifier.starts_with("./") || specifier.starts_with("../");
        if !is_relative || referrer.starts_with(HOST) {
            return Err(format!("the module {specifier:?} is neither a file of this addon nor one of the host's"));
        }
        let mut first = None;
        for ending in ["", ".js", ".cjs", ".json", "/index.js"] {
            let found = self.module(&format!("{}{ending}", specifier.trim_end_matches('/')), referrer, limit);
            match found {
                Ok(found) => return Ok(found),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_default())
    }

    /// The path inside the folder, of plain segments.
    fn resolve(&self, specifier: &str, referrer: &str) -> Result<String, String> {
        if specifier.chars().any(|c| c.is_control() || matches!(c, '\\' | '%' | '?' | '#')) {
            return Err(format!("the specifier {specifier:?} is not a path"));
        }
        let mut segments: Vec<&str> = Vec::new();
        let rest = if let Some(absolute) = specifier.strip_prefix(&self.prefix) {
            absolute
        } else if specifier.starts_with("./") || specifier.starts_with("../") {
            if let Some(path) = referrer.strip_prefix(&self.prefix) {
                segments.extend(path.split('/'));
                segments.pop();
            }
            specifier
        } else {
            return Err(format!("the specifier {specifier:?} is neither relative nor of this addon"));
        };
        for segment in rest.split('/') {
            match segment {
                "." => {}
                ".." if segments.pop().is_none() => {
                    return Err(format!("the specifier {specifier:?} leaves the folder"));
                }
                ".." => {}
                "" => return Err(format!("the specifier {specifier:?} has an empty segment")),
                plain if plain.contains(':') => return Err(format!("the specifier {specifier:?} is not a path")),
                plain => segments.push(plain),
            }
        }
        if segments.is_empty() {
            Err(format!("the specifier {specifier:?} names no file"))
        } else {
            Ok(segments.join("/"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open("a", place.path()).expect("opened");
        for (specifier, referrer, path) in [
            ("./x.js", "", "x.js"),
            ("./x.js", "sandbox.js", "x.js"),
            ("../x.js", "addon://a/lib/y.js", "x.js"),
            ("./x.js", "addon://a/lib/y.js", "lib/x.js"),
            ("addon://a/x.js", "addon://a/lib/y.js", "x.js"),
            ("./.././a/x.js", "addon://a/lib/y.js", "a/x.js"),
        ] {
            assert_eq!(folder.resolve(specifier, referrer).as_deref(), Ok(path), "{specifier} from {referrer}");
        }
        for (specifier, referrer) in [
            ("../x.js", ""),
            ("../../x.js", "addon://a/lib/y.js"),
            ("/etc/passwd", ""),
            ("file:///etc/passwd", ""),
            ("addon://b/x.js", ""),
            ("addon://a/../x.js", ""),
            ("./..\\x.js", ""),
            ("./%2e%2e/x.js", ""),
            ("./a//b.js", ""),
            ("./C:/x.js", ""),
            ("./x\0.js", ""),
            ("./", ""),
            ("fs", ""),
            ("node:fs", ""),
            ("", ""),
        ] {
            assert!(folder.resolve(specifier, referrer).is_err(), "{specifier} from {referrer}");
        }
    }
}
