//! Filtered listings of executions: the one place, with the commit, where a statement's text depends on
//! what is asked. Texts are put together from constants; values are parameters.

use asl::Timestamp;
use sqlx::{PgExecutor, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::browse::Edge;
use crate::commit::Status;
use crate::execution::{Execution, Row};
use crate::ids::ExecutionId;
use crate::search::indexed;

/// The most executions that one page holds.
pub const PAGE_MAX: i64 = 1000;
/// Counts look at no more executions than that, the newest: some tens of milliseconds.
pub const COUNTED_MAX: i64 = 20_000;

/// Which executions are listed; all of them where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub machine_id: Option<Uuid>,
    pub version: Option<i64>,
    pub alias: Option<String>,
    /// Any of these; with none, of every status.
    pub statuses: Vec<Status>,
    /// Those that were redriven, or those that were not.
    pub is_redriven: Option<bool>,
    /// Those that started at this time or later, and those that started before this one, to the
    /// millisecond: ids hold it.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Those whose ids lie between these, both included: the ids that begin alike.
    pub ids: Option<(ExecutionId, ExecutionId)>,
    /// Those that closed without success, with this error, in this state. What searches do not know
    /// yet is not among them.
    pub error: Option<String>,
    pub failed_state: Option<String>,
}

impl Filter {
    fn is_of_failures(&self) -> bool {
        self.error.is_some() || self.failed_state.is_some()
    }

    /// The range of ids that it leaves, on the column where they are looked for.
    fn push_range(&self, query: &mut QueryBuilder<Postgres>, key: &'static str) {
        let first_of = |at: Timestamp| {
            let millis = u64::try_from(at.as_millis()).unwrap_or(0);
            // What comes after all ids that there can be.
            ExecutionId::first_of(millis.min((1 << 48) - 1)).0
        };
        let mut bound = |sign: &'static str, id: Uuid| {
            query.push(" AND ").push(key).push(sign).push_bind(id);
        };
        if let Some(since) = self.since {
            bound(" >= ", first_of(since));
        }
        if let Some(until) = self.until {
            bound(" < ", first_of(until));
        }
        if let Some((first, last)) = self.ids {
            bound(" >= ", first.0);
            bound(" <= ", last.0);
        }
    }
}

/// How many executions of one status started in one part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// From 0 on.
    pub part: usize,
    pub status: Status,
    pub count: i64,
}

/// How many executions have each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub running: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub timed_out: i64,
    pub aborted: i64,
    /// Whether there are more than [`COUNTED_MAX`], of which only the newest were counted.
    pub is_capped: bool,
}

/// Around the page itself, whose rows are called `execution`: what stands elsewhere is looked up for
/// these rows only.
const BEFORE_PAGE: &str = "
    SELECT
        execution.id, execution.machine_id, execution.revision_id, execution.version,
        execution.alias, execution.name, execution.started_at, execution.parent_execution_id,
        execution.parent_attempt, execution.is_output_parsed, execution.trace_header,
        execution.redrive_count, execution.redriven_at,
        coalesce(execution_close.status, execution.status) AS status,
        coalesce(execution_close.closed_at, execution.closed_at) AS closed_at,
        coalesce(execution_close.closing_step, execution.closing_step) AS closing_step,
        coalesce(execution_close.error, execution.error) AS error,
        wakeup.execution_id IS NOT NULL AS has_wakeup
    FROM (
        SELECT
            id, machine_id, revision_id, version, alias, name, started_at, parent_execution_id,
            parent_attempt, is_output_parsed, trace_header, redrive_count, redriven_at, status,
            closed_at, closing_step, error
        FROM execution";
const AFTER_PAGE: &str = "
    ) AS execution
    LEFT JOIN execution_close ON execution_close.execution_id = execution.id
    LEFT JOIN wakeup ON wakeup.execution_id = execution.id
    ORDER BY execution.id DESC";

/// A page of executions, newest first, of those that started before `before`. Takes no lock.
///
/// Each status is looked for where it is cheap: running ones among the open, failures by the partial
/// indexes over what went wrong, and the rest by the order of ids.
pub async fn executions(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    before: Option<ExecutionId>,
    limit: i64,
) -> Result<Vec<Execution>, sqlx::Error> {
    executions_by(db, filter, before.map(Edge::After), limit).await
}

/// A page of executions, newest first: the newest, or those next to `edge` in that order, so that
/// [`Edge::After`] leads to older ones and [`Edge::Before`] to newer ones. Otherwise as [`executions`].
pub async fn executions_by(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    edge: Option<Edge<ExecutionId>>,
    limit: i64,
) -> Result<Vec<Execution>, sqlx::Error> {
    let limit = limit.clamp(0, PAGE_MAX);
    let way = Way::of(edge);
    let mut query = QueryBuilder::new(BEFORE_PAGE);
    push_wanted(&mut query, filter, way, limit);
    way.push_order(&mut query, "execution.id");
    query.push(" LIMIT ").push_bind(limit).push(AFTER_PAGE);
    let rows: Vec<Row> = query.build_query_as().fetch_all(db).await?;
    rows.into_iter().map(Row::into_execution).collect()
}

/// Which way ids are walked, and from where.
#[derive(Clone, Copy)]
struct Way {
    from: Option<ExecutionId>,
    is_upward: bool,
}

impl Way {
    fn of(edge: Option<Edge<ExecutionId>>) -> Self {
        let (from, is_upward) = match edge {
            None => (None, false),
            Some(Edge::After(id)) => (Some(id), false),
            Some(Edge::Before(id)) => (Some(id), true),
        };
        Self { from, is_upward }
    }

    fn push_bound(self, query: &mut QueryBuilder<Postgres>, key: &'static str) {
        if let Some(from) = self.from {
            let sign = if self.is_upward { " > " } else { " < " };
            query.push(" AND ").push(key).push(sign).push_bind(from.0);
        }
    }

    fn push_order(self, query: &mut QueryBuilder<Postgres>, key: &'static str) {
        query.push(" ORDER BY ").push(key);
        query.push(if self.is_upward { " ASC" } else { " DESC" });
    }
}

/// How many executions that started at or after `since` have each status.
pub async fn counts(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    since: Timestamp,
) -> Result<Counts, sqlx::Error> {
    let since = u64::try_from(since.as_millis()).unwrap_or(0);
    let mut query = QueryBuilder::new(
        "SELECT coalesce(execution_close.status, newest.status), count(*) FROM (
            SELECT execution.id, execution.status FROM execution",
    );
    push_where(&mut query, filter);
    query
        .push(" AND execution.id >= ")
        .push_bind(ExecutionId::first_of(since).0)
        .push(" ORDER BY execution.id DESC LIMIT ")
        .push_bind(COUNTED_MAX)
        .push(
            ") AS newest
            LEFT JOIN execution_close ON execution_close.execution_id = newest.id
            GROUP BY 1",
        );
    let rows: Vec<(i16, i64)> = query.build_query_as().fetch_all(db).await?;
    let mut counts = Counts::default();
    let mut total = 0;
    for (status, count) in rows {
        total += count;
        match Status::from_number(status) {
            Some(Status::Running) => counts.running = count,
            Some(Status::Succeeded) => counts.succeeded = count,
            Some(Status::Failed) => counts.failed = count,
            Some(Status::TimedOut) => counts.timed_out = count,
            Some(Status::Aborted) => counts.aborted = count,
            Some(Status::PendingRedrive) | None => {}
        }
    }
    counts.is_capped = total >= COUNTED_MAX;
    Ok(counts)
}

/// Executions of the filter by when they started and by status: `parts` equal parts of the time between
/// its `since` and `until`, without those that nothing started in. Only the newest [`COUNTED_MAX`] are
/// looked at; the second is whether there may be more.
pub async fn bars(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    since: Timestamp,
    until: Timestamp,
    parts: u16,
) -> Result<(Vec<Bar>, bool), sqlx::Error> {
    let filter = Filter {
        since: Some(since),
        until: Some(until),
        ..filter.clone()
    };
    let way = Way::of(None);
    let mut query = QueryBuilder::new(
        "SELECT part, coalesce(execution_close.status, newest.status), count(*) FROM (
            SELECT execution.id, execution.status, least(greatest(width_bucket(
                extract(epoch FROM execution.started_at), extract(epoch FROM ",
    );
    // Equal bounds have no parts.
    let end = until.max(Timestamp(since.0.saturating_add(1_000)));
    query
        .push_bind(since.to_chrono())
        .push("::timestamptz), extract(epoch FROM ")
        .push_bind(end.to_chrono())
        .push("::timestamptz), ")
        .push_bind(i32::from(parts))
        .push("), 1), ")
        .push_bind(i32::from(parts))
        .push(") AS part FROM execution");
    push_wanted(&mut query, &filter, way, COUNTED_MAX);
    way.push_order(&mut query, "execution.id");
    query.push(" LIMIT ").push_bind(COUNTED_MAX).push(
        ") AS newest
            LEFT JOIN execution_close ON execution_close.execution_id = newest.id
            GROUP BY 1, 2
            ORDER BY 1, 2",
    );
    let rows: Vec<(i32, i16, i64)> = query.build_query_as().fetch_all(db).await?;
    let total: i64 = rows.iter().map(|(_, _, count)| count).sum();
    let bars = rows.into_iter().filter_map(|(part, status, count)| {
        Some(Bar {
            part: usize::try_from(part).ok()?.checked_sub(1)?,
            status: Status::from_number(status)?,
            count,
        })
    });
    Ok((bars.collect(), total >= COUNTED_MAX))
}

/// The rows of `execution` that the filter wants; where they are looked for by other tables, the
/// nearest `limit` of them.
fn push_wanted(query: &mut QueryBuilder<Postgres>, filter: &Filter, way: Way, limit: i64) {
    if filter.is_of_failures() {
        push_of_failures(query, filter, way, limit);
    } else if filter.statuses.is_empty() {
        push_where(query, filter);
        way.push_bound(query, "execution.id");
    } else {
        push_of_statuses(query, filter, way, limit);
    }
}

/// The nearest ids with that error, in that state: from what searches know. Served by the indexes of
/// `execution_search` over errors and failed states, with a machine and without one.
fn push_of_failures(query: &mut QueryBuilder<Postgres>, filter: &Filter, way: Way, limit: i64) {
    let key = "execution_search.execution_id";
    query.push(
        " WHERE execution.id = ANY (ARRAY(SELECT execution_search.execution_id
            FROM execution_search JOIN execution ON execution.id = execution_search.execution_id",
    );
    push_where(query, filter);
    for (column, value) in [
        (" AND execution_search.error = ", &filter.error),
        (
            " AND execution_search.failed_state = ",
            &filter.failed_state,
        ),
    ] {
        if let Some(value) = indexed(value.as_ref()) {
            query.push(column).push_bind(value);
        }
    }
    if let Some(machine_id) = filter.machine_id {
        query
            .push(" AND execution_search.machine_id = ")
            .push_bind(machine_id);
    }
    if !filter.statuses.is_empty() {
        let statuses: Vec<i16> = filter.statuses.iter().map(|it| *it as i16).collect();
        query
            .push(" AND execution_search.status = ANY (")
            .push_bind(statuses)
            .push(")");
    }
    filter.push_range(query, key);
    way.push_bound(query, key);
    way.push_order(query, key);
    query.push(" LIMIT ").push_bind(limit).push("))");
}

/// Everything of the filter but the statuses, and what failures are found by.
fn push_where(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push(" WHERE true");
    if let Some(machine_id) = filter.machine_id {
        query
            .push(" AND execution.machine_id = ")
            .push_bind(machine_id);
    }
    if let Some(version) = filter.version {
        query.push(" AND execution.version = ").push_bind(version);
    }
    if let Some(alias) = &filter.alias {
        query
            .push(" AND execution.alias = ")
            .push_bind(alias.clone());
    }
    // Constants, so that the partial index is known to serve.
    match filter.is_redriven {
        Some(true) => drop(query.push(" AND execution.redrive_count > 0")),
        Some(false) => drop(query.push(" AND execution.redrive_count = 0")),
        None => {}
    }
    filter.push_range(query, "execution.id");
}

/// The nearest ids of each status, each from where it is kept, and of these the nearest.
fn push_of_statuses(query: &mut QueryBuilder<Postgres>, filter: &Filter, way: Way, limit: i64) {
    let mut statuses = filter.statuses.clone();
    statuses.sort_unstable();
    statuses.dedup();
    query.push(" WHERE execution.id = ANY (ARRAY(SELECT id FROM (");
    let mut is_first = true;
    let mut branch = |query: &mut QueryBuilder<Postgres>, from: &'static str| {
        query.push(if is_first { "(" } else { " UNION ALL (" });
        is_first = false;
        query.push("SELECT execution.id FROM ").push(from);
        push_where(query, filter);
        way.push_bound(query, "execution.id");
    };
    let tail = |query: &mut QueryBuilder<Postgres>, key: &'static str| {
        way.push_order(query, key);
        query.push(" LIMIT ").push_bind(limit).push(")");
    };
    for status in statuses {
        if status == Status::Running {
            branch(
                query,
                "execution_open JOIN execution ON execution.id = execution_open.execution_id",
            );
            if let Some(machine_id) = filter.machine_id {
                query
                    .push(" AND execution_open.machine_id = ")
                    .push_bind(machine_id);
            }
            filter.push_range(query, "execution_open.execution_id");
            way.push_bound(query, "execution_open.execution_id");
            tail(query, "execution_open.execution_id");
            continue;
        }
        // A constant, not a parameter: the partial indexes are for plans that know it.
        let number = i32::from(status as i16);
        branch(query, "execution");
        query.push(" AND execution.status = ").push(number);
        tail(query, "execution.id");
        branch(
            query,
            "execution_close JOIN execution ON execution.id = execution_close.execution_id",
        );
        query.push(" AND execution_close.status = ").push(number);
        filter.push_range(query, "execution_close.execution_id");
        way.push_bound(query, "execution_close.execution_id");
        tail(query, "execution_close.execution_id");
    }
    query.push(") AS candidate");
    way.push_order(query, "id");
    query.push(" LIMIT ").push_bind(limit).push("))");
}
