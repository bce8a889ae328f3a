"""What makes a schedule evaluate at once, or be made anew; with clocks that the test sets."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from serve_process import serving, wait_for

from response.alerts.runner.lock import RUNNER, hold_lock
from response.alerts.runner.schedule import Pace, Plan, Server
from response.alerts.runner.schedule_file import NAME, SET_ASIDE, make_store, read_next_runs
from response.alerts.settings import AlertSettings
from response.workspace import Workspace

SLOW = Pace(evaluate_s=3600, watch_s=0.02, stop_s=5)
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@dataclass
class Wall:
    """A clock on the wall that can be set, and one beside it by which time can pass."""

    ahead: dt.timedelta = field(default_factory=dt.timedelta)
    passed: dt.timedelta = field(default_factory=dt.timedelta)

    def read(self) -> dt.datetime:
        """Give its time."""
        return dt.datetime.now(dt.UTC) + self.ahead + self.passed

    def read_steady(self) -> float:
        """Give seconds that nobody sets."""
        return time.monotonic() + self.passed.total_seconds()


@dataclass
class Run:
    """A server in a thread, its clock and its log."""

    server: Server
    wall: Wall
    lines: list[str]

    def said(self, words: str) -> int:
        """Count the lines that hold some words."""
        return sum(words in line for line in self.lines)


@contextmanager
def running(home: Path, pace: Pace = SLOW) -> Iterator[Run]:
    wall, lines = Wall(), list[str]()
    server = Server(Workspace.open(home), lines.append, pace, wall.read, wall.read_steady)
    with serving(server):
        yield Run(server, wall, lines)


@pytest.mark.parametrize("jump", [dt.timedelta(days=1), dt.timedelta(days=-1)])
def test_a_clock_that_jumps_is_followed_by_an_evaluation_of_the_new_day(
    tmp_path: Path, jump: dt.timedelta
) -> None:
    with running(tmp_path) as run:
        wait_for(lambda: run.said("evaluated 2") == 1)
        run.wall.ahead = jump
        wait_for(lambda: run.said("the clock moved by") == 1)
        day = run.wall.read().date()
        wait_for(lambda: run.said(f"evaluated {day}") == 1)


def test_a_change_of_pace_in_the_protocol_is_taken_up(tmp_path: Path) -> None:
    with running(tmp_path, Pace(watch_s=0.02)) as run:
        wait_for(lambda: run.said("every 15 minutes"))
        (tmp_path / "protocol.toml").write_text("[alerts]\nevaluate_minutes = 30\n")
        run.server.work_on("evaluate")
        wait_for(lambda: run.said("every 30 minutes"))


def test_one_that_stands_by_ends_when_told_to(tmp_path: Path) -> None:
    with hold_lock(tmp_path / RUNNER, wait_s=0), running(tmp_path) as run:
        wait_for(lambda: run.said("standing by"))
    assert run.said("evaluated") == 0


def test_a_disk_that_takes_no_schedule_stops_no_evaluation(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "in the way").touch()
    (tmp_path / SET_ASIDE).mkdir()
    (tmp_path / SET_ASIDE / "in the way").touch()
    with running(tmp_path) as run:
        wait_for(lambda: run.said("evaluated 2"))
    assert run.said("cannot be written")


def test_an_evaluation_that_failed_is_tried_again_long_before_the_next(tmp_path: Path) -> None:
    database = Workspace.open(tmp_path).database
    database.write_bytes(b"no database" * 1000)
    with running(tmp_path, replace(SLOW, deliver_s=0.2, retry_s=0.1)) as run:
        wait_for(lambda: run.said("evaluation failed") > 1)
        database.unlink()
        wait_for(lambda: run.said("evaluated 2"))
        time.sleep(0.5)
        assert run.said("evaluated 2") == 1


@pytest.mark.parametrize(
    "content", [b"no database" * 100, b"", b"SQLite format 3\0" + b"\0" * 4000, b"x" * 2_000_000]
)
def test_what_is_no_schedule_is_set_aside_and_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    times, warning = read_next_runs(tmp_path)
    assert (dict(times), "set aside" in warning) == ({}, True)
    assert not (tmp_path / NAME).exists()
    assert (tmp_path / SET_ASIDE).read_bytes() == content
    store, said = make_store(tmp_path)
    assert said == ""
    store.shutdown()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_nothing_of_a_schedule_that_came_along_is_unpickled(tmp_path: Path) -> None:
    evil = b"cbuiltins\nexec\n(V1/0\ntR."
    with closing(sqlite3.connect(tmp_path / NAME)) as connection:
        connection.execute("CREATE TABLE apscheduler_jobs (id, next_run_time FLOAT, job_state)")
        connection.execute("INSERT INTO apscheduler_jobs VALUES ('other', 1.0, ?)", [evil])
        connection.commit()
    assert list(read_next_runs(tmp_path)[0]) == ["other"]
    store, _said = make_store(tmp_path)
    assert store.get_due_jobs(NOON) == []
    store.shutdown()


def test_a_link_in_place_of_the_schedule_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    home = tmp_path / "home"
    home.mkdir()
    (home / NAME).symlink_to(outside)
    assert "set aside" in read_next_runs(home)[1]
    make_store(home)[0].shutdown()
    assert outside.read_bytes() == b"precious"
    assert not (home / NAME).is_symlink()


def test_a_plan_follows_the_settings() -> None:
    settings = AlertSettings(time_zone="Europe/Zurich", evaluate_minutes=5, digest_at="07:30")
    plan = Plan.of(settings, Pace())
    assert (str(plan.zone), plan.evaluate_s, plan.digest_at) == (
        "Europe/Zurich",
        300,
        dt.time(7, 30),
    )


def test_a_schedule_that_has_come_to_a_halt_is_made_anew(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        wait_for(lambda: run.said("evaluated 2") == 1)
        run.wall.passed = dt.timedelta(seconds=3600 + 59)
        time.sleep(0.2)
        assert not run.said("come to a halt")
        run.wall.passed = dt.timedelta(seconds=3600 + 70)
        wait_for(lambda: run.said("come to a halt"))
        wait_for(lambda: run.said("evaluated 2") > 1)
