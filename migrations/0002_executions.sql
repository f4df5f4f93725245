-- What keeps executions: their journal, what they wait for, who may move them on.
--
-- Nothing of an execution is updated while it runs. Its steps are rows of the journal, its close is a
-- row of its own, and what is true for a while only (open, asleep, waiting for the outside) is a row
-- that is inserted and deleted. One statement writes the steps of many executions: see
-- engine/store/src/commit. There are no foreign keys, since each would cost that statement a lookup
-- and a row lock for every row; the statement itself writes what belongs together.
-- Status: 0 running, 1 succeeded, 2 failed, 3 timed out, 4 aborted, 5 pending redrive.

CREATE TABLE execution (
    -- UUIDv7: rises with the time of the start. The 12 bits after the version are the slot.
    id                  uuid        PRIMARY KEY,
    machine_id          uuid        NOT NULL,
    revision_id         uuid        NOT NULL,
    started_at          timestamptz NOT NULL,
    -- Set where start and close fell into one commit; else the close is in execution_close.
    closed_at           timestamptz,
    -- The journal's row that holds the close, and with it the output.
    closing_step        bigint,
    -- The version or alias that it was started by.
    version             bigint,
    -- The task of another execution that waits for this one.
    parent_execution_id uuid,
    parent_attempt      bigint,
    shard               smallint    NOT NULL,
    -- As it was inserted.
    status              smallint    NOT NULL CHECK (status BETWEEN 0 AND 4),
    is_output_parsed    boolean     NOT NULL DEFAULT false,
    -- Absent where none was given: then the id's text is the name.
    name                text        CHECK (char_length(name) BETWEEN 1 AND 80),
    alias               text,
    trace_header        text,
    error               text,
    CHECK ((status = 0) = (closed_at IS NULL) AND (closed_at IS NULL) = (closing_step IS NULL)),
    CHECK ((parent_execution_id IS NULL) = (parent_attempt IS NULL))
);

-- Serves the listing of a machine's executions, newest first.
CREATE INDEX execution_machine ON execution (machine_id, id DESC);
-- Serves listings of what went wrong, without a cost for what went well.
CREATE INDEX execution_unsuccessful ON execution (status, id DESC) WHERE status > 1;

CREATE TABLE execution_close (
    execution_id uuid        PRIMARY KEY,
    closed_at    timestamptz NOT NULL,
    closing_step bigint      NOT NULL,
    status       smallint    NOT NULL CHECK (status BETWEEN 1 AND 4),
    error        text
);

CREATE INDEX execution_close_unsuccessful ON execution_close (status, execution_id DESC)
    WHERE status > 1;

-- One row for each open execution that is not closed by the commit that starts it. A mark in execution
-- would have to be updated at the close, and an index over rows without an execution_close would
-- keep every closed execution: a takeover must find the few that are open among millions.
CREATE TABLE execution_open (
    execution_id uuid     PRIMARY KEY,
    machine_id   uuid     NOT NULL,
    shard        smallint NOT NULL
);

CREATE INDEX execution_open_shard ON execution_open (shard, execution_id);
CREATE INDEX execution_open_machine ON execution_open (machine_id, execution_id DESC);

-- Names that were given. A name stays taken until its execution's retention is over, also when the
-- machine is deleted.
CREATE TABLE execution_name (
    machine_id   uuid  NOT NULL,
    name         text  COLLATE "C" NOT NULL,
    execution_id uuid  NOT NULL,
    input_sha256 bytea NOT NULL CHECK (octet_length(input_sha256) = 32),
    PRIMARY KEY (machine_id, name)
);

-- One row a step. Partitions are made ahead by whoever holds the maintenance lease, a day each.
CREATE TABLE journal (
    execution_id uuid     NOT NULL,
    -- 1, 2, 3 … within the execution.
    number       bigint   NOT NULL CHECK (number >= 1),
    first_event  bigint   NOT NULL CHECK (first_event >= 1),
    event_count  integer  NOT NULL CHECK (event_count >= 0),
    format       smallint NOT NULL,
    -- Text, never jsonb: payloads keep the spelling of their author.
    body         text     NOT NULL,
    PRIMARY KEY (execution_id, number)
) PARTITION BY RANGE (execution_id);

-- A cache of folded executions: any row may be deleted at any time.
CREATE TABLE snapshot (
    execution_id uuid     PRIMARY KEY,
    -- The last step that is in it.
    step         bigint   NOT NULL,
    format       smallint NOT NULL,
    body         text     NOT NULL
);

-- An execution has one while it sleeps outside memory.
CREATE TABLE wakeup (
    execution_id uuid        PRIMARY KEY,
    shard        smallint    NOT NULL,
    due          timestamptz NOT NULL
);

CREATE INDEX wakeup_due ON wakeup (shard, due, execution_id);

-- A task that the outside can end by its token. Whoever deletes the row has ended the task.
-- Space is left in the pages so that a heartbeat changes no index.
CREATE TABLE open_task (
    execution_id      uuid        NOT NULL,
    -- The number of its Scheduled event.
    attempt           bigint      NOT NULL,
    token_sha256      bytea       NOT NULL CHECK (octet_length(token_sha256) = 32),
    heartbeat_seconds bigint      CHECK (heartbeat_seconds > 0),
    opened_at         timestamptz NOT NULL,
    heartbeat_at      timestamptz,
    -- An activity's name. Its token and input stand here until a worker takes the task.
    activity          text,
    token             text,
    input             text,
    PRIMARY KEY (execution_id, attempt),
    CHECK ((token IS NULL) = (input IS NULL) AND (token IS NULL OR activity IS NOT NULL))
) WITH (fillfactor = 70);

-- Serves the workers: the oldest waiting task of an activity.
CREATE INDEX open_task_waiting ON open_task (activity, opened_at) WHERE token IS NOT NULL;

-- Inputs for a shard's executions from elsewhere, deleted by the commit of the events that they cause.
CREATE TABLE inbox (
    id           bigint   PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    execution_id uuid     NOT NULL,
    shard        smallint NOT NULL,
    body         text     NOT NULL
);

CREATE INDEX inbox_shard ON inbox (shard, id);

-- What else lists filter by; filled behind, by the owner, idempotent by id.
CREATE TABLE execution_search (
    execution_id uuid        PRIMARY KEY,
    machine_id   uuid        NOT NULL,
    closed_at    timestamptz NOT NULL,
    duration_ms  bigint      NOT NULL,
    status       smallint    NOT NULL,
    failed_state text,
    error        text
);

CREATE INDEX execution_search_error ON execution_search (machine_id, error, execution_id DESC)
    WHERE error IS NOT NULL;
CREATE INDEX execution_search_failed_state
    ON execution_search (machine_id, failed_state, execution_id DESC) WHERE failed_state IS NOT NULL;

-- A node's row is locked by each of its commits, so that a takeover, which marks the row dead, waits for
-- those in flight. Heartbeats are elsewhere: here they would queue behind commits.
CREATE TABLE node (
    id            uuid        PRIMARY KEY,
    incarnation   bigint      NOT NULL CHECK (incarnation >= 1),
    registered_at timestamptz NOT NULL,
    dead_at       timestamptz,
    -- Where people and other nodes reach it, as it says itself.
    address       text        NOT NULL
);

-- Gone when the node is dead.
CREATE TABLE node_heartbeat (
    node_id     uuid        PRIMARY KEY,
    incarnation bigint      NOT NULL,
    at          timestamptz NOT NULL,
    lease_ms    bigint      NOT NULL CHECK (lease_ms > 0)
) WITH (fillfactor = 50);

-- Owned by that incarnation of that node, as long as it lives; else free.
CREATE TABLE shard (
    id          smallint PRIMARY KEY,
    node_id     uuid,
    incarnation bigint,
    CHECK ((node_id IS NULL) = (incarnation IS NULL))
);

-- Which slots belong to which shard; together the ranges are 0 to 4095.
CREATE TABLE slot_range (
    first_slot smallint PRIMARY KEY CHECK (first_slot BETWEEN 0 AND last_slot),
    last_slot  smallint NOT NULL CHECK (last_slot <= 4095),
    shard      smallint NOT NULL REFERENCES shard (id)
);

INSERT INTO shard (id) SELECT generate_series(0, 63);
INSERT INTO slot_range (first_slot, last_slot, shard) SELECT id * 64, id * 64 + 63, id FROM shard;

-- The commits that happened, for whoever lost the answer; old rows are deleted by the node.
CREATE TABLE commit_log (
    node_id       uuid    NOT NULL,
    incarnation   bigint  NOT NULL,
    seq           bigint  NOT NULL,
    -- Written by the one who asks, so that a commit under way can no longer happen.
    is_abandoned  boolean NOT NULL DEFAULT false,
    -- Positions in the batch of the items that were left out, and why.
    names_taken   integer[],
    guards_lost   integer[],
    steps_taken   integer[],
    PRIMARY KEY (node_id, incarnation, seq)
);

-- Work that one node at a time does for all.
CREATE TABLE maintenance_lease (
    name        text        PRIMARY KEY,
    node_id     uuid        NOT NULL,
    held_until  timestamptz NOT NULL
);

-- lz4 costs a third of the default's CPU, where this server was built with it.
DO $$
BEGIN
    EXECUTE 'ALTER TABLE journal ALTER COLUMN body SET COMPRESSION lz4';
    EXECUTE 'ALTER TABLE snapshot ALTER COLUMN body SET COMPRESSION lz4';
    EXECUTE 'ALTER TABLE inbox ALTER COLUMN body SET COMPRESSION lz4';
    EXECUTE 'ALTER TABLE open_task ALTER COLUMN input SET COMPRESSION lz4';
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this PostgreSQL has no lz4';
END
$$;
