"""RANO 2.0 as tables: total, unambiguous, every row hit, exact at the printed limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from response.criteria import rano2
from response.criteria.rano2 import PRODUCTS, VOLUMES, ComponentCase, OverallCase
from response.protocol import Rules
from response.terms import NewLesion

WHOLE = Rules(pd_from_partial=False)


def case(total: object, baseline: object = 1000, nadir: object = 1000, **more: object):
    numbers = [None if n is None else Decimal(str(n)) for n in (total, baseline, nadir)]
    return replace(ComponentCase(PRODUCTS, True, *numbers), **more)


HITS = [
    ("RANO20.TARGET.PD", case(1250), Rules()),
    ("RANO20.TARGET.PD", case(625, nadir=500), Rules()),
    ("RANO20.TARGET.PD", case(1400, limits=VOLUMES), Rules()),
    ("RANO20.TARGET.PD", case(1250, missing=True), Rules()),
    ("RANO20.TARGET.PD", case(100, nadir=0, measurable=True), Rules()),
    ("RANO20.TARGET.NE", case(1250, missing=True), WHOLE),
    ("RANO20.TARGET.NE", case(500, missing=True), Rules()),
    ("RANO20.TARGET.NE", case(500, baseline=None, nadir=None), Rules()),
    ("RANO20.TARGET.CR", case(0, gone=True), Rules()),
    ("RANO20.TARGET.PR", case(500), Rules()),
    ("RANO20.TARGET.PR", case(350, limits=VOLUMES, nadir=350), Rules()),
    ("RANO20.TARGET.PR", case(25, nadir=0), Rules()),
    ("RANO20.TARGET.MR", case("500.01"), Rules()),
    ("RANO20.TARGET.MR", case(750), Rules()),
    ("RANO20.TARGET.MR", case(600, limits=VOLUMES), Rules()),
    ("RANO20.TARGET.MR", case("350.01", limits=VOLUMES), Rules()),
    ("RANO20.TARGET.SD", case("750.01"), Rules()),
    ("RANO20.TARGET.SD", case("600.01", limits=VOLUMES), Rules()),
    ("RANO20.TARGET.SD", case(750, minor_counts=False), Rules()),
    ("RANO20.TARGET.SD", case("1249.99"), Rules()),
    ("RANO20.TARGET.SD", case("1399.99", limits=VOLUMES), Rules()),
]


@pytest.mark.parametrize(("row", "seen", "options"), HITS)
def test_every_target_row_decides_at_its_limit(row, seen, options):
    assert rano2.decide_component(seen, options).id == row


def test_no_target_row_is_without_a_case():
    assert {row for row, _, _ in HITS} == {rule.id for rule in rano2.TARGET_RULES}


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), st.booleans())
def test_the_change_decides_as_in_whole_numbers(total, baseline, other, by_volume):
    nadir = min(baseline, other)
    worse, partial, minor = (140, 35, 60) if by_volume else (125, 50, 75)
    expected = "SD"
    if 100 * total >= worse * nadir:
        expected = "PD"
    elif 100 * total <= partial * baseline:
        expected = "PR"
    elif 100 * total <= minor * baseline:
        expected = "MR"
    limits = VOLUMES if by_volume else PRODUCTS
    seen = case(total, baseline, nadir, limits=limits)
    assert rano2.decide_component(seen, Rules()).category == expected


# -------------------------------------------------------------------------------- mixed tumours


def test_the_mixed_table_is_total_symmetric_and_never_contradicts_itself():
    for pair in product(rano2.COMPONENT_RESPONSES, repeat=2):
        said = {row.category for row in rano2.MIXED if row.takes(*pair)}
        assert len(said) == 1, pair
        assert rano2.combine(*pair) is rano2.combine(*reversed(pair))


def test_every_mixed_row_decides_some_combination():
    assert {row.id for row in rano2.MIXED_ROWS.values()} == {row.id for row in rano2.MIXED}


@pytest.mark.parametrize(
    ("first", "second", "category"),
    [
        ("PD", "SD", "PD"),
        ("PD", "MR", "PD"),
        ("PD", "PR", "PD"),
        ("PR", "SD", "PR"),
        ("MR", "SD", "MR"),
        ("CR", "SD", "SD"),
        ("CR", "MR", "MR"),
        ("CR", "PR", "PR"),
        ("SD", "SD", "SD"),
    ],
)
def test_the_mixed_table_is_as_printed(first, second, category):
    assert rano2.combine(first, second).category == category


# --------------------------------------------------------------------------------------- overall

SEEN = OverallCase("SD", "NA", NewLesion.NO)
OVERALL = [
    ("RANO20.PD.CLINICAL", replace(SEEN, target="CR", worse=True)),
    ("RANO20.PD.NEW", replace(SEEN, target="CR", new=NewLesion.YES, raised=True)),
    ("RANO20.PD.TARGET", replace(SEEN, target="PD", new=NewLesion.NE)),
    ("RANO20.PD.NON_TARGET", replace(SEEN, non_target="PD")),
    ("RANO20.NE.NEW", replace(SEEN, new=NewLesion.NE)),
    ("RANO20.NE", replace(SEEN, target="NE")),
    ("RANO20.NE", replace(SEEN, target="NA", non_target="NE")),
    ("RANO20.NE.STEROIDS", replace(SEEN, raised=True)),
    ("RANO20.NE.STEROIDS", replace(SEEN, target="PR", raised=True)),
    ("RANO20.CR", replace(SEEN, target="CR")),
    ("RANO20.CR", replace(SEEN, target="CR", non_target="CR", new=NewLesion.EQUIVOCAL)),
    ("RANO20.PR.RESIDUAL", replace(SEEN, target="CR", steroids=True)),
    ("RANO20.PR.RESIDUAL", replace(SEEN, target="CR", non_target="NON-CR/NON-PD")),
    ("RANO20.PR.RESIDUAL", replace(SEEN, target="CR", non_target="NE")),
    ("RANO20.PR", replace(SEEN, target="PR", steroids=True)),
    ("RANO20.MR", replace(SEEN, target="MR")),
    ("RANO20.SD", SEEN),
    ("RANO20.SD.NOT_MEASURABLE", replace(SEEN, target="NA", non_target="CR")),
    ("RANO20.SD.NOT_MEASURABLE", replace(SEEN, target="NA")),
]


@pytest.mark.parametrize(("row", "seen"), OVERALL)
def test_every_overall_row_decides(row, seen):
    assert rano2.decide_overall(seen).id == row


def test_no_overall_row_is_without_a_case():
    assert {row for row, _ in OVERALL} == {rule.id for rule in rano2.OVERALL}


def test_a_minor_response_is_the_better_of_stable_disease():
    assert rano2.VOCABULARY.name("SD", ["SD", "MR"]) == "MR"
    assert rano2.VOCABULARY.name("NE", ["SD"]) == "NE"
