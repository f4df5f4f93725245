-- Express executions that were started without waiting for their answer. One is a single row, written before
-- its start is answered and deleted behind when it has closed: nothing else of it is kept here. It belongs to
-- the node that runs it; when that life of the node is over, another node takes the row over and runs the
-- execution from its start.
CREATE TABLE express_start (
    execution_id uuid        PRIMARY KEY,
    node_id      uuid        NOT NULL,
    incarnation  bigint      NOT NULL,
    revision_id  uuid        NOT NULL,
    -- The version or alias that it was started by.
    version      bigint,
    alias        text,
    name         text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
    started_at   timestamptz NOT NULL,
    -- How often it was taken over. One that brings down every node that runs it is given up.
    takeovers    smallint    NOT NULL DEFAULT 0 CHECK (takeovers >= 0),
    trace_header text,
    -- Text, never jsonb: payloads keep the spelling of their author.
    input        text        NOT NULL
);

-- Serves the nodes that look for what others left behind.
CREATE INDEX express_start_owner ON express_start (node_id, incarnation);

-- lz4 costs a third of the default's CPU, where this server was built with it.
DO $$
BEGIN
    EXECUTE 'ALTER TABLE express_start ALTER COLUMN input SET COMPRESSION lz4';
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this PostgreSQL has no lz4';
END
$$;
