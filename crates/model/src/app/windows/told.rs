//! Windows whose preferences somebody else decides.

use super::{App, Window, WindowKind};
use crate::app::sources::SourceKind;
use crate::app::traces::Trace;
use crate::electron::preferences::Given;
use crate::link::C;

impl App<'_> {
    /// Every way in which somebody else's data gets into what decides whether a window's pages have Node: the options as a whole, the
    /// preferences as a whole, or that one.
    pub fn told_preferences(&self, window: &Window) -> Vec<Trace> {
        let is_made =
            matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView);
        let Some(c) = window.call.filter(|_| is_made) else { return Vec::new() };
        let given = window.given(self, "nodeIntegration");
        if !given.iter().any(|(given, placed)| *given == Given::Unknown && placed.is_none()) {
            return Vec::new();
        }
        let Some(options) = self.program.argument(c, 0) else { return Vec::new() };
        let mut traces = self.traces_of_property(c, options, "webPreferences.nodeIntegration", &self.entrances());
        // What a page opens gets no more than Electron hands on: https://www.electronjs.org/docs/latest/api/window-open
        traces.retain(|trace| trace.is_untrusted() && trace.origin.kind != SourceKind::WindowOpen);
        traces
    }

    /// The window that a call makes.
    pub(in crate::app) fn window_made(&self, c: C) -> Option<&Window> {
        self.windows.iter().find(|window| window.call == Some(c))
    }
}
