//! AWS Signature Version 4, as a server checks it: the header form and the presigned query form.
//!
//! Pure functions over a request's parts; who owns a key and what a failure answers is not here. The rules
//! are those of "AWS Signature Version 4 for API requests" in the IAM user guide, the texts those that AWS
//! services answer with. A session token is taken as one more signed header and means nothing here, since
//! keys are permanent.

mod canonical;
#[cfg(test)]
pub(super) mod signer;
#[cfg(test)]
mod tests;

use asl::Timestamp;
use chrono::{DateTime, NaiveDateTime};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How far a caller's clock may be from ours.
const SKEW_MINUTES: i64 = 15;
/// The longest life of a presigned request: seven days.
const EXPIRES_SECONDS_MAX: i64 = 7 * 24 * 3600;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The longest Authorization header that is read: a credential, a signature and fifty header names.
const AUTHORIZATION_BYTES_MAX: usize = 4096;

/// The parts of a request that a signature covers, as they came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Why a request is not believed: the variants bear AWS's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing about the request is signed.
    MissingAuthenticationToken,
    /// It cannot be read as a signature.
    IncompleteSignature(String),
    /// It can be read, and is wrong, too old or for someone else.
    InvalidSignature(String),
}

/// What a request says about its signature, before anything of it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub key_id: String,
    scope: Scope,
    /// Lower case, in the request's order.
    signed_headers: Vec<String>,
    signature: String,
    date: Timestamp,
    /// As written, for messages and for what is signed: `20150830T123600Z`.
    date_text: String,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Header,
    Query { expires_seconds: i64 },
}

/// `20150830/us-east-1/states/aws4_request`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    date: String,
    region: String,
    service: String,
    terminator: String,
}

impl Scope {
    fn text(&self) -> String {
        let Self {
            date,
            region,
            service,
            terminator,
        } = self;
        format!("{date}/{region}/{service}/{terminator}")
    }
}

/// What the request claims in its Authorization header or in its query.
pub fn claim(request: &Request<'_>) -> Result<Claim, Fault> {
    if let Some(header) = request.headers.get(http::header::AUTHORIZATION) {
        return header_claim(header.as_bytes(), request.headers);
    }
    let query = canonical::pairs(request.query);
    if query.iter().any(|(name, _)| name == "X-Amz-Algorithm") {
        return query_claim(&query);
    }
    Err(Fault::MissingAuthenticationToken)
}

/// Checks everything that a claim says: scope, clock, what must be signed, and the signature itself.
pub fn verify(
    claim: &Claim,
    secret: &[u8],
    request: &Request<'_>,
    service: &str,
    region: &str,
    now: Timestamp,
) -> Result<(), Fault> {
    check_scope(claim, service, region)?;
    check_clock(claim, now)?;
    check_signed_headers(claim, request.headers)?;
    let canonical = canonical::request(request, &claim.signed_headers);
    let to_sign = format!(
        "{ALGORITHM}\n{}\n{}\n{}",
        claim.date_text,
        claim.scope.text(),
        hex::encode(Sha256::digest(canonical))
    );
    let expected = hex::encode(mac(&signing_key(secret, &claim.scope), to_sign.as_bytes()));
    if bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
        return Ok(());
    }
    Err(Fault::InvalidSignature(
        "The request signature we calculated does not match the signature you provided. Check your AWS \
         Secret Access Key and signing method. Consult the service documentation for details."
            .to_owned(),
    ))
}

fn header_claim(header: &[u8], headers: &HeaderMap) -> Result<Claim, Fault> {
    // AWS names the header by its hash, since the header itself may hold a secret of another scheme.
    let named = || {
        use base64::Engine;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(header));
        format!("(Hashed with SHA-256 and encoded with Base64) Authorization={hash}")
    };
    let incomplete = |problem: &str| Fault::IncompleteSignature(format!("{problem} {}", named()));
    let text = std::str::from_utf8(header)
        .ok()
        .filter(|text| text.len() <= AUTHORIZATION_BYTES_MAX)
        .ok_or_else(|| incomplete("Authorization header is too long or not UTF-8."))?;
    let Some(parts) = text
        .strip_prefix(ALGORITHM)
        .filter(|rest| rest.starts_with(' '))
    else {
        return Err(incomplete("Unsupported AWS 'algorithm'."));
    };
    let (mut credential, mut signed, mut signature) = (None, None, None);
    for part in parts.split(',') {
        match part.trim().split_once('=') {
            Some(("Credential", value)) => credential = Some(value),
            Some(("SignedHeaders", value)) => signed = Some(value),
            Some(("Signature", value)) => signature = Some(value),
            _ => {
                return Err(incomplete(
                    "Authorization header has a part that is not Credential, SignedHeaders or Signature.",
                ));
            }
        }
    }
    let date = header_text(headers, "x-amz-date").or_else(|| header_text(headers, "date"));
    let (Some(credential), Some(signed), Some(signature), Some(date)) =
        (credential, signed, signature, date)
    else {
        let missing = [
            (
                credential,
                "Authorization header requires 'Credential' parameter.",
            ),
            (
                signature,
                "Authorization header requires 'Signature' parameter.",
            ),
            (
                signed,
                "Authorization header requires 'SignedHeaders' parameter.",
            ),
            (
                date,
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
            ),
        ];
        let missing: Vec<&str> = missing
            .into_iter()
            .filter_map(|(value, problem)| value.is_none().then_some(problem))
            .collect();
        return Err(incomplete(&missing.join(" ")));
    };
    let (date_text, date) = read_date(date).ok_or_else(|| {
        incomplete(
            "Date must be in ISO-8601 'basic format', as in an X-Amz-Date of 20150830T123600Z.",
        )
    })?;
    let (key_id, scope) =
        read_credential(credential).ok_or_else(|| incomplete(&format!("{CREDENTIAL_FORM}.")))?;
    Ok(Claim {
        key_id,
        scope,
        signed_headers: read_signed_headers(signed),
        signature: signature.to_owned(),
        date,
        date_text,
        form: Form::Header,
    })
}

const CREDENTIAL_FORM: &str = "Credential must have exactly 5 slash-delimited elements, e.g. \
                               keyid/date/region/service/term";

fn query_claim(query: &[(String, String)]) -> Result<Claim, Fault> {
    let incomplete = |problem: String| Fault::IncompleteSignature(problem);
    let find = |name: &str| {
        query
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| {
                incomplete(format!(
                    "AWS query-string parameters must include '{name}'."
                ))
            })
    };
    if find("X-Amz-Algorithm")? != ALGORITHM {
        return Err(incomplete("Unsupported AWS 'algorithm'.".to_owned()));
    }
    let (date_text, date) = read_date(find("X-Amz-Date")?).ok_or_else(|| {
        incomplete(
            "X-Amz-Date must be in ISO-8601 'basic format', as in 20150830T123600Z.".to_owned(),
        )
    })?;
    let (key_id, scope) = read_credential(find("X-Amz-Credential")?)
        .ok_or_else(|| incomplete(format!("{CREDENTIAL_FORM}.")))?;
    let expires_seconds = find("X-Amz-Expires")?
        .parse()
        .ok()
        .filter(|seconds| (1..=EXPIRES_SECONDS_MAX).contains(seconds))
        .ok_or_else(|| {
            incomplete(format!(
                "X-Amz-Expires must be a number of seconds from 1 to {EXPIRES_SECONDS_MAX}."
            ))
        })?;
    Ok(Claim {
        key_id,
        scope,
        signed_headers: read_signed_headers(find("X-Amz-SignedHeaders")?),
        signature: find("X-Amz-Signature")?.to_owned(),
        date,
        date_text,
        form: Form::Query { expires_seconds },
    })
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn read_credential(text: &str) -> Option<(String, Scope)> {
    // From the end, so that a key id is whatever is left; AWS's have no slash, and neither have ours.
    let mut parts = text.rsplitn(5, '/');
    let mut next = || parts.next().map(str::to_owned);
    let (terminator, service, region, date, key_id) = (next()?, next()?, next()?, next()?, next()?);
    let scope = Scope {
        date,
        region,
        service,
        terminator,
    };
    (!key_id.is_empty() && !key_id.contains('/')).then_some((key_id, scope))
}

fn read_signed_headers(text: &str) -> Vec<String> {
    text.split(';').map(str::to_ascii_lowercase).collect()
}

/// The date as it is signed, and as an instant. A Date header may also have HTTP's own form.
fn read_date(text: &str) -> Option<(String, Timestamp)> {
    if let Ok(date) = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ") {
        return Some((
            text.to_owned(),
            Timestamp(date.and_utc().timestamp_micros()),
        ));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    let date = Timestamp(date.timestamp_micros());
    Some((basic(date), date))
}

/// `20150830T123600Z`
fn basic(date: Timestamp) -> String {
    date.to_chrono().format("%Y%m%dT%H%M%SZ").to_string()
}

fn check_scope(claim: &Claim, service: &str, region: &str) -> Result<(), Fault> {
    let scope = &claim.scope;
    let day = claim.date_text.get(..8).unwrap_or_default();
    let mut problems = Vec::new();
    if scope.terminator != "aws4_request" {
        problems.push(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{}'. ",
            scope.terminator
        ));
    }
    if scope.service != service {
        problems.push(format!(
            "Credential should be scoped to correct service: '{service}'. "
        ));
    }
    if scope.region != region {
        problems.push(format!(
            "Credential should be scoped to a valid region: '{region}'. "
        ));
    }
    if scope.date != day {
        problems.push(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '{}' != '{day}', from '{}'. ",
            scope.date, claim.date_text
        ));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Fault::InvalidSignature(problems.concat()))
}

fn check_clock(claim: &Claim, now: Timestamp) -> Result<(), Fault> {
    let minutes = |count: i64| count * 60;
    let (written, now_text) = (&claim.date_text, basic(now));
    let latest = now.plus_seconds(minutes(SKEW_MINUTES));
    if claim.date > latest {
        return Err(Fault::InvalidSignature(format!(
            "Signature not yet current: {written} is still later than {} ({now_text} + {SKEW_MINUTES} min.)",
            basic(latest)
        )));
    }
    let (life_seconds, life) = match claim.form {
        Form::Header => (minutes(SKEW_MINUTES), format!("{SKEW_MINUTES} min.")),
        Form::Query { expires_seconds } => (expires_seconds, format!("{expires_seconds} s")),
    };
    let earliest = now.plus_seconds(-life_seconds);
    if claim.date < earliest {
        return Err(Fault::InvalidSignature(format!(
            "Signature expired: {written} is now earlier than {} ({now_text} - {life})",
            basic(earliest)
        )));
    }
    Ok(())
}

/// What decides where a request goes and what it does must be covered by the signature.
fn check_signed_headers(claim: &Claim, headers: &HeaderMap) -> Result<(), Fault> {
    let is_signed = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    if !is_signed("host") {
        return Err(Fault::InvalidSignature(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    let mut needed = vec!["x-amz-target"];
    if claim.form == Form::Header {
        needed.push("x-amz-date");
    }
    for name in needed {
        if headers.contains_key(name) && !is_signed(name) {
            return Err(Fault::InvalidSignature(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    Ok(())
}

fn signing_key(secret: &[u8], scope: &Scope) -> [u8; 32] {
    let mut key = b"AWS4".to_vec();
    key.extend_from_slice(secret);
    let day = mac(&key, scope.date.as_bytes());
    let region = mac(&day, scope.region.as_bytes());
    let service = mac(&region, scope.service.as_bytes());
    mac(&service, scope.terminator.as_bytes())
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}
