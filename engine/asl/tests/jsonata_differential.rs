//! Generated expressions on generated data, held against a second implementation of JSONata: both give
//! the same value, or both give none.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/env.rs"]
mod env;

use asl::{Json, json, query::Jsonata};
use jsonata_core::{
    evaluator::{Context, Evaluator},
    parser,
    value::JValue,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use env::with_env;

/// What we give: the value's text, or nothing (undefined, a function, an error).
fn ours(expression: &str, data: &Json) -> Option<String> {
    let expression = Jsonata::parse(expression, "Output").ok()?;
    let value = with_env(data, &Json::Null, &Json::Null, |env| {
        expression.evaluate(env)
    });
    value.ok().map(|value| plain(&value))
}

fn theirs(expression: &str, data: &Json) -> Option<String> {
    let tree = parser::parse(expression).ok()?;
    let states = Json::members([("input", data.clone())]);
    let mut context = Context::new();
    let states = JValue::from_json_str(&states.to_text()).unwrap();
    context.bind("states".to_owned(), states);
    let value = Evaluator::with_context(context).evaluate(&tree, &JValue::Undefined);
    let value = value
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_function())?;
    let text = value.to_json_string().ok()?;
    Some(plain(&json::parse(&text).ok()?))
}

/// The text of a value with its numbers as doubles are spelled, since the other knows no others.
fn plain(value: &Json) -> String {
    fn respelled(value: &Json) -> Json {
        match value {
            Json::Number(number) => {
                json::Number::from_f64(number.as_f64()).map_or(Json::Null, Json::Number)
            }
            Json::Array(items) => Json::array(items.iter().map(respelled).collect()),
            Json::Object(members) => Json::object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), respelled(member)))
                    .collect(),
            ),
            Json::Null | Json::Bool(_) | Json::String(_) => value.clone(),
        }
    }
    respelled(value).to_text()
}

fn data() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just("null"),
        Just("true"),
        Just("false"),
        Just("0"),
        Just("1.50"),
        Just("-2"),
        Just("10"),
        Just("\"\""),
        Just("\"a\""),
        Just("\"b c\""),
    ]
    .prop_map(|text| json::parse(text).unwrap());
    let value = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::array),
            prop::collection::vec(("[abc]", inner), 0..4).prop_map(object),
        ]
    });
    prop::collection::vec(("[abc]", value), 1..4).prop_map(object)
}

fn object(members: Vec<(String, Json)>) -> Json {
    Json::object(
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

/// What begins from the data.
fn path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        4 => "[abc]".prop_map(|name| format!(".{name}")),
        1 => Just(".*".to_owned()),
        1 => "[abc]".prop_map(|name| format!(".{{'k': {name}}}")),
        1 => "[abc]".prop_map(|name| format!(".({name})")),
        1 => (0..3i32).prop_map(|index| format!("[{}]", index - 1)),
        1 => "[abc]".prop_map(|name| format!("[{name} > 1]")),
        1 => "[abc]".prop_map(|name| format!("[$exists({name})]")),
    ];
    prop::collection::vec(step, 0..4).prop_map(|steps| format!("$states.input{}", steps.concat()))
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        5 => path(),
        1 => Just("1".to_owned()),
        1 => Just("2.5".to_owned()),
        1 => Just("'a'".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just("null".to_owned()),
        1 => Just("[1..3]".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        let operator = prop::sample::select(vec![
            "+", "-", "*", "&", "=", "!=", "<", ">=", "and", "or", "in",
        ]);
        // Not $spread: of lists in lists the other gives what the reference does not.
        let function = prop::sample::select(vec![
            "sum", "count", "max", "min", "average", "string", "boolean", "not", "exists", "type",
            "keys", "reverse", "distinct", "length", "uppercase", "number", "abs", "floor",
            "merge", "sort", "trim",
        ]);
        let higher = prop::sample::select(vec![
            "$map(@, function($v) { [$v] })",
            "$map(@, function($v, $i) { $i })",
            "$filter(@, function($v) { $boolean($v) })",
            // Of something: the other gives null for nothing, where the reference gives nothing.
            "$reduce($append(@, ['p', 'q']), function($x, $y) { $string($x) & $string($y) })",
            "$map(@, $string)",
            "(@).$type($)",
            "($x := @; [$x, $x])",
            "$append(@, 1)",
            "{'v': @, 'w': 1}",
            "[@, 'z']",
            "(@)[0]",
            "(@)[]",
            "@ ~> $count()",
            "$string(@) ~> $uppercase ~> $length",
            "$join([$string(@), 'x'], '-')",
            "-(@)",
        ]);
        prop_oneof![
            2 => (pair, operator).prop_map(|((left, right), operator)| format!("({left} {operator} {right})")),
            2 => (inner.clone(), function).prop_map(|(of, function)| format!("${function}({of})")),
            3 => (inner.clone(), higher).prop_map(|(of, form)| form.replace('@', &of)),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(test, yes, no)| format!("({test} ? {yes} : {no})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_implementations_give_the_same(data in data(), expression in expression()) {
        prop_assert_eq!(ours(&expression, &data), theirs(&expression, &data), "{} on {}", expression, data);
    }
}

/// Agreeing that there is no value would say little.
#[test]
fn most_of_them_have_a_value() {
    let mut runner = TestRunner::deterministic();
    let mut have = 0;
    for _ in 0..300 {
        let (data, expression) = (data(), expression())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        have += u32::from(ours(&expression, &data).is_some());
    }
    assert!(have > 100, "only {have} of 300");
    eprintln!("{have} of 300");
}
