-- The server's master key is not in the database, so two nodes could be given different ones and seal secrets
-- that the other cannot open. The first node of each version leaves a proof here: something that its key sealed.

CREATE TABLE master_key (
    version integer PRIMARY KEY CHECK (version >= 1),
    -- Nonce (12 bytes), ciphertext, tag (16 bytes).
    proof bytea NOT NULL CHECK (octet_length(proof) BETWEEN 29 AND 1024),
    created_at timestamptz NOT NULL
);
