"""The heartbeat's file, and the locks."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from serve_process import wait_for

from response.alerts.runner.beat import (
    Beat,
    note_delivery,
    note_evaluation,
    note_failure,
    note_protocol,
)
from response.alerts.runner.beat_file import NAME, change_beat, read_beat
from response.alerts.runner.lock import hold_lock

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FULL = Beat(
    last_evaluation_at=NOON,
    last_evaluation_as_of=NOON.date(),
    by="serve",
    runner_at=NOON,
    last_error="StoreBusyError",
    failing_since=NOON + HOUR,
    evaluations_failed=3,
    last_delivery_at=NOON,
    failing={"mail server m:25": NOON},
    dead_letters=2,
    last_intake_at=NOON - HOUR,
    protocol_refused_since=NOON,
)


def test_a_heartbeat_is_read_as_it_was_written_by_its_owner_alone(tmp_path: Path) -> None:
    assert read_beat(tmp_path) == (Beat(), "")
    change_beat(tmp_path, lambda _beat: FULL)
    assert read_beat(tmp_path) == (FULL, "")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, "alerts-beat.lock"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"last_evaluation_at": "2026-03-02T12:00:00"}',
        b'{"last_evaluation_at": "yesterday"}',
        b'{"last_evaluation_at": "9999-12-31T23:59:59-10:00"}',
        b'{"dead_letters": -1}',
        b'{"dead_letters": true}',
        b'{"failing": ["mail"]}',
        b"[" * 50_000,
        b"{" + b" " * 100_000 + b"}",
    ],
)
def test_a_damaged_heartbeat_counts_as_none_and_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    beat, warning = read_beat(tmp_path)
    assert beat == Beat()
    assert "damaged" in warning
    change_beat(tmp_path, lambda _beat: FULL)
    assert read_beat(tmp_path) == (FULL, "")


def test_a_link_or_pipe_in_its_place_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(json.dumps({"dead_letters": 7}))
    (tmp_path / NAME).symlink_to(outside)
    assert read_beat(tmp_path)[0] == Beat()
    change_beat(tmp_path, lambda _beat: FULL)
    assert json.loads(outside.read_text()) == {"dead_letters": 7}
    (tmp_path / NAME).unlink()
    os.mkfifo(tmp_path / NAME)
    assert "damaged" in read_beat(tmp_path)[1]


def test_a_disk_that_takes_no_heartbeat_is_no_error(tmp_path: Path) -> None:
    assert not change_beat(tmp_path / "not there", lambda _beat: FULL)
    assert change_beat(tmp_path, lambda _beat: FULL)


def fail_often(home: Path) -> None:
    for _ in range(20):
        change_beat(home, lambda beat: note_failure(beat, NOON, "Error"))


def test_changes_at_the_same_moment_all_count(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=fail_often, args=(tmp_path,)) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert read_beat(tmp_path)[0].evaluations_failed == 60


def test_failures_are_counted_from_the_first_until_one_goes_through() -> None:
    beat = note_failure(note_failure(Beat(), NOON, "A"), NOON + HOUR, "B")
    assert (beat.failing_since, beat.evaluations_failed, beat.last_error) == (NOON, 2, "B")
    beat = note_evaluation(beat, NOON + 2 * HOUR, NOON.date(), "assess", None)
    assert (beat.failing_since, beat.evaluations_failed, beat.runner_at) == (None, 0, None)


def test_a_way_fails_from_its_first_failure_until_something_gets_through() -> None:
    ways = {"known": ("mail", "hook"), "dead_letters": 0}
    beat = note_delivery(Beat(), NOON, through=(), closed=("mail",), **ways)
    beat = note_delivery(beat, NOON + HOUR, through=("hook",), closed=("mail",), **ways)
    assert (beat.delivery_failing_since, beat.last_delivery_at) == (NOON, NOON + HOUR)
    beat = note_delivery(beat, NOON + 2 * HOUR, through=(), closed=(), **ways)
    assert beat.failing == {"mail": NOON}
    assert not note_delivery(beat, NOON, through=("mail",), closed=(), **ways).failing
    assert not note_delivery(beat, NOON, through=(), closed=(), known=(), dead_letters=0).failing


def test_a_protocol_is_refused_since_the_first_time_until_it_can_be_read() -> None:
    beat = note_protocol(note_protocol(Beat(), NOON, refused=True), NOON + HOUR, refused=True)
    assert beat.protocol_refused_since == NOON
    assert note_protocol(beat, NOON, refused=False) == Beat()


def test_a_lock_is_free_the_moment_its_holder_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from response.alerts.runner.lock import hold_lock\n"
        "with hold_lock(Path(sys.argv[1]), wait_s=0):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with hold_lock(path, wait_s=0.1) as held:
            assert not held
        holder.send_signal(signal.SIGKILL)
        with hold_lock(path, wait_s=5) as held:
            assert held
    wait_for(lambda: holder.poll() is not None)
