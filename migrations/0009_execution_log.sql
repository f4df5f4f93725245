-- What a state machine's logging configuration asks for: one row for each event that is logged.
--
-- Written behind, after the commit of the events, so that no step waits for it; a node that dies may leave
-- some out. Forgotten with the execution.

CREATE TABLE execution_log (
    execution_id uuid        NOT NULL,
    -- The number of the event.
    event        bigint      NOT NULL CHECK (event >= 1),
    event_at     timestamptz NOT NULL,
    -- JSON text, in the form that AWS writes to a log group.
    body         text        NOT NULL,
    PRIMARY KEY (execution_id, event)
);
