//! Secrets that the server makes: keys, session tokens, form tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::hidden::Hidden;

/// How key ids begin, so that people and secret scanners know them.
pub const KEY_ID_PREFIX: &str = "SWAK";
const KEY_ID_LENGTH: usize = 20;
/// The alphabet of key ids: capitals and digits that cannot be mistaken for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

#[expect(
    clippy::disallowed_methods,
    reason = "secrets are made here, and no test may choose them"
)]
/// Fresh bytes from the operating system's seeded generator, which is fit for keys.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A new key's id: twenty capitals and digits, as long as AWS's.
pub fn key_id() -> String {
    let random: [u8; KEY_ID_LENGTH - KEY_ID_PREFIX.len()] = random_bytes();
    let letters = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    KEY_ID_PREFIX.chars().chain(letters).collect()
}

/// A new secret: 240 random bits in forty characters, as long as AWS's, which some clients insist on.
pub fn secret() -> Hidden<String> {
    Hidden::new(URL_SAFE_NO_PAD.encode(random_bytes::<30>()))
}

/// A new session's token: 256 random bits.
pub fn session() -> Hidden<String> {
    Hidden::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>()))
}

/// What is kept of a session's token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The token in a page's forms. It follows from the session's token, so it needs no place to be kept,
/// and another site can know neither.
pub fn form(session_token: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(session_token)
        .expect("HMAC takes keys of any length");
    mac.update(b"stepwright form");
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_secrets_have_the_length_of_awss_and_never_repeat() {
        let (one, other) = (key_id(), key_id());
        assert_eq!(one.len(), 20);
        assert!(one.starts_with("SWAK") && one != other);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        );
        assert_eq!(secret().reveal().len(), 40);
        assert_ne!(secret().reveal(), secret().reveal());
    }

    #[test]
    fn a_form_token_follows_from_its_session_and_from_nothing_else() {
        assert_eq!(form(b"one"), form(b"one"));
        assert_ne!(form(b"one"), form(b"other"));
        assert_ne!(form(b"one").as_bytes(), hash("one"));
    }
}
