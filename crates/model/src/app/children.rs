//! Windows and webviews that pages ask for: what handlers and feature strings give them.

use super::windows::{Window, WindowKind};
use super::{App, Listener};
use crate::electron::webview;
use crate::link::things::*;
use crate::link::{F, Placed, V};
use crate::source::Span;
use crate::summary::Key;

fn window(app: &App, kind: WindowKind, listener: &Listener, span: Span, embedders: &[usize]) -> Window {
    let name = if kind == WindowKind::Attach { "webPreferences" } else { "features" };
    Window {
        kind,
        call: None,
        by: None,
        span,
        symbol: format!("{}.{name}", app.symbol(listener.call)),
        preferences: Vec::new(),
        may_lack: true,
        unknown: false,
        attributes: Vec::new(),
        written: Vec::new(),
        from: None,
        session: Origin::Some,
        certainty: listener.certainty,
        development: listener.development,
        embedders: embedders.to_vec(),
        asked: Default::default(),
    }
}

/// What `will-attach-webview` handlers write into their second parameter, the guest's preferences.
pub(super) fn attached(app: &App, embedders: &[usize], windows: &mut Vec<Window>) {
    for listener in app.listeners("WebContents", "will-attach-webview") {
        let Some(handler) = listener.handler else { continue };
        let mut guest = window(app, WindowKind::Attach, &listener, app.callee_span(listener.call), embedders);
        written_to(app, handler, 1, &mut guest.written);
        if !guest.written.is_empty() {
            windows.push(guest);
        }
    }
}

/// Writes to properties of a parameter, in source order; one that happens in any case takes the place of those before it.
fn written_to(app: &App, f: F, parameter: u32, written: &mut Vec<(String, Placed)>) {
    let summary = app.program.summary(f.0);
    let events = summary.function(f.1).events;
    for write in &summary.writes {
        if write.order <= events.0 || write.order > events.1 || !app.is_parameter(V(f.0, write.object), f, parameter) {
            continue;
        }
        let (Key::Name(key), value) = (write.key, write.value) else { continue };
        let key = summary.str(key);
        if write.condition.is_none() {
            written.retain(|(name, _)| name != key);
        }
        let Some(value) = value else { continue };
        let development = app.program.development_of(f.0, write.condition, &Frames::default());
        for known in app.eval(V(f.0, value)).iter() {
            let mut known = known.clone();
            known.development = known.development.or(development);
            written.push((
                key.to_owned(),
                Placed { known, span: app.program.place(f.0, write.span), written: Some(V(f.0, value)) },
            ));
        }
    }
}

/// The features string of `window.open`, where it sets preferences.
pub(super) fn opened(app: &App, embedders: &[usize], windows: &mut Vec<Window>) {
    for call in app.calls_of(&["window.open", "open", "globalThis.open"]) {
        let Some(features) = call.argument(app, 2) else { continue };
        for known in app.eval(features).iter() {
            let Some(text) = known.text() else { continue };
            let given = webview::parse_window_features(text, &app.electron.version);
            if given.is_empty() {
                continue;
            }
            let listener = Listener {
                call: call.call,
                receiver: None,
                event: None,
                handler: None,
                value: None,
                once: false,
                certainty: call.certainty.min(known.certainty),
                development: known.development,
            };
            let whole = app.span(features);
            let offset = app.text(whole).find(text);
            let mut child = window(app, WindowKind::Features, &listener, call.callee_span(app), embedders);
            for feature in given {
                let span = match offset {
                    Some(offset) => {
                        let start = whole.start + (offset + feature.range.start) as u32;
                        let end = whole.start + (offset + feature.range.end) as u32;
                        Span { file: whole.file, start, end }
                    }
                    None => whole,
                };
                child.attributes.push((feature.key, feature.given, span));
            }
            windows.push(child);
        }
    }
}
