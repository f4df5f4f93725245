-- Functions whose code this server runs: a package by the hash of its content, one row for each form
-- of a function (its latest under version 0, its published ones under 1, 2, 3 ...), and one row for each
-- invocation, from which cost is worked out later: nothing in it is rounded. A name belongs to a function
-- with code or to an endpoint in the table function, never to both.

CREATE TABLE function_package (
    sha256          bytea       PRIMARY KEY CHECK (octet_length(sha256) = 32),
    -- A zip archive. Compressed already, so it is not compressed again.
    bytes           bytea       NOT NULL CHECK (octet_length(bytes) <= 52428800),
    created_at      timestamptz NOT NULL
);
ALTER TABLE function_package ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE deployed_function (
    name            text        PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_-]{1,64}$'),
    -- The number of the version published last.
    version_last    bigint      NOT NULL DEFAULT 0 CHECK (version_last >= 0),
    -- Invocations at once that are reserved for it.
    reserved        integer     CHECK (reserved >= 0),
    created_at      timestamptz NOT NULL
);

CREATE TABLE function_version (
    name            text        NOT NULL REFERENCES deployed_function (name) ON DELETE CASCADE,
    -- 0 is the latest form, which changes; the others never do.
    number          bigint      NOT NULL CHECK (number >= 0),
    -- Changes with everything that an instance is started with.
    revision        uuid        NOT NULL,
    -- Everything else that was configured, as JSON text.
    configuration   text        NOT NULL CHECK (octet_length(configuration) <= 65536),
    -- The environment: a JSON object, sealed.
    sealed          bytea       CHECK (octet_length(sealed) <= 65536),
    key_version     integer,
    sha256          bytea       NOT NULL REFERENCES function_package (sha256),
    code_bytes      bigint      NOT NULL CHECK (code_bytes > 0),
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (name, number),
    CHECK ((sealed IS NULL) = (key_version IS NULL))
);
-- Finds out whether a package is still used.
CREATE INDEX function_version_sha256 ON function_version (sha256);

CREATE TABLE function_invocation (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id      text        NOT NULL,
    name            text        NOT NULL,
    version         text        NOT NULL,
    execution_arn   text,
    queued_at       timestamptz NOT NULL,
    -- Absent where an instance was there already.
    init_us         bigint      CHECK (init_us >= 0),
    duration_us     bigint      NOT NULL CHECK (duration_us >= 0),
    memory_mb       integer     NOT NULL,
    peak_memory_bytes bigint    NOT NULL,
    event_bytes     bigint      NOT NULL,
    answer_bytes    bigint      NOT NULL,
    tries           integer     NOT NULL,
    outcome         text        NOT NULL,
    level           text        NOT NULL,
    node_id         uuid        NOT NULL,
    log             text        NOT NULL
);
-- The newest of one function.
CREATE INDEX function_invocation_name ON function_invocation (name, id DESC);

-- What a bill is made of, for people with psql.
CREATE VIEW function_usage AS
SELECT id, request_id, name, version, execution_arn, queued_at, init_us IS NOT NULL AS is_cold, init_us,
       duration_us, memory_mb, peak_memory_bytes, event_bytes, answer_bytes, tries, outcome, level, node_id
FROM function_invocation;
