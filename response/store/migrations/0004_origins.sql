-- Where the headers of a scan's DICOM images are kept, so that what is measured can be written back
-- with references to them. NULL for scans of other files, and on older rows: their seals hold.

ALTER TABLE scan ADD COLUMN origin_path VARCHAR;
