//! The Amazon States Language and the state machine that runs it, as pure functions over values.
//!
//! There is no clock, randomness, I/O or thread here: time and random numbers come in as arguments,
//! and what the outside must do goes out as commands. Start with [`definition`] for the document,
//! [`diagnose`] for its rules, [`query`] for expressions and [`machine`] for execution.

pub mod definition;
pub mod diagnose;
pub mod error;
pub mod json;
pub mod machine;
pub mod map_run;
pub mod payload;
pub mod query;
pub mod time;

pub use definition::Definition;
pub use error::StateError;
pub use json::Json;
pub use payload::Payload;
pub use time::Timestamp;
