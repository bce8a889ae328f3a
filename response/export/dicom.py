"""``export dicom-seg``, ``dicom-sr`` and ``rtstruct``: what each writes of a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from response.export.dicom_job import Exported, Make, export_dicom
from response.export.dicom_marks import MarkedScan
from response.export.dicom_rtstruct import make_structure_set
from response.export.dicom_seg import make_segmentation
from response.export.dicom_sr import make_report
from response.model import Subject
from response.protocol import Protocol
from response.store import Store
from response.workspace import Workspace


def _segment(one: MarkedScan) -> Iterator[tuple[str, Any]]:
    if one.segments:
        yield "seg", make_segmentation(one)


def _outline(one: MarkedScan) -> Iterator[tuple[str, Any]]:
    if one.segments:
        yield "rtstruct", make_structure_set(one)


def _report(one: MarkedScan, lean_body_mass: str) -> Iterator[tuple[str, Any]]:
    """The report, with the segmentation it refers to."""
    segmentation = make_segmentation(one) if one.segments else None
    if segmentation is not None:
        yield "seg", segmentation
    yield "sr", make_report(one, segmentation, lean_body_mass)


def _choose(what: str, protocol: Protocol) -> Make:
    makers: dict[str, Make] = {
        "dicom-seg": _segment,
        "dicom-sr": partial(_report, lean_body_mass=protocol.pet.lean_body_mass),
        "rtstruct": _outline,
    }
    return makers[what]


def export_objects(
    workspace: Workspace,
    store: Store,
    what: str,
    subjects: Sequence[Subject],
    out: Path,
    *,
    with_images: bool = False,
) -> Exported:
    """Write results as DICOM objects: see :func:`response.export.dicom_job.export_dicom`."""
    make = _choose(what, workspace.protocol())
    return export_dicom(workspace, store, subjects, out, make, with_images=with_images)
