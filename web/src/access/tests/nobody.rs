//! What holds with no keys, and what holds for everyone: loopback only, Host, Origin, open routes.

use super::site::{OWN_FORM, Site};
use crate::settings::Settings;

#[tokio::test]
async fn without_keys_whoever_sits_here_may_do_everything() {
    let site = Site::new().await;
    let wire = [("content-type", "application/x-amz-json-1.0")];
    site.post("/", &wire, "{}").await.is(200, "local");
    for target in ["/", "/page", "/api/v1/thing", "/metrics"] {
        site.get(target, &[]).await.is(200, "local");
    }
    site.post("/api/v1/thing", &[], "{}").await.is(200, "local");
    let token = site.get("/token", &[]).await.text;
    let body = format!("word=x&csrf={token}");
    site.post("/page", OWN_FORM, &body)
        .await
        .is(200, "local says x");
    assert_eq!(site.post("/page", OWN_FORM, "word=x").await.status, 403);
}

#[tokio::test]
async fn the_first_key_closes_every_route_but_health_within_a_second() {
    let site = Site::new().await;
    site.get("/api/v1/thing", &[]).await.is(200, "local");
    site.key("first").await;
    assert_eq!(site.get("/api/v1/thing", &[]).await.status, 401);
    assert_eq!(site.get("/", &[]).await.status, 303);
    assert_eq!(site.get("/metrics", &[]).await.status, 401);
    site.get("/healthz", &[]).await.is(200, "alive");
}

#[tokio::test]
async fn another_address_is_refused_at_start_without_keys_and_says_what_to_do() {
    let site = Site::with(Settings {
        listen: "0.0.0.0:9000".parse().unwrap(),
        ..Settings::default()
    })
    .await;
    let text = site.access.check_listener().await.unwrap_err();
    for part in [
        "0.0.0.0:9000",
        "stepwright keys create",
        "--listen 127.0.0.1:9000",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    // And should the last key go while it runs, nobody is let in.
    let answer = site.get("/page", &[]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("stepwright keys create"));
    site.key("first").await;
    assert_eq!(site.access.check_listener().await, Ok(()));
}

#[tokio::test]
async fn loopback_addresses_need_no_keys() {
    for listen in [
        "127.0.0.1:1",
        "127.3.2.1:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        let site = Site::with(Settings {
            listen: listen.parse().unwrap(),
            ..Settings::default()
        })
        .await;
        assert_eq!(site.access.check_listener().await, Ok(()), "{listen}");
    }
}

#[tokio::test]
async fn a_rebound_name_is_refused_on_every_route() {
    let site = Site::new().await;
    let wire = [
        ("host", "attacker.example:8083"),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    site.post("/", &wire, "{}").await.is_error(
        421,
        "AccessDeniedException",
        "'attacker.example', which is not one of this server's names",
    );
    for target in [
        "/",
        "/page",
        "/api/v1/thing",
        "/metrics",
        "/healthz",
        "/sign-in",
    ] {
        let answer = site.get(target, &[("host", "attacker.example:8083")]).await;
        assert_eq!(answer.status, 421, "{target}");
        assert!(answer.text.contains("--allow-host NAME"));
    }
}

#[tokio::test]
async fn without_keys_a_name_that_a_proxy_serves_is_refused() {
    let site = Site::with(Settings {
        base_url: Some("https://flows.example.com".parse().unwrap()),
        ..Settings::default()
    })
    .await;
    let proxied = [("host", "flows.example.com")];
    let answer = site.get("/page", &proxied).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.text.contains("stepwright keys create"),
        "{}",
        answer.text
    );
    site.get("/page", &[]).await.is(200, "local");
}

#[tokio::test]
async fn a_cross_site_post_is_refused_on_every_route() {
    let site = Site::new().await;
    for target in ["/", "/page", "/api/v1/thing", "/sign-in", "/sign-out"] {
        for foreign in [
            ("origin", "http://attacker.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let headers = [("content-type", "application/x-amz-json-1.0"), foreign];
            let answer = site.post(target, &headers, "{}").await;
            assert_eq!(answer.status, 403, "{target} {foreign:?}");
        }
    }
}

#[tokio::test]
async fn a_route_without_the_guard_answers_nobody() {
    use axum::routing::get;
    use tower::ServiceExt;
    let router: axum::Router = axum::Router::new().route(
        "/",
        get(|principal: crate::access::Principal| async move { principal.name().to_owned() }),
    );
    let request = http::Request::get("/").body(axum::body::Body::empty());
    let response = router.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn a_server_with_another_master_key_is_told_so_at_its_start() {
    use crate::access::Secrets;
    use crate::hidden::Hidden;
    let site = Site::new().await;
    let now = site.now().to_chrono();
    let secrets = |keys: &[(i32, u8)]| {
        let keys = keys.iter();
        let keys = keys.map(|(version, byte)| (*version, Hidden::new([*byte; 32])));
        Secrets::new(&keys.collect())
    };
    secrets(&[(1, 7)]).agree(&site.db, now).await.unwrap();
    secrets(&[(1, 7), (2, 8)])
        .agree(&site.db, now)
        .await
        .unwrap();
    for other in [[(1, 9)].as_slice(), &[(1, 7), (2, 9)]] {
        let error = secrets(other).agree(&site.db, now).await.unwrap_err();
        assert!(
            error.to_string().contains("STEPWRIGHT_MASTER_KEY"),
            "{error}"
        );
    }
}
