//! The suite of `tests/database` once more, behind PgBouncer in transaction mode. Where that is not
//! installed, each test says so and runs without it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../database/browse.rs"]
mod browse;
#[path = "../database/commit.rs"]
mod commit;
#[path = "../database/in_doubt.rs"]
mod in_doubt;
#[path = "../database/leases.rs"]
mod leases;
#[path = "../database/names.rs"]
mod names;
#[path = "../database/queues.rs"]
mod queues;
#[path = "../database/reading.rs"]
mod reading;
#[path = "../database/redrive.rs"]
mod redrive;
#[path = "../database/registered.rs"]
mod registered;
#[path = "../database/retention.rs"]
mod retention;
#[path = "../database/sample.rs"]
mod sample;
#[path = "../database/support.rs"]
mod support;

/// See `support.rs`.
const IS_POOLED: bool = true;
