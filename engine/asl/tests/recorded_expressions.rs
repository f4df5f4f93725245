//! Recorded executions of Pass and Choice states alone, which show what paths, templates, intrinsic
//! functions and conditions give on AWS. States are walked here without the machine, so that a fault
//! in either shows where it is.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/env.rs"]
mod env;
mod support;

use std::fs;

use asl::{
    Json,
    json::pointer::Pointer,
    query::{Condition, EvalError, Expression, ReferencePath, Template},
};

use env::with_env;
use support::{conformance, read_json, text};

#[test]
fn what_aws_recorded_of_pass_and_choice_states_is_what_expressions_give() {
    let Some(folder) = conformance("histories/cases") else {
        return;
    };
    let mut compared = 0;
    let mut failures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let case = read_json(&fs::read_to_string(&file).unwrap());
        for run in runs(&case) {
            let Some(found) = execute(&run) else {
                continue;
            };
            let found = found.unwrap_or_else(|error| Json::from(error.detail));
            compared += 1;
            if found != run.output {
                let name = text(&case, "name");
                failures.push(format!(
                    "{name} on {}: {found}, expected {}",
                    run.input, run.output
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared > 200, "only {compared} executions compared");
}

/// One execution that succeeded.
struct Run {
    definition: Json,
    input: Json,
    output: Json,
}

/// The executions of a case, whichever of the three shapes it has.
fn runs(case: &Json) -> Vec<Run> {
    let array = |value: Option<&Json>| value.and_then(Json::as_array).unwrap_or_default().to_vec();
    let run = |definition: Option<&Json>, input: Option<&Json>, output: Option<&Json>| {
        Some(Run {
            definition: definition?.clone(),
            input: input.cloned().unwrap_or_else(Json::empty_object),
            output: output?.clone(),
        })
    };
    let mut runs = Vec::new();
    let expected = case.get("expected");
    runs.extend(run(
        case.get("definition"),
        case.get("input"),
        expected.and_then(|expected| expected.get("output")),
    ));
    for machine in array(case.get("machines")) {
        let of_machine = array(machine.get("runs"));
        runs.extend(of_machine.iter().filter_map(|one| {
            run(
                machine.get("definition"),
                one.get("input"),
                one.get("output"),
            )
        }));
    }
    let mut definition = None;
    let mut input = None;
    for step in array(case.get("steps")) {
        let params = step.get("params");
        match text(&step, "op") {
            "CreateStateMachine" => {
                definition = params.and_then(|it| it.get("definition")).cloned();
            }
            "StartExecution" => input = params.and_then(|it| it.get("input")).cloned(),
            "GetExecutionHistory" => {
                let answer = step.get("expect").and_then(|expect| expect.get("answer"));
                let events = array(answer.and_then(|answer| answer.get("events")));
                let closed = events
                    .last()
                    .and_then(|event| event.get("executionSucceededEventDetails"));
                let output = closed.and_then(|details| details.get("output"));
                runs.extend(run(definition.as_ref(), input.as_ref(), output));
            }
            _ => {}
        }
    }
    runs
}

/// The output of a machine of JSONPath Pass and Choice states; `None` for any other, and for one
/// whose output holds what differs from run to run.
fn execute(run: &Run) -> Option<Result<Json, EvalError>> {
    let states = run.definition.get("States")?.as_object()?;
    let plain = states.values().all(|state| {
        matches!(text(state, "Type"), "Pass" | "Choice")
            && text(state, "QueryLanguage") != "JSONata"
            && state.get("Assign").is_none()
    });
    let fixed = !run.output.to_text().contains("arn:<partition>");
    if !plain || !fixed || text(&run.definition, "QueryLanguage") == "JSONata" {
        return None;
    }
    let context = Json::members([("Execution", Json::members([("Input", run.input.clone())]))]);
    let mut data = run.input.clone();
    let mut name = text(&run.definition, "StartAt").to_owned();
    loop {
        let state = states.get(name.as_str())?;
        data = match pass(state, &data, &context) {
            Ok(data) => data,
            Err(error) => return Some(Err(error)),
        };
        name = match choose(state, &data, &context) {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        if name.is_empty() {
            return Some(Ok(data));
        }
    }
}

/// What leaves a state, of the data that entered it.
fn pass(state: &Json, data: &Json, context: &Json) -> Result<Json, EvalError> {
    let select = |field: &str, data: &Json| match state.get(field).and_then(Json::as_str) {
        None => Ok(data.clone()),
        Some(path) => {
            let path = Expression::parse_json_path(path).unwrap();
            with_env(data, context, &Json::Null, |env| path.evaluate(env))
        }
    };
    let input = select("InputPath", data)?;
    let mut result = state
        .get("Result")
        .cloned()
        .unwrap_or_else(|| input.clone());
    if let Some(parameters) = state.get("Parameters") {
        let template = Template::parse(parameters, &Pointer::root()).unwrap();
        result = with_env(&input, context, &Json::Null, |env| {
            template.render(env, "Parameters")
        })?;
    }
    if let Some(place) = state.get("ResultPath").and_then(Json::as_str) {
        result = ReferencePath::parse(place).unwrap().write(data, result)?;
    }
    select("OutputPath", &result)
}

/// Where a state goes; empty at the end.
fn choose(state: &Json, data: &Json, context: &Json) -> Result<String, EvalError> {
    for rule in state
        .get("Choices")
        .and_then(Json::as_array)
        .unwrap_or_default()
    {
        let condition = Condition::parse(rule, &Pointer::root()).unwrap();
        if with_env(data, context, &Json::Null, |env| condition.holds(env))? {
            return Ok(text(rule, "Next").to_owned());
        }
    }
    let next = if state.get("Choices").is_some() {
        "Default"
    } else {
        "Next"
    };
    Ok(text(state, next).to_owned())
}
