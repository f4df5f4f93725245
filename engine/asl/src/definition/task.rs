//! The Task state.

use super::{Catcher, Resource, Retrier, Setting, Transition};
use crate::query::Template;

#[derive(Debug)]
pub struct Task {
    pub resource: Resource,
    /// `Credentials`: renders to an object with `RoleArn`.
    pub credentials: Option<Template>,
    /// `TimeoutSeconds`, `TimeoutSecondsPath`. Absent: 99999999.
    pub timeout_seconds: Option<Setting<u64>>,
    /// `HeartbeatSeconds`, `HeartbeatSecondsPath`.
    pub heartbeat_seconds: Option<Setting<u64>>,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
    pub then: Transition,
}
