"""Folding a subject: the baseline, what is refused, and what always holds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from courses import PROTOCOLS, assess, course, courses, day, overall, reading
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from response.assess import assess_subject
from response.errors import InputError
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.protocol import Protocol
from response.terms import LesionState

FACTS = SubjectFacts("S1", treatment_start=day(0))


def assess_under(rows, protocol):
    return assess_subject("S1", Reader(), rows, FACTS, protocol)


# ------------------------------------------------------------------------- the baseline


def test_the_baseline_is_the_last_time_point_up_to_the_start_and_earlier_ones_are_history():
    rows = [
        reading("OLD", -60, "T1", 90),
        reading("BL", -10, "T1", 50),
        reading("W8", 56, "T1", 35),
    ]
    result = assess(rows)
    assert [row.time_point for row in result.assessments] == ["BL", "W8"]
    assert overall(result) == ["PR"]
    assert result.assessments[1].nadir_mm == 50


def test_a_baseline_of_more_than_28_days_before_the_start_is_warned_of():
    for before, warned in ((28, False), (29, True)):
        rows = [reading("BL", -before, "T1", 50)]
        said = [reason.row_id for reason in assess(rows).assessments[0].reasons]
        assert ("BASELINE.EARLY" in said) == warned


@pytest.mark.parametrize("start", [None, day(-5)])
def test_without_a_scan_up_to_a_known_start_the_earliest_is_assumed(start):
    rows = [reading("W8", 56, "T1", 50), reading("BL", 0, "T1", 50)]
    facts = SubjectFacts("S1", treatment_start=start)
    result = assess_subject("S1", Reader(), rows, facts, Protocol())
    first = result.assessments[0]
    assert first.time_point == "BL"
    assert first.reasons[0].row_id == "BASELINE.ASSUMED"
    assert first.status == "confirmed"


def test_a_lesion_without_a_role_is_not_followed():
    rows = course(BL={"T1": 50}, W8={"T1": 50})
    rows += [replace(row, lesion="X1", role=None) for row in rows]
    assert overall(assess(rows)) == ["SD"]


def test_nothing_to_assess_is_refused():
    with pytest.raises(InputError, match="no time point"):
        assess([])


def test_an_unknown_criterion_is_refused_with_those_known():
    with pytest.raises(InputError, match="recist11"):
        assess_subject("S1", Reader(), course(BL={"T1": 5}), FACTS, Protocol(), criterion="recist9")


@pytest.mark.parametrize("lesion", ["T2", "P1"])
def test_a_lesion_first_seen_later_is_new_or_refused(lesion):
    said = "PRESENT" if lesion == "P1" else 10
    with pytest.raises(InputError, match=f"time point W8: lesion {lesion} .* NEW"):
        assess(course(BL={"T1": 20}, W8={"T1": 20, lesion: said}))


def test_the_order_of_parts_does_not_change_which_is_named():
    rows = course(BL={"T1": 30})
    parts = [
        reading("W8", 56, "T1", "NOT_EVALUABLE", part=part, reason=f"part {part} cut off")
        for part in "ab"
    ]
    forward, backward = assess([*rows, *parts]), assess([*rows, *reversed(parts)])
    assert forward == backward


def test_an_imputed_date_is_flagged():
    said = [AssessedTimePoint("W8", day(56), facts={"partial_date": "2025-02"})]
    rows = course(BL={"T1": 50}, W8={"T1": 50})
    result = assess_subject("S1", Reader(), rows, FACTS, Protocol(), time_points=said)
    flagged = [row.time_point for row in result.assessments if "DATE.IMPUTED" in str(row.reasons)]
    assert flagged == ["W8"]


def test_what_makes_nothing_evaluable_provisional_is_kept():
    rows = course(BL={"T1": 50}, W8=None)
    rows[-1] = replace(rows[-1], provisional="not read yet")
    assert assess(rows).assessments[1].status == "provisional"


# ------------------------------------------------------------------------- what always holds


@given(courses(), PROTOCOLS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_rows_never_matters(rows, protocol, chance: random.Random):
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert assess_under(shuffled, protocol) == assess_under(rows, protocol)


@given(courses(), PROTOCOLS)
@settings(max_examples=150, deadline=None)
def test_the_nadir_never_rises(rows, protocol):
    result = assess_under(rows, protocol)
    nadirs = [row.nadir_mm for row in result.assessments if row.nadir_mm is not None]
    assert nadirs == sorted(nadirs, reverse=True)


@given(courses(), PROTOCOLS)
@settings(max_examples=150, deadline=None)
def test_a_later_scan_never_changes_an_earlier_row(rows, protocol):
    whole = {(row.time_point, row.as_of): row for row in assess_under(rows, protocol).assessments}
    last = max(row.date for row in rows)
    assume(last > day(0))
    earlier = assess_under([row for row in rows if row.date < last], protocol).assessments
    assert all(whole[row.time_point, row.as_of] == row for row in earlier)


@given(courses(), PROTOCOLS)
@settings(max_examples=150, deadline=None)
def test_a_lesions_name_never_matters(rows, protocol):
    renamed = [replace(row, lesion=f"{9 - int(row.lesion[1])}{row.lesion}") for row in rows]
    one, other = assess_under(rows, protocol), assess_under(renamed, protocol)
    assert [row.overall_response for row in one.assessments] == [
        row.overall_response for row in other.assessments
    ]
    assert one.summary == other.summary


@given(courses(), PROTOCOLS)
@settings(max_examples=150, deadline=None)
def test_every_category_has_a_reason_from_a_table(rows, protocol):
    for row in assess_under(rows, protocol).assessments[1:]:
        tables = [r for r in row.reasons if r.row_id.startswith(("RECIST11.T", "RECIST11.NED"))]
        assert tables
        assert all(reason.text for reason in row.reasons)


# ------------------------------------------------------------------------- read, no disease seen


def no_disease(name, number, **more):
    return LesionReading(name, day(number), "", None, state=LesionState.ABSENT, **more)


def test_without_disease_at_baseline_there_is_none_until_a_new_lesion_is_unequivocal():
    rows = [no_disease(f"W{week}", 7 * week) for week in (0, 12, 24)]
    rows.append(reading("W24", 168, "N1", "EQUIVOCAL"))
    rows.append(reading("W36", 252, "N1", "UNEQUIVOCAL"))
    result = assess(rows)
    assert overall(result) == ["NED", "NED", "PD"]
    assert result.assessments[0].overall_response == ""
    assert "baseline: no disease" in str(result.assessments[0].reasons)
    assert result.summary.progression_date == day(168)


def test_a_reader_who_saw_no_disease_saw_none_of_the_known_lesions():
    rows = [*course(BL={"T1": 20, "L1": 20, "P1": "PRESENT"}), no_disease("W8", 56)]
    result = assess(rows)
    assert overall(result) == ["CR"]
    assert result.assessments[1].sum_of_diameters_mm == 0


def test_a_new_lesion_seen_before_is_gone_where_no_disease_is_seen():
    rows = course(BL={"T1": 20}, W8={"T1": 20, "N1": "UNEQUIVOCAL"})
    result = assess([*rows, no_disease("W16", 112)])
    assert overall(result) == ["PD", "CR"]


def test_a_lesion_with_a_row_of_its_own_is_as_that_row_says():
    rows = course(BL={"T1": 20, "T2": 20}, W8={"T1": 20})
    assert overall(assess([*rows, no_disease("W8", 56)])) == ["PR"]


def test_what_makes_no_disease_provisional_is_kept():
    rows = [no_disease("W0", 0), no_disease("W8", 56, provisional="not confirmed")]
    assert [row.status for row in assess(rows).assessments] == ["confirmed", "provisional"]
