//! What calls and globals give: somebody else's data, the app's own, or nothing that can be chosen.

use super::sources::SourceKind;
use crate::link::things::Thing;

/// A value that cannot carry what somebody else chose.
pub(super) fn is_constant(thing: &Thing) -> bool {
    matches!(
        thing,
        Thing::Undefined
            | Thing::Null
            | Thing::Bool(_)
            | Thing::Development(_)
            | Thing::Number(_)
            | Thing::Text(_)
            | Thing::Regex(..)
            | Thing::Function(..)
            | Thing::Class(_)
    )
}

/// What a property or global is that somebody else chooses.
pub(super) fn source_of(path: &str) -> Option<SourceKind> {
    let path = path.strip_prefix("window.").or_else(|| path.strip_prefix("globalThis.")).unwrap_or(path);
    let path = path.strip_prefix("document.location").map_or_else(|| path.to_owned(), |rest| format!("location{rest}"));
    match path.as_str() {
        "process.argv" => Some(SourceKind::Arguments),
        "location"
        | "location.href"
        | "location.hash"
        | "location.search"
        | "document.URL"
        | "document.documentURI"
        | "document.referrer" => Some(SourceKind::Page),
        _ => None,
    }
}

/// What a call gives that somebody else chooses.
pub(super) fn result_of(path: &str) -> Option<SourceKind> {
    if matches!(path, "WebContents.executeJavaScript" | "WebviewTag.executeJavaScript") {
        return Some(SourceKind::Message);
    }
    if matches!(path, "WebContents.getURL" | "WebviewTag.getURL") {
        return Some(SourceKind::Shown);
    }
    if matches!(path, "WebContents.getTitle" | "WebviewTag.getTitle") {
        return Some(SourceKind::Message);
    }
    if matches!(path, "ipcRenderer.invoke" | "ipcRenderer.callMain" | "ipcRenderer.sendSync") {
        return Some(SourceKind::Main);
    }
    if matches!(path, "localStorage.getItem" | "sessionStorage.getItem" | "clipboard.readText") {
        return Some(SourceKind::File);
    }
    // https://developer.mozilla.org/en-US/docs/Web/API/Clipboard
    let path = path.strip_prefix("window.").unwrap_or(path);
    if matches!(path, "clipboard.readHTML" | "navigator.clipboard.read" | "navigator.clipboard.readText") {
        return Some(SourceKind::Pasted);
    }
    // Who wrote a mail is nobody's friend: <https://nodemailer.com/extras/mailparser>.
    if path == "mailparser.simpleParser" {
        return Some(SourceKind::Response);
    }
    // What is asked for once and then held by a reference: <https://vueuse.org/core/useFetch/>,
    // <https://www.apollographql.com/docs/react/data/queries>.
    if matches!(
        path,
        "@vueuse/core.useFetch"
            | "useFetch"
            | "@vueuse/integrations/useAxios.useAxios"
            | "axios-hooks"
            | "@apollo/client.useQuery"
            | "@vue/apollo-composable.useQuery"
    ) {
        return Some(SourceKind::Response);
    }
    super::requests::is_request_for_data(path).then_some(SourceKind::Response)
}

/// What the browser itself says of the place where a menu is asked for; the rest is the page's:
/// <https://www.electronjs.org/docs/latest/api/web-contents#event-context-menu>.
pub(super) fn is_of_the_browser(property: &str) -> bool {
    matches!(
        property,
        "x" | "y"
            | "mediaType"
            | "mediaFlags"
            | "editFlags"
            | "hasImageContents"
            | "isEditable"
            | "spellcheckEnabled"
            | "formControlType"
            | "inputFieldType"
            | "menuSourceType"
            | "selectionStartOffset"
            | "selectionRect"
    )
}

/// What of a release its author writes freely: <https://www.electron.build/electron-updater.interface.updateinfo>.
pub(super) fn is_of_release(property: &str) -> bool {
    matches!(property, "releaseNotes" | "releaseName")
}

/// Has a function called, and gives what it gives: <https://redux-saga.js.org/docs/api/#callfn-args>,
/// <https://react.dev/reference/react/useMemo>.
pub(super) fn is_effect_of_call(path: &str) -> bool {
    if crate::link::is_memo(path) {
        return true;
    }
    let name = path.strip_prefix("redux-saga/effects.").or_else(|| {
        let rest = path.strip_prefix("typed-redux-saga")?;
        rest.strip_prefix("/macro").unwrap_or(rest).strip_prefix('.')
    });
    name == Some("call")
}

/// Turns Markdown into markup, and leaves the markup in it as it is: <https://marked.js.org/#usage>.
pub(super) fn is_markup_renderer(name: &str, path: Option<&str>) -> bool {
    matches!(name, "marked" | "makeHtml" | "snarkdown")
        || path.is_some_and(|path| {
            matches!(path, "marked.parse" | "marked.marked" | "marked.marked.parse" | "marked.parser")
        })
}

/// Makes what turns Markdown into markup, and escapes the markup in it unless it is told otherwise.
pub(super) fn is_escaping_renderer(path: &str) -> bool {
    let path = path.strip_prefix("new ").unwrap_or(path);
    matches!(
        path,
        "markdown-it" | "markdown-it.default" | "remarkable" | "remarkable.default" | "remarkable.Remarkable"
    )
}

/// Calls of Electron and Node whose results are the app's own or the user's choice.
pub(super) fn is_own_call(path: &str) -> bool {
    let module = path.split('.').next().unwrap_or(path);
    matches!(
        module,
        "app" | "os" | "crypto" | "dialog" | "screen" | "nativeTheme" | "systemPreferences" | "performance"
    ) || matches!(path, "process.cwd" | "document.createElement" | "document.querySelector" | "document.getElementById")
}

/// Functions and methods that find the text of a key in the reader's language: <https://www.i18next.com/overview/api#t>,
/// <https://angular-translate.github.io/docs/#/api/pascalprecht.translate.$translate>.
pub(super) fn is_translation(name: &str) -> bool {
    matches!(name, "t" | "$t" | "__" | "instant" | "translate")
}

/// Calls that give a number, a truth value, a function, or nothing that can be chosen.
pub(super) fn is_harmless_call(name: &str) -> bool {
    matches!(
        name,
        "Number"
            | "parseInt"
            | "parseFloat"
            | "Boolean"
            | "isNaN"
            | "isInteger"
            | "round"
            | "trunc"
            | "uptime"
            | "floor"
            | "ceil"
            | "abs"
            | "max"
            | "min"
            | "now"
            | "getTime"
            | "getPath"
            | "getAppPath"
            | "getLocale"
            | "getVersion"
            | "getName"
            | "includes"
            | "indexOf"
            | "startsWith"
            | "endsWith"
            | "test"
            | "has"
            | "existsSync"
            | "charCodeAt"
            | "toFixed"
            | "toISOString"
            | "toLocaleTimeString"
            | "toLocaleDateString"
            | "getBounds"
            | "getSize"
            | "getZoomFactor"
            | "btoa"
            | "t"
            | "__"
            | "$t"
            // <https://react.dev/reference/react/useCallback>, <https://lodash.com/docs/#debounce>, <https://ahooks.js.org/hooks/use-memoized-fn>
            | "bind"
            | "debounce"
            | "throttle"
            | "useCallback"
            | "useEffectEvent"
            | "useEvent"
            | "useEventCallback"
            | "useMemoizedFn"
            | "useDebouncedCallback"
            | "useThrottledCallback"
    )
}

/// Whether a path is one of an installed package, of which nothing is known: Node's and Electron's modules have no hyphen and no scope.
pub(super) fn is_of_package(path: &str) -> bool {
    let module = path.split('.').next().unwrap_or(path);
    (module.contains('-') || module.starts_with('@')) && !module.starts_with("@electron/")
}

/// Whether a function says that it takes out what is dangerous. For what it does so is another question.
pub(super) fn says_it_cleans(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (["sanitize", "sanitise", "escape", "quote"].iter().any(|word| name.contains(word)))
        && !name.contains("unescape")
        && !name.contains("unquote")
}

/// Whether `bytes.toString(encoding)` gives letters and digits alone.
pub(super) fn is_plain_encoding(encoding: &str) -> bool {
    matches!(encoding, "base64" | "base64url" | "hex")
}

/// Methods and functions that give back what they were given, in another form.
pub(super) fn keeps_data(name: &str) -> bool {
    matches!(
        name,
        "toString"
            | "trim"
            | "trimStart"
            | "trimEnd"
            | "toLowerCase"
            | "toUpperCase"
            | "slice"
            | "substring"
            | "substr"
            | "split"
            | "join"
            | "concat"
            | "pop"
            | "shift"
            | "at"
            | "find"
            | "filter"
            | "map"
            | "reverse"
            | "text"
            | "json"
            | "then"
            | "get"
            // Of what the clipboard holds.
            | "getType"
            // Of a document that was parsed.
            | "parseFromString"
            | "querySelector"
            | "cloneNode"
            | "importNode"
            | "adoptNode"
            | "replaceAll"
            | "decodeURIComponent"
            | "decodeURI"
            | "unescape"
            | "atob"
            | "String"
            | "parse"
            | "resolve"
            | "normalize"
            | "URL"
            | "URLSearchParams"
            | "from"
            | "valueOf"
    )
}

/// Of these, those that leave nothing out and add nothing.
pub(super) fn keeps_all(name: &str) -> bool {
    matches!(
        name,
        "toString" | "trim" | "normalize" | "decodeURI" | "decodeURIComponent" | "String" | "valueOf" | "fileURLToPath"
    )
}
