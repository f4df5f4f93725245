//! A local folder acting as buckets: a folder in it is a bucket, a file below that an object.
//!
//! Names were checked before they come here. Symbolic links are not followed out of the folder. Files are
//! written beside and renamed, so that a reader never sees half of one.

mod walk;

use std::{
    fs::Metadata,
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use bytes::Bytes;
use futures_util::stream;
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
};

use crate::{Address, Body, Error, Listing, Meta, limits::CHUNK_BYTES};

/// Where files are until they are whole. No bucket's name begins with a dot.
const UNFINISHED: &str = ".unfinished";

#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Tells files that are being written apart.
    count: AtomicU64,
}

impl Folder {
    pub(crate) const fn new(root: PathBuf) -> Self {
        let count = AtomicU64::new(0);
        Self { root, count }
    }

    pub(crate) async fn get(
        &self,
        address: &Address,
        range: Option<Range<u64>>,
        if_match: Option<&str>,
    ) -> Result<Body, Error> {
        let Address {
            bucket,
            key,
            version,
        } = address;
        if let Some(version) = version.as_deref().filter(|version| *version != "null") {
            return Err(Error::NoSuchVersion(version.to_owned()));
        }
        let missing = || Error::NoSuchKey {
            bucket: bucket.clone(),
            key: key.clone(),
        };
        let path = self.existing(bucket, key).await?.ok_or_else(missing)?;
        let mut file = File::open(&path).await?;
        let metadata = file.metadata().await?;
        if !metadata.is_file() {
            return Err(missing());
        }
        let meta = meta_of(key.clone(), &metadata);
        if if_match.is_some_and(|etag| etag != meta.etag) {
            return Err(Error::Changed {
                bucket: bucket.clone(),
                key: key.clone(),
            });
        }
        let range = range.unwrap_or(0..meta.size);
        let (from, to) = (range.start.min(meta.size), range.end.min(meta.size));
        if from > 0 {
            file.seek(std::io::SeekFrom::Start(from)).await?;
        }
        let left = to.saturating_sub(from);
        let chunks = stream::try_unfold((file, left), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let size = usize::try_from(left)
                .unwrap_or(CHUNK_BYTES)
                .min(CHUNK_BYTES);
            let mut bytes = vec![0; size];
            let count = file.read(&mut bytes).await?;
            if count == 0 {
                // Somebody cut it short: what was promised is not there.
                return Err(Error::Unreachable("a file ended early".to_owned()));
            }
            bytes.truncate(count);
            let left = left - count as u64;
            Ok(Some((Bytes::from(bytes), (file, left))))
        });
        Ok(Body::new(meta, chunks))
    }

    /// The object's file where there is one that lies in the bucket, whatever links there are.
    async fn existing(&self, bucket: &str, key: &str) -> Result<Option<PathBuf>, Error> {
        let folder = self.root.join(bucket);
        let Ok(folder) = tokio::fs::canonicalize(&folder).await else {
            return Err(Error::NoSuchBucket(bucket.to_owned()));
        };
        match tokio::fs::canonicalize(folder.join(key)).await {
            Ok(path) if path.starts_with(&folder) => Ok(Some(path)),
            Ok(_) => Ok(None),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<(), Error> {
        let mut upload = self.upload(bucket, key).await?;
        upload.write(bytes).await?;
        upload.finish().await.map(drop)
    }

    /// A bucket that is not there yet is made: the folder belongs to one user, whose buckets they are.
    pub(crate) async fn upload(&self, bucket: &str, key: &str) -> Result<Upload, Error> {
        let unfinished = self.root.join(UNFINISHED);
        tokio::fs::create_dir_all(&unfinished).await?;
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = unfinished.join(format!("{}-{number}", std::process::id()));
        let file = File::create(&path).await?;
        Ok(Upload {
            file: Some(file),
            path,
            bucket: self.root.join(bucket),
            target: self.root.join(bucket).join(key),
            bytes: 0,
        })
    }

    pub(crate) async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Listing, Error> {
        let folder = self.root.join(bucket);
        if !tokio::fs::try_exists(&folder).await.unwrap_or(false) {
            return Err(Error::NoSuchBucket(bucket.to_owned()));
        }
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let walk = move || walk::walk(&folder, &prefix, after.as_deref(), limit);
        tokio::task::spawn_blocking(walk)
            .await
            .map_err(|error| Error::File(std::io::Error::other(error)))?
    }
}

/// A file that becomes an object when it is finished.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Absent once it is finished.
    file: Option<File>,
    path: PathBuf,
    bucket: PathBuf,
    target: PathBuf,
    bytes: u64,
}

impl Upload {
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if let Some(file) = &mut self.file {
            file.write_all(&bytes).await?;
            self.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<u64, Error> {
        if let Some(file) = &mut self.file {
            file.flush().await?;
            file.sync_all().await?;
        }
        let parent = self.target.parent().unwrap_or(&self.bucket);
        tokio::fs::create_dir_all(parent).await?;
        let (bucket, parent) = (
            tokio::fs::canonicalize(&self.bucket).await?,
            tokio::fs::canonicalize(parent).await?,
        );
        if !parent.starts_with(&bucket) {
            let message = "The specified key leads out of its bucket".to_owned();
            return Err(Error::InvalidName(message));
        }
        tokio::fs::rename(&self.path, &self.target).await?;
        self.file = None;
        Ok(self.bytes)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.file.is_some() {
            // What is left behind harms nobody: it is in no bucket.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}

/// The ETag is made of what changes with each write, so that a listing reads no contents.
fn meta_of(key: String, metadata: &Metadata) -> Meta {
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Meta {
        key,
        size: metadata.len(),
        etag: format!("\"{:x}-{:x}\"", since.as_nanos(), metadata.len()),
        modified_at: i64::try_from(since.as_secs()).unwrap_or(0),
    }
}

/// What a path is below its bucket, where its name is text.
fn text_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(std::ffi::OsStr::to_str)
}
