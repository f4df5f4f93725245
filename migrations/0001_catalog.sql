-- What exists besides executions: state machines with their revisions, versions and aliases, tags,
-- activities, and settings of the whole server.
--
-- None of it lies on the path of a step: a node reads a revision once and keeps it. Names are those of
-- the service's API. ARNs are not stored: they are made of the server's account and region and the name.

CREATE TABLE state_machine (
    id                uuid        PRIMARY KEY,
    name              text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
    type              text        NOT NULL CHECK (type IN ('STANDARD', 'EXPRESS')),
    status            text        NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'DELETING')),
    -- The current revision; executions that were started keep theirs.
    revision_id       uuid        NOT NULL,
    -- The highest version number ever given: numbers of deleted versions do not come back.
    last_version      bigint      NOT NULL DEFAULT 0 CHECK (last_version >= 0),
    -- Whether its creation asked for a version too: a repeated creation must ask the same.
    publish_on_create boolean     NOT NULL,
    created_at        timestamptz NOT NULL,
    -- The row outlives the machine, since executions and names of executions refer to it.
    deleted_at        timestamptz,
    CHECK (deleted_at IS NULL OR status = 'DELETING')
);

-- Serves the lookup by name, the listing in the order of names, and says that a live name is unique.
CREATE UNIQUE INDEX state_machine_live ON state_machine (name) WHERE deleted_at IS NULL;

-- Immutable: an execution runs on the one that it started with.
CREATE TABLE revision (
    id            uuid        PRIMARY KEY,
    machine_id    uuid        NOT NULL REFERENCES state_machine (id),
    -- 1 is the initial one, whose id the API does not show.
    number        bigint      NOT NULL CHECK (number >= 1),
    -- JSON text exactly as it was given, or as it was made of the source.
    definition    text        NOT NULL CHECK (octet_length(definition) BETWEEN 1 AND 16777216),
    -- What the author wrote, where that is not the definition itself.
    source        text        CHECK (octet_length(source) <= 16777216),
    source_format text        NOT NULL DEFAULT 'JSON' CHECK (source_format IN ('JSON', 'YAML')),
    role_arn      text        NOT NULL CHECK (char_length(role_arn) <= 256),
    -- The service's configuration objects as JSON texts, whole: with defaults for what was not given.
    logging       text        NOT NULL CHECK (octet_length(logging) <= 65536),
    tracing       text        NOT NULL CHECK (octet_length(tracing) <= 65536),
    encryption    text        NOT NULL CHECK (octet_length(encryption) <= 65536),
    created_at    timestamptz NOT NULL,
    UNIQUE (machine_id, number),
    CHECK ((source IS NULL) = (source_format = 'JSON'))
);

ALTER TABLE state_machine
    ADD CONSTRAINT state_machine_revision FOREIGN KEY (revision_id) REFERENCES revision (id);

-- A revision under a number that users can start and aliases can point at.
CREATE TABLE version (
    machine_id  uuid        NOT NULL REFERENCES state_machine (id),
    number      bigint      NOT NULL CHECK (number >= 1),
    revision_id uuid        NOT NULL REFERENCES revision (id),
    description text        NOT NULL DEFAULT '' CHECK (char_length(description) <= 256),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (machine_id, number),
    -- Publishing a revision again answers with its version.
    UNIQUE (machine_id, revision_id)
);

CREATE TABLE alias (
    id          uuid        PRIMARY KEY,
    machine_id  uuid        NOT NULL REFERENCES state_machine (id),
    name        text        NOT NULL CHECK (name ~ '^[a-zA-Z0-9_.-]{1,80}$'),
    description text        NOT NULL DEFAULT '' CHECK (char_length(description) <= 256),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    UNIQUE (machine_id, name)
);

-- One or two versions, whose weights make 100. A version that one of these names cannot be deleted.
CREATE TABLE alias_route (
    alias_id   uuid     NOT NULL REFERENCES alias (id) ON DELETE CASCADE,
    position   smallint NOT NULL CHECK (position IN (1, 2)),
    machine_id uuid     NOT NULL,
    version    bigint   NOT NULL,
    weight     smallint NOT NULL CHECK (weight BETWEEN 0 AND 100),
    PRIMARY KEY (alias_id, position),
    UNIQUE (alias_id, version),
    FOREIGN KEY (machine_id, version) REFERENCES version (machine_id, number)
);

CREATE INDEX alias_route_version ON alias_route (machine_id, version);

CREATE TABLE activity (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 80),
    -- The service's configuration object as JSON text, whole.
    encryption text        NOT NULL CHECK (octet_length(encryption) <= 65536),
    created_at timestamptz NOT NULL
);

-- Tags of state machines and activities; both have ids of one kind, so one table holds them.
CREATE TABLE tag (
    resource_id uuid   NOT NULL,
    key         text   NOT NULL CHECK (char_length(key) BETWEEN 1 AND 128),
    value       text   NOT NULL CHECK (char_length(value) <= 256),
    -- Tags are listed in the order in which they were first set.
    position    bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (resource_id, key)
);

-- What all nodes of one database must agree on, such as the key that signs page tokens.
CREATE TABLE setting (
    name       text        PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 128),
    value      text        NOT NULL CHECK (octet_length(value) <= 65536),
    updated_at timestamptz NOT NULL
);
