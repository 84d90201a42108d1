//! What Electron took away or means to: the calls and events, since when, and what to use instead.
//!
//! "BC n" is the section of version n in docs/breaking-changes.md of electron/electron.

/// How an API is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A call of `module.method` or `Class.method`, or `new` of it.
    Call(&'static str),
    /// A method of what `new` of a class gives that is not followed otherwise.
    Method(&'static str, &'static str),
    /// A listener for an event of a class or module.
    Event(&'static str, &'static str),
    /// A call in a page.
    InPage(&'static str),
    /// A write to a property of a module.
    Property(&'static str, &'static str),
}

/// One API that went or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The API.
    pub of: Use,
    /// First major that warns of it.
    pub deprecated: Option<u32>,
    /// First major without it.
    pub removed: Option<u32>,
    /// What to use instead.
    pub instead: &'static str,
    /// What its loss means for security, if anything.
    pub loss: Option<&'static str>,
    /// Where this was read.
    pub source: &'static str,
}

impl Use {
    /// As the documentation writes it.
    pub fn name(self) -> String {
        match self {
            Use::Call(api) | Use::InPage(api) => api.to_owned(),
            Use::Method(class, name) | Use::Property(class, name) => format!("{class}.{name}"),
            Use::Event(_, event) => event.to_owned(),
        }
    }
}

const fn gone(of: Use, removed: u32, instead: &'static str, source: &'static str) -> Change {
    Change { of, deprecated: None, removed: Some(removed), instead, loss: None, source }
}

const fn lost(of: Use, removed: u32, instead: &'static str, loss: &'static str, source: &'static str) -> Change {
    Change { of, deprecated: None, removed: Some(removed), instead, loss: Some(loss), source }
}

const fn old(of: Use, deprecated: u32, instead: &'static str, source: &'static str) -> Change {
    Change { of, deprecated: Some(deprecated), removed: None, instead, loss: None, source }
}

use Use::{Call, Event, InPage, Method, Property};

const CRASHES: &str = "render-process-gone";
const ISOLATED: &str = "webFrame.setIsolatedWorldInfo";
const PRIVILEGED: &str = "protocol.registerSchemesAsPrivileged";
const POLICY: &str = "the policy of the isolated world is not set any more";
const PRIVILEGE: &str = "what the scheme may do is not what the app means";
const HANDLE: &str = "protocol.handle";
const POPUPS: &str = "the listener protects nothing any more: windows that pages open are not checked";
const CAPTURE: &str = "handing sources to pages by messages is a new way in";

/// Every change, those that matter for security first.
pub const CHANGES: &[Change] = &[
    lost(Event("WebContents", "new-window"), 22, "webContents.setWindowOpenHandler", POPUPS, "BC 22.0"),
    lost(Event("WebviewTag", "new-window"), 22, "webContents.setWindowOpenHandler", POPUPS, "BC 22.0"),
    lost(Call("webFrame.setIsolatedWorldContentSecurityPolicy"), 7, ISOLATED, POLICY, "BC 5.0, BC 7.0"),
    lost(Call("webFrame.registerURLSchemeAsPrivileged"), 5, PRIVILEGED, PRIVILEGE, "BC 5.0"),
    lost(Call("webFrame.registerURLSchemeAsBypassingCSP"), 5, PRIVILEGED, PRIVILEGE, "BC 5.0"),
    lost(Call("Protocol.registerStandardSchemes"), 5, PRIVILEGED, PRIVILEGE, "BC 5.0"),
    lost(InPage("desktopCapturer.getSources"), 17, "desktopCapturer in the main process", CAPTURE, "BC 17.0"),
    lost(
        Call("app.makeSingleInstance"),
        4,
        "app.requestSingleInstanceLock",
        "what a second start says comes by another way, and unchecked",
        "BC 4.0",
    ),
    lost(Call("shell.openItem"), 9, "shell.openPath", "it starts programs; its successor does too", "BC 9.0"),
    lost(
        Call("ipcRenderer.sendTo"),
        28,
        "MessageChannelMain",
        "messages between pages go past the main process",
        "BC 28.0",
    ),
    lost(
        Call("app.enableMixedSandbox"),
        7,
        "nothing: it is the default",
        "the sandbox is no longer asked for by this call",
        "BC 6.0, BC 7.0",
    ),
    gone(Call("webFrame.setIsolatedWorldHumanReadableName"), 7, ISOLATED, "BC 5.0, BC 7.0"),
    gone(Call("webFrame.setIsolatedWorldSecurityOrigin"), 7, ISOLATED, "BC 5.0, BC 7.0"),
    gone(Call("powerMonitor.querySystemIdleState"), 7, "powerMonitor.getSystemIdleState", "BC 6.0, BC 7.0"),
    gone(Call("powerMonitor.querySystemIdleTime"), 7, "powerMonitor.getSystemIdleTime", "BC 6.0, BC 7.0"),
    gone(Method("Tray", "setHighlightMode"), 7, "nothing", "BC 6.0, BC 7.0"),
    gone(Call("WebviewTag.getWebContents"), 9, "remote.webContents.fromId", "BC 8.0, BC 9.0"),
    gone(Call("webFrame.setLayoutZoomLevelLimits"), 9, "nothing", "BC 8.0, BC 9.0"),
    gone(Call("WebContents.setLayoutZoomLevelLimits"), 9, "nothing", "BC 8.0, BC 9.0"),
    gone(Call("WebviewTag.setLayoutZoomLevelLimits"), 9, "nothing", "BC 8.0, BC 9.0"),
    gone(Call("shell.moveItemToTrash"), 13, "shell.trashItem", "BC 13.0"),
    gone(Call("BrowserWindow.addExtension"), 13, "session.loadExtension", "BC 13.0"),
    gone(Call("BrowserWindow.addDevToolsExtension"), 13, "session.loadExtension", "BC 13.0"),
    gone(Call("BrowserWindow.removeExtension"), 13, "session.removeExtension", "BC 13.0"),
    gone(Call("BrowserWindow.removeDevToolsExtension"), 13, "session.removeExtension", "BC 13.0"),
    gone(Call("BrowserWindow.getExtensions"), 13, "session.getAllExtensions", "BC 13.0"),
    gone(Call("BrowserWindow.getDevToolsExtensions"), 13, "session.getAllExtensions", "BC 13.0"),
    gone(Property("app", "allowRendererProcessReuse"), 14, "nothing: it is the default", "BC 14.0"),
    gone(Event("WebContents", "crashed"), 29, CRASHES, "BC 29.0"),
    gone(Event("WebviewTag", "crashed"), 29, CRASHES, "BC 29.0"),
    gone(Event("app", "renderer-process-crashed"), 29, CRASHES, "BC 29.0"),
    gone(Event("app", "gpu-process-crashed"), 29, "child-process-gone", "BC 29.0"),
    gone(InPage("clipboard.readText"), 44, "a function that the preload exposes", "BC 40.0, BC 44.0"),
    gone(InPage("clipboard.writeText"), 44, "a function that the preload exposes", "BC 40.0, BC 44.0"),
    old(Call("Protocol.registerFileProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.registerHttpProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.registerStringProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.registerBufferProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.registerStreamProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.interceptFileProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.interceptHttpProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.interceptStringProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.interceptBufferProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("Protocol.interceptStreamProtocol"), 25, HANDLE, "BC 25.0"),
    old(Call("BrowserView"), 30, "WebContentsView", "BC 30.0"),
    old(Call("Session.setPreloads"), 35, "session.registerPreloadScript", "BC 35.0"),
    old(Call("Session.getPreloads"), 35, "session.getPreloadScripts", "BC 35.0"),
    old(Call("Session.loadExtension"), 36, "session.extensions.loadExtension", "BC 36.0"),
    old(Call("Session.removeExtension"), 36, "session.extensions.removeExtension", "BC 36.0"),
    old(Call("Session.getExtension"), 36, "session.extensions.getExtension", "BC 36.0"),
    old(Call("Session.getAllExtensions"), 36, "session.extensions.getAllExtensions", "BC 36.0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_says_when_and_where_it_was_read() {
        for change in CHANGES {
            assert!(change.deprecated.or(change.removed).is_some(), "{:?}", change.of);
            assert!(change.source.starts_with("BC ") && !change.instead.is_empty(), "{:?}", change.of);
            assert_eq!(CHANGES.iter().filter(|other| other.of == change.of).count(), 1, "{:?}", change.of);
        }
    }
}
