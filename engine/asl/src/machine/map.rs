//! The Map state, inline: its items, how many run at once, and how many may fail.
//!
//! Source of the texts: recorded executions.

use std::sync::Arc;

use super::{
    computed,
    context::{Extra, Item},
    data::Scene,
    execution::{Position, ThreadId, Visit},
    history::{Detail, MapPolicy},
    leave::too_large,
    step::{Halt, Stepper},
};
use crate::{
    Json,
    definition::{Kind, Map, Setting, State, StateType, map::Items, map::Mode},
    error::{StateError, names},
    payload::Payload,
    query::{EvalError, Expression, Random},
};

/// A Map about to start.
struct Plan {
    items: Payload,
    arguments: Payload,
    length: u64,
    policy: MapPolicy,
}

impl Stepper<'_> {
    pub(super) fn start_items(
        &mut self,
        thread: ThreadId,
        state: &State,
        map: &Map,
        visit: &Visit,
    ) -> Result<(), Halt> {
        if let Mode::Distributed(distributed) = &map.mode {
            return self.start_map_run(thread, state, map, distributed, visit);
        }
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Map,
            Extra::default(),
        )?;
        let plan = plan(
            &scene,
            state,
            map,
            visit,
            self.limits.concurrency_max,
            self.random,
        );
        drop(scene);
        match plan {
            Ok(Plan {
                items,
                arguments,
                length,
                policy,
            }) => {
                let previous = self.execution.thread(thread)?.last_event;
                self.emit(
                    thread,
                    previous,
                    Detail::MapStarted {
                        length,
                        items,
                        arguments,
                        policy,
                    },
                )?;
                Ok(())
            }
            Err(error) => self.fail_to_start(thread, state, visit, &error),
        }
    }

    pub(super) fn fail_to_start(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
        error: &EvalError,
    ) -> Result<(), Halt> {
        self.fail_evaluation(thread, state, visit, error)?;
        // Recorded: after an EvaluationFailed of its own fields, a Map fails by name as well.
        let position = self.execution.threads.get(&thread).map(|it| &it.position);
        match position {
            Some(Position::Failing { error, .. }) => {
                let error = error.clone();
                self.fail_map(thread, error)
            }
            _ => Ok(()),
        }
    }

    /// Tells of iterations that have ended, starts those for which there is room, and closes the
    /// Map when none is left.
    pub(super) fn run_items(
        &mut self,
        thread: ThreadId,
        state: &State,
        visit: &Visit,
    ) -> Result<(), Halt> {
        let Kind::Map(map) = &state.kind else {
            return Err(super::Fault::new("a state that is no Map has items").into());
        };
        let Position::Items { items, .. } = &self.execution.thread(thread)?.position else {
            return Err(super::Fault::new("a Map that runs has no items").into());
        };
        let name = Arc::clone(&visit.state);
        if let Some(ended) = items.ended.front() {
            let (index, previous) = (ended.index, ended.last_event);
            self.emit(thread, previous, Detail::IterationSucceeded { name, index })?;
            return Ok(());
        }
        let has_room = (items.running.len() as u64) < items.policy.concurrency;
        if let (true, Some((index, again))) = (has_room, items.again.first_key_value()) {
            let (index, cause) = (*index, items.cause);
            let own = again.threads.get(&again.thread);
            let input = own.and_then(|thread| thread.position.input().cloned());
            let input = input.unwrap_or_else(|| items.arguments.clone());
            self.emit(
                thread,
                cause,
                Detail::IterationStarted { name, index, input },
            )?;
            return Ok(());
        }
        if has_room && items.next < items.length {
            let (index, cause) = (items.next, items.cause);
            let (all, arguments) = (items.items.clone(), items.arguments.clone());
            return match self.item_input(thread, map, visit, &all, &arguments, index)? {
                Ok(input) if input.bytes_within(self.limits.payload_bytes_max).is_none() => {
                    self.fail_map(thread, too_large(&name))
                }
                Ok(input) => {
                    self.emit(
                        thread,
                        cause,
                        Detail::IterationStarted { name, index, input },
                    )?;
                    Ok(())
                }
                Err(error) => {
                    let failed = super::failure::framed(visit, &error);
                    if error.error == names::QUERY_EVALUATION_ERROR {
                        // Before the event, after which the Map has no iterations any more.
                        self.abort_iterations(thread)?;
                        self.fail_evaluation(thread, state, visit, &error)?;
                    }
                    self.fail_map(thread, failed)
                }
            };
        }
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(thread, previous, Detail::MapSucceeded)?;
        Ok(())
    }

    fn item_input(
        &mut self,
        thread: ThreadId,
        map: &Map,
        visit: &Visit,
        items: &Payload,
        arguments: &Payload,
        index: u64,
    ) -> Result<Result<Payload, EvalError>, Halt> {
        let item = Item::of(items.json(), index)
            .ok_or_else(|| super::Fault::new(format!("there is no item {index}")))?;
        let Some(selector) = &map.item_selector else {
            return Ok(Ok(Payload::from(item.value)));
        };
        let extra = Extra {
            token: None,
            item: Some(item),
        };
        let scene = Scene::new(
            self.execution,
            self.at,
            thread,
            visit,
            StateType::Map,
            extra,
        )?;
        Ok(scene.render(selector, "ItemSelector", arguments.json(), self.random))
    }

    /// An iteration failed: the Map fails with it, unless it tolerates as much.
    pub(super) fn weigh_failures(
        &mut self,
        thread: ThreadId,
        error: &StateError,
    ) -> Result<(), Halt> {
        let Position::Items { items, .. } = &self.execution.thread(thread)?.position else {
            return Err(super::Fault::new("a Map that runs has no items").into());
        };
        let policy = items.policy;
        if policy.tolerated_count.is_none() && policy.tolerated_percentage.is_none() {
            return self.fail_map(thread, error.clone());
        }
        let too_many = policy
            .tolerated_count
            .is_some_and(|count| items.failures > count)
            || policy
                .tolerated_percentage
                .is_some_and(|limit| percentage(items.failures, items.length) > limit);
        if !too_many {
            return Ok(());
        }
        let cause = "The specified tolerated failure threshold was exceeded";
        let error = StateError::new(names::EXCEED_TOLERATED_FAILURE_THRESHOLD, cause);
        self.fail_map(thread, error)
    }

    pub(super) fn fail_map(&mut self, thread: ThreadId, error: StateError) -> Result<(), Halt> {
        self.abort_iterations(thread)?;
        let previous = self.execution.thread(thread)?.last_event;
        self.emit(thread, previous, Detail::MapFailed { error })?;
        Ok(())
    }

    fn abort_iterations(&mut self, thread: ThreadId) -> Result<(), Halt> {
        let name = self.execution.thread(thread)?.position.state().cloned();
        let name = name.unwrap_or_else(|| Arc::from(""));
        for child in self.children(thread)? {
            let origin = self.execution.thread(child)?.origin.clone();
            let previous = self.execution.thread(child)?.last_event;
            self.abort(child)?;
            if let super::execution::Origin::Iteration { index, .. } = origin {
                let name = Arc::clone(&name);
                self.emit(thread, previous, Detail::IterationAborted { name, index })?;
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a Map has far fewer than 2^52 items"
)]
pub(super) fn percentage(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn plan(
    scene: &Scene<'_>,
    state: &State,
    map: &Map,
    visit: &Visit,
    concurrency_max: u64,
    random: &mut dyn Random,
) -> Result<Plan, EvalError> {
    let input = scene.select(&state.data.input, &visit.input, random)?;
    let (items, length) = items(scene, &map.items, &input, random)?;
    let mut policy = policy(scene, map, &input, random)?;
    if policy.concurrency == 0 {
        policy.concurrency = concurrency_max;
    }
    policy.concurrency = policy.concurrency.min(concurrency_max).max(1);
    Ok(Plan {
        items,
        arguments: input,
        length,
        policy,
    })
}

/// What the fields ask for; a concurrency of 0 is no bound.
pub(super) fn policy(
    scene: &Scene<'_>,
    map: &Map,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<MapPolicy, EvalError> {
    let concurrency = match &map.concurrency_max {
        None => 0,
        Some(setting) => whole(scene, setting, "MaxConcurrency", input, random)?,
    };
    let tolerated_count = match &map.tolerated_failure_count {
        None => None,
        Some(setting) => Some(whole(
            scene,
            setting,
            "ToleratedFailureCount",
            input,
            random,
        )?),
    };
    let tolerated_percentage = match &map.tolerated_failure_percentage {
        None => None,
        Some(setting) => Some(tolerated(scene, setting, input, random)?),
    };
    Ok(MapPolicy {
        concurrency,
        tolerated_count,
        tolerated_percentage,
    })
}

pub(super) fn items(
    scene: &Scene<'_>,
    source: &Items,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<(Payload, u64), EvalError> {
    let (items, is_explicit) = match source {
        Items::Input => (input.clone(), false),
        Items::Path(path) => (
            Payload::from(path.select(&scene.env(input.json(), random))?),
            true,
        ),
        Items::Template(template) => (scene.render(template, "Items", input.json(), random)?, true),
    };
    match items.json() {
        Json::Array(list) => {
            let length = list.len() as u64;
            Ok((items, length))
        }
        Json::Object(members) if is_explicit => {
            let length = members.len() as u64;
            Ok((items, length))
        }
        other => Err(EvalError::runtime(match source {
            Items::Template(template)
                if let Some(Expression::Jsonata(expression)) = template.as_expression() =>
            {
                return Err(expression.unexpected("array", other));
            }
            Items::Path(path) => {
                format!("Reference path \"{}\" must point to array.", path.as_str())
            }
            Items::Input | Items::Template(_) => {
                format!("Map state input must be an array but was: {}", items.text())
            }
        })),
    }
}

pub(super) fn whole(
    scene: &Scene<'_>,
    setting: &Setting<u64>,
    field: &str,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<u64, EvalError> {
    let expression = match setting {
        Setting::Fixed(value) => return Ok(*value),
        Setting::Computed(expression) => expression,
    };
    let value = scene.evaluate(expression, input.json(), random)?;
    if let Expression::Jsonata(expression) = expression {
        return computed::whole(expression, &value, 0..=u64::MAX);
    }
    let number = value.as_number().and_then(crate::json::Number::as_whole);
    number
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| not_a(field, "integer", &value, expression))
}

pub(super) fn tolerated(
    scene: &Scene<'_>,
    setting: &Setting<f64>,
    input: &Payload,
    random: &mut dyn Random,
) -> Result<f64, EvalError> {
    let value = match setting {
        Setting::Fixed(value) => *value,
        Setting::Computed(expression) => {
            let value = scene.evaluate(expression, input.json(), random)?;
            if let Expression::Jsonata(expression) = expression {
                return computed::percentage(expression, &value);
            }
            let Some(number) = value.as_number() else {
                return Err(not_a(
                    "ToleratedFailurePercentage",
                    "float",
                    &value,
                    expression,
                ));
            };
            number.as_f64()
        }
    };
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err(EvalError::runtime(
            "ToleratedFailurePercentage must be between 0 and 100.",
        ))
    }
}

fn not_a(field: &str, kind: &str, value: &Json, expression: &Expression) -> EvalError {
    let path = match expression {
        Expression::Path(path) => path.as_str(),
        Expression::Intrinsic(_) | Expression::Jsonata(_) => "",
    };
    EvalError::runtime(format!(
        "The {field}Path field refers to value {value} which is not a valid {kind}: {path}"
    ))
}
