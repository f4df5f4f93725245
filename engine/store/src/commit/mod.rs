//! The commit pipeline's end in the database: many executions' steps in one statement.
//!
//! The types in `item.rs` are what the runtime is being written against.

mod item;

pub use item::{
    ActivityTask, Close, CloseTask, CommitError, Fence, Item, Message, OpenTask, Outcome, Parent,
    Start, Status, Step, Wakeup,
};
