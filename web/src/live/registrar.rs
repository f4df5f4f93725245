//! What is registered: rows of the store on one side, what calls are made with on the other, and
//! the sealing in between. Calls read through [`Registrar::copies`].

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, SubsecRound, Utc};
use functions::registry::{Cached, Connection, Endpoint, Lookup, Registry, RegistryError};
use store::db::Db;
use store::sealed::Sealed;
use supervisor::Supervisor;
use uuid::Uuid;

use super::answer::Problem;
use super::{connections, functions as endpoints};
use crate::access::{Clock, Secrets};
use crate::hidden::Hidden;

/// Secret values by the name of their field.
pub(crate) type SecretValues = BTreeMap<String, Hidden<String>>;

/// The registered functions and connections of this server.
pub struct Registrar {
    pub(crate) db: Db,
    pub(super) region: Arc<str>,
    pub(super) account_id: Arc<str>,
    secrets: Arc<Secrets>,
    clock: Clock,
    copies: Arc<Cached>,
    supervisor: OnceLock<Arc<Supervisor>>,
}

impl Registrar {
    pub fn new(
        db: Db,
        secrets: Arc<Secrets>,
        clock: Clock,
        account: &functions::Account,
    ) -> Arc<Self> {
        let source = Source {
            db: db.clone(),
            secrets: Arc::clone(&secrets),
        };
        Arc::new(Self {
            db,
            region: Arc::clone(&account.region),
            account_id: Arc::clone(&account.id),
            secrets,
            clock,
            copies: Arc::new(Cached::new(Arc::new(source))),
            supervisor: OnceLock::new(),
        })
    }

    /// Says what runs functions from their code. Once; later ones change nothing.
    pub fn run_code_with(&self, supervisor: Arc<Supervisor>) {
        drop(self.supervisor.set(supervisor));
    }

    /// What runs functions from their code, where something does.
    pub(crate) fn supervisor(&self) -> Option<&Arc<Supervisor>> {
        self.supervisor.get()
    }

    /// How workflows name a function.
    pub(crate) fn function_arn(&self, name: &str) -> String {
        let (region, account) = (&self.region, &self.account_id);
        format!("arn:aws:lambda:{region}:{account}:function:{name}")
    }

    /// An id that nobody has: of a revision, of an invocation.
    #[expect(
        clippy::unused_self,
        clippy::disallowed_methods,
        reason = "this is where the ids of deployed forms and of direct invocations come from"
    )]
    pub(crate) fn new_id(&self) -> Uuid {
        Uuid::new_v4()
    }

    /// What calls read: at most a second old, and current for what this node changed itself.
    pub fn copies(&self) -> &Arc<Cached> {
        &self.copies
    }

    /// The time to the microsecond, which is what the store keeps.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)().to_chrono().trunc_subsecs(6)
    }

    /// Seals secrets of a record, which is named by table and name.
    pub(crate) fn seal(&self, record: &str, values: &SecretValues) -> Result<Sealed, Problem> {
        let plain: BTreeMap<&str, &str> = values
            .iter()
            .map(|(field, value)| (field.as_str(), value.reveal().as_str()))
            .collect();
        let text = serde_json::to_vec(&plain)
            .map_err(|error| Problem::unavailable("secrets could not be written", &error))?;
        self.secrets
            .seal(record, &text)
            .map_err(|error| Problem::unavailable("secrets could not be sealed", &error))
    }

    /// Opens what [`Registrar::seal`] sealed for the same record.
    pub(crate) fn open(&self, record: &str, sealed: &Sealed) -> Result<SecretValues, Problem> {
        open(&self.secrets, record, sealed)
            .map_err(|error| Problem::unavailable("secrets could not be opened", &error))
    }
}

/// The tables, as calls see them.
struct Source {
    db: Db,
    secrets: Arc<Secrets>,
}

impl Registry for Source {
    fn function<'a>(&'a self, name: &'a str) -> Lookup<'a, Endpoint> {
        Box::pin(async move {
            let Some(row) = store::function::get(&self.db, name).await.map_err(broken)? else {
                return Ok(None);
            };
            let secrets = match &row.sealed {
                Some(sealed) => open(&self.secrets, &endpoints::record(name), sealed)?,
                None => SecretValues::new(),
            };
            let endpoint = endpoints::endpoint(&row, &secrets).map_err(broken)?;
            Ok(Some(endpoint))
        })
    }

    fn connection<'a>(&'a self, name: &'a str) -> Lookup<'a, Connection> {
        Box::pin(async move {
            let Some(row) = store::connection::get(&self.db, name)
                .await
                .map_err(broken)?
            else {
                return Ok(None);
            };
            let secrets = open(&self.secrets, &connections::record(name), &row.sealed)?;
            let connection = connections::connection(&row, secrets).map_err(broken)?;
            Ok(Some(connection))
        })
    }
}

fn open(secrets: &Secrets, record: &str, sealed: &Sealed) -> Result<SecretValues, RegistryError> {
    let text = secrets.open(record, sealed).map_err(broken)?;
    let plain: BTreeMap<String, String> = serde_json::from_slice(text.reveal())
        // The parser's own words could repeat a secret.
        .map_err(|_| RegistryError(format!("the secrets of {record} are damaged")))?;
    Ok(plain
        .into_iter()
        .map(|(field, value)| (field, Hidden::new(value)))
        .collect())
}

/// The error and what led to it, in one line.
fn broken(error: impl std::error::Error) -> RegistryError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    RegistryError(text)
}
