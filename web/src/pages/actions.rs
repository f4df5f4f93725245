//! What pages set going: machines created, executions started and stopped, each by the very
//! operation that a client of the wire API calls, so that rules and texts are the same.

use serde_json::{Value, json};
use store::ids::ExecutionId;

use crate::{
    app::App,
    wire::{
        self,
        error::{ApiError, Code},
    },
};

/// Creates a machine of the Standard type. The role is only a name here: it says what the functions
/// of a workflow may do, and they have their own ways to say that.
pub(crate) async fn create_machine(
    app: &App,
    name: &str,
    definition: &str,
) -> Result<(), ApiError> {
    let account = app.settings.account_id.as_str();
    let input = json!({
        "name": name,
        "definition": definition,
        "roleArn": format!("arn:aws:iam::{account}:role/stepwright"),
    });
    wire::perform(app, "CreateStateMachine", input).await?;
    Ok(())
}

/// Runs an execution of an Express machine, and gives what StartSyncExecution answers.
pub(crate) async fn start_sync(
    app: &App,
    machine: &str,
    name: Option<&str>,
    input: &str,
) -> Result<Value, ApiError> {
    wire::perform(
        app,
        "StartSyncExecution",
        start_request(app, machine, name, input),
    )
    .await
}

fn start_request(app: &App, machine: &str, name: Option<&str>, input: &str) -> Value {
    let mut request = json!({
        "stateMachineArn": app.arns.machine(machine),
        "input": input,
    });
    if let (Some(name), Some(members)) = (name, request.as_object_mut()) {
        members.insert("name".to_owned(), Value::from(name));
    }
    request
}

/// Starts an execution, under a name where one is given, and finds its id.
pub(crate) async fn start(
    app: &App,
    machine: &str,
    name: Option<&str>,
    input: &str,
) -> Result<ExecutionId, ApiError> {
    let request = start_request(app, machine, name, input);
    let answer = wire::perform(app, "StartExecution", request).await?;
    let arn = answer.get("executionArn").and_then(Value::as_str);
    let started = arn
        .and_then(|arn| arn.rsplit(':').next())
        .unwrap_or_default();
    let id = store::execution::by_name(&app.db, machine, started).await?;
    id.ok_or_else(|| {
        ApiError::new(
            Code::ExecutionDoesNotExist,
            "The execution was started and is gone again.",
        )
    })
}

/// Lets an execution that did not succeed go on from where it failed.
pub(crate) async fn redrive(app: &App, machine: &str, name: &str) -> Result<(), ApiError> {
    let input = json!({"executionArn": app.arns.execution(machine, name)});
    wire::perform(app, "RedriveExecution", input).await?;
    Ok(())
}

/// Stops an execution. One that has closed meanwhile stays as it is.
pub(crate) async fn stop(app: &App, machine: &str, name: &str) -> Result<(), ApiError> {
    let input = json!({
        "executionArn": app.arns.execution(machine, name),
        "cause": "Stopped from its page.",
    });
    wire::perform(app, "StopExecution", input).await?;
    Ok(())
}
