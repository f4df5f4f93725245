//! Page tokens: where a listing goes on, in a form that callers can neither read into nor make up.
//!
//! A token is signed with a key that all nodes share, over the operation and what was listed as well,
//! so it is good for nothing else. It expires after 24 hours, as the service's documentation says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use super::error::ApiError;

/// How many items a page has where the caller does not say, and where it says 0.
const ITEMS_DEFAULT: u32 = 100;
/// How long a token is good for.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;
/// How much of the signature a token carries, in bytes: too many to guess.
const SIGNATURE_BYTES: usize = 16;

/// Signs page tokens.
pub(crate) struct Tokens(Hmac<Sha256>);

/// A page that was asked for.
pub(super) struct Page<C> {
    /// How many items it may have.
    pub(super) items_max: u32,
    /// Where it starts: behind this.
    pub(super) after: Option<C>,
}

/// What a page token holds.
#[derive(serde::Serialize, serde::Deserialize)]
struct Body<C> {
    /// Epoch seconds.
    issued: i64,
    after: C,
}

impl Tokens {
    /// Tokens under this key, of any length.
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// The token of a page of `listing` that goes on behind `after`.
    pub(super) fn make<C: Serialize>(&self, listing: &str, after: C, now: DateTime<Utc>) -> String {
        let body = serde_json::to_vec(&Body {
            issued: now.timestamp(),
            after,
        })
        .expect("a cursor is plain data");
        let mut bytes = self.signature(listing, &body).to_vec();
        bytes.extend(body);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where a page of `listing` starts. `InvalidToken` for a token that was not made for it, or is too old.
    pub(super) fn read<C: DeserializeOwned>(
        &self,
        listing: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<C, ApiError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| ApiError::invalid_token())?;
        let (signature, body) = bytes
            .split_at_checked(SIGNATURE_BYTES)
            .ok_or_else(ApiError::invalid_token)?;
        let is_ours = subtle::ConstantTimeEq::ct_eq(&self.signature(listing, body)[..], signature);
        if !bool::from(is_ours) {
            return Err(ApiError::invalid_token());
        }
        let body: Body<C> = serde_json::from_slice(body).map_err(|_| ApiError::invalid_token())?;
        if now.timestamp().saturating_sub(body.issued) > TOKEN_SECONDS {
            return Err(ApiError::invalid_token());
        }
        Ok(body.after)
    }

    /// The page that a caller asked for.
    pub(super) fn page<C: DeserializeOwned>(
        &self,
        listing: &str,
        max_results: Option<u32>,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Page<C>, ApiError> {
        Ok(Page {
            items_max: max_results.filter(|max| *max > 0).unwrap_or(ITEMS_DEFAULT),
            after: token
                .map(|token| self.read(listing, token, now))
                .transpose()?,
        })
    }

    fn signature(&self, listing: &str, body: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut mac = self.0.clone();
        mac.update(listing.as_bytes());
        mac.update(&[0]);
        mac.update(body);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; SIGNATURE_BYTES];
        short.copy_from_slice(&whole[..SIGNATURE_BYTES]);
        short
    }
}

impl<C> Page<C> {
    /// One more than the page may have: whether it comes says whether there is a next page.
    pub(super) const fn fetch(&self) -> u32 {
        self.items_max.saturating_add(1)
    }

    /// Cuts what was fetched down to the page. Gives the last item, where more follow it.
    pub(super) fn cut<'a, T>(&self, items: &'a mut Vec<T>) -> Option<&'a T> {
        let max = usize::try_from(self.items_max).unwrap_or(usize::MAX);
        if items.len() <= max {
            return None;
        }
        items.truncate(max);
        items.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::new(b"key")
    }

    #[test]
    fn a_token_leads_back_to_its_place() {
        let token = tokens().make("ListActivities", "last", at(1000));
        let after: String = tokens()
            .read("ListActivities", &token, at(1000 + TOKEN_SECONDS))
            .unwrap();
        assert_eq!(after, "last");
    }

    #[test]
    fn a_token_is_good_for_its_own_listing_and_time_alone() {
        let token = tokens().make("ListActivities", "last", at(1000));
        let refuse = |tokens: &Tokens, listing: &str, token: &str, seconds: i64| {
            let error = tokens
                .read::<String>(listing, token, at(seconds))
                .unwrap_err();
            assert_eq!(error.message, "Invalid Token: 'Invalid token'");
        };
        refuse(&tokens(), "ListStateMachines", &token, 1000);
        refuse(&tokens(), "ListActivities", &token, 1001 + TOKEN_SECONDS);
        refuse(&Tokens::new(b"other"), "ListActivities", &token, 1000);
        for made_up in [
            "",
            "InvalidToken",
            "!",
            "AAAA",
            "é",
            &token[1..],
            &format!("{token}A"),
        ] {
            refuse(&tokens(), "ListActivities", made_up, 1000);
        }
    }

    #[test]
    fn zero_results_means_the_default() {
        let page = |max| {
            tokens()
                .page::<String>("L", max, None, at(0))
                .unwrap()
                .items_max
        };
        assert_eq!((page(None), page(Some(0)), page(Some(7))), (100, 100, 7));
    }

    #[test]
    fn a_page_is_cut_where_more_was_fetched() {
        let page = Page::<u8> {
            items_max: 2,
            after: None,
        };
        let mut items = vec![1, 2, 3];
        assert_eq!(page.cut(&mut items), Some(&2));
        assert_eq!(items, [1, 2]);
        assert_eq!(page.cut(&mut items), None);
    }
}
