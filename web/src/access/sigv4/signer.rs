//! Signs requests, for tests. What it makes is checked against AWS's vectors by `tests.rs`, through the
//! same canonical form.

use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use super::{ALGORITHM, Request, Scope, basic, canonical, mac, signing_key};

/// Adds date and authorization to the headers of a `POST /` to the service `states` in us-east-1.
pub(in crate::access) fn sign(
    headers: &mut HeaderMap,
    body: &[u8],
    key_id: &str,
    secret: &str,
    now: asl::Timestamp,
) {
    let date = basic(now);
    headers.insert("x-amz-date", HeaderValue::from_str(&date).unwrap());
    let mut signed: Vec<String> = headers.keys().map(ToString::to_string).collect();
    signed.sort();
    let scope = Scope {
        date: date[..8].to_owned(),
        region: "us-east-1".to_owned(),
        service: "states".to_owned(),
        terminator: "aws4_request".to_owned(),
    };
    let request = Request {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body,
    };
    let hash = hex::encode(Sha256::digest(canonical::request(&request, &signed)));
    let to_sign = format!("{ALGORITHM}\n{date}\n{}\n{hash}", scope.text());
    let signature = hex::encode(mac(
        &signing_key(secret.as_bytes(), &scope),
        to_sign.as_bytes(),
    ));
    let authorization = format!(
        "{ALGORITHM} Credential={key_id}/{}, SignedHeaders={}, Signature={signature}",
        scope.text(),
        signed.join(";")
    );
    headers.insert("authorization", authorization.parse().unwrap());
}
