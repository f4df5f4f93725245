//! The context object of a state that is tested, where none is given.

use std::sync::Arc;

use super::{Test, subject::Within};
use crate::{
    definition::StateType,
    json::{Json, Object},
};

/// The context object of a state that is in no execution.
pub(super) fn made_up(test: &Test<'_>, name: &Arc<str>, kind: StateType, retries: u64) -> Json {
    let identity = &test.identity;
    let text = |text: &Arc<str>| Json::String(Arc::clone(text));
    let mut state = Object::new();
    state.insert(Arc::from("Name"), text(name));
    state.insert(Arc::from("EnteredTime"), Json::from(test.now.to_iso()));
    if matches!(kind, StateType::Task | StateType::Parallel | StateType::Map) {
        state.insert(Arc::from("RetryCount"), Json::from(retries));
    }
    let execution = Json::members([
        ("Id", text(&identity.arn)),
        ("Input", test.input.json().clone()),
        ("StartTime", Json::from(identity.started_at.to_iso())),
        ("Name", text(&identity.name)),
        ("RoleArn", text(&identity.role_arn)),
        ("RedriveCount", Json::from(0u64)),
    ]);
    let machine = Json::members([
        ("Id", text(&identity.machine_arn)),
        ("Name", text(&identity.machine_name)),
    ]);
    let mut context = Object::new();
    if let Some(within) = test.subject.in_map() {
        context.insert(Arc::from("Map"), first_item(test, within));
    }
    context.insert(Arc::from("Execution"), execution);
    context.insert(Arc::from("StateMachine"), machine);
    context.insert(Arc::from("State"), Json::object(state));
    if kind == StateType::Task {
        let token = Json::members([("Token", Json::string("a token of no task"))]);
        context.insert(Arc::from("Task"), token);
    }
    Json::object(context)
}

/// `Map` of the context of a state inside a Map: its first iteration.
///
/// Source: developer guide, "Automatic Context population".
fn first_item(test: &Test<'_>, within: Within) -> Json {
    let mut item = Object::new();
    item.insert(Arc::from("Index"), Json::from(0u64));
    item.insert(Arc::from("Value"), test.input.json().clone());
    if within == Within::OfState {
        item.insert(Arc::from("Source"), Json::string("STATE_DATA"));
    }
    Json::members([("Item", Json::object(item))])
}
