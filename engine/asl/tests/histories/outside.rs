//! The outside of recorded executions: functions that do what a case says, and for other services and
//! activities the answers that were recorded.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use asl::{
    Json, Payload, StateError, Timestamp,
    diagnose::{self, MachineType},
    machine::{
        Command, Execution, Identity, Input, Invocation, Limits, Outcome, Step, Surroundings,
        advance,
        history::{Callee, journal, wire},
    },
    query::Random,
};

use super::{read_json, text};

/// What stands for names in a case.
pub(crate) struct Names(Vec<(String, String)>);

impl Names {
    pub(crate) fn of(case: &Json) -> Self {
        let mut names = vec![
            ("{{region}}".to_owned(), "us-east-1".to_owned()),
            ("{{account}}".to_owned(), "000000000000".to_owned()),
        ];
        for number in 1..=9 {
            let role = format!("arn:aws:iam::000000000000:role/r{number}");
            names.push((format!("{{{{role.{number}}}}}"), role));
            names.push((format!("{{{{uid.{number}}}}}"), format!("abcdefg{number}")));
            for (member, resource) in [
                ("activityArn", "activity"),
                ("stateMachineArn", "stateMachine"),
            ] {
                let arn = format!("arn:aws:states:us-east-1:000000000000:{resource}:n{number}");
                names.push((format!("{{{{{number}.{member}}}}}"), arn));
            }
        }
        for function in functions(case).keys() {
            let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{function}");
            names.push((
                format!("{{{{{function}.FunctionName}}}}"),
                function.to_string(),
            ));
            names.push((format!("{{{{{function}.FunctionArn}}}}"), arn));
        }
        Self(names)
    }

    pub(crate) fn fill(&self, value: &Json) -> Json {
        let mut text = value.to_text();
        for (placeholder, name) in &self.0 {
            text = text.replace(placeholder, name);
        }
        // A definition or an input may be a text of its own.
        match read_json(&text) {
            Json::String(inner) if asl::json::parse(&inner).is_ok() => read_json(&inner),
            value => value,
        }
    }
}

fn functions(case: &Json) -> BTreeMap<Arc<str>, Json> {
    let functions = case.get("functions").and_then(Json::as_object);
    let functions = functions.into_iter().flatten();
    functions
        .map(|(name, what)| (name.clone(), what.clone()))
        .collect()
}

pub(crate) struct Run {
    pub(crate) outcome: Option<Outcome>,
    pub(crate) events: Vec<Json>,
}

pub(crate) struct Outside {
    functions: BTreeMap<Arc<str>, Json>,
    /// What activities and services other than functions were recorded to report, in order.
    reports: VecDeque<Report>,
    now: Timestamp,
    /// What is to come, in order of time and then of being asked for.
    agenda: BTreeMap<(Timestamp, u64), Input>,
    asked: u64,
}

enum Report {
    Started(Option<Arc<str>>),
    Submitted(Payload),
    Succeeded(Payload),
    Failed(StateError),
}

/// A year's numbers in a row; what is drawn is not compared.
struct Counting(u64);

impl Random for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// Shortly before the dates that recorded inputs wait for: 2026-11-23T16:00:00Z.
const BEGINNING: Timestamp = Timestamp::from_millis(1_795_449_600_000);

const TURNS_MAX: usize = 10_000;

impl Outside {
    pub(crate) fn new(case: &Json, names: &Names, recorded: &[Json]) -> Self {
        let functions = functions(case);
        let reports = if functions.is_empty() { recorded } else { &[] };
        Self {
            functions,
            reports: reports
                .iter()
                .filter_map(|event| report(&names.fill(event)))
                .collect(),
            now: BEGINNING,
            agenda: BTreeMap::new(),
            asked: 0,
        }
    }

    /// Runs an execution until it closes or nothing is to come.
    #[expect(clippy::disallowed_methods, reason = "a simulation owns its execution")]
    pub(crate) fn run(mut self, definition: &Json, input: &Json) -> Result<Run, String> {
        let (definition, found) = diagnose::parse(&definition.to_text(), MachineType::Standard);
        let definition =
            definition.ok_or_else(|| format!("the definition is invalid: {found:?}"))?;
        let mut execution = Execution::new(identity(self.now), Arc::new(definition));
        let (mut random, limits) = (Counting(0), Limits::default());
        let input = Payload::from(input.clone());
        self.expect_input(self.now, Input::Start { input });
        let mut events = Vec::new();
        for _ in 0..TURNS_MAX {
            let Some(((due, _), input)) = self.agenda.pop_first() else {
                break;
            };
            self.now = self.now.max(due);
            let around = Surroundings {
                now: self.now,
                random: &mut random,
                limits: &limits,
            };
            let step = advance(&mut execution, around, input).map_err(|fault| fault.to_string())?;
            journal::encode(step.number, &step.entries);
            events.extend(
                step.events()
                    .map(|event| wire::event(event, "us-east-1", true)),
            );
            self.carry_out(step);
        }
        Ok(Run {
            outcome: execution.outcome,
            events,
        })
    }

    fn expect_input(&mut self, due: Timestamp, input: Input) {
        self.asked += 1;
        self.agenda.insert((due, self.asked), input);
    }

    fn carry_out(&mut self, step: Step) {
        for task in step
            .opened
            .iter()
            .filter(|task| task.activity_arn.is_some())
        {
            self.report_on(task.attempt);
        }
        for command in step.commands {
            match command {
                Command::Invoke(call) => self.invoke(&call),
                Command::SetTimer { timer, due } => {
                    self.expect_input(due, Input::TimerFired(timer));
                }
                Command::Continue => self.expect_input(self.now, Input::Continue),
                Command::Offer(_)
                | Command::StartMapRun(_)
                | Command::StopMapRun { .. }
                | Command::Cancel { .. }
                | Command::Closed(_) => {}
            }
        }
    }

    fn invoke(&mut self, call: &Invocation) {
        let arguments = call.arguments.json();
        match &*call.callee {
            Callee::Lambda { arn } => {
                let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
                self.call_function(call.attempt, &name, arguments, |event| event);
            }
            Callee::Service {
                resource_type,
                resource,
            } if &**resource_type == "lambda" && &**resource == "invoke" => {
                let name = text(arguments, "FunctionName");
                let name = name.rsplit(':').next().unwrap_or_default().to_owned();
                let event = arguments.get("Payload").cloned();
                let event = event.unwrap_or_else(Json::empty_object);
                self.call_function(call.attempt, &name, &event, invoke_output);
            }
            Callee::Service { .. } | Callee::Activity { .. } => self.report_on(call.attempt),
        }
    }

    fn call_function(&mut self, attempt: u64, name: &str, event: &Json, shape: fn(Json) -> Json) {
        let function = self.functions.get(name).expect("the case has the function");
        let behaviour = function.get("behaviour").unwrap();
        let sleeps = behaviour.get("sleepsSeconds").and_then(Json::as_number);
        let sleeps = sleeps.and_then(asl::json::Number::as_i64).unwrap_or(0);
        let input = match behaviour.get("raises") {
            Some(raised) => {
                let request = Json::string("00000000-0000-0000-0000-000000000001");
                let member = |name: &str| raised.get(name).cloned().unwrap_or(Json::Null);
                let cause = Json::members([
                    ("errorMessage", member("errorMessage")),
                    ("errorType", member("errorType")),
                    ("requestId", request),
                    ("stackTrace", member("stackTrace")),
                ]);
                let error = StateError::new(text(raised, "errorType"), cause.to_text());
                Input::TaskFailed { attempt, error }
            }
            None => Input::TaskSucceeded {
                attempt,
                output: Payload::from(shape(event.clone())),
            },
        };
        self.expect_input(self.now.plus_seconds(sleeps), input);
    }

    /// The reports that were recorded, up to the one that ends the task.
    fn report_on(&mut self, attempt: u64) {
        while let Some(report) = self.reports.pop_front() {
            let (input, is_end) = match report {
                Report::Started(worker) => (Input::TaskStarted { attempt, worker }, false),
                Report::Submitted(output) => (Input::TaskSubmitted { attempt, output }, false),
                Report::Succeeded(output) => (Input::TaskSucceeded { attempt, output }, true),
                Report::Failed(error) => (Input::TaskFailed { attempt, error }, true),
            };
            self.expect_input(self.now, input);
            if is_end {
                return;
            }
        }
    }
}

/// What an event of a task says that the outside reported.
fn report(event: &Json) -> Option<Report> {
    let details = event
        .as_object()?
        .iter()
        .find_map(|(name, details)| name.ends_with("EventDetails").then_some(details))?;
    let as_text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => Arc::from(other.to_text()),
    };
    let output = || {
        let output = details.get("output")?;
        // A text that is recorded stands for itself where it is no JSON.
        Some(match output {
            Json::String(text) => {
                Payload::parse(text).unwrap_or_else(|_| Payload::from(output.clone()))
            }
            other => Payload::from(other.clone()),
        })
    };
    let error = || StateError {
        error: details.get("error").map(as_text),
        cause: details.get("cause").map(as_text),
    };
    match text(event, "type") {
        "ActivityStarted" => Some(Report::Started(details.get("workerName").map(as_text))),
        "TaskSubmitted" => output().map(Report::Submitted),
        "TaskSucceeded" | "ActivitySucceeded" => output().map(Report::Succeeded),
        "TaskFailed" | "ActivityFailed" => Some(Report::Failed(error())),
        _ => None,
    }
}

/// What `lambda:invoke` makes of a function's answer. Its headers are loose in the recordings.
fn invoke_output(payload: Json) -> Json {
    let request = Json::string("00000000-0000-0000-0000-000000000002");
    let headers = || Json::members([("Content-Type", Json::string("application/json"))]);
    Json::members([
        ("ExecutedVersion", Json::string("$LATEST")),
        ("Payload", payload),
        (
            "SdkHttpMetadata",
            Json::members([
                ("AllHttpHeaders", headers()),
                ("HttpHeaders", headers()),
                ("HttpStatusCode", Json::from(200_i64)),
            ]),
        ),
        (
            "SdkResponseMetadata",
            Json::members([("RequestId", request)]),
        ),
        ("StatusCode", Json::from(200_i64)),
    ])
}

fn identity(started_at: Timestamp) -> Arc<Identity> {
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    Arc::new(Identity {
        id: *b"an execution's i",
        arn: Arc::from("arn:aws:states:us-east-1:000000000000:execution:m:e"),
        name: Arc::from("e"),
        machine_arn: Arc::from(machine),
        machine_name: Arc::from("m"),
        role_arn: Arc::from("arn:aws:iam::000000000000:role/r1"),
        started_at,
    })
}
