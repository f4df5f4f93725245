//! The built `stepwright` command: what it prints, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tests::support::{Database, Folder, Server};

/// Passes at once and gives its input.
const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
const FAIL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"NotOk"}}}"#;

struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }

    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepwright"));
    for name in ["DATABASE_URL", "STEPWRIGHT_KEY", "STEPWRIGHT_ENDPOINT"] {
        command.env_remove(name);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Done {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

fn file(folder: &Folder, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn help_is_no_error_and_wrong_usage_ends_with_2() {
    let help = run(&["--help"], &[]).ended(0);
    for command in [
        "serve", "validate", "deploy", "start", "redrive", "watch", "history", "keys",
    ] {
        assert!(help.out.contains(command), "{command}");
    }
    assert!(help.out.contains("Exit codes:"));
    for wrong in [
        ["serv"].as_slice(),
        &["serve", "--listen", "nowhere"],
        &["validate"],
        &["keys", "create"],
        &["serve", "--set", "limits.retention=1"],
        &["start", "x", "--input", "{broken"],
        &["deploy", "-", "--endpoint", "ftp://x"],
    ] {
        let done = run(wrong, &[]).ended(2);
        assert!(
            done.err.contains("error:") && done.out.is_empty(),
            "{wrong:?}"
        );
    }
}

#[test]
fn validate_shows_every_problem_with_its_line() {
    let folder = Folder::new();
    let good = file(&folder, "good.asl.json", PASS);
    let done = run(&["validate", &good], &[]).ended(0);
    assert!(done.out.starts_with("ok:"));
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" }\n  }\n}\n";
    let bad = file(&folder, "bad.asl.json", text);
    let done = run(&["validate", &bad], &[]).ended(2);
    assert!(
        done.out.contains("error[MISSING_TRANSITION_TARGET]"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("bad.asl.json:4:28 at /States/A/Next"),
        "{}",
        done.out
    );
    assert!(!done.out.contains('\u{1b}'));
    let done = run(&["validate", &bad, "--json"], &[]).ended(2);
    assert_eq!(done.json()["result"], "FAIL");
    assert_eq!(done.json()["diagnostics"][0]["line"], 4);
    let done = run(&["deploy", &bad, "--json"], &[]).ended(2);
    assert_eq!(done.json()["diagnostics"][0]["line"], 4);
    assert!(done.err.contains("nothing was changed"), "{}", done.err);
    let done = run(&["validate", "/nowhere.json", "--json"], &[]).ended(4);
    let error: Value = serde_json::from_str(&done.err).unwrap();
    assert_eq!(error["exit"], 4);
}

#[test]
fn a_server_that_is_not_there_ends_with_3_and_says_what_to_do() {
    let done = run(&["watch", "x", "--endpoint", "http://127.0.0.1:1"], &[]).ended(3);
    assert!(done.err.contains("stepwright serve"), "{}", done.err);
}

#[test]
fn another_address_without_keys_is_refused_with_what_to_do() {
    let (database, data) = (Database::fresh(), Folder::new());
    let data = data.path().to_str().unwrap();
    let arguments = ["serve", "--listen", "0.0.0.0:0", "--data", data];
    let done = run(&arguments, &[("DATABASE_URL", database.url())]).ended(2);
    assert!(done.err.contains("stepwright keys create"), "{}", done.err);
}

#[test]
fn a_machine_is_deployed_started_watched_and_told() {
    let (database, folder) = (Database::fresh(), Folder::new());
    let server = Server::start(&database);
    let server = [("STEPWRIGHT_ENDPOINT", server.url())];
    let pass = file(&folder, "pass.asl.json", PASS);
    let fail = file(&folder, "fail.asl.json", FAIL);
    let done = run(&["deploy", &pass, "--json"], &server).ended(0);
    assert_eq!(done.json()["is_new"], true);
    run(&["deploy", &fail], &server).ended(0);

    let input = r#"{"b":1.0,"a":[]}"#;
    let start = ["start", "pass", "--input", input, "--wait", "--json"];
    let done = run(&start, &server).ended(0);
    assert!(
        done.out.contains(&format!("\"output\":{input}")),
        "{}",
        done.out
    );
    let id = done.json()["id"].as_str().unwrap().to_owned();
    let done = run(&["watch", &id], &server).ended(0);
    assert!(done.out.contains("PassStateEntered") && done.out.contains("SUCCEEDED"));
    let done = run(&["history", &id, "--json"], &server).ended(0);
    assert_eq!(done.json()["events"].as_array().unwrap().len(), 4);
    let done = run(&["history", &id], &server).ended(0);
    assert_eq!(done.out.lines().count(), 5);

    let done = run(&["start", "fail", "--wait"], &server).ended(1);
    assert!(done.out.contains("FAILED") && done.out.contains("NotOk"));
    run(&["start", "absent"], &server).ended(4);
    let done = run(&["start", "fail", "--wait", "--json"], &server).ended(1);
    let failed = done.json()["id"].as_str().unwrap().to_owned();
    let done = run(&["redrive", &failed, "--wait", "--json"], &server).ended(1);
    assert_eq!(done.json()["redrive_count"], 1);
    let done = run(&["redrive", &id], &server).ended(6);
    assert!(
        done.err
            .contains("Execution is SUCCEEDED and cannot be redriven")
    );
    run(&["redrive", "absent"], &server).ended(4);
    run(&["history", "absent"], &server).ended(4);
    let named = ["start", "pass", "--name", "once", "--wait"];
    run(&named, &server).ended(0);
    run(&named, &server).ended(6);
}

#[test]
fn functions_are_registered_listed_and_deleted() {
    let database = Database::fresh();
    let server = Server::start(&database);
    let server = [("STEPWRIGHT_ENDPOINT", server.url())];
    let put = ["functions", "put", "charge", "--url", "http://127.0.0.1:9/"];
    run(&put, &server).ended(0);
    let done = run(&["functions", "list"], &server).ended(0);
    assert!(done.out.contains("charge") && done.out.contains("30 s"));
    run(&["functions", "delete", "charge"], &server).ended(0);
    run(&["functions", "delete", "charge"], &server).ended(4);
    run(&["functions", "put", "charge", "--url", "x"], &server).ended(2);
}

#[test]
fn keys_are_not_looked_for_where_there_is_no_database() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for looking in [["keys", "list"].as_slice(), &["keys", "delete", "x"]] {
        let done = run(&[looking, &["--data", data]].concat(), &[]).ended(4);
        assert!(
            done.err.contains(data) && done.err.contains("--data DIR"),
            "{}",
            done.err
        );
        assert!(!std::path::Path::new(data).exists());
    }
}

#[test]
fn a_key_made_beside_the_server_closes_it_and_opens_it() {
    let (database, data) = (Database::fresh(), Folder::new());
    let folder = data.path().to_str().unwrap();
    let url = [("DATABASE_URL", database.url())];
    let create = ["keys", "create", "build", "--data", folder, "--json"];
    let done = run(&create, &url).ended(0);
    let (id, secret) = (done.json()["id"].clone(), done.json()["secret"].clone());
    let key = format!("{}:{}", id.as_str().unwrap(), secret.as_str().unwrap());
    // The server has the master key that sealed it: both have the same data folder.
    let server = Server::start_in(&database, &data, &[], &[]);
    let endpoint = ("STEPWRIGHT_ENDPOINT", server.url());
    let done = run(&["functions", "list"], &[endpoint]).ended(5);
    assert!(done.err.contains("STEPWRIGHT_KEY"), "{}", done.err);
    run(
        &["functions", "list"],
        &[endpoint, ("STEPWRIGHT_KEY", "a:b")],
    )
    .ended(5);
    run(
        &["functions", "list"],
        &[endpoint, ("STEPWRIGHT_KEY", &key)],
    )
    .ended(0);
    let done = run(&["keys", "list", "--data", folder, "--json"], &url).ended(0);
    assert_eq!(done.json()["keys"][0]["name"], "build");
    assert!(!done.out.contains(secret.as_str().unwrap()));
    let delete = ["keys", "delete", id.as_str().unwrap(), "--data", folder];
    run(&delete, &url).ended(0);
    run(&delete, &url).ended(4);
}

#[test]
fn starting_an_express_machine_prints_its_answer() {
    let (database, folder) = (Database::fresh(), Folder::new());
    let server = Server::start(&database);
    let endpoint = [("STEPWRIGHT_ENDPOINT", server.url())];
    for (name, definition) in [("quick", PASS), ("bad", FAIL)] {
        let path = file(&folder, &format!("{name}.asl.json"), definition);
        run(&["deploy", &path, "--type", "express"], &endpoint).ended(0);
    }
    let done = run(&["start", "quick", "--input", r#"{"a": 1.0}"#], &endpoint).ended(0);
    assert!(done.out.contains("SUCCEEDED") && done.out.contains(r#"{"a": 1.0}"#));
    assert!(!done.err.contains("stepwright watch"));
    let done = run(&["start", "bad"], &endpoint);
    assert!(done.code != 0 && done.out.contains("NotOk"), "{}", done.out);
}
