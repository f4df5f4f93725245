-- What tasks call: functions (HTTP endpoints that the operator registered) and connections (how an
-- HTTP task proves who it is). Both are configuration, read through a small cache by every node and
-- never touched by an execution. Secret values are sealed before they arrive here: the database sees
-- ciphertext and the number of the key that opens it.

CREATE TABLE function (
    name            text        PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_-]{1,64}$'),
    url             text        NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
    timeout_ms      integer     NOT NULL CHECK (timeout_ms BETWEEN 1 AND 900000),
    -- A JSON object of header name to value, as text: order and spelling stay.
    headers         text        NOT NULL DEFAULT '{}' CHECK (octet_length(headers) <= 32768),
    -- The names of the sealed headers, so that a listing needs no key.
    secret_names    text[]      NOT NULL DEFAULT '{}',
    sealed          bytea       CHECK (octet_length(sealed) <= 65536),
    key_version     integer,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CHECK ((sealed IS NULL) = (key_version IS NULL)),
    CHECK ((sealed IS NULL) = (cardinality(secret_names) = 0))
);

CREATE TABLE connection (
    name            text        PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9._-]{1,64}$'),
    -- The last part of the connection's ARN; given once and kept over changes.
    id              uuid        NOT NULL UNIQUE,
    authorization_type text     NOT NULL
        CHECK (authorization_type IN ('BASIC', 'API_KEY', 'OAUTH_CLIENT_CREDENTIALS')),
    -- Everything about it that is not secret, as JSON text.
    parameters      text        NOT NULL CHECK (octet_length(parameters) <= 65536),
    sealed          bytea       NOT NULL CHECK (octet_length(sealed) <= 65536),
    key_version     integer     NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
