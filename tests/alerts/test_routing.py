"""Who is told of an alert, and when: expected from what the settings promise."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from alert_makers import NOON, Clinic, make_alert, make_settings

from response.alerts.delivery.routing import route
from response.alerts.ledger import Changes, describe_difference
from response.alerts.settings import Recipient, Webhook
from response.model import AlertEvent
from response.terms import AlertChange, Audience, Channel, Severity

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def make_recipient(name: str = "ward", **changes: Any) -> Recipient:
    return Recipient(name=name, address=f"{name}@example.org", **changes)


def test_a_raised_alert_is_told_once() -> None:
    clinic = Clinic(make_settings())
    (message,) = clinic.evaluate(NOON, [make_alert()])
    assert (message.channel, message.recipient) == (Channel.MAIL, "ward")
    assert message.alert_ids == ("a1",)
    assert message.not_before == NOON
    for hours in range(1, 23):
        assert clinic.evaluate(NOON + hours * HOUR, [make_alert()]) == ()


def test_one_message_tells_of_all_alerts_the_gravest_first() -> None:
    clinic = Clinic(make_settings(recipients=(make_recipient(severities=list(Severity)),)))
    alerts = [
        make_alert("a1", severity=Severity.LOW),
        make_alert("a2", severity=Severity.MEDIUM, thread="b"),
        make_alert("a3", severity=Severity.HIGH, thread="c"),
    ]
    (message,) = clinic.evaluate(NOON, alerts)
    assert message.alert_ids == ("a3", "a2", "a1")
    assert message.title.startswith("[high] 3 alerts, 1 high: Progression")


def test_a_recipient_is_told_of_its_audiences_and_severities_only() -> None:
    readers = make_recipient("readers", audiences=["reader"], severities=["low"])
    clinic = Clinic(make_settings(recipients=(readers,)))
    alerts = [
        make_alert("a1", audience=Audience.READER, severity=Severity.HIGH),
        make_alert("a2", audience=Audience.CLINICIAN, severity=Severity.LOW),
        make_alert("a3", audience=Audience.READER, severity=Severity.LOW),
    ]
    (message,) = clinic.evaluate(NOON, alerts)
    assert message.alert_ids == ("a3",)


def test_each_recipient_and_webhook_gets_a_message_of_its_own() -> None:
    hook = Webhook(name="chat", url="https://chat.example/x")
    clinic = Clinic(make_settings(webhooks=(hook,)))
    messages = clinic.evaluate(NOON, [make_alert()])
    assert [(one.channel, one.recipient) for one in messages] == [
        (Channel.MAIL, "ward"),
        (Channel.WEBHOOK, "chat"),
    ]
    assert len({one.message_id for one in messages}) == 2


def test_a_message_computed_again_is_the_same_message() -> None:
    settings = make_settings()
    first, second = Clinic(settings), Clinic(settings)
    assert first.evaluate(NOON, [make_alert()]) == second.evaluate(NOON, [make_alert()])


def test_a_message_that_is_in_the_outbox_is_not_queued_again() -> None:
    clinic = Clinic(make_settings())
    messages = clinic.evaluate(NOON, [make_alert()])
    event = clinic.records["a1"].events[0]
    again = Changes((make_alert(),), (event,))
    assert route(again, {}, (), clinic.settings, NOON)[0] == messages
    assert route(again, {}, messages, clinic.settings, NOON) == ((), ())


def test_a_withdrawal_is_told_to_those_who_had_been_told() -> None:
    low = make_recipient("low", severities=["low"])
    clinic = Clinic(make_settings(recipients=(make_recipient(), low)))
    clinic.evaluate(NOON, [make_alert()])
    (message,) = clinic.evaluate(NOON + HOUR, [])
    assert message.recipient == "ward"
    assert message.title.startswith("[high] withdrawn: Progression")
    assert clinic.evaluate(NOON + 2 * HOUR, []) == ()


def test_a_withdrawal_is_told_even_where_the_alert_is_no_longer_sent_to_them() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert()])
    assert clinic.evaluate(NOON + HOUR, [make_alert(severity=Severity.LOW)]) == ()
    (message,) = clinic.evaluate(NOON + 2 * HOUR, [])
    assert "withdrawn" in message.title


def test_a_condition_that_ended_is_not_told() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert(lasting=False)])
    assert clinic.evaluate(NOON + HOUR, []) == ()
    assert clinic.changes_of("a1") == ["raised", "resolved"]


def test_an_alert_that_is_open_again_is_told_again() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert()])
    clinic.evaluate(NOON + HOUR, [])
    (message,) = clinic.evaluate(NOON + 2 * HOUR, [make_alert()])
    assert "Is open again." in message.body


def test_what_was_superseded_is_told_as_part_of_what_took_its_place() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert("a1", rule="near_progression")])
    (message,) = clinic.evaluate(NOON + HOUR, [make_alert("a2")])
    assert message.alert_ids == ("a2", "a1")
    assert "Takes the place of alert a1." in message.body
    assert "withdrawn" not in message.title


def test_what_was_superseded_by_what_is_not_sent_is_told_by_itself() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert("a1")])
    (message,) = clinic.evaluate(NOON + HOUR, [make_alert("a2", severity=Severity.LOW)])
    assert message.alert_ids == ("a1",)
    assert "SUPERSEDED" in message.body


def test_figures_that_change_are_not_told_again() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert()])
    assert clinic.evaluate(NOON + HOUR, [make_alert(text="PD: sum 44 mm")]) == ()
    assert clinic.changes_of("a1") == ["raised", "updated"]


def test_an_alert_that_becomes_graver_is_told_again_once() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert(severity=Severity.MEDIUM)])
    (message,) = clinic.evaluate(NOON + HOUR, [make_alert()])
    assert "Is graver than it was." in message.body
    assert clinic.evaluate(NOON + 2 * HOUR, [make_alert()]) == ()
    assert clinic.evaluate(NOON + 3 * HOUR, [make_alert(severity=Severity.MEDIUM)]) == ()


def test_a_rise_is_found_in_the_words_of_the_ledger() -> None:
    medium = make_alert(severity=Severity.MEDIUM)
    assert describe_difference(medium, make_alert()) == "medium → high"


def test_a_snooze_that_ran_out_opens_the_alert_and_is_told_once() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert()])
    clinic.act("a1", NOON + HOUR, AlertChange.SNOOZED, "2026-06-04")
    assert clinic.evaluate(NOON + 2 * DAY, [make_alert()]) == ()
    (message,) = clinic.evaluate(NOON + 3 * DAY, [make_alert()])
    assert message.alert_ids == ("a1",)
    assert clinic.evaluate(NOON + 3 * DAY + HOUR, [make_alert()]) == ()
    assert clinic.changes_of("a1") == ["raised", "snoozed", "reopened"]


def test_a_recipient_named_later_is_told_of_what_is_open_in_one_message() -> None:
    clinic = Clinic(make_settings(recipients=()))
    clinic.evaluate(NOON, [make_alert("a1"), make_alert("a2", thread="b")])
    clinic.act("a2", NOON, AlertChange.ACKNOWLEDGED)
    clinic.settings = make_settings()
    (message,) = clinic.evaluate(NOON + DAY, [make_alert("a1"), make_alert("a2", thread="b")])
    assert message.alert_ids == ("a1",)


def test_what_was_told_long_ago_is_not_told_again_where_old_messages_are_not_known() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON, [make_alert()])
    clinic.outbox.clear()
    assert clinic.evaluate(NOON + 61 * DAY, [make_alert()]) == ()
    (message,) = clinic.evaluate(NOON + 62 * DAY, [])
    assert "withdrawn" in message.title


def test_a_clock_that_was_set_back_hides_no_new_alert() -> None:
    clinic = Clinic(make_settings())
    clinic.evaluate(NOON + DAY, [make_alert("a1")])
    messages = clinic.evaluate(NOON, [make_alert("a1"), make_alert("a2", thread="b")])
    assert [one.alert_ids for one in messages] == [("a2",)]


def test_a_withdrawal_after_the_clock_was_set_back_is_told() -> None:
    for mode in ("at_once", "digest"):
        clinic = Clinic(make_settings(recipients=(make_recipient(mode=mode),)))
        clinic.evaluate(NOON, [make_alert()])
        clinic.evaluate(NOON + 2 * DAY, [make_alert()])
        messages = clinic.evaluate(NOON + HOUR, [])
        messages += clinic.evaluate(NOON + DAY, [])
        (title,) = [one.title for one in messages]
        assert "withdrawn" in title
        assert clinic.evaluate(NOON + 3 * DAY, []) == ()


def test_what_happens_twice_in_one_moment_is_told_twice() -> None:
    clinic = Clinic(make_settings())
    titles = [clinic.evaluate(NOON, held)[0].title for held in ([make_alert()], [], [make_alert()])]
    assert ["withdrawn" in title for title in titles] == [False, True, False]
    assert len({one.message_id for one in clinic.outbox}) == 3


def test_a_message_bears_no_earlier_time_than_what_it_tells() -> None:
    event = AlertEvent("e1", "a1", NOON + HOUR, NOON.date(), AlertChange.RAISED, "system")
    made = Changes((make_alert(),), (event,))
    (message,), _ = route(made, {}, (), make_settings(), NOON)
    assert (message.at, message.not_before) == (NOON + HOUR, NOON)


class TestEscalation:
    @staticmethod
    def clinic(**changes: Any) -> Clinic:
        chief = make_recipient("chief", escalation=True)
        return Clinic(make_settings(recipients=(make_recipient(), chief), **changes))

    def test_nobody_is_told_before_the_time_is_over(self) -> None:
        clinic = self.clinic()
        assert [one.recipient for one in clinic.evaluate(NOON, [make_alert()])] == ["ward"]
        assert clinic.evaluate(NOON + 23 * HOUR, [make_alert()]) == ()

    def test_what_nobody_acknowledged_is_told_once_to_those_who_are_told_then(self) -> None:
        clinic = self.clinic()
        clinic.evaluate(NOON, [make_alert()])
        (message,) = clinic.evaluate(NOON + 24 * HOUR, [make_alert()])
        assert message.recipient == "chief"
        assert "Nobody has acknowledged it in time." in message.body
        assert clinic.changes_of("a1") == ["raised", "escalated"]
        assert clinic.evaluate(NOON + 48 * HOUR, [make_alert()]) == ()

    def test_it_does_not_wait_for_a_digest(self) -> None:
        chief = make_recipient("chief", escalation=True, mode="digest")
        clinic = Clinic(make_settings(recipients=(chief,)))
        clinic.evaluate(NOON, [make_alert()])
        (message,) = clinic.evaluate(NOON + 24 * HOUR, [make_alert()])
        assert message.at == NOON + 24 * HOUR
        assert "digest" not in message.title

    def test_a_medium_alert_has_its_own_time(self) -> None:
        clinic = self.clinic()
        alert = make_alert(severity=Severity.MEDIUM)
        clinic.evaluate(NOON, [alert])
        assert clinic.evaluate(NOON + 71 * HOUR, [alert]) == ()
        assert len(clinic.evaluate(NOON + 72 * HOUR, [alert])) == 1

    def test_what_was_acknowledged_assigned_or_snoozed_is_not_escalated(self) -> None:
        for change, value in (
            (AlertChange.ACKNOWLEDGED, ""),
            (AlertChange.ASSIGNED, "Dr Ada"),
            (AlertChange.SNOOZED, "2026-06-20"),
        ):
            clinic = self.clinic()
            clinic.evaluate(NOON, [make_alert()])
            clinic.act("a1", NOON + HOUR, change, value)
            assert clinic.evaluate(NOON + 30 * HOUR, [make_alert()]) == ()

    def test_zero_hours_never_escalate(self) -> None:
        clinic = self.clinic(escalate_high_hours=0)
        clinic.evaluate(NOON, [make_alert()])
        assert clinic.evaluate(NOON + 30 * DAY, [make_alert()]) == ()

    def test_the_time_counts_from_when_it_became_graver(self) -> None:
        clinic = self.clinic()
        clinic.evaluate(NOON, [make_alert(severity=Severity.MEDIUM)])
        told = clinic.evaluate(NOON + 30 * HOUR, [make_alert()])
        assert [one.recipient for one in told] == ["ward"]
        (message,) = clinic.evaluate(NOON + 54 * HOUR, [make_alert()])
        assert message.recipient == "chief"

    def test_an_alert_that_is_open_again_is_escalated_again(self) -> None:
        clinic = self.clinic()
        clinic.evaluate(NOON, [make_alert()])
        clinic.evaluate(NOON + 24 * HOUR, [make_alert()])
        clinic.act("a1", NOON + 25 * HOUR, AlertChange.SNOOZED, "2026-06-05")
        clinic.evaluate(NOON + 4 * DAY, [make_alert()])
        (message,) = clinic.evaluate(NOON + 5 * DAY, [make_alert()])
        assert message.recipient == "chief"

    def test_without_anybody_to_tell_nothing_is_escalated(self) -> None:
        clinic = Clinic(make_settings())
        clinic.evaluate(NOON, [make_alert()])
        clinic.evaluate(NOON + 30 * HOUR, [make_alert()])
        assert clinic.changes_of("a1") == ["raised"]

    def test_the_chief_is_told_of_a_withdrawal_only_after_an_escalation(self) -> None:
        clinic = self.clinic()
        clinic.evaluate(NOON, [make_alert("a1"), make_alert("a2", thread="b")])
        clinic.act("a2", NOON + HOUR, AlertChange.ACKNOWLEDGED)
        clinic.evaluate(NOON + 24 * HOUR, [make_alert("a1"), make_alert("a2", thread="b")])
        messages = clinic.evaluate(NOON + 25 * HOUR, [])
        told = {one.recipient: set(one.alert_ids) for one in messages}
        assert told == {"ward": {"a1", "a2"}, "chief": {"a1"}}


class TestQuietHours:
    quiet: ClassVar = {"quiet_from": "22:00", "quiet_to": "07:00", "time_zone": "Europe/Zurich"}

    def test_a_medium_alert_waits_until_they_end(self) -> None:
        clinic = Clinic(make_settings(**self.quiet))
        night = dt.datetime(2026, 6, 1, 21, 30, tzinfo=dt.UTC)  # 23:30 in Zurich
        (message,) = clinic.evaluate(night, [make_alert(severity=Severity.MEDIUM)])
        assert message.not_before == dt.datetime(2026, 6, 2, 5, tzinfo=dt.UTC)

    def test_a_high_alert_is_let_through_with_all_of_its_message(self) -> None:
        clinic = Clinic(make_settings(**self.quiet))
        night = dt.datetime(2026, 6, 1, 21, 30, tzinfo=dt.UTC)
        alerts = [make_alert("a1", severity=Severity.MEDIUM), make_alert("a2", thread="b")]
        (message,) = clinic.evaluate(night, alerts)
        assert message.not_before == night
        assert message.alert_ids == ("a2", "a1")

    def test_where_nothing_is_let_through_a_high_one_waits_too(self) -> None:
        clinic = Clinic(make_settings(**self.quiet, quiet_lets_through=()))
        night = dt.datetime(2026, 6, 2, 4, 59, tzinfo=dt.UTC)
        (message,) = clinic.evaluate(night, [make_alert()])
        assert message.not_before == dt.datetime(2026, 6, 2, 5, tzinfo=dt.UTC)
