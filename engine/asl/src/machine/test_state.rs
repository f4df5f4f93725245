//! Testing one state by itself: what TestState does, without a state machine or an execution.
//!
//! The state passes through the same functions as in an execution, and every stage of its data is kept.
//! A task's call is made by the caller, between [`begin`] and [`end`]; a mock stands in for it. Iterations
//! and branches do not run: a Map or Parallel needs a mock.
//!
//! Source: "Using `TestState` API to test a state" in the developer guide and the service model. Where
//! they say nothing: a Wait is evaluated and not waited for.

mod context;
mod map;
mod subject;

use std::{rc::Rc, sync::Arc};

pub use subject::Subject;

use super::{
    Identity, Invocation, Limits,
    data::{Assigned, Scene, assigned, combine},
    execution::Visit,
    failure::{catchers, delay_micros, framed, retriers, takes},
    leave::too_large,
    simple, task, wait,
};
use crate::{
    definition::{Kind, QueryLanguage, State, StateType, Task, Transition, resource::Pattern},
    error::{StateError, names},
    json::{Json, Object},
    payload::Payload,
    query::{Context, Cost, EvalError, Random, Variables},
    time::Timestamp,
};

/// The number of the StateEntered event that causes name: the first after ExecutionStarted.
const ENTERED: u64 = 2;

/// A state with all that it is tested with.
#[derive(Debug)]
pub struct Test<'a> {
    pub subject: &'a Subject,
    pub input: Payload,
    pub variables: Variables,
    /// The whole context object; made up where absent.
    pub context: Option<Json>,
    pub mock: Option<Mock>,
    pub configuration: Configuration,
    pub identity: Arc<Identity>,
    pub now: Timestamp,
    pub limits: &'a Limits,
}

/// What stands in for a state's work.
#[derive(Clone, Debug, PartialEq)]
pub enum Mock {
    Result(Payload),
    Error(StateError),
}

#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// How often the retrier that takes the error has tried before.
    pub retrier_retry_count: u64,
    /// The state within a Map or Parallel that a mocked error comes from. `States.TaskFailed` takes it
    /// where that is a Task, or where none is named.
    pub error_caused_by: Option<Arc<str>>,
    /// Iterations of a Map that failed.
    pub iteration_failures: Option<u64>,
    /// What an `ItemReader` read.
    pub reader_data: Option<ReaderData>,
}

/// What an `ItemReader` read, as its source has it.
#[derive(Clone, Debug)]
pub struct ReaderData {
    pub text: Arc<str>,
    pub read: ReadItems,
}

/// Makes items of what was read, by the `ReaderConfig`: an array or an object, and of a JSON
/// document the whole of it. What the bytes of a file mean is not known here.
///
/// # Errors
/// The cause of `States.ItemReaderFailed`.
pub type ReadItems = fn(config: &Json, text: &str) -> Result<Json, String>;

/// How a state begins.
#[derive(Debug)]
pub enum Begun {
    Ended(Report),
    /// A task to be called; what comes of it goes to [`end`].
    Called(Box<Pending>),
}

/// A task whose call is under way.
#[derive(Debug)]
pub struct Pending {
    pub invocation: Invocation,
    inspection: Object,
}

/// Why a state cannot be tested as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Its work takes an execution: Map, Parallel, an activity, `.sync`, `.waitForTaskToken`.
    NeedsMock,
    /// It has no work that a mock could stand in for.
    TakesNoMock(StateType),
    /// More iterations are said to have failed than there are items.
    TooManyFailures { failures: u64, items: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Succeeded,
    Failed,
    Retriable,
    CaughtError,
}

impl Status {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Retriable => "RETRIABLE",
            Self::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub status: Status,
    pub output: Option<Payload>,
    pub error: Option<StateError>,
    pub next: Option<Arc<str>>,
    /// The stages of the data, as `inspectionData` names and spells them: JSON in texts, numbers as
    /// numbers.
    pub inspection: Object,
}

/// Tests a state, up to the call of its task where there is one and no mock.
pub fn begin(test: &Test<'_>, random: &mut dyn Random) -> Result<Begun, Unfit> {
    let state = test.subject.state();
    let mut run = Run::new(test, Object::new());
    run.put("input", &test.input);
    let report = match (&state.kind, &test.mock) {
        (Kind::Task(task), mock) => {
            let is_waited_for = match task::callee(&task.resource) {
                super::history::Callee::Activity { .. } => true,
                callee => callee.pattern() != Pattern::RequestResponse,
            };
            if mock.is_none() && is_waited_for {
                return Err(Unfit::NeedsMock);
            }
            match run.call(task, random) {
                Err(error) => run.fail(error, random),
                Ok(invocation) => match mock {
                    None => {
                        let inspection = run.inspection;
                        return Ok(Begun::Called(Box::new(Pending {
                            invocation,
                            inspection,
                        })));
                    }
                    Some(mock) => run.returned(mock.clone(), random),
                },
            }
        }
        (Kind::Map(map), Some(mock)) => run.map(map, mock, random)?,
        (Kind::Parallel(_), Some(mock)) => run.parallel(mock, random),
        (Kind::Map(_) | Kind::Parallel(_), None) => return Err(Unfit::NeedsMock),
        (kind, None) => run.at_once(kind, random),
        (_, Some(_)) => return Err(Unfit::TakesNoMock(state.state_type())),
    };
    Ok(Begun::Ended(report))
}

/// Goes on with what the call of a task gave.
pub fn end(
    test: &Test<'_>,
    pending: Pending,
    result: Result<Payload, StateError>,
    random: &mut dyn Random,
) -> Report {
    let run = Run::new(test, pending.inspection);
    let result = match result {
        Ok(result) => Mock::Result(result),
        Err(error) => Mock::Error(error),
    };
    run.returned(result, random)
}

/// A test under way.
struct Run<'t> {
    test: &'t Test<'t>,
    state: &'t State,
    visit: Visit,
    inspection: Object,
    cost: Rc<Cost>,
}

/// Leaving the state: what leaves it, and where it goes.
type Left = ((Payload, Assigned), Option<Arc<str>>);

impl<'t> Run<'t> {
    fn new(test: &'t Test<'t>, inspection: Object) -> Self {
        let state = test.subject.state();
        let visit = Visit {
            state: Arc::clone(&state.name),
            entered: ENTERED,
            entered_previous: 0,
            entered_at: test.now,
            input: test.input.clone(),
            retries: Vec::new(),
        };
        Self {
            test,
            state,
            visit,
            inspection,
            cost: Rc::new(Cost::state()),
        }
    }

    fn put(&mut self, name: &str, value: &Payload) {
        self.inspection
            .insert(Arc::from(name), Json::string(value.text()));
    }

    fn is_json_path(&self) -> bool {
        self.state.language == QueryLanguage::JsonPath
    }

    /// What the state's expressions see; `item` while a Map selects one.
    fn scene(&self, item: Option<Json>) -> Scene<'t> {
        let (test, kind) = (self.test, self.state.state_type());
        let name = Arc::clone(&self.state.name);
        let retries = test.configuration.retrier_retry_count;
        let context = Context::new(move || {
            let mut context = match &test.context {
                Some(context) => context.clone(),
                None => context::made_up(test, &name, kind, retries),
            };
            if let (Some(item), Json::Object(members)) = (&item, &context) {
                let mut members = Object::clone(members);
                let map = Json::members([("Item", item.clone())]);
                members.insert(Arc::from("Map"), map);
                context = Json::object(members);
            }
            context
        });
        Scene::alone(test.now, &test.variables, context, Rc::clone(&self.cost))
    }

    /// States that need nothing from outside, and a Wait, which is not waited for.
    fn at_once(mut self, kind: &Kind, random: &mut dyn Random) -> Report {
        let left = self.leave_at_once(kind, random);
        match left {
            Ok(simple::Done::Left {
                output,
                assigned,
                to,
            }) => self.succeed((output, assigned), to, random),
            Ok(simple::Done::Failed(error)) => self.fail(error, random),
            Err(error) => {
                let error = framed(&self.visit, &error);
                self.fail(error, random)
            }
        }
    }

    fn leave_at_once(
        &mut self,
        kind: &Kind,
        random: &mut dyn Random,
    ) -> Result<simple::Done, EvalError> {
        let (scene, state) = (self.scene(None), self.state);
        let input = scene.select(&state.data.input, &self.visit.input, random)?;
        if self.is_json_path() && !matches!(kind, Kind::Fail(_)) {
            self.put("afterInputPath", &input);
        }
        match kind {
            Kind::Pass { result, then } => {
                let result = match result {
                    Some(result) => result.clone(),
                    None => scene.arguments(state, &input, random)?,
                };
                if self.is_json_path() {
                    self.put("afterParameters", &result);
                }
                let (output, assigned) = self.shape(&scene, &result, random)?;
                let to = target(then);
                Ok(simple::Done::Left {
                    output,
                    assigned,
                    to,
                })
            }
            Kind::Wait(wait) => {
                wait::until(wait, &scene, &input, self.visit.entered_at, random)?;
                let (assign, output) = (state.data.assign.as_ref(), state.data.output.as_ref());
                let (output, assigned) = scene.passed(state, &input, assign, output, random)?;
                let to = target(&wait.then);
                Ok(simple::Done::Left {
                    output,
                    assigned,
                    to,
                })
            }
            _ => simple::work(&scene, state, &self.visit, random),
        }
    }

    /// What a task is called with.
    fn call(&mut self, task: &Task, random: &mut dyn Random) -> Result<Invocation, StateError> {
        let (scene, state) = (self.scene(None), self.state);
        let planned = (|| {
            if self.is_json_path() {
                let input = scene.select(&state.data.input, &self.visit.input, random)?;
                self.put("afterInputPath", &input);
            }
            task::plan(&scene, state, task, &self.visit, random)
        })();
        let plan = planned.map_err(|error| framed(&self.visit, &error))?;
        let stage = if self.is_json_path() {
            "afterParameters"
        } else {
            "afterArguments"
        };
        self.put(stage, &plan.arguments);
        if plan.arguments.text().len() > self.test.limits.payload_bytes_max {
            return Err(too_large(&self.visit.state));
        }
        let nonce = u128::from(random.next_u64()) << 64 | u128::from(random.next_u64());
        let seconds = plan
            .timeout_seconds
            .map(|it| i64::try_from(it).unwrap_or(i64::MAX));
        Ok(Invocation {
            attempt: ENTERED + 1,
            entered: ENTERED,
            retry_count: 0,
            state: Arc::clone(&self.visit.state),
            callee: Arc::new(task::callee(&task.resource)),
            arguments: plan.arguments,
            timeout_at: seconds.map(|seconds| self.test.now.plus_seconds(seconds)),
            heartbeat_seconds: plan.heartbeat_seconds,
            role_arn: plan.role_arn,
            nonce,
            is_submitted: false,
        })
    }

    fn parallel(mut self, mock: &Mock, random: &mut dyn Random) -> Report {
        let (scene, state) = (self.scene(None), self.state);
        let arguments = scene
            .select(&state.data.input, &self.visit.input, random)
            .and_then(|input| {
                if self.is_json_path() {
                    self.put("afterInputPath", &input);
                }
                scene.arguments(state, &input, random)
            });
        drop(scene);
        match arguments {
            Ok(arguments) => {
                let stage = if self.is_json_path() {
                    "afterParameters"
                } else {
                    "afterArguments"
                };
                self.put(stage, &arguments);
                self.returned(mock.clone(), random)
            }
            Err(error) => {
                let error = framed(&self.visit, &error);
                self.fail(error, random)
            }
        }
    }

    /// The state's work has come to its end.
    fn returned(mut self, result: Mock, random: &mut dyn Random) -> Report {
        let result = match result {
            Mock::Error(error) => {
                let is_of_task = self.is_of_task();
                return self.fail_of(error, is_of_task, random);
            }
            Mock::Result(result) => result,
        };
        self.put("result", &result);
        if result.text().len() > self.test.limits.payload_bytes_max {
            let error = too_large(&self.visit.state);
            return self.fail(error, random);
        }
        let then = match &self.state.kind {
            Kind::Task(task) => target(&task.then),
            Kind::Parallel(parallel) => target(&parallel.then),
            Kind::Map(map) => target(&map.then),
            Kind::Pass { .. } | Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => {
                None
            }
        };
        let scene = self.scene(None);
        let left: Result<Left, EvalError> = self
            .shape(&scene, &result, random)
            .map(|leaving| (leaving, then));
        drop(scene);
        match left {
            Ok((leaving, to)) => self.succeed(leaving, to, random),
            Err(error) => {
                let error = framed(&self.visit, &error);
                self.fail(error, random)
            }
        }
    }

    /// From the result to the output, as [`Scene::outcome`] does it, stage by stage.
    fn shape(
        &mut self,
        scene: &Scene<'_>,
        result: &Payload,
        random: &mut dyn Random,
    ) -> Result<(Payload, Assigned), EvalError> {
        let (state, data) = (self.state, &self.state.data);
        if !self.is_json_path() {
            return scene.outcome(state, &self.visit, result, random);
        }
        let result = match &data.result_selector {
            Some(template) => scene.render(template, "ResultSelector", result.json(), random)?,
            None => result.clone(),
        };
        self.put("afterResultSelector", &result);
        let variables = assigned(data.assign.as_ref(), &mut scene.env(result.json(), random))?;
        let combined = combine(&data.result_path, &self.visit.input, &result)?;
        self.put("afterResultPath", &combined);
        let output = scene.select(&data.output_path, &combined, random)?;
        Ok((output, variables))
    }

    fn succeed(
        mut self,
        leaving: (Payload, Assigned),
        next: Option<Arc<str>>,
        random: &mut dyn Random,
    ) -> Report {
        if self.is_too_large(&leaving) {
            let error = too_large(&self.visit.state);
            return self.fail(error, random);
        }
        let (output, variables) = leaving;
        self.put_variables(variables);
        Report {
            status: Status::Succeeded,
            output: Some(output),
            error: None,
            next,
            inspection: self.inspection,
        }
    }

    fn is_too_large(&self, (output, variables): &(Payload, Assigned)) -> bool {
        let bytes: usize = variables.iter().map(|(_, value)| value.text().len()).sum();
        let limits = self.test.limits;
        output.text().len() > limits.payload_bytes_max || bytes > limits.payload_bytes_max
    }

    /// The variables as they are after the state.
    fn put_variables(&mut self, changed: Assigned) {
        let mut all = self.test.variables.clone();
        all.extend(changed);
        if all.is_empty() {
            return;
        }
        let members = all.iter();
        let members = members.map(|(name, value)| (Arc::clone(name), value.json().clone()));
        let variables = Json::object(members.collect());
        self.put("variables", &Payload::from(variables));
    }

    /// The state failed: a retrier would try again, a catcher goes elsewhere, or that is how it ends.
    fn fail(self, error: StateError, random: &mut dyn Random) -> Report {
        self.fail_of(error, true, random)
    }

    /// Whether a mocked error is that of a Task.
    fn is_of_task(&self) -> bool {
        let named = self.test.configuration.error_caused_by.as_deref();
        let state = named.and_then(|name| self.test.subject.within(name));
        state.is_none_or(|state| state.state_type() == StateType::Task)
    }

    fn fail_of(mut self, error: StateError, is_of_task: bool, random: &mut dyn Random) -> Report {
        let takes = |patterns: &[Arc<str>]| {
            let mut patterns = patterns.iter();
            patterns.any(|pattern| {
                let is_for_tasks = &**pattern == names::TASK_FAILED;
                (is_of_task || !is_for_tasks) && takes(std::slice::from_ref(pattern), &error)
            })
        };
        let mut taken = retriers(self.state).iter().enumerate();
        let retrier = taken.find(|(_, retrier)| takes(&retrier.error_equals));
        let used = self.test.configuration.retrier_retry_count;
        if let Some((index, retrier)) = retrier
            && used < retrier.attempts_max
        {
            let seconds = delay_micros(retrier, used, random) / 1_000_000;
            self.put_error_details([
                ("retryIndex", Json::from(index as u64)),
                ("retryBackoffIntervalSeconds", Json::from(seconds)),
            ]);
            return self.report(Status::Retriable, Some(error), None, None);
        }
        let mut taken = catchers(self.state).iter().enumerate();
        let catcher = taken.find(|(_, catcher)| takes(&catcher.error_equals));
        let Some((index, catcher)) = catcher else {
            return self.report(Status::Failed, Some(error), None, None);
        };
        let scene = self.scene(None);
        let caught = scene.caught(self.state, &self.visit, catcher, &error, random);
        drop(scene);
        match caught {
            Ok(leaving) if self.is_too_large(&leaving) => {
                let error = too_large(&self.visit.state);
                self.report(Status::Failed, Some(error), None, None)
            }
            Ok((output, variables)) => {
                self.put_variables(variables);
                self.put_error_details([("catchIndex", Json::from(index as u64))]);
                let next = Some(Arc::clone(&catcher.next));
                self.report(Status::CaughtError, Some(error), Some(output), next)
            }
            Err(failure) => {
                let error = framed(&self.visit, &failure);
                self.report(Status::Failed, Some(error), None, None)
            }
        }
    }

    fn put_error_details<const N: usize>(&mut self, details: [(&str, Json); N]) {
        self.inspection
            .insert(Arc::from("errorDetails"), Json::members(details));
    }

    fn report(
        self,
        status: Status,
        error: Option<StateError>,
        output: Option<Payload>,
        next: Option<Arc<str>>,
    ) -> Report {
        Report {
            status,
            output,
            error,
            next,
            inspection: self.inspection,
        }
    }
}

fn target(then: &Transition) -> Option<Arc<str>> {
    match then {
        Transition::Next(name) => Some(Arc::clone(name)),
        Transition::End => None,
    }
}
