//! From a folder to a running server: lock, find, make if new, evict what is left, configure, start.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;

use crate::account::Account;
use crate::config;
use crate::error::{Doing, Error};
use crate::find::{self, Installation, Search};
use crate::lock::Lock;
use crate::reach::Reach;
use crate::supervise::Running;
use crate::{init, occupants, socket};

/// The database that every cluster has from the start.
pub const DATABASE: &str = "postgres";
/// The one role, which may do everything; the socket's folder is what keeps others out.
pub const USER: &str = "stepwright";

/// How often a starting server is looked at.
const STEP: Duration = Duration::from_millis(5);
/// A longer log is set aside at the next start.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How much of the log's end goes into an error.
const LOG_TAIL_BYTES: u64 = 2 * 1024;

/// What can be chosen about a private server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the programs are looked for.
    pub search: Search,
    /// The account that runs the server when we are root.
    pub account: String,
    /// How long a start may take; after a crash it replays the log first, which can take minutes.
    pub ready_within: Duration,
    /// How long sessions are given to end at a stop before the server is ended the hard way.
    pub stop_within: Duration,
    /// Further lines of `postgresql.conf`, as name and value; they win over ours.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// The usual values, with programs looked for as the environment says.
    pub fn from_environment() -> Self {
        Options {
            search: Search::from_environment(),
            account: "postgres".to_owned(),
            ready_within: Duration::from_mins(10),
            stop_within: Duration::from_secs(30),
            settings: Vec::new(),
        }
    }
}

/// A folder that is ours, with all that is needed to start its server, again and again.
#[derive(Debug)]
pub struct Cluster {
    dir: PathBuf,
    account: Account,
    installation: Installation,
    socket_dir: PathBuf,
    options: Options,
    _lock: Lock,
}

impl Cluster {
    /// Starts the server of the folder `dir`, making folder and cluster first if they are not there.
    ///
    /// Returns when the server answers. A server without an owner that is found alive in the folder
    /// is stopped first; a folder that another process holds is [`Error::InUse`].
    pub fn open(dir: &Path, options: &Options) -> Result<Running, Error> {
        fs::create_dir_all(dir).doing("creating the folder", dir)?;
        let dir = dir.canonicalize().doing("resolving", dir)?;
        let lock = Lock::take(&dir)?;
        let cluster = Self::prepare(dir, lock, options)?;
        let child = cluster.start()?;
        Ok(Running::supervise(cluster, child))
    }

    /// Whether there is a cluster in the folder `dir`, running or not.
    pub fn is_in(dir: &Path) -> bool {
        dir.join("data/PG_VERSION").exists()
    }

    /// Makes the cluster if it is not there; starts nothing.
    pub(crate) fn prepare(dir: PathBuf, lock: Lock, options: &Options) -> Result<Self, Error> {
        let data = dir.join("data");
        let account = Account::choose(&options.account, &data)?;
        let made_by = init::made_by(&data)?;
        let installation = find::find(&options.search, made_by, &dir)?;
        if made_by.is_none() {
            tracing::info!("making a cluster of {installation} in {}", dir.display());
            init::create(&data, account, &installation)?;
        }
        account.private_folder(&data)?;
        let socket_dir = socket::folder(&dir, account)?;
        Ok(Cluster {
            dir,
            account,
            installation,
            socket_dir,
            options: options.clone(),
            _lock: lock,
        })
    }

    /// Starts the server and waits until it answers, ending first whatever is left of an earlier one.
    pub(crate) fn start(&self) -> Result<Child, Error> {
        let data = self.data();
        occupants::evict(&data)?;
        socket::remove_leftovers(&self.socket_dir);
        self.configure()?;
        let (log, log_start) = self.open_log()?;
        let also_log = log.try_clone().doing("opening", &self.log_path())?;
        let mut command = self
            .reach()?
            .command(&self.installation.program("postgres"))?;
        // A group of its own, or Ctrl-C in a terminal would end the sessions under a draining server.
        let child = command
            .stdout(log)
            .stderr(also_log)
            .process_group(0)
            .spawn();
        let mut child = child.doing("starting", &self.installation.bin_dir)?;
        match self.wait_until_ready(&mut child) {
            Ok(()) => Ok(child),
            Err(problem) => {
                // It may be alive and stuck; reaping it is what matters, not how it ended.
                drop(child.kill());
                drop(child.wait());
                let log = tail(&self.log_path(), log_start);
                Err(Error::NotReady {
                    dir: self.dir.clone(),
                    problem,
                    log,
                })
            }
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn installation(&self) -> &Installation {
        &self.installation
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    fn reach(&self) -> Result<Reach, Error> {
        Reach::to(self.account, &self.data())
    }

    fn configure(&self) -> Result<(), Error> {
        let data = self.data();
        let hba = data.join("pg_hba.conf");
        self.account.write_file(&hba, config::HBA)?;
        let text =
            config::postgresql_conf(&self.socket_dir, self.has_lz4(), &self.options.settings);
        let conf = data.join("postgresql.conf");
        self.account.write_file(&conf, &text)
    }

    /// Whether this build of PostgreSQL takes lz4 in its settings; asked, since it has no other tell.
    fn has_lz4(&self) -> bool {
        let Ok(reach) = self.reach() else {
            return false;
        };
        let Ok(mut command) = reach.command(&self.installation.program("postgres")) else {
            return false;
        };
        command.args(["-C", "wal_compression"]);
        for (name, value) in config::LZ4 {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        init::run(&mut command, "postgres -C").is_ok()
    }

    /// Ready means that `postmaster.pid` says so **and** that it is our child's: the file of a dead
    /// server says so too.
    #[expect(
        clippy::disallowed_methods,
        reason = "another process has no signal to wait for"
    )]
    fn wait_until_ready(&self, child: &mut Child) -> Result<(), String> {
        let pid_file = self.data().join("postmaster.pid");
        let mut left = self.options.ready_within;
        loop {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("ended while starting ({status})"));
            }
            let text = fs::read_to_string(&pid_file).unwrap_or_default();
            let mut lines = text.lines().map(str::trim);
            let is_ours = lines.next() == Some(&child.id().to_string());
            if is_ours && lines.nth(6) == Some("ready") {
                return Ok(());
            }
            if left.is_zero() {
                return Err(format!(
                    "was not ready within {:?}",
                    self.options.ready_within
                ));
            }
            std::thread::sleep(STEP);
            left = left.saturating_sub(STEP);
        }
    }

    /// The log, to be written at its end, and the position where this start's words begin.
    fn open_log(&self) -> Result<(File, u64), Error> {
        let path = self.log_path();
        if fs::metadata(&path).is_ok_and(|meta| meta.len() > LOG_BYTES_MAX) {
            fs::rename(&path, path.with_extension("log.old")).doing("setting aside", &path)?;
        }
        // Messages may hold values of ours.
        let log = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .doing("opening", &path)?;
        let length = log.metadata().doing("reading", &path)?.len();
        Ok((log, length))
    }
}

/// The end of the log, but nothing before `start`.
fn tail(path: &Path, start: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let from = file
            .metadata()?
            .len()
            .saturating_sub(LOG_TAIL_BYTES)
            .max(start);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"))
}
