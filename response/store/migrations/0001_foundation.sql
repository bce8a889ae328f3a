-- Rows are only ever appended. `revision` is the number of the audit entry that wrote a row, and
-- one entry writes one thing: of two revisions of a thing the later supersedes the earlier whole.
-- `position` keeps the order of rows within a revision. Where a Decimal is kept, `<name>_digits`
-- is its exact text and `<name>` the number for queries.

CREATE TABLE audit_key (
    fingerprint VARCHAR NOT NULL
);

CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    entry_id VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    subject_key VARCHAR NOT NULL,
    detail JSON NOT NULL,
    rows_seal VARCHAR NOT NULL,
    chain VARCHAR NOT NULL
);

CREATE TABLE subject (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    key VARCHAR NOT NULL
);

CREATE TABLE stored_file (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    path VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL
);

CREATE TABLE time_point (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL
);

CREATE TABLE scan (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    scan_id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL,
    modality VARCHAR NOT NULL,
    series VARCHAR NOT NULL,
    image_path VARCHAR NOT NULL,
    image_digest VARCHAR NOT NULL,
    slice_axis BIGINT NOT NULL,
    field_box JSON NOT NULL,
    source VARCHAR NOT NULL,
    slice_thickness_mm DOUBLE,
    chosen_because VARCHAR NOT NULL,
    facts JSON NOT NULL
);

CREATE TABLE mark_set (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    mark_set_id VARCHAR NOT NULL,
    scan_id VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    mask_path VARCHAR NOT NULL,
    mask_digest VARCHAR NOT NULL,
    labels JSON NOT NULL,
    complete BOOLEAN NOT NULL
);

CREATE TABLE lesion_fact (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    label BIGINT NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    organ VARCHAR NOT NULL,
    side VARCHAR NOT NULL,
    node BOOLEAN,
    role VARCHAR,
    state VARCHAR,
    note VARCHAR NOT NULL
);

CREATE TABLE subject_facts (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    treatment_start DATE,
    randomisation DATE,
    new_therapy_date DATE,
    death_date DATE,
    last_contact_date DATE
);

CREATE TABLE registration (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    registration_id VARCHAR NOT NULL,
    content_key VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    modality VARCHAR NOT NULL,
    series VARCHAR NOT NULL,
    from_scan_id VARCHAR NOT NULL,
    to_scan_id VARCHAR NOT NULL,
    from_time_point VARCHAR NOT NULL,
    to_time_point VARCHAR NOT NULL,
    transform_path VARCHAR NOT NULL,
    transform_digest VARCHAR NOT NULL,
    seconds DOUBLE NOT NULL,
    similarity DOUBLE NOT NULL,
    folded_fraction DOUBLE NOT NULL,
    trusted BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    engine VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,
    expected_error_mm DOUBLE NOT NULL
);

CREATE TABLE tracking (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    content_key VARCHAR NOT NULL,
    baseline_time_point VARCHAR NOT NULL,
    baseline_assumed BOOLEAN NOT NULL,
    warnings JSON NOT NULL
);

CREATE TABLE lesion (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    tracking_uid VARCHAR NOT NULL,
    tracking_id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    role VARCHAR,
    role_source VARCHAR NOT NULL,
    organ VARCHAR NOT NULL,
    organ_source VARCHAR NOT NULL,
    side VARCHAR NOT NULL,
    node BOOLEAN NOT NULL,
    node_source VARCHAR NOT NULL,
    part_of VARCHAR NOT NULL,
    merged_into VARCHAR NOT NULL
);

CREATE TABLE finding (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL,
    scan_id VARCHAR NOT NULL,
    modality VARCHAR NOT NULL,
    series VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    tracking_uid VARCHAR NOT NULL,
    tracking_id VARCHAR NOT NULL,
    label BIGINT,
    event VARCHAR NOT NULL,
    place JSON,
    longest_diameter_mm DECIMAL(18, 6) AS (TRY_CAST(longest_diameter_mm_digits AS DECIMAL(18, 6))),
    longest_diameter_mm_digits VARCHAR,
    short_axis_mm DECIMAL(18, 6) AS (TRY_CAST(short_axis_mm_digits AS DECIMAL(18, 6))),
    short_axis_mm_digits VARCHAR,
    volume_mm3 DOUBLE,
    extent_3d_mm DOUBLE,
    longest_segment JSON,
    short_segment JSON,
    slice_axis BIGINT,
    slice_index BIGINT,
    suv_max DOUBLE,
    suv_mean DOUBLE,
    suv_peak DOUBLE,
    sul_peak DOUBLE,
    mtv_ml DOUBLE,
    tlg DOUBLE,
    state VARCHAR,
    confidence DOUBLE,
    needs_review BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    mark_set_id VARCHAR NOT NULL,
    known_mark_set_id VARCHAR NOT NULL
);

CREATE TABLE result (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    content_key VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    criterion VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    best_overall_response VARCHAR NOT NULL,
    confirmed_best_overall_response VARCHAR NOT NULL,
    response_date DATE,
    progression_date DATE,
    pfs_days BIGINT,
    pfs_event BOOLEAN,
    pfs_reason VARCHAR NOT NULL,
    duration_of_response_days BIGINT
);

CREATE TABLE assessment (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    criterion VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    date DATE NOT NULL,
    sum_of_diameters_mm DECIMAL(18, 6) AS (TRY_CAST(sum_of_diameters_mm_digits AS DECIMAL(18, 6))),
    sum_of_diameters_mm_digits VARCHAR,
    nadir_mm DECIMAL(18, 6) AS (TRY_CAST(nadir_mm_digits AS DECIMAL(18, 6))),
    nadir_mm_digits VARCHAR,
    change_from_baseline_pct DECIMAL(18, 6) AS (TRY_CAST(change_from_baseline_pct_digits AS DECIMAL(18, 6))),
    change_from_baseline_pct_digits VARCHAR,
    change_from_nadir_pct DECIMAL(18, 6) AS (TRY_CAST(change_from_nadir_pct_digits AS DECIMAL(18, 6))),
    change_from_nadir_pct_digits VARCHAR,
    target_response VARCHAR NOT NULL,
    non_target_response VARCHAR NOT NULL,
    new_lesion VARCHAR,
    overall_response VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    as_of DATE NOT NULL,
    reasons JSON NOT NULL
);

CREATE TABLE decision (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    decision_id VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    evaluator VARCHAR NOT NULL,
    evaluator_id VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    tracking_uids JSON NOT NULL,
    labels JSON NOT NULL,
    value VARCHAR NOT NULL,
    note VARCHAR NOT NULL
);

CREATE TABLE account (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    password_hash VARCHAR NOT NULL,
    disabled BOOLEAN NOT NULL
);

CREATE VIEW current_time_point AS
SELECT * FROM time_point
QUALIFY revision = max(revision) OVER (PARTITION BY subject, time_point);

CREATE VIEW current_subject_facts AS
SELECT * FROM subject_facts
QUALIFY revision = max(revision) OVER (PARTITION BY subject);

CREATE VIEW current_registration AS
SELECT * FROM registration
QUALIFY revision = max(revision) OVER (PARTITION BY from_scan_id, to_scan_id);

CREATE VIEW current_tracking AS
SELECT * FROM tracking
QUALIFY revision = max(revision) OVER (PARTITION BY subject, evaluator, evaluator_id);

CREATE VIEW current_result AS
SELECT * FROM result
QUALIFY revision = max(revision) OVER (PARTITION BY subject, criterion, evaluator, evaluator_id);

CREATE VIEW current_account AS
SELECT * FROM account
QUALIFY revision = max(revision) OVER (PARTITION BY name);
