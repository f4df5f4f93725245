//! An environment for the tests of this module.

use super::{Context, Cost, Env, Random, Variables};
use crate::{Json, Payload, json};

/// Runs `read` with an environment of that input, context object and variables (JSON texts).
pub(super) fn with_env<T>(
    input: &str,
    context: &str,
    variables: &str,
    read: impl FnOnce(&mut Env<'_>) -> T,
) -> T {
    with_cost(&Cost::state(), input, context, variables, read)
}

/// As [`with_env`], where no more than `cost` may be spent.
pub(super) fn with_cost<T>(
    cost: &Cost,
    input: &str,
    context: &str,
    variables: &str,
    read: impl FnOnce(&mut Env<'_>) -> T,
) -> T {
    let input = json::parse(input).unwrap();
    let context = json::parse(context).unwrap();
    let context: Context<'_> = Context::new(move || context.clone());
    let variables: Variables = json::parse(variables)
        .unwrap()
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value): (_, &Json)| (name.clone(), Payload::from(value.clone())))
        .collect();
    let mut random = Sequence(0x9E37_79B9_7F4A_7C15);
    read(&mut Env {
        input: &input,
        result: None,
        error_output: None,
        context: &context,
        variables: &variables,
        cost,
        now: crate::Timestamp::from_millis(1_700_000_000_123),
        random: &mut random,
    })
}

/// Numbers that look random and are the same in every run (splitmix64).
pub(super) struct Sequence(pub(super) u64);

impl Random for Sequence {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
