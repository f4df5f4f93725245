//! Pages for people: server-rendered, readable and usable without script.
//!
//! A page is a struct beside its handlers, drawn by the template of the same name. What pages know
//! is in `view`, how it is found in `queries`, what they set going in `actions`. The browser's part
//! is in `assets/app.js`. The wire API and the rules of workflows are elsewhere.

mod assets;
mod events;
mod execution;
mod executions;
mod frame;
mod headers;
mod json_view;
mod machine;
mod machines;
mod moment;
mod new_machine;
mod outline;
mod overview;
mod pattern;
mod problem;
mod search;
mod sign_in;
mod start;
mod theme;
mod view;

#[cfg(test)]
mod preview;
