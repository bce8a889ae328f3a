-- A subject may have several lines of therapy, each an episode with a result of its own. NULL where
-- there is only one.

ALTER TABLE subject_facts ADD COLUMN line VARCHAR;
ALTER TABLE result ADD COLUMN line VARCHAR;
ALTER TABLE assessment ADD COLUMN line VARCHAR;

CREATE OR REPLACE VIEW current_subject_facts AS
SELECT * FROM subject_facts
QUALIFY revision = max(revision) OVER (PARTITION BY subject);

CREATE OR REPLACE VIEW current_result AS
SELECT * FROM result
QUALIFY revision = max(revision) OVER (PARTITION BY subject, criterion, evaluator, evaluator_id, line);
