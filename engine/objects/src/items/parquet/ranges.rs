//! An object as a file that is read here and there: ranges are fetched in blocks, and some are kept.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};
use tokio::runtime::Handle;

use crate::{
    Address, Meta, Objects,
    limits::parquet::{BLOCK_BYTES, BLOCKS_KEPT, RANGE_BYTES_MAX},
};

/// Only for threads that may block. Clones share the blocks.
#[derive(Clone)]
pub(super) struct Ranges(Arc<Inner>);

struct Inner {
    objects: Objects,
    address: Address,
    size: u64,
    etag: String,
    runtime: Handle,
    /// Blocks by number, the one that was used last at the end.
    blocks: Mutex<VecDeque<(u64, Bytes)>>,
}

impl Ranges {
    pub(super) fn new(objects: Objects, address: Address, meta: &Meta, runtime: Handle) -> Self {
        Self(Arc::new(Inner {
            objects,
            address,
            size: meta.size,
            etag: meta.etag.clone(),
            runtime,
            blocks: Mutex::default(),
        }))
    }

    pub(super) fn size(&self) -> u64 {
        self.0.size
    }

    fn fetch(&self, start: u64, length: u64) -> Result<Bytes> {
        let inner = &self.0;
        let range = start..start.saturating_add(length).min(inner.size);
        let bytes_max = usize::try_from(length).unwrap_or(usize::MAX);
        let got = inner.runtime.block_on(async {
            let body = inner
                .objects
                .get(&inner.address, Some(range), Some(&inner.etag));
            body.await?.collect(bytes_max).await
        });
        got.map_err(|error| ParquetError::External(Box::new(error)))
    }

    fn block(&self, number: u64) -> Result<Bytes> {
        let kept = || self.0.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut blocks = kept();
            if let Some(at) = blocks.iter().position(|(of, _)| *of == number)
                && let Some((_, bytes)) = blocks.remove(at)
            {
                blocks.push_back((number, bytes.clone()));
                return Ok(bytes);
            }
        }
        let bytes = self.fetch(number * BLOCK_BYTES, BLOCK_BYTES)?;
        let mut blocks = kept();
        if blocks.len() >= BLOCKS_KEPT {
            blocks.pop_front();
        }
        blocks.push_back((number, bytes.clone()));
        Ok(bytes)
    }

    /// What the block that holds `start` has from there on; nothing behind the end.
    fn from(&self, start: u64) -> Result<Bytes> {
        if start >= self.0.size {
            return Ok(Bytes::new());
        }
        let block = self.block(start / BLOCK_BYTES)?;
        let at = usize::try_from(start % BLOCK_BYTES).unwrap_or(usize::MAX);
        Ok(block.slice(at.min(block.len())..))
    }
}

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for Ranges {
    type T = At;

    fn get_read(&self, start: u64) -> Result<At> {
        Ok(At {
            ranges: self.clone(),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let wanted = length as u64;
        if wanted > RANGE_BYTES_MAX {
            return Err(ParquetError::General(format!(
                "a part of it has {wanted} bytes; {RANGE_BYTES_MAX} are allowed"
            )));
        }
        if start
            .checked_add(wanted)
            .is_none_or(|end| end > self.0.size)
        {
            return Err(ParquetError::EOF("it ends before its parts do".to_owned()));
        }
        if wanted > BLOCK_BYTES {
            return self.fetch(start, wanted);
        }
        let first = self.from(start)?;
        if first.len() >= length {
            return Ok(first.slice(..length));
        }
        let second = self.from(start + first.len() as u64)?;
        let mut whole = BytesMut::with_capacity(length);
        whole.extend_from_slice(&first);
        let rest = length - first.len();
        whole.extend_from_slice(second.get(..rest).unwrap_or(&second));
        Ok(whole.freeze())
    }
}

/// A reading from some place on.
pub(super) struct At {
    ranges: Ranges,
    at: u64,
}

impl io::Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.ranges.from(self.at).map_err(io::Error::other)?;
        let count = bytes.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(&bytes) {
            *to = *from;
        }
        self.at += count as u64;
        Ok(count)
    }
}
