-- What the migrations add up to, as PostgreSQL 15 prints it.
-- Written by `cargo xtask db prepare`; not run by anything.

CREATE TABLE activity (
    id uuid NOT NULL,
    name text NOT NULL,
    encryption text NOT NULL,
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

CREATE TABLE alias_move (
    machine_id uuid NOT NULL,
    number bigint NOT NULL,
    alias text NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    versions bigint[] NOT NULL,
    weights smallint[] NOT NULL,
    CONSTRAINT alias_move_alias_check CHECK (((char_length(alias) >= 1) AND (char_length(alias) <= 80))),
    CONSTRAINT alias_move_check CHECK (((cardinality(versions) = cardinality(weights)) AND (cardinality(versions) <= 2)))
);

ALTER TABLE alias_move ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME alias_move_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
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

CREATE TABLE commit_log (
    node_id uuid NOT NULL,
    incarnation bigint NOT NULL,
    seq bigint NOT NULL,
    is_abandoned boolean DEFAULT false NOT NULL,
    names_taken integer[],
    guards_lost integer[],
    steps_taken integer[],
    rejected integer[]
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

CREATE TABLE deployed_function (
    name text NOT NULL,
    version_last bigint DEFAULT 0 NOT NULL,
    reserved integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT deployed_function_name_check CHECK ((name ~ '^[A-Za-z0-9_-]{1,64}$'::text)),
    CONSTRAINT deployed_function_reserved_check CHECK ((reserved >= 0)),
    CONSTRAINT deployed_function_version_last_check CHECK ((version_last >= 0))
);

CREATE TABLE draft (
    machine_id uuid NOT NULL,
    number bigint NOT NULL,
    base_revision uuid NOT NULL,
    definition text NOT NULL,
    samples text NOT NULL,
    mocks text NOT NULL,
    author text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT draft_author_check CHECK ((char_length(author) <= 256)),
    CONSTRAINT draft_definition_check CHECK ((octet_length(definition) <= 16777216)),
    CONSTRAINT draft_mocks_check CHECK ((octet_length(mocks) <= 4194304)),
    CONSTRAINT draft_number_check CHECK ((number >= 1)),
    CONSTRAINT draft_samples_check CHECK ((octet_length(samples) <= 4194304))
);

CREATE TABLE execution (
    id uuid NOT NULL,
    machine_id uuid NOT NULL,
    revision_id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closing_step bigint,
    version bigint,
    parent_execution_id uuid,
    parent_attempt bigint,
    shard smallint NOT NULL,
    status smallint NOT NULL,
    is_output_parsed boolean DEFAULT false NOT NULL,
    name text,
    alias text,
    trace_header text,
    error text,
    redrive_count integer DEFAULT 0 NOT NULL,
    redriven_at timestamp with time zone,
    CONSTRAINT execution_check CHECK ((((status = 0) = (closed_at IS NULL)) AND ((closed_at IS NULL) = (closing_step IS NULL)))),
    CONSTRAINT execution_check1 CHECK (((parent_execution_id IS NULL) = (parent_attempt IS NULL))),
    CONSTRAINT execution_check2 CHECK (((redrive_count = 0) = (redriven_at IS NULL))),
    CONSTRAINT execution_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT execution_status_check CHECK (((status >= 0) AND (status <= 4)))
);

CREATE TABLE execution_close (
    execution_id uuid NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    closing_step bigint NOT NULL,
    status smallint NOT NULL,
    error text,
    CONSTRAINT execution_close_status_check CHECK (((status >= 1) AND (status <= 4)))
);

CREATE TABLE execution_log (
    execution_id uuid NOT NULL,
    event bigint NOT NULL,
    event_at timestamp with time zone NOT NULL,
    body text NOT NULL,
    CONSTRAINT execution_log_event_check CHECK ((event >= 1))
);

CREATE TABLE execution_name (
    machine_id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    execution_id uuid NOT NULL,
    input_sha256 bytea NOT NULL,
    CONSTRAINT execution_name_input_sha256_check CHECK ((octet_length(input_sha256) = 32))
);

CREATE TABLE execution_open (
    execution_id uuid NOT NULL,
    machine_id uuid NOT NULL,
    shard smallint NOT NULL
);

CREATE TABLE execution_redrive (
    execution_id uuid NOT NULL,
    number integer NOT NULL,
    redriven_at timestamp with time zone NOT NULL,
    client_token text NOT NULL,
    CONSTRAINT execution_redrive_number_check CHECK ((number >= 1))
);

CREATE TABLE execution_rerun (
    execution_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    origin_event bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT execution_rerun_origin_event_check CHECK ((origin_event > 0))
);

CREATE TABLE execution_search (
    execution_id uuid NOT NULL,
    machine_id uuid NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    duration_ms bigint NOT NULL,
    status smallint NOT NULL,
    failed_state text,
    error text
);

CREATE TABLE express_log (
    execution_id uuid NOT NULL,
    revision_id uuid NOT NULL,
    name text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    status smallint NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT express_log_check CHECK (((closed_at IS NULL) = (status = 0))),
    CONSTRAINT express_log_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT express_log_status_check CHECK (((status >= 0) AND (status <= 4)))
);

CREATE TABLE express_start (
    execution_id uuid NOT NULL,
    node_id uuid NOT NULL,
    incarnation bigint NOT NULL,
    revision_id uuid NOT NULL,
    version bigint,
    alias text,
    name text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    takeovers smallint DEFAULT 0 NOT NULL,
    trace_header text,
    input text NOT NULL,
    CONSTRAINT express_start_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT express_start_takeovers_check CHECK ((takeovers >= 0))
);
ALTER TABLE ONLY express_start ALTER COLUMN input SET COMPRESSION lz4;

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

CREATE TABLE function_invocation (
    id bigint NOT NULL,
    request_id text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    execution_arn text,
    queued_at timestamp with time zone NOT NULL,
    init_us bigint,
    duration_us bigint NOT NULL,
    memory_mb integer NOT NULL,
    peak_memory_bytes bigint NOT NULL,
    event_bytes bigint NOT NULL,
    answer_bytes bigint NOT NULL,
    tries integer NOT NULL,
    outcome text NOT NULL,
    level text NOT NULL,
    node_id uuid NOT NULL,
    log text NOT NULL,
    CONSTRAINT function_invocation_duration_us_check CHECK ((duration_us >= 0)),
    CONSTRAINT function_invocation_init_us_check CHECK ((init_us >= 0))
);

ALTER TABLE function_invocation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME function_invocation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE function_package (
    sha256 bytea NOT NULL,
    bytes bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT function_package_bytes_check CHECK ((octet_length(bytes) <= 52428800)),
    CONSTRAINT function_package_sha256_check CHECK ((octet_length(sha256) = 32))
);
ALTER TABLE ONLY function_package ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE VIEW function_usage AS
 SELECT function_invocation.id,
    function_invocation.request_id,
    function_invocation.name,
    function_invocation.version,
    function_invocation.execution_arn,
    function_invocation.queued_at,
    (function_invocation.init_us IS NOT NULL) AS is_cold,
    function_invocation.init_us,
    function_invocation.duration_us,
    function_invocation.memory_mb,
    function_invocation.peak_memory_bytes,
    function_invocation.event_bytes,
    function_invocation.answer_bytes,
    function_invocation.tries,
    function_invocation.outcome,
    function_invocation.level,
    function_invocation.node_id
   FROM function_invocation;

CREATE TABLE function_version (
    name text NOT NULL,
    number bigint NOT NULL,
    revision uuid NOT NULL,
    configuration text NOT NULL,
    sealed bytea,
    key_version integer,
    sha256 bytea NOT NULL,
    code_bytes bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT function_version_check CHECK (((sealed IS NULL) = (key_version IS NULL))),
    CONSTRAINT function_version_code_bytes_check CHECK ((code_bytes > 0)),
    CONSTRAINT function_version_configuration_check CHECK ((octet_length(configuration) <= 65536)),
    CONSTRAINT function_version_number_check CHECK ((number >= 0)),
    CONSTRAINT function_version_sealed_check CHECK ((octet_length(sealed) <= 65536))
);

CREATE TABLE journal (
    execution_id uuid NOT NULL,
    number bigint NOT NULL,
    first_event bigint NOT NULL,
    event_count integer NOT NULL,
    format smallint NOT NULL,
    body text NOT NULL,
    CONSTRAINT journal_event_count_check CHECK ((event_count >= 0)),
    CONSTRAINT journal_first_event_check CHECK ((first_event >= 1)),
    CONSTRAINT journal_number_check CHECK ((number >= 1))
)
PARTITION BY RANGE (execution_id);
ALTER TABLE ONLY journal ALTER COLUMN body SET COMPRESSION lz4;

CREATE VIEW history_event AS
 SELECT step.execution_id,
    ((entry.value ->> 1))::bigint AS id,
    (entry.value ->> 0) AS type,
        CASE
            WHEN (json_typeof((entry.value -> 2)) = 'number'::text) THEN ((entry.value ->> 2))::bigint
            ELSE NULL::bigint
        END AS previous_id,
        CASE
            WHEN (json_typeof((entry.value -> 3)) = 'number'::text) THEN to_timestamp(((((entry.value ->> 3))::numeric / (1000000)::numeric))::double precision)
            ELSE NULL::timestamp with time zone
        END AS at,
    step.number AS step,
    entry.value AS entry,
    (step.document -> 'p'::text) AS payloads
   FROM (( SELECT journal.execution_id,
            journal.number,
                CASE
                    WHEN (journal.format = 1) THEN (replace(journal.body, '\u0000'::text, '\ufffd'::text))::json
                    ELSE NULL::json
                END AS document
           FROM journal) step
     CROSS JOIN LATERAL json_array_elements(
        CASE
            WHEN (json_typeof((step.document -> 'e'::text)) = 'array'::text) THEN (step.document -> 'e'::text)
            ELSE NULL::json
        END) entry(value))
  WHERE
        CASE
            WHEN (json_typeof(entry.value) = 'array'::text) THEN (json_typeof((entry.value -> 1)) = 'number'::text)
            ELSE false
        END;

CREATE TABLE inbox (
    id bigint NOT NULL,
    execution_id uuid NOT NULL,
    shard smallint NOT NULL,
    body text NOT NULL
);
ALTER TABLE ONLY inbox ALTER COLUMN body SET COMPRESSION lz4;

ALTER TABLE inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE log_outbox (
    id bigint NOT NULL,
    execution_id uuid NOT NULL,
    event bigint NOT NULL,
    log_group text NOT NULL,
    machine_name text NOT NULL
);

ALTER TABLE log_outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME log_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE maintenance_lease (
    name text NOT NULL,
    node_id uuid NOT NULL,
    held_until timestamp with time zone NOT NULL
);

CREATE TABLE map_run (
    id uuid NOT NULL,
    execution_id uuid NOT NULL,
    machine_id uuid NOT NULL,
    revision_id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    concurrency bigint NOT NULL,
    tolerated_count bigint,
    tolerated_percentage double precision,
    shard smallint NOT NULL,
    status smallint NOT NULL,
    is_express boolean NOT NULL,
    place text NOT NULL,
    label text NOT NULL,
    counts text NOT NULL,
    redrive_count integer DEFAULT 0 NOT NULL,
    redriven_at timestamp with time zone,
    CONSTRAINT map_run_check CHECK (((status = 0) = (closed_at IS NULL))),
    CONSTRAINT map_run_check1 CHECK (((redrive_count = 0) = (redriven_at IS NULL))),
    CONSTRAINT map_run_concurrency_check CHECK ((concurrency >= 0)),
    CONSTRAINT map_run_label_check CHECK (((char_length(label) >= 1) AND (char_length(label) <= 40))),
    CONSTRAINT map_run_redrive_count_check CHECK ((redrive_count >= 0)),
    CONSTRAINT map_run_status_check CHECK ((status = ANY (ARRAY[0, 1, 2, 4]))),
    CONSTRAINT map_run_tolerated_count_check CHECK ((tolerated_count >= 0)),
    CONSTRAINT map_run_tolerated_percentage_check CHECK (((tolerated_percentage >= (0)::double precision) AND (tolerated_percentage <= (100)::double precision)))
)
WITH (fillfactor='50');

CREATE TABLE master_key (
    version integer NOT NULL,
    proof bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT master_key_proof_check CHECK (((octet_length(proof) >= 29) AND (octet_length(proof) <= 1024))),
    CONSTRAINT master_key_version_check CHECK ((version >= 1))
);

CREATE TABLE node (
    id uuid NOT NULL,
    incarnation bigint NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    dead_at timestamp with time zone,
    address text NOT NULL,
    CONSTRAINT node_incarnation_check CHECK ((incarnation >= 1))
);

CREATE TABLE node_heartbeat (
    node_id uuid NOT NULL,
    incarnation bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lease_ms bigint NOT NULL,
    CONSTRAINT node_heartbeat_lease_ms_check CHECK ((lease_ms > 0))
)
WITH (fillfactor='50');

CREATE TABLE open_task (
    execution_id uuid NOT NULL,
    attempt bigint NOT NULL,
    token_sha256 bytea NOT NULL,
    heartbeat_seconds bigint,
    opened_at timestamp with time zone NOT NULL,
    heartbeat_at timestamp with time zone,
    activity text,
    token text,
    input text,
    CONSTRAINT open_task_check CHECK ((((token IS NULL) = (input IS NULL)) AND ((token IS NULL) OR (activity IS NOT NULL)))),
    CONSTRAINT open_task_heartbeat_seconds_check CHECK ((heartbeat_seconds > 0)),
    CONSTRAINT open_task_token_sha256_check CHECK ((octet_length(token_sha256) = 32))
)
WITH (fillfactor='70');
ALTER TABLE ONLY open_task ALTER COLUMN input SET COMPRESSION lz4;

CREATE TABLE revision (
    id uuid NOT NULL,
    machine_id uuid NOT NULL,
    number bigint NOT NULL,
    definition text NOT NULL,
    source text,
    source_format text DEFAULT 'JSON'::text NOT NULL,
    role_arn text NOT NULL,
    logging text NOT NULL,
    tracing text NOT NULL,
    encryption text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT revision_check CHECK (((source IS NULL) = (source_format = 'JSON'::text))),
    CONSTRAINT revision_definition_check CHECK (((octet_length(definition) >= 1) AND (octet_length(definition) <= 16777216))),
    CONSTRAINT revision_encryption_check CHECK ((octet_length(encryption) <= 65536)),
    CONSTRAINT revision_logging_check CHECK ((octet_length(logging) <= 65536)),
    CONSTRAINT revision_number_check CHECK ((number >= 1)),
    CONSTRAINT revision_role_arn_check CHECK ((char_length(role_arn) <= 256)),
    CONSTRAINT revision_source_check CHECK ((octet_length(source) <= 16777216)),
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

CREATE TABLE shard (
    id smallint NOT NULL,
    node_id uuid,
    incarnation bigint,
    CONSTRAINT shard_check CHECK (((node_id IS NULL) = (incarnation IS NULL)))
);

CREATE TABLE slot_range (
    first_slot smallint NOT NULL,
    last_slot smallint NOT NULL,
    shard smallint NOT NULL,
    CONSTRAINT slot_range_check CHECK (((first_slot >= 0) AND (first_slot <= last_slot))),
    CONSTRAINT slot_range_last_slot_check CHECK ((last_slot <= 4095))
);

CREATE TABLE snapshot (
    execution_id uuid NOT NULL,
    step bigint NOT NULL,
    format smallint NOT NULL,
    body text NOT NULL
);
ALTER TABLE ONLY snapshot ALTER COLUMN body SET COMPRESSION lz4;

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

CREATE VIEW usage_record AS
 SELECT 'state_visit'::text AS kind,
    history_event.at,
    history_event.execution_id,
    NULL::text AS execution_arn,
    (history_event.entry ->> 5) AS name,
    replace(history_event.type, 'StateEntered'::text, ''::text) AS state_type,
    NULL::text AS request_id,
    NULL::bigint AS init_us,
    NULL::bigint AS duration_us,
    NULL::integer AS memory_mb,
    NULL::bigint AS peak_memory_bytes,
    NULL::integer AS tries,
    NULL::text AS outcome,
    NULL::text AS level
   FROM history_event
  WHERE (history_event.type ~~ '%StateEntered'::text)
UNION ALL
 SELECT 'function_invocation'::text AS kind,
    function_invocation.queued_at AS at,
    NULL::uuid AS execution_id,
    function_invocation.execution_arn,
    function_invocation.name,
    NULL::text AS state_type,
    function_invocation.request_id,
    function_invocation.init_us,
    function_invocation.duration_us,
    function_invocation.memory_mb,
    function_invocation.peak_memory_bytes,
    function_invocation.tries,
    function_invocation.outcome,
    function_invocation.level
   FROM function_invocation;

CREATE TABLE version (
    machine_id uuid NOT NULL,
    number bigint NOT NULL,
    revision_id uuid NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT version_description_check CHECK ((char_length(description) <= 256)),
    CONSTRAINT version_number_check CHECK ((number >= 1))
);

CREATE TABLE wakeup (
    execution_id uuid NOT NULL,
    shard smallint NOT NULL,
    due timestamp with time zone NOT NULL
);

ALTER TABLE ONLY activity
    ADD CONSTRAINT activity_name_key UNIQUE (name);

ALTER TABLE ONLY activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY alias
    ADD CONSTRAINT alias_machine_id_name_key UNIQUE (machine_id, name);

ALTER TABLE ONLY alias_move
    ADD CONSTRAINT alias_move_pkey PRIMARY KEY (machine_id, number);

ALTER TABLE ONLY alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (id);

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_alias_id_version_key UNIQUE (alias_id, version);

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_pkey PRIMARY KEY (alias_id, "position");

ALTER TABLE ONLY api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY commit_log
    ADD CONSTRAINT commit_log_pkey PRIMARY KEY (node_id, incarnation, seq);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_id_key UNIQUE (id);

ALTER TABLE ONLY connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (name);

ALTER TABLE ONLY deployed_function
    ADD CONSTRAINT deployed_function_pkey PRIMARY KEY (name);

ALTER TABLE ONLY draft
    ADD CONSTRAINT draft_pkey PRIMARY KEY (machine_id);

ALTER TABLE ONLY execution_close
    ADD CONSTRAINT execution_close_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY execution_log
    ADD CONSTRAINT execution_log_pkey PRIMARY KEY (execution_id, event);

ALTER TABLE ONLY execution_name
    ADD CONSTRAINT execution_name_pkey PRIMARY KEY (machine_id, name);

ALTER TABLE ONLY execution_open
    ADD CONSTRAINT execution_open_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY execution
    ADD CONSTRAINT execution_pkey PRIMARY KEY (id);

ALTER TABLE ONLY execution_redrive
    ADD CONSTRAINT execution_redrive_pkey PRIMARY KEY (execution_id, number);

ALTER TABLE ONLY execution_rerun
    ADD CONSTRAINT execution_rerun_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY execution_search
    ADD CONSTRAINT execution_search_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY express_log
    ADD CONSTRAINT express_log_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY express_start
    ADD CONSTRAINT express_start_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY function_invocation
    ADD CONSTRAINT function_invocation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY function_package
    ADD CONSTRAINT function_package_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY function
    ADD CONSTRAINT function_pkey PRIMARY KEY (name);

ALTER TABLE ONLY function_version
    ADD CONSTRAINT function_version_pkey PRIMARY KEY (name, number);

ALTER TABLE ONLY inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (execution_id, number);

ALTER TABLE ONLY log_outbox
    ADD CONSTRAINT log_outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY maintenance_lease
    ADD CONSTRAINT maintenance_lease_pkey PRIMARY KEY (name);

ALTER TABLE ONLY map_run
    ADD CONSTRAINT map_run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY master_key
    ADD CONSTRAINT master_key_pkey PRIMARY KEY (version);

ALTER TABLE ONLY node_heartbeat
    ADD CONSTRAINT node_heartbeat_pkey PRIMARY KEY (node_id);

ALTER TABLE ONLY node
    ADD CONSTRAINT node_pkey PRIMARY KEY (id);

ALTER TABLE ONLY open_task
    ADD CONSTRAINT open_task_pkey PRIMARY KEY (execution_id, attempt);

ALTER TABLE ONLY revision
    ADD CONSTRAINT revision_machine_id_number_key UNIQUE (machine_id, number);

ALTER TABLE ONLY revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (id);

ALTER TABLE ONLY session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);

ALTER TABLE ONLY shard
    ADD CONSTRAINT shard_pkey PRIMARY KEY (id);

ALTER TABLE ONLY slot_range
    ADD CONSTRAINT slot_range_pkey PRIMARY KEY (first_slot);

ALTER TABLE ONLY snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY state_machine
    ADD CONSTRAINT state_machine_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tag
    ADD CONSTRAINT tag_pkey PRIMARY KEY (resource_id, key);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_machine_id_revision_id_key UNIQUE (machine_id, revision_id);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_pkey PRIMARY KEY (machine_id, number);

ALTER TABLE ONLY wakeup
    ADD CONSTRAINT wakeup_pkey PRIMARY KEY (execution_id);

CREATE INDEX alias_route_version ON alias_route USING btree (machine_id, version);

CREATE INDEX execution_close_unsuccessful ON execution_close USING btree (status, execution_id DESC) WHERE (status > 1);

CREATE INDEX execution_machine ON execution USING btree (machine_id, id DESC);

CREATE INDEX execution_open_machine ON execution_open USING btree (machine_id, execution_id DESC);

CREATE INDEX execution_open_shard ON execution_open USING btree (shard, execution_id);

CREATE INDEX execution_redriven ON execution USING btree (machine_id, id DESC) WHERE (redrive_count > 0);

CREATE INDEX execution_rerun_origin ON execution_rerun USING btree (origin_id, execution_id);

CREATE INDEX execution_search_error ON execution_search USING btree (machine_id, error, execution_id DESC) WHERE (error IS NOT NULL);

CREATE INDEX execution_search_error_of_all ON execution_search USING btree (error, execution_id DESC) WHERE (error IS NOT NULL);

CREATE INDEX execution_search_failed_state ON execution_search USING btree (machine_id, failed_state, execution_id DESC) WHERE (failed_state IS NOT NULL);

CREATE INDEX execution_search_failed_state_of_all ON execution_search USING btree (failed_state, execution_id DESC) WHERE (failed_state IS NOT NULL);

CREATE INDEX execution_unsuccessful ON execution USING btree (status, id DESC) WHERE (status > 1);

CREATE INDEX express_log_revision ON express_log USING btree (revision_id, started_at DESC);

CREATE INDEX express_log_started ON express_log USING btree (started_at);

CREATE INDEX express_start_owner ON express_start USING btree (node_id, incarnation);

CREATE INDEX function_invocation_name ON function_invocation USING btree (name, id DESC);

CREATE INDEX function_version_sha256 ON function_version USING btree (sha256);

CREATE INDEX inbox_shard ON inbox USING btree (shard, id);

CREATE INDEX map_run_closed ON map_run USING btree (closed_at) WHERE (status <> 0);

CREATE INDEX map_run_execution ON map_run USING btree (execution_id, id DESC);

CREATE INDEX map_run_open ON map_run USING btree (shard, id) WHERE (status = 0);

CREATE INDEX open_task_waiting ON open_task USING btree (activity, opened_at) WHERE (token IS NOT NULL);

CREATE INDEX session_expires_at ON session USING btree (expires_at);

CREATE INDEX session_key_id ON session USING btree (key_id);

CREATE UNIQUE INDEX state_machine_live ON state_machine USING btree (name) WHERE (deleted_at IS NULL);

CREATE INDEX wakeup_due ON wakeup USING btree (shard, due, execution_id);

ALTER TABLE ONLY alias
    ADD CONSTRAINT alias_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY alias_move
    ADD CONSTRAINT alias_move_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_alias_id_fkey FOREIGN KEY (alias_id) REFERENCES alias(id) ON DELETE CASCADE;

ALTER TABLE ONLY alias_route
    ADD CONSTRAINT alias_route_machine_id_version_fkey FOREIGN KEY (machine_id, version) REFERENCES version(machine_id, number);

ALTER TABLE ONLY draft
    ADD CONSTRAINT draft_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY function_version
    ADD CONSTRAINT function_version_name_fkey FOREIGN KEY (name) REFERENCES deployed_function(name) ON DELETE CASCADE;

ALTER TABLE ONLY function_version
    ADD CONSTRAINT function_version_sha256_fkey FOREIGN KEY (sha256) REFERENCES function_package(sha256);

ALTER TABLE ONLY revision
    ADD CONSTRAINT revision_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY session
    ADD CONSTRAINT session_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_key(id) ON DELETE CASCADE;

ALTER TABLE ONLY slot_range
    ADD CONSTRAINT slot_range_shard_fkey FOREIGN KEY (shard) REFERENCES shard(id);

ALTER TABLE ONLY state_machine
    ADD CONSTRAINT state_machine_revision FOREIGN KEY (revision_id) REFERENCES revision(id);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES state_machine(id);

ALTER TABLE ONLY version
    ADD CONSTRAINT version_revision_id_fkey FOREIGN KEY (revision_id) REFERENCES revision(id);
