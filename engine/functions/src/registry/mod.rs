//! What is registered: functions' endpoints and connections. Where they are kept is behind
//! [`Registry`]; [`Cached`] keeps every call from asking there.

mod cache;
mod connection;
mod endpoint;

use std::pin::Pin;

pub use cache::Cached;
pub(crate) use connection::basic;
pub use connection::{
    Authorization, ClientAuthentication, Connection, ConnectionError, OAuth, Parameter, Parameters,
    TokenMethod,
};
pub(crate) use endpoint::header as endpoint_header;
pub use endpoint::{Endpoint, EndpointError, EndpointSettings};

/// What knows the registered functions and connections by name.
pub trait Registry: Send + Sync {
    fn function<'a>(&'a self, name: &'a str) -> Lookup<'a, Endpoint>;
    fn connection<'a>(&'a self, name: &'a str) -> Lookup<'a, Connection>;
}

pub type Lookup<'a, T> =
    Pin<Box<dyn Future<Output = Result<Option<T>, RegistryError>> + Send + 'a>>;

/// The registry could not be read. Its own cause is logged where it happens.
#[derive(Clone, Debug, thiserror::Error)]
#[error("reading the registry: {0}")]
pub struct RegistryError(pub String);
