//! The text of the commit statement: one for each combination of parts that is not empty.
//!
//! The statement is the transaction, so that a commit is one round trip. All its parts read the same
//! snapshot and do not see each other's rows; hence an execution's steps are joined into one item
//! before, and what must hold for an item is looked at (and locked) by one part before the others
//! write. Whatever is put together here is text of this file: values are parameters, always.

use std::fmt::Write as _;

/// What a batch holds besides its fence, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Parts(u32);

impl Parts {
    pub(super) const NAMES: Self = Self(1);
    pub(super) const STARTS: Self = Self(1 << 1);
    pub(super) const LEFT_OPEN: Self = Self(1 << 2);
    pub(super) const CLOSES: Self = Self(1 << 3);
    pub(super) const STEPS: Self = Self(1 << 4);
    pub(super) const GUARDS: Self = Self(1 << 5);
    pub(super) const INBOX: Self = Self(1 << 6);
    pub(super) const TASKS_OPENED: Self = Self(1 << 7);
    pub(super) const TASKS_CLOSED: Self = Self(1 << 8);
    pub(super) const WAKEUPS_PUT: Self = Self(1 << 9);
    pub(super) const WAKEUPS_DELETED: Self = Self(1 << 10);
    pub(super) const MESSAGES: Self = Self(1 << 11);
    /// Looks first whether step numbers are taken, and notes what was rejected: only after a batch has
    /// failed as a whole.
    pub(super) const CAREFUL: Self = Self(1 << 12);
    pub(super) const REDRIVES: Self = Self(1 << 13);
    pub(super) const REPORTS: Self = Self(1 << 14);
    pub(super) const MAP_RUNS: Self = Self(1 << 15);

    /// With these an item can be left out, so each row must say whose it is.
    const REFUSING: Self = Self(Self::NAMES.0 | Self::GUARDS.0 | Self::INBOX.0 | Self::CAREFUL.0);
    const NEEDING: Self = Self(Self::GUARDS.0 | Self::INBOX.0);

    pub(super) fn add(&mut self, part: Self) {
        self.0 |= part.0;
    }

    pub(super) fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }

    pub(super) fn can_refuse(self) -> bool {
        self.has(Self::REFUSING)
    }

    pub(super) fn needs(self) -> bool {
        self.has(Self::NEEDING)
    }
}

/// The text for `parts`. Parameters: the fence's node, incarnation and seq, then the arrays of each
/// part in the order in which `columns.rs` binds them.
pub(super) fn text(parts: Parts) -> String {
    let mut text = Text {
        sql: String::with_capacity(4096),
        parameters: 3,
        rejected: None,
        parts,
    };
    text.sql.push_str(
        "WITH fence AS (\
         SELECT id, incarnation FROM node \
         WHERE id = $1 AND incarnation = $2 AND dead_at IS NULL FOR SHARE)",
    );
    text.checks();
    text.writes();
    text.answer();
    text.sql
}

struct Text {
    sql: String,
    parameters: usize,
    /// The parameter with the positions that are not even tried.
    rejected: Option<usize>,
    parts: Parts,
}

impl Text {
    /// What must hold: the rows that items need, locked; then names.
    fn checks(&mut self) {
        let parts = self.parts;
        if parts.has(Parts::GUARDS) {
            let rows = self.rows(
                "g",
                &[
                    ("item", "int4"),
                    ("execution_id", "uuid"),
                    ("attempt", "int8"),
                ],
            );
            self.part(
                "guard",
                &format!(
                    "SELECT g.item FROM fence, {rows} \
                 JOIN open_task AS t ON t.execution_id = g.execution_id AND t.attempt = g.attempt \
                 FOR UPDATE OF t"
                ),
            );
        }
        if parts.has(Parts::INBOX) {
            let rows = self.rows("i", &[("item", "int4"), ("id", "int8")]);
            self.part("received", &format!(
                "SELECT i.item, i.id FROM fence, {rows} JOIN inbox AS r ON r.id = i.id FOR UPDATE OF r"
            ));
        }
        if parts.needs() {
            let rows = self.rows("n", &[("item", "int4"), ("needed", "int8")]);
            let held = match (parts.has(Parts::GUARDS), parts.has(Parts::INBOX)) {
                (true, true) => "SELECT item FROM guard UNION ALL SELECT item FROM received",
                (true, false) => "SELECT item FROM guard",
                _ => "SELECT item FROM received",
            };
            self.part(
                "lost",
                &format!(
                    "SELECT n.item FROM {rows} LEFT JOIN (\
                 SELECT item, count(*) AS found FROM ({held}) AS each GROUP BY item) AS held \
                 ON held.item = n.item WHERE coalesce(held.found, 0) < n.needed"
                ),
            );
        }
        if parts.has(Parts::CAREFUL) {
            let rows = self.rows(
                "c",
                &[
                    ("item", "int4"),
                    ("execution_id", "uuid"),
                    ("number", "int8"),
                ],
            );
            self.part(
                "taken",
                &format!(
                    "SELECT c.item FROM fence, {rows} WHERE EXISTS (SELECT FROM journal AS j \
                 WHERE j.execution_id = c.execution_id AND j.number >= c.number)"
                ),
            );
            self.parameters += 1;
            self.rejected = Some(self.parameters);
        }
        if parts.has(Parts::NAMES) {
            let rows = self.rows(
                "n",
                &[
                    ("item", "int4"),
                    ("machine_id", "uuid"),
                    ("name", "text"),
                    ("execution_id", "uuid"),
                    ("input_sha256", "bytea"),
                ],
            );
            // Sorted, since two batches that claim names in different orders would wait for each other.
            let unless = Self::unless_in(&self.earlier_refusals(), "n");
            self.part(
                "named",
                &format!(
                    "INSERT INTO execution_name (machine_id, name, execution_id, input_sha256) \
                 SELECT n.machine_id, n.name, n.execution_id, n.input_sha256 \
                 FROM fence, {rows}{unless} ORDER BY n.machine_id, n.name COLLATE \"C\" \
                 ON CONFLICT (machine_id, name) DO NOTHING RETURNING execution_id"
                ),
            );
            let and = if unless.is_empty() { " WHERE" } else { " AND" };
            self.part(
                "unnamed",
                &format!(
                    "SELECT n.item FROM {rows}{unless}{and} NOT EXISTS (\
                 SELECT FROM named WHERE named.execution_id = n.execution_id)"
                ),
            );
        }
        if parts.can_refuse() {
            let mut refusals = self.earlier_refusals();
            if parts.has(Parts::NAMES) {
                refusals.push("unnamed");
            }
            let each: Vec<_> = refusals
                .iter()
                .map(|part| format!("SELECT item FROM {part}"))
                .collect();
            self.part("refused", &each.join(" UNION ALL "));
        }
    }

    /// What is written, and deleted, for the items that pass.
    fn writes(&mut self) {
        self.insert(
            Parts::STARTS,
            "started",
            "execution",
            &[
                ("id", "uuid"),
                ("machine_id", "uuid"),
                ("revision_id", "uuid"),
                ("started_at", "timestamptz"),
                ("closed_at", "timestamptz"),
                ("closing_step", "int8"),
                ("version", "int8"),
                ("parent_execution_id", "uuid"),
                ("parent_attempt", "int8"),
                ("shard", "int2"),
                ("status", "int2"),
                ("is_output_parsed", "bool"),
                ("name", "text"),
                ("alias", "text"),
                ("trace_header", "text"),
                ("error", "text"),
            ],
            "",
        );
        self.insert(
            Parts::LEFT_OPEN,
            "left_open",
            "execution_open",
            &[
                ("execution_id", "uuid"),
                ("machine_id", "uuid"),
                ("shard", "int2"),
            ],
            "",
        );
        self.insert(
            Parts::CLOSES,
            "closed",
            "execution_close",
            &[
                ("execution_id", "uuid"),
                ("closed_at", "timestamptz"),
                ("closing_step", "int8"),
                ("status", "int2"),
                ("error", "text"),
            ],
            "",
        );
        // The same first parameters as the insert above: a close takes the mark of being open away.
        if self.parts.has(Parts::CLOSES) {
            let item = usize::from(self.parts.can_refuse());
            let first = self.parameters - 5 - item + 1;
            let rows = if item == 1 {
                format!(
                    "unnest(${first}::int4[], ${}::uuid[]) AS v(item, execution_id)",
                    first + 1
                )
            } else {
                format!("unnest(${first}::uuid[]) AS v(execution_id)")
            };
            self.delete_rows("no_longer_open", "execution_open", &rows, &["execution_id"]);
        }
        self.redrives();
        self.insert(
            Parts::STEPS,
            "written",
            "journal",
            &[
                ("execution_id", "uuid"),
                ("number", "int8"),
                ("first_event", "int8"),
                ("event_count", "int4"),
                ("format", "int2"),
                ("body", "text"),
            ],
            " RETURNING 1",
        );
        self.insert(
            Parts::TASKS_OPENED,
            "opened",
            "open_task",
            &[
                ("execution_id", "uuid"),
                ("attempt", "int8"),
                ("token_sha256", "bytea"),
                ("heartbeat_seconds", "int8"),
                ("opened_at", "timestamptz"),
                ("activity", "text"),
                ("token", "text"),
                ("input", "text"),
            ],
            "",
        );
        self.delete(
            Parts::TASKS_CLOSED,
            "ended",
            "open_task",
            &[("execution_id", "uuid"), ("attempt", "int8")],
        );
        self.insert(
            Parts::WAKEUPS_PUT,
            "asleep",
            "wakeup",
            &[
                ("execution_id", "uuid"),
                ("shard", "int2"),
                ("due", "timestamptz"),
            ],
            " ON CONFLICT (execution_id) DO UPDATE SET shard = excluded.shard, due = excluded.due",
        );
        self.delete(
            Parts::WAKEUPS_DELETED,
            "awake",
            "wakeup",
            &[("execution_id", "uuid")],
        );
        self.insert(
            Parts::MESSAGES,
            "sent",
            "inbox",
            &[
                ("execution_id", "uuid"),
                ("shard", "int2"),
                ("body", "text"),
            ],
            "",
        );
        if self.parts.has(Parts::REPORTS) {
            let rows = self.item_rows(&[
                ("execution_id", "uuid"),
                ("shard", "int2"),
                ("body", "text"),
            ]);
            let unless = if self.parts.can_refuse() {
                Self::unless_in(&["refused"], "v")
            } else {
                String::new()
            };
            self.part(
                "reported",
                &format!(
                    "INSERT INTO inbox (execution_id, shard, body) \
                     SELECT v.execution_id, v.shard, '[' || string_agg(v.body, ',') || ']' \
                     FROM fence, {rows}{unless} GROUP BY v.execution_id, v.shard"
                ),
            );
        }
        self.insert(
            Parts::MAP_RUNS,
            "run",
            "map_run",
            &[
                ("id", "uuid"),
                ("execution_id", "uuid"),
                ("machine_id", "uuid"),
                ("revision_id", "uuid"),
                ("started_at", "timestamptz"),
                ("closed_at", "timestamptz"),
                ("concurrency", "int8"),
                ("tolerated_count", "int8"),
                ("tolerated_percentage", "float8"),
                ("shard", "int2"),
                ("status", "int2"),
                ("is_express", "bool"),
                ("place", "text"),
                ("label", "text"),
                ("counts", "text"),
                ("redrive_count", "int4"),
                ("redriven_at", "timestamptz"),
            ],
            " ON CONFLICT (id) DO UPDATE SET closed_at = excluded.closed_at, \
             concurrency = excluded.concurrency, tolerated_count = excluded.tolerated_count, \
             tolerated_percentage = excluded.tolerated_percentage, status = excluded.status, \
             counts = excluded.counts, redrive_count = excluded.redrive_count, \
             redriven_at = excluded.redriven_at",
        );
        if self.parts.has(Parts::INBOX) {
            self.part(
                "consumed",
                "DELETE FROM inbox AS t USING received AS v WHERE t.id = v.id \
                 AND NOT EXISTS (SELECT FROM refused WHERE refused.item = v.item)",
            );
        }
    }

    /// A closed execution is as if it had not closed, or had closed with the new close: its row tells
    /// so, and there is no other.
    fn redrives(&mut self) {
        if !self.parts.has(Parts::REDRIVES) {
            return;
        }
        let columns = [
            ("execution_id", "uuid"),
            ("number", "int4"),
            ("redriven_at", "timestamptz"),
            ("client_token", "text"),
            ("status", "int2"),
            ("closed_at", "timestamptz"),
            ("closing_step", "int8"),
            ("error", "text"),
        ];
        let rows = self.item_rows(&columns);
        let unless = if self.parts.can_refuse() {
            Self::unless_in(&["refused"], "v")
        } else {
            String::new()
        };
        let names = columns.map(|(name, _)| format!("v.{name}")).join(", ");
        self.part(
            "redrive",
            &format!("SELECT {names} FROM fence, {rows}{unless}"),
        );
        self.part(
            "redriven",
            "UPDATE execution AS t SET status = v.status, closed_at = v.closed_at, \
             closing_step = v.closing_step, error = v.error, redrive_count = v.number, \
             redriven_at = v.redriven_at FROM fence, redrive AS v WHERE t.id = v.execution_id",
        );
        self.part(
            "redriven_as",
            "INSERT INTO execution_redrive (execution_id, number, redriven_at, client_token) \
             SELECT v.execution_id, v.number, v.redriven_at, v.client_token \
             FROM fence, redrive AS v",
        );
        for (name, table) in [
            ("no_longer_closed", "execution_close"),
            ("no_longer_found", "execution_search"),
        ] {
            self.part(
                name,
                &format!(
                    "DELETE FROM {table} AS t USING fence, redrive AS v \
                     WHERE t.execution_id = v.execution_id"
                ),
            );
        }
    }

    /// The row in the log, and what is answered: whether the fence held, how many steps were
    /// written, and which items were left out.
    fn answer(&mut self) {
        let list = |is_there: bool, part: &str| {
            if is_there {
                format!("(SELECT array_agg(item) FROM {part})")
            } else {
                "NULL::int4[]".to_owned()
            }
        };
        let rejected = match self.rejected {
            Some(parameter) => format!("${parameter}::int4[]"),
            None => "NULL::int4[]".to_owned(),
        };
        let refusals = [
            list(self.parts.has(Parts::NAMES), "unnamed"),
            list(self.parts.needs(), "lost"),
            list(self.parts.has(Parts::CAREFUL), "taken"),
            rejected,
        ]
        .join(", ");
        if self.parts.can_refuse() {
            self.part(
                "logged",
                &format!(
                    "INSERT INTO commit_log \
                 (node_id, incarnation, seq, names_taken, guards_lost, steps_taken, rejected) \
                 SELECT id, incarnation, $3, {refusals} FROM fence"
                ),
            );
        } else {
            self.part(
                "logged",
                "INSERT INTO commit_log (node_id, incarnation, seq) \
                 SELECT id, incarnation, $3 FROM fence",
            );
        }
        let written = if self.parts.has(Parts::STEPS) {
            "(SELECT count(*) FROM written)"
        } else {
            "0::int8"
        };
        // Writing to a String cannot fail.
        let _ = write!(
            self.sql,
            " SELECT (SELECT count(*) FROM fence), {written}, {refusals}"
        );
    }

    /// The refusals that are known before names are claimed.
    fn earlier_refusals(&self) -> Vec<&'static str> {
        let mut parts = Vec::new();
        if self.parts.needs() {
            parts.push("lost");
        }
        if self.parts.has(Parts::CAREFUL) {
            parts.push("taken");
        }
        parts
    }

    fn unless_in(parts: &[&str], rows: &str) -> String {
        let each: Vec<_> = parts
            .iter()
            .map(|part| format!("NOT EXISTS (SELECT FROM {part} WHERE {part}.item = {rows}.item)"))
            .collect();
        if each.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", each.join(" AND "))
        }
    }

    fn insert(
        &mut self,
        part: Parts,
        name: &str,
        table: &str,
        columns: &[(&str, &str)],
        tail: &str,
    ) {
        if !self.parts.has(part) {
            return;
        }
        let rows = self.item_rows(columns);
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<_> = names.iter().map(|name| format!("v.{name}")).collect();
        let unless = if self.parts.can_refuse() {
            Self::unless_in(&["refused"], "v")
        } else {
            String::new()
        };
        let (names, values) = (names.join(", "), values.join(", "));
        self.part(
            name,
            &format!(
                "INSERT INTO {table} ({names}) SELECT {values} FROM fence, {rows}{unless}{tail}"
            ),
        );
    }

    fn delete(&mut self, part: Parts, name: &str, table: &str, key: &[(&str, &str)]) {
        if !self.parts.has(part) {
            return;
        }
        let rows = self.item_rows(key);
        let key: Vec<_> = key.iter().map(|(name, _)| *name).collect();
        self.delete_rows(name, table, &rows, &key);
    }

    fn delete_rows(&mut self, name: &str, table: &str, rows: &str, key: &[&str]) {
        let on: Vec<_> = key
            .iter()
            .map(|name| format!("t.{name} = v.{name}"))
            .collect();
        let on = on.join(" AND ");
        let unless = if self.parts.can_refuse() {
            " AND NOT EXISTS (SELECT FROM refused WHERE refused.item = v.item)"
        } else {
            ""
        };
        self.part(
            name,
            &format!("DELETE FROM {table} AS t USING fence, {rows} WHERE {on}{unless}"),
        );
    }

    /// Rows of the next parameters as `v`, with the item in front where items can be left out.
    fn item_rows(&mut self, columns: &[(&str, &str)]) -> String {
        if self.parts.can_refuse() {
            let mut all = vec![("item", "int4")];
            all.extend_from_slice(columns);
            self.rows("v", &all)
        } else {
            self.rows("v", columns)
        }
    }

    fn rows(&mut self, alias: &str, columns: &[(&str, &str)]) -> String {
        let mut arrays = Vec::with_capacity(columns.len());
        for (_, kind) in columns {
            self.parameters += 1;
            arrays.push(format!("${}::{kind}[]", self.parameters));
        }
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        format!(
            "unnest({}) AS {alias}({})",
            arrays.join(", "),
            names.join(", ")
        )
    }

    fn part(&mut self, name: &str, body: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.sql, ", {name} AS ({body})");
    }
}

#[cfg(test)]
mod tests;
