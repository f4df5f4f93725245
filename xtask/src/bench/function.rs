//! The function that task chains call: an HTTP server of threads that answers `{}` at once and counts.

use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result};

use super::http;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// A running function; its threads end with the process.
pub(super) struct Function {
    pub(super) address: SocketAddr,
    calls: Arc<AtomicU64>,
}

impl Function {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.context("listening for calls of the function")?;
        let address = listener.local_addr()?;
        let calls = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                // A caller that misbehaves loses its connection, and the measurement will say so.
                thread::spawn(move || drop(answer(stream, &counter)));
            }
        });
        Ok(Self { address, calls })
    }

    /// Calls answered so far.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

fn answer(stream: TcpStream, counter: &AtomicU64) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while http::read(&mut reader)?.is_some() {
        counter.fetch_add(1, Ordering::Relaxed);
        reader.get_mut().write_all(ANSWER)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::http::Connection;
    use super::*;

    #[test]
    fn each_call_on_a_kept_connection_is_answered_and_counted() {
        let function = Function::start().unwrap();
        let mut connection = Connection::open(function.address).unwrap();
        for _ in 0..3 {
            let answer = connection.call("POST", "/", &[], r#"{"a":1}"#).unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        }
        assert_eq!(function.calls(), 3);
    }
}
