-- Redrives: an execution that closed without success goes on, under its own id.
--
-- A redrive is rare and never on the path of a step, so it may do what steps must not: it updates the
-- execution's row and takes its close away, both in the commit that writes its event. What lists and
-- filters read is then what it is for an execution that never closed.

ALTER TABLE execution
    ADD COLUMN redrive_count integer NOT NULL DEFAULT 0,
    ADD COLUMN redriven_at timestamptz,
    ADD CHECK ((redrive_count = 0) = (redriven_at IS NULL));

-- Serves listings of what was redriven, which is little of all.
CREATE INDEX execution_redriven ON execution (machine_id, id DESC) WHERE redrive_count > 0;

-- One row a redrive, so that a request that is repeated with its token is answered and not done again.
CREATE TABLE execution_redrive (
    execution_id uuid        NOT NULL,
    -- 1, 2, 3 … within the execution.
    number       integer     NOT NULL CHECK (number >= 1),
    redriven_at  timestamptz NOT NULL,
    -- Given by the caller, or made up.
    client_token text        NOT NULL,
    PRIMARY KEY (execution_id, number)
);
