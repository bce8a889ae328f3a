-- Measurements without images: what a reader's tables say (`readings` heads `reading` and
-- `reading_time_point`), and the responses that a site's own tables give (`site_responses` heads
-- `site_response`), kept beside what is derived here.

CREATE TABLE readings (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    study VARCHAR NOT NULL,
    content_key VARCHAR NOT NULL
);

CREATE TABLE reading (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL,
    lesion VARCHAR NOT NULL,
    role VARCHAR,
    organ VARCHAR NOT NULL,
    node BOOLEAN NOT NULL,
    method VARCHAR NOT NULL,
    diameter_mm DECIMAL(18, 6) AS (TRY_CAST(diameter_mm_digits AS DECIMAL(18, 6))),
    diameter_mm_digits VARCHAR,
    state VARCHAR,
    part VARCHAR NOT NULL,
    merged_into VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    provisional VARCHAR NOT NULL,
    extra JSON NOT NULL,
    intervention VARCHAR
);

CREATE TABLE reading_time_point (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL,
    provisional JSON NOT NULL,
    facts JSON NOT NULL
);

CREATE TABLE site_responses (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL
);

CREATE TABLE site_response (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE,
    category VARCHAR NOT NULL,
    test VARCHAR NOT NULL,
    value VARCHAR NOT NULL
);

CREATE VIEW current_readings AS
SELECT * FROM readings
QUALIFY revision = max(revision) OVER (PARTITION BY subject, evaluator, evaluator_id);

CREATE VIEW current_site_responses AS
SELECT * FROM site_responses
QUALIFY revision = max(revision) OVER (PARTITION BY subject);
