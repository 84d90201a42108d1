//! Electron's and Node's API in the hands of pages.

use electrolint_model::app::{Leak, LeakKind};

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A page gets Electron's or Node's API, not one of the app's own.
    ///
    /// What a preload script exposes belongs to every script that runs in the page, also to one that was injected. With
    /// `ipcRenderer`, one of its methods, or a function that takes the channel from the page, such a script speaks to every
    /// handler of the main process; with `fs`, `shell` or `require` it needs none. A callback that gets the event gets
    /// `event.sender` with it. Expose one function for each thing that the page may do, with its channel written in it.
    ///
    /// ```js
    /// // file: preload.js
    /// const { contextBridge, ipcRenderer } = require('electron');
    /// contextBridge.exposeInMainWorld('api', {
    ///   send: (channel, data) => ipcRenderer.send(channel, data), //~ exposed-electron-api firm
    ///   invoke: ipcRenderer.invoke, //~ exposed-electron-api
    ///   onUpdate: (callback) => ipcRenderer.on('update', callback), //~ exposed-electron-api low
    ///   save: (text) => ipcRenderer.invoke('save', text),
    ///   onSaved: (callback) => ipcRenderer.on('saved', (event, name) => callback(name)),
    /// });
    /// ```
    ///
    /// ```js
    /// // file: preload.js
    /// const { contextBridge, ipcRenderer } = require('electron');
    /// const channels = ['save', 'load'];
    /// contextBridge.exposeInMainWorld('api', {
    ///   send(channel, data) {
    ///     if (channels.includes(channel)) ipcRenderer.send(channel, data);
    ///   },
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "exposed-electron-api",
        severity: Severity::High,
        items: ["E20"],
        cwe: ["CWE-749"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#20-do-not-expose-electron-apis-to-untrusted-web-content",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    // https://www.electronjs.org/docs/latest/breaking-changes#behavior-changed-ipcrenderer-can-no-longer-be-sent-over-the-contextbridge
    let empty = app.electron.version.has(electrolint_model::electron::Version::new(29, 0, 0));
    let outside = app.loads_from_outside();
    for leak in app.leaks() {
        let bridged = leak.exposed.call.is_some();
        let severity = match leak.kind {
            LeakKind::IpcRenderer | LeakKind::Event if bridged && empty => Severity::Low,
            LeakKind::Event | LeakKind::ListenedChannel => Severity::Medium,
            // Without pages from outside an injected script must come first.
            LeakKind::Channel if !outside => Severity::Medium,
            LeakKind::Variable => Severity::Medium,
            // What a page reads or stops, where it starts nothing.
            LeakKind::Api | LeakKind::Argument if matches!(&*leak.api, "process.env" | "process.kill") => Severity::Medium,
            _ => Severity::High,
        };
        let (message, gain, help) = words(&leak, bridged && empty);
        let (place, related) = match leak.exposed.of_main {
            false => (leak.span, (leak.exposed.span, "it is exposed here")),
            true => (leak.exposed.handed, (leak.span, "it is in the main process, here")),
        };
        let mut report = findings
            .report(&RULE, place, message)
            .severity(severity)
            .known(leak.certainty)
            .gain(gain)
            .help(help)
            .symbol(leak.exposed.name.clone())
            .related(related.0, related.1);
        if leak.is_checked {
            report = report.at_most(Confidence::Tentative);
        }
        if !app.electron.is_known() && severity == Severity::Low {
            report = report.at_most(Confidence::Firm);
        }
        let _ = report;
    }
}

fn words(leak: &Leak, empty: bool) -> (String, &'static str, &'static str) {
    let (name, api) = (&leak.exposed.name, &leak.api);
    let one_each = "Expose one function for each thing that the page may do, with its channel written in it.";
    match leak.kind {
        LeakKind::IpcRenderer if empty => (
            format!("`{name}` is `ipcRenderer` itself, which arrives empty from Electron 29 on"),
            "Nothing as long as Electron empties it; with an older Electron, every channel.",
            one_each,
        ),
        LeakKind::IpcRenderer => (
            format!("`{name}` is `ipcRenderer` itself"),
            "A script in the page speaks to every handler of the main process.",
            one_each,
        ),
        LeakKind::IpcMethod => (
            format!("`{name}` is `{api}` itself, with any channel"),
            "A script in the page speaks to every handler of the main process.",
            one_each,
        ),
        LeakKind::Channel => (
            format!("the page chooses the channel of `{api}`, through `{name}`"),
            "A script in the page speaks to every handler of the main process.",
            one_each,
        ),
        LeakKind::ListenedChannel => (
            format!("the page chooses the channel of `{api}`, through `{name}`"),
            "A script in the page hears every message to this window.",
            one_each,
        ),
        LeakKind::Event => (
            format!("a callback of the page gets the event of `{api}`, through `{name}`"),
            "`event.sender` is `ipcRenderer`: below Electron 29 a script in the page sends with it to any channel.",
            "Call the page's callback with the message alone: `(event, value) => callback(value)`.",
        ),
        LeakKind::Argument if api == "process.kill" => (
            format!("the page chooses what `{api}` is given, through `{name}`"),
            "A script in the page ends any program of this person's.",
            "End only programs that the app started, by a name that the page is told.",
        ),
        LeakKind::Argument => (
            format!("the page chooses what `{api}` is given, through `{name}`"),
            "A script in the page reaches files or programs of its choice.",
            "Do it in the main process, behind a channel of its own that checks what it is given.",
        ),
        LeakKind::Variable => (
            format!("the page names the variable of `{api}` that it is told, through `{name}`"),
            "A script in the page reads every variable of the environment, tokens and keys among them.",
            "Tell the page the one variable that it needs.",
        ),
        LeakKind::VariableWritten => (
            format!("the page names the variable of `{api}` that it sets, through `{name}`"),
            "A script in the page decides what programs that are started later load and run: `PATH`, `NODE_OPTIONS`.",
            "Expose one function for each variable that the page may set.",
        ),
        LeakKind::Api if api == "process.env" => (
            format!("`{name}` gives the page `{api}` as a whole"),
            "A script in the page reads every variable of the environment, tokens and keys among them.",
            "Tell the page the one variable that it needs.",
        ),
        LeakKind::Api => (
            format!("`{name}` is `{api}` itself"),
            "A script in the page reaches files or programs of its choice.",
            "Expose one function for each thing that the page may do, and do it in the main process.",
        ),
    }
}
