//! Every SQL statement of the project: domain types in, domain types out. Nothing above writes SQL,
//! and no row type leaves.

pub mod connection;
pub mod function;
pub mod sealed;
