//! From a task and its connection to what is sent, and from a redirect to what is sent next.
//! Source: developer guide, "Merging EventBridge connection and HTTP Task definition data".

use std::sync::Arc;

use asl::{Json, StateError, error::names};
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION, RANGE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::{Request, Response, Url};

use super::encode;
use super::parameters::Parameters;
use crate::failure;
use crate::registry::{Authorization, Connection, Parameter, basic, endpoint_header};
use crate::secret::Secret;

/// One request of a chain of redirects.
#[derive(Clone)]
pub(super) struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
    /// The headers without what the connection gave, for another origin.
    plain_headers: Arc<HeaderMap>,
    /// Whether the connection put something into the body.
    body_is_private: bool,
}

/// The first request, with everything that the connection adds. Its values win.
pub(super) fn first(
    written: &Json,
    parameters: &Parameters,
    connection: &Connection,
    token: Option<&Secret>,
) -> Result<Hop, StateError> {
    let extra = connection.parameters();
    let body_is_private = !extra.body.is_empty();
    let body = merged_body(written, parameters.body.as_ref(), &extra.body)?;
    let (bytes, content_type) = match (&body, parameters.form) {
        (None, _) => (None, None),
        (Some(body), Some(format)) => {
            let form = encode::form(body, format).ok_or_else(|| {
                runtime_error(
                    written,
                    "The field 'RequestBody' must be an OBJECT to be URL-encoded",
                )
            })?;
            (Some(form), Some("application/x-www-form-urlencoded"))
        }
        // A text goes as it is.
        (Some(Json::String(text)), None) => (Some(text.to_string()), Some("application/json")),
        (Some(body), None) => (Some(body.to_text()), Some("application/json")),
    };

    let mut plain = HeaderMap::new();
    plain.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!(
            "Stepwright/",
            env!("CARGO_PKG_VERSION"),
            " HttpInvoke"
        )),
    );
    plain.insert(RANGE, HeaderValue::from_static("bytes=0-262144"));
    let mut own = HeaderMap::new();
    for (name, value) in &parameters.headers {
        own.append(name.clone(), value.clone());
    }
    replace(&mut plain, own);
    if let Some(content_type) = content_type {
        plain
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(content_type));
    }
    let mut headers = plain.clone();
    replace(&mut headers, connection_headers(connection, token)?);

    let mut url = parameters.url.clone();
    extend_query(&mut url, parameters, &extra.query);
    Ok(Hop {
        method: parameters.method.clone(),
        url,
        headers,
        body: bytes.map(Bytes::from),
        plain_headers: Arc::new(plain),
        body_is_private,
    })
}

impl Hop {
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn to_request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        request.headers_mut().clone_from(&self.headers);
        if let Some(body) = &self.body {
            *request.body_mut() = Some(body.clone().into());
        }
        request
    }

    /// Where the answer sends the caller, and with what. `None` where it is no redirect that can
    /// be followed. Source: RFC 9110, section 15.4.
    pub(super) fn redirected(&self, response: &Response) -> Option<Self> {
        let keeps_method = match response.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method != Method::POST,
            StatusCode::SEE_OTHER => matches!(self.method, Method::GET | Method::HEAD),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return None,
        };
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let mut url = self.url.join(location).ok()?;
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_credentials {
            return None;
        }
        url.set_fragment(None);
        let mut next = self.clone();
        if !keeps_method {
            next.method = Method::GET;
            next.body = None;
            for headers in [&mut next.headers, Arc::make_mut(&mut next.plain_headers)] {
                headers.remove(CONTENT_TYPE);
                headers.remove(CONTENT_LENGTH);
            }
        }
        if url.origin() != self.url.origin() {
            if next.body.is_some() && self.body_is_private {
                return None;
            }
            let headers = Arc::make_mut(&mut next.plain_headers);
            headers.remove(AUTHORIZATION);
            headers.remove(COOKIE);
            next.headers.clone_from(headers);
        }
        next.url = url;
        Some(next)
    }
}

fn connection_headers(
    connection: &Connection,
    token: Option<&Secret>,
) -> Result<HeaderMap, StateError> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| -> Result<(), StateError> {
        let (name, mut value) =
            endpoint_header(name, value).map_err(|why| invalid_connection(connection, &why))?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(())
    };
    for parameter in &connection.parameters().headers {
        add(&parameter.name, parameter.value.expose())?;
    }
    match connection.authorization() {
        Authorization::Basic { username, password } => {
            add("authorization", &basic(username, password))?;
        }
        Authorization::ApiKey { name, value } => add(name, value.expose())?,
        Authorization::OAuth(_) => {
            if let Some(token) = token {
                add("authorization", &format!("Bearer {}", token.expose()))?;
            }
        }
    }
    Ok(headers)
}

/// A connection that cannot be used, as EventBridge's state of it is reported.
pub(super) fn invalid_connection(connection: &Connection, why: &str) -> StateError {
    StateError::new(
        "Events.ConnectionResource.InvalidConnectionState",
        failure::bounded(&format!(
            "Connection '{}' cannot be used: {}",
            connection.name(),
            connection.redactor().text(why)
        )),
    )
}

/// All values of each name of `with` in the place of those in `headers`.
fn replace(headers: &mut HeaderMap, with: HeaderMap) {
    let mut current: Option<HeaderName> = None;
    for (name, value) in with {
        // A map gives the name with its first value only.
        if let Some(name) = name {
            headers.remove(&name);
            current = Some(name);
        }
        if let Some(name) = &current {
            headers.append(name.clone(), value);
        }
    }
}

fn merged_body(
    written: &Json,
    own: Option<&Json>,
    extra: &[Parameter],
) -> Result<Option<Json>, StateError> {
    if extra.is_empty() {
        return Ok(own.cloned());
    }
    let mut members = match own {
        None => asl::json::Object::new(),
        Some(own) => own.as_object().cloned().ok_or_else(|| {
            runtime_error(
                written,
                "The field 'RequestBody' must be an OBJECT, since the connection adds members to it",
            )
        })?,
    };
    for parameter in extra {
        members.insert(
            Arc::from(parameter.name.as_str()),
            Json::string(parameter.value.expose()),
        );
    }
    Ok(Some(Json::object(members)))
}

fn extend_query(url: &mut Url, parameters: &Parameters, extra: &[Parameter]) {
    let is_overridden = |name: &str| extra.iter().any(|parameter| parameter.name == name);
    let own = parameters
        .query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !is_overridden(name));
    let added = encode::join(
        own.chain(
            extra
                .iter()
                .map(|parameter| (parameter.name.as_str(), parameter.value.expose())),
        ),
    );
    if added.is_empty() {
        return;
    }
    let query = match url.query() {
        Some(before) if !before.is_empty() => format!("{before}&{added}"),
        _ => added,
    };
    url.set_query(Some(&query));
}

fn runtime_error(written: &Json, what: &str) -> StateError {
    StateError::new(
        names::RUNTIME,
        failure::bounded(&format!(
            "The Parameters '{written}' could not be used to start the Task: [{what}]"
        )),
    )
}
