//! Live machines for people to look through: by a part of their name, in four orders, in pages both ways.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::Edge;
use crate::machine::{self, Summary};

/// In which order machines are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Name,
    NameBackwards,
    Newest,
    Oldest,
}

/// Live machines whose name holds `part`, in whatever case, at most `limit` of them: the first ones in
/// `order`, or those next to the machine that `edge` names. Takes no lock; the order of names is served by
/// `state_machine_live`, ages are sorted.
pub async fn machines(
    db: impl PgExecutor<'_>,
    part: &str,
    order: Order,
    edge: Option<Edge<&str>>,
    limit: i64,
) -> Result<Vec<Summary>, sqlx::Error> {
    let (from, is_back) = match edge {
        None => (None, false),
        Some(Edge::After(name)) => (Some(name), false),
        Some(Edge::Before(name)) => (Some(name), true),
    };
    let is_rising = matches!(order, Order::Name | Order::Oldest) != is_back;
    let rows = match order {
        Order::Name | Order::NameBackwards if is_rising => {
            names_up(db, part, from.unwrap_or_default(), limit).await
        }
        Order::Name | Order::NameBackwards => names_down(db, part, from, limit).await,
        Order::Newest | Order::Oldest if is_rising => ages_up(db, part, from, limit).await,
        Order::Newest | Order::Oldest => ages_down(db, part, from, limit).await,
    };
    let mut found = rows?
        .into_iter()
        .map(Row::into_summary)
        .collect::<Result<Vec<_>, _>>()?;
    if is_back {
        found.reverse();
    }
    Ok(found)
}

async fn names_up(
    db: impl PgExecutor<'_>,
    part: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "
        SELECT id, name, type AS machine_type, created_at
        FROM state_machine
        WHERE deleted_at IS NULL AND name > $1 AND strpos(lower(name), lower($2)) > 0
        ORDER BY name
        LIMIT $3
        ",
        after,
        part,
        limit,
    )
    .fetch_all(db)
    .await
}

async fn names_down(
    db: impl PgExecutor<'_>,
    part: &str,
    below: Option<&str>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "
        SELECT id, name, type AS machine_type, created_at
        FROM state_machine
        WHERE deleted_at IS NULL AND ($1::text IS NULL OR name < $1)
            AND strpos(lower(name), lower($2)) > 0
        ORDER BY name DESC
        LIMIT $3
        ",
        below,
        part,
        limit,
    )
    .fetch_all(db)
    .await
}

async fn ages_up(
    db: impl PgExecutor<'_>,
    part: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "
        SELECT id, name, type AS machine_type, created_at
        FROM state_machine
        WHERE deleted_at IS NULL AND strpos(lower(name), lower($2)) > 0
            AND ($1::text IS NULL OR (created_at, name) > (
                SELECT edge.created_at, edge.name
                FROM state_machine AS edge
                WHERE edge.name = $1 AND edge.deleted_at IS NULL
            ))
        ORDER BY created_at, name
        LIMIT $3
        ",
        after,
        part,
        limit,
    )
    .fetch_all(db)
    .await
}

async fn ages_down(
    db: impl PgExecutor<'_>,
    part: &str,
    below: Option<&str>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "
        SELECT id, name, type AS machine_type, created_at
        FROM state_machine
        WHERE deleted_at IS NULL AND strpos(lower(name), lower($2)) > 0
            AND ($1::text IS NULL OR (created_at, name) < (
                SELECT edge.created_at, edge.name
                FROM state_machine AS edge
                WHERE edge.name = $1 AND edge.deleted_at IS NULL
            ))
        ORDER BY created_at DESC, name DESC
        LIMIT $3
        ",
        below,
        part,
        limit,
    )
    .fetch_all(db)
    .await
}

struct Row {
    id: Uuid,
    name: String,
    machine_type: String,
    created_at: DateTime<Utc>,
}

impl Row {
    fn into_summary(self) -> Result<Summary, sqlx::Error> {
        Ok(Summary {
            machine_type: machine::read_type(&self.machine_type, self.id)?,
            id: self.id,
            name: self.name,
            created_at: self.created_at,
        })
    }
}
