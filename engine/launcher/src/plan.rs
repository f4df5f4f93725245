//! What the supervisor and the launcher say to each other: a plan in, reports out, one line of JSON
//! each, over the socket that is the guardian's standard input.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The longest line of either side, in bytes. A plan holds the environment, which Lambda bounds to 4 KiB.
pub const REPORT_BYTES_MAX: usize = 1 << 20;

/// How strongly an instance is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Resource limits, no new privileges, a process tree that is ended as a whole. It reads what the
    /// server's user can read: for development only.
    Process,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
        }
    }
}

/// One instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub level: Level,
    /// An absolute path, as the program itself sees it.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The whole environment, but for `AWS_LAMBDA_RUNTIME_API`, which the launcher adds.
    pub environment: Vec<(String, String)>,
    /// Where the program starts.
    pub folder: PathBuf,
    pub limits: Limits,
}

/// Bounds that the kernel holds for each process of the instance.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Limits {
    pub open_files: u64,
    /// The largest file that it may write, in bytes.
    pub file_bytes: u64,
}

/// What the launcher says, in this order: the listener (with its descriptor), then a failure or the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The Runtime API listens at this address; the socket comes with this line.
    Listening(String),
    /// The program was not started. Names the layer that did not hold.
    Failed(String),
    Ended(Ended),
}

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Code(i32),
    Signal(i32),
}
