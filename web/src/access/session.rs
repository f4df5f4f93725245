//! Sessions of people: a key is shown once in the sign-in form, and a cookie stands for it afterwards.
//! The cookie is not readable by scripts, is sent to this site alone, and only its hash is stored.

use http::{HeaderMap, HeaderValue};
use store::db::Db;

use super::{Access, Principal, Refusal, bearer, cookies, token};
use crate::access::principal::Caller;
use crate::hidden::Hidden;

/// The cookie's name. Where people reach the server by https, browsers hold it to that with the prefix.
const COOKIE: &str = "stepwright_session";
const COOKIE_HTTPS: &str = "__Host-stepwright_session";

/// The session token that the request carries.
pub fn token_of(headers: &HeaderMap, is_https: bool) -> Option<Hidden<String>> {
    cookies::find(headers, cookie_name(is_https)).map(|value| Hidden::new(value.to_owned()))
}

/// The principal of a session, where it is open.
pub(super) async fn principal(
    db: &Db,
    session_token: &Hidden<String>,
    now: asl::Timestamp,
) -> Result<Option<Principal>, sqlx::Error> {
    let hash = token::hash(session_token.reveal());
    let session = store::session::find(db, &hash, now.to_chrono()).await?;
    Ok(session.map(|session| {
        let caller = Caller::Key {
            id: session.key_id.into(),
            name: session.key_name.into(),
        };
        Principal::new(caller, Some(token::form(session_token.reveal().as_bytes())))
    }))
}

impl Access {
    /// Opens a session for whoever shows a key, and gives the value of its Set-Cookie header.
    pub(super) async fn sign_in(&self, shown: &bearer::Shown) -> Result<HeaderValue, Refusal> {
        let now = self.now();
        let key = self.prove(shown).await?;
        let session_token = token::session();
        let expires = now.plus_seconds(i64::from(self.session_hours) * 3600);
        let is_open = store::session::insert(
            &self.db,
            &token::hash(session_token.reveal()),
            &key.id,
            now.to_chrono(),
            expires.to_chrono(),
        )
        .await
        .map_err(|error| {
            tracing::error!(%error, "a session cannot be stored");
            Refusal::Unavailable
        })?;
        if !is_open {
            return Err(Refusal::WrongKey);
        }
        tracing::info!(key.id = key.id, "signed in");
        self.cookie(session_token.reveal(), i64::from(self.session_hours) * 3600)
    }

    /// Ends the request's session and gives the cookie that removes the browser's.
    pub(super) async fn sign_out(&self, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
        if let Some(session_token) = token_of(headers, self.is_https) {
            let hash = token::hash(session_token.reveal());
            store::session::delete(&self.db, &hash)
                .await
                .map_err(|error| {
                    tracing::error!(%error, "a session cannot be ended");
                    Refusal::Unavailable
                })?;
        }
        self.cookie("", 0)
    }

    /// The value of a Set-Cookie header.
    fn cookie(&self, value: &str, age_seconds: i64) -> Result<HeaderValue, Refusal> {
        let name = cookie_name(self.is_https);
        let secure = if self.is_https { "; Secure" } else { "" };
        let text = format!(
            "{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age_seconds}{secure}"
        );
        let mut header = HeaderValue::try_from(text).map_err(|_| Refusal::Unavailable)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

fn cookie_name(is_https: bool) -> &'static str {
    if is_https { COOKIE_HTTPS } else { COOKIE }
}
