"""``export csv``: findings, registrations, assessments and subjects as plain tables.

Dates are ISO 8601, lengths millimetres, empty where nothing is known. Each file is written beside
its place and moved there, so that a reader never sees half of one.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path

from response.export.given import GIVEN_COLUMNS, list_given
from response.export.tables import write_assessments, write_subjects
from response.model import (
    Finding,
    Lesion,
    LesionReading,
    Readings,
    Registration,
    SubjectResult,
    Tracking,
)
from response.store import Store
from response.written import describe_sizes, lay_out_readings

FINDING_COLUMNS = [
    "subject",
    "time_point",
    "date",
    "modality",
    "series",
    "evaluator",
    "evaluator_id",
    "tracking_id",
    "tracking_uid",
    "label",
    "event",
    "role",
    "organ",
    "node",
    "longest_diameter_mm",
    "short_axis_mm",
    "volume_mm3",
    "x_mm",
    "y_mm",
    "z_mm",
    "suv_max",
    "suv_mean",
    "suv_peak",
    "sul_peak",
    "mtv_ml",
    "tlg",
    "confidence",
    "needs_review",
]

REGISTRATION_COLUMNS = [
    "subject",
    "modality",
    "series",
    "from_time_point",
    "to_time_point",
    "seconds",
    "similarity",
    "folded_fraction",
    "trusted",
    "reason",
]


def export_csv(store: Store, out: Path) -> tuple[Path, ...]:
    """Write the tables of the whole workspace into a folder; return their paths.

    ``given_measurements.csv`` is one of them where reports from elsewhere were read.

    Parameters
    ----------
    store
        The workspace's store.
    out
        The folder; made where it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    results = store.read_results()
    paths = tuple(
        out / name
        for name in ("findings.csv", "registrations.csv", "assessments.csv", "subjects.csv")
    )
    found = chain(
        _finding_rows(store.read_trackings()), _written_rows(store.read_readings(), results)
    )
    write_rows(paths[0], FINDING_COLUMNS, found)
    write_rows(paths[1], REGISTRATION_COLUMNS, _registration_rows(_current(store)))
    write_assessments(paths[2], results)
    write_subjects(paths[3], results)
    given = list(list_given(store))
    if given:
        paths = (*paths, out / "given_measurements.csv")
        write_rows(paths[-1], GIVEN_COLUMNS, given)
    return paths


def write_rows(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file whole: UTF-8, comma, one header line."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: cell(value) for key, value in row.items()})
    partial.replace(path)


def cell(value: object) -> str:
    """Return a value as a cell: ``true``/``false``, plain decimals, empty for nothing.

    Examples
    --------
    >>> cell(True), cell(None), cell(Decimal("12.50")), cell(0.25)
    ('true', '', '12.50', '0.25')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return format(round(value, 4), ".10g")
    return str(value)


def _finding_rows(trackings: Iterable[Tracking]) -> Iterable[dict[str, object]]:
    ordered = sorted(trackings, key=lambda t: (t.subject, t.reader))
    for tracking in ordered:
        lesions = {x.tracking_uid: x for x in tracking.lesions}
        for f in sorted(tracking.findings, key=lambda f: (f.date, f.time_point, f.tracking_id)):
            yield _finding_row(f, lesions[f.tracking_uid])


def _finding_row(finding: Finding, lesion: Lesion) -> dict[str, object]:
    measured = finding.measurement
    x, y, z = finding.place or (None, None, None)
    row: dict[str, object] = {
        "subject": finding.subject,
        "time_point": finding.time_point,
        "date": finding.date.isoformat(),
        "modality": finding.modality,
        "series": finding.series,
        "evaluator": finding.reader.evaluator,
        "evaluator_id": finding.reader.evaluator_id,
        "tracking_id": finding.tracking_id,
        "tracking_uid": finding.tracking_uid,
        "label": finding.label,
        "event": finding.event.value,
        "role": lesion.role.value if lesion.role else "",
        "organ": lesion.organ,
        "node": lesion.node,
        "x_mm": x,
        "y_mm": y,
        "z_mm": z,
        "confidence": finding.confidence,
        "needs_review": finding.needs_review,
    }
    if measured is not None:
        names = ("longest_diameter_mm", "short_axis_mm", "volume_mm3", "suv_max", "suv_mean")
        for name in (*names, "suv_peak", "sul_peak", "mtv_ml", "tlg"):
            row[name] = getattr(measured, name)
    return row


def _written_rows(
    given: Iterable[Readings], results: Iterable[SubjectResult]
) -> Iterable[dict[str, object]]:
    """Give the lesions of readers who wrote them down without images: sizes exactly as given."""
    baselines = {
        (r.summary.subject, r.summary.reader): r.assessments[0].time_point for r in results
    }
    for one in given:
        tracking = lay_out_readings(one, baselines.get((one.subject, one.reader), ""))
        parts: dict[tuple[str, str], list[LesionReading]] = defaultdict(list)
        for read in one.readings:
            parts[read.time_point, read.lesion].append(read)
        lesions = {x.tracking_uid: x for x in tracking.lesions}
        for f in sorted(tracking.findings, key=lambda f: (f.date, f.time_point, f.tracking_id)):
            row = _finding_row(replace(f, measurement=None), lesions[f.tracking_uid])
            row["tracking_uid"] = ""
            row.update(describe_sizes(parts[f.time_point, f.tracking_id]))
            yield row


def _current(store: Store) -> list[Registration]:
    """Return the registrations between scans that still stand."""
    scans = {scan.scan_id for tp in store.read_time_points() for scan in tp.scans}
    found = store.read_registrations()
    return [r for r in found if {r.from_scan_id, r.to_scan_id} <= scans]


def _registration_rows(registrations: Iterable[Registration]) -> Iterable[dict[str, object]]:
    for r in sorted(registrations, key=lambda r: (r.subject, r.from_time_point, r.to_time_point)):
        yield {name: getattr(r, name) for name in REGISTRATION_COLUMNS}
