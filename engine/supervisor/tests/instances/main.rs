//! Real instances: what they get, how they end, and that nothing of them is left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test looks for programs as the server's command line does"
)]

mod support;

use std::path::Path;
use std::time::Duration;

use supervisor::Refused;
use supervisor::pool::Throttle;
use support::{ECHO, Node, error, text};

fn number(text: &str, name: &str) -> i64 {
    let value = asl::json::parse(text).unwrap();
    value.get(name).unwrap().to_text().parse().unwrap()
}

#[tokio::test]
async fn one_instance_serves_one_event_after_the_other() {
    let node = Node::new();
    let function = node.deploy("echo", ECHO);
    let first = node.invoke(&function, r#"{"a": 1}"#).await.unwrap();
    assert!(first.is_cold && !first.is_error, "{first:?}");
    let second = node.invoke(&function, "2").await.unwrap();
    assert!(!second.is_cold);
    assert_eq!(number(&text(&first), "pid"), number(&text(&second), "pid"));
    assert_eq!(number(&text(&second), "count"), 2);
    // The clock of the test stands still; the deadline is the function's time after it.
    assert!(
        text(&second).contains(r#""deadline": "1700000060000""#),
        "{}",
        text(&second)
    );
    assert!(text(&second).contains(&*function.arn));
    let records = node.records(2).await;
    assert!(records[0].init.is_some() && records[1].init.is_none());
    assert!(
        records[1].peak_memory_bytes > 1 << 20,
        "{:?}",
        records[1].peak_memory_bytes
    );
    assert_eq!(
        (records[0].outcome, records[0].level.name()),
        ("result", "process")
    );
    node.supervisor.stop().await;
}

#[tokio::test]
async fn the_log_has_lambdas_lines_and_the_functions_own() {
    let node = Node::new();
    let function = node.deploy("echo", ECHO);
    let done = node.invoke(&function, "7").await.unwrap();
    let tail = String::from_utf8(done.log_tail).unwrap();
    let lines: Vec<_> = tail.lines().collect();
    assert_eq!(lines[0], "START RequestId: request-1 Version: $LATEST");
    assert_eq!(lines[1], "said 7");
    assert_eq!(lines[2], "END RequestId: request-1");
    assert!(
        lines[3].starts_with("REPORT RequestId: request-1\tDuration: "),
        "{tail}"
    );
    assert!(lines[3].contains("Memory Size: 128 MB\t") && lines[3].contains("Init Duration: "));
    assert_eq!(node.records(1).await[0].log, tail);
}

#[tokio::test]
async fn an_exit_is_told_at_once_and_the_next_event_gets_a_new_instance() {
    let node = Node::new();
    let function = node.deploy("exit", "request, event, _ = next_event()\nif event['code'] is None: respond(request, 1)\nsys.exit(event['code'])");
    let expected = "RequestId: request-1 Error: Runtime exited with error: exit status 3";
    for _ in 0..2 {
        let done = node.invoke(&function, r#"{"code": 3}"#).await.unwrap();
        assert!(done.is_cold);
        assert_eq!(
            error(&done),
            ("Runtime.ExitError".to_owned(), expected.to_owned())
        );
    }
    let done = node.invoke(&function, r#"{"code": 0}"#).await.unwrap();
    let expected = "RequestId: request-1 Error: Runtime exited without providing a reason";
    assert_eq!(error(&done).1, expected);
}

#[tokio::test]
async fn an_exit_before_the_first_event_is_the_invocations_error() {
    let node = Node::new();
    let function = node.deploy("early", "sys.exit(1)");
    let done = node.invoke(&function, "1").await.unwrap();
    let expected = "RequestId: request-1 Error: Runtime exited with error: exit status 1";
    assert_eq!(
        error(&done),
        ("Runtime.ExitError".to_owned(), expected.to_owned())
    );
}

#[tokio::test]
async fn a_failed_init_is_told_as_the_function_reported_it() {
    let node = Node::new();
    let report = r#"ask("POST", "init/error", json.dumps({"errorType": "Runtime.ImportModuleError", "errorMessage": "no x"}))"#;
    let function = node.deploy("init", &format!("{report}\nsys.exit(1)"));
    let done = node.invoke(&function, "1").await.unwrap();
    assert_eq!(
        error(&done),
        ("Runtime.ImportModuleError".to_owned(), "no x".to_owned())
    );
}

#[tokio::test]
async fn without_a_bootstrap_there_is_no_entry_point() {
    let node = Node::new();
    let files = [("other", "x", false)];
    let function = node.deploy_files("none", "provided.al2023", "unused", &files);
    let done = node.invoke(&function, "1").await.unwrap();
    assert_eq!(error(&done).0, "Runtime.InvalidEntrypoint");
}

/// Writes the numbers of its process and of two that it started, one of them in a session of its own.
const FAMILY: &str = r#"
import signal, subprocess
near = subprocess.Popen(["/bin/sleep", "1000"])
far = subprocess.Popen(["/bin/sh", "-c", "sleep 1000 & echo $!"], stdout=subprocess.PIPE, start_new_session=True)
pids = f"{os.getpid()} {near.pid} {int(far.stdout.readline())}"
# All of it is there before the function's time begins.
request, event, _ = next_event()
with open(event["file"], "w") as file:
    file.write(pids)
if event["answers"]:
    respond(request, 1)
while True:
    signal.pause()
"#;

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie has ended; whoever is its parent may not have noticed yet.
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn family(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn at_the_deadline_the_whole_process_tree_is_ended() {
    let node = Node::new();
    let mut function = (*node.deploy("family", FAMILY)).clone();
    function.timeout = Duration::from_secs(3);
    let path = node.folder.path().join("pids");
    let event = format!(r#"{{"file": "{}", "answers": false}}"#, path.display());
    let done = node.invoke(&function.into(), &event).await.unwrap();
    let expected = "RequestId: request-1 Error: Task timed out after 3.00 seconds";
    assert_eq!(
        error(&done),
        ("Sandbox.Timedout".to_owned(), expected.to_owned())
    );
    assert!(
        String::from_utf8_lossy(&done.log_tail)
            .contains("request-1 Task timed out after 3.00 seconds")
    );
    node.supervisor.stop().await;
    for pid in family(&path) {
        assert!(!is_alive(&pid), "{pid}");
    }
}

#[tokio::test]
async fn a_stop_ends_idle_instances_with_all_that_they_started() {
    let node = Node::new();
    let function = node.deploy("family", FAMILY);
    let path = node.folder.path().join("pids");
    let event = format!(r#"{{"file": "{}", "answers": true}}"#, path.display());
    let done = node.invoke(&function, &event).await.unwrap();
    assert!(!done.is_error);
    for pid in family(&path) {
        assert!(is_alive(&pid), "{pid}");
    }
    node.supervisor.stop().await;
    for pid in family(&path) {
        assert!(!is_alive(&pid), "{pid}");
    }
}

#[tokio::test]
async fn idle_instances_go_when_their_time_is_over() {
    let node = Node::with(|settings| settings.idle_time_max = Duration::ZERO);
    let function = node.deploy("echo", ECHO);
    assert!(node.invoke(&function, "1").await.unwrap().is_cold);
    node.supervisor.sweep();
    assert_eq!(node.supervisor.counts(), (0, 0));
    assert!(node.invoke(&function, "1").await.unwrap().is_cold);
}

#[tokio::test]
async fn a_reserved_concurrency_of_none_turns_everything_away() {
    let node = Node::new();
    let mut function = (*node.deploy("echo", ECHO)).clone();
    function.reserved = Some(0);
    let refused = node.invoke(&function.into(), "1").await.unwrap_err();
    let why = Throttle::ReservedFunctionConcurrentInvocationLimitExceeded;
    assert!(
        matches!(refused, Refused::Throttled(found) if found == why),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error_and_the_instance_lives() {
    let node = Node::new();
    let function = node.deploy(
        "large",
        "while True:\n    request, event, _ = next_event()\n    respond(request, 'x' * event)",
    );
    let done = node.invoke(&function, "7000000").await.unwrap();
    let expected = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    assert_eq!(
        error(&done),
        (
            "Function.ResponseSizeTooLarge".to_owned(),
            expected.to_owned()
        )
    );
    let event = "x".repeat(6_291_457);
    let refused = node.invoke(&function, &event).await.unwrap_err();
    assert!(matches!(refused, Refused::TooLarge));
}

#[tokio::test]
async fn an_answer_under_another_id_is_refused() {
    let node = Node::new();
    let function = node.deploy("other", "request, event, _ = next_event()\nstatus, _, _ = respond('other', 1)\nrespond(request, status)\nnext_event()");
    let done = node.invoke(&function, "1").await.unwrap();
    assert_eq!(text(&done), "400");
}
