//! Pages: signing in and out, form tokens, other sites.

use super::site::{Held, OWN_FORM, Site};

#[tokio::test]
async fn a_page_without_a_session_leads_to_the_form_and_back() {
    let site = Site::new().await;
    site.key("ada").await;
    let answer = site.get("/page?a=b&c=d", &[]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        "/sign-in?back=%2Fpage%3Fa%3Db%26c%3Dd"
    );
    assert_eq!(site.post("/page", OWN_FORM, "word=x").await.status, 401);
}

#[tokio::test]
async fn signing_in_sets_a_cookie_that_no_script_and_no_other_site_can_use() {
    let site = Site::new().await;
    let key = site.key("ada").await;
    let body = format!(
        "id={}&secret={}&back=//attacker.example",
        key.id, key.secret
    );
    let answer = site.post("/sign-in", OWN_FORM, &body).await;
    assert_eq!(answer.header("location"), "/");
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    assert!(!cookie.contains(&key.secret) && !cookie.contains(&key.id));
    let cookie = cookie.split(';').next().unwrap();
    site.get("/page", &[("cookie", cookie)])
        .await
        .is(200, "ada");
    let stored = cookie.split_once('=').unwrap().1;
    let hash = crate::access::token::hash(stored);
    let now = site.now().to_chrono();
    let session = store::session::find(&site.db, &hash, now).await.unwrap();
    assert_eq!(session.unwrap().key_id, key.id);
}

#[tokio::test]
async fn a_key_as_it_was_printed_is_understood() {
    let site = Site::new().await;
    let key = site.key("ada").await;
    let body = format!("id=&secret={}%3A{}", key.id, key.secret);
    let answer = site.post("/sign-in", OWN_FORM, &body).await;
    assert!(
        answer
            .header("set-cookie")
            .starts_with("stepwright_session=")
    );
}

#[tokio::test]
async fn a_wrong_key_leads_back_to_the_form_and_too_many_to_a_pause() {
    let site = Site::new().await;
    site.key("ada").await;
    let body = "id=ID&secret=WRONG&back=%2Fpage";
    for _ in 0..10 {
        let answer = site.post("/sign-in", OWN_FORM, body).await;
        assert_eq!(
            answer.header("location"),
            "/sign-in?refused=wrong&back=%2Fpage"
        );
        assert_eq!(answer.header("set-cookie"), "");
    }
    let answer = site.post("/sign-in", OWN_FORM, body).await;
    assert_eq!(
        answer.header("location"),
        "/sign-in?refused=often&back=%2Fpage"
    );
    for word in ["wrong", "often", "database"] {
        assert!(crate::access::sign_in::told(word).is_some());
    }
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let site = Site::new().await;
    let key = site.key("ada").await;
    let cookie = site.sign_in(&key).await;
    let token = site.get("/token", &[("cookie", &cookie)]).await.text;
    let mut headers = OWN_FORM.to_vec();
    headers.push(("cookie", &cookie));
    assert_eq!(site.post("/sign-out", &headers, "").await.status, 403);
    let answer = site
        .post("/sign-out", &headers, &format!("csrf={token}"))
        .await;
    assert_eq!(answer.header("location"), "/sign-in");
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(site.get("/page", &[("cookie", &cookie)]).await.status, 303);
}

#[tokio::test]
async fn a_session_ends_by_itself_and_is_swept_away() {
    let site = Site::new().await;
    let key = site.key("ada").await;
    let cookie = site.sign_in(&key).await;
    site.pass(12 * 3600 - 1);
    site.get("/page", &[("cookie", &cookie)])
        .await
        .is(200, "ada");
    site.pass(1);
    assert_eq!(site.get("/page", &[("cookie", &cookie)]).await.status, 303);
    let now = site.now().to_chrono();
    assert_eq!(store::session::sweep(&site.db, now).await.unwrap(), 1);
}

#[tokio::test]
async fn deleting_a_key_ends_its_sessions() {
    let site = Site::new().await;
    let (key, _other) = (site.key("ada").await, site.key("bea").await);
    let cookie = site.sign_in(&key).await;
    assert!(store::api_key::delete(&site.db, &key.id).await.unwrap());
    assert_eq!(site.get("/page", &[("cookie", &cookie)]).await.status, 303);
}

#[tokio::test]
async fn a_made_up_cookie_opens_nothing() {
    let site = Site::new().await;
    site.key("ada").await;
    for cookie in [
        "stepwright_session=made-up",
        "stepwright_session=",
        "other=1",
    ] {
        assert_eq!(site.get("/page", &[("cookie", cookie)]).await.status, 303);
    }
}

#[tokio::test]
async fn a_form_is_taken_with_its_own_sign_ins_token_alone() {
    let site = Site::new().await;
    let (ada, bea) = (site.key("ada").await, site.key("bea").await);
    let cookie = site.sign_in(&ada).await;
    let other = site.sign_in(&bea).await;
    let mut headers = OWN_FORM.to_vec();
    headers.push(("cookie", &cookie));
    for body in ["word=x", "word=x&csrf=", "word=x&csrf=made-up"] {
        assert_eq!(
            site.post("/page", &headers, body).await.status,
            403,
            "{body}"
        );
    }
    let theirs = site.get("/token", &[("cookie", &other)]).await.text;
    let body = format!("word=x&csrf={theirs}");
    assert_eq!(site.post("/page", &headers, &body).await.status, 403);
    let own = site.get("/token", &[("cookie", &cookie)]).await.text;
    site.post("/page", &headers, &format!("csrf={own}&word=x"))
        .await
        .is(200, "ada says x");
}

#[tokio::test]
async fn a_form_on_another_sites_page_is_refused_even_with_the_cookie_and_the_token() {
    let site = Site::new().await;
    let key = site.key("ada").await;
    let cookie = site.sign_in(&key).await;
    let token = site.get("/token", &[("cookie", &cookie)]).await.text;
    let body = format!("csrf={token}&word=x");
    for foreign in [
        [
            ("origin", "http://attacker.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        [
            ("origin", "http://127.0.0.1:3000"),
            ("sec-fetch-site", "same-site"),
        ],
    ] {
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", &cookie),
        ];
        headers.extend(foreign);
        let answer = site.post("/page", &headers, &body).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text.contains("another site"), "{}", answer.text);
        assert_eq!(
            site.post("/sign-in", &headers, "id=a&secret=b")
                .await
                .status,
            403
        );
    }
}

#[tokio::test]
async fn whoever_follows_a_link_from_another_site_comes_once_more_from_our_own_page() {
    let site = Site::new().await;
    site.key("ada").await;
    let answer = site.get("/page", &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("http-equiv=\"refresh\""));
    let answer = site
        .get("/page", &[("sec-fetch-site", "same-origin")])
        .await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn by_https_the_cookie_is_held_to_it() {
    let site = Site::with(crate::settings::Settings {
        base_url: Some("https://flows.example.com".parse().unwrap()),
        ..Default::default()
    })
    .await;
    let Held { id, secret } = site.key("ada").await;
    let body = format!("id={id}&secret={secret}");
    let headers = [
        ("host", "flows.example.com"),
        ("origin", "https://flows.example.com"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = site.post("/sign-in", &headers, &body).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-stepwright_session="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
}
