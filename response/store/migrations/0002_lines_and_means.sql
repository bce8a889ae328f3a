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

-- The mean of a lesion's voxels in the image's own unit: HU on CT. NULL where it was not kept.

ALTER TABLE finding ADD COLUMN mean_value DOUBLE;
