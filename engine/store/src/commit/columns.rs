//! Items turned into the arrays that the commit statement takes, part by part.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Postgres, SqlSafeStr};
use uuid::Uuid;

use super::item::{Fence, Item, Redrive, Start, Status, Wakeup};
use super::statement::Parts;
use crate::text::storable;

/// One array a column; which parts are there decides which arrays are bound.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) parts: Parts,
    guards: Guards,
    inbox: Inbox,
    needs: Needs,
    firsts: Firsts,
    rejected: &'a [i32],
    names: Names<'a>,
    starts: Starts<'a>,
    left_open: LeftOpen,
    closes: Closes<'a>,
    redrives: Redrives<'a>,
    steps: Steps<'a>,
    opened: Tasks<'a>,
    closed: Guards,
    put: Put,
    woken: Woken,
    messages: Messages<'a>,
    reports: Messages<'a>,
    map_runs: MapRuns<'a>,
}

macro_rules! columns {
    ($name:ident $(<$life:lifetime>)? { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Default)]
        struct $name $(<$life>)? {
            item: Vec<i32>,
            $($field: Vec<$type>,)*
        }

        impl $(<$life>)? $name $(<$life>)? {
            #[allow(clippy::too_many_arguments, reason = "one a column, named by the struct")]
            fn push(&mut self, item: i32, $($field: $type),*) {
                self.item.push(item);
                $(self.$field.push($field);)*
            }

            /// Binds the arrays in the order of the columns, the item in front where it is asked for.
            fn bind<'q>(
                &'q self,
                query: Query<'q, Postgres, PgArguments>,
                with_item: bool,
            ) -> Query<'q, Postgres, PgArguments> {
                let query = if with_item { query.bind(&self.item) } else { query };
                $(let query = query.bind(&self.$field);)*
                query
            }
        }
    };
}

columns!(Guards {
    execution: Uuid,
    attempt: i64,
});
columns!(Inbox { id: i64 });
columns!(Needs { needed: i64 });
columns!(Firsts {
    execution: Uuid,
    number: i64,
});
columns!(Names<'a> { machine: Uuid, name: Cow<'a, str>, execution: Uuid, input_sha256: &'a [u8], });
columns!(Starts<'a> {
    id: Uuid,
    machine: Uuid,
    revision: Uuid,
    started_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    closing_step: Option<i64>,
    version: Option<i64>,
    parent_execution: Option<Uuid>,
    parent_attempt: Option<i64>,
    shard: i16,
    status: i16,
    is_output_parsed: bool,
    name: Option<Cow<'a, str>>,
    alias: Option<Cow<'a, str>>,
    trace_header: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
});
columns!(LeftOpen {
    execution: Uuid,
    machine: Uuid,
    shard: i16,
});
columns!(Closes<'a> {
    execution: Uuid,
    at: DateTime<Utc>,
    closing_step: i64,
    status: i16,
    error: Option<Cow<'a, str>>,
});
columns!(Redrives<'a> {
    execution: Uuid,
    number: i32,
    at: DateTime<Utc>,
    client_token: Cow<'a, str>,
    status: i16,
    closed_at: Option<DateTime<Utc>>,
    closing_step: Option<i64>,
    error: Option<Cow<'a, str>>,
});
columns!(Steps<'a> {
    execution: Uuid,
    number: i64,
    first_event: i64,
    event_count: i32,
    format: i16,
    body: Cow<'a, str>,
});
columns!(Tasks<'a> {
    execution: Uuid,
    attempt: i64,
    token_sha256: &'a [u8],
    heartbeat_seconds: Option<i64>,
    opened_at: DateTime<Utc>,
    activity: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
    input: Option<Cow<'a, str>>,
});
columns!(Put { execution: Uuid, shard: i16, due: DateTime<Utc>, });
columns!(Woken { execution: Uuid });
columns!(Messages<'a> { execution: Uuid, shard: i16, body: Cow<'a, str>, });
columns!(MapRuns<'a> {
    id: Uuid,
    execution: Uuid,
    machine: Uuid,
    revision: Uuid,
    started_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    concurrency: i64,
    tolerated_count: Option<i64>,
    tolerated_percentage: Option<f64>,
    shard: i16,
    status: i16,
    is_express: bool,
    place: Cow<'a, str>,
    label: Cow<'a, str>,
    counts: Cow<'a, str>,
    redrive_count: i32,
    redriven_at: Option<DateTime<Utc>>,
});

impl<'a> Columns<'a> {
    /// All items but those at the positions of `care`, or simply all.
    pub(super) fn of(items: &'a [Item], care: Option<&'a [i32]>) -> Self {
        let mut columns = Self::default();
        if let Some(rejected) = care {
            columns.parts.add(Parts::CAREFUL);
            columns.rejected = rejected;
        }
        for (position, item) in (0_i32..).zip(items) {
            if !columns.rejected.contains(&position) {
                columns.item(position, item);
            }
        }
        columns
    }

    fn item(&mut self, position: i32, item: &'a Item) {
        let execution = item.execution.0;
        let closing_step = item.steps.last().map_or(0, |step| step.number);
        if let Some(start) = &item.start {
            self.start(position, item, start, closing_step);
        } else if let Some(redrive) = &item.redrive {
            self.redrive(position, item, redrive, closing_step);
        } else if let Some(close) = &item.close {
            self.parts.add(Parts::CLOSES);
            self.closes.push(
                position,
                execution,
                close.at.to_chrono(),
                closing_step,
                close.status as i16,
                close.error.as_deref().map(storable),
            );
        }
        for step in &item.steps {
            self.parts.add(Parts::STEPS);
            self.steps.push(
                position,
                execution,
                step.number,
                step.first_event,
                step.event_count,
                step.format,
                storable(&step.body),
            );
        }
        if let (true, Some(first)) = (self.parts.has(Parts::CAREFUL), item.steps.first()) {
            self.firsts.push(position, execution, first.number);
        }
        self.tasks(position, item);
        self.others(position, item);
    }

    fn start(&mut self, position: i32, item: &'a Item, start: &'a Start, closing_step: i64) {
        let execution = item.execution.0;
        let close = item.close.as_ref();
        self.parts.add(Parts::STARTS);
        self.starts.push(
            position,
            execution,
            start.machine_id,
            start.revision_id,
            start.started_at.to_chrono(),
            close.map(|close| close.at.to_chrono()),
            close.map(|_| closing_step),
            start.version,
            start.parent.map(|parent| parent.execution.0),
            start.parent.map(|parent| parent.attempt),
            start.shard.0,
            close.map_or(Status::Running, |close| close.status) as i16,
            start.parent.is_some_and(|parent| parent.is_parsed),
            start.is_name_given.then(|| storable(&start.name)),
            start.alias.as_deref().map(storable),
            start.trace_header.as_deref().map(storable),
            close.and_then(|close| close.error.as_deref()).map(storable),
        );
        if close.is_none() {
            self.parts.add(Parts::LEFT_OPEN);
            self.left_open
                .push(position, execution, start.machine_id, start.shard.0);
        }
        if start.is_name_given {
            self.parts.add(Parts::NAMES);
            self.names.push(
                position,
                start.machine_id,
                storable(&start.name),
                execution,
                &start.input_sha256,
            );
        }
    }

    /// Redriven closed, where the new close falls into the same batch.
    fn redrive(&mut self, position: i32, item: &'a Item, redrive: &'a Redrive, closing_step: i64) {
        let execution = item.execution.0;
        let close = item.close.as_ref();
        self.parts.add(Parts::REDRIVES);
        self.redrives.push(
            position,
            execution,
            redrive.number,
            redrive.at.to_chrono(),
            storable(&redrive.client_token),
            close.map_or(Status::Running, |close| close.status) as i16,
            close.map(|close| close.at.to_chrono()),
            close.map(|_| closing_step),
            close.and_then(|close| close.error.as_deref()).map(storable),
        );
        if close.is_none() {
            self.parts.add(Parts::LEFT_OPEN);
            self.left_open
                .push(position, execution, redrive.machine_id, redrive.shard.0);
        }
    }

    fn tasks(&mut self, position: i32, item: &'a Item) {
        let execution = item.execution.0;
        for task in &item.opened {
            self.parts.add(Parts::TASKS_OPENED);
            let waiting = task.activity.as_ref();
            self.opened.push(
                position,
                execution,
                task.attempt,
                &task.token_sha256,
                task.heartbeat_seconds,
                task.opened_at.to_chrono(),
                waiting.map(|task| storable(&task.activity)),
                waiting.map(|task| storable(&task.token)),
                waiting.map(|task| storable(&task.input)),
            );
        }
        for task in &item.closed {
            self.parts.add(Parts::TASKS_CLOSED);
            self.closed.push(position, execution, task.attempt);
            if task.is_guard {
                self.parts.add(Parts::GUARDS);
                self.guards.push(position, execution, task.attempt);
            }
        }
        for id in &item.inbox {
            self.parts.add(Parts::INBOX);
            self.inbox.push(position, *id);
        }
        let guards = item.closed.iter().filter(|task| task.is_guard).count();
        let needed = guards + item.inbox.len();
        if needed > 0 {
            self.needs
                .push(position, i64::try_from(needed).unwrap_or(i64::MAX));
        }
    }

    fn others(&mut self, position: i32, item: &'a Item) {
        let execution = item.execution.0;
        match item.wakeup {
            Wakeup::Leave => {}
            Wakeup::Delete => {
                self.parts.add(Parts::WAKEUPS_DELETED);
                self.woken.push(position, execution);
            }
            Wakeup::Put { shard, due } => {
                self.parts.add(Parts::WAKEUPS_PUT);
                self.put.push(position, execution, shard.0, due.to_chrono());
            }
        }
        for message in &item.messages {
            self.parts.add(Parts::MESSAGES);
            self.messages.push(
                position,
                message.execution.0,
                message.shard.0,
                storable(&message.body),
            );
        }
        for report in &item.reports {
            self.parts.add(Parts::REPORTS);
            self.reports.push(
                position,
                report.execution.0,
                report.shard.0,
                storable(&report.body),
            );
        }
        if let Some(run) = &item.map_run {
            self.parts.add(Parts::MAP_RUNS);
            self.map_runs.push(
                position,
                run.id.0,
                run.execution.0,
                run.machine_id,
                run.revision_id,
                run.started_at.to_chrono(),
                run.closed_at.map(asl::Timestamp::to_chrono),
                run.concurrency,
                run.tolerated_count,
                run.tolerated_percentage,
                run.shard.0,
                run.status as i16,
                run.is_express,
                storable(&run.place),
                storable(&run.label),
                storable(&run.counts),
                run.redrive_count,
                run.redriven_at.map(asl::Timestamp::to_chrono),
            );
        }
    }

    /// The query with everything bound, in the order of `statement::text`.
    pub(super) fn query<'q>(
        &'q self,
        text: impl SqlSafeStr,
        fence: &Fence,
    ) -> Query<'q, Postgres, PgArguments> {
        let parts = self.parts;
        let with_item = parts.can_refuse();
        let mut query = sqlx::query(text)
            .bind(fence.node.0)
            .bind(fence.incarnation.0)
            .bind(fence.seq);
        if parts.has(Parts::GUARDS) {
            query = self.guards.bind(query, true);
        }
        if parts.has(Parts::INBOX) {
            query = self.inbox.bind(query, true);
        }
        if parts.needs() {
            query = self.needs.bind(query, true);
        }
        if parts.has(Parts::CAREFUL) {
            query = self.firsts.bind(query, true).bind(self.rejected);
        }
        if parts.has(Parts::NAMES) {
            query = self.names.bind(query, true);
        }
        if parts.has(Parts::STARTS) {
            query = self.starts.bind(query, with_item);
        }
        if parts.has(Parts::LEFT_OPEN) {
            query = self.left_open.bind(query, with_item);
        }
        if parts.has(Parts::CLOSES) {
            query = self.closes.bind(query, with_item);
        }
        if parts.has(Parts::REDRIVES) {
            query = self.redrives.bind(query, with_item);
        }
        if parts.has(Parts::STEPS) {
            query = self.steps.bind(query, with_item);
        }
        if parts.has(Parts::TASKS_OPENED) {
            query = self.opened.bind(query, with_item);
        }
        if parts.has(Parts::TASKS_CLOSED) {
            query = self.closed.bind(query, with_item);
        }
        if parts.has(Parts::WAKEUPS_PUT) {
            query = self.put.bind(query, with_item);
        }
        if parts.has(Parts::WAKEUPS_DELETED) {
            query = self.woken.bind(query, with_item);
        }
        if parts.has(Parts::MESSAGES) {
            query = self.messages.bind(query, with_item);
        }
        if parts.has(Parts::REPORTS) {
            query = self.reports.bind(query, with_item);
        }
        if parts.has(Parts::MAP_RUNS) {
            query = self.map_runs.bind(query, with_item);
        }
        query
    }
}
