//! AWS Signature Version 4 for requests that we send: the Authorization header over parts that the caller has
//! made ready.
//!
//! It knows no HTTP library and no service: which headers are signed, how a path is spelled and what stands for
//! the body is the caller's. Checking what others send is the server's, in `web/src/access/sigv4`.
//!
//! Source: IAM user guide, "AWS Signature Version 4 for API requests".

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What of a request is signed.
pub struct Request<'a> {
    pub method: &'a str,
    /// Encoded as the service signs it.
    pub path: &'a str,
    /// Encoded and sorted.
    pub query: &'a str,
    /// Names in lower case, sorted, each once; the host among them.
    pub headers: &'a [(&'a str, &'a str)],
    /// As [`hash`] makes it.
    pub body_hash: &'a str,
}

/// Where and when a signature is good.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub service: &'a str,
    pub region: &'a str,
    pub at: DateTime<Utc>,
}

/// The text of `x-amz-date`.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// What stands for a body: also the text of `x-amz-content-sha256`.
pub fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// The text of `authorization`.
pub fn authorization(
    request: &Request<'_>,
    scope: Scope<'_>,
    key_id: &str,
    secret: &str,
) -> String {
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut headers = String::new();
    for (name, value) in request.headers {
        for part in [name, ":", value.trim(), "\n"] {
            headers.push_str(part);
        }
    }
    let Request {
        method,
        path,
        query,
        body_hash,
        ..
    } = request;
    let canonical = format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{body_hash}");
    let Scope {
        service,
        region,
        at,
    } = scope;
    let (time, day) = (timestamp(at), at.format("%Y%m%d").to_string());
    let within = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!(
        "{ALGORITHM}\n{time}\n{within}\n{}",
        hash(canonical.as_bytes())
    );
    let mut key = mac(format!("AWS4{secret}").as_bytes(), &day);
    for part in [region, service, "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex::encode(mac(&key, &to_sign));
    format!(
        "{ALGORITHM} Credential={key_id}/{within}, SignedHeaders={names}, Signature={signature}"
    )
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length makes an HMAC");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Request, Scope, authorization, hash};

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[track_caller]
    fn check(path: &str, query: &str, expected: &str) {
        let request = Request {
            method: "GET",
            path,
            query,
            headers: &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body_hash: &hash(b""),
        };
        let scope = Scope {
            service: "service",
            region: "us-east-1",
            at: "2015-08-30T12:36:00Z".parse().unwrap(),
        };
        let found = authorization(&request, scope, "AKIDEXAMPLE", SECRET);
        let start = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature=";
        assert_eq!(found, format!("{start}{expected}"));
    }

    /// `get-vanilla` and `get-vanilla-query-order-key-case` of AWS's published suite.
    #[test]
    fn published_vectors_are_signed_as_published() {
        check(
            "/",
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        );
        check(
            "/",
            "Param1=value1&Param2=value2",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
    }
}
