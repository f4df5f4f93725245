//! Who lives in a data folder: the processes of a server that lost its owner.
//!
//! `postmaster.pid` alone does not tell. It may name a dead server, a zombie that nobody reaps, or a
//! stranger who was given the number since. A process of PostgreSQL has its working directory in
//! the data folder, and a zombie has none; so that is what counts where `/proc` shows it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;
use crate::error::Doing;

/// How long each stronger way of asking is given before the next.
const PATIENCE: [(Signal, Duration); 3] = [
    // Fast shutdown: sessions are ended, what is in memory is written.
    (Signal::SIGINT, Duration::from_secs(20)),
    // Immediate shutdown: the next start replays the log.
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];
/// Helpers of a killed postmaster notice by themselves; this is how long they are given.
const ORPHANS: Duration = Duration::from_secs(2);
/// How often to look again.
const STEP: Duration = Duration::from_millis(10);

/// Ends whatever server lives in `data` and removes its `postmaster.pid`.
///
/// The caller holds the folder's lock, so nobody can be meant to be there.
pub(crate) fn evict(data: &Path) -> Result<(), Error> {
    let folder = fs::metadata(data).doing("reading", data)?;
    let pid_file = data.join("postmaster.pid");
    for (signal, patience) in PATIENCE {
        let occupants = occupants(&folder, &pid_file);
        if occupants.is_empty() {
            break;
        }
        let postmaster = first_line(&pid_file).filter(|pid| occupants.contains(pid));
        match (postmaster, signal) {
            (Some(postmaster), Signal::SIGINT | Signal::SIGQUIT) => {
                tracing::warn!(
                    postgres.pid = postmaster.as_raw(),
                    "stopping a PostgreSQL that lost its owner ({signal})"
                );
                send(postmaster, signal);
                wait_until_empty(&folder, &pid_file, patience);
            }
            (None, Signal::SIGINT) => wait_until_empty(&folder, &pid_file, ORPHANS),
            _ => {
                for pid in occupants {
                    send(pid, signal);
                }
                wait_until_empty(&folder, &pid_file, patience);
            }
        }
    }
    let left = occupants(&folder, &pid_file);
    if !left.is_empty() {
        let pids = left
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        return Err(Error::Occupied {
            dir: data.to_owned(),
            pids,
        });
    }
    match fs::remove_file(&pid_file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing("removing", &pid_file)
        }
        _ => Ok(()),
    }
}

/// The socket's folder of a server that lives in `data` and is ready.
pub(crate) fn socket_of_running(data: &Path) -> Option<PathBuf> {
    let folder = fs::metadata(data).ok()?;
    let pid_file = data.join("postmaster.pid");
    let postmaster = first_line(&pid_file)?;
    let text = fs::read_to_string(&pid_file).ok()?;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_ready = lines.get(7) == Some(&"ready");
    let socket_dir = lines.get(4).filter(|dir| !dir.is_empty())?;
    let is_there = occupants(&folder, &pid_file).contains(&postmaster);
    (is_ready && is_there).then(|| PathBuf::from(socket_dir))
}

/// The number on the first line of `postmaster.pid`.
pub(crate) fn first_line(pid_file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(pid_file).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    // A server in single-user mode writes its number with a minus sign.
    (pid != 0).then(|| Pid::from_raw(pid.saturating_abs()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "other processes have no signal to wait for"
)]
fn wait_until_empty(folder: &fs::Metadata, pid_file: &Path, patience: Duration) {
    let mut left = patience;
    while !left.is_zero() && !occupants(folder, pid_file).is_empty() {
        std::thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
}

/// Ending a process that has just ended by itself is no trouble.
fn send(pid: Pid, signal: Signal) {
    if let Err(error) = kill(pid, signal) {
        tracing::debug!(
            postgres.pid = pid.as_raw(),
            "could not send {signal}: {error}"
        );
    }
}

#[cfg(target_os = "linux")]
fn occupants(folder: &fs::Metadata, _pid_file: &Path) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let there = fs::metadata(entry.path().join("cwd")).ok()?;
            let is_here = there.dev() == folder.dev() && there.ino() == folder.ino();
            // A person's shell may stand there too.
            let is_postgres = || {
                fs::read_to_string(entry.path().join("comm"))
                    .is_ok_and(|name| name.trim().starts_with("postgres"))
            };
            (is_here && is_postgres()).then(|| Pid::from_raw(pid))
        })
        .collect()
}

/// Without `/proc` there is the file alone, and `ps` to tell a stranger by name.
#[cfg(not(target_os = "linux"))]
fn occupants(_folder: &fs::Metadata, pid_file: &Path) -> Vec<Pid> {
    let is_postgres = |pid: &Pid| {
        std::process::Command::new("ps")
            .args(["-o", "comm=", "-p", &pid.to_string()])
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
    };
    first_line(pid_file)
        .filter(is_postgres)
        .into_iter()
        .collect()
}
