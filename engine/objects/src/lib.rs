//! Buckets and the objects in them, through one seam: a local folder, or an S3-compatible endpoint.
//!
//! [`Objects`] reads, writes and lists; it knows nothing of state machines. [`items`] makes the items
//! of a Distributed Map out of an object's bytes as they come: CSV, JSON, JSON lines, manifests. Memory
//! is bounded everywhere: bytes are streamed, and a page of a listing has at most a thousand entries.

mod body;
mod folder;
pub mod items;
pub mod limits;
pub mod name;
mod s3;
mod upload;

use std::{ops::Range, path::PathBuf, sync::Arc};

pub use body::Body;
use bytes::Bytes;
pub use s3::{Credentials, Endpoint};
pub use upload::Upload;

/// Where objects are kept. Clones are one.
#[derive(Clone, Debug)]
pub struct Objects(Arc<Backend>);

#[derive(Debug)]
enum Backend {
    Folder(folder::Folder),
    S3(s3::Client),
}

/// What is known of an object without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    pub key: String,
    /// Bytes of the whole object.
    pub size: u64,
    /// Changes when the object does; in double quotes, as S3 writes it.
    pub etag: String,
    /// Seconds since the epoch.
    pub modified_at: i64,
}

/// One page of a listing, in the order of the keys' bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub objects: Vec<Meta>,
    /// Whether more keys follow the last one of this page.
    pub is_truncated: bool,
}

/// Which object is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub bucket: String,
    pub key: String,
    /// An S3 version; a folder has none but the present one, which is `null`.
    pub version: Option<String>,
}

/// Why an object could not be read or written. Messages name the bucket and key, never credentials.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The specified bucket does not exist: {0}")]
    NoSuchBucket(String),
    #[error("The specified key does not exist: {bucket}/{key}")]
    NoSuchKey { bucket: String, key: String },
    #[error("The specified version does not exist: {0}")]
    NoSuchVersion(String),
    /// The name of a bucket or a key that cannot be one.
    #[error("{0}")]
    InvalidName(String),
    /// The object is no longer the one that was read before.
    #[error("The object {bucket}/{key} changed while it was read")]
    Changed { bucket: String, key: String },
    /// The store refused, with a code of its own.
    #[error("The object store refused ({code}): {message}")]
    Refused { code: String, message: String },
    /// Nobody answered, or the answer broke off: trying again may help.
    #[error("The object store could not be reached: {0}")]
    Unreachable(String),
    #[error("reading or writing a file: {0}")]
    File(#[from] std::io::Error),
}

impl Error {
    /// Whether the same request may succeed later.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl Objects {
    /// Folders below `root` are the buckets. The folder is made when something is first written.
    pub fn folder(root: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Backend::Folder(folder::Folder::new(root.into()))))
    }

    /// An S3-compatible endpoint.
    pub fn s3(endpoint: Endpoint) -> Result<Self, Error> {
        Ok(Self(Arc::new(Backend::S3(s3::Client::new(endpoint)?))))
    }

    /// The object's bytes, or those of `range`, as they come. With `if_match`, only where the ETag is
    /// still that one.
    pub async fn get(
        &self,
        address: &Address,
        range: Option<Range<u64>>,
        if_match: Option<&str>,
    ) -> Result<Body, Error> {
        name::check_bucket(&address.bucket)?;
        name::check_key(&address.key)?;
        match &*self.0 {
            Backend::Folder(folder) => folder.get(address, range, if_match).await,
            Backend::S3(client) => client.get(address, range, if_match).await,
        }
    }

    /// The whole of an object that has at most `bytes_max` bytes.
    pub async fn read(&self, address: &Address, bytes_max: usize) -> Result<Bytes, Error> {
        self.get(address, None, None)
            .await?
            .collect(bytes_max)
            .await
    }

    /// Writes a whole object. Whoever reads meanwhile gets the old one or the new one, never a part.
    pub async fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<(), Error> {
        name::check_bucket(bucket)?;
        name::check_key(key)?;
        match &*self.0 {
            Backend::Folder(folder) => folder.put(bucket, key, bytes).await,
            Backend::S3(client) => client.put(bucket, key, bytes).await,
        }
    }

    /// Begins an object whose bytes come bit by bit. It is there once it is finished, whole.
    pub async fn upload(&self, bucket: &str, key: &str) -> Result<Upload, Error> {
        name::check_bucket(bucket)?;
        name::check_key(key)?;
        match &*self.0 {
            Backend::Folder(folder) => folder.upload(bucket, key).await.map(Upload::folder),
            Backend::S3(client) => Ok(Upload::s3(client.upload(bucket, key))),
        }
    }

    /// The keys that begin with `prefix` and come after `after`, at most [`limits::PAGE_MAX`] of them.
    pub async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Listing, Error> {
        name::check_bucket(bucket)?;
        let limit = limit.clamp(1, limits::PAGE_MAX);
        match &*self.0 {
            Backend::Folder(folder) => folder.list(bucket, prefix, after, limit).await,
            Backend::S3(client) => client.list(bucket, prefix, after, limit).await,
        }
    }
}

#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
