//! What a host tells of its addons.

use serde_json::{Value as Json, json};

use super::addon::AddonState;
use crate::Event;
use crate::engine::event_json;
use crate::engine::fanout::Receiver;

/// Something that happened to an addon.
#[derive(Debug, Clone, PartialEq)]
pub struct HostEvent {
    /// Its id; the name of its folder if the manifest cannot be used. That name is not checked: escape it for a terminal.
    pub addon: String,
    /// What happened.
    pub what: What,
}

/// What happened to an addon.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It was found: what it asks for and what it is granted, side by side.
    Found {
        /// What the manifest asks for.
        asked: Json,
        /// What it is granted.
        granted: Json,
        /// Where its folder lies.
        folder: String,
    },
    /// Its manifest cannot be used, or its state cannot be kept.
    Unusable(String),
    /// It does something else now.
    State(AddonState),
    /// It did not start: why.
    StartFailed(String),
    /// It has crashed so often in a row, and is started again after so many milliseconds, or not before somebody asks.
    Crash {
        /// Crashes in a row.
        consecutive: u32,
        /// Milliseconds.
        restart_after_ms: Option<u64>,
    },
    /// It has written its parameters.
    Params(Json),
    /// It has written its configuration.
    Config(Json),
    /// Something of its sandbox.
    Sandbox(Event),
}

impl HostEvent {
    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut message = match &self.what {
            What::Found { asked, granted, folder } => {
                json!({ "event": "found", "folder": folder, "asked": asked, "granted": granted })
            }
            What::Unusable(why) => json!({ "event": "unusable", "why": why }),
            What::State(state) => json!({ "event": "state", "state": state }),
            What::StartFailed(why) => json!({ "event": "start-failed", "why": why }),
            What::Crash { consecutive, restart_after_ms } => {
                json!({ "event": "crash", "consecutive": consecutive, "restartAfterMs": restart_after_ms })
            }
            What::Params(value) => json!({ "event": "params", "value": value }),
            What::Config(value) => json!({ "event": "config", "value": value }),
            What::Sandbox(event) => event_json(event.clone()),
        };
        message["addon"] = self.addon.as_str().into();
        message
    }
}

/// Events of a host from the moment of asking.
pub struct HostEvents(pub(super) Receiver<HostEvent>);

impl HostEvents {
    /// The next event; `None` when the host is gone. A listener that falls behind by more than 4096 events loses the oldest.
    pub async fn next(&mut self) -> Option<HostEvent> {
        self.0.next().await
    }
}
