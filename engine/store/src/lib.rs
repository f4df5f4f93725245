//! Every SQL statement of the project: domain types in, domain types out. Nothing above writes SQL,
//! and no row type leaves.

pub mod activity;
pub mod alias;
pub mod api_key;
pub mod browse;
pub mod commit;
pub mod connection;
pub mod db;
pub mod deployed;
pub mod draft;
pub mod event_log;
pub mod execution;
pub mod express;
pub mod express_log;
pub mod fault;
pub mod function;
pub mod ids;
pub mod inbox;
pub mod invocation;
pub mod journal;
pub mod lease;
pub mod list;
pub mod log_outbox;
pub mod machine;
pub mod map_run;
pub mod master_key;
pub mod partition;
pub mod redrive;
pub mod rerun;
pub mod retention;
pub mod revision;
pub mod sealed;
pub mod search;
pub mod session;
pub mod setting;
pub mod snapshot;
pub mod tag;
mod text;
pub mod timer;
pub mod token;
pub mod version;

/// What the database answered instead, or that it did not answer.
pub type Error = sqlx::Error;
