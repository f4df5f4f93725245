//! The wire API: signatures, content type.

use axum::body::Body;

use super::site::Site;

#[tokio::test]
async fn a_signed_call_is_served_as_its_keys_holder() {
    let site = Site::new().await;
    let key = site.key("build").await;
    site.call(&key, |_| {}).await.is(200, "build");
}

#[tokio::test]
async fn an_unsigned_call_is_refused() {
    let site = Site::new().await;
    site.key("build").await;
    let answer = site
        .post("/", &[("content-type", "application/x-amz-json-1.0")], "{}")
        .await;
    answer.is_error(
        400,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    );
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_are_refused() {
    let site = Site::new().await;
    let key = site.key("build").await;
    let mut wrong = key.clone();
    wrong.secret = "wrong".to_owned();
    site.call(&wrong, |_| {}).await.is_error(
        400,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided.",
    );
    let mut unknown = key;
    unknown.id = "AKIDEXAMPLE".to_owned();
    site.call(&unknown, |_| {}).await.is_error(
        400,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    );
}

#[tokio::test]
async fn a_tampered_body_target_or_header_is_refused() {
    let site = Site::new().await;
    let key = site.key("build").await;
    let mismatch = "The request signature we calculated does not match";
    site.call(&key, |request| *request.body_mut() = Body::from("{}"))
        .await
        .is_error(400, "InvalidSignatureException", mismatch);
    site.call(&key, |request| {
        let target = "AWSStepFunctions.DeleteActivity".parse().unwrap();
        request.headers_mut().insert("x-amz-target", target);
    })
    .await
    .is_error(400, "InvalidSignatureException", mismatch);
    site.call(&key, |request| {
        let headers = request.headers_mut();
        headers.insert("host", "localhost:8083".parse().unwrap());
    })
    .await
    .is_error(400, "InvalidSignatureException", mismatch);
}

#[tokio::test]
async fn a_clock_that_is_off_by_more_than_a_quarter_of_an_hour_is_refused() {
    let site = Site::new().await;
    let key = site.key("build").await;
    let (past, future) = (-15 * 60 - 1, 15 * 60 + 1);
    site.call(&key, |_| site.pass(future)).await.is_error(
        400,
        "InvalidSignatureException",
        "Signature expired: ",
    );
    site.call(&key, |_| site.pass(past)).await.is_error(
        400,
        "InvalidSignatureException",
        "Signature not yet current: ",
    );
    site.call(&key, |_| site.pass(15 * 60))
        .await
        .is(200, "build");
}

#[tokio::test]
async fn an_authorization_that_is_no_signature_is_incomplete() {
    let site = Site::new().await;
    let key = site.key("build").await;
    site.call(&key, |request| {
        let bearer = key.bearer().parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
    })
    .await
    .is_error(
        400,
        "IncompleteSignatureException",
        "Unsupported AWS 'algorithm'",
    );
}

#[tokio::test]
async fn only_the_json_protocols_types_are_taken() {
    let site = Site::new().await;
    for content_type in ["application/json", "text/plain"] {
        site.post("/", &[("content-type", content_type)], "{}")
            .await
            .is_error(
                415,
                "UnsupportedMediaTypeException",
                "allowed are application/x-amz-json-1.0 and application/x-amz-json-1.1",
            );
    }
    site.post("/", &[("content-type", "application/x-amz-json-1.1")], "{}")
        .await
        .is(200, "local");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let mut settings = crate::settings::Settings::default();
    settings.limits.request_bytes_max = 8;
    let site = Site::with(settings).await;
    let key = site.key("build").await;
    site.call(&key, |_| {}).await.is_error(
        413,
        "RequestEntityTooLargeException",
        "larger than 8 bytes",
    );
}

#[tokio::test]
async fn a_deleted_key_is_refused_within_a_second() {
    let site = Site::new().await;
    let (gone, stays) = (site.key("gone").await, site.key("stays").await);
    site.call(&gone, |_| {}).await.is(200, "gone");
    assert!(store::api_key::delete(&site.db, &gone.id).await.unwrap());
    site.pass(1);
    site.call(&gone, |_| {})
        .await
        .is_error(400, "UnrecognizedClientException", "security token");
    site.call(&stays, |_| {}).await.is(200, "stays");
}

#[tokio::test]
async fn the_use_of_a_key_is_written_down() {
    let site = Site::new().await;
    let key = site.key("build").await;
    site.call(&key, |_| {}).await.is(200, "build");
    site.access.maintain().await.unwrap();
    let rows = store::api_key::list(&site.db).await.unwrap();
    assert_eq!(rows[0].last_used_at, Some(site.now().to_chrono()));
}
