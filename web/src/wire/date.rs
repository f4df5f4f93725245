//! Dates as the wire API writes them: epoch seconds with a fraction of milliseconds.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

/// A date in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) DateTime<Utc>);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds until the year 287396 are exact"
        )]
        serializer.serialize_f64(self.0.timestamp_millis() as f64 / 1000.0)
    }
}

impl From<DateTime<Utc>> for Date {
    fn from(date: DateTime<Utc>) -> Self {
        Self(date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_seconds_with_milliseconds() {
        let date = DateTime::from_timestamp_micros(1_704_067_200_123_456).unwrap();
        assert_eq!(
            serde_json::to_string(&Date(date)).unwrap(),
            "1704067200.123"
        );
    }
}
