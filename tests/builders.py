"""Small builders of the model's values for tests. Nothing here decides what is right."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from response.model import Finding, Lesion, Reader, RecordedMeasurement, Tracking
from response.terms import Event, LesionState, Role, Source

READER = Reader()
DAYS = {name: dt.date(2025, month, 1) for month, name in enumerate(("B", "F1", "F2", "F3"), 1)}
NOWHERE = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))


def lesion(name: str, role: Role | None, **more: object) -> Lesion:
    """Return a lesion whose uid is its name, with everything said by a reader."""
    made = Lesion(
        tracking_uid=name,
        tracking_id=name,
        subject="S1",
        reader=READER,
        role=role,
        role_source=Source.READER,
        organ="liver",
        organ_source=Source.READER,
        side="",
        node=False,
        node_source=Source.READER,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def measured(longest: str, short: str = "") -> RecordedMeasurement:
    """Return a measurement with these diameters in mm."""
    return RecordedMeasurement(
        longest_diameter_mm=Decimal(longest),
        short_axis_mm=Decimal(short or longest),
        volume_mm3=1000.0,
        extent_3d_mm=float(longest),
        longest_segment=NOWHERE,
        short_segment=NOWHERE,
        slice_axis=2,
        slice_index=3,
    )


def finding(
    name: str,
    time_point: str,
    event: Event,
    longest: str = "",
    *,
    short: str = "",
    state: LesionState | None = None,
    reason: str = "",
    label: int | None = None,
    needs_review: bool = False,
) -> Finding:
    """Return what became of a lesion; it has a mark where a diameter is given."""
    return Finding(
        subject="S1",
        time_point=time_point,
        date=DAYS[time_point],
        scan_id=f"scan-{time_point}",
        modality="CT",
        series="",
        reader=READER,
        tracking_uid=name,
        tracking_id=name,
        label=(label or 1) if longest else None,
        event=event,
        place=(0.0, 0.0, 0.0),
        measurement=measured(longest, short) if longest else None,
        state=state,
        confidence=0.9,
        needs_review=needs_review,
        reason=reason,
    )


def tracking(lesions: list[Lesion], findings: list[Finding]) -> Tracking:
    """Return a tracking whose baseline is ``B``."""
    return Tracking("S1", READER, "key", "B", False, tuple(lesions), tuple(findings))
