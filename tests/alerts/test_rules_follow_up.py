"""Scans that did not come: overdue, missed, and when nobody waits for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from alert_pictures import KEY, NAME, START, course, look, on, picture, told

from response.alerts.facts import Picture, Scanned
from response.alerts.rules.all_rules import evaluate
from response.alerts.settings import AlertSettings
from response.model import Subject, SubjectFacts
from response.protocol import Endpoints, Protocol
from response.terms import Severity

RULES = ("scan_overdue", "missed_follow_up")
DAY = 1 / 7
STABLE = course((0, "50"), (8, "50"))


def only_scanned(*weeks: float, start: dt.date | None = START) -> Picture:
    """A subject whose scans nobody read."""
    seen = tuple(Scanned(f"W{week:g}", on(week)) for week in weeks)
    return Picture(Subject(NAME, KEY, SubjectFacts(NAME, treatment_start=start)), seen)


@pytest.mark.parametrize(
    ("week", "rule"),
    [
        (16, ""),
        (17, ""),
        (17 + DAY, "scan_overdue"),
        (25, "scan_overdue"),
        (25 + DAY, "missed_follow_up"),
        (60, "missed_follow_up"),
    ],
)
def test_a_scan_is_overdue_a_week_late_and_missed_when_two_are(week: float, rule: str) -> None:
    alerts = look(picture(STABLE), week, *RULES)
    assert [one.rule for one in alerts] == ([rule] if rule else [])
    for alert in alerts:
        assert alert.severity is (Severity.HIGH if "missed" in rule else Severity.MEDIUM)
        assert alert.numbers["due_on"] == str(on(16))
        assert alert.numbers["last_scan_on"] == str(on(8))


def test_both_are_one_story_and_what_they_say_does_not_change_by_the_day() -> None:
    seen = picture(STABLE)
    (overdue,), (missed,) = look(seen, 18, *RULES), look(seen, 30, *RULES)
    assert overdue.thread == missed.thread
    assert look(seen, 20, *RULES) == (overdue,)
    assert look(seen, 40, *RULES) == (missed,)


def test_a_scan_that_nobody_read_was_made() -> None:
    assert look(picture(STABLE, scanned=(16,)), 20, *RULES) == ()
    assert told(look(only_scanned(0, 8), 18, *RULES)) == [("scan_overdue", "W8")]


def test_one_alert_for_a_subject_whatever_readers_and_criteria() -> None:
    seen = picture(STABLE, criteria=["recist11", "irecist", "choi"])
    assert len(look(seen, 18, *RULES)) == 1


@pytest.mark.parametrize(("last", "due"), [(6, 14), (7, 16), (8, 16), (9, 17), (11, 19)])
def test_a_scan_is_due_by_the_schedule_and_an_interval_after_the_last(
    last: float, due: float
) -> None:
    seen = only_scanned(0, last)
    assert look(seen, due + 1, *RULES) == ()
    (alert,) = look(seen, due + 1 + DAY, *RULES)
    assert (alert.rule, alert.numbers["due_on"]) == ("scan_overdue", str(on(due)))


def test_without_a_start_of_treatment_a_scan_is_due_an_interval_after_the_last() -> None:
    seen = only_scanned(0, 11, start=None)
    assert look(seen, 20, *RULES) == ()
    (alert,) = look(seen, 20 + DAY, *RULES)
    assert alert.numbers["due_on"] == str(on(19))


def test_a_subject_never_scanned_since_the_start_is_overdue_too() -> None:
    (alert,) = look(only_scanned(), 10, *RULES)
    assert (alert.rule, alert.time_point) == ("scan_overdue", "")
    assert look(only_scanned(start=None), 10, *RULES) == ()


@pytest.mark.parametrize("name", ["death_date", "new_therapy_date"])
def test_nobody_waits_after_death_or_another_therapy(name: str) -> None:
    known = replace(SubjectFacts(NAME, treatment_start=START), **{name: on(20)})
    seen = picture(STABLE, facts=known)
    assert look(seen, 20, *RULES) == ()
    assert len(look(seen, 19, *RULES)) == 1


def test_nobody_waits_after_progression_unless_the_protocol_follows_on() -> None:
    seen = picture(course((0, "50"), (8, "60")))
    assert look(seen, 18, *RULES) == ()
    follow = Protocol(alerts=AlertSettings(follow_after_progression=True))
    assert told(look(seen, 18, *RULES, protocol=follow)) == [("scan_overdue", "W8")]


def test_unconfirmed_progression_ends_no_follow_up() -> None:
    seen = picture(course((0, "50"), (8, "60")), criteria=["irecist"])
    assert told(look(seen, 18, *RULES)) == [("scan_overdue", "W8")]
    confirmed = picture(course((0, "50"), (8, "60"), (16, "70")), criteria=["irecist"])
    assert look(confirmed, 30, *RULES) == ()


def test_the_protocols_own_criterion_says_whether_progression_ended_it() -> None:
    seen = picture(course((0, "50"), (8, "60")), criteria=["recist11", "irecist"])
    assert look(seen, 18, *RULES) == ()
    own = Protocol.model_validate({"criterion": {"name": "irecist"}})
    assert len(look(seen, 18, *RULES, protocol=own)) == 1


def test_long_after_nobody_waits_any_more() -> None:
    seen = picture(STABLE)
    last = on(16) + dt.timedelta(730)
    for day, count in ((last, 1), (last + dt.timedelta(1), 0)):
        found = [one for one in evaluate([seen], day, Protocol()) if one.rule in RULES]
        assert len(found) == count


def test_the_schedule_is_the_protocols() -> None:
    protocol = Protocol(endpoints=Endpoints(assessment_interval_days=84, tolerance_days=14))
    seen = picture(STABLE)
    assert look(seen, 22, *RULES, protocol=protocol) == ()
    (alert,) = look(seen, 22 + DAY, *RULES, protocol=protocol)
    assert alert.numbers["due_on"] == str(on(20))
    assert Decimal(alert.numbers["interval_days"]) == 84


def test_a_scan_dated_in_the_future_hides_no_overdue_one_and_asks_for_its_date() -> None:
    seen = picture(STABLE, scanned=(60,))
    found = look(seen, 18, *RULES, "date_to_come")
    assert told(found) == [("date_to_come", "W60"), ("scan_overdue", "W8")]
    wrong = next(one for one in found if one.rule == "date_to_come")
    assert wrong.severity is Severity.HIGH
    assert wrong.numbers["days_after_last_scan"] == str(52 * 7)
    assert str(on(60)) in wrong.text


def test_tomorrows_scan_is_no_date_to_come_and_counts() -> None:
    seen = picture(STABLE, scanned=(18,))
    assert look(seen, 18 - DAY, *RULES, "date_to_come") == ()
    assert told(look(seen, 18 - 2 * DAY, *RULES, "date_to_come")) == [
        ("date_to_come", "W18"),
        ("scan_overdue", "W8"),
    ]


def test_progression_dated_in_the_future_alerts_and_ends_no_follow_up() -> None:
    seen = picture(course((0, "50"), (8, "50"), (60, "70")))
    assert told(look(seen, 18)) == [
        ("date_to_come", "W60"),
        ("progression", "W60"),
        ("scan_overdue", "W8"),
    ]
