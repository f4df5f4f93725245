-- Where aliases led and since when, for people who look back: a row when one is made, led elsewhere or
-- deleted. The newest of a machine are kept, those of deleted aliases too; nothing is decided by them.

CREATE TABLE alias_move (
    machine_id uuid        NOT NULL REFERENCES state_machine (id),
    number     bigint      GENERATED ALWAYS AS IDENTITY,
    alias      text        NOT NULL CHECK (char_length(alias) BETWEEN 1 AND 80),
    moved_at   timestamptz NOT NULL,
    -- Empty where the alias was deleted.
    versions   bigint[]    NOT NULL,
    weights    smallint[]  NOT NULL,
    PRIMARY KEY (machine_id, number),
    CHECK (cardinality(versions) = cardinality(weights) AND cardinality(versions) <= 2)
);
