//! Pages asked through the router, over a real database: what they show, what they refuse, and what
//! they say when there is nothing.

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::testing::TestApp;

pub(super) const DEFINITION: &str =
    "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Succeed\" }\n  }\n}";

pub(super) async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(super) async fn get(app: &TestApp, path: &str) -> (StatusCode, String) {
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Body::empty())
        .unwrap();
    let response = app.send(request).await;
    let status = response.status();
    (status, text(response).await)
}

/// Posts a form as a person does: with the token of a page that was drawn before.
pub(super) async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
    let (_, page) = get(app, "/machines/new").await;
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let mut fields = fields.to_vec();
    fields.push(("csrf", token));
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
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
    assert!(none.contains("No machine’s name holds “nothing”"));
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
            format!("default-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:")
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

const FAILING: &str = r#"{"StartAt":"Check","States":{"Check":{"Type":"Choice","Choices":[{"Variable":"$.ok","BooleanEquals":true,"Next":"Fine"}],"Default":"Bad"},"Fine":{"Type":"Succeed"},"Bad":{"Type":"Fail","Error":"NotOk","Cause":"the <input> was not ok"}}}"#;

/// Starts an execution by form and waits until it has closed; gives the address of its page.
async fn run(app: &TestApp, machine: &str, fields: &[(&str, &str)]) -> String {
    let started = post(app, &format!("/machines/{machine}/start"), fields).await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
    let page = started.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    let id = store::ids::ExecutionId(id);
    let patience = std::time::Duration::from_secs(30);
    let view = app.app.engine.wait(id, patience).await.unwrap().unwrap();
    assert!(view.closed.is_some());
    page
}

#[tokio::test]
async fn an_execution_is_started_by_form_and_its_page_tells_what_happened() {
    let app = TestApp::new().await;
    let fields = [("name", "check"), ("definition", FAILING)];
    post(&app, "/machines/new", &fields).await;

    let fields = [("input", "{\r\n  \"ok\": true\r\n}"), ("name", "good-1")];
    let good = run(&app, "check", &fields).await;
    let (status, page) = get(&app, &good).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<h1>good-1</h1>") && page.contains("Succeeded"));
    assert!(page.contains("data-live=\"false\"") && !page.contains("/stop\""));
    assert!(page.contains("ChoiceStateEntered") && page.contains("id=\"event-1\""));
    let (_, input) = get(&app, &format!("{good}/input")).await;
    assert_eq!(input, "{\n  \"ok\": true\n}");
    let (_, event) = get(&app, &format!("{good}/events/1")).await;
    assert!(event.contains("\"type\":\"ExecutionStarted\""));
    assert_eq!(
        get(&app, &format!("{good}/events/99")).await.0,
        StatusCode::NOT_FOUND
    );

    let bad = run(&app, "check", &[("input", "{\"ok\":false}")]).await;
    let (_, page) = get(&app, &bad).await;
    assert!(page.contains("NotOk") && page.contains("in Bad"));
    assert!(page.contains("the &#60;input&#62; was not ok"));
    assert_eq!(
        get(&app, &format!("{bad}/output")).await.0,
        StatusCode::NOT_FOUND
    );
    let (_, newest) = get(&app, &format!("{bad}?order=newest")).await;
    let at = |text: &str| newest.find(text).unwrap();
    assert!(at("id=\"event-3\"") < at("id=\"event-1\""));

    let (_, overview) = get(&app, "/").await;
    assert!(overview.contains("NotOk") && overview.contains("good-1"));
    let (_, failed) = get(&app, "/executions?status=FAILED&machine=check").await;
    assert!(failed.contains("NotOk") && !failed.contains("good-1"));
    let (_, found) = get(&app, "/search?q=good-1").await;
    assert!(found.contains(&format!("href=\"{good}\"")));
    let (_, again) = get(
        &app,
        &format!("/machines/check/start?input={}", &good[12..]),
    )
    .await;
    assert!(again.contains("  &#34;ok&#34;: true"));
    let (_, machine) = get(&app, "/machines/check").await;
    assert!(machine.contains(&good) && machine.contains(&bad));
}

#[tokio::test]
async fn a_form_that_cannot_start_says_why_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let fields = [("name", "check"), ("definition", FAILING)];
    post(&app, "/machines/new", &fields).await;
    let broken = [("input", "{\n  \"ok\": tru\n}"), ("name", "keep-me")];
    let refused = post(&app, "/machines/check/start", &broken).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let page = text(refused).await;
    assert!(page.contains("data-line=\"2\"") && page.contains("value=\"keep-me\""));

    run(
        &app,
        "check",
        &[("input", "{\"ok\":true}"), ("name", "once")],
    )
    .await;
    let again = [("input", "{\"ok\":false}"), ("name", "once")];
    let refused = text(post(&app, "/machines/check/start", &again).await).await;
    assert!(refused.contains("An execution called “once” exists already"));
    let refused = post(&app, "/machines/none/start", &[("input", "{}")]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_running_execution_is_followed_and_stopped() {
    let app = TestApp::new().await;
    let waiting = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
    post(
        &app,
        "/machines/new",
        &[("name", "wait"), ("definition", waiting)],
    )
    .await;
    let started = post(&app, "/machines/wait/start", &[("input", "")]).await;
    let address = started.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let request = |tag: Option<&str>| {
        let request = Request::get(&address).header("host", "localhost");
        let tag = tag.unwrap_or("\"none\"");
        request
            .header("if-none-match", tag)
            .body(Body::empty())
            .unwrap()
    };
    let response = app.send(request(None)).await;
    let tag = response.headers()[header::ETAG]
        .to_str()
        .unwrap()
        .to_owned();
    let page = text(response).await;
    assert!(page.contains("data-live=\"true\"") && page.contains("Running"));
    let same = app.send(request(Some(&tag))).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);

    let stopped = post(&app, &format!("{address}/stop"), &[]).await;
    assert_eq!(stopped.status(), StatusCode::SEE_OTHER);
    let response = app.send(request(Some(&tag))).await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = text(response).await;
    assert!(page.contains("Aborted") && page.contains("Stopped from its page."));
    assert!(page.contains("data-live=\"false\"") && !page.contains("Redriven"));

    // It goes on from there.
    assert!(page.contains(&format!("{address}/redrive\"")));
    let redriven = post(&app, &format!("{address}/redrive"), &[]).await;
    assert_eq!(redriven.status(), StatusCode::SEE_OTHER);
    let page = text(app.send(request(Some(&tag))).await).await;
    assert!(page.contains("data-live=\"true\"") && page.contains("Redriven once, last"));
    assert!(page.contains("ExecutionRedriven") && !page.contains("/redrive\""));
    let again = post(&app, &format!("{address}/redrive"), &[]).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let told = text(again).await;
    assert!(told.contains("Execution is RUNNING and cannot be redriven"));
}

#[tokio::test]
async fn a_long_history_is_read_in_pages() {
    let app = TestApp::new().await;
    let looping = r#"{"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.items","ItemProcessor":{"StartAt":"Keep","States":{"Keep":{"Type":"Pass","End":true}}},"End":true}}}"#;
    post(
        &app,
        "/machines/new",
        &[("name", "each"), ("definition", looping)],
    )
    .await;
    let items: Vec<String> = (0..60).map(|item| item.to_string()).collect();
    let input = format!("{{\"items\":[{}]}}", items.join(","));
    let address = run(&app, "each", &[("input", &input)]).await;
    let (_, first) = get(&app, &address).await;
    assert!(first.contains("id=\"event-100\"") && !first.contains("id=\"event-101\""));
    assert!(first.contains("?from=101#events") && first.contains("1 to 100 of 24"));
    let (_, second) = get(&app, &format!("{address}?from=101")).await;
    assert!(second.contains("id=\"event-101\"") && second.contains("?from=1#events"));
    let row = second.split("id=\"event-150\"").nth(1).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert!(row.contains(">Keep<") || row.contains(">Each<"), "{row}");
}

#[tokio::test]
async fn what_is_no_execution_is_not_found() {
    let app = TestApp::new().await;
    for path in [
        "/executions/none",
        "/executions/0198f3c2-77aa-7bbb-8ccc-0123456789ab",
        "/executions/0198f3c2-77aa-7bbb-8ccc-0123456789ab/input",
        "/executions/%00/output",
    ] {
        let (status, page) = get(&app, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.contains("No execution called"), "{path}");
    }
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

#[tokio::test]
async fn a_sample_is_started_with_an_input_that_it_understands() {
    for samples in [true, false] {
        let app = TestApp::with(crate::settings::Settings {
            samples,
            ..Default::default()
        })
        .await;
        let fields = [("name", "sample-order"), ("definition", DEFINITION)];
        post(&app, "/machines/new", &fields).await;
        let (status, page) = get(&app, "/machines/sample-order/start").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(page.contains("ada@example.com"), samples, "{page}");
    }
}

#[tokio::test]
async fn the_logged_executions_of_an_express_machine_are_found_on_its_page() {
    let app = TestApp::new().await;
    let machine = serde_json::json!({
        "name": "quick", "definition": FAILING, "type": "EXPRESS",
        "roleArn": "arn:aws:iam::000000000000:role/flow",
        "loggingConfiguration": { "level": "ALL", "includeExecutionData": true, "destinations": [
            { "cloudWatchLogsLogGroup": { "logGroupArn":
                "arn:aws:logs:us-east-1:000000000000:log-group:l:*" } },
        ] },
    });
    app.ok("CreateStateMachine", machine).await;
    post(
        &app,
        "/machines/quick/start",
        &[("input", "{\"ok\":false}")],
    )
    .await;
    let listed = async {
        loop {
            let (_, page) = get(&app, "/machines/quick").await;
            let link = page.split("href=\"/executions/").nth(1);
            if let Some(id) = link.and_then(|rest| rest.split('"').next())
                && page.contains("Failed")
            {
                return format!("/executions/{id}");
            }
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(30);
    let link = tokio::time::timeout(patience, listed).await.unwrap();
    let (status, page) = get(&app, &link).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("the &#60;input&#62; was not ok"), "{page}");
}

#[tokio::test]
async fn an_express_execution_is_started_by_form_and_its_answer_shown() {
    let app = TestApp::new().await;
    let machine = serde_json::json!({
        "name": "quick", "definition": FAILING, "type": "EXPRESS",
        "roleArn": "arn:aws:iam::000000000000:role/flow",
    });
    app.ok("CreateStateMachine", machine).await;
    let (_, page) = get(&app, "/machines/quick").await;
    assert!(page.contains("No logged executions"));
    let (_, page) = get(&app, "/machines/quick/start").await;
    assert!(page.contains("The answer is shown here"));
    for (input, shown) in [
        ("{\"ok\":true}", "data-copy-from=\"output-text\""),
        ("{}", "<h2 id=\"answer\">States.Runtime</h2>"),
        ("{\"ok\":false}", "the &#60;input&#62; was not ok"),
    ] {
        let answered = post(&app, "/machines/quick/start", &[("input", input)]).await;
        assert_eq!(answered.status(), StatusCode::OK);
        let page = text(answered).await;
        assert!(page.contains(shown), "{input}: {page}");
        assert!(page.contains(":express:quick:"));
    }
    let refused = post(&app, "/machines/quick/start", &[("name", "a b")]).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}
