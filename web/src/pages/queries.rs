//! How pages find what they show. Nothing is kept between requests, and nothing is changed.

use std::collections::HashMap;

use asl::{Timestamp, diagnose::MachineType};
use chrono::{DateTime, Utc};
use store::{
    browse::{self, Edge, MachineName, Order},
    commit::Status as Stored,
    execution::Execution as StoredExecution,
    ids::ExecutionId,
    list::{self, Filter},
};
use uuid::Uuid;

use super::{
    moment::{self, Moment},
    paging,
    view::{
        Count, ExecutionRow, FailureGroup, LastRun, Lately, Machine, MachineRow, Outcomes, Status,
    },
};
use crate::app::App;

/// What the overview looks back over.
const DAY_SECONDS: i64 = 24 * 3600;
/// Failures that the overview groups: the newest.
pub(crate) const FAILURES_MAX: i64 = 200;
/// Executions of each machine that its row in the list tells of: the newest of the 24 hours.
const LATELY_MAX: i64 = 200;
/// Failures of a state that its graph counts.
const STATE_FAILURES_MAX: i64 = 1_000;
/// Groups of them that it shows.
const GROUPS_MAX: usize = 10;

/// The database as pages ask it, at one instant.
pub(crate) struct Queries<'a> {
    app: &'a App,
    now: Timestamp,
}

impl<'a> Queries<'a> {
    pub(crate) fn new(app: &'a App, now: Timestamp) -> Self {
        Self { app, now }
    }

    /// Whether there is any machine at all.
    pub(crate) async fn has_machines(&self) -> Result<bool, sqlx::Error> {
        let found = browse::machines(&self.app.db, "", Order::Name, None, 1).await?;
        Ok(!found.is_empty())
    }

    /// Executions that started in the last 24 hours, by status.
    pub(crate) async fn outcomes(&self) -> Result<Outcomes, sqlx::Error> {
        let since = self.now.plus_seconds(-DAY_SECONDS);
        let counts = list::counts(&self.app.db, &Filter::default(), since).await?;
        let count = |status, number: i64| Count {
            status,
            number: u64::try_from(number).unwrap_or(0),
        };
        Ok(Outcomes {
            counts: vec![
                count(Status::Running, counts.running),
                count(Status::Succeeded, counts.succeeded),
                count(Status::Failed, counts.failed),
                count(Status::TimedOut, counts.timed_out),
                count(Status::Aborted, counts.aborted),
            ],
            is_capped: counts.is_capped,
        })
    }

    /// The newest failures of the last 24 hours, grouped by machine and error, the newest group
    /// first; and whether there are more than were looked at.
    pub(crate) async fn failures(&self) -> Result<(Vec<FailureGroup>, bool), sqlx::Error> {
        let filter = Filter {
            statuses: vec![Stored::Failed, Stored::TimedOut],
            ..Filter::default()
        };
        let since = self.now.plus_seconds(-DAY_SECONDS);
        let found = list::executions(&self.app.db, &filter, None, FAILURES_MAX).await?;
        let is_more = i64::try_from(found.len()) == Ok(FAILURES_MAX);
        let recent: Vec<_> = found
            .into_iter()
            .filter(|it| it.started_at >= since)
            .collect();
        let mut groups: Vec<FailureGroup> = Vec::new();
        for row in self.rows(recent).await? {
            let error = row
                .error
                .clone()
                .unwrap_or_else(|| row.status.word().to_owned());
            let known = groups
                .iter_mut()
                .find(|group| group.machine == row.machine && group.error == error);
            match known {
                Some(group) => group.count += 1,
                None => groups.push(FailureGroup {
                    machine: row.machine.clone(),
                    error,
                    count: 1,
                    newest: row,
                }),
            }
        }
        let is_more = is_more || groups.len() > GROUPS_MAX;
        groups.truncate(GROUPS_MAX);
        Ok((groups, is_more))
    }

    /// The newest executions: of one machine, or of all.
    pub(crate) async fn recent(
        &self,
        machine_id: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<ExecutionRow>, sqlx::Error> {
        let filter = Filter {
            machine_id,
            ..Filter::default()
        };
        let found = list::executions(&self.app.db, &filter, None, limit).await?;
        self.rows(found).await
    }

    /// The newest executions of an Express machine: those that were logged. Their errors stand in the logs
    /// alone.
    pub(crate) async fn recently_logged(
        &self,
        machine_id: Uuid,
        limit: i64,
    ) -> Result<Vec<ExecutionRow>, sqlx::Error> {
        let found = store::express_log::recent(&self.app.db, machine_id, limit).await?;
        let rows = found.into_iter().map(|row| ExecutionRow {
            id: row.execution.to_string(),
            name: row.name,
            machine: row.machine_name,
            has_machine: true,
            map_run: None,
            status: status(row.status),
            started: self.moment(row.started_at),
            closed: row.closed_at,
            error: None,
        });
        Ok(rows.collect())
    }

    /// A page of executions.
    pub(crate) async fn executions(
        &self,
        filter: &Filter,
        edge: Option<Edge<ExecutionId>>,
    ) -> Result<paging::Cut<ExecutionRow>, sqlx::Error> {
        let found = list::executions_by(&self.app.db, filter, edge, paging::ASKED).await?;
        let rows = self.rows(found).await?;
        Ok(paging::cut(rows, edge.as_ref()))
    }

    /// A page of machines.
    pub(crate) async fn machines(
        &self,
        part: &str,
        order: Order,
        edge: Option<Edge<&str>>,
    ) -> Result<paging::Cut<MachineRow>, sqlx::Error> {
        let found = browse::machines(&self.app.db, part, order, edge, paging::ASKED).await?;
        let cut = paging::cut(found, edge.as_ref());
        let ids: Vec<Uuid> = cut.rows.iter().map(|machine| machine.id).collect();
        let newest = browse::newest_of_machines(&self.app.db, &ids).await?;
        let mut newest: HashMap<Uuid, _> =
            newest.into_iter().map(|it| (it.machine_id, it)).collect();
        let lately = browse::lately(&self.app.db, &ids, self.day_ago(), LATELY_MAX).await?;
        let mut lately: HashMap<Uuid, _> = lately
            .into_iter()
            .map(|it| (it.machine_id, told(&it)))
            .collect();
        let rows = cut
            .rows
            .into_iter()
            .map(|machine| MachineRow {
                last: newest.remove(&machine.id).map(|last| LastRun {
                    id: last.id.to_string(),
                    status: status(last.status),
                    started: self.moment(last.started_at),
                }),
                lately: lately.remove(&machine.id),
                name: machine.name,
                kind: kind(machine.machine_type),
                created: self.moment(timestamp(machine.created_at)),
            })
            .collect();
        Ok(paging::Cut {
            rows,
            has_before: cut.has_before,
            has_after: cut.has_after,
        })
    }

    /// The least id of what was started in the last 24 hours.
    fn day_ago(&self) -> ExecutionId {
        let since = self.now.plus_seconds(-DAY_SECONDS);
        ExecutionId::first_of(u64::try_from(since.0 / 1_000).unwrap_or(0))
    }

    /// In how many executions of a machine in the last 24 hours each of these states failed.
    pub(crate) async fn failures_by_state(
        &self,
        machine_id: Uuid,
        states: &[String],
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let from = self.day_ago();
        browse::failures_by_state(&self.app.db, machine_id, states, from, STATE_FAILURES_MAX).await
    }

    /// Names of machines, the first ones, for a field to choose from.
    pub(crate) async fn machine_names(&self, limit: i64) -> Result<Vec<String>, sqlx::Error> {
        let found = browse::machines(&self.app.db, "", Order::Name, None, limit).await?;
        Ok(found.into_iter().map(|machine| machine.name).collect())
    }

    /// The live machine of that name.
    pub(crate) async fn machine(&self, name: &str) -> Result<Option<Machine>, sqlx::Error> {
        if !is_askable(name) {
            return Ok(None);
        }
        let found = store::machine::get(&self.app.db, name).await?;
        Ok(found.map(|machine| Machine {
            id: machine.id,
            arn: self.app.arns.machine(&machine.name),
            name: machine.name,
            kind: kind(machine.machine_type),
            is_deleting: machine.is_deleting,
            created: self.moment(timestamp(machine.created_at)),
            updated: self.moment(timestamp(machine.revision.created_at)),
            revision: machine.revision.id,
            definition: machine.revision.definition,
        }))
    }

    /// The live machine of that name as it is kept, for the designer.
    pub(crate) async fn design(
        &self,
        name: &str,
    ) -> Result<Option<store::machine::Machine>, sqlx::Error> {
        store::machine::get(&self.app.db, name).await
    }

    /// Executions as rows, in their order, with the names of their machines.
    pub(crate) async fn rows(
        &self,
        executions: Vec<StoredExecution>,
    ) -> Result<Vec<ExecutionRow>, sqlx::Error> {
        let mut ids: Vec<Uuid> = executions.iter().map(|it| it.machine_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = browse::machine_names(&self.app.db, &ids).await?;
        let names: HashMap<Uuid, MachineName> = names.into_iter().map(|it| (it.id, it)).collect();
        Ok(executions
            .into_iter()
            .map(|execution| {
                let machine = names.get(&execution.machine_id);
                ExecutionRow {
                    id: execution.id.to_string(),
                    name: execution.name,
                    machine: machine.map_or_else(String::new, |it| it.name.clone()),
                    has_machine: machine.is_some_and(|it| it.is_live),
                    map_run: machine
                        .filter(|it| it.is_map_run)
                        .map(|it| it.id.to_string()),
                    status: status(execution.status),
                    started: self.moment(execution.started_at),
                    closed: execution.closed_at,
                    error: execution.error,
                }
            })
            .collect())
    }

    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now)
    }
}

/// Whether the database can be asked for this text at all: it takes no NUL.
pub(crate) fn is_askable(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

pub(crate) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp(time.timestamp_micros())
}

/// What pages call the type of a machine whose executions live in memory.
pub(crate) const EXPRESS: &str = "Express";

fn kind(machine_type: MachineType) -> &'static str {
    match machine_type {
        MachineType::Standard => "Standard",
        MachineType::Express => EXPRESS,
    }
}

/// The status as pages know it.
pub(crate) fn status(stored: Stored) -> Status {
    match stored {
        Stored::Running => Status::Running,
        Stored::Succeeded => Status::Succeeded,
        Stored::Failed => Status::Failed,
        Stored::TimedOut => Status::TimedOut,
        Stored::Aborted => Status::Aborted,
        Stored::PendingRedrive => Status::PendingRedrive,
    }
}

/// The status as the store knows it.
pub(crate) fn stored(status: Status) -> Stored {
    match status {
        Status::Running => Stored::Running,
        Status::Succeeded => Stored::Succeeded,
        Status::Failed => Stored::Failed,
        Status::TimedOut => Stored::TimedOut,
        Status::Aborted => Stored::Aborted,
        Status::PendingRedrive => Stored::PendingRedrive,
    }
}

fn told(lately: &browse::Lately) -> Lately {
    let count = |status, number: i64| Count {
        status,
        number: u64::try_from(number).unwrap_or(0),
    };
    let took = |micros: Option<i64>| micros.map_or_else(|| "–".to_owned(), moment::duration);
    Lately {
        outcomes: Outcomes {
            counts: vec![
                count(Status::Running, lately.running),
                count(Status::Succeeded, lately.succeeded),
                count(Status::Failed, lately.failed),
                count(Status::TimedOut, lately.timed_out),
                count(Status::Aborted, lately.aborted),
            ],
            is_capped: lately.total() >= LATELY_MAX,
        },
        p50: took(lately.p50_micros),
        p95: took(lately.p95_micros),
    }
}
