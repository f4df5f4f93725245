//! The Choice state.

use std::sync::Arc;

use crate::query::{Condition, Template};

#[derive(Debug)]
pub struct Choice {
    pub rules: Vec<Rule>,
    pub default: Option<Arc<str>>,
}

/// A top-level rule: the first whose condition holds is taken.
#[derive(Debug)]
pub struct Rule {
    pub condition: Condition,
    pub next: Arc<str>,
    pub assign: Option<Template>,
    /// JSONata `Output` of the rule.
    pub output: Option<Template>,
}
