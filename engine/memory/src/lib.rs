//! How many bytes the work of a thread holds, and a bound on them.
//!
//! [`Counted`] stands around a program's allocator and counts for each thread what is taken and given back.
//! [`within`] does work that may hold so much; beyond that somebody is told, once, who then ends the work.
//! Nothing is refused here: an allocator that has none to give ends the process. In a program whose
//! allocator is not counted, nothing is bounded.
//!
//! Counting is an addition to a number of the thread's own for each allocation and each release.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::Cell,
};

/// Where nothing is bounded: no thread comes near it.
const UNBOUNDED: isize = isize::MAX / 2;

thread_local! {
    /// Bytes that the work at hand may still take.
    static LEFT: Cell<isize> = const { Cell::new(UNBOUNDED) };
    static ON_EXCESS: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// An allocator whose bytes are counted by thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted<A>(pub A);

// SAFETY: each call goes on to the allocator inside as it came, and what that answers goes back as it is.
// Counting neither allocates nor unwinds: the cells are made with the thread and need no destructor, and
// `on_excess` is bound by the contract of `within`.
#[expect(unsafe_code, reason = "an allocator is an unsafe trait")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counted<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        give_back(layout.size());
        take(size);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { self.0.realloc(block, layout, size) }
    }
}

#[inline]
fn take(bytes: usize) {
    let left = LEFT.get().wrapping_sub_unsigned(bytes);
    LEFT.set(left);
    if left < 0 {
        exceeded();
    }
}

#[inline]
fn give_back(bytes: usize) {
    LEFT.set(LEFT.get().wrapping_add_unsigned(bytes));
}

#[cold]
#[inline(never)]
fn exceeded() {
    if let Some(on_excess) = ON_EXCESS.take() {
        on_excess();
    }
}

/// Does `work`, which may hold `bytes_max` of memory that it takes on this thread. When it holds more,
/// `on_excess` is called, once, in the midst of an allocation: it may neither allocate nor panic.
pub fn within<T>(bytes_max: usize, on_excess: fn(), work: impl FnOnce() -> T) -> T {
    let given = isize::try_from(bytes_max).unwrap_or(UNBOUNDED);
    let _outer = Outer {
        given,
        left: LEFT.replace(given),
        on_excess: ON_EXCESS.replace(Some(on_excess)),
    };
    work()
}

/// What was bounded before; put back also where the work panics.
struct Outer {
    given: isize,
    left: isize,
    on_excess: Option<fn()>,
}

impl Drop for Outer {
    fn drop(&mut self) {
        // What the work keeps is part of what is around it.
        let kept = self.given.wrapping_sub(LEFT.get());
        LEFT.set(self.left.wrapping_sub(kept));
        ON_EXCESS.set(self.on_excess);
    }
}
