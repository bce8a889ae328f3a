"""Progression and recurrence: one alert for each episode, and only where disease is back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alert_pictures import KEY, NAME, READER, course, look, nothing, on, picture, row, told

from response.alerts.facts import Picture
from response.model import AssessedTimePoint, Reader, Registration
from response.terms import Audience, LesionState, Role, Severity, Status

RULES = ("progression", "recurrence")
PROGRESSING = course((0, "50"), (8, "60"))


def recode(seen: Picture, week: float, code: str) -> Picture:
    """The same picture with another overall response at one week."""
    results = tuple(
        replace(
            result,
            assessments=tuple(
                replace(one, overall_response=code) if one.time_point == f"W{week:g}" else one
                for one in result.assessments
            ),
        )
        for result in seen.results
    )
    return replace(seen, results=results)


def test_a_rise_of_a_fifth_and_5_mm_is_told_with_its_figures() -> None:
    (alert,) = look(picture(course((0, "50"), (8, "60"))), 8, *RULES)
    assert (alert.rule, alert.severity, alert.audience) == (
        "progression",
        Severity.HIGH,
        Audience.CLINICIAN,
    )
    assert (alert.time_point, alert.date, alert.criterion) == ("W8", on(8), "recist11")
    assert alert.numbers["sum_of_diameters_mm"] == "60"
    assert alert.numbers["nadir_mm"] == "50"
    assert "PD at W8" in alert.text
    assert alert.lasting


def test_what_follows_a_progression_is_no_news() -> None:
    seen = picture(course((0, "50"), (8, "60"), (16, "72"), (24, "80")))
    assert told(look(seen, 24, *RULES)) == [("progression", "W8")]


def test_a_time_point_that_was_not_evaluable_ends_no_episode() -> None:
    rows = [*course((0, "50"), (8, "60"), (24, "75")), nothing(16, LesionState.NOT_EVALUABLE)]
    assert told(look(picture(rows), 24, *RULES)) == [("progression", "W8")]


def test_a_better_category_ends_an_episode() -> None:
    seen = picture(course((0, "50"), (8, "60"), (16, "52"), (24, "63")))
    assert told(look(seen, 24, *RULES)) == [("progression", "W24"), ("progression", "W8")]


def test_each_criterion_and_reader_is_told_apart() -> None:
    rows = course((0, "50"), (8, "60"))
    other = Reader("INVESTIGATOR", "SECOND")
    seen = picture(rows, rows, readers=(READER, other), criteria=("recist11", "irecist"))
    alerts = look(seen, 8, *RULES)
    assert len({one.alert_id for one in alerts}) == len(alerts) == 4
    assert len({one.thread for one in alerts}) == 4


def test_a_confirmed_progression_of_irecist_takes_the_place_of_what_waited() -> None:
    seen = picture(course((0, "50"), (8, "60"), (14, "66")), criteria=["irecist"])
    (alert,) = look(seen, 14, *RULES)
    assert (alert.time_point, alert.lasting) == ("W14", True)
    assert "iCPD at W14" in alert.text


def test_an_unconfirmed_progression_says_when_a_scan_confirms_it() -> None:
    (alert,) = look(picture(PROGRESSING, criteria=["irecist"]), 8, *RULES)
    assert alert.suggestion == f"iRECIST: confirm by a scan from {on(12)} to {on(16)}"


@pytest.mark.parametrize(("criterion", "week"), [("rano2", 12), ("pcwg3", 14)])
def test_where_no_last_day_is_named_it_says_from_when(criterion: str, week: int) -> None:
    seen = recode(picture(PROGRESSING, criteria=[criterion]), 8, "PDu")
    (alert,) = look(seen, 8, *RULES)
    assert f"confirm by a scan from {on(week)} on" in alert.suggestion


def test_an_unconfirmed_progression_told_again_is_no_news() -> None:
    seen = picture(course((0, "50"), (8, "60"), (14, "61"), (20, "66")), criteria=["irecist"])
    assert [one.time_point for one in look(seen, 20, *RULES)] == ["W20"]
    open_yet = picture(course((0, "50"), (8, "60"), (14, "61")), criteria=["irecist"])
    assert [one.time_point for one in look(open_yet, 14, *RULES)] == ["W8"]


def test_progression_that_was_confirmed_where_it_stood_takes_its_place() -> None:
    seen = picture(course((0, "50"), (8, "60")), criteria=["rano2"])
    (before,) = look(recode(seen, 8, "PDu"), 8, *RULES)
    (after,) = look(recode(seen, 8, "PD"), 8, *RULES)
    assert before.alert_id != after.alert_id
    assert before.thread == after.thread


def test_progression_after_a_complete_response_is_a_recurrence() -> None:
    seen = picture([*course((0, "50"), (24, "8")), *[row("T1", 8, LesionState.ABSENT)]])
    assert told(look(seen, 24, *RULES)) == [("recurrence", "W24")]


def test_disease_back_after_a_complete_response_alerts_though_it_is_no_progression() -> None:
    seen = picture(course((0, "50"), (8, "60"), (16, "52")), criteria=["recist11"])
    seen = recode(recode(seen, 8, "CR"), 16, "PR")
    assert told(look(seen, 16, *RULES)) == [("recurrence", "W16")]


def test_a_complete_response_with_a_non_target_not_evaluated_is_no_recurrence() -> None:
    gone = LesionState.ABSENT
    rows = [
        row("T1", 0, "20"),
        row("N1", 0, LesionState.PRESENT, Role.NON_TARGET),
        *(row("T1", week, gone) for week in (8, 16)),
        row("N1", 8, gone, Role.NON_TARGET),
        row("N1", 16, LesionState.NOT_EVALUABLE, Role.NON_TARGET),
    ]
    seen = picture(rows)
    assert [one.overall_response for one in seen.results[0].assessments] == ["", "CR", "PR"]
    assert look(seen, 16, *RULES) == ()


def test_a_non_target_that_comes_back_after_a_complete_response_is_a_recurrence() -> None:
    gone = LesionState.ABSENT
    rows = [
        row("T1", 0, "20"),
        row("N1", 0, LesionState.PRESENT, Role.NON_TARGET),
        *(row("T1", week, gone) for week in (8, 16)),
        row("N1", 8, gone, Role.NON_TARGET),
        row("N1", 16, LesionState.PRESENT, Role.NON_TARGET),
    ]
    assert told(look(picture(rows), 16, *RULES)) == [("recurrence", "W16")]


@pytest.mark.parametrize(
    ("status", "to", "untrusted"),
    [
        (Status.PROVISIONAL, "W8", True),
        (Status.PROVISIONAL, "W16", True),
        (Status.PROVISIONAL, "W24", False),
        (Status.CONFIRMED, "W8", False),
    ],
)
def test_a_category_nobody_confirmed_rests_on_every_registration_since_the_baseline(
    status: Status, to: str, untrusted: bool
) -> None:
    seen = picture(course((0, "50"), (8, "50"), (16, "60"), (24, "60")))
    rows = tuple(replace(one, status=status) for one in seen.results[0].assessments)
    doubtful = Registration(
        *("r1", "k1", "S1", "CT", "", "a", "b", "W0", to, "t", "d"),
        *(1.0, 0.9, 0.0, False, "low similarity", "ants", "{}", 4.0),
    )
    results = (replace(seen.results[0], assessments=rows),)
    (alert,) = look(replace(seen, results=results, registrations=(doubtful,)), 24, *RULES)
    assert alert.untrusted is untrusted
    assert alert.provisional is (status is Status.PROVISIONAL)


@pytest.mark.parametrize("criterion", ["recist11", "irecist"])
def test_the_first_disease_after_a_clear_baseline_is_a_recurrence(criterion: str) -> None:
    new = row("X1", 8, LesionState.UNEQUIVOCAL, Role.NEW)
    seen = picture([nothing(0), new], criteria=[criterion])
    assert told(look(seen, 8, *RULES)) == [("recurrence", "W8")]


def test_disease_that_has_no_row_of_its_own_is_no_clear_baseline() -> None:
    points = [
        AssessedTimePoint("W0", on(0), facts={"bone_lesions": "3"}),
        AssessedTimePoint("W8", on(8), facts={"bone_new_lesions": "0"}),
    ]
    rows = [nothing(0), nothing(8), row("X1", 16, LesionState.UNEQUIVOCAL, Role.NEW)]
    seen = picture(rows, criteria=["pcwg3"], points=points)
    assert told(look(seen, 16, *RULES)) == [("progression", "W16")]
    assert told(look(seen, 16, "new_lesion", "first_lesion")) == [("new_lesion", "W16")]


def test_no_alert_holds_the_patients_number_but_in_its_subject() -> None:
    for alert in look(picture(course((0, "50"), (8, "60"))), 30):
        told_of = (alert.alert_id, alert.thread, alert.text, alert.suggestion, alert.numbers)
        assert NAME not in str(told_of)
        assert (alert.subject, alert.subject_key) == (NAME, KEY)


def test_progression_that_was_dated_back_is_not_called_a_doubt() -> None:
    new = [
        row("N1", 8, LesionState.EQUIVOCAL, Role.NEW),
        row("N1", 16, LesionState.UNEQUIVOCAL, Role.NEW),
    ]
    seen = picture([*course((0, "50"), (8, "50"), (16, "50")), *new])
    (alert,) = look(seen, 16, *RULES)
    assert (alert.time_point, alert.text[:2]) == ("W8", "PD")
    assert "not PD now" not in alert.text
    assert "N1" in alert.text
