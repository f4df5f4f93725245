//! `stepwright keys`: makes, lists and deletes the keys that callers need. Works on the database itself,
//! since the first key cannot be asked for with a key; beside a running server it uses that one's.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;
use store::api_key::{self, ApiKey};

use super::database::{self, Database};
use super::exit::{Exit, Failure};
use super::screen::{BOLD, Cell, DIM, Screen, paint, visible};
use crate::access::{Secrets, keys, master_key};
use crate::clock;
use crate::settings::{self, Flags, Settings};

/// The longest name of a key, in characters.
const NAME_CHARS_MAX: usize = 80;

#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key; its secret is shown this once
    Create {
        /// What to call it: a person or a program
        name: String,
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// List the keys
    List {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Delete a key: it stops working within a second, and so do its sign-ins
    Delete {
        /// The key's id, as `keys list` shows it
        id: String,
        #[command(flatten)]
        flags: Box<Flags>,
    },
}

impl Keys {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let (Action::Create { flags, .. } | Action::List { flags } | Action::Delete { flags, .. }) =
            &self.action;
        if let Action::Create { name, .. } = &self.action {
            check_name(name)?;
        }
        let settings = settings::load(flags).map_err(|error| Failure::of(Exit::Invalid, &error))?;
        if !matches!(self.action, Action::Create { .. }) {
            Database::expect(&settings)?;
        }
        super::block_on(async {
            let database = Database::join(&settings).await?;
            let result = match &self.action {
                Action::Create { name, .. } => create(screen, &database, &settings, name).await,
                Action::List { .. } => list(screen, &database, &settings).await,
                Action::Delete { id, .. } => delete(screen, &database, id).await,
            };
            database.close().await;
            result
        })
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let length = name.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Invalid,
        format!(
            "the name '{}' cannot be a key's: it has 1 to {NAME_CHARS_MAX} characters, none of them a \
             control character",
            visible(name)
        ),
    ))
}

async fn create(
    screen: &mut Screen,
    database: &Database,
    settings: &Settings,
    name: &str,
) -> Result<Exit, Failure> {
    let secrets = secrets(settings)?;
    let now = clock::system()().to_chrono();
    secrets
        .agree(&database.db, now)
        .await
        .map_err(|error| Failure::of(Exit::Broken, &error))?;
    let (key, secret) =
        keys::make(&secrets, name, now).map_err(|error| Failure::of(Exit::Broken, &error))?;
    if !api_key::insert(&database.db, &key).await.map_err(broken)? {
        return Err(Failure::new(
            Exit::Conflict,
            format!("there are {} keys, and no more are held", api_key::KEYS_MAX),
        )
        .hint("delete one that is not used: stepwright keys list"));
    }
    let (id, secret) = (&key.id, secret.reveal());
    if screen.is_json() {
        screen.json(&json!({
            "id": id,
            "secret": secret,
            "name": key.name,
            "created_at": key.created_at,
        }))?;
        return Ok(Exit::Done);
    }
    screen.line(&format!("{}  {id}", paint(DIM, "Key id")))?;
    screen.line(&format!(
        "{}  {}",
        paint(DIM, "Secret"),
        paint(BOLD, secret)
    ))?;
    screen.remark(&format!(
        "\nThe secret is not shown again. From now on every caller needs a key:\n\
         \x20 this command    export STEPWRIGHT_KEY={id}:{secret}\n\
         \x20 AWS clients     export AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}\n\
         \x20 curl            -H 'Authorization: Bearer {id}:{secret}'\n\
         \x20 the browser     sign in with both parts\n\n\
         It belongs to {}; a server with another one does not know it.",
        database::place(settings)
    ));
    Ok(Exit::Done)
}

async fn list(
    screen: &mut Screen,
    database: &Database,
    settings: &Settings,
) -> Result<Exit, Failure> {
    let rows = api_key::list(&database.db).await.map_err(broken)?;
    if screen.is_json() {
        let rows: Vec<_> = rows
            .iter()
            .map(|key| {
                json!({
                    "id": key.id,
                    "name": key.name,
                    "created_at": key.created_at,
                    "last_used_at": key.last_used_at,
                })
            })
            .collect();
        screen.json(&json!({ "keys": rows }))?;
    } else if rows.is_empty() {
        screen.remark(&format!(
            "There are no keys in {}, so only programs on this machine can call its server.\n\
             Make one with: stepwright keys create NAME",
            database::place(settings)
        ));
    } else {
        let rows: Vec<Vec<Cell>> = rows.iter().map(row).collect();
        screen.table(&["ID", "NAME", "CREATED", "LAST USED"], &rows)?;
    }
    Ok(Exit::Done)
}

fn row(key: &ApiKey) -> Vec<Cell> {
    let moment =
        |at: chrono::DateTime<chrono::Utc>| Cell::plain(at.format("%Y-%m-%d %H:%M").to_string());
    vec![
        Cell::plain(&key.id),
        Cell::plain(&key.name),
        moment(key.created_at),
        key.last_used_at
            .map_or_else(|| Cell::styled(DIM, "never"), moment),
    ]
}

async fn delete(screen: &mut Screen, database: &Database, id: &str) -> Result<Exit, Failure> {
    if !api_key::delete(&database.db, id).await.map_err(broken)? {
        return Err(Failure::new(
            Exit::NotFound,
            format!("there is no key with the id '{}'", visible(id)),
        )
        .hint("stepwright keys list shows the ids"));
    }
    let left = api_key::census(&database.db).await.map_err(broken)?.count;
    if screen.is_json() {
        screen.json(&json!({ "deleted": id, "keys_left": left }))?;
    } else {
        screen.line(&format!("Deleted {id}"))?;
        if left == 0 {
            screen.remark(
                "It was the last one. A server that listens on this machine only now serves every \
                 program on it without a key; any other serves nobody.",
            );
        }
    }
    Ok(Exit::Done)
}

/// What seals the secrets of this server.
pub(super) fn secrets(settings: &Settings) -> Result<Arc<Secrets>, Failure> {
    let keys = master_key::load(settings.master_key.as_ref(), &settings.data)
        .map_err(|error| Failure::of(Exit::Broken, &error))?;
    Ok(Arc::new(Secrets::new(&keys)))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn broken(error: sqlx::Error) -> Failure {
    Failure::of(Exit::Broken, &error)
}
