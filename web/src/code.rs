//! Functions whose code this server runs: what they are configured with, how the supervisor finds them in
//! the database, and where its records go. Running them is the supervisor's.

mod configuration;
mod ledger;
mod source;

pub(crate) use configuration::{Configuration, check_environment};
pub(crate) use ledger::Books;
pub(crate) use source::{Shelf, record};
