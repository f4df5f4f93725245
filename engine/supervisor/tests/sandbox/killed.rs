//! kill -9 of every process that an instance consists of: the invocation is told at once, and nothing is left.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use supervisor::{Deployed, Invocation};

use crate::TURN;
use crate::isolation::{self, groups};
use crate::support::{Node, error};

const WAITS: &str = r"
import signal
request, event, _ = next_event()
signal.pause()
";

/// The processes of the instance, as the host numbers them: the guardian, the first process of the sandbox,
/// the program. At the level `process` the program is the second.
fn processes(count: usize) -> Vec<u32> {
    let mut found = Vec::new();
    let mut parent = std::process::id();
    while found.len() < count {
        // Runtimes of other languages are asked for their version meanwhile.
        let is_ours = |pid: &u32| {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            command.contains("function-") || command.contains("bootstrap")
        };
        let Some(child) = children(parent).into_iter().find(is_ours) else {
            return Vec::new();
        };
        found.push(child);
        parent = child;
    }
    let program = found
        .last()
        .map(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")));
    let is_there = program.is_some_and(|line| line.is_ok_and(|line| line.contains("bootstrap")));
    if is_there { found } else { Vec::new() }
}

fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let texts =
        threads.map(|it| fs::read_to_string(it.path().join("children")).unwrap_or_default());
    let all: String = texts.collect();
    all.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

fn is_there(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

async fn kill(cell: &str, node: &Node, function: &Arc<Deployed>, count: usize, victim: usize) {
    let invocation = Invocation {
        function: Arc::clone(function),
        payload: "1".into(),
        request_id: Arc::from("request-1"),
        client_context: None,
        execution_arn: None,
        trace: None,
        tries: 1,
    };
    let running = node.supervisor.invoke(invocation);
    let mut all = Vec::new();
    while all.is_empty() {
        tokio::task::yield_now().await;
        all = processes(count);
    }
    let killed = Command::new("kill")
        .arg("-9")
        .arg(all[victim].to_string())
        .status();
    assert!(killed.unwrap().success());
    let done = running.done().await.unwrap();
    let (name, message) = error(&done);
    assert_eq!(
        name, "Runtime.ExitError",
        "{cell}, process {victim}: {message}"
    );
    // Its place in the pool is free only when nothing of it is left.
    while node.supervisor.counts() != (0, 0) {
        tokio::task::yield_now().await;
    }
    for pid in all {
        while is_there(pid) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn whichever_process_of_an_instance_is_killed_nothing_of_it_is_left() {
    isolation::each(async |cell, node| {
        let function = node.deploy_with(Path::new(isolation::PYTHON), "waits", WAITS);
        for victim in 0..3 {
            kill(cell, node, &function, 3, victim).await;
        }
        node.supervisor.stop().await;
        assert_eq!(groups(), Vec::<std::path::PathBuf>::new(), "{cell}");
    })
    .await;
}

#[tokio::test]
async fn without_a_sandbox_as_well() {
    let _turn = TURN.lock().await;
    // What runs without a sandbox has only the server's own kill to rely on.
    let node = Node::new();
    let function = node.deploy("waits", WAITS);
    for victim in 0..2 {
        kill("process", &node, &function, 2, victim).await;
    }
}
