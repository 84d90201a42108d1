//! What each key of `webPreferences` is by default, version by version.
//!
//! Defaults were read in `web_contents_preferences.cc` (`atom/browser`, later `shell/browser`) at the x.0.0 tags of electron/electron; "BC" is
//! docs/breaking-changes.md there, with the version of the section.

use crate::electron::version::Version;

/// A boolean key of `webPreferences`.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What holds from which version on, ascending, the first from 0.0.0.
    pub(super) steps: &'static [(Version, Rest)],
}

/// What holds when nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// This version does not look at the key, and behaves as if it had this value.
    Missing(bool),
    /// The default.
    Is(bool),
    /// The default is the effective value of nodeIntegration.
    LikeNodeIntegration,
    /// False unless webSecurity is false.
    UnlessWebSecurity,
    /// True unless Node.js integration, a preload or session preloads are there.
    SandboxWithoutPreload,
    /// True unless Node.js integration is there.
    SandboxWithoutNode,
}

use Rest::{Is, LikeNodeIntegration, Missing, SandboxWithoutNode, SandboxWithoutPreload, UnlessWebSecurity};

const fn from(major: u32) -> Version {
    Version::new(major, 0, 0)
}

impl Key {
    /// What holds at a version, and since which: `None` for "always".
    pub(super) fn at(&self, version: &Version) -> (Rest, Option<Version>) {
        let step = self.steps.iter().rev().find(|(first, _)| version.has(*first));
        let (first, rest) = *step.unwrap_or(&(from(0), Missing(false)));
        (rest, (first != from(0)).then_some(first))
    }
}

// BC 5.0 "Default Changed: nodeIntegration and webviewTag default to false, contextIsolation defaults to true". The last part came true
// only with 12.0: the source of 5.0 to 11.5 says false.
pub(super) const NODE_INTEGRATION: Key =
    Key { name: "nodeIntegration", steps: &[(from(0), Is(true)), (from(5), Is(false))] };
pub(super) const NODE_INTEGRATION_IN_WORKER: Key =
    Key { name: "nodeIntegrationInWorker", steps: &[(from(0), Is(false))] };
// New in 5.0: docs/api/browser-window.md at v5.0.0.
pub(super) const NODE_INTEGRATION_IN_SUB_FRAMES: Key =
    Key { name: "nodeIntegrationInSubFrames", steps: &[(from(0), Missing(false)), (from(5), Is(false))] };
pub(super) const WEBVIEW_TAG: Key =
    Key { name: "webviewTag", steps: &[(from(0), LikeNodeIntegration), (from(5), Is(false))] };
// BC 12.0 "Default Changed: contextIsolation defaults to true".
pub(super) const CONTEXT_ISOLATION: Key =
    Key { name: "contextIsolation", steps: &[(from(0), Is(false)), (from(12), Is(true))] };
// 16.0: electron#30197, which BC does not mention. BC 20.0 "Default Changed: renderers without nodeIntegration: true are sandboxed by
// default" (electron#32869, electron#35125). contextIsolation: false does not switch it off, whatever the tutorial says: IsSandboxed() at
// v43.4.1 does not look at it.
pub(super) const SANDBOX: Key = Key {
    name: "sandbox",
    steps: &[(from(0), Is(false)), (from(16), SandboxWithoutPreload), (from(20), SandboxWithoutNode)],
};
// Below 4.0 remote was always there. BC 10.0 "Default Changed: enableRemoteModule defaults to false", BC 14.0 "Removed: remote module".
pub(super) const ENABLE_REMOTE_MODULE: Key = Key {
    name: "enableRemoteModule",
    steps: &[(from(0), Missing(true)), (from(4), Is(true)), (from(10), Is(false)), (from(14), Missing(false))],
};
pub(super) const WEB_SECURITY: Key = Key { name: "webSecurity", steps: &[(from(0), Is(true))] };
pub(super) const ALLOW_RUNNING_INSECURE_CONTENT: Key =
    Key { name: "allowRunningInsecureContent", steps: &[(from(0), UnlessWebSecurity)] };
pub(super) const EXPERIMENTAL_FEATURES: Key = Key { name: "experimentalFeatures", steps: &[(from(0), Is(false))] };
// Gone from options_switches.cc at v4.0.0.
pub(super) const EXPERIMENTAL_CANVAS_FEATURES: Key =
    Key { name: "experimentalCanvasFeatures", steps: &[(from(0), Is(false)), (from(4), Missing(false))] };
// BC 15.0 "Default Changed: nativeWindowOpen defaults to true", BC 18.0 "Removed: nativeWindowOpen".
pub(super) const NATIVE_WINDOW_OPEN: Key =
    Key { name: "nativeWindowOpen", steps: &[(from(0), Is(false)), (from(15), Is(true)), (from(18), Missing(true))] };
// BC 12.0 "Default Changed: worldSafeExecuteJavaScript defaults to true", BC 14.0 "Removed: worldSafeExecuteJavaScript".
pub(super) const WORLD_SAFE_EXECUTE_JAVA_SCRIPT: Key = Key {
    name: "worldSafeExecuteJavaScript",
    steps: &[(from(0), Missing(false)), (from(10), Is(false)), (from(12), Is(true)), (from(14), Missing(true))],
};
// BC 31.0 "Removed: WebSQL support".
pub(super) const ENABLE_WEB_SQL: Key =
    Key { name: "enableWebSQL", steps: &[(from(0), Missing(true)), (from(10), Is(true)), (from(31), Missing(false))] };
pub(super) const NAVIGATE_ON_DRAG_DROP: Key = Key { name: "navigateOnDragDrop", steps: &[(from(0), Is(false))] };
pub(super) const PLUGINS: Key = Key { name: "plugins", steps: &[(from(0), Is(false))] };
pub(super) const SAFE_DIALOGS: Key = Key { name: "safeDialogs", steps: &[(from(0), Is(false))] };
pub(super) const JAVASCRIPT: Key = Key { name: "javascript", steps: &[(from(0), Is(true))] };
pub(super) const IMAGES: Key = Key { name: "images", steps: &[(from(0), Is(true))] };
pub(super) const WEBGL: Key = Key { name: "webgl", steps: &[(from(0), Is(true))] };
pub(super) const DEV_TOOLS: Key = Key { name: "devTools", steps: &[(from(0), Is(true))] };
// BC 33.0; in 33.4.0, 34.1.0 and 35.0.0.
pub(super) const ENABLE_DEPRECATED_PASTE: Key = Key {
    name: "enableDeprecatedPaste",
    steps: &[
        (from(0), Missing(false)),
        (Version::new(33, 4, 0), Is(false)),
        (from(34), Missing(false)),
        (Version::new(34, 1, 0), Is(false)),
    ],
};

/// A key that this version does not look at any more.
pub(super) struct Removed {
    pub(super) name: &'static str,
    pub(super) since: Version,
    pub(super) instead: Option<&'static str>,
}

/// Keys that once meant something, by name. `disableBlinkFeatures: 'Auxclick'` is apart, as only this value is dead.
pub(super) const REMOVED: &[Removed] = &[
    // BC 14.0 "Removed: Browser Window Affinity".
    Removed { name: "affinity", since: from(14), instead: None },
    // BC 3.0 "BrowserWindow".
    Removed { name: "blinkFeatures", since: from(3), instead: Some("enableBlinkFeatures") },
    // BC 14.0 "Removed: remote module".
    Removed { name: "enableRemoteModule", since: from(14), instead: None },
    // BC 31.0 "Removed: WebSQL support".
    Removed { name: "enableWebSQL", since: from(31), instead: None },
    // Gone from options_switches.cc at v4.0.0.
    Removed { name: "experimentalCanvasFeatures", since: from(4), instead: Some("experimentalFeatures") },
    // BC 18.0 "Removed: nativeWindowOpen".
    Removed { name: "nativeWindowOpen", since: from(18), instead: None },
    // BC 14.0 "Removed: worldSafeExecuteJavaScript".
    Removed { name: "worldSafeExecuteJavaScript", since: from(14), instead: None },
];

/// Chromium's Blink feature `Auxclick` is in its list up to about M61 and gone in M63; Electron 3.0 has Chromium 66.
pub(super) const AUXCLICK_REMOVED: Version = from(3);

/// `blinkFeatures` became `enableBlinkFeatures` with 3.0 (BC 3.0 "BrowserWindow").
pub(super) const ENABLE_BLINK_FEATURES: Version = from(3);
/// `disableBlinkFeatures` came with 1.2 (electron#5923).
pub(super) const DISABLE_BLINK_FEATURES: Version = Version::new(1, 2, 0);
/// `affinity` exists from 2.0 up to 13.x (BC 14.0).
pub(super) const AFFINITY: (Version, Version) = (from(2), from(14));

/// From here on a value is truthy or falsy; below, what is not a boolean counts as not written.
///
/// `FindKeyOfType(BOOLEAN)` up to 15.5.7; `gin_helper::Dictionary::Get`, so `BooleanValue`, from 16.0.0 (385d0f590f).
pub(super) const TRUTHINESS: Version = from(16);

/// What has an embedder or opener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    /// `<webview>`
    Webview,
    /// `window.open`
    Window,
}

/// The value of a key that a child of this kind cannot get away from, if its embedder or opener has it.
///
/// `inheritedWebPreferences` in lib/browser/guest-view-manager, `inheritedWebPreferences` or `securityWebPreferences` in
/// lib/browser/guest-window-manager, at the tags. From 16.0 on both look at the effective values (`SaveLastPreferences`).
pub(super) fn bound(name: &str, child: Child, version: &Version) -> Option<bool> {
    // The list is in guest-view-manager.js from 2.0.15 on, neither in 2.0.14 nor in any 1.8; nodeIntegration alone was bounded in 1.0 and 1.1.0.
    let webview = child == Child::Webview;
    if webview && !version.has(GUEST_BOUNDS) {
        return (name == "nodeIntegration" && !version.has(Version::new(1, 1, 1))).then_some(false);
    }
    // In guest-window-manager.js from 1.7.2; before, nodeIntegration alone.
    if !webview && !version.has(Version::new(1, 7, 2)) && name != "nodeIntegration" {
        return None;
    }
    match name {
        "contextIsolation" | "sandbox" => Some(true),
        "javascript" | "nodeIntegration" => Some(false),
        "webviewTag" if !webview => Some(false),
        "nativeWindowOpen" if !version.has(from(18)) => Some(true),
        "enableRemoteModule" if version.has(from(4)) && !version.has(from(14)) => Some(false),
        "nodeIntegrationInSubFrames" if version.has(from(5)) => Some(false),
        "enableWebSQL" if version.has(from(10)) && !version.has(from(31)) => Some(false),
        "nodeIntegrationInWorker" if version.has_backport(IN_WORKER_BOUND) => Some(false),
        _ => None,
    }
}

/// First version whose webviews are bounded by their embedder in more than Node.js integration.
pub(super) const GUEST_BOUNDS: Version = Version::new(2, 0, 15);

/// nodeIntegrationInWorker joined the lists with electron#52823.
const IN_WORKER_BOUND: &[Version] = &[Version::new(41, 10, 6), Version::new(42, 9, 2), Version::new(43, 4, 1)];

/// Below, a window made by `window.open` starts from all options of its opener (BC 14.0 "Removed: child windows inherit").
pub(super) const NO_OPTION_INHERITANCE: Version = from(14);

/// From 6.0 on `sandbox: true` switches nativeWindowOpen on, until 15.0 makes it the default: `SetDefaults` at v6.0.0 to v14.0.0.
pub(super) const SANDBOX_SETS_NATIVE_WINDOW_OPEN: (Version, Version) = (from(6), from(16));
