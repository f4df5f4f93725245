//! One execution under trial: a world that answers the same whenever it is asked the same, that can
//! be crashed, and that checks the laws after every step.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use super::super::world::{Seeded, identity, json};
use crate::{
    Definition, Json, Payload, StateError, Timestamp,
    definition::resource::Pattern,
    machine::{
        Command, Execution, Identity, Input, Limits, Step, Surroundings, Timer, advance,
        execution::Position,
        fold,
        history::{
            Detail, Event,
            journal::{self, Reader},
        },
        redrive::{Salvage, redrive},
        resume, snapshot,
    },
    query::Random,
};

/// What is yet to happen, in the order in which it does: by time, then by kind, then by number.
type Agenda = BTreeMap<(Timestamp, Kind, u64), Input>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Continue,
    Worker,
    Submitted,
    Ended,
    ExecutionTimer,
    Wait,
    Retry,
    Timeout,
    Heartbeat,
}

/// An execution that follows the rows alone.
struct Shadow {
    execution: Execution,
    reader: Reader,
}

/// How an execution is lost and found again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Crash {
    /// After the commit: its commands are not carried out.
    AfterCommit,
    /// Before the commit: the step is lost, and its input applied again.
    BeforeCommit,
}

pub(super) struct Trial {
    pub(super) execution: Execution,
    pub(super) limits: Limits,
    pub(super) events: Vec<Event>,
    pub(super) now: Timestamp,
    identity: Arc<Identity>,
    definition: Arc<Definition>,
    random: Seeded,
    rows: Vec<(u64, String)>,
    /// The first follows from the start, the others from snapshots.
    shadows: Vec<Shadow>,
    agenda: Agenda,
    /// When an attempt was first asked for: asking again does not make it begin again.
    began: HashMap<u64, Timestamp>,
    heartbeats: HashMap<u64, Timestamp>,
    /// Decides what tasks answer.
    script: u64,
}

impl Trial {
    pub(super) fn new(definition: Arc<Definition>, limits: Limits, script: u64) -> Self {
        let identity = identity();
        let execution = Execution::new(Arc::clone(&identity), Arc::clone(&definition));
        Self {
            shadows: vec![Shadow {
                execution: execution.clone(),
                reader: Reader::default(),
            }],
            now: identity.started_at,
            execution,
            limits,
            events: Vec::new(),
            identity,
            definition,
            random: Seeded(script),
            rows: Vec::new(),
            agenda: Agenda::new(),
            began: HashMap::new(),
            heartbeats: HashMap::new(),
            script,
        }
    }

    /// Steps taken so far.
    pub(super) fn steps(&self) -> usize {
        self.rows.len()
    }

    /// Redrives the execution from its rows; false where it cannot be.
    pub(super) fn redrive(&mut self) -> bool {
        let (identity, definition) = (Arc::clone(&self.identity), Arc::clone(&self.definition));
        let mut salvage = Salvage::new(identity, definition);
        let mut reader = Reader::default();
        for (number, row) in &self.rows {
            let entries = reader.read(*number, journal::FORMAT, row);
            let entries = entries.expect("a row can be read");
            salvage
                .fold(*number, &entries)
                .expect("a row can be folded");
        }
        let Some((closed, remains)) = salvage.finish() else {
            return false;
        };
        assert_eq!(closed, self.execution, "salvage folds as the fold does");
        self.execution = closed;
        // Not when timers of no use any more happened to fire last.
        self.now = self.execution.last_at.plus_seconds(10);
        let around = Surroundings {
            now: self.now,
            random: &mut self.random,
            limits: &self.limits,
        };
        let step = redrive(&mut self.execution, around, remains).expect("no invariant is broken");
        if step.is_empty() {
            return false;
        }
        // A redrive names payloads that a snapshot need not have: only the whole journal is folded on.
        self.shadows.truncate(1);
        self.agenda.clear();
        self.keep(&step);
        self.work_in_parts_outside(&step);
        self.carry_out(step.commands);
        true
    }

    /// Lets the next thing happen; false where there is none.
    pub(super) fn turn(&mut self) -> bool {
        let Some(input) = self.next_input() else {
            return false;
        };
        self.feed(input);
        true
    }

    /// As [`Self::turn`], with a crash on the way.
    pub(super) fn crashing_turn(&mut self, crash: Crash) -> bool {
        let Some(input) = self.next_input() else {
            return false;
        };
        match crash {
            Crash::AfterCommit => {
                let step = self.advance(input);
                self.keep(&step);
                self.work_in_parts_outside(&step);
                self.wake();
            }
            Crash::BeforeCommit => {
                let random = Seeded(self.random.0);
                let step = self.advance(input.clone());
                // It was encoded, but the row never came to be.
                journal::encode(step.number, &step.entries);
                self.random = random;
                self.wake();
                self.feed(input);
            }
        }
        true
    }

    /// Something of the agenda that is not next, without time passing.
    pub(super) fn out_of_turn(&mut self, nth: usize) {
        let nth = nth % self.agenda.len().max(1);
        if let Some(input) = self.agenda.values().nth(nth).cloned() {
            self.feed(input);
        }
    }

    /// Follows the execution from a snapshot of now.
    pub(super) fn take_snapshot(&mut self) {
        let text = snapshot::encode(&self.execution);
        let mut reader = Reader::default();
        let (identity, definition) = (Arc::clone(&self.identity), Arc::clone(&self.definition));
        let execution = snapshot::decode(&text, identity, definition, &mut reader);
        let execution = execution.expect("a snapshot can be read");
        assert_eq!(
            execution, self.execution,
            "a snapshot is the execution: {text}"
        );
        assert_eq!(snapshot::encode(&execution), text);
        // Few at a time, so that runs stay quick.
        self.shadows.truncate(3);
        self.shadows.push(Shadow { execution, reader });
    }

    /// Loses the execution with all that the node knew, and wakes it from its rows.
    pub(super) fn wake(&mut self) {
        let shadow = self.shadows.last().expect("one follows from the start");
        self.execution = shadow.execution.clone();
        // Workers are outside: they know nothing of the crash.
        self.agenda.retain(|(_, kind, _), _| *kind == Kind::Worker);
        let attempts: Vec<u64> = self.open_attempts().collect();
        for attempt in attempts {
            self.promise_end(attempt);
        }
        let commands = resume(&self.execution, self.now);
        self.carry_out(commands);
    }

    /// The history without what differs from run to run.
    pub(super) fn history(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            let _ = write!(text, "{}<{} ", event.id, event.previous);
            let _ = write!(text, "{} {}: ", event.at.as_millis(), event.thread.0);
            match &event.detail {
                // Tokens are chance's.
                Detail::Scheduled(scheduled) => {
                    let _ = writeln!(text, "{} {:?}", event.detail.type_name(), scheduled.call);
                }
                detail => {
                    let _ = writeln!(text, "{} {detail:?}", event.detail.type_name());
                }
            }
        }
        text
    }

    /// Nothing is left to come: then it has closed, or waits for a task that never ends.
    pub(super) fn check_rest(&self) {
        let positions = self
            .execution
            .threads
            .values()
            .map(|thread| &thread.position);
        let waits = positions
            .into_iter()
            .any(|position| matches!(position, Position::Called { .. }));
        let is_at_rest = self.execution.runnable.is_empty();
        assert!(
            self.execution.is_closed() || (waits && is_at_rest),
            "an execution that waits for nothing goes on: {:?}",
            self.execution.threads
        );
    }

    pub(super) fn feed(&mut self, input: Input) {
        let step = self.advance(input);
        self.keep(&step);
        self.work_in_parts_outside(&step);
        self.carry_out(step.commands);
    }

    fn next_input(&mut self) -> Option<Input> {
        let ((due, ..), input) = self.agenda.pop_first()?;
        self.now = self.now.max(due);
        Some(input)
    }

    #[expect(clippy::disallowed_methods, reason = "a simulation owns its execution")]
    fn advance(&mut self, input: Input) -> Step {
        let was_closed = self.execution.is_closed();
        let before = self.execution.clone();
        let around = Surroundings {
            now: self.now,
            random: &mut self.random,
            limits: &self.limits,
        };
        let step = advance(&mut self.execution, around, input).expect("no invariant is broken");
        if step.is_empty() {
            assert_eq!(
                step,
                Step::default(),
                "without entries nothing is asked for"
            );
            assert_eq!(before, self.execution, "without entries nothing changes");
        }
        assert!(
            !was_closed || step.is_empty(),
            "a closed execution stays as it is"
        );
        step
    }

    /// The commit: the row is written, and whoever reads the rows sees the same execution.
    fn keep(&mut self, step: &Step) {
        if step.is_empty() {
            return;
        }
        let row = journal::encode(step.number, &step.entries);
        assert_eq!(journal::encode(step.number, &step.entries), row);
        for shadow in &mut self.shadows {
            let entries = shadow.reader.read(step.number, journal::FORMAT, &row);
            let entries = entries.expect("a row can be read");
            assert_eq!(entries, step.entries, "a row says what happened");
            fold(&mut shadow.execution, step.number, &entries).expect("a row can be folded");
            assert_eq!(
                shadow.execution, self.execution,
                "folding gives the live value"
            );
        }
        let was_closed = self
            .events
            .last()
            .is_some_and(|last| last.detail.is_terminal());
        let is_redrive = step
            .events()
            .next()
            .is_some_and(|event| matches!(event.detail, Detail::ExecutionRedriven { .. }));
        assert_eq!(was_closed, is_redrive, "the terminal event is the last");
        for event in step.events() {
            assert_eq!(
                event.id,
                self.events.len() as u64 + 1,
                "event numbers have no gap"
            );
            assert!(event.previous < event.id, "a cause is an earlier event");
            assert!(self.events.last().is_none_or(|last| last.at <= event.at));
            self.events.push(event.clone());
        }
        let terminal = step.events().filter(|event| event.detail.is_terminal());
        assert_eq!(terminal.count(), usize::from(self.execution.is_closed()));
        assert!(self.events.len() as u64 <= self.limits.events_max);
        self.rows.push((step.number, row));
        self.check_ends(step);
    }

    /// A task ends once.
    fn check_ends(&self, step: &Step) {
        let is_end = |event: &Event| {
            matches!(
                event.detail,
                Detail::Succeeded { .. } | Detail::Failed { .. } | Detail::TimedOut { .. }
            )
        };
        for end in step.events().filter(|event| is_end(event)) {
            let mut causes = HashSet::new();
            for event in self.events.iter().filter(|event| is_end(event)) {
                if event.thread == end.thread {
                    assert!(causes.insert(self.scheduled(event)), "a task ends once");
                }
            }
        }
    }

    /// The number of the Scheduled event that an end goes back to.
    fn scheduled(&self, end: &Event) -> u64 {
        let mut event = end;
        while !matches!(event.detail, Detail::Scheduled(_)) {
            let at = usize::try_from(event.previous).expect("a number") - 1;
            event = &self.events[at];
            assert_eq!(event.thread, end.thread, "an end follows from its own task");
        }
        event.id
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Invoke(call) => {
                    self.began.entry(call.attempt).or_insert(self.now);
                    if call.callee.pattern() != Pattern::RequestResponse && !call.is_submitted {
                        let output = Payload::from(json(r#"{"taken":true}"#));
                        let attempt = call.attempt;
                        let at = self.began[&attempt].plus_micros(200_000);
                        let input = Input::TaskSubmitted { attempt, output };
                        self.agenda.insert((at, Kind::Submitted, attempt), input);
                    }
                    self.promise_end(call.attempt);
                }
                Command::SetTimer { timer, due } => self.set_timer(timer, due),
                Command::Continue => {
                    self.agenda
                        .insert((self.now, Kind::Continue, 0), Input::Continue);
                }
                Command::Offer(_)
                | Command::StartMapRun(_)
                | Command::StopMapRun { .. }
                | Command::Cancel { .. }
                | Command::Closed(_) => {}
            }
        }
    }

    fn set_timer(&mut self, timer: Timer, due: Timestamp) {
        let (kind, number, due) = match timer {
            Timer::Execution => (Kind::ExecutionTimer, 0, due),
            Timer::Wait(number) => (Kind::Wait, number, due),
            Timer::Retry(number) => (Kind::Retry, number, due),
            Timer::Task(number) => (Kind::Timeout, number, due),
            // The grace that a woken execution grants would move the history; here nobody beats.
            Timer::Heartbeat(number) => {
                let due = *self.heartbeats.entry(number).or_insert(due);
                (Kind::Heartbeat, number, due)
            }
        };
        self.agenda
            .insert((due, kind, number), Input::TimerFired(timer));
    }

    /// Workers take the activities that a step opened.
    fn work_in_parts_outside(&mut self, step: &Step) {
        for task in &step.opened {
            if task.activity_arn.is_none() {
                continue;
            }
            self.began.insert(task.attempt, self.now);
            let mut chance = self.chance(task.attempt);
            if chance.below(8) > 0 {
                let at = self.now.plus_micros(micros(&mut chance));
                let (attempt, worker) = (task.attempt, Some(Arc::from("w")));
                let input = Input::TaskStarted { attempt, worker };
                self.agenda.insert((at, Kind::Worker, attempt), input);
            }
            self.promise_end(task.attempt);
        }
    }

    /// Attempts that the outside can end by their token.
    fn open_attempts(&self) -> impl Iterator<Item = u64> {
        let positions = self
            .execution
            .threads
            .values()
            .map(|thread| &thread.position);
        positions.filter_map(|position| match position {
            Position::Called { call, .. } if call.is_open() => Some(call.attempt),
            _ => None,
        })
    }

    /// How and when an attempt ends follows from the script and its number.
    fn promise_end(&mut self, attempt: u64) {
        let mut chance = self.chance(!attempt);
        let began = *self.began.entry(attempt).or_insert(self.now);
        let at = began.plus_micros(micros(&mut chance) * 2);
        let input = match chance.below(10) {
            0 => return,
            1..=3 => {
                let names = ["E1", "E2", "States.Timeout", "States.Runtime"];
                let at = usize::try_from(chance.below(4)).expect("a number");
                let error = StateError::new(names[at], "because");
                Input::TaskFailed { attempt, error }
            }
            4 => Input::TaskSucceeded {
                attempt,
                output: Payload::from(Json::string("long ".repeat(100))),
            },
            _ => Input::TaskSucceeded {
                attempt,
                output: Payload::from(json(&format!(r#"{{"n":{},"x":1.0}}"#, chance.below(5)))),
            },
        };
        self.agenda.insert((at, Kind::Ended, attempt), input);
    }

    fn chance(&self, number: u64) -> Seeded {
        Seeded(self.script ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// Up to three seconds, often none.
fn micros(chance: &mut Seeded) -> i64 {
    let quarters = chance.below(13).saturating_sub(3);
    i64::try_from(quarters).expect("a number") * 250_000
}
