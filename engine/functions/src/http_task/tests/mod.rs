//! HTTP tasks against real servers on loopback, which the tests' policy names.

use super::*;
use crate::egress::{Policy, Resolver};
use crate::registry::{ClientAuthentication, OAuth, Parameter, Parameters as Extra, TokenMethod};
use crate::secret::Secret;
use crate::test_registry::{Memory, Names, client};
use crate::test_server::{Received, Server, response};

mod redirects;
mod tokens;

const ARN: &str =
    "arn:aws:events:us-east-1:000000000000:connection/shop/81210c42-8af1-456b-9c4a-6ff02fc664ac";

fn local() -> Policy {
    Policy::for_http_tasks().allowing(["127.0.0.0/8".parse().unwrap()])
}

fn basic_auth() -> Authorization {
    Authorization::Basic {
        username: "ann".to_owned(),
        password: Secret::new("hunter22"),
    }
}

fn parameter(name: &str, value: &str, is_secret: bool) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: Secret::new(value),
        is_secret,
    }
}

fn tasks(authorization: Authorization, extra: Extra) -> HttpTasks {
    let registry = Memory::default()
        .with_connection("shop", authorization, extra)
        .cached();
    HttpTasks::new(client(local()), registry)
}

fn call(url: &str, rest: &str) -> HttpCall {
    let text = format!(
        r#"{{"ApiEndpoint":"{url}","Method":"POST","Authentication":{{"ConnectionArn":"{ARN}"}}{rest}}}"#
    );
    HttpCall {
        parameters: asl::json::parse(&text).unwrap(),
        time_left: None,
    }
}

fn get(url: &str) -> HttpCall {
    let mut call = call(url, "");
    let text = call.parameters.to_text().replace("POST", "GET");
    call.parameters = asl::json::parse(&text).unwrap();
    call
}

/// What a server gets for these parameters.
async fn sent(rest: &str, extra: Extra) -> Received {
    let server = Server::answering("200 OK", "", "").await;
    tasks(basic_auth(), extra)
        .invoke(call(&server.url("/x?a=1"), rest))
        .await
        .unwrap();
    server.received()[0].clone()
}

#[track_caller]
fn check_error(outcome: Result<Json, StateError>, error: &str, cause: &str) {
    let found = outcome.unwrap_err();
    assert_eq!(found.error.as_deref(), Some(error));
    assert_eq!(found.cause.as_deref(), Some(cause));
}

#[tokio::test]
async fn a_json_answer_becomes_the_output() {
    let server = Server::answering(
        "201 Created",
        "Content-Type: application/json; charset=utf-8\r\nX-Two: a\r\nX-Two: b\r\n",
        r#"{"id":1.0}"#,
    )
    .await;
    let output = tasks(basic_auth(), Extra::default())
        .invoke(call(&server.url("/"), ""))
        .await
        .unwrap();
    assert_eq!(
        output.to_text(),
        r#"{"Headers":{"content-type":["application/json; charset=utf-8"],"x-two":["a","b"],"content-length":["10"]},"ResponseBody":{"id":1.0},"StatusCode":201,"StatusText":"Created"}"#
    );
}

#[tokio::test]
async fn an_answer_of_another_type_is_a_text() {
    for (headers, body, shown) in [
        ("Content-Type: text/plain\r\n", "{}", r#""{}""#),
        ("Content-Type: application/json\r\n", "{oops", r#""{oops""#),
        ("Content-Type: application/problem+json\r\n", "[1]", "[1]"),
        ("", "", r#""""#),
    ] {
        let server = Server::answering("200 OK", headers, body).await;
        let output = tasks(basic_auth(), Extra::default())
            .invoke(call(&server.url("/"), ""))
            .await
            .unwrap();
        assert_eq!(output.get("ResponseBody").unwrap().to_text(), shown);
    }
}

#[tokio::test]
async fn headers_query_and_body_are_sent() {
    let received = sent(
        r#","Headers":{"X-One":"1","X-Many":["a","b"]},"QueryParameters":{"b":["2","3"],"c d":"ä&"},"RequestBody":{"n":1.0}"#,
        Extra::default(),
    )
    .await;
    assert_eq!(received.method, "POST");
    assert_eq!(received.target, "/x?a=1&b=2&b=3&c%20d=%C3%A4%26");
    assert_eq!(received.body, r#"{"n":1.0}"#);
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(
        received.header("authorization"),
        Some("Basic YW5uOmh1bnRlcjIy")
    );
    assert_eq!(received.header("range"), Some("bytes=0-262144"));
    let many: Vec<_> = received
        .headers
        .iter()
        .filter(|(name, _)| name == "x-many")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(many, ["a", "b"]);
}

#[tokio::test]
async fn a_text_body_goes_as_it_is_and_a_form_is_encoded() {
    let received = sent(
        r#","RequestBody":"<a/>","Headers":{"Content-Type":"text/xml"}"#,
        Extra::default(),
    )
    .await;
    assert_eq!(received.body, "<a/>");
    assert_eq!(received.header("content-type"), Some("text/xml"));
    let received = sent(
        r#","RequestBody":{"a":["x","y"]},"Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"BRACKETS"}}"#,
        Extra::default(),
    )
    .await;
    assert_eq!(received.body, "a%5B%5D=x&a%5B%5D=y");
    assert_eq!(
        received.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
}

#[tokio::test]
async fn a_connections_values_win() {
    let received = sent(
        r#","Headers":{"X-Mode":"task","Authorization":"task"},"QueryParameters":{"mode":"task","q":"1"},"RequestBody":{"mode":"task","n":1}"#,
        Extra {
            headers: vec![parameter("x-mode", "connection", false)],
            query: vec![parameter("mode", "connection", false)],
            body: vec![parameter("mode", "connection", false)],
        },
    )
    .await;
    assert_eq!(received.header("x-mode"), Some("connection"));
    assert_eq!(
        received.header("authorization"),
        Some("Basic YW5uOmh1bnRlcjIy")
    );
    assert_eq!(received.target, "/x?a=1&q=1&mode=connection");
    assert_eq!(received.body, r#"{"mode":"connection","n":1}"#);
}

#[tokio::test]
async fn an_api_key_goes_into_its_header() {
    let server = Server::answering("200 OK", "", "").await;
    let authorization = Authorization::ApiKey {
        name: "X-Api-Key".to_owned(),
        value: Secret::new("hunter22"),
    };
    tasks(authorization, Extra::default())
        .invoke(get(&server.url("/")))
        .await
        .unwrap();
    assert_eq!(server.received()[0].header("x-api-key"), Some("hunter22"));
    assert_eq!(server.received()[0].header("content-type"), None);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    for (parameters, what) in [
        (r#"{"Method":"GET"}"#.to_owned(), "The field 'ApiEndpoint' is required but was missing".to_owned()),
        (
            r#"{"ApiEndpoint":"nonsense"}"#.to_owned(),
            "The field 'ApiEndpoint' is not a URL that can be called: relative URL without a base".to_owned(),
        ),
        (
            r#"{"ApiEndpoint":"file:///etc/passwd"}"#.to_owned(),
            "The field 'ApiEndpoint' is not a URL that can be called: it must begin with https://".to_owned(),
        ),
        (
            r#"{"ApiEndpoint":"https://a.test","Method":"TRACE"}"#.to_owned(),
            "The value 'TRACE' of the field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD]".to_owned(),
        ),
        (
            r#"{"ApiEndpoint":"https://a.test","Method":"GET"}"#.to_owned(),
            "The field 'Authentication' is required but was missing".to_owned(),
        ),
        (
            r#"{"ApiEndpoint":"https://a.test","Method":"GET","Authentication":{"ConnectionArn":"shop"}}"#.to_owned(),
            "The value 'shop' of the field 'Authentication.ConnectionArn' is not the ARN of a connection".to_owned(),
        ),
        (
            format!(r#"{{"ApiEndpoint":"https://a.test","Method":"GET","Authentication":{{"ConnectionArn":"{ARN}"}},"Headers":{{"X-Forwarded-For":"1"}}}}"#),
            "The header 'X-Forwarded-For' in the field 'Headers' is reserved and cannot be set".to_owned(),
        ),
        (
            format!(r#"{{"ApiEndpoint":"https://a.test","Method":"GET","Authentication":{{"ConnectionArn":"{ARN}"}},"Transform":{{"RequestBodyEncoding":"XML"}}}}"#),
            "The value 'XML' of the field 'Transform.RequestBodyEncoding' must be one of [URL_ENCODED, NONE]".to_owned(),
        ),
        (r#"{"Url":"x"}"#.to_owned(), "The field 'Url' is not supported by Step Functions".to_owned()),
    ] {
        let call = HttpCall {
            parameters: asl::json::parse(&parameters).unwrap(),
            time_left: None,
        };
        check_error(
            tasks(basic_auth(), Extra::default()).invoke(call).await,
            "States.Runtime",
            &format!("The Parameters '{parameters}' could not be used to start the Task: [{what}]"),
        );
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_merged_is_an_error() {
    let extra = Extra {
        body: vec![parameter("key", "hunter22", true)],
        ..Extra::default()
    };
    let error = tasks(basic_auth(), extra)
        .invoke(call("http://127.0.0.1:1/", r#","RequestBody":"text""#))
        .await
        .unwrap_err();
    assert_eq!(error.error.as_deref(), Some("States.Runtime"));
    assert!(error.cause.unwrap().ends_with(
        "[The field 'RequestBody' must be an OBJECT, since the connection adds members to it]"
    ));
}

#[tokio::test]
async fn an_unknown_connection_is_named() {
    let tasks = HttpTasks::new(client(local()), Memory::default().cached());
    check_error(
        tasks.invoke(call("http://127.0.0.1:1/", "")).await,
        "Events.ConnectionResource.ResourceNotFound",
        &format!("Connection '{ARN}' does not exist."),
    );
}

#[tokio::test]
async fn other_statuses_are_errors_with_the_body_as_cause() {
    for (status, body, error, cause) in [
        (
            "400 Bad Request",
            r#"{"why":"no"}"#,
            "States.Http.StatusCode.400",
            r#"{"why":"no"}"#,
        ),
        (
            "404 Not Found",
            "",
            "States.Http.StatusCode.404",
            "Not Found",
        ),
        (
            "429 Too Many Requests",
            "slow down",
            "States.Http.StatusCode.429",
            "slow down",
        ),
        (
            "500 Internal Server Error",
            "oops",
            "States.Http.StatusCode.500",
            "oops",
        ),
        (
            "304 Not Modified",
            "",
            "States.Http.StatusCode.304",
            "Not Modified",
        ),
    ] {
        let server = Server::answering(status, "", body).await;
        check_error(
            tasks(basic_auth(), Extra::default())
                .invoke(call(&server.url("/"), ""))
                .await,
            error,
            cause,
        );
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_an_error() {
    let server = Server::answering("200 OK", "", &"x".repeat(262_145)).await;
    check_error(
        tasks(basic_auth(), Extra::default())
            .invoke(call(&server.url("/"), ""))
            .await,
        "States.DataLimitExceeded",
        "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit.",
    );
    let server = Server::answering("200 OK", "", &"x".repeat(262_144)).await;
    assert!(
        tasks(basic_auth(), Extra::default())
            .invoke(call(&server.url("/"), ""))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_call_ends_after_sixty_seconds_or_a_little_after_its_task() {
    let server = Server::start(|_| None).await;
    let tasks = tasks(basic_auth(), Extra::default());
    let (outcome, ()) = tokio::join!(tasks.invoke(call(&server.url("/"), "")), async {
        server.arrived().await;
        tokio::time::pause();
    });
    check_error(
        outcome,
        "States.Http.Socket",
        "Unable to execute HTTP request: the request timed out after 60 seconds",
    );
    tokio::time::resume();
    let mut short = call(&server.url("/"), "");
    short.time_left = Some(Duration::from_secs(5));
    let (outcome, ()) = tokio::join!(tasks.invoke(short), async {
        server.arrived().await;
        tokio::time::pause();
    });
    assert_eq!(outcome.unwrap_err(), StateError::named("States.Timeout"));
}

#[tokio::test]
async fn a_refused_connection_is_a_socket_error() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    check_error(
        tasks(basic_auth(), Extra::default())
            .invoke(call(&format!("http://{closed}/"), ""))
            .await,
        "States.Http.Socket",
        "Unable to execute HTTP request: Connection refused (os error 111)",
    );
}

#[tokio::test]
async fn plain_http_and_private_addresses_take_an_entry_of_the_policy() {
    let registry = || {
        Memory::default()
            .with_connection("shop", basic_auth(), Extra::default())
            .cached()
    };
    let strict = HttpTasks::new(client(Policy::for_http_tasks()), registry());
    check_error(
        strict.invoke(get("http://example.com/")).await,
        "States.Permissions",
        "http://example.com is not allowed: use https, or name the host in the egress settings",
    );
    check_error(
        strict
            .invoke(get("https://169.254.169.254/latest/meta-data"))
            .await,
        "States.Permissions",
        "host '169.254.169.254' is not allowed: 169.254.169.254 is a link-local address",
    );
    check_error(
        strict.invoke(get("https://2130706433/")).await,
        "States.Permissions",
        "host '127.0.0.1' is not allowed: 127.0.0.1 is a loopback address",
    );
    let names: Arc<dyn Resolver> = Arc::new(Names::new(&[("inner.test", &[&["192.168.0.9"]])]));
    let by_name = HttpTasks::new(
        Client::new(Policy::for_http_tasks(), &names).unwrap(),
        registry(),
    );
    check_error(
        by_name.invoke(get("https://inner.test/")).await,
        "States.Permissions",
        "host 'inner.test' is not allowed: 192.168.0.9 is an address of a private network",
    );
}

/// The name answers with an allowed address first and with another one afterwards. What counts is
/// the address of the very connection that is made.
#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    let server = Server::start(|_| Some(response("200 OK", "Connection: close\r\n", ""))).await;
    let url = format!("http://rebind.test:{}/", server.address.port());
    let names: Arc<dyn Resolver> = Arc::new(Names::new(&[(
        "rebind.test",
        &[&["127.0.0.1"], &["10.0.0.1"]],
    )]));
    // As if 127.0.0.1 were public: the name itself is not allowed.
    let policy = Policy::for_http_tasks().allowing(["127.0.0.0/8".parse().unwrap()]);
    let client = Client::new(policy, &names).unwrap();
    let request = || reqwest::Request::new(http::Method::GET, url.parse().unwrap());
    assert!(client.send(request()).await.is_ok());
    let error = client.send(request()).await.unwrap_err();
    assert!(matches!(error, TransportError::Refused(_)), "{error}");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn only_the_allowed_addresses_of_a_name_are_tried() {
    let server = Server::answering("200 OK", "", "").await;
    let url = format!("http://mixed.test:{}/", server.address.port());
    let names: Arc<dyn Resolver> =
        Arc::new(Names::new(&[("mixed.test", &[&["10.0.0.1", "127.0.0.1"]])]));
    let client = Client::new(local(), &names).unwrap();
    let request = reqwest::Request::new(http::Method::GET, url.parse().unwrap());
    assert!(client.send(request).await.is_ok());
}

#[tokio::test]
async fn secrets_that_come_back_are_masked() {
    let server = Server::start(|request| {
        let authorization = request.header("authorization").unwrap().to_owned();
        let status = if request.target == "/ok" {
            "200 OK"
        } else {
            "400 Bad Request"
        };
        let headers = format!("Content-Type: application/json\r\nX-Echo: {authorization}\r\n");
        Some(response(
            status,
            &headers,
            &format!(r#"{{"you":"{authorization}","sent":"hunter22"}}"#),
        ))
    })
    .await;
    let tasks = tasks(basic_auth(), Extra::default());
    let output = tasks.invoke(get(&server.url("/ok"))).await.unwrap();
    assert_eq!(
        output.get("ResponseBody").unwrap().to_text(),
        r#"{"you":"Basic ***","sent":"***"}"#
    );
    assert_eq!(
        output
            .get("Headers")
            .unwrap()
            .get("x-echo")
            .unwrap()
            .to_text(),
        r#"["Basic ***"]"#
    );
    check_error(
        tasks.invoke(get(&server.url("/bad"))).await,
        "States.Http.StatusCode.400",
        r#"{"you":"Basic ***","sent":"***"}"#,
    );
}

#[tokio::test]
async fn who_tests_a_state_sees_what_travelled_and_no_log_does() {
    let server = Server::answering("404 Not Found", "X-Why: none\r\n", "nothing here").await;
    let seen = super::Seen::default();
    let call = call(&server.url("/x"), r#","RequestBody":{"a":1}"#);
    let outcome = tasks(basic_auth(), Extra::default())
        .invoke_seen(call, Some(&seen))
        .await;
    check_error(outcome, "States.Http.StatusCode.404", "nothing here");
    let sent = seen.sent().unwrap();
    assert_eq!(
        (sent.method.as_str(), sent.body.as_deref()),
        ("POST", Some(r#"{"a":1}"#))
    );
    let authorization = sent.headers.get("authorization").unwrap().to_text();
    assert!(authorization.contains("Basic "), "{authorization}");
    let answered = seen.answered().unwrap();
    assert_eq!((answered.status, answered.reason), (404, "Not Found"));
    assert_eq!(
        answered.headers.get("x-why").unwrap().to_text(),
        r#"["none"]"#
    );
    assert!(!format!("{seen:?}{sent:?}").contains("Basic"));
}
