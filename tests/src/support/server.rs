//! The real `stepwright serve` in a process of its own.

use std::ffi::OsString;
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Database, Folder, program};

/// How long a server may take until it says where it listens. Generous: a debug build under load.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long a server may take to drain and end.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// A running server, stopped when dropped. Its log is printed if the test fails.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
    log: Log,
    readers: Vec<JoinHandle<()>>,
    _data: Option<Folder>,
}

/// What the server has printed so far, on both of its outputs.
type Log = Arc<Mutex<String>>;

impl Server {
    /// On a free port of the loopback, against this database, with a data folder of its own.
    pub fn start(database: &Database) -> Self {
        Self::start_with(database, &[], &[])
    }

    /// The same with more arguments and variables for `stepwright serve`.
    pub fn start_with(database: &Database, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let data = Folder::new();
        let mut command = serve(&[("DATABASE_URL", database.url())]);
        command.arg("--data").arg(data.path());
        command.args(arguments).envs(variables.iter().copied());
        Self::run(command, Some(data))
    }

    /// With a private PostgreSQL in the data folder `data`, as `make run` does.
    pub fn start_private(data: &Folder, arguments: &[&str]) -> Self {
        let mut command = serve(&[]);
        command.arg("--data").arg(data.path()).args(arguments);
        Self::run(command, None)
    }

    /// A command that the caller has set up wholly; it must print its address when it is ready.
    pub fn run(mut command: Command, data: Option<Folder>) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("starting {}: {error}", program().display()));
        let log = Log::default();
        let (found, url) = mpsc::channel();
        let out = child.stdout.take().expect("it is piped");
        let err = child.stderr.take().expect("it is piped");
        let readers = vec![follow(out, &log, Some(found)), follow(err, &log, None)];
        let mut server = Server {
            child,
            url: String::new(),
            log,
            readers,
            _data: data,
        };
        match url.recv_timeout(READY_WITHIN) {
            Ok(url) => server.url = url,
            Err(error) => panic!("the server did not say where it listens: {error}"),
        }
        server
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has printed so far.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sends a signal: `SIGSTOP` and `SIGCONT` make a node that was paused.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, signal).expect("the server is there to get a signal");
    }

    /// Ends it at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("the server is there to be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Asks it to drain and end, and returns how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.end()
    }

    fn end(&mut self) -> ExitStatus {
        if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
            return status;
        }
        self.signal(Signal::SIGTERM);
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            if asked.elapsed() > STOP_WITHIN {
                drop(self.child.kill());
                return self.child.wait().expect("a child can be waited for");
            }
            // Another process gives no signal that could be waited for with a limit.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
        if std::thread::panicking() {
            eprintln!(
                "--- what the server at {} printed\n{}",
                self.url,
                self.log()
            );
        }
    }
}

/// `stepwright serve` on a free port; the environment that the test runs in does not leak in.
fn serve(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program());
    let kept = [
        "PATH",
        "HOME",
        "TMPDIR",
        "RUST_BACKTRACE",
        "RUST_LOG",
        "STEPWRIGHT_POSTGRES_BIN",
    ];
    let kept: Vec<(&str, OsString)> = kept
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)))
        .collect();
    command
        .env_clear()
        .envs(kept)
        .envs(variables.iter().copied());
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

/// Gathers lines into the log, and sends the first address among them.
fn follow(
    output: impl Read + Send + 'static,
    log: &Log,
    found: Option<mpsc::Sender<String>>,
) -> JoinHandle<()> {
    let log = Arc::clone(log);
    let mut found = found;
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { break };
            if let Some(url) = address_in(&line)
                && let Some(found) = found.take()
            {
                drop(found.send(url));
            }
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            // Writing to a String cannot fail.
            let _ = writeln!(log, "{line}");
        }
    })
}

/// The first `http://…` of a line, without colours and without a slash at the end.
fn address_in(line: &str) -> Option<String> {
    let from = &line[line.find("http://")?..];
    let ends = |c: char| c.is_whitespace() || c.is_control();
    Some(from.split(ends).next()?.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_within_a_line_with_colours() {
        let line = "Stepwright is ready at \u{1b}[1mhttp://127.0.0.1:8083/\u{1b}[0m (Ctrl-C ends)";
        assert_eq!(address_in(line).as_deref(), Some("http://127.0.0.1:8083"));
        assert_eq!(address_in("starting"), None);
    }
}
