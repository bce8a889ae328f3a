-- Regions of normal tissue that PET is compared with, part of a tracking; and whose mask a label of
-- lesions.csv is in. What nobody said stays NULL: the seals of older rows hold.

CREATE TABLE reference_region (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    time_point VARCHAR NOT NULL,
    scan_id VARCHAR NOT NULL,
    organ VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    centre JSON NOT NULL,
    volume_ml DOUBLE NOT NULL,
    mean DOUBLE NOT NULL,
    sd DOUBLE NOT NULL,
    reason VARCHAR NOT NULL
);

ALTER TABLE lesion_fact ADD COLUMN modality VARCHAR;
ALTER TABLE lesion_fact ADD COLUMN series VARCHAR;
