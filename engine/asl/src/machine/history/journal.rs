//! Format 1 of a journal row: the entries of one step as JSON text.
//!
//! A row is `{"p":[payload, …],"e":[entry, …]}`. Payloads stand there raw, spelled as the user wrote
//! them. An entry is an array: `[type, event id, previous id, microseconds, thread, …fields]`; in a
//! private note the id is null: `["Backoff", null, thread, …]`. Entries name payloads by position
//! (`3`), or `[step, position]` where an earlier row of the same execution holds the value already.
//! An "ExecutionRedriven" ends with the threads that go on, as a snapshot writes them.
//! The types "Mock", "Origin", "SearchAttributes", "Usage" and "Trace" are reserved for notes to come;
//! a type that is not known is a fault, never skipped.

mod read;
mod write;

pub use read::{ReadError, Reader};
pub use write::encode;

/// The format that [`encode`] writes.
pub const FORMAT: i16 = 1;
