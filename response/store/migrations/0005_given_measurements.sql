-- What drawings and reports from elsewhere say: of the labels of a mask, and of what was measured,
-- kept beside what is measured here. What older rows do not know stays NULL: their seals hold.

ALTER TABLE mark_set ADD COLUMN said JSON;
ALTER TABLE lesion_fact ADD COLUMN given_tracking_uid VARCHAR;

CREATE TABLE given_measurements (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    document_uid VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);

CREATE TABLE given_measurement (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    "group" VARCHAR NOT NULL,
    tracking_id VARCHAR NOT NULL,
    tracking_uid VARCHAR NOT NULL,
    role VARCHAR,
    organ VARCHAR NOT NULL,
    node BOOLEAN NOT NULL,
    finding VARCHAR NOT NULL,
    quantity VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    value DECIMAL(18, 6) AS (TRY_CAST(value_digits AS DECIMAL(18, 6))),
    value_digits VARCHAR NOT NULL,
    segmentation_uid VARCHAR NOT NULL,
    segment BIGINT
);

CREATE VIEW current_given_measurements AS
SELECT * FROM given_measurements
QUALIFY revision = max(revision) OVER (PARTITION BY subject, document_uid);
