//! What was found, as tables of text.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use super::database::Database;
use super::load::median;
use super::machines::{ITEMS, STEPS};
use super::map_runs::MapRun;
use super::measure::{BATCH_CLIENTS, Found, Load, PGBENCH_CLIENTS, QUERY_CALLERS};
use super::sleepers::Sleep;
use super::table::{Table, number};
use super::{Part, Plan};

/// The clients of pgbench that the targets are told against, and the callers that they are told for.
const ANCHOR_CLIENTS: usize = 32;
const ANCHOR_CALLERS: usize = 64;

/// Times from the start of the process until its first answer, and until it was ready.
pub(super) struct StartUp {
    pub(super) cold: (Duration, Duration),
    pub(super) warm: Vec<(Duration, Duration)>,
}

/// The machine and its database, in two lines.
pub(super) fn machine(database: &Database) -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = processors.lines();
    let model = lines.find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "Machine: {cores} cores ({}), load {load} before the run; server, database, function and callers share it\n\
         PostgreSQL: {}\n",
        model.unwrap_or("unknown"),
        database.facts()
    )
}

pub(super) fn tables(found: &Found, start_up: &StartUp, plan: &Plan) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if plan.part.includes(Part::Loads) || plan.part == Part::Express {
        let seconds = plan.length.as_secs_f64();
        let _ = writeln!(
            text,
            "Medians of {} rounds of {seconds} s a load\n",
            plan.rounds
        );
        let _ = writeln!(text, "{}", loads(found));
    }
    if plan.part.includes(Part::Loads) {
        let _ = writeln!(text, "{}", commits(found));
        let calls = found.function_calls;
        let _ = writeln!(text, "The function was called {calls} times.\n");
    }
    if let Some(reason) = &found.no_pgbench {
        let _ = writeln!(text, "pgbench was left out: {reason}\n");
    }
    if !found.endurance.is_empty() {
        let _ = writeln!(text, "{}", endurance(&found.endurance, plan));
    }
    if !found.map_runs.is_empty() {
        let _ = writeln!(text, "{}", map_runs(&found.map_runs));
    }
    let _ = writeln!(text, "{}", targets(found, start_up, plan));
    text
}

fn loads(found: &Found) -> Table {
    let mut table = Table::new(&[
        "load",
        "at a time",
        "a second",
        "states/s",
        "p50 ms",
        "p99 ms",
        "polls each",
        "server CPU us",
        "database CPU us",
    ]);
    for (load, callers, sample) in found.loads() {
        let states = load.states();
        let of_executions = |value: f64| states.map_or_else(String::new, |_| number(value));
        table.row([
            load.title().to_owned(),
            callers.to_string(),
            number(sample.per_second),
            of_executions(sample.per_second * f64::from(states.unwrap_or(0))),
            number(sample.p50_ms),
            number(sample.p99_ms),
            of_executions(sample.polls),
            of_executions(sample.server_us),
            of_executions(sample.database_us),
        ]);
    }
    table
}

/// The same PostgreSQL without us.
fn commits(found: &Found) -> Table {
    let mut table = Table::new(&["pgbench, one row each", "commits/s"]);
    for clients in PGBENCH_CLIENTS {
        if let Some(commits) = found.commits(clients) {
            table.row([format!("{clients} clients"), number(commits)]);
        }
    }
    if let Some(rows) = found.batched_rows() {
        table.row([
            format!("{BATCH_CLIENTS} clients, journal rows in batches: rows/s"),
            number(rows),
        ]);
    }
    table
}

/// A load that goes on: each part of it beside the first.
fn endurance(parts: &[f64], plan: &Plan) -> Table {
    let title = format!(
        "{} for {} s",
        Load::PassWait.title(),
        plan.endurance.as_secs()
    );
    let mut table = Table::new(&[&title, "a second", "of the first part"]);
    let first = parts.first().copied().unwrap_or(1.0);
    for (index, rate) in parts.iter().enumerate() {
        let percent = format!("{} %", number(100.0 * rate / first));
        table.row([format!("part {}", index + 1), number(*rate), percent]);
    }
    table
}

/// Distributed Maps, by the type of their children and the number of items.
fn map_runs(runs: &[MapRun]) -> Table {
    let mut table = Table::new(&[
        "Map Run over CSV, children",
        "items",
        "items/s",
        "peak memory MB",
        "server CPU us",
        "database CPU us",
    ]);
    for run in runs {
        table.row([
            run.kind.to_owned(),
            number(f64::from(run.items)),
            number(items_per_second(run)),
            number(bytes(run.peak) / f64::from(1 << 20)),
            number(run.server_us),
            number(run.database_us),
        ]);
    }
    table
}

fn items_per_second(run: &MapRun) -> f64 {
    f64::from(run.items) / run.took.as_secs_f64()
}

fn targets(found: &Found, start_up: &StartUp, plan: &Plan) -> Table {
    let mut table = Table::new(&["target", "measured", "wanted", "is met"]);
    let mut row = |what: &str, value: Option<f64>, wanted: Wanted, unit: &str| {
        let (wanted, met) = match wanted {
            Wanted::AtLeast(bound) => (
                format!("at least {} {unit}", number(bound)),
                value.map(|value| value >= bound),
            ),
            Wanted::AtMost(bound) => (
                format!("at most {} {unit}", number(bound)),
                value.map(|value| value <= bound),
            ),
            Wanted::Nothing => (String::new(), None),
        };
        table.row([
            what.to_owned(),
            value.map_or_else(
                || "unknown".to_owned(),
                |value| format!("{} {unit}", number(value)),
            ),
            wanted,
            met.map_or("", |met| if met { "yes" } else { "no" })
                .to_owned(),
        ]);
    };
    if plan.part.includes(Part::Loads) {
        load_targets(found, &mut row);
    }
    if plan.part.includes(Part::Loads) || plan.part == Part::Express {
        express_targets(found, &mut row);
        query_targets(found, &mut row);
    }
    map_run_targets(&found.map_runs, &mut row);
    if let Some(sleep) = &found.sleep {
        sleep_targets(sleep, plan, &mut row);
    }
    let idle = bytes(found.resident_idle) / f64::from(1 << 20);
    row(
        "memory of the server before any load",
        Some(idle),
        Wanted::AtMost(40.0),
        "MB",
    );
    let warm = |of: fn(&(Duration, Duration)) -> Duration| {
        median(start_up.warm.iter().map(|times| of(times).as_secs_f64()))
    };
    let warm_ready = warm(|times| times.1);
    row(
        "first answer, cold",
        Some(start_up.cold.0.as_secs_f64()),
        Wanted::AtMost(3.0),
        "s",
    );
    row(
        "ready, cold",
        Some(start_up.cold.1.as_secs_f64()),
        Wanted::Nothing,
        "s",
    );
    row(
        "first answer, warm",
        Some(warm(|times| times.0)),
        Wanted::AtMost(3.0),
        "s",
    );
    row("ready, warm", Some(warm_ready), Wanted::AtMost(3.0), "s");
    table
}

/// Takes what is told, its value, what was wanted and the unit.
type Row<'a> = dyn FnMut(&str, Option<f64>, Wanted, &str) + 'a;

fn load_targets(found: &Found, row: &mut Row<'_>) {
    let anchor = found.commits(ANCHOR_CLIENTS);
    for (load, percent) in [
        (Load::PassWait, 60.0),
        (Load::PassPoll, 40.0),
        (Load::TaskWait, 8.0),
    ] {
        let sample = found.sample(load, ANCHOR_CALLERS);
        let ratio = anchor.map(|commits| 100.0 * sample.per_second / commits);
        let what = format!(
            "{}, {ANCHOR_CALLERS} at a time, of pgbench with {ANCHOR_CLIENTS}",
            load.title()
        );
        row(&what, ratio, Wanted::AtLeast(percent), "%");
    }
    let busy = found.sample(Load::PassWait, ANCHOR_CALLERS);
    let idle = found.sample(Load::PassIdle, 1);
    let large = found.sample(Load::LargeWait, ANCHOR_CALLERS);
    let cpu = busy.server_us + busy.database_us;
    row(
        "10 Pass, idle, p50",
        Some(idle.p50_ms),
        Wanted::AtMost(1.0),
        "ms",
    );
    row(
        "10 Pass, 64 at a time, p99",
        Some(busy.p99_ms),
        Wanted::AtMost(15.0),
        "ms",
    );
    row(
        "CPU of server and database, an execution",
        Some(cpu),
        Wanted::AtMost(110.0),
        "us",
    );
    row(
        "10 Pass, 8 KB input",
        Some(large.per_second),
        Wanted::AtLeast(2500.0),
        "/s",
    );
    let map = median(found.maps.iter().copied());
    row(
        &format!("Map of {ITEMS} Pass items"),
        Some(map),
        Wanted::AtMost(60.0),
        "ms",
    );
}

fn express_targets(found: &Found, row: &mut Row<'_>) {
    row(
        "10 Pass, StartSyncExecution, one at a time, p50",
        Some(found.sample(Load::Express, 1).p50_ms),
        Wanted::AtMost(0.3),
        "ms",
    );
    row(
        "10 Pass, StartSyncExecution, 64 at a time",
        Some(found.sample(Load::Express, ANCHOR_CALLERS).per_second),
        Wanted::AtLeast(15_000.0),
        "/s",
    );
}

/// What one state costs more than one that computes nothing, by the processor time of whole executions.
fn query_targets(found: &Found, row: &mut Row<'_>) {
    let plain = found.sample(Load::Express, QUERY_CALLERS).server_us;
    let a_state = |load| {
        let sample = found.sample(load, QUERY_CALLERS);
        (sample.server_us - plain) / f64::from(STEPS)
    };
    let json_path = a_state(Load::ExpressJsonPath);
    row(
        "three queries in JSONPath, CPU a state",
        Some(json_path),
        Wanted::Nothing,
        "us",
    );
    row(
        "the same in JSONata, CPU a state",
        Some(a_state(Load::ExpressJsonata)),
        Wanted::AtMost(15.0),
        "us",
    );
}

fn map_run_targets(runs: &[MapRun], row: &mut Row<'_>) {
    for pair in runs.chunks(2) {
        let [few, many] = pair else { continue };
        let kind = few.kind;
        row(
            &format!("Map Run of {} {kind} children", few.items),
            Some(items_per_second(few)),
            Wanted::AtLeast(8_000.0),
            "items/s",
        );
        let more = many.peak.saturating_sub(few.peak);
        row(
            &format!("its peak memory with {} items, above that", many.items),
            Some(bytes(more) / f64::from(1 << 20)),
            Wanted::AtMost(20.0),
            "MB",
        );
    }
}

fn sleep_targets(sleep: &Sleep, plan: &Plan, row: &mut Row<'_>) {
    let each =
        bytes(sleep.resident_after.saturating_sub(sleep.resident_before)) / f64::from(plan.asleep);
    row(
        &format!("memory of one of {} asleep", plan.asleep),
        Some(each),
        Wanted::AtMost(256.0),
        "B",
    );
    row(
        &format!("{} due at once, until all closed", plan.due),
        Some(sleep.resumed.as_secs_f64()),
        Wanted::AtMost(5.0),
        "s",
    );
    row(
        "starts of executions that then sleep",
        Some(sleep.starts_per_second),
        Wanted::Nothing,
        "/s",
    );
}

#[derive(Clone, Copy)]
enum Wanted {
    AtLeast(f64),
    AtMost(f64),
    /// It is told because it explains the others.
    Nothing,
}

#[expect(clippy::cast_precision_loss, reason = "no memory is above 2^52 bytes")]
fn bytes(count: u64) -> f64 {
    count as f64
}
