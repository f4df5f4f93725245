//! The parsed model of a state machine definition: what is written, with every expression compiled.
//!
//! Reading a document and finding what is wrong with it is [`crate::diagnose`]; only it makes a
//! [`Definition`], so whoever holds one need not doubt it. One file per state type.

pub mod catcher;
pub mod choice;
pub mod data;
pub mod fail;
pub mod map;
pub mod resource;
pub mod retrier;
pub mod task;
pub mod wait;

use std::sync::Arc;

use indexmap::IndexMap;

pub use catcher::Catcher;
pub use choice::Choice;
pub use data::{DataFlow, ResultPath, Selector, Setting};
pub use fail::Fail;
pub use map::Map;
pub use resource::Resource;
pub use retrier::Retrier;
pub use task::Task;
pub use wait::Wait;

use crate::payload::Payload;

/// A valid state machine.
#[derive(Debug)]
pub struct Definition {
    pub comment: Option<Arc<str>>,
    pub language: QueryLanguage,
    /// The whole execution may take this long.
    pub timeout_seconds: Option<u64>,
    /// Some expression's cost can grow faster than the data that it reads, so that a step may take
    /// long even on small payloads.
    pub may_run_long: bool,
    pub scope: Scope,
}

/// States that may name one another: the machine, a branch of a Parallel, the processor of a Map.
#[derive(Debug)]
pub struct Scope {
    pub start_at: Arc<str>,
    pub states: IndexMap<Arc<str>, State>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    #[default]
    JsonPath,
    Jsonata,
}

#[derive(Debug)]
pub struct State {
    pub name: Arc<str>,
    pub comment: Option<Arc<str>>,
    /// The language of this state: its own `QueryLanguage`, else the machine's.
    pub language: QueryLanguage,
    pub data: DataFlow,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Task(Task),
    Pass {
        result: Option<Payload>,
        then: Transition,
    },
    Choice(Choice),
    Wait(Wait),
    Succeed,
    Fail(Fail),
    Parallel(Parallel),
    Map(Map),
}

#[derive(Debug)]
pub struct Parallel {
    pub branches: Vec<Scope>,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
    pub then: Transition,
}

/// Where a state goes when it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    Next(Arc<str>),
    End,
}

/// The type of a state, as history events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateType {
    Task,
    Pass,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl StateType {
    pub const ALL: [Self; 8] = [
        Self::Task,
        Self::Pass,
        Self::Choice,
        Self::Wait,
        Self::Succeed,
        Self::Fail,
        Self::Parallel,
        Self::Map,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "Task",
            Self::Pass => "Pass",
            Self::Choice => "Choice",
            Self::Wait => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail => "Fail",
            Self::Parallel => "Parallel",
            Self::Map => "Map",
        }
    }
}

impl State {
    pub const fn state_type(&self) -> StateType {
        match self.kind {
            Kind::Task(_) => StateType::Task,
            Kind::Pass { .. } => StateType::Pass,
            Kind::Choice(_) => StateType::Choice,
            Kind::Wait(_) => StateType::Wait,
            Kind::Succeed => StateType::Succeed,
            Kind::Fail(_) => StateType::Fail,
            Kind::Parallel(_) => StateType::Parallel,
            Kind::Map(_) => StateType::Map,
        }
    }
}

impl QueryLanguage {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        }
    }
}
