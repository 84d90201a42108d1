//! Electron's fuses: their names, their order on the wire, and what they are when nobody flips them.
//!
//! Sources: `FuseV1Options` in @electron/fuses 2.1.3 (`dist/config.js`); `build/fuses/fuses.json5` of electron/electron at its tags for
//! first release and default.

use super::version::Version;

/// A fuse of wire version 1, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fuse {
    /// `ELECTRON_RUN_AS_NODE` is honoured.
    RunAsNode,
    /// Cookies are encrypted on disk.
    EnableCookieEncryption,
    /// `NODE_OPTIONS` and `NODE_EXTRA_CA_CERTS` are honoured.
    EnableNodeOptionsEnvironmentVariable,
    /// `--inspect` and its kin are honoured.
    EnableNodeCliInspectArguments,
    /// The archive's integrity is checked.
    EnableEmbeddedAsarIntegrityValidation,
    /// Only `app.asar` is looked for.
    OnlyLoadAppFromAsar,
    /// The browser process has a V8 snapshot of its own.
    LoadBrowserProcessSpecificV8Snapshot,
    /// `file:` pages have the privileges of Electron's past.
    GrantFileProtocolExtraPrivileges,
    /// WebAssembly may trap by signal.
    WasmTrapHandlers,
}

/// What a fuse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FuseState {
    /// This version does not have the fuse: flipping it fails or does nothing, and leaving it out is no omission.
    Missing,
    /// On unless flipped.
    On,
    /// Off unless flipped.
    Off,
}

struct Row {
    fuse: Fuse,
    name: &'static str,
    /// First stable releases that have it, one a release line, ascending.
    first: &'static [Version],
    default: bool,
}

const ROWS: [Row; 9] = [
    Row { fuse: Fuse::RunAsNode, name: "RunAsNode", first: &[Version::new(12, 0, 0)], default: true },
    Row {
        fuse: Fuse::EnableCookieEncryption,
        name: "EnableCookieEncryption",
        first: &[Version::new(13, 1, 0)],
        default: false,
    },
    Row {
        fuse: Fuse::EnableNodeOptionsEnvironmentVariable,
        name: "EnableNodeOptionsEnvironmentVariable",
        first: &[Version::new(15, 0, 0)],
        default: true,
    },
    Row {
        fuse: Fuse::EnableNodeCliInspectArguments,
        name: "EnableNodeCliInspectArguments",
        first: &[Version::new(15, 0, 0)],
        default: true,
    },
    Row {
        fuse: Fuse::EnableEmbeddedAsarIntegrityValidation,
        name: "EnableEmbeddedAsarIntegrityValidation",
        first: &[Version::new(15, 0, 0)],
        default: false,
    },
    Row {
        fuse: Fuse::OnlyLoadAppFromAsar,
        name: "OnlyLoadAppFromAsar",
        first: &[Version::new(15, 0, 0)],
        default: false,
    },
    Row {
        fuse: Fuse::LoadBrowserProcessSpecificV8Snapshot,
        name: "LoadBrowserProcessSpecificV8Snapshot",
        first: &[Version::new(20, 3, 0), Version::new(21, 0, 0)],
        default: false,
    },
    Row {
        fuse: Fuse::GrantFileProtocolExtraPrivileges,
        name: "GrantFileProtocolExtraPrivileges",
        first: &[Version::new(29, 0, 0)],
        default: true,
    },
    Row { fuse: Fuse::WasmTrapHandlers, name: "WasmTrapHandlers", first: &[Version::new(41, 0, 0)], default: true },
];

impl Fuse {
    /// All fuses, in the order of the wire.
    pub const ALL: [Self; 9] = [
        Self::RunAsNode,
        Self::EnableCookieEncryption,
        Self::EnableNodeOptionsEnvironmentVariable,
        Self::EnableNodeCliInspectArguments,
        Self::EnableEmbeddedAsarIntegrityValidation,
        Self::OnlyLoadAppFromAsar,
        Self::LoadBrowserProcessSpecificV8Snapshot,
        Self::GrantFileProtocolExtraPrivileges,
        Self::WasmTrapHandlers,
    ];

    /// Its name in `FuseV1Options`: `RunAsNode`. In electron-builder's `electronFuses` the first letter is small.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The fuse of a name, as `FuseV1Options` or electron-builder's `electronFuses` writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut letters = name.chars();
        let capital = letters.next()?.to_ascii_uppercase();
        let row =
            ROWS.iter().find(|row| row.name.starts_with(capital) && row.name.get(1..) == Some(letters.as_str()))?;
        Some(row.fuse)
    }

    /// Its place on the wire, from 0.
    pub fn wire_index(self) -> usize {
        self as usize
    }

    /// The fuse at a place of the wire.
    pub fn at_wire_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// First stable release that has it.
    pub fn first_release(self) -> Version {
        self.row().first.first().copied().unwrap_or(Version::new(0, 0, 0))
    }

    fn row(self) -> &'static Row {
        // One row a variant, in order: a test holds it.
        &ROWS[self as usize]
    }
}

/// What a fuse is in a version when nobody flips it.
pub fn state_of(fuse: Fuse, version: &Version) -> FuseState {
    let row = fuse.row();
    match (version.has_backport(row.first), row.default) {
        (false, _) => FuseState::Missing,
        (true, true) => FuseState::On,
        (true, false) => FuseState::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_the_wire() {
        for (index, (fuse, row)) in Fuse::ALL.iter().zip(&ROWS).enumerate() {
            assert_eq!((*fuse, fuse.wire_index(), fuse.name()), (row.fuse, index, row.name));
            assert_eq!(Fuse::at_wire_index(index), Some(*fuse));
            assert_eq!(Fuse::from_name(row.name), Some(*fuse));
        }
        assert_eq!(Fuse::at_wire_index(9), None);
    }

    #[test]
    fn reads_the_names_of_both_tools() {
        assert_eq!(Fuse::from_name("runAsNode"), Some(Fuse::RunAsNode));
        assert_eq!(Fuse::from_name("onlyLoadAppFromAsar"), Some(Fuse::OnlyLoadAppFromAsar));
        for name in ["", "runasnode", "RunAsNodes", "ü", "resetAdHocDarwinSignature"] {
            assert_eq!(Fuse::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn states_by_version() {
        use FuseState::{Missing, Off, On};
        for (fuse, version, expected) in [
            (Fuse::RunAsNode, (11, 5, 0), Missing),
            (Fuse::RunAsNode, (12, 0, 0), On),
            (Fuse::EnableCookieEncryption, (13, 0, 1), Missing),
            (Fuse::EnableCookieEncryption, (13, 1, 0), Off),
            (Fuse::EnableNodeOptionsEnvironmentVariable, (14, 2, 9), Missing),
            (Fuse::EnableNodeOptionsEnvironmentVariable, (15, 0, 0), On),
            (Fuse::EnableNodeCliInspectArguments, (15, 0, 0), On),
            (Fuse::EnableEmbeddedAsarIntegrityValidation, (15, 0, 0), Off),
            (Fuse::OnlyLoadAppFromAsar, (45, 3, 4), Off),
            (Fuse::LoadBrowserProcessSpecificV8Snapshot, (20, 2, 0), Missing),
            (Fuse::LoadBrowserProcessSpecificV8Snapshot, (20, 3, 0), Off),
            (Fuse::LoadBrowserProcessSpecificV8Snapshot, (21, 0, 0), Off),
            (Fuse::GrantFileProtocolExtraPrivileges, (28, 3, 3), Missing),
            (Fuse::GrantFileProtocolExtraPrivileges, (29, 0, 0), On),
            (Fuse::WasmTrapHandlers, (40, 9, 2), Missing),
            (Fuse::WasmTrapHandlers, (41, 0, 0), On),
        ] {
            let version = Version::new(version.0, version.1, version.2);
            assert_eq!(state_of(fuse, &version), expected, "{} in {version}", fuse.name());
        }
    }
}
