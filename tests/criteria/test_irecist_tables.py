"""iRECIST's table: total, unambiguous, as printed; and what counts as further progression."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from response.criteria import irecist as rules
from response.criteria.irecist import Finding, State
from response.criteria.recist11 import NON_TARGET_RESPONSES, TARGET_RESPONSES
from response.terms import NewLesion

COMBINATIONS = [
    (state, base, finding)
    for state in State
    for base, finding in product(rules.BASES, rules.FINDINGS[state])
]
RESPONSES = ("CR", "PR", "SD", "NON-CR/NON-PD", "NED")


def decide(*combination):
    return rules.name_overall(rules.decide(*combination), combination[1])


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_the_table_speaks_once_of_every_combination(combination):
    assert len([row for row in rules.TABLE if row.takes(*combination)]) == 1


def test_every_row_decides_some_combination():
    assert {row.id for row in rules.ROWS.values()} == {row.id for row in rules.TABLE}
    assert len({row.id for row in rules.TABLE}) == len(rules.TABLE)


def test_every_state_and_finding_is_named_by_some_row():
    assert {row.state for row in rules.TABLE} == set(State)
    assert {finding for row in rules.TABLE for finding in row.finding} == set(Finding)


@pytest.mark.parametrize("base", RESPONSES)
def test_recist_decides_until_its_progression_is_first_met(base):
    assert decide(State.FREE, base, Finding.NONE) == rules.CODES[base]
    assert decide(State.FREE, base, Finding.NEW_LESION) == "iUPD"
    assert decide(State.FREE, "PD", Finding.NONE) == "iUPD"


@pytest.mark.parametrize("base", rules.BASES)
def test_only_a_scan_in_time_confirms(base):
    assert decide(State.WAITING, base, Finding.FURTHER) == "iCPD"
    assert decide(State.WAITING, base, Finding.FURTHER_EARLY) == "iUPD"
    assert decide(State.WAITING, base, Finding.FURTHER_LATE) == "iUPD"


@pytest.mark.parametrize("base", RESPONSES)
def test_a_response_sets_an_iupd_aside_only_where_something_improved(base):
    assert decide(State.WAITING, base, Finding.IMPROVED) == rules.CODES[base]
    assert decide(State.WAITING, base, Finding.NONE) == "iUPD"


@pytest.mark.parametrize("finding", [Finding.NONE, Finding.IMPROVED])
def test_progression_that_did_not_grow_stays_unconfirmed(finding):
    assert decide(State.WAITING, "PD", finding) == "iUPD"
    assert decide(State.WAITING, "NE", finding) == "NE"


def test_confirmed_progression_stays():
    found = {base: decide(State.CONFIRMED, base, Finding.NONE) for base in rules.BASES}
    assert found == dict.fromkeys((*RESPONSES, "PD"), "iCPD") | {"NE": "NE"}


def test_every_response_of_recist_has_a_code_and_every_code_a_meaning():
    assert rules.CODES.keys() >= {*TARGET_RESPONSES, *NON_TARGET_RESPONSES, *rules.BASES}
    assert rules.MEANS.keys() == {*rules.CODES.values(), "iCPD"}


@pytest.mark.parametrize(
    ("new", "evaluable", "asked"),
    [
        (NewLesion.YES, True, "NO"),
        (NewLesion.EQUIVOCAL, True, "NO"),
        (NewLesion.NO, True, "NO"),
        (NewLesion.YES, False, "NE"),
        (NewLesion.NE, True, "NE"),
    ],
)
def test_a_new_lesion_says_nothing_of_the_baseline_disease(new, evaluable, asked):
    assert rules.leave_new_aside(new, evaluable) == asked


@pytest.mark.parametrize(
    ("now", "then", "grown"),
    [
        ({"A": "8.2"}, {"A": "3.2"}, "5.0"),
        ({"A": "10", "B": "20"}, {"A": "12", "B": "15"}, "3"),
        ({"A": "10"}, {"A": "4", "B": "5"}, "1"),
        ({"A": "10", "C": "30"}, {"A": "10"}, "0"),
    ],
)
def test_growth_is_counted_over_the_lesions_of_then_and_never_overstated(now, then, grown):
    lengths = [{name: Decimal(mm) for name, mm in sizes.items()} for sizes in (now, then)]
    assert rules.grown_mm(*lengths) == Decimal(grown)
