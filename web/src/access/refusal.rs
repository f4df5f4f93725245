//! Every reason not to serve a request, and how each kind of route says so: the wire API with AWS's names,
//! the native API with a JSON error, pages with a sentence or the way to the sign-in form.

use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{content_type, sigv4};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing shows who calls.
    NoKey,
    /// A key that nobody has, or a wrong secret: which of the two is not said.
    WrongKey,
    /// A signature that does not hold.
    Signature(sigv4::Fault),
    /// There are no keys, and the request did not come to a loopback address. Holds what to do.
    Unprotected(String),
    /// A Host that is not ours.
    Host(String),
    /// A page of another site.
    Origin(String),
    /// A content type that a form could send.
    ContentType(String),
    /// A form or script without its token.
    FormToken,
    /// Too many wrong keys from there.
    TooManyFailures {
        retry_seconds: u64,
    },
    BodyTooLarge {
        bytes_max: usize,
    },
    BodyBroken,
    /// The keys cannot be read.
    Unavailable,
}

/// Which kind of route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The AWS-compatible API.
    Wire,
    /// Lambda's API: REST with JSON.
    Lambda,
    /// `/api/` and `/metrics`.
    Api,
    /// Everything that people open in a browser.
    Page,
}

impl Refusal {
    /// AWS's name, where the wire API says it.
    fn wire_name(&self) -> &'static str {
        match self {
            Self::NoKey => "MissingAuthenticationTokenException",
            Self::WrongKey => "UnrecognizedClientException",
            Self::Signature(sigv4::Fault::MissingAuthenticationToken) => {
                "MissingAuthenticationTokenException"
            }
            Self::Signature(sigv4::Fault::IncompleteSignature(_)) => "IncompleteSignatureException",
            Self::Signature(sigv4::Fault::InvalidSignature(_)) => "InvalidSignatureException",
            Self::Unprotected(_) | Self::Host(_) | Self::Origin(_) | Self::FormToken => {
                "AccessDeniedException"
            }
            Self::ContentType(_) => "UnsupportedMediaTypeException",
            Self::TooManyFailures { .. } => "ThrottlingException",
            Self::BodyTooLarge { .. } => "RequestEntityTooLargeException",
            Self::BodyBroken => "SerializationException",
            Self::Unavailable => "ServiceUnavailableException",
        }
    }

    /// The status, the same for every kind of route but where the AWS protocol has its own.
    fn status(&self, surface: Surface) -> StatusCode {
        match self {
            // The JSON protocols answer every fault of the caller with 400.
            Self::NoKey | Self::WrongKey | Self::Signature(_) if surface == Surface::Wire => {
                StatusCode::BAD_REQUEST
            }
            Self::NoKey | Self::WrongKey | Self::Signature(_) if surface == Surface::Lambda => {
                StatusCode::FORBIDDEN
            }
            Self::NoKey | Self::WrongKey | Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::Unprotected(_) | Self::Origin(_) | Self::FormToken => StatusCode::FORBIDDEN,
            Self::Host(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyFailures { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn message(&self, surface: Surface) -> String {
        match self {
            Self::NoKey | Self::Signature(sigv4::Fault::MissingAuthenticationToken) => match surface {
                Surface::Wire | Surface::Lambda => "Missing Authentication Token".to_owned(),
                Surface::Api => "this server has keys: send one as 'Authorization: Bearer ID:SECRET'. \
                                 'stepwright keys create NAME' makes one"
                    .to_owned(),
                Surface::Page => "sign in with a key first".to_owned(),
            },
            Self::WrongKey => match surface {
                // AWS's text for an access key id that it does not know.
                Surface::Wire | Surface::Lambda => {
                    "The security token included in the request is invalid.".to_owned()
                }
                Surface::Api | Surface::Page => "no key has this id and secret".to_owned(),
            },
            Self::Signature(
                sigv4::Fault::IncompleteSignature(text) | sigv4::Fault::InvalidSignature(text),
            ) => text.clone(),
            Self::Unprotected(text) => text.clone(),
            Self::Host(host) => format!(
                "the request is for the host '{host}', which is not one of this server's names. Loopback \
                 names are; others are added with '--allow-host NAME' or the setting allowed_hosts"
            ),
            Self::Origin(origin) => format!(
                "the request changes something and comes from another site's page ({origin}); only this \
                 server's own pages may do that"
            ),
            Self::ContentType(given) => format!(
                "the content type is '{given}'; allowed are {} and {}",
                content_type::ALLOWED[0],
                content_type::ALLOWED[1]
            ),
            Self::FormToken => {
                "the form's token is missing or from another sign-in; load the page again and repeat"
                    .to_owned()
            }
            Self::TooManyFailures { retry_seconds } => {
                format!("too many wrong keys from your address; try again in {retry_seconds} s")
            }
            Self::BodyTooLarge { bytes_max } => {
                format!("the request is larger than {bytes_max} bytes (the setting limits.request_bytes_max)")
            }
            Self::BodyBroken => "the request's body ended early".to_owned(),
            Self::Unavailable => {
                "the server cannot reach its database just now; try again in a moment".to_owned()
            }
        }
    }

    /// A page that loads itself once more, from itself.
    pub(super) fn come_again() -> Response {
        let page = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0\">\
                    <title>Stepwright</title><p>One moment.</p>";
        ([(CACHE_CONTROL, "no-store")], axum::response::Html(page)).into_response()
    }

    /// The answer on that kind of route. `target` is the path and query that was asked for, so that a person
    /// who signs in gets there; none where a sign-in would not help.
    pub fn respond(&self, surface: Surface, target: Option<&str>) -> Response {
        if let (Surface::Page, Self::NoKey, Some(target)) = (surface, self, target) {
            let back = utf8_percent_encode(target, NON_ALPHANUMERIC);
            return Redirect::to(&format!("/sign-in?back={back}")).into_response();
        }
        let status = self.status(surface);
        let message = self.message(surface);
        let (kind, body) = match surface {
            Surface::Wire => (
                "application/x-amz-json-1.0",
                serde_json::json!({
                    "__type": self.wire_name(),
                    "message": message,
                })
                .to_string(),
            ),
            Surface::Lambda => (
                "application/json",
                serde_json::json!({ "Type": "User", "message": message }).to_string(),
            ),
            Surface::Api => (
                "application/json",
                serde_json::json!({ "error": self.wire_name(), "message": message }).to_string(),
            ),
            Surface::Page => ("text/plain; charset=utf-8", format!("{message}\n")),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if surface == Surface::Lambda {
            let name = HeaderValue::from_static(self.wire_name());
            headers.insert("x-amzn-errortype", name);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooManyFailures { retry_seconds } = self {
            headers.insert(RETRY_AFTER, HeaderValue::from(*retry_seconds));
        }
        response
    }
}
