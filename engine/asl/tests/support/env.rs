//! What expressions see in these tests.

use asl::{
    Json, Payload,
    query::{Env, Random, Variables},
};

/// Runs `read` with an environment of that input, context object and variables (an object, or none).
pub(crate) fn with_env<T>(
    input: &Json,
    context: &Json,
    variables: &Json,
    read: impl FnOnce(&mut Env<'_>) -> T,
) -> T {
    let variables: Variables = variables
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), Payload::from(value.clone())))
        .collect();
    read(&mut Env {
        input,
        result: None,
        error_output: None,
        context: &context,
        variables: &variables,
        cost: &asl::query::Cost::state(),
        now: asl::Timestamp::default(),
        random: &mut NoChance,
    })
}

struct NoChance;

impl Random for NoChance {
    fn next_u64(&mut self) -> u64 {
        0
    }
}
