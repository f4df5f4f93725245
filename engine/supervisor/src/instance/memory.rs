//! What the processes of an instance hold, by `/proc`: for levels without a control group.

/// Processes of one instance that are looked at.
const PROCESSES_MAX: usize = 256;

/// The sum of what the instance's processes have held at most, each for itself. Zero where `/proc` does not say.
pub(super) fn peak_bytes(guardian: u32, has_first_process: bool) -> u64 {
    // In a sandbox the guardian's child is the launcher's own.
    sum(guardian, usize::from(has_first_process), "status", "VmHWM:")
}

/// What they hold now; what several of them share counts once.
pub(super) fn bytes(guardian: u32) -> u64 {
    sum(guardian, 1, "smaps_rollup", "Pss:")
}

fn sum(guardian: u32, left_out: usize, file: &str, field: &str) -> u64 {
    let mut waiting = vec![(guardian, 0)];
    let mut total: u64 = 0;
    let mut seen = 0;
    while let Some((pid, depth)) = waiting.pop() {
        seen += 1;
        if seen > PROCESSES_MAX {
            break;
        }
        waiting.extend(children(pid).into_iter().map(|child| (child, depth + 1)));
        if depth > left_out {
            total = total.saturating_add(one(pid, file, field));
        }
    }
    total
}

/// The children of every thread of a process.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let texts = threads
        .map(|thread| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let all: String = texts.collect();
    all.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

fn one(pid: u32, file: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib.saturating_mul(1024))
}
