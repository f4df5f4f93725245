//! The store against a real PostgreSQL: one private server for this binary, one database a test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod browse;
mod commit;
mod deployed;
mod drafts;
mod express;
mod express_log;
mod history;
mod in_doubt;
mod lately;
mod leases;
mod names;
mod opening;
mod plans;
mod queues;
mod reading;
mod redrive;
mod registered;
mod retention;
mod sample;
mod support;

/// See `support.rs`; `tests/pooled` says otherwise.
const IS_POOLED: bool = false;
