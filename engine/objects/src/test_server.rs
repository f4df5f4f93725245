//! A tiny S3: as much of its protocol as this crate speaks, over buckets in memory.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// What it holds and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    pub(crate) parts: BTreeMap<u32, Vec<u8>>,
    /// `METHOD PATH?QUERY`
    pub(crate) requests: Vec<String>,
    /// The next requests are answered with 503.
    pub(crate) refusals: u32,
    pub(crate) is_signed: bool,
}

pub(crate) type Shared = Arc<Mutex<Store>>;

/// Serves the bucket `data`; gives its address.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test"
)]
pub(crate) async fn serve() -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let store = Shared::default();
    let shared = Arc::clone(&store);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let store = Arc::clone(&shared);
            tokio::spawn(async move { drop(converse(stream, store).await) });
        }
    });
    (format!("http://{address}"), store)
}

async fn converse(stream: TcpStream, store: Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await?;
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers
            .get("content-length")
            .and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let (head, body) = answer(&store, line.trim_end(), &headers, body);
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
    }
}

fn error(status: &str, code: &str) -> (String, Vec<u8>) {
    let body = format!("<Error><Code>{code}</Code><Message>no &amp; no</Message></Error>");
    (status.to_owned(), body.into_bytes())
}

fn answer(
    store: &Shared,
    line: &str,
    headers: &BTreeMap<String, String>,
    body: Vec<u8>,
) -> (String, Vec<u8>) {
    let mut store = store.lock().unwrap();
    let mut parts = line.split(' ');
    let (method, target) = (parts.next().unwrap(), parts.next().unwrap());
    store.requests.push(format!("{method} {target}"));
    store.is_signed = headers
        .get("authorization")
        .is_some_and(|it| it.starts_with("AWS4-HMAC-SHA256 Credential=id/"));
    if store.refusals > 0 {
        store.refusals -= 1;
        return error("503 Slow Down", "SlowDown");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let query: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    let path = decode(path);
    let Some(key) = path.strip_prefix("/data") else {
        return error("404 Not Found", "NoSuchBucket");
    };
    let key = key.trim_start_matches('/').to_owned();
    match method {
        "GET" if query.contains_key("list-type") => ("200 OK".to_owned(), list(&store, &query)),
        "GET" => get(&store, &key, headers),
        "PUT" => {
            if let Some(number) = query.get("partNumber") {
                store.parts.insert(number.parse().unwrap(), body);
                return ("200 OK\r\netag: \"p\"".to_owned(), Vec::new());
            }
            store.objects.insert(key, body);
            ("200 OK".to_owned(), Vec::new())
        }
        "POST" if query.contains_key("uploads") => {
            let answer = "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>";
            ("200 OK".to_owned(), answer.as_bytes().to_vec())
        }
        "POST" if query.get("uploadId").is_some_and(|id| id == "u&1") => {
            let whole = std::mem::take(&mut store.parts)
                .into_values()
                .flatten()
                .collect();
            store.objects.insert(key, whole);
            let answer = "<CompleteMultipartUploadResult/>";
            ("200 OK".to_owned(), answer.as_bytes().to_vec())
        }
        _ => error("400 Bad Request", "InvalidRequest"),
    }
}

fn get(store: &Store, key: &str, headers: &BTreeMap<String, String>) -> (String, Vec<u8>) {
    let Some(bytes) = store.objects.get(key) else {
        return error("404 Not Found", "NoSuchKey");
    };
    let etag = format!("\"{}\"", bytes.len());
    if headers
        .get("if-match")
        .is_some_and(|wanted| *wanted != etag)
    {
        return error("412 Precondition Failed", "PreconditionFailed");
    }
    let head = format!("etag: {etag}\r\nlast-modified: Thu, 17 Nov 2022 15:44:41 GMT");
    let range = headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes="));
    match range.and_then(|range| range.split_once('-')) {
        None => (format!("200 OK\r\n{head}"), bytes.clone()),
        Some((from, to)) => {
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
            let part = bytes[from..=to.min(bytes.len() - 1)].to_vec();
            let range = format!("content-range: bytes {from}-{to}/{}", bytes.len());
            (format!("206 Partial Content\r\n{head}\r\n{range}"), part)
        }
    }
}

fn list(store: &Store, query: &BTreeMap<String, String>) -> Vec<u8> {
    let text = |name: &str| query.get(name).map_or("", String::as_str);
    let most: usize = text("max-keys").parse().unwrap();
    let found: Vec<_> = store
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(text("prefix")) && key.as_str() > text("start-after"))
        .collect();
    let mut answer = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
    let _ = write!(answer, "<IsTruncated>{}</IsTruncated>", found.len() > most);
    for (key, bytes) in found.into_iter().take(most) {
        let key = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
        let _ = write!(
            answer,
            "<Contents><Key>{key}</Key><LastModified>2022-11-17T15:44:41.000Z</LastModified><ETag>&quot;{0}&quot;</ETag><Size>{0}</Size></Contents>",
            bytes.len()
        );
    }
    answer.push_str("</ListBucketResult>");
    answer.into_bytes()
}
