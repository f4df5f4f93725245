//! Rerunning from a visit: what the new history says for each state type, what is refused, and the law
//! that a rerun with nothing changed ends as the run that it was cut from, and does nothing again that
//! was done before the cut.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    redrive::{Maker, successes},
    world::{World, definition, identity, json},
};
use crate::{
    Json, Payload, StateError,
    machine::{
        Input, Outcome,
        history::{
            Callee, Detail,
            journal::{self, Reader},
        },
        rerun::{Cut, Edits, Refusal, Rerun},
        snapshot,
    },
};

const LAMBDA: &str = "arn:aws:lambda:us-east-1:000000000000:function";

fn source(states: &str) -> Json {
    json(&states.replace("LAMBDA", LAMBDA))
}

impl World {
    /// What goes on from the visit entered by that event, as another process reads it from the rows.
    fn cut(&self, event: u64, edits: Edits, source: &Json) -> Result<Rerun, Refusal> {
        let old = Arc::clone(&self.execution.definition);
        let mut cut = Cut::new(Arc::clone(&self.execution.identity), old, event);
        let mut reader = Reader::default();
        for (number, body) in &self.rows {
            let entries = reader.read(*number, journal::FORMAT, body);
            let entries = entries.expect("a row can be read");
            cut.fold(*number, &entries).expect("a row can be folded");
        }
        cut.finish(edits, &definition(source))
    }

    /// Starts an execution of `source` that goes on with `rerun`, and runs it to its end.
    fn go_on(&mut self, rerun: Rerun) -> Option<Outcome> {
        let input = Payload::from_trusted_text("{}");
        self.feed(Input::Rerun {
            input,
            rerun: Arc::new(rerun),
        });
        self.settle_with_snapshots();
        self.execution.outcome.clone()
    }

    fn settle_with_snapshots(&mut self) {
        for turn in 0_u32.. {
            if turn % 9 > 1 {
                if !self.turn() {
                    return;
                }
                continue;
            }
            let text = snapshot::encode(&self.execution);
            let definition = Arc::clone(&self.execution.definition);
            let mut reader = Reader::default();
            let read = snapshot::decode(&text, identity(), definition, &mut reader);
            assert_eq!(read.expect("a snapshot can be read"), self.execution);
            if !self.turn() {
                return;
            }
        }
    }

    /// The event by which a state was entered last.
    fn entered(&self, state: &str) -> u64 {
        let mut events = self.events.iter().rev();
        let found = events.find(
            |event| matches!(&event.detail, Detail::StateEntered { name, .. } if **name == *state),
        );
        found.expect("the state was entered").id
    }
}

/// Runs `old`, cuts before the last visit of `state`, and gives the new world at its end.
#[track_caller]
fn check(old: &mut World, input: &str, source: &Json, state: &str, edits: Edits) -> World {
    old.run(&json(input));
    let rerun = old.cut(old.entered(state), edits, source);
    let rerun = rerun.expect("it can be rerun");
    let mut new = World::new(source, 5);
    new.functions.clone_from(&old.functions);
    new.go_on(rerun);
    new
}

fn edits() -> Edits {
    Edits::default()
}

#[test]
fn a_chain_goes_on_at_the_state_with_what_went_in_there() {
    let source = source(
        r#"{"StartAt":"A","States":{
            "A":{"Type":"Task","Resource":"LAMBDA:a","Assign":{"v":7},"Next":"B"},
            "B":{"Type":"Task","Resource":"LAMBDA:b","Parameters":{"v.$":"$v","in.$":"$"},"Next":"C"},
            "C":{"Type":"Pass","End":true}}}"#,
    );
    let mut old = World::new(&source, 1)
        .answers("a", &[Ok("1")])
        .answers("b", &[Err("E"), Ok("2")]);
    let new = check(&mut old, "{}", &source, "B", edits());
    assert_eq!(new.invoked, ["b"]);
    assert_eq!(
        new.history(),
        [
            "1<0:ExecutionStarted",
            "2<0:TaskStateEntered",
            "3<2:LambdaFunctionScheduled",
            "4<3:LambdaFunctionStarted",
            "5<4:LambdaFunctionSucceeded",
            "6<5:TaskStateExited",
            "7<6:PassStateEntered",
            "8<7:PassStateExited",
            "9<8:ExecutionSucceeded",
        ]
    );
    let asked = new.events.iter().find_map(|event| match &event.detail {
        Detail::Scheduled(scheduled) => Some(scheduled.arguments.text().to_owned()),
        _ => None,
    });
    assert_eq!(asked.as_deref(), Some(r#"{"v":7,"in":1}"#));
}

#[test]
fn input_variables_and_a_result_can_be_given() {
    let source = source(
        r#"{"StartAt":"A","States":{
            "A":{"Type":"Pass","Assign":{"v":7,"w":8},"Next":"B"},
            "B":{"Type":"Task","Resource":"LAMBDA:b","Parameters":{"v.$":"$v","in.$":"$"},"Next":"C"},
            "C":{"Type":"Pass","Parameters":{"v.$":"$v","w.$":"$w","in.$":"$"},"End":true}}}"#,
    );
    let payload = |text: &str| Payload::from(json(text));
    let mut old = World::new(&source, 1).answers("b", &[Ok("2")]);
    let changed = Edits {
        input: Some(payload("\"new\"")),
        variables: vec![(Arc::from("v"), payload("70"))],
        result: Some(payload("\"mocked\"")),
    };
    let new = check(&mut old, "{}", &source, "B", changed);
    assert!(new.invoked.is_empty(), "its work is not done");
    let output = Payload::from(json(r#"{"v":70,"w":8,"in":"mocked"}"#));
    assert_eq!(new.execution.outcome, Some(Outcome::Succeeded(output)));
    assert_eq!(
        new.history()[1..3],
        ["2<0:TaskStateEntered", "3<2:TaskStateExited"]
    );

    let unknown = Edits {
        variables: vec![(Arc::from("x"), payload("1"))],
        ..edits()
    };
    let refused = old.cut(old.entered("B"), unknown, &source);
    assert_eq!(refused, Err(Refusal::NoVariable(Arc::from("x"))));
    let pass = Edits {
        result: Some(payload("1")),
        ..edits()
    };
    let refused = old.cut(old.entered("C"), pass, &source);
    assert_eq!(refused, Err(Refusal::NotThere(Arc::from("C"))));
    assert_eq!(old.cut(1, edits(), &source), Err(Refusal::NotEntered(1)));
    assert_eq!(old.cut(99, edits(), &source), Err(Refusal::NoEvent(99)));
}

#[test]
fn branches_that_were_done_stay_done_also_after_the_cut() {
    let source = source(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Next":"Z","Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"LAMBDA:a","Next":"A2"},
                "A2":{"Type":"Task","Resource":"LAMBDA:a2","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"LAMBDA:b","End":true}}}]},
            "Z":{"Type":"Pass","End":true}}}"#,
    );
    let mut old = World::new(&source, 1)
        .answers("a", &[Ok("1")])
        .answers("a2", &[Ok("12")])
        .answers("b", &[Ok("2")]);
    // Branch B was done after A had been entered: that does not hang on A.
    let new = check(&mut old, "{}", &source, "A", edits());
    assert_eq!(new.invoked, ["a", "a2"]);
    assert_eq!(new.execution.outcome, old.execution.outcome);
    assert_eq!(
        new.history()[..4],
        [
            "1<0:ExecutionStarted",
            "2<0:ParallelStateEntered",
            "3<2:ParallelStateStarted",
            "4<3:TaskStateEntered",
        ]
    );
    // After the Parallel nothing of it is left to do.
    let rerun = old.cut(old.entered("Z"), edits(), &source).unwrap();
    let mut after = World::new(&source, 5);
    assert_eq!(after.go_on(rerun), old.execution.outcome);
    assert!(after.invoked.is_empty());
}

#[test]
fn one_item_of_a_map_is_done_again_and_the_others_are_not() {
    let source = source(
        r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","End":true,
            "ItemProcessor":{"StartAt":"T","States":{
                "T":{"Type":"Task","Resource":"LAMBDA:t","End":true}}}}}}"#,
    );
    let mut old = World::new(&source, 1).answers("t", &[Ok("1"), Ok("2"), Ok("3")]);
    let new = check(&mut old, r#"{"items":[0,0,0]}"#, &source, "T", edits());
    assert_eq!(new.invoked, ["t"]);
    let output = Payload::from(json("[1,2,3]"));
    assert_eq!(new.execution.outcome, Some(Outcome::Succeeded(output)));
}

#[test]
fn another_definition_must_have_the_state_in_the_same_place() {
    let old_source = source(
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
            "B":{"Type":"Task","Resource":"LAMBDA:b","End":true}}}"#,
    );
    let new_source = source(
        r#"{"StartAt":"B","States":{
            "B":{"Type":"Task","Resource":"LAMBDA:c","Next":"D"},"D":{"Type":"Succeed"}}}"#,
    );
    let mut old = World::new(&old_source, 1)
        .answers("b", &[Err("E")])
        .answers("c", &[Ok("9")]);
    let new = check(&mut old, "{}", &new_source, "B", edits());
    assert_eq!(new.invoked, ["c"], "the new definition runs");
    let refused = old.cut(old.entered("A"), edits(), &new_source);
    assert_eq!(refused, Err(Refusal::NotThere(Arc::from("A"))));
}

#[test]
fn a_rerun_that_fails_can_be_redriven_and_rerun() {
    let source = source(
        r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"LAMBDA:a","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"LAMBDA:b","End":true}}}]}}}"#,
    );
    let mut old = World::new(&source, 1)
        .answers("a", &[Ok("1")])
        .answers("b", &[Err("E"), Err("E"), Ok("2")]);
    let mut new = check(&mut old, "{}", &source, "B", edits());
    assert!(matches!(new.execution.outcome, Some(Outcome::Failed(_))));
    let rerun = new.cut(new.entered("B"), edits(), &source).unwrap();
    let mut third = World::new(&source, 6).answers("b", &[Ok("3")]);
    let output = |text: &str| Some(Outcome::Succeeded(Payload::from(json(text))));
    assert_eq!(third.go_on(rerun), output("[1,3]"));
    assert!(new.redrive());
    new.settle();
    assert_eq!(new.execution.outcome, output("[1,2]"));
    assert_eq!(new.invoked, ["b", "b"]);
}

/// How often each function came to its end before that event.
fn done_before(world: &World, cut: u64, function: &str) -> usize {
    let before = world.events.iter().filter(|event| event.id < cut);
    before
        .filter(|event| {
            matches!(&event.detail, Detail::Succeeded { call, .. }
                if matches!(&**call, Callee::Lambda { arn } if **arn == *function))
        })
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        // Each is several runs of a machine, every step of which is folded again.
        cases: ProptestConfig::default().cases / 4,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_rerun_ends_as_the_run_and_does_nothing_again_that_was_done(
        machine in proptest::collection::vec(any::<u8>(), 0..60),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        mishap in any::<Option<prop::sample::Index>>(),
        step_events_max in prop::sample::select(vec![512, 1, 3]),
    ) {
        let mut maker = Maker::new(&machine);
        let machine = json(&maker.scope(0).to_string());
        let functions = maker.functions;
        let world = || {
            let mut world = World::new(&machine, 7);
            world.limits.step_events_max = step_events_max;
            for n in 1..=functions {
                let answer = json(&format!(r#"{{"f":{n}}}"#));
                world.functions.insert(format!("f{n}"), [Ok(answer)].into());
            }
            world
        };
        let input = json(r#"{"items":[1,2,3]}"#);
        let mut straight = world();
        straight.run(&input);
        let wanted = straight.execution.outcome.clone();

        // The run that is cut may have failed on its way.
        let mut old = world();
        if let (Some(at), true) = (mishap, functions > 0) {
            let name = format!("f{}", at.index(functions) + 1);
            let answers = old.functions.get_mut(&name).expect("is there");
            answers.push_front(Err(StateError::new("E", "a mishap")));
        }
        old.run(&input);
        for cut in cuts {
            let entered: Vec<u64> = old
                .events
                .iter()
                .filter(|event| matches!(event.detail, Detail::StateEntered { .. }))
                .map(|event| event.id)
                .collect();
            let event = entered[cut.index(entered.len())];
            let rerun = old.cut(event, Edits::default(), &machine).expect("it can be rerun");
            let mut new = world();
            let outcome = new.go_on(rerun);
            prop_assert_eq!(&outcome, &wanted);
            let all = successes(&straight);
            let again = successes(&new);
            for (function, times) in &again {
                let left = all[function] - done_before(&old, event, function).min(all[function]);
                prop_assert!(*times <= left, "{} ran {} times, {} were left", function, times, left);
            }
            // And a rerun of the rerun.
            old = new;
        }
    }
}
