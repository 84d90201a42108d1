//! The facts as text, for people: `electrolint facts`.

use std::fmt::Write;

use super::App;
use crate::electron::preferences::Value;
use crate::source::Span;

impl App<'_> {
    /// What the model sees, in lines.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "electron {} ({})", self.electron.version, self.electron.source_text());
        let _ = writeln!(
            out,
            "files {}, scripts {}, pages {}",
            self.files_read,
            self.program.units.len(),
            self.pages.len()
        );
        let mut separate: Vec<_> = self.entries().separate.iter().copied().collect();
        separate.sort_unstable();
        for (what, units) in [("entry", &self.entries().scripts), ("separate", &separate)] {
            for unit in units {
                let _ = writeln!(out, "{what} {}", self.sources.file(self.program.file(*unit)).path);
            }
        }
        for window in &self.windows {
            let _ = writeln!(
                out,
                "{} {:?} {} {:?}",
                self.place_text(window.span),
                window.kind,
                window.symbol,
                window.session
            );
            for (key, setting) in window.effective(self).booleans() {
                if setting.is_written() || setting.value == Value::Unknown {
                    let _ = writeln!(out, "    {key}: {:?} ({:?})", setting.value, setting.reason);
                }
            }
        }
        for addon in self.addons() {
            let _ = writeln!(out, "addon {:?} ({:?}), scripts {}", addon.folder, addon.certainty, addon.units.len());
        }
        for sandbox in self.sandboxes() {
            let names: Vec<&str> = sandbox.functions.iter().map(|(name, _)| name.as_str()).collect();
            let span = self.program.place(sandbox.call.0, self.program.call(sandbox.call).span);
            let _ = writeln!(out, "{} sandbox with {names:?}, ends {:?}", self.place_text(span), sandbox.end);
        }
        for load in self.loads() {
            let url = load.url.map_or_else(String::new, |url| {
                self.eval(url).iter().map(|known| format!("{:?}", self.content(known))).collect::<Vec<_>>().join(" or ")
            });
            let _ = writeln!(out, "{} load {url} into {:?}", self.place_text(load.span), load.window);
        }
        for (class, events) in [
            (
                "WebContents",
                &["will-navigate", "will-frame-navigate", "will-redirect", "new-window", "will-attach-webview"][..],
            ),
            ("app", &["web-contents-created", "open-url", "second-instance", "certificate-error"][..]),
        ] {
            for event in events {
                for listener in self.listeners(class, event) {
                    let span = self.program.place(listener.call.0, self.program.call(listener.call).span);
                    let _ = writeln!(
                        out,
                        "{} {class} {event} on {:?}{}",
                        self.place_text(span),
                        listener.receiver.map(|host| host.origin),
                        if listener.handler.is_some() { "" } else { " (handler not found)" }
                    );
                }
            }
        }
        for handler in self.ipc_handlers() {
            let span = self.program.place(handler.call.0, self.program.call(handler.call).span);
            let _ = writeln!(out, "{} ipc {}", self.place_text(span), handler.event.as_deref().unwrap_or("?"));
        }
        for api in ["shell.openExternal", "WebContents.setWindowOpenHandler", "Session.setPermissionRequestHandler"] {
            for call in self.calls(api).iter() {
                let _ = writeln!(out, "{} {api} {:?}", self.place_text(call.span(self)), call.certainty);
            }
        }
        for problem in &self.problems {
            let _ = writeln!(out, "problem {} {}: {}", problem.path, problem.kind.name(), problem.message);
        }
        out
    }

    /// `path:line:column` of a span.
    pub fn place_text(&self, span: Span) -> String {
        let file = self.sources.file(span.file);
        let position = file.text.position(span.start);
        format!("{}:{}:{}", file.path, position.line, position.column)
    }
}
