"""What PERCIST is told of tracked findings: silence of the PET is never background uptake."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from builders import DAYS, finding, lesion
from pet_courses import (
    BASE,
    BODY,
    ONE,
    SUL,
    assess,
    both,
    course,
    liver,
    read,
    rows,
    said_at,
    scan,
    seen,
    time_point,
    with_suv,
)

from response.export.csv import cell
from response.lesion_uptake import combine_uptake
from response.pet import OUTSIDE_PET, find_pet, find_sul_factor, why_no_suv
from response.protocol import Protocol
from response.readings import read_tracking
from response.terms import Event, LesionState, Role, Source


def test_uptake_halved_is_a_metabolic_response() -> None:
    made = course(ONE, [BASE, seen("L1", "F1", 4.0)], liver("B"), liver("F1"))
    assert assess(made, both("B"), both("F1"))[0][0] == "PMR"


def test_a_proposed_liver_leaves_the_category_provisional() -> None:
    made = course(ONE, [BASE, seen("L1", "F1", 4.0)], liver("B"), liver("F1", Source.PROPOSED))
    _, said = rows(made, both("B"), both("F1"))
    assert any("liver reference was proposed" in text for text in said[1].provisional)
    assert not any("liver reference" in text for text in said[0].provisional)


WAITS = (
    "no liver or blood pool was marked, and none could be proposed; place one with "
    "'response correct reference S1 {} liver --at=X,Y,Z' or mark one with role REFERENCE"
)


def test_scans_without_a_reference_say_how_to_give_one() -> None:
    made = course(ONE, [BASE, seen("L1", "F1", 4.0)])
    first, second = said_at(made, both("B"), both("F1"))
    assert f"not known to be measurable: {WAITS.format('B')}" in first
    assert WAITS.format("F1") in second
    assert "liver_mean" not in first + second


def test_a_follow_up_that_alone_has_no_reference_says_so() -> None:
    made = course(ONE, [BASE, seen("L1", "F1", 4.0)], liver("B"))
    first, second = said_at(made, both("B"), both("F1"))
    assert "waits" not in first
    assert f"F1 waits: {WAITS.format('F1')}" in second


def test_the_liver_is_told_in_sul() -> None:
    made = course(ONE, [BASE], liver("B"))
    _, (said,) = rows(made, both("B", uptake_minutes="61.5"))
    assert said.facts["liver_mean"] == f"{2.0 * SUL:.4f}"
    assert said.facts["liver_sd"] == f"{0.1 * SUL:.4f}"
    assert said.facts["uptake_minutes"] == "61.5"


def test_a_lesion_gone_from_ct_is_not_background_where_the_pet_was_not_read() -> None:
    gone = [replace(finding("L1", "F1", Event.RESOLVED), scan_id="F1-CT")]
    made = course(ONE, [BASE, gone], liver("B"), liver("F1"))
    row = read(made, both("B"), both("F1", unread="PT"))["L1", "F1"]
    assert row.state is LesionState.NOT_EVALUABLE
    assert assess(made, both("B"), both("F1", unread="PT"))[0][0] == "NE"


def test_a_lesion_gone_from_both_is_at_background() -> None:
    gone = [replace(finding("L1", "F1", Event.RESOLVED), scan_id="F1-CT")]
    made = course(ONE, [BASE, gone], liver("B"), liver("F1"))
    assert read(made, both("B"), both("F1"))["L1", "F1"].state is LesionState.ABSENT
    assert assess(made, both("B"), both("F1"))[0][0] == "CMR"


def test_a_lesion_outside_the_pet_is_not_at_background() -> None:
    gone = replace(finding("L1", "F1", Event.RESOLVED), reason=OUTSIDE_PET)
    made = course(ONE, [BASE, [gone]], liver("B"), liver("F1"))
    row = read(made, both("B"), both("F1"))["L1", "F1"]
    assert (row.state, row.reason) == (LesionState.NOT_EVALUABLE, OUTSIDE_PET)


@pytest.mark.parametrize(
    ("confidence", "state"), [(0.95, LesionState.ABSENT), (0.3, LesionState.NOT_EVALUABLE)]
)
def test_a_pet_read_without_its_ct_tells_background_where_the_place_is_clear(
    confidence: float, state: LesionState
) -> None:
    gone = replace(finding("L1", "F1", Event.NOT_MARKED), confidence=confidence)
    made = course(ONE, [BASE, [gone]], liver("B"), liver("F1"))
    assert read(made, both("B"), both("F1", unread="CT"))["L1", "F1"].state is state


def test_a_time_point_without_pet_is_no_time_point_of_percist() -> None:
    made = course(ONE, [BASE, seen("L1", "F1", None), seen("L1", "F2", 4.0)], liver("B"))
    points = (both("B"), time_point("F1", scan("F1", "CT")), both("F2"))
    readings, said = rows(made, *points)
    assert [p.time_point for p in said] == ["B", "F2"]
    assert {r.time_point for r in readings} == {"B", "F2"}


def test_a_refused_suv_gives_no_uptake_and_its_reason() -> None:
    refused = both("F1", suv_refused="weight is missing")
    made = course(ONE, [BASE, seen("L1", "F1", None)], liver("B"))
    row = read(made, both("B"), refused)["L1", "F1"]
    assert row.state is LesionState.NOT_EVALUABLE
    assert row.reason == "no SUV: weight is missing"


def test_uptake_within_a_ct_mark_counts_and_waits_for_a_person() -> None:
    (ct,) = seen("L1", "F1", None)
    assert ct.measurement is not None
    within = [replace(ct, measurement=with_suv(ct.measurement, 4.0))]
    made = course(ONE, [BASE, within], liver("B"), liver("F1"))
    row = read(made, both("B"), both("F1", unread="PT"))["L1", "F1"]
    assert row.extra["sul_peak"] == Decimal(f"{4.0 * SUL:.4f}")
    assert "within the mark on the CT" in row.provisional


def test_lesions_too_small_for_recist_are_targets_by_their_uptake() -> None:
    small = [
        lesion("L1", Role.NON_TARGET, role_source=Source.PROPOSED),
        lesion("L2", None, role_source=Source.PROPOSED, node=True),
    ]
    at_baseline = [
        seen("L1", "B", 8.0, Event.BASELINE, size="8"),
        seen("L2", "B", 5.0, Event.BASELINE, size="8"),
    ]
    found = read(course(small, at_baseline, liver("B")), both("B"))
    assert {name: row.role for (name, _), row in found.items()} == {
        "L1": Role.TARGET,
        "L2": Role.TARGET,
    }


def test_at_most_two_targets_of_an_organ_are_chosen_the_hottest() -> None:
    three = [lesion(n, Role.TARGET, role_source=Source.PROPOSED) for n in ("L1", "L2", "L3")]
    uptakes = {"L1": 5.0, "L2": 9.0, "L3": 7.0}
    at_baseline = [seen(n, "B", suv, Event.BASELINE) for n, suv in uptakes.items()]
    found = read(course(three, at_baseline, liver("B")), both("B"))
    assert {n for (n, _), row in found.items() if row.role is Role.TARGET} == {"L2", "L3"}


def test_a_reader_s_targets_stay_the_targets() -> None:
    two = [lesion("L1", Role.TARGET), lesion("L2", Role.NON_TARGET)]
    at_baseline = [seen("L1", "B", 4.0, Event.BASELINE), seen("L2", "B", 9.0, Event.BASELINE)]
    found = read(course(two, at_baseline, liver("B")), both("B"))
    assert found["L2", "B"].role is Role.NON_TARGET
    assert found["L2", "B"].state is LesionState.PRESENT


def test_a_non_target_that_is_cold_on_a_complete_pet_is_at_background() -> None:
    two = [*ONE, lesion("L2", Role.NON_TARGET)]
    rows_of = [
        [*BASE, *seen("L2", "B", 5.0, Event.BASELINE)],
        [*seen("L1", "F1", 4.0), *seen("L2", "F1", None)],
    ]
    made = course(two, rows_of, liver("B"), liver("F1"))
    assert read(made, both("B"), both("F1"))["L2", "F1"].state is LesionState.ABSENT
    open_read = read(made, both("B"), both("F1", complete=False))
    assert open_read["L2", "F1"].state is LesionState.NOT_EVALUABLE


def test_a_non_target_never_seen_on_pet_is_none_of_percist() -> None:
    two = [*ONE, lesion("L2", Role.NON_TARGET)]
    made = course(two, [[*BASE, *seen("L2", "B", None, Event.BASELINE)]], liver("B"))
    assert {name for name, _ in read(made, both("B"))} == {"L1"}


def test_a_new_lesion_on_ct_alone_is_no_progression_of_uptake() -> None:
    new = [replace(f, state=LesionState.UNEQUIVOCAL) for f in seen("L2", "F1", None, Event.NEW)]
    made = course([*ONE, lesion("L2", Role.NEW)], [BASE, [*seen("L1", "F1", 8.0), *new]],
                  liver("B"), liver("F1"))  # fmt: skip
    assert read(made, both("B"), both("F1"))["L2", "F1"].state is LesionState.EQUIVOCAL
    assert assess(made, both("B"), both("F1")) == [("SMD", "provisional")]


def test_a_new_avid_lesion_called_by_a_reader_is_progression() -> None:
    new = [replace(f, state=LesionState.UNEQUIVOCAL) for f in seen("L2", "F1", 5.0, Event.NEW)]
    made = course([*ONE, lesion("L2", Role.NEW)], [BASE, [*seen("L1", "F1", 8.0), *new]],
                  liver("B"), liver("F1"))  # fmt: skip
    assert assess(made, both("B"), both("F1"))[0][0] == "PMD"


def test_without_height_there_is_no_sul_and_no_category() -> None:
    point = both("F1", height_cm="")
    row = seen("L1", "F1", 4.0)
    pet = replace(row[1], measurement=replace(row[1].measurement, sul_peak=None))
    made = course(ONE, [BASE, [row[0], pet]], liver("B"), liver("F1"))
    found = read(made, both("B"), point)["L1", "F1"]
    assert found.reason == "no SUL: height_cm not given"
    assert assess(made, both("B"), point)[0][0] == "NE"


def test_the_diameter_stays_that_of_the_series_first_measured() -> None:
    on_pet = seen("L1", "F1", 4.0)[1:]
    made = course(ONE, [BASE, on_pet])
    readings, _ = read_tracking(made, [("B", DAYS["B"]), ("F1", DAYS["F1"])], (), Protocol())
    later = next(r for r in readings if r.time_point == "F1")
    assert (later.diameter_mm, later.state) == (None, LesionState.NOT_EVALUABLE)
    assert "marked on the PT alone" in later.reason


def test_two_marks_on_pet_give_the_hottest_peak_and_all_volume() -> None:
    first, second = seen("L1", "F1", 4.0)[1], seen("L1", "F1", 6.0)[1]
    found = combine_uptake([first, second])
    assert found["suv_max"] == Decimal("6.0000")
    assert found["tlg"] == Decimal("20.0000")
    assert found["suv_mean"] == Decimal("5.0000")


@pytest.mark.parametrize("sul_peak", [4.12345678, 3.00005, 2.71825, 5.5])
def test_the_rules_read_the_uptake_that_tables_show(sul_peak: float) -> None:
    (_ct, pet) = seen("L1", "F1", 4.0)
    assert pet.measurement is not None
    shown = replace(pet, measurement=replace(pet.measurement, sul_peak=sul_peak))
    assert combine_uptake([shown])["sul_peak"] == Decimal(cell(sul_peak))


@pytest.mark.parametrize("missing", ["weight_kg", "height_cm", "sex"])
def test_sul_needs_the_body(missing: str) -> None:
    facts = {k: v for k, v in BODY.items() if k != missing}
    assert find_sul_factor(facts, "janmahasatian") == (None, f"no SUL: {missing} not given")


def test_a_pet_in_suv_goes_before_one_that_is_refused() -> None:
    refused = replace(scan("B", "PT", suv_refused="no weight"), scan_id="a")
    good = replace(scan("B", "PT"), scan_id="b")
    assert find_pet([refused, scan("B", "CT"), good]) is good


def test_a_pet_whose_unit_nobody_said_is_not_in_suv() -> None:
    assert why_no_suv(replace(scan("B", "PT"), facts={})) != ""
