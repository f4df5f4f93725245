//! The rules that hold for every route, tried on every route that there is: what is described is
//! there and the other way round, and nobody gets anywhere without saying who they are.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::access::keys;
use crate::testing::{TestApp, body};

/// A method and the pattern of a path, as in `GET /api/v1/executions/{id}`.
type Routes = BTreeSet<(Method, String)>;

/// What needs no principal: health, since probes have no key; the way to sign in, and how it looks.
const OPEN: [(Method, &str); 6] = [
    (Method::GET, "/healthz"),
    (Method::GET, "/readyz"),
    (Method::GET, "/sign-in"),
    (Method::POST, "/sign-in"),
    (Method::POST, "/theme"),
    (Method::GET, "/assets/{hash}/{*name}"),
];

/// What describes the API is not part of it.
const UNDESCRIBED: &str = "/api/v1/openapi.json";

/// Reads the routes off a router. axum tells them in its Debug text alone: each as an id with its
/// methods, and apart from that the ids' paths.
fn routes_of(router: &Router) -> Routes {
    let text = format!("{router:?}");
    let text = text.split("fallback_router:").next().unwrap();
    let (endpoints, paths) = text.split_once("node: Node").unwrap();
    let id_in = |text: &str| text[..text.find(')').unwrap()].parse::<u32>().unwrap();
    let mut methods: BTreeMap<u32, &str> = BTreeMap::new();
    for endpoint in endpoints.split("RouteId(").skip(1) {
        let allowed = endpoint
            .split("Bytes(b\"")
            .nth(1)
            .expect("a route has methods");
        methods.insert(id_in(endpoint), allowed.split('"').next().unwrap());
    }
    let mut routes = Routes::new();
    for path in paths.split("RouteId(").skip(1) {
        let pattern = path.split('"').nth(1).unwrap();
        for method in methods[&id_in(path)].split(',') {
            // Comes with every GET.
            if method != "HEAD" {
                routes.insert((method.parse().unwrap(), pattern.to_owned()));
            }
        }
    }
    routes
}

/// The routes that `/api/v1/openapi.json` tells of.
async fn described(app: &TestApp) -> Routes {
    let request = Request::get(UNDESCRIBED).body(Body::empty()).unwrap();
    let document = body(app.send(request).await).await;
    let mut routes = Routes::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let method = method.to_ascii_uppercase().parse().unwrap();
            routes.insert((method, path.clone()));
        }
    }
    routes
}

/// A request to that route, with something in the place of each parameter.
fn request_to(method: &Method, pattern: &str) -> Request<Body> {
    let parts = pattern.split('/').map(|part| match part {
        "{number}" => "1",
        part if part.starts_with('{') => "x",
        part => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let content_type = match (pattern, method) {
        ("/", &Method::POST) => "application/x-amz-json-1.0",
        (path, _) if path.starts_with("/api/") => "application/json",
        _ => "application/x-www-form-urlencoded",
    };
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", content_type)
        .body(Body::from("{}"))
        .unwrap()
}

fn is_open(method: &Method, pattern: &str) -> bool {
    OPEN.contains(&(method.clone(), pattern))
}

#[tokio::test]
async fn the_native_apis_routes_are_those_that_its_document_describes() {
    let app = TestApp::new().await;
    let mut served = routes_of(&super::router(app.app.clone()));
    served.retain(|(_, path)| path.starts_with("/api/") && path != UNDESCRIBED);
    assert!(served.len() > 10, "{served:?}");
    let described = described(&app).await;
    let undescribed: Vec<_> = served.difference(&described).collect();
    let missing: Vec<_> = described.difference(&served).collect();
    assert_eq!((undescribed, missing), (vec![], vec![]));
}

#[tokio::test]
async fn no_handler_but_the_open_ones_answers_without_a_principal() {
    let app = TestApp::new().await;
    let router = super::unguarded(app.app.clone());
    let routes = routes_of(&router);
    for (method, path) in OPEN {
        assert!(routes.contains(&(method, path.to_owned())), "{path}");
    }
    assert!(routes.contains(&(Method::POST, "/".to_owned())));
    for (method, path) in routes {
        let request = request_to(&method, &path);
        let answer = router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let text = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
        let refuses = status == StatusCode::INTERNAL_SERVER_ERROR
            && text.unwrap().starts_with(b"this route has no guard");
        assert_eq!(refuses, !is_open(&method, &path), "{method} {path}");
    }
}

#[tokio::test]
async fn with_keys_every_route_but_the_open_ones_asks_for_one() {
    let app = TestApp::new().await;
    let (key, _) = keys::make(&crate::testing::secrets(), "ada", app.app.now()).unwrap();
    assert!(store::api_key::insert(&app.app.db, &key).await.unwrap());
    for (method, path) in routes_of(&super::router(app.app.clone())) {
        let answer = app.send(request_to(&method, &path)).await;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let answer = body(answer).await;
        let name = answer["__type"].as_str().or(answer["error"].as_str());
        let to_form = headers
            .get("location")
            .is_some_and(|to| to.as_bytes().starts_with(b"/sign-in?back="));
        let is_refused = match (path.as_str(), &method) {
            ("/", &Method::POST) => {
                (status, name) == (400, Some("MissingAuthenticationTokenException"))
            }
            (path, _) if path.starts_with("/api/") || path == "/metrics" => {
                (status, name) == (401, Some("MissingAuthenticationTokenException"))
            }
            // As Lambda tells it.
            (path, _) if path.starts_with("/2015-03-31/") => {
                let name = headers.get("x-amzn-errortype");
                status == 403 && name.is_some_and(|it| it == "MissingAuthenticationTokenException")
            }
            (_, &Method::GET) => (status, to_form) == (303, true),
            _ => status == 401,
        };
        assert_eq!(
            is_refused,
            !is_open(&method, &path),
            "{method} {path}: {status} {answer}"
        );
    }
}

/// The native API called for real: each answer's status is one that the document tells of.
struct Told<'a> {
    app: &'a TestApp,
    document: Value,
    called: Routes,
}

impl Told<'_> {
    /// Calls `METHOD pattern` with this in the place of its parameter.
    async fn call(&mut self, method: Method, pattern: &str, with: &str, input: &str) -> Value {
        let (path, query) = with.split_once('?').unwrap_or((with, ""));
        let parameter = pattern.split(['{', '}']).nth(1).unwrap_or("none");
        let target = pattern.replace(&format!("{{{parameter}}}"), path);
        let request = Request::builder()
            .method(&method)
            .uri(format!("{target}?{query}"))
            .header("content-type", "application/json")
            .body(Body::from(input.to_owned()));
        let answer = self.app.send(request.unwrap()).await;
        let status = answer.status();
        let answer = body(answer).await;
        let operation = method.as_str().to_ascii_lowercase();
        let responses = &self.document["paths"][pattern][operation]["responses"];
        assert!(
            responses[status.as_str()].is_object(),
            "{method} {target} answered {status}, which is not described: {answer}"
        );
        if status.is_success() {
            self.called.insert((method, pattern.to_owned()));
        } else {
            let is_problem = answer["error"].is_string() && answer["message"].is_string();
            assert!(is_problem, "{method} {target}: {status} {answer}");
        }
        answer
    }
}

#[tokio::test]
async fn every_operation_answers_only_what_its_description_tells() {
    let app = TestApp::new().await;
    let document = Request::get(UNDESCRIBED).body(Body::empty()).unwrap();
    let mut api = Told {
        document: body(app.send(document).await).await,
        app: &app,
        called: Routes::new(),
    };
    let wait = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":900,"End":true}}}"#;
    let pass = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let machine = "/api/v1/machines/{machine}";
    for definition in [wait, pass, "{}"] {
        let input = format!(r#"{{"definition":{definition}}}"#);
        api.call(Method::POST, "/api/v1/validate", "", &input).await;
        api.call(Method::PUT, machine, "flow", &input).await;
        api.call(Method::PUT, machine, "no%20name", &input).await;
    }
    for with in ["flow", "absent"] {
        api.call(Method::GET, machine, with, "").await;
    }
    for with in ["", "?limit=1", "?limit=0"] {
        api.call(Method::GET, "/api/v1/machines", with, "").await;
    }
    let nobody = "00000000-0000-0000-0000-000000000000";
    let input = format!(r#"{{"definition":{pass},"expected_revision":"{nobody}"}}"#);
    api.call(Method::PUT, machine, "flow", &input).await;
    let executions = "/api/v1/machines/{machine}/executions";
    let input = format!(r#"{{"definition":{wait}}}"#);
    api.call(Method::PUT, machine, "long", &input).await;
    let express = format!(r#"{{"type":"EXPRESS","definition":{pass}}}"#);
    api.call(Method::PUT, machine, "express", &express).await;
    let named = r#"{"name":"one"}"#;
    let running = api.call(Method::POST, executions, "long", named).await;
    for (with, input) in [
        ("flow?wait=30s", "{}"),
        ("flow?wait=never", "{}"),
        ("long", r#"{"name":"one","input":[]}"#),
        ("long", r#"{"name":"a b"}"#),
        ("absent", "{}"),
        ("express", "{}"),
        ("flow", "["),
    ] {
        api.call(Method::POST, executions, with, input).await;
    }
    let id = running["id"].as_str().unwrap();
    let execution = "/api/v1/executions/{id}";
    for with in [
        id,
        "absent",
        &format!("{id}?wait=0s"),
        &format!("{id}?wait=x"),
    ] {
        api.call(Method::GET, execution, with, "").await;
        let history = format!("{execution}/history");
        api.call(Method::GET, &history, with, "").await;
    }
    for query in ["limit=0", "limit=x", "after=x", "reverse=true&limit=1"] {
        let with = format!("{id}?{query}");
        let history = format!("{execution}/history");
        api.call(Method::GET, &history, &with, "").await;
    }
    let stop = format!("{execution}/stop");
    for (with, input) in [("absent", "{}"), (id, "x"), (id, "{}"), (id, "{}")] {
        api.call(Method::POST, &stop, with, input).await;
    }
    // It has closed, so its stream ends.
    let events = format!("{execution}/events");
    for with in [
        "absent",
        id,
        &format!("{id}?after=x"),
        &format!("{id}?after=99"),
    ] {
        api.call(Method::GET, &events, with, "").await;
    }
    let redrive = format!("{execution}/redrive");
    let odd = r#"{"client_token":""}"#;
    for (with, input) in [
        ("absent", "{}"),
        (id, "x"),
        (id, odd),
        (id, "{}"),
        (id, "{}"),
    ] {
        api.call(Method::POST, &redrive, with, input).await;
    }
    let logs = format!("{execution}/logs");
    for with in [
        "absent",
        id,
        &format!("{id}?limit=0"),
        &format!("{id}?after=x"),
    ] {
        api.call(Method::GET, &logs, with, "").await;
    }
    let rerun = format!("{execution}/rerun");
    for (with, input) in [
        ("absent", r#"{"event":2}"#),
        (id, "{}"),
        (id, r#"{"event":1}"#),
        (id, r#"{"state":"absent"}"#),
        (id, r#"{"state":"W","name":"a b"}"#),
        (id, r#"{"state":"W","definition":"absent"}"#),
        (id, r#"{"state":"W","name":"again"}"#),
        (id, r#"{"state":"W","name":"again"}"#),
    ] {
        api.call(Method::POST, &rerun, with, input).await;
    }
    api.call(Method::GET, execution, id, "").await;
    let visits = format!("{execution}/visits");
    for with in [
        "absent",
        id,
        &format!("{id}?limit=0"),
        &format!("{id}?state=W&data=true&limit=1"),
    ] {
        api.call(Method::GET, &visits, with, "").await;
    }
    let export = format!("{execution}/export");
    for with in ["absent", id] {
        api.call(Method::GET, &export, with, "").await;
    }
    call_map_runs(&mut api, executions).await;
    call_designing(&mut api).await;
    call_code(&mut api).await;
    for (kind, input) in [
        ("functions", r#"{"url":"http://localhost/"}"#),
        (
            "connections",
            r#"{"authorization_type":"BASIC","basic":{"username":"u","password":"pass"}}"#,
        ),
    ] {
        let (list, one) = (
            format!("/api/v1/{kind}"),
            format!("/api/v1/{kind}/{{name}}"),
        );
        for input in [input, input, "{}"] {
            api.call(Method::PUT, &one, "a", input).await;
        }
        for with in ["a", "absent"] {
            api.call(Method::GET, &one, with, "").await;
            api.call(Method::DELETE, &one, with, "").await;
        }
        for with in ["", "?limit=0"] {
            api.call(Method::GET, &list, with, "").await;
        }
    }
    let described = described(&app).await;
    let never: Vec<_> = described.difference(&api.called).collect();
    assert_eq!(never, Vec::<&(Method, String)>::new(), "never with success");
}

/// Runs a distributed Map, and asks for its Map Run.
async fn call_map_runs(api: &mut Told<'_>, executions: &str) {
    let definition = json!({
        "StartAt": "Each",
        "States": { "Each": {
            "Type": "Map", "ItemsPath": "$.items", "End": true,
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": "Keep", "States": { "Keep": { "Type": "Pass", "End": true } },
            },
        } },
    });
    let input = json!({ "definition": definition }).to_string();
    let machine = "/api/v1/machines/{machine}";
    api.call(Method::PUT, machine, "wide", &input).await;
    let input = r#"{"input":{"items":[1]}}"#;
    let ran = api
        .call(Method::POST, executions, "wide?wait=60s", input)
        .await;
    let id = ran["id"].as_str().unwrap();
    let list = "/api/v1/executions/{id}/map-runs";
    let runs = api.call(Method::GET, list, id, "").await;
    let run = runs["map_runs"][0]["id"].as_str().unwrap();
    for with in [
        "absent",
        &format!("{id}?limit=0"),
        &format!("{id}?before={run}"),
    ] {
        api.call(Method::GET, list, with, "").await;
    }
    for with in [run, "absent"] {
        api.call(Method::GET, "/api/v1/map-runs/{id}", with, "")
            .await;
    }
}

/// Deploys a function's code, calls it and reads its log.
async fn call_code(api: &mut Told<'_>) {
    let code = "/api/v1/functions/{name}/code";
    let invocations = "/api/v1/functions/{name}/invocations";
    let bootstrap = "#!/bin/sh\nexit 1\n".as_bytes().to_vec();
    let package = supervisor::code::pack(&[("bootstrap".to_owned(), bootstrap, true)]).unwrap();
    let zip = base64::engine::general_purpose::STANDARD.encode(package);
    let input = json!({ "zip": zip, "runtime": "provided.al2023" }).to_string();
    // Nothing that runs code, then something.
    api.call(Method::PUT, code, "coded", &input).await;
    api.call(Method::POST, invocations, "coded", "1").await;
    let _folder = api.app.run_code();
    let endpoint = "/api/v1/functions/{name}";
    api.call(
        Method::PUT,
        endpoint,
        "taken",
        r#"{"url":"http://localhost/"}"#,
    )
    .await;
    for (with, input) in [
        ("coded", input.as_str()),
        ("coded", &input),
        ("taken", &input),
        ("no%20name", &input),
        ("coded", r#"{"zip":"","runtime":"provided"}"#),
        ("coded", "{}"),
    ] {
        api.call(Method::PUT, code, with, input).await;
    }
    api.call(Method::DELETE, endpoint, "taken", "").await;
    for (with, input) in [("coded", "1"), ("coded", "{"), ("absent", "1")] {
        api.call(Method::POST, invocations, with, input).await;
    }
    let logs = "/api/v1/functions/{name}/logs";
    for with in ["coded", "coded?limit=0", "coded?after=1", "absent"] {
        api.call(Method::GET, logs, with, "").await;
    }
    for with in ["coded", "absent"] {
        api.call(Method::DELETE, endpoint, with, "").await;
    }
}

/// What the designer asks for: drafts, versions, a state and an expression tried by themselves.
async fn call_designing(api: &mut Told<'_>) {
    let flow = api
        .call(Method::GET, "/api/v1/machines/{machine}", "flow", "")
        .await;
    let revision = &flow["revision"];
    let draft = "/api/v1/machines/{machine}/draft";
    let input = json!({ "expected": 0, "base_revision": revision, "definition": "{" });
    for input in [input.to_string(), input.to_string(), "{}".to_owned()] {
        api.call(Method::GET, draft, "flow", "").await;
        api.call(Method::PUT, draft, "flow", &input).await;
        api.call(Method::PUT, draft, "absent", &input).await;
    }
    let versions = "/api/v1/machines/{machine}/versions";
    let input = json!({ "revision": revision }).to_string();
    for input in [input.as_str(), "{}"] {
        api.call(Method::POST, versions, "flow", input).await;
        api.call(Method::POST, versions, "absent", input).await;
    }
    for with in ["flow", "absent"] {
        api.call(Method::GET, versions, with, "").await;
    }
    let state = json!({ "definition": { "Type": "Pass", "End": true } }).to_string();
    let path = json!({ "language": "JSONPath", "expression": "$", "input": 1 }).to_string();
    for (pattern, input) in [
        ("/api/v1/test", state.as_str()),
        ("/api/v1/test", "{}"),
        ("/api/v1/evaluate", path.as_str()),
        ("/api/v1/evaluate", "{}"),
    ] {
        api.call(Method::POST, pattern, "", input).await;
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_way_of_what_was_looked_for() {
    let app = TestApp::new().await;
    for (method, path, status, told) in [
        (
            Method::GET,
            "/api/v1/thing",
            404,
            "there is no '/api/v1/thing'",
        ),
        (
            Method::DELETE,
            "/api/v1/validate",
            405,
            "'/api/v1/validate' does not take DELETE",
        ),
        (Method::GET, "/thing", 404, ""),
        (Method::POST, "/executions", 405, ""),
    ] {
        let answer = app.send(request_to(&method, path)).await;
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(answer.headers().contains_key("allow"), status == 405);
        let answer = body(answer).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(told), "{method} {path}: {answer}");
    }
}
