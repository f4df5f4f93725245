//! What the expressions of one state may cost together: a state may have thousands of them, each of
//! which is cheap enough by itself.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use super::limits;

/// What is left. One is made for each time that a state is entered or left.
#[derive(Debug)]
pub struct Cost {
    micros: Cell<u64>,
    visits: Cell<usize>,
}

impl Cost {
    /// Of a state in an execution.
    pub const fn state() -> Self {
        Self {
            micros: Cell::new(limits::STATE_MILLIS_MAX * 1000),
            visits: Cell::new(limits::STATE_VISITS_MAX),
        }
    }

    /// Of an expression that somebody waits for: `millis` of JSONata.
    pub const fn millis(millis: u64) -> Self {
        Self {
            micros: Cell::new(millis * 1000),
            visits: Cell::new(limits::VISITS_MAX),
        }
    }

    /// How long the next JSONata evaluation may take.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_micros(self.micros.get().min(limits::JSONATA_MILLIS_MAX * 1000))
    }

    /// Runs an evaluation that has been told of [`Self::patience`], and pays for its time.
    #[expect(
        clippy::disallowed_methods,
        reason = "what an evaluation costs can only be measured; its value does not depend on it, and \
                  no fold evaluates"
    )]
    pub(super) fn timed<T>(&self, evaluate: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = evaluate();
        let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.set(self.micros.get().saturating_sub(took));
        value
    }

    /// How many values the next field may look at.
    pub(super) fn visits(&self) -> usize {
        self.visits.get().min(limits::VISITS_MAX)
    }

    /// Pays for values that were looked at.
    pub(super) fn visited(&self, count: usize) {
        self.visits.set(self.visits.get().saturating_sub(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::names,
        json::{Json, pointer::Pointer},
        query::{Jsonata, Path, Template, testing::with_cost},
    };

    #[test]
    fn thousands_of_expressions_take_no_longer_than_their_state_may() {
        let expressions = vec![Json::string("{% $sum([1..20000]) %}"); 5_000];
        let template =
            Template::parse_jsonata(&Json::array(expressions), &Pointer::root(), &mut |_, _| {
                Jsonata::parse("$sum([1..20000])", "Output").ok()
            });
        let template = template.expect("it parses");
        let cost = Cost::millis(100);
        let error = with_cost(&cost, "{}", "{}", "{}", |env| {
            template
                .render(env, "Output")
                .expect_err("it costs seconds")
        });
        assert_eq!(error.error, names::QUERY_EVALUATION_ERROR);
        assert!(
            error
                .detail
                .ends_with("Expression evaluation timeout: Check for infinite loop"),
            "{}",
            error.detail
        );
        assert_eq!(cost.patience(), Duration::ZERO);
    }

    #[test]
    fn paths_of_one_state_look_at_no_more_values_than_it_may() {
        let input = format!("[{}{{}}]", "{\"a\":1},".repeat(20_000));
        let path = Path::parse("$..b").expect("it parses");
        let cost = Cost::millis(100);
        let error = with_cost(&cost, &input, "{}", "{}", |env| {
            (0..1_000).find_map(|_| path.select(env).err())
        });
        let error = error.expect("a thousand times forty thousand values");
        assert_eq!(error.error, names::RUNTIME);
        assert!(
            error.detail.contains("looks at too many values"),
            "{}",
            error.detail
        );
        assert_eq!(cost.visits(), 0);
    }
}
