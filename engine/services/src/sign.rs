//! Signing calls of services: which headers they carry, and how each service spells what is signed. The
//! signature itself is made in `sigv4`.

use asl::Timestamp;
use http::{HeaderMap, HeaderValue};

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
    let at = scope.now.to_chrono();
    let body_hash = sigv4::hash(&prepared.body);
    let is_s3 = scope.service == "s3";
    insert(&mut prepared.headers, "x-amz-date", &sigv4::timestamp(at));
    if let Some(token) = &by.session_token {
        insert(&mut prepared.headers, "x-amz-security-token", token);
    }
    if is_s3 {
        insert(&mut prepared.headers, "x-amz-content-sha256", &body_hash);
    }
    let mut headers: Vec<(&str, &str)> = prepared
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), text_of(value)?)))
        .collect();
    headers.push(("host", scope.host));
    headers.sort_unstable();
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
    let request = sigv4::Request {
        method: prepared.method.as_str(),
        path: &path,
        query: &query.join("&"),
        headers: &headers,
        body_hash: &body_hash,
    };
    let within = sigv4::Scope {
        service: scope.service,
        region: scope.region,
        at,
    };
    let authorization = sigv4::authorization(&request, within, &by.key_id, &by.secret);
    insert(&mut prepared.headers, "authorization", &authorization);
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
