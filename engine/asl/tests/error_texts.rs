//! The texts of errors to the letter: one state each, run in a machine of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests read more of an outcome")]
#[path = "support/run.rs"]
mod run;
#[expect(dead_code, reason = "these cases are the crate's own")]
mod support;

use asl::Json;

use run::{Ended, run};
use support::{read_json, text};

#[test]
fn every_error_has_its_own_text() {
    let file = read_json(include_str!("cases/errors.json"));
    let cases = file.get("cases").and_then(Json::as_array).unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let (state, input) = (case.get("state").unwrap(), case.get("input").unwrap());
        let machine = format!(
            "{{\"StartAt\":\"S\",\"States\":{{\"S\":{}}}}}",
            state.to_text()
        );
        let cause = format!(
            "An error occurred while executing the state 'S' (entered at the event id #2). {}",
            text(case, "cause")
        );
        let ended = run(&machine, &input.to_text()).0;
        let is_right = matches!(&ended, Ended::Failed(error, told)
            if error == text(case, "error") && *told == cause);
        if !is_right {
            failures.push(format!("{}: {ended:?}", text(case, "what")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
