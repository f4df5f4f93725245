//! The server that is measured: the release binary on a data folder of its own, started, asked for its
//! readiness, and stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http::Connection;
use crate::project;

/// How long it may take until it is ready, and until it has ended.
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(1);

/// A data folder that goes when this does.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn fresh() -> Result<Self> {
        let path = project::target().join(format!("tmp/bench-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind lies in the target folder, and does no harm there.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A running server, stopped when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    /// From the start of the process until a call was answered, and until it was ready for work.
    pub(super) first_answer: Duration,
    pub(super) ready: Duration,
    data: PathBuf,
}

impl Server {
    pub(super) fn start(binary: &Path, data: &Folder) -> Result<Self> {
        let begun = Instant::now();
        let mut command = Command::new(binary);
        command
            .args([
                "serve",
                "--json",
                "--log",
                "warn",
                "--listen",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        // Settings of whoever measures would make another server of it.
        for (name, _) in std::env::vars_os() {
            let is_setting = |name: &str| name.starts_with("STEPWRIGHT_") || name == "DATABASE_URL";
            if name.to_str().is_some_and(is_setting) && name != "STEPWRIGHT_POSTGRES_BIN" {
                command.env_remove(&name);
            }
        }
        let child = command.spawn();
        let child = child.with_context(|| format!("starting {}", binary.display()))?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            first_answer: Duration::ZERO,
            ready: Duration::ZERO,
            data: data.path().to_owned(),
        };
        server.address = server.announced()?;
        let mut connection = Connection::open(server.address)?;
        connection
            .call("GET", "/healthz", &[], "")?
            .expect_success()?;
        server.first_answer = begun.elapsed();
        while connection.call("GET", "/readyz", &[], "")?.status != 200 {
            if begun.elapsed() > PATIENCE {
                bail!("the server is not ready after {} s", PATIENCE.as_secs());
            }
            thread::sleep(POLL);
        }
        server.ready = begun.elapsed();
        Ok(server)
    }

    /// Where it says that it listens.
    fn announced(&mut self) -> Result<SocketAddr> {
        let output = self.child.stdout.take().context("the server's output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.split("http://").nth(1).map(|rest| {
            let end = rest.find(['"', '/', '\n']).unwrap_or(rest.len());
            rest.get(..end).unwrap_or(rest)
        });
        let address = address.and_then(|address| address.parse().ok());
        address.with_context(|| format!("the server did not say where it listens: `{line}`"))
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process that all of its PostgreSQL descends from.
    pub(super) fn database_pid(&self) -> Result<u32> {
        let path = self.data.join("data/postmaster.pid");
        let text = fs::read_to_string(&path);
        let text = text.with_context(|| format!("reading {}", path.display()))?;
        let pid = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok());
        pid.with_context(|| format!("{} names no process", path.display()))
    }

    /// Stops it as an operator would, and waits until it has ended.
    pub(super) fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = self.child.id().to_string();
        project::run(Command::new("kill").args(["-TERM", pid.as_str()]))?;
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > PATIENCE {
                self.child.kill()?;
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("stopping the server: {error:#}");
        }
    }
}
