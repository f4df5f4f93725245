//! What speaks to people and programs: the AWS-compatible API, the native one, pages, the command line.
//!
//! Rules of workflows are not here: they belong to `asl` and `runtime`. Read `access` for who may call,
//! `settings` for what can be set, `cli` for the command.

pub mod access;
pub mod app;
pub mod cli;
mod clock;
mod code;
pub mod hidden;
mod lambda;
pub mod live;
pub mod locate;
mod logged;
pub mod pages;
pub mod router;
pub mod samples;
pub mod settings;
#[cfg(test)]
mod testing;
mod visits;
mod wire;
