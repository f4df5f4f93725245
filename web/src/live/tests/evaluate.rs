//! `POST /api/v1/evaluate`: values, errors with their places, and bounds.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{TestApp, body};

async fn ask(app: &TestApp, input: Value) -> (StatusCode, Value) {
    let request = Request::post("/api/v1/evaluate")
        .header("content-type", "application/json")
        .body(Body::from(input.to_string()))
        .unwrap();
    let response = app.send(request).await;
    (response.status(), body(response).await)
}

fn jsonata(expression: &str) -> Value {
    json!({
        "language": "JSONata",
        "expression": expression,
        "input": { "items": [1, 2, 3], "name": "n" },
        "result": { "r": 1 },
        "error_output": { "Error": "E" },
        "context": { "State": { "Name": "S" } },
        "variables": { "v": 10 },
    })
}

#[tokio::test]
async fn an_expression_of_either_language_gives_its_value() {
    let app = TestApp::new().await;
    for (expression, value) in [
        ("{% $sum($states.input.items) + $v %}", json!(16)),
        (" $states.result.r ", json!(1)),
        ("$states.errorOutput.Error", json!("E")),
        ("$states.context.State.Name", json!("S")),
        ("{'a': $states.input.name}", json!({ "a": "n" })),
        ("$partition([1,2,3], 2)", json!([[1, 2], [3]])),
    ] {
        let (status, answer) = ask(&app, jsonata(expression)).await;
        assert_eq!(status, StatusCode::OK, "{expression}: {answer}");
        assert_eq!(answer, json!({ "value": value }), "{expression}");
    }
    for (expression, value) in [
        ("$.items[1:]", json!([2, 3])),
        ("$$.State.Name", json!("S")),
        ("$v", json!(10)),
        ("States.MathAdd($.items[0], 4)", json!(5)),
    ] {
        let mut input = jsonata(expression);
        input["language"] = json!("JSONPath");
        let (_, answer) = ask(&app, input).await;
        assert_eq!(answer, json!({ "value": value }), "{expression}");
    }
}

#[tokio::test]
async fn an_error_is_told_in_the_words_of_an_execution_and_with_its_place() {
    let app = TestApp::new().await;
    let field = "specified for the field 'Output'";
    for (expression, error, cause, position) in [
        (
            "$states.input.none",
            "States.QueryEvaluationError",
            format!(
                "The JSONata expression '$states.input.none' {field} returned nothing (undefined)."
            ),
            Value::Null,
        ),
        (
            "{% 1 +\n $states.input.name %}",
            "States.QueryEvaluationError",
            format!(
                "The JSONata expression '1 +\n $states.input.name' {field} threw an error during \
                 evaluation. T2002: The right side of the \"+\" operator must evaluate to a number"
            ),
            json!({ "offset": 3, "line": 1, "column": 4 }),
        ),
        (
            "{% 1 + %}",
            "INVALID_JSONATA_EXPRESSION",
            "Unexpected end of expression".to_owned(),
            json!({ "offset": 6, "line": 1, "column": 7 }),
        ),
        (
            "$.a",
            "UNSUPPORTED_JSONATA_EXPRESSION",
            "Reference to '$' at the top level is not supported.".to_owned(),
            Value::Null,
        ),
    ] {
        let (status, answer) = ask(&app, jsonata(expression)).await;
        assert_eq!(status, StatusCode::OK);
        let told = json!({ "error": { "error": error, "cause": cause, "position": position } });
        assert_eq!(answer, told, "{expression}");
    }
    let mut input = jsonata("$.a.b");
    input["language"] = json!("JSONPath");
    let (_, answer) = ask(&app, input).await;
    assert_eq!(answer["error"]["error"], "States.Runtime");
    assert_eq!(
        answer["error"]["cause"],
        "Invalid path '$.a.b' : Missing property in path $['a']"
    );
}

#[tokio::test]
async fn an_expression_without_an_end_is_stopped_within_its_time() {
    let app = TestApp::new().await;
    for expression in [
        "($f := function($n) { $f($n + 1) }; $f(0))",
        "[1..100000].[1..100000]",
    ] {
        let (status, answer) = ask(&app, jsonata(expression)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let cause = answer["error"]["cause"].as_str().unwrap();
        assert!(cause.contains("Expression evaluation timeout"), "{cause}");
    }
    let (status, answer) = ask(
        &app,
        json!({ "language": "JSONata", "expression": "1", "variables": [] }),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer["message"],
        "variables is of the type array, but must be an object"
    );
}
