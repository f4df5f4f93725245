//! A real HTTP/1.1 server on loopback for tests: what it gets is recorded, what it answers is
//! written down byte for byte. Not for use outside tests: it reads what this crate's client sends.

#![expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with its test, no shutdown waits for it"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

type Handler = dyn Fn(&Received) -> Option<String> + Send + Sync;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    arrived: Arc<Notify>,
    serving: Arc<Mutex<Vec<tokio::task::JoinHandle<()>>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Answers each request with the whole text that the handler gives; with nothing at all, for
    /// ever, where it gives none.
    pub(crate) async fn start(
        handler: impl Fn(&Received) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let arrived = Arc::new(Notify::new());
        let serving = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Handler> = Arc::new(handler);
        let accepting = tokio::spawn({
            let (received, arrived, serving) = (received.clone(), arrived.clone(), serving.clone());
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let connection =
                        serve(stream, handler.clone(), received.clone(), arrived.clone());
                    serving.lock().unwrap().push(tokio::spawn(connection));
                }
            }
        });
        Self {
            address,
            received,
            arrived,
            serving,
            accepting,
        }
    }

    /// Answers every request with this status line, headers and body.
    pub(crate) async fn answering(status: &str, headers: &str, body: &str) -> Self {
        let whole = response(status, headers, body);
        Self::start(move |_| Some(whole.clone())).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Until a request has arrived.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}

impl Server {
    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.serving.lock().unwrap().len()
    }

    /// Closes every connection.
    pub(crate) fn hang_up(&self) {
        for connection in &*self.serving.lock().unwrap() {
            connection.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.hang_up();
    }
}

/// A whole answer. `headers` are lines, each with its end.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn serve(
    mut stream: TcpStream,
    handler: Arc<Handler>,
    received: Arc<Mutex<Vec<Received>>>,
    arrived: Arc<Notify>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        let answer = handler(&request);
        received.lock().unwrap().push(request);
        arrived.notify_one();
        match answer {
            Some(answer) => {
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            None => std::future::pending().await,
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let mut request = Received {
        method: first.next().unwrap().to_owned(),
        target: first.next().unwrap().to_owned(),
        headers: lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect(),
        body: String::new(),
    };
    let length: usize = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let end = head_end + 4 + length;
    while buffer.len() < end {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    request.body = String::from_utf8(buffer[head_end + 4..end].to_vec()).unwrap();
    buffer.drain(..end);
    Some(request)
}
