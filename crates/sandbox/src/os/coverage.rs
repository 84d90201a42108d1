//! What the fuzzer (`crates/sandbox/fuzz`, which includes this file) must say without Rust's help: the counters that the
//! compiler puts into an instrumented program, and how much memory an input makes the decoder ask for. No part of the
//! engine.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

static START: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static LENGTH: AtomicUsize = AtomicUsize::new(0);

/// Called by the instrumented program before `main`, with the range of its counters, one for each edge:
/// <https://clang.llvm.org/docs/SanitizerCoverage.html#inline-8bit-counters>.
///
/// # Safety
/// `start` and `stop` are the bounds of one array that lives as long as the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    START.store(start, Ordering::SeqCst);
    LENGTH.store((stop as usize).saturating_sub(start as usize), Ordering::SeqCst);
}

/// The counters. The program has one thread, which writes to them whenever it is not in here.
pub fn counters() -> &'static mut [u8] {
    let (start, length) = (START.load(Ordering::SeqCst), LENGTH.load(Ordering::SeqCst));
    if start.is_null() {
        return &mut [];
    }
    // SAFETY: the range was given by the program's own start-up code and is never freed. The caller is the only thread and
    // holds the slice across no instrumented call that it reads the effect of.
    unsafe { std::slice::from_raw_parts_mut(start, length) }
}

/// The system's allocator, counting bytes that are held and their highest number.
pub struct Counting {
    held: AtomicUsize,
    highest: AtomicUsize,
}

impl Counting {
    /// Nothing is held.
    pub const fn new() -> Self {
        Self { held: AtomicUsize::new(0), highest: AtomicUsize::new(0) }
    }

    /// The highest number of bytes held at once by `work`, besides those that were held before.
    pub fn highest_during<R>(&self, work: impl FnOnce() -> R) -> (R, usize) {
        let before = self.held.load(Ordering::Relaxed);
        self.highest.store(before, Ordering::Relaxed);
        let result = work();
        (result, self.highest.load(Ordering::Relaxed) - before)
    }

    fn add(&self, bytes: usize) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.highest.fetch_max(held, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on to the system's allocator with what it was called with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.held.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.add(size);
        self.held.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
