//! A submitted form whose token is its own sign-in's: the extractor that every form handler uses instead
//! of axum's.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::refusal::Surface;
use super::{Principal, Refusal, guard};

/// The hidden field that carries the token.
pub const FIELD: &str = "csrf";

/// A form, and who sent it.
#[derive(Debug)]
pub struct Form<T> {
    pub principal: Principal,
    pub fields: T,
}

impl<S, T> FromRequest<S> for Form<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let principal = Principal::from_request_parts(&mut parts, state).await?;
        // axum bounds this read by the router's DefaultBodyLimit.
        let request = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let refused = |refusal: Refusal| refusal.respond(Surface::Page, None);
        guard::check_form_token(&token_in(&body), &principal).map_err(refused)?;
        let request = Request::from_parts(parts, body.into());
        let axum::Form(fields) = axum::Form::from_request(request, state).await.map_err(
            |error: axum::extract::rejection::FormRejection| {
                (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response()
            },
        )?;
        Ok(Self { principal, fields })
    }
}

fn token_in(body: &[u8]) -> Vec<u8> {
    body.split(|byte| *byte == b'&')
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
        .find(|(name, _)| *name == FIELD)
        .map(|(_, value)| percent_decode_str(value).collect())
        .unwrap_or_default()
}
