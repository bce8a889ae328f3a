"""What holds of every criterion, whatever the course."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import START, courses, date_time_point, name_time_point

from response.assess import assess_subject
from response.criteria import CRITERIA
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.protocol import Protocol
from response.terms import LesionState, Role, Status

FACTS = SubjectFacts("S1", treatment_start=START)
CODES = {
    *("CR", "PR", "SD", "PD", "NE", "NED", "NON-CR/NON-PD", "MR", "PDu"),
    *("iCR", "iPR", "iSD", "iUPD", "iCPD", "NON-iCR/NON-iUPD"),
    *("CMR", "PMR", "SMD", "NMR", "PMD"),
}
every_criterion = pytest.mark.parametrize("criterion", sorted(CRITERIA))
few = settings(max_examples=40, deadline=None)


def assess(rows, points, criterion, facts=FACTS):
    return assess_subject(
        "S1", Reader(), rows, facts, Protocol(), criterion=criterion, time_points=points
    )


@every_criterion
@given(course=courses(), seed=st.randoms(use_true_random=False))
@few
def test_the_order_of_rows_never_matters(criterion, course, seed):
    rows, points = course
    shuffled = list(rows)
    seed.shuffle(shuffled)
    assert assess(shuffled, points, criterion) == assess(rows, points, criterion)


@every_criterion
@given(course=courses())
@few
def test_a_later_scan_never_rewrites_an_earlier_category(criterion, course):
    rows, points = course
    until = points[-1].date
    whole = assess(rows, points, criterion).assessments
    earlier = assess(
        [row for row in rows if row.date < until],
        [point for point in points if point.date < until],
        criterion,
    ).assessments
    assert [row for row in whole if row.as_of < until] == list(earlier)


@every_criterion
@given(course=courses())
@few
def test_every_category_is_a_known_code_with_a_reason(criterion, course):
    first, *later = assess(*course, criterion).assessments
    assert first.overall_response == ""
    assert first.reasons
    for row in later:
        assert row.overall_response in CODES
        assert row.reasons
        assert row.criterion == criterion
        assert all(reason.row_id and reason.text for reason in row.reasons)


@every_criterion
@given(course=courses())
@few
def test_what_no_person_confirmed_is_provisional_from_there_on(criterion, course):
    rows, points = course
    since = points[1]
    doubted = [points[0], replace(since, provisional=("matched by the program",)), *points[2:]]
    for row in assess(rows, doubted, criterion).assessments:
        doubtful = row.as_of >= since.date
        assert row.status is (Status.PROVISIONAL if doubtful else Status.CONFIRMED)


@every_criterion
@given(course=courses())
@few
def test_a_time_point_with_nothing_evaluable_is_ne(criterion, course):
    rows, points = course
    day = points[-1].date + dt.timedelta(weeks=8)
    nothing = LesionReading("LAST", day, "", None, state=LesionState.NOT_EVALUABLE)
    result = assess([*rows, nothing], [*points, AssessedTimePoint("LAST", day)], criterion)
    last = [row for row in result.assessments if row.time_point == "LAST"]
    assert [row.overall_response for row in last] == ["NE"]
    assert any("nothing was read" in reason.text for reason in last[0].reasons)


@every_criterion
@given(course=courses())
@few
def test_the_summary_speaks_the_criterions_own_words(criterion, course):
    summary = assess(*course, criterion).summary
    assert summary.best_overall_response in CODES | {"MISSING"}
    assert summary.confirmed_best_overall_response in CODES | {"MISSING"}
    assert summary.criterion == criterion


@every_criterion
def test_a_target_that_was_not_assessed_is_named(criterion):
    """Silence is never 0 mm."""
    rows = [
        LesionReading(
            name_time_point(0), date_time_point(0), name, Role.TARGET, diameter_mm=Decimal(20)
        )
        for name in ("T1", "T2")
    ]
    rows = [replace(row, extra=EVERYTHING) for row in rows]
    rows.append(replace(rows[0], time_point="W08", date=date_time_point(1)))
    points = [
        AssessedTimePoint(name_time_point(n), date_time_point(n), facts=COMPARABLE) for n in (0, 1)
    ]
    row = assess(rows, points, criterion).assessments[1]
    assert any("T2" in reason.text for reason in row.reasons)
    assert row.overall_response not in {"CR", "iCR", "CMR"}


EVERYTHING = dict.fromkeys(
    ("short_diameter_mm", "viable_diameter_mm", "density_hu", "suv_mean", "suv_max", "sul_peak"),
    Decimal(20),
)
COMPARABLE = {
    "liver_mean": "2.0",
    "liver_sd": "0.2",
    "uptake_minutes": "60",
    "injected_mbq": "300",
}
