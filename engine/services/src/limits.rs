//! Every bound of this crate, with what sets it.

use std::time::Duration;

/// The largest answer that is read, in bytes: far above what a workflow can carry on (256 KiB by
/// default), so that what is too large is told apart from what broke off.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Source: `SensitiveCause` in the Step Functions API has at most 32,768 characters.
pub(crate) const CAUSE_CHARS_MAX: usize = 32_768;

/// How deep an argument or an answer may nest: as deep as JSON itself is read here.
pub(crate) const DEPTH_MAX: usize = 128;

/// Elements and attributes of one XML answer.
pub(crate) const XML_NODES_MAX: u32 = 1_000_000;

/// How long resolving a name, connecting and the TLS handshake may take together.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call may take where its task sets no time. Source: the SDK for Java waits so long for
/// an answer's next bytes; a call that is longer belongs to a job or a task token.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_mins(5);

/// How long an idle connection is kept.
pub(crate) const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Idle connections kept for one host.
pub(crate) const POOL_IDLE_PER_HOST_MAX: usize = 128;

/// A model's bytes once unpacked; the largest, EC2's, is under one MiB.
pub(crate) const MODEL_BYTES_MAX: u64 = 8 << 20;
