//! A private PostgreSQL in a data folder: find the binaries, make the cluster, start it, keep it
//! running, stop it.
//!
//! Everything is synchronous and speaks to processes and files only; this crate knows no SQL and
//! no client library. It is not a way to manage somebody else's cluster: a folder belongs to one
//! [`Running`] at a time, and whatever server is found alive in it without an owner is stopped.
//!
//! ```text
//! DIR/lock          held for as long as a Running lives; names the holder for messages
//! DIR/data          PostgreSQL's own folder (PGDATA)
//! DIR/socket        the unix socket, when the path is short and open enough; else a temporary folder
//! DIR/postgres.log  what the server prints
//! ```
//!
//! Read on in `cluster.rs` (the way from a folder to a running server) and `supervise.rs` (what
//! happens when the server dies under us).

mod account;
mod cluster;
mod config;
mod error;
mod find;
mod init;
mod lock;
mod occupants;
mod reach;
mod shared;
mod socket;
mod supervise;

pub use cluster::{Cluster, DATABASE, Options, USER};
pub use error::Error;
pub use find::{Installation, Search, find};
pub use shared::{Shared, url_of_running};
pub use supervise::Running;
