//! The Wait state.

use super::Transition;
use crate::{query::Expression, time::Timestamp};

#[derive(Debug)]
pub struct Wait {
    pub until: Until,
    pub then: Transition,
}

/// How long: exactly one of the four fields. The computed forms are `SecondsPath` and
/// `TimestampPath`, or an expression in `Seconds` and `Timestamp`.
#[derive(Debug)]
pub enum Until {
    Seconds(u64),
    SecondsComputed(Expression),
    Timestamp(Timestamp),
    TimestampComputed(Expression),
}
