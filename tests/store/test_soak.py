"""A writer and three readers at once, for a while: nothing lost, no error, nobody waits long.

Real processes, as the command line and the dashboard are; the same with the writer killed again and
again in whatever it is doing.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from response.store import Store
from response.workspace import Workspace

LONGEST_WAIT_S = 2.0
ROLES = ("keeping-reader", "reader", "reader")
SCRIPT = Path(__file__).with_name("soak_process.py")


@dataclass
class Party:
    """One process and what it has told so far."""

    process: subprocess.Popen[bytes]
    told: Path
    errors: Path

    @classmethod
    def start(cls, role: str, workspace: Workspace, name: str, folder: Path) -> Party:
        told, errors = folder / f"{name}.out", folder / f"{name}.err"
        command = [sys.executable, str(SCRIPT), role, str(workspace.home), name]
        with told.open("wb") as out, errors.open("wb") as err:
            party = cls(subprocess.Popen(command, stdout=out, stderr=err), told, errors)
        while not party.lines():
            assert party.process.poll() is None, errors.read_text()
            time.sleep(0.02)
        return party

    def lines(self) -> list[dict[str, Any]]:
        whole = self.told.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in whole]

    def wait_for_units(self, count: int) -> None:
        """Wait until some units of work are done: a loaded machine needs longer for them."""
        deadline = time.monotonic() + 60
        while sum("began" in line for line in self.lines()) < count:
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < deadline, "somebody starved"
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def soak(workspace: Workspace, folder: Path, seconds: float, kill_every_s: float) -> list[Party]:
    """Run the parties; with `kill_every_s` the writer is killed about so often, and begun anew."""
    folder.mkdir()
    chance = random.Random(7)
    readers = [
        Party.start(role, workspace, f"reader{number}", folder) for number, role in enumerate(ROLES)
    ]
    writers = [Party.start("writer", workspace, "writer0", folder)]
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        pause = kill_every_s * chance.uniform(0.5, 1.5) if kill_every_s else left
        time.sleep(min(left, pause))
        writers[-1].wait_for_units(1)
        if kill_every_s and left > pause:
            writers[-1].kill()
            name = f"writer{len(writers)}"
            writers.append(Party.start("writer", workspace, name, folder))
    parties = [*readers, *writers]
    for party in (*readers, writers[-1]):
        party.wait_for_units(3)
    for party in parties:
        alive = party.process.poll() is None
        party.kill()
        assert alive or party in writers[:-1], party.errors.read_text()
        assert party.errors.read_text() == ""
    return parties


def waits(parties: list[Party]) -> list[float]:
    lines = [line for party in parties for line in party.lines() if "began" in line]
    return sorted(line["ended"] - line["began"] for line in lines)


def check_nothing_lost(workspace: Workspace, parties: list[Party]) -> None:
    lines = [line for party in parties for line in party.lines()]
    store = Store(workspace)
    stored = {subject.subject for subject in store.read_subjects()}
    acknowledged = {line["wrote"] for line in lines if "wrote" in line}
    assert acknowledged <= stored
    assert store.check() == ()
    commits = sorted(line["ended"] for line in lines if "wrote" in line)
    for line in lines:
        if "read" in line:  # a reader sees whatever was acknowledged before it began
            assert line["read"] >= sum(ended < line["began"] for ended in commits)


def run(workspace: Workspace, folder: Path, seconds: float, kill_every_s: float) -> None:
    parties = soak(workspace, folder, seconds, kill_every_s)
    check_nothing_lost(workspace, parties)
    readers, writers = parties[: len(ROLES)], parties[len(ROLES) :]
    for name, group in (("readers", readers), ("writers", writers)):
        found = waits(group)
        p95, longest = found[int(0.95 * len(found))], found[-1]
        print(f"{name}: {len(found)} units, p95 {p95:.3f} s, longest {longest:.3f} s")
    assert waits(parties)[-1] < LONGEST_WAIT_S


@pytest.mark.slow
@pytest.mark.parametrize("kill_every_s", [0, 2])
def test_a_short_soak(workspace: Workspace, tmp_path: Path, kill_every_s: float) -> None:
    run(workspace, tmp_path / "told", 5, kill_every_s)


@pytest.mark.heavy
@pytest.mark.parametrize("kill_every_s", [0, 3])
def test_a_whole_soak(workspace: Workspace, tmp_path: Path, kill_every_s: float) -> None:
    run(workspace, tmp_path / "told", 30, kill_every_s)


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_workspace_that_opens(
    workspace: Workspace, tmp_path: Path
) -> None:
    chance = random.Random(11)
    for number in range(8):
        told = tmp_path / f"{number}.out"
        command = [sys.executable, str(SCRIPT), "writer", str(workspace.home), f"w{number}"]
        with told.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, env={**os.environ})
        time.sleep(chance.uniform(0.3, 1.5))  # also while the database is first made
        process.kill()
        process.wait()
        assert Store(workspace).check() == ()
