//! Sealing and opening what must be stored and yet not be readable from the database: the secrets of keys,
//! of functions' headers and of connections.
//!
//! AES-256-GCM with a fresh 96-bit nonce for each sealing. The record's name is the associated data, so a
//! sealed secret that was moved to another record does not open there.

use std::collections::BTreeMap;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use chrono::{DateTime, Utc};
use store::db::Db;
use store::sealed::Sealed;

use super::{master_key, token};
use crate::hidden::Hidden;

const NONCE_BYTES: usize = 12;

/// The master keys, ready to use.
pub struct Secrets {
    ciphers: BTreeMap<i32, Aes256Gcm>,
    newest: i32,
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the secret of {record} cannot be sealed")]
    Seal { record: String },
    #[error(
        "the secret of {record} was sealed with master key {version}, which this server does not have; \
         add it to the setting master_key as {version}:BASE64"
    )]
    NoKey { record: String, version: i32 },
    #[error(
        "the secret of {record} does not open with master key {version}: the key is another one, or the record was changed"
    )]
    Open { record: String, version: i32 },
    #[error(
        "the database's secrets were sealed with another master key {version}. Give this server the same \
         one: copy the file {} from the first server's data folder, or set STEPWRIGHT_MASTER_KEY alike",
        master_key::FILE
    )]
    Disagree { version: i32 },
    #[error("the database cannot be asked about the master key")]
    Database(#[from] sqlx::Error),
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets(versions {:?})", self.ciphers.keys())
    }
}

impl Secrets {
    /// The newest of the keys seals from now on. There is at least one, as [`master_key::load`] sees to.
    pub fn new(keys: &master_key::Keys) -> Self {
        let ciphers: BTreeMap<i32, Aes256Gcm> = keys
            .iter()
            .map(|(version, key)| (*version, Aes256Gcm::new(key.reveal().into())))
            .collect();
        let newest = ciphers.keys().next_back().copied().unwrap_or(0);
        Self { ciphers, newest }
    }

    /// Seals a secret of a record, which is named by table and id: `api_key/SWAK...`.
    pub fn seal(&self, record: &str, secret: &[u8]) -> Result<Sealed, Fault> {
        let fault = || Fault::Seal {
            record: record.to_owned(),
        };
        let cipher = self.ciphers.get(&self.newest).ok_or_else(fault)?;
        let nonce: [u8; NONCE_BYTES] = token::random_bytes();
        let payload = Payload {
            msg: secret,
            aad: record.as_bytes(),
        };
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| fault())?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(Sealed {
            key_version: self.newest,
            bytes,
        })
    }

    /// Opens what [`Secrets::seal`] sealed for the same record.
    pub fn open(&self, record: &str, sealed: &Sealed) -> Result<Hidden<Vec<u8>>, Fault> {
        let version = sealed.key_version;
        let cipher = self.ciphers.get(&version).ok_or_else(|| Fault::NoKey {
            record: record.to_owned(),
            version,
        })?;
        let fault = || Fault::Open {
            record: record.to_owned(),
            version,
        };
        let (nonce, bytes) = sealed
            .bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(fault)?;
        let payload = Payload {
            msg: bytes,
            aad: record.as_bytes(),
        };
        let secret = cipher
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| fault())?;
        Ok(Hidden::new(secret))
    }

    /// Makes sure that every node of a database has the same keys: the first leaves a proof of each, the
    /// others must be able to open it.
    pub async fn agree(&self, db: &Db, now: DateTime<Utc>) -> Result<(), Fault> {
        for version in self.ciphers.keys().copied() {
            let record = format!("master_key/{version}");
            let only = Self {
                ciphers: self
                    .ciphers
                    .get(&version)
                    .map(|cipher| (version, cipher.clone()))
                    .into_iter()
                    .collect(),
                newest: version,
            };
            let proof = only.seal(&record, record.as_bytes())?;
            let held = store::master_key::keep(db, &proof, now).await?;
            let opened = only.open(&record, &held);
            if !opened.is_ok_and(|text| text.reveal() == record.as_bytes()) {
                return Err(Fault::Disagree { version });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(keys: &[(i32, u8)]) -> Secrets {
        Secrets::new(
            &keys
                .iter()
                .map(|(version, byte)| (*version, Hidden::new([*byte; 32])))
                .collect(),
        )
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_record_alone() {
        let secrets = secrets(&[(1, 7)]);
        let sealed = secrets.seal("api_key/A", b"secret").unwrap();
        assert_eq!(
            secrets.open("api_key/A", &sealed).unwrap().reveal(),
            b"secret"
        );
        assert!(matches!(
            secrets.open("api_key/B", &sealed),
            Err(Fault::Open { version: 1, .. })
        ));
    }

    #[test]
    fn no_two_sealings_are_alike_and_none_shows_the_secret() {
        let secrets = secrets(&[(1, 7)]);
        let (one, other) = (
            secrets.seal("a", b"secret").unwrap(),
            secrets.seal("a", b"secret").unwrap(),
        );
        assert_ne!(one.bytes, other.bytes);
        assert!(!one.bytes.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn a_changed_or_cut_secret_does_not_open() {
        let secrets = secrets(&[(1, 7)]);
        let sealed = secrets.seal("a", b"secret").unwrap();
        for position in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[position] ^= 1;
            assert!(secrets.open("a", &changed).is_err());
            changed.bytes.truncate(position);
            assert!(secrets.open("a", &changed).is_err());
        }
    }

    #[test]
    fn the_newest_key_seals_and_older_ones_still_open() {
        let old = secrets(&[(1, 7)]);
        let both = secrets(&[(1, 7), (2, 8)]);
        let sealed = old.seal("a", b"secret").unwrap();
        assert_eq!(both.open("a", &sealed).unwrap().reveal(), b"secret");
        assert_eq!(both.seal("a", b"secret").unwrap().key_version, 2);
        let error = secrets(&[(2, 8)]).open("a", &sealed).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("add it to the setting master_key as 1:BASE64")
        );
    }
}
