//! `Retry` of Task, Parallel and Map states.

use super::{
    error_equals,
    fields::Fields,
    limits::{DELAY_SECONDS_MAX, SECONDS_MAX},
    walk::Walk,
};
use crate::definition::{Retrier, retrier::Jitter};

const FIELDS: [&str; 7] = [
    "Comment",
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
];

/// The retriers of a state, in order; none where there is no `Retry`.
pub(super) fn read<'d>(holder: &Fields<'d>, walk: &mut Walk<'d>) -> Vec<Retrier> {
    let items = holder
        .items("Retry", true, &mut walk.report)
        .unwrap_or_default();
    let count = items.len();
    let mut retriers = Vec::with_capacity(count);
    for (index, (at, item)) in items.into_iter().enumerate() {
        if let Some(fields) = Fields::of(item, at, &mut walk.report) {
            retriers.extend(retrier(&fields, index + 1 == count, walk));
        }
    }
    retriers
}

fn retrier(fields: &Fields<'_>, is_last: bool, walk: &mut Walk<'_>) -> Option<Retrier> {
    fields.only(&FIELDS, &mut walk.report);
    fields.text("Comment", &mut walk.report);
    fields.require(&["ErrorEquals"], &mut walk.report);
    let error_equals = error_equals::read(fields, is_last, walk);
    let report = &mut walk.report;
    let interval = fields.whole("IntervalSeconds", &(1..=SECONDS_MAX), report);
    let attempts = fields.whole("MaxAttempts", &(0..=SECONDS_MAX), report);
    let backoff_rate = fields.number("BackoffRate", &(1.0..=f64::MAX), report);
    let delay = fields.whole("MaxDelaySeconds", &(1..=DELAY_SECONDS_MAX), report);
    let jitter = fields.choice("JitterStrategy", &["NONE", "FULL"], report);
    Some(Retrier {
        error_equals: error_equals?,
        interval_seconds: interval.unwrap_or(1),
        attempts_max: attempts.unwrap_or(3),
        backoff_rate: backoff_rate.unwrap_or(2.0),
        delay_seconds_max: delay,
        jitter: match jitter {
            Some("FULL") => Jitter::Full,
            _ => Jitter::None,
        },
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        definition::{
            Kind,
            retrier::{Jitter, Retrier},
        },
        diagnose::{
            MachineType, parse,
            testing::{check_state, one_state},
        },
    };

    fn with_retrier(fields: &str) -> String {
        format!(
            r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f",
            "Retry":[{{"ErrorEquals":["A"]{fields}}}]"#
        )
    }

    #[track_caller]
    fn read(fields: &str) -> Retrier {
        let text = one_state(&with_retrier(fields), r#""End":true"#);
        let (definition, found) = parse(&text, MachineType::Standard);
        let definition = definition.unwrap_or_else(|| panic!("{found:?}"));
        match &definition.scope.states["S"].kind {
            Kind::Task(task) => task.retry[0].clone(),
            other => panic!("not a task: {other:?}"),
        }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let retrier = read("");
        assert_eq!(
            (
                retrier.interval_seconds,
                retrier.attempts_max,
                retrier.delay_seconds_max
            ),
            (1, 3, None)
        );
        assert!((retrier.backoff_rate - 2.0).abs() < f64::EPSILON);
        assert_eq!(retrier.jitter, Jitter::None);
        let retrier = read(
            r#","Comment":"c","IntervalSeconds":2.0,"MaxAttempts":0,"BackoffRate":3,"MaxDelaySeconds":9,"JitterStrategy":"FULL""#,
        );
        assert_eq!(
            (
                retrier.interval_seconds,
                retrier.attempts_max,
                retrier.delay_seconds_max
            ),
            (2, 0, Some(9))
        );
        assert_eq!(retrier.jitter, Jitter::Full);
    }

    #[test]
    fn each_field_has_its_range() {
        for (field, message) in [
            (r#""IntervalSeconds":0"#, "Minimum value is 1"),
            (
                r#""IntervalSeconds":100000000"#,
                "Maximum value is 99999999",
            ),
            (
                r#""IntervalSeconds":1.5"#,
                "Expected value of type Integer, but was 1.5",
            ),
            (
                r#""IntervalSeconds":"1""#,
                "Expected value of type Integer, but was string",
            ),
            (r#""MaxAttempts":-1"#, "Minimum value is 0"),
            (r#""MaxAttempts":1e30"#, "Maximum value is 99999999"),
            (r#""BackoffRate":0.5"#, "Minimum value is 1.0"),
            (
                r#""BackoffRate":"2""#,
                "Expected value of type Number, but was string",
            ),
            (r#""MaxDelaySeconds":0"#, "Minimum value is 1"),
            (r#""MaxDelaySeconds":31622401"#, "Maximum value is 31622400"),
            (
                r#""JitterStrategy":"HALF""#,
                "Value must be one of the following: [NONE, FULL], but was 'HALF'",
            ),
        ] {
            let name = field.split('"').nth(1).unwrap_or_default();
            check_state(
                &with_retrier(&format!(",{field}")),
                &[&format!("{message} @/Retry[0]/{name}")],
            );
        }
        check_state(
            &with_retrier(r#","Next":"S""#),
            &["Field 'Next' is not supported @/Retry[0]"],
        );
    }

    #[test]
    fn a_retry_is_a_list_of_objects() {
        let task = r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f""#;
        check_state(&format!(r#"{task},"Retry":[]"#), &[]);
        check_state(
            &format!(r#"{task},"Retry":{{}}"#),
            &["Expected value of type Array, but was object @/Retry"],
        );
        check_state(
            &format!(r#"{task},"Retry":["A"]"#),
            &["Expected value of type Object, but was string @/Retry[0]"],
        );
    }
}
