//! The bytes of an object, as they come.

use std::{
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};

use crate::{Error, Meta};

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// An object that is being read.
pub struct Body {
    /// Of the whole object, also where only a range is read.
    pub meta: Meta,
    /// Never locked: only that makes a body something that threads may share.
    chunks: Mutex<Chunks>,
}

impl Body {
    pub(crate) fn new(
        meta: Meta,
        chunks: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    ) -> Self {
        Self {
            meta,
            chunks: Mutex::new(Box::pin(chunks)),
        }
    }

    /// The next bytes; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let chunks = self.chunks.get_mut();
        let chunks = chunks.unwrap_or_else(PoisonError::into_inner);
        chunks.next().await.transpose()
    }

    /// All that is left, which may be `bytes_max` bytes at most.
    pub async fn collect(mut self, bytes_max: usize) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if all.len() + bytes.len() > bytes_max {
                return Err(Error::Refused {
                    code: "EntityTooLarge".to_owned(),
                    message: format!("{} has more than {bytes_max} bytes", self.meta.key),
                });
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
