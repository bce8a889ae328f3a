"""What a scan has to confirm: when its window opens, closes and is past."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from alert_pictures import NAME, START, course, look, on, picture, row, told

from response.alerts.facts import Picture
from response.model import AssessedTimePoint, Reason, SubjectFacts
from response.terms import LesionState, Severity

RULES = ("confirm_progression", "confirm_progression_closing")
PROGRESSING = course((0, "50"), (8, "60"))


def unconfirmed(*more: tuple[float, str], scanned: tuple[float, ...] = ()) -> Picture:
    """iUPD in week 8: a scan from week 12 to week 16 confirms it."""
    return picture([*PROGRESSING, *course(*more)], criteria=["irecist"], scanned=scanned)


@pytest.mark.parametrize(
    ("week", "days", "rule"),
    [
        (12, -1, ""),
        (12, 0, "confirm_progression"),
        (15, -1, "confirm_progression"),
        (15, 0, "confirm_progression_closing"),
        (16, 0, "confirm_progression_closing"),
        (16, 1, "confirm_progression_closing"),
    ],
)
def test_the_window_is_4_to_8_weeks_and_closing_in_the_last(
    week: float, days: int, rule: str
) -> None:
    alerts = look(unconfirmed(), week + days / 7, *RULES)
    assert [one.rule for one in alerts] == ([rule] if rule else [])
    for alert in alerts:
        window = {"confirm_from": str(on(12)), "confirm_by": str(on(16))}
        assert alert.numbers == window
        assert all(day in alert.suggestion for day in window.values())
        urgent = rule == "confirm_progression_closing"
        assert alert.severity is (Severity.HIGH if urgent else Severity.MEDIUM)


def test_a_window_that_is_past_is_said_to_be() -> None:
    (alert,) = look(unconfirmed(), 17, *RULES)
    assert "is past" in alert.text
    (alert,) = look(unconfirmed(), 16, *RULES)
    assert "is past" not in alert.text


def test_the_closing_window_is_one_story_with_the_open_one() -> None:
    (opened,), (closing,) = look(unconfirmed(), 12, *RULES), look(unconfirmed(), 15, *RULES)
    assert opened.thread == closing.thread
    assert opened.alert_id != closing.alert_id


def test_a_scan_in_the_window_ends_it_though_nobody_read_it() -> None:
    assert look(unconfirmed(scanned=(13,)), 14, *RULES) == ()


def test_a_scan_before_the_window_confirms_nothing() -> None:
    assert len(look(unconfirmed(scanned=(10,)), 14, *RULES)) == 1


def test_a_scan_that_confirmed_ends_it() -> None:
    assert look(unconfirmed((13, "66")), 15, *RULES) == ()


def test_a_scan_that_left_it_open_begins_the_window_anew() -> None:
    seen = unconfirmed((13, "61"))
    assert look(seen, 16, *RULES) == ()
    (alert,) = look(seen, 17, *RULES)
    assert alert.numbers == {"confirm_from": str(on(17)), "confirm_by": str(on(21))}


@pytest.mark.parametrize("name", ["death_date", "new_therapy_date"])
def test_nobody_waits_after_death_or_another_therapy(name: str) -> None:
    known = SubjectFacts(NAME, treatment_start=START)
    seen = picture(PROGRESSING, criteria=["irecist"], facts=replace(known, **{name: on(13)}))
    assert look(seen, 14, *RULES, "confirm_response", "scan_overdue") == ()
    assert len(look(seen, 12.9, *RULES)) == 1


def test_rano_names_the_first_day_and_no_last() -> None:
    points = [
        AssessedTimePoint("W0", on(0), facts={"radiotherapy_end": str(on(-2))}),
        AssessedTimePoint("W8", on(8)),
    ]
    rows = [
        replace(row("T1", week, size), extra={"short_diameter_mm": row("T1", 0, size).diameter_mm})
        for week, size in ((0, "20"), (8, "30"))
    ]
    seen = picture(rows, criteria=["rano2"], points=points)
    assert seen.results[0].assessments[-1].overall_response == "PDu"
    assert look(seen, 11.9, *RULES) == ()
    (alert,) = look(seen, 40, *RULES)
    assert (alert.rule, alert.numbers) == ("confirm_progression", {"confirm_from": str(on(12))})


def test_bone_progression_waits_six_weeks_whatever_soft_tissue_says() -> None:
    points = [
        AssessedTimePoint("W0", on(0)),
        AssessedTimePoint("W8", on(8), facts={"bone_new_lesions": "2"}),
    ]
    seen = picture(course((0, "50"), (8, "50")), criteria=["pcwg3"], points=points)
    assert seen.results[0].assessments[-1].overall_response == "SD"
    (alert,) = look(seen, 14, *RULES)
    assert alert.numbers == {"confirm_from": str(on(14))}
    assert look(seen, 14 - 1 / 7, *RULES) == ()


def test_bone_progression_that_a_scan_refuted_waits_no_more() -> None:
    points = [
        AssessedTimePoint("W0", on(0)),
        AssessedTimePoint("W8", on(8), facts={"bone_new_lesions": "2"}),
        AssessedTimePoint("W16", on(16), facts={"bone_new_lesions": "2"}),
    ]
    rows = course((0, "50"), (8, "50"), (16, "50"))
    assert look(picture(rows, criteria=["pcwg3"], points=points), 23, *RULES) == ()


def test_a_response_is_due_for_confirmation_after_four_weeks() -> None:
    seen = picture(course((0, "50"), (8, "30")))
    assert look(seen, 12 - 1 / 7, "confirm_response") == ()
    (alert,) = look(seen, 12, "confirm_response")
    assert (alert.severity, alert.time_point) == (Severity.LOW, "W8")
    assert alert.numbers == {"confirm_from": str(on(8) + dt.timedelta(28))}


def test_a_response_that_was_confirmed_or_scanned_again_is_not_due() -> None:
    confirmed = picture(course((0, "50"), (8, "30"), (16, "30")))
    assert look(confirmed, 20, "confirm_response") == ()
    scanned = picture(course((0, "50"), (8, "30")), scanned=(13,))
    assert look(scanned, 14, "confirm_response") == ()


def test_a_response_that_never_was_is_not_due() -> None:
    assert look(picture(course((0, "50"), (8, "45"))), 20, "confirm_response") == ()


def test_a_reason_of_another_criterion_opens_no_window() -> None:
    seen = picture(course((0, "50"), (8, "50")))
    row_ = seen.results[0].assessments[-1]
    odd = replace(row_, reasons=(*row_.reasons, Reason("PCWG3.BONE.PDU", "bone PDu")))
    result = replace(seen.results[0], assessments=(seen.results[0].assessments[0], odd))
    assert look(replace(seen, results=(result,)), 30, *RULES) == ()


def test_a_scan_dated_in_the_future_confirms_nothing_yet() -> None:
    assert told(look(unconfirmed((60, "80")), 13, *RULES)) == [("confirm_progression", "W8")]
    response = picture(course((0, "50"), (8, "30"), (60, "30")))
    assert told(look(response, 13, "confirm_response")) == [("confirm_response", "W8")]


def test_a_scan_that_was_not_evaluable_moves_no_day_and_is_named() -> None:
    rows = [*course((0, "50"), (8, "30")), row("T1", 16, LesionState.NOT_EVALUABLE)]
    (alert,) = look(picture(rows), 17, "confirm_response")
    assert (alert.date, alert.numbers) == (on(12), {"confirm_from": str(on(12))})
    assert f"the scan of W16 on {on(16)} could not be evaluated" in alert.text
    (before,) = look(picture(rows[:2]), 15, "confirm_response")
    assert before.text.endswith("no scan was made yet")
    assert before.alert_id == alert.alert_id


def test_a_scan_that_did_not_confirm_a_response_is_named() -> None:
    seen = picture(course((0, "50"), (8, "30"), (14, "36")))
    for alert in look(seen, 20, "confirm_response"):
        assert "no scan was made" not in alert.text
        assert "the scan of W14" in alert.text
