//! The facts as text, for people: `electrolint facts`.

use std::fmt::Write;

use super::{App, Shown};
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
        for page in &self.pages {
            let shown = self.shown(page);
            if matches!(shown, Shown::Beside | Shown::Perhaps) {
                let _ = writeln!(out, "page {} {shown:?}", self.sources.file(page.file).path);
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
        self.dump_flows(&mut out);
        for api in ["WebContents.setWindowOpenHandler", "Session.setPermissionRequestHandler"] {
            for call in self.calls(api).iter() {
                let _ = writeln!(out, "{} {api} {:?}", self.place_text(call.span(self)), call.certainty);
            }
        }
        for problem in &self.problems {
            let _ = writeln!(out, "problem {} {}: {}", problem.path, problem.kind.name(), problem.message);
        }
        let mut read: Vec<&str> = self.program.units.iter().map(|unit| &*self.sources.file(unit.file).path).collect();
        read.dedup();
        for path in read {
            let _ = writeln!(out, "read {path}");
        }
        out
    }

    /// Functions that somebody else calls, places where data may do harm, and what stands between.
    fn dump_flows(&self, out: &mut String) {
        let entrances = self.entrances();
        let mut sources: Vec<_> = entrances
            .iter()
            .map(|(f, entrance)| (self.parameter_span(*f, entrance.first), entrance.kind, entrance.first))
            .collect();
        sources.sort_unstable();
        for (span, kind, first) in sources {
            let _ = writeln!(out, "{} source {}, from parameter {first} on", self.place_text(span), kind.text());
        }
        for sink in self.sinks() {
            let _ = writeln!(out, "{} sink {}", self.place_text(sink.span), sink.api);
            for trace in &sink.traces {
                let origin = &trace.origin;
                let _ = write!(out, "    from {} at {}", origin.kind.text(), self.place_text(origin.span));
                for span in &origin.through {
                    let _ = write!(out, ", handed over at {}", self.place_text(*span));
                }
                let words = [(trace.opaque, ", checked or changed on the way"), (!trace.whole, ", as a part")];
                for (_, word) in words.iter().filter(|(holds, _)| *holds) {
                    out.push_str(word);
                }
                out.push('\n');
            }
            if sink.traces.is_empty() {
                let _ = writeln!(out, "    from the app alone, or checked");
            }
            if let Some(span) = sink.guard.span {
                let why = sink.guard.why.map_or_else(String::new, |why| format!(": {why}"));
                let _ = writeln!(out, "    guard {} at {}{why}", sink.guard.strength.text(), self.place_text(span));
            }
        }
    }

    /// `path:line:column` of a span.
    pub fn place_text(&self, span: Span) -> String {
        self.sources.place_text(span)
    }
}
