//! What expressions give, in the dialect of Step Functions.

use proptest::prelude::*;

use super::{Jsonata, Part};
use crate::{
    Json, json,
    query::{EvalError, VariableNames, testing::with_env},
};

const INPUT: &str = r#"{"a":{"b":1.10,"big":9007199254740993,"e":1e3,"list":[1.0,2,{"c":3.00}]},
    "n":null,"items":[{"id":9007199254740993,"price":2.50},{"id":9007199254740995,"price":10}]}"#;
const VARIABLES: &str = r#"{"x":{"y":0.50},"list":[7.0],"sum":12.0,"empty":[]}"#;

fn evaluate(expression: &str) -> Result<Json, EvalError> {
    let expression = Jsonata::parse(expression, "Output").unwrap();
    with_env(INPUT, r#"{"State":{"Name":"S"}}"#, VARIABLES, |env| {
        expression.evaluate(env)
    })
}

#[track_caller]
fn check(expression: &str, expected: &str) {
    match evaluate(expression) {
        Ok(value) => assert_eq!(value.to_text(), expected, "{expression}"),
        Err(error) => panic!("{expression}: {}", error.detail),
    }
}

#[track_caller]
fn check_error(expression: &str, what: &str) {
    let error = evaluate(expression).unwrap_err();
    assert_eq!(error.error, "States.QueryEvaluationError");
    assert_eq!(error.location.as_deref(), Some("Output"));
    let expected =
        format!("The JSONata expression '{expression}' specified for the field 'Output' {what}");
    assert_eq!(error.detail, expected);
}

#[test]
fn plain_paths_hand_on_what_they_find() {
    check("$states.input.a.b", "1.10");
    check("$states.input.a.big", "9007199254740993");
    check("$states.input.a.list", r#"[1.0,2,{"c":3.00}]"#);
    check("$states.input.n", "null");
    check("$states.context.State.Name", r#""S""#);
    check("$x.y", "0.50");
    check("$list", "[7.0]");
    check("$empty", "[]");
    // An array in the way is the library's to map over.
    check("$states.input.a.list.c", "3.00");
    check("$states.input.items.price", "[2.50,10]");
    check_error("$states.input.none.x", "returned nothing (undefined).");
    check_error("$states.result", "returned nothing (undefined).");
    check_error("$nope", "returned nothing (undefined).");
}

#[test]
fn numbers_keep_their_spelling_unless_they_are_computed() {
    for (expression, expected) in [
        (
            "{'id': $states.input.a.big, 'b': $states.input.a.b}",
            r#"{"id":9007199254740993,"b":1.10}"#,
        ),
        (
            "$states.input.items[price > 5]",
            r#"{"id":9007199254740995,"price":10}"#,
        ),
        (
            "$states.input.items[0]",
            r#"{"id":9007199254740993,"price":2.50}"#,
        ),
        (
            "$states.input.items.{'i': id}",
            r#"[{"i":9007199254740993},{"i":9007199254740995}]"#,
        ),
        (
            "$map($states.input.items, function($i) { $i.price })",
            "[2.50,10]",
        ),
        (
            "$sort($states.input.items, function($l, $r) { $l.price < $r.price }).id",
            "[9007199254740995,9007199254740993]",
        ),
        ("$merge([$states.input.a, {'z': 1}]).b", "1.10"),
        ("$append($states.input.a.b, 3)", "[1.10,3]"),
        ("$max($states.input.items.price)", "10"),
        ("[$states.input.a.e, 1000]", "[1e3,1000]"),
        // Computed: a sum, a text, a literal that happens to be equal.
        ("$states.input.a.b + 1", "2.1"),
        ("$states.input.a.big + 2", "9007199254740994"),
        ("$string($states.input.a.b)", r#""1.1""#),
        ("[1.1, $states.input.a.b]", "[1.1,1.10]"),
        ("$states.input.a.e + 0 = 1000", "true"),
        ("9007199254740993", "9007199254740992"),
        ("1e21", "1e+21"),
        ("10 / 4", "2.5"),
    ] {
        check(expression, expected);
    }
}

#[test]
fn variables_and_functions_may_share_a_name() {
    check("$sum", "12.0");
    check("$sum + 1", "13");
    check("$max([$sum, 3])", "12.0");
    check("$count($list)", "1");
}

#[test]
fn there_is_no_document() {
    for expression in ["$count(nothing)", "$count($keys())", "$count(**)"] {
        check(expression, "0");
    }
    check_error("$string()", "returned nothing (undefined).");
    // A context that the expression itself makes is one like any other.
    check("$states.input.items.$string(price)", r#"["2.5","10"]"#);
    check("[1,2].($ + $sum)", "[13,14]");
    check("'x' ~> $uppercase", r#""X""#);
}

#[test]
fn the_functions_of_step_functions() {
    check("$partition([1,2,3,4,5], 2)", "[[1,2],[3,4],[5]]");
    check(
        "$partition($states.input.items.id, 1)[0]",
        "[9007199254740993]",
    );
    check("$range(0, 9, 3)", "[0,3,6,9]");
    check("$range(0, 10, 3)", "[0,3,6,9]");
    check("$range(1, 9, 9)", "1");
    check("$range(5, 1, -2)", "[5,3,1]");
    check("$range(0, 1, 0.25)", "[0,0.25,0.5,0.75,1]");
    check(
        "$hash('input', 'SHA-1')",
        r#""140f86aae51ab9e1cda9b4254fe98a74eb54c1a1""#,
    );
    check("$random(42)", "0.7275636800328681");
    check("$random() < 1 and $random() != $random()", "true");
    check("$length($uuid())", "36");
    check("$uuid() != $uuid()", "true");
    check(r#"$parse('{"a":[1,{"b":null}]}').a[1]"#, r#"{"b":null}"#);
    check("$parse('-0')", "0");
    check("$now()", r#""2023-11-14T22:13:20.123Z""#);
    check("$millis()", "1700000000123");
    for (expression, what) in [
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        (
            "$range(1, 2, 0)",
            "D3137: The third argument of function \"range\" must not be zero",
        ),
        (
            "$partition([1], 0)",
            "D3137: The second argument of function \"partition\" must be a positive integer, but was 0",
        ),
        (
            "$hash('a', 'CRC')",
            "D3137: The second argument of function \"hash\" must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512, but was CRC",
        ),
        (
            "$parse('{')",
            "D3137: The first argument of function \"parse\" must be valid JSON",
        ),
        (
            "$hash(1, 'MD5')",
            "T0410: Argument 1 of function \"hash\" does not match function signature",
        ),
    ] {
        check_error(
            expression,
            &format!("threw an error during evaluation. {what}"),
        );
    }
    check_error("$range(3, 1, 1)", "returned nothing (undefined).");
}

#[test]
fn what_is_no_value_is_an_error() {
    check_error("$average", "returned an unsupported result type.");
    check_error(
        "function($a) { $a }",
        "returned an unsupported result type.",
    );
    check_error("$uppercase", "returned an unsupported result type.");
    check_error(
        "$abs('a')",
        "threw an error during evaluation. T0410: Argument 1 of function \"abs\" does not match function signature",
    );
    check_error(
        "$error('no luck')",
        "threw an error during evaluation. D3137: no luck",
    );
}

#[test]
fn a_cause_stays_within_its_limit() {
    for expression in [
        "$error($pad('x', 900000))".to_owned(),
        format!("'{}' + 1", "y".repeat(60_000)),
        format!("$number($pad('{}', 900000))", "é".repeat(20_000)),
    ] {
        let error = evaluate(&expression).unwrap_err();
        assert!(error.detail.chars().count() < 32_000, "{expression}");
    }
    let long = Jsonata::parse("$nothing", &"é/".repeat(10_000)).unwrap();
    let error = with_env("{}", "{}", "{}", |env| long.evaluate(env)).unwrap_err();
    assert!(error.location.unwrap().chars().count() <= 256);
}

#[test]
fn an_evaluation_is_bounded() {
    const MEMORY: &str = "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage";
    const TIME: &str =
        "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop";
    const STACK: &str = "threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.";
    check_error("[1..900000] ~> $count()", MEMORY);
    check_error("$pad('x', 5000000)", MEMORY);
    check_error("$range(0, 1e9, 1)", MEMORY);
    check_error("[1..1000].([1..1000])", MEMORY);
    // Parts that are handed through cost nothing until they are written.
    check_error("[1..20000].($states.input)", MEMORY);
    check_error("($f := function($x) { $f($x + 1) }; $f(1))", TIME);
    check_error("($f := function($x) { 1 + $f($x + 1) }; $f(1))", STACK);
    check_error(
        "$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a+)+$/)",
        TIME,
    );
}

#[test]
fn deep_texts_are_refused_without_harm() {
    for text in [
        "(".repeat(60_000),
        "[".repeat(60_000),
        "-".repeat(60_000),
        "a.".repeat(30_000),
    ] {
        assert!(Jsonata::parse(&text, "Output").is_err());
    }
    let nested = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    if let Ok(expression) = Jsonata::parse(&nested, "Output") {
        with_env("{}", "{}", "{}", |env| {
            assert!(expression.evaluate(env).is_err());
        });
    }
    assert!(Jsonata::parse(&" 1 +".repeat(20_000), "Output").is_err());
    let long = |terms| format!("1{}", "+1".repeat(terms));
    assert!(Jsonata::parse(&long(20_000), "Output").is_err());
    check(&long(200), "201");
}

#[track_caller]
fn reads(expression: &str, expected: &str) {
    let expression = Jsonata::parse(expression, "Output").unwrap();
    let mut names = VariableNames::new();
    expression.variables(&mut names);
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let parts: Vec<&str> = Part::ALL
        .into_iter()
        .filter(|part| expression.reads(*part))
        .map(Part::as_str)
        .collect();
    let top: Vec<String> = expression
        .top_level_references()
        .map(|(name, refused)| format!("{name}{}", if refused { "!" } else { "?" }))
        .collect();
    let found = format!(
        "{} | {} | {}",
        names.join(" "),
        parts.join(" "),
        top.join(" ")
    );
    assert_eq!(found, expected);
}

#[test]
fn what_an_expression_reads_is_known_without_evaluating_it() {
    reads("1 + $a.b[$c > 1].d", "a c |  | ");
    reads(
        "$states.input.x & $states.context.State.Name",
        " | input context | ",
    );
    reads("$states.result", " | result | ");
    reads("($x := $y; $x + $z)", "y z |  | ");
    reads(
        "($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f($m))",
        "m |  | ",
    );
    reads(
        "($even := function($n) { $odd($n) }; $odd := function($n) { $even($n) }; 1)",
        " |  | ",
    );
    reads("$variable := 1", " |  | ");
    reads("$x := $x + 1", "x |  | ");
    reads("$list@$i#$n.($i + $n + $k)", "list k |  | ");
    reads(
        "$sum($numbers) + $uuid() & $nosuch(1)",
        "numbers nosuch |  | ",
    );
    reads("$", " |  | $!");
    reads("$$.a", " |  | $$!");
    reads("$.a", " |  | $!");
    reads("phone.number", " |  | phone!");
    reads("a + b", " |  | a! b?");
    reads("$count(nothing)", " |  | nothing?");
    reads("$a.($ & b)", "a |  | ");
    reads("$a[b = $c]^(d){e: $sum(f)}", "a c |  | ");
    reads("$map($a, function($v) { $v.x + name })", "a |  | ");
    reads("$a.($$.b)", "a |  | $$!");
    reads("*", " |  | *!");
    assert!(
        Jsonata::parse("$states := 1", "Output")
            .unwrap()
            .assigns_states()
    );
}

#[test]
fn what_may_run_long_is_told_apart() {
    for short in [
        "$states.input.a.b",
        "$sum($states.input.items.price) > 3 ? 'many' : 'few'",
        "{'a': $x, 'b': [$y, 2]}",
        "$states.input.items[price > 5].id",
        "$now() & $uuid()",
        "$string($states.input)",
    ] {
        assert!(
            !Jsonata::parse(short, "").unwrap().may_run_long(),
            "{short}"
        );
    }
    for long in [
        "[1..1000]",
        "$map($x, function($v) { $v })",
        "$a.($a.($a))",
        "$a[b = $c]",
        "$match($s, /a+/)",
        "$pad('x', 1000)",
        "$states.input.**",
        "$a ~> |b|{'c': 1}|",
    ] {
        assert!(Jsonata::parse(long, "").unwrap().may_run_long(), "{long}");
    }
}

#[test]
fn texts_that_do_not_parse_are_refused_in_the_languages_words() {
    for (text, message) in [
        ("$a[1,2)", r#"Expected "]", got ",""#),
        (
            "\"unterminated",
            "String literal must be terminated by a matching quote",
        ),
        ("1 +", "Unexpected end of expression"),
        (
            "{\"a\":}",
            r#"The symbol "}" cannot be used as a unary operator"#,
        ),
        (
            "$match(\"a\", /abc",
            "No terminating / in regular expression",
        ),
        ("", "Unexpected end of expression"),
    ] {
        assert_eq!(
            Jsonata::parse(text, "").unwrap_err().message,
            message,
            "{text}"
        );
    }
}

/// JSON of a few names, so that paths meet it.
fn data() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just("null"),
        Just("true"),
        Just("1.50"),
        Just("2"),
        Just("9007199254740993"),
        Just("\"s\""),
    ]
    .prop_map(|text| json::parse(text).unwrap());
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::array),
            prop::collection::vec(("[abc]", inner), 0..4).prop_map(|members| Json::object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.into(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn a_plain_path_is_answered_as_the_library_answers_it(
        data in data(),
        names in prop::collection::vec("[abc]", 0..4),
    ) {
        let mut path = "$states.input".to_owned();
        for name in &names {
            path.push('.');
            path.push_str(name);
        }
        // In a block, the path is the library's.
        let plain = Jsonata::parse(&path, "Output").unwrap();
        let asked = Jsonata::parse(&format!("({path})"), "Output").unwrap();
        let text = data.to_text();
        with_env(&text, "{}", "{}", |env| {
            let plain = plain.evaluate(env).map(|value| value.to_text()).ok();
            let asked = asked.evaluate(env).map(|value| value.to_text()).ok();
            assert_eq!(plain, asked, "{path} on {text}");
        });
    }

    #[test]
    fn no_text_makes_an_expression_panic(text in "[$a-c0-9 .,:;(){}\\[\\]?*+<>='~|@#%^&!/-]{0,30}") {
        if let Ok(expression) = Jsonata::parse(&text, "Output") {
            with_env(r#"{"a":[1.50,{"b":2}]}"#, "{}", r#"{"a":{"b":[1]}}"#, |env| {
                drop(expression.evaluate(env));
            });
        }
    }
}
