//! The calls of the measurements, one connection each: machines and functions made, executions started
//! and followed in the two ways that callers have.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::http::{Answer, Connection};

/// What is waited between two looks at an execution, but for the first.
const BETWEEN_POLLS: Duration = Duration::from_millis(1);

/// A state machine on the server.
pub(super) struct Machine {
    arn: String,
    path: String,
}

/// A caller with a connection of its own.
pub(super) struct Caller(Connection);

impl Caller {
    pub(super) fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self(Connection::open(address)?))
    }

    /// So many, each connected already.
    pub(super) fn many(address: SocketAddr, count: usize) -> Result<Vec<Self>> {
        (0..count).map(|_| Self::new(address)).collect()
    }

    fn json(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let headers = [("Content-Type", "application/json")];
        self.0.call(method, path, &headers, body)?.expect_success()
    }

    fn action(&mut self, name: &str, body: &str) -> Result<Answer> {
        let target = format!("AWSStepFunctions.{name}");
        let headers = [
            ("Content-Type", "application/x-amz-json-1.0"),
            ("X-Amz-Target", target.as_str()),
        ];
        let answer = self.0.call("POST", "/", &headers, body)?;
        answer.expect_success().context(target)
    }

    pub(super) fn register(&mut self, name: &str, function: SocketAddr) -> Result<()> {
        let body = format!(r#"{{"url":"http://{function}/"}}"#);
        self.json("PUT", &format!("/api/v1/functions/{name}"), &body)?;
        Ok(())
    }

    pub(super) fn create(&mut self, name: &str, definition: &str) -> Result<Machine> {
        self.create_of("STANDARD", name, definition)
    }

    pub(super) fn create_express(&mut self, name: &str, definition: &str) -> Result<Machine> {
        self.create_of("EXPRESS", name, definition)
    }

    fn create_of(&mut self, kind: &str, name: &str, definition: &str) -> Result<Machine> {
        let definition = quoted(definition);
        let body = format!(
            r#"{{"name":"{name}","type":"{kind}","roleArn":"arn:aws:iam::000000000000:role/bench","definition":{definition}}}"#
        );
        let answer = self.action("CreateStateMachine", &body)?;
        let arn = answer.text("stateMachineArn").context("no ARN")?;
        Ok(Machine {
            arn: arn.to_owned(),
            path: format!("/api/v1/machines/{name}/executions?wait=30s"),
        })
    }

    /// One call that is answered when the execution has closed.
    pub(super) fn run_waiting(&mut self, machine: &Machine, input: &str) -> Result<u64> {
        let body = format!(r#"{{"input":{input}}}"#);
        let answer = self.json("POST", &machine.path, &body)?;
        match answer.text("status") {
            Some("SUCCEEDED") => Ok(0),
            _ => bail!("an execution did not succeed: {}", answer.body),
        }
    }

    /// One call of StartSyncExecution.
    pub(super) fn run_sync(&mut self, machine: &Machine, input: &str) -> Result<u64> {
        let input = quoted(input);
        let body = format!(r#"{{"stateMachineArn":"{}","input":{input}}}"#, machine.arn);
        let answer = self.action("StartSyncExecution", &body)?;
        match answer.text("status") {
            Some("SUCCEEDED") => Ok(0),
            _ => bail!("an execution did not succeed: {}", answer.body),
        }
    }

    /// Starts one and looks until it has closed, at once at first; returns how often it looked.
    pub(super) fn run_polling(&mut self, machine: &Machine, input: &str) -> Result<u64> {
        let body = format!(r#"{{"executionArn":"{}"}}"#, self.start(machine, input)?);
        let mut polls = 0;
        loop {
            let answer = self.action("DescribeExecution", &body)?;
            polls += 1;
            match answer.text("status") {
                Some("SUCCEEDED") => return Ok(polls),
                Some("RUNNING") => thread::sleep(BETWEEN_POLLS),
                _ => bail!("an execution did not succeed: {}", answer.body),
            }
        }
    }

    /// Starts an execution and returns its ARN.
    pub(super) fn start(&mut self, machine: &Machine, input: &str) -> Result<String> {
        let input = quoted(input);
        let body = format!(r#"{{"stateMachineArn":"{}","input":{input}}}"#, machine.arn);
        let answer = self.action("StartExecution", &body)?;
        let arn = answer.text("executionArn").context("no ARN")?;
        Ok(arn.to_owned())
    }

    /// A call of the function itself, with nothing between.
    pub(super) fn call_function(&mut self) -> Result<u64> {
        self.json("POST", "/", "{}")?;
        Ok(0)
    }

    /// How many executions have succeeded since the server started.
    pub(super) fn succeeded(&mut self) -> Result<u64> {
        let answer = self.0.call("GET", "/metrics", &[], "")?.expect_success()?;
        let mut lines = answer.body.lines();
        let count =
            lines.find_map(|line| line.strip_prefix("stepwright_executions_succeeded_total "));
        let count = count.and_then(|count| count.trim().parse().ok());
        count.context("/metrics counts no executions that succeeded")
    }
}

/// JSON text as a string in JSON; ours has line breaks and no other control characters.
fn quoted(json: &str) -> String {
    let escaped = json.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', r"\n"))
}
