"""What is drawn of uptake: the lines of the papers, and values that agree with the categories."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboard.course import lay_out
from dashboard.uptake import Seen, Tissue, build_course
from response.protocol import Protocol
from response.terms import Role

DAYS = (dt.date(2025, 1, 1), dt.date(2025, 3, 1))


def course(first, second=None, criterion="percist10", tissues=(), protocol=None):
    seen = [
        (name, day, [Seen(f"L{n}", role, False, v) for n, (role, v) in enumerate(values)])
        for name, day, values in zip(("A", "B"), DAYS, (first, second or first), strict=True)
    ]
    quantity = "sul_peak" if criterion == "percist10" else "suv_mean"
    return build_course(criterion, quantity, seen, "A", tissues, protocol or Protocol())


def line(found, name):
    return next(one.value for one in found.lines if one.name == name)


def test_the_limits_of_percist_are_thirty_per_cent_of_baseline():
    found = course([(Role.TARGET, 8.0)])
    assert line(found, "−30 %") == pytest.approx(5.6)
    assert line(found, "+30 %") == pytest.approx(10.4)


def test_of_faint_lesions_the_limits_are_eight_tenths_of_sul():
    found = course([(Role.TARGET, 2.0)])
    assert line(found, "−0.8 SUL") == pytest.approx(1.2)
    assert line(found, "+0.8 SUL") == pytest.approx(2.8)


def test_a_lesion_is_measurable_from_the_liver_at_baseline():
    tissues = (Tissue("A", DAYS[0], "liver", 2.0, 0.1), Tissue("B", DAYS[1], "liver", 9.0, 1.0))
    assert line(course([(Role.TARGET, 8.0)], tissues=tissues), "measurable from") == 3.2


def test_the_limits_of_eortc_are_those_of_the_paper():
    found = course([(Role.TARGET, 6.0), (Role.TARGET, 4.0)], criterion="eortc_pet")
    assert line(found, "−25 %") == pytest.approx(7.5)
    assert line(found, "+25 %") == pytest.approx(12.5)


def test_the_hottest_lesion_need_not_be_the_same():
    found = course(
        [(Role.TARGET, 8.0), (Role.TARGET, 5.0)], [(Role.TARGET, 3.0), (Role.TARGET, 4.0)]
    )
    assert [(p.value, p.lesions) for p in found.points] == [(8.0, ("L0",)), (4.0, ("L1",))]


def test_a_new_lesion_is_not_the_hottest_that_is_compared():
    found = course([(Role.TARGET, 8.0)], [(Role.TARGET, 3.0), (Role.NEW, 9.0)])
    assert found.at("B").value == 3.0


def test_a_target_without_a_value_is_missing_and_no_zero():
    found = course(
        [(Role.TARGET, 8.0), (Role.TARGET, 5.0)], [(Role.TARGET, None), (Role.TARGET, 4.0)]
    )
    assert found.at("B").missing == ("L0",)
    assert course([(Role.TARGET, None)]).at("A").value is None


@pytest.mark.parametrize("criterion", ["percist10", "eortc_pet"])
def test_what_is_drawn_changes_as_the_assessment_says(pet_view, criterion):
    view = pet_view("PET-001", criterion)
    timeline, _ = lay_out(view, Protocol())
    first = timeline.uptake.at("TP0").value
    for row in timeline.assessments[1:]:
        drawn = timeline.uptake.at(row.time_point).value
        assert 100 * (drawn / first - 1) == pytest.approx(
            float(row.change_from_baseline_pct), abs=0.01
        )


def test_liver_is_shown_in_sul_by_the_lean_body_mass_of_the_protocol(pet_view):
    _, studies = lay_out(pet_view("PET-001"), Protocol())
    (liver,) = studies[0].references
    bmi = 72 / 1.71**2
    lean = 9270 * 72 / (8780 + 244 * bmi)  # Janmahasatian, women
    assert liver.mean_sul == pytest.approx(2.4 * lean / 72, rel=1e-6)
    james = Protocol.model_validate({"pet": {"lean_body_mass": "james"}})
    _, studies = lay_out(pet_view("PET-001"), james)
    lean = 1.07 * 72 - 148 * (72 / 171) ** 2
    assert studies[0].references[0].mean_sul == pytest.approx(2.4 * lean / 72, rel=1e-6)


def test_sums_in_mm_stay_as_they_were_for_criteria_of_size(pet_view):
    timeline, _ = lay_out(pet_view("PET-001", "recist11"), Protocol())
    assert timeline.uptake is None
    assert timeline.adds_lengths
