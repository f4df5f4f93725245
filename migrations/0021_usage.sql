-- What a bill is made of, in one view for people with psql and for price models: a row for each state that an
-- execution entered, from the journal, and one for each invocation of a function. Nothing is rounded or added
-- up here. Executions that have no journal, as Express ones, have no rows of visits.

CREATE VIEW usage_record AS
SELECT
    'state_visit' AS kind,
    at,
    execution_id,
    NULL::text AS execution_arn,
    -- The state's name.
    entry ->> 5 AS name,
    replace(type, 'StateEntered', '') AS state_type,
    NULL::text AS request_id,
    NULL::bigint AS init_us,
    NULL::bigint AS duration_us,
    NULL::integer AS memory_mb,
    NULL::bigint AS peak_memory_bytes,
    NULL::integer AS tries,
    NULL::text AS outcome,
    NULL::text AS level
FROM history_event
WHERE type LIKE '%StateEntered'
UNION ALL
SELECT
    'function_invocation',
    queued_at,
    NULL,
    execution_arn,
    name,
    NULL,
    request_id,
    init_us,
    duration_us,
    memory_mb,
    peak_memory_bytes,
    tries,
    outcome,
    level
FROM function_invocation;
