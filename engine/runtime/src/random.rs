//! Chance for the core: the one place where the engine draws random bits.

use asl::query::Random;

/// The operating system's generator, buffered per thread.
#[derive(Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the random source that others are given"
    )]
    fn next_u64(&mut self) -> u64 {
        rand::random()
    }
}
