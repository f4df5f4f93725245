//! What Linux tells of running processes: memory, processor time, and whose child is whose.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Linux counts processor time for programs in hundredths of a second, on every architecture.
const TICK: Duration = Duration::from_millis(10);

/// The memory that a process holds, in bytes.
pub(super) fn resident_bytes(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let found = resident_in(&text).with_context(|| format!("{path} has no VmRSS"))?;
    Ok(found)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The processor time that one process has used.
pub(super) fn cpu(pid: u32) -> Result<Duration> {
    let stat = read_stat(pid).with_context(|| format!("reading the times of process {pid}"))?;
    Ok(stat.own)
}

/// The processor time of a process, of those that descend from it, and of its children that ended.
pub(super) fn cpu_of_tree(pid: u32) -> Result<Duration> {
    let root = read_stat(pid).with_context(|| format!("reading the times of process {pid}"))?;
    let all = processes()?;
    let mut total = root.own + root.ended_children;
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for (child, stat) in all.iter().filter(|(_, stat)| stat.parent == parent) {
            total += stat.own;
            parents.push(*child);
        }
    }
    Ok(total)
}

fn processes() -> Result<Vec<(u32, Stat)>> {
    let entries = fs::read_dir("/proc").context("reading /proc")?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // One that ended meanwhile is none of ours: the load is over when this is read.
    Ok(pids
        .filter_map(|pid| Some((pid, read_stat(pid)?)))
        .collect())
}

struct Stat {
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

fn read_stat(pid: u32) -> Option<Stat> {
    stat_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn stat_in(text: &str) -> Option<Stat> {
    // The name comes in brackets and may itself hold spaces and brackets.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: TICK * (ticks(11)? + ticks(12)?),
        ended_children: TICK * (ticks(13)? + ticks(14)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let text = "42 (a ) b) S 7 1 1 0 -1 4194560 1 2 3 4 100 50 30 20 20 0 1 0 99\n";
        let stat = stat_in(text).unwrap();
        assert_eq!(stat.parent, 7);
        assert_eq!(stat.own, Duration::from_millis(1500));
        assert_eq!(stat.ended_children, Duration::from_millis(500));
        assert!(stat_in("42 (a) S 7").is_none());
    }

    #[test]
    fn memory_is_told_in_bytes() {
        assert_eq!(resident_in("Name:\tx\nVmRSS:\t   12 kB\n"), Some(12 << 10));
        assert_eq!(resident_in("Name:\tx\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_can_be_measured() {
        let pid = std::process::id();
        assert!(resident_bytes(pid).unwrap() > 0);
        let alone = cpu(pid).unwrap();
        assert!(cpu_of_tree(pid).unwrap() >= alone);
    }
}
