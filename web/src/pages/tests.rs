//! Pages asked through the router, over a real database: what they show, what they refuse, and what
//! they say when there is nothing.

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};

use crate::testing::TestApp;

const DEFINITION: &str =
    "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Succeed\" }\n  }\n}";

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn get(app: &TestApp, path: &str) -> (StatusCode, String) {
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Body::empty())
        .unwrap();
    let response = app.send(request).await;
    let status = response.status();
    (status, text(response).await)
}

/// Posts a form as a person does: with the token of a page that was drawn before.
async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
    let (_, page) = get(app, "/machines/new").await;
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let mut fields = fields.to_vec();
    fields.push(("csrf", token));
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| super::paging::address("", &[(name, value)])[1..].to_owned())
        .collect();
    let request = Request::post(path)
        .header("host", "localhost")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(pairs.join("&")))
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn an_empty_server_says_what_to_do_first() {
    let app = TestApp::new().await;
    for (path, told) in [
        ("/", "No machines yet"),
        ("/machines", "No machines yet"),
        ("/executions", "No executions yet"),
    ] {
        let (status, page) = get(&app, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains(told), "{path}");
        assert!(page.contains("href=\"/machines"), "{path} leads somewhere");
    }
}

#[tokio::test]
async fn a_machine_is_created_by_form_and_shown() {
    let app = TestApp::new().await;
    let typed = DEFINITION.replace('\n', "\r\n");
    let fields = [("name", "greet <b>"), ("definition", typed.as_str())];
    let refused = post(&app, "/machines/new", &fields).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let page = text(refused).await;
    assert!(page.contains("cannot be a name"));
    assert!(
        page.contains("greet &#60;b&#62;"),
        "what was typed is kept, as text"
    );

    let fields = [("name", "greet"), ("definition", typed.as_str())];
    let created = post(&app, "/machines/new", &fields).await;
    assert_eq!(created.status(), StatusCode::SEE_OTHER);
    assert_eq!(created.headers()[header::LOCATION], "/machines/greet");

    let (status, page) = get(&app, "/machines/greet").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<h1>greet</h1>") && page.contains("No executions yet"));
    let (_, definition) = get(&app, "/machines/greet/definition.json").await;
    assert_eq!(
        definition, DEFINITION,
        "line ends are those that were typed"
    );
    let (_, list) = get(&app, "/machines").await;
    assert!(list.contains("href=\"/machines/greet\"") && list.contains("Never started"));
    let (_, overview) = get(&app, "/").await;
    assert!(overview.contains("Nothing failed") && overview.contains("No executions yet"));

    let other = [
        ("name", "greet"),
        (
            "definition",
            "{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Succeed\"}}}",
        ),
    ];
    let taken = post(&app, "/machines/new", &other).await;
    assert!(
        text(taken)
            .await
            .contains("There is a machine called “greet” already.")
    );
}

#[tokio::test]
async fn problems_of_a_definition_are_told_on_their_lines() {
    let app = TestApp::new().await;
    let wrong = DEFINITION.replace("\"A\",", "\"Nowhere\",");
    let fields = [("name", "wrong"), ("definition", wrong.as_str())];
    let page = post(&app, "/machines/new", &fields).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    let page = text(page).await;
    assert!(page.contains("data-line=\"2\""), "StartAt is on line 2");
    assert!(
        page.contains("&#34;StartAt&#34;: &#34;Nowhere&#34;"),
        "the line is shown"
    );
    assert!(!get(&app, "/machines").await.1.contains("/machines/wrong"));

    let broken = [("definition", "{\n  \"StartAt\":\n}")];
    let part = text(post(&app, "/machines/new/check", &broken).await).await;
    assert!(part.contains("data-line=\"3\"") && !part.contains("<html"));
    let good = [("definition", DEFINITION)];
    let part = text(post(&app, "/machines/new/check", &good).await).await;
    assert!(part.contains("No problems found"));
}

#[tokio::test]
async fn a_list_is_read_in_pages_both_ways() {
    let app = TestApp::new().await;
    for number in 0..60 {
        let fields = [
            ("name", &*format!("m-{number:02}")),
            ("definition", DEFINITION),
        ];
        let created = post(&app, "/machines/new", &fields).await;
        assert_eq!(created.status(), StatusCode::SEE_OTHER);
    }
    let (_, first) = get(&app, "/machines").await;
    assert!(first.contains("/machines/m-00") && !first.contains("/machines/m-50"));
    assert!(first.contains("href=\"/machines?after=m-49\""));
    let (_, second) = get(&app, "/machines?after=m-49").await;
    assert!(second.contains("/machines/m-59") && second.contains("href=\"/machines?before=m-50\""));
    assert!(!second.contains("rel=\"next\""));
    let (_, back) = get(&app, "/machines?before=m-50").await;
    assert!(back.contains("/machines/m-00") && !back.contains("rel=\"prev\""));
    let (_, filtered) = get(&app, "/machines?q=m-5").await;
    assert!(filtered.contains("/machines/m-55") && !filtered.contains("/machines/m-49"));
    let (_, none) = get(&app, "/machines?q=nothing").await;
    assert!(
        none.contains("No machine’s name starts with")
            || none.contains("No machine's name starts with")
    );
}

#[tokio::test]
async fn what_is_not_there_is_named_in_its_frame() {
    let app = TestApp::new().await;
    for (path, told) in [
        ("/machines/none", "No machine called “none”"),
        ("/machines/none/start", "No machine called “none”"),
        ("/machines/none/definition.json", "No machine called “none”"),
        ("/machines/%00", "No machine called"),
        ("/nowhere", "No page called “/nowhere”"),
    ] {
        let (status, page) = get(&app, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.contains(told), "{path}");
        assert!(
            page.contains("aria-label=\"Sections\""),
            "{path} keeps the frame"
        );
    }
}

#[tokio::test]
async fn strange_addresses_are_no_fault() {
    let app = TestApp::new().await;
    for path in [
        "/executions?status=NOPE&before=x&after=%00&machine=%00",
        "/executions?machine=none&status=FAILED&status=RUNNING",
        "/machines?q=%00%25&after=%00",
        "/machines?before=%F0%9F%98%80",
        "/machines/new?pattern=none",
        "/search?q=%00",
        "/search?q=arn:aws:states:us-east-1:000000000000:execution:a:b",
        "/search?q=arn:aws:states:us-east-1:000000000000:stateMachine:a",
        "/search?q=0198f3c2",
    ] {
        let (status, _) = get(&app, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn search_finds_machines_and_pages_and_answers_the_dialog_with_a_part() {
    let app = TestApp::new().await;
    let fields = [("name", "orders"), ("definition", DEFINITION)];
    post(&app, "/machines/new", &fields).await;
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:orders";
    for query in ["ord", "orders", arn] {
        let (_, page) = get(&app, &format!("/search?q={query}")).await;
        assert!(page.contains("href=\"/machines/orders\""), "{query}");
    }
    let request = Request::get("/search?q=exec")
        .header("host", "localhost")
        .header("x-fragment", "1")
        .body(Body::empty())
        .unwrap();
    let part = text(app.send(request).await).await;
    assert!(part.contains("href=\"/executions\"") && !part.contains("<html"));
}

#[tokio::test]
async fn every_page_says_what_the_browser_may_do() {
    let app = TestApp::new().await;
    for path in ["/", "/machines", "/nowhere"] {
        let request = Request::get(path)
            .header("host", "localhost")
            .body(Body::empty())
            .unwrap();
        let response = app.send(request).await;
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            response.headers()[header::X_CONTENT_TYPE_OPTIONS],
            "nosniff"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let page = text(response).await;
        let nonce = page
            .split("nonce=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap();
        let nonce = nonce.replace("&#43;", "+").replace("&#61;", "=");
        assert_eq!(
            policy,
            format!("default-src 'self'; style-src 'self' 'nonce-{nonce}'")
        );
        assert!(!page.contains(" style=\"") && !page.contains(" onclick="));
    }
}

#[tokio::test]
async fn the_theme_is_kept_and_told_in_the_first_byte() {
    let app = TestApp::new().await;
    let chosen = post(&app, "/theme", &[("theme", "dark"), ("back", "/machines")]).await;
    assert_eq!(chosen.status(), StatusCode::SEE_OTHER);
    assert_eq!(chosen.headers()[header::LOCATION], "/machines");
    let cookie = chosen.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("theme=dark;") && cookie.contains("HttpOnly"));
    let request = Request::get("/machines")
        .header("host", "localhost")
        .header("cookie", "theme=dark")
        .body(Body::empty())
        .unwrap();
    let page = text(app.send(request).await).await;
    assert!(page.contains(" data-theme=\"dark\">"));
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing() {
    let app = TestApp::new().await;
    for csrf in ["", "csrf=wrong&"] {
        let request = Request::post("/machines/new")
            .header("host", "localhost")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("{csrf}name=x&definition=x")))
            .unwrap();
        assert_eq!(app.send(request).await.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_sign_in_page_is_for_strangers_and_says_why_it_came_back() {
    let app = TestApp::new().await;
    let (status, page) = get(&app, "/sign-in?refused=wrong&back=%2Fmachines").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("No key has this id and secret."));
    assert!(page.contains("name=\"back\" value=\"/machines\""));
    assert!(
        !page.contains("aria-label=\"Sections\""),
        "there is nowhere to go yet"
    );
}
