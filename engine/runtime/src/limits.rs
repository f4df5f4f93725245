//! Every bound of the runtime, with what sets it.

use std::time::Duration;

/// Steps that one commit takes at most. Batches of about ninety were the largest seen to help.
pub const BATCH_STEPS_MAX: usize = 256;

/// Bytes of journal rows that one commit takes at most: a row of the largest step always fits.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of inputs that wait for their first commit; more is refused with a throttling error, so
/// that a burst costs its callers time and the node no memory.
pub const ADMITTED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Starts that wait for their first commit, for the same reason.
pub const ADMITTED_STARTS_MAX: usize = 20_000;

/// An execution that waits for longer than this is dropped from memory and woken by its row.
pub const SLEEP_AFTER: Duration = Duration::from_mins(1);

/// How often due sleepers are looked up, and how far ahead.
pub const WAKEUP_POLL: Duration = Duration::from_secs(1);
pub const WAKEUP_BATCH: i64 = 5_000;

/// Inbox rows read at once for a shard.
pub const INBOX_BATCH: u16 = 500;

/// How often the inbox is read without a hint.
pub const INBOX_POLL: Duration = Duration::from_secs(1);

/// A payload from which evaluation moves to a compute thread: under it, the switch costs more.
pub const COMPUTE_BYTES: usize = 64 * 1024;

/// Compute threads that work at once, at least two: as many as there are cores, so that long evaluations
/// share them, and so that what one may hold in memory is not held a hundred times.
pub fn computes_max() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
}

/// Closed executions that DescribeExecution answers from memory.
pub const RECENT_MAX: usize = 4_096;
pub const RECENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How many days after its close an execution can be redriven where no setting says otherwise: AWS's 14.
/// Source: developer guide, "Restarting state machine executions with redrive".
pub const REDRIVABLE_DAYS: u64 = 14;

/// How long an execution may live: AWS's year.
pub const LIFE_MAX: Duration = Duration::from_hours(365 * 24);

/// How long a request to redrive is remembered by its token: AWS's 15 minutes.
pub const REDRIVE_TOKEN_FOR: Duration = Duration::from_mins(15);

/// Bytes of events of Express executions that wait to be logged; what comes beyond that is not logged, so
/// that a slow database costs lines and no memory.
pub const LOG_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Steps that wait to be logged, for the same reason. Those of Standard executions then wait in the inbox.
pub const LOG_STEPS_MAX: usize = 16_384;

/// Lines that are written at once, and their bytes.
pub const LOG_LINES: usize = 2_000;
pub const LOG_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How long lines that no log group takes are kept to be sent again. AWS takes no event older than 14 days.
pub const LOG_GROUP_PATIENCE: Duration = Duration::from_hours(24);

/// Between two tries of sending to a group: at first, and at most. Each is twice the one before.
pub const LOG_GROUP_PAUSE: Duration = Duration::from_secs(1);
pub const LOG_GROUP_PAUSE_MAX: Duration = Duration::from_mins(1);

/// How often lines that wait to be sent are looked for.
pub const LOG_GROUP_LOOK: Duration = Duration::from_secs(1);

/// How long the test of one state may take: AWS's five minutes.
pub const TEST_STATE_FOR: Duration = Duration::from_mins(5);

/// Executions that are loaded at the same time.
pub const LOADS_MAX: usize = 8;

/// Bytes of an execution's rows that are read at once.
pub const PAGE_BYTES: i64 = 4 * 1024 * 1024;

/// New events since the last snapshot from which an eviction writes one.
pub const SNAPSHOT_EVENTS: u64 = 256;

/// Snapshots that are written at once. Beyond that an eviction writes none: it is a cache, and what
/// waits to be written would be memory.
pub const SNAPSHOT_WRITES_MAX: usize = 64;

/// Open executions of the whole database. AWS: a million in an account and region.
pub const OPEN_EXECUTIONS_MAX: u64 = 1_000_000;

/// Workers that wait for a task of one activity at once, on one node. AWS: 1,000 for an activity.
pub const ACTIVITY_POLLERS_MAX: u64 = 1_000;

/// With as many open executions as may be, how long a count of them is believed.
pub const OPEN_COUNT_TTL: Duration = Duration::from_secs(1);

/// Executions over their time that are ended in a turn of the upkeep.
pub const OVERDUE_BATCH: i64 = 1_000;

/// How long a start in another node's inbox may wait to be taken up; then it is taken back.
pub const START_PATIENCE: Duration = Duration::from_secs(10);

/// Days that a closed execution is kept. AWS: 90.
pub const RETENTION_DAYS: u64 = 90;

/// Calls of functions that run at once on a node; more wait for a place.
pub const CALLS_MAX: usize = 1_000;

/// Children of one Map Run that run at once where it sets no lower number: AWS's own quota.
pub const MAP_RUN_CHILDREN_MAX: u64 = 10_000;

/// Children that a Map Run starts between two looks at its mail: about a batch of the writer.
pub const MAP_RUN_CHUNK: u64 = 256;
pub const MAP_RUN_CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Steps of a Map Run that wait for their commit; a chunk of children waits with each.
pub const MAP_RUN_STEPS_MAX: usize = 4;

/// Children whose results are read at once.
pub const MAP_RUN_GATHERED: u64 = 500;

/// Bytes from which results go on in another file: AWS's quota of 5 GiB, less one result.
pub const MAP_RUN_RESULT_FILE_BYTES: u64 = 5_000_000_000;

/// Map Runs in children of Map Runs.
pub const MAP_RUNS_DEPTH_MAX: usize = 16;

/// How long a node may be silent before its shards go to others.
pub const LEASE: Duration = Duration::from_secs(5);
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// A node stops dispatching when its lease has less than this left.
pub const LEASE_MARGIN: Duration = Duration::from_secs(1);

/// Open executions listed at once when a shard is taken on.
pub const OPEN_BATCH: u16 = 1_000;

/// How often tables are looked after and logs trimmed.
pub const MAINTENANCE: Duration = Duration::from_mins(1);

/// How long an Express execution may run. AWS: five minutes.
pub const EXPRESS_SECONDS_MAX: u64 = 300;

/// Express executions that run at once on a node, and the bytes of data that they hold together: a start
/// beyond either is refused with a throttling error, since they live in memory alone.
pub const EXPRESS_RUNS_MAX: usize = 20_000;
pub const EXPRESS_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What one costs beside its data: its threads, timers and the job that runs it.
pub const EXPRESS_RUN_BYTES: usize = 8 * 1024;

/// Starts and ends of Express executions that one statement writes at most, and bytes of their inputs.
pub const EXPRESS_BATCH_MAX: usize = 1_000;
pub const EXPRESS_BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Express executions of a node that is gone that are taken over at once, and how often they are looked for.
pub const EXPRESS_TAKEN_MAX: u16 = 100;
pub const EXPRESS_LOOK: Duration = Duration::from_secs(5);

/// Lives of nodes that an Express execution may outlast. One that was running each time a node went down
/// may be why it did.
pub const EXPRESS_TAKEOVERS_MAX: i16 = 5;

/// How long a node that is told to stop waits for its Express executions.
pub const EXPRESS_DRAIN: Duration = Duration::from_secs(20);
