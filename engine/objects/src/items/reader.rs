//! Reading a dataset: one file after another, one chunk after another, one item after another.

use std::{collections::VecDeque, sync::Arc};

use asl::Json;

use super::{Format, Item, ReadError, Source, Splitter, manifest, unpack::Unpack};
use crate::{
    Address, Body, Meta, Objects,
    limits::{MANIFEST_BYTES_MAX, PAGE_MAX},
};

/// A dataset that is being read. Holds a chunk of bytes, the items in it, and the names of a page.
pub struct Items {
    objects: Objects,
    ready: VecDeque<Item>,
    file: Option<File>,
    files: Files,
    etag: Option<String>,
    uri: Option<Arc<str>>,
}

/// One file of the dataset.
enum File {
    Stream(Box<Stream>),
    #[cfg(feature = "parquet")]
    Parquet(super::parquet::Rows),
}

struct Stream {
    body: Body,
    unpack: Unpack,
    splitter: Splitter,
}

/// The files that are still to be read.
enum Files {
    These(VecDeque<Address>, Format),
    Listed(Listed, Format),
    /// The names themselves are the items.
    Names(Listed),
    None,
}

struct Listed {
    bucket: String,
    prefix: String,
    page: VecDeque<Meta>,
    after: Option<String>,
    is_last: bool,
}

impl Listed {
    const fn new(bucket: String, prefix: String) -> Self {
        Self {
            bucket,
            prefix,
            page: VecDeque::new(),
            after: None,
            is_last: false,
        }
    }

    async fn next(&mut self, objects: &Objects) -> Result<Option<Meta>, ReadError> {
        loop {
            if let Some(meta) = self.page.pop_front() {
                // Markers of folders, as the S3 console makes them, are no datasets.
                if meta.key.ends_with('/') {
                    continue;
                }
                return Ok(Some(meta));
            }
            if self.is_last {
                return Ok(None);
            }
            let after = self.after.as_deref();
            let listing = objects.list(&self.bucket, &self.prefix, after, PAGE_MAX);
            let listing = listing.await?;
            self.is_last = !listing.is_truncated || listing.objects.is_empty();
            self.after = listing.objects.last().map(|meta| meta.key.clone());
            self.page = listing.objects.into();
        }
    }
}

impl Items {
    /// Opens a dataset. With `etag`, which an earlier opening gave, it fails where the object that is read
    /// (or the manifest) has changed since.
    pub async fn open(
        objects: Objects,
        source: Source,
        etag: Option<&str>,
    ) -> Result<Self, ReadError> {
        let mut items = Self {
            objects,
            ready: VecDeque::new(),
            file: None,
            files: Files::None,
            etag: None,
            uri: None,
        };
        match source {
            Source::Object { address, format } => {
                items.etag = Some(items.begin(&address, &format, etag).await?);
            }
            Source::Listing { bucket, prefix } => {
                items.files = Files::Names(Listed::new(bucket, prefix));
            }
            Source::Contents {
                bucket,
                prefix,
                format,
            } => items.files = Files::Listed(Listed::new(bucket, prefix), format),
            Source::Inventory { address } => {
                let text = items.manifest(&address, etag).await?;
                let manifest = manifest::inventory(&text)?;
                items.files = Files::These(manifest.files.into(), manifest.format);
            }
            Source::Athena { address, format } => {
                let text = items.manifest(&address, etag).await?;
                let manifest = manifest::athena(&text, format)?;
                items.files = Files::These(manifest.files.into(), manifest.format);
            }
        }
        Ok(items)
    }

    /// What the object, or the manifest, was when it was opened; a listing has none.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The file that the last item came from, where a dataset has several.
    pub const fn uri(&self) -> Option<&Arc<str>> {
        self.uri.as_ref()
    }

    async fn manifest(
        &mut self,
        address: &Address,
        etag: Option<&str>,
    ) -> Result<String, ReadError> {
        let body = self.objects.get(address, None, etag).await?;
        self.etag = Some(body.meta.etag.clone());
        let bytes = body.collect(MANIFEST_BYTES_MAX).await?;
        super::text_of(bytes.to_vec())
    }

    /// The next item; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Item>, ReadError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if self.file.is_some() {
                self.read_on().await?;
                continue;
            }
            let (address, format) = match &mut self.files {
                Files::None => return Ok(None),
                Files::Names(listed) => {
                    return Ok(listed.next(&self.objects).await?.as_ref().map(description));
                }
                Files::These(files, format) => match files.pop_front() {
                    Some(address) => (address, format.clone()),
                    None => return Ok(None),
                },
                Files::Listed(listed, format) => match listed.next(&self.objects).await? {
                    Some(meta) => {
                        let address = Address {
                            bucket: listed.bucket.clone(),
                            key: meta.key,
                            version: None,
                        };
                        (address, format.clone())
                    }
                    None => return Ok(None),
                },
            };
            self.begin(&address, &format, None).await?;
            let uri = format!("s3://{}/{}", address.bucket, address.key);
            self.uri = Some(Arc::from(uri));
        }
    }

    /// Opens a file, whose items come next; gives its ETag.
    async fn begin(
        &mut self,
        address: &Address,
        format: &Format,
        etag: Option<&str>,
    ) -> Result<String, ReadError> {
        let body = self.objects.get(address, None, etag).await?;
        let etag = body.meta.etag.clone();
        self.file = Some(match Splitter::new(format) {
            Some(splitter) => File::Stream(Box::new(Stream {
                unpack: Unpack::of(&body.meta.key),
                splitter,
                body,
            })),
            #[cfg(feature = "parquet")]
            None => {
                let (objects, address) = (self.objects.clone(), address.clone());
                File::Parquet(super::parquet::Rows::open(objects, address, &body.meta).await?)
            }
            #[cfg(not(feature = "parquet"))]
            None => {
                return Err(ReadError::new(
                    "This server was built without a reader for InputType 'PARQUET': build it with the Cargo feature `parquet`.",
                ));
            }
        });
        Ok(etag)
    }

    /// Reads the next part of the file; forgets a file that is over.
    async fn read_on(&mut self) -> Result<(), ReadError> {
        let ready = &mut self.ready;
        let is_more = match &mut self.file {
            None => false,
            Some(File::Stream(stream)) => stream.next(ready).await?,
            #[cfg(feature = "parquet")]
            Some(File::Parquet(rows)) => rows.next(ready).await?,
        };
        if !is_more {
            self.file = None;
        }
        Ok(())
    }
}

impl Stream {
    /// Reads the next chunk; false where nothing follows that matters.
    async fn next(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError> {
        let splitter = &mut self.splitter;
        let Some(bytes) = self.body.next().await? else {
            let unpack = std::mem::take(&mut self.unpack);
            unpack.finish(|bytes| splitter.feed(bytes, ready))?;
            splitter.finish(ready)?;
            return Ok(false);
        };
        self.unpack
            .feed(&bytes, |bytes| splitter.feed(bytes, ready))?;
        Ok(!splitter.is_done())
    }
}

/// An object of a listing as an item, as Step Functions spells it.
fn description(meta: &Meta) -> Item {
    let modified = Json::from(u64::try_from(meta.modified_at).unwrap_or(0));
    let members = [
        ("Etag", Json::from(meta.etag.clone())),
        ("Key", Json::from(meta.key.clone())),
        ("LastModified", modified),
        ("Size", Json::from(meta.size)),
        ("StorageClass", Json::string("STANDARD")),
    ];
    let members = members.map(|(name, value)| (Arc::from(name), value));
    Item::of(Json::object(members.into_iter().collect()))
}
