//! Sources, sinks, and the checks between them, as the rules about somebody else's data see them: so that a miss can be explained.

use super::checks::Judged;
use super::traces::{Purpose, Trace};
use super::{App, PropertyWrite};
use crate::link::{C, V};
use crate::source::Span;

/// Sinks of one kind that are told; an app with more says no more by them.
const MOST_SINKS: usize = 200;

/// Calls that must not be given what somebody else chose, and the argument that counts.
const CALLS: [(&str, usize); 43] = [
    ("shell.openExternal", 0),
    ("shell.openPath", 0),
    ("shell.openItem", 0),
    ("BrowserWindow.loadURL", 0),
    ("WebContents.loadURL", 0),
    ("BrowserWindow.loadFile", 0),
    ("WebContents.loadFile", 0),
    ("child_process.exec", 0),
    ("child_process.execSync", 0),
    ("child_process.execFile", 0),
    ("child_process.execFileSync", 0),
    ("child_process.spawn", 0),
    ("child_process.spawnSync", 0),
    ("child_process.fork", 0),
    ("utilityProcess.fork", 0),
    ("WebContents.executeJavaScript", 0),
    ("WebFrameMain.executeJavaScript", 0),
    ("WebviewTag.executeJavaScript", 0),
    ("webFrame.executeJavaScript", 0),
    ("WebContents.insertCSS", 0),
    ("WebviewTag.insertCSS", 0),
    ("eval", 0),
    ("Function", 0),
    ("vm.runInThisContext", 0),
    ("vm.runInNewContext", 0),
    ("vm.runInContext", 0),
    ("vm.Script", 0),
    ("vm.compileFunction", 0),
    ("fetch", 0),
    ("net.fetch", 0),
    ("net.request", 0),
    ("WebSocket", 0),
    ("ws", 0),
    ("axios", 0),
    ("axios.get", 0),
    ("axios.post", 0),
    ("axios.request", 0),
    ("http.get", 0),
    ("http.request", 0),
    ("https.get", 0),
    ("https.request", 0),
    ("document.write", 0),
    ("Session.downloadURL", 0),
];

/// Methods that take markup, on whatever element, and the argument that counts.
const METHODS: [(&str, usize); 3] = [("insertAdjacentHTML", 1), ("createContextualFragment", 0), ("setAttribute", 1)];

/// Properties that take markup.
const PROPERTIES: [&str; 3] = ["innerHTML", "outerHTML", "srcdoc"];

/// A place where somebody else's data does harm.
#[derive(Clone, Debug)]
pub struct Sink {
    /// The API, method or property.
    pub api: String,
    /// What it is given.
    pub span: Span,
    /// The ways in which somebody else's data gets into it; empty: the app made all of it, or checks it.
    pub traces: Vec<Trace>,
    /// What the checks before it say of the value, as far as it is one parameter, variable or call.
    pub guard: Judged,
}

impl App<'_> {
    /// Every place where data may do harm, in the order of the files, with what is known of the data.
    pub fn sinks(&self) -> Vec<Sink> {
        let mut sinks = Vec::new();
        for (api, index) in CALLS {
            for call in self.calls(api).iter().take(MOST_SINKS) {
                let value = self.program.argument_or_spread(call.call, index);
                sinks.extend(value.map(|value| self.sink_of_call(api, call.call, value)));
            }
        }
        for call in self.computed_imports().iter().take(MOST_SINKS) {
            sinks.extend(call.argument(self, 0).map(|value| self.sink_of_call("import", call.call, value)));
        }
        for (method, index) in METHODS {
            for call in self.calls_by_method(method).iter().take(MOST_SINKS) {
                sinks.extend(call.argument(self, index).map(|value| self.sink_of_call(method, call.call, value)));
            }
        }
        for answer in self.file_answers(&self.protocol_handlers()).iter().take(MOST_SINKS) {
            sinks.push(self.sink_of_call("a file that a scheme answers with", answer.call, answer.path));
        }
        for name in PROPERTIES {
            for write in self.property_writes(name).iter().take(MOST_SINKS) {
                sinks.push(self.sink_of_write(name, write));
            }
        }
        sinks.sort_by(|one, other| (one.span, &one.api).cmp(&(other.span, &other.api)));
        sinks
    }

    fn sink_of_call(&self, api: &str, c: C, value: V) -> Sink {
        Sink {
            api: api.to_owned(),
            span: self.span(value),
            traces: self.traces(c, value, &self.entrances(), Purpose::VALUE),
            guard: self.guard_of_call(c, value),
        }
    }

    fn sink_of_write(&self, name: &str, write: &PropertyWrite) -> Sink {
        Sink {
            api: name.to_owned(),
            span: self.span(write.value),
            traces: self.traces_of_write(write, &self.entrances(), Purpose::VALUE),
            guard: self.guard(write.function, write.condition, write.value),
        }
    }
}
