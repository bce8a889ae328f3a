"""Quiet hours and digests by a clock that is put forward and back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from alert_makers import Clinic, make_alert, make_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from response.alerts.delivery.hours import find_last_digest, find_moment, find_quiet_end
from response.alerts.settings import Recipient
from response.terms import Severity

HOUR = dt.timedelta(hours=1)

TRANSITIONS = {
    "Europe/Zurich": (dt.date(2026, 3, 29), dt.date(2026, 10, 25)),
    "America/New_York": (dt.date(2026, 3, 8), dt.date(2026, 11, 1)),
    "Australia/Lord_Howe": (dt.date(2026, 10, 4), dt.date(2026, 4, 5)),
}
"""The days of 2026 on which the clock goes forward and back (tz database)."""


@pytest.mark.parametrize(
    ("zone", "day", "clock", "moment"),
    [
        ("Europe/Zurich", "2026-03-29", "02:30", "2026-03-29T01:30"),  # left out: 03:30 CEST
        ("Europe/Zurich", "2026-10-25", "02:30", "2026-10-25T00:30"),  # twice: the first, CEST
        ("America/New_York", "2026-03-08", "02:15", "2026-03-08T07:15"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45"),  # 02:45 at +11
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),  # at +11, then +10:30
    ],
)
def test_a_local_time_is_one_moment(zone: str, day: str, clock: str, moment: str) -> None:
    found = find_moment(dt.date.fromisoformat(day), clock, ZoneInfo(zone))
    assert found == dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


def test_the_same_time_twice_is_no_quiet_hours() -> None:
    same = make_settings(quiet_from="07:00", quiet_to="07:00")
    assert find_quiet_end(dt.datetime(2026, 6, 1, 7, tzinfo=dt.UTC), same) is None


def test_quiet_hours_of_the_afternoon_end_the_same_day() -> None:
    siesta = make_settings(quiet_from="13:00", quiet_to="15:00")
    at_two = dt.datetime(2026, 6, 1, 14, tzinfo=dt.UTC)
    assert find_quiet_end(at_two, siesta) == dt.datetime(2026, 6, 1, 15, tzinfo=dt.UTC)
    assert find_quiet_end(at_two + HOUR, siesta) is None


def test_an_end_that_comes_twice_ends_the_quiet_the_first_time() -> None:
    zurich = make_settings(time_zone="Europe/Zurich", quiet_from="22:00", quiet_to="02:30")
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert find_quiet_end(first - dt.timedelta(minutes=1), zurich) == first
    assert find_quiet_end(first + dt.timedelta(minutes=45), zurich) is None  # 02:15 again


def test_a_digest_at_a_time_that_comes_twice_is_due_once() -> None:
    zurich = make_settings(time_zone="Europe/Zurich", digest_at="02:30")
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert {find_last_digest(first + n * HOUR, zurich) for n in range(24)} == {first}


def clocks() -> st.SearchStrategy[str]:
    return st.builds(
        lambda hour, minute: f"{hour:02}:{minute:02}",
        st.integers(0, 23),
        st.sampled_from((0, 15, 30, 45)),
    )


def is_quiet(moment: dt.datetime, begin: str, end: str, zone: ZoneInfo) -> bool:
    """Read a wall clock: whether it shows a time of the quiet hours."""
    shown = moment.astimezone(zone).strftime("%H:%M")
    if begin <= end:
        return begin <= shown < end
    return shown >= begin or shown < end


def is_near_a_transition(moment: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether the clock is put forward or back within an hour: what it shows is not plain then."""
    before, after = (moment - HOUR).astimezone(zone), (moment + HOUR).astimezone(zone)
    return before.utcoffset() != after.utcoffset()


def add_hours(clock: str, hours: int) -> str:
    return f"{(int(clock[:2]) + hours) % 24:02}{clock[2:]}"


@st.composite
def courses(draw: st.DrawFn) -> tuple[str, list[tuple[dt.datetime, Severity]]]:
    """Draw a zone, and alerts that are raised around a night when its clock is changed."""
    zone = draw(st.sampled_from(sorted(TRANSITIONS)))
    day = draw(st.sampled_from(TRANSITIONS[zone]))
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    minutes = draw(st.lists(st.integers(-24 * 60, 30 * 60), min_size=1, max_size=4, unique=True))
    raised = [
        (midnight + dt.timedelta(minutes=m), draw(st.sampled_from(list(Severity))))
        for m in sorted(minutes)
    ]
    return zone, raised


def run(clinic: Clinic, raised: Sequence[tuple[dt.datetime, Severity]]) -> None:
    """Evaluate at each moment that something is raised, and each hour until two days later."""
    first, last = raised[0][0], raised[-1][0] + 50 * HOUR
    hours = int((last - first) / HOUR) + 1
    for now in sorted({at for at, _ in raised} | {first + n * HOUR for n in range(hours)}):
        holding = [
            make_alert(f"a{n}", severity=severity, thread=f"t{n}")
            for n, (at, severity) in enumerate(raised)
            if at <= now
        ]
        clinic.evaluate(now, holding)


@settings(max_examples=40, deadline=None)
@given(course=courses(), begin=clocks(), length=st.integers(1, 12))
def test_every_alert_leaves_once_within_a_day_and_not_in_quiet_hours(
    course: tuple[str, list[tuple[dt.datetime, Severity]]], begin: str, length: int
) -> None:
    name, raised = course
    zone, end = ZoneInfo(name), add_hours(begin, length)
    ward = Recipient(name="ward", address="ward@example.org", severities=list(Severity))
    clinic = Clinic(
        make_settings(recipients=(ward,), time_zone=name, quiet_from=begin, quiet_to=end)
    )
    run(clinic, raised)
    told = Counter(one for message in clinic.outbox for one in message.alert_ids)
    assert told == {f"a{n}": 1 for n in range(len(raised))}
    for message in clinic.outbox:
        moment, severity = raised[int(message.alert_ids[0][1:])]
        assert moment <= message.not_before <= moment + 24 * HOUR
        if severity is Severity.HIGH:
            assert message.not_before == moment
        elif not is_near_a_transition(message.not_before, zone):
            assert not is_quiet(message.not_before, begin, end, zone)


@settings(max_examples=40, deadline=None)
@given(course=courses(), digest_at=clocks())
def test_every_alert_stands_in_one_digest_and_each_day_has_at_most_one(
    course: tuple[str, list[tuple[dt.datetime, Severity]]], digest_at: str
) -> None:
    name, raised = course
    zone = ZoneInfo(name)
    ward = Recipient(
        name="ward", address="ward@example.org", severities=list(Severity), mode="digest"
    )
    clinic = Clinic(make_settings(recipients=(ward,), time_zone=name, digest_at=digest_at))
    run(clinic, raised)
    told = Counter(one for message in clinic.outbox for one in message.alert_ids)
    assert told == {f"a{n}": 1 for n in range(len(raised))}
    for message in clinic.outbox:
        for alert_id in message.alert_ids:
            moment = raised[int(alert_id[1:])][0]
            # a day of 25 hours, and an hour until the next evaluation
            assert moment <= message.not_before <= moment + 26 * HOUR
    due = [find_last_digest(message.at, clinic.settings) for message in clinic.outbox]
    days = [moment.astimezone(zone).date() for moment in due]
    assert len(set(days)) == len(days)
