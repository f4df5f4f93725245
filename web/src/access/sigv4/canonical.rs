//! The canonical request: one spelling of a request that caller and server both hash.

use std::fmt::Write;

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use super::Request;

/// RFC 3986's unreserved characters stay; everything else is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const ENCODED_IN_PATHS: &AsciiSet = &ENCODED.remove(b'/');

/// Method, path, query, signed headers with their values, their names, and the hash of the body.
pub(super) fn request(request: &Request<'_>, signed_headers: &[String]) -> String {
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method,
        path(request.path),
        query(request.query)
    );
    for name in signed_headers {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}:{}", header(request.headers, name));
    }
    let _ = write!(
        text,
        "\n{}\n{}",
        signed_headers.join(";"),
        hex::encode(Sha256::digest(request.body))
    );
    text
}

/// Dot segments and doubled slashes are gone, and what is left is encoded once more: every service but
/// S3 signs a path that is encoded twice.
fn path(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut normal = format!("/{}", kept.join("/"));
    if !kept.is_empty() && path.ends_with('/') {
        normal.push('/');
    }
    percent_encode(normal.as_bytes(), ENCODED_IN_PATHS).to_string()
}

/// Sorted by encoded name and value, without the signature itself.
fn query(query: &str) -> String {
    let mut encoded: Vec<(String, String)> = pairs_of_bytes(query)
        .filter(|(name, _)| name != b"X-Amz-Signature")
        .map(|(name, value)| {
            let encode = |bytes: &[u8]| percent_encode(bytes, ENCODED).to_string();
            (encode(&name), encode(&value))
        })
        .collect();
    encoded.sort_unstable();
    let encoded: Vec<String> = encoded
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    encoded.join("&")
}

/// The parameters of a query, decoded, in their order.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    pairs_of_bytes(query)
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

fn pairs_of_bytes(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                percent_decode_str(name).collect(),
                percent_decode_str(value).collect(),
            )
        })
}

/// All values of a header with commas between, each trimmed and its runs of blanks made one.
fn header(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    values.join(",")
}
