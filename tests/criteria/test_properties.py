"""What always holds of the criteria that add lengths; and their boundaries over the whole grid.

Integers of 0.1 mm are the independent way to the answer: no decimal is compared there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from courses import assess, courses, day, reading
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from response.criteria import choi, mrecist, recist11
from response.criteria.lesions import Contribution
from response.protocol import Choi, Protocol, Rules

BY_SUM = pytest.mark.parametrize("criterion", ["choi", "mrecist", "pcwg3", "recist11"])
few = settings(max_examples=60, deadline=None)


def with_extra(rows):
    """The same lengths as viable diameters, and a density that is the length in HU."""
    return [
        replace(row, extra={"viable_diameter_mm": row.diameter_mm, "density_hu": row.diameter_mm})
        if row.diameter_mm is not None
        else row
        for row in rows
    ]


# ------------------------------------------------------------------------- over courses


@BY_SUM
@given(rows=courses(), chance=st.randoms(use_true_random=False))
@few
def test_the_order_of_lesions_and_rows_never_matters(criterion, rows, chance: random.Random):
    rows = with_extra(rows)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert assess(shuffled, criterion=criterion) == assess(rows, criterion=criterion)


@BY_SUM
@given(rows=courses())
@few
def test_the_nadir_never_rises_and_is_the_smallest_sum_before(criterion, rows):
    made = assess(with_extra(rows), criterion=criterion).assessments
    sums: list[Decimal] = []
    nadirs: list[Decimal] = []
    for row in made:
        if row.as_of != row.date:
            continue
        if row.nadir_mm is not None:
            assert row.nadir_mm == min(sums)
            nadirs.append(row.nadir_mm)
        if row.sum_of_diameters_mm is not None:
            sums.append(row.sum_of_diameters_mm)
    assert nadirs == sorted(nadirs, reverse=True)


@BY_SUM
@given(rows=courses())
@few
def test_a_later_scan_only_appends_rows_with_a_later_date(criterion, rows):
    rows = with_extra(rows)
    last = max(row.date for row in rows)
    assume(last > day(0))
    whole = assess(rows, criterion=criterion).assessments
    earlier = assess([row for row in rows if row.date < last], criterion=criterion).assessments
    assert [row for row in whole if row.as_of < last] == list(earlier)


@BY_SUM
@given(rows=courses())
@few
def test_two_equivocal_lesions_that_become_certain_together_do_so_in_any_order(criterion, rows):
    names = ("N1", "N2")
    rows = [row for row in with_extra(rows) if row.lesion not in names]
    calls = [("W1", 28, "EQUIVOCAL"), ("W2", 56, "UNEQUIVOCAL")]
    rows += [reading(name, on, lesion, said) for name, on, said in calls for lesion in names]
    assert assess(rows[::-1], criterion=criterion) == assess(rows, criterion=criterion)


# ------------------------------------------------------------------------- over the 0.1 mm grid


def seen(total: int, baseline: int, nadir: int) -> recist11.TargetCase:
    told = [Decimal(tenths) / 10 for tenths in (total, baseline, nadir)]
    return recist11.TargetCase(told[0], True, False, told[1], told[2])


def near(*tenths: float) -> range:
    """Whole tenths of a millimetre on both sides of a boundary."""
    at = int(max(tenths))
    return range(max(at - 2, 0), at + 3)


Oracle = Callable[[int, int, int], str]


def recist_says(total: int, baseline: int, nadir: int) -> str:
    if total - nadir >= 50 and 10 * total >= 12 * nadir:
        return "PD"
    return "PR" if 10 * total <= 7 * baseline else "SD"


def mrecist_says(total: int, baseline: int, nadir: int) -> str:
    if total > nadir and 10 * total >= 12 * nadir:
        return "PD"
    return "PR" if 10 * total <= 7 * baseline else "SD"


def choi_says(total: int, baseline: int, nadir: int) -> str:
    """The density stays as it was."""
    if total > nadir and 10 * total >= 11 * nadir:
        return "PD"
    return "PR" if 10 * total <= 9 * baseline else "SD"


def decide_choi(case: recist11.TargetCase) -> str:
    same = choi.Density(choi.Fraction(60), choi.Fraction(60))
    return choi.decide_target(choi.ChoiCase(case, same), Choi()).category


DECIDE: dict[str, tuple[Callable[[recist11.TargetCase], str], Oracle]] = {
    "recist11": (lambda case: recist11.decide_target(case, Rules()).category, recist_says),
    "mrecist": (lambda case: mrecist.decide_target(case, Protocol()).category, mrecist_says),
    "choi": (decide_choi, choi_says),
}


@pytest.mark.parametrize("name", DECIDE)
def test_minus_30_per_cent_is_exact_at_every_baseline_of_the_grid(name):
    decide, oracle = DECIDE[name]
    for baseline in range(1, 3001):
        for total in {*near(0.7 * baseline), *near(0.9 * baseline)}:
            assert decide(seen(total, baseline, baseline)) == oracle(total, baseline, baseline)


@pytest.mark.parametrize("name", DECIDE)
def test_plus_20_per_cent_and_5_mm_are_exact_at_every_nadir_of_the_grid(name):
    decide, oracle = DECIDE[name]
    for nadir in range(3001):
        for total in {*near(1.2 * nadir), *near(1.1 * nadir), *near(nadir + 50)}:
            assert decide(seen(total, 6000, nadir)) == oracle(total, 6000, nadir)


def test_10_mm_and_15_mm_are_exact_over_the_grid():
    for tenths in range(301):
        node = Contribution("L1", True, Decimal(tenths) / 10)
        other = Contribution("T1", False, Decimal(tenths) / 10)
        assert node.may_be_gone is (tenths < 100)
        assert node.diseased is (tenths >= 100)
        assert other.may_be_gone is (tenths == 0)
        assert other.diseased is (tenths > 0)


@pytest.mark.parametrize("tenths", [99, 100, 149, 150, 199, 200])
def test_what_is_measurable_at_baseline_is_exact(tenths):
    for name, organ, limits in (
        ("T1", "liver", {"recist11": 100, "mrecist": 100, "choi": 100}),
        ("L1", "mediastinum", {"recist11": 150, "mrecist": 150, "choi": 150}),
        ("L1", "porta hepatis", {"recist11": 150, "mrecist": 200, "choi": 150}),
    ):
        rows = with_extra([reading("BL", 0, name, Decimal(tenths) / 10, organ=organ)])
        for criterion, limit in limits.items():
            first = assess(rows, criterion=criterion).assessments[0]
            warned = any(reason.row_id.endswith(".MEASURABLE") for reason in first.reasons)
            assert warned is (tenths < limit)
