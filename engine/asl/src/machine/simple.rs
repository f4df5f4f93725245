//! The states that need nothing from outside: Pass, Choice, Succeed and Fail.

use std::sync::Arc;

use super::{
    computed,
    data::{Assigned, Scene},
    execution::Visit,
};
use crate::{
    Json,
    definition::Setting,
    definition::{Choice, Fail, Kind, QueryLanguage, State, Transition, data::TextSetting},
    error::{StateError, names},
    payload::Payload,
    query::{EvalError, Expression, Random},
};

/// How such a state ended.
pub(super) enum Done {
    Left {
        output: Payload,
        assigned: Assigned,
        to: Option<Arc<str>>,
    },
    Failed(StateError),
}

pub(super) fn work(
    scene: &Scene<'_>,
    state: &State,
    visit: &Visit,
    random: &mut dyn Random,
) -> Result<Done, EvalError> {
    let input = scene.select(&state.data.input, &visit.input, random)?;
    match &state.kind {
        Kind::Pass { result, then } => {
            let result = match result {
                // Every visit has a payload of its own: the definition's belongs to no execution.
                Some(result) => result.detached(),
                None => scene.arguments(state, &input, random)?,
            };
            let (output, assigned) = scene.outcome(state, visit, &result, random)?;
            let to = match then {
                Transition::Next(name) => Some(Arc::clone(name)),
                Transition::End => None,
            };
            Ok(Done::Left {
                output,
                assigned,
                to,
            })
        }
        Kind::Choice(choice) => choose(scene, state, choice, &input, random),
        Kind::Fail(fail) => fail_state(scene, state, fail, &input, random),
        Kind::Succeed | Kind::Task(_) | Kind::Wait(_) | Kind::Parallel(_) | Kind::Map(_) => {
            let (assign, output) = (state.data.assign.as_ref(), state.data.output.as_ref());
            let (output, assigned) = scene.passed(state, &input, assign, output, random)?;
            Ok(Done::Left {
                output,
                assigned,
                to: None,
            })
        }
    }
}

fn choose(
    scene: &Scene<'_>,
    state: &State,
    choice: &Choice,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<Done, EvalError> {
    for rule in &choice.rules {
        if rule.condition.holds(&mut scene.env(input.json(), random))? {
            let output = rule.output.as_ref().or(state.data.output.as_ref());
            let assign = rule.assign.as_ref();
            let (output, assigned) = scene.passed(state, input, assign, output, random)?;
            return Ok(Done::Left {
                output,
                assigned,
                to: Some(Arc::clone(&rule.next)),
            });
        }
    }
    let Some(default) = &choice.default else {
        let detail =
            "Failed to transition out of the state. The state does not point to a next state.";
        return Err(EvalError {
            error: names::NO_CHOICE_MATCHED,
            detail: detail.to_owned(),
            location: None,
        });
    };
    let (assign, output) = (state.data.assign.as_ref(), state.data.output.as_ref());
    let (output, assigned) = scene.passed(state, input, assign, output, random)?;
    Ok(Done::Left {
        output,
        assigned,
        to: Some(Arc::clone(default)),
    })
}

fn fail_state(
    scene: &Scene<'_>,
    state: &State,
    fail: &Fail,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<Done, EvalError> {
    let mut text = |setting: &Option<TextSetting>, field: &str| match setting {
        None => Ok(None),
        Some(Setting::Fixed(text)) => Ok(Some(Arc::clone(text))),
        Some(Setting::Computed(expression)) => {
            computed_text(scene, state.language, expression, field, input, random).map(Some)
        }
    };
    let error = text(&fail.error, "ErrorPath")?;
    let cause = text(&fail.cause, "CausePath")?;
    Ok(Done::Failed(StateError { error, cause }))
}

/// `ErrorPath` and `CausePath`, or an expression: the value must be a string.
fn computed_text(
    scene: &Scene<'_>,
    language: QueryLanguage,
    expression: &Expression,
    field: &str,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<Arc<str>, EvalError> {
    let value = match (scene.evaluate(expression, input.json(), random), expression) {
        (Err(_), Expression::Path(path)) if language == QueryLanguage::JsonPath => {
            return Err(EvalError::runtime(format!(
                "The JSONPath '{}' specified for the field '{field}' could not be found in the \
                 input '{}'",
                path.as_str(),
                input.text()
            )));
        }
        (value, _) => value?,
    };
    match (value, expression) {
        (value, Expression::Jsonata(expression)) => computed::text(expression, value),
        (Json::String(text), _) => Ok(text),
        (other, _) => Err(EvalError::runtime(format!(
            "The {field} parameter does not reference a string value: {other}"
        ))),
    }
}
