//! An execution as text, so that waking one need not fold its whole journal.
//!
//! A snapshot is a cache: it may be deleted at any time, and one in another format is not read but
//! made anew. Its law: a snapshot and the rows after it give what all rows give.
//!
//! Format 1 is `{"format":1,"payloads":[…],"execution":["Execution",…],"threads":[["Thread",…], …]}`. A payload is
//! `[step, position, value]` with its place in the journal, since later rows name it by that, or
//! `[null, null, value]` where no row holds it yet. Everything else names payloads by their index.

mod read;
mod write;

pub use read::decode;
pub(in crate::machine) use read::decode_threads;
pub use write::encode;
pub(in crate::machine) use write::encode_threads;

/// The format that [`encode`] writes.
pub const FORMAT: u64 = 1;
