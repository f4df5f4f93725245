//! Task tokens: they name the execution and the attempt, and a random part makes them a secret.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// What a token says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub execution: [u8; 16],
    pub attempt: u64,
    pub nonce: u128,
}

impl Token {
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(40);
        bytes.extend_from_slice(&self.execution);
        bytes.extend_from_slice(&self.attempt.to_be_bytes());
        bytes.extend_from_slice(&self.nonce.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` for a text that no server of this kind has made.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let execution = bytes.get(..16)?.try_into().ok()?;
        let attempt = u64::from_be_bytes(bytes.get(16..24)?.try_into().ok()?);
        let nonce = u128::from_be_bytes(bytes.get(24..)?.try_into().ok()?);
        Some(Self {
            execution,
            attempt,
            nonce,
        })
    }
}

impl std::fmt::Debug for Token {
    /// The nonce is the secret, so it is not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
