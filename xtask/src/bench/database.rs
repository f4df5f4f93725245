//! What the PostgreSQL under the server does without it: facts about it, and pgbench on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use embedded_pg::{Installation, Search};

use super::server::Folder;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_commits \
    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now(), body text)";
const INSERT: &str =
    "INSERT INTO bench_commits (body) VALUES ('{\"type\":\"PassStateExited\"}');\n";
/// Rows of a batch, about what a busy writer takes at a time.
const BATCH: u32 = 64;
const BATCH_INSERT: &str = "INSERT INTO bench_journal (execution, first, events, body) \
    SELECT gen_random_uuid(), 1, 22, repeat('{\"t\":\"PassStateExited\",\"n\":\"Step\"}', 8) \
    FROM generate_series(1, 64);\n";
const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS bench_journal (execution uuid, first int, \
    events int, body text, PRIMARY KEY (execution, first))";
const SETTINGS: [&str; 5] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
];

/// PostgreSQL's own programs, turned on the server's database.
pub(super) struct Database {
    installation: Installation,
    url: String,
    /// A script of one row a transaction, and one of a batch.
    single: PathBuf,
    batch: PathBuf,
}

impl Database {
    /// The one that the server of this folder runs.
    pub(super) fn of(data: &Folder) -> Result<Self> {
        // Not the engine's database but its neighbour: same process, same log, same disk.
        let url = embedded_pg::url_of_running(data.path(), "postgres");
        Ok(Self {
            installation: embedded_pg::find(&Search::from_environment(), None, data.path())?,
            url: url.context("the server runs no PostgreSQL in its folder")?,
            single: data.path().join("bench.sql"),
            batch: data.path().join("bench-batch.sql"),
        })
    }

    /// What to know of it to judge the numbers, or why it cannot be told.
    pub(super) fn facts(&self) -> String {
        let told: Result<Vec<String>> = SETTINGS
            .iter()
            .map(|name| Ok(format!("{name} {}", self.psql(&format!("SHOW {name}"))?)))
            .collect();
        match told {
            Ok(facts) => facts.join(", "),
            Err(error) => format!("major version {} ({error:#})", self.installation.major),
        }
    }

    /// Makes pgbench ready, or says why there is nothing to compare with.
    pub(super) fn prepare(&self) -> Result<()> {
        if !self.installation.program("pgbench").is_file() {
            bail!("{} holds no pgbench", self.installation.bin_dir.display());
        }
        self.psql(TABLE)?;
        self.psql(JOURNAL)?;
        for (path, script) in [(&self.single, INSERT), (&self.batch, BATCH_INSERT)] {
            let written = fs::write(path, script);
            written.with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }

    /// Commits of one row each, a second, by so many clients.
    pub(super) fn commits_per_second(&self, clients: usize, length: Duration) -> Result<f64> {
        self.pgbench(&self.single, clients, length)
    }

    /// Rows a second in the shape of the journal, committed in batches: what a whole run in one row
    /// costs the database when nothing else is done.
    pub(super) fn rows_per_second(&self, clients: usize, length: Duration) -> Result<f64> {
        let commits = self.pgbench(&self.batch, clients, length)?;
        Ok(commits * f64::from(BATCH))
    }

    fn pgbench(&self, script: &Path, clients: usize, length: Duration) -> Result<f64> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut command = Command::new(self.installation.program("pgbench"));
        command
            .args(["--no-vacuum", "--protocol=prepared"])
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(threads)))
            .arg(format!("--time={}", length.as_secs().max(1)))
            .arg("--file")
            .arg(script)
            .arg(&self.url);
        let output = command.output().context("running pgbench")?;
        let text = text_of("pgbench", &output)?;
        tps_in(&text).with_context(|| format!("pgbench told no tps: {text}"))
    }

    fn psql(&self, statement: &str) -> Result<String> {
        let program = self.installation.program("psql");
        if !program.is_file() {
            bail!("{} holds no psql", self.installation.bin_dir.display());
        }
        let output = Command::new(program)
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"])
            .args(["--command", statement, self.url.as_str()])
            .output()
            .context("running psql")?;
        Ok(text_of("psql", &output)?.trim().to_owned())
    }
}

fn text_of(program: &str, output: &Output) -> Result<String> {
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed: {}", told.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last `tps = …` line: old versions print one with the time to connect before it.
fn tps_in(text: &str) -> Option<f64> {
    let mut lines = text.lines().rev();
    let line = lines.find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_batch_inserts_as_many_rows_as_are_counted() {
        assert!(BATCH_INSERT.contains(&format!("generate_series(1, {BATCH})")));
    }

    #[test]
    fn the_rate_without_the_time_to_connect_is_taken() {
        let old = "tps = 10.5 (including connections establishing)\n\
                   tps = 11.5 (excluding connections establishing)\n";
        assert_eq!(tps_in(old), Some(11.5));
        assert_eq!(
            tps_in("latency\ntps = 7.25 (without initial connection time)\n"),
            Some(7.25)
        );
        assert_eq!(tps_in("pgbench: error"), None);
    }
}
