"""Alerts, events, messages and attempts are read as written, and sealed like everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from response.alerts.ledger import Changes
from response.alerts.record import AlertRecord
from response.errors import AlertError
from response.model import Alert, AlertEvent, AlertMessage, DeliveryAttempt, Reader
from response.store import Store
from response.terms import AlertChange, Audience, Channel, Outcome, Severity

NOW = dt.datetime(2025, 3, 1, 8, 30, tzinfo=dt.UTC)
DAY = NOW.date()
ALERT = Alert(
    "abcdefgh12345678",
    "progression",
    Severity.HIGH,
    Audience.CLINICIAN,
    DAY,
    "PD: sum 43.5 mm − “quoted”",
    "look",
    "P1",
    "key",
    Reader("INVESTIGATOR", "R1"),
    "recist11",
    tracking_id="L01",
    numbers={"sum_mm": "43.5", "nadir_mm": "35.0"},
    provisional=True,
)
OF_PROGRAM = Alert(
    "stopped", "runner_stopped", Severity.HIGH, Audience.OPERATOR, DAY, "stopped", "start it"
)
MESSAGE = AlertMessage("m1", NOW, NOW, Channel.MAIL, "team", (ALERT.alert_id,), "title", "body")


def event(alert_id: str, change: AlertChange, number: int = 0, value: str = "") -> AlertEvent:
    return AlertEvent(f"e{number}-{alert_id}", alert_id, NOW, DAY, change, "system", "", value)


def keep(
    store: Store,
    alerts: Sequence[Alert] = (),
    events: Sequence[AlertEvent] = (),
    messages: Sequence[AlertMessage] = (),
    now: dt.datetime = NOW,
) -> dict[str, object]:
    seen: dict[str, object] = {}

    def decide(standing: object, known: object) -> Changes:
        seen.update(standing=standing, messages=known)
        return Changes(tuple(alerts), tuple(events), tuple(messages))

    store.alerts.keep(decide, alert_ids=[a.alert_id for a in alerts], now=now, actor="anna")
    return seen


def raise_alert(store: Store, alert: Alert = ALERT) -> AlertEvent:
    raised = event(alert.alert_id, AlertChange.RAISED)
    keep(store, [alert], [raised])
    return raised


@pytest.mark.parametrize("alert", [ALERT, OF_PROGRAM])
def test_an_alert_is_read_as_written(store: Store, alert: Alert) -> None:
    raised = raise_alert(store, alert)
    assert store.alerts.read_records() == (AlertRecord(alert, (raised,)),)
    assert store.check() == ()


def test_the_newest_row_is_how_an_alert_stands(store: Store) -> None:
    raised = raise_alert(store)
    newer = replace(ALERT, text="PD: sum 44.0 mm")
    updated = event(ALERT.alert_id, AlertChange.UPDATED, 1)
    keep(store, [newer], [updated])
    assert store.alerts.read_records(ended=False) == (AlertRecord(newer, (raised, updated)),)
    assert store.alerts.read_versions(ALERT.alert_id) == (ALERT, newer)


def test_an_evaluation_is_one_audit_entry_with_counts_only(store: Store) -> None:
    keep(store, [ALERT], [event(ALERT.alert_id, AlertChange.RAISED)], [MESSAGE])
    (entry,) = store.read_audit()
    assert (entry.action, entry.actor, entry.subject_key) == ("evaluate_alerts", "anna", "")
    assert entry.detail == {"raised": "1", "messages": "1"}


def test_an_evaluation_without_news_writes_nothing(store: Store) -> None:
    raise_alert(store)
    before = store.read_audit()
    keep(store)
    assert store.read_audit() == before


@pytest.mark.parametrize(
    "end", [AlertChange.RESOLVED, AlertChange.WITHDRAWN, AlertChange.SUPERSEDED]
)
def test_an_ended_alert_is_shown_only_where_it_is_asked_for(store: Store, end: AlertChange) -> None:
    raise_alert(store)
    keep(store, (), [event(ALERT.alert_id, end, 1), event(ALERT.alert_id, AlertChange.NOTED, 2)])
    assert store.alerts.read_records(ended=False) == ()
    assert len(store.alerts.read_records()) == 1
    assert keep(store, now=NOW + dt.timedelta(days=20))["standing"] == {}
    assert list(keep(store)["standing"]) == [ALERT.alert_id]  # type: ignore[call-overload]
    reopened = event(ALERT.alert_id, AlertChange.REOPENED, 3)
    assert list(keep(store, [ALERT], [reopened])["standing"]) == [ALERT.alert_id]  # type: ignore[call-overload]
    assert len(store.alerts.read_records(ended=False)) == 1


def test_what_fails_in_the_middle_leaves_nothing(store: Store) -> None:
    def fail(_standing: object, _messages: object) -> Changes:
        raise AlertError("no")

    with pytest.raises(AlertError):
        store.alerts.keep(fail, alert_ids=[], now=NOW, actor="anna")
    assert store.alerts.read_records() == ()
    assert store.check() == ()


def test_alerts_are_found_by_how_their_id_begins(store: Store) -> None:
    raise_alert(store)
    raise_alert(store, replace(ALERT, alert_id="abcxefgh12345678"))
    assert store.alerts.find_alert_ids("abcd") == (ALERT.alert_id,)
    assert len(store.alerts.find_alert_ids("abc")) == 2
    assert store.alerts.find_alert_ids("%") == ()


def test_what_a_person_does_is_audited_with_the_subjects_key(store: Store) -> None:
    raise_alert(store)
    noted = event(ALERT.alert_id, AlertChange.NOTED, 1)
    store.alerts.append_event(ALERT.alert_id, lambda record: noted)
    entry = store.read_audit()[0]
    assert entry.action == "alert_noted"
    assert entry.subject_key != ""
    assert store.alerts.read_records()[0].events[-1] == noted


def attempt(number: int, outcome: Outcome, next_at: dt.datetime | None = None) -> DeliveryAttempt:
    return DeliveryAttempt(f"a{number}", "m1", NOW, outcome, "refused", next_at)


def test_a_message_waits_until_it_is_sent_or_given_up(store: Store) -> None:
    keep(store, [ALERT], [event(ALERT.alert_id, AlertChange.RAISED)], [MESSAGE])
    (posted,) = store.alerts.read_outbox(settled=False)
    assert (posted.message, posted.next_at) == (MESSAGE, NOW)
    later = NOW + dt.timedelta(minutes=5)
    store.alerts.append_attempts([attempt(1, Outcome.FAILED, later)], actor="anna")
    (posted,) = store.alerts.read_outbox(settled=False)
    assert posted.next_at == later
    store.alerts.append_attempts([attempt(2, Outcome.DEAD)], actor="anna")
    assert store.alerts.read_outbox(settled=False) == ()
    (posted,) = store.alerts.read_outbox()
    assert (posted.outcome, posted.next_at, len(posted.attempts)) == (Outcome.DEAD, None, 2)
    assert store.alerts.read_outbox(sent=False) == (posted,)
    assert store.alerts.count_dead_letters() == 1
    store.alerts.append_attempts([attempt(3, Outcome.FAILED, later)], actor="anna")
    (posted,) = store.alerts.read_outbox(settled=False)
    assert posted.waits
    assert posted.tried_since == NOW
    assert store.check() == ()


def test_messages_are_found_by_the_alert_they_tell_of(store: Store) -> None:
    keep(store, [ALERT], [event(ALERT.alert_id, AlertChange.RAISED)], [MESSAGE])
    assert len(store.alerts.read_outbox(alert_id=ALERT.alert_id)) == 1
    assert store.alerts.read_outbox(alert_id="abcd") == ()
    store.alerts.append_attempts([attempt(1, Outcome.SENT)], actor="anna")
    assert store.alerts.read_outbox(sent=False) == ()
    assert len(store.alerts.read_outbox()) == 1


def test_an_evaluation_is_shown_waiting_messages_and_the_newer_ones(store: Store) -> None:
    keep(store, [ALERT], [event(ALERT.alert_id, AlertChange.RAISED)], [MESSAGE])
    much_later = NOW + dt.timedelta(days=100)
    assert keep(store, now=much_later)["messages"] == (MESSAGE,)
    store.alerts.append_attempts([attempt(1, Outcome.SENT)], actor="anna")
    assert keep(store, now=much_later)["messages"] == ()
    assert keep(store)["messages"] == (MESSAGE,)


def test_a_changed_row_is_noticed(store: Store, workspace: object) -> None:
    import duckdb

    raise_alert(store)
    store.close()
    with duckdb.connect(str(workspace.database)) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE alert SET severity = 'low'")
    assert any("is not as it was written" in problem for problem in store.check())
