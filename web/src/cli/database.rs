//! The database of the commands that open it themselves: the one of the settings, or the private one in
//! the data folder.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use embedded_pg::{Cluster, DATABASE, Error, Options, Running};
use store::db::Db;

use super::exit::{Exit, Failure};
use crate::settings::Settings;

/// An open database, and the private server behind it where this process runs that.
pub(super) struct Database {
    pub(super) db: Db,
    pub(super) cluster: Option<Running>,
}

impl Database {
    /// For the server: it runs the private database itself.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Failure> {
        folder(&settings.data)?;
        if settings.database_url.is_some() {
            return connect(settings, None).await;
        }
        let cluster = start(&settings.data).await.map_err(|error| {
            // The text says what to do, since it was written for this moment.
            Failure::of(Exit::Broken, &error)
        })?;
        connect(settings, Some(cluster)).await
    }

    /// Refuses where there is no database that a server could have used: a command that only looks or
    /// removes would make an empty one, and say that it holds nothing.
    pub(super) fn expect(settings: &Settings) -> Result<(), Failure> {
        if settings.database_url.is_some() || Cluster::is_in(&settings.data) {
            return Ok(());
        }
        Err(Failure::new(
            Exit::NotFound,
            format!("there is no database in {}", place(settings)),
        )
        .hint("say which with --data DIR or DATABASE_URL, as for the server"))
    }

    /// For a command that may run beside the server: it uses the server's private database if that is up.
    pub(super) async fn join(settings: &Settings) -> Result<Self, Failure> {
        folder(&settings.data)?;
        if settings.database_url.is_some() {
            return connect(settings, None).await;
        }
        match start(&settings.data).await {
            Ok(cluster) => connect(settings, Some(cluster)).await,
            Err(Error::InUse { dir, holder }) => {
                let Some(url) = embedded_pg::url_of_running(&dir, DATABASE) else {
                    let told = Error::InUse { dir, holder };
                    return Err(Failure::of(Exit::Unreachable, &told)
                        .hint("it is starting or stopping just now; try again in a moment"));
                };
                let db = open(store::db::Settings::new(url)).await?;
                Ok(Self { db, cluster: None })
            }
            Err(error) => Err(Failure::of(Exit::Broken, &error)),
        }
    }

    /// Closes the connections, and stops the private server if it is ours.
    pub(super) async fn close(self) {
        self.db.close().await;
        let cluster = self.cluster;
        // Waiting for its last checkpoint would hold up the other background jobs.
        let stopped = tokio::task::spawn_blocking(move || drop(cluster)).await;
        if let Err(error) = stopped {
            tracing::error!(%error, "stopping PostgreSQL");
        }
    }
}

/// Which database the settings name, in words.
pub(super) fn place(settings: &Settings) -> String {
    if settings.database_url.is_some() {
        return "the database of DATABASE_URL".to_owned();
    }
    format!("the data folder {}", settings.data.display())
}

/// Makes the data folder, for its owner alone.
fn folder(path: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            Failure::new(
                Exit::Broken,
                format!("the data folder {} cannot be made: {error}", path.display()),
            )
            .hint("choose another folder with --data")
        })
}

async fn start(data: &Path) -> Result<Running, Error> {
    let data = data.to_owned();
    let starting =
        tokio::task::spawn_blocking(move || Cluster::open(&data, &Options::from_environment()));
    match starting.await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn connect(settings: &Settings, cluster: Option<Running>) -> Result<Database, Failure> {
    let url = match (&settings.database_url, &cluster) {
        (Some(url), _) => url.reveal().as_str().to_owned(),
        (None, Some(cluster)) => cluster.url(DATABASE),
        (None, None) => return Err(Failure::new(Exit::Broken, "there is no database")),
    };
    let mut options = store::db::Settings::new(url);
    let direct = settings.database_direct_url.as_ref();
    options.direct_url = direct.map(|url| url.reveal().as_str().to_owned());
    let db = open(options).await?;
    Ok(Database { db, cluster })
}

async fn open(options: store::db::Settings) -> Result<Db, Failure> {
    use store::db::OpenError;
    Db::open(&options).await.map_err(|error| {
        let failure = Failure::of(Exit::Broken, &error);
        match error {
            OpenError::Connect(_) => failure.hint(
                "is the database of DATABASE_URL up, and are name and password right? Without that \
                 variable a private PostgreSQL in the data folder is used",
            ),
            _ => failure,
        }
    })
}
