//! Signing requests to S3: three headers, and a signature over them that `sigv4` makes.
//!
//! Source: "Authenticating Requests: Using the Authorization Header" in the S3 API reference, whose
//! worked examples are the tests.

use chrono::{DateTime, Utc};

use super::Credentials;

pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// Encoded as it is sent.
    pub(super) path: &'a str,
    /// Encoded and sorted.
    pub(super) query: &'a str,
    pub(super) host: &'a str,
    pub(super) body: &'a [u8],
    pub(super) region: &'a str,
    pub(super) credentials: &'a Credentials,
    pub(super) at: DateTime<Utc>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature carries the time at which it is sent, and decides nothing"
)]
pub(super) fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// The headers to send, the signature last.
pub(super) fn headers(signed: &Signed<'_>) -> Vec<(&'static str, String)> {
    let hash = sigv4::hash(signed.body);
    let mut headers = vec![
        ("host", signed.host.to_owned()),
        ("x-amz-content-sha256", hash.clone()),
        ("x-amz-date", sigv4::timestamp(signed.at)),
    ];
    if let Some(token) = &signed.credentials.session_token {
        headers.push(("x-amz-security-token", token.clone()));
    }
    let named: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let request = sigv4::Request {
        method: signed.method,
        path: signed.path,
        query: signed.query,
        headers: &named,
        body_hash: &hash,
    };
    let scope = sigv4::Scope {
        service: "s3",
        region: signed.region,
        at: signed.at,
    };
    let Credentials {
        access_key_id: id,
        secret_access_key: secret,
        ..
    } = signed.credentials;
    let authorization = sigv4::authorization(&request, scope, id, secret);
    headers.push(("authorization", authorization));
    headers
}

#[cfg(test)]
mod tests {
    use super::{Signed, headers};
    use crate::Credentials;

    /// The example "GET Bucket (List Objects)" of the S3 API reference.
    #[test]
    fn the_published_example_has_the_published_signature() {
        let credentials = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let signed = headers(&Signed {
            method: "GET",
            path: "/",
            query: "max-keys=2&prefix=J",
            host: "examplebucket.s3.amazonaws.com",
            body: b"",
            region: "us-east-1",
            credentials: &credentials,
            at: "2013-05-24T00:00:00Z".parse().unwrap(),
        });
        let (name, value) = signed.last().unwrap();
        assert_eq!(*name, "authorization");
        assert_eq!(
            value,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
        assert!(
            !format!("{credentials:?}").contains("wJalr"),
            "a secret is not shown"
        );
    }
}
