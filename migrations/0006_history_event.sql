-- For people with psql: one row an event, unpacked from the journal's rows of format 1.
--
-- Read-only, and not for the server, which decodes rows itself. A row of another format, and an entry
-- that is not an event, is left out. An entry is [type, id, previous id, microseconds, thread, …]; where
-- it holds a whole number in place of a payload, that is a position in `payloads`, and [step, position]
-- names one of an earlier step. The escape of the character U+0000, which PostgreSQL's json cannot
-- unpack, shows as U+FFFD.

CREATE VIEW history_event AS
SELECT
    step.execution_id,
    (entry.value ->> 1)::bigint AS id,
    entry.value ->> 0 AS type,
    CASE WHEN json_typeof(entry.value -> 2) = 'number' THEN (entry.value ->> 2)::bigint END
        AS previous_id,
    CASE
        WHEN json_typeof(entry.value -> 3) = 'number'
        THEN to_timestamp((entry.value ->> 3)::numeric / 1000000)
    END AS at,
    step.number AS step,
    entry.value AS entry,
    step.document -> 'p' AS payloads
FROM (
    SELECT
        execution_id,
        number,
        CASE WHEN format = 1 THEN replace(body, '\u0000', '\ufffd')::json END AS document
    FROM journal
) AS step
CROSS JOIN LATERAL json_array_elements(
    CASE WHEN json_typeof(step.document -> 'e') = 'array' THEN step.document -> 'e' END
) AS entry (value)
WHERE CASE
    WHEN json_typeof(entry.value) = 'array' THEN json_typeof(entry.value -> 1) = 'number'
    ELSE false
END;
