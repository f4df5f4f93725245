//! Bounds on what an expression may cost, so that no definition and no input can exhaust a node.
//!
//! Payload limits of the service (256 KiB) are the machine's to check; these are wider, and stop
//! what would do harm before a payload exists.

/// Bytes of one expression's text. A whole definition has 1 MiB.
pub const EXPRESSION_BYTES_MAX: usize = 64 * 1024;

/// How deep parentheses, filters and literals may nest in one expression, and conditions in a choice rule.
pub const NESTING_MAX: usize = 32;

/// How deep intrinsic calls may nest in one field.
/// Source: developer guide, "Intrinsic functions", "you can nest up to 10".
pub const CALL_NESTING_MAX: usize = 10;

/// Steps of one path.
pub const STEPS_MAX: usize = 256;

/// How many values a path may yield.
pub const MATCHES_MAX: usize = 100_000;

/// How many values the evaluation of one field may look at: well under a second.
pub const VISITS_MAX: usize = 2_000_000;

/// Steps that an evaluation may stand in at once, those of filters inside one another added up:
/// each takes a frame of the stack.
pub const LEVELS_MAX: usize = 400;

/// Bytes of the compiled form of one regular expression.
pub const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// Regular expressions of one path.
pub const PATTERNS_MAX: usize = 16;

/// Bytes of JSON text that one rendered template or one intrinsic result may have. Eight times the
/// service's payload limit: a result that is too large fails with AWS's own text, a bomb fails here.
pub const VALUE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes of all that intrinsic calls compute for one field on the way to its value.
pub const COMPUTED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Levels that a computed value may nest: as deep as JSON text that can be read back.
pub const VALUE_DEPTH_MAX: usize = crate::json::parse::DEPTH_MAX;

/// Bytes of the input that a message quotes. A cause has at most 32,768 characters.
pub const QUOTED_BYTES_MAX: usize = 30_000;

/// Steps of one JSONata evaluation: each node evaluated, each call. The bound that decides, since it
/// is the same on every machine; the time is there for steps that are long.
pub const JSONATA_STEPS_MAX: u64 = 10_000_000;

/// Milliseconds of one JSONata evaluation.
pub const JSONATA_MILLIS_MAX: u64 = 2_000;

/// Milliseconds that the JSONata of one state may take in all, each time that the state is entered and left.
pub const STATE_MILLIS_MAX: u64 = 4_000;

/// How many values the paths and calls of one state may look at in all.
pub const STATE_VISITS_MAX: usize = 4 * VISITS_MAX;

/// How deep a JSONata evaluation may nest. AWS was seen to stop at 100.
pub const JSONATA_DEPTH_MAX: usize = 1_000;

/// Bytes that a JSONata evaluation holds at once, all its values together. AWS's own bound is not told; an
/// input of 256 KiB and what is usually made of it take some megabytes.
pub const JSONATA_MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of a text that JSONata builds.
pub const JSONATA_STRING_BYTES_MAX: usize = 1024 * 1024;

/// Items of an array that JSONata builds. AWS was seen to refuse 900,000 for their memory.
pub const JSONATA_ARRAY_MAX: usize = 256 * 1024;
