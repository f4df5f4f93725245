//! The loads, round after round: each round does all of them, so that a slow minute of the machine falls
//! on one round and not on one load.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Part;
use super::api::{Caller, Machine};
use super::database::Database;
use super::function::Function;
use super::load::{self, Run, median};
use super::machines::{self, FUNCTION};
use super::map_runs::MapRun;
use super::process;
use super::server::{Folder, Server};
use super::sleepers::Sleep;

/// Callers at a time, and the clients of pgbench: the targets are told against 32 of those.
pub(super) const CALLERS: [usize; 3] = [1, 16, 64];
pub(super) const PGBENCH_CLIENTS: [usize; 4] = [1, 16, 32, 64];
/// Callers of the loads that tell what a query costs: enough to keep the server busy.
pub(super) const QUERY_CALLERS: usize = 16;
/// Between two executions of a caller that has the server to itself.
const IDLE_PAUSE: Duration = Duration::from_millis(5);
const MAP_RUNS: usize = 5;
const WARM_UP: Duration = Duration::from_millis(300);
const LARGE_INPUT_BYTES: usize = 8 << 10;
/// Into how many parts of one length a long load is cut.
const ENDURANCE_PARTS: u32 = 6;
/// Callers of that load, and clients of pgbench that insert batches.
const ENDURANCE_CALLERS: usize = 64;
pub(super) const BATCH_CLIENTS: usize = 2;

/// What a load does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    PassWait,
    PassPoll,
    TaskWait,
    TaskPoll,
    LargeWait,
    PassIdle,
    Express,
    ExpressFlow,
    ExpressJsonPath,
    ExpressJsonata,
    Function,
}

impl Load {
    pub(super) const ALL: [Self; 11] = [
        Self::PassWait,
        Self::PassPoll,
        Self::TaskWait,
        Self::TaskPoll,
        Self::LargeWait,
        Self::PassIdle,
        Self::Express,
        Self::ExpressFlow,
        Self::ExpressJsonPath,
        Self::ExpressJsonata,
        Self::Function,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::PassWait => "10 Pass, ?wait",
            Self::PassPoll => "10 Pass, start and describe",
            Self::TaskWait => "10 tasks, ?wait",
            Self::TaskPoll => "10 tasks, start and describe",
            Self::LargeWait => "10 Pass, 8 KB input, ?wait",
            Self::PassIdle => "10 Pass, idle, ?wait",
            Self::Express => "10 Pass, StartSyncExecution",
            Self::ExpressFlow => "5 states, StartSyncExecution",
            Self::ExpressJsonPath => "10 Pass in JSONPath, StartSyncExecution",
            Self::ExpressJsonata => "10 Pass in JSONata, StartSyncExecution",
            Self::Function => "the function alone, calls",
        }
    }

    fn callers(self) -> &'static [usize] {
        match self {
            Self::LargeWait => &[64],
            Self::PassIdle => &[1],
            Self::ExpressJsonPath | Self::ExpressJsonata => &[QUERY_CALLERS],
            _ => &CALLERS,
        }
    }

    fn pause(self) -> Duration {
        match self {
            Self::PassIdle => IDLE_PAUSE,
            _ => Duration::ZERO,
        }
    }

    /// The states of each execution; nothing where what is counted are no executions.
    pub(super) fn states(self) -> Option<u32> {
        match self {
            Self::Function => None,
            Self::ExpressFlow => Some(machines::FLOW_STATES),
            _ => Some(machines::STEPS),
        }
    }
}

/// One load with one number of callers, in one round or as the median of all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Calls of DescribeExecution for each execution.
    pub(super) polls: f64,
    /// Processor time for each, in microseconds.
    pub(super) server_us: f64,
    pub(super) database_us: f64,
}

impl Sample {
    fn median(samples: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(samples.iter().map(field));
        Self {
            per_second: of(|sample| sample.per_second),
            p50_ms: of(|sample| sample.p50_ms),
            p99_ms: of(|sample| sample.p99_ms),
            polls: of(|sample| sample.polls),
            server_us: of(|sample| sample.server_us),
            database_us: of(|sample| sample.database_us),
        }
    }
}

/// What all rounds found.
pub(super) struct Found {
    samples: Vec<((Load, usize), Vec<Sample>)>,
    /// Commits a second of pgbench with so many clients; empty where it could not run.
    commits: Vec<(usize, Vec<f64>)>,
    /// Rows a second that pgbench inserts in batches.
    batched_rows: Vec<f64>,
    /// Executions a second in each part of one long load.
    pub(super) endurance: Vec<f64>,
    pub(super) sleep: Option<Sleep>,
    /// Why pgbench could not run.
    pub(super) no_pgbench: Option<String>,
    pub(super) map_runs: Vec<MapRun>,
    /// Milliseconds of each Map.
    pub(super) maps: Vec<f64>,
    /// Of the server before any load.
    pub(super) resident_idle: u64,
    /// Calls that reached the function.
    pub(super) function_calls: u64,
}

impl Found {
    /// The loads in the order in which they were measured first, each as its median.
    pub(super) fn loads(&self) -> impl Iterator<Item = (Load, usize, Sample)> {
        let samples = self.samples.iter();
        samples.map(|((load, callers), all)| (*load, *callers, Sample::median(all)))
    }

    pub(super) fn sample(&self, load: Load, callers: usize) -> Sample {
        let mut loads = self.loads();
        let found = loads.find(|(other, count, _)| (*other, *count) == (load, callers));
        found.map(|(_, _, sample)| sample).unwrap_or_default()
    }

    pub(super) fn commits(&self, clients: usize) -> Option<f64> {
        let (_, all) = self.commits.iter().find(|(count, _)| *count == clients)?;
        Some(median(all.iter().copied()))
    }

    pub(super) fn batched_rows(&self) -> Option<f64> {
        let rows = self.batched_rows.iter().copied();
        (!self.batched_rows.is_empty()).then(|| median(rows))
    }
}

/// Everything that is measured, made and warm.
pub(super) struct Bench<'a> {
    server: &'a Server,
    pub(super) database: Database,
    function: Function,
    rounds: usize,
    length: Duration,
    pass: Machine,
    express: Machine,
    express_flow: Machine,
    json_path: Machine,
    jsonata: Machine,
    task: Machine,
    map: Machine,
    pub(super) sleeper: Machine,
    large_input: String,
}

impl<'a> Bench<'a> {
    pub(super) fn prepare(
        server: &'a Server,
        data: &Folder,
        rounds: usize,
        length: Duration,
    ) -> Result<Self> {
        let function = Function::start()?;
        let mut caller = Caller::new(server.address)?;
        caller.register(FUNCTION, function.address)?;
        Ok(Self {
            server,
            database: Database::of(data)?,
            rounds,
            length,
            pass: caller.create("bench-pass", &machines::pass_chain())?,
            express: caller.create_express("bench-express", &machines::pass_chain())?,
            express_flow: caller.create_express("bench-flow", &machines::flow())?,
            json_path: caller.create_express("bench-json-path", &machines::json_path_chain())?,
            jsonata: caller.create_express("bench-jsonata", &machines::jsonata_chain())?,
            task: caller.create("bench-task", &machines::task_chain())?,
            map: caller.create("bench-map", &machines::map())?,
            sleeper: caller.create("bench-sleeper", &machines::sleeper())?,
            function,
            large_input: format!(r#"{{"text":"{}"}}"#, "x".repeat(LARGE_INPUT_BYTES)),
        })
    }

    /// What is known before anything has been measured.
    pub(super) fn found(&self) -> Result<Found> {
        Ok(Found {
            samples: Vec::new(),
            commits: Vec::new(),
            batched_rows: Vec::new(),
            endurance: Vec::new(),
            sleep: None,
            no_pgbench: None,
            map_runs: Vec::new(),
            maps: Vec::new(),
            resident_idle: process::resident_bytes(self.server.pid())?,
            function_calls: 0,
        })
    }

    /// One load without a pause, and how much of it was done in each part of the time.
    pub(super) fn endure(&self, length: Duration) -> Result<Vec<f64>> {
        let part = length / ENDURANCE_PARTS;
        let parts = (0..ENDURANCE_PARTS).map(|_| {
            let run = self.run(Load::PassWait, ENDURANCE_CALLERS, part)?;
            Ok(run.per_second())
        });
        parts.collect()
    }

    pub(super) fn measure(&self, found: &mut Found, part: Part) -> Result<()> {
        if let Err(error) = self.database.prepare() {
            found.no_pgbench = Some(format!("{error:#}"));
        }
        let loads: &[Load] = match part {
            Part::Express => &[
                Load::Express,
                Load::ExpressFlow,
                Load::ExpressJsonPath,
                Load::ExpressJsonata,
            ],
            _ => &Load::ALL,
        };
        for &load in loads {
            self.run(load, 1, WARM_UP)?;
        }
        for round in 1..=self.rounds {
            eprintln!("round {round} of {}", self.rounds);
            self.round(found, loads)?;
        }
        found.function_calls = self.function.calls();
        Ok(())
    }

    fn round(&self, found: &mut Found, loads: &[Load]) -> Result<()> {
        for &load in loads {
            for &callers in load.callers() {
                let sample = self.sample(load, callers);
                let title = load.title();
                let sample = sample.with_context(|| format!("{title}, {callers} at a time"))?;
                push(&mut found.samples, (load, callers), sample);
            }
        }
        if loads.len() < Load::ALL.len() {
            return Ok(());
        }
        if found.no_pgbench.is_none() {
            for clients in PGBENCH_CLIENTS {
                let commits = self.database.commits_per_second(clients, self.length)?;
                push(&mut found.commits, clients, commits);
            }
            let rows = self.database.rows_per_second(BATCH_CLIENTS, self.length)?;
            found.batched_rows.push(rows);
        }
        let (mut caller, items) = (Caller::new(self.server.address)?, machines::items());
        for _ in 0..MAP_RUNS {
            let begun = Instant::now();
            caller.run_waiting(&self.map, &items)?;
            found.maps.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn sample(&self, load: Load, callers: usize) -> Result<Sample> {
        let database = self.server.database_pid()?;
        let times = || -> Result<(Duration, Duration)> {
            let server = process::cpu(self.server.pid())?;
            Ok((server, process::cpu_of_tree(database)?))
        };
        let before = times()?;
        let run = self.run(load, callers, self.length)?;
        let after = times()?;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / run.count().max(1) as f64;
        Ok(Sample {
            per_second: run.per_second(),
            p50_ms: run.percentile(50),
            p99_ms: run.percentile(99),
            polls: run.sum as f64 / run.count().max(1) as f64,
            server_us: each(after.0.saturating_sub(before.0)),
            database_us: each(after.1.saturating_sub(before.1)),
        })
    }

    fn run(&self, load: Load, callers: usize, length: Duration) -> Result<Run> {
        let address = match load {
            Load::Function => self.function.address,
            _ => self.server.address,
        };
        let mut callers = Caller::many(address, callers)?;
        load::drive(&mut callers, length, load.pause(), |caller| match load {
            Load::PassWait | Load::PassIdle => caller.run_waiting(&self.pass, "{}"),
            Load::PassPoll => caller.run_polling(&self.pass, "{}"),
            Load::TaskWait => caller.run_waiting(&self.task, "{}"),
            Load::TaskPoll => caller.run_polling(&self.task, "{}"),
            Load::LargeWait => caller.run_waiting(&self.pass, &self.large_input),
            Load::Express => caller.run_sync(&self.express, "{}"),
            Load::ExpressFlow => caller.run_sync(&self.express_flow, r#"{"n":7}"#),
            Load::ExpressJsonPath => caller.run_sync(&self.json_path, machines::QUERIED),
            Load::ExpressJsonata => caller.run_sync(&self.jsonata, machines::QUERIED),
            Load::Function => caller.call_function(),
        })
    }
}

fn push<K: PartialEq, V>(rows: &mut Vec<(K, Vec<V>)>, key: K, value: V) {
    match rows.iter_mut().find(|(other, _)| *other == key) {
        Some((_, values)) => values.push(value),
        None => rows.push((key, vec![value])),
    }
}
