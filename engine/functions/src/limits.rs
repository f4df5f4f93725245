//! Every bound of this crate, with what sets it.

use std::time::Duration;

/// The largest answer of a function, in bytes.
/// Source: Lambda's text for `Function.ResponseSizeTooLarge` (6 MB and room for the envelope).
pub const FUNCTION_ANSWER_BYTES_MAX: usize = 6_291_556;

/// The largest answer of an HTTP task, in bytes.
/// Source: Step Functions' quota for the output of a task; HTTP tasks ask for `bytes=0-262144`.
pub const HTTP_ANSWER_BYTES_MAX: usize = 262_144;

/// The largest answer of a token endpoint, in bytes. Tokens are a few KiB at most.
pub const TOKEN_ANSWER_BYTES_MAX: usize = 65_536;

/// How much of an unsuccessful answer is read for an error's cause, in bytes.
/// Source: `SensitiveCause` in the Step Functions API has at most 32,768 characters.
pub const CAUSE_CHARS_MAX: usize = 32_768;

/// Source: `SensitiveError` in the Step Functions API has at most 256 characters.
pub const ERROR_NAME_CHARS_MAX: usize = 256;

/// How long an HTTP task may take. Source: developer guide, "Call HTTPS APIs".
pub const HTTP_TASK_TIMEOUT: Duration = Duration::from_mins(1);

/// How much longer than its task a call lives. Whoever calls ends the task on time, with an event of
/// its own; this bound is for a call that was forgotten.
pub const TASK_TIME_GRACE: Duration = Duration::from_secs(5);

/// How long resolving a name, connecting and the TLS handshake may take together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept. Node's HTTP server closes idle connections after 5 s; a
/// client that keeps them longer meets a closed one now and then.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Idle connections kept for one host.
pub const POOL_IDLE_PER_HOST_MAX: usize = 512;

/// Redirects that an HTTP task follows.
pub const REDIRECTS_MAX: usize = 5;

/// Addresses that one name may resolve to; more are ignored.
pub const ADDRESSES_MAX: usize = 64;

/// The lengths that the registry accepts.
pub const URL_BYTES_MAX: usize = 2_048;
pub const HEADERS_MAX: usize = 50;
pub const HEADER_VALUE_BYTES_MAX: usize = 4_096;

/// The shortest and the longest time that a function may be given.
/// Source: Lambda's limits for `Timeout`, 1 to 900 seconds.
pub const FUNCTION_TIMEOUT_MIN: Duration = Duration::from_secs(1);
pub const FUNCTION_TIMEOUT_MAX: Duration = Duration::from_mins(15);

/// How long a node may answer from its copy of the registry before it looks again.
pub const REGISTRY_AGE_MAX: Duration = Duration::from_secs(1);

/// How long a copy serves while the registry cannot be read.
pub const REGISTRY_STALE_MAX: Duration = Duration::from_mins(5);

/// Names that the copy of the registry holds of each kind.
pub const REGISTRY_ENTRIES_MAX: usize = 10_000;

/// A token without `expires_in` is used for so long; one with it, for so much less than it says.
pub const TOKEN_LIFE_DEFAULT: Duration = Duration::from_mins(5);
pub const TOKEN_LIFE_MARGIN: Duration = Duration::from_secs(30);
/// A token is asked for again after a day, whatever the endpoint says.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_hours(24);
/// Connections whose tokens are kept.
pub const TOKENS_MAX: usize = 10_000;
