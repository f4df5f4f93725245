//! Documents read and written again, and what is not JSON.

use super::{Json, Number, parse};

#[track_caller]
fn check_same(text: &str) {
    assert_eq!(parse(text).expect("is JSON").to_text(), text);
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    assert_eq!(parse(text).expect_err("is not JSON").message, message);
}

#[test]
fn order_and_number_spelling_survive() {
    check_same(r#"{"b":1.0,"a":[1e3,-0,9007199254740993,0.10],"":null,"c":{"d":true}}"#);
}

#[test]
fn strings_keep_what_they_say() {
    check_same(r#""tab\t quote\" slash/ back\\ \u0001 ü 😀""#);
    assert_eq!(parse(r#""\ud83d\ude00\/""#), Ok(Json::string("😀/")));
    assert_eq!(parse(r#""\ud83d!""#), Ok(Json::string("\u{fffd}!")));
}

#[test]
fn errors_speak_as_jackson_does() {
    check_error(
        "not some json",
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    );
    check_error(
        "{'a': 1}",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
    );
    check_error("", "No content to map due to end-of-input");
    check_error(
        "[1",
        "Unexpected end-of-input: was expecting comma to separate Array entries",
    );
    check_error("1 2", "Trailing token found after value");
}

#[test]
fn depth_is_bounded() {
    let deep = "[".repeat(1000) + &"]".repeat(1000);
    assert!(parse(&deep).is_ok());
    let error = parse(&("[".repeat(100_000))).expect_err("is too deep");
    assert!(error.message.contains("nesting depth"), "{error}");
}

#[test]
fn numbers_are_equal_by_value() {
    assert_eq!(parse("[1, 10]").ok(), parse("[1.0, 1e1]").ok());
    assert_ne!(
        parse("9007199254740993").ok(),
        parse("9007199254740992").ok()
    );
    let spelled = |value| Number::from_f64(value).map(|number| number.as_str().to_owned());
    assert_eq!(
        spelled(9_007_199_254_740_992.0).as_deref(),
        Some("9007199254740992")
    );
    assert_eq!(spelled(0.1 + 0.2).as_deref(), Some("0.30000000000000004"));
    assert_eq!(spelled(1e21).as_deref(), Some("1e+21"));
    assert_eq!(spelled(f64::NAN), None);
}
