//! An allocator that counts, and gives an input no more than it may have.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The most bytes that an input may take.
pub const MOST: usize = 256 << 20;

/// Bytes that are taken.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// Those taken when the input began.
static BASE: AtomicUsize = AtomicUsize::new(0);
/// The most bytes of an input so far, and the requests that were refused.
static PEAK: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);
/// Whether an input is at work: only then is anything refused.
static AT_WORK: AtomicBool = AtomicBool::new(false);

/// An input begins.
pub fn begin() {
    BASE.store(TAKEN.load(Relaxed), Relaxed);
    AT_WORK.store(true, Relaxed);
}

/// It ends.
pub fn end() {
    AT_WORK.store(false, Relaxed);
}

/// The most bytes that any input took.
pub fn peak() -> u64 {
    PEAK.load(Relaxed) as u64
}

/// How often an input asked for more than it may have, and was told that there is none.
pub fn refused() -> u64 {
    REFUSED.load(Relaxed)
}

/// The system's memory. Who asks for too much gets none, as on a machine without it: a reader that asks before it takes
/// (`try_reserve`) makes an error of that, any other ends the process.
pub struct Counting;

/// Counts bytes that are asked for; whether an input may have them.
fn take(bytes: usize) -> bool {
    let taken = TAKEN.fetch_add(bytes, Relaxed).saturating_add(bytes);
    if !AT_WORK.load(Relaxed) {
        return true;
    }
    let of_input = taken.saturating_sub(BASE.load(Relaxed));
    if of_input > MOST {
        give(bytes);
        REFUSED.fetch_add(1, Relaxed);
        return false;
    }
    PEAK.fetch_max(of_input, Relaxed);
    true
}

fn give(bytes: usize) {
    TAKEN.fetch_sub(bytes, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came, or gives null, which the trait allows; counting
// allocates nothing and does not unwind.
#[allow(unsafe_code, reason = "there is no other way to count what an input takes")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if take(layout.size()) { unsafe { System.alloc(layout) } } else { ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if take(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { ptr::null_mut() }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        give(layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > layout.size() && !take(size - layout.size()) {
            return ptr::null_mut();
        }
        give(layout.size().saturating_sub(size));
        unsafe { System.realloc(at, layout, size) }
    }
}
