//! Pages for people: server-rendered, readable and usable without script.
//!
//! A page is a struct beside its handlers, drawn by the template of the same name. What pages know
//! is in `view`, how it is found in `queries`, what they set going in `actions`. The browser's part
//! is in `assets/app.js`. The wire API and the rules of workflows are elsewhere.

pub mod assets;
pub mod events;
pub mod execution;
pub mod executions;
pub mod frame;
pub mod headers;
pub mod json_view;
pub mod machine;
pub mod machines;
pub mod moment;
pub mod new_machine;
pub mod outline;
pub mod overview;
pub mod pattern;
pub mod problem;
pub mod search;
pub mod sign_in;
pub mod start;
pub mod theme;
pub mod view;

#[cfg(test)]
mod preview;
