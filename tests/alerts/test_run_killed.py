"""A run that is killed at any moment leaves a whole workspace, and the next one completes it."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from alert_clinic import NOW, count_events, count_told, look, open_clinic, write_course

from response.alerts.delivery.sending import Reply
from response.model import AlertMessage
from response.store import Store
from response.terms import Channel, Outcome
from response.workspace import Workspace

CONTEXT = multiprocessing.get_context("fork")
FEW, MANY = 4, 30


class FileSender:
    """A receiver that writes the id of each message it takes to a file."""

    def __init__(self, taken: Path) -> None:
        self.taken = taken

    def find_way(self, recipient: str) -> str:
        return recipient

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        with self.taken.open("a", encoding="utf-8") as file:
            file.write(f"{message.message_id}\n")
        return Reply(Outcome.SENT)


def run_once(home: Path, now: dt.datetime, begun: Event) -> None:
    workspace = Workspace.open(home, create=False)
    store = Store(workspace)
    begun.set()
    senders = dict.fromkeys(Channel, FileSender(home / "taken"))
    look(workspace, store, now, deliver=True, senders=senders)


def kill_a_run(home: Path, now: dt.datetime, after_s: float) -> bool:
    """Start a run and kill it after so many seconds; whether it was still at work."""
    begun = CONTEXT.Event()
    child = CONTEXT.Process(target=run_once, args=(home, now, begun))
    child.start()
    assert begun.wait(60)
    time.sleep(after_s)
    child.kill()
    child.join()
    return child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    "rounds", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.heavy)]
)
def test_a_killed_run_is_made_good_by_the_next(tmp_path: Path, rounds: int) -> None:
    home, chance = tmp_path / "home", random.Random(5)
    workspace, store = open_clinic(home)
    planted, killed = {}, 0
    for number in range(rounds):
        now = NOW + dt.timedelta(hours=number)
        write_course(workspace, store, f"P{number}", [30, 45])
        planted[f"P{number} progression T1"] = 1
        store.close()
        killed += kill_a_run(home, now, chance.uniform(0, 0.4))
        store = Store(workspace, keep=True)
        assert store.check() == ()
        senders = dict.fromkeys(Channel, FileSender(home / "taken"))
        look(workspace, store, now, deliver=True, senders=senders)
        assert count_events(store) == planted
        assert set(count_told(store).values()) == {1}
        assert len(count_told(store)) == len(planted)
    sent = {one.message.message_id for one in store.alerts.read_outbox()}
    assert set((home / "taken").read_text(encoding="utf-8").split()) == sent
    assert killed or rounds == FEW
    assert store.check() == ()
    store.close()
