//! The core against a small world of its own: scripted tasks, a clock that only moves when told.
//!
//! Every run here is folded again after each step, from the rows as the database would have them.

mod alone;
mod distributed;
mod formats;
mod found;
mod laws;
mod redrive;
mod rerun;
mod states;
mod world;
