//! Executions that sleep: what each of them costs in memory, and how soon many wake that are due at once.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use super::api::{Caller, Machine};
use super::process;
use super::server::Server;

const CALLERS: usize = 16;
/// For what the starts left behind to be written and freed.
const SETTLE: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_hours(24);
const PATIENCE: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(5);

/// What was found.
pub(super) struct Sleep {
    pub(super) resident_before: u64,
    pub(super) resident_after: u64,
    pub(super) starts_per_second: f64,
    /// From the moment at which they were due until the last had closed.
    pub(super) resumed: Duration,
}

/// Lays `asleep` executions to sleep until tomorrow, then wakes `due` others at one moment.
pub(super) fn measure(server: &Server, machine: &Machine, asleep: u32, due: u32) -> Result<Sleep> {
    let resident_before = process::resident_bytes(server.pid())?;
    let tomorrow = (SystemTime::now() + DAY).duration_since(UNIX_EPOCH)?;
    let started = start(server, machine, asleep, tomorrow)?;
    thread::sleep(SETTLE);
    let resident_after = process::resident_bytes(server.pid())?;
    let starts_per_second = f64::from(asleep) / started.as_secs_f64();

    let mut watcher = Caller::new(server.address)?;
    let before = watcher.succeeded()?;
    // Twice what their starts should take, so that all of them sleep when the moment comes.
    let lead = Duration::from_secs_f64(2.0 * f64::from(due) / starts_per_second) + SETTLE;
    let at = SystemTime::now().duration_since(UNIX_EPOCH)? + lead;
    let at = Duration::from_secs(at.as_secs());
    start(server, machine, due, at)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let left = at.checked_sub(now);
    thread::sleep(left.context("the starts took longer than the sleep")?);
    let woken = Instant::now();
    while watcher.succeeded()? < before + u64::from(due) {
        if woken.elapsed() > PATIENCE {
            bail!(
                "not all have woken {} s after they were due",
                PATIENCE.as_secs()
            );
        }
        thread::sleep(POLL);
    }
    Ok(Sleep {
        resident_before,
        resident_after,
        starts_per_second,
        resumed: woken.elapsed(),
    })
}

/// Starts `count` that sleep until `at`, and tells how long that took.
fn start(server: &Server, machine: &Machine, count: u32, at: Duration) -> Result<Duration> {
    let input = format!(r#"{{"until":"{}"}}"#, timestamp(at.as_secs()));
    let mut callers = Caller::many(server.address, CALLERS)?;
    let left = AtomicU32::new(count);
    let begun = Instant::now();
    let (left, input) = (&left, input.as_str());
    thread::scope(|scope| {
        let threads: Vec<_> = callers
            .iter_mut()
            .map(|caller| scope.spawn(move || start_some(caller, machine, input, left)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            let end = thread.join();
            end.unwrap_or_else(|_| bail!("a client of the load panicked"))
        })
    })?;
    Ok(begun.elapsed())
}

fn start_some(caller: &mut Caller, machine: &Machine, input: &str, left: &AtomicU32) -> Result<()> {
    while left
        .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
        .is_ok()
    {
        caller.start(machine, input)?;
    }
    Ok(())
}

/// Seconds since 1970 as RFC 3339 has them, in UTC.
fn timestamp(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let day = days + 1;
    let second = second % 60;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_states_read_them() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (1_772_323_200, "2026-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds), expected);
        }
    }
}
