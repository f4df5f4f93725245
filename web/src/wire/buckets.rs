//! Token buckets of the API's operations: how many calls of each the server takes at once and in a second, as
//! AWS throttles an account. Off unless the settings turn them on. Each node has its own.
//!
//! Source: "Quotas related to API action throttling" in the developer guide. StartSyncExecution has none.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use asl::Timestamp;
use asl::diagnose::MachineType;

use super::error::{ApiError, Code};
use crate::settings::{Bucket, Throttling};

/// As the settings name the bucket of Express starts, which is not that of Standard ones.
pub(crate) const EXPRESS_START: &str = "StartExecution.Express";

/// Where AWS's quotas are the larger ones.
const LARGE_REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];

/// By operation: size and refill a second in a large region, then elsewhere.
#[rustfmt::skip]
pub(crate) const QUOTAS: [(&str, [u32; 2], [u32; 2]); 37] = [
    ("CreateActivity", [100, 1], [100, 1]),
    ("CreateStateMachine", [100, 1], [100, 1]),
    ("CreateStateMachineAlias", [100, 1], [100, 1]),
    ("DeleteActivity", [100, 1], [100, 1]),
    ("DeleteStateMachine", [100, 1], [100, 1]),
    ("DeleteStateMachineAlias", [100, 1], [100, 1]),
    ("DeleteStateMachineVersion", [100, 1], [100, 1]),
    ("DescribeActivity", [200, 1], [200, 1]),
    ("DescribeExecution", [300, 15], [250, 10]),
    ("DescribeMapRun", [200, 1], [200, 1]),
    ("DescribeStateMachine", [200, 20], [200, 20]),
    ("DescribeStateMachineAlias", [200, 1], [200, 1]),
    ("DescribeStateMachineForExecution", [200, 1], [200, 1]),
    ("GetActivityTask", [3_000, 500], [1_500, 300]),
    ("GetExecutionHistory", [400, 20], [400, 20]),
    ("ListActivities", [100, 10], [100, 5]),
    ("ListExecutions", [200, 5], [100, 2]),
    ("ListMapRuns", [100, 1], [100, 1]),
    ("ListStateMachineAliases", [100, 1], [100, 1]),
    ("ListStateMachineVersions", [100, 1], [100, 1]),
    ("ListStateMachines", [100, 5], [100, 5]),
    ("ListTagsForResource", [100, 1], [100, 1]),
    ("PublishStateMachineVersion", [100, 1], [100, 1]),
    ("RedriveExecution", [1_300, 300], [800, 150]),
    ("SendTaskFailure", [3_000, 500], [1_500, 300]),
    ("SendTaskHeartbeat", [3_000, 500], [1_500, 300]),
    ("SendTaskSuccess", [3_000, 500], [1_500, 300]),
    ("StartExecution", [1_300, 300], [800, 150]),
    (EXPRESS_START, [6_000, 6_000], [6_000, 6_000]),
    ("StopExecution", [1_000, 200], [500, 25]),
    ("TagResource", [200, 1], [200, 1]),
    ("TestState", [50, 10], [50, 10]),
    ("UntagResource", [200, 1], [200, 1]),
    ("UpdateMapRun", [100, 1], [100, 1]),
    ("UpdateStateMachine", [100, 1], [100, 1]),
    ("UpdateStateMachineAlias", [100, 1], [100, 1]),
    ("ValidateStateMachineDefinition", [100, 1], [100, 1]),
];

/// The buckets of a server; empty where it does not throttle.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<&'static str, Mutex<Level>>);

#[derive(Debug)]
struct Level {
    of: Bucket,
    /// Millionths of a token.
    micros: u64,
    /// When it was so full.
    at: Option<Timestamp>,
}

impl Buckets {
    pub(crate) fn new(settings: &Throttling, region: &str) -> Self {
        if !settings.enabled {
            return Self::default();
        }
        let is_large = LARGE_REGIONS.contains(&region);
        let buckets = QUOTAS.iter().map(|(name, large, other)| {
            let [size, refill] = if is_large { *large } else { *other };
            let own = settings.buckets.get(*name).copied();
            let of = own.unwrap_or(Bucket { size, refill });
            let micros = u64::from(of.size) * 1_000_000;
            (
                *name,
                Mutex::new(Level {
                    of,
                    micros,
                    at: None,
                }),
            )
        });
        Self(buckets.collect())
    }

    /// Takes the token of a call of `operation` at the time `now`.
    pub(crate) fn take(&self, operation: &str, now: Timestamp) -> Result<(), ApiError> {
        let Some(level) = self.0.get(operation) else {
            return Ok(());
        };
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        if level.take(now) {
            Ok(())
        } else {
            Err(ApiError::new(Code::ThrottlingException, "Rate exceeded"))
        }
    }

    /// The same of a start, by the type of the machine.
    pub(crate) fn take_start(
        &self,
        machine_type: MachineType,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        self.take(
            match machine_type {
                MachineType::Standard => "StartExecution",
                MachineType::Express => EXPRESS_START,
            },
            now,
        )
    }

    pub(crate) fn is_on(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Level {
    fn take(&mut self, now: Timestamp) -> bool {
        const TOKEN: u64 = 1_000_000;
        let since = self.at.map_or(0, |at| now.as_micros() - at.as_micros());
        // Time that goes back fills nothing.
        let since = u64::try_from(since).unwrap_or(0);
        // In microseconds a refill of so many tokens a second is as many millionths.
        let filled = since.saturating_mul(u64::from(self.of.refill));
        let full = u64::from(self.of.size) * TOKEN;
        self.micros = self.micros.saturating_add(filled).min(full);
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        match self.micros.checked_sub(TOKEN) {
            Some(left) => {
                self.micros = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model;

    fn on() -> Throttling {
        Throttling {
            enabled: true,
            ..Throttling::default()
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    /// How many calls in a row are taken at a time.
    fn taken(buckets: &Buckets, operation: &str, now: Timestamp) -> usize {
        (0..10_000)
            .take_while(|_| buckets.take(operation, now).is_ok())
            .count()
    }

    #[test]
    fn a_bucket_empties_and_refills_with_the_time() {
        let buckets = Buckets::new(&on(), "us-east-1");
        for (millis, expected) in [
            (0, 300),
            (0, 0),
            (66, 0),
            (67, 1),
            (1_067, 15),
            (500, 0),
            (60_000_000, 300),
        ] {
            assert_eq!(
                taken(&buckets, "DescribeExecution", at(millis)),
                expected,
                "{millis}"
            );
        }
        let refused = buckets
            .take("DescribeExecution", at(60_000_000))
            .unwrap_err();
        assert_eq!(refused.code.name(), "ThrottlingException");
        // Others have their own.
        assert_eq!(taken(&buckets, "StopExecution", at(0)), 1_000);
        assert_eq!(taken(&buckets, "StartSyncExecution", at(0)), 10_000);
    }

    #[test]
    fn starts_are_counted_by_the_type_of_the_machine_and_regions_differ() {
        for (region, standard) in [("eu-west-1", 1_300), ("eu-central-1", 800)] {
            let buckets = Buckets::new(&on(), region);
            let count = |kind| {
                (0..10_000)
                    .take_while(|_| buckets.take_start(kind, at(0)).is_ok())
                    .count()
            };
            assert_eq!(count(MachineType::Standard), standard);
            assert_eq!(count(MachineType::Express), 6_000);
        }
    }

    #[test]
    fn a_setting_lifts_one_bucket_and_without_any_nothing_is_refused() {
        let mut settings = on();
        let own = Bucket { size: 2, refill: 1 };
        settings.buckets.insert("StopExecution".to_owned(), own);
        let buckets = Buckets::new(&settings, "us-east-1");
        assert_eq!(taken(&buckets, "StopExecution", at(0)), 2);
        assert_eq!(taken(&buckets, "TagResource", at(0)), 200);
        let off = Buckets::new(&Throttling::default(), "us-east-1");
        assert_eq!(taken(&off, "TagResource", at(0)), 10_000);
    }

    #[test]
    fn every_operation_has_a_bucket_but_the_synchronous_start() {
        for (name, ..) in QUOTAS {
            assert!(
                name == EXPRESS_START || model::input(name).is_some(),
                "{name}"
            );
        }
        assert!(
            !QUOTAS
                .iter()
                .any(|(name, ..)| *name == "StartSyncExecution")
        );
    }
}
