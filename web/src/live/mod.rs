//! The native API under `/api/v1`: JSON for the designer, for scripts and for what the wire API has
//! no operation for. Each handler carries its description; the routes of a module come as a router
//! that knows them.

mod answer;
mod body;
pub mod connections;
pub mod functions;
mod registrar;

#[cfg(test)]
mod tests;

pub use answer::{Problem, ProblemBody};
pub use registrar::Registrar;
