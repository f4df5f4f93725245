//! The commit pipeline's end in the database: many executions' steps in one statement.
//!
//! Start with `item.rs` for what a commit writes and `writer.rs` for how; `statement.rs` holds its
//! text, `columns.rs` its parameters, `refusals.rs` what was left out, `log.rs` the answer where the
//! connection was lost. Which steps gather in a batch is not decided here but in the runtime.

mod columns;
mod item;
mod log;
mod refusals;
mod statement;
mod writer;

pub use item::{
    ActivityTask, Close, CloseTask, CommitError, Fence, Item, Message, OpenTask, Outcome, Parent,
    Redrive, Start, Status, Step, Wakeup,
};
pub use log::{forget_dead, trim};
pub(crate) use writer::is_about_rows;
pub use writer::{ITEMS_MAX, Writer};
