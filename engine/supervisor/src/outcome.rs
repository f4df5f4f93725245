//! How an invocation that brought no result looks, in Lambda's names and texts: pure.

use std::time::Duration;

use asl::Json;
use launcher::Ended;

/// The function's process ended before it answered. Source: Lambda developer guide, "Troubleshoot
/// execution issues"; texts as Lambda writes them.
pub fn exited(request_id: &str, ended: Ended) -> String {
    payload(
        "Runtime.ExitError",
        &format!("RequestId: {request_id} Error: {}", how(ended)),
    )
}

/// In the words of the log.
pub fn how(ended: Ended) -> String {
    match ended {
        Ended::Code(0) => "Runtime exited without providing a reason".to_owned(),
        Ended::Code(code) => format!("Runtime exited with error: exit status {code}"),
        Ended::Signal(number) => format!("Runtime exited with error: signal: {}", signal(number)),
    }
}

/// The function took longer than its own time-out. Source: as above.
pub fn timed_out(request_id: &str, timeout: Duration) -> String {
    let text = format!("RequestId: {request_id} Error: {}", timed_out_text(timeout));
    payload("Sandbox.Timedout", &text)
}

pub fn timed_out_text(timeout: Duration) -> String {
    format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())
}

/// The answer was larger than may be. Source: Lambda developer guide, "Lambda quotas"; Lambda's text.
pub fn too_large(bytes_max: usize) -> String {
    let text =
        format!("Response payload size exceeded maximum allowed payload size ({bytes_max} bytes).");
    payload("Function.ResponseSizeTooLarge", &text)
}

/// There is no file named bootstrap, or it cannot be run. Source: Lambda's text.
pub fn no_entry_point(request_id: &str, why: &str) -> String {
    let text = format!("RequestId: {request_id} Error: {why}");
    payload("Runtime.InvalidEntrypoint", &text)
}

fn payload(error: &str, message: &str) -> String {
    Json::members([
        ("errorType", Json::string(error)),
        ("errorMessage", Json::string(message)),
    ])
    .to_text()
}

/// As Go's runtime, which writes Lambda's texts, names signals.
fn signal(number: i32) -> String {
    let name = match number {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, error: &str, message: &str) {
        let value = asl::json::parse(payload).unwrap();
        assert_eq!(value.get("errorType").and_then(Json::as_str), Some(error));
        assert_eq!(
            value.get("errorMessage").and_then(Json::as_str),
            Some(message)
        );
    }

    #[test]
    fn each_end_without_an_answer_has_lambdas_text() {
        check(
            &exited("r", Ended::Code(1)),
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited with error: exit status 1",
        );
        check(
            &exited("r", Ended::Signal(9)),
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited with error: signal: killed",
        );
        check(
            &exited("r", Ended::Code(0)),
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited without providing a reason",
        );
        check(
            &timed_out("r", Duration::from_secs(3)),
            "Sandbox.Timedout",
            "RequestId: r Error: Task timed out after 3.00 seconds",
        );
        check(
            &too_large(9),
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (9 bytes).",
        );
    }
}
