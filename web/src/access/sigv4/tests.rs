//! AWS's published signing test suite (aws-sig-v4-test-suite, Apache 2.0, in its `v4` form), and what
//! must be refused.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// 2015-08-30T12:36:00Z, when every request of the suite was signed.
const SIGNED_AT: Timestamp = Timestamp(1_440_938_160_000_000);

fn headers_of(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("example.amazonaws.com"));
    headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
    for (name, value) in pairs {
        headers.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

fn authorization(signed: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders={signed}, Signature={signature}"
    )
}

fn run(request: &Request<'_>, now: Timestamp) -> Result<(), Fault> {
    let claim = claim(request)?;
    assert_eq!(claim.key_id, "AKIDEXAMPLE");
    verify(
        &claim,
        SECRET.as_bytes(),
        request,
        "service",
        "us-east-1",
        now,
    )
}

/// One request of the suite: its line, its own headers, its body, and the signature AWS gives it.
struct Vector {
    name: &'static str,
    line: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed: &'static str,
    signature: &'static str,
}

const PLAIN: Vector = Vector {
    name: "",
    line: "GET /",
    headers: &[],
    body: "",
    signed: "host;x-amz-date",
    signature: "",
};

const VECTORS: &[Vector] = &[
    Vector {
        name: "get-header-key-duplicate",
        headers: &[
            ("My-Header1", "value2"),
            ("My-Header1", "value2"),
            ("My-Header1", "value1"),
        ],
        signed: "host;my-header1;x-amz-date",
        signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ..PLAIN
    },
    Vector {
        name: "get-header-value-order",
        headers: &[
            ("My-Header1", "value4"),
            ("My-Header1", "value1"),
            ("My-Header1", "value3"),
            ("My-Header1", "value2"),
        ],
        signed: "host;my-header1;x-amz-date",
        signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        ..PLAIN
    },
    Vector {
        name: "get-header-value-trim",
        headers: &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        signed: "host;my-header1;my-header2;x-amz-date",
        signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ..PLAIN
    },
    Vector {
        name: "get-relative-relative-normalized",
        line: "GET /example1/example2/../..",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ..PLAIN
    },
    Vector {
        name: "get-slashes-normalized",
        line: "GET //example//",
        signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ..PLAIN
    },
    Vector {
        name: "get-space-normalized",
        line: "GET /example space/",
        signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
        ..PLAIN
    },
    Vector {
        name: "get-utf8",
        line: "GET /ሴ",
        signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        ..PLAIN
    },
    Vector {
        name: "get-vanilla-empty-query-key",
        line: "GET /?Param1=value1",
        signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        ..PLAIN
    },
    Vector {
        name: "get-vanilla-query-order-key-case",
        line: "GET /?Param2=value2&Param1=value1",
        signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ..PLAIN
    },
    Vector {
        name: "get-vanilla-query-order-encoded",
        line: "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ..PLAIN
    },
    Vector {
        name: "get-vanilla-query-unreserved",
        line: "GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=\
               -._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ..PLAIN
    },
    Vector {
        name: "get-vanilla-with-session-token",
        headers: &[(
            "X-Amz-Security-Token",
            "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
        )],
        signed: "host;x-amz-date;x-amz-security-token",
        signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        ..PLAIN
    },
    Vector {
        name: "post-vanilla",
        line: "POST /",
        signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ..PLAIN
    },
    Vector {
        name: "post-x-www-form-urlencoded",
        line: "POST /",
        headers: &[
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", "13"),
            (
                "x-amz-content-sha256",
                "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
            ),
        ],
        body: "Param1=value1",
        signed: "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    },
];

#[test]
fn every_vector_of_the_published_suite_verifies_and_fails_when_touched() {
    for vector in VECTORS {
        let mut headers = headers_of(vector.headers);
        let signed = authorization(vector.signed, vector.signature);
        headers.insert("authorization", signed.parse().unwrap());
        let (method, target) = vector.line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method,
            path,
            query,
            headers: &headers,
            body: vector.body.as_bytes(),
        };
        assert_eq!(run(&request, SIGNED_AT), Ok(()), "{}", vector.name);
        for touched in [
            Request {
                method: "PUT",
                ..request
            },
            Request {
                path: "/other",
                ..request
            },
            Request {
                query: "a=b",
                ..request
            },
            Request {
                body: b"other",
                ..request
            },
        ] {
            let answer = run(&touched, SIGNED_AT);
            assert!(
                matches!(&answer, Err(Fault::InvalidSignature(text)) if text.starts_with("The request signature")),
                "{} {answer:?}",
                vector.name
            );
        }
    }
}

const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2F\
                         us-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&\
                         X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature=";

fn presigned(path: &str, query: &str, now: Timestamp) -> Result<(), Fault> {
    run(
        &Request {
            method: "GET",
            path,
            query,
            headers: &headers_of(&[]),
            body: b"",
        },
        now,
    )
}

#[test]
fn presigned_requests_of_the_published_suite_verify_until_they_expire() {
    for (path, extra, signature) in [
        (
            "/",
            "",
            "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
        ),
        (
            "/",
            "ሴ=bar&",
            "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600",
        ),
        (
            "/./example",
            "",
            "35034b1a0bdd969f346975386daf8aedfd4976573b8348cf4f67eaa41c5857de",
        ),
        (
            "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            "",
            "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005",
        ),
    ] {
        let query = format!("{extra}{PRESIGNED}{signature}");
        assert_eq!(presigned(path, &query, SIGNED_AT), Ok(()), "{path} {extra}");
        let end = SIGNED_AT.plus_seconds(3600);
        assert_eq!(presigned(path, &query, end), Ok(()));
        assert_eq!(
            presigned(path, &query, end.plus_seconds(1)),
            Err(Fault::InvalidSignature(
                "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
                 (20150830T133601Z - 3600 s)"
                    .to_owned()
            ))
        );
        assert!(presigned("/elsewhere", &query, SIGNED_AT).is_err());
    }
}

#[test]
fn a_presigned_request_says_which_parameter_is_missing_or_wrong() {
    let whole = format!("{PRESIGNED}00");
    for (from, to, expected) in [
        (
            "X-Amz-Date=20150830T123600Z&",
            "",
            "must include 'X-Amz-Date'",
        ),
        ("X-Amz-Expires=3600&", "", "must include 'X-Amz-Expires'"),
        ("Expires=3600", "Expires=604801", "from 1 to 604800"),
        ("Expires=3600", "Expires=-1", "from 1 to 604800"),
        ("HMAC-SHA256", "HMAC-SHA1", "Unsupported AWS 'algorithm'"),
        ("%2Faws4_request", "", "exactly 5 slash-delimited"),
        ("20150830T123600Z", "yesterday", "ISO-8601 'basic format'"),
    ] {
        match presigned("/", &whole.replace(from, to), SIGNED_AT) {
            Err(Fault::IncompleteSignature(text)) => {
                assert!(text.contains(expected), "{expected:?} is not in {text:?}");
            }
            other => panic!("{from} to {to}: {other:?}"),
        }
    }
}

/// `post-vanilla` with its Authorization header replaced.
fn post(header: &str, now: Timestamp) -> Result<(), Fault> {
    post_with(header, &[], now)
}

fn post_with(header: &str, extra: &[(&str, &str)], now: Timestamp) -> Result<(), Fault> {
    let mut headers = headers_of(extra);
    headers.insert("authorization", header.parse().unwrap());
    run(
        &Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: b"",
        },
        now,
    )
}

fn valid() -> String {
    authorization(
        "host;x-amz-date",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    )
}

#[test]
fn nothing_signed_is_a_missing_token() {
    let headers = headers_of(&[]);
    let request = Request {
        method: "POST",
        path: "/",
        query: "a=b",
        headers: &headers,
        body: b"",
    };
    assert_eq!(claim(&request), Err(Fault::MissingAuthenticationToken));
}

#[test]
fn a_signature_that_cannot_be_read_is_incomplete_and_its_header_is_not_repeated() {
    for (header, expected) in [
        (
            "AWS4-HMAC-SHA256 Credential=a",
            "requires 'Signature' parameter",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a",
            "requires 'SignedHeaders' parameter",
        ),
        ("AWS4-HMAC-SHA256 x", "a part that is not"),
        ("AWS4-HMAC-SHA256", "Unsupported AWS 'algorithm'"),
        ("Bearer ID:hunter2", "Unsupported AWS 'algorithm'"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
            "exactly 5 slash-delimited",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=0",
            "exactly 5 slash-delimited",
        ),
        (&"A".repeat(5000), "too long"),
    ] {
        match post(header, SIGNED_AT) {
            Err(Fault::IncompleteSignature(text)) => {
                assert!(text.contains(expected), "{expected:?} is not in {text:?}");
                assert!(text.contains("Authorization="));
                assert!(!text.contains("hunter2"), "{text}");
            }
            other => panic!("{header}: {other:?}"),
        }
    }
}

#[test]
fn a_clock_may_be_a_quarter_of_an_hour_off_and_no_more() {
    let minutes = |count: i64| SIGNED_AT.plus_seconds(count * 60);
    assert_eq!(post(&valid(), minutes(15)), Ok(()));
    assert_eq!(post(&valid(), minutes(-15)), Ok(()));
    assert_eq!(
        post(&valid(), minutes(16)),
        Err(Fault::InvalidSignature(
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T125200Z - 15 min.)"
                .to_owned()
        ))
    );
    assert_eq!(
        post(&valid(), minutes(-16)),
        Err(Fault::InvalidSignature(
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T122000Z + 15 min.)"
                .to_owned()
        ))
    );
}

#[test]
fn a_scope_for_someone_else_is_refused_with_what_it_should_be() {
    for (from, to, expected) in [
        (
            "/service/",
            "/s3/",
            "scoped to correct service: 'service'. ",
        ),
        (
            "us-east-1",
            "eu-west-1",
            "scoped to a valid region: 'us-east-1'. ",
        ),
        (
            "aws4_request",
            "aws3_request",
            "valid terminator: 'aws4_request'",
        ),
        (
            "20150830",
            "20150829",
            "'20150829' != '20150830', from '20150830T123600Z'. ",
        ),
    ] {
        match post(&valid().replace(from, to), SIGNED_AT) {
            Err(Fault::InvalidSignature(text)) => {
                assert!(text.contains(expected), "{expected:?} is not in {text:?}");
            }
            other => panic!("{from} to {to}: {other:?}"),
        }
    }
}

#[test]
fn host_date_and_target_must_be_signed() {
    for (signed, extra, expected) in [
        ("x-amz-date", [].as_slice(), "'Host'"),
        ("host", &[], "'x-amz-date'"),
        (
            "host;x-amz-date",
            &[("x-amz-target", "AWSStepFunctions.ListActivities")],
            "'x-amz-target'",
        ),
    ] {
        match post_with(&authorization(signed, "00"), extra, SIGNED_AT) {
            Err(Fault::InvalidSignature(text)) => assert!(text.starts_with(expected), "{text}"),
            other => panic!("{signed}: {other:?}"),
        }
    }
}

#[test]
fn a_wrong_secret_is_refused() {
    let mut headers = headers_of(&[]);
    headers.insert("authorization", valid().parse().unwrap());
    let request = Request {
        method: "POST",
        path: "/",
        query: "",
        headers: &headers,
        body: b"",
    };
    let claim = claim(&request).unwrap();
    assert!(
        verify(
            &claim,
            b"wrong",
            &request,
            "service",
            "us-east-1",
            SIGNED_AT
        )
        .is_err()
    );
}

#[test]
fn a_date_header_in_http_form_serves_where_there_is_no_amz_date() {
    assert_eq!(
        read_date("Sun, 30 Aug 2015 12:36:00 GMT"),
        Some(("20150830T123600Z".to_owned(), SIGNED_AT))
    );
}
