//! A connection as JSON: what somebody sends, what is stored and shown of it, and how the secret
//! values leave it and come back.
//!
//! The members are those of EventBridge's `CreateConnection`, in this API's spelling.

use functions::registry::{
    Authorization, ClientAuthentication, Connection, ConnectionError, OAuth, Parameter, Parameters,
    TokenMethod,
};
use functions::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hidden::Hidden;
use crate::live::body::SecretText;
use crate::live::registrar::SecretValues;

/// How HTTP tasks prove who they are, and what goes with every call of theirs. Secret values are
/// kept sealed and never answered; one that is left out, or null, keeps its earlier value.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(super) authorization_type: AuthorizationType,
    /// For `BASIC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basic: Option<Basic>,
    /// For `API_KEY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<ApiKey>,
    /// For `OAUTH_CLIENT_CREDENTIALS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oauth: Option<OAuthClient>,
    /// What goes with every call. It wins over a task's own values of the same name.
    #[serde(default, skip_serializing_if = "ParameterLists::is_empty")]
    invocation_parameters: ParameterLists,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AuthorizationType {
    Basic,
    ApiKey,
    #[serde(rename = "OAUTH_CLIENT_CREDENTIALS")]
    OAuthClientCredentials,
}

/// A user name and a password.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basic {
    #[schema(example = "ann")]
    username: String,
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<String>, write_only)]
    password: Option<SecretText>,
}

/// A key in a header.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKey {
    /// The header.
    #[schema(example = "X-Api-Key")]
    name: String,
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<String>, write_only)]
    value: Option<SecretText>,
}

/// The client credentials grant of OAuth 2.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OAuthClient {
    client_id: String,
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<String>, write_only)]
    client_secret: Option<SecretText>,
    /// Where a token is asked for.
    #[schema(example = "https://login.example.com/oauth/token")]
    authorization_endpoint: String,
    #[serde(default)]
    http_method: HttpMethod,
    #[serde(default)]
    client_authentication: ClientPlace,
    /// What else goes with the request for a token, such as `scope` in the body.
    #[serde(default, skip_serializing_if = "ParameterLists::is_empty")]
    parameters: ParameterLists,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum HttpMethod {
    Get,
    #[default]
    Post,
    Put,
}

/// Where the client's id and secret go when a token is asked for (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ClientPlace {
    /// In an `Authorization: Basic` header.
    #[default]
    Header,
    /// As `client_id` and `client_secret` among the parameters.
    Parameters,
}

/// Parameters of the three sorts, at most 100 of each.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ParameterLists {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<ParameterItem>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query: Vec<ParameterItem>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    body: Vec<ParameterItem>,
}

/// A name and its value, of which one that is secret is never answered.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterItem {
    name: String,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "shown"
    )]
    #[schema(value_type = Option<String>)]
    value: Option<SecretText>,
    #[serde(default)]
    is_secret: bool,
}

/// Only values that are not secret are still in a document that is written.
#[expect(clippy::ref_option, reason = "this is how serde calls it")]
fn shown<S: serde::Serializer>(
    value: &Option<SecretText>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.serialize_str(value.0.reveal()),
        None => serializer.serialize_none(),
    }
}

impl AuthorizationType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::ApiKey => "API_KEY",
            Self::OAuthClientCredentials => "OAUTH_CLIENT_CREDENTIALS",
        }
    }
}

impl ParameterLists {
    fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_empty() && self.body.is_empty()
    }
}

impl Document {
    /// That the member which the authorization type needs is there, and no other.
    pub(super) fn check(&self) -> Result<(), String> {
        let kind = self.authorization_type;
        for (needs, field, is_there) in [
            (AuthorizationType::Basic, "basic", self.basic.is_some()),
            (AuthorizationType::ApiKey, "api_key", self.api_key.is_some()),
            (
                AuthorizationType::OAuthClientCredentials,
                "oauth",
                self.oauth.is_some(),
            ),
        ] {
            if needs == kind && !is_there {
                return Err(format!(
                    "{field}: it is missing, and authorization_type {} needs it",
                    kind.name()
                ));
            }
            if needs != kind && is_there {
                return Err(format!(
                    "{field}: it is not allowed with authorization_type {}",
                    kind.name()
                ));
            }
        }
        let oauth = self
            .oauth
            .iter()
            .map(|oauth| ("oauth.parameters", &oauth.parameters));
        for (place, lists) in [("invocation_parameters", &self.invocation_parameters)]
            .into_iter()
            .chain(oauth)
        {
            for (sort, item) in lists.items() {
                if !item.is_secret && item.value.is_none() {
                    return Err(format!("{place}.{sort}.{}: it has no value", item.name));
                }
            }
        }
        Ok(())
    }

    /// Takes the secret values out, so that the document may be stored and shown. `kept` are the
    /// values from before, for those that are left out.
    pub(super) fn take_secrets(&mut self, kept: &SecretValues) -> Result<SecretValues, String> {
        let mut taken = SecretValues::new();
        let mut wanting = None;
        self.each_secret(|field, slot| {
            match slot
                .take()
                .map(|value| value.0)
                .or_else(|| kept.get(&field).cloned())
            {
                Some(value) => drop(taken.insert(field, value)),
                None => wanting = Some(field),
            }
        });
        match wanting {
            None => Ok(taken),
            Some(field) => Err(format!(
                "{field}: it is missing, and there is no earlier value to keep"
            )),
        }
    }

    /// Puts secret values back where they belong.
    fn put_secrets(&mut self, mut values: SecretValues) {
        self.each_secret(|field, slot| *slot = values.remove(&field).map(SecretText));
    }

    /// Calls `visit` with the name and the place of every secret value.
    fn each_secret(&mut self, mut visit: impl FnMut(String, &mut Option<SecretText>)) {
        if let Some(basic) = &mut self.basic {
            visit("basic.password".to_owned(), &mut basic.password);
        }
        if let Some(api_key) = &mut self.api_key {
            visit("api_key.value".to_owned(), &mut api_key.value);
        }
        let mut lists = vec![("invocation_parameters", &mut self.invocation_parameters)];
        if let Some(oauth) = &mut self.oauth {
            visit("oauth.client_secret".to_owned(), &mut oauth.client_secret);
            lists.push(("oauth.parameters", &mut oauth.parameters));
        }
        for (place, lists) in lists {
            for (sort, items) in [
                ("headers", &mut lists.headers),
                ("query", &mut lists.query),
                ("body", &mut lists.body),
            ] {
                for item in items.iter_mut().filter(|item| item.is_secret) {
                    visit(format!("{place}.{sort}.{}", item.name), &mut item.value);
                }
            }
        }
    }

    /// The connection that calls are made through. `version` changes whenever the connection does.
    pub(super) fn connection(
        mut self,
        name: &str,
        version: &str,
        secrets: SecretValues,
    ) -> Result<Connection, ConnectionError> {
        self.put_secrets(secrets);
        let authorization = if let Some(basic) = self.basic {
            Authorization::Basic {
                username: basic.username,
                password: secret(basic.password),
            }
        } else if let Some(api_key) = self.api_key {
            Authorization::ApiKey {
                name: api_key.name,
                value: secret(api_key.value),
            }
        } else if let Some(oauth) = self.oauth {
            Authorization::OAuth(Box::new(oauth.client()))
        } else {
            return Err(ConnectionError::Field {
                field: "authorization_type".to_owned(),
                why: "the connection has no authorization".to_owned(),
            });
        };
        Connection::new(
            name,
            version,
            authorization,
            self.invocation_parameters.parameters(),
        )
    }
}

impl OAuthClient {
    fn client(self) -> OAuth {
        OAuth {
            client_id: self.client_id,
            client_secret: secret(self.client_secret),
            authorization_endpoint: self.authorization_endpoint,
            method: match self.http_method {
                HttpMethod::Get => TokenMethod::Get,
                HttpMethod::Post => TokenMethod::Post,
                HttpMethod::Put => TokenMethod::Put,
            },
            client_authentication: match self.client_authentication {
                ClientPlace::Header => ClientAuthentication::Header,
                ClientPlace::Parameters => ClientAuthentication::Parameters,
            },
            parameters: self.parameters.parameters(),
        }
    }
}

impl ParameterLists {
    fn items(&self) -> impl Iterator<Item = (&'static str, &ParameterItem)> {
        let sorts = [
            ("headers", &self.headers),
            ("query", &self.query),
            ("body", &self.body),
        ];
        sorts
            .into_iter()
            .flat_map(|(sort, items)| items.iter().map(move |item| (sort, item)))
    }

    fn parameters(self) -> Parameters {
        let list = |items: Vec<ParameterItem>| {
            items
                .into_iter()
                .map(|item| Parameter {
                    name: item.name,
                    value: secret(item.value),
                    is_secret: item.is_secret,
                })
                .collect()
        };
        Parameters {
            headers: list(self.headers),
            query: list(self.query),
            body: list(self.body),
        }
    }
}

/// The value for the functions crate. A value that is missing is empty, which is refused there
/// where one is needed.
fn secret(value: Option<SecretText>) -> Secret {
    let value = value.map_or_else(|| Hidden::new(String::new()), |value| value.0);
    Secret::new(value.reveal().as_str())
}
