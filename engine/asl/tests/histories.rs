//! What AWS was recorded to do with whole executions, run through the core alone: a world of scripted
//! answers around it, and the events as the API would show them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "histories/compare.rs"]
mod compare;
#[path = "histories/gaps.rs"]
mod gaps;
#[path = "histories/outside.rs"]
mod outside;
mod support;

use asl::{Json, machine::Outcome};

use compare::Comparison;
use gaps::KNOWN_GAPS;
use outside::{Names, Outside};
use support::{conformance, read_json, text};

/// One execution that was recorded.
struct Recording {
    definition: Json,
    input: Json,
    expected: Expected,
}

struct Expected {
    status: String,
    output: Option<Json>,
    error: Option<Json>,
    cause: Option<Json>,
    history: Option<Vec<Json>>,
}

#[test]
fn recorded_executions_have_the_recorded_histories() {
    let Some(folder) = conformance("histories/cases") else {
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let (mut compared, mut failures, mut gone) = (0, Vec::new(), Vec::new());
    for file in files {
        let case = read_json(&std::fs::read_to_string(file).unwrap());
        let name = text(&case, "name");
        let recordings = recordings(&case);
        if recordings.is_empty() {
            continue;
        }
        compared += recordings.len();
        let outcome = recordings
            .iter()
            .try_for_each(|recording| replay(&case, recording));
        let gap = KNOWN_GAPS.iter().find(|(gap, _)| *gap == name);
        match (outcome, gap) {
            (Err(difference), None) => failures.push(format!("{name}: {difference}")),
            (Ok(()), Some((_, reason))) => gone.push(format!("{name} ({reason})")),
            (Ok(()), None) | (Err(_), Some(_)) => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(gone.is_empty(), "no longer gaps, strike them: {gone:?}");
    eprintln!(
        "{compared} executions compared, {} cases are known gaps",
        KNOWN_GAPS.len()
    );
    assert!(compared > 250, "only {compared} executions compared");
}

/// The executions of a case, whichever of the three shapes it has. Call sequences count where they are
/// about the history of executions, one machine at a time.
fn recordings(case: &Json) -> Vec<Recording> {
    let mut recordings = Vec::new();
    let input = |holder: &Json| {
        holder
            .get("input")
            .cloned()
            .unwrap_or_else(Json::empty_object)
    };
    if let (Some(definition), Some(expected)) = (case.get("definition"), case.get("expected")) {
        recordings.push(Recording {
            definition: definition.clone(),
            input: input(case),
            expected: Expected {
                status: text(expected, "status").to_owned(),
                output: expected.get("output").cloned(),
                error: expected.get("error").cloned(),
                cause: expected.get("cause").cloned(),
                history: expected
                    .get("history")
                    .map(|events| events.as_array().unwrap().to_vec()),
            },
        });
    }
    for machine in array(case.get("machines")) {
        for run in array(machine.get("runs")) {
            recordings.push(Recording {
                definition: machine.get("definition").unwrap().clone(),
                input: input(&run),
                expected: Expected {
                    status: text(&run, "status").to_owned(),
                    output: run.get("output").cloned(),
                    error: None,
                    cause: None,
                    history: None,
                },
            });
        }
    }
    let (mut definition, mut started) = (None, None);
    for step in array(case.get("steps")) {
        let params = step.get("params");
        match text(&step, "op") {
            "CreateStateMachine" => {
                definition = params.and_then(|it| it.get("definition")).cloned();
            }
            "StartExecution" => started = params.map(input),
            "GetExecutionHistory" => {
                let answer = step.get("expect").and_then(|expect| expect.get("answer"));
                let mut history = array(answer.and_then(|answer| answer.get("events")));
                if params.and_then(|it| it.get("reverseOrder")).is_some() {
                    history.reverse();
                }
                let (Some(definition), Some(input)) = (&definition, &started) else {
                    continue;
                };
                let is_closed = history.last().is_some_and(|event| {
                    let kind = text(event, "type");
                    kind.starts_with("Execution") && kind != "ExecutionStarted"
                });
                if is_closed {
                    recordings.push(Recording {
                        definition: definition.clone(),
                        input: input.clone(),
                        expected: Expected::of_history(history),
                    });
                }
            }
            _ => {}
        }
    }
    recordings
}

fn array(value: Option<&Json>) -> Vec<Json> {
    value.and_then(Json::as_array).unwrap_or_default().to_vec()
}

impl Expected {
    /// What the last event says of the end.
    fn of_history(history: Vec<Json>) -> Self {
        let last = history.last().unwrap();
        let kind = text(last, "type");
        let status = match kind {
            "ExecutionSucceeded" => "SUCCEEDED",
            "ExecutionFailed" => "FAILED",
            "ExecutionAborted" => "ABORTED",
            _ => "TIMED_OUT",
        };
        let details = [
            "executionSucceededEventDetails",
            "executionFailedEventDetails",
        ]
        .iter()
        .find_map(|name| last.get(name));
        let member = |name: &str| details.and_then(|details| details.get(name)).cloned();
        Self {
            status: status.to_owned(),
            output: member("output"),
            error: member("error"),
            cause: member("cause"),
            history: Some(history),
        }
    }
}

/// Runs the execution and says where it differs.
fn replay(case: &Json, recording: &Recording) -> Result<(), String> {
    let names = Names::of(case);
    let definition = names.fill(&recording.definition);
    let input = names.fill(&recording.input);
    let recorded = recording.expected.history.as_deref().unwrap_or_default();
    let outside = Outside::new(case, &names, recorded);
    let run = outside.run(&definition, &input)?;
    let expected = &recording.expected;
    let mut comparison = Comparison::of(case);
    let (status, details) = match &run.outcome {
        None => ("RUNNING", None),
        Some(Outcome::Succeeded(output)) => ("SUCCEEDED", Some((Some(output.text()), None, None))),
        Some(Outcome::Failed(error)) => (
            "FAILED",
            Some((None, error.error.as_deref(), error.cause.as_deref())),
        ),
        Some(Outcome::Aborted(_)) => ("ABORTED", None),
        Some(Outcome::TimedOut(_)) => ("TIMED_OUT", None),
    };
    if status != expected.status {
        return Err(format!(
            "on {input} it is {status}, expected {}: {:?}",
            expected.status, run.outcome
        ));
    }
    if let Some((output, error, cause)) = details {
        let shown = [
            ("output", output, &expected.output),
            ("error", error, &expected.error),
            ("cause", cause, &expected.cause),
        ];
        for (name, actual, expected) in shown {
            let actual = actual.map(Json::string);
            comparison
                .optional(expected.as_ref(), actual.as_ref(), name)
                .map_err(|difference| format!("on {input}: {difference}"))?;
        }
    }
    if let Some(history) = &expected.history {
        let actual = Json::array(run.events);
        comparison.value(&Json::array(history.clone()), &actual, "history")?;
    }
    Ok(())
}
