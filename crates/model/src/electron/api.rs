//! Since when and until when Electron has the APIs that rules ask for or warn of.
//!
//! A rule must not ask for what the app's version lacks, nor count what the version no longer has. "BC n" is the section of version n in
//! docs/breaking-changes.md of electron/electron; where nothing is named, docs/api was read at the x.0.0 tag and at the last tag before.

use super::version::Version;

/// When an API exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// As the documentation writes it.
    pub name: &'static str,
    /// First major with it in every release, as x.0.0; `None`: it was always there.
    pub first: Option<Version>,
    /// First version without it; `None`: it is still there.
    pub removed: Option<Version>,
    /// Where this was read.
    pub source: &'static str,
}

impl Lifetime {
    /// Whether a version has it.
    pub fn exists_in(&self, version: &Version) -> bool {
        self.first.is_none_or(|first| version.has(first)) && !self.is_removed_in(version)
    }

    /// Whether a version has lost it.
    pub fn is_removed_in(&self, version: &Version) -> bool {
        self.removed.is_some_and(|removed| version.has(removed))
    }
}

const fn since(major: u32, name: &'static str, source: &'static str) -> Lifetime {
    Lifetime { name, first: Some(Version::new(major, 0, 0)), removed: None, source }
}

const fn until(major: u32, name: &'static str, source: &'static str) -> Lifetime {
    Lifetime { name, first: None, removed: Some(Version::new(major, 0, 0)), source }
}

macro_rules! lifetimes {
    ($(#[$all_doc:meta])* $all:ident: $($(#[$doc:meta])* $constant:ident = $value:expr;)*) => {
        $($(#[$doc])* pub const $constant: Lifetime = $value;)*
        $(#[$all_doc])* pub const $all: &[Lifetime] = &[$($constant),*];
    };
}

lifetimes! {
    /// APIs that protect, by first version.
    PROTECTIONS:
    /// `app.enableSandbox()`
    ENABLE_SANDBOX = since(4, "app.enableSandbox", "docs/api/app.md");
    /// `session.setPermissionCheckHandler`; from 13.0 on its webContents may be null (BC 13.0).
    SET_PERMISSION_CHECK_HANDLER = since(4, "session.setPermissionCheckHandler", "docs/api/session.md");
    /// The event that redirects of the server arrive in.
    WILL_REDIRECT = since(4, "will-redirect", "docs/api/web-contents.md");
    /// The filters of the remote module: `remote-require`, `remote-get-builtin` and so on.
    REMOTE_FILTERS = Lifetime {
        name: "remote-require",
        first: Some(Version::new(4, 0, 0)),
        removed: Some(Version::new(14, 0, 0)),
        source: "docs/api/app.md; BC 14.0 \"Removed: remote module\"",
    };
    /// `protocol.registerSchemesAsPrivileged`
    REGISTER_SCHEMES_AS_PRIVILEGED = since(5, "protocol.registerSchemesAsPrivileged", "BC 5.0");
    /// `event.senderFrame`
    SENDER_FRAME = since(12, "event.senderFrame", "docs/api/structures/ipc-main-event.md");
    /// `webContents.setWindowOpenHandler`; 12.0.0 missed target=_blank and middle clicks (electron#27967).
    SET_WINDOW_OPEN_HANDLER = since(12, "webContents.setWindowOpenHandler", "docs/api/web-contents.md");
    /// `safeStorage`
    SAFE_STORAGE = since(15, "safeStorage", "docs/api/safe-storage.md");
    /// `session.setDevicePermissionHandler`, also in late 14.2 and from 15.1.
    SET_DEVICE_PERMISSION_HANDLER = since(16, "session.setDevicePermissionHandler", "docs/api/session.md");
    /// `session.setDisplayMediaRequestHandler`
    SET_DISPLAY_MEDIA_REQUEST_HANDLER = since(22, "session.setDisplayMediaRequestHandler", "docs/api/session.md");
    /// `utilityProcess`
    UTILITY_PROCESS = since(22, "utilityProcess", "docs/api/utility-process.md");
    /// The event for navigations of any frame.
    WILL_FRAME_NAVIGATE = since(25, "will-frame-navigate", "docs/api/web-contents.md");
    /// `protocol.handle`
    PROTOCOL_HANDLE = since(25, "protocol.handle", "BC 25.0");
    /// `net.fetch`
    NET_FETCH = since(25, "net.fetch", "docs/api/net.md");
    /// `session.setUSBProtectedClassesHandler`, also in late 24.8 and from 25.1.
    SET_USB_PROTECTED_CLASSES_HANDLER = since(26, "session.setUSBProtectedClassesHandler", "docs/api/session.md");
    /// `webUtils`
    WEB_UTILS = since(29, "webUtils", "docs/api/web-utils.md");
    /// `session.registerPreloadScript`
    REGISTER_PRELOAD_SCRIPT = since(35, "session.registerPreloadScript", "BC 35.0");
}

lifetimes! {
    /// APIs whose loss matters for security, by version of removal.
    REMOVALS:
    /// `app.makeSingleInstance`; its successor is requestSingleInstanceLock.
    MAKE_SINGLE_INSTANCE = until(4, "app.makeSingleInstance", "BC 4.0");
    /// `protocol.registerStandardSchemes`; its successor is registerSchemesAsPrivileged.
    REGISTER_STANDARD_SCHEMES = until(5, "protocol.registerStandardSchemes", "BC 5.0");
    /// `webFrame.registerURLSchemeAsPrivileged`
    REGISTER_URL_SCHEME_AS_PRIVILEGED = until(5, "webFrame.registerURLSchemeAsPrivileged", "BC 5.0");
    /// `webFrame.setIsolatedWorldContentSecurityPolicy`; deprecated in 5.0, its successor is setIsolatedWorldInfo.
    SET_ISOLATED_WORLD_CONTENT_SECURITY_POLICY =
        until(7, "webFrame.setIsolatedWorldContentSecurityPolicy", "BC 5.0, BC 7.0");
    /// `shell.openItem`; its successor is openPath.
    OPEN_ITEM = until(9, "shell.openItem", "BC 9.0");
    /// `shell.moveItemToTrash`; its successor is trashItem.
    MOVE_ITEM_TO_TRASH = until(13, "shell.moveItemToTrash", "BC 13.0");
    /// `require('electron').remote`; `@electron/remote` goes on.
    REMOTE = until(14, "remote", "BC 14.0 \"Removed: remote module\"");
    /// `app.allowRendererProcessReuse`: false in 8, true from 9.0, gone with 14.0.
    ALLOW_RENDERER_PROCESS_REUSE = Lifetime {
        name: "app.allowRendererProcessReuse",
        first: Some(Version::new(8, 0, 0)),
        removed: Some(Version::new(14, 0, 0)),
        source: "BC 9.0, BC 14.0",
    };
    /// `desktopCapturer` in renderers; deprecated in 16.0.
    DESKTOP_CAPTURER_IN_RENDERER = until(17, "desktopCapturer in the renderer", "BC 17.0");
    /// The `new-window` event of webContents and webview: a listener for it protects nothing any more. Deprecated in 13.0.
    NEW_WINDOW = until(22, "new-window", "BC 22.0");
    /// `ipcRenderer.sendTo`; deprecated in 27.0.
    SEND_TO = until(28, "ipcRenderer.sendTo", "BC 28.0");
    /// `File.path`; its successor is webUtils.getPathForFile.
    FILE_PATH = until(32, "File.path", "BC 32.0");
    /// `clipboard` in renderers; deprecated in 40.0.
    CLIPBOARD_IN_RENDERER = until(44, "clipboard in the renderer", "BC 44.0");
}

lifetimes! {
    /// Other APIs that rules ask about.
    OTHERS:
    /// The `will-attach-webview` event.
    WILL_ATTACH_WEBVIEW = since(2, "will-attach-webview", "docs/api/web-contents.md; also in late 1.6 and 1.7");
    /// `contextBridge.exposeInIsolatedWorld`
    EXPOSE_IN_ISOLATED_WORLD = since(22, "contextBridge.exposeInIsolatedWorld", "docs/api/context-bridge.md");
    /// `contextBridge.executeInMainWorld`
    EXECUTE_IN_MAIN_WORLD = since(35, "contextBridge.executeInMainWorld", "docs/api/context-bridge.md");
    /// `WebContentsView`, `BaseWindow`: BrowserView is deprecated from then on.
    WEB_CONTENTS_VIEW = since(30, "WebContentsView", "docs/api/web-contents-view.md; BC 30.0");
}

/// `window.open` children do not take their opener's constructor options any more: BC 14.0.
pub const NO_OPTION_INHERITANCE: Version = Version::new(14, 0, 0);
/// The handler of setDevicePermissionHandler gets an origin and no frame: BC 20.0.
pub const DEVICE_HANDLER_GETS_ORIGIN: Version = Version::new(20, 0, 0);
/// `protocol.register*Protocol`, `intercept*Protocol` and `isProtocol*` are deprecated for `protocol.handle`: BC 25.0.
pub const REGISTER_PROTOCOL_DEPRECATED: Version = Version::new(25, 0, 0);
/// ipcRenderer as a whole arrives as an empty object over contextBridge: BC 29.0.
pub const IPC_RENDERER_EMPTY_OVER_BRIDGE: Version = Version::new(29, 0, 0);
/// BrowserView is deprecated: BC 30.0.
pub const BROWSER_VIEW_DEPRECATED: Version = Version::new(30, 0, 0);
/// `event.senderFrame` may be null or detached when it is read late, so a check after an await is none: BC 33.0.
pub const FRAME_MAY_BE_DETACHED: Version = Version::new(33, 0, 0);
/// `session.setPreloads` is deprecated for registerPreloadScript: BC 35.0.
pub const SET_PRELOADS_DEPRECATED: Version = Version::new(35, 0, 0);
/// An empty `urls` in a WebRequestFilter is deprecated: BC 35.0 says it no longer means all, the source still treats it so at 43.
pub const EMPTY_URLS_DEPRECATED: Version = Version::new(35, 0, 0);
/// Names of switches are lower-cased, and not handed to child processes: BC 36.0.
pub const SWITCHES_LOWER_CASED: Version = Version::new(36, 0, 0);
/// WebUSB and Web Serial have block lists, and switches that disable them: BC 37.0.
pub const DEVICE_BLOCKLISTS: Version = Version::new(37, 0, 0);
/// `--host-rules` is deprecated for `--host-resolver-rules`: BC 39.0.
pub const HOST_RULES_DEPRECATED: Version = Version::new(39, 0, 0);
/// `window.open` children of windows without a sandbox get a process of their own, with a sandbox: BC 44.0.
pub const CHILDREN_GET_OWN_SANDBOX: Version = Version::new(44, 0, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_begin_and_end() {
        let at = |text| Version::parse(text).expect(text);
        for (api, version, expected) in [
            (NEW_WINDOW, "21.4.4", true),
            (NEW_WINDOW, "22.0.0-beta.1", false),
            (SET_WINDOW_OPEN_HANDLER, "11.5.0", false),
            (SET_WINDOW_OPEN_HANDLER, "12.0.0", true),
            (WILL_FRAME_NAVIGATE, "24.8.8", false),
            (WILL_FRAME_NAVIGATE, "45.3.4", true),
            (REMOTE_FILTERS, "3.1.13", false),
            (REMOTE_FILTERS, "13.6.9", true),
            (REMOTE_FILTERS, "14.0.0", false),
            (OPEN_ITEM, "1.0.0", true),
        ] {
            assert_eq!(api.exists_in(&at(version)), expected, "{} in {version}", api.name);
        }
        assert!(!REMOTE_FILTERS.is_removed_in(&at("3.1.13")) && REMOTE_FILTERS.is_removed_in(&at("14.0.0")));
    }

    #[test]
    fn every_lifetime_is_sound() {
        for api in PROTECTIONS.iter().chain(REMOVALS).chain(OTHERS) {
            assert!(api.first.is_none_or(|first| api.removed.is_none_or(|removed| first < removed)), "{}", api.name);
            assert!(!api.source.is_empty(), "{}", api.name);
            assert!(api.first.is_some() || api.removed.is_some(), "{}", api.name);
        }
        assert!(PROTECTIONS.windows(2).all(|pair| pair[0].first <= pair[1].first));
        assert!(REMOVALS.windows(2).all(|pair| pair[0].removed <= pair[1].removed));
    }
}
