//! Tokens of the client credentials grant: asked for once, kept until they expire.
//! Source: RFC 6749, sections 4.4 and 5.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl::{Json, StateError};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use reqwest::Request;
use tokio::time::Instant;

use super::request::invalid_connection;
use super::{CallError, check_scheme, encode};
use crate::age;
use crate::body::{self, Body};
use crate::client::{Client, TransportError};
use crate::limits;
use crate::registry::{
    ClientAuthentication, Connection, OAuth, Parameter, TokenMethod, basic, endpoint_header,
};
use crate::secret::Secret;

/// The tokens that this node has, by connection.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<Arc<str>, Arc<Slot>>>);

struct Slot {
    /// Of the connection that the token was got for.
    version: Arc<str>,
    /// Held while a token is asked for, so that many calls at once ask once.
    kept: tokio::sync::Mutex<Option<Kept>>,
}

struct Kept {
    secret: Secret,
    until: Instant,
}

/// A token to call with.
pub(super) struct Token {
    pub(super) secret: Secret,
    /// Whether it was there before this call.
    pub(super) is_kept: bool,
}

impl Tokens {
    /// The connection's token, asked for where there is none that is valid yet.
    pub(super) async fn get(
        &self,
        client: &Client,
        connection: &Connection,
        oauth: &OAuth,
    ) -> Result<Token, StateError> {
        let slot = self.slot(connection);
        let mut kept = slot.kept.lock().await;
        if let Some(token) = &*kept
            && age::now() < token.until
        {
            return Ok(Token {
                secret: token.secret.clone(),
                is_kept: true,
            });
        }
        let (secret, life) = ask(client, connection, oauth).await?;
        *kept = Some(Kept {
            secret: secret.clone(),
            until: age::now() + life,
        });
        Ok(Token {
            secret,
            is_kept: false,
        })
    }

    /// Forgets a token that was refused, unless another has taken its place already.
    pub(super) async fn drop_token(&self, connection: &Connection, refused: &Secret) {
        let slot = self.slot(connection);
        let mut kept = slot.kept.lock().await;
        if kept.as_ref().is_some_and(|token| token.secret == *refused) {
            *kept = None;
        }
    }

    fn slot(&self, connection: &Connection) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(connection.name()) {
            Some(slot) if slot.version == *connection.version() => Arc::clone(slot),
            _ => {
                if slots.len() >= limits::TOKENS_MAX {
                    slots.clear();
                }
                let slot = Arc::new(Slot {
                    version: Arc::clone(connection.version()),
                    kept: tokio::sync::Mutex::default(),
                });
                slots.insert(Arc::clone(connection.name()), Arc::clone(&slot));
                slot
            }
        }
    }
}

async fn ask(
    client: &Client,
    connection: &Connection,
    oauth: &OAuth,
) -> Result<(Secret, Duration), StateError> {
    let invalid = |why: &str| invalid_connection(connection, why);
    let request = request(oauth).map_err(|why| invalid(&why))?;
    let sent = async {
        check_scheme(client, request.url())?;
        Ok::<_, CallError>(client.send(request).await?)
    };
    let response = sent.await.map_err(|error| match error {
        CallError::Transport(TransportError::Broken(how)) => {
            invalid(&format!("the token endpoint could not be called: {how}"))
        }
        other => other.into_state_error(connection.redactor()),
    })?;
    let status = response.status();
    let body = body::read(response, limits::TOKEN_ANSWER_BYTES_MAX)
        .await
        .map_err(|error| {
            invalid(&format!(
                "the token endpoint's answer could not be read: {error}"
            ))
        })?;
    // An error's body may repeat what was sent, so only its registered code is shown.
    let bytes = match body {
        Body::Whole(bytes) => bytes,
        Body::TooLarge(_) => return Err(invalid("the token endpoint's answer is too large")),
    };
    let answer = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| asl::json::parse(text).ok());
    let member = |name: &str| answer.as_ref().and_then(|answer| answer.get(name));
    if !status.is_success() {
        let code = member("error")
            .and_then(Json::as_str)
            .filter(|code| is_error_code(code));
        return Err(invalid(&match code {
            Some(code) => format!("the token endpoint answered {} ({code})", status.as_u16()),
            None => format!("the token endpoint answered {}", status.as_u16()),
        }));
    }
    let token = member("access_token")
        .and_then(Json::as_str)
        .filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| invalid("the token endpoint's answer has no access_token"))?;
    let life = match member("expires_in").and_then(seconds) {
        None => limits::TOKEN_LIFE_DEFAULT,
        Some(life) => life
            .saturating_sub(limits::TOKEN_LIFE_MARGIN)
            .min(limits::TOKEN_LIFE_MAX),
    };
    Ok((Secret::new(token), life))
}

fn request(oauth: &OAuth) -> Result<Request, String> {
    let mut url = oauth.url().map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut add = |name: &str, value: &str| -> Result<(), String> {
        let (name, mut value) = endpoint_header(name, value)?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(())
    };
    let extra = &oauth.parameters;
    let mut fields: Vec<(&str, &str)> = Vec::new();
    if !extra
        .body
        .iter()
        .chain(&extra.query)
        .any(|parameter| parameter.name == "grant_type")
    {
        fields.push(("grant_type", "client_credentials"));
    }
    match oauth.client_authentication {
        ClientAuthentication::Header => {
            add(
                "authorization",
                &basic(&oauth.client_id, &oauth.client_secret),
            )?;
        }
        ClientAuthentication::Parameters => {
            fields.push(("client_id", &oauth.client_id));
            fields.push(("client_secret", oauth.client_secret.expose()));
        }
    }
    for parameter in &extra.headers {
        add(&parameter.name, parameter.value.expose())?;
    }
    fields.extend(extra.body.iter().map(pair));
    let mut query: Vec<_> = extra.query.iter().map(pair).collect();
    let method = match oauth.method {
        TokenMethod::Get => Method::GET,
        TokenMethod::Post => Method::POST,
        TokenMethod::Put => Method::PUT,
    };
    let body = if oauth.method == TokenMethod::Get {
        query.append(&mut fields);
        None
    } else {
        Some(encode::join(fields))
    };
    if !query.is_empty() {
        let added = encode::join(query);
        let whole = match url.query() {
            Some(before) if !before.is_empty() => format!("{before}&{added}"),
            _ => added,
        };
        url.set_query(Some(&whole));
    }
    let mut request = Request::new(method, url);
    if let Some(body) = body {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        *request.body_mut() = Some(body.into());
    }
    *request.headers_mut() = headers;
    Ok(request)
}

fn pair(parameter: &Parameter) -> (&str, &str) {
    (parameter.name.as_str(), parameter.value.expose())
}

/// The shape of RFC 6749's error codes: `invalid_client`.
fn is_error_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A number of seconds; some servers write it as a text.
fn seconds(value: &Json) -> Option<Duration> {
    let text = match value {
        Json::Number(number) => number.as_str(),
        Json::String(text) => text,
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return None,
    };
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
