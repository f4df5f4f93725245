//! Ending every process below the guardian, which adopts the orphans among them.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};

/// Rounds of killing before the rest is left to the kernel: each takes at least one process away.
const ROUNDS_MAX: usize = 100_000;

/// Kills all that descend from this process, until none is left.
pub(crate) fn end() {
    let own = getpid();
    for _ in 0..ROUNDS_MAX {
        for pid in below(own) {
            // One that has just ended is no error.
            kill(pid, Signal::SIGKILL).unwrap_or_default();
        }
        // What was killed, and whatever of it was adopted, is taken away one by one.
        match waitpid(None::<Pid>, None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
        while let Ok(status) = waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
            if status.pid().is_none() {
                break;
            }
        }
    }
}

/// All descendants of a process, by the parents that `/proc` names.
pub(crate) fn below(top: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let all: Vec<(i32, i32)> = entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((pid, parent(&stat)?))
        })
        .collect();
    let mut found = vec![top.as_raw()];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = all.iter().filter(|(_, of)| *of == parent);
        found.extend(children.map(|(pid, _)| *pid));
        next += 1;
    }
    found.into_iter().skip(1).map(Pid::from_raw).collect()
}

/// The parent in a line of `/proc/PID/stat`. The name before it may hold anything, brackets too.
fn parent(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_brackets_does_not_hide_its_parent() {
        assert_eq!(parent("12 (a) R 7 (b)) S 34 12 12 0"), Some(34));
        assert_eq!(parent("12 (sh) S 1 12"), Some(1));
        assert_eq!(parent("nothing"), None);
    }
}
