//! The HTTP client of this crate: pooled connections, only to addresses that a policy allows, no
//! redirects of its own, no proxies from the environment.

use std::error::Error as _;
use std::sync::Arc;

use reqwest::{Request, Response, redirect};

use crate::egress::{self, CheckedResolver, Policy, Refusal, Resolver};
use crate::limits;

/// A client for one sort of call. Cloning shares the pool.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    policy: Arc<Policy>,
}

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("setting up the HTTP client")]
pub struct ClientError(#[from] reqwest::Error);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error(transparent)]
    Refused(Refusal),
    /// No connection, or it broke. Says how, without the URL.
    #[error("{0}")]
    Broken(String),
}

impl Client {
    pub fn new(policy: Policy, resolver: &Arc<dyn Resolver>) -> Result<Self, ClientError> {
        // The same provider for the whole process; a second installation changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let policy = Arc::new(policy);
        let builder = || {
            reqwest::Client::builder()
                .dns_resolver(CheckedResolver {
                    inner: Arc::clone(resolver),
                    policy: Arc::clone(&policy),
                })
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .http1_only()
                .connect_timeout(limits::CONNECT_TIMEOUT)
                .pool_idle_timeout(limits::POOL_IDLE_TIMEOUT)
                .pool_max_idle_per_host(limits::POOL_IDLE_PER_HOST_MAX)
        };
        let http = match builder().build() {
            Ok(http) => http,
            Err(error) => {
                // A machine without CA certificates can still call plain HTTP functions.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "no CA certificates found: https calls will fail until they are installed"
                );
                let trusting_none = rustls::ClientConfig::builder()
                    .with_root_certificates(rustls::RootCertStore::empty())
                    .with_no_client_auth();
                builder().tls_backend_preconfigured(trusting_none).build()?
            }
        };
        Ok(Self { http, policy })
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Sends one request and gives the beginning of its answer. A name is checked when it is
    /// resolved for a new connection; an address written in the URL is checked here.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let host = request.url().host_str().unwrap_or_default();
        if let Some(address) = egress::literal(host) {
            self.policy
                .check(host, address)
                .map_err(TransportError::Refused)?;
        }
        Ok(self.http.execute(request).await?)
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let mut last = None;
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(refusal) = cause.downcast_ref::<Refusal>() {
                return Self::Refused(refusal.clone());
            }
            last = Some(cause);
            source = cause.source();
        }
        let what = if error.is_timeout() {
            "connect timed out".to_owned()
        } else {
            // The innermost cause says most: "Connection refused (os error 111)".
            last.map_or_else(|| "the connection failed".to_owned(), ToString::to_string)
        };
        Self::Broken(what)
    }
}
