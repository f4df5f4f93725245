-- Drafts: what is being made of a machine in the designer, before it is saved as a revision. One for each
-- machine, seen by all who may change it; whoever writes says which number they go on from, so that two do
-- not write over one another. What the designer needs beside it, inputs and mocks to try states with, lives
-- here and never in the definition, and stays when the draft has become a revision.

CREATE TABLE draft (
    machine_id    uuid        PRIMARY KEY REFERENCES state_machine (id),
    -- Counts the writes from 1.
    number        bigint      NOT NULL CHECK (number >= 1),
    -- The revision that the definition was made from. No reference: it is only compared.
    base_revision uuid        NOT NULL,
    -- Text as it is typed: it need not be valid, nor JSON.
    definition    text        NOT NULL CHECK (octet_length(definition) <= 16777216),
    -- JSON texts of the designer's lists.
    samples       text        NOT NULL CHECK (octet_length(samples) <= 4194304),
    mocks         text        NOT NULL CHECK (octet_length(mocks) <= 4194304),
    -- The name of the key that wrote it.
    author        text        NOT NULL CHECK (char_length(author) <= 256),
    updated_at    timestamptz NOT NULL
);
