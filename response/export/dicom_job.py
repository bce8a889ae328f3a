"""Results as DICOM objects: which scans of which subjects they are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from response.errors import InputError, ResponseError
from response.export.dicom_files import open_folder
from response.export.dicom_images import convert_series, write_images
from response.export.dicom_marks import Known, MarkedScan, find_marks, read_layers
from response.export.dicom_source import read_source, turn_grid
from response.geometry import Grid
from response.model import Finding, Refusal, Scan, Subject, TimePoint, Tracking
from response.store import Store
from response.workspace import Workspace

Make = Callable[[MarkedScan], Iterable[tuple[str, Any]]]
"""Makes the objects of one scan, each with the kind that its file's name begins with."""

AUDIT_PAGE = 1000


@dataclass(slots=True)
class Exported:
    """What was written, and what was not and why."""

    paths: tuple[Path, ...] = ()
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, subject: str, time_point: str, reason: object) -> None:
        """Note what was not written; the same of two readers once."""
        refusal = Refusal(subject, time_point, str(reason))
        if refusal not in self.refused:
            self.refused.append(refusal)


def export_dicom(
    workspace: Workspace,
    store: Store,
    subjects: Sequence[Subject],
    out: Path,
    make: Make,
    *,
    with_images: bool = False,
) -> Exported:
    """Write what is known of the scans of some subjects as DICOM objects into a folder.

    Everything is made before anything is put in place. Writing the same results again gives the
    same files; a scan that cannot be written is refused whole, with its reason.

    Parameters
    ----------
    with_images
        Whether scans that did not come from DICOM are written as series, too.

    Raises
    ------
    InputError
        The folder holds other results of a subject; nothing is written.
    """
    done = Exported()
    with open_folder(out) as folder:
        for subject in subjects:
            for one in _find_scans(workspace, store, subject, done, with_images):
                try:
                    made = list(make(one))
                except ResponseError as error:
                    done.refuse(one.scan.subject, one.scan.time_point, error)
                    continue
                if not made:
                    done.notes.append(f"{one}: nothing is marked there")
                for kind, dataset in made:
                    folder.add(kind, one, dataset)
                for image in one.make_images() if made else ():
                    folder.add("image", one, image)
        done.paths = folder.put_in_place()
    return done


def _find_scans(
    workspace: Workspace, store: Store, subject: Subject, done: Exported, with_images: bool
) -> Iterator[MarkedScan]:
    """Find the scans that lesions of a subject were looked for on, by reader and date."""
    points = store.read_time_points(subject.subject)
    trackings = store.read_trackings(subject.subject)
    if not trackings:
        why = "no lesion is tracked on images; where there are marks, 'response track' does it"
        done.refuse(subject.subject, "", why)
        return
    known = _read_known(store, subject)
    scans = {scan.scan_id: (scan, point) for point in points for scan in point.scans}
    for tracking in trackings:
        for scan_id, findings in _group_by_scan(tracking).items():
            try:
                if scan_id not in scans:
                    raise InputError("the scan was replaced since; run 'response track'")
                one = _read_scan(workspace, known, tracking, *scans[scan_id], findings, with_images)
                yield one
            except ResponseError as error:
                done.refuse(subject.subject, findings[0].time_point, error)


def _group_by_scan(tracking: Tracking) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in sorted(tracking.findings, key=lambda f: (f.date, f.time_point, f.modality)):
        found.setdefault(finding.scan_id, []).append(finding)
    return found


def _read_scan(
    workspace: Workspace,
    known: Known,
    tracking: Tracking,
    scan: Scan,
    point: TimePoint,
    findings: Sequence[Finding],
    with_images: bool,
) -> MarkedScan:
    marks = find_marks(findings, point)
    grid = turn_grid(Grid.of(workspace.read_image(scan.image_path)), scan.slice_axis)
    path = marks.mask_path if marks else ""
    layers = partial(read_layers, workspace, path, scan.slice_axis)
    if with_images and not scan.origin_path and scan.source != "dicom":
        source = convert_series(known.subject, scan, grid)
        images: Callable[[], Iterable[Any]] = partial(write_images, workspace, scan, source)
    else:
        source, images = read_source(workspace, scan, grid), tuple
    return MarkedScan(known, tracking, scan, tuple(findings), marks, source, layers, images)


def _read_known(store: Store, subject: Subject) -> Known:
    tracked_at, said_at = _find_moments(store, subject)
    return Known(
        subject,
        tuple(store.read_results(subject.subject)),
        tuple(store.read_decisions(subject.subject)),
        tracked_at,
        said_at,
    )


def _find_moments(store: Store, subject: Subject) -> tuple[dt.datetime, dt.datetime]:
    """When the subject's lesions were last tracked, and when anything was last said of them."""
    said_at = None
    for start in range(0, 1 << 40, AUDIT_PAGE):
        entries = store.read_audit(AUDIT_PAGE, start)
        for entry in entries:
            if entry.subject_key != subject.key or not entry.action.startswith("write_"):
                continue
            said_at = said_at or entry.at
            if entry.action == "write_tracking":
                return entry.at, said_at
        if not entries:
            break
    raise InputError("no entry of the audit trail says when the lesions were tracked")
