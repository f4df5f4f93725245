//! Many clients that each do one thing after the other for a while, and how long each took.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// What came of a load.
pub(super) struct Run {
    pub(super) elapsed: Duration,
    /// One for each that was done, shortest first.
    latencies: Vec<Duration>,
    /// What the jobs returned, added up.
    pub(super) sum: u64,
}

impl Run {
    pub(super) fn count(&self) -> usize {
        self.latencies.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(super) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that this many of a hundred stay within, in milliseconds; 0 where there are none.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.latencies.len() * percent).div_ceil(100);
        let at = self.latencies.get(rank.saturating_sub(1));
        at.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Lets each client do `job` again and again until `length` is over, with `pause` after each; the
/// pauses count for no latency. The first failure of any is the failure of all.
pub(super) fn drive<C: Send>(
    clients: &mut [C],
    length: Duration,
    pause: Duration,
    job: impl Fn(&mut C) -> Result<u64> + Sync,
) -> Result<Run> {
    let begun = Instant::now();
    let one = |client: &mut C| -> Result<(Vec<Duration>, u64)> {
        let (mut latencies, mut sum) = (Vec::new(), 0);
        while begun.elapsed() < length {
            let started = Instant::now();
            sum += job(client)?;
            latencies.push(started.elapsed());
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
        Ok((latencies, sum))
    };
    let one = &one;
    let parts = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter_mut()
            .map(|client| scope.spawn(move || one(client)))
            .collect();
        let ends = threads.into_iter().map(|thread| {
            let end = thread.join();
            end.unwrap_or_else(|_| Err(anyhow!("a client of the load panicked")))
        });
        ends.collect::<Vec<_>>()
    });
    let elapsed = begun.elapsed();
    let (mut latencies, mut sum) = (Vec::new(), 0);
    for part in parts {
        let (more, added) = part?;
        latencies.extend(more);
        sum += added;
    }
    latencies.sort_unstable();
    Ok(Run {
        elapsed,
        latencies,
        sum,
    })
}

/// The middle one of some numbers; 0 of none.
pub(super) fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn percentiles_are_latencies_that_occurred() {
        let mut run = Run {
            elapsed: Duration::from_secs(2),
            latencies: (1..=200).map(Duration::from_millis).collect(),
            sum: 0,
        };
        for (percent, expected) in [(50, 100.0), (99, 198.0), (100, 200.0)] {
            assert!((run.percentile(percent) - expected).abs() < 1e-6);
        }
        assert!((run.per_second() - 100.0).abs() < 1e-9);
        run.latencies.clear();
        assert!(run.percentile(99).abs() < f64::EPSILON);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        for (numbers, expected) in [(vec![], 0.0), (vec![2.0], 2.0), (vec![9.0, 1.0, 3.0], 3.0)] {
            assert!((median(numbers) - expected).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn every_client_does_its_share_and_one_failure_is_told() {
        let mut clients = [0_u64; 3];
        let count = |client: &mut u64| {
            *client += 1;
            Ok(2)
        };
        let run = drive(
            &mut clients,
            Duration::from_millis(5),
            Duration::ZERO,
            count,
        )
        .unwrap();
        assert_eq!(clients.iter().sum::<u64>(), run.count() as u64);
        assert_eq!(run.sum, 2 * run.count() as u64);
        let failing = |_: &mut u64| bail!("no answer");
        let failed = drive(
            &mut clients,
            Duration::from_millis(5),
            Duration::ZERO,
            failing,
        );
        assert_eq!(failed.err().unwrap().to_string(), "no answer");
    }
}
