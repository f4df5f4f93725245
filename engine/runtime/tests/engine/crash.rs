//! A crash at every commit: an execution goes on from its last commit, and its history is the same.

mod cases;
mod outside;
mod record;

use std::collections::HashMap;

use functions::fake::Fake;
use runtime::{Engine, ExecutionId, StartError};
use store::fault::{Action, Point};
use tokio::task::JoinSet;

use crate::world::{World, request};
use cases::{Case, Cases, EXECUTION};
use record::Record;

/// Executions that one crash cuts. One commit must hold them all, and it takes 256.
const WAVE: usize = 200;

/// Executions that begin at once.
const STARTS: usize = 50;

/// A commit that is to be cut: the one with that step of the case's execution or of its child.
#[derive(Clone, Copy, Debug)]
struct Target {
    case: usize,
    step: u64,
    is_child: bool,
}

/// How an execution of a case runs without a crash.
struct Straight {
    record: Record,
    steps: u64,
    /// Of the child, where there is one.
    child_steps: u64,
}

/// Cuts each execution of every case at each of its commits: before the commit, when it has happened
/// but is not known, and when it is known but nothing was done about it. All live in one database. An
/// execution is cut by holding its step back until those of others have come, so that one commit,
/// and one crash of the whole node, takes many of them; another life of the node then ends them.
///
/// Commits are counted by a straight run. Every one is cut: none is left out by size, since the
/// largest case has a few dozen steps. Of children those are cut whose parent waits for them, and of
/// several the first. Left out, by name, are executions that wait for somebody who never comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_commit_leaves_the_history_of_the_straight_run() {
    cut_everywhere(Action::Hang).await;
}

/// The same with a connection that is lost instead: the node finds out what became of the commit, and
/// goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_at_any_commit_changes_no_history() {
    cut_everywhere(Action::Disconnect).await;
}

async fn cut_everywhere(action: Action) {
    let cases = Cases::read();
    let world = World::new(cases.outside.fake.clone()).await;
    for (name, definition) in &cases.machines {
        world.machine(name, definition).await;
    }
    for activity in &cases.outside.activities {
        world.activity(activity).await;
    }
    let straight = run_straight(&world, &cases).await;
    let mut targets = Vec::new();
    for (case, straight) in straight.iter().enumerate() {
        let Some(straight) = straight else { continue };
        let own = (1..=straight.steps).map(|step| (step, false));
        let of_child = (1..=straight.child_steps).map(|step| (step, true));
        targets.extend(own.chain(of_child).map(|(step, is_child)| Target {
            case,
            step,
            is_child,
        }));
    }
    let mut cuts = 0;
    for point in [Point::BeforeCommit, Point::InDoubt, Point::AfterCommit] {
        for wave in targets.chunks(WAVE) {
            cuts += 1;
            let run = Wave {
                world: &world,
                cases: &cases,
                straight: &straight,
                point,
                action,
                number: cuts,
                targets: wave,
            };
            run.cut().await;
        }
    }
    let executions = straight.iter().flatten().count();
    eprintln!(
        "{executions} executions cut at {} commits, before, in doubt and after, {cuts} times",
        targets.len()
    );
    assert!(
        targets.len() > 50,
        "only {} commits were cut",
        targets.len()
    );
}

/// Runs every case twice to its end: what differs between the two is chance and is not compared.
async fn run_straight(world: &World, cases: &Cases) -> Vec<Option<Straight>> {
    let engine = world.node(1).await;
    let mut ids = Vec::new();
    for run in ["first", "second"] {
        let named =
            |(number, case): (usize, &Case)| (format!("{run}-{number}"), case.clone_request());
        let starts = cases.cases.iter().enumerate().map(named).collect();
        ids.push(start_all(&engine, starts).await);
    }
    run_dry(&engine, cases).await;
    let mut straight = Vec::new();
    for (number, case) in cases.cases.iter().enumerate() {
        let (first, second) = (ids[0][number], ids[1][number]);
        if engine.view(first).await.unwrap().unwrap().closed.is_none() {
            eprintln!(
                "left out, it waits for somebody who never comes: {}",
                case.title
            );
            straight.push(None);
            continue;
        }
        let one = Record::of(&engine, first, case.is_concurrent).await;
        let other = Record::of(&engine, second, case.is_concurrent).await;
        straight.push(Some(Straight {
            record: one.without_chance(&other),
            steps: last_step(world, first).await,
            child_steps: children_steps(world, &engine, first).await,
        }));
    }
    let left_out = straight.iter().filter(|it| it.is_none()).count();
    assert!(
        left_out * 20 < straight.len(),
        "{left_out} executions are left out"
    );
    engine.stop_node().await;
    straight
}

/// One crash and what comes after it.
struct Wave<'a> {
    world: &'a World,
    cases: &'a Cases,
    straight: &'a [Option<Straight>],
    point: Point,
    action: Action,
    number: usize,
    targets: &'a [Target],
}

impl Wave<'_> {
    fn case(&self, target: &Target) -> &Case {
        &self.cases.cases[target.case]
    }

    fn name(&self, index: usize) -> String {
        format!("w{}-{index}", self.number)
    }

    /// The executions to start, by name: those that are held at their start, or all others.
    fn starts(&self, is_held_at_start: bool) -> Vec<(String, (String, String))> {
        let targets = self.targets.iter().enumerate();
        let chosen = targets
            .filter(|(_, target)| (target.step == 1 && !target.is_child) == is_held_at_start);
        chosen
            .map(|(index, target)| (self.name(index), self.case(target).clone_request()))
            .collect()
    }

    async fn cut(&self) {
        let db = self.world.another_db().await;
        let doomed = self.world.node_on(db.clone(), 1).await;
        let held = self.targets.iter().enumerate().map(|(index, target)| {
            let child = if target.is_child { "/child" } else { "" };
            (format!("{}{child}", self.name(index)), target.step)
        });
        doomed.hold(held.collect());
        let mut unanswered = JoinSet::new();
        let at_start = self.starts(true);
        let held_at_start = at_start.len();
        for (name, (machine, input)) in at_start {
            let engine = doomed.clone();
            unanswered.spawn(async move { start(&engine, &name, &machine, &input).await });
        }
        while doomed.held().len() < held_at_start {
            tokio::task::yield_now().await;
        }
        start_all(&doomed, self.starts(false)).await;
        let mut released = Vec::new();
        if self.action == Action::Hang {
            run_dry(&doomed, self.cases).await;
            released = doomed.release(self.point, self.action);
            db.faults().until_cut(1).await;
        } else {
            // Those that are held go on, so no time may pass over them.
            let mut cuts = 0;
            loop {
                settle(&doomed, self.cases).await;
                let held = doomed.release(self.point, self.action);
                if !held.is_empty() {
                    cuts += 1;
                    db.faults().until_cut(cuts).await;
                } else if !doomed.skip_ahead().await.unwrap() {
                    break;
                }
                released.extend(held);
            }
        }
        if released.len() < self.targets.len() {
            self.name_the_missed(&doomed, &released).await;
        }
        let cut = db.faults().cut();
        for (id, step) in released {
            let step = i64::try_from(step).unwrap();
            assert!(
                cut.contains(&(id, step)),
                "step {step} of {id} was not in the commit"
            );
        }
        if self.action == Action::Hang {
            doomed.vanish();
            unanswered.abort_all();
            // The process is gone; its node comes back under its own id, as a restart does.
            self.go_on(&self.world.node(1).await).await;
        } else {
            unanswered.join_all().await;
            doomed.hold(HashMap::new());
            self.go_on(&doomed).await;
        }
        db.close().await;
    }

    async fn name_the_missed(&self, engine: &Engine, released: &[(ExecutionId, u64)]) {
        let mut missed = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let case = self.case(target);
            let found = engine.find(&case.machine, &self.name(index)).await.unwrap();
            if !found.is_some_and(|view| released.iter().any(|(id, _)| *id == view.facts.id)) {
                missed.push(format!("{target:?} of {}", case.title));
            }
        }
        panic!("never came to {:?}: {missed:#?}", self.point);
    }

    /// Ends what was cut, and compares it. A start whose answer never came is repeated by its caller
    /// under the same name, as any start may be.
    async fn go_on(&self, survivor: &Engine) {
        let starts = self.targets.iter().enumerate();
        let starts = starts
            .map(|(index, target)| (self.name(index), self.case(target).clone_request()))
            .collect();
        let ids = start_all(survivor, starts).await;
        run_dry(survivor, self.cases).await;
        let tokens = tokens_by_execution(&self.cases.outside.fake);
        for (target, id) in self.targets.iter().zip(ids) {
            let case = self.case(target);
            let straight = self.straight[target.case].as_ref().unwrap();
            let context = format!("{:?} of {target:?} of {}", self.point, case.title);
            let record = Record::of(survivor, id, case.is_concurrent).await;
            record.check_calls(tokens.get(&id), &context);
            record.check(&straight.record, &context);
        }
        survivor.stop_node().await;
    }
}

/// The calls of each execution by the numbers of their attempts.
fn tokens_by_execution(fake: &Fake) -> HashMap<ExecutionId, Vec<u64>> {
    let mut attempts: HashMap<ExecutionId, Vec<u64>> = HashMap::new();
    for call in fake.calls() {
        let (id, attempt) = call.token.as_str().rsplit_once('-').unwrap();
        let id = ExecutionId(id.parse().unwrap());
        attempts
            .entry(id)
            .or_default()
            .push(attempt.parse().unwrap());
    }
    attempts
}

impl Case {
    fn clone_request(&self) -> (String, String) {
        (self.machine.clone(), self.input.clone())
    }
}

async fn start(engine: &Engine, name: &str, machine: &str, input: &str) -> ExecutionId {
    let mut named = request(machine, &input.replace(EXECUTION, name));
    named.name = Some(name.to_owned());
    match engine.start(named).await {
        Ok(view) => view.facts.id,
        Err(StartError::NameTaken { by, .. }) => by,
        Err(error) => panic!("starting {name}: {error}"),
    }
}

/// Starts executions by name, machine and input; gives their ids in order.
async fn start_all(engine: &Engine, starts: Vec<(String, (String, String))>) -> Vec<ExecutionId> {
    use futures_util::StreamExt as _;
    let starts = starts
        .iter()
        .map(|(name, (machine, input))| start(engine, name, machine, input));
    futures_util::stream::iter(starts)
        .buffered(STARTS)
        .collect()
        .await
}

/// Lets everything go on until nothing is left to wait for.
async fn run_dry(engine: &Engine, cases: &Cases) {
    settle(engine, cases).await;
    while engine.skip_ahead().await.unwrap() {
        settle(engine, cases).await;
    }
}

/// Lets everything go on until only time is waited for.
async fn settle(engine: &Engine, cases: &Cases) {
    let fake = &cases.outside.fake;
    engine.until_quiet(|| fake.asleep()).await.unwrap();
    while cases.outside.act(engine).await {
        engine.until_quiet(|| fake.asleep()).await.unwrap();
    }
}

async fn last_step(world: &World, id: ExecutionId) -> u64 {
    let last = store::journal::last_number(&world.db, id).await.unwrap();
    u64::try_from(last.unwrap()).unwrap()
}

/// How many steps every child of an execution has at least; 0 where it has none.
async fn children_steps(world: &World, engine: &Engine, id: ExecutionId) -> u64 {
    let mut least = None;
    for child in record::children(engine, id).await {
        let steps = last_step(world, child).await;
        least = Some(least.map_or(steps, |least: u64| least.min(steps)));
    }
    least.unwrap_or(0)
}
