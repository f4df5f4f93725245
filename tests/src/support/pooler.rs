//! PgBouncer in transaction mode in front of a test's database.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use embedded_pg::USER;

use super::Database;

/// Debian puts it where PATH of an ordinary user does not look.
const PROGRAMS: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
const PORT: u16 = 6432;

/// A pooler, stopped when dropped.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    folder: PathBuf,
    url: String,
}

impl Pooler {
    /// In front of `database`, with few enough server connections that sessions really share them.
    /// Nothing, and a line that says so, where PgBouncer is not installed.
    pub fn start(database: &Database) -> Option<Self> {
        let Some(program) = PROGRAMS.into_iter().find(|path| Path::new(path).exists()) else {
            eprintln!("left out: PgBouncer is not installed");
            return None;
        };
        let folder = folder();
        let ini = folder.join("pgbouncer.ini");
        fs::write(&ini, configuration(database, &folder)).expect("a folder of ours can be written");
        fs::write(folder.join("users.txt"), format!("\"{USER}\" \"\"\n"))
            .expect("a folder of ours can be written");
        let mut child = Command::new(program)
            .arg(&ini)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("PgBouncer starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut said = Vec::new();
        let is_up = lines.by_ref().map_while(Result::ok).any(|line| {
            let is_up = line.contains("process up");
            said.push(line);
            is_up
        });
        assert!(is_up, "PgBouncer ended:\n{}", said.join("\n"));
        // It goes on writing, and would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!(
            "postgres://{USER}@localhost:{PORT}/{}?host={}&sslmode=disable",
            database.name(),
            folder.display()
        );
        Some(Pooler { child, folder, url })
    }

    /// The address for `DATABASE_URL`; the database's own is for `DATABASE_DIRECT_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// In the temporary folder: the socket's path must be short, and open to another account.
fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("stepwright-pooler-{}-{next}", std::process::id());
    let folder = Path::new("/tmp").join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).expect("the temporary folder can be written");
    // PgBouncer leaves root for PostgreSQL's account, as the server does, and then makes its socket.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("it is ours");
    folder
}

fn configuration(database: &Database, folder: &Path) -> String {
    let as_user = if nix::unistd::Uid::effective().is_root() {
        "user = postgres\n"
    } else {
        ""
    };
    let name = database.name();
    let server = database.socket_dir().display();
    let folder = folder.display();
    format!(
        "[databases]\n\
         {name} = host={server} port=5432 dbname={name}\n\
         [pgbouncer]\n\
         pool_mode = transaction\n\
         default_pool_size = 8\n\
         max_client_conn = 500\n\
         server_reset_query =\n\
         ignore_startup_parameters = extra_float_digits,options\n\
         listen_port = {PORT}\n\
         unix_socket_dir = {folder}\n\
         auth_type = trust\n\
         auth_file = {folder}/users.txt\n\
         {as_user}"
    )
}
