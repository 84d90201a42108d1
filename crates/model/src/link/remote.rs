//! What a page reads of the main process: `remote.getGlobal('name')`, `remote.require('./file')`.
//!
//! <https://github.com/electron/remote#api-reference>

use super::resolve::Target;
use super::things::*;
use super::{C, Program, UnitId, V};

impl Program<'_> {
    /// What a function of the remote module gives, where that is known.
    pub(super) fn read_through_remote(&self, path: &str, c: C, v: V) -> Option<Vec<Known>> {
        match method(path)? {
            "getGlobal" => {
                let name = self.only(self.argument(c, 0)?)?;
                let values = self.global_of_main(name.text()?, v);
                (!values.is_empty()).then_some(values)
            }
            "require" => match self.modules.remote_target(c)? {
                Target::Missing => None,
                target => Some(self.module_at(v, &target.clone()).to_vec()),
            },
            _ => None,
        }
    }

    /// The scripts that pages ask the main process for, sorted.
    pub(crate) fn required_through_remote(&self) -> Vec<UnitId> {
        let is_required = |c: C| {
            let callee = self.eval(V(c.0, self.call(c).callee));
            callee.iter().any(|known| matches!(&known.thing, Thing::Api(path) if method(path) == Some("require")))
        };
        let unit = |target: &Target| match *target {
            Target::Unit(unit) => Some(unit),
            _ => None,
        };
        let calls = self.modules.remote_targets().filter(|(c, _)| is_required(**c));
        let mut units: Vec<UnitId> = calls.filter_map(|(_, target)| unit(target)).collect();
        units.sort_unstable();
        units
    }
}

/// The function of the remote module that a path names.
fn method(path: &str) -> Option<&str> {
    path.strip_prefix("@electron/remote.").or_else(|| path.strip_prefix("remote."))
}
