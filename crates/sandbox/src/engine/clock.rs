//! The hard clock: a thread that kills at a deadline, whatever the rest of the program is doing.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Instant;

/// Something that ends when its time is over.
pub(super) trait Mortal: Send + Sync {
    /// Called by the clock's thread once `what` is due. Must not block.
    fn expire(&self, what: u32);
}

type Entries = BTreeMap<(Instant, u64), (Weak<dyn Mortal>, u32)>;

#[derive(Default)]
struct State {
    entries: Entries,
    next: u64,
    stopped: bool,
}

/// One thread for all sandboxes of an engine; it ends with its last handle.
pub(super) struct Clock(Arc<(Mutex<State>, Condvar)>);

impl Clock {
    pub(super) fn start() -> std::io::Result<Self> {
        let shared: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let thread = shared.clone();
        std::thread::Builder::new().name("sandbox-clock".into()).spawn(move || tick(&thread))?;
        Ok(Self(shared))
    }

    /// Calls `expire(what)` at `when`, unless the deadline is dropped before.
    pub(super) fn at(&self, when: Instant, mortal: Weak<dyn Mortal>, what: u32) -> Deadline {
        let (state, wake) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.next += 1;
        let key = (when, state.next);
        state.entries.insert(key, (mortal, what));
        if state.entries.first_key_value().is_some_and(|(first, _)| *first == key) {
            wake.notify_one();
        }
        Deadline { clock: self.0.clone(), key }
    }
}

/// A time that the clock waits for, for as long as this lives.
pub(super) struct Deadline {
    clock: Arc<(Mutex<State>, Condvar)>,
    key: (Instant, u64),
}

impl Drop for Deadline {
    fn drop(&mut self) {
        // The clock may wake for it once more and find the next one.
        self.clock.0.lock().unwrap_or_else(PoisonError::into_inner).entries.remove(&self.key);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let (state, wake) = &*self.0;
        state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        wake.notify_one();
    }
}

fn tick((state, wake): &(Mutex<State>, Condvar)) {
    let mut guard = state.lock().unwrap_or_else(PoisonError::into_inner);
    while !guard.stopped {
        let now = Instant::now();
        match guard.entries.first_key_value().map(|(key, _)| *key) {
            Some(key) if key.0 <= now => {
                let due = guard.entries.remove(&key);
                // Without the lock: this may be the last handle of the engine, whose end takes it.
                drop(guard);
                if let Some((mortal, what)) = due
                    && let Some(mortal) = mortal.upgrade()
                {
                    mortal.expire(what);
                }
                guard = state.lock().unwrap_or_else(PoisonError::into_inner);
            }
            Some((when, _)) => {
                guard = wake.wait_timeout(guard, when - now).unwrap_or_else(PoisonError::into_inner).0;
            }
            None => guard = wake.wait(guard).unwrap_or_else(PoisonError::into_inner),
        }
    }
}
