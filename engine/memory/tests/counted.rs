//! Work that holds more than it may is told of, once and on its own thread.

use std::{alloc::System, cell::Cell};

use memory::{Counted, within};

#[global_allocator]
static ALLOCATOR: Counted<System> = Counted(System);

thread_local! {
    static TOLD: Cell<u32> = const { Cell::new(0) };
}

fn tell() {
    TOLD.set(TOLD.get() + 1);
}

/// How often work that may hold a thousand bytes is told of.
fn told<T>(work: impl FnOnce() -> T) -> u32 {
    TOLD.set(0);
    drop(within(1000, tell, work));
    TOLD.get()
}

fn bytes(count: usize) -> Vec<u8> {
    std::hint::black_box(Vec::with_capacity(count))
}

#[test]
fn what_is_held_counts_and_what_was_given_back_does_not() {
    assert_eq!(told(|| bytes(1000)), 0);
    assert_eq!(told(|| bytes(1001)), 1);
    assert_eq!(told(|| (bytes(600), bytes(600))), 1);
    assert_eq!(
        told(|| (0..100).for_each(|_| drop(bytes(600)))),
        0,
        "one after another"
    );
    assert_eq!(told(|| vec![0_u8; 2000]), 1, "zeroed memory counts as well");
    let mut grown = bytes(600);
    let grow = || {
        grown.reserve_exact(1500);
        drop(bytes(2000));
    };
    assert_eq!(told(grow), 1, "told once, however much more comes");
}

#[test]
fn what_is_given_back_from_before_makes_no_room_for_others() {
    let before = bytes(5000);
    assert_eq!(told(move || drop(before)), 0);
    assert_eq!(told(|| bytes(1001)), 1);
}

#[test]
fn bounds_stand_inside_one_another() {
    let inner = || within(10_000, || {}, || bytes(900));
    assert_eq!(told(inner), 0, "what is kept of it is within both");
    let both = || {
        let kept = within(10_000, || {}, || bytes(900));
        (kept, bytes(200))
    };
    assert_eq!(told(both), 1, "and counts as what is around it");
}

#[test]
fn another_thread_and_what_comes_after_are_not_bounded() {
    let elsewhere = || {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                TOLD.set(0);
                drop(bytes(1 << 20));
                TOLD.get()
            });
            other.join().unwrap_or(1)
        })
    };
    TOLD.set(0);
    assert_eq!(within(100_000, tell, elsewhere), 0);
    let panicking = || within(10, tell, || std::panic::resume_unwind(Box::new(())));
    assert!(std::panic::catch_unwind(panicking).is_err());
    TOLD.set(0);
    drop(bytes(1 << 20));
    assert_eq!(TOLD.get(), 0);
}
