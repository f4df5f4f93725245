//! Distributed Maps over a CSV file of trivial items: items a second and the server's peak memory, for two
//! lengths of the file and both types of children. Results are not gathered, since a state's output holds
//! no hundred thousand: they are written back to the bucket.

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{path::Path, thread};

use anyhow::{Context, Result};

use super::api::Caller;
use super::process;
use super::server::Server;

const BUCKET: &str = "bench";
/// Between two looks at the server's memory.
const LOOK: Duration = Duration::from_millis(5);

/// How many items, and how many they are held against.
pub(super) const FEW: u32 = 10_000;
pub(super) const MANY: u32 = 100_000;

/// One Map Run.
#[derive(Debug, Clone)]
pub(super) struct MapRun {
    pub(super) kind: &'static str,
    pub(super) items: u32,
    /// Of one run, where there were several.
    pub(super) took: Duration,
    /// The most memory that the server held meanwhile, in bytes.
    pub(super) peak: u64,
    /// Processor time for an item, in microseconds.
    pub(super) server_us: f64,
    pub(super) database_us: f64,
}

/// Runs each, the short ones first; `many` is the longer length. The short one runs as often as makes as
/// many items: what an allocator keeps depends on how much went through it, and a peak on how long one looks,
/// so only then does the length of the file make the difference.
pub(super) fn measure(server: &Server, data: &Path, many: u32) -> Result<Vec<MapRun>> {
    let mut caller = Caller::new(server.address)?;
    let few = FEW.min(many / 10);
    for items in [few, many] {
        write_items(data, items)?;
    }
    let mut found = Vec::new();
    for kind in ["STANDARD", "EXPRESS"] {
        let name = format!("bench-map-run-{}", kind.to_lowercase());
        let machine = caller.create(&name, &definition(kind))?;
        // Once before it is measured.
        caller.run_polling(&machine, &input(few))?;
        for items in [few, many] {
            let database = server.database_pid()?;
            let times = || -> Result<(Duration, Duration)> {
                let own = process::cpu(server.pid())?;
                Ok((own, process::cpu_of_tree(database)?))
            };
            let runs = (many / items).max(1);
            let before = times()?;
            let begun = Instant::now();
            let peak = watch(server.pid(), || {
                (0..runs).try_for_each(|_| caller.run_polling(&machine, &input(items)).map(drop))
            })?;
            let took = begun.elapsed() / runs;
            let after = times()?;
            let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(items * runs);
            found.push(MapRun {
                kind,
                items,
                took,
                peak,
                server_us: each(after.0.saturating_sub(before.0)),
                database_us: each(after.1.saturating_sub(before.1)),
            });
        }
    }
    Ok(found)
}

/// The most memory that a process held while `work` was done.
fn watch<T>(pid: u32, work: impl FnOnce() -> Result<T>) -> Result<u64> {
    let (peak, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                let now = process::resident_bytes(pid).unwrap_or(0);
                peak.fetch_max(now, Ordering::Relaxed);
                thread::sleep(LOOK);
            }
        });
        let done = work();
        is_over.store(true, Ordering::Release);
        done.map(drop)
    })?;
    Ok(peak.into_inner())
}

fn key(items: u32) -> String {
    format!("items-{items}.csv")
}

fn input(items: u32) -> String {
    format!(r#"{{"key":"{}"}}"#, key(items))
}

fn write_items(data: &Path, items: u32) -> Result<()> {
    let mut csv = String::from("id,name\n");
    for item in 0..items {
        let _ = writeln!(csv, "{item},item number {item}");
    }
    let folder = data.join("buckets").join(BUCKET);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(key(items));
    fs::write(&path, csv).with_context(|| format!("writing {}", path.display()))
}

fn definition(kind: &str) -> String {
    format!(
        r#"{{"StartAt":"Each","States":{{"Each":{{"Type":"Map","End":true,
"ItemReader":{{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"}},
"Parameters":{{"Bucket":"{BUCKET}","Key.$":"$.key"}}}},
"ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{kind}"}},
"StartAt":"One","States":{{"One":{{"Type":"Pass","End":true}}}}}},
"ResultWriter":{{"Resource":"arn:aws:states:::s3:putObject","Parameters":{{"Bucket":"{BUCKET}","Prefix":"out"}}}}}}}}}}"#
    )
    .replace('\n', "")
}
