//! What the evaluation of one field may still cost. All expressions of a template and all calls
//! nested in one another draw on the same budget, so that many small costs cannot add up.

use std::cell::Cell;

use super::{Cost, limits};
use crate::json::{Json, bounded};

pub(super) struct Budget<'c> {
    cost: &'c Cost,
    /// What it began with.
    granted: usize,
    visits: Cell<usize>,
    levels: Cell<usize>,
    bytes: Cell<usize>,
}

/// That the budget is used up, in words for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent(pub(super) &'static str);

impl<'c> Budget<'c> {
    /// Of a field; what it looks at is paid from its state's cost when the budget is dropped.
    pub(super) fn of(cost: &'c Cost) -> Self {
        let granted = cost.visits();
        Self {
            cost,
            granted,
            visits: Cell::new(granted),
            levels: Cell::new(limits::LEVELS_MAX),
            bytes: Cell::new(limits::COMPUTED_BYTES_MAX),
        }
    }

    /// Pays for looking at that many values.
    pub(super) fn visit(&self, count: usize) -> Result<(), Spent> {
        take(&self.visits, count).ok_or(Spent("the evaluation looks at too many values"))
    }

    /// Runs `walk` one frame deeper.
    pub(super) fn deeper<T, E: From<Spent>>(
        &self,
        walk: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        take(&self.levels, 1).ok_or(Spent("the evaluation nests too deeply"))?;
        let result = walk();
        self.levels.set(self.levels.get() + 1);
        result
    }

    /// Pays for a computed value, whose text may have [`limits::VALUE_BYTES_MAX`] bytes at most.
    pub(super) fn compute(&self, value: &Json) -> Result<(), Spent> {
        let bytes_max = self.bytes.get().min(limits::VALUE_BYTES_MAX);
        bounded::measure(value, bytes_max, limits::VALUE_DEPTH_MAX)
            .ok()
            .and_then(|bytes| take(&self.bytes, bytes))
            .ok_or(Spent("the result is too large"))
    }
}

impl Drop for Budget<'_> {
    fn drop(&mut self) {
        self.cost.visited(self.granted - self.visits.get());
    }
}

fn take(left: &Cell<usize>, count: usize) -> Option<()> {
    left.set(left.get().checked_sub(count)?);
    Some(())
}
