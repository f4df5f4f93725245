//! Tokens of the client credentials grant, from a real token endpoint.

use super::*;

fn oauth(
    endpoint: String,
    client_authentication: ClientAuthentication,
    method: TokenMethod,
) -> Authorization {
    Authorization::OAuth(Box::new(OAuth {
        client_id: "me".to_owned(),
        client_secret: Secret::new("hunter22"),
        authorization_endpoint: endpoint,
        method,
        client_authentication,
        parameters: Extra {
            body: vec![parameter("scope", "read write", false)],
            ..Extra::default()
        },
    }))
}

/// Gives out `token-1`, `token-2` … at `/token`; elsewhere accepts those that `accepts` does.
async fn authorizing(token: &'static str, accepts: fn(&str) -> bool) -> Server {
    let count = std::sync::atomic::AtomicU32::new(0);
    Server::start(move |request| {
        if request.target.starts_with("/token") {
            let count = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            return Some(response(
                "200 OK",
                "",
                &token.replace('N', &count.to_string()),
            ));
        }
        let bearer = request.header("authorization").unwrap();
        Some(if accepts(bearer) {
            response("200 OK", "", bearer)
        } else {
            response("401 Unauthorized", "", "who?")
        })
    })
    .await
}

fn token_requests(server: &Server) -> Vec<Received> {
    let mut received = server.received();
    received.retain(|request| request.target.starts_with("/token"));
    received
}

const TOKEN: &str = r#"{"access_token":"token-N","token_type":"Bearer","expires_in":3600}"#;

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_until_it_expires() {
    let server = authorizing(TOKEN, |_| true).await;
    let tasks = tasks(
        oauth(
            server.url("/token"),
            ClientAuthentication::Header,
            TokenMethod::Post,
        ),
        Extra::default(),
    );
    let both = tokio::join!(
        tasks.invoke(get(&server.url("/"))),
        tasks.invoke(get(&server.url("/")))
    );
    both.0.unwrap();
    both.1.unwrap();
    let asked = token_requests(&server);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method, "POST");
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&scope=read%20write"
    );
    assert_eq!(
        asked[0].header("authorization"),
        Some("Basic bWU6aHVudGVyMjI=")
    );
    assert_eq!(
        server.received()[1].header("authorization"),
        Some("Bearer token-1")
    );

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3600 - 30)).await;
    tokio::time::resume();
    tasks.invoke(get(&server.url("/"))).await.unwrap();
    assert_eq!(token_requests(&server).len(), 2);
}

#[tokio::test]
async fn a_client_may_prove_itself_among_the_parameters() {
    let server = authorizing(TOKEN, |_| true).await;
    for (method, name) in [(TokenMethod::Put, "PUT"), (TokenMethod::Get, "GET")] {
        let authorization = oauth(
            server.url("/token"),
            ClientAuthentication::Parameters,
            method,
        );
        tasks(authorization, Extra::default())
            .invoke(get(&server.url("/")))
            .await
            .unwrap();
        let asked = token_requests(&server).pop().unwrap();
        let fields =
            "grant_type=client_credentials&client_id=me&client_secret=hunter22&scope=read%20write";
        assert_eq!(asked.method, name);
        assert_eq!(asked.header("authorization"), None);
        if method == TokenMethod::Get {
            assert_eq!(asked.target, format!("/token?{fields}"));
        } else {
            assert_eq!(asked.body, fields);
        }
    }
}

#[tokio::test]
async fn a_kept_token_that_is_refused_is_replaced_once() {
    let calls = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |request| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // Token, call, refused call, new token, call.
        Some(match call {
            0 | 3 => response("200 OK", "", &TOKEN.replace('N', &call.to_string())),
            2 => response("401 Unauthorized", "", "who?"),
            _ => response("200 OK", "", request.header("authorization").unwrap()),
        })
    })
    .await;
    let tasks = tasks(
        oauth(
            server.url("/token"),
            ClientAuthentication::Header,
            TokenMethod::Post,
        ),
        Extra::default(),
    );
    tasks.invoke(get(&server.url("/"))).await.unwrap();
    tasks.invoke(get(&server.url("/"))).await.unwrap();
    assert_eq!(token_requests(&server).len(), 2);
    let last = server.received().pop().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer token-3"));
}

#[tokio::test]
async fn a_new_token_that_is_refused_fails_the_task_and_is_forgotten() {
    let server = authorizing(TOKEN, |bearer| bearer != "Bearer token-1").await;
    let tasks = tasks(
        oauth(
            server.url("/token"),
            ClientAuthentication::Header,
            TokenMethod::Post,
        ),
        Extra::default(),
    );
    check_error(
        tasks.invoke(get(&server.url("/"))).await,
        "States.Http.StatusCode.401",
        "who?",
    );
    assert_eq!(token_requests(&server).len(), 1);
    tasks.invoke(get(&server.url("/"))).await.unwrap();
    assert_eq!(token_requests(&server).len(), 2);
}

#[tokio::test]
async fn a_token_that_comes_back_is_masked() {
    let server = authorizing(TOKEN, |_| true).await;
    let tasks = tasks(
        oauth(
            server.url("/token"),
            ClientAuthentication::Header,
            TokenMethod::Post,
        ),
        Extra::default(),
    );
    let output = tasks.invoke(get(&server.url("/"))).await.unwrap();
    assert_eq!(
        output.get("ResponseBody").unwrap().to_text(),
        r#""Bearer ***""#
    );
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_told_without_secrets() {
    for (status, body, why) in [
        (
            "400 Bad Request",
            r#"{"error":"invalid_client","error_description":"hunter22"}"#,
            "the token endpoint answered 400 (invalid_client)",
        ),
        (
            "401 Unauthorized",
            "hunter22",
            "the token endpoint answered 401",
        ),
        (
            "200 OK",
            r#"{"token":"x"}"#,
            "the token endpoint's answer has no access_token",
        ),
        (
            "200 OK",
            r#"{"access_token":"two lines\n"}"#,
            "the token endpoint's answer has no access_token",
        ),
    ] {
        let server = Server::answering(status, "", body).await;
        let authorization = oauth(
            server.url("/token"),
            ClientAuthentication::Header,
            TokenMethod::Post,
        );
        check_error(
            tasks(authorization, Extra::default())
                .invoke(get(&server.url("/")))
                .await,
            "Events.ConnectionResource.InvalidConnectionState",
            &format!("Connection 'shop' cannot be used: {why}"),
        );
    }
}
