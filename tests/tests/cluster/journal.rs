//! What the database says of nodes and executions, past every server.

use std::time::Duration;

use sqlx::types::Uuid;
use sqlx::{Connection, PgConnection};
use tests::support::Database;
use tokio::sync::Mutex;

/// Far longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(4);

pub(crate) struct Journal(Mutex<PgConnection>);

/// A life of a node, and when the database heard of it last, in seconds since the epoch.
#[derive(Debug)]
pub(crate) struct Life {
    node: Uuid,
    incarnation: i64,
}

impl Journal {
    pub(crate) async fn open(database: &Database) -> Self {
        Self(Mutex::new(
            PgConnection::connect(database.url()).await.unwrap(),
        ))
    }

    /// The database's clock in seconds.
    pub(crate) async fn now(&self) -> f64 {
        let text = "SELECT extract(epoch FROM clock_timestamp())::float8";
        let mut connection = self.0.lock().await;
        sqlx::query_scalar(text)
            .fetch_one(&mut *connection)
            .await
            .unwrap()
    }

    /// The life of the node that listens there.
    pub(crate) async fn node_of(&self, url: &str) -> Life {
        let port = url.rsplit(':').next().unwrap();
        let text =
            "SELECT id, incarnation FROM node WHERE dead_at IS NULL AND address LIKE '%:' || $1";
        let mut connection = self.0.lock().await;
        let row: Option<(Uuid, i64)> = sqlx::query_as(text)
            .bind(port)
            .fetch_optional(&mut *connection)
            .await
            .unwrap();
        let (node, incarnation) = row.unwrap_or_else(|| panic!("no node lives at {url}"));
        Life { node, incarnation }
    }

    /// Waits until both nodes live and own shards.
    pub(crate) async fn until_shared(&self) {
        let text = "SELECT count(DISTINCT shard.node_id) = 2 FROM shard
            JOIN node ON node.id = shard.node_id AND node.incarnation = shard.incarnation
            WHERE node.dead_at IS NULL";
        self.until("two nodes own shards", text).await;
    }

    /// Waits until another node owns the shards of a life; gives the seconds since its last heartbeat
    /// until its row was marked dead.
    pub(crate) async fn until_taken_over(&self, life: &Life) -> f64 {
        let heartbeat = "SELECT extract(epoch FROM at)::float8 FROM node_heartbeat
            WHERE node_id = $1 AND incarnation = $2";
        let dead = "SELECT extract(epoch FROM dead_at)::float8 FROM node
            WHERE id = $1 AND dead_at IS NOT NULL AND NOT EXISTS
                (SELECT FROM shard WHERE node_id = $1 AND incarnation = $2)";
        let mut connection = self.0.lock().await;
        let mut last: Option<f64> = None;
        let waiting = async {
            loop {
                let beat: Option<f64> = sqlx::query_scalar(heartbeat)
                    .bind(life.node)
                    .bind(life.incarnation)
                    .fetch_optional(&mut *connection)
                    .await
                    .unwrap();
                last = beat.or(last);
                let dead: Option<f64> = sqlx::query_scalar(dead)
                    .bind(life.node)
                    .bind(life.incarnation)
                    .fetch_optional(&mut *connection)
                    .await
                    .unwrap();
                if let Some(dead) = dead {
                    return dead;
                }
                rest(&mut connection).await;
            }
        };
        let dead = tokio::time::timeout(PATIENCE, waiting).await;
        dead.expect("the node is taken over") - last.expect("it had a heartbeat")
    }

    /// Waits until so long after `since` by the database's clock.
    pub(crate) async fn until_passed(&self, since: f64, pause: Duration) {
        let text = format!(
            "SELECT extract(epoch FROM clock_timestamp()) >= {}",
            since + pause.as_secs_f64()
        );
        self.until("the pause is over", &text).await;
    }

    /// Waits until no execution of these machines is open.
    pub(crate) async fn until_none_open(&self, machines: &[&str]) {
        let names: Vec<String> = machines.iter().map(|name| format!("'{name}'")).collect();
        let text = format!(
            "SELECT NOT EXISTS (SELECT FROM execution_open
                JOIN state_machine ON state_machine.id = execution_open.machine_id
                WHERE state_machine.name IN ({}))",
            names.join(", ")
        );
        self.until("every execution has closed", &text).await;
    }

    /// No execution has a gap in its steps or events, or an event twice.
    pub(crate) async fn check(&self) {
        let text = "SELECT count(*) FROM (
                SELECT number, first_event,
                    row_number() OVER steps AS expected,
                    1 + coalesce(sum(event_count) OVER (steps ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS first
                FROM journal
                WINDOW steps AS (PARTITION BY execution_id ORDER BY number)
            ) AS row
            WHERE number <> expected OR first_event <> first";
        let mut connection = self.0.lock().await;
        let wrong: i64 = sqlx::query_scalar(text)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(
            wrong, 0,
            "rows of the journal that do not follow the one before"
        );
    }

    async fn until(&self, what: &str, condition: &str) {
        let mut connection = self.0.lock().await;
        let waiting = async {
            loop {
                let query = sqlx::query_scalar(sqlx::AssertSqlSafe(condition));
                if query.fetch_one(&mut *connection).await.unwrap() {
                    return;
                }
                rest(&mut connection).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "waited in vain until {what}");
    }
}

/// A moment between two questions, so that asking does not take the machine from the nodes.
async fn rest(connection: &mut PgConnection) {
    sqlx::query("SELECT pg_sleep(0.02)")
        .execute(connection)
        .await
        .unwrap();
}
