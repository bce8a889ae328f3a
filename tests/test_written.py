"""Lesions written down without images are laid out like tracked ones; silence stays a gap."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from dashboard.timeline import build_timeline
from response.model import LesionReading, Reader, Readings
from response.terms import Event, LesionState, Role
from response.written import describe_sizes, lay_out_readings

DAYS = {"B": dt.date(2025, 1, 6), "F1": dt.date(2025, 3, 3)}


def row(time_point, lesion, role=Role.TARGET, length=None, state=None, part=""):
    return LesionReading(
        *(time_point, DAYS[time_point], lesion, role),
        diameter_mm=None if length is None else Decimal(length),
        state=state,
        part=part,
    )


def lay_out(*rows):
    return lay_out_readings(Readings("S1", Reader(), "", "key", rows, ()), "B")


def values(*rows):
    timeline = build_timeline(list(DAYS.items()), None, lay_out(*rows))
    return [[point.value_mm for point in track.points] for track in timeline.tracks]


def test_a_lesion_has_its_diameters_as_given():
    assert values(row("B", "T1", length="20"), row("F1", "T1", length="14")) == [[20.0, 14.0]]


def test_parts_of_a_split_lesion_are_added():
    parts = [row("F1", "T1", length="6", part=part) for part in ("a", "b")]
    assert values(row("B", "T1", length="20"), *parts) == [[20.0, 12.0]]


def test_a_lesion_that_was_not_assessed_is_a_gap():
    assert values(row("B", "T1", length="20")) == [[20.0, None]]
    unseen = row("F1", "T1", state=LesionState.NOT_EVALUABLE)
    assert values(row("B", "T1", length="20"), unseen) == [[20.0, None]]


def test_a_lesion_said_to_be_gone_is_zero():
    gone = row("F1", "T1", state=LesionState.ABSENT)
    assert values(row("B", "T1", length="20"), gone) == [[20.0, 0.0]]


def test_events_are_what_the_reader_said():
    made = lay_out(
        row("B", "T1", length="20"),
        row("F1", "T1", length="21"),
        row("F1", "X1", Role.NEW, state=LesionState.UNEQUIVOCAL),
    )
    events = {(f.tracking_id, f.time_point): f.event for f in made.findings}
    assert events == {
        ("T1", "B"): Event.BASELINE,
        ("T1", "F1"): Event.PERSISTING,
        ("X1", "F1"): Event.NEW,
    }


def test_a_size_is_exported_as_given_and_no_other_is_made_up():
    assert describe_sizes([row("B", "T1", length="20.25")]) == {
        "longest_diameter_mm": Decimal("20.25")
    }
    node = replace(row("B", "T1", length="16"), node=True, extra={"suv_max": Decimal("7.1")})
    assert describe_sizes([node]) == {"short_axis_mm": 16, "suv_max": Decimal("7.1")}
    assert describe_sizes([row("F1", "T1", state=LesionState.NOT_EVALUABLE)]) == {}
