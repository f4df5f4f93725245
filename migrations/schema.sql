-- What the migrations add up to, as PostgreSQL 15 prints it.
-- Written by `cargo xtask db prepare`; not run by anything.

CREATE TABLE activity (
    id uuid NOT NULL,
    name text NOT NULL,
    encryption text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT activity_encryption_check CHECK ((octet_length(encryption) <= 65536)),
    CONSTRAINT activity_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80)))
);

CREATE TABLE alias (
    id uuid NOT NULL,
    machine_id uuid NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT alias_description_check CHECK ((char_length(description) <= 256)),
    CONSTRAINT alias_name_check CHECK ((name ~ '^[a-zA-Z0-9_.-]{1,80}$'::text))
);

CREATE TABLE alias_route (
    alias_id uuid NOT NULL,
    "position" smallint NOT NULL,
    machine_id uuid NOT NULL,
    version bigint NOT NULL,
    weight smallint NOT NULL,
    CONSTRAINT alias_route_position_check CHECK (("position" = ANY (ARRAY[1, 2]))),
    CONSTRAINT alias_route_weight_check CHECK (((weight >= 0) AND (weight <= 100)))
);

CREATE TABLE api_key (
    id text NOT NULL,
    name text NOT NULL,
    sealed bytea NOT NULL,
    key_version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    number bigint NOT NULL,
    CONSTRAINT api_key_id_check CHECK ((id ~ '^[A-Z0-9]{16,128}$'::text)),
    CONSTRAINT api_key_key_version_check CHECK ((key_version >= 1)),
    CONSTRAINT api_key_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT api_key_sealed_check CHECK (((octet_length(sealed) >= 29) AND (octet_length(sealed) <= 1024)))
);

ALTER TABLE api_key ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME api_key_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE connection (
    name text NOT NULL,
    id uuid NOT NULL,
    authorization_type text NOT NULL,
    parameters text NOT NULL,
    sealed bytea NOT NULL,
    key_version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT connection_authorization_type_check CHECK ((authorization_type = ANY (ARRAY['BASIC'::text, 'API_KEY'::text, 'OAUTH_CLIENT_CREDENTIALS'::text]))),
    CONSTRAINT connection_name_check CHECK ((name ~ '^[A-Za-z0-9._-]{1,64}$'::text)),
    CONSTRAINT connection_parameters_check CHECK ((octet_length(parameters) <= 65536)),
    CONSTRAINT connection_sealed_check CHECK ((octet_length(sealed) <= 65536))
);

CREATE TABLE function (
    name text NOT NULL,
    url text NOT NULL,
    timeout_ms integer NOT NULL,
    headers text DEFAULT '{}'::text NOT NULL,
    secret_names text[] DEFAULT '{}'::text[] NOT NULL,
    sealed bytea,
    key_version integer,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT function_check CHECK (((sealed IS NULL) = (key_version IS NULL))),
    CONSTRAINT function_check1 CHECK (((sealed IS NULL) = (cardinality(secret_names) = 0))),
    CONSTRAINT function_headers_check CHECK ((octet_length(headers) <= 32768)),
    CONSTRAINT function_name_check CHECK ((name ~ '^[A-Za-z0-9_-]{1,64}$'::text)),
    CONSTRAINT function_sealed_check CHECK ((octet_length(sealed) <= 65536)),
    CONSTRAINT function_timeout_ms_check CHECK (((timeout_ms >= 1) AND (timeout_ms <= 900000))),
    CONSTRAINT function_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2048)))
);

CREATE TABLE revision (
    id uuid NOT NULL,
    machine_id uuid NOT NULL,
    number bigint NOT NULL,
    definition text NOT NULL,
    source text,
    source_format text DEFAULT 'JSON'::text NOT NULL,
    role_arn text NOT NULL,
    logging text,
    tracing text,
    encryption text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT revision_check CHECK (((source IS NULL) = (source_format = 'JSON'::text))),
    CONSTRAINT revision_definition_check CHECK (((octet_length(definition) >= 1) AND (octet_length(definition) <= 4194304))),
    CONSTRAINT revision_encryption_check CHECK ((octet_length(encryption) <= 65536)),
    CONSTRAINT revision_logging_check CHECK ((octet_length(logging) <= 65536)),
    CONSTRAINT revision_number_check CHECK ((number >= 1)),
    CONSTRAINT revision_role_arn_check CHECK ((char_length(role_arn) <= 256)),
    CONSTRAINT revision_source_check CHECK ((octet_length(source) <= 4194304)),
    CONSTRAINT revision_source_format_check CHECK ((source_format = ANY (ARRAY['JSON'::text, 'YAML'::text]))),
    CONSTRAINT revision_tracing_check CHECK ((octet_length(tracing) <= 65536))
);

CREATE TABLE session (
    token_hash bytea NOT NULL,
    key_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT session_check CHECK ((expires_at > created_at)),
    CONSTRAINT session_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE setting (
    name text NOT NULL,
    value text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT setting_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 128))),
    CONSTRAINT setting_value_check CHECK ((octet_length(value) <= 65536))
);

CREATE TABLE state_machine (
    id uuid NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    revision_id uuid NOT NULL,
    last_version bigint DEFAULT 0 NOT NULL,
    publish_on_create boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT state_machine_check CHECK (((deleted_at IS NULL) OR (status = 'DELETING'::text))),
    CONSTRAINT state_machine_last_version_check CHECK ((last_version >= 0)),
    CONSTRAINT state_machine_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT state_machine_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'DELETING'::text]))),
    CONSTRAINT state_machine_type_check CHECK ((type = ANY (ARRAY['STANDARD'::text, 'EXPRESS'::text])))
);

CREATE TABLE tag (
    resource_id uuid NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT tag_key_check CHECK (((char_length(key) >= 1) AND (char_length(key) <= 128))),
    CONSTRAINT tag_value_check CHECK ((char_length(value) <= 256))
);

ALTER TABLE tag ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tag_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE version (
    machine_id uuid NOT NULL,
    number bigint NOT NULL,
    revision_id uuid NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT version_description_check CHECK ((char_length(description) <= 256)),
    CONSTRAINT version_number_check CHECK ((number >= 1))
);

ALTER TABLE ONLY activity
    ADD CONSTRAINT activity_name_key UNIQUE (name);

ALTER TABLE ONLY activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY alias
    ADD CONSTRAINT alias_machine_id_name_key UNIQUE (machine_id, name);

ALTER TABLE ONLY alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (id);

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_alias_id_version_key UNIQUE (alias_id, version);

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_pkey PRIMARY KEY (alias_id, "position");

ALTER TABLE ONLY api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_id_key UNIQUE (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (name);

ALTER TABLE ONLY function
    ADD CONSTRAINT function_pkey PRIMARY KEY (name);

ALTER TABLE ONLY revision
    ADD CONSTRAINT revision_machine_id_number_key UNIQUE (machine_id, number);

ALTER TABLE ONLY revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (id);

ALTER TABLE ONLY session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);

ALTER TABLE ONLY state_machine
    ADD CONSTRAINT state_machine_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tag
    ADD CONSTRAINT tag_pkey PRIMARY KEY (resource_id, key);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_machine_id_revision_id_key UNIQUE (machine_id, revision_id);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_pkey PRIMARY KEY (machine_id, number);

CREATE INDEX alias_route_version ON alias_route USING btree (machine_id, version);

CREATE INDEX session_expires_at ON session USING btree (expires_at);

CREATE INDEX session_key_id ON session USING btree (key_id);

CREATE UNIQUE INDEX state_machine_live ON state_machine USING btree (name) WHERE (deleted_at IS NULL);

ALTER TABLE ONLY alias
    ADD CONSTRAINT alias_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_alias_id_fkey FOREIGN KEY (alias_id) REFERENCES alias(id) ON DELETE CASCADE;

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_machine_id_version_fkey FOREIGN KEY (machine_id, version) REFERENCES version(machine_id, number);

ALTER TABLE ONLY revision
    ADD CONSTRAINT revision_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY session
    ADD CONSTRAINT session_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_key(id) ON DELETE CASCADE;

ALTER TABLE ONLY state_machine
    ADD CONSTRAINT state_machine_revision FOREIGN KEY (revision_id) REFERENCES revision(id);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_revision_id_fkey FOREIGN KEY (revision_id) REFERENCES revision(id);
