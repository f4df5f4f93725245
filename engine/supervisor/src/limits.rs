//! Every bound of this crate, with what sets it.

use std::time::Duration;

/// How long an instance may take until it asks for its first event. Source: Lambda developer guide,
/// "Init phase": 10 seconds, after which it is begun again within the first invocation.
pub const INIT_TIME_MAX: Duration = Duration::from_secs(10);

/// How long the launcher may take until it hands over its listener.
pub const LAUNCH_TIME_MAX: Duration = Duration::from_secs(10);

/// How long an instance without work is kept.
pub const IDLE_TIME_MAX: Duration = Duration::from_mins(5);

/// How long an ended instance's launcher may take to clear away before it is killed itself.
pub const END_TIME_MAX: Duration = Duration::from_secs(5);

/// The largest event and the largest answer, in bytes. Source: Lambda's quotas, 6 MB, and its text for
/// `Function.ResponseSizeTooLarge`.
pub const EVENT_BYTES_MAX: usize = 6_291_456;
pub const ANSWER_BYTES_MAX: usize = 6_291_556;

/// What is kept of an invocation's log, in bytes, and what LogType=Tail returns of its end.
pub const LOG_BYTES_MAX: usize = 262_144;
pub const LOG_TAIL_BYTES: usize = 4_096;

/// Invocations at once on this node by default. Source: Lambda's quota for an account.
pub const CONCURRENCY_DEFAULT: usize = 1_000;

/// A package, packed and unpacked, in bytes. Source: Lambda's quotas, 50 MB and 250 MB.
pub const PACKAGE_BYTES_MAX: usize = 50 << 20;
pub const UNPACKED_BYTES_MAX: u64 = 250 << 20;
/// Files in a package: as many as a plain zip archive may hold.
pub const PACKAGE_FILES_MAX: usize = 65_535;
/// The name of a file in a package, in bytes, and the folders that it lies in: what file systems take, and far
/// more than packages of any language have.
pub const PACKAGE_NAME_BYTES_MAX: usize = 1_024;
pub const PACKAGE_DEPTH_MAX: usize = 100;

/// Connections of one instance to its Runtime API at once. The clients use one or two.
pub const CONNECTIONS_MAX: usize = 16;

/// Open files of one process of a function. Source: Lambda's quotas, 1,024.
pub const OPEN_FILES_MAX: u64 = 1_024;
/// The largest file that a function may write, in bytes: Lambda's largest scratch space.
pub const FILE_BYTES_MAX: u64 = 10 << 30;

/// Processes and threads of one instance, and of a function's user where it has one. Source: Lambda's quotas,
/// 1,024.
pub const TASKS_MAX: u64 = 1_024;
/// What a function may write below `/tmp`, in bytes. Source: Lambda's default of 512 MB.
pub const SCRATCH_BYTES: u64 = 512 << 20;
/// Numbers of the users that functions run as, where the server is root: one for each function of a node, far
/// from those of people and services.
pub const USERS: std::ops::Range<u32> = 0x7000_0000..0x7001_0000;
/// How often the memory of an instance is looked at where no control group bounds it.
pub const MEMORY_LOOK: Duration = Duration::from_millis(100);
/// How long the removal of a control group waits for its last processes.
pub const GROUP_PAUSE: Duration = Duration::from_millis(20);

/// How old what is known of a function may be before it is read again.
pub const CATALOG_AGE_MAX: Duration = Duration::from_secs(1);
/// Functions that the copy holds.
pub const CATALOG_MAX: usize = 20_000;
