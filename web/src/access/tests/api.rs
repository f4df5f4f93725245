//! The native API and metrics: bearer keys, and sessions with the form token in a header.

use super::site::{OWN_FORM, Site};

#[tokio::test]
async fn a_bearer_key_is_served_and_none_is_refused() {
    let site = Site::new().await;
    let key = site.key("build").await;
    let bearer = key.bearer();
    let with = [("authorization", bearer.as_str())];
    for target in ["/api/v1/thing", "/metrics"] {
        site.get(target, &with).await.is(200, "build");
        let answer = site.get(target, &[]).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(answer.text.contains("Authorization: Bearer ID:SECRET"));
    }
    site.post("/api/v1/thing", &with, "{}")
        .await
        .is(200, "build");
}

#[tokio::test]
async fn a_wrong_bearer_key_is_refused_without_saying_which_part_is_wrong() {
    let site = Site::new().await;
    let key = site.key("build").await;
    let mut texts = Vec::new();
    for bearer in [
        format!("Bearer {}:wrong", key.id),
        format!("Bearer WRONG:{}", key.secret),
        "Bearer nonsense".to_owned(),
        "Bearer :".to_owned(),
    ] {
        let answer = site
            .get("/api/v1/thing", &[("authorization", &bearer)])
            .await;
        assert_eq!(answer.status, 401);
        texts.push(answer.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[tokio::test]
async fn too_many_wrong_keys_from_one_address_are_answered_with_a_pause() {
    let site = Site::new().await;
    let key = site.key("build").await;
    let wrong = [("authorization", "Bearer ID:WRONG")];
    for _ in 0..10 {
        assert_eq!(site.get("/api/v1/thing", &wrong).await.status, 401);
    }
    let answer = site.get("/api/v1/thing", &wrong).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), "60");
    let right = key.bearer();
    let right = [("authorization", right.as_str())];
    assert_eq!(site.get("/api/v1/thing", &right).await.status, 429);
    site.pass(60);
    site.get("/api/v1/thing", &right).await.is(200, "build");
}

#[tokio::test]
async fn a_session_changes_things_with_its_form_token_alone() {
    let site = Site::new().await;
    let key = site.key("ada").await;
    let cookie = site.sign_in(&key).await;
    let token = site.get("/token", &[("cookie", &cookie)]).await.text;
    let mut headers = OWN_FORM.to_vec();
    headers.push(("cookie", &cookie));
    site.get("/api/v1/thing", &headers).await.is(200, "ada");
    let answer = site.post("/api/v1/thing", &headers, "{}").await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    headers.push(("x-csrf-token", &token));
    site.post("/api/v1/thing", &headers, "{}")
        .await
        .is(200, "ada");
}
