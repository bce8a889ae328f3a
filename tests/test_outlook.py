"""What would change a category next, against the rules themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from courses import assess, course, day
from hypothesis import given
from hypothesis import strategies as st

from response.criteria.recist11 import TargetCase, decide_target
from response.model import SubjectFacts
from response.outlook import Outlook, Pending, SumLimits, derive_outlooks, describe_outlook
from response.protocol import Protocol, Rules, parse_protocol

FACTS = SubjectFacts("S1", treatment_start=day(0))
GRID = Decimal("0.1")
LIMITS = SumLimits(Decimal(5), GRID)
LENGTHS = st.integers(1, 3000).map(lambda tenths: Decimal(tenths) / 10)


def look(rows, protocol="", facts=FACTS, criterion="recist11"):
    chosen = parse_protocol(protocol)
    made = assess(rows, protocol).assessments
    return {one.time_point: one for one in derive_outlooks(made, facts, chosen, criterion)}


def recoded(rows, codes, criterion="irecist"):
    """The assessments of a course under other codes, as another criterion would give them."""
    made = assess(rows).assessments
    said = [
        replace(row, criterion=criterion, overall_response=code, target_response=target)
        for row, (code, target) in zip(made[1:], codes, strict=True)
    ]
    return (made[0], *said)


def decide(total, baseline, nadir):
    return decide_target(TargetCase(total, True, False, baseline, nadir), Rules()).category


# ------------------------------------------------------------------------------ the sums


@given(LENGTHS, LENGTHS)
def test_at_the_sum_the_targets_progress_and_a_step_below_not_yet(baseline, nadir):
    nadir = min(baseline, nadir)
    limit = LIMITS.progression_at_mm(nadir)
    assert decide(limit, baseline, nadir) == "PD"
    assert decide(limit - GRID, baseline, nadir) != "PD"


@given(LENGTHS, LENGTHS)
def test_at_the_sum_the_targets_respond_and_a_step_above_no_longer(baseline, nadir):
    nadir = min(baseline, nadir)
    limit = LIMITS.response_at_mm(baseline, nadir)
    if limit is None:
        assert decide(GRID, baseline, nadir) != "PR"
    else:
        assert decide(limit, baseline, nadir) == "PR"
        assert decide(limit + GRID, baseline, nadir) != "PR"


@pytest.mark.parametrize(
    ("grid", "nadir", "at"),
    [("0.1", "34.2", "41.1"), ("1", "34.2", "42"), ("0.1", "10", "15.0"), ("0.1", "25", "30.0")],
)
def test_the_sum_of_progression_lies_on_the_grid_of_the_protocol(grid, nadir, at):
    found = SumLimits(Decimal(5), Decimal(grid)).progression_at_mm(Decimal(nadir))
    assert str(found) == at


@pytest.mark.parametrize(
    ("baseline", "response", "progression"), [("97.37", "68.15", "116.85"), ("97", "67.9", "116.4")]
)
def test_sums_given_with_more_digits_have_limits_with_as_many(baseline, response, progression):
    found = look(course(BL={"T1": baseline}))["BL"]
    assert str(found.response_at_mm) == response
    assert str(found.progression_at_mm) == progression


def test_the_next_sums_count_from_the_nadir_with_this_time_point():
    found = look(course(BL={"T1": 50}, W8={"T1": 40}, W16={"T1": 45}))
    assert (found["BL"].response_at_mm, found["BL"].progression_at_mm) == (35, 60)
    assert (found["W8"].response_at_mm, found["W8"].progression_at_mm) == (35, 48)
    assert (found["W16"].response_at_mm, found["W16"].progression_at_mm) == (35, 48)


def test_an_incomplete_sum_leaves_the_limits_as_they_were():
    rows = course(BL={"T1": 50}, W8={"T1": 40}, W16={"T1": "NOT_EVALUABLE"})
    assert look(rows)["W16"].progression_at_mm == 48
    assert look(rows, "[rules]\nnadir_uses_incomplete = true")["W16"].progression_at_mm is None


def test_nothing_is_said_after_progression():
    found = look(course(BL={"T1": 50}, W8={"T1": 80}, W16={"T1": 50}))
    assert found["W8"] == Outlook("W8", day(56))
    assert found["W16"] == Outlook("W16", day(112))


def test_after_a_complete_response_no_partial_one_is_held_out():
    found = look(course(BL={"T1": 50}, W8={"T1": "ABSENT"}), '[rules]\ncr_then_disease = "warn"')
    assert (found["W8"].response_at_mm, found["W8"].progression_at_mm) == (None, Decimal("5.0"))


def test_after_a_complete_response_any_disease_that_comes_back_is_progression():
    found = look(course(BL={"T1": 50}, W8={"T1": "ABSENT"}, W16=None))["W16"]
    assert (found.return_is_progression, found.progression_at_mm) == (True, None)
    assert describe_outlook(found)[0] == "PD if disease comes back (a node from 10 mm)"


def test_where_a_response_is_carried_on_no_sum_ends_it_but_progression():
    found = look(
        course(BL={"T1": 50}, W8={"T1": 30}), '[rules]\npr_persistence = "eortc_carry_forward"'
    )["W8"]
    assert (found.response_at_mm, found.progression_at_mm) == (None, 36)


def test_of_mrecist_the_least_growth_is_the_protocols():
    made = recoded(course(BL={"T1": 10}, W8={"T1": 10}), [("SD", "SD")], "mrecist")
    (_, found) = derive_outlooks(made, FACTS, Protocol(), "mrecist")
    assert found.progression_at_mm == 12
    (_, found) = derive_outlooks(
        made, FACTS, parse_protocol("[mrecist]\nabsolute_minimum_mm = 5"), "mrecist"
    )
    assert found.progression_at_mm == 15


def test_of_a_criterion_that_adds_no_diameters_no_sum_is_said():
    made = recoded(course(BL={"T1": 10}, W8={"T1": 10}), [("SMD", "SMD")], "percist10")
    (_, found) = derive_outlooks(made, FACTS, Protocol(), "percist10")
    assert (found.response_at_mm, found.progression_at_mm) == (None, None)
    assert found.next_due == day(112)


# ------------------------------------------------------------------------------ the dates


def test_a_response_is_due_for_confirmation_after_four_weeks():
    found = look(course(BL={"T1": 50}, W8={"T1": 30}, W16={"T1": 30}))
    assert found["W8"].pending == (Pending("PR", day(56), day(84)),)
    assert found["W16"].pending == ()


def test_a_complete_response_after_a_partial_one_waits_to_be_confirmed_itself():
    found = look(course(BL={"T1": 50}, W8={"T1": 30}, W16={"T1": "ABSENT"}))
    assert found["W16"].pending == (Pending("CR", day(112), day(140)),)


def test_a_response_that_can_no_longer_be_confirmed_is_not_waited_for():
    found = look(course(BL={"T1": 50}, W8={"T1": 34}, W16={"T1": 37}))
    assert found["W16"].pending == ()


def test_a_scan_that_could_not_be_read_leaves_the_response_waiting():
    found = look(course(BL={"T1": 50}, W8={"T1": 30}, W16=None))
    assert found["W16"].pending == (Pending("PR", day(56), day(113)),)


def test_after_new_therapy_nothing_is_waited_for():
    therapy = replace(FACTS, new_therapy_date=day(56))
    assert look(course(BL={"T1": 50}, W8={"T1": 30}), facts=therapy)["W8"].pending == ()


def test_until_the_minimum_stable_disease_does_not_count():
    rows = course(BL={"T1": 50}, W8={"T1": 50})
    found = look(rows, "[best_response]\nsd_min_days = 60")
    assert found["W8"].sd_minimum_on == day(60)
    assert look(rows)["W8"].sd_minimum_on is None
    assert look(rows)["BL"].sd_minimum_on == day(42)


@pytest.mark.parametrize(("seen", "due"), [(0, 56), (48, 56), (49, 112), (63, 112), (105, 168)])
def test_the_next_assessment_is_due_by_the_schedule(seen, due):
    (_, row) = assess(course(BL={"T1": 50}, W8={"T1": 50})).assessments
    made = assess(course(BL={"T1": 50})).assessments
    later = replace(row, date=day(seen), as_of=day(seen))
    rows = made if not seen else (*made, later)
    assert derive_outlooks(rows, FACTS, Protocol(), "recist11")[-1].next_due == day(due)


def test_an_event_counts_until_two_assessments_are_missed():
    found = look(course(BL={"T1": 50}, W8={"T1": 50}, W16=None))
    assert found["W8"].event_counts_until == day(56 + 119)
    assert found["W16"].event_counts_until == day(56 + 119)


def test_without_a_start_nothing_is_due_and_after_death_neither():
    rows = course(BL={"T1": 50}, W8={"T1": 50})
    assert look(rows, facts=SubjectFacts("S1"))["W8"].next_due is None
    assert look(rows, facts=SubjectFacts("S1"))["W8"].event_counts_until is None
    dead = replace(FACTS, death_date=day(60))
    assert look(rows, facts=dead)["W8"].next_due is None


def test_earlier_time_points_know_nothing_of_later_ones():
    rows = course(
        BL={"T1": 50}, W8={"T1": 40, "N1": "EQUIVOCAL"}, W16={"T1": 40, "N1": "UNEQUIVOCAL"}
    )
    found = look(rows)
    assert found["W8"].progression_at_mm == 48
    assert found["W16"] == Outlook("W16", day(112))


# ---------------------------------------------------------------------------- iRECIST


def test_an_open_progression_waits_four_to_eight_weeks_and_for_five_millimetres_more():
    made = recoded(course(BL={"T1": 50}, W8={"T1": 70}), [("iUPD", "iUPD")])
    found = derive_outlooks(made, FACTS, Protocol(), "irecist")[-1]
    assert (found.confirm_from, found.confirm_by) == (day(84), day(112))
    assert (found.progression, found.progression_at_mm) == ("iCPD", 75)
    assert (found.response, found.response_at_mm) == ("iPR", 35)


def test_a_block_counts_from_its_first_progression_and_is_not_broken_by_what_was_not_read():
    codes = [("iUPD", "iUPD"), ("NE", "NE"), ("iUPD", "iUPD")]
    rows = course(BL={"T1": 50}, W8={"T1": 70}, W16=None, W24={"T1": 72})
    made = recoded(rows, codes)
    found = derive_outlooks(made, FACTS, Protocol(), "irecist")[-1]
    assert (found.confirm_from, found.progression_at_mm) == (day(84), 75)
    breaking = parse_protocol("[irecist]\nne_breaks_block = true")
    found = derive_outlooks(made, FACTS, breaking, "irecist")[-1]
    assert found.confirm_from == day(168 + 28)


def test_after_confirmed_progression_nothing_is_said():
    codes = [("iUPD", "iUPD"), ("iCPD", "iCPD")]
    made = recoded(course(BL={"T1": 50}, W8={"T1": 70}, W16={"T1": 80}), codes)
    assert derive_outlooks(made, FACTS, Protocol(), "irecist")[-1] == Outlook("W16", day(112))


def test_progression_by_a_new_lesion_names_no_sum_that_confirms_it():
    made = recoded(course(BL={"T1": 50}, W8={"T1": 50}), [("iUPD", "iSD")])
    found = derive_outlooks(made, FACTS, Protocol(), "irecist")[-1]
    assert (found.progression, found.progression_at_mm) == ("", None)


# ---------------------------------------------------------------------------- in words


def test_everything_is_said_in_short_words():
    on = dt.date(2025, 5, 2)
    said = describe_outlook(
        Outlook(
            "W8", on, confirm_from=on, confirm_by=on, sd_minimum_on=on, next_due=on,
            progression="iCPD", progression_at_mm=Decimal("41.0"),
        )
    )  # fmt: skip
    assert said == (
        "iCPD at ≥ 41.0 mm",
        "iUPD to be confirmed from 2025-05-02 to 2025-05-02",
        "stable disease counts from 2025-05-02",
        "next assessment due 2025-05-02",
    )
