//! The engine over real PostgreSQL, with scripted functions: nodes of one process share a database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod cuts;
mod elsewhere;
mod express;
mod limits;
mod logs;
mod map_runs;
mod mocks;
mod nodes;
mod redrive;
mod running;
mod search;
mod snapshots;
mod upkeep;
mod world;
