"""A run keeps what became of alerts, once, whoever else runs at the same moment."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_clinic import DAYS, NOW, count_events, count_told, look, open_clinic, write_course

from response.alerts import run as run_module
from response.alerts.acts import Person, acknowledge
from response.alerts.after import run_after
from response.alerts.delivery.sending import Reply
from response.alerts.rules.all_rules import evaluate
from response.alerts.runner.beat_file import read_beat
from response.alerts.runner.lock import hold_lease
from response.alerts.runner.schedule_work import Work
from response.errors import ProtocolError
from response.model import AlertMessage
from response.pipeline import assess_all
from response.store import Store
from response.terms import AlertChange, AlertState, Channel, Outcome
from response.workspace import Workspace

Clinic = tuple[Workspace, Store]
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    workspace, store = open_clinic(tmp_path / "home")
    yield workspace, store
    store.close()


def notes(store: Store, change: AlertChange) -> list[str]:
    return [e.note for r in store.alerts.read_records() for e in r.events if e.change is change]


def test_a_progression_is_raised_and_told_once(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    look(*clinic)
    entries = clinic[1].read_audit()
    report = look(*clinic, LATER)
    assert count_events(clinic[1]) == {"P1 progression T1": 1}
    assert set(count_told(clinic[1]).values()) == {1}
    assert (report.changes.events, report.open_count) == ((), 1)
    assert clinic[1].read_audit() == entries


def test_a_corrected_measurement_withdraws_the_alert_with_a_note(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    look(*clinic)
    write_course(*clinic, "P1", [30, 33])
    report = look(*clinic, LATER)
    assert notes(clinic[1], AlertChange.WITHDRAWN) == [
        "the facts no longer say so: T1 is SD now, sum 33 mm"
    ]
    assert report.open_count == 0
    write_course(*clinic, "P1", [30, 45])
    look(*clinic, LATER)
    assert sum(count_events(clinic[1], AlertChange.REOPENED).values()) == 1


def test_an_acknowledgement_survives_runs(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    look(*clinic)
    (record,) = clinic[1].alerts.read_records()
    acknowledge(clinic[1], record.alert.alert_id, Person("anna", NOW, NOW.date()), "seen")
    write_course(*clinic, "P2", [30, 45])
    look(*clinic, LATER)
    states = [one.state_on(LATER.date()) for one in clinic[1].alerts.read_records()]
    assert states == [AlertState.ACKNOWLEDGED, AlertState.OPEN]


def test_today_by_name_sees_what_a_plain_run_does(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    early = dt.datetime.combine(DAYS[1], dt.time(12), dt.UTC) - dt.timedelta(days=10)
    plain = look(*clinic, early)
    assert {one.rule for one in plain.holding} == {"progression", "date_to_come"}
    named = look(*clinic, early, as_of=early.date())
    assert (named.changes.events, named.holding) == ((), plain.holding)


def test_a_replayed_day_sees_nothing_of_later_days(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 31, 45])
    after_first = DAYS[1] + dt.timedelta(1)
    assert look(*clinic, NOW.replace(year=2026), as_of=after_first).changes.events == ()
    report = look(*clinic, NOW.replace(year=2026), as_of=DAYS[2])
    assert [e.as_of for e in report.changes.events] == [DAYS[2]]
    assert count_events(clinic[1]) == {"P1 progression T2": 1}


@pytest.mark.parametrize("day", [NOW.date() - dt.timedelta(1), NOW.date() + dt.timedelta(1)])
def test_a_day_before_the_last_or_to_come_is_only_shown(clinic: Clinic, day: dt.date) -> None:
    write_course(*clinic, "P1", [30, 45])
    look(*clinic)
    entries = clinic[1].read_audit()
    report = look(*clinic, as_of=day)
    assert [one.rule for one in report.holding] == ["progression"]
    assert report.shown_only
    assert clinic[1].read_audit() == entries


def test_what_a_clinic_chooses_of_alerts_leaves_categories_alone(clinic: Clinic) -> None:
    workspace, store = clinic
    write_course(workspace, store, "P1", [30, 45])
    workspace.protocol_path.write_text("[alerts]\nclosing_days = 3\n", encoding="utf-8")
    report = assess_all(workspace, store, list(store.read_subjects()), actor="anna")
    assert (report.done, report.unchanged) == (0, 1)


def test_a_scan_dated_tomorrow_alerts_today(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    day_before = dt.datetime.combine(DAYS[1], dt.time(9), dt.UTC) - dt.timedelta(1)
    assert look(*clinic, day_before).open_count == 1
    write_course(*clinic, "P1", [30, 31])
    assert look(*clinic, day_before).open_count == 0


def test_a_subject_whose_facts_break_a_rule_is_named_and_keeps_its_alerts(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("P1", "P2"):
        write_course(*clinic, subject, [30, 45])
    look(*clinic)

    def break_on_p1(pictures: list[object], *rest: object) -> object:
        if pictures[0].subject.subject == "P1":  # type: ignore[attr-defined]
            raise KeyError("T9")
        return evaluate(pictures, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(run_module, "evaluate", break_on_p1)
    write_course(*clinic, "P2", [30, 31])
    report = look(*clinic, LATER)
    assert [one.subject for one in report.refused] == ["P1"]
    assert sum(count_events(clinic[1], AlertChange.WITHDRAWN).values()) == 1
    standing = clinic[1].alerts.read_records(ended=False)
    assert [one.alert.rule for one in standing] == ["progression", "subject_refused"]
    assert {one.alert.subject for one in standing} == {"P1"}
    assert look(*clinic, LATER).changes.events == ()
    monkeypatch.undo()
    (resolved,) = look(*clinic, LATER).changes.events
    assert resolved.change is AlertChange.RESOLVED


def test_a_run_while_another_is_at_work_does_nothing_and_asks_it_to_look_again(
    clinic: Clinic,
) -> None:
    write_course(*clinic, "P1", [30, 45])
    with hold_lease(clinic[0].home, wait_s=0):
        assert look(*clinic, wait_s=0.1).at_work
    assert clinic[1].alerts.read_records() == ()
    assert (clinic[0].home / "alerts.wanted").exists()
    assert look(*clinic).open_count == 1
    assert not (clinic[0].home / "alerts.wanted").exists()


class BusySender:
    """Sends; while it sends the first message, somebody assesses and asks for a run."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.sent: list[str] = []

    def find_way(self, recipient: str) -> str:
        return recipient

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        self.sent.append(message.message_id)
        if len(self.sent) == 1:
            write_course(*self.clinic, "P2", [30, 45])
            assert look(*self.clinic, wait_s=0).at_work
        return Reply(Outcome.SENT)


def test_facts_written_while_a_run_is_at_work_are_looked_at_by_it(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    sender = BusySender(clinic)
    report = look(*clinic, deliver=True, senders=dict.fromkeys(Channel, sender))
    assert (report.looks, report.open_count) == (2, 2)
    assert count_events(clinic[1]) == {"P1 progression T1": 1, "P2 progression T1": 1}
    assert len(set(sender.sent)) == len(sender.sent) == 2
    assert report.sent == 2


def test_a_run_is_noted_in_the_heartbeat_and_so_is_a_failed_one(clinic: Clinic) -> None:
    look(*clinic, by="serve")
    beat, _ = read_beat(clinic[0].home)
    assert (beat.last_evaluation_at, beat.by) == (NOW, "serve")
    clinic[0].protocol_path.write_text("[alerts]\nunknown = 1\n", encoding="utf-8")
    with pytest.raises(ProtocolError):
        look(*clinic, LATER)
    beat, _ = read_beat(clinic[0].home)
    assert (beat.last_evaluation_at, beat.failing_since) == (NOW, LATER)
    assert beat.last_error == "ProtocolError"


def test_a_heartbeat_that_cannot_be_written_stops_no_message(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    (clinic[0].home / "alerts-beat.lock").mkdir()
    sender = BusySender(clinic)
    sender.sent.append("")
    report = look(*clinic, deliver=True, senders=dict.fromkeys(Channel, sender))
    assert (report.open_count, report.sent) == (1, 1)
    assert any("heartbeat could not be written" in line for line in report.warnings)


def test_after_an_assess_a_failure_of_alerts_is_a_warning(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    assert any("127.0.0.1:9" in line for line in run_after(*clinic, now=NOW, actor="anna"))
    clinic[0].protocol_path.write_text("[alerts]\nunknown = 1\n", encoding="utf-8")
    (line,) = run_after(*clinic, now=LATER, actor="anna")
    assert line.startswith("alerts were not evaluated: ProtocolError")


def test_what_delivery_asks_for_is_sent_by_the_next_run(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    report = look(*clinic, deliver=True)
    assert (report.sent, report.failed, report.dead) == (0, 1, 0)
    beat, _ = read_beat(clinic[0].home)
    assert list(beat.failing) == ["mail server 127.0.0.1:9"]
    sender = BusySender(clinic)
    sender.sent.append("")
    report = look(*clinic, LATER, deliver=True, senders=dict.fromkeys(Channel, sender))
    assert report.sent == 1
    assert clinic[1].alerts.read_outbox(settled=False) == ()


def test_two_runs_started_at_once_raise_and_tell_each_alert_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    workspace, store = open_clinic(home)
    subjects = [f"P{n}" for n in range(8)]
    for subject in subjects:
        write_course(workspace, store, subject, [30, 45])
    store.close()
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(3)
    children = [context.Process(target=run_at_gate, args=(home, gate)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    store = Store(workspace)
    assert count_events(store) == dict.fromkeys([f"{s} progression T1" for s in subjects], 1)
    assert len(count_told(store)) == len(subjects)
    assert set(count_told(store).values()) == {1}
    assert store.check() == ()


def run_at_gate(home: Path, gate: object) -> None:
    workspace = Workspace.open(home, create=False)
    store = Store(workspace)
    gate.wait(30)  # type: ignore[attr-defined]
    look(workspace, store, wait_s=30.0)


def test_a_schedule_evaluates_soon_what_somebody_could_not(clinic: Clinic) -> None:
    write_course(*clinic, "P1", [30, 45])
    with hold_lease(clinic[0].home, wait_s=0):  # as a round of sending does
        assert look(*clinic, wait_s=0).at_work
    work = Work(clinic[0], lambda: LATER, lambda _line: None, lambda: False)
    work.deliver()
    assert count_events(clinic[1]) == {"P1 progression T1": 1}
