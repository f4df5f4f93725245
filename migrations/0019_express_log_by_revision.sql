-- The newest logged executions of an Express machine are found revision by revision.

CREATE INDEX express_log_revision ON express_log USING btree (revision_id, started_at DESC);
