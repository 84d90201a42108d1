//! Message ports: sockets to other sandboxes, handed over by the host, which is not on their path.
//!
//! What comes in is another sandbox's and as untrusted to this script as anything else; a message that cannot be read
//! closes the port. Nothing here blocks: who does not read is written to up to a bound.

use std::collections::BTreeMap;
use std::os::fd::AsFd;

use electrolint_policy::Value;
use rquickjs::Function;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::os::fds::Descriptor;
use crate::proto::codec::{Reader, Writer};

/// Bytes that wait for the other side, beyond one message.
const MOST_WAITING: usize = 2 << 20;

#[derive(Default)]
pub(super) struct Ports<'js>(BTreeMap<String, Port<'js>>);

#[derive(Default)]
struct Port<'js> {
    /// None before the host has connected it, and after it was closed.
    socket: Option<Descriptor>,
    closed: bool,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    handler: Option<Function<'js>>,
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Closed,
    Full,
}

impl<'js> Ports<'js> {
    pub(super) fn connect(&mut self, name: &str, socket: Descriptor) {
        let port = self.0.entry(name.to_owned()).or_default();
        port.socket = Some(socket);
        port.closed = false;
        port.flush();
    }

    pub(super) fn close(&mut self, name: &str) {
        let port = self.0.entry(name.to_owned()).or_default();
        *port = Port { closed: true, handler: port.handler.take(), ..Port::default() };
    }

    pub(super) fn set_handler(&mut self, name: &str, handler: Option<Function<'js>>) {
        self.0.entry(name.to_owned()).or_default().handler = handler;
    }

    pub(super) fn handler(&self, name: &str) -> Option<Function<'js>> {
        self.0.get(name)?.handler.clone()
    }

    /// Messages before the port is connected wait for it.
    pub(super) fn post(&mut self, name: &str, value: &Value, limit: usize) -> Result<(), Refusal> {
        let port = self.0.entry(name.to_owned()).or_default();
        port.flush();
        if port.closed {
            return Err(Refusal::Closed);
        }
        if port.outbound.len() > MOST_WAITING.max(limit) {
            return Err(Refusal::Full);
        }
        let mut writer = Writer(vec![0; 4]);
        writer.value(value);
        let length = u32::try_from(writer.0.len() - 4).unwrap_or(u32::MAX);
        writer.0[..4].copy_from_slice(&length.to_le_bytes());
        port.outbound.append(&mut writer.0);
        port.flush();
        Ok(())
    }

    /// What to wait for. A port without handler is not read, so that its messages wait in the socket.
    pub(super) fn waits(&self) -> Vec<PollFd<'_>> {
        let wait = |port: &'_ Port<'js>| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, port.handler.is_some());
            flags.set(PollFlags::OUT, !port.outbound.is_empty());
            (!flags.is_empty()).then_some(flags)
        };
        let sockets = self.0.values().filter_map(|port| Some((port.socket.as_ref()?, wait(port)?)));
        sockets.map(|(socket, flags)| PollFd::from_borrowed_fd(socket.as_fd(), flags)).collect()
    }

    /// Moves what can be moved without waiting, and takes at most one message of each port that has a handler.
    pub(super) fn turn(&mut self, limit: usize) -> Vec<(String, Value)> {
        let mut messages = Vec::new();
        for (name, port) in &mut self.0 {
            port.flush();
            if port.handler.is_some()
                && let Some(message) = port.receive(limit)
            {
                messages.push((name.clone(), message));
            }
        }
        messages
    }

    /// Whether a message that was read already waits for its turn.
    pub(super) fn has_message(&self) -> bool {
        self.0.values().any(|port| port.handler.is_some() && port.complete().is_some())
    }
}

impl Port<'_> {
    fn end(&mut self) {
        self.socket = None;
        self.closed = true;
        self.inbound = Vec::new();
        self.outbound = Vec::new();
    }

    fn flush(&mut self) {
        while let Some(socket) = self.socket.as_ref().filter(|_| !self.outbound.is_empty()) {
            match rustix::net::send(socket, &self.outbound, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(sent) => drop(self.outbound.drain(..sent)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => return self.end(),
            }
        }
    }

    /// What the header of the first message says, once it is here.
    fn announced(&self) -> Option<usize> {
        let header = self.inbound.get(..4)?;
        Some(u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize)
    }

    /// The length of the first message, if all of it is here.
    fn complete(&self) -> Option<usize> {
        self.announced().filter(|length| self.inbound.len() - 4 >= *length)
    }

    fn receive(&mut self, limit: usize) -> Option<Value> {
        let mut chunk = [0; 8 << 10];
        loop {
            if self.announced().is_some_and(|length| length > limit) {
                self.end();
                return None;
            }
            if self.complete().is_some() {
                break;
            }
            match rustix::net::recv(self.socket.as_ref()?, &mut chunk, RecvFlags::DONTWAIT) {
                Err(Errno::AGAIN) => return None,
                Err(Errno::INTR) => {}
                Ok((n @ 1.., _)) => self.inbound.extend_from_slice(&chunk[..n]),
                Ok((0, _)) | Err(_) => {
                    self.end();
                    return None;
                }
            }
        }
        let length = self.complete()?;
        let mut reader = Reader::new(&self.inbound[4..4 + length]);
        let message = reader.value().and_then(|value| reader.end().map(|()| value));
        self.inbound.drain(..4 + length);
        if message.is_err() {
            self.end();
        }
        message.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::fds;
    use std::os::fd::OwnedFd;

    fn connected() -> (Ports<'static>, OwnedFd) {
        let (own, other) = fds::pair(rustix::net::SocketType::STREAM).expect("a pair");
        let mut ports = Ports::default();
        ports.connect("", Descriptor::new(own));
        (ports, other)
    }

    /// What the port reads of these bytes, as if it had a handler, and whether it is closed then.
    fn read(bytes: &[u8]) -> (Vec<Value>, bool) {
        let (mut ports, other) = connected();
        rustix::net::send(&other, bytes, SendFlags::NOSIGNAL).expect("sent");
        let port = ports.0.get_mut("").expect("the port");
        let mut found = Vec::new();
        while let Some(value) = port.receive(64) {
            found.push(value);
        }
        (found, port.closed)
    }

    fn message(value: &Value) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.value(value);
        [&(writer.0.len() as u32).to_le_bytes()[..], &writer.0].concat()
    }

    #[test]
    fn what_another_sandbox_sends_is_read_with_bounds() {
        let good = message(&7.into());
        assert_eq!(read(&good), (vec![7.into()], false));
        assert_eq!(read(&good[..good.len() - 1]), (vec![], false), "the rest may come");
        // Too long by its header; garbage; nothing; more than one value.
        for bad in [vec![255, 255, 255, 255], vec![2, 0, 0, 0, 99, 99], vec![0; 4], vec![2, 0, 0, 0, 1, 1]] {
            assert_eq!(read(&bad), (vec![], true), "{bad:?}");
            assert_eq!(read(&[good.clone(), bad.clone()].concat()), (vec![7.into()], true), "{bad:?}");
        }
    }

    #[test]
    fn who_does_not_read_is_written_to_up_to_a_bound() {
        let (mut ports, other) = connected();
        let value = Value::from("x".repeat(60_000).as_str());
        let refused = (0..1000).find_map(|_| ports.post("", &value, 64 << 10).err());
        assert_eq!(refused, Some(Refusal::Full));
        drop(other);
        assert_eq!(ports.post("", &value, 64 << 10), Err(Refusal::Closed));
    }
}
