//! An execution as the server tells it, and how the commands show it.

use std::fmt::Write;

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Client, read, segment};
use super::exit::{Exit, Failure};
use super::screen::{BAD, BUSY, DIM, GOOD, Screen, paint, visible};

/// What of an execution the commands need.
#[derive(Debug, Deserialize)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) machine: String,
    pub(super) status: String,
    pub(super) started_at: String,
    pub(super) closed_at: Option<String>,
    pub(super) output: Option<Box<RawValue>>,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
}

impl Execution {
    pub(super) fn is_running(&self) -> bool {
        self.status == "RUNNING"
    }

    pub(super) fn exit(&self) -> Exit {
        match self.status.as_str() {
            "SUCCEEDED" | "RUNNING" => Exit::Done,
            _ => Exit::NotSucceeded,
        }
    }

    /// Status, id, and how it ended.
    pub(super) fn show(&self) -> String {
        let style = match self.status.as_str() {
            "SUCCEEDED" => GOOD,
            "RUNNING" => BUSY,
            _ => BAD,
        };
        let mut text = format!(
            "{} {} {}",
            paint(style, &visible(&self.status)),
            visible(&self.id),
            paint(DIM, &format!("of {}", visible(&self.machine)))
        );
        if let Some(seconds) = self.seconds() {
            let _ = write!(text, " {}", paint(DIM, &format!("in {seconds:.3} s")));
        }
        if let Some(error) = &self.error {
            let _ = write!(text, "\n{} {}", paint(BAD, "error"), visible(error));
        }
        if let Some(cause) = &self.cause {
            let _ = write!(text, "\n{} {}", paint(BAD, "cause"), visible(cause));
        }
        if let Some(output) = &self.output {
            let _ = write!(text, "\n{}", visible_json(output.get()));
        }
        text
    }

    fn seconds(&self) -> Option<f64> {
        let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
        let took = instant(self.closed_at.as_deref()?)? - instant(&self.started_at)?;
        Some(took.as_seconds_f64())
    }
}

/// JSON as it was spelled, which may have lines but nothing that steers a terminal.
fn visible_json(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    lines.join("\n")
}

/// Asks for something that answers with an execution, waits for its end where asked to, and shows what came.
pub(super) fn ask(
    (client, path): (&Client, &str),
    body: String,
    is_waiting: bool,
    screen: &mut Screen,
) -> Result<Execution, Failure> {
    let (execution, text) = super::block_on(async {
        let text = client.send(Method::POST, path, Some(body)).await?;
        let execution: Execution = read(&text)?;
        if is_waiting && execution.is_running() {
            return wait(client, &execution.id).await;
        }
        Ok((execution, text))
    })?;
    if screen.is_json() {
        screen.raw(&text)?;
    } else {
        screen.line(&execution.show())?;
    }
    if execution.is_running() {
        screen.remark(&format!(
            "Follow it with: stepwright watch {}",
            execution.id
        ));
    }
    Ok(execution)
}

/// Waits until the execution has closed. Each call waits for a while at the server; gives the last answer
/// as it was spelled.
pub(super) async fn wait(client: &Client, id: &str) -> Result<(Execution, String), Failure> {
    loop {
        let path = format!("/executions/{}?wait=30s", segment(id));
        let text = client.send(Method::GET, &path, None).await?;
        let execution: Execution = read(&text)?;
        if !execution.is_running() {
            return Ok((execution, text));
        }
    }
}
