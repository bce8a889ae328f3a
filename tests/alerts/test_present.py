"""The note of an alert that ended names what ended it."""

from __future__ import annotations

from dataclasses import replace

from alert_pictures import NAME, START, course, look, on, picture, row

from response.alerts.facts import Picture
from response.alerts.present import describe_present, is_corrected
from response.model import LesionReading, SubjectFacts
from response.terms import LesionState, Role


def note(before: Picture, week: float, rule: str, after: Picture) -> str:
    """What is said of the one alert of a rule that held before."""
    (alert,) = look(before, week, rule)
    return describe_present(after, alert)


def test_a_condition_ends_by_what_the_latest_scan_says() -> None:
    near, back = course((0, "50"), (8, "58")), course((0, "50"), (8, "58"), (16, "51"))
    said = note(picture(near), 8, "near_progression", picture(back))
    assert said == "W16 is SD now, sum 51 mm"


def test_an_unconfirmed_progression_ends_by_the_scan_that_answered_it() -> None:
    before = picture(course((0, "50"), (8, "60")), criteria=["irecist"])
    after = picture(course((0, "50"), (8, "60"), (16, "48")), criteria=["irecist"])
    assert note(before, 8, "progression", after) == "W16 is iSD now, sum 48 mm"


def test_a_progression_ends_by_the_correction_or_by_an_earlier_one() -> None:
    before = picture(course((0, "50"), (8, "50"), (16, "62")))
    corrected = picture(course((0, "50"), (8, "50"), (16, "52")))
    assert note(before, 16, "progression", corrected) == "W16 is SD now, sum 52 mm"
    earlier = picture(course((0, "50"), (8, "61"), (16, "62")))
    assert note(before, 16, "progression", earlier) == "W8 is PD now, sum 61 mm"


def test_a_lesion_alert_ends_by_what_is_said_of_the_lesion_now() -> None:
    def seen(*more: LesionReading) -> Picture:
        return picture([*course((0, "50"), (8, "50"), (16, "50")), *more])

    doubt = row("N1", 8, LesionState.EQUIVOCAL, Role.NEW)
    none = row("N1", 16, LesionState.ABSENT, Role.NEW)
    said = note(seen(doubt), 8, "new_lesion", seen(doubt, none))
    assert said == "N1 is EQUIVOCAL at W8, ABSENT at W16 now"


def test_what_nobody_waits_for_after_death_says_so() -> None:
    before = picture(course((0, "50"), (8, "50")))
    known = SubjectFacts(NAME, treatment_start=START, death_date=on(15))
    dead = replace(before, subject=replace(before.subject, facts=known))
    assert note(before, 18, "scan_overdue", dead) == f"death on {on(15)}"


def test_a_date_to_come_ends_by_its_correction() -> None:
    wrong, right = picture(course((0, "50"), (60, "50"))), picture(course((0, "50"), (8, "50")))
    assert note(wrong, 8, "date_to_come", right) == "W60 is not there now"


def test_a_correction_is_told_from_a_later_scan() -> None:
    before = picture(course((0, "50"), (8, "60")), criteria=["irecist"])
    (alert,) = look(before, 8, "progression")
    later = picture(course((0, "50"), (8, "60"), (16, "48")), criteria=["irecist"])
    assert not is_corrected(later, alert)
    assert is_corrected(picture(course((0, "50"), (8, "52")), criteria=["irecist"]), alert)


def test_growth_that_no_later_scan_answered_was_corrected() -> None:
    (alert,) = look(picture(course((0, "50"), (8, "58"))), 8, "near_progression")
    assert is_corrected(picture(course((0, "50"), (8, "51"))), alert)
    assert not is_corrected(picture(course((0, "50"), (8, "58"), (16, "51"))), alert)
