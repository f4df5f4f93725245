//! An object whose bytes come bit by bit.

use bytes::Bytes;

use crate::{Error, folder, s3};

/// An object that is being written. Dropped before it is finished, it never was.
#[derive(Debug)]
pub struct Upload(Kind);

#[derive(Debug)]
enum Kind {
    Folder(folder::Upload),
    S3(s3::Upload),
}

impl Upload {
    pub(crate) const fn folder(upload: folder::Upload) -> Self {
        Self(Kind::Folder(upload))
    }

    pub(crate) const fn s3(upload: s3::Upload) -> Self {
        Self(Kind::S3(upload))
    }

    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        match &mut self.0 {
            Kind::Folder(upload) => upload.write(bytes).await,
            Kind::S3(upload) => upload.write(bytes).await,
        }
    }

    /// Makes the object be there; says how many bytes it has.
    pub async fn finish(self) -> Result<u64, Error> {
        match self.0 {
            Kind::Folder(upload) => upload.finish().await,
            Kind::S3(upload) => upload.finish().await,
        }
    }
}
