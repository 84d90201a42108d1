//! Who sends messages to pages: `webContents.send(channel, …)`, also through functions of the app's own.

use rustc_hash::FxHashMap;

use super::{App, Process};
use crate::link::things::Thing;
use crate::link::{C, F};
use crate::summary::Value;

/// Methods that send to a renderer, and which of their arguments is the channel:
/// <https://www.electronjs.org/docs/latest/api/web-contents#contentssendchannel-args>.
const SEND: [(&str, usize); 5] = [("send", 0), ("reply", 0), ("postMessage", 0), ("sendToFrame", 1), ("sendTo", 1)];

/// Calls that are looked at, and senders of one channel.
const MOST_CALLS: usize = 1000;
const MOST_SENDERS: usize = 16;

/// Ways from a call that says a channel to one that sends on it, in the whole app: functions that all call each other have many.
const MOST_WAYS: usize = 10_000;

/// Functions of the app's own in a row that hand the channel on.
const MOST_HELPERS: usize = 3;

/// A call that sends a message to a renderer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    /// The call.
    pub call: C,
    /// Which of its arguments is the first that the listener is given after the event.
    pub first: usize,
    /// The functions that hand on what is sent, the outermost first, each with the call of it that says the channel.
    pub through: Vec<(F, C)>,
}

/// Every such call.
#[derive(Default)]
pub(super) struct Senders {
    by_channel: FxHashMap<String, Vec<Sender>>,
    /// Something is sent on a channel that is not known.
    is_open: bool,
    /// Ways that were looked at.
    ways: usize,
}

impl Senders {
    /// Those of a channel, and whether these are all.
    pub fn of(&self, channel: &str) -> (&[Sender], bool) {
        let senders = self.by_channel.get(channel).map_or(&[][..], Vec::as_slice);
        (&senders[..senders.len().min(MOST_SENDERS)], !self.is_open && senders.len() <= MOST_SENDERS)
    }
}

impl App<'_> {
    /// Who sends messages to renderers, by channel.
    pub(super) fn senders_to_pages(&self) -> &Senders {
        self.senders_to_pages.get_or_init(|| {
            // What a script brings to its own listeners is not looked at.
            let mut senders = Senders { is_open: !self.calls("ipcRenderer.emit").is_empty(), ..Senders::default() };
            for (method, channel) in SEND {
                let calls = self.program.calls_named(method);
                senders.is_open |= calls.len() > MOST_CALLS;
                for &call in calls.iter().take(MOST_CALLS) {
                    // Workers, frames and ports are told something without a channel.
                    if method == "postMessage" && self.sends_to_page(call) != Some(true) {
                        continue;
                    }
                    let sender = Sender { call, first: channel + 1, through: Vec::new() };
                    self.add_sender(call, channel, sender, &mut senders);
                }
            }
            senders
        })
    }

    /// Adds a sender under the channel that this argument of a call says.
    fn add_sender(&self, said_by: C, argument: usize, sender: Sender, senders: &mut Senders) {
        senders.ways += 1;
        if senders.ways > MOST_WAYS {
            senders.is_open = true;
            return;
        }
        let sends = self.sends_to_page(sender.call);
        let Some(channel) = self.program.argument(said_by, argument) else {
            senders.is_open |= sends != Some(false) && self.program.arguments(said_by).iter().any(|item| item.spread);
            return;
        };
        if sends == Some(false) {
            return;
        }
        if let Value::Parameter(function, index) = self.program.value(self.program.behind(channel)) {
            let f = F(channel.0, function);
            let callers = self.program.registrations(f);
            let is_followed = !callers.is_empty()
                && sender.through.len() < MOST_HELPERS
                && !sender.through.iter().any(|(helper, _)| *helper == f)
                && !self.entrances().contains_key(&f);
            if is_followed {
                for &caller in callers.iter() {
                    let mut sender = sender.clone();
                    sender.through.insert(0, (f, caller));
                    self.add_sender(caller, index as usize, sender, senders);
                    if senders.ways > MOST_WAYS {
                        break;
                    }
                }
                return;
            }
        }
        for known in self.eval(channel).iter() {
            match known.text() {
                Some(text) => {
                    let of_channel = senders.by_channel.entry(text.to_owned()).or_default();
                    if of_channel.len() <= MOST_SENDERS && !of_channel.contains(&sender) {
                        of_channel.push(sender.clone());
                    }
                }
                // A message without data is none, and a channel is a text.
                None => {
                    let may_be_text = matches!(
                        known.thing,
                        Thing::Unknown(_) | Thing::Template(_) | Thing::Result(..) | Thing::Api(_)
                    );
                    let has_data = self.program.arguments(sender.call).len() > sender.first;
                    senders.is_open |= may_be_text && (has_data || sends == Some(true));
                }
            }
        }
    }

    /// Whether a call sends to a renderer; `None` where what it is called on is not known.
    fn sends_to_page(&self, c: C) -> Option<bool> {
        match self.api_of(c).map(|(path, _)| path) {
            Some(path) if is_of_contents(&path) => Some(true),
            // Pages send to the main process, whatever their preload script calls it.
            Some(path) if path.starts_with("ipcRenderer.") || path.starts_with("process.") => Some(false),
            _ if matches!(self.process(c.0), Process::Renderer | Process::Preload) => Some(false),
            _ => None,
        }
    }
}

/// Whether a method is one of contents or of a frame in them.
fn is_of_contents(path: &str) -> bool {
    let class = path.rsplit_once('.').map_or("", |(class, _)| class);
    matches!(class, "WebContents" | "WebFrameMain" | "WebviewTag" | "BrowserWindow") || path == "ipcRenderer.sendTo"
}
