-- Map Runs are redriven, as the executions that wait for them, and forgotten after them.

ALTER TABLE map_run
    -- How often it was redriven, and when for the last time.
    ADD COLUMN redrive_count integer NOT NULL DEFAULT 0 CHECK (redrive_count >= 0),
    ADD COLUMN redriven_at   timestamptz,
    ADD CHECK ((redrive_count = 0) = (redriven_at IS NULL));

-- Serves the sweep of those whose retention is over.
CREATE INDEX map_run_closed ON map_run (closed_at) WHERE status <> 0;
