//! `setTimeout` and kin: what is due, in its order.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::function::{Opt, Rest};
use rquickjs::{Function, Object, Result, Value as Js};

use super::{Bridge, alive};

/// The functions that a policy without timers takes away.
const FUNCTIONS: [&str; 4] = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"];

struct Timer<'js> {
    callback: Function<'js>,
    arguments: Vec<Js<'js>>,
    every: Option<Duration>,
}

#[derive(Default)]
pub(super) struct Timers<'js> {
    last: u32,
    /// In the order in which they are due; the id breaks ties.
    queue: BTreeMap<(Instant, u32), Timer<'js>>,
    due: HashMap<u32, Instant>,
}

impl Timers<'_> {
    /// When the first one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((due, _), _)| *due)
    }
}

impl<'js> Bridge<'js> {
    pub(super) fn make_timers(self: &Rc<Self>, globals: &Object<'js>) -> Result<()> {
        let [timeout, interval, clears @ ..] = FUNCTIONS;
        for (name, repeats) in [(timeout, false), (interval, true)] {
            let bridge = Rc::downgrade(self);
            let start = move |callback: Function<'js>, delay: Opt<f64>, arguments: Rest<Js<'js>>| {
                alive(&bridge)?.start_timer(callback, delay.0.unwrap_or(0.0), arguments.0, repeats)
            };
            self.define(globals, name, start)?;
        }
        for name in clears {
            let bridge = Rc::downgrade(self);
            let stop = move |id: Opt<Js<'js>>| {
                alive(&bridge)?.stop_timer(id.0.and_then(|id| id.as_number()));
                Ok::<_, rquickjs::Error>(())
            };
            self.define(globals, name, stop)?;
        }
        Ok(())
    }

    pub(super) fn remove_timers(&self, globals: &Object<'js>) -> Result<()> {
        FUNCTIONS.iter().try_for_each(|name| globals.remove(*name))
    }

    fn start_timer(&self, callback: Function<'js>, delay: f64, arguments: Vec<Js<'js>>, repeats: bool) -> Result<u32> {
        let mut timers = self.timers.borrow_mut();
        if timers.queue.len() >= self.config().timers as usize {
            drop(timers);
            return Err(self.throw("RangeError", "too many timers"));
        }
        // As in HTML: not a number is 0, and a delay is a signed 32-bit number of milliseconds.
        let ms = if delay.is_nan() { 0.0 } else { delay.clamp(0.0, f64::from(i32::MAX)) };
        let delay = Duration::from_secs_f64(ms / 1000.0);
        // A repeating timer of 0 ms would leave no time for anything else.
        let every = repeats.then_some(delay.max(Duration::from_millis(1)));
        timers.last = timers.last.wrapping_add(1).max(1);
        let (id, due) = (timers.last, Instant::now() + every.unwrap_or(delay));
        timers.due.insert(id, due);
        timers.queue.insert((due, id), Timer { callback, arguments, every });
        Ok(id)
    }

    fn stop_timer(&self, id: Option<f64>) {
        let mut timers = self.timers.borrow_mut();
        let id = id.unwrap_or(0.0) as u32;
        if let Some(due) = timers.due.remove(&id) {
            timers.queue.remove(&(due, id));
        }
    }

    /// Runs the timers that are due now; those that they start wait for the next turn.
    pub(super) fn run_timers(&self) {
        let now = Instant::now();
        loop {
            let mut timers = self.timers.borrow_mut();
            let Some((&(due, id), _)) = timers.queue.first_key_value() else { return };
            if due > now {
                return;
            }
            let Some(timer) = timers.queue.remove(&(due, id)) else { return };
            timers.due.remove(&id);
            let (callback, arguments) = (timer.callback.clone(), timer.arguments.clone());
            if let Some(every) = timer.every {
                let next = now + every;
                timers.due.insert(id, next);
                timers.queue.insert((next, id), timer);
            }
            drop(timers);
            if callback.call::<_, Js>((Rest(arguments),)).is_err() {
                self.tell_uncaught("a timer");
            }
            self.run_jobs();
        }
    }
}
