-- Map Runs: what a distributed Map has done, as the API shows it.
--
-- A Map Run is its own aggregate. Its steps are rows of the journal under its own id, which lies in the
-- slot of the execution that began it; the row here is what can be asked without folding them, and is
-- brought up to date by each of its steps. It is one row for many thousand children, so an update of it
-- costs nothing beside them. Its children are executions whose machine_id is the Map Run's id, so that a
-- machine's executions are listed without them, and a Map Run's by the same index.

CREATE TABLE map_run (
    -- UUIDv7, as an execution's.
    id                   uuid        PRIMARY KEY,
    execution_id         uuid        NOT NULL,
    machine_id           uuid        NOT NULL,
    revision_id          uuid        NOT NULL,
    started_at           timestamptz NOT NULL,
    closed_at            timestamptz,
    -- 0 is as many as the server allows.
    concurrency          bigint      NOT NULL CHECK (concurrency >= 0),
    tolerated_count      bigint      CHECK (tolerated_count >= 0),
    tolerated_percentage float8      CHECK (tolerated_percentage BETWEEN 0 AND 100),
    shard                smallint    NOT NULL,
    -- 0 running, 1 succeeded, 2 failed, 4 aborted, as an execution's.
    status               smallint    NOT NULL CHECK (status IN (0, 1, 2, 4)),
    is_express           boolean     NOT NULL,
    -- The place of its Map state in the revision's definition, a JSON Pointer.
    place                text        NOT NULL,
    label                text        NOT NULL CHECK (char_length(label) BETWEEN 1 AND 40),
    -- JSON: how many items and executions stand where.
    counts               text        NOT NULL,
    CHECK ((status = 0) = (closed_at IS NULL))
) WITH (fillfactor = 50);

-- Serves the listing of an execution's Map Runs, newest first.
CREATE INDEX map_run_execution ON map_run (execution_id, id DESC);
-- Serves a takeover.
CREATE INDEX map_run_open ON map_run (shard, id) WHERE status = 0;
