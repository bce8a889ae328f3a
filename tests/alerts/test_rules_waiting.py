"""What waits for a person too long, and readers who differ."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from alert_pictures import READER, course, look, nothing, on, picture, row, told
from builders import finding, lesion, tracking

from response.alerts.facts import Picture
from response.alerts.rules.all_rules import evaluate
from response.alerts.settings import AlertSettings
from response.model import LesionReading, Reader, Registration
from response.protocol import Protocol
from response.terms import Audience, Event, LesionState, Role, Severity, Status

KNOWN = course((0, "50"), (8, "50"))
ASKED = row("X1", 8, LesionState.EQUIVOCAL, Role.NEW)
UNTRUSTED = Registration(
    *("r1", "k1", "S1", "CT", "", "a", "b", "W0", "W8", "t", "d"),
    *(1.0, 0.9, 0.0, False, "low similarity", "ants", "{}", 4.0),
)


def raised(seen: Picture, week: float) -> Picture:
    """The same picture, every alert of it raised in that week."""
    return replace(seen, waiting_since={one.alert_id: on(week) for one in look(seen, week)})


@pytest.mark.parametrize(("days", "late"), [(7, False), (8, True)])
def test_a_call_waits_too_long_after_a_week(days: int, late: bool) -> None:
    seen = raised(picture([*KNOWN, ASKED]), 8)
    assert bool(look(seen, 8 + days / 7, "review_waiting")) is late


def test_one_alert_for_a_subject_counts_what_waits() -> None:
    seen = replace(picture([*KNOWN, ASKED]), registrations=(UNTRUSTED,))
    (alert,) = look(raised(seen, 8), 10, "review_waiting")
    assert "1 new-lesion call, 1 registration" in alert.text
    assert (alert.audience, alert.severity) == (Audience.READER, Severity.MEDIUM)
    assert alert.numbers == {"waiting_since": str(on(8)), "waiting_count": "2"}


def test_what_waits_is_told_in_the_same_words_every_day() -> None:
    seen = raised(picture([*KNOWN, ASKED]), 8)
    assert look(seen, 10, "review_waiting") == look(seen, 20, "review_waiting")


def test_a_lesion_that_was_called_waits_for_nobody() -> None:
    called = row("X1", 8, LesionState.UNEQUIVOCAL, Role.NEW)
    assert look(raised(picture([*KNOWN, called]), 8), 20, "review_waiting") == ()


def test_what_was_never_raised_waits_since_nobody_knows() -> None:
    assert look(picture([*KNOWN, ASKED]), 20, "review_waiting") == ()


def test_how_long_it_may_wait_is_a_choice() -> None:
    protocol = Protocol(alerts=AlertSettings(review_wait_days=30))
    seen = raised(picture([*KNOWN, ASKED]), 8)
    assert look(seen, 12, "review_waiting", protocol=protocol) == ()


def test_a_rule_that_is_off_is_not_told() -> None:
    protocol = Protocol(alerts=AlertSettings(off=("new_lesion",)))
    found = evaluate([picture([*KNOWN, ASKED])], on(8), protocol)
    assert "new_lesion" not in {one.rule for one in found}


@pytest.mark.parametrize("status", list(Status))
def test_a_registration_waits_until_a_person_confirmed_what_rests_on_it(status: Status) -> None:
    seen = picture(KNOWN)
    rows = tuple(replace(one, status=status) for one in seen.results[0].assessments)
    found = replace(finding("T1", "F1", Event.PERSISTING, "50"), time_point="W8", date=on(8))
    marked = replace(tracking([lesion("T1", Role.TARGET)], [found]), reader=READER)
    seen = replace(
        seen,
        results=(replace(seen.results[0], assessments=rows),),
        trackings=(marked,),
        registrations=(UNTRUSTED,),
    )
    assert bool(look(seen, 8, "registration_review")) is (status is Status.PROVISIONAL)


# ---------------------------------------------------------------------------------- readers differ

FIRST, SECOND = Reader("INDEPENDENT ASSESSOR", "R1"), Reader("INDEPENDENT ASSESSOR", "R2")
ADJUDICATOR = Reader("INDEPENDENT ASSESSOR", "ADJUDICATOR")
STABLE, PROGRESSING = course((0, "50"), (8, "50")), course((0, "50"), (8, "60"))


def both(
    first: list[LesionReading], second: list[LesionReading], other: Reader = SECOND
) -> Picture:
    return picture(first, second, readers=(FIRST, other))


def test_readers_who_differ_are_told_with_what_each_said() -> None:
    (alert,) = look(both(STABLE, PROGRESSING), 8, "discordance")
    assert (alert.time_point, alert.severity) == ("W8", Severity.MEDIUM)
    assert "SD by INDEPENDENT ASSESSOR R1, PD by INDEPENDENT ASSESSOR R2" in alert.text


def test_readers_who_agree_or_have_not_both_read_do_not_differ() -> None:
    assert look(both(PROGRESSING, PROGRESSING), 8, "discordance") == ()
    assert look(both(STABLE[:1], PROGRESSING), 8, "discordance") == ()


def test_readers_of_another_evaluator_are_not_compared() -> None:
    assert look(both(STABLE, PROGRESSING, READER), 8, "discordance") == ()


def test_an_adjudicator_settles_it() -> None:
    seen = picture(STABLE, PROGRESSING, STABLE, readers=(FIRST, SECOND, ADJUDICATOR))
    assert look(seen, 8, "discordance") == ()
    early = picture(STABLE, PROGRESSING, STABLE[:1], readers=(FIRST, SECOND, ADJUDICATOR))
    assert told(look(early, 8, "discordance")) == [("discordance", "W8")]


def test_readers_are_compared_by_the_name_of_the_time_point_and_else_by_its_day() -> None:
    later = [STABLE[0], replace(PROGRESSING[1], date=on(8) + dt.timedelta(1))]
    assert told(look(both(STABLE, later), 9, "discordance")) == [("discordance", "W8")]
    renamed = [STABLE[0], replace(PROGRESSING[1], time_point="V3")]
    assert len(look(both(STABLE, renamed), 9, "discordance")) == 1
    neither = [STABLE[0], replace(later[1], time_point="V3")]
    assert look(both(STABLE, neither), 9, "discordance") == ()
    settled = picture(STABLE, PROGRESSING, later, readers=(FIRST, SECOND, ADJUDICATOR))
    assert look(settled, 9, "discordance") == ()


def test_not_evaluable_differs_only_where_that_reader_read_it() -> None:
    unread = [*STABLE[:1], nothing(8, LesionState.NOT_EVALUABLE)]
    assert look(both(unread, PROGRESSING), 8, "discordance") == ()
    tried = [*STABLE[:1], row("T1", 8, LesionState.NOT_EVALUABLE)]
    assert told(look(both(tried, PROGRESSING), 8, "discordance")) == [("discordance", "W8")]


def test_stable_targets_and_persisting_non_targets_do_not_differ() -> None:
    persisting = [row("N1", week, LesionState.PRESENT, Role.NON_TARGET) for week in (0, 8)]
    assert look(both(STABLE, persisting), 8, "discordance") == ()


def test_a_registration_that_is_not_trusted_is_told_on_the_day_of_its_scan() -> None:
    seen = replace(picture(KNOWN), registrations=(UNTRUSTED,))
    (alert,) = look(seen, 8, "registration_review")
    assert (alert.time_point, alert.date) == ("W8", on(8))
    assert "low similarity" in alert.text
    assert evaluate([seen], on(8) + dt.timedelta(900), Protocol())[-1] == alert
