//! Templates of both kinds of members, sharing, messages, limits.

use proptest::prelude::*;

use super::Template;
use crate::{
    Json,
    json::{self, pointer::Pointer},
    query::testing::with_env,
};

fn parse(template: &str) -> Result<Template, Vec<(String, String)>> {
    let template = json::parse(template).unwrap();
    Template::parse(&template, &Pointer::root()).map_err(|problems| {
        let problems = problems.into_iter();
        problems
            .map(|(at, problem)| (at.to_string(), problem.message))
            .collect()
    })
}

#[track_caller]
fn check(template: &str, expected: Result<&str, (&str, &str)>) {
    let input = r#"{"a":1,"b":{"c":[1,2.50,"x"]},"s":"text"}"#;
    let context = r#"{"Execution":{"Id":"arn"},"Map":{"Item":{"Index":0}}}"#;
    with_env(input, context, r#"{"v":{"w":[true]}}"#, |env| {
        let rendered = parse(template).unwrap().render(env, "Parameters");
        let rendered = rendered.map(|value| value.to_text());
        match &rendered {
            Ok(text) => assert_eq!(Ok(text.as_str()), expected, "{template}"),
            Err(error) => assert_eq!(Err((error.error, error.detail.as_str())), expected),
        }
    });
}

#[test]
fn a_member_whose_name_ends_in_dollar_is_renamed_and_computed() {
    check(r#"{"x.$":"$.b.c[1]"}"#, Ok(r#"{"x":2.50}"#));
    check(
        r#"{"x.$":"$$.Execution.Id","y.$":"$v.w[0]"}"#,
        Ok(r#"{"x":"arn","y":true}"#),
    );
    check(
        r#"{"x.$":"States.Format('{}-{}', $.a, $.s)"}"#,
        Ok(r#"{"x":"1-text"}"#),
    );
    check(
        r#"{"x.$":"$.b.c[*]","y.$":"$.none[*]"}"#,
        Ok(r#"{"x":[1,2.50,"x"],"y":[]}"#),
    );
    check(
        r#"{"a":{"b":[{"c.$":"$.a"},2]}}"#,
        Ok(r#"{"a":{"b":[{"c":1},2]}}"#),
    );
    check(r#"{".$":"$.a"}"#, Ok(r#"{"":1}"#));
}

#[test]
fn everything_else_stays_as_it_is() {
    for literal in [
        r#"{"x":"$.a","y":["$.a","States.UUID()"],"z$":1.0,"Comment":"c"}"#,
        r#"["x.$","$"]"#,
        r#""$.a""#,
        "null",
        "{}",
    ] {
        check(literal, Ok(literal));
    }
}

#[test]
fn a_path_that_leads_nowhere_is_named_with_its_field_and_the_input() {
    check(
        r#"{"deep":[{"y.$":"$.x"}]}"#,
        Err((
            "States.Runtime",
            r#"The JSONPath '$.x' specified for the field 'y.$' could not be found in the input '{"a":1,"b":{"c":[1,2.50,"x"]},"s":"text"}'"#,
        )),
    );
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let problems = parse(r#"{"a.$":"x","b":[{"c.$":1}],"d.$":"$.ok","e.$":"States.Nope()"}"#);
    let problems = problems.unwrap_err();
    let places: Vec<&str> = problems.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/a.$", "/b/0/c.$", "/e.$"]);
    assert_eq!(
        problems[1].1,
        "expected a path or an intrinsic call but found a number"
    );
}

#[test]
fn parts_without_expressions_are_shared_with_the_definition() {
    let source = json::parse(r#"{"fixed":{"a":[1,2]},"x.$":"$.a"}"#).unwrap();
    let template = Template::parse(&source, &Pointer::root()).unwrap();
    with_env(r#"{"a":{}}"#, "{}", "{}", |env| {
        let rendered = template.render(env, "Parameters").unwrap();
        let share = |left: Option<&Json>, right: Option<&Json>| match (left, right) {
            (Some(Json::Object(left)), Some(Json::Object(right))) => {
                std::sync::Arc::ptr_eq(left, right)
            }
            _ => false,
        };
        assert!(share(rendered.get("fixed"), source.get("fixed")));
        assert!(share(rendered.get("x"), env.input.get("a")));
    });
}

#[test]
fn a_bomb_is_not_rendered_into_text() {
    let members: Vec<String> = (0..1000)
        .map(|index| format!(r#""m{index}.$":"$""#))
        .collect();
    let template = parse(&format!("{{{}}}", members.join(","))).unwrap();
    let input = format!("\"{}\"", "x".repeat(200_000));
    with_env(&input, "{}", "{}", |env| {
        let error = template.render(env, "Parameters").unwrap_err();
        assert_eq!(error.error, "States.DataLimitExceeded");
    });
}

#[test]
fn all_expressions_of_a_template_share_what_they_may_cost() {
    let list: Vec<String> = (0..1000).map(|index| index.to_string()).collect();
    let input = format!(
        r#"{{"a":[{0}],"s":"{1}"}}"#,
        list.join(","),
        "x".repeat(200_000)
    );
    let paths = r#""p.$":"$.a[?(@ in $.a)]""#;
    let calls = r#""c.$":"States.ArrayLength(States.Array(States.Format('{}{}', $.s, $.s)))""#;
    for (member, message) in [
        (
            paths,
            "Invalid path '$.a[?(@ in $.a)]' : the evaluation looks at too many values",
        ),
        (
            calls,
            "The function 'States.Array(States.Format('{}{}', $.s, $.s))' had the following error: The result is too large.",
        ),
    ] {
        let one = parse(&format!("{{{member}}}")).unwrap();
        let many = vec![format!("{{{member}}}"); 30].join(",");
        let many = parse(&format!("[{many}]")).unwrap();
        with_env(&input, "{}", "{}", |env| {
            assert!(one.render(env, "Parameters").is_ok());
            let error = many.render(env, "Parameters").unwrap_err();
            assert_eq!(error.detail, message);
        });
    }
}

#[test]
fn a_value_cannot_grow_deeper_than_text_that_can_be_read_back() {
    let template = parse(r#"{"a.$":"$"}"#).unwrap();
    let input = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    with_env(&input, "{}", "{}", |env| {
        let error = template.render(env, "Parameters").unwrap_err();
        assert!(
            error.detail.contains("nests more than 1000 levels"),
            "{}",
            error.detail
        );
    });
}

#[test]
fn the_variables_of_all_expressions_are_listed_once() {
    let template = r#"{"a.$":"$x.y","b":[{"c.$":"States.Array($z, $x)"}],"d":"$nope"}"#;
    let mut names = crate::query::VariableNames::new();
    parse(template).unwrap().variables(&mut names);
    assert!(names.iter().map(|name| &**name).eq(["x", "z"]), "{names:?}");
}

proptest! {
    #[test]
    fn no_member_makes_a_template_panic(name in "[a-c]{0,2}(\\.\\$)?", value in any::<String>()) {
        let source = Json::members([(name.as_str(), Json::from(value))]);
        if let Ok(template) = Template::parse(&source, &Pointer::root()) {
            with_env("{}", "{}", "{}", |env| drop(template.render(env, "Parameters")));
        }
    }
}
