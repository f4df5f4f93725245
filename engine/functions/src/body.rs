//! Reading an answer's body with a bound on its size.

use reqwest::Response;

use crate::client::TransportError;

/// A body, or as much of it as the bound lets in.
pub(crate) enum Body {
    Whole(Vec<u8>),
    /// It went on; this is its beginning.
    TooLarge(Vec<u8>),
}

/// Reads at most `bytes_max` bytes and one chunk more. The rest stays unread and the connection is
/// closed with it.
pub(crate) async fn read(mut response: Response, bytes_max: usize) -> Result<Body, TransportError> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Ok(Body::TooLarge(Vec::new()));
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(TransportError::from)? {
        let room = bytes_max - body.len();
        if chunk.len() > room {
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            return Ok(Body::TooLarge(body));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(body))
}

impl Body {
    pub(crate) fn beginning(self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) | Self::TooLarge(bytes) => bytes,
        }
    }
}
