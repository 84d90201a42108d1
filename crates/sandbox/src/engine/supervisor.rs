//! Restarts a sandbox that crashes, more and more slowly, and gives up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use electrolint_policy::policy::Restart;

use super::StartError;
use super::event::Event;
use super::live::lock;
use super::sandbox::Sandbox;

/// What is done about a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Start again after this time.
    Restart(Duration),
    /// So many crashes in a row: not again before somebody asks for it.
    Stop,
}

/// Counts crashes. It has no clock: it is told what time it is.
#[derive(Debug, Clone)]
pub struct Supervision {
    rules: Restart,
    crashes: u32,
    started: Instant,
}

impl Supervision {
    /// Of a sandbox that was started just now.
    #[must_use]
    pub fn new(rules: Restart, now: Instant) -> Self {
        Self { rules, crashes: 0, started: now }
    }

    /// Crashes in a row: a run of `restart.stableAfterMs` ends the row.
    #[must_use]
    pub fn crashes(&self) -> u32 {
        self.crashes
    }

    /// The sandbox was started.
    pub fn started(&mut self, now: Instant) {
        self.started = now;
    }

    /// The sandbox has crashed, or did not start.
    pub fn crashed(&mut self, now: Instant) -> Verdict {
        if now.saturating_duration_since(self.started) >= self.rules.stable_after {
            self.crashes = 0;
        }
        self.crashes += 1;
        if self.crashes >= self.rules.max_consecutive_crashes {
            return Verdict::Stop;
        }
        let waits = &self.rules.backoff;
        // The last one repeats.
        let wait = waits.get(self.crashes as usize - 1).or(waits.last()).copied().unwrap_or_default();
        Verdict::Restart(wait)
    }

    /// Somebody asked for a restart: the row of crashes is over.
    pub fn asked(&mut self, now: Instant) {
        self.crashes = 0;
        self.started = now;
    }
}

/// What a supervised sandbox is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It has crashed and waits to be started again.
    Backoff,
    /// It is not started again: it crashed too often, or was ended.
    Stopped,
}

/// Watches over one sandbox until it is dropped. The sandbox is the caller's still.
pub struct Supervisor {
    sandbox: Arc<Sandbox>,
    shared: Arc<Mutex<(Supervision, State)>>,
    task: tokio::task::JoinHandle<()>,
}

impl Supervisor {
    /// Restarts `sandbox` when it crashes, as `restart` of its policy says. A crash is an end that no caller asked for, a
    /// lockup where `restart.onLockup` says so, and no timeout or abort, which are the caller's.
    #[must_use]
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        let mut events = sandbox.events();
        let rules = sandbox.restart_rules();
        let shared = Arc::new(Mutex::new((Supervision::new(rules, Instant::now()), State::Running)));
        let (watched, state) = (sandbox.clone(), shared.clone());
        let task = tokio::spawn(async move {
            loop {
                match events.next().await {
                    Some(Event::Exit { crash: true, .. }) => {
                        if !recover(&watched, &state).await {
                            return;
                        }
                    }
                    Some(Event::Exit { crash: false, .. }) => set(&state, State::Stopped),
                    Some(Event::Ready) => set(&state, State::Running),
                    Some(_) => {}
                    None => return,
                }
            }
        });
        Self { sandbox, shared, task }
    }

    /// What it is doing now.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.shared).1
    }

    /// Starts it again, whatever it has done before.
    ///
    /// # Errors
    /// As [`Sandbox::restart`].
    pub async fn restart(&self) -> Result<(), StartError> {
        lock(&self.shared).0.asked(Instant::now());
        self.sandbox.restart().await?;
        set(&self.shared, State::Running);
        Ok(())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn set(shared: &Mutex<(Supervision, State)>, state: State) {
    lock(shared).1 = state;
}

/// Tries until it runs or is given up. False when nobody holds the sandbox any more.
async fn recover(sandbox: &Arc<Sandbox>, shared: &Mutex<(Supervision, State)>) -> bool {
    loop {
        let (verdict, crashes) = {
            let mut shared = lock(shared);
            let verdict = shared.0.crashed(Instant::now());
            shared.1 = if verdict == Verdict::Stop { State::Stopped } else { State::Backoff };
            (verdict, shared.0.crashes())
        };
        let Verdict::Restart(wait) = verdict else {
            sandbox.emit(Event::Crash { consecutive: crashes, restart_after: None });
            return true;
        };
        sandbox.emit(Event::Crash { consecutive: crashes, restart_after: Some(wait) });
        tokio::time::sleep(wait).await;
        // Somebody may have started or ended it meanwhile.
        if sandbox.is_running() || lock(shared).1 != State::Backoff {
            return true;
        }
        lock(shared).0.started(Instant::now());
        if sandbox.restart().await.is_ok() {
            set(shared, State::Running);
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use electrolint_policy::manifest::OnUncaught;

    fn rules(max: u32) -> Restart {
        Restart {
            max_consecutive_crashes: max,
            stable_after: Duration::from_secs(60),
            backoff: [0, 1000, 4000].map(Duration::from_millis).to_vec(),
            on_lockup: false,
            on_uncaught: OnUncaught::Crash,
        }
    }

    #[test]
    fn three_crashes_in_a_row_stop_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut supervision = Supervision::new(rules(3), start);
        assert_eq!(supervision.crashed(at(1)), Verdict::Restart(Duration::ZERO));
        supervision.started(at(1));
        assert_eq!(supervision.crashed(at(2)), Verdict::Restart(Duration::from_secs(1)));
        supervision.started(at(3));
        assert_eq!(supervision.crashed(at(4)), Verdict::Stop);
        supervision.asked(at(5));
        assert_eq!(supervision.crashed(at(6)), Verdict::Restart(Duration::ZERO), "the user begins a new row");
    }

    #[test]
    fn a_stable_run_ends_the_row() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut supervision = Supervision::new(rules(3), start);
        supervision.crashed(at(1));
        supervision.crashed(at(2));
        supervision.started(at(3));
        assert_eq!(supervision.crashed(at(62)), Verdict::Stop, "59 seconds are not stable");
        supervision.asked(at(100));
        supervision.crashed(at(101));
        supervision.crashed(at(102));
        supervision.started(at(103));
        assert_eq!(supervision.crashed(at(163)), Verdict::Restart(Duration::ZERO), "60 seconds are");
    }

    #[test]
    fn waits_grow_and_the_last_one_repeats() {
        let now = Instant::now();
        let mut supervision = Supervision::new(rules(100), now);
        let waits: Vec<_> = (0..5).map(|_| supervision.crashed(now)).collect();
        let expected = [0, 1000, 4000, 4000, 4000].map(|ms| Verdict::Restart(Duration::from_millis(ms)));
        assert_eq!(waits, expected);
        assert_eq!(Supervision::new(rules(0), now).crashed(now), Verdict::Stop);
    }
}
