//! Starts one function instance: takes a [`Plan`], hands back the listener of its Runtime API, runs
//! its program inside what the plan's level asks for, and ends its whole process tree.
//!
//! It is a mode of the server's own binary, in two processes: a guardian ([`guardian`]), which lives
//! as long as the instance and ends it when the server goes away, and the inner start ([`inner`]),
//! which gives up rights and becomes or starts the program. [`sandbox`] builds what an instance is kept in,
//! [`group`] what bounds it. It knows nothing of functions, events or time-outs:
//! those are the supervisor's. What cannot be applied ends the start; nothing is left out silently.

pub mod group;
mod guardian;
mod inner;
mod plan;
mod sandbox;
mod tree;

pub use plan::{Bind, Ended, Group, Level, Limits, Plan, REPORT_BYTES_MAX, Report, Sandbox};
pub use sandbox::is_in_every_root;

use std::process::ExitCode;

/// The first argument of the two modes.
pub const GUARDIAN: &str = "function-guardian";
pub(crate) const INNER: &str = "function-inner";

/// Runs a mode of the launcher where the program's arguments ask for one, and says how it ended.
/// Call it before anything else: nothing may have been started in the process.
pub fn run(argument: Option<&std::ffi::OsStr>) -> Option<ExitCode> {
    let argument = argument?;
    if argument == GUARDIAN {
        Some(guardian::run())
    } else if argument == INNER {
        Some(inner::run())
    } else {
        None
    }
}
