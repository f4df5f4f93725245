//! Every comparison with values of every type, and what rules are refused.

use proptest::prelude::*;

use super::{COMPARISONS, Condition};
use crate::{
    Json,
    json::{self, pointer::Pointer},
    query::testing::with_env,
};

fn parse(rule: &str) -> Result<Condition, Vec<(String, String)>> {
    Condition::parse(&json::parse(rule).unwrap(), &Pointer::root()).map_err(|problems| {
        let problems = problems.into_iter();
        problems
            .map(|(at, problem)| (at.to_string(), problem.message))
            .collect()
    })
}

fn holds(rule: &str, input: &str) -> Result<bool, String> {
    let condition = parse(rule).unwrap();
    with_env(input, r#"{"n":0}"#, r#"{"v":{"s":"b"}}"#, |env| {
        condition.holds(env).map_err(|error| {
            assert_eq!(error.error, "States.Runtime");
            error.detail
        })
    })
}

/// `Variable` is `$.x`, which is `value`; for a `…Path` comparison `$.y` is `other`.
#[track_caller]
fn check(value: &str, comparison: &str, other: &str, expected: bool) {
    let operand = if comparison.ends_with("Path") {
        r#""$.y""#
    } else {
        other
    };
    let rule = format!(r#"{{"Variable":"$.x","{comparison}":{operand},"Next":"N"}}"#);
    let input = format!(r#"{{"x":{value},"y":{other}}}"#);
    assert_eq!(holds(&rule, &input), Ok(expected), "{rule} on {input}");
}

/// Whether each of the five relations holds, in this order: = < > <= >=.
#[track_caller]
fn check_order(family: &str, value: &str, other: &str, expected: [bool; 5]) {
    let relations = [
        "Equals",
        "LessThan",
        "GreaterThan",
        "LessThanEquals",
        "GreaterThanEquals",
    ];
    for (relation, expected) in relations.iter().zip(expected) {
        check(value, &format!("{family}{relation}"), other, expected);
        check(value, &format!("{family}{relation}Path"), other, expected);
    }
}

const SAME: [bool; 5] = [true, false, false, true, true];
const LESS: [bool; 5] = [false, true, false, true, false];
const GREATER: [bool; 5] = [false, false, true, false, true];
const NONE: [bool; 5] = [false; 5];

const OF_EVERY_TYPE: [&str; 9] = [
    "null",
    "0",
    "1.1",
    r#""""#,
    r#""text""#,
    "[]",
    r#"[""]"#,
    "{}",
    r#"{"A":0}"#,
];

#[test]
fn texts_are_ordered_by_their_code_units() {
    check_order("String", r#""Hello""#, r#""Hello""#, SAME);
    check_order("String", r#""A""#, r#""AB""#, LESS);
    check_order("String", r#""AB""#, r#""A""#, GREATER);
    check_order("String", r#""A""#, r#""A ""#, LESS);
    check_order("String", r#""a""#, r#""B""#, GREATER);
    check_order("String", r#""""#, r#""""#, SAME);
    check_order("String", r#"" ""#, r#""     ""#, LESS);
    // U+FB00 is above the surrogates that U+1D11E is written with.
    check_order("String", r#""𝄞""#, r#""ﬀ""#, LESS);
    for other in ["null", "0", "true", "[]", "{}"] {
        check_order("String", other, r#""0""#, NONE);
    }
}

#[test]
fn numbers_are_compared_by_value() {
    check_order("Numeric", "0", "0.0", SAME);
    check_order("Numeric", "1", "1.1", LESS);
    check_order("Numeric", "-1", "-1.5", GREATER);
    check_order("Numeric", "1e2", "100", SAME);
    check_order("Numeric", "9007199254740993", "9007199254740992", GREATER);
    for other in ["null", r#""1""#, "true", "[1]", "{}"] {
        check_order("Numeric", other, "1", NONE);
    }
}

#[test]
fn timestamps_are_compared_by_instant() {
    check_order(
        "Timestamp",
        r#""2012-10-09T19:00:55Z""#,
        r#""2012-10-09T19:00:55Z""#,
        SAME,
    );
    check_order(
        "Timestamp",
        r#""2012-10-09T19:00:55Z""#,
        r#""2012-10-09T21:00:55+02:00""#,
        SAME,
    );
    check_order(
        "Timestamp",
        r#""2012-10-09T19:00:55Z""#,
        r#""2012-10-09T19:00:55.001Z""#,
        LESS,
    );
    check_order(
        "Timestamp",
        r#""2012-10-09T19:00:56Z""#,
        r#""2012-10-09T19:00:55Z""#,
        GREATER,
    );
    for other in [
        "null",
        "0",
        r#""2012-10-09T19:00:55""#,
        r#""2012-10-09""#,
        r#""x""#,
        "[]",
    ] {
        check_order("Timestamp", other, r#""2012-10-09T19:00:55Z""#, NONE);
    }
}

#[test]
fn booleans_equal_booleans_only() {
    for comparison in ["BooleanEquals", "BooleanEqualsPath"] {
        check("true", comparison, "true", true);
        check("false", comparison, "false", true);
        check("true", comparison, "false", false);
        for value in OF_EVERY_TYPE {
            check(value, comparison, "false", false);
        }
    }
}

#[test]
fn a_path_to_a_value_of_another_type_does_not_hold() {
    for comparison in COMPARISONS
        .into_iter()
        .filter(|name| name.ends_with("Path"))
    {
        check("[]", comparison, "[]", false);
        check("null", comparison, "null", false);
    }
}

#[test]
fn types_are_asked_for_and_denied() {
    for (comparison, matching) in [
        ("IsNull", vec!["null"]),
        ("IsNumeric", vec!["0", "0.0", "1.1"]),
        (
            "IsString",
            vec![r#""""#, r#"" ""#, r#""2012-10-09T19:00:55Z""#],
        ),
        ("IsBoolean", vec!["true", "false"]),
        (
            "IsTimestamp",
            vec![
                r#""2012-10-09T19:00:55Z""#,
                r#""2012-10-09T19:00:55+01:00""#,
            ],
        ),
    ] {
        for value in &matching {
            check(value, comparison, "true", true);
            check(value, comparison, "false", false);
        }
        for value in ["[]", "{}", r#"[""]"#] {
            check(value, comparison, "true", false);
            check(value, comparison, "false", true);
        }
    }
    check(r#""2012-10-09T19:00:55""#, "IsTimestamp", "true", false);
    check(r#""2012-10-09t19:00:55z""#, "IsTimestamp", "true", false);
    check(r#""1""#, "IsNumeric", "true", false);
}

#[test]
fn only_presence_may_be_asked_of_what_is_missing() {
    for (input, present) in [
        (r#"{"x":null}"#, true),
        (r#"{"x":0}"#, true),
        ("{}", false),
        ("[]", false),
    ] {
        assert_eq!(
            holds(r#"{"Variable":"$.x","IsPresent":true}"#, input),
            Ok(present)
        );
        assert_eq!(
            holds(r#"{"Variable":"$.x","IsPresent":false}"#, input),
            Ok(!present)
        );
    }
    assert_eq!(
        holds(r#"{"Variable":"$none","IsPresent":false}"#, "{}"),
        Ok(true)
    );
    let invalid = |path: &str| {
        Err(format!(
            "Invalid path '{path}': The choice state's condition path references an invalid value."
        ))
    };
    assert_eq!(
        holds(r#"{"Variable":"$.x","IsNull":true}"#, "{}"),
        invalid("$.x")
    );
    assert_eq!(
        holds(r#"{"Variable":"$.a.b","StringEquals":""}"#, "{}"),
        invalid("$.a.b")
    );
    assert_eq!(
        holds(
            r#"{"Variable":"$.x","StringEqualsPath":"$.y"}"#,
            r#"{"x":1}"#
        ),
        invalid("$.y")
    );
    assert_eq!(
        holds(r#"{"Variable":"$none","IsString":true}"#, "{}"),
        invalid("$none")
    );
}

#[test]
fn variables_and_the_context_object_can_be_compared() {
    assert_eq!(
        holds(r#"{"Variable":"$v.s","StringEquals":"b"}"#, "{}"),
        Ok(true)
    );
    assert_eq!(
        holds(r#"{"Variable":"$$.n","NumericLessThanEquals":0}"#, "{}"),
        Ok(true)
    );
    assert_eq!(
        holds(
            r#"{"Variable":"$.x","StringEqualsPath":"$v.s"}"#,
            r#"{"x":"b"}"#
        ),
        Ok(true)
    );
}

#[track_caller]
fn check_match(text: &str, pattern: &str, expected: bool) {
    let rule = Json::members([("Variable", "$".into()), ("StringMatches", pattern.into())]);
    let input = Json::from(text).to_text();
    assert_eq!(
        holds(&rule.to_text(), &input),
        Ok(expected),
        "{text} ~ {pattern}"
    );
}

#[test]
fn a_star_stands_for_any_characters_or_none() {
    check_match("log-2024.txt", "log-*.txt", true);
    check_match("log-.txt", "log-*.txt", true);
    check_match("log.txt", "log-*.txt", false);
    check_match("", "*", true);
    check_match("", "", true);
    check_match("a", "", false);
    check_match("abc", "abc", true);
    check_match("aab", "a*ab", true);
    check_match("ab", "a*ab", false);
    check_match("abcbc", "a*bc", true);
    check_match("xaybz", "*a*b*", true);
    check_match("xbyaz", "*a*b*", false);
    check_match("a\nb", "a*b", true);
    check_match("log-*.txt", r"log-\*.txt", true);
    check_match("log-1.txt", r"log-\*.txt", false);
    check_match(r"a\b", r"a\\b", true);
    check_match(r"a\xyz", r"a\\*", true);
    check_match("a?b.c", "a?b.c", true);
    check("1", "StringMatches", r#""*""#, false);
    let open = holds(r#"{"Variable":"$","StringMatches":"a\\b"}"#, r#""ab""#);
    assert_eq!(
        open,
        Err(r"An open escape backslash was found in the StringMatches string 'a\b'.".to_owned())
    );
}

#[test]
fn rules_are_joined_and_turned_around() {
    let one = r#"{"Variable":"$.a","NumericEquals":1}"#;
    let two = r#"{"Variable":"$.a","NumericEquals":2}"#;
    let missing = r#"{"Variable":"$.none","NumericEquals":2}"#;
    let input = r#"{"a":1}"#;
    assert_eq!(
        holds(&format!(r#"{{"And":[{one},{two}]}}"#), input),
        Ok(false)
    );
    assert_eq!(
        holds(&format!(r#"{{"Or":[{two},{one}]}}"#), input),
        Ok(true)
    );
    assert_eq!(holds(&format!(r#"{{"Not":{two}}}"#), input), Ok(true));
    assert_eq!(
        holds(
            &format!(r#"{{"And":[{one},{{"Not":{{"Or":[{two}]}}}}]}}"#),
            input
        ),
        Ok(true)
    );
    // No further than needed.
    assert_eq!(
        holds(&format!(r#"{{"And":[{two},{missing}]}}"#), input),
        Ok(false)
    );
    assert_eq!(
        holds(&format!(r#"{{"Or":[{one},{missing}]}}"#), input),
        Ok(true)
    );
    assert!(holds(&format!(r#"{{"Or":[{two},{missing}]}}"#), input).is_err());
}

#[track_caller]
fn check_refused(rule: &str, at: &str, message: &str) {
    let problems = parse(rule).unwrap_err();
    assert_eq!(problems, [(at.to_owned(), message.to_owned())], "{rule}");
}

#[test]
fn a_wrong_rule_is_refused_with_its_place() {
    check_refused("1", "/", "Expected value of type Object, but was number");
    check_refused(
        "{}",
        "/",
        "a choice rule needs And, Or, Not, or Variable with a comparison",
    );
    check_refused(
        r#"{"Variable":"$.a"}"#,
        "/",
        "a choice rule needs And, Or, Not, or Variable with a comparison",
    );
    check_refused(
        r#"{"IsNull":true}"#,
        "/",
        "These fields are required: [Variable]",
    );
    check_refused(
        r#"{"Variable":"$.a","IsNull":true,"IsString":true}"#,
        "/IsString",
        "a choice rule has one operator only, but here are IsNull and IsString",
    );
    check_refused(r#"{"And":[]}"#, "/And", "Value must not be an empty array");
    check_refused(
        r#"{"Not":[]}"#,
        "/Not",
        "Expected value of type Object, but was array",
    );
    check_refused(
        r#"{"Variable":"a","IsNull":true}"#,
        "/Variable",
        "Value is not a Reference Path: Reference path didn't start with '$'",
    );
    check_refused(
        r#"{"Variable":1,"IsNull":true}"#,
        "/Variable",
        "Expected value of type String, but was number",
    );
    for (comparison, value, message) in [
        (
            "StringEquals",
            "1",
            "Expected value of type String, but was number",
        ),
        (
            "StringMatches",
            "true",
            "Expected value of type String, but was boolean",
        ),
        (
            "NumericLessThan",
            r#""1""#,
            "Expected value of type Number, but was string",
        ),
        (
            "BooleanEquals",
            r#""true""#,
            "Expected value of type Boolean, but was string",
        ),
        (
            "IsPresent",
            "1",
            "Expected value of type Boolean, but was number",
        ),
        (
            "NumericEqualsPath",
            "1",
            "Expected value of type String, but was number",
        ),
        (
            "TimestampEquals",
            "1",
            "Expected value of type String, but was number",
        ),
        (
            "TimestampEquals",
            r#""2020-01-01""#,
            "String does not match RFC3339 timestamp",
        ),
    ] {
        check_refused(
            &format!(r#"{{"Variable":"$.a","{comparison}":{value}}}"#),
            &format!("/{comparison}"),
            message,
        );
    }
}

#[test]
fn all_problems_of_nested_rules_are_reported() {
    let rule =
        r#"{"And":[{"Variable":"x","IsNull":1},{"Or":[{}]},{"Variable":"$.a","IsNull":true}]}"#;
    let places: Vec<String> = parse(rule)
        .unwrap_err()
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(places, ["/And/0/Variable", "/And/0/IsNull", "/And/1/Or/0"]);
    let deep = format!("{}{{}}{}", r#"{"Not":"#.repeat(40), "}".repeat(40));
    assert_eq!(
        parse(&deep).unwrap_err()[0].1,
        "choice rules may nest at most 32 levels"
    );
}

#[test]
fn every_comparison_can_be_written() {
    for comparison in COMPARISONS {
        let value = match comparison {
            name if name.ends_with("Path") => r#""$.y""#,
            name if name.starts_with("String") => r#""s""#,
            name if name.starts_with("Numeric") => "1",
            name if name.starts_with("Timestamp") => r#""2024-01-31T12:00:00Z""#,
            _ => "true",
        };
        let rule = format!(r#"{{"Variable":"$.x","{comparison}":{value}}}"#);
        assert!(parse(&rule).is_ok(), "{rule}");
    }
}

#[test]
fn variables_of_all_rules_are_listed() {
    let rule = r#"{"And":[{"Variable":"$a.x","StringEqualsPath":"$b"},{"Not":{"Variable":"$a","IsPresent":true}}]}"#;
    let mut names = crate::query::VariableNames::new();
    parse(rule).unwrap().variables(&mut names);
    assert!(names.iter().map(|name| &**name).eq(["a", "b"]), "{names:?}");
}

proptest! {
    #[test]
    fn no_pattern_makes_a_match_panic(text in "[ab*\\\\é]{0,8}", pattern in "[ab*\\\\é]{0,8}") {
        let rule = Json::members([("Variable", "$".into()), ("StringMatches", pattern.as_str().into())]);
        drop(holds(&rule.to_text(), &Json::from(text).to_text()));
    }

    #[test]
    fn a_text_matches_itself_escaped(text in "[ab*\\\\é]{0,8}") {
        let pattern = text.replace('\\', r"\\").replace('*', r"\*");
        let rule = Json::members([("Variable", "$".into()), ("StringMatches", pattern.into())]);
        prop_assert_eq!(holds(&rule.to_text(), &Json::from(text).to_text()), Ok(true));
    }

    #[test]
    fn any_member_of_any_type_is_read_without_a_panic(
        name in prop::sample::select(COMPARISONS.to_vec()),
        value in prop::sample::select(vec!["null", "1", "true", "[]", "{}", r#""$.x""#, r#""\\""#, r#""2024-01-31T12:00:00Z""#]),
        input in prop::sample::select(OF_EVERY_TYPE.to_vec()),
    ) {
        let rule = format!(r#"{{"Variable":"$.x","{name}":{value}}}"#);
        if parse(&rule).is_ok() {
            drop(holds(&rule, &format!(r#"{{"x":{input}}}"#)));
        }
    }
}
