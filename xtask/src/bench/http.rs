//! HTTP/1.1 as the measurements need it: one blocking connection that is kept open, and the reading of
//! one message. It knows bodies with a Content-Length and no others, and follows nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Bytes of one line of a message's head, and of its body, that are read at most.
const LINE_BYTES_MAX: u64 = 16 << 10;
const BODY_BYTES_MAX: usize = 16 << 20;
const HEADERS_MAX: usize = 100;
/// Longer than any call here waits for an execution.
const PATIENCE: Duration = Duration::from_secs(90);

/// A request or a response: its first line and its body.
pub(super) struct Message {
    pub(super) start: String,
    pub(super) body: Vec<u8>,
}

/// Reads one message; nothing where the other side has hung up between two.
pub(super) fn read(reader: &mut impl BufRead) -> Result<Option<Message>> {
    let start = line(reader)?;
    if start.is_empty() {
        return Ok(None);
    }
    let mut length = 0;
    for _ in 0..HEADERS_MAX {
        let header = line(reader)?;
        let Some((name, value)) = header.split_once(':') else {
            if !header.trim().is_empty() {
                bail!("`{}` is no header", header.trim());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).context("reading a body")?;
            let start = start.trim_end().to_owned();
            return Ok(Some(Message { start, body }));
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().context("reading Content-Length")?;
            if length > BODY_BYTES_MAX {
                bail!("a body of {length} bytes is not read: at most {BODY_BYTES_MAX} are");
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!(
                "a body in transfer encoding{} is not read",
                value.trim_end()
            );
        }
    }
    bail!("a message has more than {HEADERS_MAX} headers")
}

fn line(reader: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    let read = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
    read.context("reading a message's head")?;
    if !line.is_empty() && !line.ends_with('\n') {
        bail!("a line is cut off, or longer than {LINE_BYTES_MAX} bytes");
    }
    Ok(line)
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    /// Itself, if the status says that all went well.
    pub(super) fn expect_success(self) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        bail!("the answer was {}: {}", self.status, self.body)
    }

    /// The first string member of this name, without understanding JSON: the names that are asked for
    /// occur once in what the server answers to the calls of a measurement.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("\"{name}\""))?;
        let rest = rest.trim_start().strip_prefix(':')?;
        let rest = rest.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(value, _)| value)
    }
}

/// A connection that is kept open from call to call.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    address: SocketAddr,
    request: Vec<u8>,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("reaching {address}"))?;
        stream.set_nodelay(true).context("setting TCP_NODELAY")?;
        let set = stream.set_read_timeout(Some(PATIENCE));
        set.context("setting a time-out")?;
        Ok(Self {
            reader: BufReader::new(stream),
            address,
            request: Vec::with_capacity(1024),
        })
    }

    /// Sends one request in one write, and reads its answer.
    pub(super) fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer> {
        self.request.clear();
        write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        )?;
        for (name, value) in headers {
            write!(self.request, "{name}: {value}\r\n")?;
        }
        write!(self.request, "\r\n{body}")?;
        let sent = self.reader.get_mut().write_all(&self.request);
        sent.context("sending a request")?;
        let Some(message) = read(&mut self.reader)? else {
            bail!("{} hung up before it answered", self.address);
        };
        let status = message.start.split(' ').nth(1);
        let status = status.and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.with_context(|| format!("`{}` is no answer", message.start))?,
            body: String::from_utf8(message.body).context("the answer is not UTF-8")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, expected: Option<(&str, &str)>) {
        let found = read(&mut bytes.as_bytes()).ok().flatten();
        let found = found.map(|found| (found.start, String::from_utf8(found.body).unwrap()));
        let expected = expected.map(|(start, body)| (start.to_owned(), body.to_owned()));
        assert_eq!(found, expected, "{bytes:?}");
    }

    #[test]
    fn a_message_is_read_to_the_end_of_its_body_and_no_further() {
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1",
            Some(("HTTP/1.1 200 OK", "{}")),
        );
        check("POST / HTTP/1.1\r\n\r\n", Some(("POST / HTTP/1.1", "")));
        check("", None);
    }

    #[test]
    fn what_is_cut_off_or_not_understood_is_refused() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", None);
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            None,
        );
        check("HTTP/1.1 200 OK\r\nContent", None);
        check(&"a: b\r\n".repeat(HEADERS_MAX + 2), None);
    }

    #[test]
    fn a_string_member_is_found_by_its_name() {
        let answer = Answer {
            status: 200,
            body: r#"{"executionArn": "arn:1","status":"RUNNING","startDate":1}"#.to_owned(),
        };
        assert_eq!(answer.text("executionArn"), Some("arn:1"));
        assert_eq!(answer.text("status"), Some("RUNNING"));
        assert_eq!(answer.text("startDate"), None);
        assert_eq!(answer.text("output"), None);
    }
}
