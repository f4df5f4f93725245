//! Times and durations in words, as pages show them. The script in the browser refines relative
//! times while a page is open; what is written here stands without it.

use std::fmt::Display;

use askama::FastWritable;
use asl::Timestamp;
use chrono::Datelike;

/// An instant, told from another one: that of the page.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub at: Timestamp,
    pub now: Timestamp,
}

impl Moment {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    /// `2026-11-23T15:31:02.120Z`, for machines.
    pub fn iso(&self) -> String {
        self.at.to_iso()
    }

    /// `23 Nov 2026, 15:31:02 UTC`, for titles.
    pub fn absolute(&self) -> String {
        self.at
            .to_chrono()
            .format("%-d %b %Y, %H:%M:%S UTC")
            .to_string()
    }

    /// `23 Nov 2026, 15:31:02.120 UTC`, where milliseconds matter.
    pub fn precise(&self) -> String {
        self.at
            .to_chrono()
            .format("%-d %b %Y, %H:%M:%S%.3f UTC")
            .to_string()
    }

    /// `3 min ago`; the date once that is more than four weeks.
    pub fn relative(&self) -> String {
        let seconds = self.now.0.saturating_sub(self.at.0) / 1_000_000;
        let at = self.at.to_chrono();
        match seconds {
            i64::MIN..=4 => "just now".to_owned(),
            5..=59 => format!("{seconds} s ago"),
            60..=3_599 => format!("{} min ago", seconds / 60),
            3_600..=86_399 => format!("{} h ago", seconds / 3_600),
            86_400..=2_419_199 => format!("{} d ago", seconds / 86_400),
            _ if at.year() == self.now.to_chrono().year() => at.format("%-d %b").to_string(),
            _ => at.format("%-d %b %Y").to_string(),
        }
    }

    pub fn html(&self) -> TimeTag {
        TimeTag(*self)
    }
}

/// The `<time>` element of a moment: relative words, the absolute time in its title.
pub struct TimeTag(Moment);

impl Display for TimeTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(moment) = self;
        write!(
            f,
            r#"<time datetime="{}" title="{}" data-relative>{}</time>"#,
            moment.iso(),
            moment.absolute(),
            moment.relative()
        )
    }
}

impl FastWritable for TimeTag {
    fn write_into(
        &self,
        dest: &mut dyn std::fmt::Write,
        _: &dyn askama::Values,
    ) -> askama::Result<()> {
        write!(dest, "{self}")?;
        Ok(())
    }
}

impl askama::filters::HtmlSafe for TimeTag {}

/// A length of time: `2 ms`, `0.41 s`, `14.6 s`, `1 m 12 s`, `2 h 5 m`, `3 d 4 h`.
pub fn duration(micros: i64) -> String {
    let millis = micros.max(0) / 1_000;
    let seconds = millis / 1_000;
    match millis {
        0..=99 => format!("{millis} ms"),
        100..=9_994 => {
            let hundredths = (millis + 5) / 10;
            format!("{}.{:02} s", hundredths / 100, hundredths % 100)
        }
        9_995..=59_949 => {
            let tenths = (millis + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        59_950..=3_599_999 => format!("{} m {} s", seconds.max(60) / 60, seconds.max(60) % 60),
        3_600_000..=86_399_999 => format!("{} h {} m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// The time from `start` to `end` in words.
pub fn between(start: Timestamp, end: Timestamp) -> String {
    duration(end.0.saturating_sub(start.0))
}

/// A number of bytes: `812 B`, `4.2 KB`, `1.1 MB` (1 KB = 1,024 B, as the quotas count).
pub fn size(bytes: usize) -> String {
    let tenths = |unit: usize| {
        let tenths = (bytes * 10 + unit / 2) / unit;
        if tenths >= 100 || tenths.is_multiple_of(10) {
            format!("{}", tenths / 10)
        } else {
            format!("{}.{}", tenths / 10, tenths % 10)
        }
    };
    match bytes {
        0..=1_023 => format!("{bytes} B"),
        1_024..=1_048_575 => format!("{} KB", tenths(1_024)),
        _ => format!("{} MB", tenths(1_048_576)),
    }
}

/// A count with thousands set apart: `12,480`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_duration(millis: i64, expected: &str) {
        assert_eq!(duration(millis * 1_000), expected);
    }

    #[test]
    fn durations_keep_two_figures_that_matter() {
        check_duration(-5, "0 ms");
        check_duration(2, "2 ms");
        check_duration(99, "99 ms");
        check_duration(410, "0.41 s");
        check_duration(9_994, "9.99 s");
        check_duration(9_995, "10.0 s");
        check_duration(14_600, "14.6 s");
        check_duration(59_949, "59.9 s");
        check_duration(59_950, "1 m 0 s");
        check_duration(72_400, "1 m 12 s");
        check_duration(7_500_000, "2 h 5 m");
        check_duration(273_600_000, "3 d 4 h");
        assert_eq!(
            duration(i64::MAX),
            "106751991 d 4 h",
            "the longest is no panic"
        );
    }

    #[track_caller]
    fn check_relative(seconds: i64, expected: &str) {
        let now = Timestamp::parse_rfc3339("2026-11-23T15:31:02Z").unwrap();
        let moment = Moment::new(now.plus_seconds(-seconds), now);
        assert_eq!(moment.relative(), expected);
    }

    #[test]
    fn relative_times_become_dates_when_old() {
        check_relative(-10, "just now");
        check_relative(4, "just now");
        check_relative(59, "59 s ago");
        check_relative(200, "3 min ago");
        check_relative(7_300, "2 h ago");
        check_relative(86_400 * 3, "3 d ago");
        check_relative(86_400 * 40, "14 Oct");
        check_relative(86_400 * 400, "19 Oct 2025");
    }

    #[test]
    fn sizes_and_counts_are_readable() {
        assert_eq!(size(812), "812 B");
        assert_eq!(size(4_300), "4.2 KB");
        assert_eq!(size(262_144), "256 KB");
        assert_eq!(size(1_153_434), "1.1 MB");
        assert_eq!(count(7), "7");
        assert_eq!(count(12_480), "12,480");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
