//! Aliases: the tables `alias` and `alias_route`, names that point at one or two versions of a machine.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::{Db, Tx};

mod moves;

pub use moves::{Move, moves};

/// An alias with its routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    pub id: Uuid,
    pub machine_id: Uuid,
    /// 1 to 80 letters, digits, dots, hyphens and underscores; unique in the machine.
    pub name: String,
    /// Empty where none was given; at most 256 characters.
    pub description: String,
    /// One or two, whose weights make 100 and whose versions differ.
    pub routes: Vec<Route>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How much of what an alias starts goes to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub version: i64,
    /// Percent.
    pub weight: i16,
}

/// What came of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    New,
    /// The machine has an alias of the name; whether the request is a repetition is the caller's to say.
    Exists(Alias),
    TooMany,
    /// The machine has no version of this number.
    NoVersion(i64),
    /// The machine was deleted, or began to be, since it was looked up.
    Gone,
}

/// Creates an alias unless its machine has one of that name. One transaction, which locks the machine's
/// row, so that the limit holds, and the versions against deletion.
pub async fn create(db: &Db, alias: &Alias, aliases_max: i64) -> Result<Created, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let machine = sqlx::query_scalar!(
        "SELECT id FROM state_machine WHERE id = $1 AND status = 'ACTIVE' FOR UPDATE",
        alias.machine_id,
    )
    .fetch_optional(&mut transaction)
    .await?;
    if machine.is_none() {
        return Ok(Created::Gone);
    }
    if let Some(existing) = get(&mut transaction, alias.machine_id, &alias.name).await? {
        return Ok(Created::Exists(existing));
    }
    if let Some(version) = missing_version(&mut transaction, alias).await? {
        return Ok(Created::NoVersion(version));
    }
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM alias WHERE machine_id = $1"#,
        alias.machine_id,
    )
    .fetch_one(&mut transaction)
    .await?;
    if count >= aliases_max {
        return Ok(Created::TooMany);
    }
    sqlx::query!(
        "
        INSERT INTO alias (id, machine_id, name, description, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ",
        alias.id,
        alias.machine_id,
        alias.name,
        alias.description,
        alias.created_at,
        alias.updated_at,
    )
    .execute(&mut transaction)
    .await?;
    insert_routes(&mut transaction, alias).await?;
    moves::record(&mut transaction, alias.machine_id, &moved(alias)).await?;
    transaction.commit().await?;
    Ok(Created::New)
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    Done,
    NotThere,
    /// The machine has no version of this number.
    NoVersion(i64),
}

/// Writes an alias's description, routes and update date over what it had. One transaction, which locks
/// the alias's row, and the versions against deletion.
pub async fn update(db: &Db, alias: &Alias) -> Result<Updated, sqlx::Error> {
    let mut transaction = db.begin().await?;
    if let Some(version) = missing_version(&mut transaction, alias).await? {
        return Ok(Updated::NoVersion(version));
    }
    let done = sqlx::query!(
        "UPDATE alias SET description = $2, updated_at = $3 WHERE id = $1",
        alias.id,
        alias.description,
        alias.updated_at,
    )
    .execute(&mut transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(Updated::NotThere);
    }
    let before = sqlx::query_as!(
        Route,
        "DELETE FROM alias_route WHERE alias_id = $1 RETURNING version, weight",
        alias.id,
    )
    .fetch_all(&mut transaction)
    .await?;
    insert_routes(&mut transaction, alias).await?;
    // Another note is no move; nor are two routes the other way round.
    let is_same = before.len() == alias.routes.len()
        && alias.routes.iter().all(|route| before.contains(route));
    if !is_same {
        moves::record(&mut transaction, alias.machine_id, &moved(alias)).await?;
    }
    transaction.commit().await?;
    Ok(Updated::Done)
}

fn moved(alias: &Alias) -> Move {
    Move {
        alias: alias.name.clone(),
        moved_at: alias.updated_at,
        routes: alias.routes.clone(),
    }
}

/// The machine's alias of that name. Takes no lock; served by the unique index on machine and name.
pub async fn get(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    name: &str,
) -> Result<Option<Alias>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT
            alias.id, alias.machine_id, alias.name, alias.description, alias.created_at,
            alias.updated_at,
            array_agg(route.version ORDER BY route.position) AS "versions!",
            array_agg(route.weight ORDER BY route.position) AS "weights!"
        FROM alias
        JOIN alias_route AS route ON route.alias_id = alias.id
        WHERE alias.machine_id = $1 AND alias.name = $2
        GROUP BY alias.id
        "#,
        machine_id,
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Alias::from))
}

/// Where a page of aliases ends: the creation date and id of its last.
pub type Cursor = (DateTime<Utc>, Uuid);

/// Aliases of a machine, or only those that point at `version`, oldest first, from the first after
/// `after`, at most `limit` of them. Takes no lock; the unique index on machine and name finds the
/// machine's, which are at most a hundred.
pub async fn list(
    db: impl PgExecutor<'_>,
    machine_id: Uuid,
    version: Option<i64>,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Vec<Alias>, sqlx::Error> {
    let (after_date, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT
            alias.id, alias.machine_id, alias.name, alias.description, alias.created_at,
            alias.updated_at,
            array_agg(route.version ORDER BY route.position) AS "versions!",
            array_agg(route.weight ORDER BY route.position) AS "weights!"
        FROM alias
        JOIN alias_route AS route ON route.alias_id = alias.id
        WHERE alias.machine_id = $1
            AND ($3::timestamptz IS NULL OR (alias.created_at, alias.id) > ($3, $4::uuid))
        GROUP BY alias.id
        HAVING $2::bigint IS NULL OR bool_or(route.version = $2)
        ORDER BY alias.created_at, alias.id
        LIMIT $5
        "#,
        machine_id,
        version,
        after_date,
        after_id,
        i64::from(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Alias::from).collect())
}

/// Deletes the machine's alias of that name. True where there was one. One transaction, which locks its
/// rows.
pub async fn delete(
    db: &Db,
    machine_id: Uuid,
    name: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query!(
        "DELETE FROM alias WHERE machine_id = $1 AND name = $2",
        machine_id,
        name,
    )
    .execute(&mut transaction)
    .await?;
    let was_there = done.rows_affected() == 1;
    if was_there {
        let gone = Move {
            alias: name.to_owned(),
            moved_at: now,
            routes: Vec::new(),
        };
        moves::record(&mut transaction, machine_id, &gone).await?;
    }
    transaction.commit().await?;
    Ok(was_there)
}

/// The first version of an alias's routes that its machine does not have. Locks those that it has.
async fn missing_version(transaction: &mut Tx, alias: &Alias) -> Result<Option<i64>, sqlx::Error> {
    let wanted: Vec<i64> = alias.routes.iter().map(|route| route.version).collect();
    let found = sqlx::query_scalar!(
        "
        SELECT number
        FROM version
        WHERE machine_id = $1 AND number = ANY ($2)
        ORDER BY number
        FOR SHARE
        ",
        alias.machine_id,
        &wanted,
    )
    .fetch_all(&mut *transaction)
    .await?;
    Ok(wanted.into_iter().find(|number| !found.contains(number)))
}

async fn insert_routes(transaction: &mut Tx, alias: &Alias) -> Result<(), sqlx::Error> {
    let versions: Vec<i64> = alias.routes.iter().map(|route| route.version).collect();
    let weights: Vec<i16> = alias.routes.iter().map(|route| route.weight).collect();
    sqlx::query!(
        "
        INSERT INTO alias_route (alias_id, position, machine_id, version, weight)
        SELECT $1, position::smallint, $2, version, weight
        FROM unnest($3::bigint[], $4::smallint[]) WITH ORDINALITY AS given (version, weight, position)
        ",
        alias.id,
        alias.machine_id,
        &versions,
        &weights,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    machine_id: Uuid,
    name: String,
    description: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    versions: Vec<i64>,
    weights: Vec<i16>,
}

impl From<Row> for Alias {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            machine_id: row.machine_id,
            name: row.name,
            description: row.description,
            routes: row
                .versions
                .into_iter()
                .zip(row.weights)
                .map(|(version, weight)| Route { version, weight })
                .collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
