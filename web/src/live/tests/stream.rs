//! `GET /api/v1/executions/{id}/events`: the events as they come, from where the caller stood.

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{TestApp, body};

/// A stream, message by message.
struct Messages {
    bytes: BodyDataStream,
    text: String,
}

/// One message: what it is, its id, its data.
type Message = (String, Option<u64>, Value);

impl Messages {
    async fn of(app: &TestApp, address: &str, seen: Option<u64>) -> Self {
        let mut request = Request::get(address);
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            bytes: answer.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next message; nothing where the stream has ended.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = message.lines();
                    let mut found = lines.filter_map(|line| line.strip_prefix(name));
                    found.next().map(|text| text.trim_start().to_owned())
                };
                let parts = (field("event:"), field("id:"), field("data:"));
                let rest = rest.to_owned();
                self.text = rest;
                if let (Some(kind), id, Some(data)) = parts {
                    let id = id.map(|id| id.parse().unwrap());
                    return Some((kind, id, serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let bytes = self.bytes.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    async fn rest(mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        messages
    }
}

/// An execution that waits for a worker; its ARN.
async fn waiting(app: &TestApp) -> String {
    let role = "arn:aws:iam::000000000000:role/flow";
    let activity = app.ok("CreateActivity", json!({ "name": "work" })).await;
    let definition = json!({
        "StartAt": "Work",
        "States": {
            "Work": { "Type": "Task", "Resource": activity["activityArn"], "Next": "Done" },
            "Done": { "Type": "Pass", "End": true },
        },
    });
    let input = json!({ "name": "m", "definition": definition.to_string(), "roleArn": role });
    let machine = app.ok("CreateStateMachine", input).await;
    let input = json!({ "stateMachineArn": machine["stateMachineArn"], "name": "e" });
    let started = app.ok("StartExecution", input).await;
    started["executionArn"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_come_as_they_are_written_and_the_last_message_has_the_status() {
    let app = TestApp::new().await;
    let arn = waiting(&app).await;
    let address = format!("/api/v1/executions/{arn}/events");
    let mut stream = Messages::of(&app, &address, None).await;
    let mut told = Vec::new();
    loop {
        let (kind, id, event) = stream.next().await.unwrap();
        assert_eq!((kind.as_str(), id), ("history", event["id"].as_u64()));
        told.push(event["type"].as_str().unwrap().to_owned());
        if event["type"] == "ActivityScheduled" {
            break;
        }
    }
    app.ok("StopExecution", json!({ "executionArn": arn }))
        .await;
    let rest = stream.rest().await;
    assert_eq!(rest[0].2["type"], "ExecutionAborted");
    assert_eq!(
        rest.last().unwrap(),
        &("closed".to_owned(), None, json!({ "status": "ABORTED" }))
    );
    assert_eq!(
        told,
        ["ExecutionStarted", "TaskStateEntered", "ActivityScheduled"]
    );
}

#[tokio::test]
async fn a_stream_goes_on_after_what_was_seen() {
    let app = TestApp::new().await;
    let arn = waiting(&app).await;
    app.ok("StopExecution", json!({ "executionArn": arn }))
        .await;
    let address = format!("/api/v1/executions/{arn}/events");
    let ids = |messages: Vec<Message>| messages.into_iter().map(|it| it.1).collect::<Vec<_>>();
    let whole = Messages::of(&app, &address, None).await.rest().await;
    let count = whole.len() as u64 - 1;
    let expected = |from: u64| (from..=count).map(Some).chain([None]).collect::<Vec<_>>();
    assert_eq!(ids(whole), expected(1));
    let later = Messages::of(&app, &format!("{address}?after=1"), None).await;
    assert_eq!(ids(later.rest().await), expected(2));
    let again = Messages::of(&app, &format!("{address}?after=1"), Some(count - 1)).await;
    assert_eq!(ids(again.rest().await), expected(count));
    let end = Messages::of(&app, &address, Some(count)).await;
    assert_eq!(ids(end.rest().await), [None]);
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let app = TestApp::new().await;
    let arn = waiting(&app).await;
    let stream = Messages::of(&app, &format!("/api/v1/executions/{arn}/events"), None).await;
    app.app.stopping.cancel();
    assert!(
        stream
            .rest()
            .await
            .iter()
            .all(|message| message.0 == "history")
    );
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let app = TestApp::new().await;
    let arn = waiting(&app).await;
    let cases = [
        (format!("{arn}/events?after=x"), 400, "after"),
        (
            format!("{arn}/events?after=99"),
            400,
            "event 99 is not allowed",
        ),
        (
            "nobody/events".to_owned(),
            404,
            "there is no execution 'nobody'",
        ),
    ];
    for (path, status, words) in cases {
        let request = Request::get(format!("/api/v1/executions/{path}"));
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let told = body(answer).await;
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(words), "{path}: {message}");
    }
    let request =
        Request::get(format!("/api/v1/executions/{arn}/events")).header("last-event-id", "-1");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}
