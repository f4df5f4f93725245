//! The operations through the router, over a real database. The official client's tests are in
//! `tests/client`; what the service's model demands of inputs is tested in `validate`.

mod activities;
mod aliases;
mod executions;
mod express;
mod machines;
mod map_runs;
mod protocol;
mod tagging;
mod test_state;
mod versions;

use serde_json::{Value, json};

use crate::testing::TestApp;

const PREFIX: &str = "arn:aws:states:us-east-1:000000000000:";
const ROLE: &str = "arn:aws:iam::000000000000:role/flow";

/// The ARN of a resource: `arn("stateMachine:pay")`.
fn arn(rest: &str) -> String {
    format!("{PREFIX}{rest}")
}

/// A definition whose text differs with `result`.
fn definition(result: &str) -> String {
    json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Result": result, "End": true } } })
        .to_string()
}

/// The least input of CreateStateMachine, with more members over it.
#[expect(clippy::needless_pass_by_value, reason = "callers make it in place")]
fn machine(name: &str, more: Value) -> Value {
    let mut input = json!({ "name": name, "definition": definition("first"), "roleArn": ROLE });
    for (member, value) in more.as_object().unwrap() {
        input[member.as_str()] = value.clone();
    }
    input
}

/// Lists in pages of `size` and gives all items' `member`, and how many pages there were.
async fn all_pages(
    test: &TestApp,
    operation: &str,
    input: &Value,
    (list, member): (&str, &str),
    size: u32,
) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut pages = 0;
    let mut token = Value::Null;
    loop {
        let mut asked = input.clone();
        asked["maxResults"] = json!(size);
        asked["nextToken"] = token.clone();
        let answer = test.ok(operation, asked).await;
        let items = answer[list].as_array().unwrap();
        assert!(items.len() <= usize::try_from(size).unwrap());
        found.extend(
            items
                .iter()
                .map(|item| item[member].as_str().unwrap().to_owned()),
        );
        pages += 1;
        token = answer["nextToken"].clone();
        if token.is_null() {
            return (found, pages);
        }
    }
}
