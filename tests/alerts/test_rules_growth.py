"""Growth before the category turns: the sum of diameters, and uptake."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from alert_pictures import course, look, nothing, on, picture, row, told
from builders import DAYS, finding, lesion, tracking

from response.alerts.facts import Picture, Scanned
from response.alerts.rules.all_rules import evaluate
from response.alerts.settings import AlertSettings
from response.model import (
    Alert,
    AssessedTimePoint,
    Finding,
    LesionReading,
    Subject,
    SubjectFacts,
)
from response.protocol import Protocol
from response.terms import Event, LesionState, Role, Severity

NEAR = "near_progression"
RISE = "uptake_rise"


@pytest.mark.parametrize(("size", "near"), [("57.4", False), ("57.5", True), ("59.9", True)])
def test_a_sum_is_near_from_15_per_cent_over_its_nadir(size: str, near: bool) -> None:
    alerts = look(picture(course((0, "50"), (8, size))), 8, NEAR)
    assert bool(alerts) is near
    assert not any(one.lasting for one in alerts)


@pytest.mark.parametrize(
    ("lesions", "severity"),
    # ln(58/50) over sqrt(2) x 6.1 %: 1.72 standard errors; of four such lesions twice that
    [(("50",), Severity.LOW), (("50", "50", "50", "50"), Severity.MEDIUM)],
)
def test_what_measuring_again_could_make_is_low(
    lesions: tuple[str, ...], severity: Severity
) -> None:
    rows = [
        replace(one, lesion=f"L{n}")
        for n, size in enumerate(lesions)
        for one in course((0, size), (8, "58"))
    ]
    (alert,) = look(picture(rows), 8, NEAR)
    assert alert.severity is severity
    assert ("could make it" in alert.text) is (severity is Severity.LOW)


def test_the_rise_is_counted_from_the_nadir_not_the_baseline() -> None:
    seen = picture(course((0, "50"), (8, "40"), (16, "46.8")))
    (alert,) = look(seen, 16, NEAR)
    assert alert.numbers["nadir_mm"] == "40"
    assert "+17.0 %" in alert.text
    assert alert.numbers["progression_at_mm"] == "48.0"


def test_how_near_is_a_choice() -> None:
    protocol = Protocol(alerts=AlertSettings(near_progression_pct=Decimal(10)))
    seen = picture(course((0, "50"), (8, "55")))
    assert told(look(seen, 8, NEAR, protocol=protocol)) == [(NEAR, "W8")]
    assert look(seen, 8, NEAR) == ()


def test_only_the_last_time_point_counts() -> None:
    assert look(picture(course((0, "50"), (8, "58"), (16, "51"))), 16, NEAR) == ()


def test_a_scan_that_was_not_evaluable_ends_nothing() -> None:
    rows = [*course((0, "50"), (8, "58")), nothing(16, LesionState.NOT_EVALUABLE)]
    assert told(look(picture(rows), 16, NEAR)) == [(NEAR, "W8")]


def test_progression_takes_its_place() -> None:
    seen = picture(course((0, "50"), (8, "58"), (16, "61")))
    assert look(seen, 16, NEAR) == ()
    (before,) = look(picture(course((0, "50"), (8, "58"))), 8, NEAR)
    (after,) = look(seen, 16, "progression")
    assert before.thread == after.thread


def test_a_sum_that_stays_near_is_the_same_alert() -> None:
    (before,) = look(picture(course((0, "50"), (8, "58"))), 8, NEAR)
    (after,) = look(picture(course((0, "50"), (8, "58"), (16, "59"))), 16, NEAR)
    assert before.alert_id == after.alert_id
    assert (after.time_point, after.numbers["sum_of_diameters_mm"]) == ("W16", "59")


def test_a_criterion_without_a_rise_of_a_fifth_is_not_asked() -> None:
    assert look(picture(course((0, "50"), (8, "58")), criteria=["choi"]), 8, NEAR) == ()


def uptake(*peaks: tuple[float, str]) -> list[LesionReading]:
    return [row("T1", week, "30", sul_peak=peak) for week, peak in peaks]


@pytest.mark.parametrize(
    ("peak", "risen"), [("4.79", False), ("4.80", True), ("6.00", True), ("3.00", False)]
)
def test_uptake_has_risen_from_a_fifth_and_08_over_its_lowest(peak: str, risen: bool) -> None:
    seen = picture(uptake((0, "6.00"), (8, "4.00"), (16, peak)))
    assert bool(look(seen, 16, RISE)) is risen


def test_a_small_rise_of_faint_uptake_is_none() -> None:
    assert look(picture(uptake((0, "1.50"), (8, "2.29"))), 8, RISE) == ()
    assert told(look(picture(uptake((0, "1.50"), (8, "2.30"))), 8, RISE)) == [(RISE, "W8")]


def test_a_lesion_that_is_gone_later_has_not_risen() -> None:
    rows = [*uptake((0, "3"), (8, "6")), row("T1", 16, LesionState.ABSENT)]
    assert look(picture(rows), 16, RISE) == ()


def test_uptake_that_rose_before_the_baseline_is_history() -> None:
    assert look(picture(uptake((-8, "3"), (0, "6"))), 0, RISE) == ()


def hot(name: str, peak: float, *, modality: str = "PT", **more: Any) -> Finding:
    """A lesion with uptake, as a PET shows it."""
    made = finding("L1", name, Event.PERSISTING, "20.0", **more)
    assert made.measurement is not None
    measured = replace(made.measurement, sul_peak=peak)
    return replace(made, measurement=measured, modality=modality)


def find(*findings: Finding) -> tuple[Alert, ...]:
    """Rises of uptake of one lesion on images."""
    scanned = tuple(Scanned(name, day) for name, day in DAYS.items())
    made = tracking([lesion("L1", Role.TARGET)], list(findings))
    seen = Picture(Subject("S1", "k", SubjectFacts("S1")), scanned, (), (made,))
    return tuple(one for one in evaluate([seen], DAYS["F3"], Protocol()) if one.rule == RISE)


def test_uptake_on_images_is_read_from_the_pet_and_provisional() -> None:
    ct = replace(hot("F1", 9.0, modality="CT"), series="2")
    (alert,) = find(hot("B", 4.0), hot("F1", 5.0), ct)
    assert alert.numbers["sul_peak_g_per_ml"] == "5.0000"
    assert alert.numbers["change_pct"] == "+25.0"
    assert alert.provisional
    assert alert.tracking_uid == "L1"


def test_a_lesion_on_images_that_resolved_has_not_risen() -> None:
    assert find(hot("B", 4.0), hot("F1", 6.0), finding("L1", "F2", Event.RESOLVED)) == ()
    assert len(find(hot("B", 4.0), hot("F1", 6.0), finding("L1", "F2", Event.NOT_IMAGED))) == 1


def test_where_percist_says_progression_a_rise_is_no_news() -> None:
    rows = uptake((0, "4.00"), (8, "6.00"))
    known = {"liver_mean": "1.5", "liver_sd": "0.2", "uptake_minutes": "60", "injected_mbq": "300"}
    points = [AssessedTimePoint(f"W{week}", on(week), facts=known) for week in (0, 8)]
    seen = picture(rows, criteria=["percist10"], points=points)
    assert [one.overall_response for one in seen.results[0].assessments] == ["", "PMD"]
    assert look(seen, 8, RISE) == ()
    assert told(look(picture(rows), 8, RISE)) == [(RISE, "W8")]


def test_normal_nodes_near_nothing_while_the_response_is_complete() -> None:
    sizes = ((0, "20"), (8, "6"), (16, "4"), (24, "9"))
    seen = picture([row("T1", week, size, node=True) for week, size in sizes])
    assert [one.overall_response for one in seen.results[0].assessments[1:]] == ["CR"] * 3
    assert look(seen, 24, NEAR, "early_growth") == ()
    others = [row("P1", week, LesionState.PRESENT, Role.NON_TARGET) for week, _size in sizes]
    nodes = [row("T1", week, size, node=True) for week, size in sizes]
    assert look(picture([*nodes, *others]), 24, NEAR, "early_growth") == ()


@pytest.mark.parametrize(("own", "told_by"), [("recist11", "recist11"), ("irecist", "irecist")])
def test_growth_is_told_once_whatever_criteria_were_assessed(own: str, told_by: str) -> None:
    five = [replace(one, lesion=f"L{n}") for n in range(5) for one in course((0, "30"), (8, "35"))]
    seen = picture(five, criteria=["mrecist", "irecist", "recist11"])
    protocol = Protocol.model_validate({"criterion": {"name": own}})
    for rule in (NEAR, "early_growth"):
        (alert,) = look(seen, 8, rule, protocol=protocol)
        assert alert.criterion == told_by


def test_a_category_of_another_criterion_names_it() -> None:
    seen = picture(course((0, "50"), (8, "62")), criteria=["irecist", "recist11"])
    texts = {one.criterion: one.text for one in look(seen, 8, "progression")}
    assert texts["irecist"].startswith("by iRECIST: iUPD at W8")
    assert texts["recist11"].startswith("PD at W8")
