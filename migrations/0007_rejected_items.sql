-- An item that the database cannot hold must not hold up its neighbours: it is left out of its batch, and
-- the log says so for whoever lost the answer.

ALTER TABLE commit_log ADD COLUMN rejected integer[];
