//! Which frame may come when. A worker that breaks this is killed.

use std::collections::HashSet;

use super::frames::{FromWorker, ToWorker};

/// What a worker did that no worker does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum Violation {
    #[error("a frame before ready")]
    NotReady,
    #[error("ready a second time")]
    ReadyTwice,
    #[error("an answer to {0}, which was not asked")]
    Unasked(u32),
    #[error("the call id {0} is in use")]
    IdInUse(u32),
    #[error("more than {0} calls in flight")]
    TooManyCalls(usize),
    #[error("function {0} does not exist")]
    NoSuchFunction(u32),
    #[error("a pong that answers no ping")]
    Pong,
    #[error("a module request while nothing loads")]
    ModuleRequest,
    #[error("a reset that was not asked for")]
    Reset,
    #[error("bytecode from a worker that runs scripts")]
    Compiled,
}

/// One conversation as the host sees it.
#[derive(Debug)]
pub struct Session {
    calls_in_flight: usize,
    functions: u32,
    ready: bool,
    /// What the worker has not answered.
    asked: Asked,
    /// Calls of the worker that the host has not answered.
    owed: HashSet<u32>,
    ping: Option<u64>,
    module_requested: bool,
    resetting: bool,
    /// What was sent before the reset that is under way. It may still be answered, until the reset is done.
    ending: Asked,
    /// What the last reset has ended.
    ended: Asked,
}

/// What the host asked of a worker, by id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Scripts and modules.
    pub executes: HashSet<u32>,
    /// Calls of exposed methods.
    pub calls: HashSet<u32>,
}

impl Session {
    /// A conversation that begins. `functions` is the length of the list of `api`.
    #[must_use]
    pub fn new(functions: u32, calls_in_flight: u32) -> Self {
        Self {
            calls_in_flight: calls_in_flight as usize,
            functions,
            ready: false,
            asked: Asked::default(),
            owed: HashSet::new(),
            ping: None,
            module_requested: false,
            resetting: false,
            ending: Asked::default(),
            ended: Asked::default(),
        }
    }

    /// Whether the worker has said that it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Takes note of what the host sends.
    pub fn sent(&mut self, frame: &ToWorker) {
        match frame {
            ToWorker::Execute { id, .. } | ToWorker::ExecuteCode { id, .. } | ToWorker::Load { id, .. } => {
                self.asked.executes.insert(*id);
            }
            ToWorker::RpcCall { id, .. } => {
                self.asked.calls.insert(*id);
            }
            ToWorker::ApiResult { id, .. }
            | ToWorker::ApiError { id, .. }
            | ToWorker::RpcResult { id, .. }
            | ToWorker::RpcError { id, .. } => {
                self.owed.remove(id);
            }
            ToWorker::Ping { nonce } => self.ping = Some(*nonce),
            ToWorker::ModuleSource { .. } | ToWorker::ModuleCode { .. } => self.module_requested = false,
            ToWorker::Reset => {
                self.resetting = true;
                let Asked { executes, calls } = std::mem::take(&mut self.asked);
                self.ending.executes.extend(executes);
                self.ending.calls.extend(calls);
            }
            ToWorker::ApiInit { .. }
            | ToWorker::Notify { .. }
            | ToWorker::Port { .. }
            | ToWorker::Compile { .. }
            | ToWorker::Exit => {}
        }
    }

    /// Judges what the worker sent.
    ///
    /// # Errors
    /// The [`Violation`]; the worker must then be killed, and nothing more of it be read.
    pub fn receive(&mut self, frame: &FromWorker) -> Result<(), Violation> {
        if !self.ready && !matches!(frame, FromWorker::Ready) {
            return Err(Violation::NotReady);
        }
        match frame {
            FromWorker::Ready if self.ready => return Err(Violation::ReadyTwice),
            FromWorker::Ready => self.ready = true,
            FromWorker::Result { id, .. } | FromWorker::Error { id, .. } | FromWorker::TimedOut { id, .. } => {
                if !self.asked.executes.remove(id) && !self.ending.executes.remove(id) {
                    return Err(Violation::Unasked(*id));
                }
            }
            FromWorker::ApiCall { id, index, .. } => {
                if *index >= self.functions {
                    return Err(Violation::NoSuchFunction(*index));
                }
                self.owe(*id)?;
            }
            FromWorker::RpcCall { id, .. } => self.owe(*id)?,
            FromWorker::RpcResult { id, .. } | FromWorker::RpcError { id, .. } => {
                if !self.asked.calls.remove(id) && !self.ending.calls.remove(id) {
                    return Err(Violation::Unasked(*id));
                }
            }
            FromWorker::Pong { nonce } => {
                if self.ping.take() != Some(*nonce) {
                    return Err(Violation::Pong);
                }
            }
            FromWorker::ModuleRequest { .. } => {
                if std::mem::replace(&mut self.module_requested, true) {
                    return Err(Violation::ModuleRequest);
                }
            }
            FromWorker::ResetDone => {
                if !std::mem::take(&mut self.resetting) {
                    return Err(Violation::Reset);
                }
                // The context that would have answered is gone. Answers that the host still owes are dropped there.
                self.ended = std::mem::take(&mut self.ending);
            }
            // Bytecode is taken from workers that were made to compile, which have no session.
            FromWorker::Compiled { .. } => return Err(Violation::Compiled),
            FromWorker::Notify { .. } | FromWorker::Log { .. } | FromWorker::Uncaught { .. } => {}
        }
        Ok(())
    }

    /// What nobody will answer, since the reset that was just done.
    pub fn take_ended(&mut self) -> Asked {
        std::mem::take(&mut self.ended)
    }

    fn owe(&mut self, id: u32) -> Result<(), Violation> {
        if self.owed.len() >= self.calls_in_flight {
            return Err(Violation::TooManyCalls(self.calls_in_flight));
        }
        if self.owed.insert(id) { Ok(()) } else { Err(Violation::IdInUse(id)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use electrolint_policy::Value;

    fn ready() -> Session {
        let mut session = Session::new(2, 3);
        session.receive(&FromWorker::Ready).expect("the first frame");
        session
    }

    fn call(id: u32) -> FromWorker {
        FromWorker::ApiCall { id, index: 0, args: Value::Array(vec![]) }
    }

    #[test]
    fn nothing_comes_before_ready_and_ready_comes_once() {
        assert_eq!(Session::new(2, 3).receive(&call(0)), Err(Violation::NotReady));
        assert_eq!(ready().receive(&FromWorker::Ready), Err(Violation::ReadyTwice));
    }

    #[test]
    fn only_what_was_asked_is_answered_and_once() {
        let mut session = ready();
        let result = FromWorker::Result { id: 7, value: Value::Null };
        assert_eq!(session.receive(&result), Err(Violation::Unasked(7)));
        session.sent(&ToWorker::Execute { id: 7, timeout_ms: 1, code: String::new() });
        assert_eq!(session.receive(&result), Ok(()));
        assert_eq!(session.receive(&result), Err(Violation::Unasked(7)));
        let reply = FromWorker::RpcResult { id: 7, value: Value::Null };
        session.sent(&ToWorker::Execute { id: 7, timeout_ms: 1, code: String::new() });
        assert_eq!(session.receive(&reply), Err(Violation::Unasked(7)));
        session.sent(&ToWorker::RpcCall { id: 7, method: "m".into(), args: Value::Null });
        assert_eq!(session.receive(&reply), Ok(()));
        session.sent(&ToWorker::Ping { nonce: 1 });
        assert_eq!(session.receive(&FromWorker::Pong { nonce: 2 }), Err(Violation::Pong));
        let mut session = ready();
        assert_eq!(session.receive(&FromWorker::Pong { nonce: 0 }), Err(Violation::Pong));
    }

    #[test]
    fn calls_are_counted_and_numbered() {
        let mut session = ready();
        for id in 0..3 {
            assert_eq!(session.receive(&call(id)), Ok(()));
        }
        assert_eq!(session.receive(&call(9)), Err(Violation::TooManyCalls(3)));
        session.sent(&ToWorker::ApiResult { id: 1, value: Value::Null });
        assert_eq!(session.receive(&call(2)), Err(Violation::IdInUse(2)));
        assert_eq!(session.receive(&call(1)), Ok(()));
        let missing = FromWorker::ApiCall { id: 8, index: 2, args: Value::Null };
        assert_eq!(ready().receive(&missing), Err(Violation::NoSuchFunction(2)));
    }

    #[test]
    fn a_reset_is_answered_once_and_forgets_what_was_asked() {
        let mut session = ready();
        assert_eq!(session.receive(&FromWorker::ResetDone), Err(Violation::Reset));
        let mut session = ready();
        session.sent(&ToWorker::Execute { id: 7, timeout_ms: 1, code: String::new() });
        session.sent(&ToWorker::Reset);
        assert_eq!(session.receive(&FromWorker::ResetDone), Ok(()));
        let late = FromWorker::Result { id: 7, value: Value::Null };
        assert_eq!(session.receive(&late), Err(Violation::Unasked(7)));
        assert_eq!(session.take_ended(), Asked { executes: HashSet::from([7]), calls: HashSet::new() });
        assert_eq!(ready().receive(&FromWorker::Compiled { code: vec![] }), Err(Violation::Compiled));
    }

    #[test]
    fn what_was_asked_of_the_next_context_is_answered_after_the_reset() {
        let mut session = ready();
        session.sent(&ToWorker::RpcCall { id: 6, method: "m".into(), args: Value::Null });
        session.sent(&ToWorker::Execute { id: 7, timeout_ms: 1, code: String::new() });
        session.sent(&ToWorker::Reset);
        session.sent(&ToWorker::Execute { id: 8, timeout_ms: 1, code: String::new() });
        let result = |id| FromWorker::Result { id, value: Value::Null };
        assert_eq!(session.receive(&result(7)), Ok(()), "it was on its way");
        assert_eq!(session.receive(&FromWorker::ResetDone), Ok(()));
        assert_eq!(session.receive(&result(8)), Ok(()));
        assert_eq!(session.take_ended(), Asked { executes: HashSet::new(), calls: HashSet::from([6]) });
    }

    #[test]
    fn one_module_at_a_time() {
        let mut session = ready();
        let request = FromWorker::ModuleRequest { specifier: "a".into(), referrer: String::new() };
        assert_eq!(session.receive(&request), Ok(()));
        assert_eq!(session.receive(&request), Err(Violation::ModuleRequest));
        session.sent(&ToWorker::ModuleSource { module: Err(String::new()) });
        assert_eq!(session.receive(&request), Ok(()));
    }
}
