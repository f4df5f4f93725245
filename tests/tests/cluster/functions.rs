//! A function over HTTP that answers when the test lets it, and remembers under which keys it was
//! called.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::http::Message;

pub(crate) struct Functions {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    is_open: watch::Sender<bool>,
    /// Calls that wait for an answer.
    waiting: watch::Sender<usize>,
    /// By execution, the keys of its calls.
    keys: Mutex<HashMap<String, HashSet<String>>>,
}

impl Functions {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            is_open: watch::channel(true).0,
            waiting: watch::channel(0).0,
            keys: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).answer(stream));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/work", self.port)
    }

    /// From now on calls wait.
    pub(crate) fn close(&self) {
        self.shared.is_open.send_replace(false);
    }

    /// Answers all that wait and all that come.
    pub(crate) fn open(&self) {
        self.shared.is_open.send_replace(true);
    }

    pub(crate) async fn until_waiting(&self, calls: usize) {
        let mut waiting = self.shared.waiting.subscribe();
        waiting.wait_for(|count| *count >= calls).await.unwrap();
    }

    /// Each of its two attempts was called under one key, however often it was called.
    pub(crate) fn check_calls(&self, execution: &str) {
        let keys = self
            .shared
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let keys = keys.get(execution).map_or(0, HashSet::len);
        assert_eq!(keys, 2, "{execution} was called under {keys} keys");
    }
}

impl Shared {
    async fn answer(self: Arc<Self>, mut stream: TcpStream) {
        while let Ok(call) = Message::read(&mut stream).await {
            let header = |name: &str| call.header(name).unwrap_or_default().to_owned();
            let (execution, key) = (header("x-stepwright-execution"), header("idempotency-key"));
            {
                let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
                keys.entry(execution).or_default().insert(key);
            }
            self.waiting.send_modify(|count| *count += 1);
            let mut is_open = self.is_open.subscribe();
            // The sender is in self, so waiting cannot fail.
            drop(is_open.wait_for(|open| *open).await);
            self.waiting.send_modify(|count| *count -= 1);
            let body = "\"done\"";
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            // The node may be gone by now.
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
