//! What the supervisor and the launcher say to each other: a plan in, reports out, one line of JSON
//! each, over the socket that is the guardian's standard input.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The longest line of either side, in bytes. A plan holds the environment, which Lambda bounds to 4 KiB.
pub const REPORT_BYTES_MAX: usize = 1 << 20;

/// How strongly an instance is kept apart, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Resource limits, no new privileges, a process tree that is ended as a whole. It reads what the
    /// server's user can read: for development only.
    Process,
    /// Namespaces, a root built from nothing, no capabilities, dangerous calls refused, resource limits. The
    /// supervisor watches its memory and ends it late.
    Nocgroup,
    /// The same, and control groups that bound memory and processes.
    Full,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Nocgroup => "nocgroup",
            Self::Full => "full",
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
    /// What it is kept in, at every level but [`Level::Process`].
    pub sandbox: Option<Sandbox>,
}

/// What an instance sees and may use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sandbox {
    /// An empty folder of the host. The instance's root is mounted there, in a mount namespace of its own, so
    /// all instances can share it.
    pub root: PathBuf,
    /// The host's number of the function's user and group, where the launcher is root.
    pub user: u32,
    /// What it sees of the host beside the system's programs and libraries, all of it read-only.
    pub binds: Vec<Bind>,
    /// Bytes that it may write below `/tmp`.
    pub scratch_bytes: u64,
    /// At [`Level::Full`].
    pub group: Option<Group>,
}

/// A file or folder of the host, and where the instance sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    pub host: PathBuf,
    pub inside: PathBuf,
}

/// A control group for all processes of one instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// As [`crate::group::name`] makes it.
    pub name: String,
    pub memory_bytes: u64,
    /// Processes and threads.
    pub tasks: u64,
    /// Its share of the processors, where there are not enough: megabytes of memory, as on Lambda.
    pub weight: u64,
}

/// Bounds that the kernel holds for each process of the instance.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Limits {
    pub open_files: u64,
    /// The largest file that it may write, in bytes.
    pub file_bytes: u64,
    /// Processes and threads of its user, where it has one of its own.
    pub tasks: u64,
}

/// What the launcher says, in this order: the listener (with its descriptor), then a failure or the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The Runtime API listens at this address; the socket comes with this line.
    Listening(String),
    /// The program was not started. Names the layer that did not hold.
    Failed(String),
    /// Everything held, but the program is not there or is none.
    NoProgram(String),
    /// From the inner process: the program runs.
    Started,
    Ended(Ended),
}

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Code(i32),
    Signal(i32),
}
