//! Effective `webPreferences`: what a window really gets, from what was written and the version of Electron.
//!
//! [`effective`] is one pure function. It knows the defaults of each version, how values that are no booleans count, which keys a version
//! does not look at, what one key does to another, and what a webview or a child window takes from the page that made it.

mod table;

use std::fmt;

use self::table::{Child, Key, Rest};
use super::version::Version;

/// What was written for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The key is not there.
    Absent,
    /// `true` or `false`.
    Bool(bool),
    /// The key is there with `undefined` or `null`.
    Undefined,
    /// Another value that JavaScript takes for true: `1`, `{}`, `[]`.
    Truthy,
    /// Another value that JavaScript takes for false: `0`, `NaN`.
    Falsy,
    /// A string.
    Text(String),
    /// The key is there, or may be there, with a value that is not known.
    Unknown,
}

/// Where the values were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The `webPreferences` of a constructor: BrowserWindow, BrowserView, WebContentsView.
    Constructor,
    /// Attributes of a `<webview>`, as [`webview`](super::webview) reads them; `embedder` is the page that holds it.
    Webview,
    /// The features string of `window.open`; `embedder` is the page that called it.
    WindowOpen,
    /// `overrideBrowserWindowOptions` of a window open handler, which comes after the bounds; `embedder` as before.
    WindowOpenOverride,
}

/// What, besides the written values, decides.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The version of Electron.
    pub version: &'a Version,
    /// Whether a preload script is given; `None`: not known.
    pub has_preload: Option<bool>,
    /// Whether the window's session has preload scripts of its own (`session.setPreloads`).
    pub session_preloads: bool,
    /// Whether `app.enableSandbox()` is called, or the switch `enable-sandbox` set.
    pub app_enable_sandbox: bool,
    /// What the embedder or opener has, if [`Context::origin`] has one and it is known.
    pub embedder: Option<&'a Preferences>,
    /// Where the values were written.
    pub origin: Origin,
}

impl<'a> Context<'a> {
    /// A window made by a constructor, without preload scripts.
    pub fn new(version: &'a Version) -> Self {
        Self {
            version,
            has_preload: Some(false),
            session_preloads: false,
            app_enable_sandbox: false,
            embedder: None,
            origin: Origin::Constructor,
        }
    }
}

/// A value that may not be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<T = bool> {
    /// It is this.
    Known(T),
    /// It could not be found out.
    Unknown,
}

/// Why a setting has its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A boolean (or, for a list of features, a string) written under this key.
    Written {
        /// The key as this version spells it.
        key: &'static str,
    },
    /// Another value written under this key, taken for true or false: Electron 16 and newer. `undefined` is false.
    Coerced {
        /// The key.
        key: &'static str,
    },
    /// Nothing was written, or something that counts as nothing.
    Default {
        /// First version with this default; `None`: it was never another.
        since: Option<Version>,
        /// Whether there is a value that does not count: no boolean, up to Electron 15, or no string where one is wanted.
        ignored: bool,
    },
    /// Nothing that counts was written, and another key decides the default.
    Follows {
        /// The key that decides: `webSecurity`, `nodeIntegration`, `nodeIntegrationInWorker`, `sandbox` or `preload`.
        key: &'static str,
    },
    /// Something outside these preferences decides, whatever was written.
    Forced {
        /// What: `app.enableSandbox()`.
        by: &'static str,
    },
    /// The embedder or opener has it so, and its children cannot have it otherwise.
    Bounded,
    /// Taken over from the opener: windows of `window.open` up to Electron 13.
    Inherited,
    /// This version does not look at the key; the value says how it behaves.
    NoSuchKey,
    /// What was written is not known, or what decides is not.
    Unresolved,
}

/// One effective setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T = bool> {
    /// What holds.
    pub value: Value<T>,
    /// Why.
    pub reason: Reason,
}

impl<T: PartialEq> Setting<T> {
    /// Whether the value is known to be this.
    pub fn is(&self, value: T) -> bool {
        self.value == Value::Known(value)
    }

    /// Whether something that counts was written for it.
    pub fn is_written(&self) -> bool {
        matches!(self.reason, Reason::Written { .. } | Reason::Coerced { .. })
    }
}

/// A setting that does nothing because of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inert {
    /// The key that makes it so.
    pub by: &'static str,
}

macro_rules! preferences {
    ($($(#[$doc:meta])* $field:ident = $key:expr,)*) => {
        /// The effective `webPreferences` of one window, view or webview.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Preferences {
            $($(#[$doc])* pub $field: Setting,)*
            /// Blink features switched on, by `enableBlinkFeatures` (`blinkFeatures` up to Electron 2); empty: none.
            pub enable_blink_features: Setting<Vec<String>>,
            /// Blink features switched off, by `disableBlinkFeatures`; empty: none.
            pub disable_blink_features: Setting<Vec<String>>,
            /// Name of the process that windows share, Electron 2 to 13.
            pub affinity: Setting<Option<String>>,
        }

        impl Preferences {
            /// The boolean setting of a key, by its name in `webPreferences`.
            pub fn get(&self, key: &str) -> Option<&Setting> {
                $(if key == $key.name { return Some(&self.$field); })*
                None
            }

            /// All boolean settings with the names of their keys.
            pub fn booleans(&self) -> Vec<(&'static str, &Setting)> {
                vec![$(($key.name, &self.$field),)*]
            }
        }

        fn read(reader: &Reader) -> Preferences {
            Preferences {
                $($field: reader.boolean(&$key),)*
                enable_blink_features: reader.features(blink_features_key(reader.cx.version), Version::new(0, 0, 0)),
                disable_blink_features: reader.features("disableBlinkFeatures", table::DISABLE_BLINK_FEATURES),
                affinity: reader.affinity(),
            }
        }
    };
}

preferences! {
    /// `nodeIntegration`; see also [`Preferences::node_integration_inert`].
    node_integration = table::NODE_INTEGRATION,
    /// `nodeIntegrationInWorker`; inert where nodeIntegration is.
    node_integration_in_worker = table::NODE_INTEGRATION_IN_WORKER,
    /// `nodeIntegrationInSubFrames`: preloads run in every frame. Inert only where there is neither a preload nor Node.
    node_integration_in_sub_frames = table::NODE_INTEGRATION_IN_SUB_FRAMES,
    /// `webviewTag`
    webview_tag = table::WEBVIEW_TAG,
    /// `contextIsolation`
    context_isolation = table::CONTEXT_ISOLATION,
    /// `sandbox`
    sandbox = table::SANDBOX,
    /// `enableRemoteModule`; from 14 the remote module is gone.
    enable_remote_module = table::ENABLE_REMOTE_MODULE,
    /// `webSecurity`
    web_security = table::WEB_SECURITY,
    /// `allowRunningInsecureContent`
    allow_running_insecure_content = table::ALLOW_RUNNING_INSECURE_CONTENT,
    /// `experimentalFeatures`
    experimental_features = table::EXPERIMENTAL_FEATURES,
    /// `experimentalCanvasFeatures`, up to Electron 3.
    experimental_canvas_features = table::EXPERIMENTAL_CANVAS_FEATURES,
    /// `nativeWindowOpen`; from 18 it is always so.
    native_window_open = table::NATIVE_WINDOW_OPEN,
    /// `worldSafeExecuteJavaScript`; from 14 it is always so.
    world_safe_execute_java_script = table::WORLD_SAFE_EXECUTE_JAVA_SCRIPT,
    /// `enableWebSQL`; from 31 WebSQL is gone.
    enable_web_sql = table::ENABLE_WEB_SQL,
    /// `navigateOnDragDrop`
    navigate_on_drag_drop = table::NAVIGATE_ON_DRAG_DROP,
    /// `plugins`
    plugins = table::PLUGINS,
    /// `safeDialogs`
    safe_dialogs = table::SAFE_DIALOGS,
    /// `javascript`
    javascript = table::JAVASCRIPT,
    /// `images`
    images = table::IMAGES,
    /// `webgl`
    webgl = table::WEBGL,
    /// `devTools`
    dev_tools = table::DEV_TOOLS,
    /// `enableDeprecatedPaste`
    enable_deprecated_paste = table::ENABLE_DEPRECATED_PASTE,
}

impl Preferences {
    /// Whether `nodeIntegration` and `nodeIntegrationInWorker` do nothing here.
    ///
    /// A sandboxed renderer has no Node.js, whatever they say. `nodeIntegrationInSubFrames` still makes preloads run in every frame.
    pub fn node_integration_inert(&self) -> Option<Inert> {
        self.sandbox.is(true).then_some(Inert { by: "sandbox" })
    }

    /// Whether pages really get Node.js.
    pub fn node_integration_effective(&self) -> Value {
        and_not(self.node_integration.value, self.sandbox.value)
    }

    /// Whether web workers really get Node.js.
    pub fn node_integration_in_worker_effective(&self) -> Value {
        and_not(self.node_integration_in_worker.value, self.sandbox.value)
    }
}

fn and_not(value: Value, but: Value) -> Value {
    match (value, but) {
        (Value::Known(false), _) | (_, Value::Known(true)) => Value::Known(false),
        (Value::Known(true), Value::Known(false)) => Value::Known(true),
        _ => Value::Unknown,
    }
}

/// Computes what a window gets.
///
/// `given` tells what was written for a key, after spreads and later writes: the last one wins. It is asked for keys as this version spells
/// them, so `blinkFeatures` up to Electron 2. An embedder or opener that is not known (`None`) bounds nothing.
pub fn effective(given: &dyn Fn(&str) -> Given, cx: &Context<'_>) -> Preferences {
    read(&Reader { given, cx })
}

const UNRESOLVED: Setting = Setting { value: Value::Unknown, reason: Reason::Unresolved };

fn known(value: bool, reason: Reason) -> Setting {
    Setting { value: Value::Known(value), reason }
}

struct Reader<'a> {
    given: &'a dyn Fn(&str) -> Given,
    cx: &'a Context<'a>,
}

impl Reader<'_> {
    /// One boolean, with what decides about it from outside. Keys that others depend on are computed again for each: the keys that a
    /// default looks at never look back.
    fn boolean(&self, key: &Key) -> Setting {
        let (rest, since) = key.at(self.cx.version);
        if let Rest::Missing(value) = rest {
            return Setting { value: Value::Known(value), reason: Reason::NoSuchKey };
        }
        if key.name == table::SANDBOX.name && self.cx.app_enable_sandbox {
            // ShouldUseSandbox(): the switch counts before the window's own preference.
            return known(true, Reason::Forced { by: "app.enableSandbox()" });
        }
        if key.name == table::NATIVE_WINDOW_OPEN.name && self.sandbox_sets_native_window_open() {
            return known(true, Reason::Follows { key: "sandbox" });
        }
        let given = (self.given)(key.name);
        let written = self.coerced(key.name, &given);
        let is_written = written.is_some();
        let own = written.unwrap_or_else(|| self.default(key, rest, since, given != Given::Absent));
        // The override of a window open handler comes after the bounds, so what it says holds.
        let above_bounds = self.cx.origin == Origin::WindowOpenOverride && given != Given::Absent;
        if above_bounds { own } else { self.bounded(key, own, is_written) }
    }

    /// What holds when nothing was written that counts.
    fn default(&self, key: &Key, rest: Rest, since: Option<Version>, ignored: bool) -> Setting {
        let default = |value| known(value, Reason::Default { since, ignored });
        if self.cx.origin == Origin::Webview && !ignored {
            // guest-view-manager always gives the guest these keys; a `webpreferences` text that is no boolean undoes that.
            // EnableRemoteModuleAttribute.getValue() is true unless the attribute says "false".
            let given = Reason::Default { since: None, ignored };
            match key.name {
                "nodeIntegration" => return known(false, given),
                "enableRemoteModule" => return known(true, given),
                _ => {}
            }
        }
        match rest {
            Rest::Is(value) | Rest::Missing(value) => default(value),
            Rest::LikeNodeIntegration => {
                let value = self.boolean(&table::NODE_INTEGRATION).value;
                Setting { value, reason: Reason::Follows { key: "nodeIntegration" } }
            }
            Rest::UnlessWebSecurity => match self.boolean(&table::WEB_SECURITY).value {
                Value::Known(true) => default(false),
                Value::Known(false) => known(true, Reason::Follows { key: "webSecurity" }),
                Value::Unknown => UNRESOLVED,
            },
            Rest::SandboxWithoutNode => self.sandbox_default(since, ignored, Value::Known(false)),
            Rest::SandboxWithoutPreload => {
                let preload = match self.cx.has_preload {
                    _ if self.cx.session_preloads => Value::Known(true),
                    Some(preload) => Value::Known(preload),
                    None => Value::Unknown,
                };
                self.sandbox_default(since, ignored, preload)
            }
        }
    }

    /// IsSandboxed(): on, unless something needs Node.js in the renderer.
    fn sandbox_default(&self, since: Option<Version>, ignored: bool, preload: Value) -> Setting {
        let needs = [
            ("nodeIntegration", self.boolean(&table::NODE_INTEGRATION).value),
            ("nodeIntegrationInWorker", self.boolean(&table::NODE_INTEGRATION_IN_WORKER).value),
            ("preload", preload),
        ];
        if let Some((key, _)) = needs.iter().find(|(_, value)| *value == Value::Known(true)) {
            return known(false, Reason::Follows { key });
        }
        if needs.iter().any(|(_, value)| *value == Value::Unknown) {
            return UNRESOLVED;
        }
        known(true, Reason::Default { since, ignored })
    }

    fn sandbox_sets_native_window_open(&self) -> bool {
        let (first, end) = table::SANDBOX_SETS_NATIVE_WINDOW_OPEN;
        // IsEnabled(kSandbox) is the window's own preference, whatever the app's switch says.
        let window = Context { app_enable_sandbox: false, ..*self.cx };
        let reader = Reader { given: self.given, cx: &window };
        self.cx.version.has(first) && !self.cx.version.has(end) && reader.boolean(&table::SANDBOX).is(true)
    }

    /// What the embedder or opener makes of a setting.
    fn bounded(&self, key: &Key, own: Setting, is_written: bool) -> Setting {
        let child = match self.cx.origin {
            Origin::Constructor => return own,
            Origin::Webview => Child::Webview,
            Origin::WindowOpen | Origin::WindowOpenOverride => Child::Window,
        };
        let Some(parent) = self.cx.embedder.and_then(|embedder| embedder.get(key.name)) else { return own };
        if let Some(safe) = table::bound(key.name, child, self.cx.version) {
            match parent.value {
                Value::Known(value) if value == safe => return known(safe, Reason::Bounded),
                // Bounded or not: it stays known only if both come to the same.
                Value::Unknown if !own.is(safe) => return UNRESOLVED,
                _ => {}
            }
        }
        let inherits = child == Child::Window && !self.cx.version.has(table::NO_OPTION_INHERITANCE);
        if inherits && !is_written { Setting { value: parent.value, reason: Reason::Inherited } } else { own }
    }

    /// A written value as this version takes it; `None` if it counts as not written.
    fn coerced(&self, name: &'static str, given: &Given) -> Option<Setting> {
        let truthy = match given {
            Given::Absent => return None,
            Given::Bool(value) => {
                return Some(Setting { value: Value::Known(*value), reason: Reason::Written { key: name } });
            }
            Given::Unknown => return Some(UNRESOLVED),
            Given::Undefined | Given::Falsy => false,
            Given::Truthy => true,
            Given::Text(text) => !text.is_empty(),
        };
        self.cx
            .version
            .has(table::TRUTHINESS)
            .then_some(Setting { value: Value::Known(truthy), reason: Reason::Coerced { key: name } })
    }

    /// A list of Blink features: a string with commas; other values do nothing (the converter wants a string).
    fn features(&self, name: &'static str, first: Version) -> Setting<Vec<String>> {
        if !self.cx.version.has(first) {
            return Setting { value: Value::Known(Vec::new()), reason: Reason::NoSuchKey };
        }
        match self.text(name) {
            Setting { value: Value::Known(text), reason } => {
                Setting { value: Value::Known(feature_names(&text.unwrap_or_default())), reason }
            }
            Setting { value: Value::Unknown, reason } => Setting { value: Value::Unknown, reason },
        }
    }

    fn affinity(&self) -> Setting<Option<String>> {
        let (first, end) = table::AFFINITY;
        if !self.cx.version.has(first) || self.cx.version.has(end) {
            return Setting { value: Value::Known(None), reason: Reason::NoSuchKey };
        }
        let mut setting = self.text("affinity");
        if setting.is(Some(String::new())) {
            setting.value = Value::Known(None);
        }
        setting
    }

    fn text(&self, name: &'static str) -> Setting<Option<String>> {
        match (self.given)(name) {
            Given::Text(text) => Setting { value: Value::Known(Some(text)), reason: Reason::Written { key: name } },
            Given::Unknown => Setting { value: Value::Unknown, reason: Reason::Unresolved },
            given => Setting {
                value: Value::Known(None),
                reason: Reason::Default { since: None, ignored: given != Given::Absent },
            },
        }
    }
}

/// The features of a comma-separated list, blanks around them dropped.
pub fn feature_names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// How this version spells `enableBlinkFeatures`: `blinkFeatures` up to Electron 2.
pub fn blink_features_key(version: &Version) -> &'static str {
    if version.has(table::ENABLE_BLINK_FEATURES) { "enableBlinkFeatures" } else { "blinkFeatures" }
}

/// A key that was written and that this version does not look at any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadKey {
    /// The key.
    pub key: &'static str,
    /// First version that does not look at it.
    pub since: Version,
    /// What took its place, if anything did.
    pub instead: Option<&'static str>,
}

impl fmt::Display for DeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does nothing since Electron {}", self.key, self.since)?;
        self.instead.map_or(Ok(()), |instead| write!(f, "; its successor is {instead}"))
    }
}

/// The keys that were written and once meant something, sorted by name.
///
/// `enableRemoteModule` is among them from 14 on: it is the caller who knows whether `@electron/remote` is there.
pub fn dead_keys(given: &dyn Fn(&str) -> Given, version: &Version) -> Vec<DeadKey> {
    let mut dead: Vec<DeadKey> = table::REMOVED
        .iter()
        .filter(|removed| version.has(removed.since) && given(removed.name) != Given::Absent)
        .map(|removed| DeadKey { key: removed.name, since: removed.since, instead: removed.instead })
        .collect();
    if version.has(table::AUXCLICK_REMOVED)
        && let Given::Text(text) = given("disableBlinkFeatures")
        && feature_names(&text).iter().any(|name| name == "Auxclick")
    {
        dead.push(DeadKey { key: "disableBlinkFeatures", since: table::AUXCLICK_REMOVED, instead: None });
        dead.sort_by_key(|dead| dead.key);
    }
    dead
}

#[cfg(test)]
mod tests;
