//! Instants and durations as the language uses them. There is no clock here: time comes in.

use chrono::{DateTime, SecondsFormat, Utc};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1000)
    }

    pub const fn as_micros(self) -> i64 {
        self.0
    }

    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Epoch seconds with a fraction of milliseconds: how the wire API writes dates.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds until the year 287396 are exact"
    )]
    pub fn as_seconds_f64(self) -> f64 {
        self.as_millis() as f64 / 1000.0
    }

    /// This instant moved on by whole seconds; the end of time where that overflows.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// `2024-01-01T00:00:00.123Z`, as the context object writes times.
    pub fn to_iso(self) -> String {
        self.to_chrono()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Reads an RFC 3339 timestamp as the language defines it: upper-case `T`, and `Z` or an offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let shaped = text.as_bytes().get(10) == Some(&b'T') && !text.contains(['t', 'z', ' ']);
        let parsed = DateTime::parse_from_rfc3339(text).ok().filter(|_| shaped)?;
        Some(Self(parsed.timestamp_micros()))
    }
}
