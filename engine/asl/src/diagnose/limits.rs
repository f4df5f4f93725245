//! Bounds on what a definition may hold, and on the work and memory that reading one takes.

/// Bytes of a definition, however high the setting is. AWS's own quota, 1,048,576, is the setting's default and
/// looked at where a definition comes in.
pub const DEFINITION_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Unicode characters of a state's name. Source: Amazon States Language, "States".
pub const STATE_NAME_CHARS_MAX: usize = 80;

/// Unicode characters of a variable's name. Source: developer guide, "Passing data with variables".
pub const VARIABLE_NAME_CHARS_MAX: usize = 80;

/// Characters of a distributed Map's `Label`. Source: developer guide, "Distributed mode".
pub const LABEL_CHARS_MAX: usize = 40;

/// How deep Parallel and Map states may stand inside one another. AWS has a limit but does not name
/// it; this one keeps the walk, and every later walk over the model, well inside a thread's stack.
pub const NESTING_MAX: usize = 40;

/// `TimeoutSeconds`, `HeartbeatSeconds`, `Seconds`, `IntervalSeconds`, `MaxAttempts`.
/// Source: developer guide, "Task workflow state" and "Handling errors".
pub const SECONDS_MAX: u64 = 99_999_999;

/// `MaxDelaySeconds`: 366 days. Source: developer guide, "Handling errors".
pub const DELAY_SECONDS_MAX: u64 = 31_622_400;

/// `MaxItems` of an `ItemReader`. Source: developer guide, "ItemReader".
pub const ITEMS_MAX: u64 = 100_000_000;

/// `MaxInputBytesPerBatch`: a child execution's input. Source: developer guide, "ItemBatcher".
pub const BATCH_BYTES_MAX: u64 = 262_144;

/// Diagnostics of one definition; the rest is counted as errors but not described.
pub const DIAGNOSTICS_MAX: usize = 1000;

/// Bytes of all diagnostics together, so that long names cannot multiply.
pub const DIAGNOSTIC_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Characters of the definition that a message quotes.
pub const QUOTED_CHARS_MAX: usize = 256;

/// Characters of a text that is not JSON shown beside the line and column, as the service's parser does.
pub const SOURCE_CHARS_MAX: usize = 500;
