//! The real `stepwright serve` in a process of its own.

use std::ffi::OsString;
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Database, Folder, program};

/// How long a server may take until it says where it listens. Generous: a debug build under load.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long a server may take to drain and end.
const STOP_WITHIN: Duration = Duration::from_secs(30);
/// How long the rest of its log is waited for; a child of its own may hold the pipe open for longer.
const LOG_WITHIN: Duration = Duration::from_secs(1);

/// A running server, stopped when dropped. Its log is printed if the test fails.
#[derive(Debug)]
pub struct Server {
    pid: Pid,
    url: String,
    log: Log,
    /// Says nothing; it is closed when both outputs are.
    log_end: mpsc::Receiver<()>,
    exit: mpsc::Receiver<ExitStatus>,
    ended: Option<ExitStatus>,
    /// Removed with it.
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
        let mut command = serve_in(&data, arguments);
        command
            .env("DATABASE_URL", database.url())
            .envs(variables.iter().copied());
        Self::launch(&mut command, Some(data))
    }

    /// The same with a data folder that outlives it: for a server that comes back.
    pub fn start_in(
        database: &Database,
        data: &Folder,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = serve_in(data, arguments);
        command
            .env("DATABASE_URL", database.url())
            .envs(variables.iter().copied());
        Self::launch(&mut command, None)
    }

    /// With a private PostgreSQL in the data folder, as `make run` does.
    pub fn start_private(data: &Folder, arguments: &[&str]) -> Self {
        Self::launch(&mut serve_in(data, arguments), None)
    }

    /// A command that the caller has set up wholly; it must print its address when it is ready.
    pub fn run(command: &mut Command) -> Self {
        Self::launch(command, None)
    }

    fn launch(command: &mut Command, data: Option<Folder>) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = child
            .spawn()
            .unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
        let pid = Pid::from_raw(child.id().cast_signed());
        let log = Log::default();
        let (found, url) = mpsc::channel();
        let (open, log_end) = mpsc::channel();
        follow(
            child.stdout.take().expect("it is piped"),
            &log,
            Some(found),
            open.clone(),
        );
        follow(child.stderr.take().expect("it is piped"), &log, None, open);
        let exit = wait_aside(child);
        let mut server = Server {
            pid,
            url: String::new(),
            log,
            log_end,
            exit,
            ended: None,
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

    /// The number of its process.
    pub fn id(&self) -> i32 {
        self.pid.as_raw()
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
        kill(self.pid, signal).expect("the server is there to get a signal");
    }

    /// Ends it at once, as a crash would.
    pub fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.ended = Some(self.exit.recv().expect("a killed process ends"));
    }

    /// Asks it to drain and end, and returns how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.end()
    }

    /// Waits until it ends by itself; nothing if it does not within `patience`.
    pub fn wait(mut self, patience: Duration) -> Option<ExitStatus> {
        self.ended = self.exit.recv_timeout(patience).ok();
        self.ended
    }

    fn end(&mut self) -> ExitStatus {
        if let Some(status) = self.ended.or_else(|| self.exit.try_recv().ok()) {
            self.ended = Some(status);
            return status;
        }
        self.signal(Signal::SIGTERM);
        // It may have been paused, and then it would not hear.
        self.signal(Signal::SIGCONT);
        let status = self.exit.recv_timeout(STOP_WITHIN).unwrap_or_else(|_| {
            self.signal(Signal::SIGKILL);
            self.exit.recv().expect("a killed process ends")
        });
        self.ended = Some(status);
        status
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let _ = self.log_end.recv_timeout(LOG_WITHIN);
            eprintln!(
                "--- what the server at {} printed\n{}",
                self.url,
                self.log()
            );
        }
    }
}

/// `stepwright serve` on a free port; the environment that the test runs in does not leak in.
fn serve_in(data: &Folder, arguments: &[&str]) -> Command {
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
        .args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(data.path()).args(arguments);
    command
}

/// Waits for the process on a thread, so that others can wait with a limit.
fn wait_aside(mut child: Child) -> mpsc::Receiver<ExitStatus> {
    let (ended, exit) = mpsc::channel();
    std::thread::spawn(move || {
        let status = child.wait().expect("a child can be waited for");
        // Nobody may be left who wants to know.
        let _ = ended.send(status);
    });
    exit
}

/// Gathers lines into the log, and sends the first address among them. `open` is dropped at the end.
fn follow(
    output: impl Read + Send + 'static,
    log: &Log,
    mut found: Option<mpsc::Sender<String>>,
    open: mpsc::Sender<()>,
) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let _open = open;
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
    });
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
