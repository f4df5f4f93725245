//! Calls as services see them, against a double that answers one call with fixed bytes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;

use super::*;

/// A service that answers one call with these bytes, and what it was asked.
struct Double {
    url: Url,
    asked: std::thread::JoinHandle<String>,
}

impl Double {
    fn answering(status: &str, body: &str) -> Self {
        let answer = format!(
            "HTTP/1.1 {status}\r\nx-amzn-requestid: R1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            loop {
                let read = stream.read(&mut chunk).unwrap();
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head.lines().find_map(|line| {
                    let value = line.to_ascii_lowercase();
                    value
                        .strip_prefix("content-length: ")?
                        .parse::<usize>()
                        .ok()
                });
                if body.len() >= length.unwrap_or(0) {
                    break;
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        Self {
            url: Url::parse(&url).unwrap(),
            asked,
        }
    }
}

fn services(name: &str, endpoint: Option<Url>) -> Services {
    let endpoints = endpoint.map(|url| (name.to_owned(), Endpoint::Url(url)));
    Services::new(Settings {
        endpoints: endpoints.into_iter().collect(),
        region: "eu-west-1".to_owned(),
        credentials: Some(Credentials {
            key_id: "AKID".to_owned(),
            secret: "SECRET".to_owned(),
            session_token: Some("SESSION".to_owned()),
        }),
    })
    .unwrap()
}

fn call(style: Style, service: &str, action: &str, arguments: &str) -> Call {
    Call {
        style,
        service: service.into(),
        action: action.into(),
        arguments: asl::json::parse(arguments).unwrap(),
        token: "execution-1".to_owned(),
        execution_arn: "arn:execution".into(),
        machine_arn: "arn:machine".into(),
        time_left: None,
        now: Timestamp::parse_rfc3339("2026-01-02T03:04:05Z").unwrap(),
    }
}

#[track_caller]
fn expect_error(result: Result<Json, StateError>, error: &str, cause: &str) {
    let found = result.unwrap_err();
    assert_eq!(found.error.as_deref(), Some(error));
    assert_eq!(found.cause.as_deref(), Some(cause));
}

#[tokio::test]
async fn a_call_goes_out_signed_and_comes_back_in_pascal_case() {
    let double = Double::answering("200 OK", r#"{"unknown":"q","startDate":1.5}"#);
    let services = services("sfn", Some(double.url));
    let call = call(
        Style::Sdk,
        "sfn",
        "startExecution",
        r#"{"StateMachineArn":"arn:x","Input":"{}"}"#,
    );
    let output = services.call(call).await.unwrap();
    assert_eq!(
        output.to_text(),
        r#"{"StartDate":"1970-01-01T00:00:01.500Z"}"#
    );
    let asked = double.asked.join().unwrap().to_ascii_lowercase();
    for part in [
        "post / http/1.1",
        "x-amz-target: awsstepfunctions.startexecution",
        "x-amz-date: 20260102t030405z",
        "x-amz-security-token: session",
        "credential=akid/20260102/eu-west-1/states/aws4_request",
        r#"{"statemachinearn":"arn:x","input":"{}"}"#,
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert!(!asked.contains("secret"));
}

#[tokio::test]
async fn errors_have_the_names_and_words_of_the_two_sdks() {
    const ANSWER: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"No"}"#;
    const OTHER: &str = r#"{"__type":"a#ValidationException","message":"No"}"#;
    let arguments = r#"{"TableName":"t","Item":{"id":{"S":"1"}}}"#;
    for (style, answer, error, cause) in [
        (
            Style::Sdk,
            ANSWER,
            "DynamoDb.ConditionalCheckFailedException",
            "No (Service: DynamoDb, Status Code: 400, Request ID: R1) (SDK Attempt Count: 1)",
        ),
        (
            Style::Optimized,
            ANSWER,
            "DynamoDB.ConditionalCheckFailedException",
            "No (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException; \
             Request ID: R1; Proxy: null)",
        ),
        (
            Style::Sdk,
            OTHER,
            "DynamoDb.DynamoDbException",
            "No (Service: DynamoDb, Status Code: 400, Request ID: R1) (SDK Attempt Count: 1)",
        ),
        (
            Style::Optimized,
            OTHER,
            "DynamoDB.AmazonDynamoDBException",
            "No (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; \
             Request ID: R1; Proxy: null)",
        ),
    ] {
        let double = Double::answering("400 Bad Request", answer);
        let services = services("dynamodb", Some(double.url));
        let result = services
            .call(call(style, "dynamodb", "putItem", arguments))
            .await;
        expect_error(result, error, cause);
    }
}

#[tokio::test]
async fn outputs_of_optimized_integrations_carry_the_metadata() {
    let double = Double::answering("200 OK", r#"{"MessageId":"m"}"#);
    let services = services("sqs", Some(double.url));
    let given = r#"{"QueueUrl":"q","MessageBody":{"a":1}}"#;
    let output = services
        .call(call(Style::Optimized, "sqs", "sendMessage", given))
        .await;
    let output = output.unwrap();
    assert_eq!(output.get("MessageId"), Some(&Json::string("m")));
    let id = output
        .get("SdkResponseMetadata")
        .and_then(|data| data.get("RequestId"));
    assert_eq!(id, Some(&Json::string("R1")));
    assert!(
        double
            .asked
            .join()
            .unwrap()
            .contains(r#""MessageBody":"{\"a\":1}""#)
    );
}

#[tokio::test]
async fn what_cannot_be_called_says_why() {
    let none = services("", None);
    expect_error(
        none.call(call(Style::Sdk, "kms", "listKeys", "{}")).await,
        "Kms.SdkClientException",
        "The service 'kms' is not configured on this server. Set its address in the settings: \
         `kms = \"http://HOST:PORT\"` in the section [services], or `kms = \"aws\"` for AWS itself.",
    );
    expect_error(
        none.call(call(Style::Sdk, "kms", "fly", "{}")).await,
        "States.Runtime",
        "There is no integration 'kms:fly' on this server.",
    );
    expect_error(
        none.call(call(
            Style::Sdk,
            "sqs",
            "sendMessage",
            r#"{"QueueUrl":"q","Body":1}"#,
        ))
        .await,
        "States.Runtime",
        "The Parameters '{\"QueueUrl\":\"q\",\"Body\":1}' could not be used to start the Task: \
         [The field \"MessageBody\" is required but was missing, \
         The field \"Body\" is not supported by Step Functions]",
    );
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let services = services(
        "kms",
        Some(Url::parse(&format!("http://{nobody}")).unwrap()),
    );
    expect_error(
        services
            .call(call(Style::Sdk, "kms", "listKeys", "{}"))
            .await,
        "Kms.SdkClientException",
        "Unable to execute HTTP request: Connection refused (os error 111)",
    );
}

struct Mirror(Mutex<Vec<(String, String)>>);

impl Own for Mirror {
    fn perform(&self, operation: &str, input: Json) -> Performed<'_> {
        let asked = (operation.to_owned(), input.to_text());
        self.0.lock().unwrap().push(asked);
        let is_known = operation == "GetActivityTask";
        Box::pin(async move {
            if is_known {
                return Ok(Json::members([("taskToken", Json::string("t"))]));
            }
            Err(Fault {
                code: "ActivityDoesNotExist".to_owned(),
                message: "Activity Does Not Exist: 'a'".to_owned(),
                status: 400,
                request_id: "R1".to_owned(),
            })
        })
    }
}

#[tokio::test]
async fn the_server_itself_is_called_without_a_network() {
    let services = services("", None);
    let mirror = Arc::new(Mirror(Mutex::default()));
    let own: Arc<dyn Own> = mirror.clone();
    services.set_own(HashMap::from([("sfn".to_owned(), own)]));
    let arguments = r#"{"ActivityArn":"a","WorkerName":"w"}"#;
    let output = services
        .call(call(Style::Sdk, "sfn", "getActivityTask", arguments))
        .await;
    assert_eq!(output.unwrap().to_text(), r#"{"TaskToken":"t"}"#);
    let asked = mirror.0.lock().unwrap().clone();
    let expected = r#"{"activityArn":"a","workerName":"w"}"#.to_owned();
    assert_eq!(asked, [("GetActivityTask".to_owned(), expected)]);
    expect_error(
        services
            .call(call(
                Style::Sdk,
                "sfn",
                "describeActivity",
                r#"{"ActivityArn":"a"}"#,
            ))
            .await,
        "Sfn.ActivityDoesNotExistException",
        "Activity Does Not Exist: 'a' (Service: Sfn, Status Code: 400, Request ID: R1) (SDK Attempt Count: 1)",
    );
}
