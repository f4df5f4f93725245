//! A value that was encrypted before it came here. This crate never opens one.

/// Ciphertext (with its nonce and tag) and the number of the key that opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key_version: i32,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Sealed(key {}, {} bytes)",
            self.key_version,
            self.bytes.len()
        )
    }
}
