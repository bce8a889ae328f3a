-- Where the headers of a scan's DICOM images are kept, so that what is measured can be written back
-- with references to them. Empty for scans of other files.

ALTER TABLE scan ADD COLUMN origin_path VARCHAR DEFAULT '';
