//! What the tests share: a folder that is removed, an owner that can be killed, a client.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// A folder of its own, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stepwright-pg-{}-{next}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A process that owns a server.
pub(crate) struct Keeper {
    child: Child,
    url: String,
}

impl Keeper {
    pub(crate) fn start(dir: &Path) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_keep-postgres")), dir)
    }

    /// Only for root. The program is copied to where that account may run it.
    pub(crate) fn start_as_nobody(folder: &Folder, dir: &Path) -> Self {
        let program = folder.path().join("keep-postgres");
        fs::copy(env!("CARGO_BIN_EXE_keep-postgres"), &program).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(program);
        Self::run(command, dir)
    }

    fn run(mut command: Command, dir: &Path) -> Self {
        let mut child = command
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        assert!(url.starts_with("postgres://"), "no address, but {url:?}");
        Keeper {
            child,
            url: url.trim().to_owned(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

pub(crate) fn kill(pid: u32) {
    send(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
}

/// A zombie that nobody reaps counts as dead.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

pub(crate) fn postmaster_of(dir: &Path) -> Option<u32> {
    let text = fs::read_to_string(dir.join("data/postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}

pub(crate) fn sql(url: &str, statement: &str) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
        connection.close().await.unwrap();
    });
}

pub(crate) fn number(url: &str, query: &str) -> i64 {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let number = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connection);
        let number = number.await.unwrap();
        connection.close().await.unwrap();
        number
    })
}

/// Inserts rows one by one, calls `at` after `count` of them, goes on until the connection breaks,
/// and returns how many were acknowledged.
pub(crate) fn insert_until_it_fails(
    url: &str,
    count: i64,
    at: impl FnOnce() + Send + 'static,
) -> i64 {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let mut at = Some(at);
        for n in 0_i64.. {
            if n == count
                && let Some(at) = at.take()
            {
                at();
                // An idle session ends with its postmaster, a busy one when its statement does.
            }
            let insert = sqlx::query("INSERT INTO written VALUES ($1)").bind(n);
            if insert.execute(&mut connection).await.is_err() {
                return n;
            }
        }
        unreachable!("the numbers do not run out")
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
