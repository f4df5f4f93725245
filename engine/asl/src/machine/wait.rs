//! The Wait state: until when, in its four forms.
//!
//! Source of the texts: recorded executions.

use super::{
    Command, Timer, computed,
    context::Extra,
    data::Scene,
    execution::{ThreadId, Visit},
    history::Note,
    step::{Halt, Stepper},
};
use crate::{
    definition::{Kind, State, StateType, Wait, wait::Until},
    json::Json,
    payload::Payload,
    query::{EvalError, Expression, Random},
    time::Timestamp,
};

/// The longest wait: a year, as long as an execution may live.
const SECONDS_MAX: i64 = 31_622_400;

/// What `Seconds` may be. Source: developer guide, "Wait workflow state".
const SECONDS_WRITTEN_MAX: u64 = 99_999_999;

impl Stepper<'_> {
    pub(super) fn start_wait(
        &mut self,
        thread: ThreadId,
        state: &State,
        wait: &Wait,
        visit: &Visit,
    ) -> Result<(), Halt> {
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Wait,
            Extra::default(),
        )?;
        // A wait that a redrive begins again waits its whole time.
        let since = self.execution.redriven_at;
        let since = since.map_or(visit.entered_at, |at| at.max(visit.entered_at));
        let until = scene
            .select(&state.data.input, &visit.input, self.random)
            .and_then(|input| until(wait, &scene, &input, since, self.random));
        drop(scene);
        match until {
            Ok(until) if until <= self.at => self.end_wait(thread, state, visit),
            Ok(until) => {
                self.note(Note::Waiting { thread, until })?;
                self.command(Command::SetTimer {
                    timer: Timer::Wait(visit.entered),
                    due: until,
                });
                Ok(())
            }
            Err(error) => self.fail_evaluation(thread, state, visit, &error),
        }
    }

    /// The time has come.
    pub(super) fn end_wait(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
    ) -> Result<(), Halt> {
        let Kind::Wait(wait) = &state.kind else {
            return Err(super::Fault::new("a state that is no Wait state waits").into());
        };
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Wait,
            Extra::default(),
        )?;
        let data = &state.data;
        let passed = scene
            .select(&data.input, &visit.input, self.random)
            .and_then(|input| {
                let (assign, output) = (data.assign.as_ref(), data.output.as_ref());
                scene.passed(state, &input, assign, output, self.random)
            });
        drop(scene);
        match passed {
            Ok(leaving) => self.leave_to(thread, state, visit, leaving, &wait.then),
            Err(error) => self.fail_evaluation(thread, state, visit, &error),
        }
    }
}

pub(super) fn until(
    wait: &Wait,
    scene: &Scene<'_>,
    input: &Payload,
    entered_at: Timestamp,
    random: &mut dyn Random,
) -> Result<Timestamp, EvalError> {
    let seconds =
        match &wait.until {
            Until::Seconds(seconds) => i64::try_from(*seconds).unwrap_or(i64::MAX),
            Until::SecondsComputed(expression) => {
                let name = expression_text(expression);
                let value = scene
                    .evaluate(expression, input.json(), random)
                    .map_err(|error| missing("SecondsPath", &name, error))?;
                if let Expression::Jsonata(expression) = expression {
                    let seconds = computed::whole(expression, &value, 0..=SECONDS_WRITTEN_MAX)?;
                    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                    return bounded(entered_at.plus_seconds(seconds), entered_at);
                }
                let seconds = value.as_number().and_then(crate::json::Number::as_i64);
                let seconds = seconds.ok_or_else(|| {
                    EvalError::runtime(format!(
                        "The SecondsPath parameter cannot be parsed as a long value: {name} == {}",
                        plain(&value)
                    ))
                })?;
                if seconds < 0 {
                    return Err(EvalError::runtime(format!(
                        "The SecondsPath parameter references a negative value: {name} == {seconds}"
                    )));
                }
                seconds
            }
            Until::Timestamp(at) => return bounded(*at, entered_at),
            Until::TimestampComputed(expression) => {
                let name = expression_text(expression);
                let value = scene
                    .evaluate(expression, input.json(), random)
                    .map_err(|error| missing("TimestampPath", &name, error))?;
                if let Expression::Jsonata(expression) = expression {
                    return bounded(computed::timestamp(expression, value)?, entered_at);
                }
                let at = value.as_str().and_then(Timestamp::parse_rfc3339).ok_or_else(|| {
                EvalError::runtime(format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended \
                     offset date-time format string: {name} == {}",
                    plain(&value)
                ))
            })?;
                return bounded(at, entered_at);
            }
        };
    bounded(entered_at.plus_seconds(seconds), entered_at)
}

fn bounded(until: Timestamp, entered_at: Timestamp) -> Result<Timestamp, EvalError> {
    if until > entered_at.plus_seconds(SECONDS_MAX) {
        return Err(EvalError::runtime("Wait state delay is too long."));
    }
    Ok(until)
}

/// A path without a value has its own text here.
fn missing(field: &str, name: &str, error: EvalError) -> EvalError {
    if error.error == crate::error::names::RUNTIME {
        EvalError::runtime(format!(
            "The {field} parameter does not reference an input value: {name}"
        ))
    } else {
        error
    }
}

fn expression_text(expression: &Expression) -> String {
    match expression {
        Expression::Path(path) => path.as_str().to_owned(),
        Expression::Intrinsic(_) | Expression::Jsonata(_) => String::new(),
    }
}

/// A value as messages show it: a string without its quotes.
fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_text(), str::to_owned)
}
