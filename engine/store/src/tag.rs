//! Tags of state machines and activities: the table `tag`. Which characters a tag may have was checked
//! before it comes here.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::{Db, Tx};

/// A tag as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// Up to 256 characters.
    pub value: String,
}

/// Sets tags of a resource, over earlier values of the same keys. False, and nothing is changed, where
/// it would have more than `tags_max`. One transaction, which locks the tags that it changes; requests
/// for one resource at the same moment may pass the limit by their number. Served by the primary key.
pub async fn set(
    db: &Db,
    resource_id: Uuid,
    tags: &[Tag],
    tags_max: i64,
) -> Result<bool, sqlx::Error> {
    let mut transaction = db.begin().await?;
    insert(&mut transaction, resource_id, tags).await?;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM tag WHERE resource_id = $1"#,
        resource_id,
    )
    .fetch_one(&mut transaction)
    .await?;
    if count > tags_max {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// Removes the tags of those keys; a key that is not there is no error. Served by the primary key.
pub async fn remove(
    db: impl PgExecutor<'_>,
    resource_id: Uuid,
    keys: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM tag WHERE resource_id = $1 AND key = ANY ($2)",
        resource_id,
        keys,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The tags of a resource in the order in which they were first set. Takes no lock; served by the
/// primary key.
pub async fn list(db: impl PgExecutor<'_>, resource_id: Uuid) -> Result<Vec<Tag>, sqlx::Error> {
    sqlx::query_as!(
        Tag,
        "SELECT key, value FROM tag WHERE resource_id = $1 ORDER BY position",
        resource_id,
    )
    .fetch_all(db)
    .await
}

/// Writes tags, whose keys differ, within a transaction.
pub(crate) async fn insert(
    transaction: &mut Tx,
    resource_id: Uuid,
    tags: &[Tag],
) -> Result<(), sqlx::Error> {
    let keys: Vec<String> = tags.iter().map(|tag| tag.key.clone()).collect();
    let values: Vec<String> = tags.iter().map(|tag| tag.value.clone()).collect();
    sqlx::query!(
        "
        INSERT INTO tag (resource_id, key, value)
        SELECT $1, key, value
        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (key, value, position)
        ORDER BY position
        ON CONFLICT (resource_id, key) DO UPDATE SET value = EXCLUDED.value
        ",
        resource_id,
        &keys,
        &values,
    )
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
