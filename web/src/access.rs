//! Who may call, and how that is known.
//!
//! [`guard::guard`] stands before every route: it checks where a request comes from ([`host`], [`origin`],
//! [`content_type`]), finds out who sends it ([`sigv4`], [`bearer`], [`session`]) and leaves a
//! [`Principal`] for the handler, whose type asks for one. What a caller may then do is not decided here:
//! for now everyone with a key may do everything, and roles will come through the principal.
//!
//! With no keys at all, the person at this machine is the principal, and only this machine can connect.

pub mod bearer;
pub mod content_type;
pub mod cookies;
pub mod form;
pub mod guard;
pub mod host;
pub mod keys;
pub mod master_key;
pub mod origin;
pub mod principal;
pub mod rate;
pub mod refusal;
pub mod secrets;
pub mod session;
pub mod sign_in;
pub mod sigv4;
pub mod token;
pub mod way_back;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;

use asl::Timestamp;
use store::db::Db;

pub use form::Form;
pub use guard::guard;
pub use principal::{Caller, Principal};
pub use refusal::Refusal;
pub use secrets::Secrets;

use crate::settings::{BaseUrl, Settings};

/// Where this module gets the time from: the node's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Everything that deciding about a request needs. One for each server, shared by all its requests.
pub struct Access {
    db: Db,
    clock: Clock,
    keys: keys::Keys,
    hosts: host::Hosts,
    failures: rate::Failures,
    listen: SocketAddr,
    region: String,
    session_hours: u32,
    request_bytes_max: usize,
    is_https: bool,
    local_form_token: String,
}

impl Access {
    pub fn new(db: Db, settings: &Settings, secrets: Arc<Secrets>, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            keys: keys::Keys::new(db.clone(), secrets),
            hosts: host::Hosts::new(settings),
            failures: rate::Failures::new(settings.access.sign_in_failures_max),
            listen: settings.listen,
            region: settings.region.as_str().to_owned(),
            session_hours: settings.access.session_hours,
            request_bytes_max: usize::try_from(settings.limits.request_bytes_max)
                .unwrap_or(usize::MAX),
            is_https: settings.base_url.as_ref().is_some_and(BaseUrl::is_https),
            local_form_token: guard::local_form_token(),
            db,
            clock,
        })
    }

    /// Refuses to start where anyone on the network could do anything: a listener that others reach,
    /// and no keys. The text says what to do.
    pub async fn check_listener(&self) -> Result<(), String> {
        if self.listens_on_loopback() {
            return Ok(());
        }
        match self.keys.current(self.now()).await {
            Ok(keys) if keys.is_empty() => Err(open_listener_text(self.listen)),
            Ok(_) => Ok(()),
            Err(error) => Err(format!("cannot read the keys: {error}")),
        }
    }

    /// The work that is done beside requests: notes when keys were used, removes expired sessions.
    /// Call it every few seconds; it does little and bounded work each time.
    pub async fn maintain(&self) -> Result<(), sqlx::Error> {
        let now = self.now();
        self.keys.note_uses(now).await?;
        store::session::sweep(&self.db, now.to_chrono()).await?;
        Ok(())
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn listens_on_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }
}

/// What a server says that others reach and that has no keys.
pub(crate) fn open_listener_text(listen: SocketAddr) -> String {
    format!(
        "{listen} can be reached from other machines and there are no keys, so anyone could run \
         anything. Make a key first with 'stepwright keys create NAME' and the same --data or \
         DATABASE_URL, or listen on this machine only with '--listen 127.0.0.1:{}'",
        listen.port()
    )
}
