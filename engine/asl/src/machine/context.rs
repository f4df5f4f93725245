//! The context object (`$$`, `$states.context`), built when an expression first asks for it.
//!
//! Source: "Accessing execution data from the Context object" in the Step Functions developer
//! guide, and recorded executions: a state without retriers has no RetryCount.

use std::sync::Arc;

use super::{
    Fault,
    execution::{Execution, Origin, Position, ThreadId, Visit},
};
use crate::{
    definition::StateType,
    json::{Json, Object},
    query::Context,
    time::Timestamp,
};

/// What the context object shows beside the execution and the state.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// `Task.Token`
    pub(super) token: Option<String>,
    /// `Map.Item` of the item at hand, while a Map selects it.
    pub(super) item: Option<Item>,
}

/// `Map.Item`
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) index: u64,
    pub(super) value: Json,
    /// The member's name, where the items are an object's members.
    pub(super) key: Option<Arc<str>>,
}

impl Item {
    /// The item at `index` of an array or object.
    pub(super) fn of(items: &Json, index: u64) -> Option<Self> {
        let at = usize::try_from(index).ok()?;
        if let Some(items) = items.as_array() {
            let value = items.get(at)?.clone();
            return Some(Self {
                index,
                value,
                key: None,
            });
        }
        let (key, value) = items.as_object()?.get_index(at)?;
        Some(Self {
            index,
            value: value.clone(),
            key: Some(Arc::clone(key)),
        })
    }
}

pub(super) fn context<'a>(
    execution: &'a Execution,
    thread: ThreadId,
    visit: &'a Visit,
    kind: StateType,
    extra: Extra,
) -> Result<Context<'a>, Fault> {
    let item = match extra.item.clone() {
        Some(item) => Some(item),
        None => nearest_item(execution, thread)?,
    };
    Ok(Context::new(move || {
        let mut state = Object::new();
        state.insert(Arc::from("Name"), Json::String(Arc::clone(&visit.state)));
        state.insert(Arc::from("EnteredTime"), iso(visit.entered_at));
        if matches!(kind, StateType::Task | StateType::Parallel | StateType::Map) {
            state.insert(Arc::from("RetryCount"), Json::from(visit.retry_count()));
        }
        let identity = &execution.identity;
        let mut root = Object::new();
        let mut put = |name: &str, value: Json| root.insert(Arc::from(name), value);
        let mut about = Object::new();
        let mut tell = |name: &str, value: Json| about.insert(Arc::from(name), value);
        tell("Id", Json::String(Arc::clone(&identity.arn)));
        tell("Input", execution.input.json().clone());
        tell("StartTime", iso(identity.started_at));
        tell("Name", Json::String(Arc::clone(&identity.name)));
        tell("RoleArn", Json::String(Arc::clone(&identity.role_arn)));
        tell("RedriveCount", Json::from(execution.redrive_count));
        if let Some(at) = execution.redriven_at {
            tell("RedriveTime", iso(at));
        }
        put("Execution", Json::object(about));
        put(
            "StateMachine",
            Json::members([
                ("Id", Json::String(Arc::clone(&identity.machine_arn))),
                ("Name", Json::String(Arc::clone(&identity.machine_name))),
            ]),
        );
        put("State", Json::object(state));
        if let Some(token) = &extra.token {
            put("Task", Json::members([("Token", Json::string(token))]));
        }
        if let Some(item) = &item {
            let mut members = Object::new();
            members.insert(Arc::from("Index"), Json::from(item.index));
            members.insert(Arc::from("Value"), item.value.clone());
            if let Some(key) = &item.key {
                members.insert(Arc::from("Key"), Json::String(Arc::clone(key)));
            }
            put("Map", Json::members([("Item", Json::object(members))]));
        }
        Json::object(root)
    }))
}

fn iso(at: Timestamp) -> Json {
    Json::from(at.to_iso())
}

/// The item of the innermost Map iteration that a thread is part of.
fn nearest_item(execution: &Execution, thread: ThreadId) -> Result<Option<Item>, Fault> {
    let mut id = thread;
    loop {
        match execution.thread(id)?.origin {
            Origin::Root => return Ok(None),
            Origin::Branch { parent, .. } => id = parent,
            Origin::Iteration { parent, index } => {
                return Ok(match &execution.thread(parent)?.position {
                    Position::Items { items, .. } => Item::of(items.items.json(), index),
                    _ => None,
                });
            }
        }
    }
}
