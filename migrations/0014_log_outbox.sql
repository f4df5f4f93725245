-- Lines of execution_log that a log group is yet to be sent: a row is written with its line and deleted when the
-- group has taken it. Empty where no endpoint is set.
CREATE TABLE log_outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id uuid   NOT NULL,
    event        bigint NOT NULL,
    -- The ARN of the log group, as the machine's configuration has it.
    log_group    text   NOT NULL,
    machine_name text   NOT NULL
);
