//! Runs functions from their code: owns instances, hands each one event at a time, ends them, and says
//! what it cost.
//!
//! It knows no history, no retries and no database: what a function is comes through [`Source`], and
//! what an invocation was goes to a [`Ledger`]. What decides is pure ([`pool`], [`protocol`],
//! [`outcome`], [`report`]); [`instance`] has the processes and sockets, and [`Supervisor`] joins the
//! two. The sandbox itself is the launcher's.

mod age;
pub mod code;
pub mod function;
mod instance;
pub mod interpreters;
mod invoker;
pub mod limits;
pub mod outcome;
pub mod pool;
mod protocol;
pub mod report;
mod source;
mod supervise;

pub use function::{Deployed, Runtime};
pub use invoker::LocalInvoker;
pub use launcher::Level;
pub use source::{Catalog, Ledger, Loading, Record, Source, SourceError};
pub use supervise::{Done, Invocation, NoIsolation, Refused, Settings, Supervisor};
