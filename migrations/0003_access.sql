-- Who may call: keys that people make with `stepwright keys create`, and the sessions that a sign-in with one opens.
-- A key's secret must be readable again, since SigV4 computes with it; so it is sealed (AES-256-GCM under the
-- server's master key, the key's id as associated data), not hashed. A session's token is only ever compared,
-- so only its SHA-256 is kept.

CREATE TABLE api_key (
    id text PRIMARY KEY CHECK (id ~ '^[A-Z0-9]{16,128}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
    -- Nonce (12 bytes), ciphertext, tag (16 bytes).
    sealed bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 29 AND 1024),
    -- Which master key sealed it, so that a new master key can be brought in row by row.
    key_version integer NOT NULL CHECK (key_version >= 1),
    created_at timestamptz NOT NULL,
    -- Kept to the quarter of an hour; absent until the first call.
    last_used_at timestamptz,
    -- Never used twice, so that count and sum together tell whether the set of keys has changed.
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY
);

CREATE TABLE session (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    key_id text NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
);

-- Deleting a key ends its sessions, and expired sessions are swept by time.
CREATE INDEX session_key_id ON session (key_id);
CREATE INDEX session_expires_at ON session (expires_at);
