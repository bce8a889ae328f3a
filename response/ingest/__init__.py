"""Scans as people have them, read into the workspace: manifests with image files, DICOM trees."""

from response.ingest.run import ingest_paths
from response.ingest.sources import IngestReport

__all__ = ["IngestReport", "ingest_paths"]
