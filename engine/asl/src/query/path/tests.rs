//! Tests of what the case files cannot say: sharing, limits, writing, and laws over random texts.

use proptest::prelude::*;

use super::{Path, ReferencePath};
use crate::{
    Json, json,
    query::{limits, testing::with_env},
};

fn select(path: &str, input: &str) -> Result<Json, String> {
    with_env(input, "{}", "{}", |env| {
        let path = Path::parse(path).map_err(|error| error.message)?;
        path.select(env).map_err(|error| error.detail)
    })
}

#[test]
fn a_definite_path_shares_what_it_finds() {
    with_env(r#"{"a":{"b":[1,2]}}"#, "{}", "{}", |env| {
        let found = Path::parse("$.a.b").unwrap().select(env).unwrap();
        let there = env.input.get("a").and_then(|a| a.get("b")).unwrap();
        let (Json::Array(found), Json::Array(there)) = (&found, there) else {
            panic!("arrays");
        };
        assert!(std::sync::Arc::ptr_eq(found, there));
    });
}

#[test]
fn a_syntax_error_says_where() {
    let error = Path::parse("$.a[?(@.b = 1)]").unwrap_err();
    assert_eq!(
        (error.offset, error.message.as_str()),
        (10, "expected ')' but found '='")
    );
}

#[test]
fn a_path_names_the_variables_that_it_reads_once_and_in_order() {
    let mut names = crate::query::VariableNames::from(["first".into()]);
    Path::parse("$b.x[?(@.a == $c.y && $b in $first)].append($d)")
        .unwrap()
        .variables(&mut names);
    assert!(
        names
            .iter()
            .map(|name| &**name)
            .eq(["first", "b", "c", "d"]),
        "{names:?}"
    );
}

#[test]
fn limits_stop_what_would_do_harm() {
    let long = format!("$.{}", "a".repeat(limits::EXPRESSION_BYTES_MAX));
    assert!(
        Path::parse(&long)
            .unwrap_err()
            .message
            .contains("at most 65536 bytes")
    );
    let steps = format!("${}", ".a".repeat(limits::STEPS_MAX + 1));
    assert!(
        Path::parse(&steps)
            .unwrap_err()
            .message
            .contains("at most 256 steps")
    );
    let nested = format!("$[?({}@.a{})]", "(".repeat(50), ")".repeat(50));
    assert!(
        Path::parse(&nested)
            .unwrap_err()
            .message
            .contains("nest at most 32")
    );
    let literal = format!("$[?(@ == {}{})]", "[".repeat(50), "]".repeat(50));
    assert!(
        Path::parse(&literal)
            .unwrap_err()
            .message
            .contains("nest at most 32")
    );
    let pattern = "$[?(@ =~ /(a{1000}){1000}/)]";
    assert!(
        Path::parse(pattern)
            .unwrap_err()
            .message
            .contains("not valid")
    );
    let patterns = format!("$[?(@ =~ /a/{})]", " || @ =~ /a/".repeat(20));
    assert!(
        Path::parse(&patterns)
            .unwrap_err()
            .message
            .contains("at most 16")
    );
}

#[test]
fn an_explosive_path_ends_with_an_error() {
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let error = select("$..*..*..*..*..*..*", &deep).unwrap_err();
    assert!(
        error.contains("more than 100000 values match") || error.contains("too many"),
        "{error}"
    );
}

#[test]
fn a_path_cannot_find_more_text_than_a_node_can_hold() {
    let input = format!(r#"{{"a":["{}"]}}"#, "x".repeat(250_000));
    let path = format!("$.a[{}0]", "0,".repeat(20));
    let error = select(&path, &input).unwrap_err();
    assert!(
        error.ends_with("what it finds has more than 2097152 bytes"),
        "{error}"
    );
}

#[test]
fn steps_and_filters_inside_one_another_cannot_use_up_the_stack() {
    let deep = format!("{}1{}", "[".repeat(990), "]".repeat(990));
    let inner = "[*]".repeat(240);
    let path = format!(
        "$..[?({}@{inner}{})]",
        format!("@{inner}[?(").repeat(14),
        ")]".repeat(14)
    );
    let in_array = format!(r#"{{"a":{deep},"b":[{deep}]}}"#);
    for path in [path.as_str(), &path.replace("$..", "$.b")] {
        let error = select(path, &in_array).unwrap_err();
        assert!(error.ends_with("nests too deeply"), "{error}");
    }
}

#[test]
fn comparing_large_values_over_and_over_is_paid_for() {
    let list: Vec<String> = (0..5000).map(|index| index.to_string()).collect();
    let input = format!(r#"{{"items":[{0}],"other":[{0}]}}"#, list.join(","));
    for test in [
        "$.items == $.other",
        "$.items noneof $.other",
        "$.text =~ /x*/",
    ] {
        let text = "x".repeat(200_000);
        let input = input.replacen('{', &format!(r#"{{"text":"{text}","#), 1);
        let error = select(&format!("$.items[?({test})]"), &input).unwrap_err();
        assert!(
            error.ends_with("the evaluation looks at too many values"),
            "{error}"
        );
    }
}

#[test]
fn a_deep_value_is_walked_to_its_end() {
    let deep = format!("{}1{}", "[".repeat(900), "]".repeat(900));
    let found = select("$..[0]", &deep).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 900);
}

#[track_caller]
fn check_write(path: &str, document: &str, expected: Result<&str, &str>) {
    let written = ReferencePath::parse(path)
        .unwrap()
        .write(&json::parse(document).unwrap(), Json::string("R"));
    let written = written.map(|value| value.to_text());
    let written = written.as_deref().map_err(|error| {
        assert_eq!(error.error, "States.ResultPathMatchFailure");
        error.detail.as_str()
    });
    assert_eq!(written, expected, "{path} in {document}");
}

#[test]
fn writing_makes_the_objects_on_its_way() {
    check_write("$", r#"{"a":1}"#, Ok(r#""R""#));
    check_write("$.a", r#"{"a":1,"b":2}"#, Ok(r#"{"a":"R","b":2}"#));
    check_write("$.c", r#"{"a":1}"#, Ok(r#"{"a":1,"c":"R"}"#));
    check_write(
        "$.c.d['e f']",
        r#"{"a":1}"#,
        Ok(r#"{"a":1,"c":{"d":{"e f":"R"}}}"#),
    );
    check_write("$.a.b", r#"{"a":{"x":1}}"#, Ok(r#"{"a":{"x":1,"b":"R"}}"#));
    check_write("$.a[1]", r#"{"a":[1,2]}"#, Ok(r#"{"a":[1,"R"]}"#));
    check_write("$[0].x", "[{}]", Ok(r#"[{"x":"R"}]"#));
}

#[test]
fn writing_where_the_place_cannot_be_fails() {
    check_write(
        "$.a",
        r#""text""#,
        Err(r#"Unable to apply ReferencePath $.a to input "text""#),
    );
    check_write(
        "$.a.b",
        r#"{"a":1}"#,
        Err(r#"Unable to apply ReferencePath $.a.b to input {"a":1}"#),
    );
    check_write(
        "$.a",
        "[1]",
        Err("Unable to apply ReferencePath $.a to input [1]"),
    );
    check_write(
        "$.a[2]",
        r#"{"a":[1,2]}"#,
        Err(r#"Unable to apply ReferencePath $.a[2] to input {"a":[1,2]}"#),
    );
    check_write(
        "$.n[0]",
        "{}",
        Err("Unable to apply ReferencePath $.n[0] to input {}"),
    );
}

#[test]
fn a_reference_path_names_one_place_in_the_input() {
    for path in [
        "$..a",
        "$.a[*]",
        "$.a[0,1]",
        "$.a[1:]",
        "$['a','b']",
        "$.a[?(@.b)]",
        "$.a[-1]",
        "$.a.length()",
    ] {
        let error = ReferencePath::parse(path).unwrap_err();
        assert!(error.message.contains("must name a single place"), "{path}");
    }
    for path in ["$$.a", "$variable"] {
        let error = ReferencePath::parse(path).unwrap_err();
        assert!(error.message.contains("must begin with '$.'"), "{path}");
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        "[a-c' \\\\\"]{0,4}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::array),
            prop::collection::vec(("[a-d]", inner), 0..5).prop_map(|members| Json::object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.into(), value))
                    .collect()
            )),
        ]
    })
}

fn any_reference() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "\\.[a-e]",
        "\\['[a-e \\.]'\\]",
        (0..3_u8).prop_map(|index| format!("[{index}]")),
    ];
    prop::collection::vec(step, 0..5).prop_map(|steps| format!("${}", steps.concat()))
}

/// Texts that are made of the pieces of paths, so that many of them parse.
fn path_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "$",
        "$$",
        "@",
        ".",
        "..",
        "a",
        "b",
        "*",
        "[",
        "]",
        "(",
        ")",
        "?(",
        "'a'",
        "\"b\"",
        "0",
        "-1",
        ":",
        ",",
        " ",
        "==",
        "!=",
        "<",
        "=~",
        "/a.*/",
        "in",
        "size",
        "empty",
        "&&",
        "||",
        "!",
        "length()",
        "sum()",
        "first()",
        "append(",
        "true",
        "null",
        "{",
        "}",
        "[?(@.a)]",
        "[?(@.a == 1)]",
        ".a",
        "[*]",
        "['a']",
        "\\",
        "é",
        "1.5",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| format!("${}", pieces.concat()))
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        drop(Path::parse(&text));
        drop(Path::parse(&format!("${text}")));
        drop(Path::parse(&format!("$[?(@{text})]")));
    }

    #[test]
    fn what_parses_evaluates_without_a_panic(text in path_like(), input in any_json()) {
        if let Ok(path) = Path::parse(&text) {
            let found = select(path.as_str(), &input.to_text());
            let mut variables = crate::query::VariableNames::new();
            path.variables(&mut variables);
            // A variable that was never assigned is an error wherever it stands.
            if !path.is_definite() && variables.is_empty() {
                prop_assert!(found.is_ok_and(|found| found.as_array().is_some()));
            }
        }
    }

    #[test]
    fn a_definite_path_reads_what_a_reference_path_wrote(
        text in any_reference(),
        document in any_json(),
        value in any_json(),
    ) {
        let reference = ReferencePath::parse(&text).unwrap();
        if let Ok(written) = reference.write(&document, value.clone()) {
            prop_assert_eq!(select(&text, &written.to_text()), Ok(value));
        }
    }

    #[test]
    fn writing_changes_nothing_else(name in "[a-e]", document in any_json(), value in any_json()) {
        let reference = ReferencePath::parse(&format!("$.{name}")).unwrap();
        if let (Ok(written), Json::Object(before)) = (reference.write(&document, value), &document) {
            for (other, kept) in before.iter().filter(|(other, _)| ***other != *name) {
                prop_assert_eq!(written.get(other), Some(kept));
            }
        }
    }
}
