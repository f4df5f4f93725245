-- Serve listings of failures by error or by failed state over all machines. Only executions that closed
-- without success have rows here, so that the common path writes neither.
CREATE INDEX execution_search_error_of_all ON execution_search (error, execution_id DESC)
    WHERE error IS NOT NULL;

CREATE INDEX execution_search_failed_state_of_all ON execution_search (failed_state, execution_id DESC)
    WHERE failed_state IS NOT NULL;
