//! What was thrown and nobody caught.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rquickjs::{Ctx, Runtime, Value as Js};

use super::Bridge;
use crate::os::quickjs;
use crate::proto::frames::{ErrorStrings, FromWorker, Level};
use crate::worker::clone::error_strings;

/// Rejected promises that nothing handles, by address, with the strings of their reason.
#[derive(Default)]
pub(super) struct Rejections(BTreeMap<usize, ErrorStrings>);

impl Rejections {
    /// Has `runtime` tell of every promise that is rejected, and of every one that is handled after all.
    pub(super) fn of(runtime: &Runtime) -> Rc<RefCell<Self>> {
        let rejections: Rc<RefCell<Self>> = Rc::default();
        let tracker = rejections.clone();
        runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, handled| {
            let address = quickjs::address(&promise);
            // Described before the list is taken: a getter of the reason may reject another promise.
            let error = (!handled).then(|| describe(&ctx, &reason));
            tracker.borrow_mut().track(address, error);
        })));
        rejections
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Somebody else tells of it.
    pub(super) fn forget(&mut self, promise: &Js<'_>) {
        self.0.remove(&quickjs::address(promise));
    }

    /// Most that are kept until the next turn.
    const MAX: usize = 64;

    fn track(&mut self, promise: usize, error: Option<ErrorStrings>) {
        match error {
            None => drop(self.0.remove(&promise)),
            Some(error) if self.0.len() < Self::MAX => drop(self.0.insert(promise, error)),
            Some(_) => {}
        }
    }
}

impl Bridge<'_> {
    /// Tells the host of rejections that nothing has handled until now.
    pub(super) fn tell_rejections(&self) {
        let unhandled = std::mem::take(&mut self.rejections.borrow_mut().0);
        for error in unhandled.into_values() {
            self.send(&FromWorker::Uncaught { error });
        }
    }

    /// Logs what was just thrown in `place`, unless it is the end of the time.
    pub(super) fn tell_uncaught(&self, place: &str) {
        let error = describe(&self.ctx, &self.ctx.catch());
        self.stop_if_expired();
        let text = format!("uncaught in {place}: {}: {}\n{}", error.name, error.message, error.stack);
        self.log(Level::Error, text);
    }
}

/// The strings of whatever was thrown. Calls no `toString` of the script.
pub(super) fn describe<'js>(ctx: &Ctx<'js>, thrown: &Js<'js>) -> ErrorStrings {
    let plain = |message: String| ErrorStrings { name: "Error".into(), message, stack: String::new() };
    if let Some(object) = thrown.as_object() {
        let [name, message, stack] = error_strings(ctx, object).map(|text| text.to_string_lossy());
        let name = if name.is_empty() { "Error".into() } else { name };
        return ErrorStrings { name, message, stack };
    }
    match thrown.as_string().map(|string| quickjs::text(ctx, string)) {
        Some(Ok(text)) => plain(text.to_string_lossy()),
        _ if thrown.is_undefined() => plain("undefined".into()),
        _ if thrown.is_null() => plain("null".into()),
        _ => plain(
            thrown
                .as_bool()
                .map(|b| b.to_string())
                .or_else(|| thrown.as_number().map(|n| n.to_string()))
                .unwrap_or_default(),
        ),
    }
}
