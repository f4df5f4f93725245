-- Express executions that have lines in execution_log: what a page tells of them beside their lines. Nothing else
-- of an Express execution is kept, so one whose machine logs nothing has no row.
--
-- Written behind, by the same transaction as the lines. Forgotten with them after the retention.
CREATE TABLE express_log (
    execution_id uuid        PRIMARY KEY,
    revision_id  uuid        NOT NULL,
    name         text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
    started_at   timestamptz NOT NULL,
    -- As execution.status. One whose node went down stays as it was.
    status       smallint    NOT NULL CHECK (status BETWEEN 0 AND 4),
    closed_at    timestamptz,
    CHECK ((closed_at IS NULL) = (status = 0))
);

-- Serves the retention: ids are no help, since a child's is its parent's choice.
CREATE INDEX express_log_started ON express_log (started_at);
