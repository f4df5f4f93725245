//! `bench`: what a server does on this machine, beside what its PostgreSQL does without it.
//!
//! One run measures everything, since numbers of two machines or two hours compare badly. It prints tables
//! and judges nothing: no number makes it fail, only a call that goes wrong. docs/benchmarks.md says how to
//! read it.

mod api;
mod database;
mod function;
mod http;
mod load;
mod machines;
mod map_runs;
mod measure;
mod process;
mod report;
mod server;
mod sleepers;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::project;
use measure::Bench;
use report::StartUp;
use server::{Folder, Server};

/// How much is measured.
#[derive(Debug, Clone, PartialEq)]
struct Plan {
    binary: PathBuf,
    rounds: usize,
    /// Of one load.
    length: Duration,
    /// Executions laid to sleep.
    asleep: u32,
    /// Executions that wake at one moment.
    due: u32,
    /// How long one load goes on without a pause, to see whether it declines.
    endurance: Duration,
    /// Items of the longer Map Run.
    items: u32,
    part: Part,
}

/// What of it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Loads,
    Express,
    MapRuns,
    Sleepers,
    Endurance,
}

impl Part {
    fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "loads" => Self::Loads,
            "express" => Self::Express,
            "map-runs" => Self::MapRuns,
            "sleepers" => Self::Sleepers,
            "endurance" => Self::Endurance,
            _ => bail!("`{name}` is no part: loads, express, map-runs, sleepers and endurance are"),
        })
    }

    fn includes(self, part: Self) -> bool {
        self == Self::All || self == part
    }
}

impl Plan {
    fn from_arguments(arguments: &[&str]) -> Result<Self> {
        let mut plan = Self {
            binary: project::target().join("release/stepwright"),
            rounds: 3,
            length: Duration::from_secs(5),
            asleep: 20_000,
            due: 10_000,
            endurance: Duration::from_secs(20),
            items: map_runs::MANY,
            part: Part::All,
        };
        let mut arguments = arguments.iter();
        while let Some(&argument) = arguments.next() {
            match argument {
                "--quick" => {
                    plan.rounds = 1;
                    plan.length = Duration::from_millis(500);
                    (plan.asleep, plan.due) = (1_000, 500);
                    plan.endurance = Duration::from_secs(2);
                    plan.items = 1_000;
                }
                "--full" => {
                    plan.asleep = 100_000;
                    plan.endurance = Duration::from_mins(1);
                }
                "--only" => {
                    let name = arguments.next().context("--only needs a part")?;
                    plan.part = Part::named(name)?;
                }
                "--binary" => {
                    let path = arguments.next().context("--binary needs a path")?;
                    plan.binary = PathBuf::from(path);
                }
                _ => bail!(
                    "the argument `{argument}` is not allowed: --quick, --full, --only PART and --binary PATH are"
                ),
            }
        }
        Ok(plan)
    }
}

/// Measures, and prints what it found.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let plan = Plan::from_arguments(arguments)?;
    if !plan.binary.is_file() {
        bail!(
            "{} is not there; `make bench` builds it",
            plan.binary.display()
        );
    }
    let folder = Folder::fresh()?;
    let cold = Server::start(&plan.binary, &folder)?;
    let mut start_up = StartUp {
        cold: (cold.first_answer, cold.ready),
        warm: Vec::new(),
    };
    cold.stop()?;
    for _ in 1..plan.rounds {
        let warm = Server::start(&plan.binary, &folder)?;
        start_up.warm.push((warm.first_answer, warm.ready));
        warm.stop()?;
    }
    let server = Server::start(&plan.binary, &folder)?;
    start_up.warm.push((server.first_answer, server.ready));
    let bench = Bench::prepare(&server, &folder, plan.rounds, plan.length)?;
    println!("{}", report::machine(&bench.database));
    let mut found = bench.found()?;
    // First, since a fresh database is where a plan goes stale.
    if plan.part.includes(Part::Endurance) {
        found.endurance = bench.endure(plan.endurance)?;
    }
    if plan.part.includes(Part::Loads) || plan.part == Part::Express {
        bench.measure(&mut found, plan.part)?;
    }
    if plan.part.includes(Part::MapRuns) {
        found.map_runs = map_runs::measure(&server, folder.path(), plan.items)?;
    }
    if plan.part.includes(Part::Sleepers) {
        let sleep = sleepers::measure(&server, &bench.sleeper, plan.asleep, plan.due)?;
        found.sleep = Some(sleep);
    }
    server.stop()?;
    print!("{}", report::tables(&found, &start_up, &plan));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_choose_how_much_is_measured() {
        let plan = Plan::from_arguments(&["--full", "--binary", "/bin/true"]).unwrap();
        assert_eq!((plan.asleep, plan.rounds), (100_000, 3));
        assert_eq!(plan.binary, PathBuf::from("/bin/true"));
        assert_eq!(Plan::from_arguments(&["--quick"]).unwrap().rounds, 1);
        let plan = Plan::from_arguments(&["--only", "sleepers"]).unwrap();
        assert!(plan.part.includes(Part::Sleepers) && !plan.part.includes(Part::Loads));
        for wrong in [&["--fast"][..], &["--binary"], &["--only", "half"]] {
            assert!(Plan::from_arguments(wrong).is_err());
        }
    }
}
