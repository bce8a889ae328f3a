"""``export dicom-seg``, ``dicom-sr`` and ``rtstruct``: what each writes of a scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from response.export.dicom_job import Exported, Make, export_dicom
from response.export.dicom_marks import MarkedScan
from response.export.dicom_rtstruct import make_structure_set
from response.export.dicom_seg import make_segmentation
from response.model import Subject
from response.store import Store
from response.workspace import Workspace


def _segment(one: MarkedScan) -> Iterator[tuple[str, Any]]:
    if one.segments:
        yield "seg", make_segmentation(one)


def _outline(one: MarkedScan) -> Iterator[tuple[str, Any]]:
    if one.segments:
        yield "rtstruct", make_structure_set(one)


MAKERS: Mapping[str, Make] = {"dicom-seg": _segment, "rtstruct": _outline}


def export_objects(
    workspace: Workspace, store: Store, what: str, subjects: Sequence[Subject], out: Path
) -> Exported:
    """Write results as DICOM objects: see :func:`response.export.dicom_job.export_dicom`."""
    return export_dicom(workspace, store, subjects, out, MAKERS[what])
