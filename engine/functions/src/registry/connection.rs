//! A connection: how an HTTP task proves who it is, and what goes with every call through it.
//! Checked once, when it is made. Source: `CreateConnection` in EventBridge's service model, whose
//! members these are.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::endpoint::{EndpointError, header, http_url};
use crate::http_task::reserved_header;
use crate::secret::{Redactor, Secret};

/// A connection, ready to be used.
#[derive(Clone, Debug)]
pub struct Connection {
    name: Arc<str>,
    version: Arc<str>,
    authorization: Authorization,
    parameters: Parameters,
    redactor: Redactor,
}

/// The three ways to prove who is calling.
#[derive(Clone, Debug)]
pub enum Authorization {
    Basic {
        username: String,
        password: Secret,
    },
    ApiKey {
        /// The header that carries it.
        name: String,
        value: Secret,
    },
    OAuth(Box<OAuth>),
}

/// The client credentials grant. Source: RFC 6749, section 4.4.
#[derive(Clone, Debug)]
pub struct OAuth {
    pub client_id: String,
    pub client_secret: Secret,
    pub authorization_endpoint: String,
    pub method: TokenMethod,
    pub client_authentication: ClientAuthentication,
    /// What else goes with the request for a token, such as `scope` or `audience`.
    pub parameters: Parameters,
}

/// How a token is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenMethod {
    Get,
    #[default]
    Post,
    Put,
}

/// Where the client's id and secret go when a token is asked for. Source: RFC 6749, section 2.3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In an `Authorization: Basic` header.
    #[default]
    Header,
    /// As `client_id` and `client_secret` among the parameters.
    Parameters,
}

/// What goes with every call. It wins over the task's own values of the same name.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pub headers: Vec<Parameter>,
    pub query: Vec<Parameter>,
    pub body: Vec<Parameter>,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub value: Secret,
    /// Whether the value is hidden wherever something is shown.
    pub is_secret: bool,
}

/// What is wrong with a connection: the field and what is allowed, never a secret value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    #[error("{field}: {why}")]
    Field { field: String, why: String },
    #[error("{field}: {count} are too many, {PARAMETERS_MAX} are allowed")]
    Count { field: String, count: usize },
}

/// Of each sort. Source: EventBridge, `ConnectionHttpParameters`.
const PARAMETERS_MAX: usize = 100;
/// Source: EventBridge, `AuthHeaderParameters` and `QueryStringValue`.
const VALUE_BYTES_MAX: usize = 512;

impl Connection {
    /// `version` changes whenever the connection does: a token got for an earlier one is not used.
    pub fn new(
        name: &str,
        version: &str,
        authorization: Authorization,
        parameters: Parameters,
    ) -> Result<Self, ConnectionError> {
        authorization.check()?;
        parameters.check("invocation_parameters")?;
        let mut secrets: Vec<String> = authorization.secrets();
        secrets.extend(parameters.secrets().map(str::to_owned));
        if let Authorization::OAuth(oauth) = &authorization {
            secrets.extend(oauth.parameters.secrets().map(str::to_owned));
        }
        Ok(Self {
            name: Arc::from(name),
            version: Arc::from(version),
            redactor: Redactor::new(secrets.iter().map(String::as_str)),
            authorization,
            parameters,
        })
    }

    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn version(&self) -> &Arc<str> {
        &self.version
    }

    pub fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}

impl Authorization {
    fn check(&self) -> Result<(), ConnectionError> {
        match self {
            Self::Basic { username, password } => {
                text("basic.username", username)?;
                if username.contains(':') {
                    return Err(field(
                        "basic.username",
                        "a user name has no colon (RFC 7617)",
                    ));
                }
                text("basic.password", password.expose())
            }
            Self::ApiKey { name, value } => {
                text("api_key.value", value.expose())?;
                header_parameter("api_key.name", name, value)
            }
            Self::OAuth(oauth) => {
                text("oauth.client_id", &oauth.client_id)?;
                text("oauth.client_secret", oauth.client_secret.expose())?;
                oauth.url()?;
                oauth.parameters.check("oauth.parameters")
            }
        }
    }

    fn secrets(&self) -> Vec<String> {
        match self {
            // The pair, whose base64 is what is sent, is masked along with the password.
            Self::Basic { username, password } => vec![
                password.expose().to_owned(),
                format!("{username}:{}", password.expose()),
            ],
            Self::ApiKey { value, .. } => vec![value.expose().to_owned()],
            Self::OAuth(oauth) => vec![
                oauth.client_secret.expose().to_owned(),
                format!("{}:{}", oauth.client_id, oauth.client_secret.expose()),
            ],
        }
    }
}

impl OAuth {
    pub(crate) fn url(&self) -> Result<Url, ConnectionError> {
        http_url(&self.authorization_endpoint).map_err(|error| match error {
            EndpointError::Url { url, why } => field(
                "oauth.authorization_endpoint",
                &format!("'{url}' is not allowed: {why}"),
            ),
            other => field("oauth.authorization_endpoint", &other.to_string()),
        })
    }
}

impl Parameters {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Parameter> {
        self.headers.iter().chain(&self.query).chain(&self.body)
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        self.all()
            .filter(|parameter| parameter.is_secret)
            .map(|parameter| parameter.value.expose())
    }

    fn check(&self, place: &str) -> Result<(), ConnectionError> {
        for (sort, parameters) in [
            ("headers", &self.headers),
            ("query", &self.query),
            ("body", &self.body),
        ] {
            let field_name = format!("{place}.{sort}");
            if parameters.len() > PARAMETERS_MAX {
                return Err(ConnectionError::Count {
                    field: field_name,
                    count: parameters.len(),
                });
            }
            for (index, parameter) in parameters.iter().enumerate() {
                let field_name = format!("{field_name}[{index}]");
                if parameter.name.is_empty() || parameter.name.len() > VALUE_BYTES_MAX {
                    return Err(field(&field_name, "a name has 1 to 512 bytes"));
                }
                if parameter.value.expose().len() > VALUE_BYTES_MAX {
                    return Err(field(&field_name, "a value has at most 512 bytes"));
                }
                if sort == "headers" {
                    header_parameter(&field_name, &parameter.name, &parameter.value)?;
                }
            }
        }
        Ok(())
    }
}

/// `Basic` and base64 of the pair. Source: RFC 7617.
pub(crate) fn basic(user: &str, password: &Secret) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{}", password.expose()))
    )
}

fn header_parameter(place: &str, name: &str, value: &Secret) -> Result<(), ConnectionError> {
    header(name, value.expose()).map_err(|why| field(place, &why))?;
    if reserved_header(name) {
        return Err(field(place, &format!("the header '{name}' is reserved")));
    }
    Ok(())
}

fn text(place: &str, value: &str) -> Result<(), ConnectionError> {
    if value.is_empty() || value.len() > VALUE_BYTES_MAX {
        return Err(field(place, "it has 1 to 512 bytes"));
    }
    Ok(())
}

fn field(place: &str, why: &str) -> ConnectionError {
    ConnectionError::Field {
        field: place.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests;
