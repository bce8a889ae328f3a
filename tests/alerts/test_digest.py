"""One message a day, with what happened since the last one."""

from __future__ import annotations

import datetime as dt

from alert_makers import NOON, Clinic, make_alert, make_settings

from response.alerts.settings import Recipient
from response.terms import AlertChange, Severity

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def make_digest_clinic() -> Clinic:
    ward = Recipient(name="ward", address="ward@example.org", mode="digest")
    return Clinic(make_settings(recipients=(ward,)))


def test_a_digest_is_made_at_its_time_with_what_happened_before() -> None:
    clinic = make_digest_clinic()
    assert clinic.evaluate(NOON, [make_alert()]) == ()
    assert clinic.evaluate(NOON + 19 * HOUR, [make_alert()]) == ()
    (message,) = clinic.evaluate(NOON + 20 * HOUR, [make_alert()])
    assert message.title.startswith("[high] Daily digest: Progression")
    assert clinic.evaluate(NOON + 21 * HOUR, [make_alert()]) == ()
    assert clinic.evaluate(NOON + 44 * HOUR, [make_alert()]) == ()


def test_where_nothing_happened_there_is_none_and_later_news_waits_for_the_next() -> None:
    clinic = make_digest_clinic()
    assert clinic.evaluate(NOON - 4 * HOUR, []) == ()
    assert clinic.evaluate(NOON, [make_alert()]) == ()
    assert len(clinic.evaluate(NOON + DAY, [make_alert()])) == 1


def test_a_digest_tells_of_what_was_acknowledged_meanwhile() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert()])
    clinic.act("a1", NOON + HOUR, AlertChange.ACKNOWLEDGED)
    assert len(clinic.evaluate(NOON + DAY, [make_alert()])) == 1


def test_what_came_and_went_between_two_digests_is_not_told() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert()])
    clinic.evaluate(NOON + HOUR, [])
    assert clinic.evaluate(NOON + DAY, []) == ()


def test_a_digest_tells_of_a_withdrawal_once_to_those_who_had_been_told() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert()])
    clinic.evaluate(NOON + DAY, [make_alert()])
    clinic.evaluate(NOON + DAY + HOUR, [])
    (message,) = clinic.evaluate(NOON + 2 * DAY, [])
    assert "withdrawn: Progression" in message.title
    assert clinic.evaluate(NOON + 3 * DAY, []) == ()


def test_a_digest_tells_of_a_withdrawal_of_what_had_opened_again_since() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert()])
    clinic.evaluate(NOON + DAY, [make_alert()])
    clinic.act("a1", NOON + DAY, AlertChange.SNOOZED, "2026-06-03")
    clinic.evaluate(NOON + 2 * DAY, [make_alert()])
    clinic.evaluate(NOON + 2 * DAY + HOUR, [])
    (message,) = clinic.evaluate(NOON + 3 * DAY, [])
    assert "withdrawn: Progression" in message.title


def test_what_came_back_and_went_again_between_two_digests_is_not_told() -> None:
    clinic = make_digest_clinic()
    for days, holding in enumerate(([make_alert()], [make_alert()], [])):
        clinic.evaluate(NOON + days * DAY, holding)
    assert len(clinic.evaluate(NOON + 3 * DAY, [])) == 1
    clinic.evaluate(NOON + 3 * DAY + HOUR, [make_alert()])
    clinic.evaluate(NOON + 3 * DAY + 2 * HOUR, [])
    assert clinic.evaluate(NOON + 4 * DAY, []) == ()


def test_a_digest_tells_of_a_snooze_that_ran_out() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert()])
    clinic.evaluate(NOON + DAY, [make_alert()])
    clinic.act("a1", NOON + DAY, AlertChange.SNOOZED, "2026-06-03")
    clinic.evaluate(NOON + 2 * DAY, [make_alert()])
    (message,) = clinic.evaluate(NOON + 3 * DAY, [make_alert()])
    assert "Is open again." in message.body


def test_a_digest_tells_of_a_rise_of_yesterday() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert(severity=Severity.MEDIUM)])
    clinic.evaluate(NOON + DAY, [make_alert(severity=Severity.MEDIUM)])
    assert clinic.evaluate(NOON + DAY + HOUR, [make_alert()]) == ()
    (message,) = clinic.evaluate(NOON + 2 * DAY, [make_alert()])
    assert "Is graver than it was." in message.body


def test_what_ends_in_the_moment_of_a_digest_is_told_in_the_next() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert()])
    assert len(clinic.evaluate(NOON + DAY, [make_alert()])) == 1
    assert clinic.evaluate(NOON + DAY, []) == ()
    (message,) = clinic.evaluate(NOON + 2 * DAY, [])
    assert "withdrawn" in message.title


def test_a_digest_made_by_a_clock_that_was_ahead_takes_no_other_ones_place() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert("a1")])
    assert len(clinic.evaluate(NOON + 2 * DAY, [make_alert("a1")])) == 1  # two days ahead
    both = [make_alert("a1"), make_alert("a2", thread="b")]
    clinic.evaluate(NOON + HOUR, both)
    (message,) = clinic.evaluate(NOON + DAY, both)
    assert message.alert_ids == ("a2",)


def test_after_a_stop_of_days_one_digest_tells_everything() -> None:
    clinic = make_digest_clinic()
    clinic.evaluate(NOON, [make_alert("a1")])
    both = [make_alert("a1"), make_alert("a2", thread="b")]
    (first,) = clinic.evaluate(NOON + 5 * DAY, both)
    (second,) = clinic.evaluate(NOON + 6 * DAY, both)
    assert (first.alert_ids, second.alert_ids) == (("a1",), ("a2",))
