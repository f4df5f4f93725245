//! Activities: the table `activity`, names that workers poll for tasks. The tasks themselves are with
//! the executions.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::Db;
use crate::tag::Tag;

/// An activity as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    pub id: Uuid,
    /// 1 to 80 characters, unique.
    pub name: String,
    /// JSON text of the service's configuration object, whole.
    pub encryption: String,
    pub created_at: DateTime<Utc>,
}

/// What came of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    New,
    /// An activity has the name; whether the request is a repetition is the caller's to say.
    Exists(Activity),
    LimitReached,
}

/// Creates an activity with its tags unless its name is taken. One transaction; of two creations of one
/// name the later waits for the earlier. The limit is counted without a lock, so creations at the same
/// moment may pass it by their number.
pub async fn create(
    db: &Db,
    activity: &Activity,
    tags: &[Tag],
    activities_max: i64,
) -> Result<Created, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query!(
        "
        INSERT INTO activity (id, name, encryption, created_at)
        SELECT $1, $2, $3, $4
        WHERE (SELECT count(*) FROM (SELECT FROM activity LIMIT $5) AS live) < $5
        ON CONFLICT (name) DO NOTHING
        ",
        activity.id,
        activity.name,
        activity.encryption,
        activity.created_at,
        activities_max,
    )
    .execute(&mut transaction)
    .await?;
    if done.rows_affected() == 0 {
        // The conflicting row may have been committed after our snapshot: look with a new one.
        let existing = get(&mut transaction, &activity.name).await?;
        return Ok(existing.map_or(Created::LimitReached, Created::Exists));
    }
    crate::tag::insert(&mut transaction, activity.id, tags).await?;
    transaction.commit().await?;
    Ok(Created::New)
}

/// The activity of that name. Takes no lock; served by the unique index on names.
pub async fn get(db: impl PgExecutor<'_>, name: &str) -> Result<Option<Activity>, sqlx::Error> {
    sqlx::query_as!(
        Activity,
        "SELECT id, name, encryption, created_at FROM activity WHERE name = $1",
        name,
    )
    .fetch_optional(db)
    .await
}

/// Activities in the order of their names, from the first after `after`, at most `limit` of them.
/// Takes no lock; served by the unique index on names.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Activity>, sqlx::Error> {
    sqlx::query_as!(
        Activity,
        "
        SELECT id, name, encryption, created_at
        FROM activity
        WHERE name > $1
        ORDER BY name
        LIMIT $2
        ",
        after.unwrap_or(""),
        i64::from(limit),
    )
    .fetch_all(db)
    .await
}

/// Deletes the activity of that name with its tags. True where there was one. One statement; locks the
/// rows that go.
pub async fn delete(db: impl PgExecutor<'_>, name: &str) -> Result<bool, sqlx::Error> {
    let gone = sqlx::query_scalar!(
        r#"
        WITH gone AS (DELETE FROM activity WHERE name = $1 RETURNING id),
        tags AS (DELETE FROM tag USING gone WHERE tag.resource_id = gone.id)
        SELECT count(*) AS "count!" FROM gone
        "#,
        name,
    )
    .fetch_one(db)
    .await?;
    Ok(gone == 1)
}
