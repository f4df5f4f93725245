//! Where redirects lead, and what is taken along.

use super::*;

/// A server that sends `/from` to `location`, and answers everything else.
async fn redirecting(
    status: &'static str,
    location: impl Fn(&Received) -> String + Send + Sync + 'static,
) -> Server {
    Server::start(move |request| {
        Some(if request.target.starts_with("/from") {
            response(
                status,
                &format!("Location: {}\r\n", location(request)),
                "moved",
            )
        } else {
            response("200 OK", "", "")
        })
    })
    .await
}

#[tokio::test]
async fn redirects_within_an_origin_keep_the_credentials() {
    for (status, method, body) in [
        ("301 Moved Permanently", "GET", ""),
        ("302 Found", "GET", ""),
        ("303 See Other", "GET", ""),
        ("307 Temporary Redirect", "POST", r#"{"n":1}"#),
        ("308 Permanent Redirect", "POST", r#"{"n":1}"#),
    ] {
        let server = redirecting(status, |_| "/to?x=1".to_owned()).await;
        let call = call(&server.url("/from"), r#","RequestBody":{"n":1}"#);
        tasks(basic_auth(), Extra::default())
            .invoke(call)
            .await
            .unwrap();
        let received = &server.received()[1];
        assert_eq!(
            (received.method.as_str(), received.target.as_str()),
            (method, "/to?x=1")
        );
        assert_eq!(received.body, body);
        assert_eq!(
            received.header("authorization"),
            Some("Basic YW5uOmh1bnRlcjIy")
        );
    }
}

#[tokio::test]
async fn redirects_to_another_origin_get_no_credentials() {
    let other = Server::answering("200 OK", "", "").await;
    let to = other.url("/to");
    let server = redirecting("302 Found", move |_| to.clone()).await;
    let extra = Extra {
        headers: vec![parameter("X-Token", "hunter22", true)],
        ..Extra::default()
    };
    let call = call(
        &server.url("/from"),
        r#","Headers":{"X-Plain":"1","Cookie":"a=1"}"#,
    );
    tasks(basic_auth(), extra).invoke(call).await.unwrap();
    let received = &other.received()[0];
    assert_eq!(received.header("x-plain"), Some("1"));
    for name in ["authorization", "x-token", "cookie"] {
        assert_eq!(received.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_body_with_secrets_is_not_taken_to_another_origin() {
    let other = Server::answering("200 OK", "", "").await;
    let to = other.url("/to");
    let server = redirecting("307 Temporary Redirect", move |_| to.clone()).await;
    let extra = Extra {
        body: vec![parameter("key", "hunter22", true)],
        ..Extra::default()
    };
    check_error(
        tasks(basic_auth(), extra)
            .invoke(call(&server.url("/from"), ""))
            .await,
        "States.Http.StatusCode.307",
        "moved",
    );
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn a_redirect_to_a_refused_address_is_refused() {
    let server = redirecting("302 Found", |_| "https://169.254.169.254/".to_owned()).await;
    check_error(
        tasks(basic_auth(), Extra::default())
            .invoke(call(&server.url("/from"), ""))
            .await,
        "States.Permissions",
        "host '169.254.169.254' is not allowed: 169.254.169.254 is a link-local address",
    );
    let server = redirecting("302 Found", |_| "http://example.com/".to_owned()).await;
    check_error(
        tasks(basic_auth(), Extra::default())
            .invoke(call(&server.url("/from"), ""))
            .await,
        "States.Permissions",
        "http://example.com is not allowed: use https, or name the host in the egress settings",
    );
}

#[tokio::test]
async fn a_chain_of_redirects_ends() {
    let server = redirecting("302 Found", |_| "/from".to_owned()).await;
    check_error(
        tasks(basic_auth(), Extra::default())
            .invoke(get(&server.url("/from")))
            .await,
        "States.Http.StatusCode.302",
        "moved",
    );
    assert_eq!(server.received().len(), limits::REDIRECTS_MAX + 1);
}
