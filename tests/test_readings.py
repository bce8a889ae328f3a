"""What a criterion is told of tracked findings: silence is never 0 mm."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from builders import DAYS, READER, finding, lesion, tracking

from response.corrections import describe_confirmed
from response.model import Decision, LesionReading, Tracking
from response.protocol import Protocol, parse_protocol
from response.readings import read_tracking
from response.terms import Event, LesionState, Role, Source


def read(made: Tracking, *decisions: Decision, protocol: Protocol | None = None, vouched=()):
    names = sorted({f.time_point for f in made.findings}, key=lambda n: DAYS[n])
    return read_tracking(
        made,
        [(name, DAYS[name]) for name in names],
        decisions,
        protocol or Protocol(),
        frozenset(vouched),
    )


def rows(made: Tracking, name: str, time_point: str, **more: object) -> list[LesionReading]:
    readings, _ = read(made, **more)
    return [r for r in readings if r.lesion == name and r.time_point == time_point]


def followed(event: Event, role: Role = Role.TARGET, **more: object) -> Tracking:
    return tracking(
        [lesion("L1", role)],
        [finding("L1", "B", Event.BASELINE, "20.0"), finding("L1", "F1", event, **more)],
    )


def test_a_target_that_was_measured_has_its_longest_diameter() -> None:
    (row,) = rows(followed(Event.PERSISTING, longest="12.5"), "L1", "F1")
    assert (row.diameter_mm, row.state) == (Decimal("12.5"), None)


def test_a_node_has_its_short_axis() -> None:
    made = tracking(
        [lesion("L1", Role.TARGET, node=True)],
        [finding("L1", "B", Event.BASELINE, "24.0", short="16.0")],
    )
    (row,) = rows(made, "L1", "B")
    assert row.diameter_mm == Decimal("16.0")


@pytest.mark.parametrize("event", [Event.NOT_IMAGED, Event.NOT_MARKED])
@pytest.mark.parametrize("role", [Role.TARGET, Role.NON_TARGET])
def test_silence_is_not_evaluable_with_its_reason(event: Event, role: Role) -> None:
    (row,) = rows(followed(event, role, reason="outside the field"), "L1", "F1")
    assert (row.diameter_mm, row.state) == (None, LesionState.NOT_EVALUABLE)
    assert "outside the field" in row.reason


def test_a_lesion_without_any_row_is_not_evaluable() -> None:
    made = tracking(
        [lesion("L1", Role.TARGET), lesion("L2", Role.TARGET)],
        [
            finding("L1", "B", Event.BASELINE, "20.0"),
            finding("L2", "B", Event.BASELINE, "20.0"),
            finding("L2", "F1", Event.PERSISTING, "20.0"),
        ],
    )
    (row,) = rows(made, "L1", "F1")
    assert row.state is LesionState.NOT_EVALUABLE


def test_resolved_is_absent() -> None:
    (row,) = rows(followed(Event.RESOLVED), "L1", "F1")
    assert row.state is LesionState.ABSENT


def test_a_reader_who_cannot_measure_is_heard_before_the_mask() -> None:
    made = followed(Event.PERSISTING, longest="6.0", state=LesionState.TOO_SMALL)
    (row,) = rows(made, "L1", "F1")
    assert (row.diameter_mm, row.state) == (None, LesionState.TOO_SMALL)


def test_a_small_non_target_node_brings_its_short_axis() -> None:
    made = tracking(
        [lesion("L1", Role.NON_TARGET, node=True)],
        [
            finding("L1", "B", Event.BASELINE, "20.0", short="12.0"),
            finding("L1", "F1", Event.PERSISTING, "11.0", short="7.0"),
        ],
    )
    (row,) = rows(made, "L1", "F1")
    assert (row.state, row.diameter_mm) == (LesionState.PRESENT, Decimal("7.0"))


MERGE = [
    finding("L1", "B", Event.BASELINE, "20.0"),
    finding("L2", "B", Event.BASELINE, "12.0"),
    finding("L1", "F1", Event.MERGED, "34.0"),
    finding("L2", "F1", Event.MERGED, "34.0"),
    finding("L1", "F2", Event.PERSISTING, "30.0"),
]


@pytest.mark.parametrize("time_point", ["F1", "F2"])
def test_merged_targets_count_once(time_point: str) -> None:
    made = tracking([lesion("L1", Role.TARGET), lesion("L2", Role.TARGET, merged_into="L1")], MERGE)
    (kept,) = rows(made, "L1", time_point)
    (gone,) = rows(made, "L2", time_point)
    assert kept.diameter_mm == Decimal({"F1": "34.0", "F2": "30.0"}[time_point])
    assert (gone.state, gone.merged_into) == (LesionState.MERGED, "L1")


@pytest.mark.parametrize("time_point", ["F1", "F2"])
def test_a_target_swallowed_by_a_non_target_keeps_its_place_in_the_sum(time_point: str) -> None:
    made = tracking(
        [lesion("L1", Role.NON_TARGET), lesion("L2", Role.TARGET, merged_into="L1")], MERGE
    )
    (row,) = rows(made, "L2", time_point)
    (other,) = rows(made, "L1", time_point)
    assert row.diameter_mm == Decimal({"F1": "34.0", "F2": "30.0"}[time_point])
    assert other.state is LesionState.PRESENT


def test_the_parts_of_a_split_are_added() -> None:
    made = tracking(
        [lesion("L1", Role.TARGET), lesion("L2", Role.TARGET, part_of="L1")],
        [
            finding("L1", "B", Event.BASELINE, "30.0"),
            finding("L1", "F1", Event.SPLIT, "14.0"),
            finding("L2", "F1", Event.SPLIT, "9.0", label=2),
            finding("L1", "F2", Event.PERSISTING, "13.0"),
            finding("L2", "F2", Event.RESOLVED),
        ],
    )
    parts = rows(made, "L1", "F1")
    assert [(p.part, p.diameter_mm) for p in parts] == [
        ("1", Decimal("14.0")),
        ("2", Decimal("9.0")),
    ]
    assert not rows(made, "L2", "F1")
    (left,) = rows(made, "L1", "F2")
    assert left.diameter_mm == Decimal("13.0")


def test_a_part_that_was_not_imaged_leaves_the_lesion_not_evaluable() -> None:
    made = tracking(
        [lesion("L1", Role.TARGET), lesion("L2", Role.TARGET, part_of="L1")],
        [
            finding("L1", "B", Event.BASELINE, "30.0"),
            finding("L1", "F1", Event.SPLIT, "14.0"),
            finding("L2", "F1", Event.NOT_IMAGED),
        ],
    )
    assert {r.state for r in rows(made, "L1", "F1")} == {None, LesionState.NOT_EVALUABLE}


def new(state: LesionState | None = None) -> Tracking:
    return tracking(
        [lesion("L1", Role.TARGET), lesion("L2", Role.NEW, role_source=Source.PROPOSED)],
        [
            finding("L1", "B", Event.BASELINE, "30.0"),
            finding("L1", "F1", Event.PERSISTING, "30.0"),
            finding("L2", "F1", Event.NEW, "12.0", state=state, needs_review=True),
            finding("L1", "F2", Event.PERSISTING, "30.0"),
            finding("L2", "F2", Event.PERSISTING, "12.0"),
        ],
    )


def test_a_new_finding_is_a_question_until_a_reader_calls_it() -> None:
    (row,) = rows(new(), "L2", "F1")
    assert row.state is LesionState.EQUIVOCAL
    assert row.provisional


@pytest.mark.parametrize("time_point", ["F1", "F2"])
def test_a_readers_call_holds_until_the_next(time_point: str) -> None:
    (row,) = rows(new(LesionState.UNEQUIVOCAL), "L2", time_point)
    assert row.state is LesionState.UNEQUIVOCAL


def test_an_automatic_call_counts_where_marks_and_registration_vouch_for_it() -> None:
    protocol = parse_protocol('[targets]\nnew_lesion_calls = "automatic"')
    (row,) = rows(new(), "L2", "F1", protocol=protocol, vouched=["F1"])
    assert row.state is LesionState.UNEQUIVOCAL
    assert row.provisional


def test_an_automatic_call_does_not_count_otherwise() -> None:
    protocol = parse_protocol('[targets]\nnew_lesion_calls = "automatic"')
    (row,) = rows(new(), "L2", "F1", protocol=protocol)
    assert row.state is LesionState.EQUIVOCAL


def confirm(made: Tracking, time_point: str) -> Decision:
    return Decision(
        "d1",
        dt.datetime(2025, 5, 1, tzinfo=dt.UTC),
        "reader",
        "confirm",
        "S1",
        READER,
        time_point,
        value=describe_confirmed(made, time_point),
    )


def test_matches_are_provisional_until_a_person_confirms_them() -> None:
    made = followed(Event.PERSISTING, longest="12.0")
    _, (baseline, follow_up) = read(made)
    assert not baseline.provisional
    assert any("matched by the program" in why for why in follow_up.provisional)
    _, (_, confirmed) = read(made, confirm(made, "F1"))
    assert not confirmed.provisional


def test_a_confirmation_does_not_reach_past_its_time_point() -> None:
    made = new()
    _, (_, first, second) = read(made, confirm(made, "F1"))
    assert (bool(first.provisional), bool(second.provisional)) == (False, True)


def test_a_confirmation_falls_when_what_it_confirmed_changes() -> None:
    before = followed(Event.PERSISTING, longest="12.0")
    after = followed(Event.PERSISTING, longest="15.0")
    _, (_, row) = read(after, confirm(before, "F1"))
    assert row.provisional


def test_an_unknown_organ_is_provisional() -> None:
    made = tracking(
        [lesion("L1", Role.TARGET, organ_source=Source.PROPOSED)],
        [finding("L1", "B", Event.BASELINE, "20.0")],
    )
    _, (baseline,) = read(made)
    assert any("L1" in why for why in baseline.provisional)


def test_a_lesion_below_what_is_recorded_is_left_out() -> None:
    made = tracking([lesion("L1", None)], [finding("L1", "B", Event.BASELINE, "8.0")])
    assert not rows(made, "L1", "B")


def test_other_criteria_are_told_both_axes_and_the_mean_density() -> None:
    known = finding("L1", "B", Event.BASELINE, "24.0", short="16.0")
    assert known.measurement
    seen = replace(known, measurement=replace(known.measurement, mean_value=61.26))
    (row,) = rows(tracking([lesion("L1", Role.TARGET, node=True)], [seen]), "L1", "B")
    assert row.extra == {
        "longest_diameter_mm": Decimal("24.0"),
        "short_diameter_mm": Decimal("16.0"),
        "volume_mm3": Decimal("1000.0"),
        "density_hu": Decimal("61.3"),
    }


def test_a_new_lesion_that_a_reader_called_has_its_diameter() -> None:
    """iRECIST adds the diameters of new lesions."""
    made = tracking(
        [lesion("L1", Role.TARGET), lesion("L2", Role.NEW)],
        [
            finding("L1", "B", Event.BASELINE, "20.0"),
            finding("L1", "F1", Event.PERSISTING, "20.0"),
            finding("L2", "F1", Event.NEW, "11.0", state=LesionState.UNEQUIVOCAL),
        ],
    )
    (row,) = rows(made, "L2", "F1")
    assert (row.state, row.diameter_mm) == (LesionState.UNEQUIVOCAL, Decimal("11.0"))


def test_that_a_new_lesion_grew_is_said_of_one_time_point() -> None:
    made = new(LesionState.UNEQUIVOCAL_PROGRESSION)
    (first,) = rows(made, "L2", "F1")
    assert first.state is LesionState.UNEQUIVOCAL_PROGRESSION
    (later,) = rows(made, "L2", "F2")
    assert (later.state, later.diameter_mm) == (LesionState.UNEQUIVOCAL, Decimal("12.0"))


def test_a_call_on_the_mark_of_another_series_is_heard() -> None:
    ct = finding("L2", "F1", Event.NEW, "11.0")
    called = replace(ct, modality="PT", scan_id="pet", state=LesionState.UNEQUIVOCAL)
    made = new()
    made = replace(made, findings=(*made.findings, called))
    assert rows(made, "L2", "F1")[0].state is LesionState.UNEQUIVOCAL
