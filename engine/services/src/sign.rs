//! AWS Signature Version 4 for requests that we send.
//!
//! Source: IAM user guide, "AWS Signature Version 4 for API requests". Checking what others send is
//! the server's, in `web/src/access/sigv4`; its tests sign with the same published vectors.

use asl::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use crate::answer::text_of;
use crate::client::Credentials;
use crate::protocol::{Prepared, encode, form};

/// What is signed beside the request itself.
pub(crate) struct Scope<'a> {
    pub(crate) host: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) now: Timestamp,
}

/// Adds the headers that say who sends the request. `path` is the one that travels, encoded once.
pub(crate) fn sign(prepared: &mut Prepared, path: &str, scope: &Scope<'_>, by: &Credentials) {
    let time = scope.now.to_chrono().format("%Y%m%dT%H%M%SZ").to_string();
    let day = time.get(..8).unwrap_or_default().to_owned();
    let body_hash = hex::encode(Sha256::digest(&prepared.body));
    let is_s3 = scope.service == "s3";
    insert(&mut prepared.headers, "x-amz-date", &time);
    if let Some(token) = &by.session_token {
        insert(&mut prepared.headers, "x-amz-security-token", token);
    }
    if is_s3 {
        insert(&mut prepared.headers, "x-amz-content-sha256", &body_hash);
    }
    let mut signed: Vec<(String, String)> = prepared
        .headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), text_of(value)?.trim().to_owned()))
        })
        .collect();
    signed.push(("host".to_owned(), scope.host.to_owned()));
    signed.sort();
    let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let mut headers = String::new();
    for (name, value) in &signed {
        for part in [name, ":", value, "\n"] {
            headers.push_str(part);
        }
    }
    // Every service but S3 encodes the path once more before it is signed.
    let path = if is_s3 {
        path.to_owned()
    } else {
        path.split('/').map(encode).collect::<Vec<_>>().join("/")
    };
    let mut query: Vec<(String, String)> = prepared
        .query
        .iter()
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    query.sort();
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let canonical = format!(
        "{}\n{path}\n{}\n{headers}\n{names}\n{body_hash}",
        prepared.method,
        query.join("&")
    );
    let within = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{within}\n{}",
        hex::encode(Sha256::digest(canonical))
    );
    let mut key = mac(format!("AWS4{}", by.secret).as_bytes(), day.as_bytes());
    for part in [scope.region, scope.service, "aws4_request"] {
        key = mac(&key, part.as_bytes());
    }
    let signature = hex::encode(mac(&key, to_sign.as_bytes()));
    insert(
        &mut prepared.headers,
        "authorization",
        &format!(
            "AWS4-HMAC-SHA256 Credential={}/{within}, SignedHeaders={names}, Signature={signature}",
            by.key_id
        ),
    );
}

/// The query as it travels.
pub(crate) fn query(prepared: &Prepared) -> Option<String> {
    (!prepared.query.is_empty()).then(|| form(&prepared.query))
}

/// Credentials are checked to be printable when they are set, and everything else is ours.
fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(matches!(name, "authorization" | "x-amz-security-token"));
        headers.insert(name, value);
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    /// `get-vanilla-query-order-key-case` of AWS's published suite.
    #[test]
    fn a_published_vector_is_signed_as_published() {
        let mut prepared = Prepared {
            method: Method::GET,
            path: "/".to_owned(),
            query: vec![
                ("Param2".to_owned(), "value2".to_owned()),
                ("Param1".to_owned(), "value1".to_owned()),
            ],
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        let scope = Scope {
            host: "example.amazonaws.com",
            service: "service",
            region: "us-east-1",
            now: Timestamp::parse_rfc3339("2015-08-30T12:36:00Z").unwrap(),
        };
        let by = Credentials {
            key_id: "AKIDEXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        sign(&mut prepared, "/", &scope, &by);
        let found = prepared
            .headers
            .get("authorization")
            .unwrap()
            .to_str()
            .unwrap();
        assert_eq!(
            found,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
    }
}
