//! What files hold that the person opens with the app: whoever wrote them says it.

use super::super::sources::SourceKind;
use super::{State, Walk};
use crate::link::things::Thing;
use crate::link::{C, V};
use crate::source::Span;
use crate::summary::Value;

/// Readers of one script that are looked at.
const MOST_READERS: usize = 64;

/// Members and elements in a row between a list of files and one of them.
const MOST_STEPS: usize = 6;

impl Walk<'_, '_> {
    /// What a file holds: the app's own, unless its path is not.
    pub(super) fn file(&mut self, c: C, span: Span, state: State) {
        let Some(path) = self.app.program.argument(c, 0) else { return };
        if self.app.is_in_user_data(path) {
            self.push(SourceKind::File, span, state);
            return;
        }
        let before = self.found.len();
        // Elsewhere than in markup a file that the person chose says what the person wants.
        let was = std::mem::replace(&mut self.is_file, self.purpose.is_markup());
        self.visit(path, State { opaque: true, ..state.part() });
        let is_markup = std::mem::replace(&mut self.is_file, was);
        for trace in self.found.iter_mut().skip(before).filter(|_| is_markup) {
            if matches!(trace.origin.kind, SourceKind::OpenFile | SourceKind::Opened) {
                trace.origin.kind = SourceKind::Opened;
                trace.opaque = state.opaque;
            }
        }
    }

    /// Whether a call has the person choose the files that are read.
    pub(super) fn chooses_file(&self, path: &str) -> bool {
        self.is_file && matches!(path, "dialog.showOpenDialog" | "dialog.showOpenDialogSync")
    }

    /// Whether a value is a file that the person chose or dropped in a page: `input.files[0]`, `event.dataTransfer.files[0]`.
    pub(super) fn is_file_of_page(&self, v: V) -> bool {
        let program = &self.app.program;
        let mut at = program.behind(v);
        for _ in 0..MOST_STEPS {
            at = match program.value(at) {
                Value::Member(_, name) if program.str(at.0, name) == "files" => return self.is_list_of_files(at),
                Value::Member(inner, _) | Value::Index(inner, _) | Value::ElementOf(inner) => {
                    program.behind(V(at.0, inner))
                }
                _ => return false,
            };
        }
        false
    }

    fn is_list_of_files(&self, files: V) -> bool {
        let program = &self.app.program;
        let Value::Member(object, _) = program.value(files) else { return false };
        let object = program.behind(V(files.0, object));
        let is_of_event = matches!(program.value(object), Value::Member(_, name)
            if matches!(program.str(object.0, name), "target" | "currentTarget" | "dataTransfer" | "clipboardData"));
        is_of_event
            || self.app.eval(object).iter().any(|known| match &known.thing {
                Thing::Element(tag, _) => &**tag == "input",
                Thing::Result(path, _) => matches!(&**path, "document.getElementById" | "document.querySelector"),
                _ => false,
            })
    }

    /// Whether what is read of a value, or of the event that tells of it, is the text of a file that the person chose:
    /// `reader.readAsText(input.files[0])`, `reader.onload = () => show(reader.result)`.
    pub(super) fn reads_opened_file(&self, v: V) -> bool {
        let app = self.app;
        let v = self.told_about(v).unwrap_or(v);
        let made = |v: V| {
            app.eval(v).iter().find_map(|known| match &known.thing {
                Thing::Result(path, made) if &**path == "new FileReader" => Some(*made),
                _ => None,
            })
        };
        let Some(reader) = made(v) else { return false };
        let reads = |c: &C| match app.program.value(V(c.0, app.program.call(*c).callee)) {
            Value::Member(object, _) => made(V(c.0, object)) == Some(reader),
            _ => false,
        };
        let named = ["readAsText", "readAsBinaryString"].into_iter().flat_map(|name| app.program.calls_named(name));
        named.filter(|c| c.0 == reader.0).take(MOST_READERS).any(reads)
    }
}
