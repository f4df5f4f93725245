//! The seam: one call of a service's action in, its output or its error out.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use asl::{Json, StateError, Timestamp, error::names};
use reqwest::{Url, redirect};
use uuid::Uuid;

use crate::answer::Answer;
use crate::arguments;
use crate::failure::{self, Refusal};
use crate::limits;
use crate::model::{self, Operation, Service};
use crate::optimized::{self, Integration};
use crate::protocol::{self, Prepared};
use crate::sign::{self, Scope};

/// Who signs calls.
#[derive(Clone)]
pub struct Credentials {
    pub key_id: String,
    pub secret: String,
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// At AWS, in the server's region.
    Aws,
    Url(Url),
}

#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By the service's name after `aws-sdk:`.
    pub endpoints: HashMap<String, Endpoint>,
    pub region: String,
    /// Without them calls go out unsigned, which mocks take.
    pub credentials: Option<Credentials>,
}

/// The two families of integrations, which differ in the names of errors and the form of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `arn:aws:states:::aws-sdk:SERVICE:ACTION`
    Sdk,
    /// `arn:aws:states:::SERVICE:ACTION`
    Optimized,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub style: Style,
    /// As the Resource names it, without `aws-sdk:`.
    pub service: Arc<str>,
    pub action: Arc<str>,
    pub arguments: Json,
    /// The attempt's token: what makes a call that is repeated after a crash harmless.
    pub token: String,
    pub execution_arn: Arc<str>,
    pub machine_arn: Arc<str>,
    pub time_left: Option<Duration>,
    pub now: Timestamp,
}

/// A refusal of a service that this server is itself.
#[derive(Clone, Debug)]
pub struct Fault {
    pub code: String,
    pub message: String,
    pub status: u16,
    pub request_id: String,
}

/// A service that this server is itself, called without a network.
pub trait Own: Send + Sync {
    /// Performs an operation by the service's own names: wire members in, wire members out.
    fn perform(&self, operation: &str, input: Json) -> Performed<'_>;
}

pub type Performed<'a> = Pin<Box<dyn Future<Output = Result<Json, Fault>> + Send + 'a>>;

/// Calls services.
pub struct Services {
    http: reqwest::Client,
    settings: Settings,
    own: OnceLock<HashMap<String, Arc<dyn Own>>>,
}

impl Services {
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        // The same provider for the whole process; a second installation changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = || {
            reqwest::Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .http1_only()
                .connect_timeout(limits::CONNECT_TIMEOUT)
                .pool_idle_timeout(limits::POOL_IDLE_TIMEOUT)
                .pool_max_idle_per_host(limits::POOL_IDLE_PER_HOST_MAX)
        };
        let http = builder().build().or_else(|error| {
            // A machine without CA certificates can still call plain HTTP endpoints.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no CA certificates found: https calls of services will fail until they are installed"
            );
            let trusting_none = rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder().tls_backend_preconfigured(trusting_none).build()
        })?;
        Ok(Self {
            http,
            settings,
            own: OnceLock::new(),
        })
    }

    /// Names the services that this server is itself, once, when it is whole. An endpoint in the
    /// settings goes before them.
    pub fn set_own(&self, own: HashMap<String, Arc<dyn Own>>) {
        drop(self.own.set(own));
    }

    /// Whether the settings say where the service is.
    pub fn is_configured(&self, name: &str) -> bool {
        self.settings.endpoints.contains_key(name)
    }

    /// Calls an action once. Dropping the future gives the call up.
    pub async fn call(&self, call: Call) -> Result<Json, StateError> {
        let integration = match call.style {
            Style::Sdk => None,
            Style::Optimized => optimized::integration(&call.service, &call.action),
        };
        let unknown = || {
            StateError::new(
                names::RUNTIME,
                format!(
                    "There is no integration '{}:{}' on this server.",
                    call.service, call.action
                ),
            )
        };
        if call.style == Style::Optimized && integration.is_none() {
            return Err(unknown());
        }
        let name = integration.map_or(&*call.service, |integration| integration.service);
        let service = model::service(name).ok_or_else(unknown)?;
        let (operation_name, operation) = service.operation(&call.action).ok_or_else(unknown)?;
        let given = match integration {
            None => call.arguments.clone(),
            Some(integration) => optimized::arguments(
                integration.name,
                &call.arguments,
                &call.execution_arn,
                &call.machine_arn,
            ),
        };
        let problems = arguments::problems(&service, operation, &given);
        if !problems.is_empty() {
            return Err(failure::unfit(&call.arguments.to_text(), &problems));
        }
        let target = Called {
            name,
            service: &service,
            operation_name,
            operation,
            integration,
        };
        let time = call.time_left.unwrap_or(limits::CALL_TIMEOUT);
        let called = tokio::time::timeout(time, self.perform(&target, &given, &call));
        called
            .await
            .unwrap_or_else(|_| Err(StateError::named(names::TIMEOUT)))
    }

    async fn perform(
        &self,
        target: &Called<'_>,
        given: &Json,
        call: &Call,
    ) -> Result<Json, StateError> {
        let Some(endpoint) = self.settings.endpoints.get(target.name) else {
            let own = self.own.get().and_then(|own| own.get(target.name));
            let Some(own) = own else {
                return Err(target.not_configured());
            };
            return target.perform_own(own.as_ref(), given).await;
        };
        let token = Uuid::new_v5(&Uuid::NAMESPACE_OID, call.token.as_bytes()).to_string();
        let prepared = protocol::request(
            target.service,
            target.operation_name,
            target.operation,
            given,
            &token,
        );
        let prepared =
            prepared.map_err(|problem| failure::unfit(&call.arguments.to_text(), &[problem]))?;
        let answer = self.send(prepared, target, endpoint, call.now).await;
        let answer = answer.map_err(|why| {
            let why = format!("Unable to execute HTTP request: {why}");
            failure::client(target.errors(), &why)
        })?;
        if !answer.is_success() {
            return Err(target.refused(&answer));
        }
        let output = protocol::output(target.service, target.operation, &answer);
        let output = output.map_err(|why| failure::client(target.errors(), &why))?;
        match target.integration {
            None => Ok(output),
            Some(integration) => optimized::output(integration, output, &answer),
        }
    }

    async fn send(
        &self,
        mut prepared: Prepared,
        target: &Called<'_>,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<Answer, String> {
        if target.operation.md5 {
            use base64::Engine;
            use md5::Digest;
            let hash = md5::Md5::digest(&prepared.body);
            let hash = base64::engine::general_purpose::STANDARD.encode(hash);
            if let Ok(value) = hash.parse() {
                prepared.headers.insert("content-md5", value);
            }
        }
        let (url, region) = self.address(&prepared, target, endpoint)?;
        if let Some(credentials) = &self.settings.credentials {
            let host = match url.port() {
                Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
                None => url.host_str().unwrap_or_default().to_owned(),
            };
            let scope = Scope {
                host: &host,
                service: &target.service.signing,
                region: &region,
                now,
            };
            sign::sign(&mut prepared, url.path(), &scope, credentials);
        }
        let mut request = reqwest::Request::new(prepared.method, url);
        *request.headers_mut() = prepared.headers;
        *request.body_mut() = Some(prepared.body.into());
        let response = self
            .http
            .execute(request)
            .await
            .map_err(|error| innermost(&error))?;
        read(response).await
    }

    /// The whole URL, and the region to sign for.
    fn address(
        &self,
        prepared: &Prepared,
        target: &Called<'_>,
        endpoint: &Endpoint,
    ) -> Result<(Url, String), String> {
        let region = &self.settings.region;
        let (base, region) = match endpoint {
            Endpoint::Url(url) => (
                url.as_str().trim_end_matches('/').to_owned(),
                region.clone(),
            ),
            Endpoint::Aws => {
                let prefix = target.operation.host.as_deref().unwrap_or_default();
                if prefix.contains('{') {
                    return Err("this operation's host name depends on its arguments, which is not supported".to_owned());
                }
                if let Some(host) = &target.service.global {
                    (format!("https://{host}"), "us-east-1".to_owned())
                } else {
                    let host = &target.service.host;
                    let base = format!("https://{prefix}{host}.{region}.amazonaws.com");
                    (base, region.clone())
                }
            }
        };
        let mut text = format!("{base}{}", prepared.path);
        if let Some(query) = sign::query(prepared) {
            text.push('?');
            text.push_str(&query);
        }
        let url = Url::parse(&text).map_err(|error| format!("{text} is no URL: {error}"))?;
        Ok((url, region))
    }
}

/// What is called, with all that is known of it.
struct Called<'a> {
    name: &'a str,
    service: &'a Service,
    operation_name: &'a str,
    operation: &'a Operation,
    integration: Option<&'static Integration>,
}

impl Called<'_> {
    /// What stands before the dot of error names.
    fn errors(&self) -> &str {
        self.integration
            .map_or(self.service.sdk.as_str(), |integration| integration.errors)
    }

    fn not_configured(&self) -> StateError {
        let name = self.name;
        failure::client(
            self.errors(),
            &format!(
                "The service '{name}' is not configured on this server. Set its address in the settings: \
                 `{name} = \"http://HOST:PORT\"` in the section [services], or `{name} = \"aws\"` for AWS itself."
            ),
        )
    }

    fn refused(&self, answer: &Answer) -> StateError {
        let (code, message) = protocol::fault(self.service, answer);
        self.refusal(&Refusal {
            code,
            message,
            status: answer.status,
            request_id: answer.request_id().unwrap_or_default().to_owned(),
        })
    }

    fn refusal(&self, refusal: &Refusal) -> StateError {
        match self.integration {
            None => refusal.by_sdk(self.service, self.operation),
            Some(integration) => refusal.by_integration(integration, self.operation),
        }
    }

    /// A call of this server itself: the same names on both sides of it as over the wire.
    async fn perform_own(&self, own: &dyn Own, given: &Json) -> Result<Json, StateError> {
        let input = protocol::own_input(self.service, self.operation, given);
        match own.perform(self.operation_name, input).await {
            Ok(output) => Ok(protocol::own_output(self.service, self.operation, &output)),
            Err(fault) => Err(self.refusal(&Refusal {
                code: Some(fault.code),
                message: fault.message,
                status: fault.status,
                request_id: fault.request_id,
            })),
        }
    }
}

async fn read(mut response: reqwest::Response) -> Result<Answer, String> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        if body.len() + chunk.len() > limits::ANSWER_BYTES_MAX {
            return Err(format!(
                "the answer is larger than {} bytes",
                limits::ANSWER_BYTES_MAX
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// The innermost cause says most: "Connection refused (os error 111)". Never the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut last = None;
    while let Some(cause) = source {
        last = Some(cause.to_string());
        source = cause.source();
    }
    last.unwrap_or_else(|| "the connection failed".to_owned())
}
