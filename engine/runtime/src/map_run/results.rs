//! What a Map Run leaves: the results of its children, in the state's output or in a bucket.
//!
//! Children are read from the database in chunks, in the order of their items, so that memory does not
//! grow with their number.
//!
//! Source: "ResultWriter (Map)" in the Step Functions developer guide.

mod file;
mod pending;

use std::{collections::HashMap, sync::Arc};

use asl::{
    Json, Payload, StateError,
    error::names,
    json::Object,
    machine::{
        Outcome,
        history::{Detail, Entry, journal::Reader},
    },
    map_run::spec::{Transformation, Writer},
};
use bytes::Bytes;
use store::{ids::ExecutionId, map_run::Ending};

use super::job::Live;
use crate::{
    Fault,
    facts::{status, status_name},
    limits::MAP_RUN_GATHERED,
    node::Node,
};
use file::File;

/// A child that ended.
struct Child {
    id: ExecutionId,
    input: Payload,
    outcome: Outcome,
    started_at: asl::Timestamp,
    closed_at: asl::Timestamp,
}

/// The state's result, and how many children's results were written to a bucket.
pub(super) async fn of_success(
    node: &Arc<Node>,
    live: &Live,
) -> Result<Result<(Payload, u64), StateError>, Fault> {
    let writer = live.run.spec.writer.as_ref();
    if let Some((writer, target)) = writer.and_then(|it| Some((it, it.target.as_ref()?))) {
        return match export(node, live, writer, target).await? {
            Ok((key, written)) => Ok(Ok((exported(live, &target.0, &key), written))),
            Err(error) => Ok(Err(writer_failed(&error))),
        };
    }
    let transformation = writer.and_then(|writer| writer.transformation);
    let transformation = transformation.unwrap_or(Transformation::Compact);
    let bytes_max = node.settings.limits.payload_bytes_max;
    // Without a bucket the lines are one text.
    let is_lines = writer.is_some_and(|writer| writer.is_lines);
    let (mut output, between) = if is_lines {
        (String::new(), '\n')
    } else {
        (String::from("["), ',')
    };
    let begin = output.len();
    let mut gathering = Gathering::new(node, live);
    while let Some(children) = gathering.next().await? {
        for child in children {
            for text in shown(live, &child, transformation) {
                if output.len() > begin {
                    output.push(between);
                }
                output.push_str(&text);
                if output.len() > bytes_max {
                    return Ok(Err(too_large(live)));
                }
            }
        }
    }
    if is_lines {
        return Ok(Ok((Payload::from(Json::from(output)), 0)));
    }
    output.push(']');
    Ok(Ok((Payload::from_trusted_text(output), 0)))
}

/// A run that failed or was stopped leaves what there is, where it writes at all.
pub(super) async fn of_failure(
    node: &Arc<Node>,
    live: &Live,
) -> Result<Result<u64, StateError>, Fault> {
    let writer = live.run.spec.writer.as_ref();
    let Some((writer, target)) = writer.and_then(|it| Some((it, it.target.as_ref()?))) else {
        return Ok(Ok(0));
    };
    let written = export(node, live, writer, target).await?;
    Ok(written
        .map(|(_, written)| written)
        .map_err(|error| writer_failed(&error)))
}

fn writer_failed(error: &objects::Error) -> StateError {
    StateError::new(names::RESULT_WRITER_FAILED, error.to_string())
}

fn too_large(live: &Live) -> StateError {
    let state = live.run.spec.context.get("State");
    let state = state
        .and_then(|state| state.get("Name"))
        .and_then(Json::as_str);
    StateError::new(
        names::DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{}' returned a result with a size exceeding the maximum number of \
             bytes service limit.",
            state.unwrap_or_default()
        ),
    )
}

/// Where the results are, as the state's result tells it.
fn exported(live: &Live, bucket: &Arc<str>, key: &str) -> Payload {
    Payload::from(Json::members([
        ("MapRunArn", Json::String(Arc::clone(&live.run.spec.arn))),
        (
            "ResultWriterDetails",
            Json::members([
                ("Bucket", Json::String(Arc::clone(bucket))),
                ("Key", Json::string(key)),
            ]),
        ),
    ]))
}

/// Writes the files and their manifest; gives the manifest's key and how many results there are.
async fn export(
    node: &Arc<Node>,
    live: &Live,
    writer: &Writer,
    (bucket, prefix): &(Arc<str>, Arc<str>),
) -> Result<Result<(String, u64), objects::Error>, Fault> {
    let slash = if prefix.is_empty() || prefix.ends_with('/') {
        ""
    } else {
        "/"
    };
    let folder = format!("{prefix}{slash}{}", live.run_id().0);
    let extension = if writer.is_lines { "jsonl" } else { "json" };
    let objects = &node.settings.objects;
    let file = |kind: &'static str| {
        File::new(
            objects.clone(),
            bucket,
            &folder,
            kind,
            extension,
            writer.is_lines,
        )
    };
    let (mut succeeded, mut failed) = (file("SUCCEEDED"), file("FAILED"));
    let transformation = writer.transformation.unwrap_or(Transformation::None);
    let mut gathering = Gathering::new(node, live);
    let mut written = 0;
    while let Some(children) = gathering.next().await? {
        for child in children {
            let is_success = matches!(child.outcome, Outcome::Succeeded(_));
            let file = if is_success {
                &mut succeeded
            } else {
                &mut failed
            };
            for text in shown(live, &child, transformation) {
                if let Err(error) = file.put(&text).await {
                    return Ok(Err(error));
                }
            }
            written += 1;
        }
    }
    let mut unstarted = file("PENDING");
    if let Err(error) = pending::write(node, live, &mut unstarted).await {
        return Ok(Err(error));
    }
    let mut files = Object::new();
    for (name, file) in [
        ("FAILED", failed),
        ("PENDING", unstarted),
        ("SUCCEEDED", succeeded),
    ] {
        match file.finish().await {
            Ok(listed) => files.insert(Arc::from(name), Json::array(listed)),
            Err(error) => return Ok(Err(error)),
        };
    }
    let manifest = Json::members([
        ("DestinationBucket", Json::String(Arc::clone(bucket))),
        ("MapRunArn", Json::String(Arc::clone(&live.run.spec.arn))),
        ("ResultFiles", Json::object(files)),
    ]);
    let key = format!("{folder}/manifest.json");
    let put = objects.put(bucket, &key, Bytes::from(manifest.to_text()));
    Ok(put.await.map(|()| (key, written)))
}

/// What is shown of a child: texts of JSON values. A child that did not succeed is always described.
fn shown(live: &Live, child: &Child, transformation: Transformation) -> Vec<String> {
    match (&child.outcome, transformation) {
        (Outcome::Succeeded(output), Transformation::Compact) => vec![output.text().to_owned()],
        (Outcome::Succeeded(output), Transformation::Flatten) => match output.json() {
            Json::Array(items) => items.iter().map(Json::to_text).collect(),
            _ => vec![output.text().to_owned()],
        },
        (_, Transformation::None)
        | (Outcome::Failed(_) | Outcome::Aborted(_) | Outcome::TimedOut(_), _) => {
            vec![description(live, child).to_text()]
        }
    }
}

fn arn_of(live: &Live, name: &str) -> String {
    let is_express = live.run.spec.is_express;
    let kind = if is_express {
        ":express:"
    } else {
        ":execution:"
    };
    let arn = live
        .children
        .machine_arn
        .replacen(":stateMachine:", kind, 1);
    if is_express {
        format!("{arn}:{name}:{name}")
    } else {
        format!("{arn}:{name}")
    }
}

/// A child as DescribeExecution shows it, in the spelling of result files.
fn description(live: &Live, child: &Child) -> Json {
    let mut members = Object::new();
    let mut put = |name: &str, value: Json| members.insert(Arc::from(name), value);
    let included = || Json::members([("Included", Json::Bool(true))]);
    let revision = &live.children;
    let name = child.id.to_string();
    if let Outcome::Failed(error) | Outcome::Aborted(error) | Outcome::TimedOut(error) =
        &child.outcome
    {
        if let Some(cause) = &error.cause {
            put("Cause", Json::String(Arc::clone(cause)));
        }
        if let Some(error) = &error.error {
            put("Error", Json::String(Arc::clone(error)));
        }
    }
    put("ExecutionArn", Json::from(arn_of(live, &name)));
    put("Input", Json::string(child.input.text()));
    put("InputDetails", included());
    put("Name", Json::from(name));
    if let Outcome::Succeeded(output) = &child.outcome {
        put("Output", Json::string(output.text()));
        put("OutputDetails", included());
    }
    let status = status_name(status(&child.outcome));
    put("RedriveCount", Json::from(0u64));
    if matches!(child.outcome, Outcome::Succeeded(_)) {
        let reason = format!("Execution is {status} and cannot be redriven");
        put("RedriveStatus", Json::string("NOT_REDRIVABLE"));
        put("RedriveStatusReason", Json::from(reason));
    } else {
        put("RedriveStatus", Json::string("REDRIVABLE_BY_MAP_RUN"));
    }
    put("StartDate", Json::from(child.started_at.to_iso()));
    put(
        "StateMachineArn",
        Json::String(Arc::clone(&revision.machine_arn)),
    );
    put("Status", Json::string(status));
    put("StopDate", Json::from(child.closed_at.to_iso()));
    Json::object(members)
}

/// Reads the children that ended, chunk by chunk.
struct Gathering<'a> {
    node: &'a Arc<Node>,
    live: &'a Live,
    next: u64,
}

impl<'a> Gathering<'a> {
    const fn new(node: &'a Arc<Node>, live: &'a Live) -> Self {
        Self {
            node,
            live,
            next: 0,
        }
    }

    /// The next children, in the order of their items; nothing at the end.
    async fn next(&mut self) -> Result<Option<Vec<Child>>, Fault> {
        if self.next >= self.live.run.next {
            return Ok(None);
        }
        let to = (self.next + MAP_RUN_GATHERED).min(self.live.run.next);
        let ids: Vec<ExecutionId> = (self.next..to)
            .map(|index| self.live.child_id(index))
            .collect();
        self.next = to;
        let endings = store::map_run::endings(&self.node.db, &ids).await?;
        let mut endings: HashMap<ExecutionId, Ending> = endings
            .into_iter()
            .map(|ending| (ending.id, ending))
            .collect();
        let mut children = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(ending) = endings.remove(&id) {
                children.push(self.read(ending).await?);
            }
        }
        Ok(Some(children))
    }

    /// A child that ended in the step that began it stands in one row; others are looked up.
    async fn read(&self, ending: Ending) -> Result<Child, Fault> {
        let Ending {
            id,
            started_at,
            closed_at,
            ..
        } = ending;
        if ending.step == 1 {
            let mut reader = Reader::default();
            let entries = reader.read(1, ending.format, &ending.body).map_err(|_| {
                Fault::new(format!(
                    "execution {id}: its row in the table journal cannot be read"
                ))
            })?;
            let (mut input, mut outcome) = (None, None);
            for entry in entries {
                let Entry::Event(event) = entry else { continue };
                match event.detail {
                    Detail::ExecutionStarted { input: given, .. } => input = Some(given),
                    Detail::ExecutionSucceeded { output } => {
                        outcome = Some(Outcome::Succeeded(output));
                    }
                    Detail::ExecutionFailed(error) => outcome = Some(Outcome::Failed(error)),
                    _ => {}
                }
            }
            if let (Some(input), Some(outcome)) = (input, outcome) {
                return Ok(Child {
                    id,
                    input,
                    outcome,
                    started_at,
                    closed_at,
                });
            }
        }
        let view = self.node.view_of(id).await?;
        let view = view.and_then(|view| Some((view.facts, view.closed?)));
        let (facts, closed) =
            view.ok_or_else(|| Fault::new(format!("execution {id} ended and cannot be found")))?;
        let outcome = closed.outcome.clone();
        Ok(Child {
            id,
            input: facts.input.clone(),
            outcome,
            started_at,
            closed_at,
        })
    }
}
