//! Writing an object in parts: one request where it is small, a multipart upload where it is not.

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use reqwest::{Method, header};

use super::{Client, Request, text_of, xml};
use crate::{Error, limits::PART_BYTES};

/// At most one part is held in memory.
#[derive(Debug)]
pub(crate) struct Upload {
    client: Client,
    bucket: String,
    key: String,
    gathered: BytesMut,
    /// The store's name for the upload, once there is more than one part.
    id: Option<String>,
    /// The ETags of the parts that were sent.
    parts: Vec<String>,
    bytes: u64,
}

impl Upload {
    pub(super) fn new(client: Client, bucket: &str, key: &str) -> Self {
        Self {
            client,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            gathered: BytesMut::new(),
            id: None,
            parts: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        self.gathered.extend_from_slice(&bytes);
        while self.gathered.len() > PART_BYTES {
            let part = self.gathered.split_to(PART_BYTES).freeze();
            self.send(part).await?;
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<u64, Error> {
        let last = std::mem::take(&mut self.gathered).freeze();
        if self.id.is_none() {
            self.client.put(&self.bucket, &self.key, last).await?;
            return Ok(self.bytes);
        }
        let ended = self.complete(last).await;
        if let (Err(_), Some(id)) = (&ended, &self.id) {
            // Parts that nobody completes are kept, and paid for, for ever.
            let mut request = Request::new(Method::DELETE, &self.bucket, &self.key);
            request.query.push(("uploadId", id.clone()));
            drop(self.client.send(&request).await);
        }
        ended.map(|()| self.bytes)
    }

    async fn complete(&mut self, last: Bytes) -> Result<(), Error> {
        self.send(last).await?;
        let mut body = String::from("<CompleteMultipartUpload>");
        for (number, etag) in (1..).zip(&self.parts) {
            // Writing to a String cannot fail.
            let _ = write!(
                body,
                "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>",
                xml::escape(etag)
            );
        }
        body.push_str("</CompleteMultipartUpload>");
        let mut request = Request::new(Method::POST, &self.bucket, &self.key);
        let id = self.id.clone().unwrap_or_default();
        request.query.push(("uploadId", id));
        request.body = Bytes::from(body);
        let text = text_of(self.client.send(&request).await?).await?;
        // A 200 may still carry an error, since the store answers before it has put the parts together.
        match xml::element(&text, "Error") {
            None => Ok(()),
            Some(error) => Err(Error::Refused {
                code: xml::value(error, "Code").unwrap_or_default(),
                message: xml::value(error, "Message").unwrap_or_default(),
            }),
        }
    }

    async fn send(&mut self, part: Bytes) -> Result<(), Error> {
        let id = if let Some(id) = &self.id {
            id.clone()
        } else {
            let mut request = Request::new(Method::POST, &self.bucket, &self.key);
            request.query.push(("uploads", String::new()));
            let text = text_of(self.client.send(&request).await?).await?;
            let id = xml::value(&text, "UploadId").ok_or_else(|| Error::Refused {
                code: "InvalidResponse".to_owned(),
                message: "the store's answer has no UploadId".to_owned(),
            })?;
            self.id.insert(id).clone()
        };
        let mut request = Request::new(Method::PUT, &self.bucket, &self.key);
        let number = (self.parts.len() + 1).to_string();
        request.query.push(("partNumber", number));
        request.query.push(("uploadId", id));
        request.body = part;
        let response = self.client.send(&request).await?;
        let etag = response.headers().get(header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok()).unwrap_or_default();
        self.parts.push(etag.to_owned());
        Ok(())
    }
}
