"""What was confirmed stays as it was; what is now said otherwise supersedes it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from builders import READER

from response.endpoints import select_effective
from response.model import Assessment
from response.supersede import supersede_confirmed
from response.terms import NewLesion, Status

DAY, TODAY = dt.date(2025, 3, 1), dt.date(2025, 9, 9)
CONFIRMED = Assessment(
    *("S1", "recist11", READER, "F1", DAY, Decimal("40.0"), None, None, None),
    *("SD", "", NewLesion.NO, "SD", Status.CONFIRMED, DAY, ()),
)


def test_a_confirmed_category_that_changes_is_superseded_as_of_today() -> None:
    changed = replace(CONFIRMED, overall_response="PD", status=Status.PROVISIONAL)
    assert supersede_confirmed([CONFIRMED], [changed], TODAY) == (
        CONFIRMED,
        replace(changed, as_of=TODAY),
    )


def test_the_same_category_is_not_said_twice() -> None:
    assert supersede_confirmed([CONFIRMED], [CONFIRMED], TODAY) == (CONFIRMED,)


def test_a_provisional_category_gives_way() -> None:
    before = replace(CONFIRMED, status=Status.PROVISIONAL)
    after = replace(before, overall_response="PR")
    assert supersede_confirmed([before], [after], TODAY) == (after,)


def test_a_category_that_comes_back_needs_no_superseding_row() -> None:
    changed = replace(CONFIRMED, overall_response="PD", status=Status.PROVISIONAL, as_of=TODAY)
    assert supersede_confirmed([CONFIRMED, changed], [CONFIRMED], TODAY) == (CONFIRMED,)


def test_a_confirmed_correction_that_is_taken_back_is_superseded_in_turn() -> None:
    corrected = replace(CONFIRMED, overall_response="PD", as_of=TODAY)
    tomorrow = TODAY + dt.timedelta(1)
    assert supersede_confirmed([CONFIRMED, corrected], [CONFIRMED], tomorrow) == (
        CONFIRMED,
        corrected,
        replace(CONFIRMED, as_of=tomorrow),
    )


def test_of_two_corrections_on_one_day_the_last_counts() -> None:
    first = replace(CONFIRMED, overall_response="PD", as_of=TODAY)
    second = replace(CONFIRMED, overall_response="PR")
    assert supersede_confirmed([CONFIRMED, first], [second], TODAY) == (
        CONFIRMED,
        replace(second, as_of=TODAY),
    )


def test_a_correction_that_is_taken_back_on_the_same_day_leaves_what_was() -> None:
    corrected = replace(CONFIRMED, overall_response="PD", as_of=TODAY)
    assert supersede_confirmed([CONFIRMED, corrected], [CONFIRMED], TODAY) == (
        CONFIRMED,
        replace(CONFIRMED, as_of=TODAY),
    )


def test_a_correction_that_stays_is_not_said_again() -> None:
    second = replace(CONFIRMED, overall_response="PD")
    corrected = replace(second, as_of=TODAY)
    tomorrow = TODAY + dt.timedelta(1)
    found = supersede_confirmed([CONFIRMED, corrected], [second], tomorrow)
    assert found == (CONFIRMED, corrected)


def test_a_date_that_was_too_late_is_superseded_by_the_right_one() -> None:
    right = replace(CONFIRMED, date=DAY - dt.timedelta(20), as_of=DAY - dt.timedelta(20))
    found = supersede_confirmed([CONFIRMED], [right], TODAY)
    (standing,) = select_effective(found)
    assert (standing.date, standing.as_of) == (right.date, TODAY)
    assert CONFIRMED in found


def backdated(sum_mm: str) -> list[Assessment]:
    """A lesion that was equivocal at first and called at the next scan: PD from the first on."""
    then = replace(CONFIRMED, sum_of_diameters_mm=Decimal(sum_mm), new_lesion=NewLesion.EQUIVOCAL)
    called = replace(
        then, new_lesion=NewLesion.YES, overall_response="PD", as_of=DAY + dt.timedelta(56)
    )
    return [then, called]


def test_a_correction_leaves_a_back_dated_progression_where_it_was() -> None:
    former, made = backdated("50"), backdated("53")
    standing = supersede_confirmed(former, made, TODAY)
    assert standing == (*former, replace(made[1], as_of=TODAY))
    assert supersede_confirmed(standing, made, TODAY + dt.timedelta(1)) == standing


def test_a_progression_that_becomes_back_dated_stands() -> None:
    at_once = replace(CONFIRMED, new_lesion=NewLesion.YES, overall_response="PD")
    made = backdated("40.0")
    (effective,) = select_effective(supersede_confirmed([at_once], made, TODAY))
    assert effective.overall_response == "PD"
