"""What a person may do to an alert, and how an id is understood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_makers import NOON, make_alert

from response.alerts.acts import (
    LONGEST_SNOOZE,
    Person,
    acknowledge,
    add_note,
    assign,
    find_record,
    snooze,
)
from response.alerts.ledger import Changes
from response.errors import AlertError
from response.model import AlertEvent
from response.store import Store
from response.terms import AlertChange, AlertState
from response.workspace import Workspace

TODAY = NOON.date()
ANNA = Person("anna", NOON, TODAY)
IDS = ("abcd1", "abcd2", "abcd")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Workspace.open(tmp_path / "home"), keep=True)
    alerts = tuple(make_alert(one) for one in IDS)
    events = tuple(make_event(one, AlertChange.RAISED) for one in IDS)
    opened.alerts.keep(lambda *_: Changes(alerts, events), alert_ids=[], now=NOON, actor="anna")
    yield opened
    opened.close()


def make_event(alert_id: str, change: AlertChange) -> AlertEvent:
    return AlertEvent(f"{alert_id} {change}", alert_id, NOON, TODAY, change, "system")


def end(store: Store, alert_id: str) -> None:
    ended = (make_event(alert_id, AlertChange.RESOLVED),)
    store.alerts.keep(lambda *_: Changes(events=ended), alert_ids=[], now=NOON, actor="anna")


def state(store: Store, alert_id: str, day: dt.date = TODAY) -> AlertState:
    return store.alerts.read_records(alert_ids=[alert_id])[0].state_on(day)


def test_a_whole_id_is_meant_even_where_others_begin_with_it(store: Store) -> None:
    assert find_record(store, "abcd").alert.alert_id == "abcd"


@pytest.mark.parametrize(("begins", "said"), [("abc", "begins 3 alerts"), ("x", "no alert 'x'")])
def test_what_names_no_one_alert_is_refused(store: Store, begins: str, said: str) -> None:
    with pytest.raises(AlertError, match=said):
        find_record(store, begins)


def test_a_snoozed_alert_comes_back_on_its_day(store: Store) -> None:
    until = TODAY + dt.timedelta(days=5)
    snooze(store, "abcd1", ANNA, until, "after the board")
    assert state(store, "abcd1", until - dt.timedelta(days=1)) is AlertState.SNOOZED
    assert state(store, "abcd1", until) is AlertState.OPEN


@pytest.mark.parametrize("days", [0, -1, LONGEST_SNOOZE.days + 1])
def test_nothing_is_put_away_into_the_past_or_for_ever(store: Store, days: int) -> None:
    with pytest.raises(AlertError, match="snooze until"):
        snooze(store, "abcd1", ANNA, TODAY + dt.timedelta(days))


def test_an_alert_that_has_ended_is_only_noted(store: Store) -> None:
    end(store, "abcd1")
    with pytest.raises(AlertError, match="has ended"):
        acknowledge(store, "abcd1", ANNA)
    with pytest.raises(AlertError, match="has ended"):
        assign(store, "abcd1", ANNA, "bert")
    add_note(store, "abcd1", ANNA, "why")
    assert state(store, "abcd1") is AlertState.RESOLVED


def test_what_ends_while_a_person_answers_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = store.alerts.read_records
    found = read(alert_ids=["abcd1"])
    end(store, "abcd1")
    monkeypatch.setattr(store.alerts, "read_records", lambda **_: found)
    with pytest.raises(AlertError, match="has ended"):
        acknowledge(store, "abcd1", ANNA)


@pytest.mark.parametrize("note", ["x" * 2001, " "])
def test_a_note_says_something_and_no_book(store: Store, note: str) -> None:
    with pytest.raises(AlertError, match="a note"):
        add_note(store, "abcd1", ANNA, note)


def test_an_alert_may_be_nobodys_again(store: Store) -> None:
    assign(store, "abcd1", ANNA, " bert ")
    assert store.alerts.read_records(alert_ids=["abcd1"])[0].assignee == "bert"
    assign(store, "abcd1", ANNA, "")
    assert store.alerts.read_records(alert_ids=["abcd1"])[0].assignee == ""
