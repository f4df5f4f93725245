//! The Wait state.

use super::{
    language,
    limits::SECONDS_MAX,
    setting::{self, is_expression},
    state::{Source, transition},
    walk::Walk,
};
use crate::{
    definition::{Setting, Wait, wait::Until},
    time::Timestamp,
};

pub(super) const FIELDS: [&str; 10] = [
    "InputPath",
    "OutputPath",
    "Output",
    "Assign",
    "Seconds",
    "SecondsPath",
    "Timestamp",
    "TimestampPath",
    "Next",
    "End",
];

const FORMS: [&str; 4] = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];

pub(super) fn read(source: &Source<'_>, walk: &mut Walk<'_>) -> Option<Wait> {
    let fields = &source.fields;
    fields.exactly_one(&FORMS, &mut walk.report);
    let seconds = if is_expression(source, "Seconds") {
        let value = fields.get("Seconds")?;
        language::expression(value, &fields.place("Seconds"), walk).map(Setting::Computed)
    } else {
        fields
            .whole("Seconds", &(0..=SECONDS_MAX), &mut walk.report)
            .map(Setting::Fixed)
    };
    let seconds = match seconds {
        Some(Setting::Fixed(seconds)) => Some(Until::Seconds(seconds)),
        Some(Setting::Computed(expression)) => Some(Until::SecondsComputed(expression)),
        None => setting::reference(fields, "SecondsPath", walk).map(Until::SecondsComputed),
    };
    let timestamp = timestamp(source, walk).or_else(|| {
        setting::reference(fields, "TimestampPath", walk).map(Until::TimestampComputed)
    });
    let then = transition(fields, walk);
    Some(Wait {
        until: seconds.or(timestamp)?,
        then: then?,
    })
}

fn timestamp(source: &Source<'_>, walk: &mut Walk<'_>) -> Option<Until> {
    let fields = &source.fields;
    let at = fields.place("Timestamp");
    if is_expression(source, "Timestamp") {
        let value = fields.get("Timestamp")?;
        return language::expression(value, &at, walk).map(Until::TimestampComputed);
    }
    let text = fields.text("Timestamp", &mut walk.report)?;
    let timestamp = Timestamp::parse_rfc3339(text);
    if timestamp.is_none() {
        walk.report
            .schema(&at, "String does not match RFC3339 timestamp");
        if language::looks_like_path(text) {
            setting::warn_no_path(fields, "Timestamp", walk);
        }
    }
    timestamp.map(Until::Timestamp)
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::check_state;

    #[test]
    fn a_wait_has_one_of_four_forms() {
        for form in [
            r#""Seconds":0"#,
            r#""Seconds":10"#,
            r#""SecondsPath":"$.s""#,
            r#""Timestamp":"2015-09-04T01:59:00Z""#,
            r#""Timestamp":"2015-09-04T01:59:00.123+02:00""#,
            r#""TimestampPath":"$.t[0]""#,
        ] {
            check_state(&format!(r#""Type":"Wait",{form}"#), &[]);
        }
        check_state(
            r#""Type":"Wait""#,
            &[
                "One of the following fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]",
            ],
        );
        check_state(
            r#""Type":"Wait","Seconds":10,"SecondsPath":"$.s""#,
            &[
                "There should only be one of the following fields: [Seconds, SecondsPath, Timestamp, TimestampPath]",
            ],
        );
    }

    #[test]
    fn each_form_has_its_type_and_range() {
        check_state(
            r#""Type":"Wait","Seconds":-1"#,
            &["Minimum value is 0 @/Seconds"],
        );
        check_state(
            r#""Type":"Wait","Seconds":100000000"#,
            &["Maximum value is 99999999 @/Seconds"],
        );
        check_state(
            r#""Type":"Wait","Seconds":"{% 1 %}""#,
            &["Expected value of type Integer, but was string @/Seconds"],
        );
        for text in ["2016-12-05 21:29:29Z", "2016-12-05T21:29:29", "$.t", ""] {
            check_state(
                &format!(r#""Type":"Wait","Timestamp":"{text}""#),
                &["String does not match RFC3339 timestamp @/Timestamp"],
            );
        }
        check_state(
            r#""Type":"Wait","TimestampPath":"t""#,
            &[
                "Value is not a Reference Path: Reference path didn't start with '$' @/TimestampPath",
            ],
        );
    }
}
