//! What belongs to what in Electron's API: which member, call or listener gives an object of which class.
//!
//! Facts are of <https://www.electronjs.org/docs/latest/api/app> and the pages beside it.

use super::things::Origin;

/// Classes whose objects are followed.
pub const CLASSES: [&str; 14] = [
    "BrowserWindow",
    "BaseWindow",
    "BrowserView",
    "WebContentsView",
    "WebContents",
    "Session",
    "WebRequest",
    "Protocol",
    "CommandLine",
    "IpcMainEvent",
    "WebFrameMain",
    "MessagePortMain",
    "IpcMain",
    "WebviewTag",
];

/// What a module that had a name of its own is in `electron`: up to 0.37 there were some.
/// <https://www.electronjs.org/blog/electron-api-changes#requireelectron>
pub(super) fn first_named(module: &str) -> Option<&'static str> {
    match module {
        "browser-window" => Some("BrowserWindow"),
        "web-frame" => Some("webFrame"),
        "crash-reporter" => Some("crashReporter"),
        "auto-updater" => Some("autoUpdater"),
        "global-shortcut" => Some("globalShortcut"),
        _ => None,
    }
}

/// Names under `electron` that are followed when nothing binds them (a file that relies on a global).
pub const MODULES: [&str; 40] = [
    "app",
    "autoUpdater",
    "BaseWindow",
    "BrowserView",
    "BrowserWindow",
    "clipboard",
    "contentTracing",
    "contextBridge",
    "crashReporter",
    "desktopCapturer",
    "dialog",
    "globalShortcut",
    "inAppPurchase",
    "ipcMain",
    "ipcRenderer",
    "Menu",
    "MenuItem",
    "MessageChannelMain",
    "nativeImage",
    "nativeTheme",
    "net",
    "netLog",
    "Notification",
    "powerMonitor",
    "powerSaveBlocker",
    "protocol",
    "pushNotifications",
    "safeStorage",
    "screen",
    "session",
    "shell",
    "systemPreferences",
    "TouchBar",
    "Tray",
    "utilityProcess",
    "webContents",
    "WebContentsView",
    "webFrame",
    "webFrameMain",
    "webUtils",
];

/// The class with this name.
pub fn class(name: &str) -> Option<&'static str> {
    CLASSES.iter().find(|class| **class == name).copied()
}

/// What a member of an object is: a class, and whether it belongs to the same object as its owner does.
pub fn member(class: &str, name: &str) -> Option<&'static str> {
    Some(match (class, name) {
        ("BrowserWindow" | "BrowserView" | "WebContentsView", "webContents") => "WebContents",
        ("WebContents", "session") => "Session",
        ("WebContents", "mainFrame" | "opener" | "focusedFrame") | ("IpcMainEvent", "senderFrame") => "WebFrameMain",
        ("WebContents" | "WebFrameMain", "ipc") => "IpcMain",
        ("WebContents", "hostWebContents") | ("IpcMainEvent", "sender") => "WebContents",
        ("Session", "webRequest") => "WebRequest",
        ("Session", "protocol") => "Protocol",
        ("Session", "cookies") => "Cookies",
        ("BrowserWindow" | "BaseWindow", "contentView") => return None,
        _ => return None,
    })
}

/// What a path under `electron` is.
pub fn property(path: &str) -> Option<(&'static str, Origin)> {
    Some(match path {
        "app.commandLine" => ("CommandLine", Origin::Default),
        "session.defaultSession" => ("Session", Origin::Default),
        "ipcMain" => ("IpcMain", Origin::Default),
        "protocol" => ("Protocol", Origin::Default),
        _ => return None,
    })
}

/// What a call of a path under `electron` gives, and whether in an array.
pub fn call(path: &str) -> Option<(&'static str, Origin)> {
    Some(match path {
        "BrowserWindow.getFocusedWindow"
        | "BrowserWindow.fromWebContents"
        | "BrowserWindow.fromId"
        | "BrowserWindow.fromBrowserView" => ("BrowserWindow", Origin::Some),
        "BaseWindow.getFocusedWindow" | "BaseWindow.fromId" => ("BaseWindow", Origin::Some),
        "BrowserView.fromId" | "BrowserView.fromWebContents" => ("BrowserView", Origin::Some),
        // An id that a page sends names any contents, a webview's guest most of all.
        "webContents.fromId" => ("WebContents", Origin::Every),
        "webContents.getFocusedWebContents" | "webContents.fromFrame" | "webContents.fromDevToolsTargetId" => {
            ("WebContents", Origin::Some)
        }
        "session.fromPath" => ("Session", Origin::Partition(None)),
        "getCurrentWindow" => ("BrowserWindow", Origin::Some),
        "getCurrentWebContents" => ("WebContents", Origin::Some),
        _ => return None,
    })
}

/// What each element of the array is that a call gives.
pub fn call_element(path: &str) -> Option<&'static str> {
    Some(match path {
        "BrowserWindow.getAllWindows" => "BrowserWindow",
        "BaseWindow.getAllWindows" => "BaseWindow",
        "BrowserView.getAllViews" => "BrowserView",
        "webContents.getAllWebContents" => "WebContents",
        _ => return None,
    })
}

/// What a method of an object gives.
pub fn method(class: &str, name: &str) -> Option<&'static str> {
    Some(match (class, name) {
        ("BrowserWindow", "getParentWindow") => "BrowserWindow",
        ("BrowserWindow" | "BaseWindow", "getBrowserView") => "BrowserView",
        ("WebviewTag", "getWebContents") => "WebContents",
        _ => return None,
    })
}

/// The methods of a `<webview>` that rules ask for.
pub fn webview_method(name: &str) -> Option<&'static str> {
    const METHODS: [&str; 7] =
        ["addEventListener", "executeJavaScript", "getTitle", "getURL", "getWebContents", "insertCSS", "loadURL"];
    METHODS.iter().find(|method| **method == name).copied()
}

/// What a listener's parameter is: `of` is the class or module that emits (`app`, `WebContents`).
pub fn listener(of: &str, event: &str, parameter: u32) -> Option<(&'static str, Origin)> {
    Some(match (of, event, parameter) {
        ("app", "web-contents-created", 1) => ("WebContents", Origin::Every),
        ("app", "browser-window-created", 1) => ("BrowserWindow", Origin::Every),
        ("app", "session-created", 0) => ("Session", Origin::Every),
        ("app", "certificate-error" | "select-client-certificate" | "login", 1) => ("WebContents", Origin::Some),
        ("WebContents", "did-attach-webview", 1) => ("WebContents", Origin::Guest),
        ("WebContents" | "BrowserWindow", "did-create-window", 0) => ("BrowserWindow", Origin::Some),
        ("IpcMain", _, 0) => ("IpcMainEvent", Origin::Some),
        _ => return None,
    })
}

/// What emits an event of this name, if nothing else does.
pub fn only_emitter(event: &str) -> Option<&'static str> {
    Some(match event {
        "web-contents-created" | "browser-window-created" => "app",
        "did-attach-webview" => "WebContents",
        _ => return None,
    })
}

/// What the parameter of a callback handed to a method is.
pub fn callback(of: &str, method: &str, parameter: u32) -> Option<(&'static str, Origin)> {
    Some(match (of, method, parameter) {
        ("Session", "setPermissionRequestHandler" | "setPermissionCheckHandler", 0) => ("WebContents", Origin::Some),
        _ => return None,
    })
}

/// Names that mean "listen": the event's name comes first, the listener second.
pub const LISTEN: [&str; 6] =
    ["on", "once", "addListener", "prependListener", "prependOnceListener", "addEventListener"];

/// Ways of making an IPC handler: the channel comes first, the handler second.
pub const HANDLE: [&str; 6] = ["on", "once", "handle", "handleOnce", "addListener", "prependListener"];

/// Methods that give back the object that they were called on: <https://nodejs.org/api/events.html#emitteroneventname-listener>.
pub const CHAIN: [&str; 8] = [
    "on",
    "once",
    "addListener",
    "prependListener",
    "prependOnceListener",
    "off",
    "removeListener",
    "removeAllListeners",
];

/// What makes a window below an icon of the menu bar, with the options of `BrowserWindow` under `browserWindow`, and holds it as
/// `window`: <https://github.com/max-mapper/menubar#api-docs>.
pub const MENUBARS: [&str; 6] = [
    "menubar",
    "menubar.default",
    "menubar.menubar",
    "electron-menubar",
    "electron-menubar.default",
    "electron-menubar.menubar",
];

/// The module of Electron's whose type has this name: a parameter of type `Shell` is `shell`.
pub fn typed(name: &str) -> Option<&'static str> {
    Some(match name {
        "App" => "app",
        "AutoUpdater" => "autoUpdater",
        "Clipboard" => "clipboard",
        "ContextBridge" => "contextBridge",
        "DesktopCapturer" => "desktopCapturer",
        "Dialog" => "dialog",
        "GlobalShortcut" => "globalShortcut",
        "IpcMain" => "ipcMain",
        "IpcRenderer" => "ipcRenderer",
        "NativeTheme" => "nativeTheme",
        "Net" => "net",
        "PowerMonitor" => "powerMonitor",
        "SafeStorage" => "safeStorage",
        "Screen" => "screen",
        "Shell" => "shell",
        "SystemPreferences" => "systemPreferences",
        "WebFrame" => "webFrame",
        _ => return None,
    })
}

/// What a variable of this name is, where nothing tells: an app that hands Electron's modules to its parts calls them by their names.
/// Nothing else is called `ipcMain`, and no other `shell` has the methods of Electron's.
pub const CALLED: [&str; 4] = ["contextBridge", "ipcMain", "ipcRenderer", "shell"];
