//! A supervisor over packages in memory, and bootstraps written for a test.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use asl::Timestamp;
use bytes::Bytes;
use supervisor::code;
use supervisor::interpreters::Search;
use supervisor::{
    Deployed, Done, Invocation, Ledger, Level, Loading, Record, Refused, Runtime, Settings, Source,
    Supervisor,
};
use tests::support::Folder;
use tokio::sync::watch;

/// What a Python bootstrap begins with: the client of the Runtime API, in a few lines.
const CLIENT: &str = r#"
import http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None, headers={}):
    api.request(method, "/2018-06-01/runtime/" + path, body, headers)
    answer = api.getresponse()
    return answer.status, answer.headers, answer.read()
def next_event():
    _, headers, body = ask("GET", "invocation/next")
    return headers["Lambda-Runtime-Aws-Request-Id"], json.loads(body), headers
def respond(request, value):
    return ask("POST", f"invocation/{request}/response", json.dumps(value))
"#;

/// Answers what it was sent, and what it knows of its call.
pub(crate) const ECHO: &str = r#"
count = 0
while True:
    request, event, headers = next_event()
    count += 1
    print("said", event)
    respond(request, {"event": event, "count": count, "deadline": headers["Lambda-Runtime-Deadline-Ms"],
                      "arn": headers["Lambda-Runtime-Invoked-Function-Arn"], "pid": os.getpid()})
"#;

#[derive(Default)]
struct Shelf {
    functions: Mutex<HashMap<String, Deployed>>,
    packages: Mutex<HashMap<[u8; 32], Bytes>>,
}

impl Source for Shelf {
    fn function<'a>(&'a self, name: &'a str, _: Option<&'a str>) -> Loading<'a, Deployed> {
        let found = self.functions.lock().unwrap().get(name).cloned();
        Box::pin(async { Ok(found) })
    }

    fn code<'a>(&'a self, sha256: &'a [u8; 32]) -> Loading<'a, Bytes> {
        let found = self.packages.lock().unwrap().get(sha256).cloned();
        Box::pin(async { Ok(found) })
    }
}

/// Keeps what it is told.
pub(crate) struct Book {
    records: watch::Sender<Vec<Record>>,
}

impl Ledger for Book {
    fn write(&self, record: Record) {
        self.records.send_modify(|all| all.push(record));
    }
}

/// A node for one test.
pub(crate) struct Node {
    pub(crate) supervisor: Arc<Supervisor>,
    shelf: Arc<Shelf>,
    book: Arc<Book>,
    pub(crate) folder: Folder,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = Folder::new();
        let shelf = Arc::new(Shelf::default());
        let book = Arc::new(Book {
            records: watch::channel(Vec::new()).0,
        });
        let mut settings = Settings {
            folder: folder.path().join("functions"),
            launcher: PathBuf::from(env!("CARGO_BIN_EXE_function-launcher")),
            isolation: Some(Level::Process),
            concurrency_max: 10,
            idle_time_max: Duration::from_mins(5),
            search: search(),
            endpoint: Some("http://127.0.0.1:1".to_owned()),
            region: "us-east-1".to_owned(),
            source: shelf.clone(),
            ledger: book.clone(),
            clock: Arc::new(|| Timestamp(1_700_000_000_000_000)),
        };
        change(&mut settings);
        Self {
            supervisor: Supervisor::open(settings).unwrap(),
            shelf,
            book,
            folder,
        }
    }

    /// A function whose bootstrap is this Python text, after the client's.
    pub(crate) fn deploy(&self, name: &str, text: &str) -> Arc<Deployed> {
        self.deploy_with(&PYTHON, name, text)
    }

    /// The same, by another Python.
    pub(crate) fn deploy_with(&self, python: &Path, name: &str, text: &str) -> Arc<Deployed> {
        let text = format!("#!{}\n{CLIENT}\n{text}", python.display());
        self.deploy_files(
            name,
            "provided.al2023",
            "unused",
            &[("bootstrap", &text, true)],
        )
    }

    pub(crate) fn deploy_files(
        &self,
        name: &str,
        runtime: &str,
        handler: &str,
        files: &[(&str, &str, bool)],
    ) -> Arc<Deployed> {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text, program)| ((*name).to_owned(), text.as_bytes().to_vec(), *program))
            .collect();
        let package = code::pack(&files).unwrap();
        let sha256 = code::hash(&package);
        self.shelf
            .packages
            .lock()
            .unwrap()
            .insert(sha256, package.into());
        let function = Deployed {
            name: Arc::from(name),
            version: Arc::from("$LATEST"),
            arn: Arc::from(format!(
                "arn:aws:lambda:us-east-1:000000000000:function:{name}"
            )),
            revision: Arc::from(hex::encode(sha256)),
            runtime: Runtime::parse(runtime).unwrap(),
            handler: Arc::from(handler),
            // Generous: a loaded machine starts an interpreter slowly.
            timeout: Duration::from_mins(1),
            memory_mb: 128,
            environment: Vec::new(),
            code: sha256,
            reserved: None,
        };
        self.shelf
            .functions
            .lock()
            .unwrap()
            .insert(name.to_owned(), function.clone());
        Arc::new(function)
    }

    pub(crate) async fn invoke(
        &self,
        function: &Arc<Deployed>,
        event: &str,
    ) -> Result<Done, Refused> {
        let invocation = invocation(function, event);
        self.supervisor.invoke(invocation).done().await
    }

    /// What was recorded, once there are so many.
    pub(crate) async fn records(&self, count: usize) -> Vec<Record> {
        let mut seen = self.book.records.subscribe();
        let enough = seen.wait_for(|all| all.len() >= count);
        let all = tokio::time::timeout(Duration::from_mins(1), enough).await;
        all.unwrap().unwrap().clone()
    }
}

fn invocation(function: &Arc<Deployed>, event: &str) -> Invocation {
    Invocation {
        function: Arc::clone(function),
        payload: Bytes::copy_from_slice(event.as_bytes()),
        request_id: Arc::from("request-1"),
        client_context: None,
        execution_arn: None,
        trace: None,
        tries: 1,
    }
}

fn search() -> Search {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    Search {
        path: std::env::var_os("PATH"),
        clients: vec![top.join(".tools/lambda-clients")],
    }
}

/// The machine's Python itself, past whatever chooses among several.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let told = ["-c", "import sys; print(sys.executable)"];
    let output = Command::new("python3").args(told).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
});

/// The payload as text, of an invocation that took place.
pub(crate) fn text(done: &Done) -> String {
    String::from_utf8(done.payload.to_vec()).unwrap()
}

/// The `errorType` and `errorMessage` of an error.
#[track_caller]
pub(crate) fn error(done: &Done) -> (String, String) {
    assert!(done.is_error, "{done:?}");
    let value = asl::json::parse(&text(done)).unwrap();
    let member = |name| {
        value
            .get(name)
            .and_then(asl::Json::as_str)
            .unwrap()
            .to_owned()
    };
    (member("errorType"), member("errorMessage"))
}
