"""``given_measurements.csv``: what reports from elsewhere say, beside what is measured here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from response.model import (
    Finding,
    GivenMeasurement,
    GivenMeasurements,
    LabelFact,
    RecordedMeasurement,
)
from response.store import Store

GIVEN_COLUMNS = [
    "subject",
    "time_point",
    "date",
    "evaluator",
    "evaluator_id",
    "tracking_id",
    "tracking_uid",
    "label",
    "quantity",
    "unit",
    "value",
    "ours",
    "difference",
    "source",
    "document_uid",
    "group",
    "finding",
    "our_evaluator",
    "our_evaluator_id",
    "our_tracking_id",
]

_PER_UNIT = {
    "mm": ("mm", Decimal(1)),
    "cm": ("mm", Decimal(10)),
    "mm3": ("mm3", Decimal(1)),
    "cm3": ("mm3", Decimal(1000)),
    "ml": ("mm3", Decimal(1000)),
    "g": ("", Decimal(1)),
    "g/ml": ("", Decimal(1)),
    "{suvbw}g/ml": ("", Decimal(1)),
    "{suvlbm}g/ml": ("", Decimal(1)),
    "": ("", Decimal(1)),
}
"""Units of reports: which of ours each is a multiple of, and how many of it one is."""

_OURS = {
    "longest_diameter": ("longest_diameter_mm", "mm"),
    "short_axis": ("short_axis_mm", "mm"),
    "extent_3d": ("extent_3d_mm", "mm"),
    "volume": ("volume_mm3", "mm3"),
    "suv_max": ("suv_max", ""),
    "suv_mean": ("suv_mean", ""),
    "suv_peak": ("suv_peak", ""),
    "sul_peak": ("sul_peak", ""),
    "tlg": ("tlg", ""),
}
"""Quantities that are measured here: the field, and its unit (empty: as in reports)."""

_Found = dict[tuple[str, int], tuple[Finding, ...]]
_Named = dict[tuple[str, str], tuple[Finding, ...]]


def list_given(store: Store, subject: str | None = None) -> Iterator[dict[str, object]]:
    """Give one row for each number of each report, by subject (one, or all) and time point.

    ``ours`` is the same quantity of the same drawn region in the report's unit, ``difference`` ours
    less the report's; both are empty where nothing is measured here to compare with.
    """
    reports: dict[str, list[GivenMeasurements]] = {}
    for report in store.read_given_measurements(subject):
        reports.setdefault(report.subject, []).append(report)
    for name, said in reports.items():
        drawn, named = _find_drawn(name, store)
        rows = [(one, report) for report in said for one in report.measurements]
        for one, report in sorted(rows, key=lambda row: (row[0].date, row[0].time_point)):
            found = drawn.get((one.segmentation_uid, one.segment or 0)) or named.get(
                (one.time_point, one.tracking_uid), ()
            )
            for finding in found or (None,):
                yield _to_row(one, report, finding)


def _find_drawn(subject: str, store: Store) -> tuple[_Found, _Named]:
    """Find the findings by the drawing they come from, and by its own name for the lesion."""
    said: dict[tuple[str, int], LabelFact] = {
        (marks.mark_set_id, fact.label): fact
        for point in store.read_time_points(subject)
        for marks in point.mark_sets
        for fact in marks.said
    }
    drawn: _Found = {}
    named: _Named = {}
    for tracking in store.read_trackings(subject):
        for finding in tracking.findings:
            fact = said.get((finding.mark_set_id, finding.label or 0))
            if fact is None:
                continue
            place = (fact.drawing_uid, fact.number)
            drawn[place] = (*drawn.get(place, ()), finding)
            if fact.tracking_uid:
                name = (finding.time_point, fact.tracking_uid)
                named[name] = (*named.get(name, ()), finding)
    return drawn, named


def _to_row(
    one: GivenMeasurement, report: GivenMeasurements, finding: Finding | None
) -> dict[str, object]:
    ours = _measured_here(one, finding.measurement) if finding else None
    return {
        "subject": report.subject,
        "time_point": one.time_point,
        "date": one.date.isoformat(),
        "evaluator": one.reader.evaluator,
        "evaluator_id": one.reader.evaluator_id,
        "tracking_id": one.tracking_id,
        "tracking_uid": one.tracking_uid,
        "label": finding.label if finding else None,
        "quantity": one.quantity,
        "unit": one.unit,
        "value": one.value,
        "ours": ours,
        "difference": None if ours is None else ours - one.value,
        "source": report.source,
        "document_uid": report.document_uid,
        "group": one.group,
        "finding": one.finding,
        "our_evaluator": finding.reader.evaluator if finding else None,
        "our_evaluator_id": finding.reader.evaluator_id if finding else None,
        "our_tracking_id": finding.tracking_id if finding else None,
    }


def _measured_here(one: GivenMeasurement, measured: RecordedMeasurement | None) -> Decimal | None:
    """Give the same quantity as measured here, in the report's unit, to four decimals."""
    field, kind = _OURS.get(one.quantity, ("", ""))
    unit, factor = _PER_UNIT.get(one.unit.lower(), ("?", Decimal(1)))
    value = getattr(measured, field, None) if measured is not None and field else None
    if value is None or unit != kind:
        return None
    return round(Decimal(str(value)) / factor, 4)
