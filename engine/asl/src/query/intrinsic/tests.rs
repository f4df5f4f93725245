//! Every function with what the documentation and the recorded histories say of it.

use proptest::prelude::*;

use super::Intrinsic;
use crate::{Json, json, query::testing::with_env};

const INPUT: &str = r#"{
    "name": "Arnav", "template": "Hello, my name is {}.", "n": null, "i": 1, "f": 1.10, "t": true, "o": {"a": 1, "b": {"c": 2}},
    "p": {"b": {"d": 3}, "e": 4}, "list": [1, 2, 3, 4, 5, 6, 7, 8, 9], "twice": [1, 2, 3, 3, 1.0, "1", {"a": 1, "b": 2}, {"b": 2, "a": 1}, []],
    "escapedJsonString": "{\"foo\": \"bar\", \"n\": 1.50}", "csv": "This.is+a,test=string", "with-dash": "d", "arn": "a:b:c/d/e",
    "empty": [], "broken": "{\"a\":", "words": ["x", "y"]
}"#;

fn run(call: &str) -> Result<String, (String, String)> {
    let context = r#"{"Execution":{"Id":"arn:x:1","Name":"run"}}"#;
    with_env(INPUT, context, r#"{"v":{"w":7}}"#, |env| {
        let call = Intrinsic::parse(call).map_err(|error| ("syntax".to_owned(), error.message))?;
        let value = call.evaluate(env);
        value
            .map(|value| value.to_text())
            .map_err(|error| (error.error.to_owned(), error.detail))
    })
}

#[track_caller]
fn check(call: &str, expected: &str) {
    assert_eq!(run(call), Ok(expected.to_owned()), "{call}");
}

/// The call fails when it runs, with `reason` after the frame.
#[track_caller]
fn check_fails(call: &str, reason: &str) {
    let detail = format!("The function '{call}' had the following error: {reason}");
    assert_eq!(
        run(call),
        Err(("States.IntrinsicFailure".to_owned(), detail)),
        "{call}"
    );
}

/// The definition is refused.
#[track_caller]
fn check_refused(call: &str, message: &str) {
    assert_eq!(
        run(call),
        Err(("syntax".to_owned(), message.to_owned())),
        "{call}"
    );
}

#[test]
fn format_replaces_each_pair_of_braces_by_the_next_argument() {
    check(
        "States.Format('Hello, my name is {}.', $.name)",
        r#""Hello, my name is Arnav.""#,
    );
    check(
        "States.Format($.template, $.name)",
        r#""Hello, my name is Arnav.""#,
    );
    check(
        "States.Format('{} {} {} {} {}', $.n, $.i, $.f, $.t, 'x')",
        r#""null 1 1.10 true x""#,
    );
    check("States.Format('{} xyz {}', 1, 'def')", r#""1 xyz def""#);
    check("States.Format('plain')", r#""plain""#);
    check("States.Format('{}', null)", r#""null""#);
    check(
        "States.Format('{}{}',$$.Execution.Name,$['with-dash'])",
        r#""rund""#,
    );
    check("States.Format('{}', $v.w)", r#""7""#);
    check("States.Format('é{}ü', '𝄞')", r#""é𝄞ü""#);
    check_fails(
        "States.Format('{} {}', 1)",
        "The template has more occurrences of {} than the 1 arguments after it.",
    );
    check_fails(
        "States.Format('{}', 1, 2)",
        "The template has fewer occurrences of {} than the 2 arguments after it.",
    );
    check_fails(
        "States.Format('{}', $.empty)",
        "An argument must be a string, a boolean, a number or null but was: []",
    );
    check_fails(
        "States.Format($.i)",
        "The first argument must be a string but was: 1",
    );
}

#[test]
fn a_backslash_keeps_a_reserved_character() {
    check(
        r"States.Format('Welcome to {} {}\'s playlist.', 'a', 'b')",
        r#""Welcome to a b's playlist.""#,
    );
    check(r"States.Format('\{}{}\}', 1)", r#""{}1}""#);
    check(
        r#"States.Format('\{"a": \{\}, "b": {}\}', 1)"#,
        r#""{\"a\": {}, \"b\": 1}""#,
    );
    check(r"States.Format('a\\b')", r#""a\\b""#);
    check(r"States.Array('\{\}')", r#"["{}"]"#);
    check_fails(
        r"States.Format('a\nb')",
        "An open escape backslash was found in the invocation string.",
    );
}

#[test]
fn json_text_becomes_a_value_and_back() {
    check(
        "States.StringToJson($.escapedJsonString)",
        r#"{"foo":"bar","n":1.50}"#,
    );
    check("States.StringToJson('12')", "12");
    check("States.StringToJson(' ')", "null");
    check("States.JsonToString($.o)", r#""{\"a\":1,\"b\":{\"c\":2}}""#);
    check("States.JsonToString($.name)", r#""\"Arnav\"""#);
    check(
        r#"States.StringToJson(States.Format('\{"x": "{}"\}', $.name))"#,
        r#"{"x":"Arnav"}"#,
    );
    check_fails(
        "States.StringToJson($.i)",
        "The first argument must be a string but was: 1",
    );
    let (error, detail) = run("States.StringToJson($.broken)").unwrap_err();
    assert_eq!(error, "States.IntrinsicFailure");
    assert!(
        detail.contains("The argument is not valid JSON: Unexpected end-of-input"),
        "{detail}"
    );
}

#[test]
fn arrays_are_made_and_taken_apart() {
    check("States.Array()", "[]");
    check(
        "States.Array('Foo', 2020, $.o, null, 2.30, true)",
        r#"["Foo",2020,{"a":1,"b":{"c":2}},null,2.30,true]"#,
    );
    check("States.Array($.none[*])", "[[]]");
    check(
        "States.ArrayPartition($.list,4)",
        "[[1,2,3,4],[5,6,7,8],[9]]",
    );
    check("States.ArrayPartition($.empty, 3)", "[]");
    check("States.ArrayContains($.list, 5)", "true");
    check("States.ArrayContains($.list, 5.0)", "true");
    check("States.ArrayContains($.list, '5')", "false");
    check("States.ArrayContains($.words, 'y')", "true");
    check("States.ArrayRange(1, 9, 2)", "[1,3,5,7,9]");
    check("States.ArrayRange(0, 10, 3)", "[0,3,6,9]");
    check("States.ArrayRange(3, 1, -1)", "[3,2,1]");
    check("States.ArrayRange(1, 3, -1)", "[]");
    check("States.ArrayRange(2, 2, 5)", "[2]");
    check("States.ArrayRange(1,$.i,1)", "[1]");
    check("States.ArrayGetItem($.list, 5)", "6");
    check(
        "States.ArrayGetItem(States.StringSplit($.arn, '/'), 1)",
        r#""d""#,
    );
    check("States.ArrayLength($.list)", "9");
    check("States.ArrayLength($.list[?(@ > 5)])", "4");
    check(
        "States.ArrayUnique($.twice)",
        r#"[1,2,3,"1",{"a":1,"b":2},[]]"#,
    );
    check_fails(
        "States.ArrayPartition($.list, 0)",
        "The second argument must be a positive integer but was: 0",
    );
    check_fails(
        "States.ArrayPartition($.list, -2)",
        "The second argument must be a positive integer but was: -2",
    );
    check_fails(
        "States.ArrayLength($.o)",
        r#"The first argument must be an array but was: {"a":1,"b":{"c":2}}"#,
    );
    check_fails(
        "States.ArrayRange(1, 9, 0)",
        "The third argument must not be zero.",
    );
    check_fails(
        "States.ArrayRange(1, 1001, 1)",
        "The array may have at most 1000 items but would have 1001.",
    );
    check_fails(
        "States.ArrayGetItem($.list, 9)",
        "The index 9 is out of range for an array of 9 items.",
    );
    check_fails(
        "States.ArrayGetItem($.list, -1)",
        "The index -1 is out of range for an array of 9 items.",
    );
}

#[test]
fn objects_are_merged_shallowly() {
    check(
        "States.JsonMerge($.o, $.p, false)",
        r#"{"a":1,"b":{"d":3},"e":4}"#,
    );
    check_fails(
        "States.JsonMerge($.o, $.list, false)",
        "The second argument must be an object but was: [1,2,3,4,5,6,7,8,9]",
    );
    check_fails(
        "States.JsonMerge($.o, $.p, $.t)",
        "The third argument must be false but was: true",
    );
    check_refused(
        "States.JsonMerge($.o, $.p, true)",
        "States.JsonMerge merges shallowly only: its third argument must be false",
    );
}

#[test]
fn data_is_encoded_and_hashed() {
    check(
        "States.Base64Encode('Data to encode')",
        r#""RGF0YSB0byBlbmNvZGU=""#,
    );
    check("States.Base64Encode('')", r#""""#);
    check(
        "States.Base64Decode('RGVjb2RlZCBkYXRh')",
        r#""Decoded data""#,
    );
    check(
        "States.Base64Decode('RGF0YSB0byBlbmNvZGU')",
        r#""Data to encode""#,
    );
    check(
        "States.Hash('input data', 'SHA-1')",
        r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#,
    );
    check(
        "States.Hash('', 'MD5')",
        r#""d41d8cd98f00b204e9800998ecf8427e""#,
    );
    check(
        "States.Hash('abc', 'SHA-256')",
        r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
    );
    for (algorithm, digits) in [("SHA-384", 96), ("SHA-512", 128)] {
        let text = run(&format!("States.Hash('abc', '{algorithm}')")).unwrap();
        assert_eq!(text.len(), digits + 2);
    }
    check_fails(
        "States.Hash('a', 'CRC')",
        r#"The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512 but was: "CRC""#,
    );
    let long = "x".repeat(10_001);
    for call in [
        format!("States.Base64Encode('{long}')"),
        format!("States.Hash('{long}', 'MD5')"),
    ] {
        let (_, detail) = run(&call).unwrap_err();
        assert!(detail.ends_with("The first argument may have at most 10000 characters."));
    }
    assert!(run(&format!("States.Base64Encode('{}')", "x".repeat(10_000))).is_ok());
    let (_, detail) = run("States.Base64Decode('a*b')").unwrap_err();
    assert!(detail.contains("is not valid Base64"), "{detail}");
}

#[test]
fn a_text_is_split_at_each_of_the_characters() {
    check(
        "States.StringSplit('1,2,3,4,5', ',')",
        r#"["1","2","3","4","5"]"#,
    );
    check(
        "States.StringSplit($.csv, '.+,=')",
        r#"["This","is","a","test","string"]"#,
    );
    check("States.StringSplit(',a,,b,', ',')", r#"["a","b"]"#);
    check("States.StringSplit('', ',')", "[]");
    check("States.StringSplit('ab', '')", r#"["ab"]"#);
}

#[test]
fn numbers_are_added_and_drawn() {
    check("States.MathAdd(111, -1)", "110");
    check("States.MathAdd(1.5, 1.4)", "3");
    check("States.MathAdd(-1.5, 0)", "-1");
    check("States.MathAdd(States.ArrayLength($.list), -1)", "8");
    check_fails(
        "States.MathAdd(9223372036854775807, 1)",
        "The sum is out of range.",
    );
    check_fails(
        "States.MathAdd($.name, 1)",
        r#"The first argument must be an integer but was: "Arnav""#,
    );
    for _ in 0..50 {
        let drawn: i64 = run("States.MathRandom(1, 4)").unwrap().parse().unwrap();
        assert!((1..4).contains(&drawn));
    }
    // What `new Random(seed)` gives first for these bounds on a JVM.
    check("States.MathRandom(0, 10, 42)", "0");
    check("States.MathRandom(0, 100, 42)", "30");
    check("States.MathRandom(100, 200, 42.4)", "130");
    check("States.MathRandom(0, 1024, 7)", "748");
    check("States.MathRandom(5, 6)", "5");
    check_fails(
        "States.MathRandom(3, 3)",
        "The second argument must be greater than the first but was 3 after 3.",
    );
}

#[test]
fn a_uuid_is_of_version_4() {
    let id = run("States.UUID()").unwrap();
    let id = uuid::Uuid::parse_str(id.trim_matches('"')).unwrap();
    assert_eq!(id.get_version_num(), 4);
}

#[test]
fn an_argument_that_is_not_in_the_input_is_named() {
    let (error, detail) = run("States.Format('{}', $.none.x)").unwrap_err();
    assert_eq!(error, "States.Runtime");
    let start = "The function 'States.Format('{}', $.none.x)' had the following error: The JSONPath argument for the field '$.none.x' could not be found in the input '{\"name\":\"Arnav\",";
    assert!(detail.starts_with(start), "{detail}");
}

#[test]
fn a_definition_with_a_wrong_call_is_refused() {
    check_refused("States.Xyz($.a)", "States.Xyz is not an intrinsic function");
    check_refused("States.UUID", "expected '(' but the text ends");
    check_refused(
        "States.UUID(",
        "expected a path, a text in single quotes, a number or an intrinsic call but the text ends",
    );
    check_refused("States.UUID(1)", "States.UUID takes 0 arguments but has 1");
    check_refused(
        "States.Format()",
        "States.Format takes at least 1 arguments but has 0",
    );
    check_refused(
        "States.MathRandom(1)",
        "States.MathRandom takes 2 to 3 arguments but has 1",
    );
    check_refused(
        "States.MathAdd(1,'-1')",
        "States.MathAdd takes a number as argument 2",
    );
    check_refused(
        "States.ArrayLength('x')",
        "States.ArrayLength takes a path to an array as argument 1",
    );
    check_refused(
        "States.StringSplit('a b', 1)",
        "States.StringSplit takes a string as argument 2",
    );
    check_refused(
        "States.Array(x)",
        "x is not a value; texts need single quotes",
    );
    check_refused(
        "States.Array(\"x\")",
        "expected a path, a text in single quotes, a number or an intrinsic call but found '\"'",
    );
    check_refused("States.Array('x)", "the quote ' is not closed");
    check_refused("States.Array(1 2)", "expected ',' or ')' but found '2'");
    check_refused(
        "States.Array(1,)",
        "expected a path, a text in single quotes, a number or an intrinsic call but found ')'",
    );
    check_refused(
        "States.Array(1)[0]",
        "expected the end of the text but found '['",
    );
    check_refused("States.Array(01)", "01 is not a number");
    check_refused(
        "States.Array($.)",
        "expected a name after '.' but found ')'",
    );
    let deep = format!("{}1{}", "States.Array(".repeat(11), ")".repeat(11));
    check_refused(&deep, "intrinsic calls may nest at most 10 levels");
    let fits = format!("{}1{}", "States.Array(".repeat(10), ")".repeat(10));
    check(&fits, "[[[[[[[[[[1]]]]]]]]]]");
}

#[test]
fn an_example_of_the_documentation_with_nine_calls_runs() {
    let call = "States.Format('{}.{}', States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.arn, '/'), 2), '.'), 0), States.ArrayGetItem( States.StringSplit($.arn , ':'), 0))";
    check(call, r#""e.a""#);
}

#[test]
fn variables_are_listed_through_nested_calls() {
    let mut names = crate::query::VariableNames::new();
    Intrinsic::parse("States.Format('{}{}', $.a, States.ArrayGetItem($x.list, $y))")
        .unwrap()
        .variables(&mut names);
    assert!(names.iter().map(|name| &**name).eq(["x", "y"]), "{names:?}");
}

#[test]
fn a_bomb_fails_instead_of_filling_memory() {
    let input = format!(r#"{{"s":"{}"}}"#, "x".repeat(250_000));
    with_env(&input, "{}", "{}", |env| {
        let many = vec!["$.s"; 1000].join(",");
        for call in [
            format!("States.Array({many})"),
            format!("States.JsonToString(States.Array({many}))"),
            format!("States.Format('{}',{many})", "{}".repeat(1000)),
        ] {
            let error = Intrinsic::parse(&call).unwrap().evaluate(env).unwrap_err();
            assert!(error.detail.ends_with("The result is too large."));
        }
    });
}

/// Texts made of the pieces of calls, so that many of them parse.
fn call_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "States.",
        "Array",
        "Format",
        "MathAdd",
        "UUID",
        "StringSplit",
        "Hash",
        "ArrayRange",
        "(",
        ")",
        "()",
        ",",
        "'a'",
        "'{}'",
        "'\\{",
        "'",
        "\\",
        "$.a",
        "$.list",
        "$$",
        "$v",
        "1",
        "-2.5",
        "true",
        "null",
        " ",
        "States.Array(1)",
        "States.MathAdd(1,2)",
        "States.ArrayPartition($.list,2)",
        "é",
    ]);
    prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("States.{}", pieces.concat()))
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        drop(Intrinsic::parse(&text));
        drop(Intrinsic::parse(&format!("States.{text}")));
        drop(Intrinsic::parse(&format!("States.Array({text})")));
    }

    #[test]
    fn what_parses_runs_without_a_panic(text in call_like()) {
        drop(run(&text));
    }

    #[test]
    fn numbers_of_any_size_make_no_function_panic(a in any::<i64>(), b in any::<f64>(), c in any::<i64>()) {
        for call in ["ArrayRange", "MathRandom"] {
            drop(run(&format!("States.{call}({a}, {b}, {c})")));
            drop(run(&format!("States.{call}({c}, {a}, {b})")));
        }
        drop(run(&format!("States.MathAdd({a}, {c})")));
        drop(run(&format!("States.ArrayPartition($.list, {b})")));
        drop(run(&format!("States.ArrayGetItem($.list, {a})")));
    }

    #[test]
    fn base64_decodes_what_it_encoded(text in "[^'\\\\{}]{0,40}") {
        let encoded = format!("States.Base64Decode(States.Base64Encode('{text}'))");
        prop_assert_eq!(run(&encoded), Ok(Json::from(text).to_text()));
    }

    #[test]
    fn a_range_holds_what_lies_between_its_ends(from in -500..500_i64, to in -500..500_i64, by in 1..50_i64) {
        let items = run(&format!("States.ArrayRange({from}, {to}, {by})")).unwrap();
        let items = json::parse(&items).unwrap();
        let expected: Vec<Json> = (from..=to).step_by(usize::try_from(by).unwrap()).map(Json::from).collect();
        prop_assert_eq!(items, Json::array(expected));
    }
}
