//! SigV4 for requests to S3: three headers and a signature over them.
//!
//! Source: "Authenticating Requests: Using the Authorization Header" in the S3 API reference, whose
//! worked examples are the tests.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

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
    let time = signed.at.format("%Y%m%dT%H%M%SZ").to_string();
    let day = signed.at.format("%Y%m%d").to_string();
    let hash = hex::encode(Sha256::digest(signed.body));
    let mut headers = vec![
        ("host", signed.host.to_owned()),
        ("x-amz-content-sha256", hash.clone()),
        ("x-amz-date", time.clone()),
    ];
    if let Some(token) = &signed.credentials.session_token {
        headers.push(("x-amz-security-token", token.clone()));
    }
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut request = format!("{}\n{}\n{}\n", signed.method, signed.path, signed.query);
    for (name, value) in &headers {
        request.push_str(name);
        request.push(':');
        request.push_str(value.trim());
        request.push('\n');
    }
    request.push('\n');
    request.push_str(&names);
    request.push('\n');
    request.push_str(&hash);
    let scope = format!("{day}/{}/s3/aws4_request", signed.region);
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex::encode(Sha256::digest(request.as_bytes()))
    );
    let secret = format!("AWS4{}", signed.credentials.secret_access_key);
    let mut key = mac(secret.as_bytes(), day.as_bytes());
    for part in [signed.region, "s3", "aws4_request"] {
        key = mac(&key, part.as_bytes());
    }
    let signature = hex::encode(mac(&key, text.as_bytes()));
    headers.push((
        "authorization",
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            signed.credentials.access_key_id
        ),
    ));
    headers
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length makes an HMAC");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
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
