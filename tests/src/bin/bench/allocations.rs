//! Counts what is asked of the system's allocator, where it is asked to count.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);

/// The system's allocator with a count.
pub(crate) struct Counting;

fn count(allocations: u64, before: usize, after: usize) {
    // One load where nothing is counted, so that figures of time stay what they are.
    if COUNTING.load(Ordering::Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Ordering::Relaxed);
        BYTES.fetch_add(signed(after) - signed(before), Ordering::Relaxed);
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[expect(unsafe_code, reason = "an allocator cannot be wrapped without; each call is handed on as it came")]
// SAFETY: every block comes from and goes back to `System`, with the caller's own arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, 0, layout.size());
        // SAFETY: the caller's promise is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, 0, layout.size());
        // SAFETY: the caller's promise is `System`'s.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, layout.size(), 0);
        // SAFETY: the caller's promise is `System`'s, and the block came from it.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, layout.size(), size);
        // SAFETY: the caller's promise is `System`'s, and the block came from it.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// What some work asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Blocks, each growth of one counted again.
    pub(crate) allocations: u64,
    /// Bytes that were still held at the end.
    pub(crate) held: i64,
}

/// Counts what some work asks for. No other thread may work meanwhile.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, Asked) {
    ALLOCATIONS.store(0, Ordering::Relaxed);
    BYTES.store(0, Ordering::Relaxed);
    COUNTING.store(true, Ordering::Relaxed);
    let result = work();
    COUNTING.store(false, Ordering::Relaxed);
    let asked = Asked { allocations: ALLOCATIONS.load(Ordering::Relaxed), held: BYTES.load(Ordering::Relaxed) };
    (result, asked)
}
