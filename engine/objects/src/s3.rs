//! An S3-compatible endpoint: ListObjectsV2, GetObject, PutObject, and multipart for what is large.
//!
//! Path-style addresses (`ENDPOINT/BUCKET/KEY`), which every such store understands. Requests are signed
//! with SigV4 where there are credentials.
//!
//! Source: the Amazon S3 API reference.

mod sign;
mod upload;
mod xml;

use std::ops::Range;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::{Method, Response, StatusCode, Url, header};

use crate::{
    Address, Body, Error, Listing, Meta,
    limits::{ANSWER_BYTES_MAX, CONNECT_TIMEOUT, READ_TIMEOUT, TRIES},
};
pub(crate) use upload::Upload;

/// Where an S3-compatible store is.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `http://…` or `https://…`, without a bucket.
    pub url: String,
    pub region: String,
    /// Absent: requests go unsigned.
    pub credentials: Option<Credentials>,
}

#[derive(Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// What the signature leaves as it is: RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    region: String,
    credentials: Option<Credentials>,
}

/// One request, before it is signed.
#[derive(Debug)]
struct Request<'a> {
    method: Method,
    bucket: &'a str,
    key: &'a str,
    query: Vec<(&'a str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl<'a> Request<'a> {
    const fn new(method: Method, bucket: &'a str, key: &'a str) -> Self {
        Self {
            method,
            bucket,
            key,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, Error> {
        let invalid =
            |why: &str| Error::InvalidName(format!("the S3 endpoint '{}' {why}", endpoint.url));
        let base = Url::parse(&endpoint.url).map_err(|error| invalid(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(invalid("must be an http or https address"));
        }
        // The same provider for the whole process; a second installation changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| invalid(&error.to_string()))?;
        Ok(Self {
            http,
            base,
            region: endpoint.region,
            credentials: endpoint.credentials,
        })
    }

    pub(crate) async fn get(
        &self,
        address: &Address,
        range: Option<Range<u64>>,
        if_match: Option<&str>,
    ) -> Result<Body, Error> {
        let mut request = Request::new(Method::GET, &address.bucket, &address.key);
        if let Some(range) = &range {
            let last = range.end.saturating_sub(1);
            let bytes = format!("bytes={}-{last}", range.start);
            request.headers.push(("range", bytes));
        }
        if let Some(etag) = if_match {
            request.headers.push(("if-match", etag.to_owned()));
        }
        if let Some(version) = &address.version {
            request.query.push(("versionId", version.clone()));
        }
        let response = self.send(&request).await?;
        let meta = meta_of(&address.key, &response);
        let (bucket, key) = (address.bucket.clone(), address.key.clone());
        let chunks = response.bytes_stream().map_err(move |error| {
            Error::Unreachable(format!("reading {bucket}/{key}: {}", error.without_url()))
        });
        Ok(Body::new(meta, chunks))
    }

    pub(crate) async fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<(), Error> {
        let mut request = Request::new(Method::PUT, bucket, key);
        request.body = bytes;
        self.send(&request).await.map(drop)
    }

    pub(crate) async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Listing, Error> {
        let mut request = Request::new(Method::GET, bucket, "");
        // In the order in which the signature wants them.
        request.query.push(("encoding-type", "url".to_owned()));
        request.query.push(("list-type", "2".to_owned()));
        request.query.push(("max-keys", limit.to_string()));
        request.query.push(("prefix", prefix.to_owned()));
        if let Some(after) = after {
            request.query.push(("start-after", after.to_owned()));
        }
        let response = self.send(&request).await?;
        let text = text_of(response).await?;
        let answer = xml::element(&text, "ListBucketResult").ok_or_else(|| Error::Refused {
            code: "InvalidResponse".to_owned(),
            message: "the store's listing has no ListBucketResult".to_owned(),
        })?;
        let is_encoded = xml::value(answer, "EncodingType").as_deref() == Some("url");
        let objects = xml::elements(answer, "Contents").map(|contents| {
            let value = |name: &str| xml::value(contents, name).unwrap_or_default();
            let key = value("Key");
            let key = if is_encoded {
                // The store writes a blank as a plus sign here.
                let key = key.replace('+', " ");
                percent_decode_str(&key).decode_utf8_lossy().into_owned()
            } else {
                key
            };
            Meta {
                key,
                size: value("Size").parse().unwrap_or(0),
                etag: value("ETag"),
                modified_at: chrono::DateTime::parse_from_rfc3339(&value("LastModified"))
                    .map_or(0, |at| at.timestamp()),
            }
        });
        Ok(Listing {
            objects: objects.collect(),
            is_truncated: xml::value(answer, "IsTruncated").as_deref() == Some("true"),
        })
    }

    pub(crate) fn upload(&self, bucket: &str, key: &str) -> Upload {
        Upload::new(self.clone(), bucket, key)
    }

    /// Sends a request until it is answered with success or a refusal that will not pass.
    async fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        let mut pause = std::time::Duration::from_millis(100);
        let mut tries = 1;
        loop {
            let failure = match self.send_once(request).await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => self.refusal(request, response).await,
                Err(error) => Error::Unreachable(error.without_url().to_string()),
            };
            if !failure.is_passing() || tries >= TRIES {
                return Err(failure);
            }
            tries += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn send_once(&self, request: &Request<'_>) -> Result<Response, reqwest::Error> {
        let mut url = self.base.clone();
        let mut path = url.path().trim_end_matches('/').to_owned();
        path.push('/');
        path.push_str(request.bucket);
        for part in request.key.split('/').filter(|_| !request.key.is_empty()) {
            path.push('/');
            path.extend(utf8_percent_encode(part, RESERVED));
        }
        url.set_path(&path);
        let mut query: Vec<String> = request
            .query
            .iter()
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    utf8_percent_encode(name, RESERVED),
                    utf8_percent_encode(value, RESERVED)
                )
            })
            .collect();
        query.sort_unstable();
        let query = query.join("&");
        url.set_query((!query.is_empty()).then_some(&query));
        let mut builder = self.http.request(request.method.clone(), url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(credentials) = &self.credentials {
            let signed = sign::headers(&sign::Signed {
                method: request.method.as_str(),
                path: url.path(),
                query: &query,
                host: &host(&url),
                body: &request.body,
                region: &self.region,
                credentials,
                at: sign::now(),
            });
            for (name, value) in signed {
                builder = builder.header(name, value);
            }
        }
        if matches!(request.method, Method::PUT | Method::POST) {
            builder = builder.header(header::CONTENT_LENGTH, request.body.len());
        }
        builder.body(request.body.clone()).send().await
    }

    async fn refusal(&self, request: &Request<'_>, response: Response) -> Error {
        let (bucket, key) = (request.bucket.to_owned(), request.key.to_owned());
        let status = response.status();
        let text = text_of(response).await.unwrap_or_default();
        let error = xml::element(&text, "Error").unwrap_or_default();
        let code = xml::value(error, "Code").unwrap_or_default();
        match (code.as_str(), status) {
            ("NoSuchBucket", _) => Error::NoSuchBucket(bucket),
            ("NoSuchVersion", _) => Error::NoSuchVersion(key),
            ("PreconditionFailed", _) | (_, StatusCode::PRECONDITION_FAILED) => {
                Error::Changed { bucket, key }
            }
            ("NoSuchKey", _) | (_, StatusCode::NOT_FOUND) => Error::NoSuchKey { bucket, key },
            ("SlowDown", _)
            | (
                _,
                StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::TOO_MANY_REQUESTS,
            ) => Error::Unreachable(format!("{} {code}", status.as_u16())),
            _ => Error::Refused {
                code: if code.is_empty() {
                    status.as_u16().to_string()
                } else {
                    code
                },
                message: xml::value(error, "Message").unwrap_or_default(),
            },
        }
    }
}

/// The host as the request names it: with its port, unless that is the scheme's own.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

fn meta_of(key: &str, response: &Response) -> Meta {
    let text = |name: header::HeaderName| {
        let value = response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    // `bytes 0-9/100`: of a range, the whole is at the end.
    let whole = text(header::CONTENT_RANGE).rsplit('/').next();
    let whole = whole.and_then(|whole| whole.parse().ok());
    let modified = chrono::DateTime::parse_from_rfc2822(text(header::LAST_MODIFIED));
    Meta {
        key: key.to_owned(),
        size: whole.or(response.content_length()).unwrap_or(0),
        etag: text(header::ETAG).to_owned(),
        modified_at: modified.map_or(0, |at| at.timestamp()),
    }
}

/// An answer that is no object, which is never large.
async fn text_of(response: Response) -> Result<String, Error> {
    let broken = |error: reqwest::Error| Error::Unreachable(error.without_url().to_string());
    let mut text = Vec::new();
    let mut chunks = response.bytes_stream().map_err(broken);
    while let Some(bytes) = chunks.try_next().await? {
        if text.len() + bytes.len() > ANSWER_BYTES_MAX {
            let message = "the store's answer is too large".to_owned();
            return Err(Error::Unreachable(message));
        }
        text.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
