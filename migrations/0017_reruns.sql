-- Which execution is a rerun of which. Written before the rerun starts, so that one that is there is
-- always named; a row whose execution never began is shown to nobody.
CREATE TABLE execution_rerun (
    execution_id uuid        PRIMARY KEY,
    -- The execution that it goes on from, and the event there by which the chosen state was entered.
    origin_id    uuid        NOT NULL,
    origin_event bigint      NOT NULL CHECK (origin_event > 0),
    created_at   timestamptz NOT NULL
);

-- Serves the page of the other execution, and the sweep of what is forgotten.
CREATE INDEX execution_rerun_origin ON execution_rerun (origin_id, execution_id);
