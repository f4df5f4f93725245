//! Just enough HTTP/1.1 for JSON in both directions, on connections that serve one request.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No answer of a server that lives takes so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// A request or an answer.
pub(crate) struct Message {
    /// The first line.
    pub(crate) start: String,
    /// In lower case, as `name: value`.
    headers: Vec<String>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}:");
        let found = self.headers.iter().find(|line| line.starts_with(&prefix));
        found.map(|line| line[prefix.len()..].trim())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        let status = self.start.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut stream = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            match line.trim_end() {
                "" if lines.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let start = lines.remove(0);
        let lower = |line: &String| match line.split_once(':') {
            Some((name, value)) => format!("{}:{}", name.to_lowercase(), value.trim()),
            None => line.clone(),
        };
        let mut message = Self {
            start,
            headers: lines.iter().map(lower).collect(),
            body: String::new(),
        };
        let length = message
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        message.body = String::from_utf8_lossy(&body).into_owned();
        Ok(message)
    }
}

/// Sends a request and reads its answer.
pub(crate) async fn send(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Message> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let headers: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let headers = headers.concat();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        Message::read(&mut stream).await
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
