//! Expressions that would take all memory end with an error before they have it: the bound is on what an
//! evaluation holds in all, where each of its texts and arrays is as small as it may be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/run.rs"]
mod run;

use run::{Ended, run};

/// As the server has it.
#[global_allocator]
static ALLOCATOR: memory::Counted<std::alloc::System> = memory::Counted(std::alloc::System);

/// What ends with AWS's words for it; the failure is that of the state alone.
const EXCEEDED: &str = "threw an error during evaluation: Expression evaluation memory limit exceeded: \
                        Check for excessive memory usage";

fn evaluate(expression: &str) -> Result<String, String> {
    let expression = format!("{{% {expression} %}}").replace('"', "\\\"");
    let machine = format!(
        r#"{{"StartAt":"S","QueryLanguage":"JSONata","States":{{"S":{{"Type":"Pass","Output":"{expression}","End":true}}}}}}"#
    );
    let (ended, failures) = run(&machine, "{}");
    match ended {
        Ended::Succeeded(value) => Ok(value.to_text()),
        Ended::Failed(error, cause) => {
            assert_eq!(error, "States.QueryEvaluationError", "{cause}");
            assert_eq!(failures, [("S".to_owned(), "Output".to_owned())]);
            Err(cause)
        }
        Ended::Refused(message) => panic!("{message}"),
    }
}

/// The most that the process has held of memory, in MiB, as far as the system tells.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.and_then(|it| it.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
fn an_evaluation_holds_no_more_than_it_may() {
    // Alone each would hold half a gigabyte, or more.
    let before = peak();
    for expression in [
        // Arrays below their own bound, kept side by side.
        r"( $f := function($n, $kept) { $n = 0 ? $count($kept) : $f($n - 1, $append($kept, [$map([1..200000], function($i) { $i })])) }; $f(100, []) )",
        // Texts below theirs.
        r#"( $text := $pad("x", 900000); $f := function($n, $kept) { $n = 0 ? $count($kept) : $f($n - 1, $append($kept, $text & $n)) }; $f(800, []) )"#,
        // A text that doubles, and every one of them kept.
        r#"( $f := function($s, $kept, $n) { $n = 0 ? $count($kept) : $f($length($s) < 400000 ? $s & $s : $s & "", $append($kept, $s & "!"), $n - 1) }; $f("ab", [], 1500) )"#,
        // Objects inside objects.
        r#"$count([1..100].({ "all": [1..200000] }))"#,
    ] {
        let cause = evaluate(expression).expect_err(expression);
        assert!(cause.ends_with(EXCEEDED), "{cause}");
    }
    let grown = peak() - before;
    assert!(grown < 250, "the process grew by {grown} MiB");
    // What was ended does not end what comes after, and what is given back does not count.
    assert_eq!(evaluate("1 + 1"), Ok("2".to_owned()));
    let much = r#"( $text := $pad("x", 900000); $sum([1..100].$length($text & "y")) )"#;
    assert_eq!(evaluate(much), Ok("90000100".to_owned()));
}
