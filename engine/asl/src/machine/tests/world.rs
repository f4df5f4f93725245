//! A world for one execution: it carries out commands, keeps the journal, and checks the laws.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    Definition, Json, Payload, StateError, Timestamp,
    diagnose::{self, MachineType},
    machine::{
        Command, Execution, Fault, Identity, Input, Limits, Outcome, Step, Surroundings, Timer,
        advance, fold,
        history::{
            Event,
            journal::{self, Reader},
        },
        redrive::{Salvage, redrive},
    },
    query::Random,
};

/// A generator whose numbers follow from its seed (splitmix64).
pub(super) struct Seeded(pub(super) u64);

impl Random for Seeded {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// What a function does at each of its calls; the last answer repeats.
pub(super) type Answers = VecDeque<Result<Json, StateError>>;

pub(super) struct World {
    pub(super) execution: Execution,
    pub(super) now: Timestamp,
    pub(super) random: Seeded,
    pub(super) limits: Limits,
    /// By function name, or by `SERVICE:ACTION` for the rest.
    pub(super) functions: HashMap<String, Answers>,
    pub(super) rows: Vec<(u64, String)>,
    pub(super) events: Vec<Event>,
    timers: BTreeSet<(Timestamp, Timer)>,
    inputs: VecDeque<Input>,
    pub(super) invoked: Vec<String>,
    /// How each Map Run ends.
    pub(super) map_runs: Answers,
    pub(super) stopped: Vec<[u8; 16]>,
}

/// An execution that is started in November 2023.
pub(super) fn identity() -> Arc<Identity> {
    Arc::new(Identity {
        id: *b"an execution's i",
        arn: Arc::from("arn:aws:states:us-east-1:000000000000:execution:m:e"),
        name: Arc::from("e"),
        machine_arn: Arc::from("arn:aws:states:us-east-1:000000000000:stateMachine:m"),
        machine_name: Arc::from("m"),
        role_arn: Arc::from("arn:aws:iam::000000000000:role/r"),
        started_at: Timestamp::from_millis(1_700_000_000_000),
    })
}

pub(super) fn definition(source: &Json) -> Arc<Definition> {
    let (definition, problems) = diagnose::parse(&source.to_text(), MachineType::Standard);
    Arc::new(definition.unwrap_or_else(|| panic!("the definition is valid, but: {problems:?}")))
}

pub(super) fn json(text: &str) -> Json {
    crate::json::parse(text).expect("is JSON")
}

impl World {
    pub(super) fn new(source: &Json, seed: u64) -> Self {
        Self::of(definition(source), seed)
    }

    pub(super) fn of(definition: Arc<Definition>, seed: u64) -> Self {
        let identity = identity();
        let now = identity.started_at;
        Self {
            execution: Execution::new(identity, definition),
            now,
            random: Seeded(seed),
            limits: Limits::default(),
            functions: HashMap::new(),
            rows: Vec::new(),
            events: Vec::new(),
            timers: BTreeSet::new(),
            inputs: VecDeque::new(),
            invoked: Vec::new(),
            map_runs: VecDeque::new(),
            stopped: Vec::new(),
        }
    }

    pub(super) fn answers(mut self, function: &str, answers: &[Result<&str, &str>]) -> Self {
        let answers = answers.iter().map(|answer| match answer {
            Ok(text) => Ok(json(text)),
            Err(error) => Err(StateError::new(error, "because")),
        });
        self.functions
            .insert(function.to_owned(), answers.collect());
        self
    }

    /// Runs from the start until nothing is left to do but to wait for the test.
    pub(super) fn run(&mut self, input: &Json) -> Option<Outcome> {
        self.feed(Input::Start {
            input: Payload::from(input.clone()),
        });
        self.settle();
        self.execution.outcome.clone()
    }

    /// Works off inputs, then lets time pass to the next timer, until both are used up.
    pub(super) fn settle(&mut self) {
        while self.turn() {}
    }

    /// Lets the next thing happen; false where there is none.
    pub(super) fn turn(&mut self) -> bool {
        if let Some(input) = self.inputs.pop_front() {
            self.feed(input);
        } else if let Some((due, timer)) = self.timers.pop_first() {
            self.now = self.now.max(due);
            self.feed(Input::TimerFired(timer));
        } else {
            return false;
        }
        true
    }

    /// Redrives the execution as another process would, from its rows; false where it cannot be.
    pub(super) fn redrive(&mut self) -> bool {
        let identity = Arc::clone(&self.execution.identity);
        let mut salvage = Salvage::new(identity, Arc::clone(&self.execution.definition));
        let mut reader = Reader::default();
        for (number, body) in &self.rows {
            let entries = reader.read(*number, journal::FORMAT, body);
            let entries = entries.expect("a row can be read");
            salvage
                .fold(*number, &entries)
                .expect("a row can be folded");
        }
        let Some((closed, remains)) = salvage.finish() else {
            return false;
        };
        assert_eq!(closed, self.execution, "salvage folds as the fold does");
        // What another process knows of payloads, it knows from the rows.
        self.execution = closed;
        let around = Surroundings {
            now: self.now,
            random: &mut self.random,
            limits: &self.limits,
        };
        let step = redrive(&mut self.execution, around, remains).expect("no invariant is broken");
        if step.is_empty() {
            return false;
        }
        self.check(&step);
        self.carry_out(step.commands);
        true
    }

    /// Takes an input in without carrying out what it asks for.
    pub(super) fn step(&mut self, input: Input) -> Step {
        let step = self.advance(input).expect("no invariant is broken");
        self.check(&step);
        step
    }

    pub(super) fn feed(&mut self, input: Input) {
        let step = self.step(input);
        self.carry_out(step.commands);
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Invoke(call) => {
                    let name = match &*call.callee {
                        super::super::history::Callee::Lambda { arn } => {
                            arn.rsplit(':').next().unwrap_or_default().to_owned()
                        }
                        super::super::history::Callee::Activity { arn } => arn.to_string(),
                        super::super::history::Callee::Service {
                            resource_type,
                            resource,
                        } => {
                            let action = resource.split('.').next().unwrap_or_default();
                            format!("{resource_type}:{action}")
                        }
                    };
                    self.invoked.push(name.clone());
                    let attempt = call.attempt;
                    let Some(answers) = self.functions.get_mut(&name) else {
                        // Nobody answers: the task hangs.
                        continue;
                    };
                    let answer = match answers.len() {
                        1 => answers.front().cloned(),
                        _ => answers.pop_front(),
                    };
                    match answer {
                        Some(Ok(output)) => self.inputs.push_back(Input::TaskSucceeded {
                            attempt,
                            output: Payload::from(output),
                        }),
                        Some(Err(error)) => {
                            self.inputs.push_back(Input::TaskFailed { attempt, error });
                        }
                        None => {}
                    }
                }
                Command::SetTimer { timer, due } => {
                    self.timers.insert((due, timer));
                }
                Command::Continue => self.inputs.push_back(Input::Continue),
                Command::StartMapRun(run) => {
                    let attempt = run.attempt;
                    self.inputs.push_back(match self.map_runs.pop_front() {
                        Some(Ok(output)) => Input::TaskSucceeded {
                            attempt,
                            output: Payload::from(output),
                        },
                        Some(Err(error)) => Input::TaskFailed { attempt, error },
                        // It runs for ever.
                        None => continue,
                    });
                }
                Command::StopMapRun { id } => self.stopped.push(id),
                Command::Offer(_) | Command::Cancel { .. } | Command::Closed(_) => {}
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a simulation owns its execution")]
    fn advance(&mut self, input: Input) -> Result<Step, Fault> {
        let around = Surroundings {
            now: self.now,
            random: &mut self.random,
            limits: &self.limits,
        };
        advance(&mut self.execution, around, input)
    }

    /// Writes the step, and folds the whole journal as another process would.
    fn check(&mut self, step: &Step) {
        if step.is_empty() {
            return;
        }
        self.rows
            .push((step.number, journal::encode(step.number, &step.entries)));
        self.events.extend(step.events().cloned());
        // Folding all after each step is quadratic: long runs are folded now and then, and at the end.
        if self.rows.len() < 40 || self.rows.len().is_multiple_of(50) || self.execution.is_closed()
        {
            assert_eq!(
                self.folded(),
                self.execution,
                "folding gives the live value"
            );
        }
        for (index, event) in self
            .events
            .iter()
            .enumerate()
            .skip(self.events.len().saturating_sub(600))
        {
            assert_eq!(event.id, index as u64 + 1, "event numbers have no gap");
            assert!(event.previous < event.id, "a cause comes before its effect");
        }
        let terminal = self
            .events
            .iter()
            .filter(|event| event.detail.is_terminal())
            .count();
        let redrives = usize::try_from(self.execution.redrive_count).expect("a number");
        assert_eq!(
            terminal,
            usize::from(self.execution.is_closed()) + redrives,
            "one terminal event, and one before each redrive"
        );
    }

    /// The execution as its rows tell it.
    pub(super) fn folded(&self) -> Execution {
        let identity = Arc::clone(&self.execution.identity);
        let mut folded = Execution::new(identity, Arc::clone(&self.execution.definition));
        let mut reader = Reader::default();
        for (number, body) in &self.rows {
            let entries = reader
                .read(*number, journal::FORMAT, body)
                .expect("a row can be read");
            fold(&mut folded, *number, &entries).expect("a row can be folded");
        }
        folded
    }

    /// The history in short: `3<2:PassStateExited`.
    pub(super) fn history(&self) -> Vec<String> {
        let short = |event: &Event| {
            format!(
                "{}<{}:{}",
                event.id,
                event.previous,
                event.detail.type_name()
            )
        };
        self.events.iter().map(short).collect()
    }
}
