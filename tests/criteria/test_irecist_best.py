"""iRECIST: best overall response, the date of progression, and the endpoints after it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from courses import START, day
from irecist_courses import FACTS, assess

from response.best_response import Visit
from response.criteria.irecist_best import (
    Progression,
    derive_best_response,
    derive_confirmed_best_response,
    find_progression,
    select_visits,
    summarise,
)
from response.protocol import BestResponse, Protocol

OPTIONS = BestResponse()


def by_day(**codes):
    """Visits: ``d56="iUPD"``."""
    return [Visit(day(int(name[1:])), code) for name, code in codes.items()]


# --------------------------------------------------------------------------- date of progression


@pytest.mark.parametrize(
    ("codes", "since", "confirmed"),
    [
        (("iUPD", "iUPD", "iCPD"), 0, True),
        (("iSD", "iUPD", "iPR", "iPR", "iUPD", "iCPD"), 4, True),
        (("iUPD", "NE", "iCPD"), 0, True),
        (("iUPD", "iCPD", "iSD", "iUPD"), 0, True),
        (("iSD", "iUPD", "NE", "NE"), 1, False),
        (("iUPD", "iSD", "iUPD"), 2, False),
        (("iCPD",), 0, True),
        (("iUPD", "", "iUPD"), 0, False),
    ],
)
def test_progression_dates_from_the_first_iupd_of_the_block_that_stands(codes, since, confirmed):
    """I-12; the second row is the example of the admiralonco documentation."""
    visits = [Visit(day(56 * number), code) for number, code in enumerate(codes)]
    assert find_progression(visits) == Progression(day(56 * since), confirmed)


@pytest.mark.parametrize("codes", [("iSD", "NE"), ("iUPD", "iSD"), ()])
def test_a_progression_that_a_response_followed_is_none(codes):
    assert find_progression([Visit(day(56 * n), code) for n, code in enumerate(codes)]) is None


def test_an_ne_begins_a_new_block_where_the_protocol_says_so():
    visits = by_day(d56="iUPD", d112="NE", d168="iUPD", d224="iCPD")
    assert find_progression(visits, ne_breaks_block=True) == Progression(day(168), True)
    alone = by_day(d56="iUPD", d112="NE")
    assert find_progression(alone, ne_breaks_block=True) == Progression(day(56), False)


# --------------------------------------------------------------------------------- best response


@pytest.mark.parametrize(
    ("codes", "best"),
    [
        ({"d56": "iUPD", "d112": "iPR", "d168": "iCPD"}, "iPR"),
        ({"d20": "iUPD", "d40": "iSD"}, "iUPD"),
        ({"d20": "iSD", "d40": "NE"}, "NE"),
        ({"d41": "iSD"}, "NE"),
        ({"d42": "iSD"}, "iSD"),
        ({"d20": "iUPD", "d30": "iSD", "d56": "iUPD", "d84": "iCPD"}, "iCPD"),
        ({"d56": "NON-iCR/NON-iUPD", "d112": "iUPD"}, "NON-iCR/NON-iUPD"),
        ({"d56": "NED", "d112": "iUPD"}, "NED"),
        ({"d56": "iCPD", "d112": "iCR"}, "iCPD"),
        ({"d56": ""}, "ND"),
        ({}, "MISSING"),
    ],
)
def test_best_overall_response(codes, best):
    assert derive_best_response(by_day(**codes), START, OPTIONS).category == best


def test_of_two_responses_of_one_date_the_worse_counts_and_new_therapy_ends_the_window():
    both = [Visit(day(56), "iPR"), Visit(day(56), "iUPD"), Visit(day(56), "iSD")]
    assert select_visits(both, OPTIONS) == (Visit(day(56), "iUPD"),)
    responses = [both[0], both[2]]
    assert select_visits(responses, OPTIONS, day(56)) == ()
    inclusive = BestResponse(new_therapy_inclusive=True)
    assert len(select_visits(responses, inclusive, day(56))) == 1
    assert len(select_visits(responses, inclusive, day(55))) == 0


def test_progression_of_the_day_new_therapy_began_stands():
    """A25."""
    seen = [Visit(day(56), "iUPD")]
    assert select_visits(seen, OPTIONS, day(56)) == (Visit(day(56), "iUPD"),)
    assert select_visits(seen, OPTIONS, day(55)) == ()


@pytest.mark.parametrize(
    ("codes", "confirmed"),
    [
        ({"d56": "iPR", "d84": "iPR"}, "iPR"),
        ({"d56": "iPR", "d83": "iPR"}, "iSD"),
        ({"d56": "iPR", "d70": "iUPD", "d84": "iPR"}, "iSD"),
        ({"d56": "iCR", "d112": "iCR"}, "iCR"),
        ({"d56": "iPR", "d112": "iUPD", "d168": "iCPD"}, "iSD"),
        ({"d28": "iPR", "d112": "iUPD", "d168": "iCPD"}, "iCPD"),
        ({"d28": "iPR", "d40": "iUPD"}, "iUPD"),
    ],
)
def test_confirmed_best_overall_response(codes, confirmed):
    """As in RECIST 1.1; an iUPD between a response and its confirmation breaks it."""
    found = derive_confirmed_best_response(by_day(**codes), START, OPTIONS)
    assert found.category == confirmed


def test_confirmed_progression_carries_the_date_of_its_first_iupd():
    best = derive_best_response(by_day(d56="iUPD", d112="iUPD", d168="iCPD"), START, OPTIONS)
    assert best.date == day(56)


# -------------------------------------------------------------------------------------- endpoints

PSEUDO = {0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": 50}, 168: {"T1": 50}}
"""Progression that was not: iUPD, then iPR twice."""


def test_pseudoprogression_is_a_response_and_no_event():
    summary = assess(PSEUDO).summary
    assert (summary.best_overall_response, summary.confirmed_best_overall_response) == (
        "iPR",
        "iPR",
    )
    assert (summary.response_date, summary.progression_date) == (day(112), None)
    assert (summary.pfs_days, summary.pfs_event) == (168, False)
    assert summary.duration_of_response_days is None


def test_a_confirmed_progression_after_a_response_ends_both():
    course = PSEUDO | {224: {"T1": 62}, 280: {"T1": 70}}
    summary = assess(course).summary
    assert summary.progression_date == day(224)
    assert (summary.pfs_days, summary.pfs_event) == (224, True)
    assert summary.pfs_reason.endswith(": iUPD, confirmed later")
    assert summary.duration_of_response_days == 224 - 112


def test_an_unconfirmed_progression_that_nothing_followed_is_the_event_and_says_so():
    summary = assess({0: {"T1": 100}, 56: {"T1": 125}}).summary
    assert (summary.best_overall_response, summary.progression_date) == ("iUPD", day(56))
    assert (summary.pfs_days, summary.pfs_event) == (56, True)
    assert summary.pfs_reason.endswith(": iUPD, not confirmed, and no response followed")


def test_without_any_later_time_point_nothing_is_known():
    summary = assess({0: {"T1": 100}}).summary
    assert (summary.best_overall_response, summary.confirmed_best_overall_response) == (
        "MISSING",
        "MISSING",
    )


def test_a_response_after_new_therapy_does_not_undo_the_progression_before_it():
    facts = replace(FACTS, new_therapy_date=day(70))
    summary = assess(PSEUDO, facts=facts).summary
    assert (summary.best_overall_response, summary.progression_date) == ("iUPD", day(56))
    assert summary.pfs_event is True


def test_progression_only_after_new_therapy_is_still_dated():
    course = {0: {"T1": 100}, 56: {"T1": 100}, 112: {"T1": 125}}
    facts = replace(FACTS, new_therapy_date=day(70))
    summary = assess(course, facts=facts).summary
    assert (summary.best_overall_response, summary.progression_date) == ("iSD", day(112))
    assert (summary.pfs_event, summary.pfs_days) == (False, 56)


def test_death_is_an_event_of_its_own():
    facts = replace(FACTS, death_date=day(200))
    summary = assess(PSEUDO, facts=facts).summary
    assert (summary.pfs_days, summary.pfs_event) == (200, True)
    assert "iUPD" not in summary.pfs_reason


def test_of_two_assessments_of_one_date_the_worse_makes_the_endpoints():
    rows = assess({0: {"T1": 100}, 56: {"T1": 50}}).assessments
    twin = replace(rows[1], time_point="twin", overall_response="iUPD")
    for both in ((*rows, twin), (rows[0], twin, rows[1])):
        summary = summarise(both, FACTS, Protocol())
        assert (summary.best_overall_response, summary.progression_date) == ("iUPD", day(56))


def test_the_start_of_treatment_or_else_the_baseline_opens_the_window():
    later = replace(FACTS, treatment_start=START + dt.timedelta(20))
    course = {0: {"T1": 100}, 56: {"T1": 100}}
    assert assess(course).summary.best_overall_response == "iSD"
    assert assess(course, facts=later).summary.best_overall_response == "NE"
    unknown = replace(FACTS, treatment_start=None)
    assert assess(course, facts=unknown).summary.best_overall_response == "iSD"
