"""Lesions that a reader wrote down without images, laid out as the tracked ones are. Pure.

Nothing is made up: a length that the reader did not give stays out of exports
(:func:`describe_sizes`), though a chart draws the one that counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from response.model import (
    Finding,
    Lesion,
    LesionReading,
    Readings,
    RecordedMeasurement,
    Tracking,
)
from response.terms import Event, LesionState, Role, Source

NOWHERE = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
EVENT_OF_STATE = {
    LesionState.ABSENT: Event.RESOLVED,
    LesionState.MERGED: Event.MERGED,
    LesionState.NOT_EVALUABLE: Event.NOT_MARKED,
}


def lay_out_readings(readings: Readings, baseline: str) -> Tracking:
    """Lay a reader's measurements out by lesion; ``baseline`` names the time point of baseline."""
    by_lesion: dict[str, dict[str, list[LesionReading]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(readings.readings, key=lambda r: (r.date, r.time_point, r.part)):
        if row.lesion:
            by_lesion[row.lesion][row.time_point].append(row)
    return Tracking(
        subject=readings.subject,
        reader=readings.reader,
        content_key=readings.content_key,
        baseline_time_point=baseline,
        baseline_assumed=False,
        lesions=tuple(_lesion(name, seen, readings) for name, seen in sorted(by_lesion.items())),
        findings=tuple(
            finding
            for name, seen in sorted(by_lesion.items())
            for finding in _findings(name, list(seen.values()), readings, baseline)
        ),
    )


def _lesion(name: str, seen: dict[str, list[LesionReading]], readings: Readings) -> Lesion:
    rows = [row for parts in seen.values() for row in parts]
    last = rows[-1]
    return Lesion(
        tracking_uid=name,
        tracking_id=name,
        subject=readings.subject,
        reader=readings.reader,
        role=next((row.role for row in rows if row.role), None),
        role_source=Source.READER,
        organ=next((row.organ for row in rows if row.organ), ""),
        organ_source=Source.READER,
        side="",
        node=any(row.node for row in rows),
        node_source=Source.READER,
        merged_into=last.merged_into,
    )


def _findings(
    name: str, seen: Sequence[Sequence[LesionReading]], readings: Readings, baseline: str
) -> Iterable[Finding]:
    for number, parts in enumerate(seen):
        row = parts[0]
        yield Finding(
            subject=readings.subject,
            time_point=row.time_point,
            date=row.date,
            scan_id="",
            modality=row.method,
            series="",
            reader=readings.reader,
            tracking_uid=name,
            tracking_id=name,
            label=None,
            event=_event(row, first=number == 0, at_baseline=row.time_point == baseline),
            place=None,
            measurement=_measurement(parts),
            state=row.state,
            confidence=None,
            needs_review=False,
            reason=row.reason,
        )


def _event(row: LesionReading, *, first: bool, at_baseline: bool) -> Event:
    if at_baseline:
        return Event.BASELINE
    if row.state in EVENT_OF_STATE:
        return EVENT_OF_STATE[row.state]
    return Event.NEW if first and row.role is Role.NEW else Event.PERSISTING


def describe_sizes(parts: Sequence[LesionReading]) -> dict[str, Decimal]:
    """What a reader gave of a lesion's size and uptake at one time point, by exported name.

    The diameter of a node is its short axis, of any other lesion its longest; parts of one lesion
    are added.
    """
    measured = _measurement(parts)
    first = parts[0]
    sizes: dict[str, Decimal] = {}
    if measured is not None:
        name = "short_axis_mm" if first.node else "longest_diameter_mm"
        sizes[name] = measured.longest_diameter_mm
    if len(parts) == 1:
        other = "longest_diameter_mm" if first.node else "short_diameter_mm"
        named = {other: "longest_diameter_mm" if first.node else "short_axis_mm"}
        named |= {name: name for name in ("volume_mm3", "suv_max", "suv_mean", "sul_peak", "tlg")}
        sizes |= {named[name]: first.extra[name] for name in named if name in first.extra}
    return sizes


def _measurement(parts: Sequence[LesionReading]) -> RecordedMeasurement | None:
    """Return the diameter that counts, parts of one lesion added; no place in any image."""
    lengths = [row.diameter_mm for row in parts if row.diameter_mm is not None]
    if not lengths:
        return None
    total = sum(lengths, Decimal(0))
    return RecordedMeasurement(total, total, 0.0, 0.0, NOWHERE, NOWHERE, 0, 0)
