//! The Runtime API's requests, read: pure. Source: Lambda developer guide, "Using the Lambda runtime
//! API", version 2018-06-01.

use http::Method;

/// What a function's runtime asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// Waits for an event.
    Next,
    Response {
        id: &'a str,
    },
    Error {
        id: &'a str,
    },
    InitError,
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Path,
    Method,
}

const BASE: &str = "/2018-06-01/runtime/";

pub(crate) fn read<'a>(method: &Method, path: &'a str) -> Result<Request<'a>, Wrong> {
    let rest = path.strip_prefix(BASE).ok_or(Wrong::Path)?;
    let (request, wanted) = match rest.split('/').collect::<Vec<_>>()[..] {
        ["invocation", "next"] => (Request::Next, Method::GET),
        ["invocation", id, "response"] => (Request::Response { id }, Method::POST),
        ["invocation", id, "error"] => (Request::Error { id }, Method::POST),
        ["init", "error"] => (Request::InitError, Method::POST),
        _ => return Err(Wrong::Path),
    };
    if *method == wanted {
        Ok(request)
    } else {
        Err(Wrong::Method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, rest: &str, expected: &Result<Request<'_>, Wrong>) {
        assert_eq!(&read(method, &format!("{BASE}{rest}")), expected);
    }

    #[test]
    fn each_request_is_known_by_its_path() {
        check(&Method::GET, "invocation/next", &Ok(Request::Next));
        check(
            &Method::POST,
            "invocation/a-1/response",
            &Ok(Request::Response { id: "a-1" }),
        );
        check(
            &Method::POST,
            "invocation/a-1/error",
            &Ok(Request::Error { id: "a-1" }),
        );
        check(&Method::POST, "init/error", &Ok(Request::InitError));
    }

    #[test]
    fn other_requests_are_refused() {
        check(&Method::POST, "invocation/next", &Err(Wrong::Method));
        check(&Method::GET, "invocation/a/response", &Err(Wrong::Method));
        check(&Method::GET, "invocation/a/b/response", &Err(Wrong::Path));
        check(&Method::GET, "", &Err(Wrong::Path));
        assert_eq!(read(&Method::GET, "/"), Err(Wrong::Path));
    }
}
