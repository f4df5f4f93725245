//! A node as a client sees it, by the wire API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http;

const ROLE: &str = "arn:aws:iam::000000000000:role/flow";

/// How often a client tries again what the server says to try again, and how far apart.
const TRIES: usize = 200;
const REST: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub(crate) struct Node {
    address: String,
}

/// The name and the text of an error.
pub(crate) type Refusal = (String, String);

impl Node {
    pub(crate) fn at(url: &str) -> Self {
        Self {
            address: url.trim_start_matches("http://").to_owned(),
        }
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let target = format!("AWSStepFunctions.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target.as_str()),
        ];
        let answer = http::send(&self.address, "POST", "/", &headers, &input.to_string()).await;
        let answer = answer.map_err(|error| ("Connection".to_owned(), error.to_string()))?;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        if answer.status() == 200 {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let name = text("__type");
        // `500` itself is never right; `503` says to come again.
        assert_ne!(answer.status(), 500, "{operation}: {}", answer.body);
        Err((name, text("message")))
    }

    /// A call that reads, tried again while the node cannot answer.
    async fn read(&self, operation: &str, input: Value) -> Value {
        let mut last = None;
        let mut turn = tokio::time::interval(REST);
        for _ in 0..TRIES {
            turn.tick().await;
            match self.call(operation, input.clone()).await {
                Ok(answer) => return answer,
                Err(refusal) => last = Some(refusal),
            }
        }
        panic!("{operation} of {input}: {last:?}");
    }

    pub(crate) async fn create(&self, name: &str, definition: &Value) {
        let input = json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE});
        self.call("CreateStateMachine", input).await.unwrap();
    }

    pub(crate) async fn register(&self, name: &str, url: &str) {
        let path = format!("/api/v1/functions/{name}");
        let body = json!({"url": url, "timeout_ms": 60_000}).to_string();
        let headers = [("content-type", "application/json")];
        let answer = http::send(&self.address, "PUT", &path, &headers, &body)
            .await
            .unwrap();
        assert!(answer.status() < 300, "{} {}", answer.start, answer.body);
    }

    pub(crate) async fn start(
        &self,
        machine: &str,
        name: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        let arn = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{machine}");
        let input = json!({"stateMachineArn": arn, "name": name, "input": input.to_string()});
        self.call("StartExecution", input).await
    }

    /// Starts as a careful client does: again under the same name, while the node says to come again.
    pub(crate) async fn start_surely(&self, machine: &str, name: &str, input: &Value) {
        let mut last = None;
        let mut turn = tokio::time::interval(REST);
        for _ in 0..TRIES {
            turn.tick().await;
            match self.start(machine, name, input).await {
                Ok(_) => return,
                Err((code, _)) if code == "ExecutionAlreadyExists" => return,
                Err(refusal) => last = Some(refusal),
            }
        }
        panic!("{name} did not start: {last:?}");
    }

    pub(crate) async fn end_task(&self, token: &str, output: &Value) {
        let input = json!({"taskToken": token, "output": output.to_string()});
        self.call("SendTaskSuccess", input).await.unwrap();
    }

    pub(crate) async fn describe(&self, arn: &str) -> Value {
        self.read("DescribeExecution", json!({"executionArn": arn}))
            .await
    }

    /// The types of the events; fails where their numbers have a gap.
    pub(crate) async fn history(&self, arn: &str) -> Vec<String> {
        let input = json!({"executionArn": arn, "maxResults": 1000});
        let answer = self.read("GetExecutionHistory", input).await;
        let events = answer["events"].as_array().unwrap();
        for (number, event) in (1_u64..).zip(events) {
            assert_eq!(event["id"].as_u64(), Some(number), "{arn}");
        }
        let types = events
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned());
        types.collect()
    }
}

pub(crate) fn execution(machine: &str, name: &str) -> String {
    format!("arn:aws:states:us-east-1:000000000000:execution:{machine}:{name}")
}
