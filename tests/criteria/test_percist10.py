"""PERCIST 1.0 as tables: total, unambiguous, every row hit, exact at its limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from response.criteria import percist10
from response.criteria.percist10 import Case, decide_target
from response.protocol import Pet, Protocol, parse_protocol
from response.terms import NewLesion

INCLUSIVE = parse_protocol("[pet]\nprogression_inclusive = true")
BASE = Case(baseline=Decimal(8), hottest=Decimal(8))


def case(hottest: str, baseline: str = "8", **more: object) -> Case:
    return replace(BASE, hottest=Decimal(hottest), baseline=Decimal(baseline), **more)


TLG = {"tlg_baseline": Decimal(100), "tlg": Decimal("175.1")}
ROWS = {
    "PERCIST10.TARGET.NE.MEASURABLE": case("4", measurable=False),
    "PERCIST10.TARGET.NE.COMPARABLE": case("4", comparable=False),
    "PERCIST10.TARGET.CMR": case("1.2", complete=True, liver=Decimal(2)),
    "PERCIST10.TARGET.PMD": case("10.41"),
    "PERCIST10.TARGET.PMD.TLG": case("8", **TLG),
    "PERCIST10.TARGET.NE": case("4", missing=True),
    "PERCIST10.TARGET.SMD.OTHER": case("5.6", grown=True),
    "PERCIST10.TARGET.PMR": case("5.6"),
    "PERCIST10.TARGET.SMD": case("5.61"),
}


@pytest.mark.parametrize(("row", "seen"), ROWS.items())
def test_every_target_row_is_hit(row, seen):
    assert decide_target(seen, Protocol()).id == row


def test_the_target_table_has_no_other_rows():
    assert [rule.id for rule in percist10.TARGET_RULES] == list(ROWS)


@pytest.mark.parametrize(
    ("seen", "protocol", "category"),
    [
        (case("5.6"), Protocol(), "PMR"),
        (case("5.600000000001"), Protocol(), "SMD"),
        (case("1.8", "2.6"), Protocol(), "PMR"),
        (case("1.81", "2.6"), Protocol(), "SMD"),
        (case("10.4"), Protocol(), "SMD"),
        (case("10.400000000001"), Protocol(), "PMD"),
        (case("10.4"), INCLUSIVE, "PMD"),
        (case("10.399999999999"), INCLUSIVE, "SMD"),
        (case("2.8", "2"), Protocol(), "SMD"),
        (case("2.8", "2"), INCLUSIVE, "PMD"),
        (case("2.9", "2"), Protocol(), "PMD"),
        (case("1.2", complete=True), Protocol(), "CMR"),
        (case("2", complete=True, liver=Decimal(2)), Protocol(), "PMR"),
        (case("8", tlg_baseline=Decimal(100), tlg=Decimal(175)), Protocol(), "SMD"),
        (case("7.9", **TLG), Protocol(), "SMD"),
        (case("8", tlg_baseline=Decimal(0), tlg=Decimal(5)), Protocol(), "SMD"),
        (case("11", missing=True), Protocol(), "PMD"),
        (case("11", missing=True), parse_protocol("[rules]\npd_from_partial = false"), "NE"),
        (replace(BASE, hottest=None), Protocol(), "NE"),
        (replace(BASE, baseline=None), Protocol(), "NE"),
    ],
)
def test_limits_are_exact(seen, protocol, category):
    assert decide_target(seen, protocol).category == category


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_the_change_alone_decides_as_in_whole_numbers(before, now):
    seen = case(str(Decimal(now) / 100), str(Decimal(before) / 100))
    if 10 * now <= 7 * before and before - now >= 80:
        expected = "PMR"
    elif 10 * now > 13 * before and now - before > 80:
        expected = "PMD"
    else:
        expected = "SMD"
    assert decide_target(seen, Protocol()).category == expected


def test_the_overall_table_is_total_and_never_contradicts_itself():
    targets = (*percist10.TARGET_RESPONSES, "NA")
    for key in product(targets, percist10.NON_TARGET_RESPONSES, NewLesion):
        said = {row.overall for row in percist10.OVERALL if row.takes(*key)}
        assert len(said) == 1, key


def test_every_overall_row_decides_some_combination():
    assert {row.id for row in percist10.ROWS.values()} == {row.id for row in percist10.OVERALL}


@pytest.mark.parametrize(
    ("liver", "blood", "plus_2sd", "threshold"),
    [
        (("2", "0.1"), (None, None), True, "3.2"),
        (("2", "0.1"), ("1", "0.1"), True, "3.2"),
        (("2", None), ("1", "0.1"), True, "2.2"),
        ((None, None), ("1", "0.1"), False, "2"),
        ((None, None), ("1", None), True, None),
    ],
)
def test_the_threshold_is_of_the_liver_else_of_the_blood_pool(liver, blood, plus_2sd, threshold):
    def numbers(pair):
        return tuple(None if text is None else Decimal(text) for text in pair)

    found, _ = percist10.find_threshold(
        numbers(liver), numbers(blood), Pet(blood_pool_plus_2sd=plus_2sd)
    )
    assert found == (None if threshold is None else Decimal(threshold))


@pytest.mark.parametrize(
    ("before", "now", "failures"),
    [
        ("2.0", "2.3", 0),
        ("2.0", "2.301", 1),
        ("1.0", "1.25", 0),
        ("1.0", "0.8", 0),
        ("1.0", "0.799", 1),
        ("1", "3", 2),
    ],
)
def test_the_reference_differs_by_20_per_cent_of_the_larger_and_by_0_3(before, now, failures):
    assert len(percist10.compare_reference("liver", Decimal(before), Decimal(now))) == failures


@pytest.mark.parametrize(
    ("before", "now", "failures"),
    [("60", "75", 0), ("60", "75.5", 1), ("50", "50", 0), ("49", "49", 2), ("49", "70", 2)],
)
def test_uptake_times_are_not_early_and_not_far_apart(before, now, failures):
    assert len(percist10.compare_uptake(Decimal(before), Decimal(now))) == failures
